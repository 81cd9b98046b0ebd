"""A second test is put into a sentence only where it reads as the first in every comparison."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from funis.documents.table import ids_of
from funis.reporting.agreeing_tests import find_agreeing
from funis.reporting.number_book import Group, NumberBook, read_numbers
from funis.results import NumberList, Place
from funis.study.model import Study

METHODS = ("paired_t", "wilcoxon")


def study(methods: Sequence[str] = METHODS, **more: object) -> Study:
    endpoint = {"id": "fall", "kind": "change", "variable": "sledai_2k", "methods": tuple(methods), **more}
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    return Study.model_validate({"study": trial, "endpoints": (endpoint,)})


def book(*tests: tuple[str, str, float | None, float | None, float | None]) -> NumberBook:
    """Make the numbers of tests: visit, method, estimate, P, adjusted P."""
    numbers = NumberList()
    for visit, method, estimate, p, adjusted in tests:
        place = Place(analysis="test", variable="fall", visit=visit, n=20)
        numbers.add(place, "estimate", estimate, method=method)
        numbers.add(place, "p", p, method=method)
        if adjusted is not None:
            adjusting = replace(place, adjustment="holm")
            numbers.add(adjusting, "p_adjusted", adjusted, method=method)
    return read_numbers(numbers.frame())


def said(numbers: NumberBook, plan: Study | None = None) -> dict[str, str]:
    plan = plan or study()
    groups: list[list[Group]] = [list(numbers.of("test"))]
    found = find_agreeing(plan, numbers, plan.endpoints[0], groups)
    return {name: "".join(part.text for part in line) for name, line in found.items()}


SAME = (("month_3", "paired_t", -3.4, 0.001, 0.002), ("month_3", "wilcoxon", -3.0, 0.02, 0.03))


def test_tests_of_one_direction_and_side_are_one_sentence_with_every_id() -> None:
    numbers = book(*SAME, ("month_6", "paired_t", 1.0, 0.4, 0.4), ("month_6", "wilcoxon", 0.5, 0.06, 0.06))
    assert said(numbers) == {
        "wilcoxon": "Wilcoxon signed-rank test: it led to the same reading as the paired t test (direction, and "
        "side of alpha) in all 2 comparisons."
    }
    plan = study()
    line = find_agreeing(plan, numbers, plan.endpoints[0], [list(numbers.of("test"))])["wilcoxon"]
    own = {each.id for each in numbers.numbers if each.method == "wilcoxon"}
    assert set(ids_of(line)) == own
    assert len(own) == 6


@pytest.mark.parametrize(
    ("estimate", "p", "adjusted"),
    [
        (3.0, 0.02, 0.03),  # another direction
        (0.0, 0.02, 0.03),  # no direction
        (-3.0, 0.05, 0.03),  # not below alpha, raw
        (-3.0, 0.02, 0.05),  # not below alpha, adjusted
        (-3.0, None, None),  # no P
        (None, 0.02, 0.03),  # no direction is known
    ],
)
def test_another_direction_side_or_no_p_keeps_the_rows(
    estimate: float | None, p: float | None, adjusted: float | None
) -> None:
    other = ("month_6", "wilcoxon", estimate, p, adjusted)
    assert said(book(*SAME, ("month_6", "paired_t", -2.0, 0.01, 0.02), other)) == {}


def test_a_comparison_that_only_one_of_them_has_keeps_the_rows() -> None:
    assert said(book(*SAME, ("month_6", "wilcoxon", -2.0, 0.01, 0.02))) == {}
    assert said(book(*SAME, ("month_6", "paired_t", -2.0, 0.01, 0.02))) == {}


def test_the_level_of_the_endpoint_is_the_limit() -> None:
    at_level = study(level=0.99)
    assert said(book(*SAME), study())
    assert said(book(*SAME), at_level) == {}


def test_a_first_test_or_a_single_one_keeps_its_rows() -> None:
    assert said(book(*SAME), study(["wilcoxon", "paired_t"])) == {}
    assert said(book(SAME[1]), study(["wilcoxon"])) == {}
