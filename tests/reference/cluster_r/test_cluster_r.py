"""Random intercept of a group against lme4."""

import csv
from pathlib import Path

import pytest

from funis.stats.cluster import fit_random_intercept

HERE = Path(__file__).parent


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", _rows("expected.csv"), ids=lambda row: f"{row['set']} {row['what']}")
def test_agrees_with_r(row: dict[str, str]) -> None:
    data = [r for r in _rows("input.csv") if r["set"] == row["set"]]
    found = fit_random_intercept([float(r["value"]) for r in data], [r["group"] for r in data])
    assert found.status == "scored"
    closed = row["what"] in {"f", "p", "icc_lower", "icc_upper"}
    # lmer's optimiser stops near 1e-5; closed forms agree to the digits printed
    tolerance = 1e-9 if closed else 1e-4
    assert getattr(found, row["what"]) == pytest.approx(float(row["value"]), rel=tolerance, abs=1e-9)
