"""CSV files -> rows of texts, each with the line it begins on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress

from funis.bounded.limits import BeyondLimitError, Limits
from funis.data.cells import RawData, TableCells, UnreadableError
from funis.data.read.records import make_table
from funis.study.imported import Import

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# A workbook is a compressed archive; one of these in a file named .csv means a wrong name.
_ARCHIVE = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HINT = re.compile(r"sep=.?", re.IGNORECASE)
_UTF8 = b"\xef\xbb\xbf"


def read_csv(
    data: bytes,
    place: tuple[RawData, str],
    limits: Limits,
    rules: Import,
    header_row: int | None,
    *,
    is_first: bool = True,
) -> TableCells:
    """Read a CSV file as text, each row with the line it begins on.

    Parameters
    ----------
    data : the file
    place : takes the findings; name of the file
    limits : how much it may hold
    rules : the declared separator and encoding
    header_row : line of the header where the study file names it
    is_first : where another sign divides the cells, look at what stands behind

    Returns
    -------
    TableCells

    Raises
    ------
    UnreadableError, BeyondLimitError
    """
    cells = data.count(rules.separator.encode()) + data.count(b"\n") + data.count(b"\r")
    limits.check("cells", cells, f"The file has some {cells:,} cells")
    text = decode(data, rules.encoding)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=rules.separator)
    records: list[list[str]] = []
    lines: list[int] = []
    begin = 1
    usual = csv.field_size_limit(limits.cell_letters)
    try:
        for record in rows:
            if any(map(str.strip, record)) and not (begin == 1 and _is_hint(record)):
                records.append(record)
                lines.append(begin)
            begin = rows.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            letters = limits.cell_letters
            cell = (
                f"A cell of line {begin} holds more than {letters:,} letters, or its quotation mark is open"
            )
            raise BeyondLimitError("cell_letters", 2 * letters, letters, cell) from error
        message, fix = "A quotation mark opens and does not close.", 'Write a quote inside a text as "".'
        raise UnreadableError("quotes", message, fix, line=begin) from error
    finally:
        csv.field_size_limit(usual)
    limits.check("rows", len(records) - 1, f"The table has {len(records) - 1:,} rows")
    last = header_row or (lines[0] if lines else 0)
    widest = max((len(each) for each, line in zip(records, lines, strict=True) if line <= last), default=0)
    limits.check("columns", widest, "The header is long")
    filled = list(zip(records, lines, strict=True))
    other = _find_delimiter(records[0], rules.separator) if records else None
    if other is not None:
        refused = _delimiter_error(other, rules.separator, lines[0])
        by_other = rules.model_copy(update={"separator": other})
        # A name in quotes may hold both signs: the other one is tried once, not in turns.
        if is_first:
            with suppress(UnreadableError):
                refused.behind = read_csv(data, place, limits, by_other, header_row, is_first=False)
        raise refused
    return make_table(filled, place, header_row)


def _is_hint(record: Sequence[str]) -> bool:
    """Say whether a first line is the one that tells Excel which sign divides the cells (``sep=;``)."""
    return _HINT.fullmatch(record[0]) is not None and not any(record[1:])


def decode(data: bytes, encoding: str) -> str:
    """Read bytes as UTF-8 or the declared encoding; say what they look like where they are not."""
    if data.startswith(_ARCHIVE):
        raise UnreadableError("not_csv", "This is a workbook, not a CSV file.", "Rename it to end in .xlsx.")
    if data.startswith(_UTF16) and encoding != "utf-16":
        raise UnreadableError("encoding", "The file is UTF-16 text.", _encoding_fix("utf-16"))
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" or data.startswith(_UTF8) else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        value = f"byte {data[error.start]:#04x}"
        message = f"The file is not {encoding.upper()} text."
        raise UnreadableError(
            "encoding", message, _encoding_fix("gb18030", "windows-1252"), line=line, value=value
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UnreadableError(
            "encoding", "The file holds a null byte.", "Save it again as CSV UTF-8.", line=line
        )
    return text


def encode(text: str, like: bytes, encoding: str) -> bytes:
    r"""Write a text in the encoding of the file that it was read from, with its byte order mark.

    Examples
    --------
    >>> encode("ä", b"\xef\xbb\xbfa", "utf-8"), encode("男", b"a", "gb18030")
    (b'\xef\xbb\xbf\xc3\xa4', b'\xc4\xd0')
    """
    if like.startswith(_UTF8):
        return text.encode("utf-8-sig")
    if encoding == "utf-16":
        order = "utf-16-be" if like.startswith(_UTF16[1]) else "utf-16-le"
        mark = like[:2] if like.startswith(_UTF16) else b""
        return mark + text.encode(order)
    return text.encode(encoding)


def _encoding_fix(*names: str) -> str:
    declared = " or ".join(f'encoding = "{name}"' for name in names)
    return f"Save it as CSV UTF-8, or declare its encoding in [import], for example {declared}."


def _find_delimiter(header: Sequence[str], separator: str) -> str | None:
    """Give another sign that divides the cells of a file: its numbers may have decimal commas too."""
    for sign in _DELIMITERS:
        is_there = sign != separator and any(sign in cell for cell in header)
        if is_there and len(header) <= header[0].count(sign) + 1:
            return sign
    return None


def _delimiter_error(found: str, separator: str, line: int) -> UnreadableError:
    written = "\\t" if found == "\t" else found
    usual = _DELIMITERS[separator]
    return UnreadableError(
        "delimiter",
        f"The cells are divided by {_DELIMITERS[found]}, not by {usual}.",
        f"Save it as CSV with {usual} between cells, or declare in [import] "
        f'separator = "{written}", and decimal = "," where decimals have commas.',
        line=line,
    )
