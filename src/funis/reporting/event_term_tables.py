"""Adverse events by system organ class and term, each subject at the worst grade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise
from funis.reporting.number_book import Group, Number, NumberBook, share_cell, single
from funis.reporting.safety_tables import UNASKED, parts_by_arm
from funis.results import ALL, Results
from funis.study.model import Study

#: Columns by worst grade: the end of the variable, and the head.
GRADES: Final[dict[str, str]] = {
    "grade_1_2": "Grade 1-2",
    "grade_3": "Grade 3",
    "grade_4": "Grade 4",
    "grade_5": "Grade 5",
    "not_graded": "Not graded",
    "serious": "Serious",
}
#: A term of so many subjects stands in the shorter table, or of such a share where more were asked.
FEWEST_SUBJECTS: Final = 2
LARGE: Final = 50
SMALLEST_PERCENT: Final = 5
_GRAVE: Final = ("grade_3", "grade_4", "grade_5", "serious")
_NONE_SHOWN: Final = "No term is shown: each is of too few subjects, and none is grave"
_NO_CLASS: Final = "No organ class recorded"


def build_event_term_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify adverse events by organ class, term and worst grade, one table an arm.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec
        Of each arm the terms of several subjects and the grave ones; every term once more behind it, where
        that are more. Nothing where no event was recorded.
    """
    groups = [
        group for group in book.of("adverse_events") if group.variable in {"any", "term", "organ_class"}
    ]
    classes = dict(results.listings["event_terms"].iter_rows()) if "event_terms" in results.listings else {}
    found: list[TableSpec] = []
    for own, of, number in parts_by_arm(study, groups):
        rows = _Rows(book, own, classes)
        if not rows.terms:
            continue
        if len(rows.frequent) < len(rows.terms):
            found.append(_table(study, rows, rows.frequent, f"table-event-terms{number}", of))
            whole = _table(study, rows, rows.terms, f"table-event-terms-all{number}", f"{of}, every term")
            found.append(replace(whole, is_collapsed=True))
        else:
            found.append(_table(study, rows, rows.terms, f"table-event-terms{number}", of))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one arm: organ classes and terms in the order of their counts.

    Attributes
    ----------
    book : the numbers
    groups : of one population and arm
    classes : organ class of each term
    """

    book: NumberBook
    groups: tuple[Group, ...]
    classes: Mapping[str, str]

    @property
    def terms(self) -> tuple[Group, ...]:
        """Give the terms that somebody had."""
        return tuple(group for group in self.groups if group.variable == "term" and self._count(group))

    def _count(self, group: Group) -> float | None:
        count = self.book.find(group, ALL, "count")
        return None if count is None else count.value

    @property
    def frequent(self) -> tuple[Group, ...]:
        """Give the terms of several subjects, and those with a serious event or one of grade 3 or more."""
        return tuple(group for group in self.terms if self._is_frequent(group))

    def _is_frequent(self, group: Group) -> bool:
        count = self.book.find(group, ALL, "count")
        if count is None or count.value is None:
            return False
        of = count.denominator or 0
        enough = count.value >= FEWEST_SUBJECTS if of < LARGE else 100 * count.value >= SMALLEST_PERCENT * of
        return enough or any((found := self.cell(group, band)) and found.value for band in _GRAVE)

    def cell(self, group: Group, band: str) -> Number | None:
        """Give the count of a row at a grade."""
        return self.book.find(group._replace(variable=f"{group.variable}_{band}"), ALL, "count")

    def _grade_cell(self, group: Group, band: str) -> TableCell:
        found = self.cell(group, band)
        return words("NA") if found is None else single(found, 0)

    @property
    def is_asked(self) -> bool:
        """Tell whether zeros are printed: somebody was asked."""
        return all(self.cell(group, band) is not None for group in self.groups for band in GRADES)

    def row(self, group: Group, indent: int) -> TableRow:
        """Print a row: any grade with its share, and the count of each grade."""
        cells = [
            share_cell(self.book, group, ALL, "asked"),
            single(self.book.find(group, ALL, "events"), 0),
            *(self._grade_cell(group, band) for band in GRADES),
        ]
        name = humanise(group.category) if group.category else "Any adverse event"
        return TableRow(words(name, strong=not group.category), tuple(cells), indent=indent)

    def body(self, terms: Sequence[Group]) -> Iterator[TableRow]:
        """Give the rows: each organ class with its terms; the terms alone where no class was recorded."""
        yield from (self.row(group, 0) for group in self.groups if group.variable == "any")
        if not terms:
            yield heading(_NONE_SHOWN)
        if not self.classes:
            yield from (self.row(group, 0) for group in terms)
            return
        inside: dict[str | None, list[Group]] = {}
        for group in terms:
            inside.setdefault(self.classes.get(group.category), []).append(group)
        for group in self.groups:
            if group.variable == "organ_class" and group.category in inside:
                yield self.row(group, 0)
                yield from (self.row(term, 1) for term in inside[group.category])
        if None in inside:
            yield heading(_NO_CLASS)
            yield from (self.row(term, 1) for term in inside[None])


def _table(study: Study, rows: _Rows, terms: Sequence[Group], name: str, of: str) -> TableSpec:
    body = tuple(rows.body(terms))
    used = [number for group in rows.groups for number in rows.book.all(group)]
    cut = len(rows.terms) - len(terms)
    notes = (
        (
            "A subject counts once in each row, at the worst grade; not graded: no event of the row has a "
            "grade. Events: each as often as it was recorded."
        ),
        "Terms as coded; where there is no code, as reported." if rows.classes else "Terms as reported.",
        *([] if rows.is_asked else [UNASKED, "NA: nobody was asked, and none was recorded."]),
        *([_cut_note(cut)] if cut else []),
        *describe_basis(Labels(study), used),
    )
    title = f"Adverse events by {'organ class and ' if rows.classes else ''}term, at the worst grade{of}"
    heads = ("", "Any grade, n/N (%)", "Events", *GRADES.values())
    return TableSpec(name, "safety", title, heads, body, notes)


def _cut_note(cut: int) -> str:
    few = "1 further term" if cut == 1 else f"{cut} further terms"
    return (
        f"Shown: terms of {FEWEST_SUBJECTS} or more subjects (of {LARGE} or more asked: of "
        f"{SMALLEST_PERCENT} % of them or more), and every term with a serious event or one of grade 3 "
        f"or more; {few} stand in the table of every term."
    )
