"""Everything an analysis computed, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from funis.arguments import NumberFrom, Text, takes
from funis.described import describe
from funis.errors import Finding, UnknownNameError, ValueRangeError
from funis.results.number_list import NUMBER_COLUMNS
from funis.results.sources import Sources


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
    study_sha256 : fingerprint of what the study file says
    files : every input file with its hash
    data_cut : latest date in the data, ISO 8601, empty when the data hold no date
    first_entry, last_entry : dates on which the first and the last subject entered: their consent, else
        their first infusion, else their first visit; ISO 8601, empty when the data hold no date of any
    seed : seed of everything drawn at random
    reconstructed : the data were made from published figures and belong to nobody
    assumptions : what the study file declares as assumed
    """

    version: str
    study: str
    title: str
    study_sha256: str = ""
    files: tuple[InputRecord, ...] = ()
    data_cut: str = ""
    first_entry: str = ""
    last_entry: str = ""
    seed: int = 0
    reconstructed: bool = False
    assumptions: tuple[str, ...] = ()


class _SourcesAsFrame:
    """The sources of results as one frame: kept small, and made when it is asked for."""

    def __get__(self, results: Results | None, kind: type[Results]) -> pl.DataFrame:
        """Give one row per source and recorded value."""
        if results is None:
            # Asked of the class: there is no default.
            raise AttributeError("sources")
        return results.behind.frame()

    def __set__(self, results: Results, value: pl.DataFrame | Sources) -> None:
        """Keep a frame, or sources that know their observations."""
        kept = value if isinstance(value, Sources) else Sources.of_frame(value)
        results.__dict__["behind"] = kept


@dataclass(frozen=True, repr=False, kw_only=True)
class Results:
    """Everything an analysis computed.

    Attributes
    ----------
    numbers : one row a number, columns of ``NUMBER_COLUMNS``
    sources : the recorded values behind each ``source`` key, columns of ``SOURCE_COLUMNS``; a frame that
        is made anew each time. `behind` is the same in little room
    listings : data of figures and listings by name
    findings : every finding found in the data
    provenance : what the numbers were made from
    """

    numbers: pl.DataFrame
    sources: _SourcesAsFrame = _SourcesAsFrame()
    provenance: Provenance
    listings: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def behind(self) -> Sources:
        """Give the recorded values behind each source, each kept once."""
        kept: Sources = self.__dict__["behind"]
        return kept

    def select(self, **where: str) -> pl.DataFrame:
        """Give the numbers whose columns have the given values.

        Raises
        ------
        UnknownNameError : a keyword is not a column of the list
        ValueRangeError : a value is not of the kind of its column
        """
        for name, value in where.items():
            if name not in NUMBER_COLUMNS:
                raise UnknownNameError("column of the results", name, NUMBER_COLUMNS)
            kind = NumberFrom() if self.numbers.schema[name].is_numeric() else Text(empty=True)
            if not kind.fits(value):
                raise ValueRangeError(f"argument '{name}' of select()", describe(value), kind.allowed)
        return self.numbers.filter([pl.col(name) == value for name, value in where.items()])

    @takes(key=Text())
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
