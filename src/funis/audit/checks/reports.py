"""The same figure in two reports of one trial.

Rule: figures of one kind, of one outcome, group and time, from two files, are compared as they are
printed; they agree where something can have been rounded to both. A count since the start is no smaller
than a count at a time before its end, and does not fall from one report to a later one. A difference is
unexplained: definitions, cut-off dates and sets of subjects change between an abstract and a paper, and
the later report should say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Final, TypeAlias

from funis.audit.causes import CausedFinding, list_words, tell_once
from funis.audit.figures import (
    NOT_SAID,
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
)
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, plain_words, same_words
from funis.audit.times import days_of, plain_time
from funis.audit.words import name_figure, name_time

NAME: Final = "two_reports"
_Comparable: TypeAlias = PrintedCount | PrintedMean | PrintedMedian | PrintedGroupSize
#: What each part of a figure is called.
_WORDS: Final = {
    "count": "count", "denominator": "denominator", "percent": "percentage", "mean": "mean",
    "spread": "spread", "median": "median", "low": "lower end", "high": "upper end",
    "n": "number of subjects",
}  # fmt: skip


def check_reports(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Compare the figures of every two reports; what differs alike at several times is told once."""
    yield from tell_once(_compare_all(figures))


def _compare_all(figures: GatheredFigures) -> Iterator[CausedFinding]:
    held: dict[tuple[str, ...], list[_Comparable]] = {}
    every: list[_Comparable] = [*figures.counts, *figures.means, *figures.medians, *figures.group_sizes]
    for each in every:
        about = each.about
        words = (*map(plain_words, (about.outcome, about.group, about.unit)), plain_time(about.time))
        is_cumulative = isinstance(each, PrintedCount) and each.is_cumulative
        key = (type(each).__name__, *words, str(is_cumulative))
        held.setdefault(key, []).append(each)
    for same in held.values():
        for one, other in combinations(same, 2):
            if one.place.file != other.place.file:
                found = _compare(one, other)
                if found is not None:
                    yield found
    yield from _check_cumulative(figures)
    yield from _check_growth(figures)


def _check_cumulative(figures: GatheredFigures) -> Iterator[CausedFinding]:
    """Compare counts since the start with counts at one time not later: who was counted then is in both."""
    for whole in figures.counts:
        end = days_of(whole.about.time)
        if not whole.is_cumulative or whole.count is None or end is None:
            continue
        for part in figures.counts:
            at = days_of(part.about.time)
            if (
                part.is_cumulative
                or part.count is None
                or at is None
                or at > end
                or not same_words(part.about.outcome, whole.about.outcome)
                or not same_words(part.about.group, whole.about.group)
                or part.count.value <= whole.count.value
            ):
                continue
            told = make_finding(
                NAME,
                UNEXPLAINED if part.place.file != whole.place.file else INCONSISTENT,
                (whole, part),
                f"{name_figure(whole.about)}: fewer are counted up to {whole.about.time} than at "
                f"{part.about.time}.",
                f"{whole.count} up to {whole.about.time}, {part.count} at {part.about.time}.",
                certainty="Certain where both count subjects by one definition; a definition may "
                "have changed.",
                ask="Did the definition or the set of subjects change?",
            )
            yield CausedFinding(
                told,
                ("since the start", whole.place.file, part.place.file, end, at),
                f"{whole.about.outcome or 'this outcome'} ({whole.count} against {part.count})",
                whole.about.group,
                f"Fewer are counted up to {whole.about.time} than at {part.about.time}: ",
                ".",
                f"{whole.about.outcome or 'This outcome'}: {told.arithmetic}",
            )


