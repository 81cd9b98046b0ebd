"""Courses of treatment in the results: five timelines, each number worked out by hand.

Infusions on days 0 and 7, and again on days 0 and 7 of a course at relapse; visits every three months, each
+- 15 days; a relapse is looked for at months 9 and 12 after a response at month 6. The renal grade is that of
BILAG-2004, every other system is E; SLEDAI-2K is a recorded total.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.every_finding import find_findings
from funis.catalogue.registry import definition
from funis.data.tables import Tables, tables_from_frames
from funis.reporting.course_words import planned_courses_words
from funis.reporting.labels import Labels
from funis.results import Results
from funis.study.course_conditions import find_conditions
from funis.study.courses import later_courses
from funis.study.days import derive_subject_frame
from funis.study.intercurrent import find_intercurrent_events
from funis.study.model import Study

sys.path.insert(0, str(Path(__file__).parent))
files = import_module("test_courses")

MEASURES = """
[instruments.bilag_2004]
missing = "strict"

[instruments.sledai_2k]
missing = "strict"

[populations]
treated = "first_infusion_date IS NOT NULL OR first_infusion_day = 0"

[[endpoints]]
id = "activity"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_6"]
population = "treated"
"""
# Of each subject: study day, visit, renal grade, SLEDAI-2K.
TIMELINES: Mapping[str, list[tuple[int, str, str, int]]] = {
    # Major response, relapse at month 12, infused again ten days later: days 90 and 180 of course 2 follow.
    "S1": [
        (0, "baseline", "A", 12), (92, "month_3", "B", 8), (181, "month_6", "C", 4), (270, "month_9", "C", 4),
        (360, "month_12", "A", 14), (460, "unscheduled", "B", 9), (550, "unscheduled_2", "C", 6),
    ],
    # Major response, relapse at month 9, infused again on day 280: month 12 is day 80 of course 2, day 460 is
    # day 180 of it.
    "S2": [
        (0, "baseline", "A", 10), (90, "month_3", "C", 6), (180, "month_6", "C", 4), (270, "month_9", "A", 10),
        (360, "month_12", "B", 7), (460, "unscheduled", "A", 8),
    ],
    # Response kept, never infused again.
    "S3": [(0, "baseline", "A", 8), (90, "month_3", "C", 4), (180, "month_6", "C", 2), (270, "month_9", "C", 2),
           (360, "month_12", "C", 2)],
    # Relapse at month 9, followed to month 12, not infused again.
    "S4": [(0, "baseline", "A", 9), (90, "month_3", "C", 5), (180, "month_6", "C", 3), (270, "month_9", "A", 9),
           (360, "month_12", "A", 9)],
    # Response kept, infused again on day 200 all the same: days 70 and 160 of course 2 are in no window.
    "S5": [(0, "baseline", "A", 11), (90, "month_3", "C", 7), (180, "month_6", "C", 5), (270, "month_9", "C", 3),
           (360, "month_12", "C", 3)],
}  # fmt: skip
AGAIN = {"S1": 370, "S2": 280, "S5": 200}


@cache
def trial(folder: Path) -> Study:
    study: Study = files.read(folder, files.again("relapse"), files.RELAPSE, MEASURES)
    return study


def tables(study: Study, again: Mapping[str, int] = AGAIN, **more: list[dict[str, Any]]) -> Tables:
    systems = {f"bilag_2004_{system}_recorded": "E" for system in definition("bilag_2004").systems}
    visits = [
        {"subject": subject, "visit": visit, "day": day}
        for subject, own in TIMELINES.items()
        for day, visit, _, _ in own
    ]
    bilag = [
        {"subject": subject, "visit": visit, "day": day, **systems, "bilag_2004_renal_recorded": grade}
        for subject, own in TIMELINES.items()
        for day, visit, grade, _ in own
    ]
    sledai = [
        {"subject": subject, "visit": visit, "day": day, "sledai_2k_recorded": total}
        for subject, own in TIMELINES.items()
        for day, visit, _, total in own
    ]
    given = {
        "subjects": [{"subject": name, "sex": "female", "age": 30, "weight_kg": 60} for name in TIMELINES],
        "visits": visits,
        "bilag_2004": bilag,
        "sledai_2k": sledai,
        "infusions": list(infusions(again)),
    }
    return tables_from_frames(study, given | more, today=date(2026, 1, 1))


def infusions(again: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for name in TIMELINES:
        days = [0, 7] + ([again[name], again[name] + 7] if name in again else [])
        for number, day in enumerate(days, start=1):
            cells = 6e7 if number < 3 else 3e7
            yield {"subject": name, "number": number, "day": day, "cells": cells, "weight_kg": 60}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return trial(tmp_path_factory.mktemp("trial"))


@pytest.fixture(scope="module")
def results(study: Study) -> Results:
    return analyse(study, tables(study))


# --- findings --------------------------------------------------------------------------------------------


def found(study: Study, again: Mapping[str, int]) -> list[tuple[str, str, str]]:
    codes = {"retreated_without_relapse", "missing_infusion", "infusion_outside_window"}
    every = find_findings(study, tables(study, again))
    return [(each.code, each.subject, each.level) for each in every if each.code in codes]


def test_a_course_at_relapse_is_held_against_the_relapses(study: Study) -> None:
    assert found(study, AGAIN) == [
        ("retreated_without_relapse", "S5", "warning"),
        ("missing_infusion", "S4", "warning"),
    ]
    # S1 relapses on day 360, S2 on day 270: the day itself is in time, the day before is not.
    early = {"S1": 359, "S2": 270, "S4": 271}
    assert found(study, early) == [("retreated_without_relapse", "S1", "warning")]
    # S1 is seen after its relapse of day 360, and has no course.
    assert ("missing_infusion", "S1", "warning") in found(study, {"S2": 280, "S4": 280})


def test_the_findings_of_the_report_are_those_of_the_check(study: Study, results: Results) -> None:
    checked = find_findings(study, tables(study))
    assert sorted(map(str, results.findings)) == sorted(map(str, checked))
    assert results.value("deviation.treated.retreated_without_relapse.count") == 1


def test_a_window_after_the_relapse_is_kept(tmp_path: Path) -> None:
    again = files.again("relapse").replace("day = 0\n", "day = 0\nwindow = [0, 14]\n")
    narrow = files.read(tmp_path, again, files.RELAPSE, MEASURES)
    assert found(narrow, {"S1": 374, "S2": 284, "S4": 284}) == []
    assert found(narrow, {"S1": 375, "S2": 284, "S4": 284}) == [("infusion_outside_window", "S1", "warning")]


# --- numbers ---------------------------------------------------------------------------------------------


def test_exposure_is_by_course(results: Results) -> None:
    place = "exposure.treated"
    assert results.value(f"{place}.infusion_2.infused.count") == 5
    assert results.value(f"{place}.course_2_infusion_1.infused.count") == 3
    assert results.value(f"{place}.course_2.infused.count") == 3
    # 60 million cells for 60 kg twice, then 30 million twice.
    assert results.value(f"{place}.course_1.cells_per_kg.mean") == 2e6
    assert results.value(f"{place}.course_2.cells_per_kg.mean") == 1e6
    assert results.value(f"{place}.course_2_infusion_1.within_dose.count") == 3
    # Days 370, 280 and 200.
    assert results.value(f"{place}.course_2.day.median") == 280
    assert results.value(f"{place}.course_2.when_relapse.count") == 3


def test_changes_count_from_the_baseline_of_their_course(results: Results) -> None:
    def value(visit: str, what: str, course: int, statistic: str) -> float | None:
        return results.value(f"course.treated.course_2.{visit}.{what}_course_{course}.{statistic}")

    # Course 2 begins at 14 (S1, month 12), 10 (S2, month 9) and 5 (S5, month 6).
    assert value("baseline", "sledai_2k", 2, "n") == 3
    assert value("baseline", "sledai_2k", 2, "mean") == pytest.approx(29 / 3)
    # Day 90 of S1: 9 - 14 = -5; day 80 of S2: 7 - 10 = -3; S5 has nothing in the window.
    assert value("month_3", "sledai_2k_change", 2, "n") == 2
    assert value("month_3", "sledai_2k_change", 2, "mean") == -4
    # Day 180 of S1: 6 - 14 = -8; day 180 of S2: 8 - 10 = -2.
    assert value("month_6", "sledai_2k_change", 2, "mean") == -5
    # The first course of the same three: 12, 10 and 11; at month 3 -4, -4, -4; at month 6 -8, -6, -6.
    assert value("baseline", "sledai_2k", 1, "mean") == 11
    assert value("month_3", "sledai_2k_change", 1, "mean") == -4
    assert value("month_6", "sledai_2k_change", 1, "mean") == pytest.approx(-20 / 3)
    # The baselines of course 2 were recorded 10, 10 and 20 days before it.
    assert results.value("course.enrolled.course_2.days_baseline_to_course.max") == 20
    # They are described; what days of other patients would be is nobody's question.
    age = "course.enrolled.course_2.days_baseline_to_course."
    told = results.numbers["id"].filter(results.numbers["id"].str.starts_with(age))
    assert set(told) == {age + name for name in ("n", "mean", "sd", "median", "q1", "q3", "min", "max")}


def test_a_number_leads_to_both_values_of_a_change(study: Study, results: Results) -> None:
    numbers = results.numbers
    row = numbers.filter(
        numbers["id"] == "course.treated.course_2.month_6.sledai_2k_change_course_2.mean"
    ).row(0, named=True)
    behind = results.sources.filter(results.sources["source"] == row["source"])
    assert sorted(zip(behind["subject"], behind["visit"], behind["value"], strict=True)) == [
        ("S1", "month_12", 14), ("S1", "unscheduled_2", 6), ("S2", "month_9", 10), ("S2", "unscheduled", 8),
    ]  # fmt: skip


def test_responses_are_judged_again_from_the_baseline_of_a_course(results: Results) -> None:
    place = "course.response.enrolled.course_2.month_6.ucmsc_bilag_response"
    # S1: C on day 180; S2: A; S5 was not seen in the window.
    assert results.value(f"{place}_MCR.count") == 1
    assert results.value(f"{place}_responder.count") == 1
    assert results.value(f"{place}_responder.percent") == 50
    assert results.value(f"{place}_cannot_tell.count") == 1


def test_at_the_baseline_of_a_course_nobody_has_a_class(results: Results) -> None:
    """A class is a change since then: before any change there is at most who counts as a responder."""
    answered = results.numbers.filter(
        analysis="course", subgroup="course_2", variable="ucmsc_bilag_response", statistic="count"
    )
    at = {
        visit: set(answered.filter(answered["visit"] == visit)["category"])
        for visit in ("baseline", "month_6")
    }
    assert at == {"baseline": {"responder"}, "month_6": {"MCR", "PCR", "responder", "cannot tell"}}


def test_a_measure_stands_at_the_visits_of_its_endpoint(results: Results) -> None:
    changes = results.numbers.filter(analysis="course", variable="sledai_2k_change")
    assert set(changes["visit"]) == {"month_3", "month_6"}


def test_a_subgroup_that_is_shown_as_well_leaves_nobody_out(tmp_path: Path) -> None:
    """Everybody is 30 years old. An endpoint of its subgroup alone has nobody, one shown besides all."""
    place = "course.treated.course_2.month_3.sledai_2k_change_course_2.n"
    for alone, wanted in (("", 2), ("subgroup_only = true\n", None)):
        text = f'{MEASURES}subgroups = ["older"]\n{alone}\n[subgroups]\nolder = "age > 60"\n'
        folder = tmp_path / (alone[:1] or "all")
        folder.mkdir()
        study = files.read(folder, files.again("relapse"), files.RELAPSE, text)
        numbers = analyse(study, tables(study)).numbers
        found = numbers.filter(id=place)["value"].to_list()
        assert found == ([] if wanted is None else [wanted])


def test_who_was_infused_again_before_a_visit_is_counted(results: Results) -> None:
    # S5 on day 200, S2 on day 280, S1 after month 12.
    counts = [results.value(f"course.treated.month_{month}.retreated_before.count") for month in (6, 9, 12)]
    assert counts == [0, 1, 2]


def test_without_a_second_course_there_is_no_course(study: Study) -> None:
    alone = analyse(study, tables(study, {}))
    own = alone.numbers.filter(alone.numbers["analysis"] == "course")
    # Three relapsed and none was infused again: that is told, and nothing by course.
    assert set(own["category"]) == {"relapse"}
    assert alone.value("course.treated.condition_met_relapse.count") == 3
    assert alone.value("course.treated.retreated_when_met_relapse.count") == 0


# --- other plans -----------------------------------------------------------------------------------------


def test_a_course_at_a_visit_is_one_for_everybody(tmp_path: Path) -> None:
    study = files.read(tmp_path, files.again("month_6"), files.RELAPSE, MEASURES)
    # Month 6 of everybody lies on day 180 or 181, its window ends on day 195; S5 comes on day 200.
    again = {"S1": 183, "S2": 183, "S3": 180, "S5": 200}
    every = find_findings(study, tables(study, again))
    codes = {"missing_infusion", "infusion_outside_window", "retreated_without_relapse"}
    assert [(each.code, each.subject) for each in every if each.code in codes] == [
        ("missing_infusion", "S4"),
        ("infusion_outside_window", "S5"),
    ]
    numbers = analyse(study, tables(study, again))
    place = "course.treated.course_2"
    # The baseline is month 6: 4 (S1), 4 (S2), 2 (S3), 5 (S5).
    assert numbers.value(f"{place}.baseline.sledai_2k_course_2.mean") == 15 / 4
    # Month 9 on day 270 is day 87, 87 and 90 of course 2, and day 70 of S5: 0, +6, 0.
    assert numbers.value(f"{place}.month_3.sledai_2k_change_course_2.n") == 3
    assert numbers.value(f"{place}.month_3.sledai_2k_change_course_2.mean") == 2
    # Month 12 on day 360 is day 177, 177 and 180: +10, +3, 0; day 160 of S5.
    assert numbers.value(f"{place}.month_6.sledai_2k_change_course_2.mean") == pytest.approx(13 / 3)
    assert numbers.value("exposure.treated.course_2.when_month_6.count") == 4
    # Of the relapses of S1, S2 and S4 those of S1 and S2 are found after their second course.
    assert numbers.value("course.lost.enrolled.relapsed_after_retreatment.count") == 2
    assert numbers.value("course.lost.enrolled.relapsed_after_retreatment.percent") == pytest.approx(200 / 3)


def test_a_course_that_was_written_down_needs_no_plan(tmp_path: Path) -> None:
    study = files.read(tmp_path, files.RELAPSE, MEASURES)
    rows = [{**row, "course": 1 if row["number"] < 3 else 2} for row in infusions(AGAIN)]
    numbers = analyse(study, tables(study, infusions=rows))
    assert numbers.value("exposure.treated.course_2.when_not_planned.count") == 3
    # As with the plan: S1 -5, S2 -3.
    assert numbers.value("course.treated.course_2.month_3.sledai_2k_change_course_2.mean") == -4
    # Without the plan nobody says that the dose is within it.
    assert "exposure.treated.course_2_infusion_1.within_dose.count" not in set(numbers.numbers["id"])


def test_two_arms_have_their_own_courses(tmp_path: Path) -> None:
    arms = '\n[[arms]]\nid = "a"\nname = "A"\n\n[[arms]]\nid = "b"\nname = "B"\ncontrol = true\n'
    study = files.read(tmp_path, files.again("relapse"), files.RELAPSE, MEASURES, arms)
    trial = study.trial.model_copy(update={"design": "parallel"})
    study = study.model_copy(update={"trial": trial})
    people = [
        {"subject": name, "sex": "female", "age": 30, "weight_kg": 60, "arm": "a" if name < "S3" else "b"}
        for name in TIMELINES
    ]
    numbers = analyse(study, tables(study, subjects=people))
    ids = numbers.numbers["id"].to_list()
    (own,) = [each for each in ids if each.endswith("course_2.a.month_3.sledai_2k_change_course_2.mean")]
    assert numbers.value(own) == -4
    # Of arm b only S5 had a second course, and nothing in the window of month 3.
    (other,) = [each for each in ids if each.endswith("course_2.b.month_3.sledai_2k_change_course_2.n")]
    assert numbers.value(other) == 0


def test_an_infusion_of_a_later_course_is_a_reinfusion(study: Study) -> None:
    frames = tables(study).frames
    subjects = derive_subject_frame(study, frames)
    events = find_intercurrent_events(study, frames, subjects)
    found = events.filter(events["event"] == "reinfusion").select("subject", "day").rows()
    assert sorted(found) == [("S1", 370), ("S2", 280), ("S5", 200)]
    # Nobody lacks the second infusion of the first treatment because of a second course.
    assert "second_infusion_missed" not in set(events["event"])
    single = [row for row in infusions(AGAIN) if (row["subject"], row["number"]) != ("S1", 2)]
    lacking = tables(study, infusions=[{**row, "number": 2} if (row["subject"], row["number"]) == ("S1", 3)
                                       else {**row, "number": 3} if (row["subject"], row["number"]) == ("S1", 4)
                                       else row for row in single]).frames  # fmt: skip
    missed = find_intercurrent_events(study, lacking, derive_subject_frame(study, lacking))
    assert missed.filter(missed["event"] == "second_infusion_missed")["subject"].to_list() == ["S1"]


# --- a course by a rule ------------------------------------------------------------------------------------

# Whoever is 5 points above the lowest SLEDAI-2K so far: S1 at month 12 (14 after 4), S2 at month 9 (10 after 4),
# S4 at month 9 (9 after 3); S3 and S5 never are.
RISE = "sledai_2k >= lowest_sledai_2k + 5"
RULE = f'rule = "{RISE}"'


@pytest.fixture(scope="module")
def by_rule(tmp_path_factory: pytest.TempPathFactory) -> Study:
    read: Study = files.read(
        tmp_path_factory.mktemp("rule"), files.again("rule", RULE), files.RELAPSE, MEASURES
    )
    return read


def told(study: Study, again: Mapping[str, int]) -> list[tuple[str, str, str]]:
    codes = {"retreated_without_rule", "missing_infusion", "infusion_outside_window"}
    return [
        (
            each.code,
            each.subject,
            each.message.partition(",")[2].strip() if each.table == "infusions" else each.message,
        )
        for each in find_findings(study, tables(study, again))
        if each.code in codes
    ]


def test_a_course_by_a_rule_is_held_against_the_visits(by_rule: Study) -> None:
    assert told(by_rule, {"S1": 360, "S2": 270, "S4": 270}) == []
    assert told(by_rule, {"S1": 359, "S2": 280, "S5": 200}) == [
        (
            "retreated_without_rule",
            "S1",
            "planned when sledai_2k >= lowest_sledai_2k + 5, and that is first found on study day 360 only.",
        ),
        (
            "retreated_without_rule",
            "S5",
            "planned when sledai_2k >= lowest_sledai_2k + 5, and at no visit it is.",
        ),
        (
            "missing_infusion",
            "S4",
            f"The rule {RISE} holds on study day 270, and the course planned for it is not recorded.",
        ),
    ]


def test_who_met_the_rule_and_who_was_infused_again_is_counted(by_rule: Study) -> None:
    numbers = analyse(by_rule, tables(by_rule)).numbers
    rows = numbers.filter(numbers["variable"].is_in([
        "condition_met", "retreated_when_met", "retreated_without_condition", "condition_cannot_tell",
    ]) & (numbers["statistic"] == "count"))  # fmt: skip
    counted = {row["id"]: row["text"] for row in rows.to_dicts() if row["population"] == "treated"}
    # Three of five met it; S1 and S2 of them were infused again, and S5 without it.
    assert counted == {
        "course.treated.condition_met_rule.count": "3/5 (60.0%)",
        "course.treated.retreated_when_met_rule.count": "2/3 (66.7%)",
        "course.treated.retreated_without_condition_rule.count": "1/3 (33.3%)",
        "course.treated.condition_cannot_tell_rule.count": "0/5 (0.0%)",
    }


def test_what_is_not_recorded_leaves_a_rule_open(by_rule: Study) -> None:
    course = later_courses(by_rule)[0]
    frame = pl.DataFrame(
        {
            "subject": ["a", "a", "a", "b", "c", "d", "d", "d", "e", "e"],
            "visit": [f"visit_{place}" for place in range(10)],
            "day": [0.0, 90, 180, 90, 0, 0, 90, 180, 0, 90],
            "sledai_2k": [9.0, None, 13, 9, 9, 9, 4, 9, 8, 13],
        }
    )  # fmt: skip
    found = find_conditions(by_rule, course, frame)
    # a rises by 4 from its baseline; b has nothing earlier, c was not seen again; 9 is 5 above 4, 13 above 8.
    assert {name: (each.said, each.day) for name, each in sorted(found.items())} == {
        "a": ("no", None), "b": ("cannot tell", None), "c": ("cannot tell", None), "d": ("yes", 180.0),
        "e": ("yes", 90.0),
    }  # fmt: skip


# --- allocated at relapse ----------------------------------------------------------------------------------

AGAIN_OR_NOT = """
[re_randomisation]
at = "relapse"
method = "blocks"
ratio = {again = 1, standard = 1}
control = "standard"
"""
# S1, S2 and S4 relapse. S2 is infused again against its arm; S4 is not allocated; S5 is, without a relapse.
ARMS = {"S1": "again", "S2": "standard", "S5": "again"}


@pytest.fixture(scope="module")
def allocated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Tables]:
    parts = (files.again("relapse"), files.RELAPSE, MEASURES, AGAIN_OR_NOT)
    study: Study = files.read(tmp_path_factory.mktemp("arms"), *parts)
    subjects = [
        {"subject": name, "sex": "female", "age": 30, "weight_kg": 60, "arm": ARMS.get(name)}
        for name in TIMELINES
    ]
    return study, tables(study, {"S1": 370, "S2": 280}, subjects=subjects)


def test_who_is_allocated_at_relapse_is_held_against_the_relapses(allocated: tuple[Study, Tables]) -> None:
    codes = {
        *("allocated_without_relapse", "missing_allocation", "retreated_against_arm"),
        *("retreated_without_relapse", "missing_infusion"),
    }
    found = [(each.code, each.subject) for each in find_findings(*allocated) if each.code in codes]
    # S4 is not allocated: that no course is recorded is no finding of its own.
    assert sorted(found) == [
        ("allocated_without_relapse", "S5"), ("missing_allocation", "S4"), ("retreated_against_arm", "S2"),
    ]  # fmt: skip


def test_arms_at_relapse_are_counted_of_those_who_relapsed(allocated: tuple[Study, Tables]) -> None:
    results = analyse(*allocated)
    told = {
        name: results.numbers.filter(pl.col("id") == f"course.treated.{name}.count")["text"].to_list()
        for name in (
            "condition_met_relapse", "allocated_at_relapse_again", "allocated_at_relapse_standard",
            "retreated_in_arm_again", "retreated_in_arm_standard",
        )
    }  # fmt: skip
    assert told == {
        "condition_met_relapse": ["3/5 (60.0%)"],
        "allocated_at_relapse_again": ["1/3 (33.3%)"], "allocated_at_relapse_standard": ["1/3 (33.3%)"],
        "retreated_in_arm_again": ["1/2 (50.0%)"], "retreated_in_arm_standard": ["1/1 (100.0%)"],
    }  # fmt: skip
    words = list(planned_courses_words(Labels(allocated[0]), with_tolerance=False))
    assert (
        "allocated to it at random (in permuted blocks, again 1 : standard 1; standard without it)"
        in words[0]
    )


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('control = "standard"', 'control = "placebo"', "re_randomisation.control"),
        (", standard = 1", "", "re_randomisation.ratio"),
        ('method = "blocks"', 'method = "minimisation"', "re_randomisation.method"),
        ('method = "blocks"', 'method = "blocks"\nblinded = "investigator"', "re_randomisation.blinded"),
    ],
)
def test_an_allocation_at_relapse_that_cannot_be_is_refused(
    old: str, new: str, key: str, tmp_path: Path
) -> None:
    assert old in AGAIN_OR_NOT
    found = files.refused(tmp_path, files.again("relapse"), files.RELAPSE, AGAIN_OR_NOT.replace(old, new))
    assert key in {place for place, _ in found}


def test_nobody_is_allocated_at_a_relapse_that_begins_no_course(tmp_path: Path) -> None:
    found = files.refused(tmp_path, files.RELAPSE, AGAIN_OR_NOT)
    assert (
        "re_randomisation.at",
        "No infusion is planned at relapse, which one of the arms would get.",
    ) in found
