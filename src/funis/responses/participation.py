"""How subjects left the ordinary timeline: the day of a death, a withdrawal, a loss, a treatment not allowed.

It stands in columns of the visits, or in a frame of its own with one row a subject. A word that is not in the
table of words is refused, because a death that is not understood would count as a life; so is a column that
nearly has a name that is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from funis.answer_words import read_answer
from funis.catalogue.known_columns import is_known_column
from funis.catalogue.model_response import EVENTS
from funis.column_kinds import MOST_DAYS, is_empty_cell
from funis.errors import ColumnError, ValueRangeError
from funis.near_names import refuse_misspelt
from funis.schema import DISPOSITION, DISPOSITION_STATUSES, ENDS_BY_FLAG, STATUS_WORDS, read_status
from funis.shown import show_cell, show_place

EVENT_COLUMNS: Final = tuple(f"{event}_day" for event in EVENTS)
"""Columns, one value a subject, that say on which day a subject left the ordinary timeline."""

_EVENT_OF: Final = {"died": "death", "withdrew": "withdrawal", "lost": "lost"}
_FLAGS: Final = ENDS_BY_FLAG
_READ: Final = ("status", "day", *EVENT_COLUMNS, *_FLAGS)
_WHAT: Final = "The frame of disposition"
#: What somebody may call the column of an event: ``died_day`` is no column that is read.
_OTHER_NAMES: Final = {
    f"{word}_day": f"{_EVENT_OF[status]}_day"
    for status in _EVENT_OF
    for word in (status, *STATUS_WORDS[status])
    if " " not in word and f"{word}_day" not in EVENT_COLUMNS
}
_DAY_ALLOWED: Final = "a number of days since the first infusion"


@dataclass(slots=True)
class Ends:
    """What ended the timeline of one subject.

    Attributes
    ----------
    days : day of each event that has one
    undated : events of which it is recorded that they happened, and not when
    """

    days: dict[str, float] = field(default_factory=dict)
    undated: set[str] = field(default_factory=set)

    def add(self, event: str, day: float | None) -> None:
        """Add an event; the first day of it counts."""
        if day is None:
            self.undated.add(event)
        else:
            self.days[event] = min(day, self.days.get(event, day))

    @property
    def unknown_days(self) -> frozenset[str]:
        """Name the events without any day."""
        return frozenset(self.undated - self.days.keys())


def refuse_misspelt_events(what: str, present: Sequence[str]) -> None:
    """Refuse a frame with a column that nearly has the name of the day of an event.

    Parameters
    ----------
    what : the beginning of the message
    present : names of its columns

    Raises
    ------
    MisspeltColumnError
    """
    refuse_misspelt(what, present, EVENT_COLUMNS, known=is_known_column, also=_OTHER_NAMES)


def check_disposition_columns(present: Sequence[str], subject: str) -> None:
    """Refuse a frame of disposition without its subjects, or one that says that something ended but not what.

    Parameters
    ----------
    present : names of its columns
    subject : name of the column of subjects

    Raises
    ------
    ColumnError, MisspeltColumnError
    """
    if subject not in present:
        fix = f"It needs the column {subject!r} and any of status, {', '.join(EVENT_COLUMNS)}."
        raise ColumnError(_WHAT, [subject], present, fix)
    refuse_misspelt(
        _WHAT,
        present,
        ("status", *EVENT_COLUMNS),
        known=lambda name: name == subject or name in DISPOSITION.by_name,
        also=_OTHER_NAMES,
        begun=True,
    )
    if {"day", "date"} & set(present) and not {"status", *EVENT_COLUMNS, *_FLAGS} & set(present):
        fix = f"Say how participation ended ({', '.join(DISPOSITION_STATUSES)}), or leave the days out."
        raise ColumnError(_WHAT, ["status"], present, fix)


def columns_of_disposition(present: Sequence[str], subject: str) -> list[str]:
    """Name the columns of a frame of disposition that are read."""
    return [name for name in dict.fromkeys((subject, *_READ)) if name in present]


def read_ends(rows: pl.DataFrame, subject: str, disposition: pl.DataFrame | None) -> dict[str, Ends]:
    """Read what ended the timeline of each subject, from the visits and from a frame of disposition.

    Parameters
    ----------
    rows : one row a subject and visit
    subject : name of the column of subjects in both
    disposition : one row a subject, or None

    Returns
    -------
    dict : by study number, every subject of both

    Raises
    ------
    ColumnError, MisspeltColumnError : a column is lacking, or nearly has the name of one that is read
    ValueRangeError : a status is none of those known, two are said of one subject, or a day is no number
    """
    refuse_misspelt_events("The frame of visits", rows.columns)
    ends: dict[str, Ends] = {}
    held = [name for name in EVENT_COLUMNS if name in rows.columns]
    for row in rows.select(subject, *held).iter_rows(named=True):
        _add_events(ends.setdefault(str(row[subject]), Ends()), row, str(row[subject]))
    if disposition is None:
        return ends
    check_disposition_columns(disposition.columns, subject)
    for row in disposition.select(columns_of_disposition(disposition.columns, subject)).iter_rows(named=True):
        number = str(row[subject])
        own = ends.setdefault(number, Ends())
        _add_events(own, row, number)
        event = _EVENT_OF.get(_read_row(row, number))
        if event is not None:
            own.add(event, _read_day(row.get("day"), f"day of disposition of {show_place(number)}"))
    return ends


def _add_events(ends: Ends, row: Mapping[str, Any], number: str) -> None:
    for name in EVENT_COLUMNS:
        value = row.get(name)
        # Nearly all are empty, and words for a place that is in order cost more than looking.
        if is_empty_cell(value):
            continue
        day = _read_day(value, f"{name} of {show_place(number)}")
        if day is not None:
            ends.add(name.removesuffix("_day"), day)


def _read_row(row: Mapping[str, Any], number: str) -> str:
    """Give the status that a row says, by its word or by its flags; empty where it says none."""
    said = [name for name in _FLAGS if read_answer(row.get(name)) == 1]
    word = row.get("status")
    if not is_empty_cell(word) and str(word).strip():
        status = read_status(str(word))
        if status is None:
            allowed = "; ".join(f"{name} ({', '.join(words)})" for name, words in STATUS_WORDS.items())
            where = f"status of {show_place(number)} in the disposition"
            raise ValueRangeError(where, show_cell(word), allowed)
        said.append(status)
    if len(set(said)) > 1:
        raise ValueRangeError(f"status of {show_place(number)} in the disposition", said, "one end")
    return said[0] if said else ""


def _read_day(value: Any, where: str) -> float | None:
    """Read a study day; a date says nothing without the date of the first infusion."""
    if is_empty_cell(value):
        return None
    fix = "Count the days from the first infusion, day 0."
    try:
        day = float(value)
    except (TypeError, ValueError):
        raise ValueRangeError(where, show_cell(value), _DAY_ALLOWED, fix) from None
    if abs(day) > MOST_DAYS:
        raise ValueRangeError(where, show_cell(value), f"{-MOST_DAYS} to {MOST_DAYS} days", fix)
    return day
