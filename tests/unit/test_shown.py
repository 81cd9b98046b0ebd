"""What may stand in a message, letter by letter: numbers that are short, words that are known, codes that read as codes."""

from datetime import date

import pytest

from funis.data.check.concealed import Concealment
from funis.data.check.date_forms import date_fix, first_shown, may_show, read_dates
from funis.data.known_tables import study_tables
from funis.errors import ColumnError, Finding
from funis.shown import (
    is_identity,
    scrub,
    show_code,
    show_expression,
    show_identifier,
    show_name,
    show_names,
    show_text,
    show_values,
    words_of,
)
from funis.study.model import Study

# As it stands: at most four digits in one or two numbers, or three digits that count, and known words.
AS_IT_STANDS = (
    "", "7", "-80", "1234", "1,2", "0.123", "12.34", "1:80", "12 / 34", "60000000", "60,000,000", "5.5e7", "123000", "< 5 mg/dL",
    "12 10^9/L", "0.5 g/24h", "90 mL/min/1.73 m2", "yes", "not done", "N/A", "tablets", "#DIV/0!", "creatinin", "creatinien",
)  # fmt: skip
SHORTENED = {
    "12345": "about 12300",
    "1.2345": "about 1.23",
    "43866": "about 43900",
    "13812345678": "about 13800000000",
    "320106198103122417": "about 3.2e+17",
    "0.0972222222": "about 0.0972",
    "12345 umol/L": "about 12300 umol/L",
}
HIDDEN = (
    "12 34 5", "12/03/81", "12345-1", "1.2.3", "1.2.81", "1.2.34567", "Zhang", "Zhang Wei", "zhang", "li", "54 Zhang", "王小明", "5 王",
    "seen by Wei", "a@b", "x;y", "12 Mar 1981", "١٢٣٤٥", "x" * 61, "Grace", "Wright",
)  # fmt: skip


@pytest.mark.parametrize("text", AS_IT_STANDS)
def test_what_identifies_nobody_is_shown(text: str) -> None:
    assert show_text(text, frozenset({"creatinine"})) == text


@pytest.mark.parametrize(("text", "shown"), SHORTENED.items())
def test_a_long_number_keeps_three_digits(text: str, shown: str) -> None:
    assert show_text(text) == shown


@pytest.mark.parametrize("text", HIDDEN)
def test_what_could_identify_somebody_is_not_shown(text: str) -> None:
    assert show_text(text, frozenset({"weight", "grade", "see"})) == ""


def test_a_word_is_known_from_the_study_or_is_a_slip_of_one() -> None:
    assert show_text("proteinuria") == ""
    assert show_text("proteinuria", frozenset({"proteinuria"})) == "proteinuria"
    # One of eleven letters wrong is a slip; of five-letter words none is taken for another.
    assert show_text("protainuria", frozenset({"proteinuria"})) == "protainuria"
    assert show_text("rosha", frozenset({"roshi"})) == ""
    assert words_of(["weight_kg", "10^9/L"]) == {"weight", "kg", "l"}


def test_a_text_of_sixty_signs_is_shown_and_one_of_sixty_one_is_not() -> None:
    assert show_text("a " * 30) == "a " * 30
    assert show_text("a " * 30 + "a") == ""


CODES = ("1", "A", "S1", "S-001", "UC-01-007", "P 12", "NJ.12", "20191203", "1001002003", "12A")
NAMES = (
    "Zhang Wei", "Wei, Zhang", "J. Smith Jones", "王小明", "欧阳小红", "Иванов", "1981-03-12", "12.3.1981", "12/3/81", "3 Mar 1981",
    "March 12, 1981", "1981年3月12日", "19810312", "1981-03-12 08:30", "13812345678", "138 1234 5678", "+86 138-1234-5678",
    "025-83106666", "320106198103122417", "32010619810312241X", "320106810312241", "a.b@c.org", "54 Zhang Xiaoming",
    "南京市汉口路22号", "12 Hankou Road",
)  # fmt: skip


@pytest.mark.parametrize("text", CODES)
def test_a_code_is_one(text: str) -> None:
    assert not is_identity(text)
    assert show_code(text) == text


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_no_code(text: str) -> None:
    assert is_identity(text)
    assert show_code(text) == ""


