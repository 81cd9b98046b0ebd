"""Kappa against printed outputs of SAS (FREQ) and R (vcd, irr); see the README beside this file."""

import numpy as np
import pytest

from funis.stats.agreement import Weights, cohen_kappa, fleiss_kappa

DOCTORS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
#: Anxiety of 20 subjects by three readers.
ANXIETY = (
    "3 3 3 4 5 5 2 3 5 2 2 6 1 5 2 2 1 2 4 3",
    "3 6 4 6 2 4 2 4 3 3 2 3 3 3 2 2 1 3 3 4",
    "2 1 4 4 3 2 1 6 1 1 1 2 3 3 1 1 3 3 2 2",
)
#: Of 30 subjects the diagnoses of six readers, in the order of the diagnoses.
DIAGNOSES = [
    "444444",
    "222555",
    "233335",
    "555555",
    "222444",
    "113333",
    "333355",
    "113334",
    "114444",
    "555555",
    "144444",
    "124444",
    "222333",
    "144444",
    "224445",
    "333335",
    "111455",
    "111112",
    "224444",
    "133555",
    "555555",
    "244444",
    "224555",
    "114444",
    "144445",
    "222224",
    "111155",
    "224444",
    "133333",
    "555555",
]


@pytest.mark.parametrize(
    ("weights", "kappa", "ase", "lower", "upper"),
    [("none", 0.4842, 0.1380, 0.2137, 0.7547), ("linear", 0.4701, 0.1457, 0.1845, 0.7558)],
)
def test_sas(weights: Weights, kappa: float, ase: float, lower: float, upper: float) -> None:
    found = cohen_kappa(DOCTORS, weights)
    printed = (found.estimate, found.standard_error, found.lower, found.upper)
    assert printed == pytest.approx((kappa, ase, lower, upper), abs=5e-5)
    assert found.n == 19


@pytest.mark.parametrize(
    ("weights", "kappa", "ase", "lower", "upper"),
    [
        ("none", 0.1293, 0.06860, -0.005120399, 0.2637809),
        ("linear", 0.2374, 0.07832, 0.083883432, 0.3908778),
    ],
)
def test_vcd(weights: Weights, kappa: float, ase: float, lower: float, upper: float) -> None:
    found = cohen_kappa(COUPLES, weights)
    assert (found.estimate, found.standard_error) == pytest.approx((kappa, ase), abs=5e-5)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=5e-8)


@pytest.mark.parametrize(
    ("weights", "kappa"), [("none", -0.006289308), ("linear", 0.1459075), ("quadratic", 0.2520325)]
)
def test_irr(weights: Weights, kappa: float) -> None:
    second, third = (list(map(int, row.split())) for row in ANXIETY[1:])
    grades = sorted({*second, *third})
    table = np.zeros((len(grades), len(grades)))
    for one, other in zip(second, third, strict=True):
        table[grades.index(one), grades.index(other)] += 1
    assert cohen_kappa(table, weights).estimate == pytest.approx(kappa, abs=5e-8)


def test_irr_of_several_readers() -> None:
    counts = [[row.count(name) for name in "12345"] for row in DIAGNOSES]
    assert fleiss_kappa(counts).estimate == pytest.approx(0.4302445, abs=5e-8)
