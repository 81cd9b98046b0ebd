"""Fits a fixed table of models and tests and writes every figure as JSON; run by test_kernels.py.

Run as ``python fits.py few|all``; the matrix kernels are those of the process (OPENBLAS_CORETYPE). The first line
printed tells the kernels in force, the second the table ``{name: {"status": ..., "estimate": [...], ...}}``.
"""

import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import threadpoolctl
from numpy.typing import NDArray

from funis.stats.cluster import fit_random_intercept
from funis.stats.impute import Chain, impute_mar
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.pooling import pool_rubin
from funis.stats.survival import kaplan_meier, log_rank, restricted_mean
from funis.stats.tests.compare import paired_t, two_sample_t, wilcoxon_signed_rank

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
STRUCTURES = ("us", "toep", "toeph", "ar1", "ar1h", "cs", "csh", "ad", "adh", "sp_exp")
DF = ("satterthwaite", "kenward-roger", "kenward-roger-mmrm", "between-within", "residual")
STATISTICS = ("estimate", "se", "df", "p")
Figures = dict[str, Any]
Case = tuple[str, pl.DataFrame, dict[str, Any]]


def kernels() -> list[str]:
    """Name the OpenBLAS kernels in force, one for each library that is loaded (NumPy's and SciPy's)."""
    return sorted(
        {str(info["architecture"]) for info in threadpoolctl.threadpool_info() if "architecture" in info}
    )


def model(frame: pl.DataFrame, **options: Any) -> Figures:
    """Fit a model; keep its status, coefficients, type III tests and covariance."""
    result = fit_mmrm(frame, **options)
    found: Figures = {"status": result.status, "notes": list(result.notes), "covariance": result.covariance}
    for name in STATISTICS:
        found[name] = result.coefficients[name].to_list()
    if result.converged:
        type3 = result.type3()
        found["p"] += type3["p"].to_list()
        found["df"] += type3["den_df"].to_list()
        found["estimate"] += [result.log_likelihood, *result.covariance_parameters["estimate"].to_list()]
    return found


def carried() -> Iterator[Case]:
    """The data sets under tests/reference."""
    keys = {"subject": "id", "visit": "visit", "outcome": "y"}
    trial = {**keys, "fixed": "arm * visit + base"}
    for name in ("s40x5", "s200x5"):
        yield name, pl.read_csv(REFERENCE / "mmrm_r" / f"{name}.csv"), trial
    nlme = pl.read_csv(REFERENCE / "mmrm_nlme" / "input.csv")
    yield "nlme", nlme, trial
    yield "nlme groups", nlme, {**trial, "group": "arm"}
    yield "nlme weights", nlme, {**trial, "weights": "w"}
    for name in ("unbalanced", "two_visits"):
        yield (
            name,
            pl.read_csv(REFERENCE / "mmrm_lme4" / f"{name}.csv"),
            {**keys, "fixed": "arm * visit + base"},
        )
    wide = pl.read_csv(REFERENCE / "mmrm_potthoff_roy" / "input.csv")
    long = wide.unpivot(index=["child", "sex"], variable_name="visit", value_name="y")
    ages = long.with_columns(age=pl.col("visit").str.slice(1).cast(pl.Float64))
    yield "growth", ages, {"subject": "child", "visit": "visit", "outcome": "y", "fixed": "sex * age"}


