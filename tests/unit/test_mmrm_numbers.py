"""Numbers that no fit can use are refused by column and row, with what to do."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.errors import ValueRangeError
from funis.stats.mmrm.formula import FormulaError
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.numbers_used import check_numbers
from funis.stats.mmrm.result import MmrmResult


def trial() -> pl.DataFrame:
    """Twelve subjects at three visits; the outcome of row 1 is missing, so that places and rows differ."""
    rng = np.random.default_rng(4)
    n, m = 12, 3
    y = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
    y[0, 0] = np.nan
    return pl.DataFrame(
        {
            "id": np.repeat([f"S-{i:02d}" for i in range(n)], m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "arm": np.repeat(["a", "b"] * (n // 2), m),
            "x": np.repeat(rng.normal(size=n), m),
            "w": np.ones(n * m),
            "place": np.tile([0.0, 1.0, 3.0], n),
            "y": y.reshape(-1),
        }
    )


def fit(frame: pl.DataFrame, **options: Any) -> MmrmResult:
    options.setdefault("fixed", "arm * visit + x")
    return fit_mmrm(frame, outcome="y", subject="id", visit="visit", **options)


def with_cell(column: str, row: int, value: float) -> pl.DataFrame:
    """Put a value into a row, counted from 1."""
    here = pl.int_range(pl.len()) == row - 1
    return trial().with_columns(pl.when(here).then(pl.lit(value)).otherwise(pl.col(column)).alias(column))


@pytest.mark.parametrize(
    ("column", "part", "options"),
    [
        ("y", "Outcome", {}),
        ("x", "Covariate", {}),
        ("w", "Weights", {"weights": "w"}),
        ("place", "Coordinates", {"coordinates": "place", "covariance": "sp_exp"}),
    ],
)
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_number_is_refused_with_column_and_row(
    column: str, part: str, options: dict[str, Any], value: float
) -> None:
    with pytest.raises(ValueRangeError) as caught:
        fit(with_cell(column, 5, value), **options)
    assert str(caught.value) == (
        f"{part} '{column}': found {value} in row 5 counted from 1 (subject S-01, visit v1); allowed is "
        "finite numbers. Correct the value, or leave it empty."
    )


def test_an_infinite_number_in_a_row_that_is_not_used_is_none() -> None:
    assert fit(with_cell("x", 1, np.inf)).status == "converged"


def test_how_many_others_there_are_is_told_and_no_name_is_shown() -> None:
    frame = with_cell("y", 4, np.inf).with_columns(id=pl.col("id").replace("S-01", "Zhang Wei"))
    frame = frame.with_columns(y=pl.when(pl.col("visit") == "v2").then(-np.inf).otherwise(pl.col("y")))
    with pytest.raises(ValueRangeError, match="found -inf in row 3 counted from 1") as caught:
        fit(frame)
    assert "(subject S-00, visit v2) and 12 more such; allowed is finite" in str(caught.value)
    named = with_cell("y", 4, np.inf).with_columns(id=pl.col("id").replace("S-01", "Zhang Wei"))
    with pytest.raises(ValueRangeError, match="a subject that is not shown, visit v0") as caught:
        fit(named)
    assert "Zhang" not in str(caught.value)


@pytest.mark.parametrize("weight", [0.0, -1.0, 0.9e-15])
def test_a_weight_that_is_none_is_refused_with_its_row(weight: float) -> None:
    with pytest.raises(ValueRangeError) as caught:
        fit(with_cell("w", 6, weight), weights="w")
    assert str(caught.value) == (
        f"Weights 'w': found {weight:.3g} in row 6 counted from 1 (subject S-01, visit v2); allowed is numbers "
        "above 0, from 1e-15. Leave a row out by an empty outcome."
    )


def test_a_weight_of_the_smallest_size_is_taken() -> None:
    assert fit(with_cell("w", 6, 1.0000001e-15), weights="w").converged


def test_numbers_too_large_to_be_squared_are_refused_in_one_sentence() -> None:
    with pytest.raises(ValueRangeError) as caught:
        fit(with_cell("x", 5, -2.5e200))
    assert str(caught.value) == (
        "Covariate 'x': found -2.5e+200 in row 5 counted from 1 (subject S-01, visit v1); allowed is numbers "
        "from -1e+50 to 1e+50. Correct the value, or give the column in a larger unit: divide it by 1e+200, say."
    )


def test_numbers_too_small_to_be_squared_are_refused_in_one_sentence() -> None:
    frame = trial().with_columns(y=pl.when(pl.col("y") > 0).then(3e-200).otherwise(-1e-210))
    with pytest.raises(ValueRangeError) as caught:
        fit(frame)
    assert str(caught.value) == (
        "Outcome 'y': found no number further from 0 than 3e-200; allowed is a column whose largest number is 0 or "
        "at least 1e-50. Give the column in a smaller unit: multiply it by 1e+200, say."
    )


def test_coordinates_and_weights_end_where_nothing_that_is_measured_goes_beyond() -> None:
    for value, taken in ((1e15, True), (1.1e15, False)):
        frame = with_cell("w", 5, value)
        if taken:
            fit(frame, weights="w")
            continue
        with pytest.raises(ValueRangeError, match=r"Weights 'w': found 1.1e\+15 in row 5"):
            fit(frame, weights="w")
    with pytest.raises(ValueRangeError, match=r"Coordinates 'place': found 1.1e\+15 in row 5"):
        fit(with_cell("place", 5, 1.1e15), coordinates="place", covariance="sp_exp")


@pytest.mark.parametrize("values", [[1e50, 0.0], [-1e50, 1.0], [1e-50, 0.0], [-1e-50], [0.0, 0.0], []])
def test_sizes_up_to_the_limit_are_taken(values: list[float]) -> None:
    check_numbers("x", np.array(values), str)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.0, 1.001e50], "found 1e+50 in 1; allowed is numbers from -1e+50"),
        ([0.0, 0.0, -1.001e50], "found -1e+50 in 2; allowed is numbers from -1e+50"),
        ([0.0, -0.999e-50], "found no number further from 0 than -9.99e-51; allowed is a column whose"),
        ([1.0, np.nan], "found nan in 1; allowed is finite"),
        ([1e60, 1.0, np.inf], "found inf in 2; allowed is finite"),
    ],
)
def test_sizes_beyond_the_limit_are_refused(values: list[float], said: str) -> None:
    with pytest.raises(ValueRangeError) as caught:
        check_numbers("x", np.array(values), str)
    assert str(caught.value).startswith(f"x: {said}")


@pytest.mark.parametrize("power", [-50, -30, 30, 49])
def test_a_unit_within_the_limits_changes_neither_t_nor_degrees_of_freedom(power: int) -> None:
    plain = fit(trial()).coefficients
    far = fit(trial().with_columns(y=pl.col("y") * 10.0**power)).coefficients
    for name in ("t", "df"):
        np.testing.assert_allclose(far[name].to_numpy(), plain[name].to_numpy(), rtol=1e-6)


@pytest.mark.parametrize("formula", ["np.log(x)", "log(x)", "np.sqrt(x)"])
def test_a_formula_that_gives_no_number_in_some_rows_names_column_and_row(formula: str) -> None:
    """formulaic left the rows out, and the sums of a fit ended in an error of numpy's; numpy warned besides."""
    frame = with_cell("x", 5, -1.0).with_columns(
        x=pl.col("x").abs() * pl.when(pl.col("x") == -1.0).then(-1).otherwise(1)
    )
    with pytest.raises(ValueRangeError) as caught:
        fit(frame, fixed=f"visit + {formula}", trust_formula=True)
    assert str(caught.value) == (
        f"Column '{formula}' of the design: found nan in row 5 counted from 1 (subject S-01, visit v1); allowed is "
        "finite numbers. Change the formula, or correct or empty the cells that the column is computed from."
    )


