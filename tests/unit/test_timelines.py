"""Timelines of subjects: cells, days, visits and events read into them, on each limit."""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import responder_index
from funis.errors import ColumnError, ShapeError, ValueRangeError
from funis.responses.possible_values import limits_of_index
from funis.responses.timeline import (
    CohortTimelines,
    TimelineVisit,
    build_timelines,
    order_days,
    refuse_days_twice,
)
from funis.responses.verdict import exactly
from funis.scoring.column_limits import ColumnLimits, FrameLimits


def visits(*rows: tuple[Any, ...], **columns: list[Any]) -> pl.DataFrame:
    """Make a frame from subject, visit and day of each row, with more columns."""
    frame = pl.DataFrame(rows, schema=["subject", "visit", "day"], orient="row", infer_schema_length=None)
    return frame.with_columns(**{name: pl.Series(values, strict=False) for name, values in columns.items()})


def cohort(*rows: tuple[Any, ...], **columns: list[Any]) -> CohortTimelines:
    return build_timelines(visits(*rows, **columns))


def holds(**values: Any) -> TimelineVisit:
    return TimelineVisit("p7", "month_3", 90.0, values)


def test_yes_and_no_are_numbers_where_a_column_asks_for_them() -> None:
    assert holds(active_sediment="yes").number("active_sediment") == exactly(1)
    assert holds(active_sediment="No").number("active_sediment") == exactly(0)
    assert holds(active_sediment="1").number("active_sediment") == exactly(1)
    assert holds(active_sediment="ND").number("active_sediment").is_open
    assert holds(active_sediment="  ").number("active_sediment").is_open
    assert holds(pga="2").number("pga") == exactly(2)
    with pytest.raises(ValueRangeError, match=r"'pga', subject p7.*yes.*a number, ND"):
        holds(pga="yes").number("pga")
    with pytest.raises(ValueRangeError, match="yes, no, ND"):
        holds(active_sediment="perhaps").number("active_sediment")


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        ({"x": "B"}, ("B", "B")), ({"x": None}, ("E", "A")), ({}, ("E", "A")), ({"x": "ND"}, ("E", "A")), ({"x": " "}, ("E", "A")),
        ({"x": None, "x_lower": "C"}, ("C", "A")), ({"x": None, "x_upper": "C"}, ("E", "C")),
        ({"x": "A", "x_lower": "C", "x_upper": "B"}, ("A", "A")),
    ],
)  # fmt: skip
def test_a_grade_is_a_letter_or_lies_between_two(values: dict[str, Any], grade: tuple[str, str]) -> None:
    assert holds(**values).grade("x") == grade


@pytest.mark.parametrize("value", ["F", "AB", "", 1, "CDE", "a"])
def test_another_letter_is_refused(value: Any) -> None:
    if value == "":
        assert holds(x=value).grade("x") == ("E", "A")
        return
    with pytest.raises(ValueRangeError, match="one of the grades A, B, C, D, E"):
        holds(x=value).grade("x")


@pytest.mark.parametrize(
    ("ends", "said"),
    [(("E", "A"), False), (("D", "A"), False), (("C", "A"), True), (("E", "B"), True), (("D", "B"), True), (("E", "E"), True)],
)  # fmt: skip
def test_from_the_lowest_letters_to_a_nothing_is_said(ends: tuple[str, str], *, said: bool) -> None:
    visit = holds(x_lower=ends[0], x_upper=ends[1])
    assert visit.has_grade(["x"]) is said
    assert visit.has_grade(["x", "y"]) is said
    assert visit.has_grade([]) is False


@pytest.mark.parametrize(
    ("name", "day"),
    [("baseline", 0), ("screening", 0), ("day_3", 3), ("week_2", 14), ("month_2", 60), ("month_12", 360)],
)
def test_the_name_of_a_visit_gives_its_day(name: str, day: int) -> None:
    found = build_timelines(pl.DataFrame({"subject": ["1"], "visit": [name]}))
    assert found.timelines[0].visits[0].day == day


@pytest.mark.parametrize("name", ["month_x", "end", "month_1_late", "unscheduled_1"])
def test_another_name_gives_none(name: str) -> None:
    with pytest.raises(ValueRangeError, match="day of subject 1, visit"):
        build_timelines(pl.DataFrame({"subject": ["1"], "visit": [name]}))


