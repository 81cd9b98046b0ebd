"""Parts of a sentence that several readers of it need: brackets, and lists of counts in words."""

from __future__ import annotations

import re
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
    depth = 0
    for start in range(place - 1, -1, -1):
        if text[start] in ")]":
            depth += 1
        elif text[start] in "([":
            if not depth:
                closing = ")" if text[start] == "(" else "]"
                end = text.find(closing, place)
                return (start, end if end >= 0 else len(text))
            depth -= 1
    return None


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
