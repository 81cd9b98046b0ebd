"""The numbers that the watch for new activity gives after the visit judged: flares and days without one."""

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from funis.catalogue.instrument_tables import organ_systems
from funis.catalogue.registry import response_definition
from funis.responses.assessment import Assessment
from funis.responses.bilag_timeline import (
    describe_activity,
    measure_flare_free_days,
    measure_flares_after,
    new_activity,
    severe_flare,
)
from funis.responses.timeline import build_timelines
from funis.responses.verdict import Span, Verdict

DAYS = {"baseline": 0, "week_24": 168, "week_36": 252, "week_52": 364}


def assess(grades: tuple[str | None, ...], **events: int) -> Assessment:
    """Assess one subject at week 24; one grade of one system a visit, two letters where it lies between."""
    rows = []
    for (name, day), grade in zip(DAYS.items(), grades, strict=True):
        ends = (None, None) if grade is None else (grade[0], grade[-1])
        only = grade if ends[0] == ends[1] else None
        columns = ("bilag_2004_renal", "bilag_2004_renal_lower", "bilag_2004_renal_upper")
        rows.append(
            {"subject": "1", "visit": name, "day": day} | dict(zip(columns, (only, *ends), strict=True))
        )
        rows[-1] |= events
        quiet = dict.fromkeys(organ_systems("bilag_2004"), "E")
        rows[-1] = {f"bilag_2004_{system}": letter for system, letter in quiet.items()} | rows[-1]
        if grade is None:
            rows[-1] |= {f"bilag_2004_{system}": None for system in quiet}
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    definition = response_definition("explorer_response")
    systems = cohort.systems("bilag_2004")
    (timeline,) = cohort.timelines
    return Assessment(
        definition, definition.settle({}), cohort, timeline, "week_24", 168.0, timeline.find("week_24"),
        timeline.find("baseline"), systems, cohort.expected(systems, "bilag_2004"),
    )  # fmt: skip


def days(low: int, high: int | None) -> Span:
    return Span(Decimal(low), None if high is None else Decimal(high))


def flares(assessment: Assessment) -> Span:
    return measure_flares_after(assessment, ("instrument",)).span


def flare_free_days(assessment: Assessment) -> Span:
    return measure_flare_free_days(assessment, ("instrument",)).span


def test_flares_are_one_none_or_either() -> None:
    assert flares(assess(("A", "C", "C", "A"))) == days(1, 1)
    assert flares(assess(("A", "C", "C", "C"))) == days(0, 0)
    assert flares(assess(("A", "C", "C", None))) == days(0, 1)


def test_a_death_closes_the_gap_before_it() -> None:
    """Where visits beside a gap close it: after week 36 without grades nothing is to be seen of who died on day 300."""
    due = {"week_36": 252.0, "week_52": 364.0}

    def seen(*grades: str | None, **events: int) -> Span:
        return flares(replace(assess(grades, **events), expected=due))

    assert seen("A", "C", None, None, death_day=300) == days(0, 0)
    assert seen("A", "C", None, "C") == days(0, 0)
    # Who is alive lacks weeks 36 and 52: two visits in a row without grades are a response not maintained.
    assert seen("A", "C", None, None, lost_day=300) == days(1, 1)


def test_a_or_b_over_a_grade_that_is_surely_low_is_a_flare() -> None:
    # Which of B and A, and which of E, D and C, is not known: new activity all the same. Over a B it may be none.
    assert flares(assess(("A", "EC", "BA", "C"))) == days(1, 1)
    assert flares(assess(("A", "EB", "BA", "C"))) == days(0, 1)


def test_days_end_with_a_flare_or_death_and_not_with_the_last_sight_of_a_subject() -> None:
    # 364 - 168 = 196 days; the flare at week 36 comes after 84
    assert flare_free_days(assess(("A", "C", "C", "C"))) == days(196, None)
    assert flare_free_days(assess(("A", "C", "B", "C"))) == days(84, 84)
    assert flare_free_days(assess(("A", "C", "C", None), death_day=300)) == days(84, 132)
    assert flare_free_days(assess(("A", "C", "C", None), lost_day=300)) == days(84, None)


