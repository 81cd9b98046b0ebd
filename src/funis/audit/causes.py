"""Findings with one cause are one finding: a unit printed amiss in three places is one slip.

A check says what the cause of each finding is. Findings of one cause are put together: places and figures of
all, the working of each, one statement and one question. Nothing is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from funis.audit.figures import PrintedP
from funis.audit.findings import AuditFinding
from funis.audit.words import describe_p, name_figure

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class CausedFinding:
    """A finding of a check, with its cause.

    Attributes
    ----------
    finding : as it is told where it is the only one of its cause
    cause : findings whose causes are equal are told as one; empty for one that stands alone
    item : what it adds to the common statement: ``1.24 mg at 9 months``
    group : of whom; named once behind the list where it is the same for all
    before, behind : of the common statement, around the list of the items
    working : what it adds to the common working; its own arithmetic where empty
    common : end of the common working
    """

    finding: AuditFinding
    cause: tuple[object, ...] = ()
    item: str = ""
    group: str = ""
    before: str = ""
    behind: str = ""
    working: str = ""
    common: str = ""


def doubt_p(told: AuditFinding, p: PrintedP, source: str, before: str, *, is_named: bool) -> CausedFinding:
    """Give a doubted P value its cause: those of no named test, from one source of a file, share one.

    Parameters
    ----------
    told : the finding
    p : the P value that was held against other figures
    source : what it was computed from: ``counts``
    before : of the common statement: ``The printed counts do not give ``
    is_named : whether the text names the test; the finding then stands alone

    Examples
    --------
    >>> from funis.audit.figures import FigureLabels, FigurePlace, PrintedNumber
    >>> p = PrintedP("p", FigureLabels("relapse"), FigurePlace("a.txt"), PrintedNumber("0.04"))
    >>> told = AuditFinding("two_proportions", "unexplained", ("p",), (p.place,), "It is not.", "P is 0.3.")
    >>> found = doubt_p(told, p, "counts", "The printed counts do not give ", is_named=False)
    >>> found.cause, found.item, found.working
    (('a.txt', 'counts'), 'P = 0.04 of relapse', 'relapse: P is 0.3.')
    """
    about = name_figure(p.about)
    cause = () if is_named else (p.place.file, source)
    return CausedFinding(
        told, cause, f"{describe_p(p)} of {about}", "", before, ".", f"{about}: {told.arithmetic}"
    )


def tell_once(found: Iterable[CausedFinding]) -> Iterator[AuditFinding]:
    """Put findings of one cause together, in the order of the first of each.

    Parameters
    ----------
    found : of one check

    Examples
    --------
    >>> from funis.audit.figures import FigurePlace
    >>> place = (FigurePlace(),)
    >>> held = [AuditFinding("unit", "unexplained", (name,), place, f"{name} is high.", f"{name} > 4.")
    ...         for name in ("6", "7")]
    >>> told = list(tell_once(CausedFinding(each, ("unit",), each.figures[0], "", "X: ", " are high.")
    ...                       for each in held))
    >>> [(each.statement, each.arithmetic, each.figures) for each in told]
    [('X: 6 and 7 are high.', '6 > 4. 7 > 4.', ('6', '7'))]
    """
    groups: dict[tuple[object, ...], list[CausedFinding]] = {}
    for place, each in enumerate(found):
        key = (each.finding.classification, *each.cause) if each.cause else (place,)
        groups.setdefault(key, []).append(each)
    for held in groups.values():
        yield held[0].finding if len(held) == 1 else _join(held)


def _join(held: Sequence[CausedFinding]) -> AuditFinding:
    first = held[0]
    # What each was checked with, such as the size of the group, follows what was checked.
    leading = {each.finding.figures[0] for each in held if each.finding.figures}
    pairs = [pair for each in held for pair in zip(each.finding.figures, each.finding.places, strict=True)]
    ordered = dict(sorted(dict(reversed(pairs)).items(), key=lambda pair: _rank(pair[0], pairs, leading)))
    is_one_group = len({each.group for each in held}) == 1
    items = [each.item if is_one_group or not each.group else f"{each.item} ({each.group})" for each in held]
    whom = f" ({first.group})" if is_one_group and first.group else ""
    statement = f"{first.before}{list_words(items)}{whom}{first.behind}"
    working = dict.fromkeys(each.working or each.finding.arithmetic for each in held)
    return replace(
        first.finding,
        figures=tuple(ordered),
        places=tuple(ordered.values()),
        statement=statement,
        arithmetic=" ".join([*working, *([first.common] if first.common else [])]),
    )


def _rank(name: str, pairs: Sequence[tuple[str, object]], leading: Collection[str]) -> tuple[bool, int]:
    return name not in leading, next(place for place, pair in enumerate(pairs) if pair[0] == name)


def list_words(words: Iterable[str]) -> str:
    """List words, each once.

    Examples
    --------
    >>> list_words(["a", "b", "a"]), list_words(["a", "b", "c"])
    ('a and b', 'a, b and c')
    """
    *most, last = dict.fromkeys(words)
    return f"{', '.join(most)} and {last}" if most else last


def share_numbers(possible: Mapping[_Key, Collection[int]]) -> Iterator[tuple[list[_Key], tuple[int, ...]]]:
    """Put together what one number of subjects explains: that which explains most findings goes first.

    Parameters
    ----------
    possible : for each finding, the numbers of subjects that would explain it

    Yields
    ------
    the findings of one group, and the numbers that explain all of them; each finding is in one group

    Examples
    --------
    >>> list(share_numbers({"a": (24, 48), "b": (24, 30), "c": (7,), "d": ()}))
    [(['a', 'b'], (24,)), (['c'], (7,)), (['d'], ())]
    """
    left = {name: set(numbers) for name, numbers in possible.items()}
    while left:
        first = next(iter(left))
        tried = sorted(left[first], reverse=True)
        best = max(tried, key=lambda n: sum(n in numbers for numbers in left.values()), default=None)
        names = [first] if best is None else [name for name, numbers in left.items() if best in numbers]
        common = set.intersection(*(left.pop(name) for name in names))
        yield names, tuple(sorted(common))
