"""A response is settled where every way of filling the missing grades gives the same class."""

from __future__ import annotations

from typing import Any

import polars as pl

import funis

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
