"""Intervals of confidence against the estimate and the P value that are printed with them.

Rules: no ratio lies below 0. The estimate lies inside. Where the interval is symmetric by its method (t,
Wald), the estimate is its middle: of a mean or a difference as it is printed, of a ratio on the scale of
logarithms. A P value of the same test is below 1 - level where the interval leaves the value of no effect
out, and not below it where it does not; the width gives the standard error, and with it P (Altman and
Bland 2011, BMJ 343: d2090 and d2304). Other methods (exact, of ranks, profile likelihood, bootstrap) are
asymmetric and give other P values near the limit, so that only what lies outside its own interval is
inconsistent.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, inf, log
from typing import Final, NamedTuple

from funis.audit.checks.interval_of_counts import check_intervals_of_counts
from funis.audit.figures import IntervalMeasure, PrintedInterval, PrintedNumber, PrintedP
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    make_finding,
)
from funis.audit.gathered import GatheredFigures
from funis.audit.p_ranges import PRange, is_one_sided, printed_range
from funis.audit.words import describe_interval, describe_p, name_figure, show_fraction, show_range

NAME: Final = "interval"
RATIOS: Final[frozenset[IntervalMeasure]] = frozenset(
    {"odds ratio", "risk ratio", "rate ratio", "hazard ratio"}
)
_DIFFERENCES: Final[frozenset[IntervalMeasure]] = frozenset(
    {"mean difference", "standardised difference", "coefficient", "risk difference"}
)
#: Whose usual intervals are symmetric. Those of shares and of their difference often are not.
_SYMMETRIC: Final = (RATIOS | _DIFFERENCES | {"mean"}) - {"risk difference"}
_ASYMMETRIC_METHODS: Final = frozenset({"fisher", "bootstrap", "mid_p", "miettinen_nurminen", "other"})
#: So far from the middle, in half widths, exact and likelihood intervals of small samples commonly are.
_SLIGHT: Final = 0.1
#: P values of two methods, near the limit, commonly differ by this factor; by the second hardly ever.
_NEAR, _FAR = 2.0, 10.0
#: Levels for which P values are recomputed, in percent.
_LEVELS: Final = (50, 99.99)


class _Ends(NamedTuple):
    """An interval of what may have been printed, on the scale where it is symmetric."""

    lower: float
    upper: float

    def meets(self, other: _Ends) -> bool:
        return self.lower <= other.upper and other.lower <= self.upper


def check_intervals(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check each interval alone, against its estimate and against its P value.

    Where the printed counts give an interval, its method is found and need not be symmetric; the P value is
    then held against the counts, too (`two_proportions`), not against the interval of another method.
    """
    found_in_counts = {
        each.figures[0] for each in check_intervals_of_counts(figures) if each.classification == CONSISTENT
    }
    for figure in figures.intervals:
        if _is_above(figure.low, figure.high):
            yield _reversed(figure)
            continue
        if figure.measure in RATIOS and any(_is_negative(each) for each in (figure.low, figure.estimate)):
            yield _negative(figure)
            continue
        if figure.estimate is not None:
            if _is_above(figure.low, figure.estimate) or _is_above(figure.estimate, figure.high):
                yield _outside(figure, figure.estimate)
                continue
            found = _check_middle(figure, figure.estimate)
            if found is not None and (found.classification == CONSISTENT or figure.id not in found_in_counts):
                yield found
        p = figures.p_value_of(figure)
        if p is not None and p.against_group and figure.id in found_in_counts:
            continue
        null = _null_of(figure.measure)
        if p is not None and null is not None and p.is_two_sided and not figure.is_credible:
            yield _check_p(figure, p, null)


def _is_above(one: PrintedNumber, other: PrintedNumber) -> bool:
    return one.rounding.lower > other.rounding.upper


def _is_negative(number: PrintedNumber | None) -> bool:
    return number is not None and number.rounding.upper < 0


def _negative(figure: PrintedInterval) -> AuditFinding:
    return make_finding(
        NAME,
        UNEXPLAINED,
        [figure],
        f"{name_figure(figure.about)}: {describe_interval(figure)} lies below 0, where no ratio is.",
        "A ratio of odds, risks, rates or hazards is 0 or more; its logarithm and a difference may be less.",
        certainty="Certain for ratios; the interval may be of a logarithm or of a difference.",
        ask="Is this a ratio, its logarithm, or a difference?",
    )


