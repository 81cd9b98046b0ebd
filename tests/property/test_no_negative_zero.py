"""No number of an output is a zero with a sign, whatever arithmetic left behind it."""

import math

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from tests.story.report_kinds import analysed

from funis.results import NumberList, Place, format_column, format_number, format_shortest
from funis.results.sources import SOURCE_COLUMNS, SourceList
from funis.spreadsheets import render_csv

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def is_negative_zero(value: float | None) -> bool:
    return value == 0 and value is not None and math.copysign(1.0, value) < 0


def is_printed_with_a_sign(text: str) -> bool:
    return text[:1] in {"-", "−"} and not text.strip("-−0.")


@given(NUMBERS, NUMBERS)
@example(-0.0, -0.0)
@example(-1e-300, -0.0)
def test_a_number_enters_the_results_without_the_sign_of_zero(value: float, delta: float) -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="test", variable="x", delta=delta), "estimate", value)
    frame = numbers.frame()
    (row,) = frame.to_dicts()
    assert (row["value"], row["delta"]) == (value, delta)
    assert not is_negative_zero(row["value"])
    assert not is_negative_zero(row["delta"])
    assert not any(map(is_printed_with_a_sign, render_csv(frame).splitlines()[1].split(",")))


@given(st.lists(NUMBERS | st.none(), min_size=1))
@example([-0.0, 0.0, None])
@example([-0.0, None])
def test_a_recorded_value_has_no_signed_zero(values: list[float | None]) -> None:
    column = pl.Series("value", values, dtype=pl.Float64)
    texts = format_column(column).to_list()
    assert not any(is_printed_with_a_sign(text) for text in texts if text is not None)
    schema = {name: kind for name, kind in SOURCE_COLUMNS.items() if name != "source"}
    rows = pl.DataFrame({"value": column}).with_columns(
        pl.lit(None, kind).alias(name) for name, kind in schema.items() if name != "value"
    )
    sources = SourceList()
    sources.add("all", range(len(values)))
    kept = sources.keep(rows.select(list(schema))).frame()["value"].to_list()
    assert kept == values
    assert not any(map(is_negative_zero, kept))


@given(NUMBERS, st.integers(0, 9))
@example(-0.0, 0)
@example(-0.0004, 3)
def test_no_number_is_printed_as_a_negative_zero(value: float, digits: int) -> None:
    assert not is_printed_with_a_sign(format_number(value, digits))
    assert not is_printed_with_a_sign(format_shortest(value))


def test_the_limit_of_an_influence_that_is_zero_has_no_sign_in_the_files() -> None:
    """Titres of the second arm change so that an upper limit is exactly zero, reached from below."""
    _, results = analysed("two_arms")
    key = "influence.antibodies.treated.B.month_12.ana_change_subject.upper.mean"
    assert str(results.value(key)) == "0.0"
    for frame in (results.numbers, results.sources):
        for column in frame.select(pl.selectors.float()).iter_columns():
            assert not any(map(is_negative_zero, column))
