"""The parts of an analysis on hand-made panels: summaries, tests, responses, relapses, time to event."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.analysis import change as analysis_change
from funis.analysis import models as analysis_mmrm
from funis.analysis import response_rates as analysis_response
from funis.analysis import summary as analysis_summary
from funis.analysis import time_to_event as analysis_time
from funis.analysis.between_arms import compare_changes_between
from funis.analysis.cohorts import derive_populations
from funis.analysis.panel import OBSERVATION_COLUMNS, Layout, build_panel
from funis.analysis.relapses import count_relapses_over_denominators
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run, digits_of, mean_of
from funis.analysis.sensitivity import analyse_sensitivity
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.number_book import read_numbers
from funis.responses.relapse_counts import count_relapses
from funis.results import format_number
from funis.study.choices import MissingRelapse
from funis.study.estimand import SensitivityPlan
from funis.study.model import Arm, Criterion, Eligibility, Endpoint, LabTest, Study, Trial
from funis.study.planned_visit import Visit
from funis.study.populations import rule_of_eligible
from funis.study.rules import rule_columns

Values = Mapping[str, Mapping[str, Sequence[float | None]]]

VISITS = ("baseline", "month_3", "month_6", "month_9", "month_12")
DAYS = (0, 90, 180, 270, 360)
TRIAL = Trial(id="X", title="X", condition="sle", design="single_arm")

# Forty whole numbers each, with the sums (433, 297, 252, 256, 259) and the sums of squares (5523, 2807,
# 2102, 2212, 2159) behind the printed means and SDs of SLEDAI in the lupus trial.
SLEDAI_COUNTS = {
    "baseline": {7: 20, 9: 3, 11: 1, 13: 4, 14: 2, 15: 2, 16: 1, 17: 3, 18: 2, 19: 1, 23: 1},
    "month_3": {0: 2, 3: 4, 4: 4, 5: 6, 6: 3, 7: 1, 8: 5, 9: 1, 10: 3, 11: 5, 12: 3, 13: 2, 18: 1},
    "month_6": {0: 2, 2: 4, 3: 3, 4: 5, 5: 6, 6: 2, 7: 3, 8: 3, 9: 3, 10: 5, 11: 2, 12: 1, 17: 1},
    "month_9": {0: 1, 1: 4, 2: 3, 3: 1, 4: 6, 5: 4, 6: 1, 7: 4, 9: 5, 10: 8, 11: 1, 12: 1, 17: 1},
    "month_12": {0: 2, 2: 3, 3: 3, 4: 6, 5: 2, 6: 4, 7: 4, 8: 3, 9: 7, 10: 2, 11: 2, 12: 1, 17: 1},
}
SLEDAI = {
    visit: [float(score) for score, count in counts.items() for _ in range(count)]
    for visit, counts in SLEDAI_COUNTS.items()
}


def make_run(values: Values, study: Study | None = None, **columns: Any) -> Run:
    """Make a run of named variables by visit; subjects are S01, S02 ..., seen on the planned days."""
    size = max(len(column) for visits in values.values() for column in visits.values())
    subjects = tuple(f"S{number:02}" for number in range(1, size + 1))
    rows = [
        (
            subject,
            visit,
            float(DAYS[VISITS.index(visit)]),
            name,
            name,
            float(value),
            str(value),
            0,
            "x.csv",
            2,
        )
        for name, visits in values.items()
        for visit, column in visits.items()
        for subject, value in zip(subjects, column, strict=False)
        if value is not None
    ]
    observations = pl.DataFrame(rows, schema=OBSERVATION_COLUMNS, orient="row")
    layout = Layout(subjects=subjects, visits=VISITS, planned=tuple(map(float, DAYS)), baseline="baseline")
    plan = study or make_study()
    frame = pl.DataFrame({"subject": subjects, "arm": None, **columns}).with_columns(
        pl.col("arm").cast(pl.String)
    )
    # The frame of a study has every column that a rule may name; what was not given is not known.
    asked = (
        set(rule_columns(rule_of_eligible(plan))) - set(frame.columns) if plan.eligibility.inclusion else ()
    )
    frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in asked)
    panel = build_panel(layout, observations, observations.clear())
    return Run(
        study=plan, frames={}, subject_frame=frame, panel=panel, populations=derive_populations(plan, frame),
        missing={}, subject_rows=np.zeros(size, dtype=np.int64), seen=frozenset(),
    )  # fmt: skip


def make_study(*endpoints: Endpoint, **more: Any) -> Study:
    visits = tuple(
        Visit(name=name, day=day, window=(-30, 30)) for name, day in zip(VISITS, DAYS, strict=True)
    )
    return Study(trial=TRIAL, visits=visits, endpoints=endpoints, **more)


def value_of(run: Run, key: str) -> float | None:
    found = run.numbers.frame().filter(pl.col("id") == key)
    assert found.height == 1, f"no number {key}; there are {run.numbers.frame()['id'].to_list()}"
    number: float | None = found["value"].item()
    return number


# --- eligibility --------------------------------------------------------------------------------


def test_who_cannot_be_judged_by_an_exclusion_is_neither_eligible_nor_refused() -> None:
    rule = Criterion(id="E1", text="Over 60", rule="age > 60")
    study = make_study(eligibility=Eligibility(exclusion=(rule,)))
    run = make_run({"x": {"baseline": [1, 2, 3, 4]}}, study, age=[30.0, 70.0, None, None])
    eligible = analysis_summary.describe_eligibility(run)
    assert eligible is not None
    assert eligible.members.tolist() == [True, False, False, False]
    assert eligible.cannot_tell.tolist() == [False, False, True, True]
    assert value_of(run, "eligibility.enrolled.eligible.cannot_tell") == 2


# --- summaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visit", "total", "squares", "mean", "sd"),
    [
        ("baseline", 433, 5523, "10.83", "4.63"),
        ("month_3", 297, 2807, "7.43", "3.93"),
        ("month_6", 252, 2102, "6.30", "3.63"),
        ("month_9", 256, 2212, "6.40", "3.84"),
        ("month_12", 259, 2159, "6.48", "3.52"),
    ],
)
def test_published_sledai(visit: str, total: int, squares: int, mean: str, sd: str) -> None:
    scores = SLEDAI[visit]
    assert (len(scores), sum(scores), sum(each**2 for each in scores)) == (40, total, squares)
    run = make_run({"sledai_2k": {visit: scores}})
    analysis_summary.summarise_variables(run)
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts[f"summary.enrolled.{visit}.sledai_2k.mean"] == f"{mean} ± {sd} (n = 40)"
    found = value_of(run, f"summary.enrolled.{visit}.sledai_2k.mean")
    assert format_number(found, 2) == mean


def test_changes_are_summarised_as_their_own_variable() -> None:
    run = make_run({"x": {"baseline": [10, 8, 6], "month_3": [4, None, 3]}})
    analysis_summary.summarise_variables(run)
    assert value_of(run, "change.enrolled.month_3.x_change.mean") == -4.5
    frame = run.numbers.frame().filter(pl.col("id") == "change.enrolled.month_3.x_change.mean")
    assert frame.select("n", "denominator").row(0) == (2, 3)


def test_geometric_mean_of_a_titre_comes_back_from_the_logarithm() -> None:
    study = make_study(labs=(LabTest(test="ana", unit="titre", scale="log2"),))
    # log2(80 / 10) = 3 and log2(320 / 10) = 5: the geometric mean of 80 and 320 is 160.
    run = make_run({"ana": {"baseline": [3, 5]}}, study)
    analysis_summary.summarise_variables(run)
    assert value_of(run, "summary.enrolled.baseline.ana.geometric_mean") == pytest.approx(160)


def test_mean_of_decimals_is_rounded_once() -> None:
    assert mean_of(np.array([0.1, 0.2, 0.015])) == 0.105
    assert mean_of(np.array([1e9, 1e9 + 1])) == 1e9 + 0.5
    assert math.isnan(mean_of(np.array([])))
    assert [digits_of(np.array([each])) for each in (0.05, 0.5, 50, 500, 5000)] == [4, 2, 2, 1, 0]


# --- changes -------------------------------------------------------------------------------------


def test_holm_is_over_the_visits_and_leaves_out_tests_without_a_p() -> None:
    endpoint = Endpoint(
        id="e",
        kind="change",
        variable="x",
        at=("month_3", "month_6", "month_9"),
        methods=("paired_t",),
        adjust="holm",
    )
    # Month 6: every change is -2, so t has no spread to work with.
    values = {"baseline": [10, 12, 14], "month_3": [9, 10, 11], "month_6": [8, 10, 12], "month_9": [4, 8, 7]}
    run = make_run({"x": values}, make_study(endpoint))
    analysis_change.compare_changes(run, endpoint)
    first = value_of(run, "test.e.enrolled.month_3.x_change.p.paired_t")
    # Changes -1, -2, -3: t = -2 / (1 / sqrt 3) with 2 df: P = 1 - |t| / sqrt(2 + t^2).
    t = 2 * 3**0.5
    assert first == pytest.approx(1 - t / (2 + t**2) ** 0.5)
    assert value_of(run, "test.e.enrolled.month_6.x_change.p.paired_t") is None
    second = value_of(run, "test.e.enrolled.month_9.x_change.p.paired_t")
    smaller, larger = sorted((first or 0, second or 0))
    adjusted = sorted(
        value_of(run, f"test.e.enrolled.{visit}.x_change.p_adjusted.paired_t_holm") or 0
        for visit in ("month_3", "month_9")
    )
    assert adjusted == pytest.approx([2 * smaller, max(2 * smaller, larger)])
    ids = set(run.numbers.frame()["id"])
    assert "test.e.enrolled.month_6.x_change.p_adjusted.paired_t_holm" not in ids


def test_a_variable_without_data_gives_no_number() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="y", methods=("paired_t", "mmrm"))
    run = make_run({"x": {"baseline": [1, 2]}}, make_study(endpoint))
    analysis_change.compare_changes(run, endpoint)
    analysis_mmrm.fit_changes(run, endpoint)
    assert len(run.numbers) == 0


def test_bootstrap_gives_an_interval_and_no_p() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("bootstrap",))
    run = make_run({"x": {"baseline": [10] * 6, "month_3": [6, 8, 4, 10, 7, 1]}}, make_study(endpoint))
    analysis_change.compare_changes(run, endpoint)
    assert value_of(run, "test.e.enrolled.month_3.x_change.estimate.bootstrap") == -4
    assert set(run.numbers.frame()["statistic"]) == {"estimate", "lower", "upper"}


def test_two_changes_are_enough_to_draw_from_and_one_is_not() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("bootstrap",))
    for later, wanted in (([6.0, 7.0], -3.5), ([6.0, None], None)):
        run = make_run({"x": {"baseline": [10, 10], "month_3": later}}, make_study(endpoint))
        analysis_change.compare_changes(run, endpoint)
        assert value_of(run, "test.e.enrolled.month_3.x_change.estimate.bootstrap") == wanted


# --- mixed model ---------------------------------------------------------------------------------


def _noise(size: int, visit: int) -> list[float]:
    rng = np.random.default_rng(visit)
    return [round(float(each), 3) for each in rng.normal(size=size)]


def test_with_complete_data_the_model_gives_the_mean_change_of_each_visit() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3", "month_6"), methods=("mmrm",))
    values = {"baseline": _noise(12, 0), "month_3": _noise(12, 1), "month_6": _noise(12, 2)}
    run = make_run({"x": values}, make_study(endpoint))
    analysis_mmrm.fit_changes(run, endpoint)
    for visit in ("month_3", "month_6"):
        expected = np.mean(values[visit]) - np.mean(values["baseline"])
        found = value_of(run, f"mmrm.e.enrolled.{visit}.x_change.estimate.mmrm")
        assert found == pytest.approx(float(expected), abs=1e-9)


def test_arms_are_compared_with_the_control_arm_at_each_visit() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3", "month_6"), methods=("mmrm",))
    study = make_study(endpoint, arms=(Arm(id="cells", name="C"), Arm(id="placebo", name="P", control=True)))
    values = {"baseline": _noise(16, 3), "month_3": _noise(16, 4), "month_6": _noise(16, 5)}
    run = make_run({"x": values}, study, arm=["cells", "placebo"] * 8)
    analysis_mmrm.fit_changes(run, endpoint)
    means = [
        value_of(run, f"mmrm.e.enrolled.{arm}.month_6.x_change.estimate.mmrm") or 0
        for arm in ("cells", "placebo")
    ]
    difference = value_of(run, "mmrm.e.enrolled.cells_-_placebo.month_6.x_change.estimate.mmrm")
    assert difference == pytest.approx(means[0] - means[1], abs=1e-9)


def test_a_model_that_cannot_be_fitted_gives_no_number_and_says_so() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3", "month_6"), methods=("mmrm",))
    values = {"baseline": [1, 2], "month_3": [2, 4], "month_6": [3, 3]}
    run = make_run({"x": values}, make_study(endpoint))
    analysis_mmrm.fit_changes(run, endpoint)
    frame = run.numbers.frame()
    assert set(frame["status"]) == {"failed"}
    assert frame["value"].null_count() == frame.height > 0
    assert (frame["text"].str.len_chars() > 10).all()


# --- P values that no exact test could give ----------------------------------------------------------------


def changes(*values: float) -> Values:
    return {"x": {"baseline": [10.0] * len(values), "month_3": [10.0 + value for value in values]}}


@pytest.mark.parametrize(
    ("values", "least"),
    [
        # five changes in one direction: signs and ranks give 2 / 2^5; the t test 0.0000033
        ((-3.0, -3.1, -2.9, -3.2, -2.8), 0.0625),
        # 2 / 2^10 is still above 0.001; 2 / 2^11 is not, and both print as < 0.001
        (tuple(-3.0 - 0.1 * place for place in range(10)), 2 / 2**10),
        (tuple(-3.0 - 0.1 * place for place in range(11)), None),
        # t = -2.14, P = 0.10 is above 2 / 2^5
        ((-1.0, -2.0, 0.5, -0.2, -3.0), None),
    ],
)
def test_a_t_test_says_what_exact_tests_could_reach(values: tuple[float, ...], least: float | None) -> None:
    endpoint = Endpoint(
        id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t", "wilcoxon")
    )
    study = make_study(endpoint)
    run = make_run(changes(*values), study)
    analysis_change.compare_changes(run, endpoint)
    frame = run.numbers.frame()
    found = frame.filter(frame["statistic"] == "p_exact_least")
    assert found["value"].to_list() == ([] if least is None else [least])
    notes = describe_basis(Labels(study), read_numbers(frame).numbers)
    assert any(note.startswith("Smallest P of an exact test:") for note in notes) == (least is not None)
    if least is not None:
        # the exact test itself, all changes in one direction
        assert value_of(run, "test.e.enrolled.month_3.x_change.p.wilcoxon") == pytest.approx(least)


def test_arms_say_what_exact_tests_could_reach() -> None:
    """Three against three without overlap: 2 of C(6, 3) = 20 arrangements, 0.1."""
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t",))
    study = make_study(endpoint, arms=(Arm(id="a", name="A"), Arm(id="b", name="B", control=True)))
    run = make_run(changes(-5.0, -5.1, -4.9, 0.0, 0.1, -0.1), study, arm=["a"] * 3 + ["b"] * 3)
    compare_changes_between(run, endpoint)
    front = "comparison.e.enrolled.a_-_b.month_3.x_change"
    assert value_of(run, f"{front}.p_exact_least.welch") == pytest.approx(0.1)
    assert (value_of(run, f"{front}.p.welch") or 1.0) < 0.1


def test_changes_of_zero_are_counted_beside_the_test_that_leaves_them_out() -> None:
    endpoint = Endpoint(
        id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t", "wilcoxon")
    )
    values = (-1.0, 0.0, 0.0, -3.0, -2.0, -4.0)
    run = make_run(changes(*values), make_study(endpoint))
    analysis_change.compare_changes(run, endpoint)
    front = "test.e.enrolled.month_3.x_change"
    assert value_of(run, f"{front}.zero_changes.wilcoxon") == 2
    # four changes in one direction: 2 / 2^4; the estimate is of all six, zeros among them
    assert value_of(run, f"{front}.p.wilcoxon") == 0.125
    averages = [(a + b) / 2 for i, a in enumerate(values) for b in values[i:]]
    assert value_of(run, f"{front}.estimate.wilcoxon") == pytest.approx(float(np.median(averages)))
    frame = run.numbers.frame()
    assert frame.filter(frame["statistic"] == "zero_changes").height == 1


# --- responses -----------------------------------------------------------------------------------


def _answers(run: Run, rows: list[dict[str, object]]) -> Answers:
    frame = pl.DataFrame(
        [{"subject": name, **row} for name, row in zip(run.panel.subjects, rows, strict=True)],
        schema_overrides={"relapse_day": pl.Float64, "relapse_visit": pl.String, "relapse": pl.String},
    )
    classes = ("MCR", "PCR", "none")
    return Answers("ucmsc_bilag_response", "month_6", frame, classes, "none", run.subject_rows)


def _responder(
    word: str, relapse: str = "", day: float | None = None, followed: float = 360.0
) -> dict[str, object]:
    return {
        "response": word, "responder": "yes", "reason": "", "relapse": "yes" if relapse else "no",
        "relapse_visit": relapse or None, "relapse_day": day, "followed_to_day": followed,
        "sustained": "no" if relapse else "yes",
    }  # fmt: skip


NONE: dict[str, object] = {"response": "none", "responder": "no", "reason": "", "relapse": None,
        "relapse_visit": None, "relapse_day": None, "followed_to_day": None, "sustained": None}  # fmt: skip
UNKNOWN: dict[str, object] = {**NONE, "response": "cannot tell", "responder": "cannot tell"}

# The lupus trial: 14 major and 15 partial responders of 40; 3 relapses found at month 9, 4 at month 12.
PUBLISHED = (
    [_responder("MCR")] * 12 + [_responder("MCR", "month_9", 270.0)] + [_responder("MCR", "month_12", 360.0)]
    + [_responder("PCR")] * 10 + [_responder("PCR", "month_9", 272.0)] * 2
    + [_responder("PCR", "month_12", 355.0)] * 2
    + [_responder("PCR", "unscheduled", 300.0)] + [NONE] * 11
)  # fmt: skip


@pytest.fixture
def published() -> tuple[Run, Answers]:
    run = make_run({"x": {visit: [1.0] * 40 for visit in VISITS}})
    return run, _answers(run, PUBLISHED)


def test_relapse_has_every_denominator(published: tuple[Run, Answers]) -> None:
    run, answers = published
    endpoint = Endpoint(id="r", kind="relapse", definition="ucmsc_bilag_response", at=("month_9", "month_12"))
    count_relapses_over_denominators(run, endpoint, answers)
    texts = {
        (row["population"], row["visit"]): row["text"]
        for row in run.numbers.frame().filter(pl.col("statistic") == "count").iter_rows(named=True)
    }
    assert texts == {
        ("enrolled", "month_9"): "3/40 (7.5%)",
        ("responders", "month_9"): "3/29 (10.3%)",
        ("at_risk", "month_9"): "3/29 (10.3%)",
        ("enrolled", "month_12"): "4/40 (10.0%)",
        ("responders", "month_12"): "4/29 (13.8%)",
        ("at_risk", "month_12"): "4/26 (15.4%)",
        ("enrolled", "all"): "7/40 (17.5%)",
        ("responders", "all"): "7/29 (24.1%)",
    }


def test_where_every_answer_is_known_there_are_no_bounds(published: tuple[Run, Answers]) -> None:
    run, answers = published
    endpoint = Endpoint(id="r", kind="response", definition="ucmsc_bilag_response", at=("month_6",))
    analysis_response.count_responses(run, endpoint, [answers])
    assert not run.numbers.frame().filter(pl.col("statistic").str.starts_with("count_")).height


def test_bounds_of_each_class_and_of_responses_kept_to_the_end() -> None:
    """Of eight: MCR kept, MCR lost, PCR of whom the end is open, none; two unknown, one a responder of unknown class,
    and one who counts as none by rule.
    """
    open_end = _responder("PCR") | {"sustained": "cannot tell"}
    no_class = _responder("cannot tell") | {"sustained": "no"}
    rows = [
        _responder("MCR"),
        _responder("MCR", "month_9", 270.0),
        open_end,
        NONE,
        UNKNOWN,
        UNKNOWN,
        no_class,
        NONE,
    ]
    run = make_run({"x": {visit: [1.0] * 8 for visit in VISITS}})
    answers = replace(_answers(run, rows), imputed=np.array([False] * 7 + [True]))
    endpoint = Endpoint(id="r", kind="response", definition="ucmsc_bilag_response", at=("month_6",))
    analysis_response.count_responses(run, endpoint, [answers])
    frame = run.numbers.frame().filter(pl.col("statistic").str.starts_with("count_"))
    assert set(frame["denominator"]) == {8}
    found = {
        (variable.removeprefix("ucmsc_bilag_response"), category, statistic.removeprefix("count_")): value
        for variable, category, statistic, value in frame.select(
            "variable", "category", "statistic", "value"
        ).rows()
    }
    assert found == {
        # Unknown: the two, the one by rule, and for a class the responder of unknown class.
        ("", "MCR", "lowest"): 2, ("", "MCR", "highest"): 6, ("", "PCR", "lowest"): 1, ("", "PCR", "highest"): 5,
        # Four respond for sure; of none only one is sure.
        ("", "responder", "lowest"): 4, ("", "responder", "highest"): 7,
        ("", "none", "lowest"): 1, ("", "none", "highest"): 4,
        # A responder of unknown class for sure; the three unknown may be.
        ("", "open_class", "lowest"): 1, ("", "open_class", "highest"): 4,
        # Kept: one for sure; beside the three unknown the one whose end is open.
        ("_sustained", "", "lowest"): 1, ("_sustained", "", "highest"): 5,
    }  # fmt: skip


def test_who_is_no_longer_followed_is_not_at_risk() -> None:
    run = make_run({"x": {visit: [1.0] * 3 for visit in VISITS}})
    answers = _answers(
        run, [_responder("MCR"), _responder("MCR", followed=270.0), _responder("PCR", "month_12", 360.0)]
    )
    endpoint = Endpoint(id="r", kind="relapse", definition="ucmsc_bilag_response", at=("month_9", "month_12"))
    count_relapses_over_denominators(run, endpoint, answers)
    frame = run.numbers.frame().filter((pl.col("population") == "at_risk") & (pl.col("statistic") == "count"))
    assert frame.select("visit", "text").rows() == [("month_9", "0/3 (0.0%)"), ("month_12", "1/2 (50.0%)")]


OPEN_RELAPSES: list[dict[str, Any]] = [
    {"word": "MCR"},  # followed to month 12 without relapse
    {"word": "MCR", "relapse": "month_9", "day": 270.0},
    {"word": "PCR", "followed": 290.0},  # was at month 9, not at month 12
    {"word": "PCR", "open": True},  # seen at both, a grade is missing
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # Month 9: the third is known, the fourth not; month 12: neither is.
        ("left_out", {("responders", "month_9"): (1, 3, None, 1), ("responders", "month_12"): (0, 2, None, 2),
                      ("responders", "all"): (1, 2, None, 2), ("enrolled", "month_9"): (1, 4, None, 2),
                      ("enrolled", "month_12"): (0, 3, None, 3), ("enrolled", "all"): (1, 3, None, 3),
                      ("at_risk", "month_9"): (1, 3, None, 1), ("at_risk", "month_12"): (0, 1, None, 1)}),
        ("none", {("responders", "month_9"): (1, 4, 1, None), ("responders", "month_12"): (0, 4, 2, None),
                  ("responders", "all"): (1, 4, 2, None), ("enrolled", "month_9"): (1, 5, 1, 1),
                  ("enrolled", "month_12"): (0, 5, 2, 1), ("enrolled", "all"): (1, 5, 2, 1),
                  ("at_risk", "month_9"): (1, 4, 1, None), ("at_risk", "month_12"): (0, 2, 1, None)}),
        # The fourth relapses at month 9 and is not at risk later; the third at month 12.
        ("relapse", {("responders", "month_9"): (2, 4, 1, None), ("responders", "month_12"): (1, 4, 1, None),
                     ("responders", "all"): (3, 4, 2, None), ("enrolled", "month_9"): (2, 5, 1, 1),
                     ("enrolled", "month_12"): (1, 5, 1, 1), ("enrolled", "all"): (3, 5, 2, 1),
                     ("at_risk", "month_9"): (2, 4, 1, None), ("at_risk", "month_12"): (1, 2, 1, None)}),
    ],
)  # fmt: skip
def test_a_relapse_that_is_not_known_counts_as_the_rule_says(
    rule: MissingRelapse, expected: dict[tuple[str, str], tuple[int, int, int | None, int | None]]
) -> None:
    """Four responders, one without response, one of whom the response cannot be told."""
    rows = []
    for each in OPEN_RELAPSES:
        row = _responder(each["word"], each.get("relapse", ""), each.get("day"), each.get("followed", 360.0))
        rows.append(row | {"relapse": "cannot tell"} if each.get("open") else row)
    unclear = NONE | {"response": "cannot tell", "responder": "cannot tell", "relapse": "cannot tell"}
    run = make_run({"x": {visit: [1.0] * 6 for visit in VISITS}})
    endpoint = Endpoint(
        id="r", kind="relapse", definition="ucmsc_bilag_response", at=("month_9", "month_12"),
        missing_relapse=rule,
    )  # fmt: skip
    count_relapses_over_denominators(run, endpoint, _answers(run, [*rows, NONE, unclear]))
    frame = run.numbers.frame()
    found = {}
    for row in frame.filter(pl.col("statistic") == "count").iter_rows(named=True):
        at = frame.filter((pl.col("population") == row["population"]) & (pl.col("visit") == row["visit"]))
        beside = dict(at.select("statistic", "value").rows())
        counts = (row["value"], row["denominator"], beside.get("imputed"), beside.get("cannot_tell"))
        found[row["population"], row["visit"]] = counts
    assert found == expected
    # What is possible does not depend on the rule: the fourth may have relapsed at either visit, the third at month
    # 12, the sixth may be a responder who relapsed at any.
    bounds = {
        (row["population"], row["visit"]): (row["value"], row["denominator"])
        for row in frame.filter(pl.col("statistic") == "count_highest").iter_rows(named=True)
    }
    assert bounds == {
        ("enrolled", "month_9"): (3, 6), ("enrolled", "month_12"): (3, 6), ("enrolled", "all"): (4, 6),
        ("responders", "month_9"): (2, 4), ("responders", "month_12"): (2, 4), ("responders", "all"): (3, 4),
        ("at_risk", "month_9"): (2, 4), ("at_risk", "month_12"): (1, 2),
    }  # fmt: skip
    lowest = frame.filter(pl.col("statistic") == "count_lowest")
    assert {(row["visit"], row["value"]) for row in lowest.iter_rows(named=True)} == {
        ("month_9", 1), ("month_12", 0), ("all", 1),
    }  # fmt: skip


def _relapse_visit(row: Mapping[str, Any], planned: Mapping[str, float]) -> str | None:
    """Give the visit a relapse belongs to, by hand: its own, else the next planned one, else the last."""
    if row["responder"] != "yes" or row["relapse"] != "yes":
        return None
    day = row["relapse_day"]
    if row["relapse_visit"] in planned:
        return str(row["relapse_visit"])
    later = [name for name, due in planned.items() if day is not None and day <= due]
    return (later or list(planned))[0 if later else -1]


@given(st.data())
@settings(max_examples=60)
def test_relapses_are_counted_by_the_rule_of_count_relapses(data: st.DataObject) -> None:
    planned = {"month_9": 270.0, "month_12": 360.0}
    kinds = st.sampled_from(["month_9", "month_12", "unscheduled", ""])
    days = st.one_of(st.none(), st.integers(181, 400).map(float))
    followed = st.integers(150, 400).map(float)
    drawn = data.draw(st.lists(st.tuples(st.booleans(), kinds, days, followed, st.booleans()), min_size=1))
    rows: list[dict[str, Any]] = []
    for responds, visit, day, end, is_open in drawn:
        one = _responder("MCR", visit, day if visit else None, end)
        rows.append(
            (one | {"relapse": "cannot tell"} if is_open and not visit else one) if responds else NONE
        )
    run = make_run({"x": {visit: [1.0] * len(rows) for visit in VISITS}})
    answers = _answers(run, rows)
    endpoint = Endpoint(
        id="r", kind="relapse", definition="ucmsc_bilag_response", at=tuple(planned), missing_relapse="none"
    )
    count_relapses_over_denominators(run, endpoint, answers)
    counted = (
        run.numbers.frame().filter(pl.col("statistic") == "count").select("visit", "population", "value", "n")
    )
    # The window of each visit opens 30 days before it, as `count_relapses` is asked to take it.
    found = count_relapses(answers.answers, planned, window=30.0)
    # Over nobody there is no count: the list of numbers says so, where the function gives 0 of 0.
    expected = {
        row[:2]: (row[2] if row[3] else None, row[3])
        for row in found.select("visit", "denominator", "count", "n").rows()
    }
    assert {row[:2]: row[2:] for row in counted.rows()} == {
        key: value for key, value in expected.items() if key != ("all", "at_risk")
    }
    places = [_relapse_visit(row, planned) for row in rows]
    for visit in planned:
        assert expected[visit, "enrolled"] == (places.count(visit), len(rows))
    first = [row["responder"] == "yes" and (row["followed_to_day"] >= 240 or place == "month_9")
             for row, place in zip(rows, places, strict=True)]  # fmt: skip
    assert expected["month_9", "at_risk"][1] == sum(first)


def test_response_counts_with_both_intervals(published: tuple[Run, Answers]) -> None:
    run, answers = published
    endpoint = Endpoint(id="p", kind="response", definition="ucmsc_bilag_response", at=("month_6",))
    analysis_response.count_responses(run, endpoint, [answers])
    start = "response.p.enrolled.month_6.ucmsc_bilag_response"
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts[f"{start}_MCR.count"] == "14/40 (35.0%)"
    assert texts[f"{start}_PCR.count"] == "15/40 (37.5%)"
    assert texts[f"{start}_responder.count"] == "29/40 (72.5%)"
    assert texts["response.p.enrolled.ucmsc_bilag_response_sustained.count"] == "22/40 (55.0%)"
    assert texts["response.p.enrolled.ucmsc_bilag_response_sustained_MCR.count"] == "12/40 (30.0%)"
    # Clopper and Pearson for 14 of 40: 20.63 to 51.68 % (R: binom.test(14, 40)).
    assert value_of(run, f"{start}_MCR.lower.clopper_pearson") == pytest.approx(20.63, abs=0.01)
    assert value_of(run, f"{start}_MCR.upper.clopper_pearson") == pytest.approx(51.68, abs=0.01)
    # Wilson by hand: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n) with z = 1.959964.
    z, p = 1.959963984540054, 0.35
    middle, half = p + z**2 / 80, z * math.sqrt(p * (1 - p) / 40 + z**2 / 6400)
    expected = 100 * (middle - half) / (1 + z**2 / 40)
    assert value_of(run, f"{start}_MCR.lower.wilson") == pytest.approx(expected, abs=1e-9)


def test_who_cannot_be_told_is_counted_and_not_in_the_denominator() -> None:
    run = make_run({"x": {visit: [1.0] * 4 for visit in VISITS}})
    answers = _answers(run, [_responder("MCR"), NONE, NONE, UNKNOWN])
    endpoint = Endpoint(id="p", kind="response", definition="ucmsc_bilag_response", at=("month_6",))
    analysis_response.count_responses(run, endpoint, [answers])
    texts = dict(run.numbers.frame().select("id", "text").iter_rows())
    assert texts["response.p.enrolled.month_6.ucmsc_bilag_response_MCR.count"] == "1/3 (33.3%)"
    assert texts["response.p.enrolled.month_6.ucmsc_bilag_response_cannot_tell.count"] == "1/4 (25.0%)"


# --- time to event -------------------------------------------------------------------------------


def test_time_to_relapse_counts_visits_on_their_planned_day() -> None:
    # Four responders, all seen at months 9 and 12, some a few days early; one relapsed at month 12.
    days: dict[str, Any] = {
        "death_day": None,
        "disposition_day": None,
        "disposition_status": "completed",
        "last_visit_day": 360.0,
    }
    run = make_run({"x": {visit: [1.0] * 4 for visit in VISITS}}, first_infusion_day=0.0, **days)
    run = _with_text_columns(run)
    rows = [_responder("MCR", followed=350.0), _responder("PCR"), _responder("PCR", followed=352.0),
            _responder("MCR", "month_12", 365.0, 365.0)]  # fmt: skip
    endpoint = Endpoint(id="t", kind="time_to_event", event="relapse", origin="response")
    analysis_time.estimate_time_to_event(run, endpoint, (_answers(run, rows),))
    # Nobody left before the event: 3 of 4 remain. On the days themselves it would be 0 of 1.
    assert value_of(run, "time_to_event.t.enrolled.month_12.relapse.survival") == 0.75
    assert value_of(run, "time_to_event.t.enrolled.month_12.relapse.at_risk") == 4
    assert value_of(run, "time_to_event.t.enrolled.month_9.relapse.survival") == 1.0


def _with_text_columns(run: Run) -> Run:
    numbers = ("death_day", "disposition_day")
    frame = run.subject_frame.with_columns(pl.col(numbers).cast(pl.Float64))
    return Run(
        study=run.study, frames={}, subject_frame=frame, panel=run.panel, populations=run.populations,
        missing={},
        subject_rows=run.subject_rows, seen=frozenset(),
    )  # fmt: skip


def test_death_is_counted_from_the_infusion_and_the_others_are_censored_when_last_seen() -> None:
    columns: dict[str, Any] = {
        "first_infusion_day": [0.0, 0.0, None], "death_day": [100.0, None, None],
        "disposition_day": [100.0, None, None], "disposition_status": ["died", None, None],
        "last_visit_day": [90.0, 365.0, 90.0],
    }  # fmt: skip
    run = make_run({"x": {"baseline": [1.0] * 3}}, **columns)
    endpoint = Endpoint(id="t", kind="time_to_event", event="death")
    analysis_time.estimate_time_to_event(run, endpoint, ())
    # The third was never infused and does not enter.
    assert value_of(run, "time_to_event.t.enrolled.death.n") == 2
    assert value_of(run, "time_to_event.t.enrolled.month_6.death.survival") == 0.5
    assert run.listings["km"].select("time", "at_risk", "events", "censored").rows() == [
        (100.0, 2, 1, 0),
        (365.0, 1, 0, 1),
    ]


@pytest.mark.parametrize(
    ("methods", "kinds"),
    [(("paired_t",), {"paired_t"}), (("mmrm",), {"mmrm"}), (("wilcoxon", "mmrm"), {"wilcoxon", "mmrm"})],
)
def test_a_sensitivity_analysis_has_the_methods_that_were_planned_and_no_other(
    methods: tuple[Any, ...], kinds: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[str] = []
    monkeypatch.setattr(analysis_mmrm, "fit_variable", lambda *given: fitted.append(given[2]))
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t",))
    plan = SensitivityPlan(endpoint="e", methods=methods, missing=("observed",))
    run = make_run(
        {"x": {"baseline": [9.0, 8.0, 7.0, 6.0], "month_3": [5.0, 5.0, 6.0, 2.0]}},
        make_study(endpoint, sensitivity=(plan,)),
    )
    analyse_sensitivity(run, pl.DataFrame())
    tested = set(run.numbers.frame()["method"].unique()) & {"paired_t", "wilcoxon"}
    assert tested | ({"mmrm"} if fitted else set()) == kinds
    assert fitted in ([], ["x"])
