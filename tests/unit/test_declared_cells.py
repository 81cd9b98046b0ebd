"""Cells as a clinic writes them, read by what [import] declares: each kind of cell, and what is not read."""

from __future__ import annotations

import polars as pl
import pytest

from funis.data.cells import RawData, RawTable
from funis.data.known_tables import name_columns
from funis.data.read.declared_dates import read_date
from funis.data.read.declared_numbers import UnclearError, read_number
from funis.data.read.sources import TableSources
from funis.data.read.translate import translate_table
from funis.schema import ADVERSE_EVENTS, DONORS, LABS, SUBJECTS, VISITS, Column, Table
from funis.study.imported import Import


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("5,5", ",", "5.5"),
        ("-0,25", ",", "-0.25"),
        (",5", ",", ".5"),
        ("12", ",", "12"),
        ("1.234,5", ",", "1234.5"),
        ("55.000.000", ",", "55000000"),
        ("1 234,5", ",", "1234.5"),
        ("1\u00a0234", ",", "1234"),
        ("1'234.5", ".", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("55,000,000", ".", "55000000"),
        ("< 0,5", ",", "<0.5"),
        ("≤0,5", ",", "<=0.5"),
        ("＜５．５", ".", "<5.5"),
        ("１２０", ".", "120"),
        ("\u22123", ".", "-3"),
        ("1,5e-3", ",", "1.5e-3"),
        # No number, or none that could be told: left for the checks, which say what is wrong.
        ("neg", ",", "neg"),
        ("5,5 mg", ",", "5,5 mg"),
        ("1,2,3", ",", "1,2,3"),
        ("12.34.567", ",", "12.34.567"),
    ],
)
def test_numbers_are_read_by_the_declared_decimal_mark(text: str, decimal: str, number: str) -> None:
    assert read_number(text, decimal) == number


@pytest.mark.parametrize(
    ("text", "decimal", "said"),
    [
        ("1.234", ",", "It can be 1234 or, with a decimal point, 1.234."),
        ("1,234", ".", "It can be 1234 or, with a decimal comma, 1.234."),
        ("<12,345", ".", "It can be 12345 or, with a decimal comma, 12.345."),
        ("5.5", ",", "It is not written with the decimal comma that [import] declares."),
        ("0.123", ",", "It is not written with the decimal comma that [import] declares."),
        ("5,5", ".", "It is not written with the decimal point that [import] declares."),
        ("1234,567", ".", "It is not written with the decimal point that [import] declares."),
    ],
)
def test_a_number_with_the_other_mark_is_never_guessed(text: str, decimal: str, said: str) -> None:
    with pytest.raises(UnclearError) as caught:
        read_number(text, decimal)
    assert caught.value.message == said


