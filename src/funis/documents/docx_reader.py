"""The numbers that stand in a Word file now, found by their keys, and what the file was written with."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from funis.documents.docx_keys import NAMESPACE
from funis.errors import ValueRangeError

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FUNIS: Final = f"{{{NAMESPACE}}}"
_CUSTOM_XML: Final = "/customXml"
#: Unpacked, a file is refused above this size, in bytes: the largest reports have a tenth of it.
_LARGEST: Final = 500_000_000


class WrittenNumber(NamedTuple):
    """A number as it was when the file was written.

    Attributes
    ----------
    id : of the result
    value : unrounded, as it was written; empty where there was none
    n : of the result; empty where there was none
    printed : every text it was printed as
    also : further results that it stands for, where several that are equal are printed once
    """

    id: str
    value: str
    n: str
    printed: tuple[str, ...]
    also: tuple[WrittenNumber, ...] = ()


class FoundNumber(NamedTuple):
    """A number as it stands in the text; its text is None where the row lost it or gained another."""

    key: str
    text: str | None
    row: str = ""


class DocxNumbers(NamedTuple):
    """What a file says of its numbers.

    Attributes
    ----------
    written : by key, what the file was written with
    found : what stands in the text now, in reading order
    """

    written: dict[str, WrittenNumber]
    found: tuple[FoundNumber, ...]


def read_docx_numbers(path: Path) -> DocxNumbers:
    """Read the numbers of a Word file that `render_docx` wrote, edited or not.

    Parameters
    ----------
    path : the file

    Raises
    ------
    ValueRangeError : it is no Word file, or holds no list of keys

    Examples
    --------
    >>> import tempfile
    >>> from funis.documents.document import Document, Paragraph, Section
    >>> from funis.documents.docx_file import render_docx
    >>> from funis.documents.table import Inline
    >>> text = (Paragraph((Inline("40", "disposition.treated.count"), Inline(" were treated"))),)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     path = Path(place) / "a.docx"
    ...     _ = path.write_bytes(render_docx(Document("A", sections=(Section("a", "A", text),))))
    ...     read = read_docx_numbers(path)
    >>> [(read.written[each.key].id, each.text) for each in read.found]
    [('disposition.treated.count', '40')]
    """
    body, listed = _open(path)
    if listed is None:
        raise ValueRangeError(
            "Word file",
            str(path),
            "a report.docx that funis wrote, edited or not: its list of keys is gone from this one",
            "Save the edited file as .docx, not through another kind of file.",
        )
    written = {number.get("key"): _written(number, path) for number in listed.iter(f"{_FUNIS}number")}
    rows = {row.get("key"): row.get("numbers", "").split() for row in listed.iter(f"{_FUNIS}row")}
    if unknown := {name for names in rows.values() for name in names} - set(written):
        raise _damaged(path, min(unknown))
    return DocxNumbers(written, tuple(_find(body, written, rows)))


def _damaged(path: Path, what: str) -> ValueRangeError:
    return ValueRangeError(
        "Word file", str(path), "a report.docx whose list of keys is as funis wrote it", f"Look at: {what!r}."
    )


def _open(path: Path) -> tuple[Any, Any]:
    """Give the root of the text and that of the list of keys; None for a file without one."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.oxml.parser import parse_xml

    try:
        with zipfile.ZipFile(path) as file:
            if sum(entry.file_size for entry in file.infolist()) > _LARGEST:
                raise ValueRangeError(
                    "Word file", str(path), f"a file of at most {_LARGEST} bytes when unpacked"
                )
        word = docx.Document(str(path))
        parts = [
            parse_xml(each.target_part.blob)
            for each in word.part.rels.values()
            if not each.is_external and each.reltype.endswith(_CUSTOM_XML)
        ]
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError, SyntaxError) as error:
        raise ValueRangeError("Word file", str(path), "a file in the format .docx") from error
    if word.element.body is None:
        raise ValueRangeError("Word file", str(path), "a file in the format .docx")
    return word.element.body, next((part for part in parts if part.tag == f"{_FUNIS}numbers"), None)


def _written(number: Any, path: Path) -> WrittenNumber:
    texts = tuple(each.text or "" for each in number.iter(f"{_FUNIS}printed"))
    others = tuple(_number(each, texts, (), path) for each in number.iter(f"{_FUNIS}also"))
    return _number(number, texts, others, path)


def _number(
    element: Any, texts: tuple[str, ...], others: tuple[WrittenNumber, ...], path: Path
) -> WrittenNumber:
    name, value = element.get("id"), element.get("value", "")
    try:
        known = not value or math.isfinite(float(value))
    except ValueError:
        known = False
    if not known or not name or not texts:
        raise _damaged(path, name or value)
    return WrittenNumber(name, value, element.get("n", ""), texts, others)


def _find(body: Any, written: dict[str, WrittenNumber], rows: dict[str, list[str]]) -> Iterator[FoundNumber]:
    for control in body.iter(f"{_W}sdt"):
        tag = control.find(f"{_W}sdtPr/{_W}tag")
        key = tag.get(f"{_W}val", "") if tag is not None else ""
        if key in written:
            yield FoundNumber(key, "".join(map(_text_of, control.iter(f"{_W}r"))))
        elif key in rows:
            texts = list(_numbers_of(control))
            named = rows[key]
            words = " | ".join(
                "".join(map(_text_of, cell.iter(f"{_W}r"))) for cell in control.iter(f"{_W}tc")
            )
            whole = len(texts) == len(named)
            for place, name in enumerate(named):
                yield FoundNumber(name, texts[place] if whole else None, words)


def _numbers_of(row: Any) -> Iterator[str]:
    """Give the text of each number of a row: of runs with the style of numbers, joined where they touch."""
    for each in row.iter(f"{_W}p"):
        text = ""
        for run in each.iter(f"{_W}r"):
            words = _text_of(run)
            style = run.find(f"{_W}rPr/{_W}rStyle")
            if style is not None and style.get(f"{_W}val") == "FunisNumber":
                text += words
            elif words and text:
                yield text
                text = ""
        if text:
            yield text


def _text_of(run: Any) -> str:
    """Give the words of a run; what was moved or struck out in tracked changes is no text any more."""
    if any(above.tag == f"{_W}moveFrom" for above in run.iterancestors()):
        return ""
    return "".join(each.text or "" for each in run.iter(f"{_W}t"))
