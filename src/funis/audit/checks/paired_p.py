"""P values of a change from two means and spreads: is there a correlation that gives them.

Rule: the standard deviation of the changes of n subjects is the root of s1^2 + s2^2 - 2 r s1 s2. For r
from -1 to 1, and for all figures that print alike, the paired t test gives P values from a smallest to a
largest. A printed P outside of them is inconsistent with a paired t test. Where one needs a correlation
above 0.9 it is unexplained: two visits months apart are rarely that alike. Another test may give another
P; the finding says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from funis.audit.causes import CausedFinding, tell_once
from funis.audit.checks.spread import is_standard_error
from funis.audit.figures import PrintedMean, PrintedP
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    make_finding,
)
from funis.audit.gathered import GatheredFigures, plain_words
from funis.audit.p_ranges import (
    PRange,
    SampleSummary,
    correlation_needed,
    independent_range,
    is_one_sided,
    paired_range,
    printed_range,
    subjects_needed,
    summarise_mean,
)
from funis.audit.words import describe_mean, describe_p, name_figure, name_time, show_fraction, show_range

NAME: Final = "paired_p"
#: Tests that a paired t test may stand for: it is named, or none is.
_LIKE_T: Final = frozenset({"", "paired_t", "other"})
#: A correlation of two visits above this is asked about.
_HIGH: Final = 0.9


def check_paired_p(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every P value that compares two times of one group; one doubt about an outcome is told once."""
    yield from tell_once(_check_all(figures))


def _check_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    for figure in figures.p_values:
        if not figure.against_time or figure.test not in _LIKE_T | {"independent_t", "welch_t"}:
            continue
        file, about = figure.place.file, figure.about
        later = figures.mean_at(about, file, time=about.time, group=about.group)
        first = figures.mean_at(about, file, time=figure.against_time, group=about.group)
        if first is None or later is None:
            yield CausedFinding(_lacks(figure, "the means of both times, each once"))
        elif first.spread is None or later.spread is None:
            yield CausedFinding(_lacks(figure, "the spreads of both means"))
        else:
            yield _with_means(figures, figure, first, later)


def _with_cause(found: AuditFinding, figure: PrintedP, item: str, behind: str) -> CausedFinding:
    """Put together what the times of one outcome leave open alike: they were tested alike."""
    labels = (plain_words(figure.about.outcome), plain_words(figure.about.group), figure.against_time)
    before = f"{figure.about.outcome or 'This outcome'}: "
    return CausedFinding(
        found, (figure.place.file, *labels, behind), item, figure.about.group, before, behind
    )


def _lacks(figure: PrintedP, what: str) -> AuditFinding:
    about = name_figure(figure.about)
    statement = f"{about}: {describe_p(figure)} against {figure.against_time} cannot be checked from means."
    return make_finding(NAME, NOT_CHECKABLE, [figure], statement, f"The text does not print {what}.")


def _without_number(figure: PrintedP, first: PrintedMean, later: PrintedMean) -> AuditFinding:
    """Say how many subjects a P value needs where nothing says how many there were."""
    about, most = name_figure(figure.about), printed_range(figure).highest
    needs = [
        f"n = {n} at r = {show_fraction(r, 1)}"
        for r in (0.0, 0.5)
        if (n := subjects_needed(first, later, most, r)) is not None
    ]
    reason = "The text does not print how many subjects the means are of."
    if needs and figure.relation != ">":
        reason += (
            f" A paired t test with spreads as standard deviations needs at least {' and '.join(needs)}."
        )
    statement = f"{about}: {describe_p(figure)} against {figure.against_time} has no number of subjects."
    ask = "Of how many subjects are the means and the P value?"
    return make_finding(NAME, NOT_CHECKABLE, [figure, later, first], statement, reason, ask=ask)


def _with_means(
    figures: GatheredFigures, figure: PrintedP, first: PrintedMean, later: PrintedMean
) -> CausedFinding:
    subjects = [found for each in (figure, first, later) if (found := figures.subjects_of(each)) is not None]
    numbers = {each.n for each in subjects}
    is_own_number = any(each.printed_with_it for each in subjects)
    if figure.n is not None:
        numbers = {int(figure.n.value)}
    if not numbers:
        return CausedFinding(_without_number(figure, first, later))
    if len(numbers) != 1 or min(numbers) < 2:
        return CausedFinding(_lacks(figure, "one number of subjects, 2 or more, for both means"))
    n = numbers.pop()
    kinds = [is_standard_error(figures, each) for each in (first, later)]
    # A spread the text does not name is taken as a standard deviation unless it can be none.
    one = summarise_mean(first, n, is_standard_error=kinds[0] is True)
    two = summarise_mean(later, n, is_standard_error=kinds[1] is True)
    if one is None or two is None:
        return CausedFinding(_lacks(figure, "the spreads of both means"))
    held = (figure, later, first)
    if figure.test in {"independent_t", "welch_t"}:
        return CausedFinding(_unpaired(figure, held, one, two))
    judged = _judge(figure, held, one, two, is_own_number=is_own_number)
    if judged.finding.classification == CONSISTENT or None not in kinds:
        return judged
    return replace(judged, finding=_as_standard_errors(figure, held, n, judged.finding))


