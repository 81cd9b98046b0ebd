"""The invented scenario of a second course: it says what it is, and changes nothing of what was published."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from funis.analysis.analyse import analyse
from funis.cli import app
from funis.data.tables import read_tables
from funis.demo.reconstruct import build_cohort, reconstruct, reconstruct_scenario
from funis.demo.retreatment import retreat_relapsed
from funis.demo.sle_timelines import build_timelines
from funis.results import Results
from funis.study.read import read_study

#: Analyses that the published text is compared with.
PUBLISHED = ("response", "relapse", "durability", "test", "change", "summary", "systems", "time_to_event")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Results]:
    folder = tmp_path_factory.mktemp("scenario")
    made = {
        "trial": reconstruct("sle", folder / "trial"),
        "scenario": reconstruct_scenario(folder / "scenario"),
    }
    found = {}
    for name, place in made.items():
        study = read_study(place)
        found[name] = analyse(study, read_tables(place, study))
    return found


def test_what_was_published_does_not_change(runs: Mapping[str, Results]) -> None:
    kept = [
        results.numbers.filter(pl.col("analysis").is_in(PUBLISHED)).select("id", "text", "n", "denominator")
        for results in (runs["trial"], runs["scenario"])
    ]
    assert kept[0].height > 1000
    assert kept[0].equals(kept[1])


def test_seven_are_infused_again_two_weeks_after_their_relapse(runs: Mapping[str, Results]) -> None:
    results = runs["scenario"]
    assert [finding for finding in results.findings if finding.level != "query"] == []
    assert results.value("exposure.treated.course_2.infused.count") == 7
    assert results.value("exposure.treated.course_2.when_relapse.count") == 7
    assert results.value("exposure.treated.course_2.cells_per_kg.median") == 2e6
    assert results.value("course.enrolled.course_2.days_baseline_to_course.median") == 14


def test_the_same_seed_makes_the_same_scenario() -> None:
    relapses = {each.subject: each.relapse for each in build_timelines(2012) if each.relapse}
    made = [retreat_relapsed(build_cohort("sle"), relapses, seed=2012).tables for _ in range(2)]
    assert made[0] == made[1]
    assert made[0] != retreat_relapsed(build_cohort("sle"), relapses, seed=2013).tables


def test_who_responds_again_has_the_values_of_the_first_response() -> None:
    relapses = {each.subject: each.relapse for each in build_timelines(2012) if each.relapse}
    before, after = build_cohort("sle").tables, retreat_relapsed(build_cohort("sle"), relapses).tables
    same = 0
    for subject, relapse in relapses.items():
        last = of(after["sledai_2k"], subject, max(names(after["sledai_2k"], subject)))
        first, lost = of(before["sledai_2k"], subject, "month_6"), of(before["sledai_2k"], subject, relapse)
        assert last in (first, lost)
        same += last == first
    # Four of seven, unless somebody's month 6 is the same as the relapse.
    assert same >= 4
    # Weekdays only, and every lot is in date on the day it is given.
    given: list[Any] = [dict(row) for row in after["infusions"]]
    days = [row["date"] for row in given if row["number"] > 2]
    assert len(days) == 14
    assert all(isinstance(day, date) and day.weekday() < 5 for day in days)
    expiry: Any = {row["lot"]: row["expiry"] for row in after["lots"]}
    assert all(row["date"] <= expiry[row["lot"]] for row in given)


def test_the_folder_says_that_it_is_invented(tmp_path: Path) -> None:
    folder = reconstruct_scenario(tmp_path / "scenario")
    study = read_study(folder)
    assert study.trial.scenario
    assert study.source is None
    assert not (folder / "statements.toml").exists()
    assert "no publication reports" in (folder / "README.md").read_text(encoding="utf-8")


def names(rows: Any, subject: str) -> list[str]:
    """The unscheduled visits of a subject, those after the second course."""
    return [row["visit"] for row in rows if row["subject"] == subject and row["visit"].startswith("unsch")]


def of(rows: Any, subject: str, visit: str) -> dict[str, Any]:
    """The items of one visit, without where it was."""
    row = next(row for row in rows if (row["subject"], row["visit"]) == (subject, visit))
    return {name: cell for name, cell in row.items() if name not in {"visit", "date"}}


def test_the_command_makes_the_scenario_alone(tmp_path: Path) -> None:
    asked = ["demo", "--scenario", "retreatment", "--out", str(tmp_path), "--json"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    (made,) = json.loads(answer.stdout)
    assert made["name"] == "sle-retreatment"
    assert made["figures"] == []
    page = Path(made["report"]).read_text(encoding="utf-8")
    assert "Invented scenario: what if the seven who relapsed had been infused again at relapse." in page
    assert [place.name for place in tmp_path.iterdir()] == ["sle-retreatment"]
    # The scenario is compared with no published text: it has no page of sentences.
    assert not (Path(made["report"]).parent / "abstract.html").exists()
