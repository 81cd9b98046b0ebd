"""The table of readings by a committee: one row a reading of one outcome by one reader."""

from __future__ import annotations

from typing import Final

from funis.schema import SUBJECT, TABLES, Column, Table

READINGS: Final = ("first", "second", "third")
"""Readings that readers make by themselves, in their order."""
CONSENSUS: Final = "consensus"
"""What the readers agree on where they differed."""

ADJUDICATIONS: Final = Table(
    "adjudications",
    "reading of an outcome by one reader, or the consensus",
    ("subject", "visit", "question", "reading"),
    (
        SUBJECT,
        Column("visit", "text", "Visit that is judged, as in the study file; empty where it is of no visit."),
        Column("question", "text", "Id of the adjudication in the study file.", required=True, filled=True),
        Column(
            "reading",
            "text",
            "Which reading it is; consensus is what the readers agree on where they differed.",
            required=True,
            filled=True,
            allowed=(*READINGS, CONSENSUS),
        ),
        Column("reader", "text", "Code of the person who read; never a name.", required=True),
        Column(
            "outcome",
            "text",
            "What was found, one of the outcomes of the study file; empty where it cannot be judged.",
            required=True,
        ),
        Column("blinded", "flag", "1 when the reader did not know the treatment, 0 when it was known."),
        Column("read_on", "date", "Date of the reading."),
    ),
)

NAMED_TABLES: Final[dict[str, Table]] = {**TABLES, ADJUDICATIONS.name: ADJUDICATIONS}
"""The tables that are of no instrument; that of readings only where a study has adjudications."""
