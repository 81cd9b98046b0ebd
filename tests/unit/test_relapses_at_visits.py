"""Which visit a relapse belongs to, who is at risk at it, and a rate held against a threshold; on each limit."""

from typing import Any

import polars as pl
import pytest

from funis.errors import ValueRangeError
from funis.responses.relapse_counts import _unfold_batches, count_relapses, flag_relapses
from funis.responses.specification_curve import Tally, _count

DAYS = {"month_6": 180.0, "month_3": 90.0, "month_12": 360.0}
OPENS = {"month_3": 60.0, "month_6": 150.0, "month_12": 330.0}


def person(**given: Any) -> dict[str, Any]:
    """Make a responder without a relapse who was followed to day 400."""
    quiet = {"responder": "yes", "relapse": "no", "relapse_visit": None, "relapse_day": None}
    return quiet | {"followed_to_day": 400.0} | given


def flags(**given: Any) -> tuple[list[str], list[str]]:
    """Name the visits that the relapse belongs to, and those at which the subject is at risk."""
    row = flag_relapses(pl.DataFrame([person(**given)]), DAYS, OPENS).row(0, named=True)
    order = ("month_3", "month_6", "month_12")
    return [name for name in order if row[f"relapse_{name}"]], [
        name for name in order if row[f"at_risk_{name}"]
    ]


@pytest.mark.parametrize(
    ("followed", "at_risk"),
    [(59.0, 0), (60.0, 1), (149.0, 1), (150.0, 2), (329.0, 2), (330.0, 3)],
)
def test_who_is_followed_to_the_opening_of_a_visit_is_at_risk_at_it(followed: float, at_risk: int) -> None:
    assert flags(followed_to_day=followed) == ([], ["month_3", "month_6", "month_12"][:at_risk])


@pytest.mark.parametrize(
    ("day", "visit"),
    [(1.0, "month_3"), (90.0, "month_3"), (90.5, "month_6"), (180.0, "month_6"), (181.0, "month_12"),
     (360.0, "month_12"), (361.0, "month_12"), (None, "month_12")],
)  # fmt: skip
def test_a_relapse_between_visits_belongs_to_the_next(day: float | None, visit: str) -> None:
    found, at_risk = flags(relapse="yes", relapse_visit="unscheduled_1", relapse_day=day)
    assert found == [visit]
    assert at_risk[-1] == visit
    assert len(at_risk) == ["month_3", "month_6", "month_12"].index(visit) + 1


def test_a_relapse_at_a_visit_belongs_to_it_whatever_its_day() -> None:
    found = flags(relapse="yes", relapse_visit="month_6", relapse_day=200.0, followed_to_day=100.0)
    assert found == (["month_6"], ["month_3", "month_6"])


def test_only_responders_with_an_answer_are_at_risk() -> None:
    assert flags(responder="no") == flags(relapse="") == flags(relapse=None) == ([], [])
    assert flags(relapse="cannot tell") == ([], ["month_3", "month_6", "month_12"])
    assert flags(responder="no", relapse="yes", relapse_visit="month_3", relapse_day=90.0) == ([], [])


def test_counts_over_every_denominator() -> None:
    """Two responders: one relapses at month 6, one is followed to 30 days before month 3; one is none."""
    rows = [
        person(relapse="yes", relapse_visit="month_6", relapse_day=180.0),
        person(followed_to_day=60.0, relapse="cannot tell"),
        person(responder="no", relapse=""),
    ]
    counted = count_relapses(pl.DataFrame(rows), DAYS).rows()
    assert counted == [
        (visit, kind, count, n, 1)
        for visit, count, at_risk in (("month_3", 0, 2), ("month_6", 1, 1), ("month_12", 0, 0), ("all", 1, 2))
        for kind, n in (("enrolled", 3), ("responders", 2), ("at_risk", at_risk))
    ]
    narrow = count_relapses(pl.DataFrame(rows), DAYS, window=29).filter(denominator="at_risk")
    assert narrow["n"].to_list() == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("yes", "no", "threshold", "conclusion"),
    [
        # None of 5: the interval begins at 0, and all of 5 ends it at 100. It holds its own ends.
        (0, 5, 0.0, "not settled"), (5, 0, 100.0, "not settled"), (5, 0, 40.0, "above"), (0, 5, 60.0, "below"),
        (3, 3, 50.0, "not settled"),
    ],
)  # fmt: skip
def test_an_interval_that_begins_or_ends_on_the_threshold_settles_nothing(
    yes: int, no: int, threshold: float, conclusion: str
) -> None:
    found = _count(Tally(None, {"yes": yes, "no": no}), "nonresponder", threshold, 0.95)
    assert found["conclusion"] == conclusion


