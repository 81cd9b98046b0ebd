"""Glucocorticoid doses as prednisone, and the daily dose of a subject."""

import math
from datetime import date
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ColumnError, UnitError, UnknownNameError, ValueRangeError
from funis.scoring.steroids import DoseError


@pytest.mark.parametrize(
    ("dose", "drug", "expected"),
    [
        # UNI-09, then the dose of every drug that equals 5 mg of prednisone.
        (16, "methylprednisolone", 20),
        (5, "prednisone", 5),
        (5, "prednisolone", 5),
        (4, "Methylprednisolone", 5),
        (20, "hydrocortisone", 5),
        (6, "deflazacort", 5),
        (0.75, "dexamethasone", 5),
        (0.75, "betamethasone", 5),
        (0, "prednisone", 0),
    ],
)
def test_equivalent_doses(dose: float, drug: str, expected: float) -> None:
    assert funis.prednisone_equivalent(dose, drug) == expected


def test_the_table_agrees_with_the_conversion_of_units() -> None:
    for drug in ("prednisolone", "methylprednisolone", "hydrocortisone", "deflazacort", "dexamethasone"):
        converted = funis.convert(7.5, "glucocorticoid", f"mg {drug}", "mg prednisone")
        assert funis.prednisone_equivalent(7.5, drug) == pytest.approx(converted, abs=1e-12)


def test_betamethasone_is_printed_twice() -> None:
    assert funis.prednisone_equivalent(0.6, "betamethasone", betamethasone_mg=0.6) == 5
    with pytest.raises(ValueRangeError, match=r"0\.6 to 0\.75"):
        funis.prednisone_equivalent(0.6, "betamethasone", betamethasone_mg=0.5)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("mg/day", 20),
        ("mg", 20),
        ("mg every other day", 10),
        ("mg/2 days", 10),
        ("mg/3 days", 20 / 3),
        ("mg/week", 20 / 7),
        ("MG  bid", 40),
        ("g/day", 20_000),
    ],
)
def test_how_a_dose_is_written(unit: str, expected: float) -> None:
    assert funis.prednisone_equivalent(20, "prednisone", unit) == pytest.approx(expected, abs=1e-9)


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match="methylprednisolone"):
        funis.prednisone_equivalent(5, "methylprednisolon")
    with pytest.raises(UnitError, match="mg/day"):
        funis.prednisone_equivalent(5, "prednisone", "tablets")
    with pytest.raises(ValueRangeError, match="0 or more"):
        funis.prednisone_equivalent(-1, "prednisone")


def course(
    subject: str, drug: str, dose: float | None, start: int | None, end: int | None, **other: Any
) -> Any:
    return {
        "subject": subject, "drug": drug, "dose": dose, "unit": other.get("unit", "mg"),
        "route": other.get("route", "oral"), "start_day": start, "end_day": end,
    }  # fmt: skip


COURSES = pl.DataFrame(
    [
        course("1", "prednisone", 20.0, -30, 13),
        course("1", "Prednisone", 10.0, 14, None),
        course("1", "methylprednisolone", 1000.0, 0, 2, route="iv"),
        course("1", "cyclophosphamide", 600.0, 0, 0, route="iv"),
        course("2", "prednisone", 20.0, -10, None, unit="mg every other day"),
        course("2", "hydrocortisone", 5.0, 20, None),
        course("3", "prednisone", None, 0, 10),
        course("4", "prednisone", 2.0, 0, 10, unit="tablets"),
        course("5", "methylprednisolone", 40.0, 5, 5, route="intra-articular"),
    ],
    infer_schema_length=None,
)


@pytest.mark.parametrize(
    ("subject", "day", "prednisone", "pulse"),
    [
        ("1", -1, 20.0, 0.0),
        ("1", 13, 20.0, 0.0),
        ("1", 14, 10.0, 0.0),
        ("1", 2, 20.0, 1250.0),  # 1000 mg x 5/4, apart from the oral dose
        ("1", 3, 20.0, 0.0),
        ("2", 0, 10.0, 0.0),  # 20 mg on alternate days
        ("2", 20, 11.25, 0.0),  # and 5 mg of hydrocortisone x 5/20
        ("3", 5, None, 0.0),
        ("3", 11, 0.0, 0.0),
        ("4", 5, None, 0.0),
        ("5", 5, 0.0, 0.0),
        ("6", 5, 0.0, 0.0),
    ],
)
def test_dose_by_day(subject: str, day: int, prednisone: float | None, pulse: float) -> None:
    days = pl.DataFrame({"subject": [subject], "day": [day]})
    found = funis.derive_prednisone(COURSES, days).row(0, named=True)
    assert (found["prednisone"], found["pulse"]) == (prednisone, pulse)


