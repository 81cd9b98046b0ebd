"""Whole numbers in words, as sentences of papers begin with them."""

from __future__ import annotations

import re
from typing import Final

_UNITS_WORDS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_UNITS: Final = _UNITS_WORDS.split()
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES: Final = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
    "no": 0,
    "none": 0,
}
_BELOW_TEN: Final = "|".join(_UNITS[1:10])
_BELOW_HUNDRED: Final = rf"(?:{'|'.join(_TENS)})(?:[- ](?:{_BELOW_TEN}))?|{'|'.join(reversed(_UNITS))}"
NUMBER_WORD: Final = (
    rf"(?:(?:an?|{_BELOW_TEN}) hundred(?:(?: and|-and)?[- ](?:{_BELOW_HUNDRED}))?|{_BELOW_HUNDRED})"
)
"""Pattern of a whole number from 0 to 999 in words, without the letters beside it."""

_WORD: Final = re.compile(r"[a-z]+")


def read_number_word(text: str) -> int:
    """Give the value of a number in words that `NUMBER_WORD` matches.

    Parameters
    ----------
    text : in capitals or small letters

    Examples
    --------
    >>> [read_number_word(each) for each in ("Forty", "twenty-four", "one hundred and five", "a hundred")]
    [40, 24, 105, 100]
    """
    total = 0
    for word in _WORD.findall(text.casefold()):
        if word == "hundred":
            total = 100 * max(total, 1)
        else:
            total += _VALUES.get(word, 0)
    return total
