"""Advice and proposals: given where a cell has one reading, and nothing that does harm."""

from __future__ import annotations

from datetime import date

import pytest

from funis.data.check.advice import CellOfNumber, ColumnOfDates, fix_of_date, number_fix, word_fix
from funis.data.check.one_reading import one_date, one_number, one_word, orders_of
from funis.schema import Column

TODAY = date(2026, 1, 1)
SHOWN = date(2016, 1, 1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5,5", "5.5"),
        ("-0,25", "-0.25"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("1,2345", "1.2345"),
        ("1,234,567", "1234567"),
        ("1,234.5", "1234.5"),
        ("60 000 000", "60000000"),
        ("60\u00a0000", "60000"),
        ("60\u202f000", "60000"),
        ("60'000", "60000"),
        ("6 x 10^7", "6e7"),
        ("1.5×10**6", "1.5e6"),
        ("１２．５", "12.5"),
        ("\u22123", "-3"),
        ("N/A", ""),
        ("unknown", ""),
    ],
)
def test_a_number_with_one_reading(text: str, number: str) -> None:
    assert one_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "55.000.000", "1,234", "999,999", "1 234", "140 100", "5-6", "120/80", "1:80", "2 x 500 mg", "<0.5", "<0,5",
        "5.5 mg/dL", "3+", "+", "neg", "n.d.", "-", "?", "none", "1.2.2024", "ca. 5", "5,5,5", "1,23,456", "12,3456.7",
        "0,123,456", "7", "yes", "", "1 000 00",
    ],
)  # fmt: skip
def test_a_number_with_none_or_several_is_not_guessed(text: str) -> None:
    assert one_number(text) is None


def test_what_the_column_says_decides() -> None:
    assert one_number("12 g/dL", unit="g/dL") == "12"
    assert one_number("350 10^9/L", unit="10^9/L") == "350"
    assert one_number("350 10^9/L", unit="10^6/L") is None
    assert one_number("12 g/dL", unit="g/L") is None
    assert one_number("12 g/dL") is None
    assert one_number("1:80", is_titre=True) == "80"
    assert one_number("yes", levels=("0", "1")) == "1"
    assert one_number("N", levels=("0", "1")) == "0"
    # On a scale of 0 to 4 nobody knows how much yes is.
    assert one_number("yes", levels=("0", "1", "2")) is None
    assert one_number("1,5", levels=("0", "1", "2")) is None
    assert one_number("nd", not_done=True) == "ND"
    # Not done and not known are two things where both can be said; n.d. may mean not detected.
    assert one_number("NA", not_done=True) is None
    assert one_number("n.d.", not_done=True) is None


@pytest.mark.parametrize(
    ("text", "others", "day"),
    [
        ("13/04/2024", (), "2024-04-13"),
        ("04/13/2024", (), "2024-04-13"),
        ("5.5.2024", (), "2024-05-05"),
        ("2024/3/4", (), "2024-03-04"),
        ("20240304", (), "2024-03-04"),
        ("2024年3月4日", (), "2024-03-04"),
        ("4-Mar-2024", (), "2024-03-04"),
        ("25.12.2024", ("24.12.2024", "03.04.2024", "2024-02-29"), "2024-12-25"),
        ("5.5.2024", ("24.12.2024",), "2024-05-05"),
        ("2024/3/4", ("24.12.2024", "12/24/2024"), "2024-03-04"),
        ("31.12.2025", (), "2025-12-31"),
        ("01.01.2026", (), "2026-01-01"),
    ],
)
def test_a_date_with_one_reading(text: str, others: tuple[str, ...], day: str) -> None:
    assert one_date(text, orders_of((text, *others)), TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("03/04/2024", ()),
        # The order of the others is a habit, not a proof.
        ("03/04/2024", ("25/12/2024",)),
        # A slip of the month in a column of days first: 12/13 is no 13 December there.
        ("12/13/2024", ("25/12/2024",)),
        ("13/12/2024", ("12/25/2024",)),
        ("13.4.24", ()),
        ("4-Mar-31", ()),
        ("45355", ()),
        ("45355.0", ()),
        ("2024-02-30", ()),
        ("30.02.2024", ()),
        ("2024", ()),
        ("spring 2024", ()),
        # It lies in the future.
        ("02/13/2026", ()),
    ],
)
def test_a_date_with_none_or_several_is_not_guessed(text: str, others: tuple[str, ...]) -> None:
    assert one_date(text, orders_of((text, *others)), TODAY) is None


