"""Cells: the tables of a data set as texts, before anything is made of them.

Files, forms and simulated trials all become these, so that one set of checks looks at all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from funis.errors import Finding

IGNORED_COLUMNS = frozenset({"comment", "comments", "note", "notes", "remark", "remarks"})
"""Columns for people; read over without a word."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that was read: its name, SHA-256 and number of rows."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table, every cell a text or null, with ``_line`` (the header is line 1)."""

    name: str
    file: str
    frame: pl.DataFrame


@dataclass(slots=True)
class RawData:
    """The cells of all tables, wherever they come from, and what is wrong with their files.

    Attributes
    ----------
    tables : by name
    findings : of whole files, headers and rows that are no rows
    files : the files that were read; none where the tables were given as frames
    unreadable : names of the tables that are there and cannot be read
    """

    tables: dict[str, RawTable] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    files: list[InputFile] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def finding(self, code: str, file: str, message: str, fix: str, **place: object) -> None:
        """Add an error of a whole file, or of one line of it."""
        line, value = place.get("line"), str(place.get("value", ""))
        level = "warning" if place.get("level") == "warning" else "error"
        self.findings.append(
            Finding(
                "warning" if level == "warning" else "error",
                code,
                str(place.get("table", "")),
                file,
                line if isinstance(line, int) else None,
                str(place.get("column", "")),
                value[:60],
                message,
                fix,
            )
        )


class UnreadableError(Exception):
    """A file cannot be read as a table; carries what the finding says."""

    def __init__(
        self, code: str, message: str, fix: str, *, line: int | None = None, value: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.fix, self.line, self.value = code, message, fix, line, value


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn typed columns into the texts that a file would hold; names that begin with ``_`` are left out.

    Parameters
    ----------
    frame : any Polars frame; flags become 1 and 0, dates YYYY-MM-DD

    Returns
    -------
    polars.DataFrame
        Every column a text; null stays null.

    Raises
    ------
    UnreadableError
        A column holds lists or bytes.

    Examples
    --------
    >>> as_texts(pl.DataFrame({"value": [7.0, None], "serious": [True, False]})).rows()
    [('7.0', '1'), (None, '0')]
    """
    plain = [name for name, dtype in frame.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    if plain:
        message = f"Columns with lists or bytes: {', '.join(plain)}."
        raise UnreadableError("not_table", message, "Give one value a cell.")
    return frame.select(
        pl.col(name).cast(pl.Int8).cast(pl.String) if dtype == pl.Boolean else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
        if not name.startswith("_")
    )
