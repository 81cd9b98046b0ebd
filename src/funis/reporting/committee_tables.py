"""The tables of a committee: agreement of its readers, and what it found in each arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.table import EMPTY, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    interval,
    level_text,
    share_with_limits,
    single,
)
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.adjudications import Adjudication
from funis.study.model import Study

_ANALYSIS: Final = "adjudication"
_KAPPAS: Final = {
    "kappa": "Cohen’s kappa",
    "kappa_linear": "Weighted kappa, linear weights",
    "kappa_quadratic": "Weighted kappa, quadratic weights",
    "kappa_fleiss": "Fleiss’ kappa of three readers",
}
_NOTES: Final = (
    "Readers agree: of the subjects that every planned reader judged; the others are counted apart.",
    (
        "Kappa: 1 where all agree, 0 where they agree as often as by chance. Its standard error (SE) is the "
        "large-sample one of Fleiss, Cohen and Everitt, of three readers that by leaving out one subject at "
        "a time. It cannot be told where all readers gave everybody the same answer; where all readings "
        "agree it has no interval, for few subjects as for many."
    ),
    "Outcome: the consensus, else what all readers found; of those of whom it can be told.",
)


def build_committee_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of adjudicated outcomes; none where no reading was recorded.

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
    arms = list(dict.fromkeys(group.arm for group in groups))
    arms.sort(key=lambda arm: arm != ALL)
    rows: list[TableRow] = []
    for question in study.adjudications:
        own = [group for group in groups if group.variable == question.id]
        for visit in dict.fromkeys(visit for group in own for visit in book.visits(group)):
            at = "" if visit == ALL else f": {in_sentence(labels.visit(visit))}"
            rows.append(heading(f"{question.printed}{at}"))
            rows += _rows(book, question, own, (visit, arms))
    used = [number for group in groups for number in book.all(group)]
    heads = ("", *(f"{arm_label(study, arm)}, n/N ({level_text(study)} CI)" for arm in arms))
    notes = (*_NOTES, *describe_basis(labels, used, with_missing=False))
    return (
        TableSpec("table-adjudications", "response", "Outcomes of the committee", heads, tuple(rows), notes),
    )


def _rows(
    book: NumberBook, question: Adjudication, groups: Sequence[Group], at: tuple[str, Sequence[str]]
) -> Iterator[TableRow]:
    visit, arms = at
    found = {(group.category, group.arm): group for group in groups}

    def row(stub: str, category: str, *, counted: bool = False) -> TableRow:
        own = [found.get((category, arm)) for arm in arms]
        cells = tuple(EMPTY if group is None else _cell(book, group, visit, counted=counted) for group in own)
        return TableRow(words(stub), cells, indent=1)

    def is_there(category: str) -> bool:
        return any(name == category and visit in book.visits(group) for (name, _), group in found.items())

    yield row("Readers agree", "agreed")
    for category, text in _KAPPAS.items():
        if is_there(category):
            group = found[category, ALL]
            yield TableRow(words(text), (_kappa(book, group, visit), *([EMPTY] * (len(arms) - 1))), indent=1)
    if is_there("settled"):
        yield row("Differing readings with a consensus", "settled")
    if is_there("not_by_all"):
        yield row("Not judged by every reader", "not_by_all", counted=True)
    for name in question.outcomes:
        yield row(f"Outcome: {name.replace('_', ' ')}", name)
    if is_there("cannot_tell"):
        yield row("Outcome cannot be told", "cannot_tell", counted=True)


def _cell(book: NumberBook, group: Group, visit: str, *, counted: bool) -> TableCell:
    if visit not in book.visits(group):
        return EMPTY
    if counted:
        return single(book.find(group, visit, "n"), 0)
    return share_with_limits(book, group, visit)


def _kappa(book: NumberBook, group: Group, visit: str) -> TableCell:
    estimate = book.find(group, visit, "estimate")
    if estimate is None or estimate.value is None:
        return words("cannot tell")
    lower, upper, error = (book.find(group, visit, name) for name in ("lower", "upper", "se"))
    limits = [bound(each, 2) for each in (lower, upper)]
    if not all(limits):
        return joined(bound(estimate, 2))
    return joined(bound(estimate, 2), " (", *interval(*limits), "; SE ", bound(error, 2), ")")
