"""Courses of treatment in the study file and in the data: which infusion is of which course, and what is wrong.

The trial of these tests infuses on days 0 and 7 (+- 1), sees its subjects at months 3 (day 90), 6 (180), 9
(270) and 12 (360), each +- 15 days, and infuses again at month 6, or at relapse, on days 0 and 7 (+- 2) of the
course with half of the dose.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from funis.data.tables import tables_from_frames
from funis.errors import Finding, StudyError
from funis.study.courses import first_due, first_treatment, later_courses, place_infusions, relapse_behind
from funis.study.model import Study
from funis.study.read import read_study

TODAY = date(2026, 1, 1)
HEAD = """
[study]
id = "X"
title = "X"
condition = "sle"
design = "single_arm"

[[visits]]
name = "baseline"
day = 0
window = [-28, 0]
"""
VISITS = "".join(
    f'\n[[visits]]\nname = "month_{month}"\nday = {30 * month}\nwindow = [-15, 15]\n'
    for month in (3, 6, 9, 12)
)
FIRST = """
[[infusions]]
day = 0
cells_per_kg = 1e6

[[infusions]]
day = 7
window = [-1, 1]
cells_per_kg = 1e6
"""
RELAPSE = """
[[endpoints]]
id = "response"
kind = "response"
definition = "ucmsc_bilag_response"
at = "month_6"

