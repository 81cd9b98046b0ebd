"""A report of one subject: its values as recorded, and nothing that only several subjects can have.

One value has no spread, no interval and no test, and a percentage of one subject is 0 or 100. In its report
these are not printed; they stay in the files beside it. Where a larger study has one subject in a
cell, the value stands there alone, and the notes say what it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, Protocol

from funis.documents.figure import FigureSpec
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, text_rows
from funis.reporting.labels import Labels, in_sentence
from funis.results import Results

TITLE: Final = "Single-patient report"
#: What stands in the methods in place of estimates and tests.
METHODS: Final = (
    "The data hold one subject: values are given as recorded, and nothing is estimated or tested."
)
#: Under a table of a larger study in which a cell is about one subject.
ONE_SUBJECT: Final = "n = 1: the value of the one subject, which has no standard deviation and no interval."
_SPREAD: Final = frozenset({"sd", "se", "q1", "q3"})
_ENDS: Final = frozenset({"lower", "upper"})
#: What describes or compares several subjects; of one the value, which is its mean, is enough.
_OF_SEVERAL: Final = frozenset(
    {*_SPREAD, *_ENDS, "percent", "median", "min", "max", "p", "p_adjusted", "statistic", "estimate"}
)
#: Analyses that need several subjects.
_ANALYSES: Final = frozenset(
    {
        "test", "mmrm", "sensitivity", "diagnostics", "time_to_event", "size", "influence",
        "regression_to_mean", "multiplicity", "co_primary", "performance_goal",
    }
)  # fmt: skip
#: Numbers about lots and donors are counted by these, however few the subjects are.
_OF_CELLS: Final = frozenset({"product", "completeness"})
#: Sections whose figures count subjects.
_OF_RATES: Final = frozenset({"time-to-event", "response"})


class OneOfRun(Protocol):
    """A number with its place: what is looked at here."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def variable(self) -> str: ...  # noqa: D102
    @property
    def denominator(self) -> int | None: ...  # noqa: D102
    @property
    def analysis(self) -> str: ...  # noqa: D102
    @property
    def population(self) -> str: ...  # noqa: D102
    @property
    def subgroup(self) -> str: ...  # noqa: D102
    @property
    def arm(self) -> str: ...  # noqa: D102
    @property
    def statistic(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def n(self) -> int | None: ...  # noqa: D102


def has_one_subject(numbers: Iterable[OneOfRun], *, everybody: str, whole: str) -> bool:
    """Tell whether the data of a study hold one subject.

    Parameters
    ----------
    numbers : the numbers of a run
    everybody : name of the population of all subjects
    whole : name of what is not divided
    """
    sizes = (
        each.value
        for each in numbers
        if (each.analysis, each.population, each.statistic) == ("population", everybody, "n")
        and each.subgroup == each.arm == whole
    )
    return next(sizes, None) == 1


def is_printed(number: OneOfRun, *, of_one: bool) -> bool:
    """Tell whether a number says anything where it is about one subject.

    Parameters
    ----------
    number : any number
    of_one : whether the report is of one subject
    """
    if number.n == 1 and (
        number.statistic in _SPREAD or (number.statistic in _ENDS and number.value is None)
    ):
        return False
    if not of_one:
        return True
    if number.analysis in _ANALYSES:
        return False
    return number.statistic not in _OF_SEVERAL or number.analysis in _OF_CELLS


def mean_words(words: str, *, of_one: bool) -> str:
    """Name what is a mean of several subjects and the value of one.

    Examples
    --------
    >>> mean_words("Mean ± SD", of_one=False), mean_words("Mean ± SD", of_one=True)
    ('Mean ± SD', 'Value')
    >>> mean_words("Month 6, mean ± SD", of_one=True), mean_words("Mean ± SD, × 10⁶", of_one=True)
    ('Month 6', 'Value, × 10⁶')
    >>> mean_words("Mean ± SD change from baseline", of_one=True)
    'Change from baseline'
    """
    if not of_one:
        return words
    for long, short in _SHORT:
        words = words.replace(long, short)
    return words


_SHORT: Final = (
    ("Mean ± SD change", "Change"), (", mean ± SD", ""), ("Mean ± SD", "Value"), ("Mean (SD)", "Value"),
)  # fmt: skip


def counts_of_one(numbers: Iterable[OneOfRun]) -> frozenset[str]:
    """Give the ids of the counts over one subject, one lot or one donor: each answers yes or no.

    Parameters
    ----------
    numbers : the numbers of a run
    """
    return frozenset(
        each.id
        for each in numbers
        if each.statistic in {"count", "asked", "n"} and each.denominator == 1 and each.variable != "lots"
    )


def table_of_one(table: TableSpec, counts: Collection[str] = ()) -> TableSpec:
    """Leave out empty columns and rows of numbers, and the words for intervals and shares.

    Parameters
    ----------
    table : any table of a report of one subject; a listing of words keeps all its rows and columns
    counts : ids of the counts over one; they are answered with yes and no

    Returns
    -------
    TableSpec : with the heads over its columns fitted

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> rows = text_rows([("Baseline", "1", "7", "–"), ("Month 3", "1", "4", "–"), ("P", "", "", "–")])
    >>> found = table_of_one(TableSpec("t", "activity", "SLEDAI", ("", "n", "Change (95% CI)", "P"), rows))
    >>> found.heads, [row.stub.text for row in found.rows]
    (('', 'Change'), ['Baseline', 'Month 3'])
    """
    if table.is_text:
        return table
    # A line that only names those below it has blank cells and stays.
    rows = tuple(
        _plain_row(row)
        for place, row in enumerate(table.rows)
        if row.is_heading
        or _names_rows(table.rows, place)
        or not (all(map(_is_blank, row.cells)) or _counts_one(row.stub.text, row.cells))
    )
    full = [row for row in rows if not row.is_heading]
    columns = list(zip(*(row.cells for row in full), strict=True))
    kept = [
        place
        for place, column in enumerate(columns, start=1)
        if not all(map(_is_blank, column))
        and not _counts_one(table.heads[place], column)
        and not (place > 1 and table.id in _SAID_ONCE and _repeats(column, columns[0]))
    ]
    over = [0, *(kept or range(1, len(table.heads)))]
    return replace(
        table,
        heads=tuple(_plain(table.heads[place]) for place in over),
        rows=tuple(
            replace(row, cells=tuple(_answered(row.cells[place - 1], counts) for place in over[1:]))
            if not row.is_heading
            else row
            for row in rows
        ),
        spanners=_fitted(table.spanners, over),
        widths=tuple(table.widths[place] for place in over) if table.widths else (),
    )


def _names_rows(rows: Sequence[TableRow], place: int) -> bool:
    """Tell whether a row with blank cells stands over rows that are set in from it."""
    following = rows[place + 1] if place + 1 < len(rows) else None
    return following is not None and following.indent > rows[place].indent


def _is_blank(cell: TableCell) -> bool:
    return cell.text.strip() in {"", "–"}


def _repeats(column: Sequence[TableCell], first: Sequence[TableCell]) -> bool:
    """Tell whether a column says nothing that the first one does not say."""
    pairs = zip(column, first, strict=True)
    return all(_is_blank(cell) or cell.text == other.text for cell, other in pairs)


def _counts_one(name: str, cells: Sequence[TableCell]) -> bool:
    """Tell whether a column or a row only says, cell by cell, that there is one subject."""
    return name in _SIZES and {cell.text.strip() for cell in cells} <= {"", "–", "1"}


def _plain(words: str) -> str:
    """Take the words for intervals and percentages out of a head.

    Examples
    --------
    >>> _plain("Last change (95% CI)"), _plain("Still responding, n/N (%; 95% CI)"), _plain("n (%)")
    ('Last change', 'Still responding', 'Yes or no')
    """
    found = _OF_GROUPS.sub("", words)
    return _HEADS_OF_ONE.get(found) or _COUNTED.sub("", found)


def _plain_row(row: TableRow) -> TableRow:
    parts = tuple(part if part.id else replace(part, text=_plain(part.text)) for part in row.stub.parts)
    return replace(row, stub=replace(row.stub, parts=parts))


def _answered(cell: TableCell, counts: Collection[str]) -> TableCell:
    """Write a count over one as the answer that it is."""
    word = _ANSWERS.get(cell.text.strip())
    if word is None or len(cell.ids) != 1 or cell.ids[0] not in counts:
        return cell
    return replace(cell, parts=(Inline(word, cell.ids[0]),))


#: Tables whose columns are one event over several denominators.
_SAID_ONCE: Final = frozenset({"table-main-relapse"})
#: Rows and columns of numbers of subjects.
_SIZES: Final = frozenset({"n", "n with both values"})
_ANSWERS: Final = {"0": "no", "0/1": "no", "1": "yes", "1/1": "yes"}
#: Heads over counts, as they are over answers.
_HEADS_OF_ONE: Final = {
    "n": "Yes or no",
    "n/N": "Yes or no",
    "Of all treated": "Yes or no",
    "Value or n/N": "Value",
    "Subjects, n/N": "The subject",
    "Subjects on it at the visit, n": "On it at the visit",
    "Number, n/N or median (range)": "Number, value or answer",
}
_COUNTED: Final = re.compile(r", n/N(?: seen)?$")
#: What is said of groups beside a count or a change.
_OF_GROUPS: Final = re.compile(r" \((?:%|(?:%; )?[\d.]+% CI)\)")


def _fitted(spanners: Sequence[tuple[str, int]], kept: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Give the heads over columns the widths that are left of them."""
    found, start = [], 0
    for words, width in spanners:
        left = sum(start <= place < start + width for place in kept)
        found += [(_plain(words), left)] if left else []
        start += width
    return tuple(found)


def figures_of_one(figures: Iterable[FigureSpec]) -> tuple[FigureSpec, ...]:
    """Leave out the figures that compare subjects or count them.

    Parameters
    ----------
    figures : of a report of one subject
    """
    return tuple(each for each in figures if each.section not in _OF_RATES)


def build_dates_of_one(results: Results, labels: Labels, *, of_one: bool) -> tuple[TableSpec, ...]:
    """Specify the visits and infusions of the one subject in the order of their dates.

    Parameters
    ----------
    results : their listings of visits and of infusions
    labels : what the visits are called
    of_one : whether the data hold one subject

    Returns
    -------
    tuple of TableSpec : one; none where there are more subjects, or no date was recorded
    """
    every = sorted(_dated(results, labels)) if of_one else []
    dated = [each for each in every if each[1] >= _EARLIEST]
    if not dated:
        return ()
    heads, title = ("Date", "What", "Study day"), "Visits and infusions of the subject, by date"
    rows = text_rows((day.isoformat(), what, _study_day(number)) for day, number, what in dated)
    notes = ["Study day 0: first infusion."]
    if len(dated) < len(every):
        notes.append("Dates more than a year before it were recorded too; they are not printed.")
    return (TableSpec("table-dates-of-one", "subjects", title, heads, rows, tuple(notes), is_text=True),)


#: First study day whose date is printed: a date that was written wrong can be the one of a birth.
_EARLIEST: Final = -366


def _dated(results: Results, labels: Labels) -> Iterator[tuple[date, int, str]]:
    for name in ("visits", "infusions"):
        listed = results.listings.get(name)
        if listed is None or not {"date", "day"} <= set(listed.columns):
            continue
        for row in listed.iter_rows(named=True):
            if row["date"] is not None and row["day"] is not None:
                yield row["date"], int(row["day"]), _what(name, row, labels)


def _what(name: str, row: Mapping[str, Any], labels: Labels) -> str:
    if name == "infusions":
        return f"Infusion {row['number']}"
    missed = "" if row["attended"] is None or row["attended"] else ", not attended"
    return f"Visit: {in_sentence(labels.visit(row['visit']))}{missed}"


def _study_day(number: int) -> str:
    return f"−{-number}" if number < 0 else str(number)
