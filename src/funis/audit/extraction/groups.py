"""Arms and subgroups of a sentence, and which of them a statistic belongs to.

Where a text compares groups and a sentence does not say which one a figure is of, the figure is of a group
that is *not said*: it is never taken for all subjects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from funis.audit.extraction.number_words import NUMBER_WORD
from funis.audit.extraction.statistics import Statistic
from funis.audit.figures import NOT_SAID


class GroupMention(NamedTuple):
    """A group that a sentence names, such as ``MSC`` of *the MSC group*; groups of one list share a number."""

    start: int
    end: int
    name: str
    chain: int = 0


_NUMERAL: Final = re.compile(rf"(?:{NUMBER_WORD}|[0-9.,/%]+)", re.IGNORECASE)
#: Words before *group* that name none.
_NO_NAME_WORDS: Final = """
both each two three four all same study age between either these those our other every per
treatment-by the a of in and or which any patient patients respective one second first assessment
collaborative oncology age-matched working cooperative risk blood research control-arm whole entire
group groups arm arms cohort cohorts recipients patients single trial this that multi isles lupus across within among into to for from no with than
"""
_NO_NAME: Final = frozenset(_NO_NAME_WORDS.split())
#: Words are short and parted by spaces alone: with hyphens on both sides a long chain would be tried in every way.
_NAME: Final = r"[A-Za-z0-9][\w/+.-]{0,40}(?: [A-Za-z0-9][\w/+.-]{0,40}){0,2}?"
_ONE: Final = re.compile(rf"\b(?P<name>{_NAME})[ -](?:groups?|arms?|cohort)\b", re.IGNORECASE)
_TWO: Final = re.compile(
    r"\b(?:the |in |for |with )?(?P<one>[A-Za-z0-9][\w/+.-]{0,40}) (?:and|or|versus|vs\.?) (?:the )?(?P<two>[A-Za-z0-9][\w/+.-]{0,40})[ -](?:groups|arms|cohorts|recipients|patients)\b"
)
_BARE: Final = re.compile(
    r"\b(?:on|with|to|for|receiving|given|in|vs\.?|versus)\s(?:the\s)?(?P<name>placebo|controls?|standard (?:of )?care|healthy (?:controls|volunteers|subjects|donors))\b",
    re.IGNORECASE,
)
_SUBGROUP: Final = re.compile(
    r"\b(?:for|in|among|of)\s(?:the\s|all\s)?(?:[0-9]+\s)?(?:those|patients|subjects|participants|individuals|people|women|men)\s"
    r"(?P<name>(?:with|who|without|whose|receiving|treated with|given|aged|on)\s[^,;:()0-9=]{2,60}?)"
    r"(?=\s?[,;:()]|\s(?:the|was|were|had|showed|at|after|decreased|increased|improved|declined|fell|rose|achieved|versus|vs|compared|in|from|\w+ed)\b|$)",
    re.IGNORECASE,
)
_COMPARED: Final = re.compile(
    r"\b(?:placebo|control (?:group|arm)|controls|randomi[sz]ed|random allocation|two (?:groups|arms)|treatment (?:groups|arms)|healthy (?:controls|"
    r"volunteers|subjects|donors)|between(?: the)? (?:groups|arms)|both (?:groups|arms)|(?:case|comparator|comparison)[ -](?:control|group|arm))\b",
    re.IGNORECASE,
)
_EVERYBODY: Final = re.compile(
    r"\b(?:overall|in total|total of|all (?:of the )?(?:[0-9]+ )?(?:patients|subjects|participants|cases|those)|entire cohort|whole (?:group|cohort)|"
    r"altogether|combined)\b",
    re.IGNORECASE,
)
_RESPECTIVELY: Final = re.compile(r"\brespectively\b", re.IGNORECASE)
_VERSUS: Final = re.compile(r"\b(?:vs\.?|versus|v|compared (?:with|to))\s", re.IGNORECASE)


#: A group this near behind two compared figures may be that of the second.
_BESIDE: Final = 30
_TO: Final = re.compile(r"[\s)]*(?:at baseline\s|\(baseline\)\s)?to\s(?:a mean of\s)?[(\s]*", re.IGNORECASE)


def compares_groups(text: str) -> bool:
    """Tell whether a text compares groups anywhere.

    Examples
    --------
    >>> compares_groups("Patients were randomised to cells or placebo."), compares_groups("Forty were treated.")
    (True, False)
    """
    return _COMPARED.search(text) is not None


def find_groups(sentence: str) -> tuple[GroupMention, ...]:
    """Give the groups that a sentence names, in order.

    Parameters
    ----------
    sentence : in `plain_letters`

    Examples
    --------
    >>> [each.name for each in find_groups("It was 12% in the MSC group and 9% with placebo.")]
    ['MSC', 'placebo']
    """
    found: list[GroupMention] = []

    def add(start: int, end: int, name: str, chain: int = 0) -> None:
        words = name.split()
        while words and (words[0].casefold() in _NO_NAME or _NUMERAL.fullmatch(words[0])):
            words.pop(0)
        if (
            words
            and not all(word.casefold() in _NO_NAME for word in words)
            and not any(one.start < end and start < one.end for one in found)
        ):
            found.append(GroupMention(start, end, " ".join(words), chain))

    for number, match in enumerate(_TWO.finditer(sentence), 1):
        add(*match.span("one"), match.group("one"), number)
        add(match.start("two"), match.end(), match.group("two"), number)
    for match in _ONE.finditer(sentence):
        add(*match.span(), match.group("name"))
    for match in _BARE.finditer(sentence):
        add(*match.span("name"), match.group("name"))
    return tuple(sorted(found))


_NAMED_BEFORE: Final = re.compile(
    r"(?:^|[,;:(]|\b(?:and|or|to|the|either|receive|received|receiving|into|vs\.?|versus|with|of|for|in|than)\s)\s?"
    r"(?P<name>[A-Za-z][\w/+.-]*(?:\s(?!and\b|or\b|to\b|the\b|of\b|with\b|in\b)[A-Za-z][\w/+.-]*){0,2})\s?[(\[]\s?$"
)


def name_before(sentence: str, place: int) -> str:
    """Give the name that a bracket with a number of subjects stands behind: *CYC* of ``CYC (n=32)``.

    Parameters
    ----------
    sentence : in `plain_letters`
    place : where the number begins, in its bracket

    Examples
    --------
    >>> text = "They were assigned to either the MSCs (n = 19) or placebo (n = 24) group."
    >>> name_before(text, 39), name_before(text, 59)
    ('MSCs', 'placebo')
    """
    match = _NAMED_BEFORE.search(sentence[max(0, place - 160) : place])
    if match is None:
        return ""
    words = [word for word in match.group("name").split() if word.casefold() not in _NO_NAME]
    name = " ".join(
        word for word in words if word.casefold() not in {"group", "groups", "arm", "arms", "cohort"}
    )
    return "" if _NUMERAL.fullmatch(name) else name


def find_subgroup(sentence: str) -> str:
    """Give the subgroup that a whole sentence is about, empty where it names none.

    Examples
    --------
    >>> find_subgroup("For those with lupus nephritis, 24-hour proteinuria declined.")
    'with lupus nephritis'
    """
    match = _SUBGROUP.search(sentence)
    return " ".join(match.group("name").split()) if match else ""


def assign_groups(sentence: str, statistics: Sequence[Statistic], *, is_compared: bool) -> dict[int, str]:
    """Give the group of each statistic, by its place in the list; empty for all subjects.

    Parameters
    ----------
    sentence : in `plain_letters`
    statistics : in order
    is_compared : whether the text compares groups anywhere

    Examples
    --------
    >>> from funis.audit.extraction.statistics import find_statistics
    >>> text = "Flow was 1.2 ± 0.4 in the cell group versus 0.9 ± 0.3 in the placebo group."
    >>> list(assign_groups(text, tuple(find_statistics(text)), is_compared=True).values())
    ['cell', 'placebo']
    """
    groups = find_groups(sentence)
    subgroup = find_subgroup(sentence)
    default = subgroup or (
        "" if not is_compared or (_EVERYBODY.search(sentence) and not groups) else NOT_SAID
    )
    if not groups:
        return dict.fromkeys(range(len(statistics)), default)
    given: dict[int, str] = {}
    if _RESPECTIVELY.search(sentence):
        chain = [each.name for each in groups if each.chain == 1] or [each.name for each in groups]
        if len(chain) > 1 and len(statistics) % len(chain) == 0:
            return {place: chain[place % len(chain)] for place in range(len(statistics))}
    for place, each in enumerate(statistics):
        given[place] = _group_beside(sentence, each, statistics, groups)
    given |= _compared_in_order(sentence, statistics, groups)
    given |= _compared_with_one(sentence, statistics, given)
    for place in range(len(statistics) - 2, -1, -1):
        # Of "from 6.4 to 5.9 in the placebo group" the group stands behind the second figure and is that of both.
        between = sentence[statistics[place].end : statistics[place + 1].start]
        if _TO.fullmatch(between):
            given[place] = given[place + 1] = given[place + 1] or given[place]
    return {place: name or NOT_SAID for place, name in given.items()}


def _compared_in_order(
    sentence: str, statistics: Sequence[Statistic], groups: Sequence[GroupMention]
) -> dict[int, str]:
    """Give the groups of two figures with *versus* between them, behind the two groups they are of.

    In "more in the cell group than in the placebo group (14 of 20 vs 6 of 20)" the first is of the first.
    """
    found: dict[int, str] = {}
    for place, (one, two) in enumerate(pairwise(statistics)):
        start = statistics[place - 1].end if place else 0
        named = [each for each in groups if start <= each.start and each.end <= one.start]
        near = [each for each in groups if one.end <= each.start < two.end + _BESIDE]
        between = sentence[one.end : two.start]
        if len(named) == 2 and not near and len(between) < _BESIDE and _VERSUS.search(between):
            found |= {place: named[0].name, place + 1: named[1].name}
    return found


def _compared_with_one(
    sentence: str, statistics: Sequence[Statistic], given: Mapping[int, str]
) -> dict[int, str]:
    """Name the first of two figures by what it is compared with, where only the second has a group.

    In "7 of 13 had a remission, compared with 2 of 12 in the placebo group" the first is of the others.
    """
    found: dict[int, str] = {}
    for place, (one, two) in enumerate(pairwise(statistics)):
        between = sentence[one.end : two.start]
        is_alone = not given[place] and bool(given[place + 1]) and len(statistics) == 2
        if is_alone and not re.search(r"[;.]\s", between) and _VERSUS.search(between):
            found[place] = f"compared with {given[place + 1]}"
    return found


def _is_of_last(sentence: str, last_end: int, group: GroupMention, each: Statistic) -> bool:
    """Tell whether a group stands directly behind the last figure, and the clause ends between it and the next."""
    is_behind = last_end > 0 and not re.search(r"[;.]", sentence[last_end : group.start])
    return is_behind and re.search(r"[;).]", sentence[group.end : each.start]) is not None


def _group_beside(
    sentence: str, each: Statistic, others: Sequence[Statistic], groups: Sequence[GroupMention]
) -> str:
    """Give the group named next behind a statistic, before the following one, else the one next before it."""
    next_start = min((one.start for one in others if one.start >= each.end), default=len(sentence))
    last_end = max((one.end for one in others if one.end <= each.start), default=0)
    behind = [one for one in groups if each.end <= one.start < next_start]
    before = [
        one
        for one in groups
        if last_end <= one.start and one.end <= each.start and not _is_of_last(sentence, last_end, one, each)
    ]
    if behind and before:
        # A group before the first statistic and none behind the last: they are named before their figures.
        later = [one for one in groups if one.start >= max(other.end for other in others)]
        return (
            behind[0].name
            if later and not _VERSUS.search(sentence, each.end, behind[0].start)
            else before[-1].name
        )
    if behind and not _VERSUS.search(sentence, each.end, behind[0].start):
        return behind[0].name
    return before[-1].name if before else ""