def test_those_of_whom_nothing_is_known_are_counted_as_the_rule_says() -> None:
    tally = Tally(None, {"yes": 2, "no": 3, "cannot tell": 5})
    found = {
        policy: _count(tally, policy, 50.0, 0.95) for policy in ("nonresponder", "left_out", "responder")
    }
    assert [(each["responders"], each["n"], each["percent"]) for each in found.values()] == [
        (2, 10, 20.0),
        (2, 5, 40.0),
        (7, 10, 70.0),
    ]
    nobody = _count(Tally(None, {"cannot tell": 3}), "left_out", 50.0, 0.95)
    assert (nobody["n"], nobody["conclusion"]) == (0, "no response can be determined")
    one = _count(Tally(None, {"yes": 1}), "left_out", 50.0, 0.95)
    assert (one["n"], one["percent"]) == (1, 100.0)


def test_the_relapses_of_responders_alone_can_be_open() -> None:
    rows = [
        person(relapse="cannot tell"),
        person(relapse="cannot tell"),
        person(),
        person(responder="no", relapse="cannot tell"),
        person(responder="cannot tell", relapse="cannot tell"),
    ]
    counted = count_relapses(pl.DataFrame(rows), {"month_3": 90.0}).filter(denominator="responders")
    assert counted.rows() == [("month_3", "responders", 0, 3, 2), ("all", "responders", 0, 3, 2)]


def test_without_a_visit_the_risk_begins_on_day_0() -> None:
    rows = [person(followed_to_day=0.0), person(followed_to_day=1.0), person(followed_to_day=-1.0)]
    counted = count_relapses(pl.DataFrame(rows), {})
    assert counted.rows() == [
        ("all", "enrolled", 0, 3, 0),
        ("all", "responders", 0, 3, 0),
        ("all", "at_risk", 0, 2, 0),
    ]


def test_what_a_worker_counted_is_unfolded_and_an_empty_part_says_nothing() -> None:
    ordered = (("month_3", 90.0),)
    counts = {"enrolled": 9, "responders": 5, "open": 2, "relapse_0": 1, "at_risk_0": 3, "at_risk": 4}
    table = pl.DataFrame([counts]).to_arrow()
    parts = [*table.slice(0, 0).to_batches(), *table.to_batches()]
    parts.insert(0, table.to_batches()[0].slice(0, 0))
    found = [row for batch in _unfold_batches(ordered, parts) for row in batch.to_pylist()]
    assert [tuple(row.values()) for row in found] == [
        ("month_3", "enrolled", 1, 9, 2), ("month_3", "responders", 1, 5, 2), ("month_3", "at_risk", 1, 3, 2),
        ("all", "enrolled", 1, 9, 2), ("all", "responders", 1, 5, 2), ("all", "at_risk", 1, 4, 2),
    ]  # fmt: skip
    assert list(found[0]) == ["visit", "denominator", "count", "n", "cannot_tell"]


def test_a_relapse_at_no_visit_belongs_to_the_next_after_its_day() -> None:
    assert flags(relapse="yes", relapse_visit=None, relapse_day=100.0)[0] == ["month_6"]
    assert flags(relapse="yes", relapse_visit=None, relapse_day=None)[0] == ["month_12"]


def test_a_day_beyond_a_life_is_refused_with_its_subject() -> None:
    far = [{"subject": "p7", **person(relapse_day=40_000.0)}, {"subject": "p8", **person()}]
    with pytest.raises(ValueRangeError, match=r"relapse_day.*p7"):
        count_relapses(pl.DataFrame(far), DAYS)
    with pytest.raises(ValueRangeError, match="relapse_day"):
        count_relapses(pl.DataFrame(far).drop("subject"), DAYS)