@pytest.mark.parametrize(
    ("day", "is_allowed"), [(36_525, True), (-36_525, True), (36_526, False), (-36_526, False)]
)
def test_a_day_lies_within_a_hundred_years(day: int, *, is_allowed: bool) -> None:
    if is_allowed:
        assert cohort(("1", "end", day)).timelines[0].visits[0].day == day
        return
    with pytest.raises(ValueRangeError, match="-36525 to 36525 days"):
        cohort(("1", "end", day))


def test_a_row_has_a_subject_and_a_visit() -> None:
    for row in ((None, "month_3", 90), ("1", None, 90)):
        with pytest.raises(ValueRangeError, match="a subject and a visit name in every row"):
            cohort(row, ("2", "month_3", 90))
    for lacking in ("subject", "visit"):
        with pytest.raises(ColumnError, match=lacking):
            build_timelines(visits(("1", "month_3", 90)).drop(lacking))
    with pytest.raises(ShapeError, match="neither rows nor columns"):
        build_timelines(pl.DataFrame())
    assert not cohort(("1", "a", 1)).timelines[0].events


def test_a_frame_without_rows_has_nobody() -> None:
    empty = visits(("1", "month_3", 90)).clear()
    assert build_timelines(empty).timelines == ()
    assert not build_timelines(empty).has_visits
    assert cohort(("1", "month_3", 90)).has_visits


def test_a_number_that_a_column_cannot_hold_is_refused_with_its_row() -> None:
    limits = FrameLimits("a response", (ColumnLimits("x", 0, 3),))
    frame = visits(("p7", "month_3", 90), ("p8", "month_3", 90), x=[4.0, 3.0])
    with pytest.raises(ValueRangeError, match=r"1 row.*p7.*month_3"):
        build_timelines(frame, limits=limits)
    with pytest.raises(ValueRangeError, match=r"1 row") as refused:
        build_timelines(frame.rename({"visit": "_visit"}), visit="_visit", limits=limits)
    assert "month_3" not in str(refused.value)
    with pytest.raises(ValueRangeError, match="1 row"):
        build_timelines(frame.drop("visit"), limits=limits)


def test_a_visit_stands_once_but_for_unscheduled_ones() -> None:
    doubled = [("1", "month_3", 90), ("1", "month_3", 95)]
    with pytest.raises(ShapeError, match=r"more than once.*subject 1, visit month_3"):
        cohort(*doubled)
    found = cohort(("1", "unscheduled", 90), ("1", "unscheduled", 95), ("1", "month_3", 91))
    assert [visit.day for visit in found.timelines[0].visits] == [90, 91, 95]
    assert found.has_unscheduled
    assert not cohort(("1", "month_3", 90)).has_unscheduled
    assert dict(found.days) == {"month_3": 91.0}


def test_two_visits_of_one_day_have_no_order() -> None:
    refuse_days_twice(cohort(("1", "a", 1), ("1", "b", 2), ("2", "a", 1)))
    with pytest.raises(ShapeError, match=r"^Subject 2 has more than one visit on day 5: b, c\."):
        refuse_days_twice(cohort(("1", "a", 1), ("2", "a", 4), ("2", "b", 5), ("2", "c", 5)))


def test_visits_after_a_death_are_kept_apart() -> None:
    found = cohort(("1", "a", 10), ("1", "b", 20), ("1", "c", 21), death_day=[20, None, None])
    (one,) = found.timelines
    assert [visit.name for visit in one.visits] == ["a", "b"]
    assert [visit.name for visit in one.after_death] == ["c"]
    assert dict(found.days) == {"a": 10.0, "b": 20.0, "c": 21.0}
    (other,) = cohort(("1", "a", 10), ("1", "b", 20), death_day=[20, None]).timelines
    assert other.after_death == ()


def test_the_baseline_is_the_last_visit_up_to_day_0_else_the_one_called_so() -> None:
    def baseline(*days: tuple[str, int], name: str = "") -> str | None:
        (one,) = cohort(*(("1", visit, day) for visit, day in days)).timelines
        found = one.baseline(name)
        return None if found is None else found.name

    assert baseline(("a", -7), ("b", 0), ("c", 1)) == "b"
    assert baseline(("a", -7), ("c", 1)) == "a"
    assert baseline(("baseline", 1), ("c", 2)) == "baseline"
    assert baseline(("c", 1)) is None
    assert baseline(("a", -7), ("c", 1), name="c") == "c"


