"""The flow of subjects as boxes and arrows: a frozen value, and its drawing as an svg element.

Drawn by hand rather than as a chart, because every count in it opens its source like any other number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from funis.documents.colours import FAINT, INK, MUTED, OUTLINE, PAPER
from funis.documents.figure import FONT
from funis.documents.table import Inline
from funis.documents.text_extents import fix_lengths, measure, wrap

_WIDTH, _BOX, _GAP, _EDGE = 720, 300, 24, 4
#: The box beside the steps of a single column, and the room between.
_SIDE, _BETWEEN = 352, 60
#: Words of a box stand so far from its edge; arms so far from each other.
_ARM_GAP = 14
#: Letters of wide and of narrow columns. The drawing is printed in nine tenths of its size: 12 are 8 points.
_LARGE, _SMALL, _NARROW = 14.0, 12.0, 240
#: In an arm, where the line stands that those who left hang from, and where their box begins.
_LINE, _HANG = 10, 26
#: Narrower boxes have their words nearer to the edge, and counts of a list in lines of their own.
_TIGHT = 170
#: More arms than this are too narrow for words of that size.
MOST_ARMS: Final = 6


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box, or one line in a box: what it counts, and the count."""

    title: str
    count: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step of the flow.

    Attributes
    ----------
    box : what it is and how many reached it
    lines : more counts inside the box
    left : lines of the box of those who left after this step, before the next
    """

    box: FlowBox
    lines: tuple[FlowBox, ...] = ()
    left: tuple[FlowBox, ...] = ()

    @property
    def boxes(self) -> tuple[FlowBox, ...]:
        """Give the box and every line, in the order of the flow."""
        return (self.box, *self.lines, *self.left)


@dataclass(frozen=True, slots=True)
class FlowArm:
    """What became of one arm: its name and its steps."""

    title: str
    steps: tuple[FlowStep, ...]


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Boxes one under another with those who left; below them the arms side by side, where there are some.

    Attributes
    ----------
    id : anchor in the document, unique
    section : id of the section the chart stands in
    title : one line above the drawing
    steps : from first to last; with arms, those before the subjects were divided
    alt : what the chart shows, for a reader who cannot see it
    footnotes : what the counts are
    arms : at most six; empty for a single column
    label : printed number of the figure, given when the document is put together
    """

    id: str
    section: str
    title: str
    steps: tuple[FlowStep, ...]
    alt: str
    footnotes: tuple[str, ...] = ()
    arms: tuple[FlowArm, ...] = ()
    label: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of the results printed in the chart."""
        return tuple(each.id for box in self.boxes for each in box.count if each.id)

    @property
    def boxes(self) -> tuple[FlowBox, ...]:
        """Give every box and every line in the order of the flow, arm by arm."""
        steps = (*self.steps, *(step for arm in self.arms for step in arm.steps))
        return tuple(box for step in steps for box in step.boxes)


def draw_flow_chart(chart: FlowChart) -> str:
    """Draw the boxes and arrows of a chart.

    Parameters
    ----------
    chart : what is drawn; its words are escaped

    Returns
    -------
    str : an svg element; each number carries the id of its result

    Examples
    --------
    >>> step = FlowStep(FlowBox("Treated", (Inline("n = "), Inline("40", "disposition.treated"))))
    >>> draw_flow_chart(FlowChart("figure-flow", "subjects", "Flow", (step, step), "Two boxes."))[:4]
    '<svg'
    """
    shapes: list[str] = []
    low = _draw_arms(shapes, chart) if chart.arms else _draw_beside(shapes, chart.steps)
    return _as_drawing(shapes, _WIDTH, low)


def draw_narrow_flow_chart(chart: FlowChart) -> str:
    """Draw a chart in one column for a narrow screen: those who left hang below, arms follow each other.

    Parameters
    ----------
    chart : what is drawn; its words are escaped

    Returns
    -------
    str : an svg element; each number carries the id of its result

    Examples
    --------
    >>> step = FlowStep(FlowBox("Treated", (Inline("n = "), Inline("40", "disposition.treated"))))
    >>> arms = (FlowArm("Cells", (step,)), FlowArm("Usual care", (step,)))
    >>> chart = FlowChart("figure-flow", "subjects", "Flow", (step,), "Three boxes.", (), arms)
    >>> 'viewBox="0 0 308 ' in draw_narrow_flow_chart(chart)
    True
    """
    shapes: list[str] = []
    low = _draw_abreast(shapes, [chart.steps], [_EDGE], [""], _EDGE)
    for place, arm in enumerate(chart.arms):
        top = low + 1.5 * _GAP
        if not place:
            shapes.append(_arrow_down(_EDGE + _BOX / 2, low, top))
        low = _draw_abreast(shapes, [arm.steps], [_EDGE], [arm.title], top)
    return _as_drawing(shapes, _BOX + 2 * _EDGE, low)


def _as_drawing(shapes: Sequence[str], width: float, low: float) -> str:
    """Put shapes into one drawing that ends an edge below the lowest."""
    height = round(low + _EDGE)
    return fix_lengths(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{FONT}">{"".join(shapes)}</svg>'
    )


# --- a box and its words ---------------------------------------------------------------------------------


def _px(value: float) -> str:
    """Write a position in the drawing."""
    return f"{value:g}"


def _write(text: str, x: float, y: float, size: float, *, is_bold: bool = False) -> str:
    heavy = ' font-weight="600"' if is_bold else ""
    return (
        f'<text x="{_px(x)}" y="{_px(y)}" font-size="{_px(size)}"{heavy} fill="{INK}">{escape(text)}</text>'
    )


def _write_count(count: Sequence[Inline], x: float, y: float, size: float, *, at_end: bool = False) -> str:
    anchor = ' text-anchor="end"' if at_end else ""
    words = "".join(map(_inline, count))
    place = f'x="{_px(x)}" y="{_px(y)}" font-size="{_px(size)}"{anchor}'
    return f'<text {place} font-weight="600" fill="{INK}">{words}</text>'


def _inline(inline: Inline) -> str:
    text = escape(inline.text)
    if not inline.id:
        return f"<tspan>{text}</tspan>"
    return f'<tspan class="n" role="button" tabindex="0" data-id="{escape(inline.id)}">{text}</tspan>'


def _pad(width: float) -> int:
    """Give how far words stand from the edge of a box."""
    return 8 if width < _TIGHT else 16


def _draw_listed(
    shapes: list[str], boxes: Sequence[FlowBox], x: float, top: float, width: float, size: float
) -> float:
    """Write lines with their counts at the right edge, in a narrow box below; give the height they take."""
    y, pad = top, _pad(width)
    for box in boxes:
        count = measure("".join(part.text for part in box.count), size, is_bold=True)
        is_below = width < _TIGHT
        words = wrap(box.title, width - 2 * pad - (0 if is_below else count + 10), size, most=6)
        for place, line in enumerate(words):
            shapes.append(_write(line, x + pad, y + (size + 4) * place + size, size))
        at = x + pad if is_below else x + width - pad
        below = (size + 4) * len(words) if is_below else 0.0
        shapes.append(_write_count(box.count, at, y + below + size, size, at_end=not is_below))
        y += (size + 4) * (len(words) + is_below) + 6
    return y - top


def _draw_box(
    shapes: list[str], step: FlowStep, x: float, top: float, width: float, size: float, head: str = ""
) -> float:
    """Draw the box of a step, a head in bold over its words; give its height."""
    pad = _pad(width)
    named = wrap(head, width - 2 * pad, size, most=6, is_bold=True) if head else []
    words = wrap(step.box.title, width - 2 * pad, size, most=8)
    inside: list[str] = []
    y = top + size + 9
    for line in (*named, *words):
        inside.append(_write(line, x + pad, y, size, is_bold=len(inside) < len(named)))
        y += size + 6
    if step.box.count:
        counted = measure("".join(part.text for part in step.box.count), size, is_bold=True)
        if words and measure(words[-1], size) + counted + 16 <= width - 2 * pad:
            # Behind the words where there is room: a chart of half the height.
            at = x + width - pad
            inside.append(_write_count(step.box.count, at, y - size - 6, size, at_end=True))
        else:
            inside.append(_write_count(step.box.count, x + pad, y, size))
            y += size + 6
    if step.lines:
        y += _draw_listed(inside, step.lines, x, y - size, width, size)
    height = y - size - 9 - top + 14
    shapes.append(_frame(x, top, width, height, FAINT))
    shapes += inside
    return height


def _frame(x: float, top: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{_px(x)}" y="{_px(top)}" width="{_px(width)}" height="{_px(height)}" rx="3" fill="{fill}" '
        f'stroke="{OUTLINE}"/>'
    )


def _draw_left(
    shapes: list[str], boxes: Sequence[FlowBox], x: float, top: float, width: float, size: float
) -> float:
    """Draw the box of those who left; give its height."""
    inside: list[str] = []
    height = _draw_listed(inside, boxes, x, top + 12, width, size) + 16
    shapes.append(_frame(x, top, width, height, PAPER))
    shapes += inside
    return height


def _height_left(boxes: Sequence[FlowBox], width: float, size: float) -> float:
    return _draw_left([], boxes, 0, 0, width, size)


# --- arrows ----------------------------------------------------------------------------------------------


def _arrow_down(x: float, top: float, bottom: float) -> str:
    return (
        f'<path d="M{_px(x)} {_px(top)}V{_px(bottom - 7)}" stroke="{MUTED}" fill="none"/>'
        f'<path d="M{_px(x - 4.5)} {_px(bottom - 8)}h9l-4.5 8z" fill="{MUTED}"/>'
    )


def _arrow_right(start: float, end: float, y: float) -> str:
    return (
        f'<path d="M{_px(start)} {_px(y)}H{_px(end - 8)}" stroke="{MUTED}" fill="none"/>'
        f'<path d="M{_px(end - 8)} {_px(y - 4.5)}v9l8 -4.5z" fill="{MUTED}"/>'
    )


# --- columns ---------------------------------------------------------------------------------------------


def _draw_beside(shapes: list[str], steps: Sequence[FlowStep]) -> float:
    """Draw one column, those who left at its right beside the arrows; give the lowest point."""
    top, below = float(_EDGE), float(_EDGE)
    middle, aside = _EDGE + _BOX / 2, _EDGE + _BOX + _BETWEEN
    for place, step in enumerate(steps):
        bottom = top + _draw_box(shapes, step, _EDGE, top, _BOX, _LARGE)
        top = bottom + _GAP
        if place == len(steps) - 1:
            break
        if step.left:
            high = _height_left(step.left, _SIDE, _LARGE)
            at = max(below, bottom + _GAP / 2 - high / 2)
            # The next box waits where the side box of an earlier arrow reaches below this one.
            top = max(top, at + _GAP)
            turn = min(max(bottom + _GAP / 2, at + 8), top - _GAP / 2)
            shapes.append(_arrow_right(middle, aside, turn))
            _draw_left(shapes, step.left, aside, at, _SIDE, _LARGE)
            below = at + high + 6
        shapes.append(_arrow_down(middle, bottom, top))
    return max(top - _GAP, below - 6)


def _draw_abreast(
    shapes: list[str],
    columns: Sequence[Sequence[FlowStep]],
    x: Sequence[float],
    heads: Sequence[str],
    top: float,
) -> float:
    """Draw columns side by side, each step in one row, those who left hanging between; give the low end."""
    width = x[1] - x[0] - _ARM_GAP if len(x) > 1 else _BOX
    size = _LARGE if width >= _NARROW else _SMALL
    low = top
    for row in range(max(map(len, columns))):
        own = [(place, steps[row], x[place]) for place, steps in enumerate(columns) if row < len(steps)]
        bottoms = [
            top + _draw_box(shapes, step, left, top, width, size, "" if row else heads[place])
            for place, step, left in own
        ]
        room = [_hung(step, width, size) for _, step, _ in own]
        following = max(bottom + each for bottom, each in zip(bottoms, room, strict=True))
        for (place, step, left), bottom in zip(own, bottoms, strict=True):
            if row + 1 < len(columns[place]):
                _draw_hanging(shapes, step, left, (bottom, following), width, size)
        low, top = max(low, *bottoms), following
    return low


def _hung(step: FlowStep, width: float, size: float) -> float:
    """Give the room below a box, for an arrow and for those who left."""
    return _height_left(step.left, width - _HANG, size) + 26 if step.left else _GAP


def _draw_hanging(
    shapes: list[str], step: FlowStep, x: float, ends: tuple[float, float], width: float, size: float
) -> None:
    """Draw the arrow to the next box, and hanging from it those who left."""
    bottom, following = ends
    if not step.left:
        shapes.append(_arrow_down(x + width / 2, bottom, following))
        return
    high = _draw_left(shapes, step.left, x + _HANG, bottom + 12, width - _HANG, size)
    shapes.append(_arrow_right(x + _LINE, x + _HANG, bottom + 12 + high / 2))
    shapes.append(_arrow_down(x + _LINE, bottom, following))


def _draw_arms(shapes: list[str], chart: FlowChart) -> float:
    """Draw the steps before the division in the middle, and the arms side by side below."""
    low = _draw_abreast(shapes, [chart.steps], [(_WIDTH - _BOX) / 2], [""], _EDGE)
    step = (_WIDTH - 2 * _EDGE + _ARM_GAP) / len(chart.arms)
    lefts = [_EDGE + place * step for place in range(len(chart.arms))]
    middles = [left + (step - _ARM_GAP) / 2 for left in lefts]
    fork, top = low + _GAP / 2, low + 1.5 * _GAP
    bar = f"M{_px(middles[0])} {_px(fork)}H{_px(middles[-1])}"
    shapes.append(f'<path d="M{_px(_WIDTH / 2)} {_px(low)}V{_px(fork)}{bar}" stroke="{MUTED}" fill="none"/>')
    shapes += [_arrow_down(middle, fork, top) for middle in middles]
    names, columns = [arm.title for arm in chart.arms], [arm.steps for arm in chart.arms]
    return _draw_abreast(shapes, columns, lefts, names, top)
