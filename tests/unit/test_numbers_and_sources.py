"""The limits at which a number is printed otherwise, what the list of numbers counts, and how sources are cut."""

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.results import sources
from funis.results.key import Place, build_id, build_key, tell_apart
from funis.results.number_list import NumberList
from funis.results.sources import SOURCE_COLUMNS, SourceList, Sources
from funis.results.text import (
    choose_decimals,
    count_decimals,
    format_count,
    format_dose,
    format_mean_sd,
    format_millions,
    format_number,
    format_p,
)


@pytest.mark.parametrize(
    ("largest", "decimals"),
    [(1000.0, 0), (999.9, 1), (1000.5, 0), (100.0, 1), (100.5, 1), (99.9, 2), (0.1, 2), (0.0999, 4), (0.0, 2), (1.0, 2)],
)  # fmt: skip
def test_the_larger_the_values_the_fewer_decimals_a_mean_has(largest: float, decimals: int) -> None:
    assert choose_decimals(largest) == decimals


@pytest.mark.parametrize(
    ("cells", "printed"),
    [(9_999.0, "9999"), (10_000.0, "1 × 10⁴"), (10_001.0, "1 × 10⁴"), (12_344.0, "1.234 × 10⁴"), (12_345.0, "1.235 × 10⁴"),
     (99_996.0, "1 × 10⁵"), (2e10, "2 × 10¹⁰"), (0.5, "0.5")],
)  # fmt: skip
def test_from_ten_thousand_cells_on_a_dose_has_a_power(cells: float, printed: str) -> None:
    assert format_dose(cells) == printed


def test_millions_have_two_decimals() -> None:
    assert format_millions(56_127_500.0) == "56.13"
    assert format_millions(1_004_999.0) == "1.00"


@pytest.mark.parametrize(
    ("value", "decimals"),
    [
        (10.0, 0),
        (100.0, 0),
        (55.25, 2),
        (0.1 * 3, 1),
        (1e-9, 9),
        (1e-12, 0),
        (0.123456789, 9),
        (Decimal("Infinity"), 0),
    ],
)
def test_zeros_at_the_end_are_no_decimals(value: float | Decimal, decimals: int) -> None:
    assert count_decimals(value) == decimals


@pytest.mark.parametrize(
    ("p", "printed"),
    [(0.999, "0.999"), (0.9991, "> 0.999"), (0.00099, "< 0.001"), (0.0014, "0.001"), (None, "–"), (-math.inf, "–"),
     # Below the limit in its seventeenth decimal: as many decimals are printed as it has.
     (0.04999999999999994, "0.04999999999999994"), (0.0499999999, "0.0499999999")],
)  # fmt: skip
def test_the_ends_of_what_is_printed_of_a_p(p: float | None, printed: str) -> None:
    assert format_p(p) == printed


def test_numbers_with_more_places_than_are_recorded_are_printed_with_what_the_float_holds() -> None:
    """Nine places hold every recorded value; a tenth is asked for where more is to be seen."""
    assert format_number(0.1 + 0.2, 9) == "0.300000000"
    assert format_number(1.00000000049, 8) == "1.00000000"
    assert format_number(1.00000000049, 9) == "1.000000000"
    assert format_number(1.0000000005, 9) == "1.000000001"
    assert format_number(1.00000000049, 11) == "1.00000000049"
    # The float of 1.5e-9 lies below the tie that it looks like.
    assert format_number(1.5e-9, 9) == "0.000000002"


def test_a_count_of_one_has_a_percentage_and_of_none_has_none() -> None:
    assert format_count(1, 1) == "1/1 (100.0%)"
    assert format_count(0, 1) == "0/1 (0.0%)"
    assert format_mean_sd(1.25, 0.5, 2, 1) == "1.3 ± 0.5 (n = 2)"


# --- the list of numbers -----------------------------------------------------------------------------------


def place(analysis: str = "change", **given: Any) -> Place:
    return Place(**({"analysis": analysis, "variable": "sledai_2k"} | given))


def test_what_has_a_value_and_no_shift_is_counted_but_for_some_analyses() -> None:
    numbers = NumberList()
    numbers.add(place(), "p", 0.2, method="paired_t")
    numbers.add(place(), "mean", 3.0)
    numbers.add(place(visit="month_6"), "p", None, method="paired_t")
    numbers.add(place(visit="month_3"), "p", math.nan, method="paired_t")
    numbers.add(place(delta=2.0), "p", 0.3, method="paired_t")
    numbers.add(place(delta=0.0), "p", 0.4, method="wilcoxon_exact")
    numbers.add(place("baseline"), "p", 0.5, method="paired_t")
    assert numbers.count_of("p") == 3
    assert numbers.count_of("p", apart_from=("baseline",)) == 2
    assert numbers.count_of("mean") == 1
    assert numbers.count_of("n") == 0


