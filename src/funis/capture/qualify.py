"""Qualify an installation: run what can be run in a scratch trial, and report on every statement."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from funis.capture.configuration import SECOND_FACTOR, Configuration, configuration_of
from funis.capture.serve import prepare
from funis.documents.html import render_page
from funis.errors import ValueRangeError
from funis.files import write_whole
from funis.study.read import FILE_NAME
from funis.version import VERSION

PACKAGES: Final = (
    "django", "django-ninja", "django-csp", "granian", "whitenoise", "psycopg", "argon2-cffi", "cryptography",
    "fido2", "pyrage", "segno", "pydantic", "polars", "jinja2",
)  # fmt: skip


def qualify_installation(study_file: Path, out: Path, installed: Path | None = None) -> dict[str, int]:
    """Write the report of a qualification, ``qualification.html`` and ``qualification.json``.

    Parameters
    ----------
    study_file : of the study that the scratch trial is made of
    out : folder of the report
    installed : study folder whose own database is verified, too; none: it is not looked at

    Returns
    -------
    dict : statements by outcome

    Raises
    ------
    ValueRangeError : the PostgreSQL database that the environment names is not empty
    """
    os.environ.pop(SECOND_FACTOR, None)
    with TemporaryDirectory(prefix="funis-qualification-") as place:
        folder = Path(place)
        shutil.copy(study_file, folder / FILE_NAME)
        configuration = configuration_of(folder)
        _refuse_filled(configuration)
        prepare(configuration)
        from django.db import connections

        from funis.capture.qualification.report import describe_qualification, write_qualification
        from funis.capture.qualification.run import FAILED, CheckOutcome, judge_statements, run_checks
        from funis.capture.qualification.scratch import fill_scratch

        found = run_checks(fill_scratch(configuration))
        statements = judge_statements(found)
        facts = dict(_facts(configuration))
        if installed is not None:
            verified, words = _verify_installed(installed)
            facts["Database of this installation"] = words
            if not verified:
                found["installed_database"] = CheckOutcome(
                    "installed_database", "Verify the trail of the installation.", FAILED, words
                )
        connections.close_all()
    out.mkdir(parents=True, exist_ok=True)
    page = render_page(describe_qualification(facts, statements, found))
    write_whole(out / "qualification.html", page)
    write_whole(out / "qualification.json", write_qualification(facts, statements, found))
    counted = Counter(each.outcome for each in statements)
    counted[FAILED] += "installed_database" in found
    return dict(counted)


def _refuse_filled(configuration: Configuration) -> None:
    """Refuse a database that holds something: checks lock accounts and data."""
    if not configuration.database:
        return
    import psycopg

    with psycopg.connect(configuration.owner or configuration.database) as opened:
        counted = opened.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall()
    if counted[0][0]:
        raise ValueRangeError(
            "DATABASE_URL", f"a database with {counted[0][0]} tables", "an empty one, made for this",
            "Name an empty database of the same server in DATABASE_URL and DATABASE_OWNER_URL.",
        )  # fmt: skip


def _facts(configuration: Configuration) -> Iterator[tuple[str, str]]:
    from django.db import connection

    from funis.capture.context import moment
    from funis.capture.study_in_force import newest_version, started_with

    version = newest_version()
    yield "Made", f"{moment()[:19].replace('T', ' ')} UTC"
    yield "Study", f"{started_with().trial.id}, SHA-256 {version.sha256}"
    yield "Program", f"funis {VERSION}"
    yield "Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    with connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("SELECT sqlite_version()" if is_sqlite else "SHOW server_version")
        yield "Database", f"{'SQLite' if is_sqlite else 'PostgreSQL'} {cursor.fetchone()[0]}"
    yield "Role of the server", "the owner of the file" if not configuration.database else "not the owner"
    for name in PACKAGES:
        yield name, importlib.metadata.version(name)


def _verify_installed(folder: Path) -> tuple[bool, str]:
    """Verify the trail of a served study folder in another process: Django knows one database in each."""
    command = [sys.executable, "-m", "funis.cli", "audit-trail", "verify", str(folder), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return False, f"cannot be verified: {(done.stderr or done.stdout).strip()[:300]}"
    altered = len(said["alterations"])
    words = f"{said['rows']} rows in {said['chains']} chains, {altered or 'nothing'} altered"
    return done.returncode == 0 and not altered, words
