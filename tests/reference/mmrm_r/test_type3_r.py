"""R mmrm 0.3.18: type III tests and differences, several numerator degrees of freedom: see README.md."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

HERE = Path(__file__).parent
METHODS = {"Satterthwaite": "satterthwaite", "Kenward-Roger-Linear": "kenward-roger-linear"}
TESTS = pl.read_csv(HERE / "type3_r.csv")
# Terms without their margins (RACE:ARMCD without RACE or ARMCD): R counts the margins into the term, we test the
# interaction alone; said in docs/methods/mmrm.md.
OTHER_HYPOTHESIS = {"RACE:ARMCD", "AVISIT:FEV1_BL"}
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
    """F to 1e-6; with Kenward-Roger, and with one row, the denominator does not depend on the basis."""
    expected = TESTS.filter(pl.col("model") == model, pl.col("df") == df)
    result = fit(model, df, reference_data)
    assert result.status in {"converged", "rank deficient"}
    assert -2 * result.log_likelihood == pytest.approx(expected["minus2ll"][0], abs=1e-6)
    found = {frozenset(row["term"].split(":")): row for row in result.type3().iter_rows(named=True)}
    assert len(found) == expected.height
    for row in expected.iter_rows(named=True):
        if row["effect"] in OTHER_HYPOTHESIS and row["model"].startswith(("fev cs", "fev ar1")):
            continue
        ours = found[frozenset(row["effect"].split(":"))]
        assert ours["num_df"] == row["num_df"], row
        assert ours["f"] == pytest.approx(row["f"], rel=1e-6), row
        if row["num_df"] == 1 or df == "Kenward-Roger-Linear":
            assert ours["den_df"] == pytest.approx(row["den_df"], rel=1e-6), row
            assert ours["p"] == pytest.approx(row["p"], rel=1e-4), row


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
