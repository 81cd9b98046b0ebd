"""Studies combined, beside what metafor printed for the same data; where each number was read stands beside it."""

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funis.stats.meta import combine, counts, effects
from funis.stats.meta.binomial_normal import combine_proportions
from funis.stats.meta.combine import CombinedEffect
from funis.stats.meta.effects import Effects
from funis.stats.meta.mantel_haenszel import combine_mantel_haenszel

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


STUDIES = rows("studies.csv")
EXPECTED = rows("expected.csv")


def column(dataset: str, name: str) -> np.ndarray[Any, Any]:
    return np.array([float(row[name]) for row in STUDIES if row["dataset"] == dataset])


def two_arms(dataset: str) -> tuple[np.ndarray[Any, Any], ...]:
    return tuple(column(dataset, name) for name in ("a", "n_1", "c", "n_2"))


def percent(found: Effects) -> Effects:
    return Effects(100 * found.estimates, 100**2 * found.variances, found.scale)


def pooled_difference(dataset: str) -> Effects:
    first, second = ([column(dataset, f"{name}_{arm}") for name in ("mean", "sd", "n")] for arm in (1, 2))
    return effects.mean_difference(*first, *second, spread="pooled")


EFFECTS: dict[str, Callable[[str], Effects]] = {
    "given": lambda name: Effects(column(name, "effect"), column(name, "variance"), "raw"),
    "log_risk_ratio": lambda name: counts.log_risk_ratio(*two_arms(name)),
    "log_odds_ratio": lambda name: counts.log_odds_ratio(*two_arms(name)),
    "risk_difference": lambda name: counts.risk_difference(*two_arms(name)),
    "risk_difference_percent": lambda name: percent(counts.risk_difference(*two_arms(name))),
    "log_odds_first": lambda name: counts.log_odds(*two_arms(name)[:2]),
    "log_odds_second": lambda name: counts.log_odds(*two_arms(name)[2:]),
    "double_arcsine": lambda name: counts.double_arcsine(column(name, "a"), column(name, "n_1")),
    "mean_difference_pooled": pooled_difference,
}


def fit(row: dict[str, str]) -> CombinedEffect:
    dataset, model = row["dataset"], row["model"]
    if model == "mantel_haenszel":
        return combine_mantel_haenszel(*two_arms(dataset), measure=row["effect"])
    found = EFFECTS[row["effect"]](dataset)
    y, v = found.estimates[found.is_known], found.variances[found.is_known]
    if model.startswith("fixed"):
        return combine.combine_fixed(y, v)
    options: dict[str, Any] = dict(zip(("estimator", "interval"), row["options"].split(), strict=True))
    if model == "omit_first":
        return combine.omit_each_study(y, v, prediction="normal", **options)[0]
    return combine.combine_random(y, v, prediction="normal", **options)


def find(row: dict[str, str]) -> float:
    dataset, model, quantity = row["dataset"], row["model"], row["quantity"]
    if model.startswith("binomial_normal"):
        arm = two_arms(dataset)[:2] if row["effect"] == "first" else two_arms(dataset)[2:]
        value = float(getattr(combine_proportions(*arm, interval="normal"), quantity))
        return 1 / (1 + math.exp(-value)) if model.endswith("risk") else value
    found = fit(row)
    if quantity == "tau":
        return math.sqrt(found.heterogeneity.tau2) if found.heterogeneity else math.nan
    value = float(getattr(found if hasattr(found, quantity) else found.heterogeneity, quantity))
    sizes = column(dataset, "n_1") if model == "fixed_undone" else np.ones(1)
    undo: dict[str, Callable[[float], float]] = {
        "random_exp": math.exp,
        "fixed_twice": lambda given: 2 * given,
        "fixed_undone": lambda given: float(
            counts.undo_double_arcsine(given, sizes.size / float((1 / sizes).sum()))[0]
        ),
    }
    return undo.get(model, float)(value)


def cases() -> Iterator[Any]:
    for row in EXPECTED:
        name = "-".join(row[key] for key in ("dataset", "effect", "model", "options", "quantity"))
        yield pytest.param(row, id=name.replace(" ", "-"))


@pytest.mark.parametrize("row", list(cases()))
def test_agrees_with_what_metafor_printed(row: dict[str, str]) -> None:
    expected, decimals = float(row["value"]), int(row["decimals"])
    # Half a unit of the last digit that was printed; with 15 digits the last ones are of either program.
    tolerance = 1e-9 * abs(expected) if decimals > 9 else 0.5000001 * 10.0**-decimals
    assert find(row) == pytest.approx(expected, rel=0, abs=tolerance)


def test_effects_of_single_studies_agree_with_those_printed() -> None:
    """Normand 1999, tables III and VIII, and metafor's test_misc_escalc.r, to four decimals."""
    found = EFFECTS["risk_difference_percent"]("hine1989")
    assert np.round(found.estimates, 4).tolist() == [2.8026, 0.0, 1.9711, 1.7961, 3.5334, 4.4031]
    assert np.round(found.variances, 4).tolist() == [17.7575, 37.5657, 8.1323, 10.8998, 8.0114, 6.132]
    difference = pooled_difference("normand1999")
    assert difference.estimates.tolist() == [-20, -2, -55, -71, -4, 1, 11, -10, 7]
    assert np.round(difference.variances, 2).tolist() == [
        40.59,
        2.05,
        15.28,
        150.22,
        20.19,
        1.22,
        95.38,
        8.03,
        20.69,
    ]
    arms = [column("normand1999", f"{name}_{arm}")[:4] for arm in (1, 2) for name in ("mean", "sd", "n")]
    g = effects.standardised_mean_difference(*arms)
    assert np.round(g.estimates, 4).tolist() == [-0.3552, -0.3479, -2.3176, -1.888]
    assert np.round(g.variances, 4).tolist() == [0.0131, 0.0645, 0.0458, 0.1606]


def test_transformed_proportions_agree_with_miller() -> None:
    """Page 138 of the paper prints twice the value and four times the variance of ours."""
    found = EFFECTS["double_arcsine"]("miller1978")
    assert np.round(2 * found.estimates, 4).tolist() == [1.1391, 1.2888, 1.5253, 0.9515]
    assert np.round(4 * found.variances, 4).tolist() == [0.087, 0.0571, 0.0465, 0.1538]


def test_a_study_without_events_in_either_arm_is_left_out_of_ratios() -> None:
    """Yucel 2004, the fifteenth: metafor leaves it out with drop00, as the paper of Stijnen does."""
    found = EFFECTS["log_odds_ratio"]("nielweise2007")
    assert np.flatnonzero(~found.is_known).tolist() == [14]
