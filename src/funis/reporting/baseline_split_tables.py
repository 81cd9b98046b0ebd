"""Subjects at baseline in columns: everybody, then each part of the split that the study file names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, words
from funis.reporting.baseline_tables import without_single_site
from funis.reporting.efficacy_tables import EVERYBODY, describe_lines
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise, in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, share_cell, single
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.planned_tables import withheld_notes
from funis.reporting.safety_tables import arm_label
from funis.reporting.titres import TITRES_AT_BASELINE, is_titre_of, titre_name
from funis.results import ALL, Results, format_number
from funis.study.model import Study

_ANALYSIS: Final = "baseline_split"
_MEAN, _MEDIAN, _RANGE = "Mean ± SD", "Median (Q1, Q3)", "Range"
_BY_RESPONSE: Final = "The columns are divided by what happened later; they do not show who will respond."
#: Stands before the number of subjects with a value.
_OWN_N: Final = Inline("n = ")
_WITH_VALUE: Final = "n: subjects with a value, where that is not everybody of the column."
_NOT_TWO: Final = "Standardised differences compare two parts; this table has another number of them."
_DIFFERENCE: Final = (
    "Standardised difference: of means, the first part minus the second, in units of the spread of both "
    "(Austin 2009); of categories their Mahalanobis distance (Yang and Dalton 2012). It says how far apart "
    "the parts are, not whether by chance."
)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its head and where its numbers stand."""

    head: str
    subgroup: str
    arm: str
    n: int
    is_total: bool = False


