"""The shift table: CTCAE grade of each laboratory test at baseline against the worst one afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.number_book import Group, NumberBook, bound, single
from funis.reporting.planned_tables import withheld_notes
from funis.reporting.safety_tables import parts_by_arm
from funis.results import ALL, Results, format_number
from funis.study.model import Study

_ANALYSIS: Final = "lab_shift"
_BASELINES: Final = {
    "0": "grade 0",
    "1_or_more": "grade 1 or more",
    "not_known": "grade not known",
}
_HOW: Final = (
    "CTCAE {version}; a subject stands once a test, at the last result up to day 0 and the worst one after "
    "it. What also needs a clinical judgement is not graded."
)
_WORST: Final = {
    "0": "Grade 0",
    "1": "Grade 1",
    "2": "Grade 2",
    "3": "Grade 3",
    "4": "Grade 4",
    "cannot_tell": "Cannot tell",
    "missing": "No result",
}


def build_lab_shift_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify laboratory shifts, one table a population and arm.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : empty where no result could be graded
    """
    groups = list(book.of(_ANALYSIS))
    listed = results.listings.get("lab_terms")
    terms = {} if listed is None else dict(listed.iter_rows())
    others = {*study.instrument_names, *(name for name in study.lab_names if name not in terms)}
    found = []
    for own, of, number in parts_by_arm(study, groups):
        rows = tuple(_rows(study, book, own, terms))
        if not rows:
            continue
        name = f"table-lab-shifts{number}"
        notes = (
            *_notes(study, book, own),
            *describe_basis(Labels(study), [n for g in own for n in book.all(g)]),
            *withheld_notes(Labels(study), book, but=others),
        )
        heads, spanners = _heads(of_one=book.has_one_subject)
        found.append(
            TableSpec(
                name,
                "safety",
                f"Laboratory results by CTCAE grade{of}",
                heads,
                rows,
                notes,
                spanners,
                is_upright=True,
            )
        )
    return tuple(found)


def _heads(*, of_one: bool) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    if of_one:
        return ("", "Baseline", "Worst after baseline", "Worse than at baseline"), ()
    return ("", "n", *_WORST.values()), (("", 2), ("Worst grade after baseline", len(_WORST)))


def _row_of_one(book: NumberBook, first: Group, worse: Group | None, name: str) -> TableRow | None:
    """Give the grades of one subject in words, None where nothing was graded."""
    for start, words_of_start in _BASELINES.items():
        for worst, words_of_worst in _WORST.items():
            found = book.find(_from(first, start, worst), ALL, "count")
            if found is not None and found.value:
                at_baseline = words_of_start.capitalize()
                cells = (
                    joined(Inline(at_baseline, found.id)),
                    joined(Inline(words_of_worst, found.id)),
                    _worsened(book, worse) if worse is not None else EMPTY,
                )
                return TableRow(words(name), cells)
    return None


def _from(group: Group, start: str, worst: str) -> Group:
    """Name the count of those who went from a grade at baseline to a worst one."""
    return group._replace(variable=f"{group.measure}_from_{start}", category=worst)


def _rows(
    study: Study, book: NumberBook, groups: Sequence[Group], terms: dict[str, str]
) -> Iterator[TableRow]:
    """Give the rows of each test: one a grade at baseline, and how many got worse."""
    labels = Labels(study)
    for test in dict.fromkeys(group.measure for group in groups):
        own = {group.variable: group for group in groups if group.measure == test and not group.category}
        first = next(group for group in groups if group.measure == test)
        worse = own.get(f"{test}_worsened")
        name = f"{labels.variable(test)}: {terms.get(test, test).lower()}"
        if book.has_one_subject:
            row = _row_of_one(book, first, worse, name)
            yield from () if row is None else (row,)
            continue
        body = [row for name in _BASELINES if (row := _row(book, first, name)) is not None]
        if not body:
            continue
        yield heading(name)
        yield from body
        if worse is not None:
            cells = (_worsened(book, worse), *(words("") for _ in _WORST))
            yield TableRow(words("Worse than at baseline, n/N"), cells, indent=1)


def _row(book: NumberBook, any_group: Group, name: str) -> TableRow | None:
    """Give the row of a grade at baseline, None where nobody has it."""
    counts = [book.find(_from(any_group, name, worst), ALL, "count") for worst in _WORST]
    if counts[0] is None:
        return None
    of = TableCell((Inline(format_number(float(counts[0].denominator or 0), 0), counts[0].id),))
    return TableRow(
        words(f"Baseline {_BASELINES[name]}"), (of, *(single(each, 0) for each in counts)), indent=1
    )


def _worsened(book: NumberBook, group: Group) -> TableCell:
    count, unclear = book.find(group, ALL, "count"), book.find(group, ALL, "cannot_tell")
    parts: list[Inline | str | None] = []
    if count is not None:
        parts += [bound(count, 0), f"/{count.denominator}"]
    if unclear is not None and unclear.value:
        parts += ["; " if parts else "", "cannot tell ", bound(unclear, 0)]
    return joined(*parts)


def _notes(study: Study, book: NumberBook, groups: Sequence[Group]) -> tuple[str, ...]:
    labels = Labels(study)
    silent = [
        labels.variable(group.measure) for group in groups if group.variable == f"{group.measure}_not_graded"
    ]
    absent = [
        f"{labels.variable(group.measure)} {format_number(number.value, 0)}/{number.denominator}"
        for group in groups
        if group.variable == f"{group.measure}_not_measured"
        for number in book.all(group)
        if number.value
    ]
    return tuple(
        filter(
            None,
            (
                _HOW.format(version=study.trial.ctcae),
                "Limits of normal: the laboratory's; where a result carries none, those of the study file.",
                "Cannot tell: without a limit, a baseline or an exact value the grade could be higher.",
                f"Subjects without any result: {', '.join(absent)}." if absent else "",
                f"Not graded, since no limits of normal are recorded: {', '.join(silent)}." if silent else "",
            ),
        )
    )
