"""Cells of single visits: what is read at once, and what is left to the way that names every finding."""

from math import inf, isnan
from types import SimpleNamespace
from typing import Any

import pytest

from funis.catalogue.registry import definition
from funis.scoring.visit_cells import NumberColumn, UnusualVisitsError, level_spellings, limits_of

ITEM = NumberColumn("x", 0, 0, not_done=1, lowest=0, highest=2.0**60)
BESIDE = NumberColumn("x", 0, 0)


@pytest.mark.parametrize("cell", [5, 5.0, "5", " 5 ", 2**53])
def test_a_number_is_read_at_once(cell: object) -> None:
    assert ITEM.read(cell) == (float(str(cell).strip()), False)


@pytest.mark.parametrize("cell", [2**53 + 1, True + 2**53, -1, "-1", 2.0**61, "five", "1,5"])
def test_what_a_float_cannot_hold_or_lies_beyond_is_left(cell: object) -> None:
    with pytest.raises(UnusualVisitsError):
        ITEM.read(cell)


def test_the_largest_whole_number_counts_on_both_sides_of_zero() -> None:
    assert BESIDE.read(-(2**53)) == (-(2.0**53), False)
    with pytest.raises(UnusualVisitsError):
        BESIDE.read(-(2**53) - 1)


def test_limits_are_allowed_themselves() -> None:
    narrow = NumberColumn("x", 0, 0, not_done=1, lowest=1, highest=3)
    assert [narrow.read(cell) for cell in (1, 3)] == [(1.0, False), (3.0, False)]
    for cell in (0.999, 3.001):
        with pytest.raises(UnusualVisitsError):
            narrow.read(cell)


@pytest.mark.parametrize("cell", [None, "", "  ", float("nan")])
def test_an_empty_cell_is_no_number_and_not_refused_to_be_done(cell: object) -> None:
    value, is_not_done = ITEM.read(cell)
    assert isnan(value)
    assert not is_not_done


def test_not_done_is_said_of_an_item_only() -> None:
    value, is_not_done = ITEM.read("ND")
    assert isnan(value)
    assert is_not_done
    with pytest.raises(UnusualVisitsError):
        BESIDE.read("ND")


def test_words_for_yes_and_no_are_those_of_an_item_of_two_values() -> None:
    flag = next(item for item in definition("sledai_2k") if item.values == (0, 1))
    spelt = level_spellings(flag)
    assert (spelt["yes"], spelt["no"]) == (1, 0)
    named = next(item for item in definition("egfr_ckd_epi_2021") if item.name == "sex")
    assert level_spellings(named) == {"f": "female", "m": "male"}


@pytest.mark.parametrize(
    ("minimum", "maximum", "limits"),
    [(None, None, (-inf, inf)), (2, None, (2, inf)), (None, 7, (-inf, 7)), (2, 7, (2, 7)), (0, 0, (0, 0))],
)
def test_a_limit_that_a_definition_does_not_say_is_none(
    minimum: float | None, maximum: float | None, limits: tuple[float, float]
) -> None:
    item: Any = SimpleNamespace(minimum=minimum, maximum=maximum)
    assert limits_of(item) == limits
    assert limits_of(None) == (-inf, inf)
