"""How much a file may hold, and what is said of one that holds more.

A folder may come from a stranger, so the limits never stand in it: whoever runs the command raises them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from funis.described import describe
from funis.errors import FunisError, UnknownNameError, ValueRangeError

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read from one file; each is a whole number above 0.

    Attributes
    ----------
    megabytes : size of a file
    files : entries of a data folder
    rows : rows of a table
    columns : columns of a table
    cells : rows times columns of a table; for a sheet those of the rectangle around its cells
    cell_letters : letters of one cell; Excel holds 32,767
    unpacked_megabytes : what a workbook or a Parquet file takes when it is unpacked
    unpacked_ratio : unpacked size over size of the file, looked at above 10 megabytes unpacked

    Examples
    --------
    >>> Limits(rows=10_000_000).rows
    10000000
    """

    megabytes: int = 250
    files: int = 1_000
    rows: int = 5_000_000
    columns: int = 2_000
    cells: int = 25_000_000
    cell_letters: int = 32_767
    unpacked_megabytes: int = 1_000
    unpacked_ratio: int = 200

    def __post_init__(self) -> None:
        for each in fields(self):
            number = getattr(self, each.name)
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ValueRangeError(f"limit '{each.name}'", describe(number), "a whole number above 0")

    def check(self, name: str, found: int, what: str) -> None:
        """Refuse more than a limit allows.

        Parameters
        ----------
        name : of the limit
        found : how much there is, or at least is
        what : what there is so much of, as the beginning of a sentence (``The table has 12 rows``)

        Raises
        ------
        BeyondLimitError
        """
        allowed = getattr(self, name)
        if found > allowed:
            raise BeyondLimitError(name, found, allowed, what)


class BeyondLimitError(FunisError):
    """A file holds more than is read without being asked; names the limit and how to raise it."""

    code: ClassVar[str] = "limit"
    finding: ClassVar[str] = "beyond_limit"

    def __init__(self, name: str, found: int, allowed: int, what: str) -> None:
        self.name = name
        self.message = f"{what}; the limit '{name}' is {allowed:,}."
        self.fix = (
            f"If you trust the file, raise the limit: --limit {name}={found}, "
            f"in Python limits=Limits({name}={found})."
        )
        super().__init__(f"{self.message} {self.fix}")


class RefusedFileError(FunisError):
    """A file is not opened or not unpacked: no regular file, outside the folder, not what its name says."""

    code: ClassVar[str] = "refused_file"

    def __init__(self, message: str, fix: str, finding: str = "refused_file") -> None:
        self.message, self.fix, self.finding = message, fix, finding
        super().__init__(f"{message} {fix}")


def read_limits(given: Iterable[str], limits: Limits | None = None) -> Limits:
    """Read limits as they are given on the command line.

    Parameters
    ----------
    given : texts such as ``rows=6000000``
    limits : those that hold where nothing is given

    Raises
    ------
    UnknownNameError : there is no limit of the name
    ValueRangeError : it is not a whole number above 0

    Examples
    --------
    >>> read_limits(["rows=7", "megabytes = 1_000"]).megabytes
    1000
    """
    known = {each.name for each in fields(Limits)}
    raised: dict[str, int] = {}
    for text in given:
        name, _, number = (part.strip() for part in text.partition("="))
        if name not in known:
            raise UnknownNameError("limit", name, known, "--limit")
        try:
            raised[name] = int(number)
        except ValueError as error:
            raise ValueRangeError(f"--limit {name}", number, "a whole number above 0") from error
    return replace(limits or Limits(), **raised)
