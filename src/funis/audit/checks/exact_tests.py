"""Tests of signs, ranks and permutations of few subjects: the smallest P they can give, and those between.

Rules: n changes that all go one way have P = 2/2^n in a sign, McNemar, signed-rank or permutation test;
two groups without overlap have P = 2 / C(n1 + n2, n1) in a rank-sum test. Normal approximations may give
less, the least where values are alike. A P below all of these is inconsistent with the named test; where
no test is named, only a test that assumes a distribution gives it, and the text should name it. A
signed-rank P must be one of a short list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import sqrt
from typing import Final

from funis.audit.bounds import is_at_entry
from funis.audit.figures import PrintedFigure, PrintedP
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.p_ranges import (
    FloorP,
    PRange,
    floor_of_rank_sums,
    floor_of_signed_ranks,
    floor_of_signs,
    printed_range,
    signed_rank_p_values,
)
from funis.audit.words import describe_p, name_figure, show_fraction
from funis.results.text import format_p

NAME: Final = "exact_test"
_PAIRED: Final = frozenset({"wilcoxon_signed_rank", "sign", "mcnemar"})
_NAMES: Final = {
    "wilcoxon_signed_rank": "Wilcoxon signed-rank test", "sign": "sign test", "mcnemar": "McNemar test",
    "wilcoxon_rank_sum": "Wilcoxon rank-sum test", "": "sign, rank or permutation test",
}  # fmt: skip
#: Lists of P values are only made up to so many subjects: above, every printed P is near one.
_MOST_LISTED: Final = 30


def check_exact_tests(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every P value of few subjects."""
    for figure in figures.p_values:
        if figure.against_group:
            if figure.test == "wilcoxon_rank_sum":
                yield from _check_groups(figures, figure)
        elif figure.test in _PAIRED or (not figure.test and _is_change(figure)):
            subjects = figures.subjects_of(figure)
            if subjects is not None and subjects.n > 0:
                others = () if subjects.printed_with_it else (subjects.said_by,)
                yield from _check_changes(figure, (figure, *others), subjects.n)


def _is_change(figure: PrintedP) -> bool:
    """Tell whether a P without a test is of changes: it names a time before, or a later one with its n."""
    return bool(figure.against_time) or (
        figure.n is not None and bool(figure.about.time) and not is_at_entry(figure.about.time)
    )


def _check_changes(figure: PrintedP, held: Sequence[PrintedFigure], n: int) -> Iterator[AuditFinding]:
    signs = figure.test in {"sign", "mcnemar"}
    floor = floor_of_signs(n) if signs else floor_of_signed_ranks(n)
    printed = printed_range(figure)
    said, about = describe_p(figure), name_figure(figure.about)
    working = (
        f"{n} changes that all go one way: exact P = 2/2^{n} = {_show(floor.exact)}{_approximate(floor)}."
    )
    if printed.highest < floor.lowest * (1 - 1e-9):
        yield _below(figure, held, n, working)
    elif printed.highest < floor.exact * (1 - 1e-9):
        yield make_finding(
            NAME,
            UNEXPLAINED,
            held,
            f"{about}: {said} is below what an exact {_NAMES[figure.test]} of {n} subjects can give.",
            working,
            certainty="Only a normal approximation, which does not hold for so few subjects, or "
            "another test gives it.",
            ask="Which test gave this P, and of how many subjects?",
        )
    elif figure.test == "wilcoxon_signed_rank" and figure.relation == "=" and n <= _MOST_LISTED:
        yield _check_listed(figure, held, n, printed)
    elif figure.test:
        statement = f"{about}: {said} is within what a {_NAMES[figure.test]} of {n} subjects can give."
        yield make_finding(NAME, CONSISTENT, held, statement, working)


def _below(figure: PrintedP, held: Sequence[PrintedFigure], n: int, working: str) -> AuditFinding:
    said, about = describe_p(figure), name_figure(figure.about)
    words = ""
    if not figure.test and n > 1:
        least = _least_effect(n, printed_range(figure).highest)
        words = (
            " A paired t test gives it where the mean change is more than "
            f"{show_fraction(least, 2)} times the "
            f"standard deviation of the changes."
        )
    return make_finding(
        NAME,
        INCONSISTENT if figure.test else UNEXPLAINED,
        held,
        f"{about}: no {_NAMES[figure.test]} of {n} subjects gives {said}.",
        working + words,
        certainty="Certain for these tests with this number of subjects."
        + ("" if figure.test else " The text names no test."),
        ask="Which test gave this P, and of how many subjects?",
    )


def _least_effect(n: int, p: float) -> float:
    from scipy.special import stdtrit

    return -float(stdtrit(n - 1, p / 2)) / sqrt(n)


def _check_listed(figure: PrintedP, held: Sequence[PrintedFigure], n: int, printed: PRange) -> AuditFinding:
    """Hold a signed-rank P against the list of those that n changes without ties and zeros can give."""
    said, about = describe_p(figure), name_figure(figure.about)
    values = [each for each in signed_rank_p_values(n) if each <= 1]
    if any(printed.meets(PRange(each, each)) for each in values):
        statement = f"{about}: {said} is an exact P of the signed-rank test of {n} subjects."
        return make_finding(
            NAME, CONSISTENT, held, statement, "It is one of the P values of its distribution."
        )
    below = max((each for each in values if each < printed.lowest), default=values[0])
    above = min((each for each in values if each > printed.highest), default=1.0)
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about}: {said} is no exact P of the signed-rank test of {n} subjects without ties.",
        f"The nearest are {_show(below)} and {_show(above)}.",
        certainty="Ties, changes of zero, a normal approximation or fewer subjects give other P values.",
        ask="Was the exact distribution used, and how many subjects had a change that was not zero?",
    )


def _check_groups(figures: GatheredFigures, figure: PrintedP) -> Iterator[AuditFinding]:
    sizes = [
        figures.size_of(replace(figure.about, group=group), figure.place.file)
        for group in (figure.about.group, figure.against_group)
    ]
    one, two = sizes
    if one is None or two is None:
        return
    n1, n2 = int(one.n.value), int(two.n.value)
    floor = floor_of_rank_sums(n1, n2)
    said, about = describe_p(figure), name_figure(figure.about)
    is_below = printed_range(figure).highest < floor.lowest * (1 - 1e-9)
    working = (
        f"Groups of {n1} and {n2} without overlap: exact P = 2/C({n1 + n2}, {n1}) = {_show(floor.exact)}"
        f"{_approximate(floor)}."
    )
    verb = "no" if is_below else "a"
    yield make_finding(
        NAME,
        INCONSISTENT if is_below else CONSISTENT,
        [figure, one, two],
        f"{about}: {verb} Wilcoxon rank-sum test of {n1} and {n2} subjects gives {said}.",
        working,
        certainty="Certain for this test with these numbers." if is_below else "",
        ask="Which test gave this P, and of how many subjects?" if is_below else "",
    )


def _approximate(floor: FloorP) -> str:
    """Show the approximations where they are smaller than the exact P."""
    if floor.lowest >= floor.exact:
        return ""
    words = f"; by the normal approximation {_show(floor.approximate)}"
    return words + (f", {_show(floor.tied)} if all are alike" if floor.tied < floor.approximate else "")


def _show(p: float) -> str:
    return format_p(p) if p >= 0.001 else f"{show_fraction(p * 1000, 3)}/1000"
