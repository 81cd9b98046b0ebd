"""A damaged study shows it: on the first page, in the exit code, and in a row for everything planned.

A small trial is damaged in every column of every table, one cell at a time; what was planned must stand on the
page all the same, with a result or with the reason why there is none.
"""

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from funis.analysis.analyse import analyse
from funis.cli.application import app
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.withheld import find_damage, withhold
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study
from funis.study.sources import sources_of

STUDY = """
[study]
id = "W"
title = "Damaged"
condition = "sle"
design = "single_arm"
[[infusions]]
day = 0
cells_per_kg = 1e6
[[visits]]
name = "baseline"
day = 0
window = [-14, 0]
[[visits]]
name = "month_3"
day = 90
window = [-21, 21]
forms = ["safety_questions"]
[[visits]]
name = "month_6"
day = 180
window = [-30, 30]
forms = ["safety_questions"]
[instruments.vas_physician]
[instruments.vas_patient]
[[labs]]
test = "c3"
unit = "g/L"
[populations]
treated = "first_infusion_date IS NOT NULL"
[[endpoints]]
id = "doctor"
kind = "change"
label = "Activity seen by the doctor"
role = "primary"
variable = "vas_physician"
at = ["month_3", "month_6"]
population = "treated"
methods = ["paired_t"]
[[endpoints]]
id = "patient"
kind = "change"
label = "Activity felt by the patient"
variable = "vas_patient"
at = ["month_6"]
population = "treated"
[[endpoints]]
id = "complement"
kind = "summary"
label = "Complement over time"
variable = "c3"
at = ["baseline", "month_6"]
[[endpoints]]
id = "alive"
kind = "time_to_event"
label = "Time to death"
event = "death"
"""
DATES = {"baseline": "2020-01-01", "month_3": "2020-03-31", "month_6": "2020-06-29"}
PEOPLE = tuple(f"S{place}" for place in range(1, 6))
LABELS = (
    "Activity seen by the doctor", "Activity felt by the patient", "Complement over time", "Time to death",
)  # fmt: skip
Table = list[dict[str, Any]]


def make_tables() -> dict[str, Table]:
    """Write a complete trial of five subjects, without an error."""
    seen = [(name, visit, date) for name in PEOPLE for visit, date in DATES.items()]
    reading = [
        {"subject": name, "visit": visit, "date": date, "reading_mm": 60 - 3 * place}
        for place, (name, visit, date) in enumerate(seen)
    ]
    return {
        "subjects": [
            {"subject": name, "sex": "female", "age": 30, "consent_date": "2019-12-20", "weight_kg": 50}
            for name in PEOPLE
        ],
        "visits": [{"subject": name, "visit": visit, "date": date} for name, visit, date in seen],
        "vas_physician": reading,
        "vas_patient": [dict(each) for each in reading],
        "labs": [
            {"subject": name, "visit": visit, "date": date, "test": "c3", "value": 0.8, "unit": "g/L"}
            for name, visit, date in seen
        ],
        "infusions": [
            {"subject": name, "number": 1, "date": "2020-01-01", "cells": 50000000, "weight_kg": 50,
             "reaction": "none"}
            for name in PEOPLE
        ],
        "adverse_events": [{"subject": "S2", "term": "Fever", "start": "2020-02-01", "grade": 1, "serious": 0,
                            "related": 0, "outcome": "recovered"}],
        "safety_questions": [
            {"subject": name, "visit": visit, "date": date, "asked": 1,
             "any_event": int(name == "S2" and visit == "month_3")}
            for name, visit, date in seen if visit != "baseline"
        ],
        "medications": [{"subject": "S1", "drug": "prednisone", "dose": 10, "unit": "mg",
                         "start": "2020-01-01"}],
        "disposition": [{"subject": name, "status": "completed", "date": "2020-06-29"} for name in PEOPLE],
    }  # fmt: skip