def test_the_words_about_new_activity_name_both_grades() -> None:
    one = assess(("A", "EC", "A", "C"))
    now, before = one.timeline.find("week_36"), one.timeline.find("week_24")
    assert now is not None
    assert describe_activity(one, now, before) == "renal E to C -> A"
    single = assess(("A", "C", "B", "C"))
    now = single.timeline.find("week_36")
    assert now is not None
    assert describe_activity(single, now, single.timeline.find("week_24")) == "renal C -> B"
    assert (
        describe_activity(single, now, single.timeline.find("baseline"))
        == "a new A or B in one of several systems"
    )


def two_systems(*visits: str, **chosen: bool) -> Assessment:
    """Assess a subject at week 24 by two systems, each visit such as ``C BA``: the one C, the other B or A."""
    rows = []
    for (name, day), text in zip(DAYS.items(), visits, strict=False):
        row: dict[str, object] = {f"bilag_2004_{system}": "E" for system in organ_systems("bilag_2004")}
        row |= {"subject": "1", "visit": name, "day": day}
        for system, letters in zip(("renal", "mucocutaneous"), text.split(), strict=True):
            column = f"bilag_2004_{system}"
            row |= {column: letters if len(letters) == 1 else None}
            row |= {f"{column}_lower": letters[0], f"{column}_upper": letters[-1]}
        rows.append(row)
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    definition = response_definition("explorer_response")
    systems = cohort.systems("bilag_2004")
    (timeline,) = cohort.timelines
    return Assessment(
        definition, definition.settle({}) | chosen, cohort, timeline, "week_24", 168.0, timeline.find("week_24"),
        timeline.find("baseline"), systems, cohort.expected(systems, "bilag_2004"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "severe"),
    [
        ("C C", "A C", True), ("B C", "A C", True), ("A C", "A C", False), ("C C", "B C", False), ("C C", "B B", True),
        ("B C", "B B", False), ("C C", "BA B", True), ("C C", "BA BA", True), ("C C", "BA C", None), ("C C", "CB B", None),
        ("CB C", "B B", None), ("CB C", "BA C", None), ("C C", "CB C", False), ("E D", "BA BA", True), ("E E", "D C", False),
        # A or B over C or B: a B over a B would be nothing new.
        ("CB CB", "BA BA", None), ("A A", "BA BA", False),
    ],
)  # fmt: skip
def test_a_new_a_or_two_new_b_are_a_severe_flare(before: str, now: str, *, severe: Verdict) -> None:
    one = two_systems(before, now)
    first, second = one.timeline.visits
    assert severe_flare(one, second, first) is severe


@pytest.mark.parametrize(
    ("base", "before", "now", "is_new", "is_new_unless_returning"),
    [
        ("C C", "C C", "A C", True, True), ("C C", "C C", "B C", True, True), ("B C", "C C", "B C", True, False),
        ("A C", "C C", "B C", True, False), ("B C", "C C", "A C", True, True), ("B C", "C C", "BA C", True, None),
        ("C C", "C C", "BA C", True, None), ("C C", "C C", "CB C", None, None), ("B C", "C C", "CB C", None, False),
        ("CB C", "C C", "B C", True, None), ("C C", "C C", "C C", False, False), ("C C", "B C", "B C", False, False),
        ("C C", "CB C", "B C", None, None), ("B C", "C C", "B B", True, True),
    ],
)  # fmt: skip
def test_whether_a_b_that_was_there_at_baseline_is_new_again_is_a_choice(
    base: str, before: str, now: str, *, is_new: Verdict, is_new_unless_returning: Verdict
) -> None:
    for returning, expected in ((True, is_new), (False, is_new_unless_returning)):
        one = two_systems(base, before, now, returning_b_is_new=returning)
        _, second, third = one.timeline.visits
        assert new_activity(one, third, second) is expected
