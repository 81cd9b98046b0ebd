"""The qualification of an installation: each statement names what shows it, and a check that fails says so."""

import json
import os
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from funis.capture.configuration import Configuration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Qualify by the command, in a process of its own as anybody does; the answer as JSON and as a page."""
    out = tmp_path_factory.mktemp("qualification")
    told = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE", "FUNIS_CAPTURE"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "funis.cli", "serve", "--qualify", str(out)],
        capture_output=True, text=True, check=False, env=told,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "qualification.json").read_text("utf-8")), (
        out / "qualification.html"
    ).read_text("utf-8")


def test_fifty_statements_each_with_what_shows_it_or_what_is_lacking(
    report: tuple[dict[str, Any], str],
) -> None:
    said, page = report
    assert [each["number"] for each in said["statements"]] == list(range(1, 51))
    assert all(each["checks"] or each["tests"] or each["lacks"] for each in said["statements"])
    assert all(each["text"] in unescape(page) for each in said["statements"])
    assert sum(said["counts"].values()) == 50
    in_part = [
        each for each in said["statements"] if "in part" in each["outcome"] or each["outcome"] == "not shown"
    ]
    assert all(each["lacks"] for each in in_part)


def test_every_check_ran_and_is_asked_by_a_statement(report: tuple[dict[str, Any], str]) -> None:
    said, page = report
    ran = {each["name"]: each["outcome"] for each in said["checks"]}
    assert set(ran.values()) == {"passed"}
    asked = {each["name"] for statement in said["statements"] for each in statement["checks"]}
    assert asked == set(ran)
    assert all(name in page for name in ran)


def test_tests_that_are_named_exist(report: tuple[dict[str, Any], str]) -> None:
    named = {test for each in report[0]["statements"] for test in each["tests"]}
    assert len(named) > 20
    for each in named:
        file, _, name = each.partition("::")
        assert f"def {name}" in (ROOT / file).read_text("utf-8"), each


@pytest.fixture
def trial(server: Configuration) -> Any:
    from funis.capture.qualification.scratch import fill_scratch

    return fill_scratch(server)


@pytest.mark.skipif("FUNIS_TEST_DATABASE" in os.environ, reason="the role of the server drops no trigger")
def test_a_database_without_a_trigger_fails_the_statements(trial: Any) -> None:
    from django.db import connection, transaction

    from funis.capture.qualification.run import run_checks

    names = ("triggers_of_every_table", "change_without_reason_is_refused", "schema_is_as_made")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER capture_form_may_change")
        found = run_checks(trial, names)
        transaction.set_rollback(True)
    assert {name: each.outcome for name, each in found.items()} == dict.fromkeys(names, "failed")
    assert "capture_form_may_change" in found["triggers_of_every_table"].found


def test_what_a_check_runs_into_is_its_failure_and_that_of_its_statements(
    trial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.people import permissions
    from funis.capture.qualification.run import QUALITY_CHECKS, CheckOutcome, judge_statements, run_checks

    loose = {**permissions.ACTIONS, "enter data": permissions.ACTIONS["enter data"] | {"monitor"}}
    monkeypatch.setattr("funis.capture.qualification.conduct_checks.ACTIONS", loose)
    failed = run_checks(trial, ["sponsor_writes_nothing_clinical"])
    found = {name: CheckOutcome(name, "", "passed", "") for name in QUALITY_CHECKS} | failed
    assert [each.number for each in judge_statements(found) if each.outcome == "failed"] == [33]
    monkeypatch.setattr("funis.capture.qualification.conduct_checks.ACTIONS", {})
    broken = run_checks(trial, ["sponsor_writes_nothing_clinical"])["sponsor_writes_nothing_clinical"]
    assert (broken.outcome, broken.found.partition(":")[0]) == ("failed", "KeyError")


def test_a_statement_that_fails_ends_the_command_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.cli.application import app

    monkeypatch.setattr(
        "funis.capture.qualify.qualify_installation", lambda *_: {"shown here": 49, "failed": 1}
    )
    done = CliRunner().invoke(app, ["serve", "--qualify", str(tmp_path / "out")])
    assert (done.exit_code, "failed: 1" in done.output) == (1, True)
