"""Small charts of counts over time, drawn by hand as svg elements: no engine has to start for a page.

Lines are told apart by their dashes and by words at their ends, not by colours alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from funis.documents.colours import GRID, GROUPS, INK, MUTED, PAPER

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 96, 12, 36
_DASHES: Final = ("", "7 4", "2 3", "10 3 2 3")
_SMALL_WIDTH, _SMALL_HEIGHT, _EDGE = 132, 36, 5
_MOST_TICKS: Final = 6
_WORD_HEIGHT: Final = 13.0


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line of a chart.

    Attributes
    ----------
    name : stands at its end
    values : one for each place on the axis; none where nothing is known
    is_plan : drawn thin and dashed, as what was planned
    """

    name: str
    values: tuple[float | None, ...]
    is_plan: bool = False


def draw_lines(places: Sequence[str], lines: Sequence[ChartLine], words: str) -> str:
    """Draw lines of counts over named places, such as months.

    Parameters
    ----------
    places : under the axis, in order
    lines : each with a value for every place
    words : what the chart shows, for a reader who cannot see it

    Returns
    -------
    str : an svg element without styles or scripts; empty where nothing can be drawn

    Examples
    --------
    >>> drawn = draw_lines(["2026-01", "2026-02"], [ChartLine("Subjects", (1, 3))], "Subjects by month")
    >>> drawn.count("<polyline"), "2026-02" in drawn
    (1, True)
    """
    top = max((value for line in lines for value in line.values if value is not None), default=0)
    if not places or top <= 0:
        return ""
    steps = _steps(top)
    looks = f'role="img" aria-label="{escape(words)}" class="chart" font-size="12" fill="{MUTED}"'
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" {looks}>']
    for step in steps:
        height = _place_y(step, steps[-1])
        parts.append(f'<path d="M{_LEFT} {height:g}H{_WIDTH - _RIGHT}" stroke="{GRID}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{height + 4:g}" text-anchor="end">{step:g}</text>')
    every = -(-len(places) // _MOST_TICKS)
    parts += [
        _place_word(place, _place_x(number, len(places)))
        for number, place in enumerate(places)
        if number % every == 0
    ]
    ends = _spread([_end_of(line, steps[-1]) for line in lines])
    parts += [_line(line, number, steps[-1]) for number, line in enumerate(lines)]
    # Words after every line, so that none is crossed by one.
    parts += [_place_name(line, end) for line, end in zip(lines, ends, strict=True)]
    return "".join([*parts, "</svg>"])


def _place_word(place: str, x: float) -> str:
    return f'<text x="{x:g}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(place)}</text>'


def _steps(top: float) -> list[float]:
    """Give three to six round numbers from nothing to the top or just above it."""
    size = next(size * 10**power for power in range(12) for size in (1, 2, 5) if size * 10**power * 5 >= top)
    return [size * number for number in range(int(-(-top // size)) + 1)]


def _place_x(number: int, count: int) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (number / (count - 1) if count > 1 else 0.5), 1)


def _place_y(value: float, top: float) -> float:
    return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top, 1)


def _end_of(line: ChartLine, top: float) -> float:
    known = [value for value in line.values if value is not None]
    return _place_y(known[-1], top) if known else _HEIGHT - _BOTTOM


def _spread(heights: Sequence[float]) -> list[float]:
    """Move words that would stand on each other apart; a group stays around the middle of its lines."""
    order = sorted(range(len(heights)), key=lambda each: heights[each])
    groups: list[list[int]] = []
    for number in order:
        groups.append([number])
        while len(groups) > 1 and _first(groups[-2], heights) + _WORD_HEIGHT * len(groups[-2]) > _first(
            groups[-1], heights
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = list(heights)
    for group in groups:
        for place, number in enumerate(group):
            placed[number] = _first(group, heights) + _WORD_HEIGHT * place
    return placed


def _first(group: Sequence[int], heights: Sequence[float]) -> float:
    """Give the height of the first word of a group whose words stand around the middle of their lines."""
    middle = sum(heights[number] for number in group) / len(group)
    return middle - _WORD_HEIGHT * (len(group) - 1) / 2


def _line(line: ChartLine, number: int, top: float) -> str:
    points = [
        (_place_x(place, len(line.values)), _place_y(value, top))
        for place, value in enumerate(line.values)
        if value is not None
    ]
    if not points:
        return ""
    colour = MUTED if line.is_plan else GROUPS[number % len(GROUPS)]
    dash = "4 4" if line.is_plan else _DASHES[number % len(_DASHES)]
    looks = f'fill="none" stroke="{colour}" stroke-width="{1.5 if line.is_plan else 2.5}"'
    looks += f' stroke-dasharray="{dash}"' if dash else ""
    drawn = f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in points)}" {looks}/>'
    if not line.is_plan:
        drawn += f'<circle cx="{points[-1][0]:g}" cy="{points[-1][1]:g}" r="3.5" fill="{colour}"/>'
    return drawn


def _place_name(line: ChartLine, height: float) -> str:
    """Write the name of a line beside its end, on paper of its own where another line runs there."""
    last = max((place for place, value in enumerate(line.values) if value is not None), default=None)
    if last is None:
        return ""
    looks = f'fill="{INK}" stroke="{PAPER}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'
    x = _place_x(last, len(line.values)) + 8
    return f'<text x="{x:g}" y="{height + 4:g}" {looks}>{escape(line.name)}</text>'


def draw_small(values: Sequence[tuple[float, float | None]], low: float, high: float, words: str) -> str:
    """Draw the course of one number as a small chart without an axis: a dot each time it is known.

    Parameters
    ----------
    values : time and number; none where it is not known: the line is broken there
    low, high : ends of the scale, the same for every chart that is compared
    words : what the chart shows, for a reader who cannot see it

    Returns
    -------
    str : an svg element without styles or scripts; empty where no number is known

    Examples
    --------
    >>> draw_small([(0, 12), (30, None), (60, 4)], 0, 105, "SLEDAI-2K").count("<circle")
    2
    >>> draw_small([(0, None)], 0, 105, "SLEDAI-2K")
    ''
    """
    if all(value is None for _, value in values):
        return ""
    first, last = min(time for time, _ in values), max(time for time, _ in values)
    runs: list[list[tuple[float, float]]] = [[]]
    for time, value in sorted(values, key=lambda each: each[0]):
        if value is None:
            runs.append([])
            continue
        share = (time - first) / (last - first) if last > first else 0.5
        height = (value - low) / (high - low) if high > low else 0.5
        x = _EDGE + (_SMALL_WIDTH - 2 * _EDGE) * share
        y = _SMALL_HEIGHT - _EDGE - (_SMALL_HEIGHT - 2 * _EDGE) * min(max(height, 0), 1)
        runs[-1].append((round(x, 1), round(y, 1)))
    looks = f'fill="none" stroke="{GROUPS[0]}" stroke-width="1.5"'
    drawn = [
        f'<polyline points="{" ".join(f"{x:g},{y:g}" for x, y in run)}" {looks}/>'
        for run in runs
        if len(run) > 1
    ]
    drawn += [f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{GROUPS[0]}"/>' for run in runs for x, y in run]
    size = f'width="{_SMALL_WIDTH}" height="{_SMALL_HEIGHT}" viewBox="0 0 {_SMALL_WIDTH} {_SMALL_HEIGHT}"'
    looks = f'role="img" aria-label="{escape(words)}" xmlns="http://www.w3.org/2000/svg"'
    return f"<svg {size} {looks}>{''.join(drawn)}</svg>"
