"""A frame whose name is nearly that of a table is looked at as that table, and never used."""

from typing import Any

import pytest

import funis
from funis.data.given_frames import take_frames
from funis.study.read import read_study, template_path

EXPECTED = {"labs": True, "visits": True, "sdi": False}
ROW = {"subject": "S1", "test": "c3"}


def test_what_else_is_wrong_in_it_is_found_in_the_same_run() -> None:
    raw = take_frames({"lab": [ROW | {"unit": "#DIV/0!"}]}, {}, EXPECTED)
    assert [(each.name, each.file) for each in raw.unused] == [("labs", "lab")]
    assert [(each.code, each.table, each.file) for each in raw.findings] == [
        ("unknown_table", "", "lab"),
        ("spreadsheet_error", "labs", "lab"),
    ]
    # Its table is there, if under another name: nobody is told to add it.
    assert (raw.tables, raw.unreadable) == ({}, {"labs"})


def test_a_table_of_the_right_name_stands_for_itself() -> None:
    frames: dict[str, Any] = {"lab": [ROW | {"unit": "#DIV/0!"}], "labs": [ROW]}
    raw = take_frames(frames, {}, EXPECTED)
    assert [*raw.tables] == ["labs"]
    assert (raw.unused, raw.unreadable) == ([], set())
    assert [each.code for each in raw.findings] == ["unknown_table"]
    unreadable = take_frames({"labs": [{"subject": ["S1"]}], "lab": [ROW]}, {}, EXPECTED)
    assert (unreadable.unused, unreadable.unreadable) == ([], {"labs"})


def test_a_misnamed_table_that_cannot_be_read_is_said_once() -> None:
    raw = take_frames({"lab": [{"subject": ["S1"]}], "sdi": [ROW], "legend": [ROW]}, {}, EXPECTED)
    assert [each.code for each in raw.findings] == [
        "unknown_table",
        "unused_table",
        "unknown_table",
        "not_table",
    ]
    assert (raw.unused, raw.unreadable) == ([], {"labs"})


@pytest.mark.parametrize("name", ["subject", "Subject"])
def test_public_checks_look_behind_the_name(name: str) -> None:
    study = read_study(template_path("observational"))
    found = funis.check_frames(study, {name: [{"subject": "S1", "sex": "x", "age": "31"}]})
    assert {("unknown_table", "error"), ("value_not_allowed", "error")} <= {
        (each.code, each.level) for each in found
    }
