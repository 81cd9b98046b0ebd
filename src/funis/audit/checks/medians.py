"""Medians, quartiles and ranges: their order, and whether a median of values on a grid can be as printed.

Rules: lowest <= first quartile <= median <= third quartile <= highest. The median of an odd number of values
is one of them, that of an even number lies halfway between two of them: with whole numbers it is whole or
ends in a half. Closed intervals: ties may be rounded either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil, floor
from typing import Final

from funis.audit.bounds import bounds_at
from funis.audit.figures import PrintedMedian, PrintedNumber
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, same_words
from funis.audit.granularity import ValueGrid, grid_of
from funis.audit.times import same_time
from funis.audit.words import name_figure

NAME: Final = "median"
_KINDS: Final = {"iqr": "quartiles", "range": "range", "not said": "ends"}


def check_medians(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check the ends beside a median, its place on the grid of its scale, quartiles against ranges."""
    for figure in figures.medians:
        if figure.low is not None and figure.high is not None:
            yield from _check_ends(figure, figure.low, figure.high)
        yield from _check_grid(figures, figure)
    for one, other in combinations(figures.medians, 2):
        if {one.spread_kind, other.spread_kind} == {"iqr", "range"} and _is_of_same(one, other):
            quartiles, span = (one, other) if one.spread_kind == "iqr" else (other, one)
            yield from _check_inside(quartiles, span)


def _is_of_same(one: PrintedMedian, other: PrintedMedian) -> bool:
    return (
        one.place.file == other.place.file
        and same_words(one.about.outcome, other.about.outcome)
        and same_words(one.about.group, other.about.group)
        and same_words(one.about.unit, other.about.unit)
        and same_time(one.about.time, other.about.time)
    )


def _is_above(one: PrintedNumber, other: PrintedNumber) -> bool:
    """Tell whether a number lies above another however both are rounded."""
    return one.rounding.lower > other.rounding.upper


def _check_ends(figure: PrintedMedian, low: PrintedNumber, high: PrintedNumber) -> Iterator[AuditFinding]:
    if _is_above(low, high):
        yield make_finding(
            NAME,
            INCONSISTENT,
            [figure],
            f"{name_figure(figure.about)}: the lower end {low} lies above the upper end {high}.",
            f"{low} > {high} ({_KINDS[figure.spread_kind]} of the median {figure.median}).",
            certainty="Certain.",
            ask="Which two numbers are the ends?",
        )


def _check_inside(quartiles: PrintedMedian, span: PrintedMedian) -> Iterator[AuditFinding]:
    """Hold quartiles against the lowest and the highest value."""
    pairs = (
        (span.low, quartiles.low, "first quartile", "below the lowest value"),
        (quartiles.high, span.high, "third quartile", "above the highest value"),
    )
    for smaller, larger, name, where in pairs:
        if smaller is None or larger is None or not _is_above(smaller, larger):
            continue
        quartile, end = (larger, smaller) if name.startswith("first") else (smaller, larger)
        yield make_finding(
            NAME,
            INCONSISTENT,
            (quartiles, span),
            f"{name_figure(quartiles.about)}: the {name} {quartile} lies {where}, {end}.",
            f"Quartiles {quartiles.low} and {quartiles.high}; range {span.low} to {span.high}.",
            certainty="Certain where both are of the same subjects.",
            ask="Are quartiles and range of the same subjects?",
        )


def _check_grid(figures: GatheredFigures, figure: PrintedMedian) -> Iterator[AuditFinding]:
    """Hold a median against the grid of its scale and the number of subjects."""
    grid = grid_of(bounds_at(figures, figure.about, figure.place.file).scale)
    # The median of a change may be an estimate of Hodges and Lehmann, which lies on a finer grid.
    if grid is None or figure.about.outcome.startswith("change"):
        return
    subjects = figures.subjects_of(figure)
    n = None if subjects is None else subjects.n
    own = subjects is not None and subjects.printed_with_it
    about = name_figure(figure.about)
    held = [figure] if subjects is None or own else [figure, subjects.said_by]
    halves = _has_point(figure.median, grid, grid.grain / 2)
    wholes = _has_point(figure.median, grid, grid.grain)
    certainty = f"Certain for a median of values in steps of {grid.grain}; not for one of grouped data."
    if not halves:
        statement = f"{about}: {figure.median} cannot be the median of values in steps of {grid.grain}."
        working = (
            f"Such a median is a multiple of {grid.grain / 2}: one of the values, or halfway between two."
        )
        ask = "Is this a median, and of which values?"
        yield make_finding(NAME, INCONSISTENT, held, statement, working, certainty=certainty, ask=ask)
    elif not wholes and n is not None and n % 2:
        statement = f"{about}: {figure.median} cannot be the median of {n} subjects."
        working = f"{n} is odd, so that the median is the value of one subject, in steps of {grid.grain}."
        ask = "Of how many subjects is this median?"
        classification = INCONSISTENT if own else UNEXPLAINED
        yield make_finding(NAME, classification, held, statement, working, certainty=certainty, ask=ask)
    else:
        whom = "" if n is None else f" of {n} subjects"
        statement = f"{about}: {figure.median} can be the median{whom}."
        working = f"It is {'a value' if wholes else 'halfway between two values'} in steps of {grid.grain}."
        yield make_finding(NAME, CONSISTENT, held, statement, working)


def _has_point(number: PrintedNumber, grid: ValueGrid, step: Fraction) -> bool:
    """Tell whether a point of a grid may have been printed so."""
    ends = number.rounding
    return ceil((ends.lower - grid.start) / step) <= floor((ends.upper - grid.start) / step)
