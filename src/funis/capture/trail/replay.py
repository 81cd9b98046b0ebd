"""Replay: from the payloads to the rows as they must be now; both must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from funis.capture.database.audited_tables import audited_models, audited_tables
from funis.capture.models.audited import Audited
from funis.capture.trail.rows import Row

#: Revision, columns and document of a row.
State = tuple[int, dict[str, Any], dict[str, Any]]


def replay(rows: Iterable[Row], until: str = "") -> dict[tuple[str, str], State]:
    """Fold the trail into the rows as they were at a time.

    Parameters
    ----------
    rows : the trail, each chain in its order
    until : time in UTC, as the trail writes it; empty: now
    """
    states: dict[tuple[str, str], State] = {}
    for row in rows:
        said = row.said
        if said["kind"] not in {"inserted", "changed"} or (until and said["at"] > until):
            continue
        key = said["table"], said["row"]
        _, columns, data = states.get(key, (0, {}, {}))
        if said["kind"] == "inserted":
            columns, data = dict(said["changes"]), dict(said["data"])
        else:
            columns = columns | {name: new for name, (_, new) in said["changes"].items()}
            data = _without_gone(data | {name: new for name, (_, new) in said["data"].items()})
        states[key] = said["revision"], columns, data
    return states


def _without_gone(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def compare_rows(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """Compare the present rows with those that the trail tells; give each place and what differs there."""
    told = replay(rows)
    shown = {table.name: table for table in audited_tables()}
    for model in audited_models():
        table = shown[model._meta.db_table]
        for found in model._default_manager.order_by("pk").iterator(chunk_size=500):
            place = f"{table.name} {found.pk}"
            state = told.pop((table.name, found.pk), None)
            if state is None:
                yield place, "stands in no trail"
                continue
            revision, columns, data = state
            if revision != found.revision:
                yield place, f"is at revision {found.revision}, the trail at {revision}"
            for name in table.columns:
                if _plain(_column(found, name)) != _plain(columns.get(name, _first(model, name))):
                    yield place, f"{name} is not what the trail says"
            if table.document and _without_gone(getattr(found, table.document)) != data:
                yield place, f"{table.document} is not what the trail says"
    for name, key in told:
        yield f"{name} {key}", "is in the trail and gone"


def _first(model: type[Audited], name: str) -> Any:
    """Give what a column held when it was added: a row of before says nothing of it until it changes."""
    return next(field.get_default() for field in model._meta.concrete_fields if field.attname == name)


def _column(row: Audited, name: str) -> Any:
    return getattr(row, name)


def _plain(value: Any) -> Any:
    """Give dates as the trail writes them; truth and numbers stand for themselves."""
    return value.isoformat() if isinstance(value, (date, datetime)) else value
