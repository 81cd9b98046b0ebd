"""Conditional mean imputation by reference, by hand.

Two visits, control (5 4) (6 6) (7 5) (8 8), active (5 2) (6 4) (7 3) (8 -). The last value is missing.
Within arms, over the seven complete subjects, visit 2 rises by (5.5 + 1) / (5 + 2) = 13/14 per unit of visit 1.
Means: control 6.5 and 5.75; active 6.5 and, carried by the slope from the three seen, 3 + 13/14 x 0.5.
The subject stands 1.5 above its arm at visit 1, so 1.5 x 13/14 above whatever mean its strategy gives visit 2.
"""

import math
from typing import Any

import numpy as np
import pytest

from funis.errors import FunisError, ShapeError, ValueRangeError
from funis.stats.conditional_mean import complete_by_means, estimate_conditional_mean
from funis.stats.impute import Chain
from funis.stats.reference_based import impute_reference, plan_reference, strategy_covariance
from funis.stats.sample import Floats, Integers

VALUES = np.array([[5, 4], [6, 6], [7, 5], [8, 8], [5, 2], [6, 4], [7, 3], [8, np.nan]], float)
ARMS = ["control"] * 4 + ["active"] * 4
SLOPE = 13 / 14
ACTIVE = np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=bool)


def plan(values: Floats = VALUES, **more: Any) -> Any:
    given = {"reference": "control", "strategy": "j2r", "covariates": None, "deviation": None} | more
    return plan_reference(values, ARMS, **given)


def difference(completed: Floats, places: Integers) -> float:
    active = ACTIVE[places]
    return float(completed[active, 1].mean() - completed[~active, 1].mean())


@pytest.mark.parametrize(
    ("strategy", "mean"),
    [
        ("mar", 3 + SLOPE * 0.5),
        ("j2r", 5.75),
        ("cr", 5.75),
        # The step of the control arm, 5.75 - 6.5, from the own mean of visit 1.
        ("cir", 6.5 + (5.75 - 6.5)),
        ("lmcf", 6.5),
    ],
)
def test_each_strategy_by_hand(strategy: str, mean: float) -> None:
    completed = complete_by_means(plan(strategy=strategy))
    assert completed[7, 1] == pytest.approx(mean + SLOPE * 1.5, abs=1e-6)
    assert (completed[:7] == VALUES[:7]).all()


def test_copy_reference_counts_from_the_mean_of_the_reference_at_the_first_visit() -> None:
    values = VALUES.copy()
    values[:4, 0] += 2
    # The control mean of visit 1 is 8.5 now: the subject stands 0.5 below it.
    found = complete_by_means(plan(values, strategy="cr"))[7, 1]
    assert found == pytest.approx(5.75 - SLOPE * 0.5, abs=1e-6)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        # Slopes by arm: control 5.5 / 5, active 1 / 2. After a jump the regression is that of the reference.
        ("j2r", 5.75 + 1.1 * 1.5),
        ("mar", 3 + 0.5 * 0.5 + 0.5 * 1.5),
        ("lmcf", 6.5 + 0.5 * 1.5),
    ],
)
def test_covariance_by_arm(strategy: str, expected: float) -> None:
    completed = complete_by_means(plan(strategy=strategy), "by_arm")
    assert completed[7, 1] == pytest.approx(expected, abs=1e-6)


def test_a_strategy_for_each_subject() -> None:
    values = VALUES.copy()
    values[6, 1] = np.nan
    # Without the seventh: within arms (5.5 + 1) / (5 + 0.5), the active seen at visit 1 by 5.5.
    slope = 6.5 / 5.5
    names = ["j2r"] * 7 + ["mar"]
    completed = complete_by_means(plan(values, strategy=names))
    assert completed[6, 1] == pytest.approx(5.75 + slope * 0.5, abs=1e-6)
    assert completed[7, 1] == pytest.approx(3 + slope * (6.5 - 5.5) + slope * 1.5, abs=1e-6)


def test_what_was_observed_after_a_deviation_is_kept_and_does_not_enter_the_model() -> None:
    seen, unseen = VALUES.copy(), VALUES.copy()
    seen[4, 1], unseen[4, 1] = 50.0, np.nan
    before = [2, 2, 2, 2, 1, 2, 2, 1]
    kept = complete_by_means(plan(seen, deviation=before))
    without = complete_by_means(plan(unseen, deviation=before))
    assert kept[4, 1] == 50.0
    assert kept[7, 1] == pytest.approx(without[7, 1], abs=1e-9)