def _check_growth(figures: GatheredFigures) -> Iterator[CausedFinding]:
    """Hold counts since the start against each other: of one outcome and arm they do not fall."""
    held = [
        (end, each)
        for each in figures.counts
        if each.is_cumulative
        and each.count is not None
        and each.about.outcome
        and each.about.group != NOT_SAID
        if (end := days_of(each.about.time)) is not None
    ]
    for (first, one), (second, two) in combinations(held, 2):
        is_same = same_words(one.about.outcome, two.about.outcome) and same_words(
            one.about.group, two.about.group
        )
        if not is_same or first == second:
            continue
        earlier, later = (one, two) if first < second else (two, one)
        yield _told_growth(earlier, later)


def _told_growth(earlier: PrintedCount, later: PrintedCount) -> CausedFinding:
    about = name_figure(replace(later.about, time=""))
    working = f"{earlier.count} up to {earlier.about.time}, {later.count} up to {later.about.time}."
    if earlier.count is None or later.count is None or earlier.count.value <= later.count.value:
        statement = f"{about}: the count since the start does not fall."
        return CausedFinding(make_finding(NAME, CONSISTENT, (later, earlier), statement, working))
    # In a text the words of a time may say when those who were counted were seen, not since when.
    is_sure = earlier.place.file == later.place.file and earlier.place.start is None is later.place.start
    told = make_finding(
        NAME,
        INCONSISTENT if is_sure else UNEXPLAINED,
        (later, earlier),
        f"{about}: fewer are counted up to {later.about.time} than up to {earlier.about.time}.",
        working,
        certainty="Certain where both count the same subjects since the start by one definition; either may "
        "have changed.",
        ask="Did the definition or the set of subjects change, or was an event taken back?",
    )
    return CausedFinding(
        told,
        ("grown", later.place.file, earlier.place.file, later.about.time, earlier.about.time),
        f"{later.about.outcome} ({later.count} against {earlier.count})",
        later.about.group,
        f"Fewer are counted up to {later.about.time} than up to {earlier.about.time}: ",
        ".",
        f"{later.about.outcome}: {working}",
    )


def _compare(one: _Comparable, other: _Comparable) -> CausedFinding | None:
    parts = [
        (words, first, second)
        for part, words in _WORDS.items()
        if (first := _part(one, part)) is not None and (second := _part(other, part)) is not None
    ]
    if not parts:
        return None
    about = name_figure(one.about)
    files = f"{one.place.file or 'the first'} and {other.place.file or 'the second'}"
    differing = [each for each in parts if not _may_be_one(each[1], each[2])]
    shown = "; ".join(f"{words} {first} and {second}" for words, first, second in differing or parts)
    held: tuple[PrintedFigure, ...] = (one, other)
    if not differing:
        statement = f"{about} is alike in {files}."
        return CausedFinding(make_finding(NAME, CONSISTENT, held, statement, f"{shown}."))
    names = tuple(words for words, _, _ in differing)
    listed = list_words(names)
    told = make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about}: {listed} differ between {files}.",
        f"{shown}.",
        certainty="Certain that they differ as printed; whether they mean the same is read from "
        "their labels.",
        ask="Which is right, and what changed between the reports: definition, subjects or cut-off date?",
    )
    labels = tuple(plain_words(each) for each in (one.about.outcome, one.about.group))
    when = name_time(one.about)
    return CausedFinding(
        told,
        (one.place.file, other.place.file, type(one).__name__, *labels, names) if when else (),
        when.removeprefix(" at "),
        one.about.group,
        f"{one.about.outcome or 'This outcome'}: {listed} differ between {files} at ",
        ".",
        f"{when[1:2].upper()}{when[2:]}: {shown}.",
    )


def _part(figure: _Comparable, name: str) -> PrintedNumber | None:
    found = getattr(figure, name, None)
    return found if isinstance(found, PrintedNumber) else None


def _may_be_one(one: PrintedNumber, other: PrintedNumber) -> bool:
    """Tell whether one value may have been rounded to both."""
    first, second = one.rounding, other.rounding
    if one.is_whole and other.is_whole:
        return one.value == other.value
    return first.lower <= second.upper and second.lower <= first.upper
