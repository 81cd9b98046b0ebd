"""A cluster of PostgreSQL of one's own, for a test or a benchmark: made, started, and gone at the end."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_WAITS_FOR_NO_DISK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster with the database ``trial``, its owner and the role of the server.

    Attributes
    ----------
    folder : of its files
    port : on which it listens at 127.0.0.1
    superuser : role to which the cluster belongs
    """

    folder: Path
    port: int
    programs: Path
    options: str
    superuser: str

    def address(self, role: str, database: str = "trial") -> str:
        """Give the address under which a role reaches a database."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL as the user whom the cluster belongs to."""
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*before, str(self.programs / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("pg_ctl", "-D", data, "-o", self.options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """Stop it as a machine that loses its power does: no connection is waited for, nothing is written."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    @property
    def main_process(self) -> int:
        """Give the number of its first process, from which all others come."""
        return int((self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def find_programs() -> Path | None:
    """Find the programs of PostgreSQL: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").is_file()), None)


@contextmanager
def running_cluster(programs: Path, *, waits_for_disk: bool = False) -> Iterator[Cluster]:
    """Run a cluster with an owner and a role for the server; it is removed afterwards.

    Parameters
    ----------
    programs : folder of initdb and pg_ctl (see `find_programs`)
    waits_for_disk : a commit waits until the disk has it, as in a trial
    """
    # Not below the folder of tests: the user who runs PostgreSQL must be able to walk there.
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    options = options if waits_for_disk else f"{options} {_WAITS_FOR_NO_DISK}"
    cluster = Cluster(folder, port, programs, options, user)
    try:
        cluster.run("initdb", "-D", str(folder / "data"), "-U", user, "-A", "trust", "-E", "UTF8")
        cluster.start()
        _make_databases(cluster)
        yield cluster
    finally:
        if (folder / "data" / "postmaster.pid").is_file():
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _make_databases(cluster: Cluster) -> None:
    with psycopg.connect(cluster.address(cluster.superuser, "postgres"), autocommit=True) as opened:
        opened.execute("CREATE ROLE funis_owner LOGIN")
        opened.execute("CREATE ROLE funis_app LOGIN")
        opened.execute("CREATE DATABASE trial OWNER funis_owner")
        opened.execute("CREATE DATABASE restored OWNER funis_owner")
    with psycopg.connect(cluster.address(cluster.superuser), autocommit=True) as opened:
        opened.execute("GRANT CREATE, USAGE ON SCHEMA public TO funis_owner")
