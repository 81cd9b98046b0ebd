"""The tidy table of printed results: one row for each arm, outcome and time of a study.

Cells are read strictly: what is not a number of the kind that its column holds is a finding with its line.
Every finding of the file is told at once.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from funis.arguments import PathName, takes
from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.errors import Finding, FindingsError
from funis.near_names import find_misspelt
from funis.results.text import format_shortest

NEEDED: Final = ("study", "arm", "outcome", "time", "n")
FIGURES: Final = ("mean", "sd", "events")
#: What stands instead of mean and standard deviation.
OF_MEDIAN: Final = ("median", "q1", "q3", "minimum", "maximum")
OPTIONAL: Final = ("citation", "kind", "sd_is", "cohort")
COLUMNS: Final = (*NEEDED, *FIGURES, *OPTIONAL, *OF_MEDIAN)
#: What a mean is of, and what stands in the column of the standard deviation.
KINDS: Final = ("value", "change")
SPREADS: Final = ("sd", "se")
_MEDIAN_WORDS: Final = {
    "minimum": "minimum", "q1": "lower quartile", "median": "median", "q3": "upper quartile",
    "maximum": "maximum",
}  # fmt: skip
_LIMITS: Final = Limits(megabytes=20, rows=5_000, columns=200, cells=2_000_000)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


class PoolError(FindingsError):
    """A table of studies cannot be read, or its studies cannot be combined as asked; holds every finding."""

    code = "pool"


@dataclass(frozen=True, slots=True)
class StudyRow:
    """What one study printed of one arm, outcome and time.

    Attributes
    ----------
    study, arm, outcome, time : as written in the table
    n : subjects that the figures are of; None where the paper does not say
    mean, sd, events : as printed; None where not printed
    citation : where it is printed
    kind : ``value`` (at that time) or ``change`` (from baseline)
    sd_is : ``sd`` or ``se``; empty where the table does not say
    cohort : name that studies of the same patients share; empty for patients of its own
    line : of the file
    median, q1, q3, minimum, maximum : as printed; None where not printed
    converted : how mean and standard deviation were made of the median; empty where they are printed
    """

    study: str
    arm: str
    outcome: str
    time: str
    n: int | None
    mean: float | None = None
    sd: float | None = None
    events: int | None = None
    citation: str = ""
    kind: str = "value"
    sd_is: str = ""
    cohort: str = ""
    line: int = 0
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    converted: str = ""


def make_finding(file: str, line: int | None, column: str, value: str, message: str, fix: str) -> Finding:
    """Make a finding of the table of studies.

    Examples
    --------
    >>> print(make_finding("t.csv", 3, "n", "4.5", "This is no whole number.", "Write the subjects."))
    error: t.csv, line 3, column 'n': This is no whole number. Found '4.5'. Write the subjects.
    """
    return Finding("error", "pool_table", "studies", file, line, column, value, message, fix)


@takes(path=PathName())
def read_study_table(path: Path | str) -> tuple[StudyRow, ...]:
    """Read a table of printed results.

    Parameters
    ----------
    path : CSV file in UTF-8, separated by commas, with a header. Needed: study, arm, outcome, time, n. As far
        as printed: mean, sd, events; median, q1, q3, minimum, maximum. Where it applies: citation; kind
        (value or change); sd_is (sd or se); cohort (a name that studies of the same patients share). An empty
        cell is "not printed"

    Returns
    -------
    tuple of StudyRow : in the order of the file

    Raises
    ------
    PoolError : with every finding of the file

    Examples
    --------
    >>> read_study_table("no_such_file.csv")
    Traceback (most recent call last):
    ...
    funis.audit.pool.study_table.PoolError: no_such_file.csv: 1 finding.
      error: no_such_file.csv: There is no file of this name. Give the path of a CSV file.
    """
    place = Path(path)
    return parse_study_table(_read_text(place), place.name)


def _read_text(path: Path) -> str:
    try:
        return read_regular(path, _LIMITS).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path.name, "The file is not UTF-8 text.", "Save it as CSV UTF-8.") from error
    except BeyondLimitError as error:
        raise _refused(path.name, error.message, "A table of studies is never larger.") from error
    except RefusedFileError as error:
        raise _refused(path.name, error.message, error.fix) from error
    except FileNotFoundError as error:
        fix = "Give the path of a CSV file."
        raise _refused(path.name, "There is no file of this name.", fix) from error
    except OSError as error:
        raise _refused(
            path.name, f"The file cannot be opened: {error.strerror}.", "Check its name."
        ) from error


def _refused(file: str, message: str, fix: str) -> PoolError:
    return PoolError(file, [make_finding(file, None, "", "", message, fix)])


def parse_study_table(text: str, file: str) -> tuple[StudyRow, ...]:
    r"""Read the text of a table of printed results.

    Parameters
    ----------
    text : of the file
    file : its name, for findings

    Returns
    -------
    tuple of StudyRow

    Raises
    ------
    PoolError : with every finding

    Examples
    --------
    >>> rows = parse_study_table("study,arm,outcome,time,n,events\nA,cells,death,month 6,12,9\n", "t.csv")
    >>> rows[0].events, rows[0].n, rows[0].line
    (9, 12, 2)
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        records = list(_records(lines))
    except csv.Error as error:
        raise _refused(file, f"The file is no CSV: {error}.", "Save it again as CSV UTF-8.") from error
    if not records:
        raise _refused(file, "The file is empty.", f"Write a header: {', '.join(NEEDED)} and figures.")
    (_, header), *body = records
    names = [name.strip().lower() for name in header]
    findings = list(_check_header(names, file))
    if findings:
        raise PoolError(file, findings)
    if len(body) > _LIMITS.rows:
        raise _refused(file, f"The table has {len(body):,} rows.", f"At most {_LIMITS.rows:,} are read.")
    reader = _RowReader(file, names)
    rows = [row for line, cells in body if (row := reader.read(line, cells)) is not None]
    findings = [*reader.findings, *_find_doubles(rows, file)]
    if not rows and not findings:
        findings = [
            make_finding(file, None, "", "", "The table has no row.", "Write one row an arm and time.")
        ]
    if findings:
        raise PoolError(file, sorted(findings, key=lambda each: each.line or 0))
    return tuple(rows)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the line it begins on; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for record in reader:
        if any(cell.strip() for cell in record):
            yield line, record
        line = reader.line_num + 1


