"""How every figure looks: one frozen specification, one typeface, the Okabe-Ito colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

#: Okabe and Ito 2008: told apart with every common kind of colour vision.
BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
    "#8A939C",
)
INK, MUTED, RULE = "#1c2126", "#565f69", "#d5dae0"
#: From most to least active, falling in darkness, so that the order survives a grey copy.
GRADE_COLOURS = {"A": "#7A2E00", "B": "#D55E00", "C": "#F0B25A", "D": "#CFE3F0", "E": "#F0F3F6"}
NO_RESPONSE = "#C9CED4"
RESPONSE_COLOURS = {"MCR": BLUE, "PCR": SKY, "none": NO_RESPONSE}
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
        "gridColor": "#ebeef1",
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