def test_a_prediction_where_the_formula_gives_no_number_is_empty() -> None:
    result = fit(trial().with_columns(x=pl.col("x").abs()), fixed="visit + np.log(x)", trust_formula=True)
    rows = pl.DataFrame({"visit": ["v0", "v1"], "x": [-1.0, 1.0]})
    found = result.predict(rows)["estimate"]
    assert found.is_null().to_list() == [True, False]
    assert found[1] == pytest.approx(result.params["(Intercept)"] + result.params["visitv1"], rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("1 / (x - x)", "found (-inf|inf) in row 2 counted from 1"),
        ("np.exp(x * 0 + 1000)", "found inf in row 2 counted from 1"),
        ("1e200 * w", r"found 1e\+200 in row 2 .* from -1e\+100 to 1e\+100.*divide it by 1e\+200"),
        ("1e-200 * w", "found no number further from 0 than 1e-200; allowed is .* at least 1e-100"),
    ],
)
def test_a_formula_whose_numbers_have_no_square_is_refused(formula: str, said: str) -> None:
    with pytest.raises(ValueRangeError, match=rf"Column 'I\(.*\)' of the design: {said}"):
        fit(trial(), fixed=f"visit + I({formula})", trust_formula=True)


def test_products_of_covariates_have_limits_of_their_own() -> None:
    frame = trial().with_columns(u=pl.col("x") * 1e40, v=pl.col("w") * 1e49, z=pl.col("place") * 1e12)
    assert fit(frame, fixed="u:v").converged
    with pytest.raises(
        ValueRangeError, match=r"Column 'u:v:z' of the design: found -?\d.*e\+10\d in row \d+"
    ):
        fit(frame, fixed="u:v:z")
    small = frame.with_columns(u=pl.col("x") * 1e-40, v=pl.col("w") * 1e-49)
    assert fit(small, fixed="u:v").converged
    with pytest.raises(ValueRangeError, match="Column 'u:v:z' of the design: found no number further from 0"):
        fit(small.with_columns(z=pl.col("place") * 1e-13), fixed="u:v:z")


