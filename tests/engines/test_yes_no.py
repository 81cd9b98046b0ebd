"""Yes/no items as they are printed: letters and words mean 1 and 0 on every engine."""

from collections.abc import Callable
from typing import Any

import narwhals as nw
import polars as pl
import pytest

import funis
from funis.errors import ValueRangeError

BILAG = funis.definition("bilag_2004")
YES_NO = [item.name for item in BILAG.items if item.values == (0, 1)]
WRITTEN = {
    "Y": 1,
    "N": 0,
    "y": 1,
    "n": 0,
    "yes": 1,
    "no": 0,
    "Yes": 1,
    "NO": 0,
    "True": 1,
    "false": 0,
    "1": 1,
}


def to_duckdb(frame: pl.DataFrame) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}


def rows_of(cells: list[Any]) -> pl.DataFrame:
    """One first visit per cell: protein 2.4 g and a sediment recorded as the cell says."""
    blank: dict[str, Any] = {item.name: 0 if item.values else None for item in BILAG.items}
    blank |= {
        "creatinine": 70.0,
        "gfr": 90.0,
        "acr": 1.0,
        "upcr": 5.0,
        "proteinuria_24h": 2.4,
        "haemoglobin": 13.0,
    }
    rows = [{**blank, "n": n, "active_sediment": cell} for n, cell in enumerate(cells)]
    kind = pl.Boolean if all(cell is None or isinstance(cell, bool) for cell in cells) else pl.String
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"active_sediment": kind})


def grades_of(scored: Any) -> list[Any]:
    frame: Any = nw.from_native(scored)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect("pyarrow") if frame.implementation.is_duckdb() else frame.collect()
    return [
        grade if isinstance(grade, str) else None for grade in frame.sort("n")["bilag_2004_renal"].to_list()
    ]


def test_the_yes_no_items_are_those_of_the_form() -> None:
    assert [BILAG.item(name).row for name in YES_NO] == [80, 85, 88, 89, 96, 97]


@pytest.mark.parametrize("engine", ENGINES)
def test_letters_and_words(engine: str) -> None:
    # REN-01: protein and sediment are A; protein alone is B; an unknown sediment leaves it open.
    frame = rows_of([*WRITTEN, None, "ND", ""])
    found = grades_of(funis.score(ENGINES[engine](frame), "bilag_2004"))
    assert found[: len(WRITTEN)] == ["A" if answer else "B" for answer in WRITTEN.values()]
    assert found[len(WRITTEN) :] == [None, "B", None]


def test_letters_and_words_visit_by_visit() -> None:
    visits = [{"subject": 1, "day": 0, **row} for row in rows_of([*WRITTEN, None, "ND", ""]).to_dicts()]
    found = [funis.scorer("bilag_2004")([visit])[0]["bilag_2004_renal"] for visit in visits]
    assert found[: len(WRITTEN)] == ["A" if answer else "B" for answer in WRITTEN.values()]
    assert found[len(WRITTEN) :] == [None, "B", None]


@pytest.mark.parametrize("engine", ENGINES)
def test_truth_values(engine: str) -> None:
    found = grades_of(funis.score(ENGINES[engine](rows_of([True, False, None])), "bilag_2004"))
    assert found == ["A", "B", None]


@pytest.mark.parametrize("name", YES_NO)
def test_every_yes_no_item_reads_letters(name: str) -> None:
    frame = rows_of(["N", "N"])
    letters = frame.with_columns(pl.Series(name, ["Y", "N"]))
    numbers = frame.with_columns(pl.Series(name, [1, 0]))
    added = [column for column in funis.score(letters, "bilag_2004").columns if column not in frame.columns]
    by_letters = funis.score(letters, "bilag_2004").select(added)
    assert by_letters.equals(funis.score(numbers, "bilag_2004").select(added))


@pytest.mark.parametrize("written", ["maybe", "2", "P", "E"])
def test_what_says_neither_is_refused(written: str) -> None:
    with pytest.raises(ValueRangeError, match="active_sediment"):
        funis.score(rows_of([written]), "bilag_2004")


def test_levels_are_not_letters() -> None:
    frame = rows_of(["N"]).with_columns(pyrexia=pl.lit("Y"))
    with pytest.raises(ValueRangeError, match="pyrexia"):
        funis.score(frame, "bilag_2004")


def test_explained_as_read() -> None:
    row = next(r for r in funis.explain(rows_of(["Y"]), "bilag_2004").rows if r.item == "active_sediment")
    assert row.recorded == "1"
