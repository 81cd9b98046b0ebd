"""What a report with a withheld primary result says of its counts: what is withheld is in none of them unsaid."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.published.compare import ComparedText, compare_with_published, render_comparison
from funis.published.read import read_statements
from funis.reporting.withheld import withhold
from funis.results import Results
from funis.study.read import read_study

from .report_kinds import make_study
from .test_report_statements import main_text


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
