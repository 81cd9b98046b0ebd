"""What a count or a value is of, in the words of the sentence around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from funis.audit.extraction.number_words import NUMBER_WORD
from funis.audit.extraction.statistics import Statistic

_NUMERAL: Final = re.compile(NUMBER_WORD, re.IGNORECASE)
_MOST_WORDS: Final = 6
#: Letters before a figure that may name what it is of.
_NEAR: Final = 400
_LEADING_WORDS: Final = """
meeting another further
the a an of in on at to by for from with and or but also who whom which that there were was had have
has been be is are did not patients patient subjects subject participants participant cases case
individuals people women men achieved achieving reached attained met experienced experiencing
developed showed showing reported underwent receiving received only among these those them all both
respectively while whereas as its their then after before during respectively results background
methods conclusion conclusions findings objective objectives approximately about nearly
"""
_LEADING: Final = frozenset(_LEADING_WORDS.split())
_TRAILING_WORDS: Final = """
occurred observed seen reported noted found experienced rate rates another further
the a an of in on at to by for from with and or but was were had been is are that who which as than
only respectively after before during vs versus compared while whereas also among within
"""
_TRAILING: Final = frozenset(_TRAILING_WORDS.split())
_BREAK: Final = re.compile(r"[,;:()\[\].]|\s(?:and|or|but|while|whereas|versus|vs)\s|[0-9](?![0-9-])|\band\Z")
_ABBREVIATION: Final = re.compile(
    r"((?<![A-Za-z])(?:[A-Za-z][\w'/-]{0,40}\s){1,7})\(([A-Z][A-Za-z]{1,7})s?\)"
)


def find_abbreviations(text: str) -> dict[str, str]:
    """Give the abbreviations that a text explains, with the words each stands for.

    Examples
    --------
    >>> find_abbreviations("The primary endpoint was major clinical response (MCR).")
    {'MCR': 'major clinical response'}
    """
    found: dict[str, str] = {}
    for match in _ABBREVIATION.finditer(text):
        words = [word for word in match.group(1).split() if word]
        letters = match.group(2).casefold()
        for first in range(len(words)):
            tail = [part for word in words[first:] for part in word.split("-") if part]
            if "".join(part[0].casefold() for part in tail) == letters:
                found.setdefault(match.group(2), " ".join(words[first:]))
                break
    return found


def trim_phrase(words: str, *, from_end: bool, abbreviations: Mapping[str, str]) -> str:
    """Shorten a piece of a sentence to what it names.

    Parameters
    ----------
    words : the piece
    from_end : whether its last words count, else its first
    abbreviations : from `find_abbreviations`

    Examples
    --------
    >>> trim_phrase("patients experienced disease relapse at", from_end=True, abbreviations={})
    'disease relapse'
    """
    parts = words.split()
    while parts and (parts[0].casefold() in _LEADING or _NUMERAL.fullmatch(parts[0])):
        parts.pop(0)
    while parts and parts[-1].casefold() in _TRAILING:
        parts.pop()
    parts = parts[-_MOST_WORDS:] if from_end else parts[:_MOST_WORDS]
    while parts and parts[0].casefold() in _LEADING:
        parts.pop(0)
    while parts and parts[-1].casefold() in _TRAILING:
        parts.pop()
    phrase = " ".join(parts).strip(" .,:;–-")
    return abbreviations.get(phrase, phrase)


def phrase_of_count(
    sentence: str, each: Statistic, *, end: int | None = None, abbreviations: Mapping[str, str]
) -> str:
    """Give what a count is of: the words before its bracket, else those behind it, else those before it.

    Parameters
    ----------
    sentence : in `plain_letters`
    each : the count
    end : where the words before it end, if not at the count: the first of a list of times
    abbreviations : from `find_abbreviations`

    Returns
    -------
    str : empty where the sentence does not name it there, as behind the second of two groups

    Examples
    --------
    >>> from funis.audit.extraction.statistics import find_statistics
    >>> text = "Patients achieved remission (14/40, 35.0%) and 3/40 (7.5%) relapsed."
    >>> [phrase_of_count(text, one, abbreviations={}) for one in find_statistics(text)]
    ['remission', 'relapsed']
    """
    first = min((piece.start for piece in each.numbers.values()), default=each.start)
    opening = sentence[max(0, first - 2) : first].strip()
    is_held = opening.endswith(("(", "[")) or sentence[each.start] in "(["
    stop = first if end is None else end
    stop -= 1 if is_held and end is None else 0
    before = sentence[max(0, stop - _NEAR) : stop].rstrip(" ([")
    cut = max((match.end() for match in _BREAK.finditer(before)), default=0)
    before_phrase = _without_group(trim_phrase(before[cut:], from_end=True, abbreviations=abbreviations))
    if is_held or end is not None:
        return before_phrase
    rest = sentence[each.end : each.end + _NEAR].lstrip(" )]")
    match = _BREAK.search(rest)
    behind = rest[: match.start() if match else None]
    # Words such as "in the placebo group" behind a count say of whom it is, not of what.
    is_place = _PLACE.match(behind) is not None
    after_phrase = "" if is_place else trim_phrase(behind, from_end=False, abbreviations=abbreviations)
    between = _inner_words(sentence, each, abbreviations)
    named = (before_phrase, between) if is_place else (after_phrase, between, before_phrase)
    return next((words for words in map(_without_group, named) if words), "")


_PLACE: Final = re.compile(
    r"\s?(?:in|of|with|on|for|among|within|at|after|by|to|during|vs|versus)\b", re.IGNORECASE
)
_GROUP: Final = re.compile(r"(?:.*\s)?(?:groups?|arms?)\b.*", re.IGNORECASE)


def _without_group(words: str) -> str:
    return "" if _GROUP.fullmatch(words) or not any(map(str.isalpha, words)) else words


def _inner_words(sentence: str, each: Statistic, abbreviations: Mapping[str, str]) -> str:
    """Give the words between the count and its percentage: 29 *responders* (72.5%)."""
    pieces = sorted(each.numbers.values(), key=lambda one: one.start)
    if len(pieces) < 2:
        return ""
    inner = sentence[pieces[-2].end : pieces[-1].start].strip(" (,;[=/")
    return trim_phrase(inner, from_end=True, abbreviations=abbreviations)


_VERB: Final = re.compile(
    r"\s(?:(?:was|were|is|are|had|has|also|significantly|markedly|greatly|then|still|gradually|slightly|further)\s)*"
    r"(?:decrease|increase|improv|declin|fell|rose|chang|drop|reduc|was|were|ranged|ameliorat|remain|went|reach|averag|of|from)\w*\s"
)


def phrase_of_value(sentence: str, each: Statistic, *, abbreviations: Mapping[str, str]) -> str:
    """Give what a value is of: the subject of its clause, where no name of it is known.

    Examples
    --------
    >>> from funis.audit.extraction.statistics import find_statistics
    >>> text = "The joint count decreased from 8.1 ± 2.0 to 4.0 ± 1.5."
    >>> phrase_of_value(text, next(find_statistics(text)), abbreviations={})
    'joint count'
    """
    before = sentence[max(0, each.start - _NEAR) : each.start]
    clause = re.split(r"[;:]\s|,\s(?:and|while|whereas|but)\s", before)[-1]
    verb = _VERB.search(clause)
    subject = clause[: verb.start()] if verb else clause
    cut = max(
        (match.end() for match in re.finditer(r"[,;:()\[\]]|[0-9]", subject.rstrip(" ,;(["))), default=0
    )
    return trim_phrase(subject[cut:], from_end=True, abbreviations=abbreviations)
