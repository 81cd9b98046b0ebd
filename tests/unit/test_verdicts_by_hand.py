"""Which endpoint is judged how, which parts a table has, what is kept of many values: branch by branch, by hand."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import (
    baseline_split,
    co_primary,
    courses_checked,
    diagnostics,
    estimands,
    imputation,
    multiplicity,
    regression_to_mean,
    system_grades,
)
from funis.analysis.asked import add_asked_count
from funis.analysis.regression_to_mean import _is_done
from funis.analysis.relapses import count_relapses_over_denominators
from funis.catalogue.definition_digest import _content
from funis.results.sources import Sources
from funis.stats.mmrm.printed_summary import render_cell
from funis.study.course_conditions import FoundCondition
from funis.study.courses import PlannedCourse
from funis.study.model import Arm, Endpoint
from funis.study.planned_infusion import Infusion
from funis.study.selection import Selection
from funis.study.site import Site

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
GAP = float("nan")
NOTHING: Any = pl.DataFrame()
RESPONSE = {"id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": ("month_6",)}
CHANGE = {"id": "c", "kind": "change", "variable": "x", "at": ("month_6",), "methods": ("paired_t",)}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("df", 12.04, "12.0"), ("den_df", 7.96, "8.0"), ("estimate", 1.23456, "1.2346"), ("p", 0.00009, "<.0001"),
        ("p", 0.0001, "0.0001"), ("p", 0.5, "0.5000"), ("num_df", 2, "2"), ("se", None, "."), ("effect", "visit", "visit"),
    ],
)  # fmt: skip
def test_a_cell_of_a_fit_has_the_decimals_of_its_column(name: str, value: object, text: str) -> None:
    assert render_cell(name, value) == text


def test_the_content_of_a_definition_is_written_alike_however_a_number_is_held() -> None:
    assert _content((1.0, 1, 1.5, True, None, "a", [2.0])) == [1, 1, 1.5, True, None, "a", [2]]
    assert _content(frozenset()) == "frozenset()"
    assert [type(each) for each in _content((1.0, 1.5))] == [int, float]


# --- which test decides ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "method"),
    [
        ({}, "paired_t"), ({"methods": ("bootstrap", "wilcoxon")}, "wilcoxon"), ({"methods": ("paired_t", "mmrm")}, "mmrm"),
        ({"methods": ("bootstrap",)}, ""), ({"methods": ("mmrm",), "missing_outcome": "multiple_imputation"}, "multiple_imputation"),
    ],
)  # fmt: skip
def test_the_test_that_decides(changed: dict[str, Any], method: str) -> None:
    assert multiplicity.decisive_method(Endpoint.model_validate(CHANGE | changed)) == method


def judged(
    endpoint: Endpoint, visits: dict[str, str] | None = None, arms: tuple[Arm, ...] = ()
) -> co_primary.Judged:
    run = analysis.make_run(
        {"x": {"baseline": [1.0, 2.0], "month_6": [0.0, 1.0]}},
        analysis.make_study(endpoint, arms=arms),
        **({"arm": ["A", "P"]} if arms else {}),
    )
    plan = None if visits is None else SimpleNamespace(visits=visits, order=())
    held: Any = SimpleNamespace(
        study=SimpleNamespace(multiplicity=plan, arms=arms, trial=run.study.trial), populations=run.populations, numbers=run.numbers,
        level_of=lambda _: 0.95, panel=run.panel,
    )  # fmt: skip
    listed = pl.DataFrame(
        {"endpoint": ["c", "c"], "visit": ["month_6", "month_9"], "method": ["paired_t", "paired_t"], "contrast": ["", ""],
         "arm": ["all", "all"], "n": [2, 2], "missing": ["", ""], "missing_outcome": ["", ""], "source": ["", ""],
         "value": [0.05, 0.0500001], "text": ["", ""]}
    )  # fmt: skip
    return co_primary._judge(held, NOTHING, (listed, endpoint), 0.05)


@pytest.mark.parametrize(
    ("changed", "visits", "text", "has_passed"),
    [
        ({}, None, "passed", True),
        ({}, {"c": "month_9"}, "failed", False),
        ({"at": ("month_6", "month_9")}, None, "cannot be judged: it has several visits", None),
        (
            {"at": ("month_6", "month_9")},
            {"other": "month_6"},
            "cannot be judged: it has several visits",
            None,
        ),
        ({"at": ("month_6", "month_9")}, {"c": "month_6"}, "passed", True),
        ({"variable": "", "variables": ("x", "y")}, None, "cannot be judged: it has several variables", None),
        ({"methods": ("wilcoxon",)}, None, "cannot be judged: the test was not made", None),
    ],
)
def test_an_endpoint_is_judged_by_one_test_at_one_visit(
    changed: dict[str, Any], visits: dict[str, str] | None, text: str, has_passed: Any
) -> None:
    found = judged(Endpoint.model_validate(CHANGE | changed), visits)
    assert (found.text, found.has_passed) == (text, has_passed)


def test_a_rate_needs_something_to_be_tested_against() -> None:
    found = judged(Endpoint.model_validate(RESPONSE))
    assert found.text == "cannot be judged: no rate is named to test it against"
    goal = judged(Endpoint.model_validate(RESPONSE | {"performance_goal": 0.4}))
    assert goal.text == "cannot be judged: no response is known"
    relapse = judged(Endpoint.model_validate(RESPONSE | {"kind": "relapse"}))
    assert relapse.text == "cannot be judged: no test belongs to kind relapse"


def test_a_verdict_needs_a_rate_on_the_right_side_of_what_it_is_tested_against() -> None:
    run = analysis.make_run({"x": {"baseline": [1.0]}})
    place = run.populations.cohort().place("multiplicity", "x")
    cases = [
        (0.05, None, True), (0.0500001, None, False), (0.01, True, True), (0.01, False, False), (0.05 + 1e-12, None, True),
    ]  # fmt: skip
    for p, is_higher, has_passed in cases:
        found = co_primary._judge_test(multiplicity.Hypothesis("e", place, "m", p, "", is_higher), 0.05)
        assert (found.has_passed, found.text) == (has_passed, "passed" if has_passed else "failed")
        assert (found.p, found.level) == (p, 0.05)


# --- parts of the baseline table -------------------------------------------------------------------------


def parts(split: str, **asked: Any) -> dict[str, list[int]]:
    run = analysis.make_run({"x": {"baseline": [1.0] * 5}}, asked.pop("study", None), **asked)
    found = baseline_split._parts(run, NOTHING, split)
    return {name: np.flatnonzero(cohort.members).tolist() for name, cohort in found.items()}


def test_the_parts_of_a_split_are_those_with_somebody_in_them() -> None:
    sites = tuple(Site(id=name, name=name) for name in ("01", "02", "03"))
    study = analysis.make_study(sites=sites)
    assert parts("site", study=study, site=["01", "02", "01", None, "09"]) == {
        "01": [0, 2],
        "02": [1],
        "not_known": [3, 4],
    }
    assert parts("site", study=study, site=["01", "02", "01", "01", "03"]) == {
        "01": [0, 2, 3],
        "02": [1],
        "03": [4],
    }
    arms = (Arm(id="A", name="Cells"), Arm(id="P", name="Placebo", control=True), Arm(id="N", name="Nobody"))
    study = analysis.make_study(arms=arms)
    assert parts("arm", study=study, arm=["A", "P", "A", "P", "P"]) == {"A": [0, 2], "P": [1, 3, 4]}
    study = analysis.make_study(subgroups={"old": "age > 50"})
    assert parts("old", study=study, age=[60.0, 50.0, None, 51.0, 20.0]) == {
        "yes": [0, 3],
        "no": [1, 4],
        "not_known": [2],
    }
    assert parts("old", study=study, age=[60.0] * 5) == {"yes": [0, 1, 2, 3, 4]}


# --- values behind numbers -------------------------------------------------------------------------------


def kept_sources() -> Sources:
    observations = pl.DataFrame(
        {"subject": ["S2", "S1", "S1", "S3", "S2", "S4"], "value": [1, 2, 3, 4, 5, 6]}
    )
    rows = {
        "a": np.array([0, 1, 2, 3], dtype=np.int32),
        "b": np.array([0, 4], dtype=np.int32),
        "c": np.array([5], dtype=np.int32),
    }
    more = pl.DataFrame(schema={"source": pl.String, "subject": pl.String, "value": pl.Int64})
    return Sources(observations, rows, more)


def cut(
    keys: tuple[str, ...], most: int, subjects: int
) -> tuple[list[tuple[str, int]], dict[str, int]] | str:
    class Kept(Sources):
        """Keeps only what was chosen, so that nothing but the choice is looked at."""

        def _take(self, rows: Any) -> pl.DataFrame:
            pairs = [(key, int(place)) for key, places in rows.items() for place in places]
            return pl.DataFrame(pairs, schema={"source": pl.String, "place": pl.Int64}, orient="row")

        def frame(self, keys: Any = None) -> pl.DataFrame:
            return self._take({key: self._rows[key] for key in keys if key in self._rows})

    base = kept_sources()
    empty = pl.DataFrame(schema={"source": pl.String, "place": pl.Int64})
    frame, counts = Kept(base._observations, base._rows, empty).cut(keys, most, subjects)
    return frame.rows(), counts


def test_too_many_values_are_cut_to_the_first_subjects_of_each_source() -> None:
    whole = [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("b", 4)]
    # Five different values stand behind a and b.
    assert cut(("b", "a", "a", "none"), 5, 1) == (whole, {})
    assert cut(("a", "b"), 4, 1) == ([("a", 1), ("a", 2), ("b", 0), ("b", 4)], {"a": 4})
    assert cut(("a", "b"), 4, 2) == ([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 4)], {"a": 4})
    assert cut(("a", "b"), 4, 3) == (whole, {})
    assert cut(("a", "c"), 0, 1) == ([("a", 1), ("a", 2), ("c", 5)], {"a": 4})


# --- estimands, regression to the mean, grades -----------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (CHANGE | {"at": ("month_3", "month_6")}, [("month_3", "x_change"), ("month_6", "x_change")]),
        (CHANGE | {"at": ()}, [(name, "x_change") for name in ("month_3", "month_6", "month_9", "month_12")]),
        (RESPONSE, [("month_6", "ucmsc_bilag_response")]),
        (RESPONSE | {"kind": "relapse"}, [("all", "relapse")]),
    ],
)  # fmt: skip
def test_what_cannot_be_estimated_has_its_rows_and_its_reason(
    given: dict[str, Any], rows: list[tuple[str, str]]
) -> None:
    endpoint = Endpoint.model_validate(given)
    values = {name: [1.0, 2.0] for name in analysis.VISITS}
    run = analysis.make_run({"x": values}, analysis.make_study(endpoint))
    estimands._add_failure(run, SimpleNamespace(id="e"), endpoint, "no strategy for: death")  # type: ignore[arg-type]
    frame = run.numbers.frame()
    assert frame.select("visit", "variable").rows() == rows
    assert set(frame["status"]) == {"failed"}
    assert set(frame["text"]) == {"no strategy for: death"}
    assert frame["value"].to_list() == [None] * len(rows)


def test_regression_to_the_mean_is_told_once_for_the_same_subjects() -> None:
    def done(**changed: Any) -> bool:
        first = Endpoint.model_validate(CHANGE | {"id": "first"} | changed)
        second = Endpoint.model_validate(CHANGE)
        run: Any = SimpleNamespace(study=SimpleNamespace(endpoints=(first, second)))
        return _is_done(run, second, "x")

    assert done()
    assert not done(variable="y")
    assert not done(population="treated")
    assert not done(subgroups=("s",))
    assert not done(kind="summary", methods=())
    only: Any = SimpleNamespace(study=SimpleNamespace(endpoints=(Endpoint.model_validate(CHANGE),)))
    assert not _is_done(only, Endpoint.model_validate(CHANGE), "x")
    later: Any = SimpleNamespace(
        study=SimpleNamespace(
            endpoints=(Endpoint.model_validate(CHANGE), Endpoint.model_validate(CHANGE | {"id": "d"}))
        )
    )
    assert not _is_done(later, Endpoint.model_validate(CHANGE), "x")


def test_a_normal_plot_needs_three_changes_within_what_the_assay_measures() -> None:
    endpoint = Endpoint.model_validate(CHANGE | {"at": ("month_3", "month_6", "month_9")})
    values = {
        "baseline": [10.0, 12.0, 14.0, 11.0], "month_3": [9.0, 10.0, None, None], "month_6": [9.0, 10.0, 11.0, None],
        "month_9": [9.0, 10.0, 11.0, 8.0],
    }  # fmt: skip
    run = analysis.make_run({"x": values}, analysis.make_study(endpoint))
    run.panel.changes["x"].censored[0, 3] = 1
    diagnostics.diagnose_changes(run, endpoint)
    frame = run.numbers.frame()
    plotted = frame.filter(pl.col("statistic") == "qq_correlation")
    assert plotted.select("visit", "n").rows() == [("month_6", 3)]
    assert run.listings["quantiles"]["change"].to_list() == [-1, -2, -3]
    # Changes at equal steps are as skew to one side as to the other.
    assert frame.filter(pl.col("statistic") == "skewness")["value"].to_list() == [pytest.approx(0, abs=1e-12)]
    spread = frame.filter(pl.col("statistic") == "sd_over_mean")
    # Mean 11.75; squares of the distances 3.0625 + 0.0625 + 5.0625 + 0.5625 = 8.75 over 3.
    assert spread.select("value", "n").row(0) == (pytest.approx((8.75 / 3) ** 0.5 / 11.75), 4)


@pytest.mark.parametrize(
    ("baseline", "later", "ratio"),
    [
        ([1.0, 1.0, 10.0], [1.0, 1.0, 1.0], 27**0.5 / 4), ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], None), ([1.0, 2.0, 3.0], [1.0, 1.0, -1.0], None),
        ([0.0, 1.0, 2.0], [0.0, 0.0, 0.0], 1.0), ([1.0, 2.0, None], [1.0, 1.0, 1.0], None),
    ],
)  # fmt: skip
def test_a_baseline_wider_than_its_mean_is_called_skew(
    baseline: list[float], later: list[float], ratio: float | None
) -> None:
    endpoint = Endpoint.model_validate(CHANGE)
    run = analysis.make_run({"x": {"baseline": baseline, "month_6": later}}, analysis.make_study(endpoint))
    diagnostics._diagnose_spread(run, endpoint, run.populations.cohort(), "x")
    rows = run.numbers.frame().to_dicts()
    if ratio is None:
        assert rows == []
    else:
        assert rows[0]["value"] == pytest.approx(ratio)
        assert (diagnostics.SKEWED in rows[0]["text"]) == (ratio > 1)


def test_grades_are_compared_with_those_of_the_same_subjects_at_baseline() -> None:
    endpoint = Endpoint.model_validate(
        {"id": "s", "kind": "systems", "variable": "bilag_2004", "at": ("month_3", "month_6")}
    )
    run = analysis.make_run(
        {"x": {"baseline": [4.0, 4, 3, 2, None], "month_3": [2.0, 4, 2, 3, 1], "month_6": [None] * 4 + [1.0]}}
    )
    run.panel.grades["x"] = run.panel.matrices["x"]
    system_grades._compare_system(run, endpoint, run.populations.cohort(), "x")
    frame = run.numbers.frame()
    assert set(frame["visit"]) == {"month_3"}
    assert set(frame["n"]) == {4}
    told = dict(frame.select("statistic", "value").rows())
    assert (told["improved"], told["worsened"], told["unchanged"]) == (2, 1, 1)


# --- courses at relapse, counts of those asked, words of a relapse ---------------------------------------


def begun(
    start: float | None,
    *,
    said: str = "yes",
    relapse: float | None = 300.0,
    window: tuple[int, int] | None = None,
    on: Any = None,
) -> list[tuple[str, str, str]]:
    plan = PlannedCourse("relapse", (Infusion(day=0, window=window),))
    row = {"subject": "S1", "number": 3, "date": on, "day": start, "_file": "infusions.csv", "_line": 4}
    place: Any = SimpleNamespace(course=2, start=start)
    met = FoundCondition(said, "month_9", relapse)  # type: ignore[arg-type]
    found = courses_checked._check_begin(plan, (row, place), met)
    return [(each.level, each.code, each.column) for each in found]


EARLY = [("warning", "retreated_without_relapse", "number")]
LATE = [("warning", "infusion_outside_window", "day")]


@pytest.mark.parametrize(
    ("start", "given", "told"),
    [
        (300.0, {}, []), (299.0, {}, EARLY), (999.0, {}, []), (None, {}, []), (310.0, {"relapse": None}, []),
        (310.0, {"said": "no"}, EARLY), (310.0, {"said": "cannot tell"}, [("query", *EARLY[0][1:])]),
        # A window of two to thirty days after the relapse.
        (302.0, {"window": (2, 30)}, []), (301.0, {"window": (2, 30)}, EARLY), (330.0, {"window": (2, 30)}, []),
        (331.0, {"window": (2, 30)}, LATE),
        (331.0, {"window": (2, 30), "on": "2020-11-27"}, [("warning", "infusion_outside_window", "date")]),
        (298.0, {"window": (-2, 30)}, []), (297.0, {"window": (-2, 30)}, EARLY),
    ],
)  # fmt: skip
def test_a_course_at_relapse_begins_within_its_window(
    start: float | None, given: dict[str, Any], told: list[tuple[str, str, str]]
) -> None:
    assert begun(start, **given) == told


def test_who_entered_against_the_rule_is_counted_apart() -> None:
    endpoint = Endpoint.model_validate(CHANGE)
    values = {"baseline": [4.0, 5.0, 6.0, 7.0, 3.0, None], "month_6": [1.0] * 6}
    run = analysis.make_run({"x": values}, analysis.make_study(endpoint))
    regression_to_mean._estimate_one(run, endpoint, run.populations.cohort(), Selection("x", ">=", 5.0, "I1"))
    frame = run.numbers.frame().filter(pl.col("method").is_null() | (pl.col("method") == ""))
    told = {row["statistic"]: (row["value"], row["text"], row["n"]) for row in frame.iter_rows(named=True)}
    # 5, 6 and 7 entered by the rule, two against it, and of the last the value is not known.
    assert told["not_met"] == (2, "2", 3)
    assert told["mean"][0] == 6
    assert told["sd"][0] == 1
    # Of whole numbers, 5 or more begins half a step below.
    assert told["limit"][0] == 4.5


@pytest.mark.parametrize(
    ("counted", "known", "members", "rows"),
    [
        ([1, 1, 0], [1, 1, 1], [1, 1, 1], [("count", 2, "2/3 (66.7%)", 3)]),
        ([1, 1, 0], [1, 0, 1], [1, 1, 1], [("asked", 2, "2", 3), ("count", 1, "1/2 (50.0%)", 2)]),
        ([1, 1, 0], [1, 1, 1], [0, 1, 1], [("count", 1, "1/2 (50.0%)", 2)]),
        ([1, 1, 0], [0, 0, 0], [1, 1, 1], [("count", None, "not collected", None)]),
        ([1, 1, 0], [1, 1, 1], [0, 0, 0], [("count", None, "–", 0)]),
    ],
)  # fmt: skip
def test_a_count_is_over_those_who_were_asked(
    counted: list[int], known: list[int], members: list[int], rows: list[tuple[Any, ...]]
) -> None:
    run = analysis.make_run({"x": {"baseline": [1.0] * 3}})
    place = run.populations.cohort().place("safety", "x")
    add_asked_count(run, place, *(np.array(each, dtype=np.bool_) for each in (counted, known, members)))
    assert run.numbers.frame().select("statistic", "value", "text", "denominator").rows() == rows


def test_each_relapse_is_named_with_its_visit() -> None:
    responder = analysis._responder
    rows = [
        responder("MCR"),
        responder("MCR", "month_9", 270.0),
        responder("PCR", "month_12", 360.0),
        analysis.NONE,
    ]
    run = analysis.make_run({"x": {visit: [1.0] * 4 for visit in analysis.VISITS}})
    endpoint = Endpoint.model_validate(RESPONSE | {"kind": "relapse", "at": ("month_9", "month_12")})
    count_relapses_over_denominators(run, endpoint, analysis._answers(run, rows))
    (words,) = [frame["text"].to_list() for name, frame in run.derived.items() if name == "relapse r"]
    assert words == ["no", "yes month_9", "yes month_12", "no response"]


# --- who is judged for a split, and which way a change is estimated --------------------------------------


def test_a_split_by_response_takes_the_first_primary_endpoint_that_judges_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []
    rows = [analysis._responder("MCR"), analysis.NONE, analysis.UNKNOWN, analysis.NONE]

    def answer(run: Any, visits: Any, endpoint: Endpoint, at: str) -> Any:
        asked.append((endpoint.id, at))
        return analysis._answers(run, rows)

    monkeypatch.setattr(baseline_split, "answer_endpoint", answer)
    second = Endpoint.model_validate(
        RESPONSE | {"id": "second", "role": "primary", "at": ("month_6", "month_12")}
    )
    first = Endpoint.model_validate(RESPONSE | {"id": "first", "role": "secondary"})
    change = Endpoint.model_validate(CHANGE | {"role": "primary"})
    for endpoints, expected in (
        ((change, first, second), ("second", "month_6")),
        ((first, change), ("first", "month_6")),
        ((first, first.model_copy(update={"id": "later"})), ("first", "month_6")),
        ((first.model_copy(update={"at": ()}),), ("first", "")),
    ):
        run = analysis.make_run({"x": {"baseline": [1.0] * 4}}, analysis.make_study(*endpoints))
        found = baseline_split._parts(run, NOTHING, "responder")
        members = {name: np.flatnonzero(cohort.members).tolist() for name, cohort in found.items()}
        assert members == {"yes": [0], "no": [1, 3], "not_known": [2]}
        assert asked.pop() == expected


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        ({}, "tests"), ({"methods": ("mmrm",)}, "model"), ({"methods": ("paired_t", "mmrm")}, "model"),
        ({"missing_outcome": "multiple_imputation"}, "draws"), ({"missing_outcome": "j2r", "methods": ("mmrm",)}, "draws"),
        ({"variable": "y"}, "failure"),
    ],
)  # fmt: skip
def test_a_change_is_estimated_by_draws_a_model_or_tests(
    changed: dict[str, Any], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []
    for place, name in (
        ("funis.analysis.imputation.compare_imputed", "draws"), ("funis.analysis.models.fit_variable", "model"),
        ("funis.analysis.estimands._test_changes", "tests"), ("funis.analysis.estimands._add_failure", "failure"),
    ):  # fmt: skip
        monkeypatch.setattr(place, lambda *_, name=name: went.append(name))
    endpoint = Endpoint.model_validate(CHANGE | changed)
    run = analysis.make_run(
        {"x": {name: [1.0, 2.0] for name in analysis.VISITS}}, analysis.make_study(endpoint)
    )
    estimand: Any = SimpleNamespace(id="e", composite_value=None, intercurrent_events=())
    estimands._estimate_change(run, estimand, endpoint, SimpleNamespace(days={}))  # type: ignore[arg-type]
    assert went == [way]


def test_a_difference_of_changes_is_each_arm_minus_the_control() -> None:
    arms = (Arm(id="A", name="Cells"), Arm(id="P", name="Placebo", control=True))
    endpoint = Endpoint.model_validate(CHANGE)
    run = analysis.make_run(
        {"x": {"baseline": [1.0] * 4}}, analysis.make_study(endpoint, arms=arms), arm=["A", "A", "P", "P"]
    )
    place = run.populations.cohort().place_of_change("estimand", "x", estimand="e")
    samples = {"A": np.array([-3.0, -5.0]), "P": np.array([-1.0, -1.5])}
    estimands._add_differences(run, endpoint, place, samples)
    frame = run.numbers.frame()
    assert set(frame.select("arm", "contrast").rows()) == {("A", "P")}
    assert frame.filter(pl.col("statistic") == "estimate")["value"].to_list() == [pytest.approx(-2.75)]


def test_what_a_strategy_puts_in_place_of_a_value_is_within_what_the_assay_measures() -> None:
    endpoint = Endpoint.model_validate(CHANGE)
    values = {"baseline": [10.0] * 4, "month_3": [9.0] * 4, "month_6": [8.0] * 4}
    run = analysis.make_run({"x": values}, analysis.make_study(endpoint))
    run.panel.changes["x"].censored[:, 1:3] = 1
    after = np.array([100.0, np.nan, np.nan, np.nan])
    days = {"while_on_treatment": after, "hypothetical": np.roll(after, 1), "composite": np.roll(after, 2)}
    estimand: Any = SimpleNamespace(composite_value=5.0)
    found = estimands.apply_strategies(run, estimand, "x", days)
    # Month 3 is day 90, before each event; at month 6 only the last subject's own value stands.
    assert found.censored[:, 1].tolist() == [1, 1, 1, 1]
    assert found.censored[:, 2].tolist() == [0, 0, 0, 1]
    assert found.values[:, 2].tolist()[2:] == [5, -2]
    base, changes = run.panel.baselines["x"], run.panel.changes["x"]
    assert found.rows[:, 2].tolist() == [changes.rows[0, 1], -1, base.rows[2], changes.rows[3, 2]]


@pytest.mark.parametrize(
    ("policy", "strategies", "told"),
    [
        ("multiple_imputation", {}, None), ("j2r", {}, "j2r"), ("by_ending", {"died": "j2r"}, ("j2r", "mar", "mar")),
        ("by_ending", {"died": "j2r", "other": "cr"}, ("j2r", "cr", "cr")),
    ],
)  # fmt: skip
def test_each_ending_has_its_strategy_or_that_of_the_others(
    policy: str, strategies: dict[str, str], told: Any
) -> None:
    run: Any = SimpleNamespace(
        subject_frame=pl.DataFrame({"disposition_status": ["x", "died", "lost", None]})
    )
    settings: Any = SimpleNamespace(strategies=strategies)
    assert imputation._strategies(run, np.array([1, 2, 3]), policy, settings) == told


@pytest.mark.parametrize(
    ("control", "arms", "shifts"),
    [("P", ("A", "P", "A"), [True, False, True]), (None, ("A", "P", "A"), None), ("P", (), None)],
)
def test_what_shifts_is_drawn_outside_the_control_arm(
    control: str | None, arms: tuple[str, ...], shifts: list[bool] | None
) -> None:
    run: Any = SimpleNamespace(study=SimpleNamespace(control_arm=control))
    drawn: Any = SimpleNamespace(completed=np.zeros((2, 3, 1)))
    done = imputation.Completed(drawn, np.arange(3), (1,), np.zeros(3), arms, "j2r")
    found = imputation._shifting(run, done)
    assert (None if found is None else found.tolist()) == shifts


@pytest.mark.parametrize("kind", ["response", "relapse", "change"])
def test_an_estimand_is_estimated_as_its_endpoint_is(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    for name, said in (
        ("estimate_response", "response"),
        ("estimate_relapse", "relapse"),
        ("_estimate_change", "change"),
    ):
        monkeypatch.setattr(estimands, name, lambda *_, said=said: went.append(said))
    monkeypatch.setattr(
        estimands, "gather_events", lambda _: SimpleNamespace(days={}, found=pl.DataFrame({"subject": []}))
    )
    endpoint = Endpoint.model_validate(CHANGE if kind == "change" else RESPONSE | {"kind": kind})
    run = analysis.make_run({"x": {"baseline": [1.0] * 2}}, analysis.make_study(endpoint))
    estimand = SimpleNamespace(
        id="e", endpoint=endpoint.id, population="", variable="", intercurrent_events=()
    )
    held: Any = SimpleNamespace(
        study=SimpleNamespace(estimands=(estimand,), endpoint=lambda _: endpoint, visit_names=(), visit=None),
        panel=run.panel, populations=run.populations, numbers=run.numbers, observe=run.observe,
    )  # fmt: skip
    assert estimands.estimate_estimands(held, NOTHING) == ()
    assert went == [kind]
