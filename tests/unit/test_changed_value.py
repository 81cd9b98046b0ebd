"""One value replaced in memory: which cell a name, a table and a line mean, and what is said where none is meant."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from tests.unit.clean_trial import STUDY, TABLES

from funis.data.cells import RawData, Written
from funis.data.changed_value import ChangedValue, Datum, DatumError, _with_cell, change_value
from funis.data.given_frames import take_frames
from funis.data.known_tables import expected_tables, study_tables
from funis.errors import FunisError, UnknownNameError

TODAY = date(2026, 1, 1)
Rows = list[dict[str, str]]


def raw_data(**other: Rows) -> RawData:
    """Take the clean trial with other tables; lines count from 1, so the second row is line 2."""
    known = study_tables(STUDY)
    return take_frames({**TABLES, **other}, known, expected_tables(known))


RAW = raw_data()


def change(raw: RawData = RAW, **asked: Any) -> ChangedValue:
    datum = Datum(**{"subject": "S2", "visit": "month_1", "item": "", "value": "1"} | asked)
    return change_value(STUDY, raw, datum, today=TODAY)


def place(changed: ChangedValue) -> tuple[Any, ...]:
    return changed.table, changed.line, changed.column, changed.subject, changed.was, changed.now


def refusal(raw: RawData = RAW, error: type[FunisError] = DatumError, **asked: Any) -> str:
    with pytest.raises(error) as raised:
        change(raw, **asked)
    return str(raised.value)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"item": "rash"}, ("sledai_2k", 4, "rash", "S2", "0", "1")),
        ({"item": "sledai_2k.rash"}, ("sledai_2k", 4, "rash", "S2", "0", "1")),
        ({"item": "rash", "value": " "}, ("sledai_2k", 4, "rash", "S2", "0", "")),
        ({"item": "rash", "subject": "S1"}, ("sledai_2k", 2, "rash", "S1", "1", "1")),
        ({"item": "sex", "visit": "", "value": "female"}, ("subjects", 2, "sex", "S2", "male", "female")),
        ({"item": "subjects.sex", "visit": "", "value": "female"}, ("subjects", 2, "sex", "S2", "male", "female")),
        ({"item": "any_event"}, ("safety_questions", 2, "any_event", "S2", "0", "1")),
        # The bare name of a test is its result, and what else is written of it has a name of three parts.
        ({"item": "creatinine", "value": "90"}, ("labs", 10, "value", "S2", "88", "90")),
        ({"item": "labs.creatinine", "value": "90"}, ("labs", 10, "value", "S2", "88", "90")),
        ({"item": "labs.creatinine.unit", "value": "mg/dL"}, ("labs", 10, "unit", "S2", "umol/L", "mg/dL")),
    ],
)  # fmt: skip
def test_subject_visit_and_item_name_one_cell(asked: dict[str, Any], found: tuple[Any, ...]) -> None:
    assert place(change(**asked)) == found


def test_the_data_stay_as_they_were_beside_what_they_would_be() -> None:
    changed = change(item="rash")
    before, after = (
        tables.frames["sledai_2k"]["rash"].to_list() for tables in (changed.before, changed.after)
    )
    assert (before, after) == ([1, 1, 1, 0], [1, 1, 1, 1])
    assert RAW.tables["sledai_2k"].frame["rash"].to_list() == ["1", "1", "1", "0"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"table": "infusions", "line": 3, "item": "cells"}, ("infusions", 3, "cells", "S2", "70000000", "7e7")),
        ({"table": "infusions", "line": 3, "item": "infusions.cells"}, ("infusions", 3, "cells", "S2", "70000000", "7e7")),
        ({"table": "infusions", "line": 3, "item": "cells", "subject": "S2"}, ("infusions", 3, "cells", "S2", "70000000", "7e7")),
    ],
)  # fmt: skip
def test_a_table_and_a_line_name_one_row(asked: dict[str, Any], found: tuple[Any, ...]) -> None:
    assert place(change(**{"subject": "", "visit": "", "value": "7e7"} | asked)) == found


def test_a_row_without_a_subject_is_changed_too() -> None:
    found = change(subject="", visit="", item="passage", value="4", table="lots", line=1)
    assert place(found) == ("lots", 1, "passage", "", "3", "4")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"table": "infusions", "line": None}, "--table and --line name one row together: give both."),
        ({"table": "", "line": 3}, "--table and --line name one row together: give both."),
        ({"visit": "month_1"}, "--visit: --table and --line name the row already. Leave --visit out."),
        ({"table": "medications"}, "The data have no table 'medications'."),
        ({"line": 5}, "infusions has no row on line 5; its rows stand on lines 1 to 4."),
        ({"line": 0}, "infusions has no row on line 0; its rows stand on lines 1 to 4."),
        ({"subject": "S1"}, "--subject: the row on line 3 of infusions is not of this subject. Leave --subject out, or give another line."),
        ({"item": "reaction"}, "infusions has no column 'reaction'."),
    ],
)  # fmt: skip
def test_a_row_that_is_not_one_is_refused(asked: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {
        "subject": "",
        "visit": "",
        "item": "cells",
        "table": "infusions",
        "line": 3,
    } | asked
    assert refusal(**given) == words


def test_a_line_of_a_table_without_rows() -> None:
    empty = raw_data(infusions=[])
    said = refusal(empty, subject="", visit="", item="cells", table="infusions", line=1)
    assert said == "infusions has no row on line 1."


@pytest.mark.parametrize(
    ("table", "item"),
    [
        # What makes a row another row cannot be asked about: its subject, or of a lot its own name.
        ("infusions", "subject"), ("sledai_2k", "visit"), ("labs", "test"), ("lots", "lot"), ("donors", "donor"),
        ("infusions", "no_such_column"),
    ],
)  # fmt: skip
def test_the_name_of_a_row_is_no_item_of_it(table: str, item: str) -> None:
    said = refusal(error=UnknownNameError, subject="", visit="", item=item, table=table, line=1)
    assert "--item" in said


def test_the_donor_of_a_lot_is_an_item_of_it() -> None:
    found = change(subject="", visit="", item="donor", value="D9", table="lots", line=1)
    assert (found.was, found.now) == ("D1", "D9")
    assert change(subject="", visit="", item="number", value="3", table="infusions", line=3).was == "1"


def test_subjects_and_visits_that_nobody_has() -> None:
    assert "--subject" in refusal(subject="S9", item="rash")
    assert "--visit" in refusal(error=UnknownNameError, visit="month_9", item="rash")
    assert "table" in refusal(
        error=UnknownNameError, subject="", visit="", item="rash", table="no_such", line=1
    )
    # A visit that is not planned may stand in the data.
    rows = [dict(row) for row in TABLES["visits"]]
    rows.append({"subject": "S2", "visit": "unscheduled", "date": "2020-03-20"})
    found = change(raw_data(visits=rows), visit="unscheduled", item="visits.date", value="2020-03-21")
    assert place(found) == ("visits", 5, "date", "S2", "2020-03-20", "2020-03-21")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"item": "no_such_item"}, "item (give an item, a laboratory test"),
        ({"item": "sledai_2k.no_such"}, "item"),
        # With a visit only tables of visits are meant, without it only those with one row a subject.
        ({"item": "sex"}, "item (give"),
        ({"item": "rash", "visit": ""}, "item (give"),
    ],
)  # fmt: skip
def test_items_that_are_not_there(asked: dict[str, Any], words: str) -> None:
    said = refusal(error=UnknownNameError, **asked)
    assert words in said
    assert ("give an item" in said) == ("give" in words)


def test_an_item_that_stands_in_several_tables_is_named_with_its_table() -> None:
    rows = [{"subject": "S2", "visit": "month_1", "date": "2020-03-06"}]
    said = refusal(raw_data(visits=rows, safety_questions=[]), item="date", value="2020-03-07")
    assert said.startswith("--item: 'date' stands in several tables at this visit. Give one of: ")
    assert "visits.date" in said
    assert "sledai_2k.date" in said


def test_several_rows_of_one_cell_are_named() -> None:
    rows = [*TABLES["sledai_2k"], TABLES["sledai_2k"][3]]
    assert refusal(raw_data(sledai_2k=rows), item="rash") == (
        "sledai_2k has 2 rows for this, on lines 4, 5: it cannot be told which one is meant. Correct the rows "
        "first (funis check names them)."
    )


def without(table: str, column: str) -> Rows:
    return [{name: text for name, text in row.items() if name != column} for row in TABLES[table]]


@pytest.mark.parametrize(
    ("other", "asked", "words"),
    [
        ({"sledai_2k": TABLES["sledai_2k"][:3]}, {"item": "rash"}, "sledai_2k has no row of this subject at 'month_1'; there are rows at: baseline."),
        ({"sledai_2k": TABLES["sledai_2k"][:2]}, {"item": "rash"}, "sledai_2k has no row of this subject at 'month_1'."),
        ({"sledai_2k": without("sledai_2k", "rash")}, {"item": "rash"}, "sledai_2k has no column 'rash'."),
        ({"subjects": TABLES["subjects"][:1]}, {"item": "sex", "visit": ""}, "subjects has no row of this subject."),
        ({"labs": TABLES["labs"][:9]}, {"item": "creatinine"}, "labs has no row of creatinine of this subject at 'month_1'; there are rows at: baseline."),
        ({"labs": TABLES["labs"][:11]}, {"item": "labs.platelets"}, "labs has no row of platelets of this subject at 'month_1'; there are rows at: baseline."),
        ({"sledai_2k": without("sledai_2k", "visit")}, {"item": "rash"}, "sledai_2k has no row of this subject."),
        ({"labs": without("labs", "test")}, {"item": "creatinine"}, "labs has no row of creatinine of this subject at 'month_1'."),
    ],
)  # fmt: skip
def test_why_a_cell_is_not_there(other: dict[str, Rows], asked: dict[str, Any], words: str) -> None:
    assert refusal(raw_data(**other), **asked) == words


def test_a_table_that_is_not_there_is_named() -> None:
    known = study_tables(STUDY)
    fewer = {name: rows for name, rows in TABLES.items() if name != "sledai_2k"}
    raw = take_frames(fewer, known, expected_tables(known))
    assert refusal(raw, item="rash") == "The data have no table 'sledai_2k'."


def test_a_value_that_the_checks_leave_out_is_refused() -> None:
    assert refusal(item="rash", value="7").startswith("--value: ")
    assert refusal(item="rash", value="a\x00").startswith("--value: ")
    # A finding of the data as they are is no refusal, nor is one that leaves the cell in.
    rows = [dict(row) for row in TABLES["sledai_2k"]]
    rows[0]["rash"] = "8"
    assert place(change(raw_data(sledai_2k=rows), item="rash"))[-2:] == ("0", "1")
    late = change(item="sex", visit="", value="female")
    assert late.after.frames["subjects"]["sex"].to_list() == ["female", "female"]


def test_a_wrong_value_is_put_right() -> None:
    rows = [dict(row) for row in TABLES["sledai_2k"]]
    rows[3]["rash"] = "8"
    assert place(change(raw_data(sledai_2k=rows), item="rash"))[-2:] == ("8", "1")


def test_the_day_that_is_given_is_the_one_after_which_nothing_lies() -> None:
    asked: dict[str, Any] = {"visit": "", "item": "consent_date", "value": "2020-03-08"}
    for today, is_taken in ((date(2020, 3, 8), True), (date(2020, 3, 7), False)):
        datum = Datum("S2", **asked)
        if is_taken:
            assert change_value(STUDY, RAW, datum, today=today).now == "2020-03-08"
        else:
            with pytest.raises(DatumError, match="lies in the future"):
                change_value(STUDY, RAW, datum, today=today)


def test_what_stood_in_the_sheet_is_changed_with_what_was_read_from_it() -> None:
    read = RAW.tables["sledai_2k"]
    cells = pl.DataFrame({"rash": ["ja", "ja", "ja", "nein"], "_line": [1, 2, 3, 4]})
    for written, expected in (
        (Written({"rash": "Exanthem"}, cells), ["ja", "ja", "ja", "1"]),
        (Written({"rash": "Exanthem"}, cells.drop("rash")), None),
        (Written({"rash": "Exanthem"}, None), None),
    ):
        sheet = replace(read, written=written)
        raw = replace(RAW, tables={**RAW.tables, "sledai_2k": sheet})
        assert place(change(raw, item="rash"))[-2:] == ("0", "1")
        # The finding names the column of the sheet: the value is refused all the same.
        assert refusal(raw, item="rash", value="7").startswith("--value: ")
        changed = _with_cell(sheet, "rash", 4, "1").written
        assert changed is not None
        left = changed.cells
        assert (None if left is None or "rash" not in left.columns else left["rash"].to_list()) == expected


@pytest.mark.parametrize(
    ("item", "meant"), [("rsh", "rash"), ("creatinin", "creatinine"), ("any_evnt", "any_event")]
)
def test_a_name_that_is_nearly_one_is_proposed(item: str, meant: str) -> None:
    assert f"Did you mean '{meant}'?" in refusal(error=UnknownNameError, item=item)
