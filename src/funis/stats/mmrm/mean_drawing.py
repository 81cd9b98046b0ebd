"""Points with intervals as SVG text, side by side and joined by lines; no library of drawing is needed.

Lines differ in the shape of their points and in dashes besides colour, so that they are told apart in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

import polars as pl

# Okabe and Ito's colours that stand out from white, for eyes that do not tell red from green.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
GRID, PAPER = "#ddd", "#fff"
DASHES = ("none", "6 3", "2 3", "8 3 2 3")
SHAPES = ("circle", "square", "diamond")
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 624, 40, 352
# Pixels that a letter of 12 pixels takes, about; and between points of one place.
LETTER, APART = 6.6, 8


@dataclass(frozen=True, slots=True)
class IntervalPanel:
    """Where values are drawn: places from left to right, ticks from the bottom up to the top.

    ``bottom`` is the height of the lowest tick, ``count`` the number of lines.
    """

    places: tuple[str, ...]
    ticks: tuple[float, ...]
    bottom: float
    count: int

    def across(self, place: str, line: float) -> float:
        """Give the pixels from the left of a place's point on a line."""
        slot = (RIGHT - LEFT) / len(self.places)
        return LEFT + slot * (self.places.index(place) + 0.5) + APART * (line - (self.count - 1) / 2)

    def up(self, value: float) -> float:
        """Give the pixels from the top of a value."""
        return self.bottom - (value - self.ticks[0]) * (self.bottom - TOP) / (self.ticks[-1] - self.ticks[0])


def draw_intervals(table: pl.DataFrame, by: Sequence[str], *, outcome: str, words: str) -> str:
    """Draw a table as SVG.

    Parameters
    ----------
    table : one or two factors, then ``estimate, lower, upper``; a row with a null interrupts its line
    by : the factors; the first runs along the axis, the second has a line for each level
    outcome : name of the values
    words : what the drawing shows, for those who do not see it
    """
    places = tuple(table[by[0]].unique(maintain_order=True).to_list())
    lines = table[by[1]].unique(maintain_order=True).to_list() if len(by) > 1 else [None]
    known = table.drop_nulls()
    values = [value for name in ("lower", "upper") for value in known[name].to_list()] or [0.0]
    longest = max(map(len, places)) * LETTER
    turned = longest > (RIGHT - LEFT) / len(places)
    bottom = BOTTOM - min(longest * 0.7, 110.0) if turned else BOTTOM
    panel = IntervalPanel(places, tuple(tick_values(min(values), max(values))), bottom, len(lines))
    parts = [_axes(panel, by[0], outcome, turned=turned)]
    for number, name in enumerate(lines):
        rows = table if name is None else table.filter(pl.col(by[1]) == name)
        parts.append(_line(panel, rows.select(by[0], "estimate", "lower", "upper").rows(), number))
    parts += [_legend(list(map(str, lines)))] if len(by) > 1 else []
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" font-family="sans-serif" font-size="12">'
        f'<title>{escape(words)}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>'
        f"{''.join(parts)}</svg>"
    )


def tick_values(low: float, high: float) -> list[float]:
    """Give round values at equal distances, of which the outer two enclose a range.

    Examples
    --------
    >>> tick_values(0.3, 9.1)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    >>> tick_values(5.0, 5.0)
    [4.0, 4.5, 5.0, 5.5, 6.0]
    """
    if high <= low:
        low, high = low - 1.0, high + 1.0
    wanted = (high - low) / 5
    power = 10.0 ** floor(log10(wanted))
    step = next(size * power for size in (1.0, 2.0, 5.0, 10.0) if size * power >= wanted * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def _axes(panel: IntervalPanel, name: str, outcome: str, *, turned: bool) -> str:
    """Draw ticks with their values, the names of the places, and the titles of both axes."""
    parts = []
    for tick in panel.ticks:
        y = panel.up(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    for place in panel.places:
        x, y = panel.across(place, (panel.count - 1) / 2), panel.bottom + 18
        turn = (
            f' transform="rotate(-45 {x:.1f} {y:.1f})" text-anchor="end"'
            if turned
            else ' text-anchor="middle"'
        )
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{turn}>{escape(place)}</text>')
    middle = (TOP + panel.bottom) / 2
    parts.append(
        f'<text x="{(LEFT + RIGHT) / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(name)}</text>'
        f'<text transform="translate(16 {middle:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(outcome)}</text>"
    )
    return "".join(parts)


def _line(
    panel: IntervalPanel, rows: Sequence[tuple[str, float | None, float | None, float | None]], number: int
) -> str:
    """Draw one line: the intervals, the points, and what joins them."""
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    points = [
        None if estimate is None else (panel.across(place, number), panel.up(estimate))
        for place, estimate, _, _ in rows
    ]
    parts = [
        f'<line x1="{first[0]:.1f}" x2="{second[0]:.1f}" y1="{first[1]:.1f}" y2="{second[1]:.1f}" '
        f'stroke="{colour}" stroke-dasharray="{dash}"/>'
        for first, second in pairwise(points)
        if first is not None and second is not None
    ]
    for point, (_, _, lower, upper) in zip(points, rows, strict=True):
        if point is not None and lower is not None and upper is not None:
            x, ends = point[0], (panel.up(lower), panel.up(upper))
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]:.1f}" y2="{ends[1]:.1f}" '
                f'stroke="{colour}"/>{_point(*point, number)}'
            )
    return f'<g class="line">{"".join(parts)}</g>'


def _point(x: float, y: float, number: int) -> str:
    colour, shape = COLOURS[number % len(COLOURS)], SHAPES[number % len(SHAPES)]
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "diamond" else ""
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"{turn}/>'


def _legend(names: Sequence[str]) -> str:
    """Name the lines above the drawing, from left to right."""
    parts, x = [], float(LEFT)
    for number, name in enumerate(names):
        parts.append(f'{_point(x, 20, number)}<text x="{x + 10:.1f}" y="24">{escape(name)}</text>')
        x += 34 + LETTER * len(name)
    return "".join(parts)
