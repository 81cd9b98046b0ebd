"""Infusion reactions against adverse events: what happened at an infusion stands in both tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.safety_words import is_reaction

#: An event of a reaction begins on the day of the infusion or on the day after.
LAST_DAY: Final = 1


def check_reactions(data: Data) -> Iterator[Finding]:
    """Find infusion reactions without an adverse event.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
        An error for each; nothing is left out, since the reaction itself counts as an event.
    """
    for row in unlisted_reactions(data.frames["infusions"], data.frames["adverse_events"]):
        yield row_finding(
            "error",
            "reaction_without_event",
            "infusions",
            row,
            column="reaction",
            message="A reaction is recorded, and no adverse event begins on this or the next day.",
            fix="Add it to adverse_events with its grade, or write none; until then it counts as an event.",
        )


def unlisted_reactions(infusions: pl.DataFrame, events: pl.DataFrame) -> list[Mapping[str, Any]]:
    """Give the infusions with a reaction of which no adverse event is listed.

    Parameters
    ----------
    infusions, events : checked tables with their study days

    Returns
    -------
    list of dict
        Rows of `infusions`. An event without a day may be the one; so may any event of an infusion without.
    """
    if all(not is_reaction(text) for text in infusions["reaction"].to_list()):
        return []
    starts: dict[str, list[float | None]] = {}
    for subject, day in zip(events["subject"].to_list(), events["start_day"].to_list(), strict=True):
        starts.setdefault(subject, []).append(day)
    return [
        row
        for row in infusions.iter_rows(named=True)
        if is_reaction(row["reaction"]) and not _is_listed(row["day"], starts.get(row["subject"], []))
    ]


def _is_listed(day: float | None, starts: list[float | None]) -> bool:
    return any(day is None or start is None or 0 <= start - day <= LAST_DAY for start in starts)
