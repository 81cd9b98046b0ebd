"""A backup: the database at one moment with its witnesses, sealed to the keys of named people.

Inside is a tar of ``manifest.json`` (counts of rows, ends of all chains, hashes of the files, the last
anchor), the study file, receipts and anchors, and the database: a copy of the SQLite file, or what pg_dump
writes as a directory. The keys of the server (sessions, anchors, identities) are never in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from funis.capture.configuration import OWNER, Configuration
from funis.capture.context import moment
from funis.capture.exchange.sealed import Recipient, seal
from funis.capture.trail.anchors import Ends, last_anchor, root_of
from funis.errors import OutputError, ValueRangeError
from funis.files import said_of
from funis.study.read import FILE_NAME
from funis.version import VERSION

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DUMP: Final = "dump"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds.

    Attributes
    ----------
    study, at, kind : id of the study, when, ``sqlite`` or ``postgresql``
    rows : of each table
    ends : of each chain number and hash of its end
    sha256 : of each file inside
    """

    study: str
    at: str
    kind: str
    rows: dict[str, int]
    ends: Ends
    sha256: dict[str, str]

    @property
    def root(self) -> str:
        """Give the root over the ends of all chains."""
        return root_of(self.ends)


def make_backup(
    configuration: Configuration, study: str, target: Path, recipients: Sequence[Recipient]
) -> Backup:
    """Write a backup, whole or not at all.

    Parameters
    ----------
    configuration : of the server, which may be running
    study : id of the study
    target : file to be made
    recipients : who can open it

    Raises
    ------
    ValueRangeError : the file is there already; on PostgreSQL the owner's address or pg_dump is missing
    funis.errors.OutputError : it cannot be written
    """
    if target.exists():
        raise ValueRangeError("backup", str(target), "a file that does not exist yet")
    # What is not sealed yet stays where the data are anyway.
    with said_of(target), TemporaryDirectory(prefix=".funis-backup-", dir=configuration.folder) as place:
        inside = Path(place) / "inside"
        inside.mkdir()
        for file in (
            configuration.folder / FILE_NAME,
            configuration.receipts_file,
            configuration.anchors_file,
        ):
            if file.is_file():
                shutil.copy(file, inside / file.name)
        kind = "postgresql" if configuration.database else "sqlite"
        copy = _copy_postgresql if configuration.database else _copy_sqlite
        at = moment()
        rows, ends = copy(configuration, inside)
        made = Backup(study, at, kind, rows, ends, dict(_hashes(inside)))
        _write_manifest(made, inside, configuration, recipients)
        packed = Path(place) / "packed.tar"
        with tarfile.open(packed, "w") as archive:
            archive.add(inside, arcname=".")
        shutil.rmtree(inside)
        seal(packed, target, recipients)
    return made


def _write_manifest(
    made: Backup, inside: Path, configuration: Configuration, recipients: Sequence[Recipient]
) -> None:
    anchor = last_anchor(configuration.anchors_file)
    said: dict[str, Any] = {"v": FORMAT, "funis": VERSION, **asdict(made), "root": made.root}
    said |= {
        "recipients": [asdict(each) for each in recipients],
        "anchor": asdict(anchor) if anchor else None,
    }
    (inside / MANIFEST).write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_manifest(inside: Path) -> Backup:
    """Read the manifest of an opened backup, and check every file in it.

    Raises
    ------
    ValueRangeError : it is of another format, or a file is missing, changed or not named
    """
    try:
        said = json.loads((inside / MANIFEST).read_text(encoding="utf-8"))
        if said["v"] != FORMAT:
            raise ValueRangeError("backup", f"format {said['v']}", f"format {FORMAT}")
        ends = {chain: (int(seq), str(head)) for chain, (seq, head) in said["ends"].items()}
        made = Backup(said["study"], said["at"], said["kind"], said["rows"], ends, said["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueRangeError(
            "backup", "no manifest that can be read", "one that funis backup wrote"
        ) from error
    found = {name: digest for name, digest in _hashes(inside) if name != MANIFEST}
    if wrong := sorted({*found.items()} ^ {*made.sha256.items()}):
        raise ValueRangeError("backup", f"{wrong[0][0]} is not as it was written", "whole files")
    return made


def _hashes(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                yield path.relative_to(folder).as_posix(), hashlib.file_digest(file, "sha256").hexdigest()


def _copy_sqlite(configuration: Configuration, inside: Path) -> tuple[dict[str, int], Ends]:
    """Copy the file by SQLite's own way, which takes a database that is being written to as of one moment."""
    copy = inside / configuration.sqlite_file.name
    with (
        closing(sqlite3.connect(configuration.sqlite_file)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        try:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise OutputError(f"The database cannot be copied: {error}. Make room on its disk.") from error
        names = target.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        return _count(target.execute, [name for (name,) in names])


def _copy_postgresql(configuration: Configuration, inside: Path) -> tuple[dict[str, int], Ends]:
    """Dump the database as its owner, in the snapshot in which the ends of the chains are read."""
    import psycopg

    if not configuration.owner:
        raise ValueRangeError(
            OWNER, "nothing", "the address of the owner", "Row security hides rows from every other role."
        )
    with psycopg.connect(configuration.owner) as owner:
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = str(owner.execute("SELECT pg_export_snapshot()").fetchall()[0][0])
        names = owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
        found = _count(owner.execute, [name for (name,) in names])
        run_postgresql(
            configuration.owner, "pg_dump", "--format=directory", "--no-owner",
            f"--snapshot={snapshot}", f"--file={inside / DUMP}",
        )  # fmt: skip
    return found


def _count(execute: Any, names: Sequence[str]) -> tuple[dict[str, int], Ends]:
    rows = {name: int(execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}  # noqa: S608
    ends = {
        str(c): (int(s), str(h)) for c, s, h in execute("SELECT id, seq, head FROM capture_chain").fetchall()
    }
    return rows, ends


def run_postgresql(address: str, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the address reaches it by its environment, which others cannot list.

    Raises
    ------
    ValueRangeError : it is not on the path, or ends with an error, which is repeated
    """
    found = shutil.which(program)
    if found is None:
        raise ValueRangeError(
            program, "nothing on the path", "the program of PostgreSQL", "Install its client."
        )
    parts = urlsplit(address)
    told = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    environment = os.environ | {name: value for name, value in told.items() if value}
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise ValueRangeError(program, words[0] if words else "no answer", "a run without an error")


@contextmanager
def opened_aside(folder: Path) -> Iterator[Path]:
    """Give a folder beside another that is not there yet; whatever is in it at the end goes away."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.funis-", dir=folder.parent) as place:
        yield Path(place)
