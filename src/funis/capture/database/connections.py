"""What every connection is told before its first statement."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.backends.signals import connection_created

from funis.capture.context import context_value
from funis.capture.database.hidden_texts import hide_texts

#: A trigger that is not recursive lets INSERT OR REPLACE pass the one that forbids deletion.
PRAGMAS = (
    "PRAGMA recursive_triggers = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
)


def listen() -> None:
    """Prepare every connection that Django opens from now on."""
    connection_created.connect(_prepare, dispatch_uid="funis.capture.connections")


def _prepare(sender: object, connection: Any, **_: object) -> None:  # noqa: ARG001
    if connection.vendor == "sqlite":
        prepare_sqlite(connection.connection)


def prepare_sqlite(connection: Any) -> None:
    """Give an SQLite connection the pragmas and the functions that the triggers ask."""
    for pragma in PRAGMAS:
        connection.execute(pragma)
    connection.create_function("funis_context", 1, context_value)
    connection.create_function("funis_sha256", 2, link, deterministic=True)
    connection.create_function("funis_hide", 5, hide_texts)


def link(head: str, payload: str) -> str:
    """Give the hash of a row of the trail: SHA-256 of the hash before it and the stored text.

    Examples
    --------
    >>> link("", "abc")[:8]
    'ba7816bf'
    """
    return hashlib.sha256((head + payload).encode()).hexdigest()
