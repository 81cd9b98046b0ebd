"""The history of a form or an item, and of everything that was done to a subject, from the trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from funis.capture.models.subjects import OfSubject
from funis.capture.trail.rows import Row, read_newest, read_rows


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the trail, read.

    Attributes
    ----------
    seq, at, actor, reason, kind : of the row
    table, row, revision : what was written
    items : of each changed column or item the old and the new value (of a first entry: none before)
    redaction : id of the redaction that took words out by this change; empty: it is none
    """

    seq: int
    at: str
    actor: str
    reason: str
    kind: str
    table: str
    row: str
    revision: int
    items: Mapping[str, tuple[Any, Any]]
    redaction: str = ""


def read_history(chain: str, row: str = "") -> Iterator[Change]:
    """Read what happened in a chain, or to one of its rows, the oldest first.

    Parameters
    ----------
    chain : such as ``subject:ID``
    row : id of a row; empty for all
    """
    for each in read_rows(chain, row):
        change = _read_change(each)
        if not row or change.row == row:
            yield change


def read_newest_changes(chain: str, before: int | None, most: int) -> list[Change]:
    """Read what happened last in a chain, the newest first; see `trail.rows.read_newest`."""
    return [_read_change(each) for each in read_newest(chain, before, most)]


def _read_change(row: Row) -> Change:
    said = row.said
    is_first = said["kind"] == "inserted"
    told = {**said["changes"], **said["data"]}
    items = {name: (None, value) if is_first else _pair(value) for name, value in told.items()}
    return Change(
        row.seq, said["at"], said["actor"], said["reason"], said["kind"], said["table"], said["row"],
        said["revision"], items, str(said.get("redaction", "")),
    )  # fmt: skip


def _pair(value: Any) -> tuple[Any, Any]:
    """Give old and new; an event beside rows has details, which are new."""
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, value)


def changes_of_items(row: OfSubject) -> dict[str, list[Change]]:
    """Give the changes of every item of a row of a subject, the oldest first."""
    found: dict[str, list[Change]] = {}
    for change in read_history(f"subject:{row.subject_id}", row.pk):
        for item in change.items:
            found.setdefault(item, []).append(change)
    return found


def last_change(row: OfSubject, item: str) -> Change | None:
    """Find the last change of an item of a row of a subject, none where it never had a value."""
    found = None
    for change in read_history(f"subject:{row.subject_id}", row.pk):
        if item in change.items:
            found = change
    return found
