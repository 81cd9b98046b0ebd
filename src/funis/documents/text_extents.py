"""How wide words are in print: the widths of Helvetica, which Arial and Liberation Sans share.

A drawing is laid out before anybody knows which typeface a reader's machine has. So words are measured here,
and each line of a drawing says how long it is (`fix_lengths`): another typeface is then set to that length,
and no word touches its neighbour or leaves the drawing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape
from typing import Final

#: Width of the letters from the space to the tilde, in thousandths of the size of the letters.
#: Source: Adobe Core 14 font metrics, Helvetica and Helvetica-Bold.
_PLAIN: Final = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD: Final = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip
_OTHERS: Final = {
    "–": 556, "—": 1000, "…": 1000, "−": 584, "×": 584, "±": 584, "·": 278, "µ": 556, "°": 400, "\u00a0": 278,
}  # fmt: skip
#: The same by letter, plain and bold.
_KNOWN: Final = tuple(
    {chr(ord(" ") + place): width for place, width in enumerate(widths)} | _OTHERS
    for widths in (_PLAIN, _BOLD)
)
#: Of a letter that no table holds: most Greek and Cyrillic ones are narrower; Chinese ones fill a square.
_UNKNOWN, _SQUARE = 650, 1000
_TEXT = re.compile(r"<text\b([^>]*)>(.*?)</text>", re.DOTALL)
_LINE = re.compile(r"<tspan\b([^>]*)>([^<]*)</tspan>")
_SIZE = re.compile(r'font-size="([\d.]+)(?:px)?"')
_HEAVY = re.compile(r'font-weight="(?:bold|[6-9]00)"')


def measure(text: str, size: float, *, is_bold: bool = False) -> float:
    """Measure a line of words.

    Parameters
    ----------
    text : the words
    size : of the letters, in any unit
    is_bold : the words are printed bold

    Returns
    -------
    float : width in the unit of `size`

    Examples
    --------
    >>> round(measure("Month 12", 10), 2)
    41.69
    """
    return size * _thousandths(text, is_bold=is_bold) / 1000


@lru_cache(maxsize=20_000)
def _thousandths(text: str, *, is_bold: bool) -> int:
    """Measure a line in thousandths of the size of its letters; the same words stand in many cells."""
    widths = _BOLD if is_bold else _PLAIN
    try:
        return sum(map(_KNOWN[is_bold].__getitem__, text))
    except KeyError:
        return sum(_width(letter, widths) for letter in text)


def _width(letter: str, widths: tuple[int, ...]) -> int:
    place = ord(letter) - ord(" ")
    if 0 <= place < len(widths):
        return widths[place]
    if letter in _OTHERS:
        return _OTHERS[letter]
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return _SQUARE
    # An accent makes no letter wider.
    plain = unicodedata.normalize("NFD", letter)[0]
    place = ord(plain) - ord(" ")
    return widths[place] if 0 <= place < len(widths) else _UNKNOWN


def wrap(text: str, width: float, size: float, *, most: int = 2, is_bold: bool = False) -> list[str]:
    """Break words into lines that fit; what does not fit into the last line is cut and ends in an ellipsis.

    Parameters
    ----------
    text : the words
    width : of a line, in the unit of `size`
    size : of the letters
    most : lines at most
    is_bold : the words are printed bold

    Returns
    -------
    list of str : one line or more

    Examples
    --------
    >>> wrap("Contrast excreted from the parotid", 100, 11)
    ['Contrast excreted', 'from the parotid']
    >>> wrap("Contrast excreted from the parotid", 100, 11, most=1)
    ['Contrast excreted…']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure(longer, size, is_bold=is_bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:most] or [""]
    if len(lines) > most:
        kept[-1] += "…"
    return [_cut(line, width, size, is_bold=is_bold) for line in kept]


def _cut(line: str, width: float, size: float, *, is_bold: bool) -> str:
    """Shorten one line until it fits."""
    if measure(line, size, is_bold=is_bold) <= width:
        return line
    line = line.rstrip("…")
    while line and measure(f"{line}…", size, is_bold=is_bold) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


def fix_lengths(svg: str) -> str:
    """Say of each line of words in a drawing how long it is, so that every typeface is set to that length.

    Parameters
    ----------
    svg : a drawing whose ``text`` elements hold their size, and nothing but words or one ``tspan`` a line

    Returns
    -------
    str : the drawing with ``textLength`` at each line of two letters or more

    Examples
    --------
    >>> fix_lengths('<text font-size="10px">At risk</text>')
    '<text font-size="10px" textLength="27.8" lengthAdjust="spacingAndGlyphs">At risk</text>'
    """
    return _TEXT.sub(_fix_text, svg)


def _fix_text(found: re.Match[str]) -> str:
    attributes, words = found.groups()
    size = _SIZE.search(attributes)
    if size is None:
        return found.group()
    look = (float(size.group(1)), bool(_HEAVY.search(attributes)))
    if "<" not in words:
        return f"<text{attributes}{_length(words, *look)}>{words}</text>"
    lines = _LINE.sub(
        lambda line: f"<tspan{line.group(1)}{_length(line.group(2), *look)}>{line.group(2)}</tspan>", words
    )
    return f"<text{attributes}>{lines}</text>"


def _length(words: str, size: float, is_bold: bool) -> str:  # noqa: FBT001 - one look of letters
    text = unescape(words)
    if len(text.strip()) < 2:
        return ""
    return f' textLength="{measure(text, size, is_bold=is_bold):.1f}" lengthAdjust="spacingAndGlyphs"'
