"""Whether a measure of an item has improved by half: on the half, just short of it, and without a limit."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from funis.catalogue.model_responder_index import ImprovementMeasure
from funis.responses.responder_measures import has_improved_by_half
from funis.responses.timeline import TimelineVisit

Values = Mapping[str, float | None]


def improved(measures: list[ImprovementMeasure], before: Values, now: Values) -> bool | None:
    visits = [TimelineVisit("1", "visit", 0, values) for values in (now, before)]
    return has_improved_by_half(measures, *visits)


@pytest.mark.parametrize(
    ("before", "now", "answer"),
    [(8, 4, True), (8, 5, False), (8, 0, True), (8, 9, False), (0, 0, None), (-1, 0, None), (1, 0.5, True)],
)
def test_a_count_has_improved_when_it_has_halved(before: float, now: float, *, answer: bool | None) -> None:
    assert improved([ImprovementMeasure("joints")], {"joints": before}, {"joints": now}) is answer


def test_what_is_not_known_is_not_improved() -> None:
    joints = [ImprovementMeasure("joints")]
    assert improved(joints, {"joints": None}, {"joints": 4}) is None
    assert improved(joints, {"joints": 8}, {"joints": None}) is None
    assert improved([], {}, {}) is None


HIGH = ImprovementMeasure("dna", "half_way", "high", Decimal(10))
LOW = ImprovementMeasure("c3", "half_way", "low", "c3_low")


@pytest.mark.parametrize(
    ("before", "now", "answer"),
    # 30 lies 20 above the limit: half of the way back is 20.
    [(30, 20, True), (30, 21, False), (30, 10, True), (30, 5, True), (30, 40, False), (11, 10.5, True)],
)
def test_half_of_the_way_back_to_a_limit_is_gone(before: float, now: float, *, answer: bool) -> None:
    assert improved([HIGH], {"dna": before}, {"dna": now}) is answer


def test_each_visit_has_the_limit_of_its_laboratory() -> None:
    """40 is 60 % below 100; 32 is 60 % below 80, 56 is 30 % below 80: half of the way."""
    assert improved([LOW], {"c3": 40, "c3_low": 100}, {"c3": 56, "c3_low": 80}) is True
    assert improved([LOW], {"c3": 40, "c3_low": 100}, {"c3": 55, "c3_low": 80}) is False


@pytest.mark.parametrize("limit", [None, 0, -1])
def test_without_a_limit_nothing_can_be_told(limit: float | None) -> None:
    assert improved([LOW], {"c3": 40, "c3_low": limit}, {"c3": 90, "c3_low": 100}) is None
    assert improved([LOW], {"c3": 40, "c3_low": 100}, {"c3": 90, "c3_low": limit}) is None


def test_a_small_limit_is_a_limit() -> None:
    assert improved([LOW], {"c3": 0.25, "c3_low": 1}, {"c3": 0.75, "c3_low": 1}) is True


def test_what_was_and_is_normal_says_nothing_beside_another_measure() -> None:
    other = ImprovementMeasure("joints")
    joints = ({"joints": 8}, {"joints": 4})
    assert improved([HIGH, other], joints[0] | {"dna": 10}, joints[1] | {"dna": 9}) is True
    assert improved([HIGH], {"dna": 10}, {"dna": 10}) is None
    # What has newly left the normal range leaves the answer open.
    assert improved([HIGH, other], joints[0] | {"dna": 10}, joints[1] | {"dna": 11}) is None
    # What was never taken is no second opinion; what was taken once is one.
    assert improved([HIGH, other], joints[0] | {"dna": None}, joints[1] | {"dna": None}) is True
    assert improved([HIGH, other], joints[0] | {"dna": 30}, joints[1] | {"dna": None}) is None
    assert improved([HIGH, other], joints[0] | {"dna": None}, joints[1] | {"dna": 30}) is None


def test_two_measures_must_agree() -> None:
    second = ImprovementMeasure("cells")
    both = [ImprovementMeasure("joints"), second]
    assert improved(both, {"joints": 8, "cells": 8}, {"joints": 4, "cells": 4}) is True
    assert improved(both, {"joints": 8, "cells": 8}, {"joints": 4, "cells": 5}) is None
    assert improved(both, {"joints": 8, "cells": 8}, {"joints": 5, "cells": 5}) is False


def test_two_readings_must_agree() -> None:
    """From 30 over a limit of 10: half of the way is 20, half of the level is 15."""
    both = ImprovementMeasure("dna", "both", "high", Decimal(10))
    assert improved([both], {"dna": 30}, {"dna": 15}) is True
    assert improved([both], {"dna": 30}, {"dna": 18}) is None
    assert improved([both], {"dna": 30}, {"dna": 25}) is False
    low = ImprovementMeasure("c3", "both", "low", Decimal(100))
    assert improved([low], {"c3": 40}, {"c3": 70}) is True
    assert improved([low], {"c3": 80}, {"c3": 95}) is None
    assert improved([low], {"c3": 80}, {"c3": 85}) is False
