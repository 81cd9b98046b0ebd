"""A document as one HTML file that needs nothing beside it: neither network nor style sheet."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from funis.documents.colours import MUTED, WARNING_HEAD, write_css_variables
from funis.documents.column_widths import is_number, keeps_numbers_whole, squeezes_labels
from funis.documents.compact_drawing import compact_drawing
from funis.documents.document import Block, Box, Document, ItemList, Paragraph
from funis.documents.drawing import render_svg
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart, draw_flow_chart, draw_narrow_flow_chart
from funis.documents.table import TableCell, TableSpec
from funis.errors import BlockError, DrawingError
from funis.letters import replace_forbidden

_HERE = Path(__file__).parent
_log = logging.getLogger(__name__)
_TAG = re.compile(r"<\w[^>]*>")
_ROLE = re.compile(r'\s(?:role|aria-[a-z]+)="[^"]*"')
#: Coordinates are cut after two decimals: less than a hundredth of a point cannot be seen.
_COORDINATES = re.compile(r'\b(?:d|transform)="[^"]*"')
_BEYOND = re.compile(r"(?<=\.\d\d)\d+")
#: A number with the bracket before it and the sign or bracket behind it. A browser breaks a line beside a
#: button even where no word ends, and left "%)" alone on a line.
_HELD = re.compile(
    r'\(?<button class="n"[^>]*>[^<]*</button>[)%;,.]+|\(<button class="n"[^>]*>[^<]*</button>'
)
#: Each kind of block, and the macro of ``parts.html.j2`` that draws it.
_MACROS: dict[type, str] = {
    Paragraph: "paragraph",
    ItemList: "item_list",
    Box: "box",
    TableSpec: "table_block",
    FigureSpec: "figure_block",
    FlowChart: "figure_block",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "drawing": _draw_figure,
        "keeps_numbers_whole": keeps_numbers_whole,
        "squeezes_labels": squeezes_labels,
        "group_starts": _group_starts,
        "classes": _classes,
        "breaks": _breaks,
    }
    return environment


def render_page(document: Document) -> str:
    """Write a document as one HTML file.

    Parameters
    ----------
    document : what is written; everything in it is escaped

    Returns
    -------
    str : the file; the same document gives the same bytes

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know

    Examples
    --------
    >>> "<title>A &lt; B</title>" in render_page(Document("A < B"))
    True
    """
    environment = _environment()
    parts = environment.get_template("parts.html.j2").module

    def draw(block: Block) -> Markup:
        macro = _MACROS.get(type(block))
        if macro is None:
            raise BlockError("HTML", type(block).__name__, [kind.__name__ for kind in _MACROS])
        drawn: Markup = getattr(parts, macro)(block, document.tags)
        return drawn

    script = (_HERE / "page.js").read_text(encoding="utf-8")
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    page = environment.get_template("page.html.j2").render(
        document=document,
        draw=draw,
        style=Markup(f"{write_css_variables()}\n{style}"),  # noqa: S704 - our own file
        page_margins=Markup(_page_margins(document)),  # noqa: S704 - escaped where it is composed
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=_hash_of(script),
        numbers=Markup(write_json(document.numbers)),  # noqa: S704 - escaped where it is written
    )
    return replace_forbidden(_HELD.sub(r'<span class="held">\g<0></span>', page))


def _group_starts(table: TableSpec) -> frozenset[int]:
    """Give the columns with which a group of columns begins beside another one: a gap parts the two."""
    starts = accumulate((width for _, width in table.spanners), initial=0)
    named = zip(starts, table.spanners, strict=False)
    return frozenset(start for start, (text, _) in named if text and start > 1)


def _classes(cell: TableCell, is_whole: bool, is_next: bool) -> Markup:  # noqa: FBT001 - called by templates
    """Name what is particular about a cell: strong, words among numbers, the first of a group of columns."""
    is_words = is_whole and not is_number(cell.text)
    named = (("strong", cell.is_strong), ("text", is_words), ("next", is_next))
    found = " ".join(name for name, is_so in named if is_so)
    return Markup(f' class="{found}"' if found else "")  # noqa: S704 - names of our own


def _breaks(text: str) -> Markup:
    """Let a line of a cell end before a bracket."""
    return Markup(escape(text).replace(" (", " <wbr>("))  # noqa: S704 - escaped


def _draw_figure(figure: FigureSpec | FlowChart) -> Markup:
    if isinstance(figure, FlowChart):
        # A phone shows the chart in one column: the broad one would be moved sideways, or too small to read.
        broad = place_drawing(figure, draw_flow_chart(figure), is_interactive=True)
        own = replace(figure, id=f"{figure.id}-narrow")
        narrow = place_drawing(own, draw_narrow_flow_chart(figure), is_interactive=True)
        return Markup('<div class="chart-broad">{}</div><div class="chart-narrow">{}</div>').format(
            broad, narrow
        )
    try:
        return place_drawing(figure, render_svg(figure.spec))
    except DrawingError as error:
        _log.warning("figure %s cannot be drawn", figure.id)
        return _box_without_drawing(error)


def _box_without_drawing(error: DrawingError) -> Markup:
    """Say in the place of a figure that it could not be drawn, and where its numbers stand."""
    words = f"This figure could not be drawn. {error} Its numbers stand in the tables and in results.csv."
    return Markup(f'<p class="undrawn" role="note">{escape(words)}</p>')  # noqa: S704 - escaped


def place_drawing(figure: FigureSpec | FlowChart, svg: str, *, is_interactive: bool = False) -> Markup:
    """Give a drawing its name and its words, so that it is read aloud as one image.

    Parameters
    ----------
    figure : for title and alternative text
    svg : the svg element
    is_interactive : the drawing holds numbers that can be opened: it is a group, not an image

    Returns
    -------
    Markup : the svg element with role, title and description
    """
    role = "group" if is_interactive else "img"
    names = f'role="{role}" aria-labelledby="{escape(figure.id)}-title {escape(figure.id)}-desc"'
    words = (
        f'<title id="{escape(figure.id)}-title">{escape(figure.title)}</title>'
        f'<desc id="{escape(figure.id)}-desc">{escape(figure.alt)}</desc>'
    )
    start = re.search(r"<svg\b([^>]*)>", svg)
    if start is None:
        raise ValueError(f"The drawing of {figure.id!r} is not an svg element: {svg[:60]!r}.")
    attributes = re.sub(r'\s(?:role|aria-[a-z]+|class)="[^"]*"', "", start.group(1))
    # Ids of clip paths and gradients are numbered from 0 in every drawing; in one document they must differ.
    rest = re.sub(r'(id="|url\(#|href="#)(clip|gradient)', rf"\1{figure.id}-\2", svg[start.end() :])
    rest = _COORDINATES.sub(lambda found: _BEYOND.sub("", found.group()), rest)
    if not is_interactive:
        # An image is read aloud by its name alone: marks that call themselves images would need names too.
        rest = compact_drawing(_TAG.sub(_without_roles, rest))
    return Markup(f"<svg {names}{attributes}>{words}{rest}")  # noqa: S704 - drawn by us, words escaped above


def _without_roles(found: re.Match[str]) -> str:
    tag = found.group()
    return _ROLE.sub("", tag) if "role=" in tag or "aria-" in tag else tag


def _hash_of(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def css_string(text: str) -> str:
    r"""Write text as a string of a style sheet, harmless whatever it holds.

    Examples
    --------
    >>> css_string('a "b" </style>')
    '"a \\22 b\\22  \\3c /style\\3e "'
    """
    kept = [letter if letter.isalnum() or letter in " .,;:-/()" else f"\\{ord(letter):x} " for letter in text]
    return '"' + "".join(kept) + '"'


def _page_margins(document: Document) -> str:
    """Name the document, the kind of data and the page on every printed page."""
    small = f"font: 7pt Helvetica, Arial, sans-serif; color: {MUTED};"
    boxes = (
        f"@top-left {{ content: {css_string(document.running_head)}; {small} }} "
        f"@top-right {{ content: {css_string(document.margin_warning)}; "
        f"font: bold 7pt Helvetica, Arial, sans-serif; color: {WARNING_HEAD}; text-align: right; }} "
        f"@bottom-left {{ content: {css_string(document.running_foot)}; {small} }} "
        f"@bottom-right {{ content: counter(page) ' / ' counter(pages); {small} }}"
    )
    return f"@page {{ {boxes} }}"


def write_json(value: Mapping[str, Any]) -> str:
    r"""Write JSON that may stand inside a script element whatever it holds.

    Examples
    --------
    >>> write_json({"a": "</script><!--"})
    '{"a":"\\u003c/script\\u003e\\u003c!--"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(letter, code)
    return text
