"""Matrices of subjects by visits: baseline, duplicates, changes, censoring."""

import math

import numpy as np
import polars as pl

from funis.analysis.panel import OBSERVATION_COLUMNS, Layout, build_panel
from funis.results import format_column

NAN = math.nan


def observe(*rows: tuple[str, str, float | None, str, float, int]) -> pl.DataFrame:
    """Make observations of subject, visit, day, variable, value, censored; the line counts from 2."""
    made = [
        (subject, visit, day, variable, variable, value, str(value), censored, "file.csv", line)
        for line, (subject, visit, day, variable, value, censored) in enumerate(rows, start=2)
    ]
    return pl.DataFrame(made, schema=OBSERVATION_COLUMNS, orient="row")


NOTHING = pl.DataFrame(schema=OBSERVATION_COLUMNS)
LAYOUT = Layout(
    subjects=("S1", "S2"), visits=("baseline", "month_3"), planned=(0.0, 90.0), baseline="baseline"
)


def test_values_stand_where_subject_and_visit_meet() -> None:
    values = observe(
        ("S1", "baseline", 0.0, "x", 10.0, 0),
        ("S2", "month_3", 91.0, "x", 4.0, 0),
        ("S9", "month_3", 91.0, "x", 7.0, 0),
    )
    panel = build_panel(LAYOUT, values, NOTHING)
    np.testing.assert_array_equal(panel.matrices["x"].values, [[10.0, NAN], [NAN, 4.0]])
    np.testing.assert_array_equal(panel.matrices["x"].rows, [[0, -1], [-1, 1]])
    np.testing.assert_array_equal(panel.days, [[0.0, NAN], [NAN, 91.0]])
    assert panel.observations.height == 3  # nobody's value is lost, though S9 is not of the study


def test_baseline_is_the_last_value_up_to_day_0() -> None:
    values = observe(
        ("S1", "screening", -10.0, "x", 8.0, 0),
        ("S1", "baseline", -1.0, "x", 10.0, 0),
        ("S1", "unscheduled", 0.0, "x", 12.0, 0),
        ("S1", "month_3", 90.0, "x", 5.0, 0),
        ("S2", "baseline", 3.0, "x", 20.0, 0),
        ("S2", "month_3", 90.0, "x", 6.0, 0),
    )
    panel = build_panel(LAYOUT, values, NOTHING)
    # S2 was assessed after the infusion: that is no baseline, and there is no change from it.
    np.testing.assert_array_equal(panel.baselines["x"].values, [12.0, NAN])
    np.testing.assert_array_equal(panel.matrices["x"].values, [[12.0, 5.0], [NAN, 6.0]])
    np.testing.assert_array_equal(panel.changes["x"].values, [[NAN, -7.0], [NAN, NAN]])


def test_without_days_the_named_visit_is_the_baseline() -> None:
    values = observe(("S1", "baseline", None, "x", 10.0, 0), ("S1", "month_3", None, "x", 4.0, 0))
    panel = build_panel(LAYOUT, values, NOTHING)
    assert panel.changes["x"].values[0, 1] == -6.0


def test_of_two_values_of_one_visit_the_nearest_to_the_plan_counts() -> None:
    values = observe(
        ("S1", "month_3", 80.0, "x", 1.0, 0),
        ("S1", "month_3", 92.0, "x", 2.0, 0),
        ("S1", "month_3", 99.0, "x", 3.0, 0),
        ("S2", "month_3", 88.0, "x", 4.0, 0),
        ("S2", "month_3", 92.0, "x", 5.0, 0),
    )
    panel = build_panel(LAYOUT, values, NOTHING)
    assert panel.matrices["x"].values[:, 1].tolist() == [2.0, 5.0]


def test_changes_have_no_binary_dust_and_know_their_place() -> None:
    values = observe(("S1", "baseline", 0.0, "x", 0.1, 0), ("S1", "month_3", 90.0, "x", 0.3, 0))
    panel = build_panel(LAYOUT, values, NOTHING)
    row = panel.changes["x"].rows[0, 1]
    assert panel.changes["x"].values[0, 1] == 0.2
    found = panel.observations.row(int(row), named=True)
    assert (found["variable"], found["visit"], found["text"], found["line"]) == (
        "x_change",
        "month_3",
        "0.2",
        3,
    )


def test_a_change_from_or_to_a_limit_is_known_on_one_side_only() -> None:
    values = observe(
        ("S1", "baseline", 0.0, "x", 40.0, 0),
        ("S1", "month_3", 90.0, "x", 10.0, -1),
        ("S2", "baseline", 0.0, "x", 10.0, -1),
        ("S2", "month_3", 90.0, "x", 40.0, 0),
    )
    panel = build_panel(LAYOUT, values, NOTHING)
    # Below 10 after 40: the fall is at least 30. 40 after "below 10": the rise is at least 30.
    assert panel.changes["x"].censored[:, 1].tolist() == [-1, 1]


def test_in_an_observational_cohort_the_first_day_is_the_baseline() -> None:
    layout = Layout(subjects=("S1", "S2"), visits=("v1", "v2", "v3"), planned=(NAN,) * 3, baseline=None)
    values = observe(
        ("S1", "v1", 0.0, "x", 8.0, 0),
        ("S1", "v3", 200.0, "x", 5.0, 0),
        ("S2", "v2", 0.0, "x", 6.0, 0),
        ("S2", "v3", 90.0, "x", 7.0, 0),
    )
    panel = build_panel(layout, values, NOTHING)
    np.testing.assert_array_equal(panel.changes["x"].values, [[NAN, NAN, -3.0], [NAN, NAN, 1.0]])


def test_grades_are_apart_from_numbers() -> None:
    grades = observe(("S1", "baseline", 0.0, "g", 4.0, 0)).with_columns(text=pl.lit("A"))
    panel = build_panel(LAYOUT, NOTHING, grades)
    assert set(panel.grades) == {"g"}
    assert panel.changes == {}


def test_nothing_recorded_is_no_finding() -> None:
    panel = build_panel(LAYOUT, NOTHING, NOTHING)
    assert panel.matrices == {}
    assert np.isnan(panel.days).all()


def test_numbers_are_printed_as_recorded() -> None:
    assert format_column(pl.Series([12.0, 0.63, -3.5, 0.0])).to_list() == ["12", "0.63", "-3.5", "0"]
