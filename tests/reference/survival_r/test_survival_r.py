"""Survival curves, log-rank tests, restricted means and incidence against R."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from funis.stats.competing import cumulative_incidence
from funis.stats.survival import kaplan_meier, log_rank, restricted_mean

HERE = Path(__file__).parent
SETS = ("small", "large", "all_events")
Columns = tuple[list[float], list[int], list[str], list[str]]


def _data(name: str) -> Columns:
    with (HERE / "input.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name]
    return (
        [float(row["time"]) for row in rows],
        [int(row["cause"]) for row in rows],
        [row["group"] for row in rows],
        [row["stratum"] for row in rows],
    )


def _expected(name: str, what: str) -> tuple[list[float], list[float]]:
    with (HERE / "expected.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name and row["what"] == what]
    number = {"NA": math.nan, "NaN": math.nan}
    at = [float(row["at"]) for row in rows]
    return at, [number.get(row["value"].strip()) or float(row["value"]) for row in rows]


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("what", ["survival", "standard_error", "lower", "upper", "at_risk", "events"])
def test_curve(name: str, what: str) -> None:
    time, cause, _, _ = _data(name)
    curve = kaplan_meier(time, np.array(cause) == 1)
    at, expected = _expected(name, what)
    assert curve.time.tolist() == at
    assert getattr(curve, what).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("name", SETS)
def test_quantiles(name: str) -> None:
    time, cause, _, _ = _data(name)
    curve = kaplan_meier(time, np.array(cause) == 1)
    shares, estimate = _expected(name, "quantile")
    lower, upper = _expected(name, "quantile_lower")[1], _expected(name, "quantile_upper")[1]
    for share, *expected in zip(shares, estimate, lower, upper, strict=True):
        assert curve.quantile(share) == pytest.approx(tuple(expected), nan_ok=True)


@pytest.mark.parametrize("name", SETS)
def test_restricted_mean(name: str) -> None:
    time, cause, _, _ = _data(name)
    (horizon,), (mean,) = _expected(name, "rmst")
    found = restricted_mean(time, np.array(cause) == 1, horizon)
    assert found.estimate == pytest.approx(mean, rel=1e-9)
    assert found.standard_error == pytest.approx(_expected(name, "rmst_se")[1][0], rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_log_rank(name: str) -> None:
    time, cause, group, stratum = _data(name)
    found = log_rank(time, np.array(cause) == 1, group)
    assert found.statistic == pytest.approx(_expected(name, "log_rank")[1][0], rel=1e-9)
    assert found.expected.tolist() == pytest.approx(_expected(name, "log_rank_expected")[1], rel=1e-9)
    layered = _expected(name, "log_rank_strata")[1]
    if layered:
        found = log_rank(time, np.array(cause) == 1, group, strata=stratum)
        assert found.statistic == pytest.approx(layered[0], rel=1e-9)


@pytest.mark.parametrize("name", ["small", "large"])
@pytest.mark.parametrize("cause", [1, 2])
def test_incidence(name: str, cause: int) -> None:
    time, causes, _, _ = _data(name)
    found = cumulative_incidence(time, causes, of=cause)
    at, expected = _expected(name, f"incidence_{cause}")
    assert found.time.tolist() == at
    assert found.incidence.tolist() == pytest.approx(expected, rel=1e-9)
    errors = _expected(name, f"incidence_se_{cause}")[1]
    assert found.standard_error.tolist() == pytest.approx(errors, rel=1e-9, abs=1e-12)
    at, expected = _expected(name, f"cuminc_{cause}")
    assert found.at(at)[0].tolist() == pytest.approx(expected, rel=1e-9)
