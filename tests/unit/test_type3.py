"""Type III tests: SAS's published example, hand arithmetic on small designs, and what is said beside them.

With one visit a repeated-measures model is a linear model, so that sums of squares are references.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.full_coding import full_coding
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.type3 import complete_df, contains, type3_rows

# SAS/STAT, PROC GLM, "Unbalanced ANOVA for two-way design with interaction" (Kutner 1974): drug, disease, changes.
KUTNER = """
1 1 42 44 36 13 19 22
1 2 33 26 33 21
1 3 31 -3 25 25 24
2 1 28 23 34 42 13
2 2 34 33 31 36
2 3 3 26 28 32 4 16
3 1 1 29 19
3 2 11 9 7 1 -6
3 3 21 1 9 3
4 1 24 9 22 -2 15
4 2 27 12 12 -5 16 15
4 3 22 7 25 5 12
"""
# As SAS prints them: sum of squares, degrees of freedom, F, P.
SAS_TYPE_3 = {
    "drug": (2997.471860, 3, "9.05", "<.0001"),
    "disease": (415.873046, 2, "1.88", "0.1637"),
    "drug:disease": (707.266259, 6, "1.07", "0.3958"),
}
SAS_MEAN_SQUARE = 110.452536


def once(
    cells: Mapping[tuple[str, str], list[float]], names: tuple[str, ...], **numbers: Any
) -> pl.DataFrame:
    """Make one subject of each outcome."""
    rows = [(*cell, y) for cell, outcomes in cells.items() for y in outcomes]
    frame = pl.DataFrame(rows, schema=[*names, "y"], orient="row")
    columns = {name: pl.Series(values) for name, values in numbers.items()}
    return frame.with_row_index("id").with_columns(visit=pl.lit("v"), **columns)


def fit(frame: pl.DataFrame, fixed: str, **options: Any) -> MmrmResult:
    return fit_mmrm(frame, outcome="y", fixed=fixed, subject="id", visit="visit", df="residual", **options)


def terms_of(result: MmrmResult) -> dict[str, dict[str, Any]]:
    return {row["term"]: row for row in result.type3().iter_rows(named=True)}


def kutner() -> pl.DataFrame:
    cells: dict[tuple[str, str], list[float]] = {}
    for line in KUTNER.split("\n")[1:-1]:
        drug, disease, *changes = line.split()
        cells[drug, disease] = [float(change) for change in changes]
    return once(cells, ("drug", "disease"))


def rows_of(result: MmrmResult, term: int) -> np.ndarray:
    coding = full_coding(result)
    return type3_rows(result, coding, coding.terms[term])


def sums_of_cells(result: MmrmResult, L: np.ndarray, names: tuple[str, ...]) -> list[dict[Any, float]]:
    """Write hypotheses as weights of the cells' means, for a model of factors whose cells are free."""
    cells = result.rows.factors
    codes = np.stack([cells[name].codes for name in names], axis=1)
    distinct = np.unique(codes, axis=0)
    frame = pl.DataFrame(
        {name: [cells[name].levels[i] for i in distinct[:, j]] for j, name in enumerate(names)}
    )
    X = result.design.rows(frame)
    kept = result.fit.estimable.kept
    weights = np.linalg.solve(X[:, kept].T, L[:, kept].T).T
    keys = [tuple(row) for row in frame.iter_rows()]
    return [dict(zip(keys, map(float, row), strict=True)) for row in weights]


@pytest.mark.parametrize("coding", ["r", "sas"])
@pytest.mark.parametrize("fixed", ["drug * disease", "C(drug, contr.sum) * C(disease, contr.poly)"])
def test_unbalanced_example_of_sas(fixed: str, coding: str) -> None:
    result = fit(kutner(), fixed, coding=coding, trust_formula=True)
    assert np.asarray(result.covariance_matrix)[0, 0] == pytest.approx(SAS_MEAN_SQUARE, abs=5e-7)
    found = terms_of(result)
    assert list(found) == list(SAS_TYPE_3)
    for term, (squares, df, f, p) in SAS_TYPE_3.items():
        row = found[term]
        assert (row["num_df"], row["den_df"], row["note"]) == (df, 46, None)
        assert row["f"] * df * SAS_MEAN_SQUARE == pytest.approx(squares, abs=1e-4)
        assert f"{row['f']:.2f}" == f
        assert ("<.0001" if row["p"] < 0.0001 else f"{row['p']:.4f}") == p


