"""Read what a report was written with: its numbers, the recorded values behind them, their provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from funis.described import Described
from funis.errors import ValueRangeError
from funis.results.everything import InputRecord, Provenance
from funis.results.number_list import NUMBER_COLUMNS
from funis.results.sources import SOURCE_COLUMNS

#: The files that `read_results` needs, in the folder of a report.
NUMBERS, SOURCES, PROVENANCE = "results.parquet", "sources.parquet", "provenance.json"
#: Where the report prints each number; a folder with an abstract alone has none.
PLACES: Final = "places.parquet"
PLACE_COLUMNS: Final = {"id": pl.String(), "place": pl.String(), "is_main": pl.Boolean()}
_ALLOWED: Final = "the file as funis report wrote it"


@dataclass(frozen=True)
class PrintedResults:
    """The numbers of a report as they were printed; what is behind them is read once, when it is asked for.

    Attributes
    ----------
    numbers : one row a number, columns of ``NUMBER_COLUMNS``
    origin : what they were made from
    folder : of the report
    """

    numbers: pl.DataFrame
    origin: Provenance
    folder: Path

    def values_behind(self, source: str) -> pl.DataFrame:
        """Give the recorded values of one source, columns of ``SOURCE_COLUMNS``; none for an empty key."""
        return self._values.filter((pl.col("source") == source) & (pl.lit(source) != ""))

    def places_of(self, number: str) -> tuple[tuple[str, bool], ...] | None:
        """Name where the report prints a number, and if that is the main part; None where it is not known."""
        if self._places is None:
            return None
        return tuple(self._places.filter(pl.col("id") == number).select("place", "is_main").iter_rows())

    @cached_property
    def _values(self) -> pl.DataFrame:
        return _read_columns(self.folder / SOURCES, SOURCE_COLUMNS)

    @cached_property
    def _places(self) -> pl.DataFrame | None:
        place = self.folder / PLACES
        return _read_columns(place, PLACE_COLUMNS) if place.is_file() else None


def _read_columns(place: Path, columns: Iterable[str]) -> pl.DataFrame:
    try:
        return pl.read_parquet(place, columns=list(columns))
    except (PolarsError, OSError) as error:
        raise _damaged(place) from error


def read_results(folder: Path) -> PrintedResults:
    """Read the results in the folder of a report.

    Parameters
    ----------
    folder : the folder ``report`` of a study

    Raises
    ------
    ValueRangeError : there is no report, or a file of it is damaged or of an older version

    Examples
    --------
    >>> import tempfile
    >>> from funis.results import NumberList, Place, Results
    >>> from funis.results.write import write_results
    >>> numbers = NumberList()
    >>> numbers.add(Place(analysis="summary", variable="ssdai", n=3), "mean", 5.0)
    >>> results = Results(
    ...     numbers=numbers.frame(),
    ...     sources=pl.DataFrame(schema=SOURCE_COLUMNS),
    ...     provenance=Provenance(version="0", study="T", title="T"),
    ... )
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = write_results(results, place)
    ...     read_results(Path(place)).numbers["text"].to_list()
    ['5.00']
    """
    for name in (NUMBERS, SOURCES, PROVENANCE):
        _require(folder, name)
    return PrintedResults(read_number_list(folder), _read_provenance(folder / PROVENANCE), folder)


def read_number_list(folder: Path) -> pl.DataFrame:
    """Read the list of numbers in the folder of a report, without what they were made from.

    The file is enough by itself: what compares printed numbers with results needs neither the recorded
    values nor the provenance beside it, and somebody may have been sent the one file.

    Parameters
    ----------
    folder : the folder ``report`` of a study

    Returns
    -------
    polars.DataFrame : one row a number, columns of ``NUMBER_COLUMNS``

    Raises
    ------
    ValueRangeError : there is no such file, or it is damaged or of an older version

    Examples
    --------
    >>> import tempfile
    >>> from funis.results import NumberList, Place
    >>> numbers = NumberList()
    >>> numbers.add(Place(analysis="summary", variable="ssdai", n=3), "mean", 5.0)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     numbers.frame().write_parquet(Path(place) / NUMBERS)
    ...     read_number_list(Path(place))["text"].to_list()
    ['5.00']
    """
    _require(folder, NUMBERS)
    try:
        numbers = pl.read_parquet(folder / NUMBERS).select(list(NUMBER_COLUMNS))
    except (PolarsError, OSError) as error:
        raise _damaged(folder / NUMBERS) from error
    if dict(numbers.schema) != NUMBER_COLUMNS:
        raise _damaged(folder / NUMBERS)
    return numbers


def _require(folder: Path, name: str) -> None:
    """Refuse a folder that lacks a file, and say which command writes it."""
    if (folder / name).is_file():
        return
    where = folder.parent if folder.name == "report" else folder
    raise ValueRangeError(
        f"report of the study, {name}", Described("no such file"), _ALLOWED, f"Run: funis report {where}"
    )


def _read_provenance(path: Path) -> Provenance:
    try:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(InputRecord(**each) for each in given["files"])
        known = {each.name for each in fields(Provenance)}
        kept = {name: value for name, value in given.items() if name in known}
        return Provenance(**kept | {"files": files, "assumptions": tuple(given["assumptions"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ValueRangeError:
    fix = "It is damaged, or another version wrote it: run funis report again."
    found = Described("a file that cannot be read")
    return ValueRangeError(f"report of the study, {path.name}", found, _ALLOWED, fix)
