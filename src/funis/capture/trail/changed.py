"""Which rows of subjects were written since a moment, by the trail: for programs that read what is new."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL

from funis.capture.database.audited_tables import CHAIN, TRAIL


def rows_written_since(model: type[Model], since: str) -> RawSQL:
    """Give the ids of rows of a table that were entered or changed at a moment or later, as a subquery.

    A chain whose end is older holds nothing newer, since its times do not go back: of such a subject one row
    of the trail is looked at, whatever its length.

    Parameters
    ----------
    model : of rows that stand in the chains of subjects
    since : moment in UTC, as the trail writes it
    """
    at, table, row = (_read_json(name) for name in ("at", "table", "row"))
    text = (
        f"SELECT {row.format('t')} FROM {CHAIN} c "  # noqa: S608 - names of ours
        f"JOIN {TRAIL} e ON e.chain = c.id AND e.seq = c.seq JOIN {TRAIL} t ON t.chain = c.id "
        f"WHERE c.id LIKE 'subject:%%' AND {at.format('e')} >= %s AND {at.format('t')} >= %s "
        f"AND {table.format('t')} = %s"
    )
    return RawSQL(text, (since, since, model._meta.db_table))  # noqa: S611 - values are parameters


def _read_json(name: str) -> str:
    """Give how a key of the payload is read, for a table that is filled in."""
    if connection.vendor == "postgresql":
        return f"({{0}}.payload::jsonb ->> '{name}')"
    return f"json_extract({{0}}.payload, '$.{name}')"
