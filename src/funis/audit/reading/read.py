"""A file with a published text: told apart by its ending and its first bytes, read to a `SourceText`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from funis.audit.reading.html_text import read_html
from funis.audit.reading.pdf_text import read_pdf
from funis.audit.reading.plain_text import read_markdown, read_plain
from funis.audit.reading.sentences import build_source
from funis.audit.reading.source import SourceText, TextLine
from funis.bounded.limits import Limits, RefusedFileError
from funis.bounded.regular_file import read_regular

LIMITS: Final = Limits(megabytes=40)
"""A paper with its pictures; whoever trusts a larger file raises the limit."""

#: Letters that are looked at: a book. More is a data file under the name of a text.
MOST_LETTERS: Final = 1_000_000


class TextKind(NamedTuple):
    """A kind of file: its name in messages, and how its words are read."""

    words: str
    read: Callable[[str], Iterable[TextLine]] | None


_PLAIN: Final = TextKind("plain text", read_plain)
_PDF: Final = TextKind("PDF", None)
_HTML: Final = TextKind("HTML", read_html)
KINDS: Final[Mapping[str, TextKind]] = {
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".md": TextKind("Markdown", read_markdown),
    ".markdown": TextKind("Markdown", read_markdown),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".pdf": _PDF,
}
"""Every ending of a text that is read."""

#: First bytes of files that are no text, and what they are.
_SIGNATURES: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a packed file, as Word, Excel and LibreOffice write them"),
    (b"\xd0\xcf\x11\xe0", "an old file of Word or Excel"),
    (b"{\\rtf", "an RTF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a packed file"),
)
_SAVE: Final = "Save it as PDF, HTML or plain text in UTF-8, and give that file."
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET: Final = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE
)
#: Encodings that a page may declare; others are refused with the rest.
_DECLARED: Final = frozenset(
    {"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii", "gb2312", "gbk", "gb18030", "big5",
     "shift_jis", "euc-jp", "euc-kr", "windows-1251", "koi8-r"}
)  # fmt: skip


def read_source(path: Path, limits: Limits = LIMITS) -> SourceText:
    """Read a file with a published text.

    Parameters
    ----------
    path : plain text, Markdown, HTML or PDF, told apart by its ending
    limits : how large it may be

    Returns
    -------
    SourceText : its words, sentences and rows of tables with their places

    Raises
    ------
    RefusedFileError : it is no such file, not in an encoding that is known, empty, or without text
    BeyondLimitError : it is larger than the limit
    MissingExtraError : it is a PDF, and the libraries of the extra ``audit`` are not installed
    OSError : it is not there or may not be read

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "abstract.txt"
    ...     _ = file.write_text("Forty took part. Three died.", encoding="utf-8")
    ...     len(read_source(file).passages)
    2
    """
    kind = KINDS.get(path.suffix.casefold())
    if kind is None:
        known = ", ".join(KINDS)
        raise RefusedFileError(
            f"A file that ends in '{path.suffix}' is not read as a published text."
            if path.suffix
            else "The name of the file has no ending that says what it is.",
            f"Read are {known}, and .toml with figures. {_SAVE}",
        )
    data = read_regular(path, limits)
    if not data.strip():
        raise RefusedFileError("The file is empty.", "Save the text again, and give that file.")
    _refuse_other(data, kind)
    if kind.read is None:
        return _whole(build_source(path.name, read_pdf(data, path.name)))
    text = _decode(data, kind).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MOST_LETTERS:
        raise RefusedFileError(
            f"The file has {len(text):,} letters; at most {MOST_LETTERS:,} are read, which is a book.",
            "Give the text of the paper alone.",
        )
    return _whole(build_source(path.name, kind.read(text)))


def _refuse_other(data: bytes, kind: TextKind) -> None:
    """Refuse a file whose first bytes say that it is not what its name says."""
    found = next((words for start, words in _SIGNATURES if data.lstrip()[:8].startswith(start)), "")
    if kind is _PDF and found != "a PDF":
        said = f" It is {found}." if found else ""
        raise RefusedFileError(f"The file ends in .pdf and is no PDF.{said}", _SAVE)
    if kind is not _PDF and found:
        raise RefusedFileError(f"The file is not {kind.words}, as its name says, but {found}.", _SAVE)


def _decode(data: bytes, kind: TextKind) -> str:
    """Turn bytes into letters by the mark at their beginning, what a page declares, or UTF-8."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding and kind is _HTML:
        found = _CHARSET.search(data[:4096])
        declared = found.group(1).decode("ascii").casefold() if found else ""
        encoding = declared if declared in _DECLARED else ""
    if not encoding and b"\0" in data:
        raise RefusedFileError(
            f"The file is not {kind.words}: it holds bytes 0, as programs' files do.", _SAVE
        )
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RefusedFileError(
            f"Line {line} of the file is not written in {(encoding or 'UTF-8').upper()} "
            f"(byte {error.start + 1} is {data[error.start]:#04x}).",
            "Save it in the encoding UTF-8, and give that file.",
        ) from error


def _whole(source: SourceText) -> SourceText:
    """Refuse a text without a letter or digit."""
    if not any(map(str.isalnum, source.text)):
        raise RefusedFileError("The file holds no text.", "Save the text itself, and give that file.")
    return source
