"""The table of laboratory results beyond the limits of the study file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.table import EMPTY, TableCell, TableRow, TableSpec, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.number_book import (
    Group,
    NumberBook,
    level_text,
    share_with_limits,
    single,
)
from funis.reporting.safety_tables import column_titles
from funis.results import ALL, format_shortest
from funis.study.lab_limits import LabLimit
from funis.study.model import Study

_ANALYSIS: Final = "lab_limit"
_NOTES: Final = (
    "N: subjects with a result after the day of the first infusion that tells it; one at any visit counts.",
    "At baseline: those of them who had such a result at baseline already.",
)


def build_lab_limit_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the subjects with a result beyond each limit; none where the study file has no limit.

    Parameters
    ----------
    study : the plan
    book : all numbers

    Returns
    -------
    tuple of TableSpec : one table, or none
    """
    groups = list(book.of(_ANALYSIS))
    if not groups:
        return ()
    labels = Labels(study)
    columns = list(dict.fromkeys((group.population, group.arm) for group in groups))
    rows = tuple(_row(labels, book, limit, columns, groups) for limit in study.lab_limits)
    titles = column_titles(study, labels, columns)
    head = f"Subjects, n/N ({level_text(study)} CI)"
    heads = ("", *([head, "At baseline"] * len(columns)))
    spanners = (("", 1), *((title, 2) for title in titles)) if len(columns) > 1 else ()
    used = [number for group in groups for number in book.all(group)]
    notes = (*_NOTES, *_sources(study), *describe_basis(labels, used))
    title = "Laboratory results beyond limits of the study file"
    return (TableSpec("table-lab-limits", "safety", title, heads, rows, notes, spanners),)


def _sources(study: Study) -> Iterator[str]:
    for limit in study.lab_limits:
        if limit.source:
            yield f"{limit.printed}: {limit.source}."


def _row(
    labels: Labels,
    book: NumberBook,
    limit: LabLimit,
    columns: list[tuple[str, str]],
    groups: list[Group],
) -> TableRow:
    found = {
        (group.category, group.population, group.arm): group for group in groups if group.variable == limit.id
    }
    cells: list[TableCell] = []
    for population, arm in columns:
        group, already = found.get(("", population, arm)), found.get(("at_baseline", population, arm))
        cells.append(EMPTY if group is None else share_with_limits(book, group, ALL, "measured"))
        cells.append(EMPTY if already is None else single(book.find(already, ALL, "count"), 0))
    side, value = ("below", limit.below) if limit.below is not None else ("above", limit.above)
    unit = labels.study.lab(limit.test).unit
    name = f"{limit.printed}: {side} {format_shortest(value or 0.0)} {unit}"
    return TableRow(words(name), tuple(cells))