[[endpoints]]
id = "lost"
kind = "relapse"
definition = "ucmsc_bilag_response"
at = ["month_9", "month_12"]
"""


def again(when: str, *more: str) -> str:
    """Two infusions of a later course."""
    first, second = (
        f'\n[[infusions]]\nwhen = "{when}"\nday = {day}\ncells_per_kg = 5e5\n' + "\n".join(more) + "\n"
        for day in (0, 7)
    )
    return first + second + "window = [-2, 2]\n"


def read(folder: Path, *parts: str) -> Study:
    file = folder / "study.toml"
    file.write_text(HEAD + VISITS + FIRST + "".join(parts), encoding="utf-8")
    return read_study(file)


def refused(folder: Path, *parts: str) -> list[tuple[str, str]]:
    with pytest.raises(StudyError) as caught:
        read(folder, *parts)
    return [(finding.column, finding.message) for finding in caught.value.findings]


# --- the study file --------------------------------------------------------------------------------------


def test_a_course_at_a_visit_and_one_at_relapse_are_read(tmp_path: Path) -> None:
    study = read(tmp_path, again("month_6"), again("relapse"), RELAPSE)
    assert [infusion.day for infusion in first_treatment(study)] == [0, 7]
    month_6, relapse = later_courses(study)
    assert [(each.when, len(each.infusions)) for each in (month_6, relapse)] == [
        ("month_6", 2),
        ("relapse", 2),
    ]
    behind = relapse_behind(study)
    assert behind is not None
    assert behind.id == "lost"
    # A relapse is looked for at months 9 and 12: not before day 270.
    assert (first_due(study, month_6), first_due(study, relapse)) == (180, 270)


def test_a_relapse_is_looked_for_after_its_response(tmp_path: Path) -> None:
    study = read(
        tmp_path, again("relapse"), RELAPSE.replace('at = ["month_9", "month_12"]', 'at = "month_12"')
    )
    assert first_due(study, later_courses(study)[0]) == 360


@pytest.mark.parametrize(
    ("parts", "key", "message"),
    [
        ([again("rule")], "infusions[3].rule", "none stands"),
        ([again("rule", 'rule = "sledai_2k >= 10"')], "infusions[3].rule", "There is no column 'sledai_2k' here."),
        ([again("rule", 'rule = "day"')], "infusions[3].rule", "A rule answers yes or no"),
        ([again("month_6", 'rule = "day > 90"')], "infusions[3].rule", "no meaning without when"),
        ([again("rule", 'rule = "day > 90"').replace("day > 90", "day > 80", 1)], "infusions[3].rule", "several stand"),
        ([again("month_7")], "infusions[3].when", "There is no visit of this name."),
        ([again("baseline")], "infusions[3].when", "This visit is not after the first treatment"),
        ([again("relapse")], "infusions[3].when", "no endpoint of kind relapse"),
        ([again("month_6", 'relapse = "lost"'), RELAPSE], "infusions[3].relapse", "no meaning without when"),
        ([again("relapse", 'relapse = "last"'), RELAPSE], "infusions[3].relapse", "no endpoint of kind relapse"),
        (
            [again("relapse"), RELAPSE, RELAPSE.replace('"response"', '"again"', 1).replace('"lost"', '"late"')],
            "infusions[3].relapse",
            "the study has several",
        ),
        ([again("month_6").replace("day = 0", "day = 180")], "infusions[3].day", "not on day 0"),
        ([again("month_6").replace("day = 7", "day = 0")], "infusions[4].day", "Day 0 stands after day 0."),
        ([again("month_6"), FIRST.replace("day = 0", "day = 20")], "infusions[5].when", "do not stand together"),
        ([again("month_6").replace("day = 7", "day = 95"), again("month_9")], "infusions[5].when", "has ended, on day 275."),
    ],
)  # fmt: skip
def test_what_begins_no_course_is_refused(
    parts: Sequence[str], key: str, message: str, tmp_path: Path
) -> None:
    found = refused(tmp_path, *parts)
    assert [said for place, said in found if place == key and message in said], found


def test_two_relapses_are_told_apart_by_name(tmp_path: Path) -> None:
    other = RELAPSE.replace('"response"', '"again"', 1).replace('"lost"', '"late"')
    study = read(tmp_path, again("relapse", 'relapse = "late"'), RELAPSE, other)
    behind = relapse_behind(study)
    assert behind is not None
    assert behind.id == "late"


# --- which infusion is of which course -------------------------------------------------------------------


def courses(
    study: Study, days: Mapping[int, int | None], given: Sequence[int | None] = ()
) -> list[tuple[int, int]]:
    """Course and position of infusions of one subject, by number and day."""
    written = given or [None] * len(days)
    rows = [
        {"subject": "S1", "number": number, "day": day, "course": course}
        for (number, day), course in zip(days.items(), written, strict=True)
    ]
    return [(each.course, each.position) for each in place_infusions(study, rows)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # As planned.
        ({1: 0, 2: 7, 3: 181, 4: 188}, [(1, 1), (1, 2), (2, 1), (2, 2)]),
        # The second infusion was not given: day 181 is nearer to day 180 than to day 7.
        ({1: 0, 2: 181, 3: 188}, [(1, 1), (2, 1), (2, 2)]),
        # It was given late: day 93 lies 86 days after day 7 and 87 before day 180.
        ({1: 0, 2: 93}, [(1, 1), (1, 2)]),
        ({1: 0, 2: 94}, [(1, 1), (2, 1)]),
        # A third one on day 14 begins the next course, and is told to lie outside its window.
        ({1: 0, 2: 7, 3: 14}, [(1, 1), (1, 2), (2, 1)]),
        # Nothing more is planned after course 2: a fifth infusion is its third.
        ({1: 0, 2: 7, 3: 181, 4: 188, 5: 300}, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]),
        # Without days the numbers decide.
        ({1: None, 2: None, 3: None, 4: None}, [(1, 1), (1, 2), (2, 1), (2, 2)]),
    ],
)  # fmt: skip
def test_an_infusion_is_of_the_course_whose_days_are_near(
    days: Mapping[int, int | None], expected: list[tuple[int, int]], tmp_path: Path
) -> None:
    study = read(tmp_path, again("month_6"))
    assert courses(study, days) == expected


def test_without_a_later_course_all_infusions_are_of_the_first(tmp_path: Path) -> None:
    assert courses(read(tmp_path), {1: 0, 2: 7, 3: 200}) == [(1, 1), (1, 2), (1, 3)]


def test_written_courses_are_taken_where_they_can_be(tmp_path: Path) -> None:
    study = read(tmp_path, again("month_6"))
    days = {1: 0, 2: 7, 3: 14, 4: 181}
    assert courses(study, days, [1, 1, 1, 2]) == [(1, 1), (1, 2), (1, 3), (2, 1)]
    # Not from 1, with a gap, or not of every infusion: the plan and the days decide.
    for wrong in ([2, 2, 2, 3], [1, 1, 1, 3], [1, 1, None, 2], [1, 2, 1, 2]):
        assert courses(study, days, wrong) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert courses(read(tmp_path), days, [1, 1, 1, 2]) == [(1, 1), (1, 2), (1, 3), (2, 1)]


def test_of_two_planned_courses_an_infusion_opens_that_of_its_visit(tmp_path: Path) -> None:
    study = read(tmp_path, again("month_6"), again("relapse"), RELAPSE)
    plans = {}
    for name, days in {"S1": (0, 7, 190, 197, 280, 287), "S2": (0, 7, 280, 287)}.items():
        rows = [
            {"subject": name, "number": number, "day": day, "course": None}
            for number, day in enumerate(days, start=1)
        ]
        placed = place_infusions(study, rows)
        plans[name] = [each.plan.when for each in placed if each.plan is not None and each.position == 1]
    assert plans == {"S1": ["", "month_6", "relapse"], "S2": ["", "relapse"]}


# --- findings --------------------------------------------------------------------------------------------


def check(
    study: Study,
    infusions: Sequence[tuple[int, int, float]],
    *,
    courses: Sequence[int | None] = (),
    last: int = 360,
    left: int | None = None,
) -> list[Finding]:
    """Check one subject of 60 kg: number, day and cells of each infusion; seen last on a day."""
    rows: list[dict[str, object]] = [
        {"subject": "S1", "number": number, "day": day, "cells": cells, "weight_kg": 60}
        for number, day, cells in infusions
    ]
    for row, course in zip(rows, courses, strict=False):
        row["course"] = course
    visits = [
        {"subject": "S1", "visit": "baseline", "day": 0},
        {"subject": "S1", "visit": "month_12", "day": last},
    ]
    ended = [{"subject": "S1", "status": "withdrew", "day": left}] if left is not None else []
    tables = {
        "subjects": [{"subject": "S1", "sex": "female", "age": 30, "consent_date": "2020-01-01"}],
        "infusions": rows,
        "visits": visits,
        "disposition": ended,
    }
    found = tables_from_frames(study, tables, today=TODAY).findings
    wanted = {"infusions"}
    return [each for each in found if each.table in wanted or each.code == "missing_infusion"]


FULL, HALF = 6e7, 3e7
PLANNED = [(1, 0, FULL), (2, 7, FULL), (3, 185, HALF), (4, 192, HALF)]


def changed(
    place: int, *, day: int | None = None, cells: float | None = None
) -> list[tuple[int, int, float]]:
    number, old_day, old_cells = PLANNED[place]
    new = (number, old_day if day is None else day, old_cells if cells is None else cells)
    return [*PLANNED[:place], new, *PLANNED[place + 1 :]]


@pytest.mark.parametrize(
    ("infusions", "expected"),
    [
        (PLANNED, []),
        # Month 6 is day 165 to 195.
        ([*changed(2, day=165)[:3], (4, 172, HALF)], []),
        ([*changed(2, day=164)[:3], (4, 171, HALF)], [("infusion_outside_window", "day")]),
        # The second infusion of the course is 7 +- 2 days after its first, on day 185.
        (changed(3, day=194), []),
        (changed(3, day=195), [("infusion_outside_window", "day")]),
        # 60 kg x 5e5 +- 20 %: a full dose is too much in the second course.
        (changed(2, cells=3.6e7), []),
        (changed(2, cells=FULL), [("dose_outside_tolerance", "cells")]),
        (changed(0, cells=HALF), [("dose_outside_tolerance", "cells")]),
        (PLANNED[:3], [("missing_infusion", "subject")]),
        (PLANNED[:2], [("missing_infusion", "subject")]),
        ([*PLANNED, (5, 199, HALF)], [("unplanned_infusion", "number")]),
        ([*PLANNED[:3], (4, 180, HALF)], [("infusion_outside_window", "day"), ("infusion_order", "number")]),
    ],
)  # fmt: skip
def test_infusions_of_a_later_course_are_held_against_its_plan(
    infusions: list[tuple[int, int, float]], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    found = check(read(tmp_path, again("month_6")), infusions)
    assert [(each.code, each.column) for each in found] == expected


def test_a_course_is_missed_by_who_was_there_on_its_last_day(tmp_path: Path) -> None:
    study = read(tmp_path, again("month_6"))
    # The window of month 6 closes on day 195.
    for last, left, is_missed in ((195, None, True), (194, None, False), (360, 194, False), (360, 195, True)):
        found = check(study, PLANNED[:2], last=last, left=left)
        assert [each.message for each in found] == (
            ["The course at Month 6 (day 180) is not recorded."] if is_missed else []
        ), (last, left)


@pytest.mark.parametrize(
    ("given", "last_day", "missed"),
    [
        # Infusion 2 may be as late as day 8; a course with a window of its own as late as 4 days after month 6, day 180.
        (PLANNED[:1], 8, "Infusion 2 (day 7) is not recorded."),
        (PLANNED[:2], 184, "The course at Month 6 (day 180) is not recorded."),
        # Its second infusion is due 7 + 2 days after its first, on day 185.
        (PLANNED[:3], 194, "Infusion 2 of course 2 is not recorded."),
    ],
)
def test_an_infusion_is_missed_from_its_last_day_on(
    given: list[tuple[int, int, float]], last_day: int, missed: str, tmp_path: Path
) -> None:
    study = read(tmp_path, again("month_6").replace("day = 0\n", "day = 0\nwindow = [-3, 4]\n", 1))
    for last, expected in ((last_day, [missed]), (last_day - 1, [])):
        found = [each for each in check(study, given, last=last) if each.code == "missing_infusion"]
        assert [each.message for each in found] == expected
        for each in found:
            assert (each.level, each.table, each.line, each.column, each.value) == (
                "warning", "subjects", 1, "subject", "S1",
            )  # fmt: skip


def test_written_courses_are_held_against_numbers_and_days(tmp_path: Path) -> None:
    study = read(tmp_path, again("month_6"))
    assert check(study, PLANNED, courses=[1, 1, 2, 2]) == []
    assert [each.code for each in check(study, PLANNED, courses=[1, 1, 3, 3])] == ["course_order"]
    assert [each.code for each in check(study, PLANNED, courses=[1, 1, None, 2])] == ["course_order"]
    found = check(study, PLANNED, courses=[1, 2, 3, 3])
    # Day 7 is not of a second course, and a third is not planned.
    assert {each.code for each in found} >= {"course_contradicts_plan", "unplanned_infusion"}


def test_a_course_that_nobody_planned_is_told_as_such(tmp_path: Path) -> None:
    found = check(read(tmp_path), PLANNED, courses=[1, 1, 2, 2])
    assert [each.code for each in found] == ["unplanned_infusion", "unplanned_infusion"]
    assert "Of course 2 nothing is planned" in found[0].fix
