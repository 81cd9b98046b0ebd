"""The kinds of file a document can be written as, one line a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from funis.documents.document import Document
from funis.documents.html import render_page
from funis.documents.markdown import render_markdown
from funis.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A kind of file: how a document is written as one, and whether its figures are drawn for it."""

    render: Callable[[Document], str]
    draws_figures: bool


#: By the ending of the file, without its point.
FORMATS: dict[str, FileFormat] = {
    "html": FileFormat(render_page, draws_figures=True),
    "md": FileFormat(render_markdown, draws_figures=False),
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
