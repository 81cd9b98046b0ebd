"""The list of computed numbers: one row a number, each with its place, its basis and its source.

Everything that is printed, drawn or exported is selected from this list. A row says which number it
is (analysis, population, subgroup, arm, visit, variable, statistic), how it was computed (method,
missing-data policy), on how many subjects, and by ``source`` which recorded values it rests on.
Numbers are rounded only here, half away from zero, when they are turned into text.
"""

from __future__ import annotations

import io
import math
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.errors import Finding, FunisError, UnknownNameError
from funis.schema import RESULT_COLUMNS

#: The columns of the list of numbers, in the order of the files, with their types.
NUMBER_COLUMNS: Final[dict[str, pl.DataType]] = RESULT_COLUMNS

#: The columns of the list of recorded values that the numbers rest on.
SOURCE_COLUMNS: Final[dict[str, Any]] = {
    "source": pl.String,
    "subject": pl.String,
    "visit": pl.String,
    "variable": pl.String,
    "value": pl.Float64,
    "text": pl.String,
    "file": pl.String,
    "line": pl.Int64,
}

#: What stands where a number does not exist.
NOT_AVAILABLE: Final = "–"

#: The word for "not divided": every subgroup, every arm, every visit.
ALL: Final = "all"

# These statistics mean nothing without the method that gave them, so the method is part of the id.
_NAMED_BY_METHOD: Final = frozenset(
    {
        "lower", "upper", "p", "p_adjusted", "p_highest", "statistic", "df", "estimate", "se",
        "most_influential",
    }
)  # fmt: skip
_WIDE: Final = Context(prec=60)


# --- text ----------------------------------------------------------------------------------------


def format_number(value: float | Fraction | Decimal | None, digits: int = 2) -> str:
    """Print a number with a fixed number of decimals, ties away from zero.

    A float is read as the shortest decimal that stands for it (``repr``), so that 10.825 is the tie
    it looks like; an exact fraction is rounded as the fraction it is.

    Parameters
    ----------
    value : number to print; None, NaN and infinities print as a dash
    digits : decimals, 0 or more

    Returns
    -------
    Text without a sign on zero.

    Examples
    --------
    >>> format_number(433 / 40), format_number(Fraction(433, 40)), format_number(-0.001)
    ('10.83', '10.83', '0.00')
    """
    if value is None:
        return NOT_AVAILABLE
    if isinstance(value, Fraction):
        return _format_fraction(value, digits)
    if not math.isfinite(value):
        return NOT_AVAILABLE
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def _format_fraction(value: Fraction, digits: int) -> str:
    scaled = abs(value) * 10**digits + Fraction(1, 2)
    whole = scaled.numerator // scaled.denominator
    figures = str(whole).rjust(digits + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures)


def format_mean_sd(mean: float | Fraction | None, sd: float | None, n: int, digits: int = 2) -> str:
    """Print a mean with its standard deviation and the number of values.

    Examples
    --------
    >>> format_mean_sd(Fraction(297, 40), 3.9273, 40)
    '7.43 ± 3.93 (n = 40)'
    """
    return f"{format_number(mean, digits)} ± {format_number(sd, digits)} (n = {n})"


def format_count(count: int, denominator: int, digits: int = 1) -> str:
    """Print a count with its denominator and percentage.

    Examples
    --------
    >>> format_count(14, 40)
    '14/40 (35.0%)'
    >>> format_count(0, 0)
    '0/0 (–)'
    """
    if denominator == 0:
        return f"{count}/0 ({NOT_AVAILABLE})"
    return f"{count}/{denominator} ({format_number(Fraction(100 * count, denominator), digits)}%)"


def format_p(p: float | None) -> str:
    """Print a P value to three decimals, never across 0.05 and never as zero.

    Examples
    --------
    >>> format_p(0.0431), format_p(0.0002), format_p(0.04996), format_p(0.9999)
    ('0.043', '< 0.001', '0.04996', '> 0.999')
    """
    if p is None or not math.isfinite(p):
        return NOT_AVAILABLE
    if p < 0.001:
        return "< 0.001"
    if p > 0.999:
        return "> 0.999"
    # A P below 0.05 must not be printed as 0.050: decimals are added until the two stand apart.
    for digits in range(3, 16):
        text = format_number(p, digits)
        if (Decimal(text) < Decimal("0.05")) == (p < 0.05):
            return text
    return repr(p)


def format_interval(lower: float | None, upper: float | None, digits: int = 2) -> str:
    """Print the two ends of an interval.

    Examples
    --------
    >>> format_interval(-4.805, -2.0)
    '-4.81 to -2.00'
    """
    return f"{format_number(lower, digits)} to {format_number(upper, digits)}"


