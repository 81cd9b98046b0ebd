"""The table of corrections on disk: written for a person to approve, read back as the person left it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.data.cells import RawData, UnreadableError
from funis.data.corrections.correction import APPROVED, COLUMNS, CellPlace, Correction
from funis.data.read.files import read_sheet_of
from funis.errors import FunisError, ValueRangeError
from funis.files import said_of, write_whole
from funis.spreadsheets import as_plain, render_rows, render_text_workbook

SUFFIXES = (".csv", ".xlsx")
_WIDTHS = (44, 18, 18, 90, 10)
_NOT_APPROVED = frozenset({"", "no"})


class CorrectionError(FunisError):
    """A table of corrections cannot be used or applied as given; names every row concerned."""

    code = "correction"

    def __init__(self, file: str, said: Sequence[str]) -> None:
        self.said = tuple(said)
        lines = "\n".join(f"  {each}" for each in said)
        super().__init__(f"{file}: nothing was changed.\n{lines}")


def check_name(path: Path) -> None:
    """Refuse a file whose ending says neither CSV nor workbook."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueRangeError("file of corrections", path.name, " or ".join(SUFFIXES), "Give it this ending.")


def write_corrections(path: Path, corrections: Iterable[Correction]) -> Path | None:
    """Write a table of corrections, as a workbook or as CSV by the ending of the name.

    Parameters
    ----------
    path : where it is to stand
    corrections : its rows

    Returns
    -------
    Path or None
        Where an earlier table went in which somebody had approved something; None where there was none.
    """
    check_name(path)
    rows = [COLUMNS, *(each.row for each in corrections)]
    kept = _keep_approved(path)
    if path.suffix.lower() == ".csv":
        # Excel takes a CSV file for UTF-8 only where it begins with this sign.
        write_whole(path, "\ufeff" + render_rows(rows))
    else:
        choices = {len(COLUMNS) - 1: (APPROVED, "no")}
        write_whole(path, render_text_workbook(rows, widths=_WIDTHS, choices=choices))
    return kept


def _keep_approved(path: Path) -> Path | None:
    """Give an earlier table another name where a decision of a person stands in it."""
    if not path.exists():
        return None
    try:
        is_decided = any(each.approve for each in read_corrections(path))
    except FunisError:
        # What cannot be read is not ours to throw away.
        is_decided = True
    if not is_decided:
        return None
    with said_of(path):
        return path.rename(name_numbered(path))


def name_numbered(path: Path) -> Path:
    """Give a name with the first number that no file beside it has.

    Examples
    --------
    >>> name_numbered(Path("no_such_folder/labs.csv")).name
    'labs.1.csv'
    """
    number = 1
    while True:
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
        if not free.exists():
            return free
        number += 1


def read_corrections(path: Path, limits: Limits | None = None) -> list[Correction]:
    """Read a table of corrections as a person left it.

    Parameters
    ----------
    path : a CSV file, divided by commas or semicolons, or a workbook whose first sheet is the table
    limits : how much it may hold

    Returns
    -------
    list of Correction

    Raises
    ------
    CorrectionError
        It is no such table, or a row of it cannot be understood.
    """
    check_name(path)
    found = RawData()
    try:
        cells = read_sheet_of(read_regular(path, limits or Limits()), path, found, limits or Limits())
    except UnreadableError as error:
        raise CorrectionError(path.name, [f"{error.message} {error.fix}"]) from error
    except (BeyondLimitError, RefusedFileError) as error:
        raise CorrectionError(path.name, [f"{error.message} {error.fix}"]) from error
    except OSError as error:
        raise CorrectionError(path.name, [f"The file cannot be opened: {error.strerror}."]) from error
    frame = cells.frame
    lacking = [name for name in COLUMNS if name not in frame.columns]
    if lacking:
        raise CorrectionError(path.name, [f"The table has no column {', '.join(map(repr, lacking))}."])
    said = [f"line {each.line}: {each.message}" for each in found.findings if each.level == "error"]
    made: list[Correction] = []
    for row in frame.iter_rows(named=True):
        texts = [str(row[name] or "") for name in COLUMNS]
        place = CellPlace.read(_as_read(texts[0]))
        approve = texts[4].strip().casefold()
        if approve not in {*_NOT_APPROVED, APPROVED}:
            said.append(f"line {row['_line']}: 'approve' is neither yes, no nor empty.")
        elif place is None:
            said.append(f"line {row['_line']}: 'place' is not as funis check wrote it.")
        else:
            made.append(Correction(place, _as_read(texts[1]), _as_read(texts[2]), texts[3], approve))
    if said:
        raise CorrectionError(path.name, said)
    return made


def _as_read(text: str) -> str:
    """Take off the sign that keeps a spreadsheet from running a text."""
    plain = text.strip()
    if plain.startswith("'") and as_plain(plain[1:]) == plain:
        return plain[1:]
    return re.sub(r"([;\t\r\n]\s*)'(?=[=+\-@])", r"\1", plain)
