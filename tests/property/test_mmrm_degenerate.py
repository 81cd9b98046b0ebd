"""Degenerate data, whatever the structure and the method: a status or an error of ours, no warning, no made-up number."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from funis.errors import FunisError
from funis.stats.mmrm.batch import fit_mmrm_batch
from funis.stats.mmrm.covariance import STRUCTURES
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

Numbers = NDArray[np.float64]
Spoil = Callable[[np.random.Generator, Numbers], Numbers]


def _mistyped(rng: np.random.Generator, y: Numbers) -> Numbers:
    y[rng.integers(y.shape[0]), rng.integers(y.shape[1])] = 10.0 ** rng.integers(2, 60)
    return y


def _without(rng: np.random.Generator, y: Numbers) -> Numbers:
    return np.where(rng.random(y.shape) < 0.5, np.nan, y)


def _one_infinite(rng: np.random.Generator, y: Numbers) -> Numbers:
    y[rng.integers(y.shape[0]), rng.integers(y.shape[1])] = rng.choice([np.inf, -np.inf])
    return y


SPOILT: dict[str, Spoil] = {
    "as drawn": lambda _, y: y,
    "all the same": lambda _, y: np.full_like(y, 3.0),
    "whole numbers": lambda _, y: np.round(y),
    "zeros and ones": lambda _, y: (y > 0).astype(np.float64),
    "sums of zero": lambda rng, y: y - rng.choice([1.0, 0.999999, 0.9]) * y.mean(axis=1, keepdims=True),
    "a visit all the same": lambda _, y: np.where(np.arange(y.shape[1]) == 0, 1.0, y),
    "a visit copied": lambda _, y: np.where(np.arange(y.shape[1]) == 1, y[:, :1], y),
    "units apart": lambda rng, y: y * 10.0 ** rng.integers(-20, 20, y.shape[1]),
    "another unit": lambda rng, y: y * 10.0 ** rng.integers(-60, 60),
    "a number mistyped": _mistyped,
    "half missing": _without,
    "one infinite": _one_infinite,
    "one outcome each": lambda _, y: np.where(np.eye(*y.shape) == 1, y, np.nan),
    "nothing": lambda _, y: np.full_like(y, np.nan),
}
METHODS: tuple[dict[str, Any], ...] = (
    {}, {"df": "satterthwaite"}, {"df": "kenward-roger-linear"}, {"df": "kenward-roger-mmrm"}, {"df": "between-within"},
    {"df": "residual"}, {"method": "ml"}, {"sandwich": "CR0"}, {"sandwich": "CR2"}, {"sandwich": "CR3"},
    {"weights": "w"}, {"group": "arm"}, {"coding": "sas"}, {"coordinates": "when"},
)  # fmt: skip
FORMULAS = (
    "visit",
    "arm * visit",
    "arm * visit + x",
    "1",
    "x",
    "0 + arm:visit",
    "x:visit + copy",
    "far * x",
    "odd + visit",
)


def frame(seed: int, kind: str) -> pl.DataFrame:
    """Draw two to eight subjects at one to four visits, and spoil their outcomes."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    y = SPOILT[kind](rng, rng.normal(size=(n, 1)) + rng.normal(size=(n, m)))
    x = np.repeat(rng.normal(size=n), m)
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "when": np.tile(np.arange(m) * 1.5, n) + 0.1 * np.repeat(rng.integers(0, 2, n), m),
            "arm": np.repeat(np.where(np.arange(n) % 2, "b", "a"), m),
            "x": x,
            "copy": 2 * x + 1,
            "far": x * 10.0 ** rng.integers(-55, 55),
            "odd": rng.choice([0.0, 1e-30, 1e8], n * m),
            "w": 10.0 ** rng.uniform(-3, 3, n * m),
            "y": y.reshape(-1),
        }
    )


def look_at(found: MmrmResult) -> None:
    """Ask for all that a fit offers; hold it to what its status and its notes say."""
    table = found.coefficients
    numbers = table.drop("term")
    assert found.summary()
    assert repr(found)
    assert found.covariance_parameters.height
    assert found.type3().height == len(found.design.terms)
    if not found.converged:
        assert found.detail
        assert numbers.null_count().row(0) == (table.height,) * 7
        return
    assert (found.status == "converged") == (not found.aliased)
    kept = table.filter(~pl.col("term").is_in(found.aliased))
    assert kept["estimate"].null_count() == 0
    assert all(math.isfinite(value) for value in kept["estimate"])
    assert (kept["se"].drop_nulls() > 0).all()
    assert bool(kept["se"].null_count()) <= any(note.startswith("no standard error") for note in found.notes)
    assert all(0 <= value <= 1 for value in kept["p"].drop_nulls())
    assert math.isfinite(found.log_likelihood)
    assert np.isfinite(found.residuals("normalised")["residual"].to_numpy()).all()
    assert found.predict(interval="prediction").height == found.n_observations
    for name in found.design.levels:
        assert found.marginal_means(name).height
        found.differences(name)


@settings(max_examples=80)
@given(
    seed=st.integers(0, 100_000),
    kind=st.sampled_from(sorted(SPOILT)),
    covariance=st.sampled_from(sorted(STRUCTURES)),
    options=st.sampled_from(METHODS),
    fixed=st.sampled_from(FORMULAS),
)
def test_a_fit_ends_in_a_status_or_in_an_error_of_ours(
    seed: int, kind: str, covariance: str, options: dict[str, Any], fixed: str
) -> None:
    given_data = frame(seed, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = fit_mmrm(
                given_data,
                outcome="y",
                fixed=fixed,
                subject="id",
                visit="visit",
                covariance=covariance,
                **options,
            )
        except FunisError:
            return
        look_at(found)


@settings(max_examples=20)
@given(
    seed=st.integers(0, 100_000),
    kind=st.sampled_from(sorted(set(SPOILT) - {"one infinite"})),
    df=st.sampled_from(["satterthwaite", "kenward-roger"]),
)
def test_a_batch_ends_in_statuses_that_both_engines_give(
    seed: int, kind: str, df: Literal["satterthwaite", "kenward-roger"]
) -> None:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    y = SPOILT[kind](rng, rng.normal(size=(n, 1)) + rng.normal(size=(n, m)))
    u = np.column_stack([np.ones(n), np.arange(n) % 2])
    C = np.zeros((m, 2, 2 * m))
    for a in range(m):
        C[a, 0, a] = C[a, 1, m + a] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            one = fit_mmrm_batch(y[None], u, C, df=df, engine="numpy")
            other = fit_mmrm_batch(y[None], u, C, df=df, engine="compiled")
        except FunisError:
            return
        assert one.status == other.status
        assert np.isnan(one.estimate).all() == (one.status != ("converged",))
        assert one.p.shape == other.p.shape == (1, 2 * m)


def test_the_draws_reach_every_end() -> None:
    """Were every data set refused, the laws above would hold of nothing."""
    ends = set()
    for kind in SPOILT:
        for seed in range(6):
            try:
                ends.add(
                    fit_mmrm(
                        frame(seed, kind), outcome="y", fixed="arm * visit", subject="id", visit="visit"
                    ).status
                )
            except FunisError as error:
                ends.add(type(error).__name__)
    statuses = {"converged", "singular covariance", "covariance not estimable", "saturated"}
    assert ends >= statuses | {"ModelDataError", "ValueRangeError"}
