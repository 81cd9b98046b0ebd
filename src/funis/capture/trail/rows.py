"""The rows of the trail as they are stored, and as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from funis.capture.database.audited_tables import CHAIN, TRAIL
from funis.capture.document import read_document


@dataclass(frozen=True, slots=True)
class Row:
    """One stored row.

    Attributes
    ----------
    chain, seq : its place
    payload : the text that was hashed
    hash : of the hash before it and the payload
    """

    chain: str
    seq: int
    payload: str
    hash: str

    @property
    def said(self) -> Mapping[str, Any]:
        """Read the payload: at, actor, reason, kind, table, row, revision, changes, data."""
        return read_document(self.payload)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain, as the database keeps it beside the trail."""

    chain: str
    seq: int
    hash: str


def read_rows(chain: str = "", naming: str = "") -> Iterator[Row]:
    """Read the trail in the order of its chains, or one chain.

    Parameters
    ----------
    chain : the chain; empty for all
    naming : of a chain, only the rows in whose text this stands, such as the id of a row
    """
    only = "WHERE chain = %s " if chain else ""
    only += "AND payload LIKE %s " if chain and naming else ""
    values = [chain] if chain else []
    values += [f"%{naming}%"] if chain and naming else []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT chain, seq, payload, hash FROM {TRAIL} {only}ORDER BY chain, seq",  # noqa: S608
            values,
        )
        while found := cursor.fetchmany(2000):
            for row in found:
                yield Row(*row)


def read_heads() -> dict[str, Head]:
    """Read the end of every chain."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, seq, head FROM {CHAIN}")  # noqa: S608
        return {row[0]: Head(*row) for row in cursor.fetchall()}


def read_head(chain: str) -> Head:
    """Read the end of one chain; within a transaction that wrote to it, its own row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, seq, head FROM {CHAIN} WHERE id = %s", [chain])  # noqa: S608
        return Head(*cursor.fetchone())
