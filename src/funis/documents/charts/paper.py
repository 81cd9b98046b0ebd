"""What a drawing is written on: positions as text, words with their length, and how far all of it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, inf
from typing import Final

from funis.documents.text_extents import measure

#: Where the foot of letters stands below the place of words, as a share of their size, by what is placed.
_FEET: Final = {"top": 0.79, "middle": 0.3, "bottom": -0.21, "alphabetic": 0.0}
#: Height of letters above their foot, as a share of their size.
_ABOVE: Final = 0.8


def px(value: float) -> str:
    """Write a position to a hundredth of a pixel.

    Examples
    --------
    >>> px(12.3456), px(7.0), px(-0.001)
    ('12.35', '7', '0')
    """
    return f"{round(value, 2) + 0.0:.7g}"


@dataclass(slots=True)
class Extent:
    """How far a drawing reaches; nothing drawn reaches nowhere."""

    left: float = inf
    top: float = inf
    right: float = -inf
    bottom: float = -inf

    def add(self, left: float, top: float, right: float, bottom: float) -> None:
        """Reach as far as an area, too."""
        self.left, self.top = min(self.left, left), min(self.top, top)
        self.right, self.bottom = max(self.right, right), max(self.bottom, bottom)

    def unite(self, other: Extent, across: float = 0.0, down: float = 0.0) -> None:
        """Reach as far as another drawing that is moved."""
        if other.left <= other.right:
            self.add(other.left + across, other.top + down, other.right + across, other.bottom + down)


@dataclass(slots=True)
class ChartPaper:
    """Parts of a drawing as svg elements, and how far they reach."""

    parts: list[str] = field(default_factory=list)
    extent: Extent = field(default_factory=Extent)

    def draw(self, part: str) -> None:
        """Add an element."""
        self.parts.append(part)

    @property
    def text(self) -> str:
        """Give the elements in their order."""
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class Letters:
    """How words look: size in pixels, colour, and which end and height of them stands at their place."""

    size: float
    colour: str
    align: str = "left"
    baseline: str = "middle"
    is_bold: bool = False
    line_height: float = 0.0

    @property
    def step(self) -> float:
        """Give the distance of two lines."""
        return self.line_height or self.size + 2

    @property
    def foot(self) -> float:
        """Give how far the foot of the letters stands below the place of the words."""
        return round(_FEET[self.baseline] * self.size)


def extent_of_words(lines: Sequence[str], x: float, y: float, letters: Letters) -> Extent:
    """Measure upright words where they stand."""
    wide = max((measure(line, letters.size, is_bold=letters.is_bold) for line in lines), default=0.0)
    left = x - {"left": 0.0, "center": wide / 2, "right": wide}[letters.align]
    top = y + letters.foot - round(_ABOVE * letters.size)
    return Extent(left, top, left + wide, top + letters.size + letters.step * (len(lines) - 1))


_ANCHORS: Final = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}


def write_words(
    paper: ChartPaper, lines: Sequence[str], x: float, y: float, letters: Letters, *, is_turned: bool = False
) -> None:
    """Write words in one or more lines, each with its length: every typeface is set to it.

    Parameters
    ----------
    paper : is written on
    lines : nothing is written of empty ones
    x, y : place of the words, in pixels
    letters : how they look
    is_turned : they run upwards
    """
    if not any(lines):
        return
    if is_turned:
        over = extent_of_words(lines, 0, 0, letters)
        paper.extent.add(x + over.top, y - over.right, x + over.bottom, y - over.left)
        place = f'transform="translate({px(x)},{px(y)})rotate(-90)"'
        left, foot = 0.0, letters.foot
    else:
        paper.extent.unite(extent_of_words(lines, x, y, letters))
        left, foot = x, y + letters.foot
        place = f'x="{px(left)}" y="{px(foot)}"'
    look = f'{_ANCHORS[letters.align]} font-size="{letters.size:g}px" fill="{letters.colour}"'
    look += ' font-weight="bold"' if letters.is_bold else ""
    if is_turned and foot:
        place += f' y="{px(foot)}"'
    if len(lines) == 1:
        paper.draw(f"<text {place}{look}{_length(lines[0], letters)}>{escape(lines[0])}</text>")
        return
    written = "".join(
        f'<tspan x="{px(left)}"{f" dy={chr(34)}{px(letters.step)}{chr(34)}" if number else ""}'
        f"{_length(line, letters)}>{escape(line)}</tspan>"
        for number, line in enumerate(lines)
    )
    paper.draw(f"<text {place}{look}>{written}</text>")


def _length(line: str, letters: Letters) -> str:
    if len(line.strip()) < 2:
        return ""
    wide = measure(line, letters.size, is_bold=letters.is_bold)
    return f' textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'


def reach(value: float) -> int:
    """Give whole pixels that reach as far as a length; none of one that is below zero."""
    return max(0, ceil(round(value, 6)))
