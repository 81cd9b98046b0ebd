"""What happens beside rows: a login, an export, a view of something that is logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from funis.capture.database.audited_tables import ENTRY
from funis.capture.document import write_document


def record_event(kind: str, chain: str, details: Mapping[str, Any]) -> None:
    """Write an event into a chain, within a transaction in which somebody acts.

    Parameters
    ----------
    kind : what happened, such as ``logged in``
    chain : ``subject:ID``, ``person:ID``, ``site:CODE`` or ``system``
    details : what else is known of it; no value that identifies a subject
    """
    text = write_document(details)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT capture_event(%s, %s, %s::jsonb)", [kind, chain, text])
            return
        cursor.execute(
            f"INSERT INTO {ENTRY} (kind, chain, row_table, row_id, revision, changes, data, typed) "  # noqa: S608
            "VALUES (%s, %s, '', '', 0, %s, '{}', %s)",
            [kind, chain, text, "" if chain == "system" else "*"],
        )