def empty_corner(rows: int, columns: int) -> pl.DataFrame:
    """Two outcomes in each cell of a table but its last."""
    rng = np.random.default_rng(5)
    cells = {
        (f"a{i}", f"b{j}"): rng.normal(size=2).tolist()
        for i, j in product(range(1, rows + 1), range(1, columns + 1))
        if (i, j) != (rows, columns)
    }
    return once(cells, ("a", "b"))


def test_two_by_two_with_an_empty_cell_compares_the_cells_of_one_column() -> None:
    """a1 b2 has no partner: a is the difference within b1, b that within a1, and a:b nothing."""
    result = fit(empty_corner(2, 2), "a * b", coding="sas")
    assert result.status == "separation"
    assert sums_of_cells(result, rows_of(result, 0), ("a", "b"))[0] == pytest.approx(
        {("a1", "b1"): 1, ("a1", "b2"): 0, ("a2", "b1"): -1}
    )
    assert sums_of_cells(result, rows_of(result, 1), ("a", "b"))[0] == pytest.approx(
        {("a1", "b1"): 1, ("a1", "b2"): -1, ("a2", "b1"): 0}
    )
    row = terms_of(result)["a:b"]
    assert [row[name] for name in ("num_df", "den_df", "f", "p")] == [None] * 4
    assert row["note"] == "not estimable: no data in a 'a2' and b 'b2'"


def test_two_by_three_with_an_empty_cell_is_orthogonal_to_the_interaction() -> None:
    """By hand: a has zero sums in each column; b zero sums in rows and no weight on a1-a2 times b1-b2."""
    result = fit(empty_corner(2, 3), "a * b", coding="sas")
    a, b = (sums_of_cells(result, rows_of(result, term), ("a", "b")) for term in (0, 1))
    half = {("a1", "b1"): 0.5, ("a1", "b2"): 0.5, ("a1", "b3"): 0, ("a2", "b1"): -0.5, ("a2", "b2"): -0.5}
    assert a == [pytest.approx(half)]
    first = {
        ("a1", "b1"): 0.75,
        ("a1", "b2"): 0.25,
        ("a1", "b3"): -1,
        ("a2", "b1"): 0.25,
        ("a2", "b2"): -0.25,
    }
    other = {
        ("a1", "b1"): 0.25,
        ("a1", "b2"): 0.75,
        ("a1", "b3"): -1,
        ("a2", "b1"): -0.25,
        ("a2", "b2"): 0.25,
    }
    assert b == [pytest.approx(first), pytest.approx(other)]
    found = terms_of(result)
    cell = "no data in a 'a2' and b 'b3'"
    assert (
        found["a"]["note"]
        == found["b"]["note"]
        == f"{cell}: the cells that hold data are compared, as in SAS"
    )
    assert found["a:b"]["note"] == f"1 of 2 degrees of freedom are estimable: {cell}"
    assert [found[term]["num_df"] for term in ("a", "b", "a:b")] == [1, 2, 1]


def test_hypothesis_is_solved_for_the_levels_against_the_reference() -> None:
    """As SAS prints L: 1 for a level, -1 for the reference, the interaction shared out."""
    result = fit(kutner(), "drug * disease", coding="sas")
    for number, row in enumerate(sums_of_cells(result, rows_of(result, 0), ("drug", "disease"))):
        expected = {
            cell: ((cell[0] == str(number + 1)) - (cell[0] == "4")) / 3 for cell in product("1234", "123")
        }
        assert row == pytest.approx(expected)
    by_other = fit(kutner(), "drug * disease", reference={"drug": "2"})
    rows = sums_of_cells(by_other, rows_of(by_other, 0), ("drug", "disease"))
    assert [row["2", "1"] for row in rows] == pytest.approx([-1 / 3] * 3)
    assert [row[drug, "1"] for row, drug in zip(rows, "134", strict=True)] == pytest.approx([1 / 3] * 3)


def covariates() -> pl.DataFrame:
    rng = np.random.default_rng(8)
    n = 90
    return pl.DataFrame(
        {
            "id": range(n),
            "visit": ["v"] * n,
            "a": rng.choice(["a1", "a2", "a3"], n),
            "b": rng.choice(["b1", "b2"], n),
            "c": rng.choice(["c1", "c2"], n),
            "x": rng.normal(50, 8, n),
            "z": rng.normal(3, 1, n),
            "y": rng.normal(size=n),
        }
    )


def sum_to_zero(levels: np.ndarray) -> np.ndarray:
    known = np.unique(levels)
    return np.stack([(levels == k).astype(float) - (levels == known[-1]) for k in known[:-1]], axis=1)


def crossed(*parts: np.ndarray) -> np.ndarray:
    whole = np.ones((len(parts[0]), 1))
    for part in parts:
        whole = np.einsum("ni,nj->nij", whole, part.reshape(len(part), -1)).reshape(len(part), -1)
    return whole


