"""A percentage of subjects who cannot all have the event.

Rule: an event that needs another one first (a relapse needs a response) is counted among those who had the
first; later, among those of them who have not had it yet. A larger denominator makes the percentage
smaller. It is a choice of the authors, so that a finding is unexplained, never inconsistent; more events
than subjects at risk are inconsistent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from funis.audit.causes import CausedFinding, tell_once
from funis.audit.checks.denominators import implied_denominators
from funis.audit.figures import PrintedCount
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, plain_words, same_words
from funis.audit.words import list_numbers, name_figure, name_time, show_fraction

NAME: Final = "at_risk"


def check_at_risk(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check the counts of events that need another one first; one denominator is asked about once."""
    yield from tell_once(_check_all(figures))


def _check_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    earlier: dict[tuple[str, str, str], int] = {}
    for figure in figures.counts:
        if not figure.only_after or figure.count is None:
            continue
        needed = _needed(figures, figure)
        if not needed:
            continue
        key = (figure.place.file, plain_words(figure.about.outcome), plain_words(figure.about.group))
        had = sum(int(each.count.value) for each in needed if each.count is not None)
        finding = _check(figures, figure, needed, had, earlier.get(key, 0))
        earlier[key] = earlier.get(key, 0) + int(figure.count.value)
        if finding is not None:
            yield finding


def _needed(figures: GatheredFigures, figure: PrintedCount) -> list[PrintedCount]:
    """Find the counts of those who had what is needed, one an outcome; none where one is not printed."""
    found = []
    for outcome in figure.only_after:
        held = [
            each
            for each in figures.counts
            if each.count is not None
            and each.place.file == figure.place.file
            and same_words(each.about.outcome, outcome)
            and same_words(each.about.group, figure.about.group)
        ]
        if not held:
            return []
        found.append(held[0])
    return found


def _check(
    figures: GatheredFigures, figure: PrintedCount, needed: Sequence[PrintedCount], had: int, earlier: int
) -> CausedFinding | None:
    count = int(figure.count.value) if figure.count is not None else 0
    about, held = name_figure(figure.about), [figure, *needed]
    made = " + ".join(str(each.count) for each in needed)
    first = f"{made} = {had} subjects" if len(needed) > 1 else f"{had} subjects"
    words = f"{first} had {' or '.join(figure.only_after)}."
    if count > had:
        return CausedFinding(_more_than_had(figure, held, words))
    denominators = implied_denominators(figure)
    size = figures.size_of(figure.about, figure.place.file)
    if size is not None and int(size.n.value) in denominators:
        denominators = range(int(size.n.value), int(size.n.value) + 1)
    if not denominators:
        return None
    share = f"{count}/{had} = {show_fraction(Fraction(100 * count, had), 1)}%" if had else ""
    at_risk = had - earlier
    if earlier and at_risk > 0:
        share += f"; of the {at_risk} without it before, {show_fraction(Fraction(100 * count, at_risk), 1)}%"
    if denominators[0] <= had:
        statement = f"{about}: the denominator is no larger than those who could have it."
        return CausedFinding(make_finding(NAME, CONSISTENT, held, statement, f"{words} {share}."))
    return _too_many(figure, held, had, list_numbers(denominators), words, share)


def _more_than_had(figure: PrintedCount, held: Sequence[PrintedCount], words: str) -> AuditFinding:
    return make_finding(
        NAME,
        INCONSISTENT,
        held,
        f"{name_figure(figure.about)}: more subjects are counted than could have it.",
        f"{words} {figure.count} are counted.",
        certainty="Certain where subjects are counted and the event needs the other one first.",
        ask=f"Who is counted among the {figure.count}?",
    )


def _too_many(
    figure: PrintedCount, held: Sequence[PrintedCount], had: int, of: str, words: str, share: str
) -> CausedFinding:
    """Ask why a denominator holds those who could not have the event."""
    printed = f"{figure.percent}%" if figure.percent is not None else "a smaller share"
    alone = make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{name_figure(figure.about)}: the denominator {of} is larger than the {had} who could have it.",
        f"{words} {share}; of {of}, {printed} is printed.",
        certainty="The counts are certain; the choice of the denominator is the authors'.",
        ask="Why does the denominator include subjects who could not have the event?",
    )
    when = name_time(figure.about).removeprefix(" at ") or "no time in particular"
    return CausedFinding(
        alone,
        (figure.place.file, plain_words(figure.about.outcome), plain_words(figure.about.group), had, of),
        when,
        "",
        f"{name_figure(replace(figure.about, time=''))}: the denominator {of} is larger than the {had} who "
        "could have it, at ",
        ".",
        f"At {when} {share}; of {of}, {printed} is printed.",
        words,
    )
