"""Receipts: after every acknowledged save one line in a file that only grows.

Whoever owns the database can roll it back perfectly; the file, kept by somebody else, names what is gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from funis.errors import ValueRangeError

if TYPE_CHECKING:
    from funis.capture.trail.rows import Head


@dataclass(frozen=True, slots=True)
class Receipt:
    """One acknowledged save: chain, number and hash of its last row, and when it was acknowledged."""

    at: str
    chain: str
    seq: int
    hash: str

    @property
    def line(self) -> str:
        """Give the line of the file."""
        return f"{self.at} {self.chain} {self.seq} {self.hash}\n"

    @property
    def answer(self) -> dict[str, str | int]:
        """Give what the browser is told, and keeps."""
        return {"time": self.at, "chain": self.chain, "seq": self.seq, "hash": self.hash}


def make_receipt(head: Head, at: str) -> Receipt:
    """Make the receipt of a save whose last row is the head of a chain."""
    return Receipt(at, head.chain, head.seq, head.hash)


def add_receipt(path: Path, receipt: Receipt) -> None:
    """Add a receipt to the file: one write, so that lines of several processes never mix."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, receipt.line.encode())
    finally:
        os.close(handle)


def read_receipts(path: Path) -> Iterator[Receipt]:
    """Read the receipts of a file.

    Raises
    ------
    ValueRangeError : a line is not a receipt; the last one, cut off by a crash, is passed over
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[:-1], start=1):
        parts = line.split(" ")
        if len(parts) != 4 or not parts[2].isdecimal():
            raise ValueRangeError(f"{path.name}, line {number}", line, "time, chain, number and hash")
        yield Receipt(parts[0], parts[1], int(parts[2]), parts[3])
