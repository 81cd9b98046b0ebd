"""Adverse events that a trial counts together, counted by hand: reactions, infections, low immunoglobulins.

Infused on 2020-01-01 (day 0) and 2020-01-08 (day 7), all four asked.

S1  anaphylaxis on day 8, the day after the second infusion         infusion reaction
S2  the same on day 9, two days after; pneumonia, serious, day 40   no reaction; infection, serious infection
S3  cough on day 20 without an organ class                          infection: cannot tell; not serious, so that is told
S4  a reaction without a day, coded                                 infusion reaction: cannot tell
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.errors import StudyError
from funis.reporting.number_book import read_numbers
from funis.reporting.safety_tables import build_adverse_event_tables
from funis.results import Results
from funis.study.check import check_study
from funis.study.model import Study
from funis.study.read import read_study

SUBJECTS = ("S1", "S2", "S3", "S4")
GROUPS: tuple[dict[str, Any], ...] = (
    {"id": "infusion_reaction", "terms": ("Infusion related reaction", "anaphylaxis"), "within_days": 1},
    {"id": "infection", "organ_classes": ("Infections and infestations",)},
    {
        "id": "serious_infection",
        "organ_classes": ("infections and infestations",),
        "counts": "serious = 1",
    },
    {"id": "low_igg", "label": "Hypogammaglobulinaemia", "terms": ("hypogammaglobulinaemia",)},
)


def make_study(*groups: dict[str, Any]) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "G", "title": "Groups", "condition": "sle", "design": "single_arm"},
            "visits": (
                {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ()},
                {"name": "month_1", "day": 30, "window": (-10, 20), "forms": ("safety_questions",)},
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6}, {"day": 7, "cells_per_kg": 1e6}),
            "event_groups": groups or GROUPS,
        }
    )


def event(subject: str, term: str, start: str | None, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "term": term, "start": start, "grade": 2, "serious": 0, "related": 0, **more}


EVENTS = [
    event("S1", "Anaphylaxis ", "2020-01-09", organ_class="Immune system disorders"),
    event("S2", "anaphylaxis", "2020-01-10", organ_class="Immune system disorders"),
    event("S2", "Pneumonia", "2020-02-10", serious=1, organ_class="infections and infestations"),
    event("S3", "cough", "2020-01-21"),
    event("S4", "hives", None, preferred_term="Infusion related reaction", organ_class="Injury"),
]


def results_of(study: Study, *, asked: int = 1) -> Results:
    rows: dict[str, list[dict[str, Any]]] = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SUBJECTS],
        "infusions": [
            {"subject": name, "number": number, "date": date, "cells": 5e7, "weight_kg": 50}
            for name in SUBJECTS
            for number, date in enumerate(("2020-01-01", "2020-01-08"), start=1)
        ],
        "safety_questions": [
            {"subject": name, "visit": "month_1", "date": "2020-01-31", "asked": asked, "any_event": 1}
            for name in SUBJECTS
        ],
        "adverse_events": EVENTS,
    }
    return analyse(study, tables_from_frames(study, rows))


def test_each_group_over_those_asked() -> None:
    study = make_study()
    results = results_of(study)
    (table, *_) = build_adverse_event_tables(study, read_numbers(results.numbers))
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows if row.cells}
    assert printed["Infusion reaction"][0].startswith("1/4")
    assert "cannot tell 1" in printed["Infusion reaction"][0]
    assert printed["Infection"][0].startswith("1/4")
    assert "cannot tell 1" in printed["Infection"][0]
    # The cough is not serious, so it is no serious infection whatever its class: all is told, with limits.
    # Exact 95 % limits of 1 of 4: 1 - 0.975 ** (1 / 4) = 0.0063, and the root of (1 - p) ** 4 + 4 p (1 - p) ** 3 = 0.025.
    assert printed["Serious infection"] == ["1/4", "0.6 to 80.6%", "1"]
    # Nobody had one: 0 of 4, at most 1 - 0.025 ** (1 / 4) = 60.2 %.
    assert printed["Hypogammaglobulinaemia"] == ["0/4", "0.0 to 60.2%", "0"]
    notes = "\n".join(str(note) for note in table.footnotes)
    assert (
        "Infusion reaction: Infusion related reaction, anaphylaxis; begun up to 1 day after an infusion."
        in notes
    )
    assert "Serious infection: organ class infections and infestations; serious = 1." in notes


def test_where_nobody_was_asked_a_group_without_events_is_not_collected() -> None:
    numbers = read_numbers(results_of(make_study(), asked=0).numbers)
    found = {
        group.category: numbers.find(group, "all", "count")
        for group in numbers.of("adverse_events")
        if group.variable == "event_group"
    }
    status = {name: number.status if number else "" for name, number in found.items()}
    assert (status["infusion_reaction"], status["low_igg"]) == ("ok", "not_collected")
    assert set(found) == {"infusion_reaction", "infection", "serious_infection", "low_igg"}


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ({"id": "empty"}, "Nothing says which events are of this group."),
        ({"id": "ruled", "counts": "seriousness = 1"}, "seriousness"),
        ({"id": "ruled", "counts": "grade >= 'three'"}, ""),
    ],
)
def test_a_group_that_cannot_be_counted_is_refused(group: dict[str, Any], found: str) -> None:
    (finding,) = check_study(make_study(group))
    assert found in finding.message
    assert finding.key[0] == "event_groups"


def test_a_study_file_names_its_groups(tmp_path: Any) -> None:
    text = (
        '[study]\nid = "G"\ntitle = "G"\ncondition = "sle"\ndesign = "observational"\n\n'
        '[[event_groups]]\nid = "zoster"\nterms = "herpes zoster"\n\n'
        '[[event_groups]]\nid = "zoster"\nwithin_days = -1\n'
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="within_days"):
        read_study(tmp_path)