def _judge(
    figure: PrintedP,
    held: tuple[PrintedP, PrintedMean, PrintedMean],
    first: SampleSummary,
    later: SampleSummary,
    *,
    is_own_number: bool,
) -> CausedFinding:
    possible, printed = paired_range(first, later), printed_range(figure)
    about, said = name_figure(figure.about), describe_p(figure)
    working, certainty = _working(held, first.n, possible), "Of a paired t test."
    if not possible.meets(printed):
        return _not_possible(figure, held, working, possible, is_own_number=is_own_number)
    if printed.holds_all(possible):
        statement = f"{about}: {said} holds for every correlation of the two times."
        return CausedFinding(make_finding(NAME, CONSISTENT, held, statement, working, certainty=certainty))
    needed = correlation_needed(first, later, printed.highest)
    if printed.highest >= 1:
        needed = None
    if needed is not None and needed > _HIGH:
        return _needs_high(figure, held, working, show_fraction(needed, 3))
    limit = "" if needed is None else f" It needs r of {show_fraction(needed, 2)} or more."
    statement = f"{about}: {said} is possible in a paired t test."
    return CausedFinding(
        make_finding(NAME, CONSISTENT, held, statement, f"{working}{limit}", certainty=certainty)
    )


def _not_possible(
    figure: PrintedP,
    held: tuple[PrintedP, PrintedMean, PrintedMean],
    working: str,
    possible: PRange,
    *,
    is_own_number: bool,
) -> CausedFinding:
    """Tell of a P that no correlation gives."""
    one_sided, said = is_one_sided(possible, printed_range(figure)), describe_p(figure)
    is_sure = figure.test == "paired_t" and is_own_number and not one_sided
    told = make_finding(
        NAME,
        INCONSISTENT if is_sure else UNEXPLAINED,
        held,
        f"{name_figure(figure.about)}: no correlation of the two times gives {said} in a paired t test.",
        working + (" One-sided it would be possible." if one_sided else ""),
        certainty="Certain for a two-sided paired t test of these subjects; other tests and models give "
        "other P values.",
        ask="Which test gave this P, of how many subjects, and is ± a standard deviation?",
    )
    behind = f": no correlation with {figure.against_time} gives these in a paired t test."
    return _with_cause(told, figure, f"{said}{name_time(figure.about)}", behind)


def _needs_high(
    figure: PrintedP, held: tuple[PrintedP, PrintedMean, PrintedMean], working: str, shown: str
) -> CausedFinding:
    """Tell of a P that needs two visits to be more alike than they are."""
    said = describe_p(figure)
    told = make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{name_figure(figure.about)}: {said} needs a correlation of at least {shown} between the two times "
        "in a paired t test.",
        f"{working} {said} needs r of {shown} or more at the printed means and spreads.",
        certainty="Possible, in few subjects by chance; values months apart are rarely so alike.",
        ask="Which test gave this P, and what are the mean and the standard deviation of the changes?",
    )
    behind = f" need such a correlation with {figure.against_time} in a paired t test."
    return _with_cause(told, figure, f"{said}{name_time(figure.about)} (r of {shown} or more)", behind)


def _working(held: tuple[PrintedP, PrintedMean, PrintedMean], n: int, possible: PRange) -> str:
    figure, later, first = held
    return (
        f"{describe_mean(first)} at {figure.against_time} and {describe_mean(later)} at "
        f"{figure.about.time or 'the other time'}, n = {n}: for r from -1 to 1, P is {show_range(possible)}."
    )


def _as_standard_errors(
    figure: PrintedP, held: tuple[PrintedP, PrintedMean, PrintedMean], n: int, found: AuditFinding
) -> AuditFinding:
    """Ask whether spreads that the text does not name are standard errors, where that explains the P."""
    _, later, first = held
    one = summarise_mean(first, n, is_standard_error=True)
    two = summarise_mean(later, n, is_standard_error=True)
    if one is None or two is None or not paired_range(one, two).meets(printed_range(figure)):
        return found
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        found.statement,
        f"{found.arithmetic} As standard errors the spreads allow P {show_range(paired_range(one, two))}.",
        certainty=found.certainty,
        ask=found.ask,
    )


def _unpaired(
    figure: PrintedP,
    held: tuple[PrintedP, PrintedMean, PrintedMean],
    first: SampleSummary,
    later: SampleSummary,
) -> AuditFinding:
    """Check a test of independent groups that was used on two times of the same subjects."""
    possible = independent_range(first, later)
    about, said = name_figure(figure.about), describe_p(figure)
    fits = possible.meets(printed_range(figure))
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about}: the text names a test of independent groups for two times of the same subjects.",
        f"{describe_mean(held[2])} and {describe_mean(held[1])}, n = {first.n} each: P is "
        f"{show_range(possible)}; "
        f"{said} {'is' if fits else 'is not'} among them.",
        certainty="The test is the text's; that the subjects are the same is read from the two times.",
        ask="Was the comparison paired?",
    )
