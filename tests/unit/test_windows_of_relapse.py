"""The first day that counts as a visit, for who is at risk of relapse there, and the dose a cohort began with; by hand."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from funis.analysis.course_timeline import _visit_on
from funis.analysis.drug_visits import visit_days
from funis.analysis.glucocorticoid import _baseline
from funis.analysis.relapses import _opening
from funis.study.model import Study, Trial
from funis.study.planned_visit import Visit
from funis.study.time_bands import BAND_NAMES, find_band

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")


@pytest.mark.parametrize(
    ("visit", "expected"),
    [("plain", 90.0), ("wide", 160.0), ("late", 275.0), ("nowhere", 0.0)],
)
def test_a_visit_opens_with_its_window_or_on_its_day(visit: str, expected: float) -> None:
    visits = (
        Visit(name="baseline", day=0),
        Visit(name="plain", day=90),
        Visit(name="wide", day=180, window=(-20, 30)),
        Visit(name="late", day=270, window=(5, 30)),
    )
    trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    run = analysis.make_run({"x": {"baseline": [1.0]}}, Study(trial=trial, visits=visits))
    assert _opening(run, visit) == expected


def dose_at_start(baseline: str | None, values: Any, days: Any) -> list[float]:
    panel = SimpleNamespace(layout=SimpleNamespace(baseline=baseline), visit_index=["a", "b", "c"].index)
    found = _baseline(cast("Any", SimpleNamespace(panel=panel)), np.array(values), np.array(days))
    return [float(each) for each in found]


def test_the_first_dose_is_that_of_the_baseline_visit_or_of_the_first_day_seen() -> None:
    values = [[10.0, 20.0, 30.0], [5.0, 6.0, 7.0]]
    days = [[np.nan, 40.0, 3.0], [0.0, 50.0, 100.0]]
    assert dose_at_start("b", values, days) == [20.0, 6.0]
    assert dose_at_start(None, values, days) == [30.0, 5.0]
    assert np.isnan(dose_at_start(None, np.zeros((2, 0)), np.zeros((2, 0)))).all()


def test_visits_without_a_plan_are_put_into_bands_of_time() -> None:
    """Day 0, days 90 and 91 on either side of a limit; of two days in one band the later stands; empty bands are none."""
    days = np.array([[0.0, 40.0, 90.0, np.nan], [91.0, np.nan, np.nan, np.nan]])
    panel = SimpleNamespace(
        layout=SimpleNamespace(subjects=("S1", "S2"), visits=("a", "b", "c", "d")), days=days
    )
    run = SimpleNamespace(panel=panel, frame=lambda _: None, study=SimpleNamespace(has_open_visits=True))
    names, found = visit_days(cast("Any", run))
    assert names == ("day_0", "days_1_to_90", "days_91_to_180")
    np.testing.assert_array_equal(found, [[0.0, 90.0, np.nan], [np.nan, np.nan, 91.0]])


@pytest.mark.parametrize(
    ("day", "band"),
    # 19 years are 6939.75 days, printed as 6940; the last band has no end.
    [(-3, "day_0"), (366, "year_2"), (6940, "year_19"), (6941, "year_20"), (20000, "year_20")],
)
def test_bands_of_time_have_no_gap_and_no_end(day: float, band: str) -> None:
    assert BAND_NAMES[find_band(day)] == band


def test_the_day_of_the_infusion_belongs_to_the_baseline_even_where_a_window_opens_on_it() -> None:
    """Week 1 is planned on day 7, give or take 7 days: a value of day 0 was taken before the infusion, that of day 1 after."""
    visits = (
        Visit(name="baseline", day=0),
        Visit(name="week_1", day=7, window=(-7, 7)),
        Visit(name="month_1", day=30),
    )
    trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    study = Study(trial=trial, visits=visits)
    days = [None, -1.0, 0.0, 1.0, 14.0, 15.0, 30.0]
    assert [_visit_on(study, day) for day in days] == ["", "", "", "week_1", "week_1", "", "month_1"]
