"""Which rows of subjects were written since a moment, by the trail: for programs that read what is new.

A row is dated when it is written and seen when its transaction is committed, so that a moment alone may pass
over one. A program goes on from the moment that `written_until` gives: nothing older can appear any more.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def rows_written_since(model: type[Model], since: str, parts: Mapping[type[Model], str]) -> RawSQL:
    """Give the ids of rows of a table that were entered or changed at a moment or later, as a subquery.

    A chain whose end is older holds nothing newer, since its times do not go back: of such a subject no row
    of the trail is looked at, whatever its length.

    Parameters
    ----------
    model : of rows that stand in the chains of subjects
    since : moment in UTC, as the trail writes it
    parts : models of rows that belong to these, with the column that says to which: what was written of
        them counts as written of their row
    """
    own, values = _written(model, since)
    # One list of ids, not several to choose from: each row is then found by its key.
    texts = [own]
    for part, column in parts.items():
        text, told = _written(part, since)
        texts.append(f"SELECT {column} FROM {part._meta.db_table} WHERE id IN ({text})")  # noqa: S608 - ours
        values += told
    return RawSQL(" UNION ".join(texts), tuple(values))  # noqa: S611 - values are parameters


def _written(model: type[Model], since: str) -> tuple[str, list[str]]:
    """Give the statement of the ids of one table, with its values."""
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        # Every row is taken apart once, and only where it may be of the table: its text is that of a jsonb.
        said, parse, likely = "x.said ->> '{}'", "t.payload::jsonb", "AND t.payload LIKE %s OFFSET 0"
        marks = [f'%"table": "{table}"%']
    else:
        said, parse, likely, marks = "json_extract(x.said, '$.{}')", "t.payload", "", []
    text = (
        f"SELECT {said.format('row')} FROM (SELECT {parse} AS said "  # noqa: S608 - names of ours
        f"FROM {CHAIN} c JOIN {TRAIL} t ON t.chain = c.id "
        f"WHERE c.id LIKE 'subject:%%' AND c.at >= %s {likely}) x "
        f"WHERE {said.format('at')} >= %s AND {said.format('table')} = %s"
    )
    return text, [since, *marks, since, table]
