"""Days of a response count from the first infusion; a date or a word is refused in our own words."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ValueRangeError


def respond(days: list[Any], **columns: list[Any]) -> pl.DataFrame:
    visits = {"subject": ["01", "01"], "visit": ["first", "second"], "day": days, "essdai": [9, 5]}
    return funis.respond(pl.DataFrame(visits | columns), "essdai_mcii")


def test_numbers_and_numbers_in_text_are_days() -> None:
    assert respond([0, 180])["response"].to_list() == ["yes"]
    assert respond(["0", "180.0"])["response"].to_list() == ["yes"]


@pytest.mark.parametrize("days", [[date(2020, 1, 1), date(2020, 7, 1)], ["0", "month 6"]])
def test_a_date_or_a_word_is_no_day(days: list[Any]) -> None:
    with pytest.raises(
        ValueRangeError, match=r"day of subject 01.*a number of days since the first infusion"
    ):
        respond(days)


def test_a_date_of_death_is_no_day() -> None:
    with pytest.raises(ValueRangeError, match=r"death_day of subject 01.*number of days"):
        respond([0, 180], death_day=[date(2020, 3, 1), None])


def test_every_visit_after_day_0_is_judged() -> None:
    visits = {
        "subject": ["01"] * 4,
        "visit": ["early", "first", "second", "third"],
        "day": [-7, 0, 1, 30],
        "essdai": [9, 9, 7, 5],
    }
    found = funis.respond_by_visit(pl.DataFrame(visits), "essdai_mcii")
    assert found.select("response_visit", "response").rows() == [("second", "no"), ("third", "yes")]
