"""A response judged after a relapse: each course is worked out by hand from the printed rule.

A relapse is the loss of a response (both trial reports count it "after a prior clinical response"): who has
relapsed is no responder at a later visit, whatever its grades.
"""

from itertools import product
from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.responses.respond import respond

DAYS = {"baseline": 0, "month_6": 180, "month_8": 240, "month_10": 300, "month_12": 360}
QUIET = dict.fromkeys((f"bilag_2004_{system}" for system in definition("bilag_2004").systems), "E")


def _frame(*courses: tuple[str, str], days: dict[str, int] = DAYS) -> pl.DataFrame:
    """Renal and mucocutaneous grades of each visit, one letter each; a dot where the visit is missing."""
    rows: list[dict[str, object]] = []
    for number, (renal, skin) in enumerate(courses):
        for (visit, day), first, second in zip(days.items(), renal, skin, strict=True):
            if first != ".":
                systems = {"bilag_2004_renal": first, "bilag_2004_mucocutaneous": second}
                rows.append({"subject": f"S{number:04}", "visit": visit, "day": day, **QUIET, **systems})
    return pl.DataFrame(rows)


def _judge(renal: str, *, at: str = "month_12", skin: str = "CCCCC", **chosen: Any) -> dict[str, Any]:
    # Two who were seen throughout make every visit one that was expected of everybody.
    frame = _frame((renal, skin), ("ACCCC", "CCCCC"), ("ACCCC", "CCCCC"))
    answers = respond(frame, "ucmsc_bilag_response", parameters={"response_visit": at, **chosen})
    return answers.row(0, named=True)


@pytest.mark.parametrize(
    ("renal", "month_6", "month_12", "by_grades_alone"),
    [
        ("ACCCC", "MCR", "MCR", "MCR"),  # kept
        ("ACCCB", "MCR", "none", "PCR"),  # lost at month 12: one B alone would be a partial response
        ("ACBCC", "MCR", "none", "MCR"),  # lost at month 8; quiet grades later do not bring it back
        ("ACCBB", "MCR", "none", "PCR"),
        ("ABBBC", "PCR", "MCR", "MCR"),  # a partial response that improved
        ("ABBBB", "PCR", "PCR", "PCR"),  # B was there at the response: nothing new
        (
            "ABABC",
            "PCR",
            "none",
            "none",
        ),  # a new A: a relapse; A at month 8 was A at baseline, no severe flare
        ("AAACC", "none", "MCR", "MCR"),  # no response to lose: a late one counts
        ("AABCC", "none", "MCR", "MCR"),
    ],
)
def test_by_what_rule_month_12_is_judged(
    renal: str, month_6: str, month_12: str, by_grades_alone: str
) -> None:
    if renal == "ABABC":
        by_grades_alone = "MCR"  # no A and no B at month 12, and A is not new against a baseline of A
    assert _judge(renal, at="month_6")["response"] == month_6
    assert _judge(renal)["response"] == month_12
    assert _judge(renal, after_relapse="judged_anew")["response"] == by_grades_alone


def test_the_reason_names_the_visit_that_lost_the_response() -> None:
    lost = _judge("ACBCC")
    assert lost["not_lost"] == "no"
    assert lost["responder"] == "no"
    assert lost["reason"] == "none at month_12: relapse at month_8 (day 240): renal C -> B."
    kept = _judge("ACCCC")
    assert kept["not_lost"] == "yes"
    assert "no relapse since month_6" in kept["reason"]
    late = _judge("AAACC")
    assert "no response at month_6 to lose" in late["reason"]
    # At the visit of the response itself there is nothing to lose, and nothing is said of it.
    first = _judge("ACCCC", at="month_6")
    assert first["not_lost"] == "yes"
    assert first["reason"] == "MCR at month_6: no A; no B; no severe flare before."


def test_a_relapse_that_cannot_be_ruled_out_leaves_the_class_open() -> None:
    gap = _judge("AC.CC")
    assert (gap["response"], gap["responder"]) == ("cannot tell", "cannot tell")
    assert gap["possible"].endswith("or none")
    assert "a relapse cannot be ruled out at month_8" in gap["reason"]
    for rule in ("neighbours", "ignore"):
        assert _judge("AC.CC", missing_visit=rule)["response"] == "MCR"
    # Without month 8 the second visit in a row is missing: between neighbours that were seen nothing counts.
    assert _judge("AC..C", missing_visit="neighbours")["response"] == "cannot tell"
    assert _judge("AC..C", two_missing="not_maintained")["response"] == "none"
    assert _judge("AC..C")["response"] == "cannot tell"
    assert _judge("AC.CC", two_missing="not_maintained")["response"] == "cannot tell"


