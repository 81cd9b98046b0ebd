"""Bootstrap intervals from R's own replicates."""

import csv
from pathlib import Path

import numpy as np
import pytest

from funis.stats.resample import bootstrap_interval, jackknife
from funis.stats.sample import Floats

HERE = Path(__file__).parent


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open() as file:
        return list(csv.DictReader(file))


def _values() -> Floats:
    return np.array([float(row["value"]) for row in _rows("input.csv")])


STATISTICS = {
    "mean": lambda x: x.mean(axis=1),
    "median_ratio": lambda x: np.median(x, axis=1) / (1 + np.abs(x).mean(axis=1)),
    "sd": lambda x: x.std(axis=1, ddof=1),
}


@pytest.mark.parametrize("statistic", STATISTICS)
def test_influence(statistic: str) -> None:
    rows = [r for r in _rows("expected.csv") if r["statistic"] == statistic and r["method"] == "influence"]
    expected = [float(row["estimate"]) for row in rows]
    assert jackknife(_values(), STATISTICS[statistic]).tolist() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("statistic", STATISTICS)
@pytest.mark.parametrize("method", ["basic", "percentile", "bca"])
def test_interval(statistic: str, method: str) -> None:
    replicates = np.array([float(r["t"]) for r in _rows("replicates.csv") if r["statistic"] == statistic])
    influence = jackknife(_values(), STATISTICS[statistic])
    rows = [r for r in _rows("expected.csv") if r["statistic"] == statistic and r["method"] == method]
    assert len(rows) == 2
    for row in rows:
        lower, upper, note = bootstrap_interval(
            float(row["estimate"]), replicates, influence, level=float(row["level"]), method=method
        )
        assert (lower, upper) == pytest.approx((float(row["lower"]), float(row["upper"])), rel=1e-9)
        assert note == ""
