"""A study that holds totals or grades and no items: taken as recorded, and marked so everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.observations import explain_visit, score_instruments
from funis.catalogue.registry import definition
from funis.data.tables import Tables, tables_from_frames
from funis.reporting.report import write_report_set
from funis.results import Results
from funis.study.model import Study

DAYS = {"baseline": 0, "month_6": 180}
BILAG = definition("bilag_2004")
ITEMS = [item.name for item in definition("sledai_2k")]
Rows = list[dict[str, Any]]


def make_study(*instruments: str, endpoints: tuple[dict[str, Any], ...] = (), **more: Any) -> Study:
    visits = tuple(
        {"name": name, "day": day, "window": (-10, 10) if day else (-10, 0), "forms": instruments}
        for name, day in DAYS.items()
    )
    trial = {"id": "T", "title": "Totals", "condition": "sle", "design": "observational"}
    return Study.model_validate({"study": trial, "visits": visits, "endpoints": endpoints, **more})


def make_tables(study: Study, name: str, rows: Rows, **others: Rows) -> Tables:
    subjects = [{"subject": s, "age": 30, "sex": "female"} for s in dict.fromkeys(r["subject"] for r in rows)]
    visits = [{key: row[key] for key in ("subject", "visit", "day")} for row in rows]
    return tables_from_frames(study, {"subjects": subjects, "visits": visits, name: rows, **others})


def totals(column: str, *values: float, **beside: Any) -> Rows:
    """Give each subject a total at baseline and, two lower, at month 6."""
    return [
        {"subject": f"S{n}", "visit": visit, "day": day, column: value - (2 if day else 0), **beside}
        for n, value in enumerate(values)
        for visit, day in DAYS.items()
    ]


SUMMARY = {"id": "activity", "kind": "summary", "variable": "sledai_2k"}


def policies(results: Results, measure: str) -> set[str]:
    """Give the policies of the numbers of a measure; how many totals differ is under none."""
    return set(results.numbers.filter(pl.col("measure") == measure, pl.col("missing") != "")["missing"])


@pytest.mark.parametrize("column", ["sledai_2k", "sledai_2k_recorded"])
def test_totals_alone_are_taken_as_recorded(column: str, tmp_path: Path) -> None:
    study = make_study("sledai_2k", endpoints=(SUMMARY,))
    tables = make_tables(study, "sledai_2k", totals(column, 12, 8, 4))
    found = [(f.level, f.code) for f in tables.findings if f.table == "sledai_2k"]
    assert found == [("query", "as_recorded")]
    results = analyse(study, tables)
    # 12, 8 and 4 at baseline: mean 8; two lower at month 6.
    assert results.value("summary.enrolled.baseline.sledai_2k.mean") == 8
    assert results.value("summary.enrolled.month_6.sledai_2k.mean") == 6
    assert policies(results, "sledai_2k") == {"as_recorded"}
    text = write_report_set(study, results, tmp_path, ("md",)).files[0].read_text(encoding="utf-8")
    assert "SLEDAI-2K, as recorded" in text
    assert "the total or grade was written down without its items" in text
    assert "scored by SLEDAI-2K" not in text


def test_what_needs_items_cannot_be_told() -> None:
    """Low disease activity asks for items and for what changed: nobody has a total of 0, so nobody knows."""
    response = {"id": "low", "kind": "response", "definition": "lldas", "at": ("month_6",)}
    study = make_study("sledai_2k", endpoints=(response,))
    results = analyse(study, make_tables(study, "sledai_2k", totals("sledai_2k", 6, 4)))
    answers = results.listings["responses"]
    assert answers["response"].to_list() == ["cannot tell"] * 2
    assert all("Recorded for nobody: seizure" in reason for reason in answers["reason"])
    # 6 falls to 4, which is within the limit; 8 falls to 6, which is not, whatever the items are.
    above = analyse(study, make_tables(study, "sledai_2k", totals("sledai_2k", 8)))
    assert above.listings["responses"]["response"].to_list() == ["no"]


def test_a_response_by_a_recorded_total_is_marked() -> None:
    response = {"id": "change", "kind": "response", "definition": "sledai_change", "at": ("month_6",)}
    study = make_study("sledai_2k", endpoints=(response,))
    results = analyse(study, make_tables(study, "sledai_2k", totals("sledai_2k", 12, 8)))
    numbers = results.numbers.filter(pl.col("endpoint") == "change")
    assert set(numbers["missing"]) == {"as_recorded"}
    items = dict.fromkeys(ITEMS, 0)
    scored = analyse(study, make_tables(study, "sledai_2k", [row | items for row in totals("_", 0)]))
    assert "as_recorded" not in set(scored.numbers["missing"])


def test_items_beside_a_total_are_scored_and_compared() -> None:
    """The first subject has items, which give 4, beside a total of 6; the others have totals alone."""
    study = make_study("sledai_2k", endpoints=(SUMMARY,))
    items = dict.fromkeys(ITEMS, 0) | {"arthritis": 1}
    rows = totals("sledai_2k_recorded", 6, 10)
    rows = [row | (items if row["subject"] == "S0" else dict.fromkeys(ITEMS)) for row in rows]
    results = analyse(study, make_tables(study, "sledai_2k", rows))
    # 4 of the items and 10 as recorded: mean 7.
    assert results.value("summary.enrolled.baseline.sledai_2k.mean") == 7
    assert policies(results, "sledai_2k") >= {"strict_or_recorded"}
    differing = [f for f in results.findings if f.code == "recorded_total_differs"]
    assert [(f.subject, f.visit, f.value) for f in differing] == [("S0", "baseline", "6")]
    said = [f for f in results.findings if f.code == "as_recorded"]
    assert [f.message.split()[0] for f in said] == ["2"]


def test_laboratory_results_do_not_turn_a_total_into_a_score() -> None:
    """Platelets fill one item; the other 23 stay unknown, and the total that was recorded stands."""
    study = make_study(
        "sledai_2k",
        endpoints=(SUMMARY,),
        labs=({"test": "platelets", "unit": "10^9/L", "label": "Platelets"},),
    )
    rows = totals("sledai_2k", 12)
    labs = [
        {"subject": row["subject"], "visit": row["visit"], "day": row["day"], "test": "platelets", "value": 90, "unit": "10^9/L"}
        for row in rows
    ]  # fmt: skip
    results = analyse(study, make_tables(study, "sledai_2k", rows, labs=labs))
    assert results.value("summary.enrolled.baseline.sledai_2k.mean") == 12
    assert policies(results, "sledai_2k") == {"as_recorded"}


def test_grades_alone_are_taken_as_recorded() -> None:
    """A renal and B musculoskeletal: 12 and 8 points; then C and D: one point."""
    quiet = dict.fromkeys(BILAG.grade_columns, "E")
    grades = [
        {**quiet, "bilag_2004_renal": "A", "bilag_2004_musculoskeletal": "B"},
        {**quiet, "bilag_2004_renal": "C", "bilag_2004_musculoskeletal": "D"},
    ]
    rows = [
        {"subject": "S0", "visit": visit, "day": day, **grade}
        for (visit, day), grade in zip(DAYS.items(), grades, strict=True)
    ]
    study = make_study("bilag_2004", endpoints=({"id": "x", "kind": "summary", "variable": "bilag_2004"},))
    tables = make_tables(study, "bilag_2004", rows)
    assert [(f.level, f.code) for f in tables.findings if f.table == "bilag_2004"] == [
        ("query", "as_recorded")
    ]
    results = analyse(study, tables)
    assert results.value("summary.enrolled.baseline.bilag_2004.mean") == 20
    assert results.value("summary.enrolled.month_6.bilag_2004.mean") == 1
    assert policies(results, "bilag_2004") == {"as_recorded"}
    assert policies(results, "bilag_2004_renal") == {"as_recorded"}


def test_one_grade_missing_leaves_the_total_unknown() -> None:
    quiet: dict[str, Any] = dict.fromkeys(BILAG.grade_columns, "E")
    rows = [
        {"subject": "S0", "visit": "baseline", "day": 0, **quiet, "bilag_2004_renal": "A"},
        {"subject": "S1", "visit": "baseline", "day": 0, **quiet, "bilag_2004_renal": None},
    ]
    study = make_study("bilag_2004", endpoints=({"id": "x", "kind": "summary", "variable": "bilag_2004"},))
    results = analyse(study, make_tables(study, "bilag_2004", rows))
    assert results.value("summary.enrolled.baseline.bilag_2004.n") == 1
    assert results.value("summary.enrolled.baseline.bilag_2004.mean") == 12


@pytest.mark.parametrize(
    ("instrument", "column", "value"),
    [("sledai_2k", "sledai_2k", 106), ("bilag_2004", "bilag_2004_renal", "F")],
)
def test_what_no_total_and_no_grade_can_be_is_refused(instrument: str, column: str, value: Any) -> None:
    study = make_study(instrument)
    rows = [{"subject": "S0", "visit": "baseline", "day": 0, column: value}]
    tables = make_tables(study, instrument, rows)
    errors = [f for f in tables.findings if f.level == "error" and f.table == instrument]
    assert [f.column for f in errors] == [f"{column}_recorded"]


def test_a_total_with_some_item_columns_still_asks_for_the_others() -> None:
    study = make_study("sledai_2k")
    rows = [{"subject": "S0", "visit": "baseline", "day": 0, "sledai_2k": 4, "arthritis": 1}]
    tables = make_tables(study, "sledai_2k", rows)
    assert {f.column for f in tables.findings if f.code == "missing_column"} == set(ITEMS) - {"arthritis"}


def test_cut_offs_follow_from_a_recorded_total() -> None:
    """ESSDAI 5 and 14 are the lower limits of moderate and high activity."""
    study = make_study("essdai")
    rows = [{"subject": f"S{n}", "visit": "baseline", "day": 0, "essdai": n} for n in (4, 5, 13, 14)]
    frame = score_instruments(study, make_tables(study, "essdai", rows))["essdai"].frame.sort("subject")
    by_total = {row["essdai"]: row for row in frame.iter_rows(named=True)}
    found = [(by_total[n]["essdai_moderate_or_high"], by_total[n]["essdai_high"]) for n in (4, 5, 13, 14)]
    assert found == [(0, 0), (1, 0), (1, 0), (1, 1)]
    assert set(frame["essdai_status"]) == {"as_recorded"}
    assert frame["essdai_lower"].to_list() == frame["essdai_upper"].to_list() == frame["essdai"].to_list()


def test_the_working_of_a_recorded_total_is_what_the_report_takes() -> None:
    study = make_study("sledai_2k")
    found = explain_visit(
        study,
        make_tables(study, "sledai_2k", totals("sledai_2k", 12)),
        "sledai_2k",
        subject="S0",
        visit="baseline",
    )
    text = str(found)
    assert "Total: 12" in text
    assert "Bounds: 12 to 12" in text
    assert "Status: as_recorded; missing policy: as_recorded" in text
    assert {row.note for row in found.rows} == {"the total or grade was recorded without it"}


def test_the_working_of_a_recorded_grade_names_it_so() -> None:
    """The renal grade was recorded; the mucocutaneous one follows from its items."""
    skin = {item.name: 0 for item in BILAG if item.system == "mucocutaneous"} | {"skin_eruption_severe": 2}
    row = {"subject": "S0", "visit": "baseline", "day": 0, **skin, "bilag_2004_renal": "B"}
    study = make_study("bilag_2004")
    found = explain_visit(
        study, make_tables(study, "bilag_2004", [row]), "bilag_2004", subject="S0", visit="baseline"
    )
    assert (found.outputs["bilag_2004_renal"], found.outputs["bilag_2004_renal_rule"]) == ("B", "as_recorded")
    assert found.outputs["bilag_2004_mucocutaneous"] == "A"
    notes = {one.item: one.note for one in found.rows}
    assert notes["accelerated_hypertension"] == "the total or grade was recorded without it"
    assert notes["pyrexia"] != "the total or grade was recorded without it"