@pytest.mark.parametrize(
    "text", ["zhangwei", "AB", "Patient A", "healthy", "受试者01", "visit one", "", "S" + "1" * 24]
)
def test_what_cannot_be_told_is_accepted_as_a_code_but_not_shown(text: str) -> None:
    # One word in Latin letters may be a code of letters; in a message it could be a name.
    assert show_code(text) == ""
    assert is_identity(text) is (text == "visit one")


def test_limits_of_length_are_where_they_are_said() -> None:
    # A code has at most 24 signs; a slip is looked for in words of six letters or more; one letter is no known word.
    assert show_code("S222-2222-2222-2222-2222") == "S222-2222-2222-2222-2222"
    assert show_code("S2222-2222-2222-2222-2222") == ""
    assert show_text("eosins", frozenset({"eosina"})) == ""
    assert show_text("eosnia", frozenset({"eosina"})) == "eosnia"
    assert show_text("eosni", frozenset({"eosin"})) == ""
    assert show_name("q_zhang") == ""


def test_a_code_in_another_script_has_at_most_three_letters_before_its_number() -> None:
    assert [is_identity(text) for text in ("受试者1", "受试者甲1")] == [False, True]


def test_names_of_columns_are_those_of_programs_with_a_known_word_or_of_known_words() -> None:
    assert show_name("patient_sex") == "patient_sex"
    assert show_name("Patient sex") == "Patient sex"
    assert show_name("zhang_wei") == show_name("Weight Zhang") == ""
    assert show_name("12345 kg") == ""
    assert show_identifier("a_1234") == "a_1234"
    assert (
        show_identifier("a_12345")
        == show_identifier("A")
        == show_identifier("1a")
        == show_identifier("")
        == ""
    )
    assert show_identifier("a" * 60) == "a" * 60
    assert show_identifier("a" * 61) == ""


def test_a_study_file_is_quoted_in_its_own_words_only() -> None:
    rule = "age >= 16 AND baseline_sledai_2k IN (1, 22, 333) OR site = 'a'"
    assert show_expression(rule) == rule
    for text in ("age > 123456", "sex = 'Zhang'", "d = DATE '1981-03-12'", "x = '138 1234 5678'", "王小明"):
        assert show_expression(text) == ""
    assert show_expression("Asia/Shanghai") == "Asia/Shanghai"
    assert scrub("no 'Li Na' at the study's end; 'month_1'") == "no '…' at the study's end; 'month_1'"


def test_lists_say_what_they_leave_out() -> None:
    assert show_values([1.5, "Li Na", 7]) == "1.5, a text that is not shown, 7"
    assert show_names(["subject", "Li Na"]) == ["subject", "1 that is not shown"]
    assert show_names(["Li Na", "S-1", "Wei Li"]) == ["S-1", "2 that are not shown"]
    assert show_names(["a", "b"]) == ["a", "b"]
    error = ColumnError("Scoring", ["rash"], ["subject", "Li Na"], "Add it.")
    assert str(error).endswith("It has: subject, 1 that is not shown. Add it.")


# --- dates -----------------------------------------------------------------------------------------------

TODAY = date(2026, 3, 10)


def test_dates_of_the_last_ten_years_are_shown() -> None:
    first = first_shown(TODAY)
    assert first == date(2016, 1, 1)
    assert [may_show(text, first) for text in ("2016-01-01", "2015-12-31", "2030-01-01", "1.1.2016", "x", "")] == [
        True, False, True, True, False, False,
    ]  # fmt: skip
    # Of a date that does not exist the year decides.
    assert may_show("2016-13-01", first)
    assert not may_show("2015-13-01", first)
    assert first_shown(date.max) == date.max


def test_a_text_means_every_date_it_can() -> None:
    assert read_dates("03/04/2012") == (date(2012, 3, 4), date(2012, 4, 3))
    assert read_dates("1899/04/13") == ()
    assert read_dates("1900/04/13") == (date(1900, 4, 13),)
    assert read_dates("43831") == (date(2020, 1, 1),)
    assert read_dates("19999") == read_dates("70000") == ()


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        (
            "12/03/1981",
            "Write it as YYYY-MM-DD; day and month cannot be told apart here, so look the date up.",
        ),
        ("13/03/1981", "Write it as YYYY-MM-DD."),
        ("29657", "This looks like a spreadsheet's day number; look the date up, write YYYY-MM-DD."),
        ("1981-02-30", "The month has no such day. Write YYYY-MM-DD."),
        ("1981-13-01", "There is no such month. Write YYYY-MM-DD."),
        ("1981-00-01", "There is no such month. Write YYYY-MM-DD."),
        ("1981-12-32", "The month has no such day. Write YYYY-MM-DD."),
        ("1981-01-32", "The month has no such day. Write YYYY-MM-DD."),
        ("2016-13-01", "There is no month 13. Write YYYY-MM-DD."),
        ("1981-3-12", "Write it as YYYY-MM-DD."),
        ("2016-3-12", "Write 2016-03-12."),
    ],
)
def test_advice_shows_no_date_of_birth(text: str, fix: str) -> None:
    assert date_fix(text, first_shown(TODAY)) == fix


