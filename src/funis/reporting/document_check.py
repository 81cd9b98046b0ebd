"""A Word file that was edited, compared number by number with the results of its study."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from funis.documents.docx_reader import FoundNumber, WrittenNumber, read_docx_numbers
from funis.results import format_number

#: What journals write otherwise: a minus, a raised point, spaces that do not break.
_SIGNS: Final = str.maketrans(
    {"−": "-", "–": "-", "·": ".", "\u00a0": "", "\u2009": "", "\u202f": "", " ": "", "%": ""}
)
_NUMBER: Final = re.compile(r"-?\d+(?:\.(\d+))?")
_BARE_POINT: Final = re.compile(r"(?<!\d)\.(?=\d)")
#: A result is printed as it is, a share as a percentage, cells in millions.
_SCALES: Final = (1.0, 100.0, 1e-6)
#: Two runs of one analysis agree to this.
_AGREE: Final = 1e-9


class DocumentDifference(NamedTuple):
    """A number in the text that the results do not hold.

    Attributes
    ----------
    id : of the result
    found : what stands in the text; empty where it is gone from its row
    expected : what it was printed as, or what the results give now
    why : ``edited``, ``results changed``, ``no such result`` or ``row changed``
    """

    id: str
    found: str
    expected: str
    why: str


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """What came of comparing a file with the results.

    Attributes
    ----------
    compared : numbers found by their keys
    differences : in reading order, each place its own
    lost : ids of numbers the file was written with that stand nowhere in the text any more
    """

    compared: int
    differences: tuple[DocumentDifference, ...]
    lost: tuple[str, ...]

    @property
    def text(self) -> str:
        """Say it in lines."""
        count = len(self.differences)
        said = {0: "No number in the text differs", 1: "1 number in the text differs"}
        head = f"{said.get(count, f'{count} numbers in the text differ')} from the results"
        lines = [f"{head}{':' if count else f' ({self.compared} compared).'}"]
        lines += [
            f"  {each.id}: {each.why}, found {each.found or 'nothing'}, right is {each.expected or 'nothing'}"
            for each in self.differences
        ]
        if self.lost:
            lines.append(f"{len(self.lost)} numbers of the report stand in the text no more.")
        return "\n".join(lines)


def check_document(path: Path, numbers: pl.DataFrame) -> DocumentCheck:
    """Compare every number of a Word file with the results.

    A number may be set otherwise (another minus, a raised point, no zero before the point) or rounded to
    fewer decimals; it may not be another number. What was typed by hand has no key and is not compared.

    Parameters
    ----------
    path : a report.docx that funis wrote, edited or not
    numbers : the results, as in results.csv

    Returns
    -------
    DocumentCheck : what differs

    Raises
    ------
    ValueRangeError : it is no Word file, or one without the list of keys
    """
    read = read_docx_numbers(path)
    rows = {row["id"]: row for row in numbers.select("id", "value", "n", "text").iter_rows(named=True)}
    differences = tuple(_compare(read.found, read.written, rows))
    here = {each.key for each in read.found}
    lost = tuple(number.id for key, number in read.written.items() if key not in here)
    return DocumentCheck(len(read.found), differences, lost)


def _compare(
    found: tuple[FoundNumber, ...],
    written: Mapping[str, WrittenNumber],
    rows: Mapping[str, Mapping[str, Any]],
) -> Iterator[DocumentDifference]:
    for each in found:
        number = written[each.key]
        if each.text is None:
            yield DocumentDifference(number.id, each.row, " or ".join(number.printed), "row changed")
            continue
        for other in (number, *number.also):
            if (difference := _differs(each.text, other, rows.get(other.id))) is not None:
                yield difference
                break


def _differs(text: str, number: WrittenNumber, row: Mapping[str, Any] | None) -> DocumentDifference | None:
    """Compare a text with one result that it stands for."""
    if row is None:
        return DocumentDifference(number.id, text, "", "no such result")
    if (now := _changed_to(number, row)) is not None:
        return None if now == _plain(text) else DocumentDifference(number.id, text, now, "results changed")
    if _is_printed(text, number):
        return None
    return DocumentDifference(number.id, text, " or ".join(number.printed), "edited")


def _changed_to(number: WrittenNumber, row: Mapping[str, Any]) -> str | None:
    """Give what the results print now where their value is another; None where it is the same.

    Words that stand for numbers, such as "the same reading", say nothing of a value.
    """
    if not any(letter.isdigit() for letter in number.printed[0]):
        return None
    was = float(number.value) if number.value else None
    now, n = row["value"], "" if row["n"] is None else str(row["n"])
    same_value = now is None if was is None else now is not None and math.isclose(was, now, rel_tol=_AGREE)
    if same_value and number.n == n:
        return None
    scale = _scale(number)
    if scale is None or now is None or was is None:
        return str(row["text"] or "")
    digits = _NUMBER.fullmatch(_plain(number.printed[0]))
    return format_number(now * scale, len((digits[1] if digits else "") or ""))


def _is_printed(text: str, number: WrittenNumber) -> bool:
    """Tell whether a text is what was printed, set otherwise or rounded to fewer decimals."""
    plain = _plain(text)
    if plain in {_plain(each) for each in number.printed}:
        return True
    digits, scale = _NUMBER.fullmatch(plain), _scale(number)
    return (
        digits is not None
        and scale is not None
        and format_number(float(number.value) * scale, len(digits[1] or "")) == plain
    )


def _scale(number: WrittenNumber) -> float | None:
    """Find what the value was multiplied by to print it; None where it was printed with other words."""
    digits = _NUMBER.fullmatch(_plain(number.printed[0]))
    if digits is None or not number.value:
        return None
    value, decimals = float(number.value), len(digits[1] or "")
    return next((each for each in _SCALES if format_number(value * each, decimals) == digits[0]), None)


def _plain(text: str) -> str:
    """Write a printed number as it is compared.

    Examples
    --------
    >>> _plain("−0·35 %"), _plain("P < .001")
    ('-0.35', 'P<0.001')
    """
    return _BARE_POINT.sub("0.", text.translate(_SIGNS))
