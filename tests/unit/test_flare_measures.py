"""The numbers that the watch for new activity gives after the visit judged: flares and days without one."""

from decimal import Decimal

import polars as pl

from funis.catalogue.instrument_tables import organ_systems
from funis.catalogue.registry import response_definition
from funis.responses.assessment import Assessment
from funis.responses.bilag_timeline import measure_flare_free_days, measure_flares_after
from funis.responses.timeline import build_timelines
from funis.responses.verdict import Span

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
