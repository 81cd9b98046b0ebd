"""Statements of PostgreSQL by name, with nothing between them and the library of the database.

A cursor of psycopg costs more than most statements of a save: it reads the text for places, chooses types,
and waits in Python. Here the text is sent once for a connection; then its name and its values go out, and the
rows come back, in one call that lets other threads run meanwhile. The transaction is the connection's own:
whoever commits or rolls back does so as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_NAMES: Final = "funis_prepared"
"""Attribute of a connection: the names of what was prepared on it, by text."""
_DONE: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


def run_on_postgresql(
    opened: psycopg.Connection[Any], text: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Run a statement of constant text; give its rows.

    Parameters
    ----------
    opened : the connection
    text : with ``$1``, ``$2`` ... where values stand
    values : texts, whole numbers, truth values and moments; the database reads each as what its place asks

    Raises
    ------
    psycopg.Error : as a cursor would raise it
    """
    library = opened.pgconn
    if library.status != ConnStatus.OK:
        raise psycopg.OperationalError("the connection is lost")
    sent = [_as_text(value) for value in values]
    if not opened.autocommit and library.transaction_status == TransactionStatus.IDLE:
        _take(library, library.exec_(b"BEGIN"))
    names: dict[str, bytes] = opened.__dict__.setdefault(_NAMES, {})
    name = names.get(text)
    if name is None:
        name = f"funis_{len(names)}".encode()
        _take(library, library.prepare(name, text.encode()))
        names[text] = name
    found = _take(library, library.exec_prepared(name, sent))
    reader = Transformer(opened)
    reader.set_pgresult(found)
    rows: list[tuple[Any, ...]] = reader.load_rows(0, found.ntuples, tuple)
    return rows


def _take(library: PGconn, found: PGresult) -> PGresult:
    """Take a result, or raise what it says."""
    if found.status in _DONE:
        return found
    if library.status != ConnStatus.OK:
        raise psycopg.OperationalError(library.get_error_message())
    raise error_from_result(found)


def _as_text(value: object) -> bytes:
    """Write a value as the database reads it; its texts end at a zero, so that none may hold one."""
    match value:
        case bool():
            return b"t" if value else b"f"
        case str():
            if "\0" in value:
                raise psycopg.DataError("a text with a zero character (U+0000) in it")
            return value.encode()
        case int():
            return str(value).encode()
        case datetime():
            return value.isoformat().encode()
        case _:
            raise psycopg.ProgrammingError(f"a value of type {type(value).__name__}")
