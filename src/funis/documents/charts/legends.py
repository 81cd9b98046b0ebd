"""Legends above a drawing: what its colours and shapes stand for, in rows that stay within its width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from funis.documents.charts.paper import ChartPaper, Letters, px, write_words
from funis.documents.charts.reading import ChartLayer, ChartPanel
from funis.documents.charts.shapes import draw_shape
from funis.documents.colours import INK, MUTED
from funis.documents.figure import SMALL, Spec
from funis.documents.text_extents import measure, wrap

#: From the panel to a legend, between its columns and its rows, and from a symbol or title to the words.
_OFFSET, _COLUMN_GAP, _ROW_GAP, _WORD_GAP, _TITLE_GAP = 18.0, 12.0, 4.0, 5.0, 8.0
#: Between a legend and whatever reaches above the panel.
_ROOM: Final = 8.0
_SYMBOL: Final = 100.0
_ROW: Final = 12.0
_EDGE: Final = 1.5
_CHANNELS: Final = ("color", "fill", "stroke", "shape")


@dataclass(frozen=True, slots=True)
class Legend:
    """What is told apart by one field.

    Attributes
    ----------
    said : keys of the legend
    names : its words
    channels : what each name looks like, by channel
    opacity : of the marks
    """

    said: Spec
    names: tuple[str, ...]
    channels: dict[str, tuple[Any, ...]]
    opacity: float


def legends_of(panels: Iterable[ChartPanel]) -> list[Legend]:
    """Gather the legends of panels; what several layers tell apart alike stands in one."""
    found: dict[tuple[Any, ...], Legend] = {}
    for layer in (layer for panel in panels for layer in panel.layers):
        for name in _CHANNELS:
            read = layer.channels.get(name, {})
            if not read.get("legend"):
                continue
            domain = tuple(map(str, read["scale"]["domain"]))
            key = (read["field"], domain, read["legend"].get("title"))
            legend = found.setdefault(key, Legend(read["legend"], domain, {}, _opacity(layer)))
            legend.channels.setdefault(name, tuple(read["scale"]["range"]))
    return [legend for legend in found.values() if legend.names]


def _opacity(layer: ChartLayer) -> float:
    default = 0.7 if layer.kind in {"point", "circle", "square", "tick"} else 1.0
    return float(layer.look.get("opacity", default))


def draw_legends(paper: ChartPaper, legends: Sequence[Legend], left: float, right: float, top: float) -> None:
    """Draw legends upwards from the top of a drawing.

    Parameters
    ----------
    paper : is drawn on
    legends : the first stands lowest
    left, right : ends of the drawing; a legend begins at zero, or further left where it needs the room
    top : of the drawing
    """
    for legend in legends:
        limit = legend.said.get("labelLimit") or right - left
        words = [
            name if measure(name, SMALL) <= limit else wrap(name, limit, SMALL, most=1)[0]
            for name in legend.names
        ]
        side = sqrt(legend.said.get("symbolSize", _SYMBOL)) + (_EDGE if "stroke" in legend.channels else 0)
        title = legend.said.get("title") or ""
        before = measure(title, SMALL) + _TITLE_GAP if title else 0.0
        wide = [side + _WORD_GAP + measure(each, SMALL) for each in words]
        columns = _fitting(wide, legend.said.get("columns") or len(wide), right - left - before)
        starts = _starts(wide, columns)
        start = min(0.0, max(left, right - before - starts[-1]))
        rows = -(-len(words) // columns)
        high = rows * _ROW + (rows - 1) * _ROW_GAP
        top = min(top - _ROOM, -legend.said.get("offset", _OFFSET)) - high
        middle = top + _ROW / 2
        write_words(paper, [title], start, middle, Letters(SMALL, MUTED))
        for number, name in enumerate(words):
            across = start + before + starts[number % columns]
            down = middle + number // columns * (_ROW + _ROW_GAP)
            paper.draw(_symbol(legend, number, across + side / 2, down))
            paper.extent.add(across, down - side / 2, across + side, down + side / 2)
            write_words(paper, [name], across + side + _WORD_GAP, down, Letters(SMALL, INK))


def _starts(wide: Sequence[float], columns: int) -> list[float]:
    """Give where each column begins, and at last where all of them end."""
    starts = [0.0]
    for column in range(columns):
        starts.append(starts[-1] + max(wide[column::columns], default=0.0) + _COLUMN_GAP)
    return [*starts[:-1], starts[-1] - _COLUMN_GAP]


def _fitting(wide: Sequence[float], most: int, room: float) -> int:
    """Give as many columns as fit."""
    columns = max(1, min(most, len(wide)))
    while columns > 1 and _starts(wide, columns)[-1] > room:
        columns -= 1
    return columns


def _symbol(legend: Legend, number: int, x: float, y: float) -> str:
    """Draw the mark of one name."""
    own = {name: values[number] for name, values in legend.channels.items()}
    said = legend.said
    faint = f' opacity="{legend.opacity:g}"' if legend.opacity != 1 else ""
    if said.get("symbolType") == "stroke":
        half = sqrt(_SYMBOL) / 2
        return f'<path d="M{px(x - half)} {px(y)}H{px(x + half)}" stroke="{own["color"]}" stroke-width="2"/>'
    edge = own.get("stroke", said.get("symbolStrokeColor"))
    wide = said.get("symbolStrokeWidth", _EDGE)
    stroke = f' stroke="{edge}" stroke-width="{wide:g}"' if edge else ""
    shape = draw_shape(own.get("shape", "square"), x, y, said.get("symbolSize", _SYMBOL))
    return f'<g fill="{own.get("fill", own.get("color"))}"{stroke}{faint}>{shape}</g>'
