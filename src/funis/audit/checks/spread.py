"""What stands behind the plus-minus sign: can it be a standard deviation, a standard error, or neither.

Rules: on a grid the sum of squares is a whole number of the right parity (GRIMMER: Anaya 2016; Allard
2018; for 0 and 1 DEBIT: Heathers and Brown 2019), with n - 1 and with n as divisor; between bounds a
variance is at most n/(n - 1) (m - a)(b - m) (Bhatia and Davis 2000), above a lowest value n (m - a)^2. A
standard error times the root of n must keep the same rules. Where the text does not say which of the two
it prints, all its times together decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

from funis.audit.bounds import bounds_at
from funis.audit.causes import CausedFinding, tell_once
from funis.audit.figures import OutcomeScale, PrintedFigure, PrintedMean, RoundingInterval
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, Subjects, plain_words
from funis.audit.granularity import (
    fewer_than,
    fits,
    grid_of,
    largest_variance,
    numbers_that_fit,
    sums_that_fit,
    variance_of,
)
from funis.audit.words import describe_mean, list_numbers, name_figure, name_time, show_bound, show_fraction

NAME: Final = "spread"
BINARY: Final = "binary_spread"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a printed spread can be."""

    figure: PrintedMean
    subjects: Subjects
    scale: OutcomeScale
    sources: tuple[PrintedFigure, ...]
    as_sd: str
    as_sd_of_n: str
    as_se: str

    @property
    def can_be_sd(self) -> bool:
        return not self.as_sd

    @property
    def can_be_se(self) -> bool:
        return not self.as_se