def _null_of(measure: IntervalMeasure) -> int | None:
    return 1 if measure in RATIOS else 0 if measure in _DIFFERENCES else None


def _reversed(figure: PrintedInterval) -> AuditFinding:
    is_plain = figure.low.value > 0 and figure.high.value > 0
    return make_finding(
        NAME,
        INCONSISTENT if is_plain else UNEXPLAINED,
        [figure],
        f"{name_figure(figure.about)}: the lower end {figure.low} lies above the upper end {figure.high}.",
        f"{figure.low} > {figure.high} in {describe_interval(figure)}.",
        certainty="Certain." if is_plain else "A minus sign may be lost, or the ends stand in another order.",
        ask="Which two numbers are the ends?",
    )


def _outside(figure: PrintedInterval, estimate: PrintedNumber) -> AuditFinding:
    """Tell of an estimate outside its interval; where it only lost its sign, say so."""
    turned = (
        PrintedNumber(str(estimate).lstrip("+-−–")) if estimate.value < 0 else PrintedNumber(f"-{estimate}")
    )
    is_sign = not (_is_above(figure.low, turned) or _is_above(turned, figure.high))
    is_sure = not is_sign and bool(figure.measure) and not figure.is_credible and figure.method != "bootstrap"
    working = f"{describe_interval(figure)}: {estimate} is not from {figure.low} to {figure.high}."
    if is_sign:
        working += f" {turned} would be inside."
    return make_finding(
        NAME,
        INCONSISTENT if is_sure else UNEXPLAINED,
        [figure],
        f"{name_figure(figure.about)}: {estimate} lies outside its interval.",
        working,
        certainty="Certain for an interval of this estimate by t, Wald, score, exact and likelihood methods."
        if is_sure
        else "The interval may be of another figure, or the words carry the sign.",
        ask="Is the interval that of this estimate, and are all signs and digits right?",
    )


# --- the middle ------------------------------------------------------------------------------------------


def _check_middle(figure: PrintedInterval, estimate: PrintedNumber) -> AuditFinding | None:
    if figure.measure not in _SYMMETRIC or figure.is_credible or figure.method in _ASYMMETRIC_METHODS:
        return None
    is_ratio = figure.measure in RATIOS
    ends = [_on_scale(each, is_ratio=is_ratio) for each in (figure.low, figure.high, estimate)]
    low, high, own = ends[0], ends[1], ends[2]
    if low is None or high is None or own is None or low.lower == -inf:
        return None
    middle = _Ends((low.lower + high.lower) / 2, (low.upper + high.upper) / 2)
    scale = "on the scale of logarithms" if is_ratio else "as printed"
    about = f"{name_figure(figure.about)}: {describe_interval(figure)}"
    if middle.meets(own):
        statement = f"{about} has its estimate in the middle ({scale})."
        return make_finding(NAME, CONSISTENT, [figure], statement, _describe_middle(figure, middle))
    gap = max(own.lower - middle.upper, middle.lower - own.upper)
    share = gap / max((high.upper - low.lower) / 2, 1e-300)
    is_slight = share < _SLIGHT
    statement = f"{about} does not have its estimate in the middle ({scale})."
    return make_finding(
        NAME,
        NOT_CHECKABLE if is_slight else UNEXPLAINED,
        [figure],
        statement,
        f"{_describe_middle(figure, middle)} It is off by {show_fraction(100 * share, 1)}% of half the "
        "width or more.",
        certainty="Certain for t and Wald intervals; exact, profile-likelihood and bootstrap intervals are "
        "not symmetric, most so in small samples.",
        ask=""
        if is_slight
        else "By which method was the interval computed, and are all three numbers right?",
    )


def _on_scale(number: PrintedNumber, *, is_ratio: bool) -> _Ends | None:
    """Give what may have been printed so; of a ratio its logarithm, None where that has none."""
    lower, upper = float(number.rounding.lower), float(number.rounding.upper)
    if not is_ratio:
        return _Ends(lower, upper)
    return None if upper <= 0 else _Ends(log(lower) if lower > 0 else -inf, log(upper))


