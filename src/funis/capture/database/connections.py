"""What every connection is told before its first statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db import connection as present
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


def run_prepared(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement of constant text, which the database plans once for a connection; give its rows.

    It runs in the transaction that is open, past Django's own cursors: those write the values into the text
    of each statement, so that PostgreSQL plans every one anew.

    Parameters
    ----------
    text : with the places of values as the database writes them: ``$1`` of PostgreSQL, ``?`` of SQLite
    values : in the order of their places
    """
    present.ensure_connection()
    present.validate_no_broken_transaction()
    with present.wrap_database_errors:
        if present.vendor == "sqlite":
            return list(present.connection.execute(text, values))
        # Only where it is used: of a server on SQLite nobody installs a driver of PostgreSQL.
        from funis.capture.database.prepared import run_on_postgresql

        return run_on_postgresql(present.connection, text, values)


def run_first(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the first statement of a request, which only reads: it is itself the test of the connection.

    A connection that broke since the request before is opened again, and the statement run once more.

    Parameters
    ----------
    text, values : see `run_prepared`
    """
    present.health_check_done = True  # type: ignore[attr-defined]  # Django has it, its stubs do not
    try:
        return run_prepared(text, values)
    except (InterfaceError, OperationalError):
        if present.in_atomic_block or present.is_usable():
            raise
        present.close()
    return run_prepared(text, values)


def link(head: str, payload: str) -> str:
    """Give the hash of a row of the trail: SHA-256 of the hash before it and the stored text.

    Examples
    --------
    >>> link("", "abc")[:8]
    'ba7816bf'
    """
    return hashlib.sha256((head + payload).encode()).hexdigest()
