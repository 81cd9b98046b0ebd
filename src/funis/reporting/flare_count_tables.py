"""The table of the mean number of flares by each visit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook, level_text, limited_cell, single
from funis.reporting.response_tables import class_label
from funis.reporting.safety_tables import arm_label
from funis.study.model import Endpoint, Study

_ANALYSIS: Final = "flare_count"
_ANY: Final = "any"
_NOTES: Final = (
    "Mean number of flares of a subject by the visit (mean cumulative function), each on its planned day.",
    "Death ends all further flares, as Ghosh and Lin estimate it.",
    "At risk: followed to the visit; a visit that was made and cannot be told ends it.",
)


def build_flare_count_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the mean number of flares of every endpoint that judges flares.

    Parameters
    ----------
    study : the plan
    book : all numbers

    Returns
    -------
    tuple of TableSpec : one an endpoint; empty where no endpoint judges flares
    """
    labels = Labels(study)
    return tuple(table for endpoint in study.endpoints for table in _table(labels, book, endpoint))


def _table(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[TableSpec]:
    groups = [group for group in book.of(_ANALYSIS) if group.endpoint == endpoint.id]
    if not groups:
        return
    rows: list[TableRow] = []
    for group in groups:
        kind = "any flare" if group.category == _ANY else in_sentence(_class_words(endpoint, group.category))
        whom = f"{arm_label(labels.study, group.arm)}{labels.subgroup_behind(group.subgroup)}"
        rows.append(heading(f"{whom}: {kind}"))
        rows += [_row(labels, book, group, visit) for visit in book.visits(group)]
    used = [number for group in groups for number in book.all(group)]
    mean = f"Mean number ({level_text(labels.study, endpoint.id)} CI)"
    heads = ("", "At risk", "Deaths so far", mean)
    notes = (*_NOTES, *describe_basis(labels, used, with_missing=False))
    title = f"{endpoint.printed}: mean number of flares"
    yield TableSpec(f"table-flare-count-{endpoint.id}", "response", title, heads, tuple(rows), notes)


def _class_words(endpoint: Endpoint, category: str) -> str:
    return class_label(endpoint.definition, category)


def _row(labels: Labels, book: NumberBook, group: Group, visit: str) -> TableRow:
    at_risk, deaths = (single(book.find(group, visit, name), 0) for name in ("at_risk", "competing_events"))
    return TableRow(words(labels.visit(visit)), (at_risk, deaths, _mean(book, group, visit)), indent=1)


def _mean(book: NumberBook, group: Group, visit: str) -> TableCell:
    found, *limits = (book.find(group, visit, name) for name in ("estimate", "lower", "upper"))
    return limited_cell(found, limits, 2)
