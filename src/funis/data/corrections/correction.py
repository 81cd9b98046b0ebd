"""One proposed correction of one cell, and the place it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

COLUMNS: Final = ("place", "found", "proposed", "why", "approve")
EMPTY: Final = "(empty)"
"""What ``proposed`` says where the cell is to be emptied; nothing there means that nothing is proposed."""
APPROVED: Final = "yes"

_PLACE = re.compile(r"(?P<file>.+), line (?P<line>\d+), column '(?P<header>.*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a cell stands: file (with the sheet of a workbook), line or row, the column's name in the header.

    Examples
    --------
    >>> place = CellPlace.read("trial.xlsx[Labs], line 7, column 'Ergebnis'")
    >>> place, str(place)
    (CellPlace(file='trial.xlsx[Labs]', line=7, header='Ergebnis'), \
"trial.xlsx[Labs], line 7, column 'Ergebnis'")
    """

    file: str
    line: int
    header: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, column '{self.header}'"

    @classmethod
    def read(cls, text: str) -> CellPlace | None:
        """Read a place as it is written; None for another text."""
        match = _PLACE.fullmatch(text.strip())
        return cls(match["file"], int(match["line"]), match["header"]) if match else None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a cell holds, and what it most likely should.

    Attributes
    ----------
    place : the cell
    found : what it holds, as it stands in the sheet
    proposed : its only reading, written as the sheet writes; ``(empty)`` for no value; nothing where a person
        has to find out
    why : subject and visit; what the reading rests on, or what to ask
    approve : ``yes`` once a person has decided
    """

    place: CellPlace
    found: str
    proposed: str
    why: str
    approve: str = ""

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """Give the correction as a row of the table."""
        return str(self.place), self.found, self.proposed, self.why, self.approve
