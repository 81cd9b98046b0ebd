"""Restore a backup beside what is there, verify it, and name the saves that are younger than it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from funis.capture.configuration import OWNER
from funis.capture.exchange.backup import DUMP, Backup, opened_aside, read_manifest, run_postgresql
from funis.capture.exchange.sealed import unseal
from funis.capture.trail.anchors import Ends
from funis.capture.trail.receipts import Receipt
from funis.errors import ValueRangeError
from funis.files import said_of

SQLITE: Final = "sqlite"


def restore_backup(source: Path, folder: Path, key_file: Path, owner: str = "") -> Backup:
    """Restore a backup into a folder that does not exist yet, and on PostgreSQL into an empty database.

    Parameters
    ----------
    source : the backup
    folder : to be made
    key_file : secret key of one of its recipients
    owner : of a backup of PostgreSQL: address of an empty database, as its owner reaches it

    Raises
    ------
    ValueRangeError : wrong key, damaged file, a folder that is there, a database that is not empty
    funis.errors.OutputError : the disk takes no more; nothing is left behind
    """
    if not source.is_file():
        raise ValueRangeError("backup", str(source), "a file that funis backup wrote")
    if folder.exists():
        raise ValueRangeError(
            "folder", str(folder), "one that does not exist yet", "A backup is restored beside."
        )
    with said_of(folder), opened_aside(folder) as place:
        packed, inside = place / "packed.tar", place / "inside"
        unseal(source, packed, key_file)
        inside.mkdir(mode=0o700)
        _unpack(packed, inside)
        made = read_manifest(inside)
        if made.kind != SQLITE:
            _restore_postgresql(inside / DUMP, owner)
        inside.replace(folder)
    return made


def _unpack(packed: Path, inside: Path) -> None:
    try:
        with tarfile.open(packed) as archive:
            archive.extractall(inside, filter="data")
    except tarfile.TarError as error:
        raise ValueRangeError(
            "backup", "no archive that can be read", "one that funis backup wrote"
        ) from error


def _restore_postgresql(dump: Path, owner: str) -> None:
    import psycopg

    if not owner:
        raise ValueRangeError(OWNER, "nothing", "the owner's address of an empty database")
    with psycopg.connect(owner) as opened:
        held = opened.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall()[0][0]
    if held:
        raise ValueRangeError(OWNER, f"a database with {held} tables", "an empty database")
    run_postgresql(
        owner, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction",
        f"--dbname={_database_of(owner)}", str(dump),
    )  # fmt: skip


def _database_of(address: str) -> str:
    return address.rpartition("/")[2].partition("?")[0]


@dataclass(frozen=True, slots=True)
class Younger:
    """Saves that were acknowledged after the backup: they have to be entered again.

    Attributes
    ----------
    receipts : of these saves, in the order of the file
    since : when the backup was made
    """

    receipts: tuple[Receipt, ...]
    since: str


def younger_than(made: Backup, receipts: Iterable[Receipt]) -> Younger:
    """Name the acknowledged saves that came after the backup."""
    found = tuple(each for each in receipts if each.seq > made.ends.get(each.chain, (0, ""))[0])
    return Younger(found, made.at)


def older_than(made: Backup, receipts: Iterable[Receipt]) -> list[Receipt]:
    """Give the receipts whose saves must be in the backup."""
    return [each for each in receipts if each.seq <= made.ends.get(each.chain, (0, ""))[0]]


def differing_ends(made: Backup, present: Ends) -> list[str]:
    """Name the chains that do not end as the manifest says."""
    return sorted(chain for chain in {*made.ends, *present} if made.ends.get(chain) != present.get(chain))
