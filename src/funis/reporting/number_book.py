"""Selecting computed numbers and printing them: the only way from a result to a table cell.

Nothing is computed here. A number is found by its keys and printed half away from zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import polars as pl

from funis.documents.table import EMPTY, Inline, TableCell, joined
from funis.reporting.single_patient import has_one_subject, is_printed
from funis.reporting.small_samples import NOT_CALCULATED, SMALL, has_percent, limit_missed
from funis.results import (
    ALL,
    NOT_AVAILABLE,
    choose_decimals,
    count_decimals,
    format_millions,
    format_number,
    format_p,
    format_shortest,
    trim,
)
from funis.study.model import Study

#: Analyses that describe the levels of a variable.
_LEVELS = frozenset({"summary", "baseline", "exposure"})
_LIMITED = frozenset({"estimate", "lower", "upper"})


class Number(NamedTuple):
    """One computed number, with the columns of the results frame."""

    id: str
    analysis: str
    endpoint: str
    estimand: str
    population: str
    subgroup: str
    arm: str
    contrast: str
    visit: str
    variable: str
    measure: str
    category: str
    parameter: str
    cluster: str
    statistic: str
    value: float | None
    text: str
    n: int | None
    denominator: int | None
    method: str
    adjustment: str
    delta: float | None
    missing: str
    missing_outcome: str
    status: str
    source: str


class Group(NamedTuple):
    """What numbers of one kind share: everything but visit, statistic and method."""

    analysis: str
    variable: str
    measure: str
    category: str = ""
    parameter: str = ""
    cluster: str = ""
    estimand: str = ""
    endpoint: str = ""
    population: str = "enrolled"
    subgroup: str = ALL
    arm: str = ALL
    contrast: str = ""


_IN_GROUP = itemgetter(*(Number._fields.index(name) for name in Group._fields))
_NUMERIC = frozenset({"value", "n", "denominator", "delta"})


@dataclass(slots=True)
class NumberBook:
    """All numbers of a run, found by group, visit, statistic and method.

    Attributes
    ----------
    numbers : in the order they were computed, without those that are withheld
    groups : the same by group, then by visit and statistic
    withheld : endpoints and measures of which numbers are withheld for errors in the data
    decimals : of each variable whose levels are described, the decimals it is printed with
    withholds_tests : whether P values are among what is withheld for errors in the data
    has_one_subject : whether the data hold one subject, of whom no table has a spread, interval or P
    """

    numbers: tuple[Number, ...]
    groups: dict[Group, dict[tuple[str, str], list[Number]]] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    decimals: dict[str, int] = field(default_factory=dict)
    withholds_tests: bool = False
    has_one_subject: bool = False

    def of(self, analysis: str) -> Iterator[Group]:
        """Give the groups of one analysis in the order they were computed."""
        return (group for group in self.groups if group.analysis == analysis)

    def all(self, group: Group) -> Iterator[Number]:
        """Give every number of a group."""
        return (number for numbers in self.groups.get(group, {}).values() for number in numbers)

    def visits(self, group: Group) -> tuple[str, ...]:
        """Give the visits a group has numbers for, in the order they were computed."""
        return tuple(dict.fromkeys(visit for visit, _ in self.groups.get(group, {})))

    def find(self, group: Group, visit: str, statistic: str, method: str | None = None) -> Number | None:
        """Find one number, or None where it was not computed; without a method, the first one."""
        for number in self.groups.get(group, {}).get((visit, statistic), ()):
            if method is None or number.method == method:
                return number
        return None

    def beside(self, number: Number, statistic: str, method: str | None = None) -> Number | None:
        """Find what was computed with a number: by the same method, rule for missing outcomes and shift."""
        wanted = (number.method if method is None else method, number.missing_outcome, number.delta)
        for each in self.groups.get(group_of_number(number), {}).get((number.visit, statistic), ()):
            if (each.method, each.missing_outcome, each.delta) == wanted:
                return each
        return None


def group_of_number(number: Number) -> Group:
    """Give the group a number belongs to."""
    return Group(*_IN_GROUP(number))


def read_numbers(frame: pl.DataFrame) -> NumberBook:
    """Index the results frame.

    Parameters
    ----------
    frame : polars frame with the columns of the results

    Returns
    -------
    NumberBook : the numbers in the order of the frame; null text is empty text. Numbers that are withheld
        are not in it, only of what they are; what one subject cannot have is in no group

    Examples
    --------
    >>> from funis.results import NumberList, Place
    >>> numbers = NumberList()
    >>> numbers.add(Place(analysis="summary", variable="ssdai", n=3), "mean", 5.0)
    >>> read_numbers(numbers.frame()).numbers[0].n
    3
    """
    ordered = _with_empty_text(frame)
    is_withheld = pl.col("status") == "withheld"
    names = ordered.filter(is_withheld).select("endpoint", "measure").unique().rows()
    shown = ordered.filter(~is_withheld)
    book = NumberBook(
        tuple(Number(*row) for row in shown.iter_rows()),
        withheld=frozenset(name for pair in names for name in pair if name),
        withholds_tests=(ordered.filter(is_withheld)["statistic"] == "p").any(),
    )
    book.has_one_subject = has_one_subject(book.numbers, everybody="enrolled", whole=ALL)
    for number in book.numbers:
        if is_printed(number, of_one=book.has_one_subject):
            place = book.groups.setdefault(group_of_number(number), {})
            place.setdefault((number.visit, number.statistic), []).append(number)
        if number.analysis in _LEVELS and number.statistic == "median" and number.value is not None:
            # The text is rounded as the analysis chose for the variable.
            book.decimals.setdefault(number.measure, len(number.text.partition(".")[2]))
    if book.has_one_subject:
        book.decimals.update(_recorded_decimals(book))
    return book


def _recorded_decimals(book: NumberBook) -> dict[str, int]:
    """Give the decimals that the values of one subject were recorded with, at most those of a mean."""
    found: dict[str, int] = {}
    for number in book.numbers:
        if number.analysis in _LEVELS and number.statistic == "mean" and number.value is not None:
            needed = min(count_decimals(number.value), book.decimals.get(number.measure, 2))
            found[number.measure] = max(found.get(number.measure, 0), needed)
    return found


def every_number(frame: pl.DataFrame) -> Iterator[Number]:
    """Give every number of the results frame in its order, those that are withheld too.

    Parameters
    ----------
    frame : polars frame with the columns of the results; null text is empty text
    """
    return (Number(*row) for row in _with_empty_text(frame).iter_rows())


def _with_empty_text(frame: pl.DataFrame) -> pl.DataFrame:
    textual = [name for name in Number._fields if name not in _NUMERIC]
    return frame.select(Number._fields).with_columns(pl.col(textual).cast(pl.String).fill_null(""))


def decimals_for(book: NumberBook, measure: str, values: Iterable[float | None]) -> int:
    """Give the decimals that a variable is printed with everywhere: those of its described levels.

    Parameters
    ----------
    book : the numbers of a run
    measure : the variable
    values : decide where its levels are not described
    """
    known = book.decimals.get(measure)
    return digits_for(values) if known is None else known


def digits_for(values: Iterable[float | None]) -> int:
    """Choose the decimals a column of means is printed with, from its largest value.

    Examples
    --------
    >>> digits_for([10.825, 4.6]), digits_for([212.0]), digits_for([1e6])
    (2, 1, 0)
    """
    return choose_decimals(max((abs(value) for value in values if value is not None), default=0.0))


def decimals_needed(values: Iterable[float | None], most: int) -> int:
    """Count the decimals that a line of recorded values and quartiles needs, so that all print alike.

    Examples
    --------
    >>> decimals_needed([10.0, 8.0, 12.0], 2), decimals_needed([55.25, 51.4, 60.0], 2)
    (0, 2)
    """
    return min(most, max((count_decimals(value) for value in values if value is not None), default=0))


def level_text(study: Study, endpoint: str = "") -> str:
    """Print the coverage of the intervals of an endpoint, or of the whole study.

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm", "alpha": 0.1}
    >>> level_text(Study.model_validate({"study": trial}))
    '90%'
    """
    own = next((study.level_of(each) for each in study.endpoints if each.id == endpoint), None)
    return f"{format_shortest(100 * (1.0 - study.trial.alpha if own is None else own))}%"


def bound(number: Number | None, digits: int, *, trimmed: bool = False) -> Inline | None:
    """Print one number, bound to its id, None where there is nothing to print."""
    if number is None:
        return None
    if number.value is None:
        return Inline("failed" if number.status == "failed" else number.text or NOT_AVAILABLE, number.id)
    if limit_missed(number) is not None:
        return Inline(NOT_CALCULATED, number.id)
    text = (trim if trimmed else format_number)(number.value, digits)
    return Inline(text.replace("-", "−"), number.id)


def bound_in_millions(number: Number | None) -> Inline | None:
    """Print a number of cells, bound to its id, with its point six places to the left.

    Cells per kg have two decimals, cells in all one.
    """
    if number is None or number.value is None:
        return None
    return Inline(format_millions(number.value, 1 if number.measure == "cells" else 2), number.id)


def bound_p(number: Number | None) -> Inline | None:
    """Print a P value, bound to its id."""
    if number is None:
        return None
    if number.value is None:
        return Inline("failed" if number.status == "failed" else NOT_AVAILABLE, number.id)
    if limit_missed(number) is not None:
        return Inline(NOT_CALCULATED, number.id)
    return Inline(format_p(number.value), number.id)


def single(number: Number | None, digits: int, *, trimmed: bool = False) -> TableCell:
    """Make a cell of one number."""
    return joined(bound(number, digits, trimmed=trimmed))


def with_own_n(cell: TableCell, n: Number | None, of: Number | None) -> TableCell:
    """Add how many a statistic is of to its cell, where the row says another number."""
    if n is None or of is None or n.value == of.value or cell is EMPTY:
        return cell
    return joined(*cell.parts, " (n = ", bound(n, 0), ")")


def p_cell(number: Number | None) -> TableCell:
    """Make a cell of a P value, with n where it is small; an adjusted one has a cell of its own."""
    plain = bound_p(number)
    return joined(plain) if number is None or plain is None else joined(plain, *small_n(number))


def small_n(number: Number) -> tuple[Inline | str, ...]:
    """Give the words that say n beside a P value of few subjects; none where there are enough."""
    if number.value is None or number.n is None or number.n >= SMALL:
        return ()
    return "; n = ", Inline(str(number.n), number.id)


def interval(lower: Inline | None, upper: Inline | None) -> tuple[Inline | str | None, ...]:
    """Give the inlines of an interval, with a word between the limits so that a minus cannot be misread."""
    if (
        lower is not None
        and upper is not None
        and lower.text == upper.text in {NOT_AVAILABLE, NOT_CALCULATED}
    ):
        return (lower,)
    return lower, " to ", upper


def percent_interval(lower: Inline | None, upper: Inline | None) -> tuple[Inline | str | None, ...]:
    """Give the inlines of an interval of percentages; what is not available has no sign."""
    parts = interval(lower, upper)
    return parts if len(parts) == 1 else (*parts, "%")


def count_cell(count: Number | None, percent: Number | None = None) -> TableCell:
    """Make a cell of a count as `14/40 (35.0%)`; the parts are clickable one by one."""
    first = bound(count, 0)
    if count is None or first is None:
        return EMPTY
    if count.value is None:
        return joined(first)
    over = f"/{count.denominator}" if count.denominator is not None else ""
    whole = Inline(first.text + over, first.id)
    second = bound(percent, 1)
    if second is None or percent is None or percent.value is None or not has_percent(percent):
        return joined(whole)
    return joined(whole, " (", Inline(f"{second.text}%", second.id), ")")


def share_cell(book: NumberBook, group: Group, visit: str, known: str = "recorded for") -> TableCell:
    """Make a cell of a count, and in the same cell of how many it is known and how many were imputed.

    Parameters
    ----------
    book, group, visit : which count
    known : the words before the share of those of whom it is known
    """
    cell = count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent"))
    share, unclear, filled = (book.find(group, visit, name) for name in ("asked", "cannot_tell", "imputed"))
    beside: list[Inline | str] = []
    if share is not None and share.value is not None:
        beside += [f"; {known} ", Inline(f"{format_number(share.value, 0)}/{share.denominator}", share.id)]
    if unclear is not None and unclear.value:
        beside += ["; cannot tell ", Inline(format_number(unclear.value, 0), unclear.id)]
    if filled is not None and filled.value:
        beside += ["; ", Inline(format_number(filled.value, 0), filled.id), " of N imputed"]
    return joined(*cell.parts, *beside) if beside and cell.parts else cell


def share_with_limits(book: NumberBook, group: Group, visit: str, known: str = "recorded for") -> TableCell:
    """Make a cell as `share_cell` does, with the exact interval of the percentage where there is one."""
    cell = share_cell(book, group, visit, known)
    limits = [bound(book.find(group, visit, name, "clopper_pearson"), 1) for name in ("lower", "upper")]
    return joined(*cell.parts, "; ", *percent_interval(*limits)) if all(limits) else cell


def limited_cell(found: Number | None, limits: Sequence[Number | None], digits: int) -> TableCell:
    """Print an estimate, with its interval where both limits are known."""
    if found is None or found.value is None or any(each is None or each.value is None for each in limits):
        return joined(bound(found, digits))
    lower, upper = (bound(each, digits) for each in limits)
    return joined(bound(found, digits), " (", *interval(lower, upper), ")")


def estimate_cell(
    book: NumberBook, group: Group, visit: str, method: str, digits: int | None = None
) -> TableCell:
    """Print the estimate that belongs to a test, with its interval."""
    found = [book.find(group, visit, name, method) for name in ("estimate", "lower", "upper")]
    if digits is None:
        digits = digits_for(
            each.value for each in book.all(group) if each.method == method and each.statistic in _LIMITED
        )
    estimate, lower, upper = (bound(each, digits) for each in found)
    if estimate is None or found[0] is None or found[0].value is None:
        return joined(estimate)
    return joined(estimate, " (", *interval(lower, upper), ")")


def adjusted_p(book: NumberBook, group: Group, visit: str, method: str) -> Number | None:
    """Find the adjusted P that belongs to a test."""
    return book.find(group, visit, "p_adjusted", method)


def adjustment_of(numbers: Iterable[Number | None]) -> str:
    """Name the adjustment of the first adjusted P among numbers, empty where there is none."""
    return next((each.adjustment for each in numbers if each is not None and each.adjustment), "")
