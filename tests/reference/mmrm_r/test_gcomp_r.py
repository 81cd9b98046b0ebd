"""R mmrm 0.3.18: marginal means with covariates fixed, and by g-computation (emmeans_gcomp_vars = "arm")."""

from pathlib import Path

import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm

HERE = Path(__file__).parent
MEANS = pl.read_csv(HERE / "gcomp_r.csv")


@pytest.mark.parametrize("model", MEANS["model"].unique(maintain_order=True).to_list())
def test_g_computation_as_r(model: str) -> None:
    """Estimates and standard errors to 1e-7, of both kinds; degrees of freedom up to what R leaves out.

    R takes the covariates' part of the variance as known: its df is that of the conditional variance at the
    subjects' mean baseline times (variance / conditional variance) squared, which rises above the subjects' number.
    Ours counts both sources, and so is smaller.
    """
    expected = MEANS.filter(model=model)
    frame = pl.read_csv(HERE / "s40x5.csv")
    fixed = model.split("~ ")[1].split(";", maxsplit=1)[0]
    result = fit_mmrm(frame, outcome="y", fixed=fixed, subject="id", visit="visit", df="satterthwaite")
    mean_base = frame.group_by("id").agg(pl.col("base").first())["base"].mean()
    kinds = {
        "conditional": result.marginal_means(["arm", "visit"]),
        "gcomp": result.marginal_means(["arm", "visit"], kind="unconditional"),
        "held": result.marginal_means(["arm", "visit"], at={"base": float(str(mean_base))}),
    }
    found = {
        name: {f"arm={row['arm']} visit={row['visit']}": row for row in table.iter_rows(named=True)}
        for name, table in kinds.items()
    }
    assert expected.height == 10
    for row in expected.iter_rows(named=True):
        for kind in ("conditional", "gcomp"):
            ours = found[kind][row["level"]]
            assert ours["estimate"] == pytest.approx(row[kind], rel=1e-7), row
            assert ours["se"] == pytest.approx(row[f"{kind}_se"], rel=1e-7), row
        assert found["conditional"][row["level"]]["df"] == pytest.approx(row["conditional_df"], rel=1e-6)
        held, ours = found["held"][row["level"]], found["gcomp"][row["level"]]
        assert held["df"] * (ours["se"] / held["se"]) ** 4 == pytest.approx(row["gcomp_df"], rel=1e-6), row
        assert held["df"] < ours["df"] < row["gcomp_df"]


def test_a_difference_of_arms_with_one_slope_does_not_depend_on_the_baselines() -> None:
    """Nothing of a baseline's effect is left in a difference between arms that share its slope."""
    frame = pl.read_csv(HERE / "s40x5.csv")
    result = fit_mmrm(frame, outcome="y", fixed="arm * visit + base", subject="id", visit="visit")
    one = result.differences("arm", by="visit", reference="MSC")
    other = result.differences("arm", by="visit", reference="MSC", kind="unconditional")
    for name in ("estimate", "se", "df", "p"):
        assert other[name].to_list() == pytest.approx(one[name].to_list(), rel=1e-9)


def test_a_difference_of_arms_with_slopes_of_their_own_does() -> None:
    """The variance grows by (difference of slopes)^2 times the variance of the mean baseline of all 40."""
    frame = pl.read_csv(HERE / "s40x5.csv")
    result = fit_mmrm(
        frame, outcome="y", fixed="arm * visit * base", subject="id", visit="visit", reference={"arm": "PBO"}
    )
    base = frame.group_by("id").agg(pl.col("base").first())["base"].to_numpy()
    held = result.differences("arm", by="visit", at={"base": float(base.mean())})
    found = result.differences("arm", by="visit", kind="unconditional")
    slope = result.coefficients.filter(term="armMSC:base")["estimate"][0]
    assert found["estimate"].to_list() == pytest.approx(held["estimate"].to_list())
    grown = found["se"][0] ** 2 - held["se"][0] ** 2
    assert grown == pytest.approx(slope**2 * base.var(ddof=1) / 40, rel=1e-6)