@pytest.mark.parametrize(
    ("text", "rules", "day"),
    [
        ("3.4.2024", {"date_order": "dmy"}, "2024-04-03"),
        ("3/4/2024", {"date_order": "mdy"}, "2024-03-04"),
        ("03-04-2024", {"date_order": "dmy"}, "2024-04-03"),
        ("31. 12. 2024", {"date_order": "dmy"}, "2024-12-31"),
        ("2024/3/4", {"date_order": "ymd"}, "2024-03-04"),
        ("2024.3.4", {"date_order": "dmy"}, "2024-03-04"),
        ("２０２４／３／４", {"date_order": "ymd"}, "2024-03-04"),
        ("2024年3月4日", {"date_order": "ymd"}, "2024-03-04"),
        ("20240304", {"date_order": "dmy"}, "2024-03-04"),
        ("4-Mar-2024", {"date_order": "mdy"}, "2024-03-04"),
        ("4 sept 2024", {"date_order": "mdy"}, "2024-09-04"),
        ("3.4.2024 08:30", {"date_order": "dmy"}, "2024-04-03"),
        ("3.4.24", {"date_order": "dmy", "years_from": 1930}, "2024-04-03"),
        ("3.4.29", {"date_order": "dmy", "years_from": 1930}, "2029-04-03"),
        ("3.4.30", {"date_order": "dmy", "years_from": 1930}, "1930-04-03"),
        ("24/3/4", {"date_order": "ymd", "years_from": 1930}, "2024-03-04"),
        ("4 Mar 31", {"date_order": "dmy", "years_from": 1930}, "1931-03-04"),
        # 45355 days after 30 December 1899; 1904 counts from 1 January 1904, 1,462 days later.
        ("45355", {"day_numbers": 1900}, "2024-03-04"),
        ("45355.25", {"day_numbers": 1900}, "2024-03-04"),
        ("0061", {"day_numbers": 1900}, "1900-03-01"),
        ("0060", {"day_numbers": 1904}, "1904-03-01"),
        ("24/3/12", {"date_order": "ymd", "years_from": 1930}, "2024-03-12"),
        ("2024.03.12", {"date_order": "dmy"}, "2024-03-12"),
        ("12.03.2024", {"date_order": "dmy"}, "2024-03-12"),
        ("1 mar 30", {"date_order": "dmy", "years_from": 1930}, "1930-03-01"),
        ("1 december 29", {"date_order": "dmy", "years_from": 1930}, "2029-12-01"),
        ("1 jan 99", {"date_order": "dmy", "years_from": 1900}, "1999-01-01"),
        ("1 jan 00", {"date_order": "dmy", "years_from": 1900}, "1900-01-01"),
        ("43893", {"day_numbers": 1904}, "2024-03-04"),
    ],
)
def test_dates_are_read_in_the_declared_order(text: str, rules: dict[str, object], day: str) -> None:
    assert read_date(text, Import.model_validate(rules)) == day


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("3.4.2024", {}),
        ("2024年3月4日", {}),
        ("3.4.24", {"date_order": "dmy"}),
        ("25.12.2024", {"date_order": "mdy"}),
        ("30.2.2024", {"date_order": "dmy"}),
        ("3.4.2024", {"date_order": "ymd"}),
        ("3.4/2024", {"date_order": "dmy"}),
        ("2024.3.2024", {"date_order": "dmy"}),
        ("2024.3.123", {"date_order": "dmy"}),
        ("2024.3.012", {"date_order": "dmy"}),
        ("24.3.012", {"date_order": "ymd", "years_from": 1930}),
        ("012.3.24", {"date_order": "dmy", "years_from": 1930}),
        ("24.3.123", {"date_order": "ymd", "years_from": 1930}),
        ("124.3.12", {"date_order": "ymd", "years_from": 1930}),
        ("100.3.2024", {"date_order": "dmy", "years_from": 1930}),
        ("3.4.124", {"date_order": "dmy", "years_from": 1930}),
        ("4 ma 2024", {"date_order": "dmy"}),
        ("4 xyz 2024", {"date_order": "dmy"}),
        ("45355", {"date_order": "dmy"}),
        # Programs disagree about the days before 1 March 1900.
        ("0060", {"day_numbers": 1900}),
        ("spring", {"date_order": "dmy", "day_numbers": 1900}),
    ],
)
def test_a_date_that_cannot_be_told_stays_as_it_is(text: str, rules: dict[str, object]) -> None:
    assert read_date(text, Import.model_validate(rules)) == text


def test_the_first_day_number_that_every_program_counts_alike() -> None:
    assert read_date("0061", Import(day_numbers=1900)) == "1900-03-01"


NAMED = {"visit": ("baseline", "month_1"), "test": ("c3",)}


def translate(table: Table, cells: dict[str, list[str | None]], rules: Import) -> tuple[RawTable, RawData]:
    found = RawData()
    height = len(next(iter(cells.values())))
    frame = pl.DataFrame({**cells, "_line": list(range(2, height + 2))})
    return translate_table(
        RawTable(table.name, f"{table.name}.csv", frame), table, (rules, NAMED), found
    ), found


WORDS = Import(present=("+++", "阳性"), absent=("neg", "-"), not_done=("n.d.",), missing=("k.A.",))


def test_words_mean_what_each_column_can_hold() -> None:
    flags, _ = translate(ADVERSE_EVENTS, {"serious": ["+++", "NEG", "n.d.", "k.a.", "1"]}, WORDS)
    assert flags.frame["serious"].to_list() == ["1", "0", "", "", "1"]
    tests, _ = translate(DONORS, {"hiv": ["阳性", "-", "N.D.", "", None]}, WORDS)
    assert tests.frame["hiv"].to_list() == ["positive", "negative", "not_done", "", None]
    # A concentration is neither present nor absent.
    labs, _ = translate(LABS, {"value": ["neg", "n.d.", "k.A.", "５"]}, WORDS)
    assert labs.frame["value"].to_list() == ["neg", "ND", "", "5"]
    items = Table(
        "t",
        "row",
        (),
        (
            Column("rash", "number", "", allowed=("0", "1"), not_done=True),
            Column("grade", "number", "", allowed=("0", "1", "2"), not_done=True),
        ),
    )
    item, _ = translate(items, {"rash": ["+++", "neg", "n.d."], "grade": ["+++", "neg", "n.d."]}, WORDS)
    assert item.frame["rash"].to_list() == ["1", "0", "ND"]
    assert item.frame["grade"].to_list() == ["+++", "neg", "ND"]