# --- findings --------------------------------------------------------------------------------------------

TRIAL = {"id": "T", "title": "T", "condition": "sle", "design": "single_arm"}
PLANNED = Study.model_validate({"study": TRIAL, "visits": ({"name": "baseline", "day": 0},)})
OPEN = Study.model_validate({"study": TRIAL | {"design": "observational"}})


def concealed(study: Study, **said: str) -> tuple[str, str, str, str]:
    given = {"table": "labs", "column": "value", "value": "", "subject": "", "visit": ""} | said
    finding = Finding(
        "error", said.get("code", "x"), given["table"], "f.csv", 2, given["column"], given["value"], "m", "f",
        given["subject"], given["visit"],
    )  # fmt: skip
    found = Concealment(study, study_tables(study), frozenset({"kim"}), TODAY).conceal(finding)
    assert (found.message, found.fix, found.line) == ("m", "f", 2)
    return found.value, found.subject, found.visit, found.column


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"value": "7"}, "7"),
        ({"value": "Zhang Wei"}, ""),
        # A word of the tables, and a common one.
        ({"value": "adverse_events"}, "adverse_events"),
        ({"value": "viability"}, "viability"),
        ({"value": "tablets"}, "tablets"),
        ({"table": "subjects", "column": "weight_kg", "value": "7"}, ""),
        ({"table": "subjects", "column": "subject", "value": "S1"}, "S1"),
        ({"column": "subject", "value": "kim"}, "kim"),
        ({"column": "subject", "value": "kim\u200b"}, "kim\u200b"),
        ({"column": "subject", "value": "lee"}, ""),
        ({"table": "infusions", "column": "lot", "value": "L1"}, "L1"),
        ({"table": "infusions", "column": "lot", "value": "Zhang Wei"}, ""),
        ({"column": "date", "value": "2016-01-01"}, "2016-01-01"),
        ({"column": "date", "value": "2015-12-31"}, ""),
        ({"column": "date", "value": "31/12/2024"}, "31/12/2024"),
        ({"column": "date", "value": "7"}, ""),
        ({"table": "subjects", "column": "consent_date", "value": "2024-01-01"}, ""),
        ({"column": "visit", "value": "baseline"}, "baseline"),
        ({"column": "visit", "value": "unscheduled_2"}, "unscheduled_2"),
        ({"column": "visit", "value": "Zhang Wei"}, ""),
        ({"column": "visit", "value": "month 9"}, "month 9"),
        # One letter of eight is a slip of a planned visit, three are not: 2 * 7 / 15 = 0.93, 2 * 5 / 13 = 0.77.
        ({"column": "visit", "value": "baselin"}, "baselin"),
        ({"column": "visit", "value": "basil"}, ""),
        ({"code": "encoding", "column": "", "value": "byte 0xb5"}, "byte 0xb5"),
        ({"code": "control_character", "value": "U+FFFE"}, "U+FFFE"),
    ],
)  # fmt: skip
def test_a_finding_shows_no_more_than_it_may(said: dict[str, str], value: str) -> None:
    assert concealed(PLANNED, **said)[0] == value


def test_who_and_where_are_codes_visits_and_columns() -> None:
    assert concealed(PLANNED, subject="Zhang Wei", visit="Zhang Wei", column="Zhang Wei") == ("", "", "", "")
    assert concealed(PLANNED, subject="kim", visit="baseline", column="value") == (
        "",
        "kim",
        "baseline",
        "value",
    )
    assert concealed(PLANNED, subject="S-1", visit="month 3", column="patient_sex") == (
        "",
        "S-1",
        "month 3",
        "patient_sex",
    )


def test_where_every_visit_counts_its_name_is_the_study_s_choice() -> None:
    assert concealed(OPEN, visit="spring")[2] == "spring"
    assert concealed(OPEN, visit="Zhang Wei")[2] == ""
    assert concealed(PLANNED, visit="spring")[2] == ""
