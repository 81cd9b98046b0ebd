"""Words as Typst: every word is a string of its language, so that nothing in it is read as code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from funis.documents.text_extents import measure
from funis.letters import replace_forbidden

_SIGNS: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": "", "\t": " "})
#: Letters after which a line may end, also within a number.
_OPEN: Final = frozenset("–—-/ ")
#: Here a word may be broken that is wider than its column.
_BREAK: Final = "\u200b"


def quote(text: str) -> str:
    r"""Write words as a string: the only two letters that mean something in one are escaped.

    Examples
    --------
    >>> print(quote('a "b" \\ #let $x$ <y>'))
    "a \"b\" \\ #let $x$ <y>"
    """
    return f'"{replace_forbidden(text).translate(_SIGNS)}"'


def join(pieces: Iterable[str]) -> str:
    """Write several pieces of content as one.

    Examples
    --------
    >>> join(['"n = "', 'strong("40")']), join(['"n"']), join([])
    ('("n = ",strong("40"),).join()', '"n"', '""')
    """
    kept = [piece for piece in pieces if piece != '""']
    if len(kept) < 2:
        return kept[0] if kept else '""'
    return f"({','.join(kept)},).join()"


def number(text: str) -> str:
    """Write a number, which stays on one line.

    Examples
    --------
    >>> number("40"), number("29/40")
    ('"40"', 'whole("29/40")')
    """
    return f"whole({quote(text)})" if _OPEN.intersection(text) else quote(text)


def points(length: float) -> str:
    """Write a length.

    Examples
    --------
    >>> points(92.125)
    '92.12pt'
    """
    return f"{length:.2f}pt"


def listed(pieces: Iterable[str]) -> str:
    """Write a list of values.

    Examples
    --------
    >>> listed(['"a"']), listed([])
    ('("a",)', '()')
    """
    inner = "".join(f"{piece}," for piece in pieces)
    return f"({inner})"


def split_long(text: str, width: float, size: float) -> str:
    """Let words that are wider than their column break within; others stay as they are.

    Parameters
    ----------
    text : the words
    width : of the column without its padding, in points
    size : of the letters
    """
    if len(text) * size <= width:
        return text
    return "".join(_split(word, width, size) for word in _words(text))


def _words(text: str) -> Iterable[str]:
    """Give the words, and what stands between them, in turn."""
    for place, word in enumerate(text.split(" ")):
        if place:
            yield " "
        yield word


def _split(word: str, width: float, size: float) -> str:
    wide = measure(word, size)
    if wide <= width:
        return word
    most = max(1, int(len(word) * width / wide) - 1)
    return _BREAK.join(word[start : start + most] for start in range(0, len(word), most))
