"""The same tests on a real PostgreSQL, and what its owner and the role of the server may do."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from postgresql_cluster import find_programs, running_cluster

pytestmark = [pytest.mark.database, pytest.mark.slow]

HERE = Path(__file__).parent
SAME_TESTS = (
    "test_as_of.py",
    "test_backup.py",
    "test_identities.py",
    "test_trail.py",
    "test_redaction.py",
    "test_save.py",
    "test_save_statements.py",
    "test_conduct.py",
    "test_access.py",
    "test_eligibility.py",
    "test_infusion.py",
    "test_queries.py",
    "test_verification.py",
    "test_laboratory_grid.py",
    "test_row_security.py",
    "test_safe_start.py",
    "test_locks.py",
    "test_anchors.py",
    "test_second_factor.py",
    "test_notices.py",
    "test_product.py",
    "test_product_release.py",
    "test_product_machine.py",
    "test_safety_clock.py",
    "test_api.py",
    "test_signatures.py",
    "test_stopping.py",
    "test_study_versions.py",
    "test_overview.py",
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """Start a cluster of its own, with an owner and a role for the server; both addresses."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    with running_cluster(programs) as running:
        yield {
            "app": running.address("funis_app"),
            "owner": running.address("funis_owner"),
            "restored": running.address("funis_owner", "restored"),
        }


@pytest.fixture(scope="module")
def passed(cluster: dict[str, str]) -> str:
    """Run the tests of the server in a process that knows the cluster; it fails where one of them does."""
    environment = os.environ | {
        "FUNIS_TEST_DATABASE": cluster["app"],
        "FUNIS_TEST_OWNER": cluster["owner"],
        "FUNIS_TEST_RESTORED": cluster["restored"],
    }
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER_COUNT"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, *(str(HERE / name) for name in SAME_TESTS)],
        capture_output=True, text=True, env=environment, cwd=HERE.parents[1], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def test_the_server_does_on_postgresql_what_it_does_on_sqlite(passed: str) -> None:
    assert " passed" in passed
    assert "failed" not in passed


@pytest.mark.usefixtures("passed")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE capture_trail SET payload = '{}'",
        "DELETE FROM capture_trail",
        "TRUNCATE capture_trail",
        "INSERT INTO capture_trail VALUES ('system', 999, '{}', '')",
        "UPDATE capture_chain SET seq = 0",
        "UPDATE capture_text SET texts = '{}'",
        "DELETE FROM capture_text",
        "SELECT capture_take_out('system', 1, '', '', '')",
        "ALTER TABLE capture_form DISABLE TRIGGER ALL",
        "DROP TRIGGER capture_form_recorded ON capture_form",
        "CREATE OR REPLACE FUNCTION capture_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "SET session_replication_role = replica",
        "DELETE FROM capture_form",
        "TRUNCATE capture_form CASCADE",
        "UPDATE capture_subject SET site = '02'",
        "COPY capture_form TO PROGRAM 'cat'",
        "SELECT capture_append('changed', 'system', '', '', 0, '{}', '{}')",
        "SELECT capture_event('changed', 'system', '{}')",
        "ALTER TABLE capture_trail OWNER TO funis_app",
        "SET ROLE funis_owner",
    ],
)
def test_the_role_of_the_server_is_refused(cluster: dict[str, str], statement: str) -> None:
    told = (
        "SELECT set_config('funis.actor', 'somebody', false), set_config('funis.reason', 'a reason', false), "
        "set_config('funis.sites', '*', false)"
    )
    with psycopg.connect(cluster["app"]) as opened:
        opened.execute(told)
        with pytest.raises(psycopg.Error):
            opened.execute(statement)


@pytest.mark.usefixtures("passed")
def test_a_server_under_the_role_of_the_owner_does_not_start(cluster: dict[str, str], tmp_path: Path) -> None:
    from funis.study.read import template_path

    (tmp_path / "study.toml").write_text(template_path("sle").read_text(encoding="utf-8"), encoding="utf-8")
    environment = os.environ | {"DATABASE_URL": cluster["owner"]}
    environment.pop("DATABASE_OWNER_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "funis.cli", "serve", str(tmp_path)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the role that owns the tables" in done.stderr