def test_the_visits_before_and_between() -> None:
    (one,) = cohort(("1", "a", 1), ("1", "b", 2), ("1", "c", 3)).timelines
    a, b, c = one.visits
    assert (one.before(a), one.before(b), one.before(c)) == (None, a, b)
    assert one.between(1, 3) == (b, c)
    assert one.between(0, 2) == (a, b)
    assert one.between(2, 2) == ()
    assert (one.find("b"), one.find("x")) == (b, None)


def test_days_of_visits_are_medians_in_their_order() -> None:
    found = cohort(("1", "b", 20), ("2", "b", 30), ("3", "b", 22), ("1", "a", 25))
    assert list(found.days.items()) == [("b", 22.0), ("a", 25.0)]
    assert list(order_days({"b": 5.0, "a": 5.0, "c": 1.0})) == ["c", "a", "b"]


def graded(*grades: tuple[str | None, ...]) -> CohortTimelines:
    """Make subjects with a grade of one system at month 3 and month 6."""
    rows = [
        (str(number), name, day)
        for number, _ in enumerate(grades)
        for name, day in (("month_3", 90), ("month_6", 180))
    ]
    renal = [grade for own in grades for grade in own]
    return cohort(
        *rows, bilag_2004_renal=renal, bilag_2004_renal_rule=["1"] * len(rows), bilag_2004=[1.0] * len(rows)
    )


def test_a_visit_is_expected_of_all_where_half_of_them_have_a_grade() -> None:
    half = graded(("A", "A"), ("A", None), ("A", None), ("A", "B"))
    assert half.lettered("bilag_2004") == {"bilag_2004_renal"}
    assert half.held("bilag_2004") == {"month_3": 4, "month_6": 2}
    assert half.expected(["bilag_2004_renal"], "bilag_2004") == {"month_3": 90.0, "month_6": 180.0}
    fewer = graded(("A", "A"), ("A", None), ("A", None))
    assert fewer.held("bilag_2004") == {"month_3": 3, "month_6": 1}
    assert fewer.expected(["bilag_2004_renal"], "bilag_2004") == {"month_3": 90.0}
    assert fewer.held("bilag_classic") == {}
    assert len(half.systems("bilag_2004")) == 9
    with pytest.raises(ColumnError, match="bilag_classic_<system>"):
        half.systems("bilag_classic")


def test_study_numbers_stay_numbers_and_in_their_order() -> None:
    numbered = cohort((10, "a", 1), (9, "a", 1))
    found = numbered.name_subjects(pl.DataFrame({"subject": ["10", "9"], "x": [1, 2]}), "id")
    assert found.to_dict(as_series=False) == {"id": [9, 10], "x": [2, 1]}
    named = cohort(("10", "a", 1), ("9", "a", 1))
    found = named.name_subjects(pl.DataFrame({"subject": ["10", "9"], "x": [1, 2]}), "id")
    assert found.to_dict(as_series=False) == {"id": ["10", "9"], "x": [1, 2]}


def test_what_the_responder_index_reads_lies_within_printed_limits() -> None:
    """Each measure has its own limits; one that is compared with a printed limit is in the unit of it."""
    limits = {
        one.column: (one.lowest, one.highest) for one in limits_of_index(responder_index("s2k_ri_50")).columns
    }
    assert limits["inflamed_joints"] == (0, 100)
    assert limits["platelets"] == (0, 3000)
    assert limits["wbc"] == (0, 500)
    assert limits["proteinuria_24h"] == (0, 50_000)
    assert limits["c3"] == limits["c3_low"] == (0, 10_000)
    assert limits["seizure"] == limits["seizure_improved"] == (0, 1)
    assert limits["seizure_count"] == (0, 10_000)


def test_a_column_without_a_value_was_not_collected() -> None:
    found = cohort(("1", "a", 1), ("1", "b", 2), x=[1.0, None], y=[None, None], z=[1.0, 2.0])
    assert found.columns == {"x", "z"}
    assert found.present == {"subject", "visit", "day", "x", "y", "z"}
