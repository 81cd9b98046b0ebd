"""Columns that responses read from courses of drugs: dose on the day, drugs taken, drugs begun, and what is not known."""

from typing import Any

import polars as pl
import pytest

from funis.analysis.drugs_at_visits import add_drug_columns
from funis.study.check import check_study
from funis.study.model import Study

COURSES = {
    "subject": pl.String, "drug": pl.String, "dose": pl.Float64, "unit": pl.String, "route": pl.String,
    "start_day": pl.Int64, "end_day": pl.Int64,
}  # fmt: skip
QUESTIONS = {"subject": pl.String, "day": pl.Int64, "asked_drugs": pl.Int64}


def make_study(*columns: dict[str, Any]) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "D", "title": "Drugs", "condition": "sle", "design": "observational"},
            "labs": ({"test": "c3", "unit": "g/L"},),
            "visit_columns": columns,
        }
    )


def told(
    column: dict[str, Any],
    courses: list[tuple[Any, ...]],
    days: tuple[int | None, ...],
    asked: tuple[Any, ...] = (),
) -> list[float | None]:
    """Give the column of subject 1 on some days."""
    frames = {
        "medications": pl.DataFrame([("1", *row) for row in courses], schema=COURSES, orient="row"),
        "safety_questions": pl.DataFrame(list(asked), schema=QUESTIONS, orient="row"),
    }
    visits = pl.DataFrame({"subject": ["1"] * len(days), "day": pl.Series(days, dtype=pl.Float64)})
    found: list[float | None] = add_drug_columns(make_study(column), frames, visits)[column["name"]].to_list()
    return found


DOSE = {"name": "prednisone", "kind": "glucocorticoid_dose"}
METHOTREXATE = {"name": "methotrexate", "kind": "dose", "drugs": "methotrexate", "unit": "mg/week"}
TAKEN = {"name": "immunosuppressant", "kind": "drugs_taken", "drugs": ("azathioprine", "methotrexate")}
BEGUN = {"name": "rescue_medication", "kind": "drugs_begun", "drugs": ("rituximab",)}
NEW = {"name": "new_immunosuppressant", "kind": "new_drugs_begun", "drugs": ("azathioprine", "methotrexate")}


def test_the_dose_on_the_day_of_the_visit() -> None:
    # 16 mg of methylprednisolone equal 20 mg of prednisone; two courses on one day add up.
    courses = [
        ("methylprednisolone", 16.0, "mg/day", "oral", -30, 29),
        ("prednisone", 5.0, "mg/day", None, 20, None),
    ]
    assert told(DOSE, courses, (0, 25, 30, None)) == [20.0, 25.0, 5.0, None]


def test_the_dose_of_a_drug_in_its_unit() -> None:
    courses = [
        ("Methotrexate", 15.0, "mg/week", None, 10, 59),
        ("methotrexate", 2.5, "mg/day", None, 60, None),
        ("prednisone", 5.0, "mg/day", None, 0, None),
    ]
    # Before the course none; on day 60 a unit that is not the column's leaves the dose unknown.
    assert told(METHOTREXATE, courses, (0, 10, 59, 60)) == [0.0, 15.0, 15.0, None]


def test_drugs_taken_and_begun() -> None:
    courses = [
        ("azathioprine", 100.0, "mg/day", None, -90, -1),
        ("azathioprine", 100.0, "mg/day", None, 40, 50),
        ("rituximab", None, None, None, 60, 60),
    ]
    assert told(TAKEN, courses, (-5, 0, 40, 50, 51)) == [1.0, 0.0, 1.0, 1.0, 0.0]
    # Once begun it stays begun; azathioprine was taken before day 0 and is not new.
    assert told(BEGUN, courses, (0, 59, 60, 90)) == [0.0, 0.0, 1.0, 1.0]
    assert told(NEW, courses, (0, 90)) == [0.0, 0.0]
    assert told(NEW, [*courses, ("methotrexate", 10.0, "mg/week", None, 70, None)], (69, 70)) == [0.0, 1.0]
    assert told(BEGUN, [("rituximab", None, None, None, 0, 0)], (30,)) == [0.0]


def test_what_leaves_an_answer_open() -> None:
    without_start = [("rituximab", None, None, None, None, None)]
    assert told(BEGUN, without_start, (30,)) == [None]
    assert told(BEGUN, [("rituximab", None, None, None, None, -3)], (30,)) == [0.0]
    assert told({**TAKEN, "drugs": "rituximab"}, without_start, (30,)) == [None]
    # A course without a name may be the one asked for, unless another already is.
    nameless = [(None, None, None, None, 5, None)]
    assert told(BEGUN, nameless, (30,)) == [None]
    assert told(BEGUN, [*nameless, ("rituximab", None, None, None, 7, 7)], (6, 7)) == [None, 1.0]


def test_nothing_is_known_of_whom_nobody_asked() -> None:
    assert told(BEGUN, [], (0, 30)) == [None, None]
    # Asked on day 30, not on day 60: known up to day 30.
    asked = (("1", 30, 1), ("1", 60, 0))
    assert told(BEGUN, [], (0, 30, 31), asked) == [0.0, 0.0, None]


@pytest.mark.parametrize(
    ("column", "key", "found"),
    [
        ({**BEGUN, "drugs": ()}, "drugs", "needs the drugs"),
        ({**DOSE, "drugs": "prednisone"}, "drugs", "no drugs that are listed here"),
        ({**DOSE, "unit": "mg/week"}, "unit", "no unit of its own"),
        ({**DOSE, "question": "response"}, "question", "asks no committee"),
        ({**DOSE, "name": "c3"}, "name", "has this name"),
        ({**DOSE, "name": "sledai_2k"}, "name", "has this name"),
    ],
)
def test_columns_that_cannot_be_made_are_refused(column: dict[str, Any], key: str, found: str) -> None:
    (finding,) = check_study(make_study(column))
    assert (finding.key, found in finding.message) == (("visit_columns", 0, key), True)


def test_a_name_stands_once() -> None:
    (finding,) = check_study(make_study(DOSE, DOSE))
    assert finding.message == "This name is given twice."
