"""The closed subset of formulas, and that formulaic lays out the same design."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.errors import ValueRangeError
from funis.stats.mmrm import formula
from funis.stats.mmrm.design import Design, arrange, design_from_formula
from funis.stats.mmrm.formula import FormulaError, code_columns, parse_formula
from funis.stats.mmrm.formulaic_terms import design_by_formulaic
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.rows_used import ModelColumns, ModelRows, read_rows

LEVELS = {"a": ("1", "2", "3"), "b": ("x", "y")}
FIRST = {"a": "1", "b": "x"}


def trial() -> pl.DataFrame:
    rng = np.random.default_rng(7)
    n, m = 24, 3
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), m),
            "visit": ["v1", "v2", "v3"] * n,
            "arm": np.repeat(["A", "B", "C"] * 8, m),
            "sex": np.repeat(["f", "m"] * 12, m),
            "base": np.repeat(rng.normal(50, 10, n), m),
            "dose": rng.normal(size=n * m),
            "y": rng.normal(size=n * m),
        }
    )


def rows_of(formula: str) -> ModelRows:
    parsed = parse_formula(formula)
    assert parsed is not None
    columns = ModelColumns("y", "id", "visit", covariates=parsed.variables, categorical=parsed.categorical)
    return read_rows(trial(), columns)


@pytest.mark.parametrize(
    ("text", "terms", "intercept"),
    [
        ("a + b", [("a",), ("b",)], True),
        ("a * b", [("a",), ("b",), ("a", "b")], True),
        ("a:b + b", [("b",), ("a", "b")], True),
        ("a * b * c - a:b:c", [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")], True),
        ("0 + a", [("a",)], False),
        ("a - 1", [("a",)], False),
        ("-1 + a", [("a",)], False),
        ("1", [], True),
        ("(a + b) * c", [("a",), ("b",), ("c",), ("a", "c"), ("b", "c")], True),
        ("C(a) + a:b", [("a",), ("a", "b")], True),
        ("a + a", [("a",)], True),
    ],
)
def test_terms(text: str, terms: list[tuple[str, ...]], *, intercept: bool) -> None:
    found = parse_formula(text)
    assert found is not None
    assert list(found.terms) == terms
    assert found.intercept is intercept


@pytest.mark.parametrize(
    "text", ["log(a)", "a ** 2", "I(a) + b", "poly(a, 2)", "C(a, Sum)", "a / b", "a ~ b"]
)
def test_beyond_the_subset(text: str) -> None:
    assert parse_formula(text) is None


@pytest.mark.parametrize("text", ["a +", "* a", "a b", "", "a : : b", "(a + b", "0"])
def test_not_a_formula(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a + b", "(Intercept) a2 a3 by"),
        ("a * b", "(Intercept) a2 a3 by a2:by a3:by"),
        ("0 + a + b", "a1 a2 a3 by"),
        ("b:a + b", "(Intercept) by bx:a2 by:a2 bx:a3 by:a3"),
        ("x * a", "(Intercept) x a2 a3 x:a2 x:a3"),
        ("a:x", "(Intercept) a1:x a2:x a3:x"),
    ],
)
def test_columns_as_r_names_them(text: str, names: str) -> None:
    """As model.matrix() of R 4.2.2 lays these formulas out."""
    formula = parse_formula(text)
    assert formula is not None
    assert [column.name for column in code_columns(formula, LEVELS, FIRST)] == names.split()


def dense(design: Design, rows: ModelRows) -> Any:
    data = arrange(design, rows)
    u, C = data.subject_part[rows.subject.codes], data.visit_part[rows.visit.codes]
    return np.einsum("ns,nsp->np", u, C)


@pytest.mark.parametrize(
    "formula",
    [
        "arm * visit + base",
        "visit * base + sex",
        "0 + visit + arm:visit + base",
        "dose * arm + visit",
        "C(arm) * sex",
    ],
)
@pytest.mark.parametrize("coding", ["r", "sas"])
def test_formulaic_lays_out_the_same_design(formula: str, coding: str) -> None:
    rows = rows_of(formula)
    light = design_from_formula(formula, rows, coding=coding)
    heavy = design_by_formulaic(formula, rows, coding=coding)
    # R orders the variables of a term by first appearance, formulaic leaves them as written.
    known = [set(name.split(":")) for name in heavy.names]
    order = [known.index(set(name.split(":"))) for name in light.names]
    assert sorted(order) == list(range(len(heavy.names)))
    np.testing.assert_allclose(dense(light, rows), dense(heavy, rows)[:, order], atol=1e-9)


def test_split_design_is_the_design() -> None:
    formula = "dose * arm * visit + base"
    rows = rows_of(formula)
    design = design_from_formula(formula, rows)
    frame = trial().with_columns(pl.col("visit").cast(pl.String))
    np.testing.assert_allclose(dense(design, rows), design.rows(frame), atol=1e-9)


def test_sas_coding_takes_the_last_level() -> None:
    design = design_from_formula("arm", rows_of("arm"), coding="sas")
    assert design.names == ("(Intercept)", "armA", "armB")


def test_reference_that_is_no_level() -> None:
    with pytest.raises(ValueRangeError, match="A, B, C"):
        design_from_formula("arm", rows_of("arm"), reference={"arm": "D"})


def test_fit_by_formulaic_is_the_fit_by_the_light_path() -> None:
    options: dict[str, Any] = {"outcome": "y", "subject": "id", "visit": "visit"}
    light = fit_mmrm(trial(), fixed="arm * visit + base", **options).coefficients
    heavy = fit_mmrm(trial(), fixed="arm * visit + I(base)", trust_formula=True, **options).coefficients
    joined = light.join(heavy.with_columns(term=pl.col("term").str.replace(r"I\((.*)\)", "$1")), on="term")
    assert joined.height == light.height
    np.testing.assert_allclose(joined["estimate"].to_numpy(), joined["estimate_right"].to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(joined["df"].to_numpy(), joined["df_right"].to_numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "visit + I(open({path!r}, 'w').write('x'))",
        "visit + {{open({path!r}, 'w').write('x')}}",
        "visit + np.f2py.os.system('touch {path}')",
        "visit + C(visit, open({path!r}, 'w'))",
        "y ~ visit + Q(open({path!r}, 'w').name)",
        "visit + `y`",
        "log(base)",
        "base ** 2",
        "visit\x00",
        "visit; base",
        "[visit]",
        "visit | base",
    ],
)
@pytest.mark.parametrize("trust", [False, "yes", 1])
def test_a_formula_runs_nothing_unless_it_is_trusted(text: str, trust: Any, tmp_path: Path) -> None:
    target = tmp_path / "written"
    formula = text.format(path=str(target))
    with pytest.raises(FormulaError, match=r"C\(name\).*trust_formula=True"):
        fit_mmrm(trial(), outcome="y", fixed=formula, subject="id", visit="visit", trust_formula=trust)
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a + " * 20_000 + "a", "characters"),
        ("(" * 500 + "a" + ")" * 500, "brackets"),
        (" * ".join(f"a{number}" for number in range(60)), "terms"),
    ],
)
def test_a_formula_without_end_is_refused(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        parse_formula(text)


def test_a_product_may_have_exactly_as_many_terms_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two terms by three are six products."""
    for text in ("(a + b) * (c + d + e)", "(a + b):(c + d + e)"):
        monkeypatch.setattr(formula, "MAX_TERMS", 6)
        parsed = parse_formula(text)
        assert parsed is not None
        assert sum(len(term) == 2 for term in parsed.terms) == 6
        monkeypatch.setattr(formula, "MAX_TERMS", 5)
        with pytest.raises(FormulaError, match="more than 5 terms"):
            parse_formula(text)


def test_brackets_may_be_exactly_as_many_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "MAX_BRACKETS", 2)
    assert parse_formula("((a))") is not None
    with pytest.raises(FormulaError, match="at most 2 brackets"):
        parse_formula("(((a)))")
    # Beside one another they may be more.
    assert parse_formula("((a)) + ((b)) + ((c))") is not None