def test_under_missing_at_random_what_was_observed_after_a_deviation_enters_the_model() -> None:
    seen = VALUES.copy()
    seen[4, 1] = 50.0
    before = [2, 2, 2, 2, 1, 2, 2, 1]
    by_event = complete_by_means(plan(seen, deviation=before, strategy="mar"))
    plain = complete_by_means(plan(seen, strategy="mar"))
    assert by_event[7, 1] == pytest.approx(plain[7, 1], abs=1e-9)


def test_the_jackknife_of_complete_data_has_a_closed_form() -> None:
    values = VALUES.copy()
    values[7, 1] = 1.0
    found = estimate_conditional_mean(values, ARMS, difference, reference="control")
    # Means 2.5 and 5.75; variances 5/3 and 8.75/3, each over n - 1 = 3; times 7/8.
    variance = 7 / 8 * (5 / 9 + 8.75 / 9)
    assert found.estimate == pytest.approx(-3.25)
    assert found.standard_error == pytest.approx(math.sqrt(variance), abs=1e-9)
    # The upper 2.5 % point of the normal distribution is 1.959964.
    assert found.upper == pytest.approx(-3.25 + 1.959964 * math.sqrt(variance), abs=1e-6)
    # z = 2.8109: the two-sided P value of the normal tables.
    assert found.p == pytest.approx(0.00494, abs=2e-5)
    assert (found.samples, found.n) == (8, 8)


def test_the_jackknife_fits_and_completes_again_without_each_subject() -> None:
    found = estimate_conditional_mean(VALUES, ARMS, difference, reference="control")
    assert found.estimate == pytest.approx((9 + 5.75 + SLOPE * 1.5) / 4 - 5.75, abs=1e-6)
    # Each leave-one-out estimate by hand arithmetic of regression within arms.
    again = []
    for out in range(8):
        rows = [place for place in range(8) if place != out]
        arm = {True: [r for r in rows if r >= 4], False: [r for r in rows if r < 4]}
        seen = [[r for r in arm[key] if not math.isnan(VALUES[r, 1])] for key in (False, True)]
        parts = [VALUES[each] - VALUES[each].mean(axis=0) for each in seen]
        slope = sum((p[:, 0] * p[:, 1]).sum() for p in parts) / sum((p[:, 0] ** 2).sum() for p in parts)
        control = VALUES[arm[False], 1].mean()
        values = [
            control + slope * (VALUES[r, 0] - VALUES[arm[True], 0].mean())
            if math.isnan(VALUES[r, 1])
            else VALUES[r, 1]
            for r in arm[True]
        ]
        again.append(np.mean(values) - control)
    error = math.sqrt(7 / 8 * ((np.array(again) - np.mean(again)) ** 2).sum())
    assert found.standard_error == pytest.approx(error, abs=1e-6)


def test_the_bootstrap_keeps_the_size_of_each_arm_and_repeats_with_its_seed() -> None:
    sizes = []

    def counted(completed: Floats, places: Integers) -> float:
        sizes.append(int(ACTIVE[places].sum()))
        return difference(completed, places)

    values = VALUES.copy()
    values[7, 1] = 1.0
    rng = np.random.default_rng(2)
    values = values + rng.normal(0, 0.1, values.shape)
    one, two = (
        estimate_conditional_mean(
            values, ARMS, counted, reference="control", resampling="bootstrap", samples=6, seed=4
        )
        for _ in range(2)
    )
    assert set(sizes) == {4}
    assert one.standard_error == two.standard_error > 0
    assert "bootstrap" in one.method


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"strategy": ["j2r"]}, ShapeError),
        ({"strategy": "jr"}, Exception),
        ({"reference": "placebo"}, Exception),
        ({"covariance": "each"}, Exception),
        ({"resampling": "none"}, Exception),
        ({"level": 1.5}, ValueRangeError),
        ({"resampling": "bootstrap", "samples": 1}, ValueRangeError),
    ],
)
def test_what_is_refused(more: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        estimate_conditional_mean(VALUES, ARMS, difference, **({"reference": "control"} | more))


OWN = np.array([[4.0, 2.0, 1.0], [2.0, 9.0, 3.0], [1.0, 3.0, 16.0]])
OTHER = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 1.0]])


