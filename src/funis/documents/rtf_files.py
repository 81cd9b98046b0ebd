"""A document as RTF files in the shape that agencies ask for: one a table, a listing, a figure.

Running text stays out: it stands in the other kinds of file. Tables and figures keep the numbers that they
have there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from funis.documents.column_widths import PORTRAIT
from funis.documents.document import Box, Document, ItemList, Paragraph
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.pictures import draw_picture
from funis.documents.rtf_tables import render_table
from funis.documents.rtf_text import CLOSE, escape, note_lines, open_file, title_lines, twips
from funis.documents.table import TableSpec
from funis.errors import BlockError, DrawingError

_log = logging.getLogger(__name__)
_FOLDER: Final = "tables"
#: Blocks of words: they are no file of their own.
_WORDS: Final = (Paragraph, ItemList, Box)
#: Characters of a picture in one line of a file.
_LINE: Final = 128
#: A picture is printed no higher than this, in points: title and notes stand on the same page.
_HIGHEST: Final = 560.0


def render_rtf(document: Document) -> dict[str, str]:
    """Write every table, listing and figure of a document as an RTF file of its own.

    Parameters
    ----------
    document : its tables and figures are numbered already

    Returns
    -------
    dict : what each file holds, in ASCII, by its path, such as ``tables/table-s4.rtf``

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know

    Examples
    --------
    >>> from funis.documents.document import Section
    >>> table = TableSpec("table-visits", "visits", "Visits", ("Visit", "n"), (), label="Table S4")
    >>> list(render_rtf(Document("A", sections=(Section("visits", "Visits", (table,)),))))
    ['tables/table-s4.rtf']
    """
    files = {}
    for section in document.sections:
        for block in section.all_blocks:
            if isinstance(block, _WORDS):
                continue
            draw = _DRAWINGS.get(type(block))
            if draw is None:
                known = [kind.__name__ for kind in (*_DRAWINGS, *_WORDS)]
                raise BlockError("RTF", type(block).__name__, known)
            files[path_of(block.label)] = draw(block, document, _name_of(block.label).replace("-", "_"))
    return files


def path_of(label: str) -> str:
    """Give the path of the file of a table or a figure.

    Parameters
    ----------
    label : its printed number

    Examples
    --------
    >>> path_of("Figure S3")
    'tables/figure-s3.rtf'
    """
    return f"{_FOLDER}/{_name_of(label)}.rtf"


def _name_of(label: str) -> str:
    return label.lower().replace(" ", "-")


def render_figure(figure: FigureSpec | FlowChart, document: Document, name: str) -> str:
    """Write a figure as one RTF file: a picture with its title, its notes and its alternative text.

    Parameters
    ----------
    figure : what is written; one that cannot be drawn leaves words in its place
    document : for the words at head and foot of every page
    name : of the bookmark at the number of the figure
    """
    return "".join(
        (
            open_file(document, f"{figure.label}. {figure.title}", is_turned=False),
            title_lines(figure.label, figure.title, document.tags, anchor=name),
            f"\\pard\\plain\\keepn\\qc\\f0\\fs18 {_picture(figure)}\\par\n",
            note_lines(figure.footnotes, 8),
            CLOSE,
        )
    )


def _picture(figure: FigureSpec | FlowChart) -> str:
    try:
        picture = draw_picture(figure)
    except DrawingError as error:
        _log.warning("figure %s cannot be drawn", figure.id)
        return escape(f"This figure could not be drawn. {error} Its numbers stand in the tables.")
    scale = min(1.0, PORTRAIT / picture.width, _HIGHEST / picture.height)
    wide, high = (twips(each * scale) for each in (picture.width, picture.height))
    digits = picture.png.hex()
    lines = "\n".join(digits[place : place + _LINE] for place in range(0, len(digits), _LINE))
    words = f"{{\\*\\picprop{{\\sp{{\\sn wzDescription}}{{\\sv {escape(figure.alt)}}}}}}}"
    return f"{{\\*\\shppict{{\\pict{words}\\pngblip\\picwgoal{wide}\\pichgoal{high}\n{lines}}}}}"


_DRAWINGS: dict[type, Callable[[Any, Document, str], str]] = {
    TableSpec: render_table,
    FigureSpec: render_figure,
    FlowChart: render_figure,
}
