"""How participation ended is read from listed words and named columns; what is nearly one of them is told."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ColumnError, MisspeltColumnError, ValueRangeError
from funis.schema import DISPOSITION_STATUSES, STATUS_WORDS, read_status
from funis.study.read import template_path

SYSTEMS = funis.definition("bilag_2004").systems
#: A response at month 6, on day 180.
VISITS = pl.DataFrame(
    {
        "subject": ["1", "1"],
        "visit": ["baseline", "month_6"],
        "sledai_2k": [12, 4],
        "pga": [2.0, 1.0],
        **{f"bilag_2004_{system}": ["E", "E"] for system in SYSTEMS},
    }
)


def respond(frame: pl.DataFrame = VISITS, name: str = "sri_4", **disposition: Any) -> dict[str, Any]:
    ended = pl.DataFrame({"subject": ["1"], **{key: [value] for key, value in disposition.items()}})
    return funis.respond(frame, name, disposition=ended).row(0, named=True)


@pytest.mark.parametrize("word", ["died", "Died", "dead", "DEATH", " deceased "])
def test_a_death_in_any_listed_word_is_one(word: str) -> None:
    assert respond(status=word, day=100)["reason"] == "no: died (day 100)."
    assert respond(status=word, day=200)["response"] == "yes"


@pytest.mark.parametrize(
    ("word", "status"),
    [(w, s) for s, words in STATUS_WORDS.items() for w in (s, *words)]
    + [("Lost_to-follow  up", "lost"), ("WITHDRAWAL BY SUBJECT", "withdrew"), ("moved", None), ("", None)],
)
def test_every_listed_word_is_read(word: str, status: str | None) -> None:
    assert read_status(word) == status
    assert status is None or status in DISPOSITION_STATUSES


def test_no_word_stands_for_two_ends() -> None:
    words = [word for status, others in STATUS_WORDS.items() for word in (status, *others)]
    assert len(words) == len(set(words))


def test_a_word_that_is_not_listed_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        ValueRangeError, match=r"status of subject 1 in the disposition: found .*died \(dead, death"
    ):
        respond(status="gone", day=100)


@pytest.mark.parametrize("empty", [None, "", "  ", float("nan")])
def test_an_empty_status_says_nothing(empty: Any) -> None:
    assert respond(status=empty, day=100)["response"] == "yes"


@pytest.mark.parametrize("status", ["completed", "ongoing"])
def test_who_completed_or_goes_on_has_left_nothing(status: str) -> None:
    assert respond(status=status, day=100)["response"] == "yes"


@pytest.mark.parametrize("name", ["stat", "Status", "death", "deathday", "Death day", "died_day"])
def test_a_column_that_nearly_is_one_is_told(name: str) -> None:
    said: dict[str, Any] = {name: "died" if name[0] in "sS" else 100, "day": 100}
    with pytest.raises(MisspeltColumnError, match=f"found '{name}', read is '(status|death_day)'"):
        respond(**said)


def test_a_column_of_the_visits_that_nearly_is_one_is_told() -> None:
    with pytest.raises(MisspeltColumnError, match="found 'dead_day', read is 'death_day'"):
        funis.respond(VISITS.with_columns(dead_day=100), "sri_4")
    assert funis.respond(VISITS.with_columns(death_day=100), "sri_4")["response"].to_list() == ["no"]


@pytest.mark.parametrize("name", ["site", "birth_day", "reason", "first_visit"])
def test_columns_that_are_something_else_are_allowed(name: str) -> None:
    another: dict[str, Any] = {name: "x"}
    assert respond(status="died", day=100, **another)["response"] == "no"
    assert respond(**another)["response"] == "yes"


def test_a_day_of_nothing_is_refused() -> None:
    with pytest.raises(ColumnError, match="The frame of disposition needs 'status'"):
        respond(outcome="died", day=100)


@pytest.mark.parametrize("yes", [1, True, "yes", "Y", "1"])
def test_an_end_may_have_a_column_of_its_own(yes: Any) -> None:
    assert respond(died=yes, day=100)["response"] == "no"
    assert respond(died=0, withdrew="no", day=100)["response"] == "yes"


def test_two_ends_of_one_subject_are_refused() -> None:
    with pytest.raises(ValueRangeError, match="allowed is one end"):
        respond(status="completed", died=1, day=100)


def test_the_first_day_of_an_event_counts() -> None:
    both = VISITS.with_columns(death_day=200)
    assert respond(both, status="died", day=100)["reason"] == "no: died (day 100)."
    assert respond(both, status="died", day=None)["response"] == "yes"


def test_leaving_on_a_day_that_is_not_recorded_leaves_the_response_open() -> None:
    row = respond(status="withdrew", day=None)
    assert (row["response"], row["responder"], row["possible"]) == ("cannot tell", "cannot tell", "yes or no")
    assert row["reason"] == "cannot tell (yes or no): withdrew, on a day that is not recorded."
    assert respond(VISITS.with_columns(pga=pl.Series([1.0, 2.0])), status="withdrew")["response"] == "no"


def test_who_was_measured_at_the_visit_was_alive_on_its_day() -> None:
    assert respond(status="died")["response"] == "yes"
    nobody = VISITS.filter(pl.col("visit") == "baseline")
    another = pl.concat([nobody, VISITS.with_columns(subject=pl.lit("2"))])
    row = funis.respond(another, "sri_4", disposition=pl.DataFrame({"subject": ["1"], "status": ["died"]}))
    assert row["response"].to_list() == ["cannot tell", "yes"]
    assert row["reason"][0] == "cannot tell (yes or no): died, on a day that is not recorded."


def test_the_visit_judged_is_the_planned_one_where_records_follow_a_death() -> None:
    row = respond(name="essdai_mcii", frame=VISITS.with_columns(essdai=8), status="died", day=100)
    assert (row["response"], row["response_visit"], row["response_day"]) == (
        "cannot tell",
        "month_6",
        None,
    )


def check(**columns: list[Any]) -> list[tuple[str, str, str]]:
    """Check a disposition of three subjects; give level, code and fix of what is said of it."""
    study = funis.read_study(template_path("observational"))
    numbers = {"subject": ["S-001", "S-002", "S-003"]}
    tables = {"subjects": pl.DataFrame(numbers), "disposition": pl.DataFrame(numbers | columns)}
    found = [each for each in funis.check_frames(study, tables) if each.table == "disposition"]
    return [(each.level, each.code, each.fix) for each in found if each.code not in _OF_THE_TRIAL]


_OF_THE_TRIAL = {"completed_without_last_visit"}


def test_a_study_folder_reads_the_same_words() -> None:
    assert check(status=["Dead", "lost to follow-up", "completed"], day=[100, 20, 364]) == []
    [(level, code, _), *_] = check(status=["gone", "lost", "completed"], day=[100, 20, 364])
    assert (level, code) == ("error", "value_not_allowed")


def test_a_study_folder_is_told_that_nothing_says_how_participation_ended() -> None:
    told = check(stat=["died", "lost", "completed"], day=[100, 20, 364])
    assert ("error", "missing_column", "Add the column 'status'. Rename 'stat' to 'status'.") in told
    assert check(died=[1, 0, 0], completed=[0, 1, 1], day=[100, 200, 364]) == []


def test_an_end_without_a_day_is_asked_about() -> None:
    told = check(status=["died", "lost", "completed"], day=[100, None, None])
    assert told == [("query", "missing_value", "Write the date, or the study day in the column 'day'.")]
