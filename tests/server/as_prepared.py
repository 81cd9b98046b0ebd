"""The server of the tests as it was prepared: each test begins there, whatever the one before it wrote.

What a page costs grows with the subjects that wait for their check, and what reads a whole trial with all that was
ever written: in one database for all tests, the last of them pay for the first. Rows are really committed, so that
triggers, constraints and other connections see them as in a trial; only between two tests they are put back.
`test_everything_together` holds what is asked of a trial in which the work of every room stands side by side.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from tests.server.owner import take_out
from tests.server.people import new_subject

from funis.capture.configuration import Configuration

_PUT_BACK = (
    "DELETE FROM public.{0} a WHERE NOT EXISTS (SELECT FROM pg_temp.{1} k WHERE k::text = a::text); "
    "INSERT INTO public.{0} SELECT * FROM pg_temp.{1} k WHERE NOT EXISTS (SELECT FROM public.{0} a WHERE a::text = k::text);"
)
"""Writes what differs alone: most tests change few of the rows."""


class AsPrepared(ABC):
    """A server as it stood when it was kept, by itself and with a subject: its database, and the files beside it."""

    def __init__(self, configuration: Configuration) -> None:
        from funis.capture.study_in_force import today

        self.configuration = configuration
        self.files = {
            path: path.read_bytes()
            for path in configuration.folder.iterdir()
            if not path.name.startswith(configuration.sqlite_file.name)
        }
        self.keep_rows("by_itself")
        self.day, self.subject = today(), new_subject().pk
        self.keep_rows("with_a_subject")

    def put_back(self, *, with_subject: bool = False) -> None:
        """Put database and files back; connections of this thread are closed before."""
        from django.db import connections

        connections.close_all()
        self.put_back_rows("with_a_subject" if with_subject else "by_itself")
        for path in self.configuration.folder.iterdir():
            if path not in self.files and not path.name.startswith(self.configuration.sqlite_file.name):
                path.unlink()
        for path, content in self.files.items():
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)

    def read_subject(self) -> Any:
        """Give the subject that was kept; on another day than then, one whose visit is of today."""
        from funis.capture.models import Subject
        from funis.capture.study_in_force import today

        if today() != self.day:
            self.put_back()
            return new_subject()
        return Subject.objects.get(pk=self.subject)

    @abstractmethod
    def keep_rows(self, name: str) -> None:
        """Keep the rows of every table under a name."""

    @abstractmethod
    def put_back_rows(self, name: str) -> None:
        """Put the rows of every table back as they were kept under a name."""

    @abstractmethod
    def close(self) -> None:
        """Give back what was held."""


class OnSqlite(AsPrepared):
    """Copies of the file, written into the file that stands: whoever has it open still sees one database."""

    def __init__(self, configuration: Configuration, folder: Path) -> None:
        self.folder = folder
        super().__init__(configuration)

    def keep_rows(self, name: str) -> None:
        take_out(self.configuration, self.folder).rename(self.folder / name)

    def put_back_rows(self, name: str) -> None:
        source = sqlite3.connect(self.folder / name)
        target = sqlite3.connect(self.configuration.sqlite_file, timeout=30)
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target)
        target.close()
        source.close()

    def close(self) -> None:
        """Nothing is held."""


class OnPostgresql(AsPrepared):
    """Copies of the rows, put back past triggers and policies: by the superuser of the cluster, between tests alone.

    Neither the owner of the tables nor the role of the server may do that.
    """

    def __init__(self, configuration: Configuration, superuser: str) -> None:
        self.connection = psycopg.connect(superuser, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")
        # A test that left a transaction open is told, instead of waited for.
        self.connection.execute("SET lock_timeout = '30s'")
        super().__init__(configuration)

    def keep_rows(self, name: str) -> None:
        """Keep them in tables of this connection, and make the function that puts them back: planned once."""
        found = self.connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        tables = [(sql.Identifier(row[0]), sql.Identifier(f"{name}_{row[0]}")) for row in found]
        for table, kept in tables:
            self.connection.execute(sql.SQL("CREATE TEMP TABLE {1} AS TABLE public.{0}").format(table, kept))
        text = sql.SQL(" ").join(sql.SQL(_PUT_BACK).format(table, kept) for table, kept in tables)
        self.connection.execute(
            sql.SQL("CREATE FUNCTION pg_temp.{}() RETURNS void LANGUAGE plpgsql AS {}").format(
                sql.Identifier(name), sql.Literal(f"BEGIN {text.as_string(self.connection)} END")
            )
        )

    def put_back_rows(self, name: str) -> None:
        self.connection.execute(sql.SQL("SELECT pg_temp.{}()").format(sql.Identifier(name)))

    def close(self) -> None:
        self.connection.close()
