"""A document as one PDF that is tagged (PDF/UA-1, ISO 14289-1): its source, set by typst in memory.

The standard is a gate: a figure without alternative text and a letter that no typeface has are refused. Only
typefaces that come with packages are used, and no clock, so that the same document gives the same bytes on
every machine.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from funis.documents.document import Document
from funis.documents.pdf_source import write_source
from funis.errors import MissingExtraError, TypesettingError
from funis.letters import name_letter

#: The library whose folder holds the typefaces with Chinese letters.
TYPEFACES: Final = "pylopdf_fonts_zh_cn"
_PACKAGE: Final = "pylopdf-fonts-zh-cn"
_STANDARD: Final = "ua-1"
_LACKING: Final = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")


def render_pdf(document: Document) -> bytes:
    """Write a document as one PDF.

    Parameters
    ----------
    document : numbered already

    Returns
    -------
    bytes : the file; the same document gives the same bytes

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know
    MissingExtraError : the typefaces are not installed
    TypesettingError : a letter is in no typeface, or a figure has no alternative text

    Examples
    --------
    >>> render_pdf(Document("A"))[:5]
    b'%PDF-'
    """
    return set_pages(write_source(document))


def set_pages(source: str) -> bytes:
    """Set a source as a tagged PDF, with typefaces that come with packages alone.

    Parameters
    ----------
    source : it reads no file and needs no package

    Raises
    ------
    MissingExtraError : the typefaces are not installed
    TypesettingError : a letter is in no typeface, or a figure has no alternative text
    """
    found = find_spec(TYPEFACES)
    if found is None or found.origin is None:
        raise MissingExtraError("A PDF", TYPEFACES, "documents")
    import typst

    typefaces = str(Path(found.origin).parent)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[typefaces])
    try:
        return typst.compile(
            source.encode("utf-8"),
            font_paths=fonts,
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=[_STANDARD],
            timestamp=0,
        )
    except typst.TypstError as error:
        raise TypesettingError(_explain(error.message, error.diagnostic)) from None


def _explain(message: str, diagnostic: str) -> str:
    """Say what a reader of a study can do about what typst refuses; no word of the data is repeated."""
    lacking = dict.fromkeys(_letter(found) for found in _LACKING.findall(diagnostic))
    if lacking:
        return (
            f"The PDF cannot be written: no typeface has {', '.join(lacking)}. Typefaces come from the "
            f"packages typst and {_PACKAGE} alone, so that the file is the same on every machine. Write the "
            "name or title without it, or write another format, such as html."
        )
    return f"The PDF cannot be written: {message}."


def _letter(found: str) -> str:
    """Give the code point of the first letter of what could not be set."""
    escaped = _ESCAPED.match(found)
    return name_letter(chr(int(escaped.group(1), 16)) if escaped else found[0])
