"""One spelling for the signs that papers print in many, letter for letter, so that places stay the same."""

from __future__ import annotations

import re
from typing import Final

_SPACES: Final = (
    "\t\n\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_SIGNS: Final = {
    **dict.fromkeys(map(ord, _SPACES), " "),
    # Minus and hyphens become one sign, dashes another: 3-5 and 3–5 are both ranges, but only - can be a minus.
    **dict.fromkeys(map(ord, "\u2010\u2011\u2212\ufe63\uff0d"), "-"),
    **dict.fromkeys(map(ord, "\u2012\u2013\u2014\u2015\u301c\uff5e"), "–"),
    **dict.fromkeys(map(ord, "\u2264\u2a7d\u2266"), "≤"),
    **dict.fromkeys(map(ord, "\u2265\u2a7e\u2267"), "≥"),
    **dict.fromkeys(map(ord, "\ufe64\u2039\u3008"), "<"),
    **dict.fromkeys(map(ord, "\ufe65\u203a\u3009"), ">"),
    **dict.fromkeys(map(ord, "\u2044\u2215"), "/"),
    **dict.fromkeys(map(ord, "\u00d7\u2715\u2a2f"), "×"),
    **dict.fromkeys(map(ord, "\u00b5\u03bc"), "µ"),
    # Full-width forms of Chinese and Japanese print, and the italics of mathematics for P and n.
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if code != 0xFF0D},
    0x1D443: "P", 0x1D45D: "p", 0x1D45B: "n", 0x1D441: "N", 0x2032: "'", 0x2019: "'", 0x00B1: "±",
}  # fmt: skip
_RAISED_POINT: Final = re.compile(r"(?<=[0-9])[\u00b7\u2219\u22c5](?=[0-9])")


def plain_letters(text: str) -> str:
    """Write signs in one spelling; every letter keeps its place.

    Parameters
    ----------
    text : as printed

    Returns
    -------
    str : of the same length

    Examples
    --------
    >>> plain_letters("12·5\u2009±\u20093·1 (\uff30\uff1c0\u00b705; 3\u20145)")
    '12.5 ± 3.1 (P<0.05; 3–5)'
    """
    return _RAISED_POINT.sub(".", text.translate(_SIGNS))
