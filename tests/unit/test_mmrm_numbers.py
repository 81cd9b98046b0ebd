"""Numbers that no fit can use are refused by column and row, with what to do."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.errors import ValueRangeError
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