OUTCOMES = ("recovered", "recovering", "not_recovered", "recovered_with_sequelae", "fatal", "unknown")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Recovered", "recovered"),
        ("not recovered", "not_recovered"),
        ("Not-Recovered", "not_recovered"),
        ("recoverd", "recovered"),
        ("reccovered", "recovered"),
        ("recoveerd", "recovered"),
        ("fatel", "fatal"),
        ("ＦＡＴＡＬ", "fatal"),
        # What means the opposite, or could be two, is none.
        ("unrecovered", None),
        ("recover", None),
        ("recoverde", "recovered"),
        ("fate", None),
        ("fata", None),
        ("died", None),
        ("r", None),
    ],
)
def test_a_word_with_one_reading(text: str, word: str | None) -> None:
    assert one_word(text, OUTCOMES, (text,)) == word


@pytest.mark.parametrize(
    ("letters", "read"),
    [
        (("f", "m"), ("female", "male")),
        (("F", "M", "female"), ("female", "male")),
        (("f",), ("female",)),
        # Hombre and mujer, weiblich: m is a woman, w is nobody here.
        (("h", "m"), (None, None)),
        (("m",), (None,)),
        (("m", "female"), ("male",)),
        (("m", "w"), (None, None)),
    ],
)
def test_letters_are_read_together(letters: tuple[str, ...], read: tuple[str | None, ...]) -> None:
    assert tuple(one_word(each, ("female", "male"), letters) for each in letters[: len(read)]) == read


def test_digits_are_never_slips() -> None:
    assert one_word("month_2", ("month_1", "month_3"), ()) is None
    assert one_word("month_33", ("month_3",), ()) is None


def cell(text: str, *, unit: str = "", comparator: bool = False, **column: object) -> CellOfNumber:
    described = Column("value", "number", "", **column)  # type: ignore[arg-type]
    return CellOfNumber(text, described, unit, has_comparator=comparator, is_shown=True)


@pytest.mark.parametrize(
    ("found", "fix"),
    [
        (cell("5,5"), "Write the decimal with a point: 5.5; thousands without a sign."),
        (cell("1,234,567"), "Write the number without signs between thousands."),
        (cell("60'000"), "Write the number without signs between thousands: 60000."),
        (cell("6x10^7"), "Write 6e7."),
        (cell("1:80", unit="titre"), "Write the reciprocal of the titre: 80."),
        (cell("12 g/L", unit="g/L"), "Write the number alone: 12."),
        (cell("１２"), "Write the number in plain digits: 12."),
        (cell("yes", allowed=("0", "1")), "Write 1."),
        (cell("nd", not_done=True), "Write ND when it was not done."),
        (cell("NA"), "Leave the cell empty when the value is missing."),
        (cell("n.d.", not_done=True), "Leave the cell empty when the value is missing and ND when it was not done; what a word means in the whole sheet is declared in [import]."),
        (cell("1,234"), "Ask whether the comma stands before thousands or decimals; write the number without it."),
        (
            cell("55.000.000"),
            "Ask what the points stand for; thousands are written without a sign, decimals with one point.",
        ),
        (cell("<0.5"), "This table has no column for '<': ask what is to be recorded for such a result."),
        (cell("<0.5", comparator=True), "Write '<' in the column comparator and 0.5 here."),
        (cell("<0,5", comparator=True), "Write '<' in the column comparator and the number here."),
        (
            cell(">9 g/L", comparator=True),
            "Write '>' in the column comparator and 9 here and 'g/L' in the column unit.",
        ),
        (cell("1:80"), "Ask what it is; only a titre is written as its reciprocal."),
        (cell("12 g/dL", unit="g/L"), "Write the number alone, in g/L; ask what the text beside it means for it."),
        (cell("5 maybe"), "Write the number alone; ask what the text beside it means for it."),
        (cell("5-6"), "Write a number; leave the cell empty when the value is missing."),
        (cell("120/80"), "Write a number; leave the cell empty when the value is missing."),
        (cell("3+", allowed=("0", "3")), "Write a number or one of 0, 3; leave the cell empty when the value is missing."),
    ],
)  # fmt: skip
def test_what_is_said_of_a_number(found: CellOfNumber, fix: str) -> None:
    assert number_fix(found) == fix


