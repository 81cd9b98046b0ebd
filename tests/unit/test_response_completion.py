"""A response is settled where every way of filling the missing grades gives the same class."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import response_definition
from funis.responses import completion
from funis.responses.assessment import Assessment
from funis.responses.decide import Decision
from funis.responses.timeline import build_timelines

SYSTEMS = ("mucocutaneous", "musculoskeletal", "renal")
QUIET = {f"bilag_2004_{system}": "E" for system in funis.definition("bilag_2004").systems}


def respond(name: str, visits: dict[int, str], **columns: list[Any]) -> dict[str, Any]:
    """Ask for the response of one subject: a string of grades a visit, - where one is missing."""
    rows = [
        QUIET
        | {"subject": "01", "visit": f"day_{day}", "day": day}
        | {f"bilag_2004_{s}": None if g == "-" else g for s, g in zip(SYSTEMS, grades, strict=True)}
        for day, grades in visits.items()
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.Series(key, values) for key, values in columns.items()
    )
    return funis.respond(frame, name).row(0, named=True)


def test_one_grade_cannot_be_both_a_and_b() -> None:
    # Two B at month 6 are a partial response from 1 A and 2 B, 2 A, or 4 B: a baseline of B and one unknown
    # is at best 1 A and 1 B, or 2 B, so that two B are none, whatever the unknown was.
    row = respond("ucmsc_bilag_response", {0: "-BD", 90: "CBD", 180: "BBD", 270: "BBD", 360: "BBD"})
    assert (row["response"], row["responder"], row["possible"]) == ("none", "no", "none")
    assert row["reason"].startswith("none, whatever the missing grades were: ")


def test_it_stays_open_where_one_letter_would_change_it() -> None:
    # With another A already there, an unknown A makes two A: partial; anything else: none.
    row = respond("ucmsc_bilag_response", {0: "-AD", 90: "CBD", 180: "BBD", 270: "BBD", 360: "BBD"})
    assert (row["response"], row["possible"]) == ("cannot tell", "PCR or none")


def test_an_a_after_an_unknown_grade_is_no_bicla_response() -> None:
    # If the system was A it has not improved; if it was not, its A is new.
    columns: dict[str, list[Any]] = {"sledai_2k": [10, 6], "pga": [1.5, 1.0]}
    assert respond("bicla", {0: "-AD", 364: "ABD"}, **columns)["response"] == "no"
    assert respond("bicla", {0: "-AD", 364: "BBD"}, **columns)["response"] == "cannot tell"


def test_without_any_other_active_system_it_may_not_be_evaluable() -> None:
    columns: dict[str, list[Any]] = {"sledai_2k": [10, 6], "pga": [1.5, 1.0]}
    assert respond("bicla", {0: "-DD", 364: "ADD"}, **columns)["response"] == "cannot tell"


def test_a_visit_without_any_grade_is_a_gap_and_is_not_filled() -> None:
    row = respond("ucmsc_bilag_response", {0: "ABD", 90: "CCD", 180: "---", 270: "BBD", 360: "BBD"})
    assert row["response"] == "cannot tell"


def test_many_unknown_grades_are_left_open() -> None:
    row = respond("ucmsc_bilag_response", {0: "--B", 90: "C--", 180: "BB-", 270: "BB-", 360: "-BB"})
    assert row["response"] == "cannot tell"


# --- the ways of filling, one by one ---------------------------------------------------------------


def open_assessment(*grades: str) -> Assessment:
    """Assess a subject at the last of these visits; a string of grades a visit, - where one is missing."""
    rows = [
        QUIET
        | {"subject": "01", "visit": f"day_{day}", "day": day}
        | {f"bilag_2004_{s}": None if g == "-" else g for s, g in zip(SYSTEMS, own, strict=True)}
        for day, own in zip((0, 90, 180), grades, strict=True)
    ]
    cohort = build_timelines(pl.DataFrame(rows, infer_schema_length=None))
    (timeline,) = cohort.timelines
    definition = response_definition("ucmsc_bilag_response")
    systems = cohort.systems("bilag_2004")
    return Assessment(
        definition, definition.settle({}), cohort, timeline, "day_180", 180.0, timeline.visits[-1],
        timeline.visits[0], systems, cohort.expected(systems, "bilag_2004"),
    )  # fmt: skip


def decided(
    monkeypatch: pytest.MonkeyPatch, assessment: Assessment, *classes: str
) -> tuple[Decision, list[str]]:
    """Complete an open response whose ways give these classes, one after the other; name the letters tried."""
    given = iter(("cannot tell", *classes))
    letters: list[str] = []

    def decide(one: Assessment) -> Decision:
        assert one.base is one.timeline.visits[0]
        assert one.now is one.timeline.visits[-1]
        letters.append("".join(str(one.base.values[f"bilag_2004_{s}"] or "-") for s in SYSTEMS))
        response = next(given)
        rule = response[-1] if response[-1].isdigit() else ""
        return Decision(
            response.rstrip("0123456789"), "yes", "PCR or none: it is open.", rule, ("PCR", "none"), {}
        )

    monkeypatch.setattr(completion, "decide", decide)
    return completion.decide_surely(assessment), letters[1:]


@pytest.mark.parametrize(
    ("classes", "tried"),
    [
        (("none", "PCR", "PCR", "PCR"), 2), (("PCR", "none", "PCR", "PCR"), 2), (("PCR", "PCR", "PCR", "none"), 4),
        (("cannot tell",) * 4, 4),
    ],
)  # fmt: skip
def test_one_way_that_differs_leaves_it_open(
    monkeypatch: pytest.MonkeyPatch, classes: tuple[str, ...], tried: int
) -> None:
    found, letters = decided(monkeypatch, open_assessment("-BD", "CBD", "BBD"), *classes)
    assert found.response == "cannot tell"
    assert letters == ["DBD", "CBD", "BBD", "ABD"][:tried]


@pytest.mark.parametrize(("last", "rule"), [("PCR2", "2"), ("PCR3", "")])
def test_a_class_that_is_the_same_by_every_way_is_settled(
    monkeypatch: pytest.MonkeyPatch, last: str, rule: str
) -> None:
    found, _ = decided(monkeypatch, open_assessment("-BD", "CBD", "BBD"), "PCR2", "PCR2", "PCR2", last)
    assert (found.response, found.responder, found.rule, found.possible) == ("PCR", "yes", rule, ("PCR",))
    assert found.reason == "PCR, whatever the missing grades were: it is open."


def test_three_unknown_grades_are_filled_and_a_fourth_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is D, C, B or A: 64 ways, and 256."""
    found, letters = decided(monkeypatch, open_assessment("---", "CBD", "BBD"), *["PCR"] * 64)
    assert found.response == "PCR"
    assert len(set(letters)) == 64
    found, letters = decided(monkeypatch, open_assessment("---", "CB-", "BBD"), *["PCR"] * 256)
    assert found.response == "cannot tell"
    assert letters == []


def test_without_an_unknown_grade_there_is_nothing_to_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    found, letters = decided(monkeypatch, open_assessment("ABD", "CBD", "BBD"))
    assert found.response == "cannot tell"
    assert letters == []


def test_what_the_criteria_settle_keeps_their_reason_though_a_grade_is_missing() -> None:
    row = respond("ucmsc_bilag_response", {0: "AED", 90: "A-D", 180: "AED", 270: "AED", 360: "AED"})
    assert row["response"] == "none"
    assert "whatever the missing grades were" not in row["reason"]
