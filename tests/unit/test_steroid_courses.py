"""Days above a dose in the weeks before a visit, and the steroid rule of AURORA that asks for them."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from funis.errors import ColumnError, ValueRangeError
from funis.responses.respond import respond
from funis.responses.steroid_courses import derive_steroid_days

ABOVE, RUN = "steroid_days_above", "steroid_longest_run_above"
WITHIN, LOW_RUN = "steroid_days_within", "steroid_longest_run_within"


def courses(*rows: tuple[Any, ...]) -> pl.DataFrame:
    """Courses of prednisone by mouth: dose, first day, last day (None goes on)."""
    return pl.DataFrame(
        [
            {
                "subject": "1",
                "drug": "prednisone",
                "dose": dose,
                "unit": "mg/day",
                "route": "oral",
                "start_day": first,
                "end_day": last,
            }
            for dose, first, last in rows
        ],
        schema={
            "subject": pl.String,
            "drug": pl.String,
            "dose": pl.Float64,
            "unit": pl.String,
            "route": pl.String,
            "start_day": pl.Int64,
            "end_day": pl.Int64,
        },
    )


def count(found: pl.DataFrame, name: str) -> tuple[int | None, int, int]:
    row = found.row(0, named=True)
    return row[name], row[f"{name}_lower"], row[f"{name}_upper"]


def days_above(*rows: tuple[Any, ...], day: int = 364, **options: Any) -> pl.DataFrame:
    return derive_steroid_days(courses(*rows), pl.DataFrame({"subject": ["1"], "day": [day]}), **options)


def test_a_burst_inside_the_window() -> None:
    found = days_above((5, 0, 329), (20, 330, 333), (5, 334, None))
    assert count(found, ABOVE) == (4, 4, 4)
    assert count(found, RUN) == (4, 4, 4)
    assert count(found, WITHIN) == (53, 53, 53)  # of the 57 days 308 to 364
    assert count(found, LOW_RUN) == (31, 31, 31)  # days 334 to 364


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (300, 307, 0),  # week 44 begins on day 308
        (300, 308, 1),
        (364, 364, 1),
        (364, None, 1),  # the visit is the last day looked at
        (365, None, 0),
        (0, None, 57),
    ],
)
def test_edges_of_the_window(first: int, last: int | None, expected: int) -> None:
    assert count(days_above((15, first, last)), ABOVE)[0] == expected


def test_a_window_of_one_day_is_the_day_of_the_visit() -> None:
    found = days_above((20, 364, 364), window_days=1)
    assert count(found, ABOVE) == (1, 1, 1)
    assert count(found, WITHIN) == (0, 0, 0)
    assert count(days_above((20, 363, 363), window_days=1), ABOVE) == (0, 0, 0)


def test_the_limit_itself_is_not_above() -> None:
    assert count(days_above((10, 0, None)), ABOVE)[0] == 0
    assert count(days_above((10.01, 0, None)), ABOVE)[0] == 57
    assert count(days_above((10, 0, None)), ABOVE)[0] == 0
    assert count(days_above((7.6, 0, None), limit=7.5), ABOVE)[0] == 57


def test_courses_that_overlap_add_up() -> None:
    found = days_above((8, 0, None), (4, 350, 352))  # 12 mg on three days
    assert (count(found, ABOVE)[0], count(found, RUN)[0]) == (3, 3)


def test_runs_are_of_days_in_a_row() -> None:
    found = days_above((15, 310, 311), (15, 320, 321), (15, 330, 331), (15, 340, 340))
    assert (count(found, ABOVE)[0], count(found, RUN)[0]) == (7, 2)
    joined = days_above((15, 310, 311), (30, 312, 313))  # two courses, one run
    assert count(joined, RUN)[0] == 4


def test_a_dose_that_is_not_known_leaves_an_interval() -> None:
    found = days_above((15, 310, 311), (None, 312, 316))
    assert count(found, ABOVE) == (None, 2, 7)
    assert count(found, RUN) == (None, 2, 7)
    assert count(found, WITHIN) == (None, 50, 55)


def test_a_course_without_a_start_may_have_been_in_force() -> None:
    found = days_above((15, None, 320))
    assert count(found, ABOVE) == (None, 0, 13)  # days 308 to 320
    assert count(days_above((15, None, 300)), ABOVE) == (0, 0, 0)  # it ended before the window


def test_no_course_is_no_dose() -> None:
    assert count(days_above(), ABOVE) == (0, 0, 0)


def test_dates_and_other_drugs() -> None:
    medications = pl.DataFrame(
        {
            "subject": ["1", "1"],
            "drug": ["methylprednisolone", "cyclophosphamide"],
            "dose": [16.0, 800.0],
            "unit": ["mg/day", "mg"],
            "route": ["oral", "intravenous"],
            "start": [date(2020, 3, 1), date(2020, 3, 2)],
            "end": [date(2020, 3, 4), None],
        }
    )
    visits = pl.DataFrame({"subject": ["1", "1"], "date": [date(2020, 3, 10), None]})
    found = derive_steroid_days(medications, visits, window_days=14)
    assert found.get_column(ABOVE).to_list() == [4, None]  # 20 mg of prednisone on 1 to 4 March
    assert found.get_column(f"{ABOVE}_upper").to_list() == [4, 14]  # a visit without a date: nothing is known


def test_days_serve_where_one_of_the_two_tables_has_no_dates() -> None:
    """20 mg on days 330 to 333, with a dated visit; and courses with dates beside a visit that has a day only."""
    dated = pl.DataFrame({"subject": ["1"], "day": [364], "date": [date(2020, 12, 30)]})
    given = courses((5, 0, 329), (20, 330, 333))
    assert count(derive_steroid_days(given, dated), ABOVE) == (4, 4, 4)
    both = given.with_columns(start=pl.lit(date(2020, 1, 1)), end=pl.lit(date(2020, 1, 2)))
    assert count(derive_steroid_days(both, dated.drop("date")), ABOVE) == (4, 4, 4)
    # Where both have dates these are taken: both doses fell on the first two days of the year, long before.
    assert count(derive_steroid_days(both, dated), ABOVE) == (0, 0, 0)


def test_what_is_refused() -> None:
    with pytest.raises(ValueRangeError, match="window_days"):
        days_above((5, 0, None), window_days=0)
    with pytest.raises(ValueRangeError, match="limit"):
        days_above((5, 0, None), limit=-1)
    with pytest.raises(ColumnError, match="day"):
        derive_steroid_days(courses((5, 0, None)), pl.DataFrame({"subject": ["1"]}))


# --- the rule of AURORA ----------------------------------------------------------------------------

GOOD = {"upcr": 0.5, "gfr": 70.0, "prednisone": 5.0}


def aurora(medications: pl.DataFrame | None, now: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    rows = [
        {"subject": "1", "visit": "baseline", "day": 0, "upcr": 3.0, "gfr": 70.0, "prednisone": 25.0},
        {"subject": "1", "visit": "month_12", "day": 364, **now},
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    if medications is not None:
        frame = derive_steroid_days(medications, frame)
    return respond(frame, "aurora_renal_response", parameters={"upcr_unit": "mg/mg", **parameters}).row(
        0, named=True
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(5, 0, None)], "CRR"),
        ([(10, 0, None)], "CRR"),
        ([(10.5, 0, None)], "PRR"),
        ([(20, 330, 331)], "CRR"),  # 2 days in a row
        ([(20, 330, 332)], "PRR"),  # 3 days in a row
        ([(20, 310, 311), (20, 320, 321), (20, 330, 331)], "CRR"),  # 6 days
        ([(20, 310, 311), (20, 320, 321), (20, 330, 331), (20, 340, 340)], "PRR"),  # 7 days
        ([(60, 0, 307), (5, 308, None)], "CRR"),  # before week 44
        ([(None, 330, 331)], "CRR"),  # two unknown days cannot be three
        ([(None, 330, 340)], "cannot tell"),
        ([(20, 310, 315), (None, 330, 340)], "PRR"),  # broken already
    ],
)
def test_steroid_rule_by_courses(rows: list[tuple[Any, ...]], expected: str) -> None:
    assert aurora(courses(*rows), GOOD)["response"] == expected


def test_the_dose_at_the_visit_does_not_settle_the_rule() -> None:
    row = aurora(None, GOOD)
    assert (row["response"], row["possible"], row["responder"]) == ("cannot tell", "CRR or PRR", "yes")
    assert "prednisone 5 at the visit does not settle the days before it" in row["reason"]
    assert aurora(None, {**GOOD, "prednisone": 40.0})["response"] == "cannot tell"
    assert aurora(None, {**GOOD, "upcr": 0.6})["response"] == "PRR"  # settled without the dose
    assert aurora(None, {**GOOD, "upcr": 1.6})["response"] == "none"


def test_other_readings_of_the_rule() -> None:
    burst = courses((20, 308, 361))  # 10 mg or less on the last 3 days only
    assert aurora(burst, GOOD)["response"] == "PRR"
    assert aurora(burst, GOOD, steroid_rule="days_within")["response"] == "CRR"
    two_days = courses((20, 0, 362))
    assert aurora(two_days, GOOD, steroid_rule="days_within")["response"] == "PRR"
    seven = courses((20, 308, 310), (20, 313, 315), (20, 318, 320), (20, 323, 325), (20, 327, None))
    # 10 mg or less on days 311-312, 316-317, 321-322 and 326: 7 days, never 3 in a row
    assert aurora(seven, GOOD, steroid_rule="days_within")["response"] == "CRR"
    assert aurora(None, GOOD, steroid_rule="visit_dose")["response"] == "CRR"
    assert aurora(None, {**GOOD, "prednisone": 10.1}, steroid_rule="visit_dose")["response"] == "PRR"


def test_a_limit_of_zero_counts_every_day_with_a_dose() -> None:
    courses = pl.DataFrame(
        {"subject": ["01"], "drug": ["prednisone"], "dose": [5.0], "unit": ["mg/day"], "route": ["oral"],
         "start_day": [0], "end_day": [400]}
    )  # fmt: skip
    visits = pl.DataFrame({"subject": ["01"], "day": [364]})
    above = {
        limit: derive_steroid_days(courses, visits, window_days=10, limit=limit)["steroid_days_above"][0]
        for limit in (0.0, 4.9, 5.0)
    }
    assert above == {0.0: 10, 4.9: 10, 5.0: 0}
    with pytest.raises(ValueRangeError):
        derive_steroid_days(courses, visits, limit=-0.1)
