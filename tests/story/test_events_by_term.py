"""Adverse events by organ class, term, worst grade and relation, counted by hand from twelve rows.

Six subjects, all infused and all asked. S6 has no event.

S1  cough (lungs) grade 1, cough (lungs) grade 3; headache (nerves) without a grade
S2  dry cough, coded cough (lungs) grade 2; rash (skin) grade 1
S3  headache (nerves) grade 2, serious; headache (nerves) without a grade
S4  pneumonia (lungs) grade 4; fall (no class) grade 1
S5  headache (nerves) without a grade; nausea (gut) grade 1; vomiting (gut) grade 1
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.event_term_tables import build_event_term_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.safety_tables import build_adverse_event_tables
from funis.results import Results
from funis.study.model import Study

SUBJECTS = ("S1", "S2", "S3", "S4", "S5", "S6")
#: subject, term, coded term, organ class, grade, serious, causality
EVENTS = (
    ("S1", "Cough", None, "Lungs", 1, 0, "unlikely"),
    ("S1", "cough ", None, "lungs", 3, 0, "possible"),
    ("S1", "Headache", None, "Nerves", None, 0, "unrelated"),
    ("S2", "Dry cough", "Cough", "Lungs", 2, 0, "probable"),
    ("S2", "Rash", None, "Skin", 1, 0, "probable"),
    ("S3", "Headache", None, "Nerves", 2, 1, "definite"),
    ("S3", "headache", None, "Nerves", None, 0, "unrelated"),
    ("S4", "Pneumonia", None, "Lungs", 4, 0, "unrelated"),
    ("S4", "Fall", None, None, 1, 0, "unrelated"),
    ("S5", "Headache", None, "Nerves", None, 0, None),
    ("S5", "Nausea", None, "Gut", 1, 0, None),
    ("S5", "Vomiting", None, "Gut", 1, 0, None),
)
COLUMNS = ("subject", "term", "preferred_term", "organ_class", "grade", "serious", "causality")


def make_study(*, arms: bool = False) -> Study:
    raw: dict[str, Any] = {
        "study": {"id": "T", "title": "Terms", "condition": "sle", "design": "single_arm"},
        "visits": (
            {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ()},
            {"name": "month_1", "day": 30, "window": (-10, 10), "forms": ("safety_questions",)},
        ),
        "infusions": ({"day": 0, "cells_per_kg": 1e6},),
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "endpoints": ({"id": "events", "kind": "adverse_events"},),
    }
    if arms:
        raw["study"]["design"] = "parallel"
        raw["arms"] = (
            {"id": "cells", "name": "Cells"},
            {"id": "care", "name": "Usual care", "control": True},
        )
    return Study.model_validate(raw)


def make_rows(events: tuple[tuple[Any, ...], ...] = EVENTS, *, coded: bool = True) -> dict[str, Any]:
    """Give the tables of the study as rows."""
    kept = [name for name in COLUMNS if coded or name not in {"preferred_term", "organ_class"}]
    rows = [dict(zip(COLUMNS, event, strict=True)) | {"start": "2020-01-10"} for event in events]
    return {
        "subjects": [{"subject": name, "consent_date": "2019-12-20", "sex": "female"} for name in SUBJECTS],
        "infusions": [
            {"subject": name, "number": 1, "date": "2020-01-01", "cells": 5e7, "weight_kg": 50}
            for name in SUBJECTS
        ],
        "safety_questions": [
            {"subject": name, "visit": "month_1", "date": "2020-01-31", "asked": 1} for name in SUBJECTS
        ],
        "adverse_events": [{name: row[name] for name in (*kept, "start")} for row in rows],
    }


def results_of(rows: dict[str, Any], study: Study | None = None) -> Results:
    study = study or make_study()
    return analyse(study, tables_from_frames(study, rows))


def printed(results: Results, study: Study | None = None) -> dict[str, list[tuple[str, ...]]]:
    """Give the rows of each table of terms as texts."""
    tables = build_event_term_tables(study or make_study(), results, read_numbers(results.numbers))
    return {
        each.id: [
            (("  " * row.indent) + row.stub.text, *(cell.text for cell in row.cells)) for row in each.rows
        ]
        for each in tables
    }


def test_each_term_is_counted_at_the_worst_grade_of_a_subject() -> None:
    tables = printed(results_of(make_rows()))
    # Columns: any grade, events, 1-2, 3, 4, 5, not graded, serious. Six asked: below ten no percentage.
    assert tables["table-event-terms-all"] == [
        ("Any adverse event", "5/6", "12", "3", "1", "1", "0", "0", "1"),
        ("Lungs", "3/6", "4", "1", "1", "1", "0", "0", "0"),
        ("  Cough", "2/6", "3", "1", "1", "0", "0", "0", "0"),
        ("  Pneumonia", "1/6", "1", "0", "0", "1", "0", "0", "0"),
        ("Nerves", "3/6", "4", "1", "0", "0", "0", "2", "1"),
        ("  Headache", "3/6", "4", "1", "0", "0", "0", "2", "1"),
        ("Gut", "1/6", "2", "1", "0", "0", "0", "0", "0"),
        ("  Nausea", "1/6", "1", "1", "0", "0", "0", "0", "0"),
        ("  Vomiting", "1/6", "1", "1", "0", "0", "0", "0", "0"),
        ("Skin", "1/6", "1", "1", "0", "0", "0", "0", "0"),
        ("  Rash", "1/6", "1", "1", "0", "0", "0", "0", "0"),
        ("No organ class recorded",),
        ("  Fall", "1/6", "1", "1", "0", "0", "0", "0", "0"),
    ]


def test_statement_28_an_event_without_a_grade_has_a_column_of_its_own() -> None:
    """Nobody is lost between the grades: they and those not graded make those with any, in every row."""
    results = results_of(make_rows())
    tables = build_event_term_tables(make_study(), results, read_numbers(results.numbers))
    assert len(tables) == 2
    for table in tables:
        assert table.heads.count("Not graded") == 1
        first, last = table.heads.index("Grade 1-2"), table.heads.index("Not graded")
        for row in table.rows:
            counts = [int(cell.text.split("/")[0]) for cell in (row.stub, *row.cells)[1:]]
            # Beside the label the heads begin with those with any grade and the events.
            assert sum(counts[first - 1 : last]) == (counts[0] if counts else 0), row.stub.text


def test_the_shorter_table_keeps_terms_of_two_subjects_and_the_grave_ones() -> None:
    study, results = make_study(), results_of(make_rows())
    assert [row[0] for row in printed(results)["table-event-terms"]] == [
        "Any adverse event",
        "Lungs",
        "  Cough",
        "  Pneumonia",
        "Nerves",
        "  Headache",
    ]
    short, whole = build_event_term_tables(study, results, read_numbers(results.numbers))
    assert "4 further terms" in " ".join(short.footnotes)
    assert (short.is_collapsed, whole.is_collapsed) == (False, True)


@pytest.mark.parametrize(
    ("grade", "serious", "stays"), [(2, 0, 0), (2, 1, 1), (3, 0, 1), (5, 0, 1), (None, 0, 0)]
)
def test_a_term_of_one_subject_stays_when_it_is_grave(grade: int | None, serious: int, stays: int) -> None:
    one = ("S6", "Fever", None, "Skin", grade, serious, "unlikely")
    stubs = [row[0].strip() for row in printed(results_of(make_rows((*EVENTS, one))))["table-event-terms"]]
    assert ("Fever" in stubs) == bool(stays)


def test_without_classes_the_terms_stand_alone_and_there_is_one_table_when_nothing_is_cut() -> None:
    events = tuple(event for event in EVENTS if event[1] in {"Cough", "cough ", "Headache", "headache"})
    more = ("S2", "cough", None, None, 2, 0, None)
    tables = printed(results_of(make_rows((*events, more), coded=False)))
    assert list(tables) == ["table-event-terms"]
    assert [row[0] for row in tables["table-event-terms"]] == ["Any adverse event", "Headache", "Cough"]


def test_nothing_is_printed_by_term_where_no_event_was_recorded() -> None:
    assert printed(results_of(make_rows(()))) == {}


def test_two_arms_have_a_table_each_with_those_asked_in_the_arm() -> None:
    study, rows = make_study(arms=True), make_rows()
    rows["subjects"] = [
        {**each, "arm": "cells" if place < 4 else "care"} for place, each in enumerate(rows["subjects"])
    ]
    tables = printed(results_of(rows, study), study)
    assert list(tables) == [
        "table-event-terms",
        "table-event-terms-all",
        "table-event-terms-2",
        "table-event-terms-all-2",
    ]
    cells = {row[0].strip(): row[1:] for row in tables["table-event-terms-all"] if len(row) > 1}
    assert cells["Cough"][0] == "2/4"
    assert cells["Headache"] == ("2/4", "3", "1", "0", "0", "0", "1", "1")


def test_of_more_than_fifty_asked_a_term_needs_one_in_twenty() -> None:
    names = [f"P{number:02d}" for number in range(60)]
    rows = make_rows(())
    rows["subjects"] = [{"subject": name, "consent_date": "2019-12-20"} for name in names]
    rows["infusions"] = [{"subject": name, "number": 1, "date": "2020-01-01"} for name in names]
    rows["safety_questions"] = [
        {"subject": name, "visit": "month_1", "date": "2020-01-31", "asked": 1} for name in names
    ]
    event = {"start": "2020-01-10", "grade": 1, "serious": 0}
    # 5 % of 60 are 3.
    rows["adverse_events"] = [
        {"subject": name, "term": term, **event}
        for term, count in (("cough", 3), ("rash", 2))
        for name in names[:count]
    ]
    assert [row[0] for row in printed(results_of(rows))["table-event-terms"]] == [
        "Any adverse event",
        "Cough",
    ]


def test_relation_is_counted_once_a_subject_at_the_surest_level() -> None:
    study, results = make_study(), results_of(make_rows())
    (table, *_) = build_adverse_event_tables(study, read_numbers(results.numbers))
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    # S3 definite, S2 probable, S1 possible (surer than unlikely), S4 unrelated; of S5 nothing is recorded.
    counted = {name: (rows[name][0], rows[name][2]) for name in rows if rows[name]}
    assert counted["Definite"] == ("1/6", "1")
    assert counted["Probable"] == ("1/6", "2")
    assert counted["Possible"] == ("1/6", "1")
    assert counted["Unlikely"] == ("0/6", "1")
    assert counted["Unrelated"] == ("1/6", "4")
    assert counted["Not recorded"] == ("1/6", "3")
    # Related: possible, probable or definite; of S5 it is not known.
    assert counted["Related to the cells"][0] == "3/6; cannot tell 1"
    assert "Cough" not in rows
    assert not any(name.startswith("Term") for name in rows)


def test_who_was_not_asked_gets_no_denominator_and_no_zero() -> None:
    rows = make_rows()
    rows["safety_questions"] = []
    cells = {
        row[0].strip(): row[1:] for row in printed(results_of(rows))["table-event-terms-all"] if len(row) > 1
    }
    assert cells["Cough"] == ("2", "3", "1", "1", "NA", "NA", "NA", "NA")


@pytest.mark.parametrize(
    ("related", "level", "found", "kept"),
    [
        ("", "definite", 0, 1),
        ("", "possible", 0, 1),
        ("", "unlikely", 0, 0),
        ("", "unrelated", 0, 0),
        ("1", "possible", 0, 1),
        ("0", "unlikely", 0, 0),
        ("1", "", 0, 1),
        ("", "", 0, None),
        ("1", "unlikely", 1, None),
        ("0", "possible", 1, None),
    ],
)
def test_the_level_of_causality_says_whether_an_event_is_related(
    related: str, level: str, found: int, kept: int | None
) -> None:
    rows = make_rows()
    event = {"subject": "S1", "term": "Cough", "start": "2020-01-10", "grade": 1, "serious": 0}
    rows["adverse_events"] = [{**event, "related": related or None, "causality": level or None}]
    study = make_study()
    tables = tables_from_frames(study, rows)
    codes = [each.code for each in tables.findings]
    assert codes.count("related_contradicts_causality") == found
    assert tables.frames["adverse_events"]["related"].to_list() == [kept]
    assert tables.frames["adverse_events"]["causality"].to_list() == [None if found or not level else level]


def test_an_arm_prints_the_terms_of_its_own_subjects_and_an_empty_one_nothing() -> None:
    """Care (S5, S6) has headache, nausea and vomiting, each in S5; nobody of it was infused."""
    study, rows = make_study(arms=True), make_rows()
    rows["subjects"] = [
        {**each, "arm": "cells" if place < 4 else "care"} for place, each in enumerate(rows["subjects"])
    ]
    rows["infusions"] = rows["infusions"][:4]
    results = results_of(rows, study)
    tables = build_event_term_tables(study, results, read_numbers(results.numbers))
    titles = [each.title for each in tables]
    assert not [title for title in titles if "Treated, usual care" in title]
    (short,) = [each for each in tables if each.title.endswith("Enrolled, usual care")]
    assert "3 further terms" in " ".join(short.footnotes)
    (whole,) = [each for each in tables if each.title.endswith("Enrolled, usual care, every term")]
    # Organ classes in the order of the whole study: nerves in three subjects, gut in one.
    assert [row.stub.text for row in whole.rows] == [
        "Any adverse event",
        "Nerves",
        "Headache",
        "Gut",
        "Nausea",
        "Vomiting",
    ]


def test_events_of_those_without_cells_are_not_in_the_rows_about_the_cells() -> None:
    rows = make_rows()
    rows["infusions"] = rows["infusions"][:4]
    found = results_of(rows).select(variable="causality", population="enrolled", statistic="events")
    counted = dict(zip(found["category"], found["value"], strict=True))
    # The three events without a level are those of S5, who was given none.
    assert counted["not recorded"] == 0
    assert counted["unrelated"] == 4