def dropped(y: np.ndarray, others: list[np.ndarray], own: np.ndarray) -> tuple[int, float]:
    """Give the degrees of freedom and F of leaving out columns, by residual sums of squares."""

    def left(X: np.ndarray) -> tuple[float, int]:
        solved, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
        return float(((y - X @ solved) ** 2).sum()), int(rank)

    small, rank = left(np.concatenate(others, axis=1))
    full, whole = left(np.concatenate([*others, own], axis=1))
    return whole - rank, (small - full) / (whole - rank) / (full / (len(y) - whole))


def parts() -> dict[str, np.ndarray]:
    frame = covariates()
    known = {name: sum_to_zero(frame[name].to_numpy()) for name in "abc"}
    every = {
        f"{name}.": np.stack([frame[name].to_numpy() == k for k in sorted(set(frame[name]))], 1) * 1.0
        for name in "abc"
    }
    ones = np.ones((frame.height, 1))
    numbers = {name: frame[name].to_numpy()[:, None] for name in "xz"}
    return {"1": ones, **known, **every, **numbers, "x2": numbers["x"] ** 2, "lx": np.log(numbers["x"])}


# Each formula with its terms, written as the columns to leave out under sum-to-zero contrasts: "a." is a column
# for each level, for a term whose margin is not in the model.
MODELS = {
    "a * b * c": {"a": "a", "b": "b", "c": "c", "a:b": "a b", "a:c": "a c", "b:c": "b c", "a:b:c": "a b c"},
    "a * b + x * b + z": {"a": "a", "b": "b", "x": "x", "z": "z", "a:b": "a b", "b:x": "b x"},
    "a * b + x:b": {"a": "a", "b": "b", "a:b": "a b", "b:x": "b. x"},
    "a + x:a + x": {"a": "a", "x": "x", "x:a": "x a"},
    "a + a:b": {"a": "a", "a:b": "a. b"},
    "a + a:x:z": {"a": "a", "a:x:z": "a. x z"},
    "x * z + a": {"x": "x", "z": "z", "a": "a", "x:z": "x z"},
    "a + x + I(x**2)": {"a": "a", "x": "x", "I(x ** 2)": "x2"},
    "C(a) * b + log(x)": {"a": "a", "b": "b", "log(x)": "lx", "a:b": "a b"},
    "a * log(x)": {"a": "a", "log(x)": "lx", "a:log(x)": "a lx"},
    "0 + a + x": {"a": "a.", "x": "x"},
    "0 + a:x + b": {"b": "b.", "a:x": "a. x"},
    "0 + a + a:x": {"a": "a.", "a:x": "a. x"},
    "0 + x + b": {"x": "x", "b": "b."},
    "0 + x + z": {"x": "x", "z": "z"},
}


@pytest.mark.parametrize("coding", ["r", "sas"])
@pytest.mark.parametrize("fixed", MODELS)
def test_as_a_term_left_out_under_contrasts_that_sum_to_zero(fixed: str, coding: str) -> None:
    """With data in every cell a type III F is that of leaving out the term's columns in such a coding."""
    frame, known = covariates(), parts()
    result = fit(frame, fixed, coding=coding, trust_formula=True)
    found = terms_of(result)
    blocks = {term: crossed(*(known[part] for part in text.split())) for term, text in MODELS[fixed].items()}
    mean = [] if fixed.startswith("0") else [known["1"]]
    assert {frozenset(term.split(":")) for term in found} == {frozenset(term.split(":")) for term in blocks}
    for term, own in blocks.items():
        df, f = dropped(frame["y"].to_numpy(), [*mean, *(b for t, b in blocks.items() if t != term)], own)
        row = next(row for name, row in found.items() if set(name.split(":")) == set(term.split(":")))
        assert row["num_df"] == df
        assert row["f"] == pytest.approx(f, rel=1e-7)


def test_a_term_whose_margins_are_missing_holds_them() -> None:
    """~ a:b compares all cells; without an intercept it asks whether all means are 0."""
    frame, known = covariates(), parts()
    cells = crossed(known["a."], known["b."])
    y = frame["y"].to_numpy()
    with_mean, without = (terms_of(fit(frame, fixed))["a:b"] for fixed in ("a:b", "0 + a:b"))
    assert (with_mean["num_df"], with_mean["f"]) == pytest.approx(dropped(y, [known["1"]], cells))
    assert with_mean["note"] is None
    assert (without["num_df"], without["f"]) == pytest.approx(dropped(y, [np.zeros((len(y), 1))], cells))
    assert without["note"] == "no intercept: tested is whether all are 0, as in SAS"


