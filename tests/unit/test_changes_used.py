"""Changes an endpoint is about, with missing ones filled, and who they are imputed for; by hand."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from funis.analysis import imputation, paired_tests
from funis.analysis.changes_used import fill_missing, visits_of
from funis.analysis.influence import changes_of
from funis.analysis.models import _covariates
from funis.analysis.run import Run
from funis.analysis.target import Target
from funis.results import Place
from funis.study.model import Arm, Endpoint, Study

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

# Changes of the first: -4, then nothing, then -1. The second has a baseline only, the third none at all.
VALUES = {
    "baseline": [10, 8, None],
    "month_3": [6, None, 5],
    "month_6": [None, None, 5],
    "month_9": [9, None, 5],
}


def change_of(**more: Any) -> Endpoint:
    return Endpoint.model_validate({"id": "e", "kind": "change", "variable": "x", **more})


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        ("observed", [-4, np.nan, -1], [np.nan] * 3),
        # The last change known, the baseline's 0 before any.
        ("locf", [-4, -4, -1], [0, 0, 0]),
        ("worst", [-4, 0, -1], [0, 0, 0]),
    ],
)
def test_missing_changes_are_filled_as_the_rule_says(
    rule: str, first: list[float], second: list[float]
) -> None:
    run = analysis.make_run({"x": VALUES})
    filled, named = fill_missing(run, change_of(missing_outcome=rule), "x")
    assert named == rule
    np.testing.assert_array_equal(filled.values[0, 1:4], first)
    np.testing.assert_array_equal(filled.values[1, 1:4], second)
    # Without a baseline there is no change to fill.
    assert np.isnan(filled.values[2]).all()
    # What is carried has its source: the change it is, or the baseline.
    known = run.panel.changes["x"].rows
    if rule == "locf":
        assert filled.rows[0, 2] == known[0, 1]
    if rule != "observed":
        assert filled.rows[1, 1] == run.panel.baselines["x"].rows[1]


def test_a_rule_given_stands_before_that_of_the_endpoint() -> None:
    run = analysis.make_run({"x": VALUES})
    filled, named = fill_missing(run, change_of(missing_outcome="observed"), "x", "locf")
    assert named == "locf"
    assert filled.values[0, 2] == -4


@pytest.mark.parametrize(
    ("rule", "named", "second"),
    [("locf", "locf", 0), ("j2r", "observed", np.nan), ("observed", "observed", np.nan)],
)
def test_what_is_left_out_in_turn_is_filled_by_a_rule_and_never_drawn(
    rule: str, named: str, second: float
) -> None:
    """Drawn values differ with each subject left out: without them the observed changes are looked at."""
    run = analysis.make_run({"x": VALUES})
    filled, used = changes_of(run, change_of(missing_outcome=rule), "x")
    assert used == named
    np.testing.assert_array_equal(filled.values[1, 1], second)


def test_visits_of_an_endpoint() -> None:
    run = analysis.make_run({"x": VALUES})
    assert visits_of(run, change_of(at=("month_6", "month_3"))) == (2, 1)
    assert visits_of(run, change_of(at=("month_6", "month_36"))) == (2,)
    assert visits_of(run, change_of()) == (1, 2, 3, 4)


def test_covariates_are_the_columns_of_subjects_that_a_formula_names() -> None:
    """Visit, arm, baseline and C() are the model's own; what no table has is left to the fit to refuse."""
    run = analysis.make_run({"x": VALUES}, age=[30, 40, 50])
    assert _covariates(run, change_of(formula="C(arm) * visit + baseline + age + age:visit + agee")) == [
        "age"
    ]
    assert _covariates(run, change_of(formula="visit + baseline")) == []


@pytest.mark.parametrize(
    ("subgroup_only", "subgroups", "expected"),
    [
        (False, (), ["all"]),
        (False, ("heavy",), ["all", "heavy"]),
        (True, ("heavy",), ["heavy"]),
        # Nothing to keep to: everybody.
        (True, (), ["all"]),
    ],
)
def test_imputed_changes_are_compared_in_the_subgroups_asked_for(
    monkeypatch: pytest.MonkeyPatch, *, subgroup_only: bool, subgroups: tuple[str, ...], expected: list[str]
) -> None:
    study: Study = analysis.make_study(subgroups={"heavy": "weight_kg > 60"})
    run: Run = analysis.make_run({"x": VALUES}, study, weight_kg=[70.0, 50.0, 80.0])
    asked: list[str] = []

    def impute(run: Run, endpoint: Endpoint, variable: str, cohort: Any, policy: str) -> str:
        asked.append(cohort.subgroup)
        return "not drawn"

    monkeypatch.setattr(imputation, "impute_changes", impute)
    endpoint = change_of(
        subgroup_only=subgroup_only, subgroups=subgroups, missing_outcome="j2r", at=("month_3",)
    )
    imputation.compare_imputed(run, endpoint, "x", Target("test"))
    assert asked == expected
    failed = run.numbers.frame()
    assert set(failed["subgroup"]) == set(expected)
    assert set(failed["text"]) == {"not drawn"}


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        # Without arms the mean at each visit is tested; with arms the differences alone are.
        ((), [("all", "", 0), ("all", "", 1)]),
        (("cells", "usual"), [("cells", "usual", 0), ("cells", "usual", 1)]),
    ],
)
def test_one_family_of_pooled_tests_a_visit(
    monkeypatch: pytest.MonkeyPatch, arms: tuple[str, ...], expected: list[tuple[str, str, int]]
) -> None:
    named = tuple(Arm(id=name, name=name, control=name == "usual") for name in arms)
    columns = {"arm": ["cells", "usual", "usual"]} if arms else {}
    run: Run = analysis.make_run({"x": VALUES}, analysis.make_study(arms=named), **columns)
    family: list[paired_tests.Tested] = []
    pooled = imputation.PooledVisit(cast("Any", "test"))

    def place(*given: Any) -> Place:
        _, _, cohort, _, position, _ = given
        return replace(cast("Place", cohort.place("test", "x")), parameter=str(position))

    monkeypatch.setattr(imputation, "pool_visit", lambda *_, **__: pooled)
    monkeypatch.setattr(imputation, "_add_pooled", lambda *_: None)
    monkeypatch.setattr(imputation, "_place", place)
    monkeypatch.setattr(imputation, "add_adjusted", lambda *given: family.extend(given[2]))
    done = imputation.Completed(
        cast("Any", None),
        np.arange(3),
        (1, 2),
        np.zeros(3),
        ("cells", "usual", "usual") if arms else (),
        "j2r",
    )
    imputation.add_imputed(run, change_of(), run.populations.cohort(), ("x", done), Target("test"))
    found = [(each.place.arm, each.place.contrast, int(each.place.parameter)) for each in family]
    assert found == expected
