"""Rubin's rules against mice."""

import csv
from pathlib import Path

import pytest

from funis.stats.pooling import pool_rubin


def _rows() -> list[dict[str, str]]:
    with (Path(__file__).parent / "expected.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row['set']} {row['complete_df']}")
def test_agrees_with_r(row: dict[str, str]) -> None:
    estimates, variances = (list(map(float, row[name].split())) for name in ("q", "u"))
    found = pool_rubin(estimates, variances, complete_df=float(row["complete_df"]))
    assert found.estimate == pytest.approx(float(row["estimate"]), rel=1e-9)
    assert found.standard_error == pytest.approx(float(row["se"]), rel=1e-9)
    assert found.df == pytest.approx(float(row["df"]), rel=1e-9)
    assert found.fraction_missing == pytest.approx(float(row["fmi"]), rel=1e-9)
