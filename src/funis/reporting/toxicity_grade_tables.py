"""The table of toxicity gradings: the worst grade of each subject, by arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.number_book import Group, NumberBook, bound, level_text, percent_interval, share_cell
from funis.reporting.safety_tables import column_titles
from funis.results import ALL
from funis.study.model import Study

_ANALYSIS: Final = "toxicity_grade"
_CATEGORIES: Final[Mapping[str, str]] = {
    "0": "Grade 0",
    "1": "Grade 1",
    "2": "Grade 2",
    "3": "Grade 3",
    "4": "Grade 4",
    "cannot_tell": "Cannot tell",
}
_AT_LEAST: Final[Mapping[str, str]] = {
    "any_grade": "Any grade, 1 or more",
    "grade_3_or_more": "Grade 3 or more",
}
_NOTES: Final = (
    "A subject counts once, at its worst grade from the day of the first infusion on.",
    "Cannot tell: something was not recorded at a visit, and the worst grade may be higher than is known.",
    "Any grade, and grade 3 or more: over those of whom it is known.",
    "Death from a toxicity is an adverse event, and no grade here.",
)
_Column = tuple[str, str]


def build_toxicity_grade_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the worst grade of each subject by every grading of toxicity.

    Parameters
    ----------
    study : the plan
    book : all numbers

    Returns
    -------
    tuple of TableSpec : empty where no instrument of the study grades a toxicity
    """
    groups = list(book.of(_ANALYSIS))
    arms = [group for group in groups if group.arm != ALL]
    shown = arms or groups
    if not shown:
        return ()
    labels = Labels(study)
    columns = list(dict.fromkeys((group.population, group.arm) for group in shown))
    rows: list[TableRow] = []
    for name in dict.fromkeys(group.measure for group in shown):
        rows += _rows(labels, book, [group for group in shown if group.measure == name], columns)
    limits = f"{level_text(study)} CI, Clopper-Pearson"
    heads = ("", *(["Subjects, n/N (%)", limits] * len(columns)))
    titles = column_titles(study, labels, columns)
    spanners = (("", 1), *((title, 2) for title in titles)) if len(columns) > 1 else ()
    used = [number for group in shown for number in book.all(group) if number.method != "wilson"]
    notes = (*_NOTES, *describe_basis(labels, used))
    title = "Toxicity by its own grading, the worst grade of each subject"
    return (
        TableSpec(
            "table-toxicity-grades", "safety", title, heads, tuple(rows), notes, spanners, is_upright=True
        ),
    )


def _rows(
    labels: Labels, book: NumberBook, groups: Sequence[Group], columns: Sequence[_Column]
) -> Iterator[TableRow]:
    """Give the rows of one grading: one a grade, then those of so much or more."""
    name = groups[0].measure
    by_kind: dict[tuple[str, str], dict[_Column, Group]] = {}
    for group in groups:
        by_kind.setdefault((group.variable, group.category), {})[group.population, group.arm] = group
    yield heading(labels.variable(name))
    for category, text in _CATEGORIES.items():
        found = by_kind.get((f"{name}_worst", category), {})
        cells = [cell for column in columns for cell in _cells(book, found.get(column), "assessed")]
        yield TableRow(words(text), tuple(cells), indent=1)
    for variable, text in _AT_LEAST.items():
        found = by_kind.get((f"{name}_{variable}", ""), {})
        cells = [cell for column in columns for cell in _cells(book, found.get(column), "known of")]
        yield TableRow(words(text), tuple(cells), indent=1)


def _cells(book: NumberBook, group: Group | None, known: str) -> tuple[TableCell, TableCell]:
    if group is None:
        return words(""), words("")
    ends = [bound(book.find(group, ALL, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    interval = joined(*percent_interval(*ends)) if all(ends) else words("")
    return share_cell(book, group, ALL, known), interval
