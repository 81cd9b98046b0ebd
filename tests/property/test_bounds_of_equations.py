"""The bounds of an equation: no value of an unknown input leaves them, and both ends are reached."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import polars as pl
import pytest

import funis

#: What is known of an adult and of a child.
PEOPLE: dict[str, dict[str, Any]] = {
    "egfr_ckd_epi_2021": {"creatinine_mg_dl": 1.0, "age": 50.0, "sex": "male"},
    "egfr_ckd_epi_2009": {"creatinine_mg_dl": 0.6, "age": 30.0, "sex": "female"},
    "egfr_mdrd_bilag": {"creatinine_mg_dl": 1.6, "age": 61.0, "sex": "female", "urea_nitrogen": 6.0, "albumin": 38.0},
    "egfr_schwartz_bedside": {"creatinine_mg_dl": 0.8, "age": 12.0, "height_cm": 150.0},
}  # fmt: skip
RACE = {"race_coefficient": True}


def score_rows(
    name: str, rows: list[dict[str, Any]], parameters: dict[str, Any] | None = None
) -> pl.DataFrame:
    kinds = {key: pl.String if key == "sex" else pl.Float64 for key in rows[0]}
    frame = pl.DataFrame(rows, schema_overrides=kinds)
    scored: pl.DataFrame = funis.score(frame, name, parameters=parameters)
    return scored


def fill(name: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Fill the empty cells of a row: with each answer, or with the ends of what is possible and what lies between."""
    ways: dict[str, list[Any]] = {}
    for key in (key for key, value in row.items() if value is None):
        item = funis.definition(name).item(key)
        low, high = float(item.minimum or 0), float(item.maximum or 0)
        ways[key] = list(item.values) or [low + part * (high - low) for part in (0, 0.01, 0.1, 0.5, 1)]
    return [row | dict(zip(ways, values, strict=True)) for values in product(*ways.values())]


@pytest.mark.parametrize("name", PEOPLE)
def test_bounds_of_equations_are_sound_and_tight(name: str) -> None:
    whole = PEOPLE[name]
    inputs = [key for key in whole if key != "age"]
    for count in range(1, len(inputs) + 1):
        for lacking in combinations(inputs, count):
            row = whole | dict.fromkeys(lacking)
            values = score_rows(name, fill(name, row))[name]
            assert values.null_count() == 0
            found = score_rows(name, [row]).row(0, named=True)
            assert found[name] is None
            assert found[f"{name}_status"] == "incomplete"
            assert found[f"{name}_lower"] == pytest.approx(values.min()), lacking
            assert found[f"{name}_upper"] == pytest.approx(values.max()), lacking
    known = score_rows(name, [whole]).row(0, named=True)
    assert known[name] == known[f"{name}_lower"] == known[f"{name}_upper"]


@pytest.mark.parametrize("is_black", [None, 0, 1])
def test_a_factor_counts_only_where_its_answer_may_hold(is_black: int | None) -> None:
    """CKD-EPI 2009 with its coefficient of 1.159: unknown, the bounds lie that far apart."""
    row = PEOPLE["egfr_ckd_epi_2009"] | {"is_black": is_black}
    found = score_rows("egfr_ckd_epi_2009", [row], RACE).row(0, named=True)
    low, high = found["egfr_ckd_epi_2009_lower"], found["egfr_ckd_epi_2009_upper"]
    assert high / low == pytest.approx(1.159 if is_black is None else 1.0)
    plain = score_rows("egfr_ckd_epi_2009", [PEOPLE["egfr_ckd_epi_2009"]]).row(0, named=True)
    assert low == pytest.approx(plain["egfr_ckd_epi_2009"] * (1.159 if is_black == 1 else 1.0))


def test_the_sex_alone_unknown_gives_the_two_values() -> None:
    # 142 x (1 / 0.7)^-1.2 x 0.9938^50 x 1.012 = 68.63 for a woman; 142 x (1 / 0.9)^-1.2 x 0.9938^50 = 91.69.
    found = score_rows("egfr_ckd_epi_2021", [PEOPLE["egfr_ckd_epi_2021"] | {"sex": None}]).row(0, named=True)
    assert found["egfr_ckd_epi_2021_lower"] == pytest.approx(68.63, abs=0.01)
    assert found["egfr_ckd_epi_2021_upper"] == pytest.approx(91.69, abs=0.01)


def test_where_it_may_not_apply_the_range_is_all_that_can_be_said() -> None:
    found = score_rows("egfr_ckd_epi_2021", [PEOPLE["egfr_ckd_epi_2021"] | {"age": None}]).row(0, named=True)
    assert (found["egfr_ckd_epi_2021_lower"], found["egfr_ckd_epi_2021_upper"]) == (0, 400)
    child = score_rows("egfr_ckd_epi_2021", [PEOPLE["egfr_ckd_epi_2021"] | {"age": 17.0, "sex": None}])
    assert child["egfr_ckd_epi_2021_status"].to_list() == ["not_applicable"]
