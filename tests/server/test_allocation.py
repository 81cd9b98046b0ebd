"""Allocation on a server of its own: a trial of two arms, served, exported and loaded again."""

import csv
from pathlib import Path

import pytest
from tests.server.test_exchange import prepared, run
from tests.server.tests_apart import run_apart
from tests.server.two_arms import two_arm_study

OF_TWO_ARMS = ("arms_of_a_trial.py", "blinded_walk.py", "roles_of_a_trial.py")
SUBJECTS = [("01-001", "cells"), ("01-002", "placebo"), ("02-001", "placebo"), ("02-002", "")]


def test_a_blinded_trial_of_two_arms() -> None:
    """One process knows one server: these tests have a process, and a trial, of their own."""
    run_apart(OF_TWO_ARMS, {"FUNIS_TEST_ARMS": "1"})


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load a folder with arms into a blinded server."""
    source = tmp_path_factory.mktemp("source")
    (source / "data").mkdir()
    (source / "study.toml").write_text(two_arm_study(is_blinded=True), encoding="utf-8")
    lines = [f"{number},{number[:2]},female,40,0,{arm}" for number, arm in SUBJECTS]
    table = "\n".join(["subject,site,sex,age,nephritis,arm", *lines]) + "\n"
    (source / "data" / "subjects.csv").write_text(table, encoding="utf-8")
    folder = prepared(tmp_path_factory.mktemp("served") / "trial", two_arm_study(is_blinded=True))
    run("load", str(folder), str(source))
    return folder


def arms_in(folder: Path) -> list[tuple[str, str]]:
    text = (folder / "data" / "subjects.csv").read_text(encoding="utf-8")
    return [(row["subject"], row["arm"]) for row in csv.DictReader(text.splitlines())]


def test_a_folder_that_is_loaded_keeps_its_arms_sealed(loaded: Path, tmp_path: Path) -> None:
    run("export", str(loaded), str(tmp_path / "blinded"))
    assert arms_in(tmp_path / "blinded") == [(number, "") for number, _ in SUBJECTS]
    assert '"arms": "blinded"' in (tmp_path / "blinded" / "manifest.json").read_text(encoding="utf-8")
    run("export", str(loaded), str(tmp_path / "one"), "--unblinded")
    assert arms_in(tmp_path / "one") == SUBJECTS
    assert "nothing altered" in run("audit-trail", "verify", str(loaded))


def test_export_load_and_export_give_the_same_arms(loaded: Path, tmp_path: Path) -> None:
    run("export", str(loaded), str(tmp_path / "one"), "--unblinded")
    again = prepared(tmp_path / "again", two_arm_study(is_blinded=True))
    run("load", str(again), str(tmp_path / "one"))
    run("export", str(again), str(tmp_path / "two"), "--unblinded")
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "data").iterdir()}
        for name in ("one", "two")
    )
    assert one == two


def test_an_arm_that_the_study_does_not_know_is_named(loaded: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "study.toml").write_text(two_arm_study(is_blinded=True), encoding="utf-8")
    (source / "data" / "subjects.csv").write_text(
        "subject,site,arm\n01-001,01,sham\n01-002,01,cells\n", encoding="utf-8"
    )
    folder = prepared(tmp_path / "trial", two_arm_study(is_blinded=True))
    said = run("load", str(folder), str(source), expected=2)
    assert "sham" in said
    assert "line 2" in said