def test_a_product_that_overflows_is_refused() -> None:
    names = [f"a{k}" for k in range(8)]
    frame = trial().with_columns(**{name: pl.col("w") * 1e49 for name in names})
    with pytest.raises(ValueRangeError, match="of the design: found inf in row 2 counted"):
        fit(frame, fixed=":".join(names))


def test_a_large_covariate_beside_others_that_never_meet_it_is_taken() -> None:
    """The product of the largest of either is beyond the limit, that of any one row is not."""
    frame = trial().with_columns(
        u=pl.when(pl.col("id") == "S-01").then(1e49).otherwise(1.0),
        v=pl.when(pl.col("visit") == "v2").then(1e45).otherwise(0.0),
        z=pl.when((pl.col("id") == "S-01") | (pl.col("visit") != "v2")).then(0.0).otherwise(1e20),
    )
    assert fit(frame, fixed="u:v:z").status in {"converged", "rank deficient"}


@pytest.mark.parametrize("formula", ["I(", "C(", "I(x", "`x", "{x"])
def test_a_formula_that_does_not_end_is_told_without_the_colours_of_a_terminal(formula: str) -> None:
    with pytest.raises(FormulaError) as caught:
        fit(trial(), fixed=f"visit + {formula}", trust_formula=True)
    close = {"{": "}", "`": "`"}.get(formula[0], ")")
    assert str(caught.value) == (
        f"Formula 'visit + {formula}' cannot be read: Formula ended before quote context was closed. "
        f"Expected: {close}, in {formula!r}."
    )


@pytest.mark.parametrize("formula", ["I(x[0])", "np.array([1, 2])", "I('a')"])
def test_a_part_of_a_formula_that_is_no_column_is_refused(formula: str) -> None:
    with pytest.raises(FormulaError, match="a part of it does not give one number for each row"):
        fit(trial(), fixed=f"visit + {formula}", trust_formula=True)


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(FormulaError, match="complex numbers; a model needs real ones"):
        fit(trial(), fixed="visit + I(x + 1j)", trust_formula=True)
