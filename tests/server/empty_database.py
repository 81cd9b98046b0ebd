"""A database of SQLite with every table and no row of a trial, for servers that start empty.

To go through all migrations takes seconds of a processor, and what it leaves is the same for every trial. The server
that finds these tables writes all else itself: triggers, the beginning of its trail, its keys, its study.
`conftest.configuration` and the stories begin without a file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from funis.capture.configuration import Configuration
from funis.study.read import template_path

MIGRATE = """
import sys
from pathlib import Path
from funis.capture.configuration import Configuration
from funis.capture.serve import configure
configure(Configuration(Path(sys.argv[1])))
from django.core.management import call_command
from django.db import connections
call_command("migrate", verbosity=0, interactive=False)
connections.close_all()
"""


@cache
def read_empty_database() -> bytes:
    """Make the database once a process; give its file."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        study = template_path("sle").read_text(encoding="utf-8")
        (folder / "study.toml").write_text(study, encoding="utf-8")
        subprocess.run([sys.executable, "-c", MIGRATE, place], check=True, capture_output=True)
        file = Configuration(folder).sqlite_file
        assert not file.with_name(f"{file.name}-wal").exists()
        return file.read_bytes()
