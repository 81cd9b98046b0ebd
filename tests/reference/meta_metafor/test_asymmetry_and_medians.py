"""Egger's test and medians turned into means, beside what R packages printed; sources in the README."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from funis.errors import FunisError
from funis.stats.meta import assess_asymmetry, convert_median
from funis.stats.meta.asymmetry import Asymmetry

HERE = Path(__file__).parent
#: Wan 2014, table 1: the expected range of n standard normal values.
EXPECTED_RANGE = {5: 2.326, 10: 3.078, 20: 3.735, 30: 4.086, 40: 4.322, 50: 4.498}


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fit(dataset: str) -> Asymmetry:
    held = [row for row in rows("ratios.csv") if row["dataset"] == dataset]
    errors = [
        float(row["error_of_log"])
        if row["error_of_log"]
        else math.log(float(row["upper"]) / float(row["lower"])) / (2 * 1.959963984540054)
        for row in held
    ]
    return assess_asymmetry(np.log([float(row["ratio"]) for row in held]), np.square(errors))


def find(found: Asymmetry, quantity: str) -> float:
    if quantity.endswith("_error"):
        value = getattr(found, quantity.removesuffix("_error"))
        upper = found.upper if quantity.startswith("slope") else found.limit_upper
        # 2.3060: the upper 2.5 % of t with eight degrees of freedom, from a table.
        return float(upper - value) / 2.3060041
    return float(getattr(found, quantity))


@pytest.mark.parametrize("row", rows("asymmetry.csv"), ids=lambda row: f"{row['dataset']}-{row['quantity']}")
def test_the_test_of_asymmetry_is_that_of_the_packages(row: dict[str, str]) -> None:
    tolerance = 0.5000001 * 10.0 ** -int(row["decimals"])
    assert find(fit(row["dataset"]), row["quantity"]) == pytest.approx(
        float(row["value"]), rel=0, abs=tolerance
    )


ENDS = ("minimum", "maximum", "lower_quartile", "upper_quartile")


@pytest.mark.parametrize("row", rows("quantiles.csv"))
def test_a_median_becomes_the_mean_that_the_packages_give(row: dict[str, str]) -> None:
    given: dict[str, Any] = {name: float(row[name]) for name in ENDS if row[name]}
    mean, sd = convert_median(int(row["n"]), float(row["median"]), **given)
    tolerance = 0.5000001 * 10.0 ** -int(row["decimals"])
    assert sd == pytest.approx(float(row["sd"]), rel=0, abs=tolerance)
    assert mean == pytest.approx(float(row["mean"]), rel=0, abs=tolerance)


@pytest.mark.parametrize(("n", "expected"), EXPECTED_RANGE.items())
def test_the_range_of_normal_values_has_the_deviation_they_have(n: int, expected: float) -> None:
    """A range as long as Wan's table expects of n standard normal values gives a standard deviation of 1."""
    mean, sd = convert_median(n, 0.0, minimum=-expected / 2, maximum=expected / 2)
    assert sd == pytest.approx(1.0, abs=0.02)
    assert mean == 0


def test_the_means_of_wan_are_the_plain_ones() -> None:
    """By hand: (2 + 2 x 9 + 41)/4, (6 + 9 + 17)/3, (2 + 2 x 6 + 2 x 9 + 2 x 17 + 41)/8."""
    ends, quartiles = {"minimum": 2, "maximum": 41}, {"lower_quartile": 6, "upper_quartile": 17}
    for given, mean in ((ends, 15.25), (quartiles, 32 / 3), ({**ends, **quartiles}, 13.375)):
        assert convert_median(30, 9, method="wan", **given)[0] == pytest.approx(mean)


@pytest.mark.parametrize(
    ("n", "given", "words"),
    [
        (30, {}, "neither range nor quartiles"),
        (30, {"minimum": 2}, "both ends or neither"),
        (30, {"minimum": 10, "maximum": 41}, "rise from minimum"),
        (30, {"minimum": 2, "maximum": 16, "lower_quartile": 6, "upper_quartile": 17}, "rise from minimum"),
        (30, {"lower_quartile": 9, "upper_quartile": 9}, "two ends that differ"),
        (3, {"lower_quartile": 6, "upper_quartile": 17}, "4 or more"),
        (1, {"minimum": 2, "maximum": 41}, "2 or more"),
        (30.5, {"minimum": 2, "maximum": 41}, "whole number"),
        (30, {"minimum": 2, "maximum": 41, "method": "hozo"}, "hozo"),
    ],
)
def test_a_median_that_cannot_be_turned_is_refused(n: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(FunisError, match=words):
        convert_median(n, 9, **given)


@pytest.mark.parametrize(
    ("estimates", "variances", "words"),
    [
        ([1.0, 2.0], [1.0, 4.0], "three are needed"),
        ([1.0, 2.0, 4.0], [2.0, 2.0, 2.0], "not all the same"),
        ([1.0, 2.0, 3.0], [1.0, 4.0, 9.0], "not all lie on one line"),
        ([1.0, 2.0, 4.0], [1.0, 0.0, 2.0], "above 0"),
    ],
)
def test_what_has_no_line_is_refused(estimates: list[float], variances: list[float], words: str) -> None:
    with pytest.raises(FunisError, match=words):
        assess_asymmetry(estimates, variances)