def test_covariances_of_strategies() -> None:
    assert (strategy_covariance(OWN, OTHER, 1, "mar") == OWN).all()
    assert (strategy_covariance(OWN, OTHER, 1, "lmcf") == OWN).all()
    assert (strategy_covariance(OWN, OTHER, 1, "cr") == OTHER).all()
    assert (strategy_covariance(OWN, OTHER, 0, "j2r") == OTHER).all()
    assert (strategy_covariance(OWN, OTHER, 3, "j2r") == OWN).all()
    # One visit before: slopes 0.5 and 0.25 of the reference on a variance of 4 in place of 1.
    made = strategy_covariance(OWN, OTHER, 1, "cir")
    expected: Any = [[4, 2, 1], [2, 1 + 3 * 0.25, 0.5 + 3 * 0.125], [1, 0.5 + 3 * 0.125, 1 + 3 * 0.0625]]
    assert np.allclose(made, expected)


def test_drawn_values_lie_around_the_conditional_means() -> None:
    rng = np.random.default_rng(11)
    arms = ["control"] * 60 + ["active"] * 60
    values = rng.multivariate_normal([5, 4, 3], OTHER, 120)
    values[60:] += [0.0, 2.0, 4.0]
    values[115:, 1:] = np.nan
    values[110:115, 2] = np.nan
    names = ["j2r"] * 112 + ["mar"] * 3 + ["cir"] * 5
    for covariance in ("one", "by_arm"):
        drawn = impute_reference(
            values, arms, reference="control", strategy=names, covariance=covariance,  # type: ignore[arg-type]
            chain=Chain(draws=400, burn=100, between=2),
        )  # fmt: skip
        given = {"reference": "control", "strategy": names, "covariates": None, "deviation": None}
        means = complete_by_means(plan_reference(values, arms, **given), covariance)  # type: ignore[arg-type]
        assert np.abs(drawn.completed.mean(axis=0) - means).max() < 0.35
        assert "J2R" in drawn.method
        assert "CIR" in drawn.method


def test_the_bootstrap_error_is_the_standard_deviation_of_its_estimates() -> None:
    values = VALUES.copy()
    values[7, 1] = 1.0
    again: list[float] = []

    def noted(completed: Floats, places: Integers) -> float:
        again.append(difference(completed, places))
        return again[-1]

    found = estimate_conditional_mean(
        values + np.random.default_rng(2).normal(0, 0.1, values.shape), ARMS, noted, reference="control",
        resampling="bootstrap", samples=2, seed=4, level=0.9,
    )  # fmt: skip
    first, one, two = again
    assert found.estimate == first
    # Two estimates lie half their difference from their mean: the standard deviation is |difference| / sqrt 2.
    error = abs(one - two) / math.sqrt(2)
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    # The upper 5 % point of the normal distribution is 1.644854.
    assert found.lower == pytest.approx(first - 1.644854 * error, rel=1e-5)
    assert (found.samples, found.n, found.level) == (2, 8, 0.9)
    assert found.method == "conditional mean imputation, bootstrap standard error, 2 samples, seed 4"


def test_an_estimate_that_never_changes_has_no_test() -> None:
    found = estimate_conditional_mean(VALUES, ARMS, lambda *_: 2.0, reference="control")
    assert (found.estimate, found.standard_error, found.lower, found.upper) == (2.0, 0.0, 2.0, 2.0)
    assert math.isnan(found.p)
    assert found.method == "conditional mean imputation, jackknife standard error"


def test_an_estimate_that_fails_names_who_was_left_out() -> None:
    def fails_without(*lacking: int) -> Any:
        return lambda _, places: math.nan if not set(lacking) & set(places.tolist()) else 1.0

    with pytest.raises(FunisError, match=r"^Without row 3: "):
        estimate_conditional_mean(VALUES, ARMS, fails_without(3), reference="control")
    with pytest.raises(FunisError, match=r"^Without [2-6] rows: "):
        estimate_conditional_mean(
            VALUES, ARMS, fails_without(1), reference="control", resampling="bootstrap", samples=50
        )


@pytest.mark.parametrize(("covariance", "slope"), [("one", SLOPE), ("by_arm", 0.5)])
def test_a_value_lacking_before_a_deviation_is_missing_at_random(covariance: Any, slope: float) -> None:
    """Nobody deviates before the end: the strategy asks for nothing, and the arm's own mean is taken."""
    completed = complete_by_means(plan(deviation=[2] * 8), covariance)
    assert completed[7, 1] == pytest.approx(3 + slope * 0.5 + slope * 1.5, abs=1e-6)
    assert (completed[:7] == VALUES[:7]).all()
