"""The flow of subjects as boxes and arrows: a frozen value, and its drawing as an svg element.

Drawn by hand rather than as a chart, because every count in it opens its source like any other number.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from funis.documents.colours import FAINT, INK, MUTED, OUTLINE, PAPER
from funis.documents.figure import FONT
from funis.documents.table import Inline

_WIDTH, _BOX, _HEIGHT, _GAP = 720, 300, 54, 30
# The box at the side has its counts in one line with the words, at its right edge.
_SIDE = 352


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box, or one line of the box at the side: what it counts, and the count."""

    title: str
    count: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class FlowChart:
    """Boxes one under another, and those who left beside the last arrow.

    Attributes
    ----------
    id : anchor in the document, unique
    section : id of the section the chart stands in
    title : one line above the drawing
    main : boxes from first to last, two or more
    side : lines of the box beside the last arrow; empty for none
    alt : what the chart shows, for a reader who cannot see it
    footnotes : what the counts are
    left_early : lines of a box beside an earlier arrow; empty for none
    early_arrow : which arrow that is, 1 for the first; below the box of that number
    label : printed number of the figure, given when the document is put together
    """

    id: str
    section: str
    title: str
    main: tuple[FlowBox, ...]
    side: tuple[FlowBox, ...]
    alt: str
    footnotes: tuple[str, ...] = ()
    left_early: tuple[FlowBox, ...] = ()
    early_arrow: int = 1
    label: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of the results printed in the chart."""
        return tuple(each.id for box in self.boxes for each in box.count if each.id)

    @property
    def boxes(self) -> tuple[FlowBox, ...]:
        """Give every box, and every line of those at the side, in the order of the flow."""
        return (
            *self.main[: self.early_arrow], *self.left_early, *self.main[self.early_arrow :], *self.side
        )  # fmt: skip


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
    >>> box = FlowBox("Treated", (Inline("n = "), Inline("40", "disposition.treated")))
    >>> draw_flow_chart(FlowChart("figure-flow", "subjects", "Flow", (box, box), (), "Two boxes."))[:4]
    '<svg'
    """
    height = len(chart.main) * _HEIGHT + (len(chart.main) - 1) * _GAP + 8
    shapes = [_box(box, 4 + place * (_HEIGHT + _GAP)) for place, box in enumerate(chart.main)]
    shapes += [_arrow(place) for place in range(len(chart.main) - 1)]
    below = 0.0
    if chart.left_early:
        shapes.append(
            _side_box(chart.left_early, chart.early_arrow, _side_top(chart.left_early, chart.early_arrow))
        )
        below = _side_top(chart.left_early, chart.early_arrow) + _side_height(chart.left_early) + 6
    if chart.side:
        last = len(chart.main) - 1
        top = max(below, _side_top(chart.side, last))
        shapes.append(_side_box(chart.side, last, top))
        height = max(height, round(top + _side_height(chart.side) + 4))
    body = "".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" '
        f'font-family="{FONT}" font-size="14">{body}</svg>'
    )


def _inline(inline: Inline) -> str:
    text = escape(inline.text)
    if not inline.id:
        return text
    return f'<tspan class="n" role="button" tabindex="0" data-id="{escape(inline.id)}">{text}</tspan>'


def _count(box: FlowBox, x: float, y: float, *, at_end: bool = False) -> str:
    text = "".join(map(_inline, box.count))
    anchor = ' text-anchor="end"' if at_end else ""
    return f'<text x="{x}" y="{y}"{anchor} font-weight="600" fill="{INK}">{text}</text>'


def _box(box: FlowBox, top: float) -> str:
    return (
        f'<rect x="4" y="{top}" width="{_BOX}" height="{_HEIGHT}" rx="3" fill="{FAINT}" stroke="{OUTLINE}"/>'
        f'<text x="20" y="{top + 23}" fill="{INK}">{escape(box.title)}</text>{_count(box, 20, top + 43)}'
    )


def _arrow(place: int) -> str:
    x, top = 4 + _BOX / 2, 4 + place * (_HEIGHT + _GAP) + _HEIGHT
    bottom = top + _GAP
    return (
        f'<path d="M{x} {top}V{bottom - 7}" stroke="{MUTED}" fill="none"/>'
        f'<path d="M{x - 4.5} {bottom - 8}h9l-4.5 8z" fill="{MUTED}"/>'
    )


def _side_height(boxes: tuple[FlowBox, ...]) -> int:
    return 20 + 24 * len(boxes)


def _side_top(boxes: tuple[FlowBox, ...], place: int) -> float:
    """Give the upper edge of a box whose middle is that of the arrow to the box of this place."""
    return max(4, 4 + place * (_HEIGHT + _GAP) - _GAP / 2 - _side_height(boxes) / 2)


def _side_box(boxes: tuple[FlowBox, ...], place: int, top: float) -> str:
    """Draw those who left beside the arrow to the box of this place."""
    x = 4 + _BOX + 60
    height = _side_height(boxes)
    middle = 4 + place * (_HEIGHT + _GAP) - _GAP / 2
    start = 4 + _BOX / 2
    shapes = [
        f'<path d="M{start} {middle}H{x - 8}" stroke="{MUTED}" fill="none"/>',
        f'<path d="M{x - 8} {middle - 4.5}v9l8 -4.5z" fill="{MUTED}"/>',
        (
            f'<rect x="{x}" y="{top}" width="{_SIDE}" height="{height}" rx="3" '
            f'fill="{PAPER}" stroke="{OUTLINE}"/>'
        ),
    ]
    for line, box in enumerate(boxes):
        y = top + 26 + 24 * line
        shapes.append(f'<text x="{x + 16}" y="{y}" fill="{INK}">{escape(box.title)}</text>')
        shapes.append(_count(box, x + _SIDE - 16, y, at_end=True))
    return "".join(shapes)