def exact_mean(values: Iterable[float]) -> Fraction:
    """Give the mean of recorded decimals as an exact fraction.

    Adding binary fractions moves a tie off its place (0.1 + 0.2 is above 0.3); the recorded decimals
    are added exactly instead.

    Examples
    --------
    >>> exact_mean([0.1, 0.2, 0.015])
    Fraction(21, 200)
    """
    exact = [Decimal(repr(float(value))) for value in values]
    if not exact:
        raise FunisError("The mean of no value does not exist: give at least one value.")
    return sum(map(Fraction, exact), Fraction(0)) / len(exact)


# --- the list ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a group of numbers stands: everything they share.

    Attributes
    ----------
    analysis : kind of analysis, for example ``summary``, ``change``, ``response``
    variable : what the numbers are about; a change is its own variable (``sledai_2k_change``)
    population, subgroup, arm, visit : whom and when; ``all`` where not divided
    endpoint : id of the study file's endpoint, empty for what is always reported
    n : number of subjects (or events) with a value
    denominator : number of subjects that could have had one, where a share is printed
    missing : missing-data policy under which the values were scored
    source : key into the recorded values
    """

    analysis: str
    variable: str
    population: str = "enrolled"
    subgroup: str = ALL
    arm: str = ALL
    visit: str = ALL
    endpoint: str = ""
    n: int | None = None
    denominator: int | None = None
    missing: str = ""
    source: str = ""


class NumberList:
    """Collects numbers one by one and gives them as a frame.

    Examples
    --------
    >>> numbers = NumberList()
    >>> place = Place(analysis="summary", variable="sledai_2k", visit="month_3", n=40)
    >>> numbers.add(place, "mean", 7.425)
    >>> numbers.frame().select("id", "value", "text").rows()
    [('summary.enrolled.month_3.sledai_2k.mean', 7.425, '7.43')]
    """

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._ids: set[str] = set()

    def add(
        self,
        place: Place,
        statistic: str,
        value: float | None,
        *,
        text: str | None = None,
        method: str = "",
        status: str = "ok",
    ) -> None:
        """Append one number; without ``text`` it is printed with two decimals (counts with none).

        Raises
        ------
        FunisError : the same place, statistic and method were added before
        """
        number = None if value is None or not math.isfinite(value) else float(value)
        if number is None and status == "ok":
            status = "not_estimable"
        if text is None:
            text = format_p(number) if statistic in {"p", "p_adjusted"} else _plain_text(number, statistic)
        key = build_id(place, statistic, method)
        if key in self._ids:
            raise FunisError(f"The number {key!r} was computed twice; a number has one place.")
        self._ids.add(key)
        self._rows.append(
            (
                key, place.analysis, place.endpoint, place.population, place.subgroup, place.arm, place.visit,
                place.variable, statistic, number, text, place.n, place.denominator, method, place.missing,
                status, place.source,
            )
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._ids

    def frame(self) -> pl.DataFrame:
        """Give the numbers in the order they were added, typed as ``NUMBER_COLUMNS``."""
        columns = list(zip(*self._rows, strict=True)) if self._rows else [()] * len(NUMBER_COLUMNS)
        return pl.DataFrame(
            [
                pl.Series(name, values, dtype=dtype)
                for (name, dtype), values in zip(NUMBER_COLUMNS.items(), columns, strict=True)
            ]
        )


def _plain_text(number: float | None, statistic: str) -> str:
    whole = statistic in {"n", "count", "at_risk", "events"}
    return format_number(number, 0 if whole else 2)


def build_id(place: Place, statistic: str, method: str = "") -> str:
    """Compose the readable, unique id of a number; parts that divide nothing are left out.

    Examples
    --------
    >>> build_id(Place(analysis="response", variable="MCR", visit="month_6"), "lower", "wilson")
    'response.enrolled.month_6.MCR.lower.wilson'
    """
    divided = [part for part in (place.subgroup, place.arm, place.visit) if part != ALL]
    parts = [place.analysis, place.endpoint, place.population, *divided, place.variable, statistic]
    if method and statistic in _NAMED_BY_METHOD:
        parts.append(method)
    return ".".join(_slug(part) for part in parts if part)


def _slug(part: str) -> str:
    # Adverse-event terms and system names come from data: letters of any script stay, the rest joins.
    return part if part.isidentifier() else re.sub(r"[^\w+-]+", "_", part).strip("_")


class SourceList:
    """Remembers which recorded values each group of numbers rests on.

    Values are rows of one frame of observations; a source is a set of row positions in it.
    """

    def __init__(self) -> None:
        self._rows: dict[str, npt.NDArray[np.int64]] = {}

    def add(self, key: str, rows: npt.ArrayLike) -> str:
        """Remember the rows of a source and give its key; a key that is known keeps its rows."""
        if key not in self._rows:
            self._rows[key] = np.asarray(rows, dtype=np.int64).reshape(-1)
        return key

    def frame(self, observations: pl.DataFrame) -> pl.DataFrame:
        """Give one row per source and recorded value, typed as ``SOURCE_COLUMNS``."""
        if not self._rows:
            return pl.DataFrame(schema=SOURCE_COLUMNS)
        names = pl.Series("source", list(self._rows), dtype=pl.String)
        lengths = np.array([len(rows) for rows in self._rows.values()], dtype=np.int64)
        taken = observations[np.concatenate(list(self._rows.values()))]
        keys = names.gather(np.repeat(np.arange(len(names)), lengths))
        return taken.select([name for name in SOURCE_COLUMNS if name != "source"]).insert_column(0, keys)


# --- all together --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One input file: its name, the SHA-256 of its bytes and its number of rows."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the numbers were made from.

    Attributes
    ----------
    version : version of funis
    study, title : id and title of the study
    files : every input file with its hash
    data_cut : latest date in the data, ISO 8601, empty when the data hold no date
    seed : seed of everything drawn at random
    reconstructed : the data were made from published figures and belong to nobody
    assumptions : what the study file declares as assumed
    """

    version: str
    study: str
    title: str
    files: tuple[InputRecord, ...] = ()
    data_cut: str = ""
    seed: int = 0
    reconstructed: bool = False
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything an analysis computed.

    Attributes
    ----------
    numbers : one row a number, columns of ``NUMBER_COLUMNS``
    sources : the recorded values behind each ``source`` key, columns of ``SOURCE_COLUMNS``
    listings : data of figures and listings by name
    findings : every finding found in the data
    provenance : what the numbers were made from
    """

    numbers: pl.DataFrame
    sources: pl.DataFrame
    provenance: Provenance
    listings: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def select(self, **where: str) -> pl.DataFrame:
        """Give the numbers whose columns have the given values.

        Raises
        ------
        UnknownNameError : a keyword is not a column of the list
        """
        for name in where:
            if name not in NUMBER_COLUMNS:
                raise UnknownNameError("column of the results", name, NUMBER_COLUMNS)
        return self.numbers.filter([pl.col(name) == value for name, value in where.items()])

    def value(self, key: str) -> float | None:
        """Give the value of the number with this id.

        Raises
        ------
        UnknownNameError : there is no such number
        """
        found = self.numbers.filter(pl.col("id") == key)["value"]
        if found.is_empty():
            raise UnknownNameError("number", key, self.numbers["id"])
        number: float | None = found[0]
        return number


def write_results(results: Results, folder: Path | str) -> tuple[Path, ...]:
    """Write results.csv, results.parquet and sources.parquet; each file appears whole or not at all.

    Parameters
    ----------
    results : what to write
    folder : is made when it does not exist

    Returns
    -------
    The paths written.

    Examples
    --------
    >>> nothing = Results(
    ...     numbers=NumberList().frame(),
    ...     sources=pl.DataFrame(schema=SOURCE_COLUMNS),
    ...     provenance=Provenance(version="0", study="T", title="T"),
    ... )
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_results(nothing, place)]
    ['results.csv', 'results.parquet', 'sources.parquet']
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    table, numbers, sources = io.BytesIO(), io.BytesIO(), io.BytesIO()
    neutralise(results.numbers).write_csv(table)
    results.numbers.write_parquet(numbers)
    results.sources.write_parquet(sources)
    named = {"results.csv": table, "results.parquet": numbers, "sources.parquet": sources}
    return tuple(write_whole(target / name, content.getvalue()) for name, content in named.items())


def write_frame(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame as CSV, whole or not at all, with nothing in it that a spreadsheet would run.

    Parameters
    ----------
    frame : what to write
    path : the folder is made when it does not exist

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_frame(pl.DataFrame({"n": [1]}), Path(place) / "new" / "n.csv").read_text().split()
    ['n', '1']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, neutralise(frame).write_csv())


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    A file of the same folder is filled, forced to the disk and renamed over the old one.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def neutralise(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Negative numbers and intervals stay as they are.

    Examples
    --------
    >>> neutralise(pl.DataFrame({"text": ["=1+1", "-3.4", "mild"]}))["text"].to_list()
    ["'=1+1", '-3.4', 'mild']
    """
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    guarded = [pl.col(name).str.replace(r"^([=+@\t\r]|-[^0-9.])", "'${1}") for name in text]
    return frame.with_columns(guarded)
