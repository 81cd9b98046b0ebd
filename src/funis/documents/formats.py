"""The kinds of file a document can be written as, one entry a kind; a renderer is loaded when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from funis.errors import UnknownNameError

if TYPE_CHECKING:
    from funis.documents.document import Document


class FileFormat(NamedTuple):
    """A kind of file: how a document is written as one, and whether its figures are drawn for it."""

    render: Callable[[Document], str | bytes]
    draws_figures: bool


def _render_html(document: Document) -> str:
    from funis.documents.html import render_page

    return render_page(document)


def _render_markdown(document: Document) -> str:
    from funis.documents.markdown import render_markdown

    return render_markdown(document)


#: By the ending of the file, without its point.
FORMATS: dict[str, FileFormat] = {
    "html": FileFormat(_render_html, draws_figures=True),
    "md": FileFormat(_render_markdown, draws_figures=False),
}


def find_formats(text: str) -> tuple[str, ...]:
    """Read the kinds of file somebody asks for.

    Parameters
    ----------
    text : names with commas between

    Returns
    -------
    tuple of str : the names, each once, in the order asked

    Raises
    ------
    UnknownNameError : a name is not among those of `FORMATS`

    Examples
    --------
    >>> find_formats("html, md,html")
    ('html', 'md')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in FORMATS:
            raise UnknownNameError("format", name, FORMATS, "--format")
    return names


def needs_drawings(names: tuple[str, ...]) -> bool:
    """Tell whether figures are drawn for any of these kinds of file."""
    return any(FORMATS[name].draws_figures for name in names)
