"""The working of a response says what the report lists of the same subject, and shows the values behind it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.response_working import _change, _find_endpoint, explain_response, responses_of
from funis.data.tables import Tables, read_tables
from funis.demo.reconstruct import reconstruct
from funis.errors import UnknownNameError
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study


@pytest.fixture(scope="module")
def lupus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Tables, Results]:
    folder = reconstruct("sle", tmp_path_factory.mktemp("working") / "sle")
    study = read_study(folder)
    tables = read_tables(folder, study)
    return folder, study, tables, analyse(study, tables)


def test_the_working_is_that_of_the_report(lupus: tuple[Path, Study, Tables, Results]) -> None:
    _, study, tables, results = lupus
    listed = results.listings["responses_all"].filter(
        pl.col("endpoint") == "response", pl.col("visit") == "month_6"
    )
    words = {"yes", "no", "cannot tell", "not recorded", "not asked"}
    # One of each class, and whoever cannot be told: every fifth subject has them.
    for row in listed.gather_every(5).iter_rows(named=True):
        found = explain_response(study, tables, "response", subject=row["subject"], visit="month_6")
        assert (found.response, found.responder, found.reason) == (
            row["response"],
            row["responder"],
            row["reason"],
        )
        assert {each.criterion: each.answer for each in found.criteria} == {
            name: row[name] for name in ("no_a", "no_b", "no_severe_flare", "few_b", "not_lost")
        }
        assert {each.answer for each in found.criteria} <= words
        assert found.endpoint == "response"


def test_the_values_behind_a_criterion_are_those_of_the_tables(
    lupus: tuple[Path, Study, Tables, Results],
) -> None:
    _, study, tables, results = lupus
    subject = results.listings["responses_all"]["subject"][0]
    found = explain_response(study, tables, "sri_4", subject=subject, visit="month_6")
    assert found.endpoint == ""
    (series,) = [each for each in found.recorded if each.column == "sledai_2k"]
    scores = results.listings["scores"].filter(subject=subject, variable="sledai_2k")
    by_visit = {row["visit"]: row["value"] for row in scores.iter_rows(named=True)}
    assert {at: float(text) for at, text in series.values.items() if text} == by_visit
    fall = by_visit["month_6"] - by_visit["baseline"]
    assert float(series.change.partition(",")[0]) == fall
    printed = str(found)
    assert f"(change at month_6: {series.change})" in printed
    assert "a fall in SLEDAI-2K since baseline of at least 4 points" in printed
    assert f"Because: {found.reason}" in printed


def test_a_change_is_printed_with_its_percent_and_only_where_both_values_are_known() -> None:
    own = pl.DataFrame(
        {
            "visit": ["screening", "baseline", "month_3", "month_6"],
            "day": [-14.0, 0.0, 90.0, 180.0],
            "proteinuria_24h": [4.0, 3.2, None, 2.1],
            "sledai_2k": [None, 0, 2, 3],
            "bilag_2004_renal": ["A", "A", "B", "C"],
        }
    )
    # 2.1 - 3.2 = -1.1; -1.1 / 3.2 = -34.375 %, half away from zero -34.4.
    assert _change(own, "proteinuria_24h", "month_6") == "-1.1, -34.4 %"
    assert _change(own, "proteinuria_24h", "month_3") == ""
    # From 0 there is no percent.
    assert _change(own, "sledai_2k", "month_6") == "3"
    assert _change(own, "bilag_2004_renal", "month_6") == ""
    assert _change(own.filter(pl.col("day") > 0), "proteinuria_24h", "month_6") == ""


def test_an_endpoint_of_that_visit_comes_first_and_any_response_can_be_asked_for(
    lupus: tuple[Path, Study, Tables, Results],
) -> None:
    _, study, _, _ = lupus
    assert _find_endpoint(study, "ucmsc_bilag_response", "month_6").id == "response"
    assert _find_endpoint(study, "explorer_response", "month_12").id == "explorer_response"
    assert _find_endpoint(study, "sri_4", "month_6").at == ("month_6",)
    assert {"response", "sri_4"} <= set(responses_of(study))
    with pytest.raises(UnknownNameError, match="sri_4"):
        _find_endpoint(study, "sri4", "month_6")


def test_unknown_subjects_and_visits_are_named(lupus: tuple[Path, Study, Tables, Results]) -> None:
    _, study, tables, results = lupus
    subject = results.listings["responses_all"]["subject"][0]
    with pytest.raises(UnknownNameError, match="month_6"):
        explain_response(study, tables, "sri_4", subject=subject, visit="month6")
    with pytest.raises(UnknownNameError, match="subject"):
        explain_response(study, tables, "sri_4", subject="nobody", visit="month_6")
