"""Intervals of a proportion against R."""

import csv
from pathlib import Path

import pytest

from funis.stats import proportion

METHODS = {
    "clopper_pearson": proportion.clopper_pearson,
    "wilson": proportion.wilson,
    "jeffreys": proportion.jeffreys,
    "mid_p": proportion.mid_p,
}


def _rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "expected.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row", _rows(), ids=lambda row: f"{row['method']} {row['k']}/{row['n']} {row['level']}"
)
def test_agrees_with_r(row: dict[str, str]) -> None:
    found = METHODS[row["method"]](int(row["k"]), int(row["n"]), float(row["level"]))
    assert found.lower == pytest.approx(float(row["lower"]), abs=1e-10, rel=0)
    assert found.upper == pytest.approx(float(row["upper"]), abs=1e-10, rel=0)
