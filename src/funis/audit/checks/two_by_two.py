"""P values of two proportions from their counts.

Rule: Fisher's exact test (Fisher 1935; two-sided by likelihood, and as twice the smaller side) and the
chi-square test with and without Yates's correction (1934) of the printed counts give their P values. A
printed P is held against those of the named test; where none is named, against all.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import erfc, sqrt
from typing import Final

from funis.audit.causes import CausedFinding, doubt_p, tell_once
from funis.audit.checks.group_counts import count_of_group
from funis.audit.figures import PrintedCount, PrintedP
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    make_finding,
)
from funis.audit.gathered import GatheredFigures
from funis.audit.p_ranges import PRange, printed_range
from funis.audit.words import describe_p, name_figure
from funis.results.text import format_p

NAME: Final = "two_proportions"
#: The exact test is computed up to so many subjects.
_MOST_COUNTED: Final = 100_000
#: Below it papers print no digits of P.
_SMALL: Final = 0.001
_FISHER: Final = ("Fisher's exact test", "twice the one-sided Fisher's exact test")
_CHI_SQUARE: Final = ("the chi-square test", "the chi-square test with Yates's correction")
_TESTS: Final = {"fisher": _FISHER, "chi_square": _CHI_SQUARE}


def check_two_proportions(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every P value that compares the counts of two groups; those of no named test are told as one."""
    yield from tell_once(_check_all(figures))


def _check_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    for figure in figures.p_values:
        if not figure.against_group or figure.test not in {"", "other", *_TESTS}:
            continue
        one, two = (
            count_of_group(figures, figure.about, figure.place.file, group)
            for group in (figure.about.group, figure.against_group)
        )
        if one is not None and two is not None:
            yield _check(figure, one, two)


def p_values_of(k1: int, n1: int, k2: int, n2: int) -> dict[str, float]:
    """Give the two-sided P of each test of two proportions.

    Examples
    --------
    >>> {name: round(p, 4) for name, p in p_values_of(9, 12, 5, 6).items()}["Fisher's exact test"]
    1.0
    """
    from funis.stats.tests.contingency import fisher_exact

    found: dict[str, float] = {}
    if n1 + n2 <= _MOST_COUNTED:
        sides = [fisher_exact(k1, n1, k2, n2, alternative=side).p for side in ("less", "greater")]
        found = dict(zip(_FISHER, (fisher_exact(k1, n1, k2, n2).p, min(1.0, 2 * min(sides))), strict=True))
    events, total = k1 + k2, n1 + n2
    if 0 < events < total:
        gap = abs(k1 * (n2 - k2) - k2 * (n1 - k1))
        margins = events * (total - events) * n1 * n2
        for name, less in zip(_CHI_SQUARE, (0.0, total / 2), strict=True):
            found[name] = erfc(sqrt(total * max(0.0, gap - less) ** 2 / margins) / sqrt(2))
    return found


def _show_p(p: float, printed: PRange) -> str:
    """Print a P value as papers do; beside one that is printed as smaller, with two digits that count."""
    return f"{p:.2g}" if max(p, printed.highest) < _SMALL else format_p(p)


def _check(figure: PrintedP, one: PrintedCount, two: PrintedCount) -> CausedFinding:
    counts = [int(each.value) for each in (one.count, one.denominator, two.count, two.denominator) if each]
    values = p_values_of(*counts)
    named = _TESTS.get(figure.test, tuple(values))
    if not set(named) & set(values):
        statement = f"{name_figure(figure.about)}: {describe_p(figure)} cannot be computed from the counts."
        reason = "Nobody, or everybody, had the event, or the counts are too large for the exact test."
        return CausedFinding(make_finding(NAME, NOT_CHECKABLE, (figure, one, two), statement, reason))
    printed, said = printed_range(figure), describe_p(figure)
    fitting = [name for name in named if name in values and printed.meets(PRange(values[name], values[name]))]
    shown = "; ".join(f"{name}: {_show_p(p, printed)}" for name, p in values.items())
    working = f"{one.count}/{one.denominator} against {two.count}/{two.denominator}. {shown}."
    held, about = (figure, one, two), name_figure(figure.about)
    if fitting:
        statement = f"{about}: {said} agrees with {' and '.join(fitting)}."
        return CausedFinding(make_finding(NAME, CONSISTENT, held, statement, working))
    others = [name for name, p in values.items() if printed.meets(PRange(p, p))]
    others += [f"half the P of {name}" for name, p in values.items() if printed.meets(PRange(p / 2, p / 2))]
    if others:
        working += f" {said} would be {' or '.join(others)}."
    told = make_finding(
        NAME,
        INCONSISTENT if figure.test in _TESTS and not others else UNEXPLAINED,
        held,
        f"{about}: the printed counts do not give {said}.",
        working,
        certainty="Certain for these tests of these counts; a model with covariates gives another P.",
        ask="Which test gave this P, and of which counts?",
    )
    return doubt_p(told, figure, "counts", "The printed counts do not give ", is_named=figure.test in _TESTS)
