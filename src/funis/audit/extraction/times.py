"""Times and visits of a sentence, and which of them a statistic belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from funis.audit.extraction.not_figures import NUMBER, TIME_UNIT
from funis.audit.extraction.number_words import NUMBER_WORD, read_number_word
from funis.audit.extraction.statistics import Statistic

BASELINE: Final = "baseline"


class TimeMention(NamedTuple):
    """A time that a sentence names.

    Attributes
    ----------
    start, end : in the sentence; of a list each number has its own
    label : ``3 months``, ``baseline``
    chain : times of one list have one number, from 1; 0 for one that stands alone
    held : letters of the bracket behind it, where a list has one; else both ends are its own end
    """

    start: int
    end: int
    label: str
    chain: int = 0
    held: tuple[int, int] = (0, 0)


_BASELINE: Final = re.compile(
    r"\b(?:at\s)?(?:baseline|(?:at\s)(?:study\s)?(?:enrol\w*|entry|inclusion|screening)|pre-?\s?(?:treatment|transplant\w*|"
    r"infusion|therapy|MSCT|intervention)\b|before\s(?:the\s)?(?:first\s)?(?:treatment|transplantation|infusion|therapy|"
    r"MSCT|MSC\w*|intervention))",
    re.IGNORECASE,
)
_ITEM: Final = rf"(?:{NUMBER})(?:\s?\([^()]{{0,160}}\))?"
#: Atomic, so that a long list of numbers is read in one way only.
_SEPARATOR: Final = r"(?>\s?(?:,\s?(?:and|or)?|and|or|&)\s?)"
#: 3, 6 and 12 months; 3 (7.4 ± 3.9), 6 (6.3 ± 3.6) and 12 months (6.5 ± 3.5).
_UNIT_BEHIND: Final = re.compile(
    rf"(?<![\w.,/±<>=-])(?P<items>{_ITEM}(?:{_SEPARATOR}{_ITEM}){{0,30}})[ -]?(?P<unit>{TIME_UNIT})\b(?![ -]?old|\s?of age|\s?/)"
    r"(?P<last>\s?(?:\([^()]{0,160}\))?)",
    re.IGNORECASE,
)
#: months 3, 6 and 12; week 24 (6.3 ± 3.6).
_UNIT_BEFORE: Final = re.compile(
    rf"\b(?P<unit>days?|weeks?|months?|years?|visits?)[ -]+(?P<items>{_ITEM}(?:{_SEPARATOR}{_ITEM}){{0,30}})(?![0-9]|\.[0-9]|\s?[%±])",
    re.IGNORECASE,
)
_WORDED: Final = re.compile(
    rf"\b(?P<word>{NUMBER_WORD})[ -](?P<unit>days?|weeks?|months?|years?)\b", re.IGNORECASE
)
_NUMBER: Final = re.compile(rf"(?P<number>{NUMBER})(?P<bracket>\s?\([^()]{{0,160}}\))?")
_UNITS: Final = {
    "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year", "mi": "minute", "v": "visit",
}  # fmt: skip


def _label(number: str, unit: str) -> str:
    short = unit.casefold()
    name = next(
        whole
        for start, whole in sorted(_UNITS.items(), key=lambda each: -len(each[0]))
        if short.startswith(start)
    )
    if name == "visit":
        return f"visit {number}"
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def find_times(sentence: str, statistics: Sequence[Statistic]) -> tuple[TimeMention, ...]:
    """Give the times that a sentence names, in order.

    Parameters
    ----------
    sentence : in `plain_letters`
    statistics : of the sentence; their numbers are no times

    Examples
    --------
    >>> [each.label for each in find_times("It fell at 3 (7.4), 6 (6.3) and 12 months from baseline.", ())]
    ['3 months', '6 months', '12 months', 'baseline']
    """
    taken = [False] * len(sentence)
    for each in statistics:
        for piece in each.numbers.values():
            taken[piece.start : piece.end] = [True] * (piece.end - piece.start)
    found = [TimeMention(each.start(), each.end(), BASELINE) for each in _BASELINE.finditer(sentence)]
    chain = 0
    for pattern in (_UNIT_BEHIND, _UNIT_BEFORE):
        for match in pattern.finditer(sentence):
            items = list(_free_items(match, taken))
            chain += 1
            for start, end, number, held in items:
                taken[start:end] = [True] * (end - start)
                label = _label(number, match.group("unit"))
                found.append(TimeMention(start, end, label, chain if len(items) > 1 else 0, held))
    for match in _WORDED.finditer(sentence):
        label = _label(str(read_number_word(match.group("word"))), match.group("unit"))
        found.append(TimeMention(match.start(), match.end(), label, 0, (match.end(), match.end())))
    return tuple(sorted(found))


def _free_items(
    match: re.Match[str], taken: Sequence[bool]
) -> Iterator[tuple[int, int, str, tuple[int, int]]]:
    """Give the numbers of a list of times from the first on that no statistic has: place, digits, bracket."""
    offset = match.start("items")
    each = list(_NUMBER.finditer(match.group("items")))
    free = [not any(taken[offset + one.start("number") : offset + one.end("number")]) for one in each]
    first = next((place for place in range(len(each)) if all(free[place:])), len(each))
    for place in range(first, len(each)):
        one = each[place]
        start, end = offset + one.start("number"), offset + one.end("number")
        held = (
            (offset + one.start("bracket"), offset + one.end("bracket"))
            if one.group("bracket")
            else (end, end)
        )
        if place == len(each) - 1 and "last" in match.groupdict():
            # A bracket between the last number and the unit is looked at as every other: 12 (10%) months.
            end = end if held[1] > held[0] else match.end("unit")
            held = (
                match.span("last")
                if match.group("last").strip()
                else held
                if held[1] > held[0]
                else (end, end)
            )
        yield start, end, one.group("number"), held


_DIRECTLY_AFTER: Final = re.compile(
    r"\s?(?:[a-zA-Z/%]{1,8}(?:/[0-9]*\s?[a-zA-Z]+)?\s?)?(?:[(\[,]\s?)?(?:(?:in|at|after|by|on|within|for|from|of)\s(?:the\s)?)?(?:week|month|day|year|visit)?s?\s?"
)
_DIRECTLY_BEFORE: Final = re.compile(
    r"(?:\s?(?:of\s)?follow-?\s?up)?(?:\s(?:visits?|after\s[A-Za-z -]{1,30}|values?|level|score|mean))?\s?(?:[(:,=]|was|were|of|is)?\s?"
)
_FROM: Final = re.compile(r"\bfrom\s(?:a\s)?(?:mean\s)?(?:of\s)?(?:\w+\s)?$")
_RESPECTIVELY: Final = re.compile(r"\brespectively\b", re.IGNORECASE)


def assign_times(
    sentence: str, statistics: Sequence[Statistic], times: Sequence[TimeMention]
) -> dict[int, str]:
    """Give the time of each statistic that has one, by the place of the statistic in the list.

    In this order: the bracket behind a time; the time directly behind or before; a list of as many times with
    the word *respectively*; the start of ``from ... to``; the one time the sentence names.

    Parameters
    ----------
    sentence : in `plain_letters`
    statistics : in order; those of one kind that belong to times, such as all means
    times : from `find_times`

    Examples
    --------
    >>> from funis.audit.extraction.statistics import find_statistics
    >>> text = "SLEDAI fell from 10.8 ± 4.6 at baseline to 7.4 ± 3.9 and 6.3 ± 3.6 at 3 and 6 months, respectively."
    >>> means = tuple(find_statistics(text))
    >>> list(assign_times(text, means, find_times(text, means)).values())
    ['baseline', '3 months', '6 months']
    """
    given: dict[int, str] = {}
    for place, each in enumerate(statistics):
        label = _time_beside(sentence, each, statistics, times)
        if label:
            given[place] = label
    if _RESPECTIVELY.search(sentence):
        _share_out(statistics, times, given)
    for place, each in enumerate(statistics):
        before = sentence[max(0, each.start - 22) : each.start]
        if place not in given and len(statistics) > 1 and _FROM.search(before):
            given[place] = BASELINE
    free = {each.label for each in times} - set(given.values())
    if len(free) == 1:
        given = {**dict.fromkeys(range(len(statistics)), free.pop()), **given}
    return dict(sorted(given.items()))


def _time_beside(
    sentence: str, each: Statistic, others: Sequence[Statistic], times: Sequence[TimeMention]
) -> str:
    for time in times:
        if time.held[0] <= each.start and each.end <= time.held[1] and _is_first_in(each, time, others):
            return time.label
    for time in times:
        holds_other = any(time.held[0] <= one.start and one.end <= time.held[1] for one in others)
        is_behind = time.start >= each.end and not time.chain and not holds_other
        if is_behind and _DIRECTLY_AFTER.fullmatch(sentence, each.end, time.start):
            return time.label
    for time in reversed(times):
        if (
            time.end <= each.start
            and not time.chain
            and _DIRECTLY_BEFORE.fullmatch(sentence, time.end, each.start)
        ):
            return time.label
    return ""


def _is_first_in(each: Statistic, time: TimeMention, others: Sequence[Statistic]) -> bool:
    """Tell whether it is the first of its kind in a bracket: a second one is what the first is compared with."""
    inside = [one for one in others if time.held[0] <= one.start and one.end <= time.held[1]]
    return inside[0] is each


def _share_out(statistics: Sequence[Statistic], times: Sequence[TimeMention], given: dict[int, str]) -> None:
    """Give each statistic without a time one of a list of times, where there are as many of both."""
    chains: dict[int, list[TimeMention]] = {}
    for time in times:
        if time.chain:
            chains.setdefault(time.chain, []).append(time)
    open_places = [place for place in range(len(statistics)) if place not in given]
    fitting = [chain for chain in chains.values() if len(chain) == len(open_places)]
    if len(fitting) == 1:
        given.update({place: time.label for place, time in zip(open_places, fitting[0], strict=True)})
    elif not open_places:
        return
    else:
        whole = [chain for chain in chains.values() if len(chain) == len(statistics)]
        if len(whole) == 1:
            given.update({place: time.label for place, time in enumerate(whole[0])})
