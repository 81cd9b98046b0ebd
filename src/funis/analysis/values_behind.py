"""How the values behind a number came about: the rule that decided a grade, results that filled an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from funis.analysis.observations import score_instruments
from funis.data.cells import RawData
from funis.data.tables import Tables
from funis.study.model import Study
from funis.study.sources import items_of_tests, source_of_variable


@dataclass(frozen=True, slots=True)
class Filling:
    """A laboratory result that stands for an item which was left blank.

    Attributes
    ----------
    item, test : what is filled, and by which test
    value : the result, in the unit of the study
    file, line : where it was recorded
    """

    item: str
    test: str
    value: float
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ValueWorking:
    """What made one value of a score or a grade.

    Attributes
    ----------
    instrument : the instrument that was scored
    rule : the rule that decided a grade, in words; empty for a score
    fillings : results of the laboratory that stand for blank items of this visit
    """

    instrument: str
    rule: str = ""
    fillings: tuple[Filling, ...] = field(default=())


def work_out_values(
    study: Study, raw: RawData, tables: Tables, values: pl.DataFrame
) -> list[ValueWorking | None]:
    """Say how each recorded value behind a number came about.

    Parameters
    ----------
    study : the study
    raw, tables : its cells as they were written, and checked
    values : rows of the sources, with ``subject, visit, measure, file, line``

    Returns
    -------
    list : one a row of `values`; None for what is no score and no grade
    """
    behind = [source_of_variable(study, name) for name in values["measure"].to_list()]
    used = [name for name in study.instrument_names if name in behind]
    scored = score_instruments(study, tables, used)
    rows = {
        name: {(row["_file"], row["_line"]): row for row in each.frame.iter_rows(named=True)}
        for name, each in scored.items()
    }
    found: list[ValueWorking | None] = []
    for name, value in zip(behind, values.iter_rows(named=True), strict=True):
        row = rows.get(name, {}).get((value["file"], value["line"]))
        if row is None:
            found.append(None)
            continue
        rule = str(row.get(f"{value['measure']}_rule") or "")
        filled = _find_fillings(study, raw, tables, (name, value["measure"], row))
        found.append(ValueWorking(name, rule, tuple(filled)))
    return found


def _find_fillings(
    study: Study, raw: RawData, tables: Tables, value: tuple[str, str, dict[str, object]]
) -> Iterator[Filling]:
    """Find the results that stand for blank items of a score, or of the system that a grade is of."""
    name, measure, row = value
    written = raw.tables.get(name)
    labs = tables.frames.get("labs")
    if written is None or labs is None or labs.is_empty():
        return
    cells = written.frame.filter(pl.col("_line") == row["_line"])
    own = labs.filter(pl.col("subject") == row["subject"], pl.col("visit") == row["visit"])
    usable = own.filter(pl.col("value").is_not_null(), pl.col("comparator").is_null())
    for item in items_of_tests(study, name):
        is_of_another = measure not in {name, f"{name}_{item.system}"}
        if is_of_another or row.get(item.name) is None or _is_written(cells, item.name):
            continue
        for test in item.measures:
            last = usable.filter(pl.col("test") == test).tail(1)
            for result in last.iter_rows(named=True):
                yield Filling(item.name, test, result["value"], result["_file"], result["_line"])


def _is_written(cells: pl.DataFrame, item: str) -> bool:
    """Tell whether anything stands in the cell of an item."""
    return item in cells.columns and any((cell or "").strip() for cell in cells[item].to_list())