def test_without_an_intercept_two_factors_are_compared_each() -> None:
    """~ 0 + a + b: a function of a alone has weights that sum to 0, so a has 2 degrees of freedom, not 3."""
    found, usual = (terms_of(fit(covariates(), fixed)) for fixed in ("0 + a + b", "a + b"))
    for term, df in (("a", 2), ("b", 1)):
        assert found[term]["num_df"] == df
        assert found[term]["note"] is None
        assert found[term]["f"] == pytest.approx(usual[term]["f"])


def test_a_spline_is_tested_with_all_its_columns() -> None:
    from formulaic.transforms.basis_spline import basis_spline

    frame, known = covariates(), parts()
    columns = np.stack(list(basis_spline(frame["x"].to_numpy(), df=4).values()), axis=1)
    found = terms_of(fit(frame, "a * bs(x, df=4)", trust_formula=True))
    others = [known["1"], known["a"], crossed(columns, known["a"])]
    df, f = dropped(frame["y"].to_numpy(), others, columns)
    assert df == found["bs(x, df=4)"]["num_df"] == 4
    assert found["bs(x, df=4)"]["f"] == pytest.approx(f, rel=1e-6)
    assert found["a:bs(x, df=4)"]["num_df"] == 8


def test_aliased_terms_have_a_reason() -> None:
    """x and a copy of it: neither can be told apart from the other, so SAS tests neither."""
    frame = covariates().with_columns(copy=2 * pl.col("x") - 3, one=pl.lit("only"))
    found = terms_of(fit(frame, "a + x + copy"))
    for term in ("x", "copy"):
        assert [found[term][name] for name in ("num_df", "den_df", "f", "p")] == [None] * 4
        assert found[term]["note"] == "not estimable: its columns depend on those of other terms"
    assert found["a"]["note"] is None
    assert found["a"]["f"] == pytest.approx(terms_of(fit(frame, "a + x"))["a"]["f"])
    assert terms_of(fit(frame, "a + one"))["one"]["note"] == "not estimable: one has one level"


def test_part_of_a_term_is_aliased() -> None:
    """a3 is where c2 is: of the two degrees of freedom of a one is left beside c."""
    frame = covariates().with_columns(
        c=pl.when(pl.col("a") == "a3").then(pl.lit("c2")).otherwise(pl.lit("c1"))
    )
    row = terms_of(fit(frame, "c + a"))["a"]
    assert row["num_df"] == 1
    assert row["note"] == (
        "1 of 2 degrees of freedom are estimable: its columns depend on those of other terms"
    )


def test_a_coding_with_fewer_columns_than_levels_is_tested_as_it_is() -> None:
    frame, known = covariates(), parts()
    fixed = "C(a, contr.custom([[1.0], [0.0], [-1.0]])) + b"
    result = fit(frame, fixed, trust_formula=True)
    ends = (frame["a"].to_numpy() == "a1") * 1.0 - (frame["a"].to_numpy() == "a3")
    df, f = dropped(frame["y"].to_numpy(), [known["1"], known["b"]], ends[:, None])
    assert (terms_of(result)["a"]["num_df"], terms_of(result)["a"]["f"]) == pytest.approx((df, f))
    whole = "C(a, contr.custom([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])) * b"
    as_coded, plain = terms_of(fit(frame, whole, trust_formula=True)), terms_of(fit(frame, "a * b"))
    for term in ("a", "b", "a:b"):
        assert as_coded[term]["num_df"] == plain[term]["num_df"]
        assert as_coded[term]["f"] == pytest.approx(plain[term]["f"])
        assert as_coded[term]["note"] is None


def test_many_empty_cells_are_counted() -> None:
    cells = {
        (f"a{i}", f"b{j}"): [float(i), j + 0.5, i * j / 3]
        for i, j in product(range(4), range(4))
        if i <= j or i == 3
    }
    found = terms_of(fit(once(cells, ("a", "b")), "a * b"))
    assert found["a:b"]["note"].endswith("and b 'b0'; a 'a2' and b 'b0'; a 'a2' and b 'b1'")
    more = {cell: values for cell, values in cells.items() if cell not in {("a3", "b3"), ("a3", "b2")}}
    note = terms_of(fit(once(more, ("a", "b")), "a * b"))["a:b"]["note"]
    assert note.endswith("a 'a2' and b 'b1' and 2 other cells")


def test_a_failed_fit_has_no_tests_and_says_so() -> None:
    frame = covariates().head(4)
    result = fit(frame, "a * b + x + z")
    assert not result.converged
    for row in result.type3().iter_rows(named=True):
        assert row["f"] is None
        assert row["note"] == f"no estimates: {result.status}"


