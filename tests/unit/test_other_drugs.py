"""Who was on another drug, began or stopped it: each limit of a course by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import concomitant
from funis.analysis.concomitant import NO, OPEN, YES, DrugAnswers, DrugCourse

GAP = float("nan")


def course(start: float, end: float, subject: int = 0, row: int = 0) -> DrugCourse:
    return DrugCourse(subject, row, start, end, "")


@pytest.mark.parametrize(
    ("courses", "told"),
    [
        # On it on day 0, however long.
        ([(0, GAP)], NO), ([(-30, 0)], NO), ([(0, 3), (5, 9)], NO), ([(-3, 0), (5, 9)], NO), ([(GAP, GAP), (0, 5)], NO),
        # Not on it on day 0 and begun later.
        ([(1, GAP)], YES), ([(1, 3)], YES), ([(-30, -1), (5, GAP)], YES), ([(GAP, -1), (5, 9)], YES),
        ([(-30, -1)], NO), ([(GAP, -1)], NO), ([(0, -1)], NO), ([], NO),
        # Without a first day it may have been on day 0.
        ([(GAP, GAP)], OPEN), ([(GAP, 0)], OPEN), ([(GAP, 0), (5, 9)], OPEN),
    ],
)  # fmt: skip
def test_who_began_a_drug(courses: list[tuple[float, float]], told: int) -> None:
    assert concomitant._has_started([course(*each) for each in courses]) == told


@pytest.mark.parametrize(
    ("courses", "last", "told"),
    [
        ([(-3, 0)], 1, YES), ([(-3, 0)], 0, NO), ([(-3, 5)], 5, NO), ([(-3, 5)], 6, YES),
        # Over before day 0, still going on, or one of several courses lasted longer.
        ([(-3, -1)], 5, NO), ([(-3, GAP)], 5, NO), ([(-3, 5), (1, GAP)], 9, NO),
        ([(-3, 5), (1, 7)], 6, NO), ([(-3, 5), (1, 7)], 8, YES), ([(-9, -1), (-3, 5)], 6, YES),
    ],
)  # fmt: skip
def test_who_stopped_a_drug(courses: list[tuple[float, float]], last: float, told: int) -> None:
    assert concomitant._has_stopped([course(*each) for each in courses], last) == told


@pytest.mark.parametrize(
    ("given", "period"),
    [
        ((-9, -1), "before"), ((GAP, -1), "before"), ((-9, 0), "at_day_0"), ((0, GAP), "at_day_0"),
        ((1, GAP), "after"), ((1, 0), "after"), ((GAP, GAP), "begin_not_recorded"), ((GAP, 0), "begin_not_recorded"),
    ],
)  # fmt: skip
def test_the_period_of_a_course(given: tuple[float, float], period: str) -> None:
    assert concomitant._period(course(*given)) == period


def test_a_course_is_in_force_from_its_first_to_its_last_day() -> None:
    limits = [(10, 20), (11, 20), (0, 10), (0, 9), (GAP, 20), (0, GAP)]
    courses = tuple(course(*each, row=row) for row, each in enumerate(limits))
    found = concomitant._in_force(courses, np.array([10.0]))
    assert [each.row for each in found] == [0, 2, 5]


@pytest.mark.parametrize(
    ("courses", "on"),
    [
        ([(10, 30)], [NO, YES, NO]), ([(30, GAP)], [NO, YES, YES]), ([(31, GAP)], [NO, NO, YES]),
        ([(-9, 29)], [YES, NO, NO]), ([(GAP, 30)], [OPEN, OPEN, NO]), ([(GAP, GAP)], [OPEN, OPEN, OPEN]),
        # What is sure is sure, whichever course stands first.
        ([(GAP, 60), (30, 30)], [OPEN, YES, OPEN]), ([(30, 30), (GAP, 60)], [OPEN, YES, OPEN]),
        ([], [NO, NO, NO]),
    ],
)  # fmt: skip
def test_who_was_on_a_drug_at_which_visit(courses: list[tuple[float, float]], on: list[int]) -> None:
    days = np.array([[0.0, 30.0, 60.0], [0.0, 30.0, 60.0]])
    given = tuple(course(*each, subject=1) for each in courses)
    found = concomitant._answer(given, days, np.ones((2, 3), dtype=np.bool_))
    assert found.on.tolist() == [[NO] * 3, on]
    assert found.started.tolist()[0] == found.stopped.tolist()[0] == NO


@pytest.mark.parametrize(
    ("known", "stopped"),
    [([True, True, True], YES), ([True, True, False], NO), ([False, False, True], YES), ([False] * 3, NO)],
)
def test_only_a_visit_at_which_the_drugs_are_known_tells_that_one_stopped(
    known: list[bool], stopped: int
) -> None:
    days = np.array([[0.0, 30.0, 60.0]])
    found = concomitant._answer((course(-5, 40),), days, np.array([known]))
    assert found.stopped.tolist() == [stopped]
    assert found.started.tolist() == [NO]
    assert concomitant._answer((course(5, 40),), days, np.array([known])).started.tolist() == [YES]


def told(on: list[list[int]], started: list[int], stopped: list[int]) -> DrugAnswers:
    return DrugAnswers(
        on=np.array(on), started=np.array(started), stopped=np.array(stopped), courses=(course(0, 1),)
    )


def test_any_of_several_drugs() -> None:
    days = np.zeros((2, 3))
    first = told([[YES, NO, NO], [OPEN, NO, OPEN]], [NO, OPEN], [YES, NO])
    second = told([[NO, NO, OPEN], [YES, OPEN, NO]], [YES, NO], [NO, NO])
    found = concomitant._any_of((first, second), days)
    assert found.on.tolist() == [[YES, NO, OPEN], [YES, OPEN, OPEN]]
    assert (found.started.tolist(), found.stopped.tolist()) == ([YES, OPEN], [YES, NO])
    assert len(found.courses) == 2
    nothing = concomitant._any_of((), days)
    assert nothing.on.tolist() == [[NO] * 3] * 2
    assert nothing.started.tolist() == nothing.stopped.tolist() == [NO] * 2


@pytest.mark.parametrize(
    ("on", "known", "started", "is_shown"),
    [
        ([NO, NO], [True, True], NO, False), ([NO, YES], [True, False], NO, False), ([NO, YES], [False, True], NO, True),
        ([OPEN, NO], [True, True], NO, True), ([NO, NO], [True, True], YES, True), ([NO, NO], [False, False], OPEN, True),
    ],
)  # fmt: skip
def test_a_drug_that_was_over_before_is_not_listed(
    on: list[int], known: list[bool], started: int, *, is_shown: bool
) -> None:
    assert concomitant._is_concomitant(told([on], [started], [NO]), np.array([known])) is is_shown


def test_drugs_are_gathered_by_their_most_frequent_spelling() -> None:
    rows: list[tuple[Any, ...]] = [
        ("A", "Belimumab", 10.0, "mg/kg", "iv", 1, None, 0),
        ("B", "belimumab", None, "mg", None, -3, 9, 1),
        ("A", " belimumab ", 5.0, None, "sc", None, 4, 2),
        # Glucocorticoid by mouth is counted elsewhere; by vein it is a drug of its own. Z is nobody of the trial.
        ("A", "prednisone", 5.0, "mg/day", "oral", 0, 9, 3),
        ("A", "methylprednisolone", 500.0, "mg/day", "iv", 0, 2, 4),
        ("Z", "belimumab", 10.0, "mg/kg", "iv", 1, 2, 5),
        ("A", None, 1.0, "mg", "oral", 0, 1, 6),
    ]  # fmt: skip
    names = ("subject", "drug", "dose", "unit", "route", "start_day", "end_day", "_row")
    run: Any = SimpleNamespace(
        panel=SimpleNamespace(layout=SimpleNamespace(places={"A": 0, "B": 1})),
        frames={"medications": pl.DataFrame(rows, schema=names, orient="row")},
    )
    found = concomitant._gather(run)
    assert set(found) == {"belimumab", "methylprednisolone, by vein"}
    assert [(each.subject, each.row, each.dose) for each in found["belimumab"]] == [
        (0, 0, "10 mg/kg"), (1, 1, ""), (0, 2, "5"),
    ]  # fmt: skip
    assert [(each.start, each.end) for each in found["belimumab"]][1] == (-3.0, 9.0)
    assert np.isnan(found["belimumab"][0].end)
    assert np.isnan(found["belimumab"][2].start)
