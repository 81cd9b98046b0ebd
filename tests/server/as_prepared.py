"""The server of the tests as it was prepared: each test begins there, whatever the one before it wrote.

What a page costs grows with the subjects that wait for their check, and what reads a whole trial with all that was
ever written: in one database for all tests, the last of them pay for the first. Rows are really committed, so that
triggers, constraints and other connections see them as in a trial; only between two tests they are put back.
`test_everything_together` holds what is asked of a trial in which the work of every room stands side by side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import psycopg
from psycopg import sql
from tests.server.owner import put_in, take_out

from funis.capture.configuration import Configuration

_PUT_BACK = (
    "DELETE FROM public.{0} a WHERE NOT EXISTS (SELECT FROM pg_temp.{0} k WHERE k::text = a::text); "
    "INSERT INTO public.{0} SELECT * FROM pg_temp.{0} k WHERE NOT EXISTS (SELECT FROM public.{0} a WHERE a::text = k::text)"
)
"""Writes what differs alone: most tests change few of the rows."""


class AsPrepared(ABC):
    """A server as it stood when it was kept: its database, and the files beside it."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.files = {
            path: path.read_bytes()
            for path in configuration.folder.iterdir()
            if not path.name.startswith(configuration.sqlite_file.name)
        }

    def put_back(self) -> None:
        """Put database and files back; connections of this thread are closed before."""
        from django.db import connections

        connections.close_all()
        self.put_back_rows()
        for path in self.configuration.folder.iterdir():
            if path not in self.files and not path.name.startswith(self.configuration.sqlite_file.name):
                path.unlink()
        for path, content in self.files.items():
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)

    @abstractmethod
    def put_back_rows(self) -> None:
        """Put the rows of every table back."""

    @abstractmethod
    def close(self) -> None:
        """Give back what was held."""


class OnSqlite(AsPrepared):
    """The file itself, copied."""

    def __init__(self, configuration: Configuration, folder: Path) -> None:
        super().__init__(configuration)
        self.kept = take_out(configuration, folder)

    def put_back_rows(self) -> None:
        put_in(self.configuration, self.kept)

    def close(self) -> None:
        """Nothing is held."""


class OnPostgresql(AsPrepared):
    """Copies of the rows, put back past triggers and policies: by the superuser of the cluster, between tests alone.

    Neither the owner of the tables nor the role of the server may do that.
    """

    def __init__(self, configuration: Configuration, superuser: str) -> None:
        super().__init__(configuration)
        self.connection = psycopg.connect(superuser, autocommit=True)
        tables = [
            sql.Identifier(row[0])
            for row in self.connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
            ).fetchall()
        ]
        for table in tables:
            self.connection.execute(sql.SQL("CREATE TEMP TABLE {0} AS TABLE public.{0}").format(table))
        self.statements = sql.SQL("; ").join(sql.SQL(_PUT_BACK).format(table) for table in tables)
        self.connection.execute("SET session_replication_role = replica")
        # A test that left a transaction open is told, instead of waited for.
        self.connection.execute("SET lock_timeout = '30s'")

    def put_back_rows(self) -> None:
        with self.connection.transaction():
            self.connection.execute(self.statements)

    def close(self) -> None:
        self.connection.close()