def write_trial(folder: Path, tables: dict[str, Table]) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    for name, rows in tables.items():
        with (folder / "data" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def report_on(folder: Path) -> tuple[Study, Results, str]:
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    page = render_html(study, results)
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return study, results, re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def errors_of(results: Results) -> int:
    return sum(finding.level == "error" for finding in results.findings)


def test_a_sound_trial_has_no_banner(tmp_path: Path) -> None:
    _, results, page = report_on(write_trial(tmp_path / "w", make_tables()))
    assert errors_of(results) == 0
    gone = (
        "Do not use",
        "was left out:",
        "were not collected",
        "could not be assessed",
        "withheld",
        "were asked about at",
    )
    for words in gone:
        assert words not in page
    done = CliRunner().invoke(app, ["report", str(tmp_path / "w")])
    assert done.exit_code == 0


COLUMNS = [(name, column) for name, rows in make_tables().items() for column in rows[0]]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{a}.{b}" for a, b in COLUMNS])
def test_one_wrong_cell_shows_on_the_first_page(table: str, column: str, tmp_path: Path) -> None:
    tables = make_tables()
    tables[table][0][column] = "2020-13-45" if "date" in column or column == "start" else "-7x"
    study, results, page = report_on(write_trial(tmp_path / "w", tables))
    count = errors_of(results)
    assert not re.search(r"\b0/0\b", page)
    for label in LABELS:
        assert label in page
    if not count:
        assert "Do not use" not in page
        return
    plural = "1 error in the data affects" if count == 1 else f"{count} errors in the data affect"
    damage = find_damage(study, results)
    assert len(damage.grave) + len(damage.others) + len(damage.deviations) == count
    if damage.others and not damage.grave:
        assert f"Part of the data was left out: {plural}" in page
    if damage.grave:
        assert "Do not use:" in page
        assert "Results of these tables are withheld." in page
        first = page.split("Key results", 2)[-1]
        assert "withheld: errors in the data take values from a primary result" in first
        # No number of the primary endpoint is printed but how many of its values are there.
        shown = read_numbers(withhold(study, results).numbers)
        of_primary = {each.analysis for each in shown.numbers if each.measure == "vas_physician"}
        assert of_primary <= {"completeness"}
    # What stood in the cell is nowhere on the first page.
    assert "-7x" not in page.split("Findings in the data", 1)[0]


@pytest.mark.parametrize("table", ["vas_physician", "subjects", "visits", "infusions"])
def test_the_primary_result_is_withheld_only_when_it_loses_a_value(table: str, tmp_path: Path) -> None:
    column = {"vas_physician": "reading_mm", "subjects": "subject"}.get(table, "date")
    tables = make_tables()
    tables[table][0][column] = "" if column == "subject" else "-7x"
    study, results, page = report_on(write_trial(tmp_path / "w", tables))
    damage = find_damage(study, results)
    assert damage.grave
    assert damage.endpoints == {"doctor"}
    assert damage.measures == {"vas_physician"}
    assert "Do not use:" in page
    # What the patient felt was measured by another instrument and stands.
    assert any(
        each.measure == "vas_patient" for each in read_numbers(withhold(study, results).numbers).numbers
    )


@pytest.mark.parametrize(("table", "column"), [("labs", "value"), ("subjects", "weight_kg"), ("infusions", "cells"),
                                               ("vas_patient", "reading_mm"), ("disposition", "date")])  # fmt: skip
def test_an_error_elsewhere_withholds_nothing(table: str, column: str, tmp_path: Path) -> None:
    tables = make_tables()
    tables[table][0][column] = "-7x"
    study, results, page = report_on(write_trial(tmp_path / "w", tables))
    assert errors_of(results) == 1
    assert find_damage(study, results).grave == ()
    assert withhold(study, results) is results
    words = {"labs": "laboratory tests", "vas_patient": "Visual analogue scale, patient"}.get(table, table)
    assert f"Part of the data was left out: 1 error in the data affects {words}." in page
    assert f"First errors: not a {'date' if column == 'date' else 'number'} ({table}.csv, line 2)." in page


@pytest.mark.parametrize("table", [name for name in make_tables() if name != "subjects"])
def test_a_table_that_is_not_there_leaves_a_row_for_what_was_planned(table: str, tmp_path: Path) -> None:
    tables = make_tables()
    del tables[table]
    _, results, page = report_on(write_trial(tmp_path / "w", tables))
    assert not re.search(r"\b0/0\b", page)
    for label in LABELS:
        assert label in page
    if table == "vas_physician":
        first = page.split("Planned, and without a result", 1)[0]
        assert "Activity seen by the doctor: Physician global, VAS could not be assessed" in first
        assert re.search(r"none of 5 subjects has a value and a baseline of Physician global, VAS", first)
    if table == "infusions":
        assert "Nobody is known to belong to the population treated" in page
    if table == "disposition":
        key = "time_to_event.alive.enrolled.death.n"
        row = results.numbers.filter(pl.col("id") == key).row(0, named=True)
        assert (row["value"], row["status"], row["text"]) == (None, "not_collected", "not collected")


def test_a_planned_visit_without_data_keeps_its_column(tmp_path: Path) -> None:
    tables = make_tables()
    for name in ("vas_physician", "labs"):
        tables[name] = [each for each in tables[name] if each["visit"] != "month_6"]
    _, _, page = report_on(write_trial(tmp_path / "w", tables))
    first = page.split("Planned, and without a result", 1)[0]
    assert "Activity seen by the doctor: Physician global, VAS, month 6 could not be assessed" in first
    assert re.search(r"Baseline Month 3 Month 6 n 5 5 not collected", page)


def test_the_report_is_written_and_the_exit_code_is_one(tmp_path: Path) -> None:
    tables = make_tables()
    tables["vas_physician"][0]["reading_mm"] = 400
    folder = write_trial(tmp_path / "w", tables)
    done = CliRunner().invoke(app, ["report", str(folder)])
    assert done.exit_code == 1
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Do not use: 1 error in the data affects Visual analogue scale, physician." in page
    # It does not look like a banner that only says what kind of data these are.
    assert re.search(r'<p class="status grave" role="note"><strong>Do not use', page)
    assert page.count('class="status grave"') == 1
    # The file of numbers says the same as the page.
    numbers = pl.read_csv(folder / "report" / "results.csv", infer_schema=False)
    of_primary = numbers.filter(pl.col("measure") == "vas_physician", pl.col("analysis") != "findings")
    counted = pl.col("analysis") == "completeness"
    assert set(of_primary.filter(~counted)["status"]) == {"withheld"}
    # What could not be read is no value that is there.
    there = of_primary.filter(counted, pl.col("visit") == "baseline", pl.col("statistic") == "count")
    assert there["text"].to_list() == ["4/5 (80.0%)"]
    assert of_primary.filter(~counted)["value"].is_null().all()


def test_figures_of_what_is_withheld_are_not_drawn(tmp_path: Path) -> None:
    """The rebuilt lupus trial with one impossible grade: no response, no curve, no timeline of it is shown."""
    folder = reconstruct("sle", tmp_path / "sle")
    file = folder / "data" / "bilag_2004.csv"
    rows = pl.read_csv(file, infer_schema=False)
    item = next(name for name in rows.columns if name not in {"subject", "visit", "date", "day"})
    rows[0, item] = "9"
    rows.write_csv(file)
    study, results, page = report_on(folder)
    damage = find_damage(study, results)
    assert {"response", "relapse", "time_to_relapse"} <= damage.endpoints
    assert "Do not use: 1 error in the data affects BILAG-2004." in page
    for gone in ("Any response", "of responders", "Free of the event", "29/40"):
        assert gone not in page
    # Who has haematological involvement is read from the grades: the blood counts of these go too.
    assert damage.endpoints >= {"blood_counts"}
    assert "Change of SLEDAI" in page
    shutil.rmtree(folder)


def test_a_time_since_the_response_rests_on_the_tables_of_the_response() -> None:
    """A death since the response has no definition of its own; the origin of its time is that of the response."""
    trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    response = {"id": "r", "kind": "response", "definition": "esspri_mcii", "at": "month_6"}
    time = {"id": "t", "kind": "time_to_event", "event": "death"}
    study = Study.model_validate(
        {
            "study": trial,
            "instruments": {"esspri": {}, "vas_physician": {}},
            "endpoints": (response, time | {"origin": "response"}, time | {"id": "u"}),
        }
    )
    _, since, plain = study.endpoints
    assert sources_of(study, since).every == {"esspri"}
    assert not sources_of(study, plain).every
    assert sources_of(study, since).has_ends
    assert sources_of(study, plain).has_ends


def test_an_instrument_that_a_study_chooses_is_the_one_a_response_rests_on() -> None:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    response = {"id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": "month_6"}
    for chosen in ("bilag_2004", "bilag_classic_9_3_1"):
        study = Study.model_validate(
            {
                "study": trial,
                "instruments": {"bilag_2004": {}, "bilag_classic_9_3_1": {}},
                "endpoints": (response | {"parameters": {"instrument": chosen}},),
            }
        )
        assert sources_of(study, study.endpoints[0]).every == {chosen}
