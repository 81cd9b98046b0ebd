"""The order in which a page of a PDF is read: column by column where it has columns of prose.

A file may draw its lines across the columns; then its own order mixes two sentences. A gutter is a strip of
white that many lines of words keep on both sides. Lines that cross it, such as a title, stand where they are;
between two of them the left column is read before the right one. Columns of a table are none: they hold few
words a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple


class PageWord(NamedTuple):
    """A word and where it stands, in points from the left and from the top of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


#: Lines that must have words on a side of a gutter, and words in the middle one of them.
_FEWEST_LINES, _FEWEST_WORDS = 5, 3
#: The middle line of a column of prose takes so much of the widest; cells of a table are of any width.
_FULL: Final = 0.6
#: So many lines of a page keep its gutter white; by chance a few have two wide spaces above each other.
_SHARED: Final = 0.4
#: The middle part of a text where a gutter may be: three columns have theirs at a third.
_MIDDLE: Final = (0.25, 0.75)
#: A gutter is at least so wide, in heights of letters; the space between two words is narrower.
_NARROWEST: Final = 0.8
#: Columns in columns: a page of three is cut twice.
_DEEPEST: Final = 2


def order_by_columns(words: Sequence[PageWord], depth: int = 0) -> tuple[str, ...] | None:
    """Give the lines of a page in reading order; None where it has one column, in the order of the file.

    Parameters
    ----------
    words : of the page, in any order
    depth : how often the page has been cut

    Examples
    --------
    >>> texts = {0: "one two three four five", 170: "six seven eight nine ten"}
    >>> words = [PageWord(word, x + 30 * place, x + 30 * place + 25, 12.0 * line, 12.0 * line + 10)
    ...          for line in range(6) for x, text in texts.items() for place, word in enumerate(text.split())]
    >>> order_by_columns(words)[5:7]
    ('one two three four five', 'six seven eight nine ten')
    """
    lines = _gather_lines(words)
    gutter = _find_gutter(words, lines) if depth <= _DEEPEST else None
    if gutter is None:
        return tuple(" ".join(word.text for word in line) for line in lines) if depth else None
    return tuple(_read_bands(lines, gutter, depth))


def _gather_lines(words: Sequence[PageWord]) -> list[list[PageWord]]:
    """Put together words that stand beside each other, from the top: most of the height is shared."""
    lines: list[list[PageWord]] = []
    for word in sorted(words, key=lambda each: (each.top, each.left)):
        for line in reversed(lines[-4:]):
            shared = min(word.bottom, line[0].bottom) - max(word.top, line[0].top)
            if shared > 0.6 * min(word.bottom - word.top, line[0].bottom - line[0].top):
                line.append(word)
                break
        else:
            lines.append([word])
    return [sorted(line, key=lambda each: each.left) for line in lines]


def _find_gutter(
    words: Sequence[PageWord], lines: Sequence[Sequence[PageWord]]
) -> tuple[float, float] | None:
    """Give the widest strip that most lines keep white; None where no two columns stand beside it."""
    if len(words) < 2 * _FEWEST_LINES * _FEWEST_WORDS:
        return None
    first, last = min(word.left for word in words), max(word.right for word in words)
    wide = _NARROWEST * median(word.bottom - word.top for word in words)
    best: tuple[int, float, tuple[float, float]] | None = None
    for low, high in _white_strips(lines, first, last, wide):
        sides = [_sides(line, (low, high)) for line in lines]
        kept = [each for each in sides if each is not None]
        is_shared = len(kept) >= _SHARED * len(lines)
        if not is_shared or not all(_is_prose([side[place] for side in kept]) for place in (0, 1)):
            continue
        found = (len(kept), high - low, (low, high))
        best = found if best is None or found[:2] > best[:2] else best
    return None if best is None else best[2]


def _white_strips(
    lines: Sequence[Sequence[PageWord]], first: float, last: float, wide: float
) -> set[tuple[float, float]]:
    """Give strips of white between words, as narrow as the lines make them that share them."""
    gaps = sorted(
        (before.right, behind.left)
        for line in lines
        for before, behind in pairwise(line)
        if behind.left - before.right >= wide
        and first + _MIDDLE[0] * (last - first)
        <= (before.right + behind.left) / 2
        <= first + _MIDDLE[1] * (last - first)
    )
    strips: set[tuple[float, float]] = set()
    for low, high in gaps:
        shared = [each for each in gaps if each[0] < high and each[1] > low]
        # Lines end raggedly: the strip ends where the longest line of the left column does.
        start = sorted(each[0] for each in shared)[int(0.9 * (len(shared) - 1))]
        end = sorted(each[1] for each in shared)[int(0.1 * (len(shared) - 1))]
        if end - start >= wide:
            strips.add((start, end))
    return strips


def _sides(
    line: Sequence[PageWord], gutter: tuple[float, float]
) -> tuple[list[PageWord], list[PageWord]] | None:
    """Give the words of a line left and right of a gutter; None where the line crosses it."""
    centre = sum(gutter) / 2
    left = [word for word in line if word.right <= centre]
    right = [word for word in line if word.left >= centre]
    if len(left) + len(right) < len(line):
        return None
    if left and right and right[0].left - left[-1].right < 0.7 * (gutter[1] - gutter[0]):
        return None
    return left, right


def _is_prose(side: Sequence[Sequence[PageWord]]) -> bool:
    """Tell whether the lines on one side of a gutter are those of a text: enough, and of several words."""
    held = [words for words in side if words]
    if len(held) < _FEWEST_LINES:
        return False
    spoken = median(sum(any(map(str.isalpha, word.text)) for word in words) for words in held)
    widths = [words[-1].right - words[0].left for words in held]
    return spoken >= _FEWEST_WORDS and median(widths) > _FULL * max(widths)


def _read_bands(
    lines: Sequence[Sequence[PageWord]], gutter: tuple[float, float], depth: int
) -> Iterator[str]:
    """Read each stretch between two lines that cross the gutter: its left column, then its right one."""
    columns: tuple[list[PageWord], list[PageWord]] = ([], [])
    for line in lines:
        sides = _sides(line, gutter)
        if sides is not None:
            columns[0].extend(sides[0])
            columns[1].extend(sides[1])
            continue
        yield from _read_columns(columns, depth)
        columns = ([], [])
        yield " ".join(word.text for word in line)
    yield from _read_columns(columns, depth)


def _read_columns(columns: tuple[list[PageWord], list[PageWord]], depth: int) -> Iterator[str]:
    for column in columns:
        yield from order_by_columns(column, depth + 1) or ()
