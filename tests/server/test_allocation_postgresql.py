"""The tests of the blinded trial on a real PostgreSQL: who allocates at the same moment, and what a site sees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.server.test_postgresql import cluster

pytestmark = [pytest.mark.database, pytest.mark.slow]

HERE = Path(__file__).parent
__all__ = ["cluster"]


def test_a_trial_of_two_arms_does_on_postgresql_what_it_does_on_sqlite(
    cluster: dict[str, str],
) -> None:
    told = {
        "FUNIS_TEST_DATABASE": cluster["app"],
        "FUNIS_TEST_OWNER": cluster["owner"],
        "FUNIS_TEST_ARMS": "1",
    }
    environment = os.environ | told
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER_COUNT"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, *(str(HERE / name) for name in ("arms_of_a_trial.py", "roles_of_a_trial.py"))],
        capture_output=True, text=True, env=environment, cwd=HERE.parents[1], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
