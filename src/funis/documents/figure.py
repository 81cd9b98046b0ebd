"""How every figure looks: one frozen specification, one typeface."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from funis.documents.colours import GRID, INK, MUTED, PAPER
from funis.documents.text_extents import measure, wrap

Spec = dict[str, Any]

#: Of a drawing with all its words, in pixels: 174 mm, the width of a printed page. A drawing as wide as that
#: is printed in its own size, and 11 pixels are more than 8 points.
WIDTH = 656
#: Helvetica first: widths of words are measured in it.
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
#: The smallest letters, and those of titles.
SMALL, TITLE = 11, 11.5
#: Room of a legend's mark and the gaps beside its word.
_KEY = 36

CONFIG: Spec = {
    "font": FONT,
    "aria": False,
    "background": None,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": INK,
        "labelFontSize": SMALL,
        "titleFontSize": TITLE,
        "titleFontWeight": "normal",
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": GRID,
        "titlePadding": 8,
        "labelSeparation": 5,
        "tickSize": 4,
    },
    "axisX": {"grid": False},
    "legend": {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": SMALL,
        "titleFontSize": SMALL,
        "titleFontWeight": "normal",
        "orient": "top",
        "symbolType": "square",
        "titleOrient": "left",
    },
    "header": {"labelColor": INK, "labelFontSize": TITLE, "labelFontWeight": "bold", "title": None},
    "title": {"color": INK, "fontSize": TITLE, "anchor": "start", "fontWeight": "bold", "offset": 6},
    "text": {"color": INK, "fontSize": SMALL},
}
#: The upright axis of a small panel among others. A title stands above whatever reaches above its panel:
#: labels that end with the axis keep titles beside each other level.
SMALL_PANEL_AXIS: Spec = {"title": None, "tickCount": 5, "labelFlush": True}


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """A figure: a Vega-Lite specification with the words that go with it.

    Attributes
    ----------
    id : anchor in the document, unique
    section : id of the report section the figure stands in
    title : one line above the drawing
    spec : Vega-Lite specification; it holds its data and computes nothing
    alt : what the figure shows, for a reader who cannot see it
    footnotes : population, number of subjects, what the marks mean
    label : printed number of the figure, given when the document is put together
    """

    id: str
    section: str
    title: str
    spec: Spec
    alt: str
    footnotes: tuple[str, ...] = ()
    label: str = ""


def fit(spec: Spec) -> Spec:
    """Make a drawing of one view as wide as the page, its words within."""
    return spec | {"width": WIDTH, "autosize": {"type": "fit-x", "contains": "padding"}}


def wrapped_axis(names: Iterable[str], width: float, *, most: int = 2, **axis: Any) -> Spec:
    """Describe an upright axis whose labels are wrapped into the room they have.

    Parameters
    ----------
    names : every label
    width : of the room, in pixels
    most : lines of a label at most
    axis : more keys of the axis
    """
    words = {name: wrap(name, width, SMALL, most=most) for name in names}
    return {
        "title": None,
        "ticks": False,
        "labelLimit": 0,
        "labelExpr": f"{json.dumps(words)}[datum.value]",
        "labelLineHeight": SMALL + 1.5,
    } | axis


def top_legend(names: Iterable[str], width: float = WIDTH, title: str | None = None) -> Spec:
    """Describe a legend above a drawing in as many columns as fit; long words are cut.

    Parameters
    ----------
    names : every label
    width : of the room, in pixels
    title : stands before the labels
    """
    room = width - (measure(title, SMALL) + 12 if title else 0)
    widest = max((measure(name, SMALL) for name in names), default=0)
    columns = max(1, int((room - _KEY) // (widest + _KEY)))
    return {"title": title, "columns": columns, "labelLimit": room - _KEY}


def hatch(areas: Iterable[Spec], ends: Spec, *, slant: float, apart: float = 1.6) -> list[Spec]:
    """Draw areas as an outline with slanted strokes, for what is not known: it is seen in a grey copy.

    Parameters
    ----------
    areas : ``from``, ``to``, ``top`` and ``bottom`` of each
    ends : encodings of the ends, which read these fields
    slant : how far a whole stroke moves to the right, in the unit of ``from``
    apart : distance of two strokes in that unit
    """
    shown = list(areas)
    strokes: list[Spec] = []
    for area in shown:
        start, end, tall = area["from"], area["to"], area["bottom"] - area["top"]
        for step in range(1, int((end - start + slant) / apart) + 1):
            foot = start + step * apart - slant
            low, high = max(foot, start), min(foot + slant, end)
            if high > low:
                near, far = ((each - foot) / slant for each in (low, high))
                strokes.append(
                    {
                        "from": round(low, 3),
                        "to": round(high, 3),
                        "top": round(area["bottom"] - near * tall, 3),
                        "bottom": round(area["bottom"] - far * tall, 3),
                    }
                )
    line = {"strokeWidth": 0.8}
    frame = {"type": "rect", "fill": PAPER, "stroke": MUTED} | line
    return [
        {"data": {"values": shown}, "mark": frame, "encoding": ends},
        {"data": {"values": strokes}, "mark": {"type": "rule", "color": MUTED} | line, "encoding": ends},
    ]


def finish(spec: Spec) -> Spec:
    """Add schema and style to the body of a specification."""
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, **spec}
