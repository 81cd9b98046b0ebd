"""The words of a PDF, page by page: running text as its lines follow each other, ruled tables as rows.

The libraries come with the extra ``audit`` and are loaded when a PDF is read. pypdf gives the text in the
order of the file; pdfplumber finds tables by their rules, and where the words of a page stand in columns
(`funis.audit.reading.page_columns`), the order in which these are read.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from funis.audit.reading.page_columns import PageWord, order_by_columns
from funis.audit.reading.source import TextLine
from funis.bounded.limits import RefusedFileError
from funis.errors import MissingExtraError

if TYPE_CHECKING:
    from pdfplumber.page import Page
    from pdfplumber.table import Table
    from pypdf import PageObject, PdfReader

#: A paper has tens of pages; a book of this many is read whole.
MOST_PAGES: Final = 500
_HYPHEN: Final = re.compile(r"(?<=[a-z])[-\u00ad]\n(?=[a-z])")
_SOFT: Final = re.compile("\u00ad")
#: White between two words, in heights of letters; narrower is between two letters.
_WORD_SPACE: Final = 0.15
#: Letters of a page below which it holds a picture, a number and no text.
_FEWEST_LETTERS: Final = 20
_LIGATURES: Final = str.maketrans({"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"})


def require_pdf_libraries(name: str) -> None:
    """Refuse a PDF where the libraries that read it are not installed.

    Raises
    ------
    MissingExtraError : names the extra
    """
    for library in ("pypdf", "pdfplumber"):
        if find_spec(library) is None:
            raise MissingExtraError(f"Reading the PDF '{name}'", library, "audit")


def read_pdf(data: bytes, name: str) -> Iterator[TextLine]:
    """Give the words of a PDF.

    Parameters
    ----------
    data : the file
    name : for messages

    Raises
    ------
    MissingExtraError : the libraries are not installed
    RefusedFileError : it is broken, protected by a password, too long, or holds pictures and no text
    """
    require_pdf_libraries(name)
    # Both tell of every slip of a file on standard error; what cannot be read is refused below.
    for library in ("pypdf", "pdfminer", "pdfplumber"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    lines = list(_read_pages(_open(data), data))
    letters = sum(map(str.isalnum, "".join(line.text + "".join(c for c, _ in line.cells) for line in lines)))
    if letters < _FEWEST_LETTERS:
        raise RefusedFileError(
            "The PDF holds no text: its pages are pictures, as a scanner makes them.",
            "Let a program for text recognition (OCR) add the text, compare the numbers with the picture, "
            "and give that file.",
        )
    yield from lines


def _open(data: bytes) -> PdfReader:
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data))
        is_locked = reader.is_encrypted and not reader.decrypt("")
        pages = 0 if is_locked else len(reader.pages)
    except Exception as error:  # a broken file ends the library anywhere
        raise _broken(error) from error
    if is_locked:
        raise RefusedFileError("The PDF is protected by a password.", "Save it without one.")
    if pages > MOST_PAGES:
        raise RefusedFileError(
            f"The PDF has {pages:,} pages; at most {MOST_PAGES} are read.",
            "Save the pages of the paper alone.",
        )
    return reader


def _broken(error: Exception) -> RefusedFileError:
    return RefusedFileError(
        f"The PDF cannot be read ({type(error).__name__}); it may be broken or cut off.",
        "Download it again, or print it to a new PDF.",
    )


def _read_pages(reader: PdfReader, data: bytes) -> Iterator[TextLine]:
    import pdfplumber

    tables = 0
    try:
        with pdfplumber.open(io.BytesIO(data)) as ruled:
            for number, (page, plumbed) in enumerate(zip(reader.pages, ruled.pages, strict=True), 1):
                found = [each for each in plumbed.find_tables() if len(each.rows) > 1]
                boxes = [_from_below(each.bbox, float(plumbed.height)) for each in found]
                in_columns = order_by_columns(_words_outside(plumbed, found))
                words = _text_outside(page, boxes) if in_columns is None else "\n".join(in_columns)
                text = _HYPHEN.sub("", words.translate(_LIGATURES))
                yield TextLine(_SOFT.sub("", text), ends_paragraph=True, page=number)
                for table in found:
                    tables += 1
                    for place, row in enumerate(table.extract()):
                        cells = tuple((" ".join((cell or "").split()), place == 0) for cell in row)
                        if any(text for text, _ in cells):
                            yield TextLine("", page=number, cells=cells, table=tables)
                plumbed.close()
    except Exception as error:  # a broken page ends the libraries anywhere
        raise _broken(error) from error


def _words_outside(page: Page, tables: Sequence[Table]) -> list[PageWord]:
    """Give the upright words of a page, and where they stand, without those of its tables."""
    found = page.extract_words(x_tolerance_ratio=_WORD_SPACE, extra_attrs=["upright"])
    words = [
        PageWord(str(each["text"]), *(float(each[end]) for end in ("x0", "x1", "top", "bottom")))
        for each in found
        if each["upright"]
    ]
    return [each for each in words if not any(_is_inside(each, table.bbox) for table in tables)]


def _is_inside(word: PageWord, box: Any) -> bool:
    left, top, right, bottom = map(float, box)
    across, down = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    return left - 1 <= across <= right + 1 and top - 1 <= down <= bottom + 1


def _from_below(box: Any, height: float) -> tuple[float, float, float, float]:
    """Turn a box that is measured from the top of a page into one from below, as pypdf measures."""
    left, top, right, bottom = map(float, box)
    return left, height - bottom, right, height - top


def _text_outside(page: PageObject, boxes: list[tuple[float, float, float, float]]) -> str:
    """Give the text of a page without what stands in the boxes of its tables."""
    if not boxes:
        return page.extract_text()
    pieces: list[str] = []

    def visit(text: str, cm: Any, tm: Any, *_: Any) -> None:
        left = cm[0] * tm[4] + cm[2] * tm[5] + cm[4]
        low = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        inside = any(x0 - 1 <= left <= x1 + 1 and y0 - 1 <= low <= y1 + 1 for x0, y0, x1, y1 in boxes)
        if not inside:
            pieces.append(text)

    page.extract_text(visitor_text=visit)
    return "".join(pieces)
