"""Which day a dose is of, and which course it cites: visits without a measurement, cohorts without a plan, drugs."""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.results import Results
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
small_trial = import_module("small_trial")
HEADER = "subject,drug,dose,unit,route,start,end\n"


def run_small(folder: Path, medications: str, visits: str = "", study: str = "") -> Results:
    small_trial.write_small_trial(folder)
    (folder / "data" / "medications.csv").write_text(HEADER + medications, encoding="utf-8")
    if visits:
        (folder / "data" / "visits.csv").write_text(visits, encoding="utf-8")
    if study:
        (folder / "study.toml").write_text(study, encoding="utf-8")
    found = read_study(folder)
    return analyse(found, read_tables(folder, found))


def doses(results: Results) -> dict[tuple[str, str], tuple[float, float | None]]:
    rows = results.listings["glucocorticoid"].iter_rows(named=True)
    return {(row["subject"], row["visit"]): (row["day"], row["value"]) for row in rows}


def cited(results: Results, visit: str) -> dict[str, tuple[str, int, str]]:
    number = results.numbers.filter(
        (pl.col("analysis") == "glucocorticoid") & (pl.col("visit") == visit) & (pl.col("statistic") == "n")
    ).row(0, named=True)
    rows = results.sources.filter(pl.col("source") == number["source"]).iter_rows(named=True)
    return {row["subject"]: (row["file"], row["line"], row["text"]) for row in rows}


def test_a_visit_that_was_attended_without_a_measurement_has_its_dose(tmp_path: Path) -> None:
    """S4 came at month 3 (day 95: 20 mg until day 100) and not at month 6; the measured day of S1 stays day 90."""
    visits = (
        "subject,visit,date,attended\n"
        "S4,month_3,2020-04-05,1\nS4,month_6,2020-06-29,0\nS1,month_3,2020-04-10,1\nS2,month_3,2020-03-31,\n"
        "S1,unscheduled,2020-02-01,1\nS4,baseline,,1\n"
    )
    results = run_small(tmp_path / "small", "S4,Prednisone,20,mg/day,oral,2019-06-01,2020-04-10\n", visits)
    found = doses(results)
    assert found["S4", "month_3"] == (95, 20)
    assert ("S4", "month_6") not in found
    assert found["S1", "month_3"][0] == 90
    assert found["S4", "baseline"] == (0, 20)


def test_without_a_table_of_visits_only_measured_visits_count(tmp_path: Path) -> None:
    results = run_small(tmp_path / "small", "S4,Prednisone,20,mg/day,oral,2019-06-01,\n")
    assert [visit for subject, visit in doses(results) if subject == "S4"] == ["baseline"]


def test_the_course_cited_is_one_of_glucocorticoid_in_force(tmp_path: Path) -> None:
    """Begun last, but azathioprine is none, and the third course ends the day before; S2 takes none at month 3."""
    results = run_small(
        tmp_path / "small",
        "S1,Prednisone,5,mg/day,oral,2019-06-01,\n"
        "S1,Prednisone,2.5,mg/day,oral,2020-03-31,2020-03-31\n"
        "S1,Prednisone,10,mg/day,oral,2020-03-30,2020-03-30\n"
        "S1,Azathioprine,50,mg/day,oral,2020-03-31,\n"
        "S2,Azathioprine,50,mg/day,oral,2019-03-31,\n"
        "S3,Prednisone,5,mg/day,oral,,\n",
    )
    found = cited(results, "month_3")
    assert found["S1"] == ("medications.csv", 3, "7.5 mg/day")
    assert found["S2"] == ("subjects.csv", 3, "0 mg/day")
    assert found["S3"] == ("subjects.csv", 4, "dose not known (a course has no start)")
    assert cited(results, "month_6")["S1"] == ("medications.csv", 2, "5 mg/day")


COHORT = """
[study]
id = "COHORT"
title = "A cohort"
condition = "sle"
design = "observational"

[instruments.sledai_2k]
missing = "strict"

[[endpoints]]
id = "activity"
kind = "summary"
variable = "sledai_2k"
"""


def test_a_cohort_without_a_plan_has_bands_of_time(tmp_path: Path) -> None:
    """Days count from the first visit: 0, 90 and 180, each the last day of its band; the dose falls after day 100.

    Baseline is the first day seen, so that a dose is raised or not against that of day 0.
    """
    results = run_small(
        tmp_path / "small",
        "S1,Prednisone,5,mg/day,oral,2019-06-01,2020-04-10\nS1,Prednisone,10,mg/day,oral,2020-04-11,\n"
        "S2,Prednisone,5,mg/day,oral,2019-06-01,2020-04-10\n",
        study=COHORT,
    )
    found = doses(results)
    assert {key: value for key, value in found.items() if key[0] in {"S1", "S2"}} == {
        ("S1", "day_0"): (0, 5), ("S1", "days_1_to_90"): (90, 5), ("S1", "days_91_to_180"): (180, 10),
        ("S2", "day_0"): (0, 5), ("S2", "days_1_to_90"): (90, 5), ("S2", "days_91_to_180"): (180, 0),
    }  # fmt: skip
    assert {visit for _, visit in found} == {"day_0", "days_1_to_90", "days_91_to_180"}
    raised = results.numbers.filter(
        (pl.col("analysis") == "glucocorticoid")
        & (pl.col("category") == "raised")
        & (pl.col("statistic") == "count")
    )
    assert dict(raised.select("visit", "value").iter_rows()) == {
        "day_0": 0.0,
        "days_1_to_90": 0.0,
        "days_91_to_180": 1.0,
    }
