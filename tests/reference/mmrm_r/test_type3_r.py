"""R mmrm 0.3.18: type III tests and differences, several numerator degrees of freedom: see README.md."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.full_coding import full_coding
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.type3 import type3_rows

HERE = Path(__file__).parent
METHODS = {"Satterthwaite": "satterthwaite", "Kenward-Roger-Linear": "kenward-roger-linear"}
TESTS = pl.read_csv(HERE / "type3_r.csv")
MODELS = TESTS.select("model", "df").unique(maintain_order=True).rows()


def fit(model: str, df: str, reference_data: Path) -> MmrmResult:
    found = re.fullmatch(r"(\w+) (\w+): (\w+) ~ (.*)", model)
    assert found is not None
    data, covariance, outcome, fixed = found.groups()
    if data == "fev":
        frame, keys = (
            pl.read_csv(reference_data / "mmrm" / "fev_data.csv", null_values="NA"),
            ("USUBJID", "AVISIT"),
        )
    else:
        frame, keys = pl.read_csv(HERE / "s40x5.csv"), ("id", "visit")
    return fit_mmrm(
        frame,
        outcome=outcome,
        fixed=fixed,
        subject=keys[0],
        visit=keys[1],
        covariance=covariance,
        df=METHODS[df],
    )


@pytest.mark.parametrize(("model", "df"), MODELS)
def test_type3_as_r(model: str, df: str, reference_data: Path) -> None:
    """F to 1e-6; with Kenward-Roger, and with one row, the denominator does not depend on the basis.

    In R's basis, each level but the last less the mean of all, it is R's with Satterthwaite too.
    """
    expected = TESTS.filter(pl.col("model") == model, pl.col("df") == df)
    result = fit(model, df, reference_data)
    assert result.status in {"converged", "rank deficient"}
    assert -2 * result.log_likelihood == pytest.approx(expected["minus2ll"][0], abs=1e-6)
    found = {frozenset(row["term"].split(":")): row for row in result.type3().iter_rows(named=True)}
    assert len(found) == expected.height
    for row in expected.iter_rows(named=True):
        ours = found[frozenset(row["effect"].split(":"))]
        assert ours["num_df"] == row["num_df"], row
        assert ours["f"] == pytest.approx(row["f"], rel=1e-6), row
        den, p = ours["den_df"], ours["p"]
        if row["num_df"] > 1 and df == "Satterthwaite":
            den, p = in_basis_of_r(result, list(found).index(frozenset(row["effect"].split(":"))))
        assert den == pytest.approx(row["den_df"], rel=1e-6), row
        assert p == pytest.approx(row["p"], rel=1e-4), row


def in_basis_of_r(result: MmrmResult, number: int) -> tuple[float, float]:
    """Test a term with its contrasts written as R writes them: the coefficients of contr.sum.

    Our rows are the levels but the first less the first, for two factors every pair of such differences.
    A term without its margins has a coefficient for each cell: with a numeric variable the rows are those,
    without one R leaves out its last cell (White on treatment), and compares the others with it.
    """
    coding = full_coding(result)
    L = type3_rows(result, coding, coding.terms[number])
    term = coding.terms[number]
    turn: Any = np.eye(1)
    for levels in term.factors.values():
        differences = np.concatenate([-np.ones((levels - 1, 1)), np.eye(levels - 1)], axis=1)
        turn = np.kron(turn, np.linalg.pinv(differences)[:-1])
    if turn.shape[1] == len(L):
        L = turn @ L
    elif not term.numbers:
        last = 2  # Of Black, White (and Asian) by TRT, PBO
        L = np.concatenate([np.delete(L, last, axis=0) - L[last], -L[[last]]])
    row = result.joint_test(L).row(0, named=True)
    return row["den_df"], row["p"]


def test_differences_as_r() -> None:
    expected = pl.read_csv(HERE / "differences_kr_linear_s40x5.csv")
    frame = pl.read_csv(HERE / "s40x5.csv")
    result = fit_mmrm(
        frame, outcome="y", fixed="arm * visit + base", subject="id", visit="visit", df="kenward-roger-linear"
    )
    found = result.differences("arm", by="visit", reference="MSC")
    for ours, theirs in {
        "estimate": "estimate",
        "se": "SE",
        "df": "df",
        "t": "t.ratio",
        "p": "p.value",
    }.items():
        np.testing.assert_allclose(found[ours].to_numpy(), expected[theirs].to_numpy(), rtol=2e-7)
