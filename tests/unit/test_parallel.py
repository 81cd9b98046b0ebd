"""A parallel trial of two arms from the command line's point of view: its report, whole and with an arm lost."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import read_tables
from funis.reporting.report import render_html
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

STUDY = """
[study]
id = "TWO"
title = "Cells or placebo"
condition = "sle"
design = "parallel"

[[arms]]
id = "cells"
name = "UC-MSC"

[[arms]]
id = "placebo"
name = "Placebo"
control = true

[[infusions]]
day = 0
cells_per_kg = 1e6

[[visits]]
name = "baseline"
day = 0
window = [-14, 0]
forms = ["sledai_2k"]

[[visits]]
name = "month_3"
day = 90
window = [-20, 20]
forms = ["sledai_2k"]

[[visits]]
name = "month_6"
day = 180
window = [-20, 20]
forms = ["sledai_2k"]

[[endpoints]]
id = "change"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_6"]
methods = ["paired_t", "mmrm"]

[[endpoints]]
id = "response"
kind = "response"
definition = "sri_4"
at = "month_6"
"""
DAYS = {"baseline": -3, "month_3": 90, "month_6": 180}
SUBJECTS = 16


def write(folder: Path, name: str, head: list[str], rows: list[list[object]]) -> None:
    with (folder / "data" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


def make(folder: Path, arms: tuple[str, str]) -> tuple[Study, Results]:
    (folder / "data").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    items = [item.name for item in definition("sledai_2k").items]
    subjects, visits, scores, infusions = [], [], [], []
    for number in range(SUBJECTS):
        name, first = f"S{number:02d}", date(2020, 1, 1) + timedelta(days=number)
        subjects.append([name, "female", 40, first - timedelta(days=9), 60, arms[number % 2]])
        infusions.append([name, 1, first, 60_000_000 if number % 2 == 0 else 0, 60])
        for visit, day in DAYS.items():
            when = first + timedelta(days=day)
            visits.append([name, visit, when])
            # A pattern without meaning, other at every subject and visit.
            scores.append([name, visit, when, *(int((number * 7 + day + i * i) % 5 == 0) for i in range(24))])
    write(folder, "subjects", ["subject", "sex", "age", "consent_date", "weight_kg", "arm"], subjects)
    write(folder, "visits", ["subject", "visit", "date"], visits)
    write(folder, "sledai_2k", ["subject", "visit", "date", *items], scores)
    write(folder, "infusions", ["subject", "number", "date", "cells", "weight_kg"], infusions)
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def test_the_summary_counts_all_arms_and_tables_name_each(tmp_path: Path) -> None:
    study, results = make(tmp_path / "trial", ("cells", "placebo"))
    page = render_html(study, results)
    summary = page.partition("Key results")[2].partition("</section>")[0]
    assert ">16<" in summary
    assert "arm UC-MSC" in page
    assert "arm Placebo" in page
    # No subject has the grades that the response needs: nothing over nothing has no percentage.
    assert "–%" not in page


@pytest.mark.parametrize("arms", [("Cells", "placebo"), ("cells", "sham")])
def test_an_arm_that_is_lost_does_not_stop_the_report(arms: tuple[str, str], tmp_path: Path) -> None:
    study, results = make(tmp_path / "trial", arms)
    assert {finding.code for finding in results.findings if finding.level == "error"} == {"unknown_arm"}
    assert "There is no arm of this name" in render_html(study, results)
