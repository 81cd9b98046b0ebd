"""Make tables and triggers as the owner of a PostgreSQL database, in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from funis.capture.configuration import OWNER, Configuration
from funis.capture.serve import configure


def main(folder: str, role: str) -> None:
    """Prepare the database.

    Parameters
    ----------
    folder : of the study
    role : under which the server works
    """
    configure(Configuration(Path(folder), os.environ[OWNER]))
    from funis.capture.database.prepare import prepare_database, refuse_altered
    from funis.capture.study_in_force import started_with

    refuse_altered()
    prepare_database(started_with().trial.id, role)


if __name__ == "__main__":
    main(*sys.argv[1:])
