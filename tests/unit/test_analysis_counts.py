"""The parts of an analysis on hand-made panels: who was asked, grades, allocations, sources, recorded grades."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
from tests.unit.test_analysis import make_run, make_study

from funis.analysis import change as analysis_change
from funis.analysis.panel import OBSERVATION_COLUMNS, build_panel
from funis.analysis.recorded_responses import mark_responses
from funis.analysis.safety_counts import _count_unasked
from funis.analysis.system_grades import count_grades
from funis.data.check.allocation import chance_of_share
from funis.data.recorded_totals import AS_RECORDED
from funis.study.model import Endpoint


def test_where_nobody_was_asked_the_events_of_every_report_are_not_collected() -> None:
    """Serious events are told of in any case; a kind that nobody recorded and no report needs has no line."""
    run = make_run({"x": {"baseline": [1.0, 2.0]}})
    cohort = run.populations.cohort()
    nothing = pl.DataFrame(schema={"subject": pl.String})
    for variable in ("serious", "headache"):
        kind = cast("Any", SimpleNamespace(counted=nothing, variable=variable, measure=""))
        _count_unasked(run, cohort, kind, (cohort.place("adverse_events", variable), nothing))
    found = run.numbers.frame().select("variable", "value", "status").rows()
    assert found == [("serious", None, "not_collected")]


def test_each_grade_of_a_system_is_counted_over_those_who_have_one() -> None:
    """Two of three known grades at baseline are A; the fourth was not recorded, and at month 3 nobody was graded."""
    run = make_run({"x": {"baseline": [1.0, 2.0, 3.0, 4.0]}})
    frame = run.panel.observations.filter(pl.col("visit") == "baseline").head(3)
    grades = frame.with_columns(
        variable=pl.lit("bilag_2004_renal"), value=pl.Series([4.0, 4.0, 0.0]), text=pl.Series(["A", "A", "E"])
    ).select(list(OBSERVATION_COLUMNS))
    values = run.panel.observations.select(list(OBSERVATION_COLUMNS))
    run = replace(run, panel=build_panel(run.panel.layout, values, grades))
    count_grades(run)
    found = run.numbers.frame().filter(pl.col("statistic") == "count")
    assert found["visit"].unique().to_list() == ["baseline"]
    assert dict(found.select("category", "text").iter_rows()) == {
        "A": "2/3 (66.7%)", "B": "0/3 (0.0%)", "C": "0/3 (0.0%)", "D": "0/3 (0.0%)", "E": "1/3 (33.3%)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "share", "whole", "chance"),
    # R: 2 * pbinom(2, 10, 1/3), 2 * pbinom(2, 10, 2/3), at most 1; 2 of 10 where 1 in 3 is due is no surprise.
    [(2, 1, 3, 2 * 17664 / 59049), (2, 2, 3, 2 * 201 / 59049), (5, 1, 2, 1.0), (10, 1, 2, 2 / 1024)],
)
def test_the_chance_of_an_allocation_is_twice_the_smaller_tail(
    count: int, share: int, whole: int, chance: float
) -> None:
    assert chance_of_share(count, 10, share, whole) == pytest.approx(chance, rel=1e-12)


def test_tests_of_the_same_changes_have_one_source_and_of_filled_ones_their_own() -> None:
    """Two subjects have both values; with that of month 3 carried forward the third has a change as well."""
    about: dict[str, Any] = {"kind": "change", "variable": "x", "at": ("month_6",), "methods": ("paired_t",)}
    rules: dict[str, Any] = {"first": "observed", "second": "observed", "carried": "locf"}
    endpoints = [Endpoint(id=name, missing_outcome=rule, **about) for name, rule in rules.items()]
    run = make_run(
        {"x": {"baseline": [9, 8, 7], "month_3": [5, 7, 6], "month_6": [4, 6, None]}}, make_study(*endpoints)
    )
    for endpoint in endpoints:
        analysis_change.compare_changes(run, endpoint)
    rows = run.numbers.frame().filter(pl.col("statistic") == "p").select("endpoint", "n", "source")
    found = {endpoint: (n, source) for endpoint, n, source in rows.iter_rows()}
    assert {endpoint: n for endpoint, (n, _) in found.items()} == {"first": 2, "second": 2, "carried": 3}
    assert found["first"] == found["second"]
    assert found["carried"][1] != found["first"][1]


def test_responses_by_recorded_grades_say_so_and_other_numbers_do_not() -> None:
    endpoints = (
        Endpoint(id="r", kind="response", definition="ucmsc_bilag_response", at=("month_3",)),
        Endpoint(id="c", kind="change", variable="x"),
    )
    run = make_run({"x": {"baseline": [1.0]}}, make_study(*endpoints))
    numbers = pl.DataFrame({"endpoint": ["r", "r", "c", ""], "missing": ["", "worst", "", ""]})
    marked = mark_responses(replace(run, missing={"bilag_2004": AS_RECORDED}), numbers)
    assert marked["missing"].to_list() == [AS_RECORDED, "worst", "", ""]
    assert mark_responses(replace(run, missing={"bilag_2004": "strict"}), numbers).equals(numbers)
    assert mark_responses(replace(run, missing={"sledai_2k": AS_RECORDED}), numbers).equals(numbers)
