"""Figures of a Word file: a picture that every program shows, the drawing beside it for those that can."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from funis.documents.column_widths import PORTRAIT
from funis.documents.docx_text import escape_text, paragraph, run
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.pictures import Picture, draw_picture
from funis.errors import DrawingError

if TYPE_CHECKING:
    from docx.parts.document import DocumentPart

_log = logging.getLogger(__name__)
_IMAGE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
#: A point in the unit of drawings, which is 1/914,400 of an inch.
_POINT: Final = 12700
#: Printed no higher than this, in points: caption and notes stand on the same page.
_HIGHEST: Final = 560.0
#: How Word names a drawing beside a picture.
_BESIDE: Final = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"


class Pictures:
    """The pictures of one file.

    Parameters
    ----------
    part : the part of the file that shows them
    """

    def __init__(self, part: DocumentPart) -> None:
        self._part = part
        self._count = 0

    def add(self, picture: Picture) -> tuple[str, str]:
        """Add a picture and its drawing; give the ids by which the file refers to them."""
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part

        self._count += 1
        found = []
        for ending, kind, blob in (
            ("png", "image/png", picture.png),
            ("svg", "image/svg+xml", picture.svg.encode("utf-8")),
        ):
            name = PackURI(f"/word/media/figure{self._count}.{ending}")
            made: Part = Part(name, kind, blob, self._part.package)
            found.append(self._part.relate_to(made, _IMAGE))
        return found[0], found[1]


def write_figure(figure: FigureSpec | FlowChart, pictures: Pictures, number: int) -> str:
    """Write a figure as a paragraph of its own, without caption and notes.

    Parameters
    ----------
    figure : what is written; one that cannot be drawn leaves words in its place
    pictures : those of the file
    number : of the picture in the file
    """
    try:
        picture = draw_picture(figure)
    except DrawingError as error:
        _log.warning("figure %s cannot be drawn", figure.id)
        words = f"This figure could not be drawn. {error} Its numbers stand in the tables and in results.csv."
        return paragraph(run(words), "FunisFigure")
    scale = min(1.0, PORTRAIT / picture.width, _HIGHEST / picture.height)
    size = " ".join(
        f'{name}="{int(length * scale * _POINT)}"'
        for name, length in (("cx", picture.width), ("cy", picture.height))
    )
    names = pictures.add(picture)
    return paragraph(_drawing(figure, names, number, size), "FunisFigure")


def _drawing(figure: FigureSpec | FlowChart, names: tuple[str, str], number: int, size: str) -> str:
    png, svg = names
    about = f'id="{number}" name="{_attribute(figure.label)}" descr="{_attribute(figure.alt)}"'
    beside = (
        f'<a:extLst><a:ext uri="{_BESIDE}"><asvg:svgBlip '
        'xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" '
        f'r:embed="{svg}"/></a:ext></a:extLst>'
    )
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f'<wp:docPr {about} title="{_attribute(figure.title)}"/><wp:cNvGraphicFramePr>'
        '<a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f"<pic:nvPicPr><pic:cNvPr {about}/><pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{png}">{beside}</a:blip>'
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill>"
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def _attribute(text: str) -> str:
    return escape_text(text).replace('"', "&quot;").replace("\n", " ")
