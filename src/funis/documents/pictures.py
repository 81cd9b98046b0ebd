"""Figures as pictures for files that hold no drawing alone: PNG for print, with the drawing beside it."""

from __future__ import annotations

import re
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from funis.documents.colours import PAPER
from funis.documents.drawing import render_png, render_svg
from funis.documents.figure import WIDTH, FigureSpec
from funis.documents.flow_chart import FlowChart, draw_flow_chart
from funis.errors import DrawingError, MissingExtraError

#: Pixels an inch of the printed picture.
DENSITY: Final = 300
#: Pixels of a drawing in an inch of print: a drawing of 656 pixels is printed 174 mm wide.
_DRAWN: Final = 96
#: How the engine that makes pictures counts: so many units of a drawing are an inch.
_UNITS: Final = 72
#: Points of print in a pixel of a drawing.
_POINTS: Final = 72 / _DRAWN
#: The library whose folder holds the typefaces with Chinese letters.
_TYPEFACES: Final = "pylopdf_fonts_zh_cn"
_SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"')
_START = re.compile(r"<svg\b[^>]*>")
_OPAQUE = re.compile(r'<(?:path|line)\b(?=[^>]*\sstroke=")(?![^>]*\sfill=")[^>]*\sopacity="')


class Picture(NamedTuple):
    """A figure as it is printed.

    Attributes
    ----------
    svg, png : the drawing, and its picture in 300 pixels an inch of print
    width, height : printed size in points
    """

    svg: str
    png: bytes
    width: float
    height: float


class SizedDrawing(NamedTuple):
    """A figure as a drawing.

    Attributes
    ----------
    svg : the drawing
    width, height : printed size in points
    scale : by which a drawing wider than a page is made smaller
    """

    svg: str
    width: float
    height: float
    scale: float


def draw_shape(figure: FigureSpec | FlowChart) -> SizedDrawing:
    """Draw a figure and say how large it is printed.

    Parameters
    ----------
    figure : a drawing wider than a page is printed as wide as the page

    Raises
    ------
    DrawingError : it cannot be drawn
    """
    svg = draw_flow_chart(figure) if isinstance(figure, FlowChart) else render_svg(figure.spec)
    size = _SIZE.search(svg)
    if size is None:
        raise DrawingError(f"The drawing of {figure.id!r} does not say how large it is.")
    wide, high = (float(each) for each in size.groups())
    scale = min(1.0, WIDTH / wide)
    return SizedDrawing(svg, wide * scale * _POINTS, high * scale * _POINTS, scale)


def draw_picture(figure: FigureSpec | FlowChart) -> Picture:
    """Draw a figure and make its picture.

    Parameters
    ----------
    figure : a drawing wider than a page is printed as wide as the page

    Raises
    ------
    DrawingError : it cannot be drawn
    MissingExtraError : it holds Chinese letters, and the typefaces that have them are not installed

    Examples
    --------
    >>> from funis.documents.flow_chart import FlowBox, FlowStep
    >>> steps = (FlowStep(FlowBox("Treated", ())),)
    >>> picture = draw_picture(FlowChart("figure-flow", "subjects", "Flow", steps, "One box."))
    >>> picture.width, picture.png[1:4]
    (492.0, b'PNG')
    """
    shape = draw_shape(figure)
    density = DENSITY / _DRAWN * _UNITS * shape.scale
    png = render_png(_lay_paper(_lighten(shape.svg)), density, _find_typefaces(figure, shape.svg))
    return Picture(shape.svg, png, shape.width, shape.height)


def _lighten(svg: str) -> str:
    """Let the stroke of a line be faint in place of the line as a whole: it looks the same.

    The engine lays a sheet of the whole picture under everything that is faint as a whole: a figure with a
    line for each subject took ten seconds, and takes one.
    """
    return _OPAQUE.sub(lambda found: f'{found.group()[:-9]}stroke-opacity="', svg)


def _lay_paper(svg: str) -> str:
    """Lay paper under a drawing: the engine draws edges on nothing darker than they are."""
    return _START.sub(rf'\g<0><rect width="100%" height="100%" fill="{PAPER}"/>', svg, count=1)


def _find_typefaces(figure: FigureSpec | FlowChart, svg: str) -> str:
    """Give the folder of typefaces for the letters that those of a machine often lack; empty for none."""
    if svg.isascii() or not (lacking := [each for each in svg if unicodedata.east_asian_width(each) in "WF"]):
        return ""
    found = find_spec(_TYPEFACES)
    if found is None or found.origin is None:
        raise MissingExtraError(
            f"{figure.label or figure.id} holds the letter {lacking[0]!r}: its picture",
            _TYPEFACES,
            "documents",
        )
    return str(Path(found.origin).parent)