def test_containment() -> None:
    """SAS: the same numeric variables, and all factors of the one and more."""
    terms = full_coding(fit(covariates(), "a * b + x + x:a + x:z:a")).terms
    by_name = {"".join([*sorted(term.factors), *sorted(term.numbers)]): term for term in terms}
    a, b, x, ab, ax, axz = (by_name[name] for name in ("a", "b", "x", "ab", "ax", "axz"))
    assert contains(ab, a)
    assert contains(ab, b)
    assert contains(ax, x)
    for outer, inner in ((a, ab), (a, a), (ax, a), (axz, ax), (ab, x), (axz, x), (b, a)):
        assert not contains(outer, inner)


def test_degrees_of_freedom_with_data_in_every_cell() -> None:
    result = fit(covariates(), "a:b + x:a + c")
    coding = full_coding(result)
    found = {
        ":".join(v): complete_df(coding, t) for v, t in zip(result.design.terms, coding.terms, strict=True)
    }
    assert found == {"a:b": 5, "a:x": 3, "c": 1}


def test_printed_summary_says_what_is_not_estimable() -> None:
    text = fit(empty_corner(2, 2), "a * b").summary()
    assert "a:b: not estimable: no data in a 'a2' and b 'b2'" in text
    assert "note" not in text.partition("Type III tests")[2].splitlines()[1]


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_unit_of_a_covariate_changes_no_test(unit: float) -> None:
    """Not where x is aliased with c either: it is 1 where c is c1 and 3 elsewhere."""
    frame = covariates().with_columns(x=pl.when(pl.col("c") == "c1").then(1.0).otherwise(3.0))
    for fixed in ("a * b + x:a", "a + c + x", "a + c + x:a + z", "a * b * x"):
        one = terms_of(fit(frame, fixed))
        other = terms_of(fit(frame.with_columns(x=pl.col("x") * unit), fixed))
        for term, row in one.items():
            assert other[term]["num_df"] == row["num_df"]
            assert other[term]["f"] == (row["f"] if row["f"] is None else pytest.approx(row["f"], rel=1e-6))


def test_slopes_have_weight_one() -> None:
    result = fit(covariates(), "a + x:a + z")
    names = list(result.design.names)
    slopes, z = rows_of(result, 2), rows_of(result, 1)
    assert z[0] == pytest.approx(np.eye(len(names))[names.index("z")])
    order = [names.index(f"a{level}:x") for level in ("a2", "a3", "a1")]
    np.testing.assert_allclose(slopes, np.eye(len(names))[order], atol=1e-12)


def test_columns_of_every_level() -> None:
    coding = full_coding(fit(covariates(), "a * b + x"))
    assert coding.intercept is not None
    assert coding.intercept.columns.tolist() == [0]
    found = {"".join([*term.factors, *term.numbers]): term for term in [*coding.terms, coding.intercept]}
    assert {name: term.width for name, term in found.items()} == {"a": 1, "b": 1, "x": 1, "ab": 1, "": 1}
    assert {name: len(term.columns) for name, term in found.items()} == {
        "a": 3,
        "b": 2,
        "x": 1,
        "ab": 6,
        "": 1,
    }
    assert full_coding(fit(covariates(), "0 + a")).intercept is None


def test_satterthwaite_does_not_depend_on_who_read_the_formula() -> None:
    """Pooled degrees of freedom depend on the basis: formulaic's columns are solved for in the same one."""
    frame = covariates().with_columns(id=pl.col("id") // 3, visit="v" + (pl.col("id") % 3).cast(pl.String))
    given: dict[str, Any] = {"outcome": "y", "subject": "id", "visit": "visit", "df": "satterthwaite"}
    for coding in ("r", "sas"):
        light, heavy = (
            fit_mmrm(frame, fixed=fixed, coding=coding, trust_formula=True, **given)
            for fixed in ("a * visit + x", "a * visit + I(x)")
        )
        ours, theirs = light.type3()["den_df"].to_list(), heavy.type3()["den_df"].to_list()
        assert ours == pytest.approx(theirs, rel=1e-5)


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_unit_of_a_function_of_a_covariate_changes_no_test(unit: float) -> None:
    frame = covariates()
    one = terms_of(fit(frame, "a * x + I(x ** 2):b", trust_formula=True))
    other = terms_of(fit(frame.with_columns(x=pl.col("x") * unit), "a * x + I(x ** 2):b", trust_formula=True))
    for term, row in one.items():
        assert (other[term]["num_df"], other[term]["f"]) == pytest.approx((row["num_df"], row["f"]), rel=1e-6)