def _check_header(names: Sequence[str], file: str) -> Iterator[Finding]:
    """Find columns that lack, stand twice, or are nearly one that is read."""
    lacking = tuple(name for name in COLUMNS if name not in names)
    strange = tuple(name for name in names if name and name not in COLUMNS)
    near = dict(find_misspelt(strange, lacking))
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield make_finding(file, 1, name, "", "This column stands twice.", "Give each column one name.")
    for name, meant in near.items():
        yield make_finding(file, 1, name, "", f"This is nearly the name '{meant}'.", "Rename it, or drop it.")
    for name in NEEDED:
        if name not in names and name not in near.values():
            fix = f"Needed are {', '.join(NEEDED)}."
            yield make_finding(file, 1, name, "", "The table lacks this column.", fix)
    if not {*FIGURES, "median"} & ({*names} | {*near.values()}):
        fix = "Add columns mean and sd, a column events, or median with q1 and q3."
        yield make_finding(file, 1, "", "", "The table has no figures.", fix)


class _RowReader:
    """Reads rows and keeps what is to be corrected in them."""

    def __init__(self, file: str, names: Sequence[str]) -> None:
        self.file, self.names = file, names
        self.findings: list[Finding] = []

    def read(self, line: int, cells: Sequence[str]) -> StudyRow | None:
        """Read one row; None where anything in it is to be corrected."""
        if len(cells) != len(self.names):
            found, wanted = len(cells), len(self.names)
            message = f"The row has {found} cells, the header {wanted}."
            self._say(line, "", "", message, 'Write a text that holds a comma in "quotes".')
            return None
        before = len(self.findings)
        given = {name: cell.strip() for name, cell in zip(self.names, cells, strict=True)}
        n, events = (self._count(line, name, given.get(name, "")) for name in ("n", "events"))
        mean, sd = (self._number(line, name, given.get(name, "")) for name in ("mean", "sd"))
        for name in ("study", "outcome"):
            if not given[name]:
                self._say(line, name, "", "The cell is empty.", f"Write the name of the {name}.")
        of_median = {name: self._number(line, name, given.get(name, "")) for name in OF_MEDIAN}
        self._check_order(line, of_median)
        kind = self._choice(line, "kind", given.get("kind", ""), KINDS) or "value"
        sd_is = self._choice(line, "sd_is", given.get("sd_is", ""), SPREADS)
        if n == 0:
            self._say(line, "n", "0", "There is no subject.", "Leave the row out, or n empty.")
        if sd is not None and sd <= 0:
            self._say(
                line, "sd", given["sd"], "A spread is above 0.", "Leave it empty where none is printed."
            )
        if n is not None and events is not None and events > n:
            message = f"There are more events than subjects ({events} of {n})."
            self._say(line, "events", given["events"], message, "Write subjects with the event, not events.")
        if len(self.findings) > before:
            return None
        return StudyRow(
            given["study"], given["arm"], given["outcome"], given["time"], n, mean, sd, events,
            given.get("citation", ""), kind, sd_is, given.get("cohort", ""), line,
            median=of_median["median"], q1=of_median["q1"], q3=of_median["q3"],
            minimum=of_median["minimum"], maximum=of_median["maximum"],
        )  # fmt: skip

    def _check_order(self, line: int, found: Mapping[str, float | None]) -> None:
        rising = [(name, found[name]) for name in ("minimum", "q1", "median", "q3", "maximum")]
        known = [(name, value) for name, value in rising if value is not None]
        for (low, first), (high, second) in pairwise(known):
            if first > second:
                message = f"The {_MEDIAN_WORDS[low]} lies above the {_MEDIAN_WORDS[high]}."
                self._say(line, high, format_shortest(second), message, "Write them as printed.")

    def _say(self, line: int, column: str, value: str, message: str, fix: str) -> None:
        self.findings.append(make_finding(self.file, line, column, value, message, fix))

    def _number(self, line: int, column: str, text: str) -> float | None:
        if not text:
            return None
        number = float(text.replace("−", "-")) if _NUMBER.fullmatch(text.replace("−", "-")) else math.nan
        if math.isfinite(number) and abs(number) < 1e12:
            return number
        fix = (
            "Write digits with a point, without unit and sign; leave the cell empty where nothing is printed."
        )
        self._say(line, column, text, "This is no number.", fix)
        return None

    def _count(self, line: int, column: str, text: str) -> int | None:
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        fix = "Write digits alone; leave the cell empty where the paper does not say."
        self._say(line, column, text, "This is no whole number of subjects.", fix)
        return None

    def _choice(self, line: int, column: str, text: str, allowed: Sequence[str]) -> str:
        if text and text.lower() not in allowed:
            self._say(line, column, text, "This is not known here.", f"Write {' or '.join(allowed)}.")
            return ""
        return text.lower()


def _find_doubles(rows: Sequence[StudyRow], file: str) -> Iterator[Finding]:
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(map(str.casefold, (row.study, row.arm, row.outcome, row.time, row.kind)))
        if key in seen:
            message = f"Study, arm, outcome and time are those of line {seen[key]}."
            yield make_finding(file, row.line, "study", row.study, message, "Keep one row.")
        seen.setdefault(key, row.line)
