"""The table of time in a state: share of the time between visits, half of it or more, the longest run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    level_text,
    share_with_limits,
    single,
)
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.model import Endpoint, Study

_ANALYSIS: Final = "time_in_state"
_SHARE: Final = "share"
_HALF: Final = "half_or_more"
_MEASURED: Final = {_SHARE: "Share of the time, %", "longest_days": "Longest run, days"}
_NOTES: Final = (
    "N: subjects of whom the state is known at two visits in a row; the time between such visits counts.",
    "The state holds all the time between two visits that show it, half of it where one of them does.",
    "Longest run: from the first to the last of visits in a row that show the state; one visit is 0 days.",
)


def build_time_in_state_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the time in every state that an endpoint judges at several visits.

    Parameters
    ----------
    study : the plan
    book : all numbers

    Returns
    -------
    tuple of TableSpec : one an endpoint; empty where no endpoint judges a state at several visits
    """
    labels = Labels(study)
    return tuple(table for endpoint in study.endpoints for table in _table(labels, book, endpoint))


def _table(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[TableSpec]:
    groups = [group for group in book.of(_ANALYSIS) if group.endpoint == endpoint.id]
    if not groups:
        return
    rows: list[TableRow] = []
    for block in dict.fromkeys(group._replace(category="") for group in groups):
        rows.append(heading(_title(labels, block)))
        rows += _rows(book, [group for group in groups if group._replace(category="") == block])
    used = [number for group in groups for number in book.all(group) if number.method != "wilson"]
    limits = f"Half of the time or more, n/N (%; {level_text(labels.study, endpoint.id)} CI)"
    heads = ("", "N", "Mean ± SD", "Median (Q1, Q3)", limits)
    notes = (*_NOTES, *describe_basis(labels, used, with_missing=False))
    title = f"{endpoint.printed}: time in the state"
    yield TableSpec(f"table-time-in-state-{endpoint.id}", "response", title, heads, tuple(rows), notes)


def _title(labels: Labels, group: Group) -> str:
    return f"{arm_label(labels.study, group.arm)}{labels.subgroup_behind(group.subgroup)}"


def _rows(book: NumberBook, groups: Sequence[Group]) -> Iterator[TableRow]:
    found = {group.category: group for group in groups}
    for category, text in _MEASURED.items():
        if category in found:
            half = found.get(_HALF) if category == _SHARE else None
            yield TableRow(words(text), _cells(book, found[category], half), indent=1)


def _cells(book: NumberBook, group: Group, half: Group | None) -> tuple[TableCell, ...]:
    get = {name: bound(book.find(group, ALL, name), 1) for name in ("mean", "sd", "median", "q1", "q3")}
    mean = joined(get["mean"], " ± ", get["sd"]) if get["sd"] else joined(get["mean"])
    median = joined(get["median"], " (", get["q1"], ", ", get["q3"], ")") if get["median"] else words("")
    return (
        single(book.find(group, ALL, "n"), 0),
        mean,
        median,
        words("") if half is None else share_with_limits(book, half, ALL),
    )