def test_free_text_is_left_alone_but_for_missing_words() -> None:
    raw, _ = translate(ADVERSE_EVENTS, {"term": ["neg", "k.A.", "Ｒａｓｈ 5,5"]}, WORDS)
    assert raw.frame["term"].to_list() == ["neg", "", "Ｒａｓｈ 5,5"]


def test_listed_names_are_read_in_any_capitals_once_a_section_is_declared() -> None:
    rules = Import(date_order="dmy")
    labs, _ = translate(
        LABS, {"visit": ["Baseline", "MONTH 1", "month-1", "month_2"], "test": ["C3", "c3", "", "C4"]}, rules
    )
    assert labs.frame["visit"].to_list() == ["baseline", "month_1", "month_1", "month_2"]
    assert labs.frame["test"].to_list() == ["c3", "c3", "", "C4"]
    events, _ = translate(ADVERSE_EVENTS, {"outcome": ["Not recovered", "FATAL", "cured"]}, rules)
    assert events.frame["outcome"].to_list() == ["not_recovered", "fatal", "cured"]
    untouched, _ = translate(LABS, {"visit": ["Baseline"]}, Import())
    assert untouched.frame["visit"].to_list() == ["Baseline"]


def test_codes_are_read_in_their_column_of_every_table() -> None:
    rules = Import(codes={"sex": {"1": "male", "女": "female", "9": ""}, "visit": {"V0": "baseline"}})
    subjects, _ = translate(SUBJECTS, {"sex": ["１", "女", "9", "x"], "site": ["1", "1", "1", "1"]}, rules)
    assert subjects.frame["sex"].to_list() == ["male", "female", "", "x"]
    assert subjects.frame["site"].to_list() == ["1", "1", "1", "1"]
    visits, _ = translate(VISITS, {"visit": ["v0", "V1"]}, rules)
    assert visits.frame["visit"].to_list() == ["baseline", "V1"]


def test_a_number_with_two_readings_is_left_out_and_said_once_for_each_cell() -> None:
    raw, found = translate(LABS, {"value": ["1.234", "7,5", "1.234"]}, Import(decimal=","))
    assert raw.frame["value"].to_list() == [None, "7.5", None]
    assert [(each.code, each.line, each.column, each.value) for each in found.findings] == [
        ("not_a_number", 2, "value", "1.234"),
        ("not_a_number", 4, "value", "1.234"),
    ]


def test_what_stood_in_the_sheet_is_kept() -> None:
    rules = Import(decimal=",", columns={"labs": {"value": "Ergebnis"}})
    raw, _ = translate(LABS, {"Ergebnis": ["7,5"], "test": ["c3"]}, rules)
    assert raw.written is not None
    assert raw.written.headers == {"value": "Ergebnis"}
    assert raw.written.cells is not None
    assert raw.written.cells["value"].to_list() == ["7,5"]
    plain, _ = translate(LABS, {"value": ["7.5"]}, Import())
    assert plain.written is None


def test_a_declared_column_comes_before_one_of_that_name() -> None:
    rules = Import(columns={"visits": {"date": "Datum"}})
    raw, found = translate(VISITS, {"Datum": ["a"], "date": ["b"], "Subject": ["S1"]}, rules)
    assert raw.frame.drop("_line").rows(named=True) == [{"date": "a", "subject": "S1"}]
    assert [(each.code, each.column) for each in found.findings] == [("duplicate_column", "date")]
    assert "'date' is read from 'Datum'" in found.findings[0].message


def test_a_declared_column_that_is_not_there_is_told() -> None:
    rules = Import(columns={"visits": {"date": "Datum"}})
    _, found = translate(VISITS, {"subject": ["S1"]}, rules)
    assert [(each.code, each.column, each.level) for each in found.findings] == [
        ("missing_column", "date", "warning")
    ]
    assert "reads 'date' from 'Datum'" in found.findings[0].message


def test_of_two_columns_that_spell_one_name_the_first_is_it() -> None:
    assert name_columns(["Birth Date", "birth-date"], SUBJECTS, Import()) == {"Birth Date": "birth_date"}
    assert name_columns(["Sex", "sex"], SUBJECTS, Import()) == {}


def test_a_sheet_is_found_in_any_case_and_a_declared_one_before_it() -> None:
    expected = {"labs": True, "adverse_events": True, "visits": True}
    sources = TableSources(expected, rules=Import(tables={"labs": "Labor.csv", "visits": "labor"}))
    assert sources.tables_in("LABOR") == ("labs", "visits")
    assert sources.tables_in("Adverse Events") == ("adverse_events",)
    assert sources.tables_in(" Labs ") == ("Labs",)
    assert sources.tables_in("Legende") == ("Legende",)
