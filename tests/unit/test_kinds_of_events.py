"""Kinds of adverse events, and laboratory values in words: each row and each limit by hand."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis.event_kinds import EventKind, classes_of_terms, kinds_of_events
from funis.analysis.recorded_words import count_significant, significant, write_converted, write_lab_values

COLUMNS = {
    "subject": pl.String, "term": pl.String, "preferred_term": pl.String, "organ_class": pl.String, "grade": pl.Int64,
    "serious": pl.Int64, "related": pl.Int64, "outcome": pl.String, "causality": pl.String, "start_day": pl.Float64,
    "action": pl.String,
}  # fmt: skip


def events(*rows: dict[str, Any]) -> pl.DataFrame:
    """Make events; each is called after its place, from 0."""
    given = [{"subject": "1", "term": f"e{place}"} | row for place, row in enumerate(rows)]
    return pl.DataFrame(given, schema=COLUMNS)


def kinds(table: pl.DataFrame, **infused: list[float]) -> dict[tuple[str, str], EventKind]:
    days = {name.removeprefix("s"): found for name, found in infused.items()}
    return {(each.variable, each.category): each for each in kinds_of_events(table, days)}


def terms(frame: pl.DataFrame) -> list[str]:
    return frame["term"].to_list()


def test_events_are_counted_by_what_was_recorded_of_them() -> None:
    found = kinds(
        events(
            {"grade": 2, "serious": 0, "related": 1}, {"grade": 3, "serious": 1, "related": 0},
            {"grade": 5, "serious": 1}, {"outcome": "fatal"}, {"outcome": "unknown"}, {"outcome": "recovered", "grade": 4}, {},
        )
    )  # fmt: skip
    assert terms(found["any", ""].events) == ["e0", "e1", "e2", "e3", "e4", "e5", "e6"]
    assert found["any", ""].unknown.is_empty()
    assert terms(found["serious", ""].events) == terms(found["serious", ""].counted) == ["e1", "e2"]
    assert terms(found["serious", ""].unknown) == ["e3", "e4", "e5", "e6"]
    assert terms(found["related", ""].events) == ["e0"]
    assert terms(found["related", ""].unknown) == ["e2", "e3", "e4", "e5", "e6"]
    assert terms(found["grade_3_or_more", ""].events) == ["e1", "e2", "e5"]
    assert terms(found["grade_3_or_more", ""].unknown) == ["e3", "e4", "e6"]
    # Grade 5 is a death, and so is a fatal outcome; without a grade an outcome that is not known may be one.
    assert terms(found["fatal", ""].events) == ["e2", "e3"]
    assert terms(found["fatal", ""].unknown) == ["e4", "e6"]


def test_related_and_serious_is_open_only_where_neither_answer_rules_it_out() -> None:
    found = kinds(
        events(
            {"serious": 1, "related": 1}, {"serious": 1, "related": 0}, {"serious": 0, "related": 1},
            {"serious": 1}, {"related": 1}, {"serious": 0}, {"related": 0}, {},
        )
    )["related_serious", ""]  # fmt: skip
    assert terms(found.events) == terms(found.counted) == ["e0"]
    assert terms(found.unknown) == ["e3", "e4", "e7"]


def test_events_that_ended_the_infusions_are_told_by_the_action_taken() -> None:
    table = events(
        {"action": "Drug withdrawn"}, {"action": "dose_not_changed"}, {"action": "paracetamol"}, {},
        {"action": "NO FURTHER  INFUSION"}, {"action": "none"},
    )  # fmt: skip
    found = kinds(table)["no_further_infusion", ""]
    assert terms(found.events) == terms(found.counted) == ["e0", "e4"]
    assert terms(found.unknown) == ["e2", "e3"]
    assert found.is_recorded
    assert not kinds(events({"serious": 0}, {}))["no_further_infusion", ""].is_recorded
    # Without an event there is none that ended the infusions.
    nothing = kinds(events())["no_further_infusion", ""]
    assert (nothing.is_recorded, nothing.unknown.height) == (True, 0)


def test_a_subject_counts_once_at_its_worst_grade() -> None:
    found = kinds(
        events(
            {"grade": 1},
            {"grade": 3},
            {"grade": 3},
            {},
            {"subject": "2", "grade": 1},
            {"subject": "3"},
            {"subject": "3"},
        )
    )
    assert [category for variable, category in found if variable == "grade"] == ["1", "3", "not graded"]
    assert terms(found["grade", "1"].events) == ["e0", "e4"]
    assert terms(found["grade", "1"].counted) == ["e4"]
    assert terms(found["grade", "3"].counted) == ["e1", "e2"]
    assert terms(found["grade", "not graded"].events) == ["e3", "e5", "e6"]
    assert terms(found["grade", "not graded"].counted) == ["e5", "e6"]
    assert ("grade", "not graded") not in kinds(events({"grade": 1}))


@pytest.mark.parametrize(
    ("day", "infused", "onset"),
    [
        (0, [0], "infusion_day"), (1, [0], "day_after"), (2, [0], "later"), (-1, [0], "before_infusion"), (None, [0], "day_not_known"),
        (5, [], "day_not_known"), (29, [0, 28], "day_after"), (28, [0, 28], "infusion_day"), (27, [0, 28], "later"),
        (5, [0, 28], "later"), (1.5, [0], "day_after"),
    ],
)  # fmt: skip
def test_an_event_begins_after_the_last_infusion_before_it(
    day: float | None, infused: list[float], onset: str
) -> None:
    found = kinds(events({"start_day": day}), s1=infused)
    by_onset = {
        category: terms(each.events) for (variable, category), each in found.items() if variable == "onset"
    }
    assert list(by_onset) == ["infusion_day", "day_after", "later", "before_infusion", "day_not_known"]
    assert by_onset.pop(onset) == ["e0"]
    assert not any(by_onset.values())


def test_who_has_no_infusion_has_events_beside_none() -> None:
    found = kinds(events({"start_day": 3}, {"subject": "2", "start_day": 3}), s1=[3])
    assert terms(found["onset", "no_infusion"].events) == ["e1"]
    assert terms(found["onset", "infusion_day"].events) == ["e0"]
    assert not [name for name, _ in kinds(events({"start_day": 3})) if name == "onset"]
    assert not [name for name, _ in kinds(events(), s1=[3]) if name == "onset"]


def test_a_subject_counts_once_at_its_surest_relation() -> None:
    table = events(
        {"causality": "possible"},
        {"causality": "unlikely"},
        {},
        {"subject": "2"},
        {"subject": "3", "causality": "unlikely"},
    )
    found = kinds(table)
    assert terms(found["causality", "possible"].counted) == ["e0"]
    assert terms(found["causality", "unlikely"].events) == ["e1", "e4"]
    assert terms(found["causality", "unlikely"].counted) == ["e4"]
    assert terms(found["causality", "not recorded"].events) == ["e2", "e3"]
    assert terms(found["causality", "not recorded"].counted) == ["e3"]
    assert not [name for name, _ in kinds(events({}, {})) if name == "causality"]
    assert ("causality", "not recorded") not in kinds(events({"causality": "possible"}))


def test_terms_come_by_the_number_of_subjects_and_then_by_letter() -> None:
    found = kinds(
        events(
            {"term": " Rash "}, {"subject": "2", "preferred_term": "RASH", "term": "spots"}, {"term": "Fever", "serious": 1, "grade": 2},
            {"term": "cough", "grade": 4}, {"term": "cough", "grade": 3}, {"term": " ", "preferred_term": ""},
        )
    )  # fmt: skip
    assert [category for variable, category in found if variable == "term"] == ["rash", "cough", "fever"]
    assert found["term", "rash"].events["subject"].to_list() == ["1", "2"]
    assert found["term_serious", "fever"].events.height == 1
    assert found["term_serious", "cough"].events.height == 0
    assert found["term_serious", "fever"].measure == "term"
    # One subject counts at its worst: grade 4, not 3.
    heights = {
        band: found[f"term_{band}", "cough"].events.height
        for band in ("grade_1_2", "grade_3", "grade_4", "not_graded")
    }
    assert heights == {"grade_1_2": 0, "grade_3": 0, "grade_4": 1, "not_graded": 0}
    assert found["term_grade_1_2", "fever"].events.height == 1
    assert found["term_not_graded", "rash"].events.height == 2


def test_a_term_in_several_classes_is_of_the_one_recorded_most() -> None:
    table = events(
        {"term": "cough", "organ_class": "Throat"}, {"term": "cough", "organ_class": "lungs"}, {"term": "Cough", "organ_class": "Lungs "},
        {"term": "rash", "organ_class": "Skin"}, {"term": "rash", "organ_class": "Eyes"}, {"term": "fever"},
    )  # fmt: skip
    assert dict(classes_of_terms(table).sort("term").iter_rows()) == {"cough": "lungs", "rash": "eyes"}


# --- laboratory values in words --------------------------------------------------------------------


def written(values: list[float], used: list[float], **columns: Any) -> list[str]:
    given: dict[str, Any] = {"value": values, "comparator": [None] * len(values)} | columns
    first = given.pop("first", [None])[0]
    frame = pl.DataFrame(given, schema_overrides={"comparator": pl.String, "value": pl.Float64})
    return write_lab_values(frame, "umol/L", np.array(used), titre_of_first=first).to_list()


def test_a_value_is_written_as_recorded_and_as_used() -> None:
    recorded: dict[str, Any] = {
        "value_recorded": [0.82, 88.42, 0.5],
        "unit_recorded": ["mg/dL", "umol/L", None],
    }
    # 0.82 mg/dL at 88.42 umol/L a mg/dL are 72.5044: two digits were recorded, three are printed.
    assert written([72.5044, 88.42, 0.7], [0, 0, 0], **recorded) == [
        "0.82 mg/dL -> 72.5 umol/L", "88.42", "0.5  -> 0.7 umol/L",
    ]  # fmt: skip
    long: dict[str, Any] = {"value_recorded": [0.8234], "unit_recorded": ["mg/dL"]}
    assert written([72.80503], [0], **long) == ["0.8234 mg/dL -> 72.805 umol/L"]
    assert written([5.0, 5.0, 5.25], [9, 9, 9], comparator=["<", None, ">"]) == [
        "<5, used as 5",
        "5",
        ">5.25, used as 5.25",
    ]
    both: dict[str, Any] = {"value_recorded": [0.82], "unit_recorded": ["mg/dL"], "comparator": ["<"]}
    assert written([72.5044], [0], **both) == ["<0.82 mg/dL -> <72.5 umol/L, used as 72.5"]
    # One of the two columns is not enough to say what was recorded.
    assert written([5.0], [0], value_recorded=[4.0]) == ["5"]


def test_a_titre_is_written_with_its_logarithm() -> None:
    """log2 of 160 over the first dilution of 80 is 1, of 80 is 0; of 0 there is none."""
    assert written([160.0, 80.0], [1.0, 0.0], first=[80.0]) == [
        "160 -> 1 (log2 of titre / 80)", "80 -> 0 (log2 of titre / 80)",
    ]  # fmt: skip
    assert written([160.0], [1.0], first=[80.0], comparator=["<"]) == [
        "<160, used as 160 -> 1 (log2 of titre / 80)"
    ]
    assert written([0.0, 160.0], [-1.0, 1.5], first=[80.0]) == [
        "0, used as 40, the lowest recorded -> -1 (log2 of titre / 80)", "160 -> 1.5 (log2 of titre / 80)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "digits"), [(0.82, 2), (2000.0, 1), (0.0, 1), (1.25, 3), (1050.0, 3), (-0.5, 1)]
)
def test_zeros_at_either_end_are_no_significant_digits(value: float, digits: int) -> None:
    assert count_significant(value) == digits


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (72.5044, 3, "72.5"), (2.0, 3, "2"), (0.00123456, 3, "0.00123"), (0.0, 3, "0"), (1000.0, 3, "1000"), (99.96, 3, "100"),
        (100.4, 3, "100"), (10.04, 3, "10"), (10.06, 3, "10.1"), (-72.5044, 3, "-72.5"), (12345.6, 3, "12346"),
    ],
)  # fmt: skip
def test_a_number_is_printed_with_its_significant_digits(value: float, digits: int, printed: str) -> None:
    assert significant(value, digits) == printed


def test_a_converted_score_is_written_with_both_units() -> None:
    found = write_converted(pl.Series([0.06, None, 0.1234]), ("mL/min", "mL/10 min"), 10.0)
    assert found.to_list() == ["0.06 mL/min -> 0.6 mL/10 min", None, "0.1234 mL/min -> 1.234 mL/10 min"]
