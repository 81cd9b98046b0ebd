"""Deviations from the protocol and the population that has none, counted by hand from five subjects.

Criteria: age 16 or more, SLEDAI-2K above 6, consent before the cells. Arthritis 4, rash 2, seizure 8.

S1  30 years, seizure (8)                                       none
S2  15 years, seizure (8)                                       too young
S3  40 years, rash (2)                                          not active
S4  50 years, seizure (8), consent two days after the cells     consent, twice the planned dose
S5  no age, seizure (8)                                         age cannot be judged
"""

from pathlib import Path
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.errors import StudyError
from funis.reporting.deviation_tables import build_deviation_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html, write_report_set
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

PEOPLE = (
    ("S1", 30, "2019-12-20", "seizure"),
    ("S2", 15, "2019-12-20", "seizure"),
    ("S3", 40, "2019-12-20", "rash"),
    ("S4", 50, "2020-01-03", "seizure"),
    ("S5", None, "2019-12-20", "seizure"),
)
CONSENT = "consent_date IS NOT NULL AND COALESCE(days_consent_to_first_infusion, 0) >= 0"


def make_study(important: tuple[str, ...] = (), *, population: str = "treated") -> Study:
    return Study.model_validate(
        {
            "study": {"id": "D", "title": "Deviations", "condition": "sle", "design": "single_arm"},
            "visits": (
                {"name": "baseline", "day": 0, "window": (-1, 0), "forms": ("sledai_2k",)},
                {"name": "month_1", "day": 30, "window": (-5, 5), "forms": ("sledai_2k",)},
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6, "tolerance_percent": 20},),
            "populations": {"treated": "first_infusion_date IS NOT NULL"},
            "eligibility": {
                "inclusion": (
                    {"id": "I1", "text": "Age 16 or more", "rule": "age >= 16"},
                    {"id": "I2", "text": "Active", "rule": "baseline_sledai_2k > 6"},
                    {"id": "I3", "text": "Consent first", "rule": CONSENT},
                )
            },
            "endpoints": (
                {
                    "id": "activity",
                    "kind": "change",
                    "role": "primary",
                    "variable": "sledai_2k",
                    "at": ("month_1",),
                    "population": population,
                    "methods": ("paired_t",),
                },
            ),
            "deviations": {"important": important},
        }
    )


def results_of(study: Study, people: tuple[tuple[Any, ...], ...] = PEOPLE) -> Results:
    items = [item.name for item in definition("sledai_2k").items]
    visits = (("baseline", "2020-01-01"), ("month_1", "2020-01-31"))
    rows: dict[str, Any] = {
        "subjects": [
            {"subject": name, "age": age, "sex": "female", "consent_date": consent}
            for name, age, consent, _ in people
        ],
        "infusions": [
            {
                "subject": each[0],
                "number": 1,
                "date": "2020-01-01",
                "cells": 1e8 if each[0] == "S4" else 5e7,
                "weight_kg": 50,
                "reaction": "none",
            }
            for each in people
        ],
        "sledai_2k": [
            {"subject": each[0], "visit": visit, "date": date}
            | {item: int(item == each[3]) for item in items}
            for each in people
            for visit, date in visits
        ],
    }
    return analyse(study, tables_from_frames(study, rows))


def printed(study: Study) -> tuple[dict[str, tuple[str, ...]], str]:
    results = results_of(study)
    (table,) = build_deviation_tables(study, results, read_numbers(results.numbers))
    rows = {row.stub.text: tuple(cell.text for cell in row.cells) for row in table.rows}
    return rows, " ".join(table.footnotes)


def test_each_deviation_names_whom_it_concerns() -> None:
    rows, notes = printed(make_study())
    assert rows == {
        "Criterion of eligibility not met (I1: Age 16 or more)": ("1/5", "not graded", "S2"),
        "Criterion of eligibility not met (I2: Active)": ("1/5", "not graded", "S3"),
        "Criterion of eligibility not met (I3: Consent first)": ("1/5", "not graded", "S4"),
        "Consent after the first infusion": ("1/5", "not graded", "S4"),
        "Study procedure before the consent": ("1/5", "not graded", "S4"),
        "Dose outside its tolerance": ("1/5", "not graded", "S4"),
        "Any deviation": ("3/5", "", ""),
    }
    assert "does not say which deviations are important" in notes


