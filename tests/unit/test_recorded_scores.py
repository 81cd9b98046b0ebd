"""Recorded totals in the place of scores: where they are taken, and under which policy their numbers stand."""

from typing import Any

import polars as pl

from funis.analysis.recorded_scores import take_recorded
from funis.catalogue.registry import definition

SSDAI = definition("ssdai")


def scored(**columns: list[Any]) -> pl.DataFrame:
    """Three visits of which the first two have the item and a score."""
    given: dict[str, list[Any]] = {
        "fatigue": [1, 0, None],
        "ssdai": [4.0, 2.0, None],
        "ssdai_status": ["complete", "complete", "missing"],
        "ssdai_active": [0, 0, None],
    }
    kinds = {"fatigue": pl.Int64, "ssdai": pl.Float64, "ssdai_recorded": pl.Float64}
    given |= columns
    return pl.DataFrame(given, schema_overrides={name: kinds[name] for name in given if name in kinds})


def test_a_total_is_taken_where_no_item_is() -> None:
    frame, policies = take_recorded(scored(ssdai_recorded=[9, None, 7]), SSDAI, "strict")
    assert frame["ssdai"].to_list() == [4.0, 2.0, 7.0]
    assert frame["ssdai_status"].to_list() == ["complete", "complete", "as_recorded"]
    # Active is 5 or more.
    assert frame["ssdai_active"].to_list() == [0, 0, 1]
    assert policies == {"ssdai": "strict_or_recorded"}


def test_totals_alone_are_as_recorded() -> None:
    frame, policies = take_recorded(
        scored(fatigue=[None] * 3, ssdai=[None] * 3, ssdai_recorded=[9, None, 7]), SSDAI, "strict"
    )
    assert frame["ssdai"].to_list() == [9.0, None, 7.0]
    assert policies == {"ssdai": "as_recorded"}


def test_a_total_that_is_taken_nowhere_leaves_everything_as_it_was() -> None:
    for columns in ({}, {"ssdai_recorded": [9, 3, None]}, {"ssdai_recorded": [None] * 3}):
        given = scored(**columns)
        frame, policies = take_recorded(given, SSDAI, "strict")
        assert policies == {}
        assert frame.equals(given)
