"""The primary endpoints judged together: the deciding P of each, the level, and the verdict in words."""

from __future__ import annotations

from typing import Final

from funis.documents.table import EMPTY, Inline, TableRow, TableSpec, joined, words
from funis.reporting.estimand_text import co_primary_words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, method_label
from funis.reporting.number_book import Group, Number, NumberBook, bound_p
from funis.results import ALL
from funis.study.model import Study

TOGETHER: Final = "primary_endpoints"
TITLE: Final = "Primary endpoints together"
RULE: Final = (
    "An endpoint passes where the P of its deciding test is the level or less, and a response rate is higher "
    "than what it is tested against; with a performance goal it passes where that is met (P one-sided, half "
    "the level). Of a change, P does not say the direction: read the estimate."
)


def build_co_primary_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the verdict of each primary endpoint and of all together; none where none was judged.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one table, or none
    """
    groups = list(book.of("co_primary"))
    if not groups:
        return ()
    labels = Labels(study)
    rows = [_row(labels, book, group) for group in groups if group.endpoint]
    together = find_verdict(book)
    if together is not None:
        cells = (EMPTY, EMPTY, EMPTY, EMPTY, joined(*together))
        rows.append(TableRow(words("Together", strong=True), cells))
    used = [number for group in groups for number in book.all(group)]
    heads = ("Primary endpoint", "Visit", "Test", "P", "Level", "Verdict")
    notes = (co_primary_words(study), RULE, *describe_basis(labels, used, with_missing=False))
    return (TableSpec("table-co-primary", "multiplicity", TITLE, heads, tuple(rows), notes),)


def find_verdict(book: NumberBook) -> tuple[Inline | str, ...] | None:
    """Give the verdict over all primary endpoints in words, None where none was given."""
    for group in book.of("co_primary"):
        if group.variable == TOGETHER:
            count, passed = book.find(group, ALL, "count"), book.find(group, ALL, "passed")
            if count is not None and passed is not None:
                return Inline(passed.text, passed.id), ": ", Inline(count.text, count.id), " passed"
    return None


def _row(labels: Labels, book: NumberBook, group: Group) -> TableRow:
    visit = book.visits(group)[0]
    p, level, passed = (book.find(group, visit, name) for name in ("p", "level", "passed"))
    cells = (
        words("" if visit == ALL else labels.visit(visit)),
        words(method_label(p.method) if p is not None else ""),
        joined(bound_p(p)) if p is not None else EMPTY,
        joined(_text(level)),
        joined(_text(passed)),
    )
    return TableRow(words(labels.endpoint(group.endpoint)), cells)


def _text(number: Number | None) -> Inline | None:
    return None if number is None else Inline(number.text, number.id)
