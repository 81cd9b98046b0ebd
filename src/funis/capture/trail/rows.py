"""The rows of the trail as they are stored, and as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from funis.capture.database.audited_tables import CHAIN, TEXT, TRAIL
from funis.capture.database.hidden_texts import reveal
from funis.capture.document import read_document


@dataclass(frozen=True, slots=True)
class Row:
    """One stored row.

    Attributes
    ----------
    chain, seq : its place
    payload : the text that was hashed
    hash : of the hash before it and the payload
    texts : that stand beside the payload, which commits to them; empty: none
    """

    chain: str
    seq: int
    payload: str
    hash: str
    texts: str = ""

    @property
    def said(self) -> Mapping[str, Any]:
        """Read the payload with its texts: at, actor, reason, kind, table, row, revision, changes, data."""
        return reveal(self.hashed, self.texts)

    @property
    def hashed(self) -> Mapping[str, Any]:
        """Read the payload as it was hashed, with commitments where texts were."""
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
    only = "WHERE t.chain = %s " if chain else ""
    only += "AND t.payload LIKE %s " if chain and naming else ""
    values = [chain] if chain else []
    values += [f"%{naming}%"] if chain and naming else []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.chain, t.seq, t.payload, t.hash, coalesce(x.texts, '') "  # noqa: S608
            f"FROM {TRAIL} t LEFT JOIN {TEXT} x ON x.chain = t.chain AND x.seq = t.seq "
            f"{only}ORDER BY t.chain, t.seq",
            values,
        )
        while found := cursor.fetchmany(2000):
            for row in found:
                yield Row(*row)


def read_newest(chain: str, before: int | None, most: int) -> list[Row]:
    """Read the newest rows of a chain, the newest first.

    Parameters
    ----------
    chain : such as ``subject:ID``
    before : number of a row; only older ones are read; None: from the end
    most : rows at most
    """
    older = "" if before is None else "AND t.seq < %s "
    values: list[str | int] = [chain, *([] if before is None else [before]), most]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.chain, t.seq, t.payload, t.hash, coalesce(x.texts, '') "  # noqa: S608
            f"FROM {TRAIL} t LEFT JOIN {TEXT} x ON x.chain = t.chain AND x.seq = t.seq "
            f"WHERE t.chain = %s {older}ORDER BY t.seq DESC LIMIT %s",
            values,
        )
        return [Row(*row) for row in cursor.fetchall()]


def measure_subject_chains() -> tuple[int, int]:
    """Count the chains of subjects and add up their lengths, which only rise: the sums tell of growth."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(seq), 0) FROM {CHAIN} WHERE id LIKE 'subject:%%'"  # noqa: S608
        )
        count, length = cursor.fetchone()
    return int(count), int(length)


def read_lone_texts() -> list[str]:
    """Give chain and number of texts whose row of the trail is gone."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT x.chain, x.seq FROM {TEXT} x WHERE NOT EXISTS (SELECT 1 FROM {TRAIL} t "  # noqa: S608
            "WHERE t.chain = x.chain AND t.seq = x.seq) ORDER BY x.chain, x.seq"
        )
        return [f"{chain} {seq}" for chain, seq in cursor.fetchall()]


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
