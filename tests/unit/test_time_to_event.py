"""Time to an event by hand: origins, who enters, windows of visits, who is at risk, restricted means."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import time_to_event
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.study.model import Arm, Endpoint, Study, Trial
from funis.study.planned_visit import Visit

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

NUMBERS = ("death_day", "disposition_day", "last_visit_day", "first_infusion_day")
DEATH = Endpoint(id="t", kind="time_to_event", event="death")


def make_study(*, design: str = "single_arm", window: tuple[int, int] | None = None) -> Study:
    visits = (
        Visit(name="baseline", day=0),
        Visit(name="month_3", day=90, window=window),
        Visit(name="month_6", day=180, window=window),
    )
    trial = Trial.model_validate({"id": "X", "title": "X", "condition": "sle", "design": design})
    return Study(trial=trial, visits=visits)


def run_of(size: int, study: Study | None = None, **columns: Any) -> Run:
    """Make a run of subjects who completed it, seen at every visit; other columns not given hold nothing."""
    given: dict[str, Any] = {name: [None] * size for name in NUMBERS}
    given |= {"disposition_status": ["completed"] * size, "first_infusion_day": [0.0] * size, **columns}
    texts = {"disposition_status", "arm"}
    series = {
        name: pl.Series(given[name], dtype=pl.String if name in texts else pl.Float64) for name in given
    }
    found: Run = analysis.make_run({"x": {"baseline": [1.0] * size}}, study or make_study(), **series)
    return found


def curve(run: Run) -> list[tuple[object, ...]]:
    return run.listings["km"].select("time", "at_risk", "events", "censored").rows()


def point(run: Run, visit: str, event: str = "death") -> tuple[float | None, float | None, float | None]:
    start = f"time_to_event.t.enrolled.{visit}.{event}"
    survival, at_risk, events = (
        analysis.value_of(run, f"{start}.{name}") for name in ("survival", "at_risk", "events")
    )
    return survival, at_risk, events


# One is lost on day 89, one dies and one is last seen on day 90, one dies on day 91, one is seen on day 200.
AROUND_MONTH_3: dict[str, Any] = {
    "death_day": [None, 90, None, 91, None],
    "disposition_day": [89, 90, None, 91, None],
    "disposition_status": ["lost", "died", None, "died", None],
    "last_visit_day": [80, 60, 90, 60, 200],
}


def test_a_visit_without_a_window_is_its_day() -> None:
    """On day 90 four are at risk and one dies: 3/4. On day 91 one of two dies: 3/8."""
    run = run_of(5, **AROUND_MONTH_3)
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert curve(run) == [(89, 5, 0, 1), (90, 4, 1, 1), (91, 2, 1, 0), (200, 1, 0, 1)]
    assert point(run, "month_3") == (0.75, 4, 1)
    assert point(run, "month_6") == (0.375, 1, 2)
    assert analysis.value_of(run, "time_to_event.t.enrolled.death.n") == 5
    assert analysis.value_of(run, "time_to_event.t.enrolled.death.events") == 2
    assert not run.numbers.frame()["visit"].is_in(["baseline"]).any()
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts["time_to_event.t.enrolled.month_6.death.survival"] == "0.375"


def test_a_window_is_entered_on_its_first_day_and_left_on_its_last() -> None:
    run = run_of(5, make_study(window=(-1, 1)), **AROUND_MONTH_3)
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert point(run, "month_3") == (0.375, 5, 2)
    wider = run_of(5, make_study(window=(0, 0)), **AROUND_MONTH_3)
    time_to_event.estimate_time_to_event(wider, DEATH, ())
    assert point(wider, "month_3") == (0.75, 4, 1)


def test_beyond_the_last_subject_the_curve_is_not_known() -> None:
    """Nobody is at risk on day 180; the curve ended on day 179, above 0."""
    run = run_of(2, death_day=[100, None], disposition_day=[100, None], last_visit_day=[90, 179])
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert point(run, "month_3") == (1.0, 2, 0)
    assert point(run, "month_6") == (None, 0, 1)
    just = run_of(2, death_day=[100, None], disposition_day=[100, None], last_visit_day=[90, 180])
    time_to_event.estimate_time_to_event(just, DEATH, ())
    assert point(just, "month_6") == (0.5, 1, 1)


def test_where_all_have_died_the_curve_stays_at_0() -> None:
    run = run_of(2, death_day=[50, 100], disposition_day=[50, 100], last_visit_day=[40, 90])
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert point(run, "month_6") == (0.0, 0, 2)
    # Half have died on day 50, the curve lies on 0.5 until day 100: the middle.
    assert analysis.value_of(run, "time_to_event.t.enrolled.death.median") == 75
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts["time_to_event.t.enrolled.death.median"] == "75"


def test_a_median_that_is_not_reached_says_so() -> None:
    run = run_of(2, last_visit_day=[200, 200])
    time_to_event.estimate_time_to_event(run, DEATH, ())
    row = run.numbers.frame().filter(id="time_to_event.t.enrolled.death.median").row(0, named=True)
    assert (row["value"], row["text"], row["status"]) == (None, "not reached", "not_reached")


# --- origins ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "infused", "expected"),
    [
        # Nobody has been infused: a trial has nobody at risk, a register counts from its first visit.
        ("single_arm", [None, None], 0),
        ("observational", [None, None], 2),
        # Where anybody was infused, only they enter, in a register too.
        ("observational", [0.0, None], 1),
        ("single_arm", [0.0, None], 1),
    ],
)
def test_who_enters_without_an_infusion(design: str, infused: list[float | None], expected: int) -> None:
    run = run_of(2, make_study(design=design), first_infusion_day=infused, last_visit_day=[200, 200])
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert analysis.value_of(run, "time_to_event.t.enrolled.death.n") == expected


def test_times_from_consent_begin_before_day_0() -> None:
    """Consent 20 days before the infusion, or 10 before baseline where nobody infused: 100 + 20 and 200 + 10."""
    run = run_of(
        3,
        death_day=[100, None, None],
        disposition_day=[100, None, None],
        last_visit_day=[90, 200, 200],
        days_consent_to_first_infusion=[20, None, None],
        days_consent_to_baseline=[15, 10, None],
    )
    endpoint = Endpoint(id="t", kind="time_to_event", event="death", origin="consent")
    time_to_event.estimate_time_to_event(run, endpoint, ())
    assert curve(run) == [(120, 2, 1, 0), (210, 1, 0, 1)]


def test_who_left_before_the_origin_was_never_at_risk() -> None:
    """Infused on day 10: lost on day 9 does not enter, lost on day 10 enters for no time at all."""
    run = run_of(
        3,
        first_infusion_day=[10, 10, 10],
        disposition_day=[9, 10, None],
        disposition_status=["lost", "lost", None],
        last_visit_day=[5, 5, 60],
    )
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert curve(run) == [(0, 2, 0, 1), (50, 1, 0, 1)]


# --- ends ------------------------------------------------------------------------------------------------


def test_who_left_is_under_observation_until_that_day_and_others_until_last_seen() -> None:
    """A visit after withdrawal counts no more; a completer is followed to the later of visit and completion."""
    run = run_of(
        5,
        disposition_day=[50, 50, 50, 300, None],
        disposition_status=["withdrew", "lost", "died", "completed", None],
        last_visit_day=[60, 60, 60, 280, 310],
    )
    assert time_to_event.last_days(run).tolist() == [50, 50, 50, 300, 310]


def test_a_day_without_a_status_is_no_leaving() -> None:
    """What happened to the first on day 50 was not recorded: seen until day 60, and nothing happened."""
    run = run_of(
        2, disposition_day=[50, None], disposition_status=[None, "completed"], last_visit_day=[60, 70]
    )
    assert time_to_event.last_days(run).tolist() == [60, 70]
    endpoint = Endpoint(id="t", kind="time_to_event", event="withdrawal")
    time_to_event.estimate_time_to_event(run, endpoint, ())
    assert curve(run) == [(60, 2, 0, 1), (70, 1, 0, 1)]


def test_where_no_end_was_recorded_of_anybody_no_death_can_be_told() -> None:
    run = run_of(2, disposition_status=[None, None], last_visit_day=[200, 200])
    for event in ("death", "withdrawal"):
        endpoint = Endpoint.model_validate({"id": event, "kind": "time_to_event", "event": event})
        time_to_event.estimate_time_to_event(run, endpoint, ())
        row = run.numbers.frame().filter(endpoint=event).row(0, named=True)
        assert (row["statistic"], row["value"], row["text"], row["n"]) == ("n", None, "not collected", None)
    assert run.numbers.frame().height == 2
    assert "km" not in run.listings


def test_withdrawal_and_loss_are_one_event() -> None:
    run = run_of(
        4,
        disposition_day=[50, 60, 70, 80],
        disposition_status=["withdrew", "lost", "died", "completed"],
        last_visit_day=[50, 60, 70, 80],
    )
    endpoint = Endpoint(id="t", kind="time_to_event", event="withdrawal")
    time_to_event.estimate_time_to_event(run, endpoint, ())
    assert curve(run) == [(50, 4, 1, 0), (60, 3, 1, 0), (70, 2, 0, 1), (80, 1, 0, 1)]


@pytest.mark.parametrize(
    ("day", "expected"), [(59, 59), (60, 90), (90, 90), (120, 90), (121, 121), (149, 149), (150, 180)]
)
def test_a_day_inside_a_window_is_the_planned_day(day: float, expected: float) -> None:
    """Windows of 30 days each way round days 90 and 180, their ends included."""
    run = run_of(1, make_study(window=(-30, 30)))
    assert time_to_event._planned_days(run, np.array([float(day)])).tolist() == [expected]


def test_a_day_beside_a_visit_without_a_window_is_itself() -> None:
    run = run_of(3)
    assert time_to_event._planned_days(run, np.array([89.0, 90.0, 91.0])).tolist() == [89, 90, 91]


# --- responses and relapses ------------------------------------------------------------------------------


def answers_at(run: Run, visit: str, words: list[bool]) -> Answers:
    rows = [analysis._responder("MCR") if word else analysis.NONE for word in words]
    found: Answers = analysis._answers(run, rows)
    return replace(found, visit=visit)


def came_on(run: Run, **days: list[float]) -> Run:
    """Give the run in which subjects came to visits on days of their own, NaN for not known."""
    matrix = np.full((len(run.panel.subjects), len(run.panel.visits)), np.nan)
    for visit, column in days.items():
        matrix[:, run.panel.visit_index(visit)] = column
    return replace(run, panel=replace(run.panel, days=matrix))


def test_time_to_the_first_response_on_planned_days() -> None:
    """Responses on days 95 and 170, in the windows of days 90 and 180; two never respond, one lost on day 100."""
    run = run_of(
        4,
        make_study(window=(-30, 30)),
        disposition_day=[None, None, None, 100],
        disposition_status=[None, None, None, "lost"],
        last_visit_day=[185, 185, 185, 95],
    )
    run = came_on(run, month_3=[95, 95, 95, 95], month_6=[175, 170, 175, np.nan])
    judged = (
        answers_at(run, "month_3", [True, False, False, False]),
        answers_at(run, "month_6", [True, True, False, False]),
    )
    endpoint = Endpoint(id="t", kind="time_to_event", event="response")
    time_to_event.estimate_time_to_event(run, endpoint, judged)
    # Day 90: one of four responds, the one lost on day 100 leaves with that visit. Day 180: one of two.
    assert curve(run) == [(90, 4, 1, 1), (180, 2, 1, 1)]
    assert point(run, "month_3", "response") == (0.75, 4, 1)
    assert point(run, "month_6", "response") == (0.375, 2, 2)
    methods = run.numbers.frame().filter(pl.col("statistic") == "survival")["method"].unique()
    assert methods.to_list() == ["kaplan_meier_visits_on_planned_days"]


def test_a_response_on_a_day_that_is_not_known_is_on_the_planned_day() -> None:
    run = came_on(run_of(2, last_visit_day=[185, 185]), month_3=[np.nan, 95])
    judged = (answers_at(run, "month_3", [True, True]),)
    found = time_to_event._first_response(run, judged)
    assert found.tolist() == [90, 95]


def test_from_response_on_only_responders_enter_and_later_visits_alone_are_told() -> None:
    """Response at month 3, death on day 150: 60 days later. Month 3 is the origin and no point of the curve."""
    run = run_of(
        3, death_day=[150, None, None], disposition_day=[150, None, None], last_visit_day=[90, 270, 270]
    )
    run = came_on(run, month_3=[90, np.nan, 90])
    judged = (answers_at(run, "month_3", [True, True, False]),)
    endpoint = Endpoint(id="t", kind="time_to_event", event="death", origin="response")
    time_to_event.estimate_time_to_event(run, endpoint, judged)
    assert curve(run) == [(60, 2, 1, 0), (180, 1, 0, 1)]
    visits = run.numbers.frame().filter(pl.col("statistic") == "at_risk")["visit"].to_list()
    assert visits == ["month_6"]
    # Month 6 stands 90 days from the origin on the axis.
    assert analysis.value_of(run, "time_to_event.t.enrolled.month_6.death.planned_time") == 90
    assert point(run, "month_6") == (0.5, 1, 1)


def test_nothing_is_estimated_where_event_or_origin_was_never_judged() -> None:
    for endpoint in (
        Endpoint(id="t", kind="time_to_event", event="response"),
        Endpoint(id="t", kind="time_to_event", event="death", origin="response"),
    ):
        run = run_of(2, last_visit_day=[200, 200])
        time_to_event.estimate_time_to_event(run, endpoint, ())
        assert run.numbers.frame().is_empty()
        assert "km" not in run.listings


def test_a_relapse_is_counted_where_the_answer_is_yes() -> None:
    run = run_of(4, last_visit_day=[360] * 4)
    rows = [
        analysis._responder("MCR", "month_9", 270.0),
        analysis._responder("MCR"),
        analysis._responder("MCR", "month_12", 360.0) | {"relapse": "cannot tell"},
        analysis._responder("MCR", "month_12", 360.0) | {"relapse": None},
    ]
    found = time_to_event._event_days(
        run, Endpoint(id="t", kind="time_to_event", event="relapse"), (analysis._answers(run, rows),)
    )
    assert found is not None
    np.testing.assert_array_equal(found, [270, np.nan, np.nan, np.nan])


def test_an_end_of_following_is_that_of_relapses_alone() -> None:
    """Followed for relapse to day 270, seen on day 360: a death is looked for until day 360."""
    rows = [analysis._responder("MCR", followed=270.0), analysis._responder("MCR", followed=360.0)]
    ends = []
    for event in ("relapse", "response", "death"):
        run = run_of(2, last_visit_day=[360, 360])
        endpoint = Endpoint.model_validate({"id": "t", "kind": "time_to_event", "event": event})
        judged = () if event == "death" else (replace(analysis._answers(run, rows), visit="month_3"),)
        found = time_to_event._derive_times(run, endpoint, judged)
        assert found is not None
        ends.append(found.day.tolist())
    assert ends == [[270, 360], [90, 90], [360, 360]]


def test_steps_of_subgroups_and_arms_are_listed_apart() -> None:
    arms = (Arm(id="cells", name="C"), Arm(id="usual", name="U", control=True))
    study = make_study().model_copy(update={"arms": arms})
    run = run_of(2, study, last_visit_day=[100, 200], arm=["cells", "usual"])
    time_to_event.estimate_time_to_event(run, DEATH, ())
    assert curve(run) == [(100, 2, 0, 1), (200, 1, 0, 1)]
    groups = run.listings["km_groups"].select("arm", "subgroup", "time", "at_risk").rows()
    assert groups == [("cells", "all", 100, 1), ("usual", "all", 200, 1)]


def test_a_day_is_told_with_what_it_was_taken_from() -> None:
    lines = pl.DataFrame({"dated": [True, False, None, True, True]})
    found = time_to_event._days_in_words(
        lines, np.array([90.0, 90.0, 90.0, 95.0, np.nan]), np.array([90.0, 90.0, 90.0, 90.0, 90.0])
    )
    assert found[:4] == [
        "day 90",
        "day 90 as planned, without a date",
        "day 90",
        "day 95, counted as day 90",
    ]
    assert "day" not in found[4]


# --- restricted mean -------------------------------------------------------------------------------------


def test_restricted_mean_up_to_the_planned_day_of_a_visit() -> None:
    """One of two dies on day 60, the other is seen on day 180: 60 + 30 / 2 days of the first 90."""
    run = run_of(2, death_day=[60, None], disposition_day=[60, None], last_visit_day=[50, 180])
    endpoint = Endpoint(id="t", kind="time_to_event", event="death", restricted_mean="month_3")
    time_to_event.estimate_time_to_event(run, endpoint, ())
    start = "time_to_event.t.enrolled.month_3.death"
    assert analysis.value_of(run, f"{start}.restricted_mean") == 75
    assert analysis.value_of(run, f"{start}.horizon") == 90
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts[f"{start}.restricted_mean"] == "75.0"
    # The area right of day 60 is 15, with two at risk and one death: 15 sqrt(1 / (2 x 1)).
    error = analysis.value_of(run, f"{start}.se.restricted_mean")
    assert error == pytest.approx(15 / 2**0.5)
    upper = analysis.value_of(run, f"{start}.upper.restricted_mean")
    assert upper == pytest.approx(75 + 1.959964 * 15 / 2**0.5, rel=1e-6)


def test_restricted_mean_from_response_on() -> None:
    """Response on day 90, horizon on day 180: the mean of the 90 days between, one dying after 60 of them."""
    run = run_of(2, death_day=[150, None], disposition_day=[150, None], last_visit_day=[90, 270])
    run = came_on(run, month_3=[90, 90])
    endpoint = Endpoint(
        id="t", kind="time_to_event", event="death", origin="response", restricted_mean="month_6"
    )
    time_to_event.estimate_time_to_event(run, endpoint, (answers_at(run, "month_3", [True, True]),))
    start = "time_to_event.t.enrolled.month_6.death"
    assert analysis.value_of(run, f"{start}.horizon") == 90
    assert analysis.value_of(run, f"{start}.restricted_mean") == 75
