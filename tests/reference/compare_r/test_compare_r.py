"""Tests of one and two samples against R."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from funis.stats.tests import compare, permutation

HERE = Path(__file__).parent
SIDES = {"two.sided": "two-sided", "less": "less", "greater": "greater"}


def _samples() -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {}
    with (HERE / "input.csv").open() as file:
        for row in csv.DictReader(file):
            samples.setdefault(row["sample"], []).append(float(row["value"]))
    return samples


def _cases() -> list[tuple[str, str, str, dict[str, float]]]:
    cases: dict[tuple[str, str, str], dict[str, float]] = {}
    with (HERE / "expected.csv").open() as file:
        for row in csv.DictReader(file):
            key = (row["test"], row["sample"], row["alternative"])
            cases.setdefault(key, {})[row["quantity"]] = float(row["value"])
    return [(*key, numbers) for key, numbers in cases.items()]


ONE: dict[str, Callable[..., compare.Comparison]] = {
    "t": compare.one_sample_t,
    "signed_rank_exact": lambda x, **more: compare.wilcoxon_signed_rank(x, exact=True, **more),
    "signed_rank_normal": lambda x, **more: compare.wilcoxon_signed_rank(x, exact=False, **more),
    "signed_rank_pratt": lambda x, **more: compare.wilcoxon_signed_rank(x, zero="pratt", **more),
    "sign": compare.sign_test,
    "permutation": permutation.signed_permutation,
}
TWO: dict[str, Callable[..., compare.Comparison]] = {
    "welch": compare.two_sample_t,
    "student": lambda x, y, **more: compare.two_sample_t(x, y, equal_variance=True, **more),
    "rank_sum_exact": lambda x, y, **more: compare.wilcoxon_rank_sum(x, y, exact=True, **more),
    "rank_sum_normal": lambda x, y, **more: compare.wilcoxon_rank_sum(x, y, exact=False, **more),
    "permutation": permutation.two_sample_permutation,
}


@pytest.mark.parametrize(("test", "sample", "side", "expected"), _cases())
def test_agrees_with_r(test: str, sample: str, side: str, expected: dict[str, float]) -> None:
    samples = _samples()
    if "+" in sample:
        first, second = sample.split("+")
        found = TWO[test](samples[first], samples[second], alternative=SIDES[side])
    else:
        found = ONE[test](samples[sample], alternative=SIDES[side])
    tolerance = 1e-6 if test == "signed_rank_pratt" else 1e-10  # coin's exact distribution is no finer
    for quantity, value in expected.items():
        assert math.isclose(getattr(found, quantity), value, rel_tol=tolerance, abs_tol=1e-14), quantity


def test_r_saw_ties_zeros_and_forty_values() -> None:
    samples = _samples()
    assert samples["zeros"].count(0.0) == 4
    assert len(set(map(abs, samples["ties"]))) < len(samples["ties"])
    assert len(samples["forty"]) == 40