def test_notes_say_why() -> None:
    days = pl.DataFrame({"subject": ["3", "4", "5", "1"], "day": [5, 5, 5, 50]})
    assert funis.derive_prednisone(COURSES, days)["prednisone_note"].to_list() == [
        "the dose of prednisone is missing",
        "the unit 'tablets' of prednisone is not known",
        "methylprednisolone by route 'intra-articular' is not added",
        "",
    ]


def test_days_recorded_one_by_one_are_averaged() -> None:
    rows = [course("1", "prednisone", 15.0, day, day) for day in range(0, 28, 2)]
    days = pl.DataFrame({"subject": ["1", "1"], "day": [26, 27]})
    assert funis.derive_prednisone(pl.DataFrame(rows), days)["prednisone"].to_list() == [15.0, 0.0]
    found = funis.derive_prednisone(pl.DataFrame(rows), days, average_days=14)["prednisone"].to_list()
    assert found == pytest.approx([7.5, 7.5])  # 7 days of 15 mg in 14


def test_dates_serve_where_there_are_dates() -> None:
    courses = pl.DataFrame(
        {"subject": ["1"], "drug": ["prednisolone"], "dose": [12.5], "unit": ["mg"], "route": [None],
         "start": [date(2020, 1, 1)], "end": [date(2020, 1, 31)]}
    )  # fmt: skip
    days = pl.DataFrame(
        {"subject": ["1"] * 3, "date": [date(2019, 12, 31), date(2020, 1, 31), date(2020, 2, 1)]}
    )
    assert funis.derive_prednisone(courses, days)["prednisone"].to_list() == [0.0, 12.5, 0.0]
    with pytest.raises(ColumnError, match="dose"):
        funis.derive_prednisone(courses.drop("dose"), days)


@pytest.mark.parametrize(
    ("changed", "dose", "note"),
    [
        ({}, 20.0, ""),
        ({"route": None}, 20.0, ""),  # by mouth, as the table of routes says
        ({"unit": None}, None, "the unit of prednisone is missing"),
        ({"unit": " "}, None, "the unit of prednisone is missing"),
        ({"dose": None, "unit": None}, None, "the dose of prednisone is missing"),
        ({"drug": None}, None, "a course without the name of its drug may be a glucocorticoid"),
        ({"drug": "cyclophosphamide", "unit": None}, 0.0, ""),
    ],
)
@pytest.mark.parametrize("absent", [False, True])
def test_what_a_course_does_not_say_is_not_known(
    changed: dict[str, Any],
    dose: float | None,
    note: str,
    absent: bool,  # noqa: FBT001
) -> None:
    course = {"drug": "prednisone", "dose": 20.0, "unit": "mg", "route": "oral"} | changed
    frame = pl.DataFrame([{"subject": "1", **course, "start_day": -30, "end_day": 30}])
    gone = [name for name in ("unit", "route") if absent and course[name] is None]
    found = funis.derive_prednisone(
        frame.with_columns(pl.col("dose").cast(pl.Float64)).drop(gone),
        pl.DataFrame({"subject": ["1"], "day": [0]}),
    )
    assert found.select("prednisone", "prednisone_note").row(0) == (dose, note)


def test_a_dose_that_nobody_was_given_is_refused() -> None:
    assert funis.prednisone_equivalent(20_000, "prednisone") == 20_000
    for dose, drug, unit in ((20_000.1, "prednisone", "mg"), (1e300, "prednisone", "mg"), (math.inf, "cortisol", "mg"),
                             (21, "prednisone", "g/day"), (3_001, "dexamethasone", "mg")):  # fmt: skip
        with pytest.raises(DoseError, match="20,000 mg of prednisone a day or less"):
            funis.prednisone_equivalent(dose, drug, unit)
    assert math.isnan(funis.prednisone_equivalent(math.nan, "prednisone"))
    courses = pl.DataFrame(
        {"subject": ["01", "02"], "drug": ["prednisone"] * 2, "dose": [1e300, -1.0],
         "unit": ["mg"] * 2, "start_day": [0, 0], "end_day": [None, None]}
    )  # fmt: skip
    found = funis.derive_prednisone(courses, pl.DataFrame({"subject": ["01", "02"], "day": [1, 1]}))
    assert found["prednisone"].to_list() == [None, None]
    assert found["prednisone_note"].to_list() == ["the dose of prednisone is not possible"] * 2
