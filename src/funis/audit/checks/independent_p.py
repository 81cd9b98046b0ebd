"""P values of two groups from their means, spreads and sizes.

Rule: the t tests with one variance (Student) and with two (Welch 1947), for all figures that print alike,
give P values from a smallest to a largest. A printed P outside of them is inconsistent with the test the
text names, and unexplained where it names none: a model with covariates gives another P.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.audit.causes import CausedFinding, doubt_p, tell_once
from funis.audit.checks.spread import is_standard_error
from funis.audit.figures import PrintedMean, PrintedP
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.p_ranges import SampleSummary, independent_range, is_one_sided, printed_range, summarise_mean
from funis.audit.words import describe_mean, describe_p, name_figure, show_range

NAME: Final = "independent_p"
_T_TESTS: Final = frozenset({"independent_t", "welch_t"})


def check_independent_p(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every P value that compares the means of two groups; those of no named test are told together."""
    yield from tell_once(_check_all(figures))


def _check_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    for figure in figures.p_values:
        if not figure.against_group or figure.test not in _T_TESTS | {"", "other"}:
            continue
        file, about = figure.place.file, figure.about
        one = figures.mean_at(about, file, time=about.time, group=about.group)
        two = figures.mean_at(about, file, time=about.time, group=figure.against_group)
        if one is None or two is None:
            continue
        summaries = [_summary(figures, each) for each in (one, two)]
        if summaries[0] is not None and summaries[1] is not None:
            pair = (summaries[0], summaries[1])
            own = one.n is not None and two.n is not None
            others = _as_errors(figures, one, two)
            yield _judge(figure, (one, two), pair, as_errors=others, are_own_numbers=own)


def _summary(
    figures: GatheredFigures, figure: PrintedMean, *, as_error: bool = False
) -> SampleSummary | None:
    subjects = figures.subjects_of(figure)
    if subjects is None or subjects.n < 2:
        return None
    is_error = as_error or is_standard_error(figures, figure) is True
    return summarise_mean(figure, subjects.n, is_standard_error=is_error)


def _as_errors(
    figures: GatheredFigures, one: PrintedMean, two: PrintedMean
) -> tuple[SampleSummary, SampleSummary] | None:
    """Give the summaries with the spreads read as standard errors, None where they are read so already."""
    if all(is_standard_error(figures, each) is True for each in (one, two)):
        return None
    first, second = (_summary(figures, each, as_error=True) for each in (one, two))
    return None if first is None or second is None else (first, second)


def _judge(
    figure: PrintedP,
    means: tuple[PrintedMean, PrintedMean],
    summaries: tuple[SampleSummary, SampleSummary],
    *,
    as_errors: tuple[SampleSummary, SampleSummary] | None,
    are_own_numbers: bool,
) -> CausedFinding:
    possible, printed = independent_range(*summaries), printed_range(figure)
    about, said = name_figure(figure.about), describe_p(figure)
    shown = " against ".join(
        f"{describe_mean(each)} (n = {summary.n})" for each, summary in zip(means, summaries, strict=True)
    )
    working = f"{shown}: t tests with one or two variances give P {show_range(possible)}."
    held = (figure, *means)
    if possible.meets(printed):
        statement = f"{about}: {said} is possible in a t test."
        return CausedFinding(make_finding(NAME, CONSISTENT, held, statement, working))
    if as_errors is not None and independent_range(*as_errors).meets(printed):
        working += f" As standard errors the spreads give P {show_range(independent_range(*as_errors))}."
    one_sided = is_one_sided(possible, printed)
    if one_sided:
        working += " One-sided it would be possible."
    is_sure = figure.test in _T_TESTS and are_own_numbers and not one_sided
    told = make_finding(
        NAME,
        INCONSISTENT if is_sure else UNEXPLAINED,
        held,
        f"{about}: a t test of the printed means does not give {said}.",
        working,
        certainty="Certain for a t test of these figures; other tests and models give other P values.",
        ask="Which test gave this P, and are the spreads standard deviations or standard errors?",
    )
    before = "A t test of the printed means does not give "
    return doubt_p(told, figure, "t test", before, is_named=figure.test in _T_TESTS)
