"""The table of the main part on laboratory harms: of each test, how many got worse than at baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.register import reference
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, joined, words
from funis.reporting.labels import Labels
from funis.reporting.number_book import Group, NumberBook, bound
from funis.reporting.planned_tables import withheld_notes
from funis.reporting.safety_tables import column_titles, parts_by_arm
from funis.results import ALL, Results, format_number
from funis.study.model import Study

_ANALYSIS: Final = "lab_shift"
_FULL: Final = "table-lab-shifts"
_WORSE: Final = "Worse than at baseline, n/N"


def build_main_lab_shifts(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one row a test: who got worse than at baseline, in each arm.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : none where no result could be graded; every grade stands in the supplement
    """
    parts = [part for part in parts_by_arm(study, list(book.of(_ANALYSIS))) if part.groups]
    listed = results.listings.get("lab_terms")
    terms = {} if listed is None else dict(listed.iter_rows())
    tests = dict.fromkeys(group.measure for part in parts for group in part.groups)
    rows = []
    for test in tests:
        cells = [cell for part in parts for cell in _cells(book, part.groups, test)]
        if any(cell.ids for cell in cells):
            name = f"{Labels(study).variable(test)}: {terms.get(test, test).lower()}"
            rows.append(TableRow(words(name), tuple(cells)))
    if not rows:
        return ()
    own = (_WORSE,)
    columns = [(part.groups[0].population, part.groups[0].arm) for part in parts]
    titles = column_titles(study, Labels(study), columns)
    over = (("", 1), *((title, len(own)) for title in titles)) if len(parts) > 1 else ()
    note = (
        f"CTCAE {study.trial.ctcae}. Worse: a higher grade after baseline than at the last result up to day "
        "0; N: those of whom both are known. Every grade, the "
        f"limits of normal and what was not graded: {reference(_FULL)}."
    )
    others = {*study.instrument_names, *(name for name in study.lab_names if name not in terms)}
    notes = (note, *withheld_notes(Labels(study), book, but=others))
    title = "Laboratory results: grade worse than at baseline"
    heads = ("", *own * len(parts))
    return (TableSpec("table-main-lab-shifts", "safety", title, heads, tuple(rows), notes, over),)


def _cells(book: NumberBook, groups: Sequence[Group], test: str) -> Iterator[TableCell]:
    own = [group for group in groups if group.measure == test]
    worse = next((group for group in own if group.variable == f"{test}_worsened"), None)
    yield EMPTY if worse is None else _worsened(book, worse)


def _worsened(book: NumberBook, group: Group) -> TableCell:
    count, unclear = book.find(group, ALL, "count"), book.find(group, ALL, "cannot_tell")
    parts: list[Inline | str | None] = []
    if count is not None and count.value is not None:
        parts += [Inline(f"{format_number(count.value, 0)}/{count.denominator}", count.id)]
    if unclear is not None and unclear.value:
        parts += ["; " if parts else "", "cannot tell ", bound(unclear, 0)]
    return joined(*parts)
