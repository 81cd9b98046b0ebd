"""The dose of glucocorticoid beside the study product, by visit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.catalogue.low_doses import low_doses
from funis.catalogue.registry import glucocorticoid_table
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook, bound, count_cell, interval
from funis.reporting.single_patient import mean_words
from funis.reporting.small_samples import has_percent
from funis.results import ALL, format_shortest, name_at_most
from funis.study.model import Study

_NO_COMPARISON: Final = joined("–")
_DIGITS: Final = 1
#: What a dose is compared with, by the category of the number, and the head of its column.
_COMPARED: Final = {"raised": "Above baseline", "raised_since_last": "Above last visit"}


def build_glucocorticoid_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of doses: one row a visit; none where no drug was recorded.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one table, or none
    """
    whole = _shown(book)
    if not whole:
        return ()
    labels = Labels(study)
    low = low_doses(study.trial.condition)
    limits = [name_at_most(limit) for limit in low]
    rows: list[TableRow] = []
    for group in whole:
        rows += [heading(whose(labels, group))] if len(whole) > 1 else []
        rows += [
            TableRow(
                words(labels.visit(visit)),
                tuple(_cells(book, group, visit, limits)),
                indent=int(len(whole) > 1),
            )
            for visit in book.visits(group)
        ]
    shares = [f"≤ {format_shortest(limit)} mg" for limit in low]
    heads = (
        "",
        "Known",
        mean_words("Mean (SD)", of_one=book.has_one_subject),
        "Median (IQR)",
        *shares,
        "None",
        *_COMPARED.values(),
    )
    spanners = (
        ("", 1), ("n/N", 1), ("mg/day", 2), ("n (%)", len(shares) + 1), ("n/N", len(_COMPARED)),
    )  # fmt: skip
    arms = {group.arm for group in whole}
    own = [group for group in book.of("glucocorticoid") if group.arm in arms]
    used = [number for group in own for number in book.all(group)]
    notes = (*_notes(), *describe_basis(labels, used, with_missing=False))
    title = "Glucocorticoid by mouth, daily dose as prednisone"
    return (TableSpec("table-glucocorticoid", "glucocorticoid", title, heads, tuple(rows), notes, spanners),)


def _shown(book: NumberBook) -> list[Group]:
    """Give the groups that have rows: where arms stand beside each other, not all of them together."""
    whole = [group for group in book.of("glucocorticoid") if not group.category]
    return [group for group in whole if group.arm != ALL] or whole


def whose(labels: Labels, group: Group) -> str:
    """Name the arm of a group, or everybody of its population."""
    arm = next((each.name for each in labels.study.arms if each.id == group.arm), "")
    return arm if group.arm != ALL else f"All {in_sentence(labels.population(group.population))}"


def _cells(book: NumberBook, group: Group, visit: str, limits: list[str]) -> Iterator[TableCell]:
    mean, sd, median, lower, upper = (
        bound(book.find(group, visit, name), _DIGITS) for name in ("mean", "sd", "median", "q1", "q3")
    )
    yield count_cell(book.find(group, visit, "n"))
    yield joined(mean, *((" (", sd, ")") if sd else ()))
    yield joined(median, *((" (", *interval(lower, upper), ")") if lower and upper else ()))
    for category in (*limits, "none"):
        yield share_of_row(book, group._replace(category=category), visit)
    for category in _COMPARED:
        raised = book.find(group._replace(category=category), visit, "count")
        yield count_cell(raised) if raised is not None else _NO_COMPARISON


def share_of_row(book: NumberBook, group: Group, visit: str) -> TableCell:
    """Print a count with its percentage; N stands elsewhere, once for several."""
    count, percent = book.find(group, visit, "count"), book.find(group, visit, "percent")
    printed, share = bound(count, 0), bound(percent, 1)
    if printed is None or count is None:
        return words("–")
    if share is None or not has_percent(count):
        return joined(printed)
    return joined(printed, " (", Inline(f"{share.text}%", share.id), ")")


def _notes() -> Iterator[str]:
    yield (
        "Known: subjects whose dose is known, of those seen at the visit; shares are of them. It is not "
        "known where a dose, unit or start is missing, or no drug of the subject was recorded at all. None: "
        "no course of glucocorticoid by mouth was in force, and other drugs of the subject were recorded."
    )
    yield (
        "Above baseline, above last visit: a dose higher than at baseline, and than at the last visit before "
        "at which it was known; of those whose dose is known at both. A higher dose that was over before the "
        "visit is not seen."
    )
    yield "The dose is that of the day of the visit; doses by vein are pulses and no part of it."
    yield f"Equivalents: {glucocorticoid_table().source}."