def awkward() -> Iterator[Case]:
    """Data that strain a search: units far apart, an outlier, columns that almost coincide, few subjects."""
    rng = np.random.default_rng(11)
    n, m = 40, 4
    arm, base, k = np.arange(n) % 2, rng.normal(size=n), rng.normal(size=n)
    y = (
        0.5 * base[:, None]
        + 0.3 * arm[:, None] * np.arange(m)
        + rng.normal(size=(n, 1))
        + rng.normal(size=(n, m))
    )
    y[rng.random((n, m)) < 0.1] = np.nan

    def frame(values: NDArray[np.float64]) -> pl.DataFrame:
        data = {
            "id": np.repeat(np.arange(n), m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "arm": np.repeat(np.array(["a", "b"])[arm], m),
            "base": np.repeat(base, m),
            "near": np.repeat(base + 1e-6 * k, m),
            "y": values.reshape(-1),
        }
        return pl.DataFrame(data)

    options = {"subject": "id", "visit": "visit", "outcome": "y", "fixed": "arm * visit + base"}
    yield "units apart", frame(y * np.array([1.0, 1e-2, 1e2, 1e-4])), options
    yield "first visit in a small unit", frame(y * np.array([1e-4, 1.0, 1.0, 1.0])), options
    outlier = y.copy()
    outlier[5, 2] = 1e5
    yield "outlier", frame(outlier), options
    yield "collinear", frame(y), {**options, "fixed": "arm * visit + base + near"}
    constant = y.copy()
    constant[:, 0] = 0.0
    yield "constant visit", frame(constant), options
    copied = y.copy()
    copied[:, 1] = copied[:, 0]
    yield "copied visit", frame(copied), options
    few = frame(y).filter(pl.col("id") < 6)
    yield "few subjects", few, {**options, "fixed": "visit"}
    saddle = {
        "id": [1, 1, 2, 2, 3],
        "visit": ["v1", "v2", "v1", "v2", "v1"],
        "y": [-4.0, -6.0, -4.0, -4.0, 0.0],
    }
    yield "saddle", pl.DataFrame(saddle), {**options, "fixed": "visit"}


def models(*, every: bool) -> Iterator[tuple[str, Figures]]:
    """Fit the models: a few of each kind, or every structure with every method."""
    choices: list[dict[str, Any]] = [{"covariance": "us"}, {"covariance": "cs", "df": "satterthwaite"}]
    if every:
        choices = [{"covariance": one, "df": df} for one, df in product(STRUCTURES, DF)]
        choices += [{"covariance": one, "method": "ml"} for one in STRUCTURES]
        choices += [
            {"covariance": one, "sandwich": kind} for one in ("us", "cs") for kind in ("CR0", "CR2", "CR3")
        ]
    for (name, frame, options), choice in product([*carried(), *awkward()], choices):
        yield f"{name}: {' '.join(choice.values())}", model(frame, **options, **choice)


def tests() -> Iterator[tuple[str, Figures]]:
    """Tests, curves and pooled imputations."""
    samples = pl.read_csv(REFERENCE / "compare_r" / "input.csv")
    for (name,), sample in sorted(samples.group_by("sample"), key=lambda pair: str(pair[0])):
        values = sample["value"].to_list()
        half = len(values) // 2
        pairs = (values[:half], values[half : 2 * half])
        for what, found in (
            ("paired t", paired_t(*pairs)),
            ("two-sample t", two_sample_t(*pairs)),
            ("signed ranks", wilcoxon_signed_rank(values)),
        ):
            yield f"{name}: {what}", {"status": found.method, "estimate": [found.estimate], "p": [found.p]}
    times = pl.read_csv(REFERENCE / "survival_r" / "input.csv").filter(set="large")
    time, event, group = times["time"].to_list(), (times["cause"] == 1).to_list(), times["group"].to_list()
    curve, mean = kaplan_meier(time, event), restricted_mean(time, event, horizon=float(np.median(time)))
    yield "curve", {"status": "ok", "estimate": curve.survival.tolist(), "se": curve.standard_error.tolist()}
    yield "restricted mean", {"status": "ok", "estimate": [mean.estimate], "se": [mean.standard_error]}
    yield "log rank", {"status": "ok", "p": [log_rank(time, event, group).p]}
    groups = pl.read_csv(REFERENCE / "cluster_r" / "input.csv")
    for (name,), rows in sorted(groups.group_by("set"), key=lambda pair: str(pair[0])):
        found_group = fit_random_intercept(rows["value"].to_list(), rows["group"].to_list())
        estimate = [found_group.mean, found_group.icc]
        yield f"groups {name}", {"status": found_group.status, "estimate": estimate, "p": [found_group.p]}
    outcome = samples.filter(sample="untied")["value"].to_numpy()[:12].reshape(4, 3)
    drawn = np.random.default_rng(2).normal(size=(30, 3)) + np.linspace(0, 1, 3) * outcome.mean()
    drawn[::4, 2] = drawn[1::5, 1] = np.nan
    filled = impute_mar(drawn, chain=Chain(draws=20, burn=50, between=5)).completed[:, :, 2]
    pooled = pool_rubin(filled.mean(axis=1), filled.var(axis=1, ddof=1) / filled.shape[1])
    figures = {"estimate": [pooled.estimate], "df": [pooled.df], "p": [pooled.p]}
    yield "imputed mean", {"status": "ok", **figures}


def main() -> None:
    """Print the kernels and the table."""
    every = sys.argv[1] == "all"
    table = dict([*models(every=every), *tests()])
    sys.stdout.write(json.dumps(kernels()) + "\n" + json.dumps(table) + "\n")


if __name__ == "__main__":
    main()
