"""The same tests on a real PostgreSQL, and what its owner and the role of the server may do."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.server.postgresql_rerun import (
    CELLS_AND_SAFETY,
    ENTRY_AND_REVIEW,
    HERE,
    NOT_AGAIN,
    PEOPLE_AND_TRAIL,
    cluster,
    run_again,
)

pytestmark = [pytest.mark.database, pytest.mark.slow]
__all__ = ["cluster"]


def test_every_file_of_the_server_runs_again_or_says_why_not() -> None:
    again = [*PEOPLE_AND_TRAIL, *ENTRY_AND_REVIEW, *CELLS_AND_SAFETY]
    assert sorted([*again, *NOT_AGAIN]) == sorted(path.name for path in HERE.glob("test_*.py"))
    assert all(NOT_AGAIN.values())


@pytest.fixture(scope="module")
def passed(cluster: dict[str, str]) -> str:
    """Run the tests of people and of the trail; the database is left with their rows."""
    return run_again(PEOPLE_AND_TRAIL, cluster)


def test_people_and_trail_do_on_postgresql_what_they_do_on_sqlite(passed: str) -> None:
    assert " passed" in passed


#: What the server says of who acts before it writes.
TOLD = (
    "SELECT set_config('funis.actor', 'somebody', false), set_config('funis.reason', 'a reason', false), "
    "set_config('funis.sites', '*', false)"
)


@pytest.fixture(scope="module")
def entered(passed: str, cluster: dict[str, str]) -> None:
    """Enter a subject: the last test before may leave none, and a rule on rows refuses nothing without one."""
    assert passed
    with psycopg.connect(cluster["app"]) as opened:
        opened.execute(TOLD)
        opened.execute(
            "INSERT INTO capture_subject (id, site, number, status, revision) "
            "VALUES ('entered', '01', '01-900', 'screening', 1)"
        )


@pytest.mark.usefixtures("entered")
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
    with psycopg.connect(cluster["app"]) as opened:
        opened.execute(TOLD)
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
