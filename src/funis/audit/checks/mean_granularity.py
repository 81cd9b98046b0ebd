"""GRIM: a mean of values on a grid against the number of subjects.

Rule: the sum of n values on a grid is on the grid, so that of the means that print alike at least one must
be a sum over n (Brown and Heathers 2017, Soc Psychol Personal Sci 8: 363). Closed intervals: ties may be
rounded either way. Where the text prints only the size of the group, values may be missing, and a mean
that does not fit is unexplained, not inconsistent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from funis.audit.bounds import bounds_at
from funis.audit.causes import CausedFinding, share_numbers, tell_once
from funis.audit.figures import PrintedMean
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    make_finding,
)
from funis.audit.gathered import GatheredFigures, Subjects, plain_words
from funis.audit.granularity import (
    ValueGrid,
    fewer_than,
    grid_of,
    has_no_power,
    numbers_that_fit,
    sums_that_fit,
)
from funis.audit.words import describe_mean, list_numbers, name_figure, name_time, show_fraction

NAME: Final = "mean_granularity"
#: Numbers of subjects that are tried where none is printed.
_MOST_TRIED: Final = 100


def check_means(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every mean of values on a grid; say once for each outcome why its means are not checked.

    Means of one outcome and group that all fit one other number of subjects are one finding.
    """
    found = list(_check_all(figures))
    open_ones: dict[tuple[object, ...], dict[int, Sequence[int]]] = {}
    for place, each in enumerate(found):
        if each.key:
            open_ones.setdefault((*each.key, each.finding.classification), {})[place] = each.fitting
    causes = {
        place: (*key, common)
        for key, numbers in open_ones.items()
        for places, common in share_numbers(numbers)
        if common
        for place in places
    }
    yield from tell_once(_with_cause(each, causes.get(place, ())) for place, each in enumerate(found))


class _Checked(NamedTuple):
    """A finding about a mean; where it does not fit, of which outcome it is and which numbers would."""

    finding: AuditFinding
    key: tuple[object, ...] = ()
    fitting: Sequence[int] = ()
    figure: PrintedMean | None = None


def _with_cause(each: _Checked, cause: tuple[object, ...]) -> CausedFinding:
    if not cause or each.figure is None:
        return CausedFinding(each.finding)
    about, n, common = each.figure.about, each.key[-1], cause[-1]
    could = list_numbers(common) if isinstance(common, tuple) else ""
    return CausedFinding(
        each.finding,
        cause,
        f"{each.figure.mean}{name_time(about)}",
        about.group,
        f"{about.outcome or 'This outcome'}: ",
        f" cannot be means of {n} subjects; of {could} all can be.",
    )


def _check_all(figures: GatheredFigures) -> Iterator[_Checked]:
    told: set[str] = set()
    for figure in figures.means:
        grid = grid_of(bounds_at(figures, figure.about, figure.place.file).scale)
        if grid is None:
            if figure.about.outcome not in told:
                told.add(figure.about.outcome)
                yield _Checked(_without_grid(figure))
            continue
        subjects = figures.subjects_of(figure)
        if subjects is None:
            yield _Checked(_without_number(figure, grid))
        else:
            yield _check(figure, grid, subjects)


def _without_grid(figure: PrintedMean) -> AuditFinding:
    return make_finding(
        NAME,
        NOT_CHECKABLE,
        [figure],
        f"Means of {figure.about.outcome or 'this outcome'} cannot be checked against the number of "
        "subjects.",
        "Nothing says that the value of a subject is a whole number or on another scale of steps.",
    )


def _without_number(figure: PrintedMean, grid: ValueGrid) -> AuditFinding:
    fitting = numbers_that_fit(figure.mean, None, grid, range(1, _MOST_TRIED + 1))
    return make_finding(
        NAME,
        NOT_CHECKABLE,
        [figure],
        f"{name_figure(figure.about)}: how many subjects the mean {figure.mean} is of is not printed.",
        f"Of 1 to {_MOST_TRIED} subjects, it can be of {list_numbers(fitting)}.",
        ask="Of how many subjects is this mean?",
    )


def _check(figure: PrintedMean, grid: ValueGrid, subjects: Subjects) -> _Checked:
    n, mean = subjects.n, figure.mean
    about = name_figure(figure.about)
    held = [figure] if subjects.printed_with_it else [figure, subjects.said_by]
    if n == 0 or has_no_power(mean, n, grid):
        reason = "nobody has a value" if n == 0 else "every mean with so few decimals is possible"
        statement = f"{about}: {mean} cannot be checked."
        return _Checked(make_finding(NAME, NOT_CHECKABLE, held, statement, f"With n = {n} {reason}."))
    sums = sums_that_fit(mean.rounding, n, grid)
    if sums:
        made = _working(sums[0], n, grid)
        statement = f"{about}: {mean} can be the mean of {n} subjects."
        return _Checked(make_finding(NAME, CONSISTENT, held, statement, f"{made}.", certainty=_assumed(grid)))
    nearest = _nearest(figure, n, grid)
    fitting = numbers_that_fit(mean, None, grid, fewer_than(n))
    key = (figure.place.file, plain_words(figure.about.outcome), plain_words(figure.about.group), n)
    if subjects.printed_with_it:
        sure = make_finding(
            NAME,
            INCONSISTENT,
            held,
            f"{about}: {mean} cannot be the mean of {n} subjects.",
            nearest,
            certainty=f"Certain for a rounded mean. {_assumed(grid)}",
            ask=f"Is n = {n} the number of subjects with a value, and is {mean} as computed?",
        )
        return _Checked(sure, key, fitting, figure)
    told = make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about}: {mean} cannot be the mean of all {n} subjects of the group.",
        f"{nearest} Of fewer, it can be of {list_numbers(fitting)}.",
        certainty=f"Certain for n = {n}; the text does not print how many had a value. {_assumed(grid)}",
        ask="Of how many subjects is this mean, and how were missing values handled?",
    )
    return _Checked(told, key, fitting, figure)


def _assumed(grid: ValueGrid) -> str:
    step = "whole numbers" if grid.grain == 1 else f"steps of {grid.grain}"
    return f"The values of subjects are {step}; a mean adjusted by a model need not be a sum over n."


def _working(total: int, n: int, grid: ValueGrid, digits: int = 4) -> str:
    exact = grid.start + grid.grain * Fraction(total, n)
    points = grid.start * n + grid.grain * total
    return f"{points}/{n} = {show_fraction(exact, digits)}"


def _nearest(figure: PrintedMean, n: int, grid: ValueGrid) -> str:
    """Show the sums next to the printed mean, and what they would print."""
    below = (figure.mean.value - grid.start) * n // grid.grain
    digits = figure.mean.decimals + 2
    shown = (_working(int(total), n, grid, digits) for total in (below, below + 1))
    return f"The nearest sums are {' and '.join(shown)}; {describe_mean(figure)} is printed."
