"""Formulas beyond the closed subset: which columns they need, what is a factor, and their marginal means."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.formula import FormulaError
from funis.stats.mmrm.formulaic_terms import forced_factors, formula_variables
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.rows_used import ModelDataError


def trial() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    n = 40
    base = np.repeat(rng.normal(20, 4, n), 3)
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), 3),
            "arm": np.repeat(np.where(np.arange(n) % 2 == 0, "A", "B"), 3),
            "visit": ["v1", "v2", "v3"] * n,
            "dose": np.repeat(np.array([1.0, 2.0, 4.0, 8.0])[np.arange(n) // 2 % 4], 3),
            "base": base,
            "y": base + np.repeat(rng.normal(size=n), 3) + rng.normal(size=3 * n),
        }
    )


def fit(fixed: str, frame: pl.DataFrame | None = None, **options: Any) -> MmrmResult:
    data = trial() if frame is None else frame
    given: dict[str, Any] = {
        "outcome": "y",
        "subject": "id",
        "visit": "visit",
        "covariance": "cs",
        "trust_formula": True,
    }
    return fit_mmrm(data, fixed=fixed, **given, **options)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("arm + bs(base, df=4)", {"arm", "base"}),
        ("poly(base, 2) * visit", {"base", "visit"}),
        ("bs(np.log(base), df=3)", {"base"}),
        ("cr(base, df=dose)", {"base", "dose"}),
        ("C(arm, contr.treatment(base='A'))", {"arm"}),
        ("log(base) + I(dose ** 2)", {"base", "dose"}),
        ("`my column` + arm", {"my column", "arm"}),
        ("I(`my column` ** 2) + np.log(`a b`) * dose", {"my column", "a b", "dose"}),
    ],
)
def test_columns_that_a_formula_needs(text: str, names: set[str]) -> None:
    assert set(formula_variables(text)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("C(dose) + log(base)", {"dose"}),
        ("C(dose) * arm + C(dose):visit + log(base)", {"dose"}),
        ("C(dose) + log(dose)", set()),
        ("C(dose) + dose + log(base)", set()),
        ("C(dose, levels=[1.0, 2.0]) + log(base)", set()),
    ],
)
def test_what_stands_in_c_alone_is_a_factor(text: str, names: set[str]) -> None:
    assert forced_factors(text) == names


def test_a_number_in_c_is_a_factor_as_the_direct_reader_has_it() -> None:
    light, heavy = fit("C(dose) * arm + base"), fit("C(dose) * arm + I(base)")
    assert heavy.design.levels["dose"] == light.design.levels["dose"] == ("1", "2", "4", "8")
    pairs = [
        (heavy.marginal_means(), light.marginal_means()),
        (heavy.marginal_means("dose"), light.marginal_means("dose")),
        (heavy.differences("dose", by="arm"), light.differences("dose", by="arm")),
    ]
    for ours, theirs in pairs:
        assert ours.columns == theirs.columns
        np.testing.assert_allclose(ours["estimate"].to_numpy(), theirs["estimate"].to_numpy(), rtol=1e-8)
        np.testing.assert_allclose(ours["df"].to_numpy(), theirs["df"].to_numpy(), rtol=1e-6)


def test_c_with_contrasts_spans_the_cells_of_its_variable() -> None:
    """Without a word marginal means are those of the largest interaction, however its factors are coded."""
    plain, coded = fit("arm * visit + base"), fit("C(arm, contr.sum) * C(visit, contr.helmert) + base")
    means = coded.marginal_means()
    assert means.columns[:2] == ["arm", "visit"]
    np.testing.assert_allclose(means["estimate"], plain.marginal_means()["estimate"], rtol=1e-8)
    np.testing.assert_allclose(means["se"], plain.marginal_means()["se"], rtol=1e-6)
    assert coded.differences("arm")["visit"].to_list() == ["v1", "v2", "v3"]


def test_empty_cells_are_named_for_coded_factors_too() -> None:
    frame = trial().filter((pl.col("arm") == "A") | (pl.col("visit") != "v3"))
    result = fit("C(arm, contr.sum) * visit + I(base)", frame)
    assert result.status == "separation"
    assert "arm 'B' and visit 'v3'" in result.detail
    note = result.type3().row(by_predicate=pl.col("term") == "arm:visit", named=True)["note"]
    assert note == "1 of 2 degrees of freedom are estimable: no data in arm 'B' and visit 'v3'"


def test_a_level_that_c_has_not_seen_is_refused() -> None:
    """dose stands as a number too, so its mean (3.75) is asked of C(dose): formulaic took it for dose 1."""
    result = fit("C(dose) + log(dose) + visit")
    with pytest.raises(ModelDataError, match=r"no such level in the data.*3\.75.*by `at`"):
        result.marginal_means("visit")
    given = result.marginal_means("visit", at={"dose": 4})
    rows = trial().filter(pl.col("dose") == 4)
    np.testing.assert_allclose(given["estimate"], result.predict(rows)["estimate"].to_numpy()[:3], rtol=1e-10)
    with pytest.raises(ModelDataError, match="no such level"):
        result.predict(rows.with_columns(dose=3.0))


def test_functions_of_a_covariate_are_taken_at_its_mean() -> None:
    result = fit("arm * visit + base + I(base ** 2)")
    mean = trial()["base"].mean()
    cell = trial().head(1).with_columns(base=pl.lit(mean))
    found = result.marginal_means().filter(arm="A", visit="v1")
    assert found["estimate"][0] == pytest.approx(result.predict(cell)["estimate"][0], rel=1e-10)


def test_a_formula_of_several_parts_is_no_formula_of_a_model() -> None:
    with pytest.raises(FormulaError, match="has several parts"):
        fit("log(base) | arm")
