"""The normal before selection, found back from the moments R's truncnorm gives after it."""

import csv
from pathlib import Path

import pytest

from funis.stats.entry_selection import estimate_regression_to_mean


def _rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "expected.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row['mu']} {row['sigma']} {row['limit']}")
def test_finds_the_way_back(row: dict[str, str]) -> None:
    mean, sd, limit = (float(row[name]) for name in ("mean", "sd", "limit"))
    found = estimate_regression_to_mean(mean, sd, limit, correlation=0.5)
    assert found.population_mean == pytest.approx(float(row["mu"]), rel=1e-6)
    assert found.population_sd == pytest.approx(float(row["sigma"]), rel=1e-6)
    assert found.share_entering == pytest.approx(float(row["share"]), rel=1e-6)
    assert found.change == pytest.approx(-0.5 * (mean - float(row["mu"])), rel=1e-6)
