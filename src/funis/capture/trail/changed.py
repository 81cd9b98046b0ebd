"""Which rows of subjects were written since a moment, by the trail: for programs that read what is new.

A row is dated when it is written and seen when its transaction is committed, so that a moment alone may pass
over one. A program goes on from the moment that `written_until` gives: nothing older can appear any more.
"""

from __future__ import annotations

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL

from funis.capture.context import moment
from funis.capture.database.audited_tables import CHAIN, TRAIL


def written_until() -> str:
    """Give the moment up to which a transaction that begins after this one sees all that is dated before it.

    On PostgreSQL it is the moment before which no open transaction wrote anything. SQLite has one writer at a
    time, and whoever reads here is that: nobody else has written what is not committed.

    Returns
    -------
    str : in UTC, as the trail writes it
    """
    if connection.vendor != "postgresql":
        return moment()
    with connection.cursor() as cursor:
        cursor.execute("SELECT capture_until()")
        return str(cursor.fetchone()[0])


def rows_written_since(model: type[Model], since: str) -> RawSQL:
    """Give the ids of rows of a table that were entered or changed at a moment or later, as a subquery.

    A chain whose end is older holds nothing newer, since its times do not go back: of such a subject no row
    of the trail is looked at, whatever its length.

    Parameters
    ----------
    model : of rows that stand in the chains of subjects
    since : moment in UTC, as the trail writes it
    """
    at, table, row = (_read_json(name) for name in ("at", "table", "row"))
    text = (
        f"SELECT {row.format('t')} FROM {CHAIN} c "  # noqa: S608 - names of ours
        f"JOIN {TRAIL} t ON t.chain = c.id "
        f"WHERE c.id LIKE 'subject:%%' AND c.at >= %s AND {at.format('t')} >= %s "
        f"AND {table.format('t')} = %s"
    )
    return RawSQL(text, (since, since, model._meta.db_table))  # noqa: S611 - values are parameters


def _read_json(name: str) -> str:
    """Give how a key of the payload is read, for a table that is filled in."""
    if connection.vendor == "postgresql":
        return f"({{0}}.payload::jsonb ->> '{name}')"
    return f"json_extract({{0}}.payload, '$.{name}')"
