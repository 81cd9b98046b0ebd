"""Recorded totals in the place of scores: where they are taken, and under which policy their numbers stand."""

from typing import Any

import polars as pl

from funis.analysis.recorded_scores import explain_recorded, take_recorded
from funis.catalogue.registry import definition
from funis.scoring.working import Explanation, WorkingRow

SSDAI = definition("ssdai")


def scored(**columns: list[Any]) -> pl.DataFrame:
    """Three visits of which the first two have the item and a score."""
    given: dict[str, list[Any]] = {
        "fatigue": [1, 0, None],
        "ssdai": [4.0, 2.0, None],
        "ssdai_status": ["complete", "complete", "missing"],
        "ssdai_active": [0, 0, None],
    }
    kinds = {"fatigue": pl.Int64, "ssdai": pl.Float64, "ssdai_recorded": pl.Float64}
    given |= columns
    return pl.DataFrame(given, schema_overrides={name: kinds[name] for name in given if name in kinds})


def test_a_total_is_taken_where_no_item_is() -> None:
    frame, policies = take_recorded(scored(ssdai_recorded=[9, None, 7]), SSDAI, "strict")
    assert frame["ssdai"].to_list() == [4.0, 2.0, 7.0]
    assert frame["ssdai_status"].to_list() == ["complete", "complete", "as_recorded"]
    # Active is 5 or more.
    assert frame["ssdai_active"].to_list() == [0, 0, 1]
    assert policies == {"ssdai": "strict_or_recorded"}


def test_totals_alone_are_as_recorded() -> None:
    frame, policies = take_recorded(
        scored(fatigue=[None] * 3, ssdai=[None] * 3, ssdai_recorded=[9, None, 7]), SSDAI, "strict"
    )
    assert frame["ssdai"].to_list() == [9.0, None, 7.0]
    assert policies == {"ssdai": "as_recorded"}


def test_a_total_that_is_taken_nowhere_leaves_everything_as_it_was() -> None:
    for columns in ({}, {"ssdai_recorded": [9, 3, None]}, {"ssdai_recorded": [None] * 3}):
        given = scored(**columns)
        frame, policies = take_recorded(given, SSDAI, "strict")
        assert policies == {}
        assert frame.equals(given)


BILAG = definition("bilag_2004")
GRADES = ("A", "B", "C", "D", "E", "C", "E", "E", "E")


def graded(*visits: tuple[tuple[str, ...] | None, tuple[str, ...] | None, float | None]) -> pl.DataFrame:
    """Make visits from the grades that were scored, those that were recorded, and the total that was scored.

    One item of each system stands for its form: it is there where the grade was scored.
    """
    rows = []
    for scored_grades, recorded, total in visits:
        known = ("complete", "4") if scored_grades else ("missing", None)
        row: dict[str, Any] = {"bilag_2004": total, "bilag_2004_lower": total, "bilag_2004_upper": total}
        row["bilag_2004_status"] = known[0]
        for place, name in enumerate(BILAG.grade_columns):
            row[name] = scored_grades[place] if scored_grades else None
            row[f"{name}_recorded"] = recorded[place] if recorded else None
            row[f"{name}_rule"] = known[1]
        forms = {item.system: item.name for item in BILAG.items if not item.measures}
        row |= dict.fromkeys(forms.values(), 0 if scored_grades else None)
        rows.append(row)
    schema: dict[str, Any] = dict.fromkeys(rows[0], pl.Int64)
    schema |= dict.fromkeys((name for name in rows[0] if name.startswith("bilag_2004_")), pl.String)
    schema |= dict.fromkeys(("bilag_2004", "bilag_2004_lower", "bilag_2004_upper"), pl.Float64)
    return pl.DataFrame(rows, schema=schema)


