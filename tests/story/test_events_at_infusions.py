"""What happened at an infusion: reactions without an event, consent after the cells, the day an event began.

Four subjects, infused on 2020-01-01 (day 0) and 2020-01-08 (day 7), all asked.
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.banners import build_notices
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.safety_tables import build_adverse_event_tables
from funis.results import Results
from funis.study.model import Study

SUBJECTS = ("S1", "S2", "S3", "S4")
DATES = ("2020-01-01", "2020-01-08")
Rows = dict[str, list[dict[str, Any]]]


def make_study() -> Study:
    return Study.model_validate(
        {
            "study": {"id": "I", "title": "Infusions", "condition": "sle", "design": "single_arm"},
            "visits": (
                {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ()},
                {"name": "month_1", "day": 30, "window": (-10, 10), "forms": ("safety_questions",)},
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6}, {"day": 7, "cells_per_kg": 1e6}),
            "populations": {"treated": "first_infusion_date IS NOT NULL"},
            "eligibility": {
                "inclusion": (
                    {
                        "id": "I1",
                        "text": "Consent before the cells",
                        "rule": "consent_date IS NOT NULL AND COALESCE(days_consent_to_first_infusion, 0) >= 0",
                    },
                )
            },
            "endpoints": ({"id": "events", "kind": "adverse_events"},),
        }
    )


def make_rows() -> Rows:
    return {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SUBJECTS],
        "infusions": [
            {
                "subject": name,
                "number": number,
                "date": date,
                "cells": 5e7,
                "weight_kg": 50,
                "reaction": "none",
            }
            for name in SUBJECTS
            for number, date in enumerate(DATES, start=1)
        ],
        "safety_questions": [
            {"subject": name, "visit": "month_1", "date": "2020-01-31", "asked": 1, "any_event": 0}
            for name in SUBJECTS
        ],
        "adverse_events": [],
    }


def event(subject: str, start: str | None, **more: Any) -> dict[str, Any]:
    return {
        "subject": subject,
        "term": "fever",
        "start": start,
        "grade": 1,
        "serious": 0,
        "related": 0,
        **more,
    }


def results_of(rows: Rows) -> Results:
    study = make_study()
    return analyse(study, tables_from_frames(study, rows))


def counted(results: Results) -> dict[str, tuple[str, str]]:
    """Give subjects and events of each row of the table of adverse events."""
    (table, *_) = build_adverse_event_tables(make_study(), read_numbers(results.numbers))
    return {row.stub.text: (row.cells[0].text, row.cells[2].text) for row in table.rows if row.cells}


def codes(results: Results, level: str = "error") -> list[str]:
    return [each.code for each in results.findings if each.level == level]


def test_a_reaction_without_an_event_is_an_error_and_counts_as_an_event() -> None:
    rows = make_rows()
    rows["infusions"][0]["reaction"] = "anaphylaxis"
    rows["infusions"][3]["reaction"] = "fever"
    results = results_of(rows)
    assert codes(results) == ["reaction_without_event", "reaction_without_event"]
    found = counted(results)
    assert found["Any adverse event"] == ("2/4", "2")
    # What is recorded as a reaction to the infusion is related; its grade is not known.
    assert found["Related to the cells"] == ("2/4", "2")
    assert found["Not graded"] == ("2/4", "2")
    assert found["On the day of an infusion"] == ("2/4", "2")


@pytest.mark.parametrize("reaction", ["none", " None ", "no", "nil", "", None])
def test_no_reaction_is_no_event(reaction: str | None) -> None:
    rows = make_rows()
    rows["infusions"][0]["reaction"] = reaction
    results = results_of(rows)
    assert "reaction_without_event" not in codes(results)
    assert counted(results)["Any adverse event"][0].startswith("0/4")


@pytest.mark.parametrize(
    ("start", "listed"),
    [("2019-12-31", 0), ("2020-01-01", 1), ("2020-01-02", 1), ("2020-01-03", 0), (None, 1)],
)
def test_an_event_on_the_day_or_the_next_is_the_one_of_the_reaction(start: str | None, listed: int) -> None:
    rows = make_rows()
    rows["infusions"][0]["reaction"] = "fever"
    rows["adverse_events"] = [event("S1", start)]
    results = results_of(rows)
    assert ("reaction_without_event" not in codes(results)) == bool(listed)
    assert counted(results)["Any adverse event"] == ("1/4", "1" if listed else "2")


def test_an_event_of_somebody_else_does_not_list_a_reaction() -> None:
    rows = make_rows()
    rows["infusions"][0]["reaction"] = "fever"
    rows["adverse_events"] = [event("S2", "2020-01-01")]
    results = results_of(rows)
    assert codes(results) == ["reaction_without_event"]
    assert counted(results)["Any adverse event"] == ("2/4", "2")


def test_events_are_divided_by_the_day_they_began() -> None:
    rows = make_rows()
    # Infusions on days 0 and 7.
    rows["adverse_events"] = [
        event("S1", "2020-01-01"),
        event("S1", "2020-01-08"),
        event("S2", "2020-01-02"),
        event("S2", "2020-01-09"),
        event("S2", "2020-01-07"),
        event("S3", "2019-12-28"),
        event("S3", "2020-03-01"),
        event("S4", None),
    ]
    found = counted(results_of(rows))
    assert found["On the day of an infusion"] == ("1/4", "2")
    assert found["On the day after"] == ("1/4", "2")
    # Day 6 is six days after the first infusion.
    assert found["Later"] == ("2/4", "2")
    assert found["Before the first infusion"] == ("1/4", "1")
    assert found["Not known"] == ("1/4", "1")


@pytest.mark.parametrize(("date", "found"), [("2020-01-01", 0), ("2020-01-02", 1)])
def test_consent_after_the_cells_is_an_error_not_met_and_nobody_is_left_out(date: str, found: int) -> None:
    rows = make_rows()
    rows["subjects"][0]["consent_date"] = date
    results = results_of(rows)
    assert codes(results).count("consent_after_infusion") == found
    assert results.value("eligibility.enrolled.I1.count") == 4 - found
    assert results.value("population.treated.subjects.n") == 4
    notices = [each.title for each in build_notices(make_study(), results, read_numbers(results.numbers))]
    assert [title for title in notices if "deviations" in title] == (
        ["Grave deviations in 1 subject: consent after infusion."] if found else []
    )
    assert not [title for title in notices if "left out" in title]


def test_who_was_not_infused_meets_the_criterion_by_the_consent_alone() -> None:
    rows = make_rows()
    rows["infusions"] = [row for row in rows["infusions"] if row["subject"] != "S4"]
    rows["subjects"][3]["received_cells"] = 0
    results = results_of(rows)
    assert results.value("eligibility.enrolled.I1.count") == 4


def test_without_consent_the_criterion_is_not_met() -> None:
    rows = make_rows()
    rows["subjects"][0]["consent_date"] = None
    assert results_of(rows).value("eligibility.enrolled.I1.count") == 3


def test_the_page_says_what_is_left_out_and_what_is_not() -> None:
    """A deviation is the first check of its level, a value that cannot be read the last: both are told."""
    rows = make_rows()
    rows["subjects"][0]["consent_date"] = "2020-01-02"
    rows["adverse_events"] = [event("S1", "2020-02-31")]
    page = render_html(make_study(), results_of(rows))
    # In the data quality of the main part, above the findings, and under their table.
    assert (
        page.count("Deviations at error level (what was done, not how it was written) leave nothing out.")
        == 3
    )
    sound = render_html(make_study(), results_of(make_rows()))
    assert "Deviations at error level" not in sound


def test_an_event_of_somebody_without_an_infusion_is_before_or_after_none() -> None:
    rows = make_rows()
    rows["infusions"] = [row for row in rows["infusions"] if row["subject"] != "S4"]
    rows["infusions"][0]["date"] = rows["infusions"][1]["date"] = None
    rows["adverse_events"] = [event("S4", "2020-01-01"), event("S4", "2020-03-01"), event("S1", "2020-01-01")]
    found = {
        row["category"]: (row["value"], row["denominator"])
        for row in results_of(rows).select(variable="onset", population="enrolled").iter_rows(named=True)
        if row["statistic"] == "events"
    }
    assert found["before_infusion"] == (0, 4)
    assert found["no_infusion"] == (2, 4)
    # The days of the infusions of S1 are not recorded.
    assert found["day_not_known"] == (1, 4)


def test_where_everybody_was_infused_no_row_speaks_of_none() -> None:
    rows = make_rows()
    rows["adverse_events"] = [event("S1", "2020-01-01")]
    assert "No infusion is recorded" not in counted(results_of(rows))