def test_what_may_not_be_shown_is_not() -> None:
    hidden = cell("5,5")._replace(is_shown=False)
    assert number_fix(hidden) == "Write the decimal with a point; thousands without a sign."
    assert number_fix(hidden._replace(text="6x10^7")) == "Write the power of ten with e."


@pytest.mark.parametrize(
    ("text", "others", "fix"),
    [
        ("13/04/2024", (), "Write 2024-04-13 (YYYY-MM-DD)."),
        (
            "12/13/2024",
            ("25/12/2024",),
            "Other dates of the column have day and month the other way round: look the date up, write YYYY-MM-DD.",
        ),
        ("4-Mar-31", (), "Write the whole year, YYYY-MM-DD; the century is not certain."),
        (
            "03/04/2024",
            (None,),
            (
                "Write 2024-03-04 or 2024-04-03, whichever is meant (YYYY-MM-DD). "
                "Where the whole sheet has one order, declare date_order in [import]."
            ),
        ),
        ("03/04/2024", (), "Write 2024-03-04 or 2024-04-03, whichever is meant (YYYY-MM-DD)."),
        (
            "03/04/2024",
            ("25/12/2024",),
            (
                "Write 2024-03-04 or 2024-04-03, whichever is meant (YYYY-MM-DD). "
                'Where the whole sheet is written so, declare date_order = "dmy" in [import].'
            ),
        ),
        (
            "2024年3月4日",
            (None,),
            "Write 2024-03-04, or declare date_order in [import] where the whole sheet is written so.",
        ),
        (
            "1990年3月4日",
            (None,),
            "Write it as YYYY-MM-DD, or declare date_order in [import] where the whole sheet is written so.",
        ),
        (
            "45355",
            (None,),
            (
                "This looks like a spreadsheet's day number, 2024-03-04; write that if it is so. "
                "Where all dates of the sheet are such numbers, declare day_numbers in [import]."
            ),
        ),
        ("2024-02-30", (), "2024-02 has no day 30. Write YYYY-MM-DD."),
    ],
)
def test_what_is_said_of_a_date(text: str, others: tuple[str | None, ...], fix: str) -> None:
    orders = frozenset(orders_of(each for each in (text, *others) if each))
    assert fix_of_date(text, ColumnOfDates(orders, len(others) > 0, SHOWN, TODAY)) == fix


def test_a_date_of_today_is_none_of_the_future() -> None:
    both = frozenset({"dmy", "mdy"})
    today = date(2025, 12, 13)
    said = fix_of_date("12/13/2025", ColumnOfDates(both, is_habit=True, shown_from=SHOWN, latest=today))
    assert said.startswith("Other dates of the column")
    said = fix_of_date(
        "12/13/2025", ColumnOfDates(both, is_habit=True, shown_from=SHOWN, latest=date(2025, 12, 12))
    )
    assert said == "Write 2025-12-13 (YYYY-MM-DD)."


def test_what_is_said_of_a_word() -> None:
    assert word_fix("FATAL", OUTCOMES, ("FATAL",)).startswith("Write 'fatal'. Allowed: recovered, ")
    assert (
        word_fix("x", ("a", "b"), ("x", "y"), is_habit=True)
        == "Allowed: a, b; other codes are declared in [import.codes]."
    )
    assert word_fix("unrecovered", OUTCOMES, ()).startswith("Allowed: recovered, ")
