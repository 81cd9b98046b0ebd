"""Parts of a sentence that several readers of it need: brackets, and lists of counts in words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from funis.audit.extraction.number_words import NUMBER_WORD
from funis.audit.extraction.statistics import PrintedPiece


def bracket_around(text: str, place: int) -> tuple[int, int] | None:
    """Give the ends of the innermost bracket around a place; None where there is none.

    Examples
    --------
    >>> bracket_around("It fell (6.3, P < 0.05).", 10), bracket_around("It fell.", 3)
    ((8, 22), None)
    """
    return _brackets(text)[place]


@lru_cache(maxsize=16)
def _brackets(text: str) -> tuple[tuple[int, int] | None, ...]:
    """Give the innermost bracket around each letter, in one walk: a long sentence is asked about many times."""
    open_ones: list[int] = []
    ends: dict[int, int] = {}
    around: list[int | None] = []
    for place, letter in enumerate(text):
        around.append(open_ones[-1] if open_ones else None)
        if letter in "([":
            open_ones.append(place)
        elif letter in ")]" and open_ones:
            ends[open_ones.pop()] = place
    around.append(open_ones[-1] if open_ones else None)
    return tuple(None if start is None else (start, ends.get(start, len(text))) for start in around)


_COUNTED: Final = rf"(?:{NUMBER_WORD}|[0-9]{{1,4}})"
_COORDINATED: Final = re.compile(
    rf"\b(?P<list>{_COUNTED}(?:,\s{_COUNTED})*,?\sand\s{_COUNTED})\s(?:[a-z-]+\s){{0,2}}?(?:patients?|subjects?|participants?|cases?|individuals?)\b",
    re.IGNORECASE,
)


def coordinated_counts(text: str) -> tuple[PrintedPiece, ...]:
    """Give the counts of a list that *respectively* matches to other figures of the sentence.

    Parameters
    ----------
    text : a sentence in `plain_letters`

    Examples
    --------
    >>> found = coordinated_counts("Three and four patients relapsed at 9 (7.5%) and 12 (10%) months, respectively.")
    >>> [each.text for each in found]
    ['Three', 'four']
    """
    match = _COORDINATED.search(text)
    if match is None or "respectively" not in text.casefold():
        return ()
    start = match.start("list")
    pattern = re.compile(rf"\b{_COUNTED}\b", re.IGNORECASE)
    return tuple(
        PrintedPiece(one.group(), start + one.start(), start + one.end())
        for one in pattern.finditer(match.group("list"))
    )
