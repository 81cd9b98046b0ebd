"""The owner of the database: what he alters with triggers switched off, on SQLite and PostgreSQL, and puts back."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from funis.capture.configuration import Configuration

#: Says in the text of a row of the trail that another person acted, as either database spells it.
ANOTHER_ACTED = (
    "UPDATE capture_trail SET payload = replace(replace(payload, "
    """'"actor":"coordinator"', '"actor":"investigator"'), '"actor": "coordinator"', '"actor": "investigator"')"""
)


class Owner:
    """Statements of the owner, in the words of either database."""

    def __init__(self, connection: Any, *, is_postgresql: bool) -> None:
        self.connection, self.is_postgresql = connection, is_postgresql

    def run(self, statement: str, *values: Any) -> Any:
        if self.is_postgresql:
            statement = statement.replace("%", "%%").replace("?", "%s")
        return self.connection.execute(statement, values)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.run(statement, *values).fetchall()]

    def set_back(self, chain: str, seq: int) -> None:
        """Remove the rows of a chain after a number, and set its head back to it."""
        for table in ("capture_trail", "capture_text"):
            self.run(f"DELETE FROM {table} WHERE chain = ? AND seq > ?", chain, seq)
        head = self.rows("SELECT hash FROM capture_trail WHERE chain = ? AND seq = ?", chain, seq)[0][0]
        self.run("UPDATE capture_chain SET seq = ?, head = ? WHERE id = ?", seq, head, chain)

    def compute_again(self, study: str, chain: str) -> None:
        """Compute every link of a chain and its head anew, from the texts as they stand."""
        head = hashlib.sha256(f"funis{study}{chain}".encode()).hexdigest()
        for seq, payload in self.rows(
            "SELECT seq, payload FROM capture_trail WHERE chain = ? ORDER BY seq", chain
        ):
            head = hashlib.sha256(f"{head}{payload}".encode()).hexdigest()
            self.run("UPDATE capture_trail SET hash = ? WHERE chain = ? AND seq = ?", head, chain, seq)
        self.run("UPDATE capture_chain SET head = ? WHERE id = ?", head, chain)


@contextmanager
def altered(server: Configuration, folder: Path, attack: Callable[[Owner], None]) -> Iterator[None]:
    """Let the owner alter the server's database; inside it stands as he left it, afterwards as it was."""
    from django.db import connections

    connections.close_all()
    with _on_postgresql(server, attack) if server.database else _on_sqlite(server, folder, attack):
        yield
        connections.close_all()


@contextmanager
def _on_sqlite(server: Configuration, folder: Path, attack: Callable[[Owner], None]) -> Iterator[None]:
    from funis.capture.database.connections import prepare_sqlite

    kept = take_out(server, folder)
    copy = shutil.copy(kept, folder / "owned.sqlite")
    owned = sqlite3.connect(copy)
    prepare_sqlite(owned)
    triggers = owned.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        owned.execute(f"DROP TRIGGER {name}")
    attack(Owner(owned, is_postgresql=False))
    for _, text in triggers:
        owned.execute(text)
    owned.commit()
    owned.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    owned.close()
    try:
        put_in(server, Path(copy))
        yield
    finally:
        put_in(server, kept)


@contextmanager
def _on_postgresql(server: Configuration, attack: Callable[[Owner], None]) -> Iterator[None]:
    import psycopg

    with psycopg.connect(server.owner) as owner:
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'capture%'"
            ).fetchall()
        ]

        def switch(state: str) -> None:
            for table in tables:
                owner.execute(f"ALTER TABLE {table} {state} TRIGGER USER")

        for table in tables:
            owner.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
        switch("DISABLE")
        attack(Owner(owner, is_postgresql=True))
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        switch("ENABLE")
        owner.commit()
        try:
            yield
        finally:
            switch("DISABLE")
            owner.execute(f"TRUNCATE {', '.join(tables)}")
            for table in tables:
                owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
            switch("ENABLE")
            owner.commit()


def take_out(server: Configuration, folder: Path) -> Path:
    """Copy the server's SQLite file with all that stands in its journal."""
    from django.db import connections

    connections.close_all()
    kept = folder / "kept.sqlite"
    with sqlite3.connect(server.sqlite_file) as source, sqlite3.connect(kept) as target:
        source.backup(target)
    source.close()
    target.close()
    return kept


def put_in(server: Configuration, file: Path) -> None:
    """Put a file in the place of the server's; a journal of the one before does not belong to it."""
    from django.db import connections

    connections.close_all()
    for end in ("-wal", "-shm"):
        server.sqlite_file.with_name(server.sqlite_file.name + end).unlink(missing_ok=True)
    shutil.copy(file, server.sqlite_file)