def test_recorded_grades_are_added_up_where_nobody_recorded_the_total() -> None:
    """A 12, B 8, C 1 twice, D and E 0: 22 (Yee 2010). A letter that is no grade leaves the total open."""
    lacking = (*GRADES[:8], "X")
    frame, policies = take_recorded(
        graded((None, GRADES, None), (("E",) * 9, None, 3.0), (None, lacking, None)), BILAG, "strict"
    )
    assert frame["bilag_2004"].to_list() == [22.0, 3.0, None]
    assert frame["bilag_2004_lower"].to_list() == [22.0, 3.0, None]
    assert frame["bilag_2004_upper"].to_list() == [22.0, 3.0, None]
    assert frame["bilag_2004_status"].to_list() == ["as_recorded", "complete", "missing"]
    assert frame["bilag_2004_mucocutaneous"].to_list() == ["B", "E", "B"]
    assert frame["bilag_2004_mucocutaneous_rule"].to_list() == ["as_recorded", "4", "as_recorded"]
    assert policies == dict.fromkeys(("bilag_2004", *BILAG.grade_columns), "strict_or_recorded")


def test_grades_that_were_all_recorded_are_under_no_other_policy() -> None:
    lacking = (*GRADES[:8], "X")
    frame, policies = take_recorded(graded((None, GRADES, None), (None, lacking, None)), BILAG, "strict")
    assert frame["bilag_2004"].to_list() == [22.0, None]
    assert set(policies.values()) == {"as_recorded"}


def test_a_recorded_total_stands_before_the_sum_of_recorded_grades() -> None:
    given = graded((None, GRADES, None)).with_columns(bilag_2004_recorded=pl.lit(21.0))
    frame, policies = take_recorded(given, BILAG, "strict")
    assert frame["bilag_2004"].to_list() == [21.0]
    assert policies["bilag_2004"] == "as_recorded"


def test_without_a_recorded_grade_no_total_is_added_up() -> None:
    given = graded((("A", *("E",) * 8), None, 3.0))
    frame, policies = take_recorded(given, BILAG, "strict")
    assert frame.equals(given)
    assert policies == {}


def test_a_score_without_columns_of_words_takes_its_total() -> None:
    given = scored(ssdai_recorded=[9, None, 7], ssdai_lower=[4.0, 2.0, 0.0], ssdai_upper=[4.0, 2.0, 21.0])
    frame, _ = take_recorded(given.drop("ssdai_status"), SSDAI, "strict")
    assert frame["ssdai_lower"].to_list() == [4.0, 2.0, 7.0]
    assert frame["ssdai_upper"].to_list() == [4.0, 2.0, 7.0]
    assert "ssdai_status" not in frame.columns


def explained(name: str, *rows: tuple[str, str]) -> Explanation:
    """Give the working of an instrument with these items and what was recorded of each."""
    shown = tuple(
        WorkingRow(place, item, item, "", recorded, "", None, "as scored")
        for place, (item, recorded) in enumerate(rows, start=1)
    )
    outputs: dict[str, float | str | None] = {name: None, f"{name}_status": "missing", "other": 3.0}
    return Explanation(name, "", "", "", "1", "week_4", shown, (), outputs, {}, "strict")


def test_the_working_of_a_recorded_total_says_which_items_it_lacks() -> None:
    found = explained("ssdai", ("fatigue", "missing"), ("arthralgia", "1"), ("elsewhere", "missing"))
    row = {"ssdai": 7.0, "ssdai_status": "as_recorded", "ssdai_rule": None}
    taken = explain_recorded(found, row)
    silent = "the total or grade was recorded without it"
    assert [one.note for one in taken.rows] == [silent, "as scored", "as scored"]
    assert taken.outputs == {"ssdai": 7.0, "ssdai_status": "as_recorded", "other": 3.0}
    assert taken.missing == "as_recorded"


def test_the_working_of_a_scored_total_stays_as_it_is() -> None:
    found = explained("ssdai", ("fatigue", "missing"))
    # The word about a total stands in its status, the word about a grade in its rule.
    for row in ({"ssdai_status": "complete", "ssdai_rule": "as_recorded"}, {}):
        assert explain_recorded(found, {"ssdai": 7.0, **row}) is found


def test_the_working_of_a_recorded_grade_is_silent_about_the_items_of_its_system() -> None:
    renal = next(item.name for item in BILAG.items if item.system == "renal")
    found = explained("bilag_2004", ("pyrexia", "missing"), (renal, "missing"))
    taken = explain_recorded(found, {"bilag_2004_renal_rule": "as_recorded", "bilag_2004_renal": "B"})
    assert [one.note for one in taken.rows] == ["as scored", "the total or grade was recorded without it"]
    status = {"bilag_2004_renal_status": "as_recorded", "bilag_2004_status": "complete"}
    assert explain_recorded(found, status) is found