@pytest.mark.parametrize(
    ("statistic", "value", "text", "status"),
    [
        ("n", 3.0, "3", "ok"), ("count", 3.0, "3", "ok"), ("at_risk", 3.0, "3", "ok"), ("events", 3.0, "3", "ok"),
        ("mean", 3.0, "3.00", "ok"), ("p", 0.0001, "< 0.001", "ok"), ("p_adjusted", 0.0001, "< 0.001", "ok"),
        ("mean", None, "–", "not_estimable"), ("mean", math.inf, "–", "not_estimable"), ("mean", 0.0, "0.00", "ok"),
    ],
)  # fmt: skip
def test_a_number_is_printed_by_what_it_is(
    statistic: str, value: float | None, text: str, status: str
) -> None:
    numbers = NumberList()
    numbers.add(place(), statistic, value)
    row = numbers.frame().row(0, named=True)
    assert (row["text"], row["status"]) == (text, status)
    assert row["value"] == (value if value is not None and math.isfinite(value) else None)
    assert row["measure"] == "sledai_2k"


def test_a_given_text_or_status_or_measure_stays() -> None:
    numbers = NumberList()
    numbers.add(place(measure="pga"), "mean", None, text="none", status="too_few")
    row = numbers.frame().row(0, named=True)
    assert (row["text"], row["status"], row["measure"]) == ("none", "too_few", "pga")
    assert row["id"] in numbers
    assert "change.other" not in numbers
    assert len(numbers) == 1


def test_a_method_is_in_the_id_of_an_interval_alone() -> None:
    assert build_id(place(), "lower", "wilson").endswith(".lower.wilson")
    assert build_id(place(), "lower").endswith(".lower")
    assert build_id(place(), "mean", "wilson").endswith(".mean")
    assert build_key(place(), "lower", "wilson")[0] == "wilson"
    assert build_key(place(), "lower") == build_key(place(), "lower", "")
    assert build_key(place(), "mean", "wilson") == build_key(place(), "mean")


def test_the_rule_for_missing_outcomes_tells_numbers_apart_in_a_sensitivity_table_alone() -> None:
    def by(analysis: str, method: str, rule: str) -> str:
        return build_id(place(analysis, missing_outcome=rule), "p", method).partition(".p.")[2]

    assert by("sensitivity", "paired_t", "locf") == "paired_t_locf"
    assert by("sensitivity", "multiple_imputation", "multiple_imputation") == "multiple_imputation"
    assert by("change", "paired_t", "locf") == "paired_t"
    shifted = build_id(place("sensitivity", delta=1.5), "p", "paired_t")
    assert shifted.endswith(".p.paired_t_delta_1_5")


# --- sources -----------------------------------------------------------------------------------------------


def observations(*subjects: str) -> pl.DataFrame:
    """Make one observation a name; its line is its place from 0."""
    rows = [
        {"subject": name, "visit": "v", "variable": "x", "measure": "x", "value": float(line), "text": f"{line}",
         "file": "x.csv", "line": line}
        for line, name in enumerate(subjects)
    ]  # fmt: skip
    return pl.DataFrame(
        rows, schema={name: kind for name, kind in SOURCE_COLUMNS.items() if name != "source"}
    )


def lines(frame: pl.DataFrame) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for source, line in frame.select("source", "line").iter_rows():
        found.setdefault(source, []).append(line)
    return found


def test_other_rows_under_a_known_key_get_the_next_number() -> None:
    listed = SourceList()
    assert [listed.add("a", rows) for rows in ([0], [1], [0], [2], [1])] == ["a", "a~2", "a", "a~3", "a~2"]


def more_rows(*keys: str) -> pl.DataFrame:
    return (
        observations(*("z" for _ in keys))
        .insert_column(0, pl.Series("source", keys))
        .select(list(SOURCE_COLUMNS))
    )


def test_the_sources_that_are_asked_for_are_given() -> None:
    listed = SourceList()
    listed.add("a", [0, 1])
    listed.add("b", [1])
    kept = listed.keep(observations("s1", "s2"), more_rows("c", "d"))
    assert lines(kept.frame()) == {"a": [0, 1], "b": [1], "c": [0], "d": [1]}
    assert lines(kept.frame(["b", "d", "x"])) == {"b": [1], "d": [1]}
    assert lines(kept.frame(["d"])) == {"d": [1]}
    assert kept.frame([]).is_empty()
    alone = listed.keep(observations("s1", "s2"))
    assert lines(alone.frame(["a"])) == {"a": [0, 1]}
    assert lines(alone.frame()) == {"a": [0, 1], "b": [1]}