def build_split_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the baseline table with a total column and one column a part.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : empty where nothing divides the table
    """
    listed = results.listings.get(_ANALYSIS)
    if listed is None or listed.is_empty():
        return ()
    labels = Labels(study)
    split = study.report.split_of(has_arms=bool(study.arms))
    parts = [
        _Column(_part_label(study, split, part), subgroup, arm, n)
        for part, subgroup, arm, n in listed.iter_rows()
    ]
    total = _whole(book)
    columns = [_Column("All", ALL, ALL, total, is_total=True), *parts]
    has_difference = any(_difference_of(book, group.variable) for group in book.of(_ANALYSIS))
    table = _Table(labels, book, tuple(columns), has_difference)
    described = [*without_single_site(book, [each for each in book.of("baseline") if _is_whole(each)])]
    rows = list(table.described(described))
    first = study.baseline_visit
    measured = [group for group in book.of("summary") if _is_whole(group) and _is_at(book, group, first)]
    order = [*study.instrument_names, *study.lab_names]
    measured.sort(key=lambda group: order.index(group.variable) if group.variable in order else len(order))
    if measured and first is not None:
        rows.append(heading("At the baseline visit"))
        rows += [row for group in measured for row in table.measured(group, first, indent=1)]
    heads = ["", *(f"{column.head}, N = {column.n}" for column in columns)]
    heads += ["Standardised difference"] if has_difference else []
    used = [number for group in (*described, *measured) for number in book.all(group)]
    notes = (
        *([_WITH_VALUE] if any(_OWN_N in cell.parts for row in rows for cell in row.cells) else []),
        *([TITRES_AT_BASELINE] if any(is_titre_of(study, each.variable) for each in measured) else []),
        *([_BY_RESPONSE] if split == "responder" else []),
        *caution_of_subgroups(labels, [split]),
        *([_DIFFERENCE] if has_difference else []),
        *([_NOT_TWO] if study.report.standardised_differences and not has_difference else []),
        *describe_basis(
            labels, [each for each in used if each.analysis == "baseline" or each.visit == first]
        ),
        *withheld_notes(labels, book),
    )
    title = f"Subjects at baseline by {_split_word(labels, split)}"
    return (TableSpec("table-baseline", "baseline", title, tuple(heads), tuple(rows), notes),)


@dataclass(frozen=True, slots=True)
class _Table:
    """What rows are made from."""

    labels: Labels
    book: NumberBook
    columns: tuple[_Column, ...]
    has_difference: bool

    def described(self, groups: Sequence[Group]) -> list[TableRow]:
        """Give the rows of subjects: numbers by their lines, categories by their counts."""
        rows: list[TableRow] = []
        named: set[str] = set()
        for group in groups:
            visit = self.book.visits(group)[0]
            if not group.category:
                rows += self.measured(group, visit, indent=0)
                continue
            if group.variable not in named:
                named.add(group.variable)
                blank = [words("") for _ in self.columns]
                cells = (*blank, *self._difference(group))
                rows.append(TableRow(words(self.labels.variable(group.variable)), cells))
            cells = tuple(
                share_cell(self.book, self._own(group, column), visit) or words("") for column in self.columns
            )
            stub = words(_category(self.labels, group))
            rows.append(TableRow(stub, (*cells, *self._blank()), indent=1))
        return rows

    def measured(self, group: Group, visit: str, *, indent: int) -> list[TableRow]:
        """Give the rows of a number: mean with range, then median, and of how many where not of everybody.

        What the statistics are stands behind the name, so that a variable takes two lines and not four.
        """
        own = [self._own(group, column) for column in self.columns]
        if is_titre_of(self.labels.study, group.variable):
            return [self._titre_row(group, own, visit, indent)]
        lines = [
            {line.label: line.cells.get(visit) for line in describe_lines(self.book, each, beside=own)}
            for each in own
        ]
        sizes = [self._size(each, visit, column) for each, column in zip(own, self.columns, strict=True)]
        stub = self.labels.variable_with_unit(group.variable)
        found = [_first_cell(each, size) for each, size in zip(lines, sizes, strict=True)]
        shown = [in_sentence(label) for label in (_MEAN, _RANGE) if any(each.get(label) for each in lines)]
        first = words(f"{stub}, {'; '.join(shown)}" if shown else stub)
        rows = [TableRow(first, (*found, *self._difference(group)), indent=indent)]
        medians = tuple(each.get(_MEDIAN) or words("") for each in lines)
        if any(cell.text for cell in medians):
            rows.append(TableRow(words(in_sentence(_MEDIAN)), (*medians, *self._blank()), indent=indent + 1))
        return rows

    def _titre_row(self, group: Group, own: Sequence[Group], visit: str, indent: int) -> TableRow:
        """Give the row of a titre: its geometric mean, and of how many where not of everybody."""
        sizes = [self._size(each, visit, column) for each, column in zip(own, self.columns, strict=True)]
        means = [single(self.book.find(each, visit, "geometric_mean"), 0) for each in own]
        cells = tuple(
            _first_cell({_MEAN: mean if mean.parts else None}, size)
            for mean, size in zip(means, sizes, strict=True)
        )
        stub = words(titre_name(self.labels, group.variable, of_one=self.book.has_one_subject))
        return TableRow(stub, (*cells, *self._difference(group)), indent=indent)

    def _size(self, group: Group, visit: str, column: _Column) -> tuple[Inline, ...]:
        """Say of how many a number is where that is not everybody of the column."""
        found = self.book.find(group, visit, "n")
        if found is None:
            return (Inline("NA"),)
        if found.value == column.n:
            return ()
        return (_OWN_N, Inline(format_number(found.value or 0.0, 0), found.id))

    def _own(self, group: Group, column: _Column) -> Group:
        if column.is_total:
            return group
        return group._replace(analysis=_ANALYSIS, subgroup=column.subgroup, arm=column.arm)

    def _blank(self) -> tuple[TableCell, ...]:
        return (words(""),) if self.has_difference else ()

    def _difference(self, group: Group) -> tuple[TableCell, ...]:
        if not self.has_difference:
            return ()
        found = _difference_of(self.book, group.variable)
        return (words("") if found is None else single(found, 2),)


def _first_cell(lines: dict[str, TableCell | None], size: tuple[Inline, ...]) -> TableCell:
    """Put mean, range and the number of subjects of a column beside each other, as far as each is known."""
    pieces = [cell.parts for name in (_MEAN, _RANGE) if (cell := lines.get(name)) is not None]
    pieces += [size] if size else []
    return TableCell(tuple(part for piece in pieces for part in (Inline("; "), *piece))[1:])


def _difference_of(book: NumberBook, variable: str) -> Number | None:
    """Find the standardised difference of a variable."""
    group = Group(_ANALYSIS, variable, variable)
    return book.find(group, ALL, "standardised_difference")


def _whole(book: NumberBook) -> int:
    """Give the number of all subjects."""
    found = next((n for n in book.numbers if n.analysis == "population" and n.population == EVERYBODY), None)
    return int(found.value or 0) if found is not None else 0


def _is_whole(group: Group) -> bool:
    return (group.population, group.subgroup, group.arm, group.endpoint) == (EVERYBODY, ALL, ALL, "")


def _is_at(book: NumberBook, group: Group, visit: str | None) -> bool:
    return visit is not None and book.find(group, visit, "median") is not None


def _category(labels: Labels, group: Group) -> str:
    names = [
        site.name for site in labels.study.sites if group.variable == "site" and site.id == group.category
    ]
    return f"{group.category}, {names[0]}" if names else humanise(group.category)


def _split_word(labels: Labels, split: str) -> str:
    return {"site": "centre", "arm": "arm", "responder": "response"}.get(
        split, labels.population(split).lower()
    )


def _part_label(study: Study, split: str, part: str) -> str:
    """Give the head of a part: the name of a centre or arm, or yes and no in words."""
    if split == "arm":
        return arm_label(study, part)
    if split == "site":
        names = [site.name for site in study.sites if site.id == part]
        return names[0] if names else "Centre not known"
    word = "Responders" if split == "responder" else Labels(study).population(split)
    other = (
        "Non-responders" if split == "responder" else f"Not {in_sentence(Labels(study).population(split))}"
    )
    return {"yes": word, "no": other}.get(part, "Cannot tell")