def test_a_grade_that_is_not_known_leaves_the_class_open() -> None:
    frame = _frame(("ACCCC", "CCCCC")).with_columns(
        pl.when(pl.col("visit") == "month_8")
        .then(None)
        .otherwise("bilag_2004_renal")
        .alias("bilag_2004_renal")
    )
    asked = {"response_visit": "month_12"}
    row = respond(frame, "ucmsc_bilag_response", parameters=asked).row(0, named=True)
    assert row["response"] == "cannot tell"
    assert "a relapse cannot be ruled out at month_8" in row["reason"]


def test_a_response_that_is_not_known_can_be_lost_only_by_what_would_be_new() -> None:
    # C after month 6 is new activity against no grade: whatever month 6 was, nothing was lost.
    assert _judge("A.CCC", missing_visit="neighbours")["response"] == "MCR"
    # B at month 8 is a relapse after C at month 6 and none after B.
    unknown = _judge("A.BCC", missing_visit="neighbours")
    assert (unknown["response"], unknown["not_lost"]) == ("cannot tell", "cannot tell")
    assert "a relapse cannot be ruled out at month_8" in unknown["reason"]
    # Counted as no response, there was none to lose.
    chosen = {"missing_visit": "neighbours", "missing_response": "nonresponder"}
    assert _judge("A.BCC", **chosen)["response"] == "MCR"


def test_a_sure_loss_counts_only_where_there_was_a_response() -> None:
    # Skin at month 6 is not known: at A there was no response to lose, else the renal A at month 8 lost it.
    frame = _frame(("ACACC", "CCCCC")).with_columns(
        pl.when(pl.col("visit") == "month_6")
        .then(None)
        .otherwise("bilag_2004_mucocutaneous")
        .alias("bilag_2004_mucocutaneous")
    )
    asked = {"response_visit": "month_12"}
    row = respond(frame, "ucmsc_bilag_response", parameters=asked).row(0, named=True)
    assert (row["response"], row["not_lost"]) == ("cannot tell", "cannot tell")
    assert "relapse at month_8 (day 240): renal C -> A, if there was a response at month_6" in row["reason"]


def test_who_relapsed_and_was_not_seen_again_is_no_responder() -> None:
    assert _judge("ACBB.")["response"] == "none"
    assert _judge("ACCC.")["response"] == "cannot tell"


def test_without_a_visit_near_the_day_of_the_response_nothing_was_there_to_lose() -> None:
    days = {"baseline": 0, "month_3": 90, "month_12": 360}
    frame = _frame(("ACB", "CCC"), days=days)
    row = respond(frame, "ucmsc_bilag_response", parameters={"response_visit": "month_12"}).row(0, named=True)
    assert (row["response"], row["not_lost"]) == ("PCR", "yes")


def test_month_12_and_the_relapses_never_contradict_each_other() -> None:
    """Every course of two systems: a responder at month 6 responds at month 12 exactly without a relapse."""
    days = {"baseline": 0, "month_6": 180, "month_9": 270, "month_12": 360}
    pairs = [("A" + "".join(renal), "A" + "".join(skin))
             for renal in product("ABC", repeat=3) for skin in product("ABC", repeat=3)]  # fmt: skip
    frame = _frame(*pairs, days=days)
    first = respond(frame, "ucmsc_bilag_response", parameters={"response_visit": "month_6"})
    last = respond(frame, "ucmsc_bilag_response", parameters={"response_visit": "month_12"})
    both = first.select("subject", "responder", "relapse").join(
        last.select("subject", at_12="responder"), on="subject"
    )
    assert both.height == 729
    responders = both.filter(pl.col("responder") == "yes")
    # No A and at most two B at month 6 (two A at baseline): 4 of 9 pairs of grades, each with 81 endings.
    assert responders.height == 4 * 81
    assert set(responders.select("relapse", "at_12").unique().rows()) == {("yes", "no"), ("no", "yes")}
