"""Blank items are looked for only among columns with empty cells; what is found does not hang on that."""

import random
from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.data.check.forms import _lacks_any, _part_recorded
from funis.frames.verbs import as_few, verbs_of


def random_rows(name: str, seed: int, rows: int) -> pl.DataFrame:
    """Fill the items of an instrument; some columns are whole, others have empty cells or none filled."""
    draw = random.Random(seed)  # noqa: S311
    columns: dict[str, Any] = {"subject": [f"S{row}" for row in range(rows)]}
    for item in definition(name).items:
        share = draw.choice([0.0, 0.0, 0.5, 1.0])
        columns[item.name] = [None if draw.random() < share else 1.0 for _ in range(rows)]
        if share and draw.random() < 0.3:
            columns[f"{item.name}_not_done"] = [draw.choice([True, False, None]) for _ in range(rows)]
    return pl.DataFrame(columns, infer_schema_length=None, schema_overrides={
        each: pl.Boolean if each.endswith("_not_done") else pl.Float64 for each in columns if each != "subject"
    })  # fmt: skip


@pytest.mark.parametrize("kind", ["few rows", "Polars"])
@pytest.mark.parametrize("name", ["bilag_2004", "sledai_2k", "egfr_ckd_epi_2021"])
def test_columns_without_gaps_change_nothing(name: str, kind: str) -> None:
    found = []
    for seed in range(25):
        made = random_rows(name, seed, 1 + seed % 4)
        frame = as_few(made) if kind == "few rows" else made
        columns = tuple(frame.columns)
        gaps = frozenset(each for each in columns if made[each].null_count())
        ops = verbs_of(frame)
        # Where every column may have a gap, all of them are looked at.
        every, some = (
            frame.filter(_lacks_any(ops, name, (), (columns, known)))["subject"].to_list()
            for known in (frozenset(columns), gaps)
        )
        assert some == every
        found += some
    assert found, "no item was blank"


@pytest.mark.parametrize(
    ("psychosis", "is_total"), [([None, None], [True, False]), ([1.0, None], [False, False])]
)
def test_rows_with_nothing_but_a_total_are_parted(
    psychosis: list[float | None], is_total: list[bool]
) -> None:
    items = {item.name: pl.Series([None, None], dtype=pl.Float64) for item in definition("sledai_2k").items}
    items |= {"rash": pl.Series([None, 1.0]), "psychosis": pl.Series(psychosis, dtype=pl.Float64)}
    frame = pl.DataFrame({"subject": ["S1", "S2"], **items, "sledai_2k_recorded": [4.0, 6.0]})
    forms, totals = _part_recorded(definition("sledai_2k"), frame)
    assert [name in totals["subject"].to_list() for name in ("S1", "S2")] == is_total
    assert forms.height == 2 - sum(is_total)
    whole = frame.with_columns(pl.lit(0.0).alias("seizure"))
    forms, totals = _part_recorded(definition("sledai_2k"), whole)
    assert (forms.height, totals.height) == (2, 0)
