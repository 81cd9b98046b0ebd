"""Every figure of a document as files of its own: drawing (SVG), picture (PNG) and page (PDF)."""

from __future__ import annotations

import struct
from typing import Final

from funis.documents.compact_picture import SIGNATURE, read_chunks, write_chunk
from funis.documents.document import Box, Document, ItemList, Paragraph
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.pdf_file import set_pages
from funis.documents.pdf_source import write_figure_source
from funis.documents.pictures import DENSITY, draw_picture
from funis.documents.table import TableSpec
from funis.errors import BlockError, DrawingError

_FOLDER: Final = "figures"
_WORDS: Final = (Paragraph, ItemList, Box, TableSpec)
#: The part of a PNG that says how many pixels a metre it has.
_SIZE: Final = b"pHYs"
_METRE: Final = 1 / 0.0254


def render_figure_files(document: Document) -> dict[str, str | bytes]:
    """Write every figure of a document as SVG, PNG and PDF.

    Parameters
    ----------
    document : its figures have their ids as names

    Returns
    -------
    dict : what each file holds, by its path, such as ``figures/figure-flow.png``: without caption and notes,
        as wide as it is printed; the picture has 300 pixels an inch, the page its typefaces and its words

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know
    DrawingError : a figure cannot be drawn
    MissingExtraError : it holds Chinese letters, and the typefaces that have them are not installed
    TypesettingError : a letter is in no typeface, or a figure has no alternative text

    Examples
    --------
    >>> from funis.documents.document import Section
    >>> from funis.documents.flow_chart import FlowBox, FlowStep
    >>> chart = FlowChart("figure-flow", "subjects", "Flow", (FlowStep(FlowBox("Treated", ())),), "One box.")
    >>> list(render_figure_files(Document("A", sections=(Section("subjects", "Flow", (chart,)),))))
    ['figures/figure-flow.svg', 'figures/figure-flow.png', 'figures/figure-flow.pdf']
    """
    files: dict[str, str | bytes] = {}
    for section in document.sections:
        for block in section.all_blocks:
            if isinstance(block, FigureSpec | FlowChart):
                files |= _files_of(block)
            elif not isinstance(block, _WORDS):
                known = [kind.__name__ for kind in (FigureSpec, FlowChart, *_WORDS)]
                raise BlockError("figure", type(block).__name__, known)
    return files


def _files_of(figure: FigureSpec | FlowChart) -> dict[str, str | bytes]:
    try:
        picture = draw_picture(figure)
    except DrawingError as error:
        raise DrawingError(f"{figure.label or figure.id} cannot be drawn: {error}") from error
    stem = f"{_FOLDER}/{figure.id}"
    return {
        f"{stem}.svg": picture.svg,
        f"{stem}.png": _with_density(picture.png),
        f"{stem}.pdf": set_pages(write_figure_source(figure)),
    }


def _with_density(png: bytes) -> bytes:
    """Say in a picture how many pixels an inch of print it has: programs that set pages ask it.

    The engine counts an inch of the drawing, which is printed at another size.
    """
    pixels = struct.pack(">IIB", *2 * (int(DENSITY * _METRE + 0.5),), 1)
    head, *rest = (each for each in read_chunks(png) if each[0] != _SIZE)
    return SIGNATURE + b"".join(write_chunk(*each) for each in (head, (_SIZE, pixels), *rest))
