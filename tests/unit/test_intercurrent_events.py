"""Intercurrent events found in the data: which day counts, on which side of a limit, and who has none."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from funis.study.intercurrent import find_intercurrent_events
from funis.study.model import Study

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
RULES = {
    "rescue_medication": ("Prednisone ",),
    "new_immunosuppressant": ("mycophenolate", "azathioprine"),
    "adverse_event": ("Sepsis",),
}
#: The window of the second infusion closes on day 7 + 2 = 9.
INFUSIONS = ({"day": 0}, {"day": 7, "window": (-1, 2)})
SCHEMAS = {
    "disposition": {"subject": pl.String, "status": pl.String, "day": pl.Int64},
    "medications": {"subject": pl.String, "drug": pl.String, "start_day": pl.Int64},
    "adverse_events": {"subject": pl.String, "term": pl.String, "start_day": pl.Int64},
    "infusions": {"subject": pl.String, "number": pl.Int64, "day": pl.Int64},
    "subjects": {
        "subject": pl.String, "disposition_status": pl.String, "disposition_day": pl.Int64, "last_visit_day": pl.Int64,
    },
}  # fmt: skip


def frame(table: str, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    made = pl.DataFrame(rows, schema=SCHEMAS[table], orient="row")
    return made.with_columns(
        _file=pl.lit(f"{table}.csv"), _line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    )


def found(planned: tuple[Any, ...] = INFUSIONS, **tables: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Give subject, event, day and line of every event."""
    study = Study.model_validate({"study": TRIAL, "infusions": planned, "intercurrent_events": RULES})
    frames = {name: frame(name, tables.get(name, ())) for name in SCHEMAS}
    events = find_intercurrent_events(study, frames, frames["subjects"])
    return events.select("subject", "event", "day", "line").rows()


def test_nobody_has_an_event_without_records() -> None:
    assert found() == found(planned=()) == []


def test_how_a_subject_left_is_death_or_withdrawal() -> None:
    rows = [("A", "died", 40), ("B", "withdrew", 30), ("C", "lost", 20), ("D", "completed", 10)]
    assert found(disposition=rows) == [
        ("C", "withdrawal", 20, 4),
        ("B", "withdrawal", 30, 3),
        ("A", "death", 40, 2),
    ]


@pytest.mark.parametrize(("day", "count"), [(-1, 0), (0, 0), (1, 1), (None, 1)])
def test_a_rescue_is_begun_after_the_first_infusion(day: int | None, count: int) -> None:
    wanted = [("A", "rescue_medication", day, 2)] * count
    assert found(medications=[("A", " prednisone", day), ("A", "aspirin", 3)]) == wanted


@pytest.mark.parametrize(("day", "count"), [(-1, 0), (0, 1), (1, 1), (None, 1)])
def test_an_adverse_event_counts_from_the_first_infusion_on(day: int | None, count: int) -> None:
    assert (
        found(adverse_events=[("A", "SEPSIS", day), ("A", "cough", 3)])
        == [("A", "adverse_event", day, 2)] * count
    )


def test_the_first_of_several_counts_and_one_without_a_day_is_the_last() -> None:
    rows = [("A", "prednisone", None), ("A", "prednisone", 9), ("A", "prednisone", 4)]
    assert found(medications=rows) == [("A", "rescue_medication", 4, 4)]


@pytest.mark.parametrize(("before", "is_new"), [(-5, False), (0, False), (1, True)])
def test_an_immunosuppressant_is_new_where_it_was_not_taken_before(before: int, *, is_new: bool) -> None:
    rows = [("A", "Mycophenolate", before), ("A", "mycophenolate", 8)]
    wanted = [("A", "new_immunosuppressant", before, 2)] if is_new else []
    assert found(medications=rows) == wanted
    # Another drug, and another subject, are new all the same.
    assert found(medications=[rows[0], ("A", "azathioprine", 8)])[-1] == (
        ("A", "new_immunosuppressant", before, 2) if is_new else ("A", "new_immunosuppressant", 8, 3)
    )
    assert ("B", "new_immunosuppressant", 8, 3) in found(medications=[rows[0], ("B", "mycophenolate", 8)])


ONCE = [("A", 1, 0)]


@pytest.mark.parametrize(
    ("status", "left", "last", "is_missed"),
    [
        (None, None, 9, False),
        (None, None, 10, True),
        ("completed", 100, 3, True),
        ("completed", 9, 3, False),
        ("withdrew", 9, 3, False),
        ("withdrew", 10, 3, True),
        ("lost", 9, 30, False),
        ("died", 9, 30, False),
        ("died", 10, 3, True),
        ("completed", 9, 30, True),
        ("withdrew", None, 10, True),
        (None, None, None, False),
        # Nobody wrote down how it ended: who was seen later was not gone.
        (None, 9, 30, True),
    ],
)
def test_a_second_infusion_is_missed_by_who_was_followed_past_its_window(
    status: str | None, left: int | None, last: int | None, *, is_missed: bool
) -> None:
    wanted = [("A", "second_infusion_missed", 9, 2)] if is_missed else []
    rows = [("A", status, left, last)]
    assert found(subjects=rows, infusions=ONCE) == wanted
    assert found(subjects=rows, infusions=[*ONCE, ("A", 2, 8)]) == []
    # Who had no infusion missed none, and a trial of one infusion has no second.
    assert found(subjects=rows) == found(planned=INFUSIONS[:1], subjects=rows, infusions=ONCE) == []


def test_an_infusion_beyond_those_planned_is_given_again() -> None:
    given = [("A", 1, 0), ("A", 2, 7), ("A", 3, 90), ("A", 4, 99), ("B", 1, 0), ("B", 2, 7)]
    assert found(infusions=given) == [("A", "reinfusion", 90, 4)]
    assert found(planned=INFUSIONS[:1], infusions=given) == [
        ("A", "reinfusion", 7, 3),
        ("B", "reinfusion", 7, 7),
    ]
    assert found(planned=(), infusions=given) == []


def test_three_planned_infusions_are_asked_for_the_second() -> None:
    third = (*INFUSIONS, {"day": 14})
    rows = [("A", None, None, 30)]
    assert found(planned=third, subjects=rows, infusions=ONCE) == [("A", "second_infusion_missed", 9, 2)]
    assert found(planned=third, subjects=rows, infusions=[*ONCE, ("A", 3, 14)]) == []