def check_spreads(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every spread whose number of subjects is printed; ask once where SD and SE are both possible."""
    readings = [found for each in figures.means if (found := _read(figures, each)) is not None]
    yield from tell_once(
        _judge(reading)
        for reading in readings
        if reading.figure.spread_kind != "not said" or not (reading.can_be_sd or reading.can_be_se)
    )
    unsaid: dict[tuple[str, str, str], list[_Reading]] = {}
    for reading in readings:
        if reading.figure.spread_kind == "not said" and (reading.can_be_sd or reading.can_be_se):
            about = reading.figure.about
            key = (reading.figure.place.file, plain_words(about.outcome), plain_words(about.group))
            unsaid.setdefault(key, []).append(reading)
    for held in unsaid.values():
        yield _tell_apart(held)


def is_standard_error(figures: GatheredFigures, figure: PrintedMean) -> bool | None:
    """Tell whether a spread is a standard error, by the text or as it can be nothing else; None: open."""
    if figure.spread_kind != "not said":
        return figure.spread_kind == "se"
    same = [
        each
        for each in figures.means
        if each.place.file == figure.place.file
        and plain_words(each.about.outcome) == plain_words(figure.about.outcome)
        and plain_words(each.about.group) == plain_words(figure.about.group)
    ]
    readings = [found for each in same if (found := _read(figures, each)) is not None]
    sd = all(each.can_be_sd for each in readings)
    se = all(each.can_be_se for each in readings)
    return None if sd == se else se


def _read(figures: GatheredFigures, figure: PrintedMean) -> _Reading | None:
    subjects = figures.subjects_of(figure)
    if figure.spread is None or figure.spread.value < 0 or subjects is None or subjects.n < 2:
        return None
    bounds = bounds_at(figures, figure.about, figure.place.file)
    n, grid = subjects.n, grid_of(bounds.scale)
    if grid is not None and not sums_that_fit(figure.mean.rounding, n, grid):
        return None  # The mean itself does not fit, which another check says.
    sd = variance_of(figure.spread, n, is_standard_error=False)
    se = variance_of(figure.spread, n, is_standard_error=True)
    return _Reading(
        figure,
        subjects,
        bounds.scale,
        (*(() if subjects.printed_with_it else (subjects.said_by,)), *bounds.limits),
        _refusal(figure, sd, n, bounds.scale, n - 1),
        _refusal(figure, sd, n, bounds.scale, n),
        _refusal(figure, se, n, bounds.scale, n - 1),
    )


def _refusal(
    figure: PrintedMean, variance: RoundingInterval, n: int, scale: OutcomeScale, divisor: int
) -> str:
    """Say why no sample has this mean and variance; empty where one may."""
    mean = figure.mean.rounding
    most = largest_variance(mean, n, scale.minimum, scale.maximum)
    if most is not None and variance.lower > most:
        low, high = show_bound(scale.minimum), show_bound(scale.maximum)
        digits = (figure.spread or figure.mean).decimals + 1
        return (
            f"with n = {n}, a mean of {figure.mean} and values from {low} to {high} no standard deviation is "
            f"above {_show_root(most, digits)}, and {_show_root(variance.lower, digits)} would be the least"
        )
    grid = grid_of(scale)
    if grid is None or fits(mean, variance, n, grid, divisor=divisor):
        return ""
    return (
        f"with n = {n} no sum of squares of values in steps of {grid.grain} gives it together with the mean "
        f"{figure.mean} (sum of squared deviations divided by {divisor})"
    )


def _show_root(value: Fraction, digits: int) -> str:
    scale = 10 ** (digits + 6)
    return show_fraction(Fraction(isqrt(int(value * scale * scale)), scale), digits)


def _judge(reading: _Reading) -> CausedFinding:
    """Judge a spread that the text names, or that can be neither."""
    figure, n = reading.figure, reading.subjects.n
    about, said = name_figure(figure.about), describe_mean(figure)
    kind = {"sd": "standard deviation", "se": "standard error", "not said": "spread"}[figure.spread_kind]
    refusal = reading.as_se if figure.spread_kind == "se" else reading.as_sd
    held = [figure, *reading.sources]
    name = BINARY if reading.scale.is_binary else NAME
    if not refusal:
        statement = f"{about}: {figure.spread} can be the {kind} beside {figure.mean} with n = {n}."
        return CausedFinding(make_finding(name, CONSISTENT, held, statement, f"{said} passes with n = {n}."))
    others = _other_readings(reading)
    certain = reading.subjects.printed_with_it or not _fewer(reading)
    divides_by_n = not reading.as_sd_of_n and figure.spread_kind != "se"
    is_open = divides_by_n or not certain
    arithmetic = f"{said}: {refusal}."
    if divides_by_n:
        arithmetic += f" Divided by n = {n} instead of {n - 1} it is possible."
    if others:
        arithmetic += f" {others}"
    if not certain:
        arithmetic += f" Of fewer subjects it can be of {list_numbers(_fewer(reading))}."
    told = make_finding(
        name,
        UNEXPLAINED if is_open else INCONSISTENT,
        held,
        f"{about}: {figure.spread} does not fit as the {kind} beside {figure.mean} with n = {n}.",
        arithmetic,
        certainty="Certain for rounded figures of subjects' values on the stated scale; not for "
        "adjusted means.",
        ask=f"Is {figure.spread} a standard deviation or a standard error, and of how many subjects?",
    )
    labels = tuple(plain_words(each) for each in (figure.about.outcome, figure.about.group))
    return CausedFinding(
        # Named the other way round, all spreads of an outcome fit: that is one slip.
        told,
        (figure.place.file, *labels, name, others) if others else (),
        f"{figure.spread} beside {figure.mean}{name_time(figure.about)}",
        figure.about.group,
        f"{figure.about.outcome or 'This outcome'}: ",
        f" do not fit as the {kind}s that the text calls them. {others.replace('it is', 'they are')}",
    )


def _other_readings(reading: _Reading) -> str:
    if reading.figure.spread_kind == "sd" and reading.can_be_se:
        return "As a standard error it is possible."
    if reading.figure.spread_kind == "se" and reading.can_be_sd:
        return "As a standard deviation it is possible."
    return ""


def _fewer(reading: _Reading) -> tuple[int, ...]:
    """Give smaller numbers of subjects that fit where the text prints only the size of the group."""
    grid = grid_of(reading.scale)
    if grid is None:
        return ()
    n = reading.subjects.n
    return numbers_that_fit(
        reading.figure.mean, reading.figure.spread, grid, (each for each in fewer_than(n) if each > 1)
    )


def _tell_apart(readings: Sequence[_Reading]) -> AuditFinding:
    """Say of the times of one outcome together whether the unnamed spread is a SD or a SE."""
    figures = [each.figure for each in readings]
    about = figures[0].about.outcome or "this outcome"
    sd = all(each.can_be_sd for each in readings)
    refusals = [each for each in readings if not each.can_be_se]
    if sd and refusals:
        first = refusals[0]
        return make_finding(
            NAME,
            CONSISTENT,
            [first.figure, *(each for each in figures if each is not first.figure)],
            f"What stands behind the means of {about} can only be a standard deviation.",
            f"{describe_mean(first.figure)} as a standard error: {first.as_se}.",
            certainty="Certain for rounded figures and these bounds. The text does not say which it is.",
        )
    if not sd:
        worst = next(each for each in readings if not each.can_be_sd)
        both, n = all(each.can_be_se for each in readings), worst.subjects.n
        return make_finding(
            NAME,
            UNEXPLAINED,
            [worst.figure, *(each for each in figures if each is not worst.figure)],
            f"What stands behind the means of {about} cannot be a standard deviation of all {n} subjects.",
            f"{describe_mean(worst.figure)} as a standard deviation: {worst.as_sd}."
            + (" As standard errors all its figures are possible." if both else ""),
            certainty="Certain for rounded figures of subjects' values on the stated scale.",
            ask="Are these standard deviations or standard errors, and of how many subjects?",
        )
    return make_finding(
        NAME,
        UNEXPLAINED,
        figures,
        f"The text does not say whether ± of {about} is a standard deviation or a standard error.",
        f"{describe_mean(figures[0])} with n = {readings[0].subjects.n} can be either.",
        certainty="Both readings are possible; the first is the more usual.",
        ask="Are these standard deviations or standard errors?",
    )
