"""The demonstration of the server begins in the middle of a trial: days are moved, nothing lies ahead."""

from datetime import date
from pathlib import Path

import pytest

from funis.data.tables import read_tables
from funis.demo.reconstruct import build_cohort
from funis.demo.running import amended_text, let_run, reconstruct_running
from funis.study.model import Study
from funis.study.read import FILE_NAME, read_study

TODAY = date(2026, 3, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reconstruct_running(tmp_path_factory.mktemp("running"), TODAY)


def test_every_day_is_moved_by_the_same_number_of_weeks() -> None:
    """17 May 2010 was a Monday, and 3 March 2026 a Tuesday: 5,768 days, 824 weeks."""
    whole = build_cohort("sle")
    running = let_run(whole, TODAY)
    before = {(row["subject"], row["number"]): row["date"] for row in whole.tables["infusions"]}
    moved = [(row["date"], before[row["subject"], row["number"]]) for row in running.tables["infusions"]]
    assert {(new - old).days for new, old in moved if isinstance(new, date) and isinstance(old, date)} == {
        5768
    }


def test_nothing_lies_ahead() -> None:
    tables = let_run(build_cohort("sle"), TODAY).tables
    known = {name: rows for name, rows in tables.items() if name not in {"lots", "donors"}}
    days = [
        cell for rows in known.values() for row in rows for cell in row.values() if isinstance(cell, date)
    ]
    assert max(days) <= TODAY
    assert len(tables["subjects"]) == 40
    # By the days of the rebuilt visits: nine had come to month 12 by 17 May 2010, and a course may go on.
    assert len([row for row in tables["visits"] if row["visit"] == "month_12"]) == 9
    assert len(tables["disposition"]) == 9


def test_one_visit_is_overdue_and_nothing_else_is_asked(folder: Path) -> None:
    found = read_tables(folder, read_study(folder), today=TODAY).findings
    assert [(each.code, each.subject, each.visit) for each in found] == [
        ("missing_visit", "RECON-24", "month_6")
    ]


def test_sites_have_a_plan_and_the_trial_rules_that_stop_it(folder: Path) -> None:
    study = read_study(folder)
    assert [site.planned for site in study.sites] == [20, 14, 12, 10]
    assert [rule.action for rule in study.stopping] == ["pause", "notify"]
    assert study.trial.timezone == "Asia/Shanghai"
    assert "invented" in study.trial.assumptions[0].lower()


def test_an_amendment_changes_a_window_a_criterion_and_a_test(folder: Path, tmp_path: Path) -> None:
    text = (folder / FILE_NAME).read_text(encoding="utf-8")
    (tmp_path / FILE_NAME).write_text(amended_text(text), encoding="utf-8")
    before, after = read_study(folder), read_study(tmp_path)

    def told(study: Study) -> tuple[object, ...]:
        return study.visits[1].window, study.eligibility.inclusion[1].rule, "crp" in study.lab_names

    assert told(before) == ((-14, 14), "baseline_sledai_2k > 6", False)
    assert told(after) == ((-7, 7), "baseline_sledai_2k >= 8", True)
