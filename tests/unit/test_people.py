"""People of a study file: their roles and disclosures, and that what was not stated is not "none"."""

from __future__ import annotations

from pathlib import Path

import pytest

from funis.demo.cohort import study_text
from funis.errors import StudyError
from funis.reporting.people_tables import build_people_tables, people_words
from funis.study.model import Study
from funis.study.read import read_study

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}


def study_of(*people: dict[str, str]) -> Study:
    return Study.model_validate({"study": TRIAL, "people": people})


def test_what_is_left_out_of_a_person_is_not_stated() -> None:
    study = study_of(
        {"name": "A. Example", "role": "statistician", "disclosure": "none"},
        {"name": "B. Example", "disclosure": "paid by the maker of the cells"},
        {"name": "C. Example", "role": "principal investigator"},
    )
    (table,) = build_people_tables(study)
    rows = [[row.stub.text, *(cell.text for cell in row.cells)] for row in table.rows]
    assert rows == [
        ["A. Example", "statistician", "none"],
        ["B. Example", "not stated", "paid by the maker of the cells"],
        ["C. Example", "principal investigator", "not stated"],
    ]
    assert people_words(study) == ()


def test_a_study_that_names_nobody_says_so() -> None:
    assert build_people_tables(study_of()) == ()
    assert people_words(study_of()) == ("The study file names nobody: roles and disclosures are not stated.",)


@pytest.mark.parametrize("person", ['role = "statistician"', 'name = ""', 'name = "A"\ngift = "none"'])
def test_a_person_without_a_name_or_with_another_key_is_refused(person: str, tmp_path: Path) -> None:
    keys = "\n".join(f'{key} = "{value}"' for key, value in TRIAL.items())
    file = tmp_path / "study.toml"
    file.write_text(f"[study]\n{keys}\n[[people]]\n{person}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"people\[1\]"):
        read_study(file)


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("sle", ["L. Sun", "D. Wang", "J. Li", "M. Zhang", "Y. Zhang", "X. Li"]),
        ("sjogren", ["L. Sun", "D. Wang", "J. Xu", "S. Wang"]),
    ],
)
def test_the_rebuilt_trials_name_the_people_of_their_abstracts_only(
    name: str, authors: list[str], tmp_path: Path
) -> None:
    # The disclosures are printed below both abstracts: none of everybody.
    file = tmp_path / "study.toml"
    file.write_text(study_text(name), encoding="utf-8")
    people = read_study(file).people
    assert [each.name for each in people] == authors
    assert {(each.role, each.disclosure) for each in people} == {("author of the published abstract", "none")}