def cut(
    rows: dict[str, list[int]], most: int, subjects: int, *named: str
) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Cut sources over the values of s1, s2, s2, s3, s10."""
    places = {key: np.array(each, dtype=np.int32) for key, each in rows.items()}
    kept = Sources(observations("s1", "s2", "s2", "s3", "s10"), places, more_rows("c"))
    frame, counts = kept.cut(named or rows, most, subjects)
    return lines(frame), counts


def test_sources_are_cut_where_more_values_are_named_than_may_be_given() -> None:
    """Subjects come by the letters of their number: s1, s10, s2, s3."""
    every = {"a": [0, 1, 2, 3], "b": [3]}
    # Four different values are named: four may be given.
    assert cut(every, 4, 1) == (every, {})
    assert cut(every, 3, 1) == ({"a": [0], "b": [3]}, {"a": 4})
    assert cut(every, 3, 2) == ({"a": [0, 1, 2], "b": [3]}, {"a": 4})
    assert cut(every, 3, 3) == (every, {})
    assert cut(every, 0, 1, "b", "c") == ({"b": [3], "c": [0]}, {})
    assert cut(every, 1, 1, "b", "unknown") == ({"b": [3]}, {})
    assert cut({"a": [0, 4], "e": []}, 1, 1) == ({"a": [0]}, {"a": 2})
    assert cut({"a": [4, 3], "b": [0, 4]}, 1, 1) == ({"a": [4], "b": [0]}, {"a": 2, "b": 2})


def test_rows_that_stand_as_they_are_are_cut_alike() -> None:
    frame = pl.concat(
        [
            observations("s1", "s2", "s2", "s3").insert_column(0, pl.Series("source", ["a"] * 4)),
            observations("s1", "s2").insert_column(0, pl.Series("source", ["a/missing"] * 2)),
        ]
    ).select(list(SOURCE_COLUMNS))
    kept = Sources.of_frame(frame)
    whole = {"a": [0, 1, 2, 3], "a/missing": [0, 1]}
    # Lines 0 and 1 stand under both sources: four different values in six rows.
    for most in (6, 5, 4):
        found, counts = kept.cut(["a", "a/missing"], most, 1)
        assert (lines(found), counts) == (whole, {})
    found, counts = kept.cut(["a", "a/missing"], 3, 1)
    assert (lines(found), counts) == ({"a": [0], "a/missing": [0, 1]}, {"a": 4})
    found, counts = kept.cut(["a", "a/missing"], 3, 2)
    assert (lines(found), counts) == ({"a": [0, 1, 2], "a/missing": [0, 1]}, {"a": 4})
    found, counts = kept.cut(["x"], 3, 1)
    assert (found.height, counts) == (0, {})


@pytest.mark.parametrize("rows_a_part", [1, 2, 3, 500_000])
def test_sources_are_written_whole_part_by_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows_a_part: int
) -> None:
    monkeypatch.setattr(sources, "_PART", rows_a_part)
    places = {key: np.array(each, dtype=np.int32) for key, each in {"a": [0, 1], "b": [1], "c": [2]}.items()}
    for more in (more_rows("d"), more_rows()):
        kept = Sources(observations("s1", "s2", "s3"), places, more)
        with (tmp_path / "sources.parquet").open("wb") as file:
            kept.write(file)
        assert pl.read_parquet(tmp_path / "sources.parquet").equals(kept.frame())
        heights = [part.height for part in kept._give_parts(None, None, None, None)]
        wanted = {1: [2, 1, 1], 2: [2, 2], 3: [3, 1], 500_000: [4]}[rows_a_part]
        assert heights == wanted + [1] * more.height
    with (tmp_path / "more.parquet").open("wb") as file:
        Sources.of_frame(more_rows("d", "e")).write(file)
    assert lines(pl.read_parquet(tmp_path / "more.parquet")) == {"d": [0], "e": [1]}


def test_a_number_whose_readable_id_is_taken_has_a_sum_of_its_letters() -> None:
    """The first eight digits of SHA-256 of the parts with a zero byte between them, by the program sha256sum."""
    assert tell_apart("population.x.n", ("population", "x", "n")) == "population.x.n~47f23637"
    numbers = NumberList()
    for name in ("visit_1", "visit 1"):
        numbers.add(place(name), "mean", 1.0)
    first, second = numbers.frame()["id"]
    assert second.startswith(f"{first}~")
    assert len(second) == len(first) + 9