@pytest.mark.parametrize("young", [20, 21])
def test_subjects_that_a_row_does_not_name_stand_in_a_file(young: int, tmp_path: Path) -> None:
    people = tuple((f"S{place:02}", 15, "2019-12-20", "seizure") for place in range(young))
    study = make_study()
    results = results_of(study, people)
    (table,) = build_deviation_tables(study, results, read_numbers(results.numbers))
    written = write_report_set(study, results, tmp_path / "report", ("md",)).files
    whole = tmp_path / "report" / "listings" / "deviations.csv"
    named = table.rows[0].cells[-1].text
    if young == 20:
        assert named.endswith("S18, S19")
        assert (table.instead, whole.exists()) == ((), False)
        return
    assert named.endswith("S18, S19 and 1 more")
    (line,) = table.instead
    said = "A row names at most 20 subjects; every subject of every row stands in"
    assert "".join(part.text for part in line) == f"{said} listings/deviations.csv beside this page."
    assert whole in written
    assert whole.read_text(encoding="utf-8").count(",S20") == 1


def test_the_study_file_says_which_are_important() -> None:
    rows, notes = printed(make_study(("I1", "consent_after_infusion")))
    assert rows["Criterion of eligibility not met (I1: Age 16 or more)"][1] == "yes"
    assert rows["Criterion of eligibility not met (I2: Active)"][1] == "no"
    assert rows["Consent after the first infusion"][1] == "yes"
    assert rows["Any important deviation"] == ("2/5", "", "")
    assert "does not say" not in notes


def test_who_meets_every_criterion_is_a_population() -> None:
    results = results_of(make_study())
    assert results.value("population.eligible.subjects.n") == 1
    # The age of S5 is not known.
    assert results.value("population.eligible.subjects.cannot_tell") == 1


def test_a_primary_result_is_given_without_those_who_were_not_eligible_too() -> None:
    results = results_of(make_study())
    found = results.select(analysis="summary", variable="sledai_2k", visit="month_1", statistic="n")
    by_group = {(row["population"], row["subgroup"]): row["value"] for row in found.iter_rows(named=True)}
    assert by_group["treated", "all"] == 5
    assert by_group["treated", "eligible"] == 1


def test_where_everybody_is_eligible_nothing_is_given_twice() -> None:
    study = make_study()
    results = results_of(study, PEOPLE[:1])
    assert "eligible" not in set(results.numbers["subgroup"])
    assert build_deviation_tables(study, results, read_numbers(results.numbers)) == ()


def test_an_endpoint_may_name_the_eligible_as_its_population() -> None:
    results = results_of(make_study(population="eligible"))
    found = results.select(analysis="test", variable="sledai_2k_change", population="eligible")
    assert not found.is_empty()
    assert set(found["subgroup"]) == {"all"}


@pytest.mark.parametrize(
    ("name", "nearest"), [("consent_after_infusions", "consent_after_infusion"), ("I9", "I1")]
)
def test_an_unknown_kind_of_deviation_is_an_error(name: str, nearest: str, tmp_path: Path) -> None:
    text = (
        '[study]\nid = "B"\ntitle = "B"\ncondition = "sle"\ndesign = "single_arm"\n'
        '[[visits]]\nname = "baseline"\nday = 0\nforms = ["sledai_2k"]\n'
        '[eligibility]\ninclusion = [{id = "I1", text = "Adult", rule = "age >= 18"}]\n'
        f'[deviations]\nimportant = ["{name}"]\n'
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=nearest):
        read_study(tmp_path)


def test_the_page_prints_both_and_names_the_rule() -> None:
    study = make_study()
    page = render_html(study, results_of(study))
    assert "Deviations from the protocol" in page
    # Of both with as many subjects: all who were enrolled were treated.
    assert "Subgroup of enrolled and treated" in page


def test_somebody_infused_outside_the_population_does_not_divide_the_deviations() -> None:
    """S2, who is 15, was infused and is in no population of this study: the table is of the four others."""
    study = make_study()
    narrow = study.model_copy(
        update={"populations": {"treated": "first_infusion_date IS NOT NULL AND COALESCE(age, 30) >= 16"}}
    )
    results = results_of(narrow)
    (table,) = build_deviation_tables(narrow, results, read_numbers(results.numbers))
    rows = {row.stub.text: tuple(cell.text for cell in row.cells) for row in table.rows}
    assert rows["Criterion of eligibility not met (I2: Active)"] == ("1/4", "not graded", "S3")
    assert "Criterion of eligibility not met (I1: Age 16 or more)" not in rows
    assert rows["Any deviation"][0] == "2/4"
