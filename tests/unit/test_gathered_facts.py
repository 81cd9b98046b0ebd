"""What is known of all subjects together, put beside the timelines of some of them."""

import polars as pl

from funis.responses.distribute import _complete, _facts_of
from funis.responses.timeline import build_timelines

NAMES = ("fact", "name", "instrument", "middle", "n")


def test_facts_of_all_become_those_of_the_timelines_at_hand() -> None:
    cohort = build_timelines(pl.DataFrame({"subject": ["1"], "visit": ["first"], "day": [3], "x": [None]}))
    facts = [
        ("subject", "", "", None, 2), ("subject", "", "", None, 3), ("visits", "", "", None, 1),
        ("unscheduled", "", "", None, 1), ("column", "x", "", None, 1), ("column", "i_g", "", None, 1), ("reached", "y", "", None, 1),
        ("letters", "i_g", "", None, 1), ("held", "first", "i", None, 4), ("day", "last", "", 9.0, 1),
        ("day", "first", "", 3.0, 1),
    ]  # fmt: skip
    whole = _complete(cohort, [dict(zip(NAMES, fact, strict=True)) for fact in facts])
    assert (whole.has_visits, whole.has_unscheduled) == (True, True)
    assert [sorted(names) for names in (whole.columns, whole.reached)] == [["i_g", "x"], ["y"]]
    assert whole.lettered("i") == frozenset({"i_g"})
    assert whole.held("i") == {"first": 4, "last": 0}
    assert dict(whole.days) == {"first": 3.0, "last": 9.0}
    assert whole.gathered is not None
    assert whole.gathered.n_subjects == 5


def test_without_facts_nobody_has_a_visit() -> None:
    cohort = build_timelines(pl.DataFrame({"subject": ["1"], "visit": ["first"], "day": [3], "x": [None]}))
    none = _complete(cohort, [])
    assert (none.has_visits, none.has_unscheduled, none.columns) == (False, False, frozenset())


def test_facts_of_some_subjects_are_one_row_each() -> None:
    frame = pl.DataFrame(
        {"subject": ["1", "1", "2"], "visit": ["a", "unscheduled_1", "a"], "day": [0, 5, 2], "x": [1, 2, 3]}
    )
    facts = list(_facts_of(build_timelines(frame), ()))
    assert facts[:3] == [
        ("subject", "", "", None, 2),
        ("visits", "", "", None, 1),
        ("unscheduled", "", "", None, 1),
    ]
    assert ("column", "x", "", None, 1) in facts
    assert [fact[3] for fact in facts if fact[:2] == ("day", "a")] == [0, 2]
    quiet = list(_facts_of(build_timelines(frame.filter(pl.col("visit") == "a")), ()))
    assert "unscheduled" not in {fact[0] for fact in quiet}