def _describe_middle(figure: PrintedInterval, middle: _Ends) -> str:
    is_ratio = figure.measure in RATIOS
    ends = [exp(each) if is_ratio else each for each in middle]
    digits = (figure.estimate or figure.low).decimals + 1
    kind = "geometric middle" if is_ratio else "middle"
    low, high = (show_fraction(each, digits) for each in ends)
    return f"The {kind} of the ends is {low} to {high}; {figure.estimate} is printed."


# --- the P value -----------------------------------------------------------------------------------------


def _check_p(figure: PrintedInterval, p: PrintedP, null: int) -> AuditFinding:
    """Hold a P value against whether the interval leaves the null out, and against that of its width."""
    printed, alpha = printed_range(p), 1 - float(figure.level.value) / 100
    leaves_out = figure.low.rounding.lower > null or figure.high.rounding.upper < null
    holds = figure.low.rounding.upper < null < figure.high.rounding.lower
    possible = _possible_p(figure, null)
    about, said = name_figure(figure.about), f"{describe_interval(figure)} and {describe_p(p)}"
    where = "leaves out" if leaves_out else "holds" if holds else "may end at"
    working = f"The interval {where} {null}."
    if possible is not None:
        working += f" Its width gives P {show_range(possible)}."
    differ = (leaves_out and printed.lowest > alpha) or (holds and printed.highest < alpha)
    apart = 1.0 if possible is None else _times_apart(possible, printed)
    certainty = (
        "Certain where test and interval are of one model and method; an exact test, a test of ranks or a "
        "log-rank test gives another P than the model of the interval."
    )
    if not differ and apart <= _FAR:
        statement = f"{about}: {said} agree."
        if apart > 1:
            working += " Another test can have given the printed P."
        return make_finding(NAME, CONSISTENT, (figure, p), statement, working, certainty=certainty)
    if possible is not None and is_one_sided(possible, printed):
        working += " One-sided the P value would be possible."
    is_near = differ and possible is not None and apart < _NEAR
    return make_finding(
        NAME,
        NOT_CHECKABLE if is_near else UNEXPLAINED,
        (figure, p),
        f"{about}: {said} do not go together{' exactly' if is_near else ''}.",
        working,
        certainty=certainty,
        ask=""
        if is_near
        else "Are interval and P value of the same comparison, and by which test is the P value?",
    )


def _times_apart(one: PRange, other: PRange) -> float:
    """Give by which factor two ranges of P values are apart; 1 where they meet."""
    if one.meets(other):
        return 1.0
    low, high = (one, other) if one.highest < other.lowest else (other, one)
    return inf if low.highest <= 0 else high.lowest / low.highest


def _possible_p(figure: PrintedInterval, null: int) -> PRange | None:
    """Give the P values that the width leaves possible: of the normal, for differences of t, too."""
    from scipy.special import ndtr, stdtr

    from funis.stats.sample import normal_quantile, t_quantile

    level = float(figure.level.value)
    is_ratio = figure.measure in RATIOS
    low, high = (_on_scale(each, is_ratio=is_ratio) for each in (figure.low, figure.high))
    if not _LEVELS[0] <= level <= _LEVELS[1] or low is None or high is None or low.lower == -inf:
        return None
    own = None if figure.estimate is None else _on_scale(figure.estimate, is_ratio=is_ratio)
    if own is None or own.lower == -inf:
        own = _Ends((low.lower + high.lower) / 2, (low.upper + high.upper) / 2)
    centre = log(null) if is_ratio else 0.0
    least = max(0.0, own.lower - centre, centre - own.upper)
    most = max(abs(own.lower - centre), abs(own.upper - centre))
    narrow, wide = max(0.0, (high.lower - low.upper) / 2), (high.upper - low.lower) / 2
    halves = (least / wide if wide else 0.0, most / narrow if narrow else inf)
    z = normal_quantile(level / 100)
    found = [2 * float(ndtr(-z * each)) for each in halves]
    if not is_ratio:
        # A t interval of very few subjects: how many is not known here.
        found += [2 * float(stdtr(2, -t_quantile(2, level / 100) * each)) for each in halves if each < inf]
    return PRange(min(found), max(found))
