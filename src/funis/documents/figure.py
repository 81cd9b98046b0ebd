"""How every figure looks: one frozen specification, one typeface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funis.documents.colours import GRID, INK, MUTED

Spec = dict[str, Any]

WIDTH = 880
FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"

CONFIG: Spec = {
    "font": FONT,
    "aria": False,
    "background": None,
    "padding": 4,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "domainColor": MUTED,
        "tickColor": MUTED,
        "gridColor": GRID,
        "titlePadding": 8,
        "tickSize": 4,
    },
    "axisX": {"grid": False},
    "legend": {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "orient": "top",
        "symbolType": "square",
        "titleOrient": "left",
    },
    "header": {"labelColor": INK, "labelFontSize": 11.5, "labelFontWeight": "bold", "title": None},
    "title": {"color": INK, "fontSize": 12, "anchor": "start", "fontWeight": "bold", "offset": 6},
    "text": {"color": INK, "fontSize": 11},
}


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


def finish(spec: Spec) -> Spec:
    """Add schema and style to the body of a specification."""
    return {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": CONFIG, **spec}
