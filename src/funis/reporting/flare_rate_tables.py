"""The table of flares a year: events, time and rate of each arm, and the ratio between arms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    bound_p,
    level_text,
    limited_cell,
    single,
)
from funis.reporting.response_tables import class_label
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.model import Endpoint, Study

_ANALYSIS: Final = "event_rate"
_ANY: Final = "any"
_NOTES: Final = (
    "A flare counts at the visit that shows it, as often as there is one.",
    "Years: from day 0 over the visits made; the time before a visit that cannot be told belongs to nobody.",
    "The exact Poisson interval takes flares as independent; the negative binomial lets subjects differ.",
)
_RATIO: Final = "Ratio: arm over control, with Wald’s interval and P on the log scale."


def build_flare_rate_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify flares a year of every endpoint that judges flares.

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
    for category in dict.fromkeys(group.category for group in groups):
        own = [group for group in groups if group.category == category]
        rows.append(heading(_class_words(endpoint, category)))
        rows += [_rate_row(labels, book, group) for group in own if not group.contrast]
        rows += [_ratio_row(labels, book, group) for group in own if group.contrast]
    used = [number for group in groups for number in book.all(group)]
    level = level_text(labels.study, endpoint.id)
    heads = (
        "", "Subjects, n/N", "Flares", "Years", f"A year, exact ({level} CI)",
        f"A year or ratio, negative binomial ({level} CI)", "P",
    )  # fmt: skip
    notes = (
        *_NOTES,
        *([_RATIO] if any(group.contrast for group in groups) else []),
        *describe_basis(labels, used, with_missing=False),
    )
    title = f"{endpoint.printed}: flares a year"
    yield TableSpec(f"table-flare-rate-{endpoint.id}", "response", title, heads, tuple(rows), notes)


def _class_words(endpoint: Endpoint, category: str) -> str:
    return "Any flare" if category == _ANY else class_label(endpoint.definition, category)


def _rate_row(labels: Labels, book: NumberBook, group: Group) -> TableRow:
    events, years = (book.find(group, ALL, name) for name in ("events", "person_years"))
    size = words("") if events is None or events.n is None else words(f"{events.n}/{events.denominator}")
    unclear = book.find(group, ALL, "cannot_tell")
    flares = single(events, 0)
    if unclear is not None and unclear.value:
        flares = joined(*flares.parts, "; visits that cannot be told: ", bound(unclear, 0))
    cells = (
        size, flares, single(years, 1), _limits(book, group, "estimate", "exact_poisson"),
        _limits(book, group, "estimate", "negative_binomial"), words(""),
    )  # fmt: skip
    whom = f"{arm_label(labels.study, group.arm)}{labels.subgroup_behind(group.subgroup)}"
    return TableRow(words(whom), cells, indent=1)


def _ratio_row(labels: Labels, book: NumberBook, group: Group) -> TableRow:
    ratio = _limits(book, group, "estimate", "negative_binomial")
    p = joined(bound_p(book.find(group, ALL, "p", "negative_binomial")))
    arms = f"{arm_label(labels.study, group.arm)} : {in_sentence(arm_label(labels.study, group.contrast))}"
    cells = (*(words("") for _ in range(4)), ratio, p)
    return TableRow(words(f"Ratio, {arms}{labels.subgroup_behind(group.subgroup)}"), cells, indent=1)


def _limits(book: NumberBook, group: Group, statistic: str, method: str) -> TableCell:
    found, *limits = (book.find(group, ALL, name, method) for name in (statistic, "lower", "upper"))
    if found is None:
        return words("")
    return limited_cell(found, limits, 2)
