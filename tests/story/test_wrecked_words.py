"""What a report with a withheld primary result says of its counts: what is withheld is in none of them unsaid."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.table import TableSpec
from funis.published.compare import ComparedText, compare_with_published, render_comparison
from funis.published.read import read_statements
from funis.reporting.withheld import withhold
from funis.results import Results
from funis.study.read import read_study

from .report_kinds import make_study
from .test_one_subject import tables_of
from .test_report_statements import item, main_text, report


@cache
def outcome() -> tuple[Results, ComparedText]:
    with TemporaryDirectory() as place:
        folder = make_study("wrecked", Path(place) / "trial")
        study = read_study(folder)
        statements = read_statements(study, folder)
        assert statements is not None
        results = withhold(study, analyse(study, read_tables(folder, study)))
    return results, compare_with_published(results.numbers, statements)


def test_p_values_that_are_withheld_are_not_counted_as_printed() -> None:
    numbers = outcome()[0].numbers.filter(pl.col("statistic") == "p")
    assert numbers.filter(pl.col("status") == "withheld").height > 0
    assert (
        f"{numbers.height} P values were calculated; those of withheld results are not printed."
    ) in main_text("wrecked")
    assert re.search(r"\d+ P values were calculated\.", main_text("sle"))


def test_beside_an_unusable_value_all_present_says_what_was_left_out() -> None:
    said = "can be told without what was left out as an error: S13."
    assert said in main_text("wrecked")
    assert said not in main_text("sle")


def test_a_published_figure_whose_number_is_withheld_was_not_compared() -> None:
    text = outcome()[1]
    lacking = [row.id for row in text.figures if "withheld" in row.computed]
    agreeing = sum(bool(row.agrees) for row in text.figures)
    # 100 figures of the abstract; whatever does not agree is withheld, for one value is all that is wrong.
    assert agreeing + len(lacking) == len(text.figures) == 100
    assert text.agreement == (
        f"{agreeing} of 100 published figures agree, {len(lacking)} are not compared: "
        "withheld for errors in the data"
    )
    assert all("nothing was compared" in row.reason for row in text.figures if row.id in lacking)
    assert "DIFFERS" not in render_comparison(text)
    assert render_comparison(text).count("WITHHELD") == len(lacking)


def table_named(name: str) -> TableSpec:
    return next(each for each in tables_of(report("wrecked")) if each.id == name)


def test_one_cause_is_one_line_of_what_has_no_result() -> None:
    """The same reason stood in 12 rows, and for each primary endpoint in the box."""
    (row,) = table_named("table-unassessed").rows
    assert row.stub.text == "Withheld: errors in the data take values from a primary result"
    said = row.cells[0].text
    assert said.startswith("Primary: Clinical response; Relapse after a response. ")
    assert "Kidney function, albumin and complement: Creatinine" in said
    assert item("wrecked", "Primary").count("errors in the data take values") == 1
    assert item("wrecked", "Primary").startswith("Clinical response and relapse after a response: withheld")
    assert item("wrecked", "Durability") == "Durability: withheld for errors in the data."


def test_what_is_withheld_is_not_missing_from_a_table_without_a_word() -> None:
    """Of BILAG the baseline table had no row; creatinine hangs on who relapsed, and has none either."""
    table = table_named("table-baseline")
    rows = " ".join(row.stub.text for row in table.rows)
    (note,) = [each for each in table.footnotes if each.startswith("Not shown: ")]
    for name in ("BILAG", "reatinine", "rea nitrogen", "aemoglobin"):
        assert name not in rows
        assert name in note
    assert "SLEDAI" in rows
    assert "SLEDAI" not in note
    graded = table_named("table-main-lab-shifts")
    assert "reatinine" not in " ".join(row.stub.text for row in graded.rows)
    (of_grades,) = [each for each in graded.footnotes if each.startswith("Not shown: ")]
    assert "reatinine" in of_grades
    assert "BILAG" not in of_grades
    assert not [
        each
        for table in tables_of(report("sle"))
        for each in table.footnotes
        if each.startswith("Not shown: ")
    ]


def test_sections_without_results_are_not_said_to_be_planned_by_nobody() -> None:
    assert "none occurred, or withheld): " in report("wrecked").supplement_lead
    assert "withheld" not in report("sle").supplement_lead
