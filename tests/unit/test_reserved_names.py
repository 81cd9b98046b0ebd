"""Names that would stand for two things are refused, with why and what to do; any other name has ids of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from funis.errors import FunisError, StudyError
from funis.results import NumberList, Place, SourceList, build_id
from funis.results.key import build_key
from funis.study.read import read_study

CLEAN = (Path(__file__).parents[1] / "fault" / "clean" / "study.toml").read_text(encoding="utf-8")


def findings(folder: Path, text: str) -> list[tuple[str, str, str]]:
    """Read a study file and give place, message and fix of what is wrong with it."""
    (folder / "study.toml").write_text(text, encoding="utf-8")
    try:
        read_study(folder)
    except StudyError as error:
        return [(each.column, each.message, each.fix) for each in error.findings]
    return []


def with_lab(name: str) -> str:
    return CLEAN.replace("[populations]", f'[[labs]]\ntest = "{name}"\nunit = "1"\n\n[populations]')


def with_column(name: str) -> str:
    return f'{CLEAN}\n[[columns]]\nname = "{name}"\nkind = "number"\n'


def with_arms(first: str, second: str) -> str:
    arms = "".join(f'[[arms]]\nid = "{each}"\nname = "{each}"\n' for each in (first, second))
    return CLEAN.replace("[eligibility]", f"{arms}\n[eligibility]").replace('"single_arm"', '"parallel"')


NOT_DIVIDED = "This name is taken: it stands for the word for whatever is not divided."
EVERYBODY = "This name is taken: it stands for the population of every subject of the data."
REFUSED = [
    (CLEAN.replace('treated = "', 'enrolled = "'), "populations.enrolled", EVERYBODY, 'rule "subject IS NOT NULL"'),
    (CLEAN.replace('treated = "', 'all = "'), "populations.all", NOT_DIVIDED, "another name for this population"),
    (f'{CLEAN}\n[subgroups]\nenrolled = "age > 1"', "subgroups.enrolled", EVERYBODY, "another name for this subgroup"),
    (f'{CLEAN}\n[subgroups]\nall = "age > 1"', "subgroups.all", NOT_DIVIDED, "another name for this subgroup"),
    (CLEAN.replace('"01"', '"all"'), "sites[1].id", NOT_DIVIDED, "this site, here and in the data"),
    (CLEAN.replace('"01"', '"01 "'), "sites[1].id", "Spaces stand around this name; those around cells", "Take them out."),
    (with_arms("cells", "All"), "arms[2].id", NOT_DIVIDED, "this arm, here and in the data"),
    (with_arms("Enrolled ", "cells"), "arms[1].id", EVERYBODY, "this arm"),
    (CLEAN.replace('"month_1"', '"all"'), "visits[2].name", NOT_DIVIDED, "this visit"),
    (CLEAN.replace('id = "I1"', 'id = "eligible"'), "eligibility.inclusion[1].id",
     "This name is taken: it stands for who meets every criterion.", "another name"),
    (with_lab("sledai_2k"), "labs[4].test", "an instrument or a response, whose score it would replace", "column test of labs"),
    (with_lab("bilag_2004"), "labs[4].test", "an instrument or a response, whose score it would replace", "another"),
    (with_lab("sri_4"), "labs[4].test", "an instrument or a response, whose score it would replace", "another"),
    (with_lab("sledai_2k_lower"), "labs[4].test", "a column of sledai_2k", "another"),
    (with_lab("rash"), "labs[4].test", "a column of sledai_2k", "another"),
    (with_lab("visit"), "labs[4].test", "a column of the data", "another"),
    (with_lab("crp_change"), "labs[4].test", "the change of a variable from baseline", "another"),
    (with_lab("crp_sustained"), "labs[4].test", "a response that is kept to the end", "another"),
    (with_lab("weight_kg"), "labs[4].test", "a column of subjects, and a baseline table shows both", "column test of labs"),
    (with_column("crp").replace("[populations]", '[[labs]]\ntest = "crp"\nunit = "mg/L"\n\n[populations]'),
     "columns[1].name", "a laboratory test of this study, and a baseline table shows both", "another"),
    (with_column("sledai_2k"), "columns[1].name", "an instrument of this study, and a baseline table shows both", "another"),
    (with_column("infusions_received"), "columns[1].name", "what is derived of every subject", "another"),
    (with_column("baseline_sledai_2k"), "columns[1].name", "what is derived of every subject", "another"),
    (with_column("disease_duration_years"), "columns[1].name", "the time from diagnosis to consent", "another"),
    (with_column("visit"), "columns[1].name", "a column of the other tables", "another"),
    (with_column("age"), "columns[1].name", "The table subjects has this column already.", "Leave it out here."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "message", "fix"), REFUSED, ids=[each[1] + each[2][-20:] for each in REFUSED]
)
def test_a_taken_name_is_refused(tmp_path: Path, text: str, place: str, message: str, fix: str) -> None:
    found = findings(tmp_path, text)
    said = [each for each in found if each[0] == place and message in each[1] and fix in each[2]]
    assert len(said) == 1, found


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        with_lab("crp").replace('unit = "1"', 'unit = "mg/L"'),
        CLEAN.replace("first_infusion_date IS NOT NULL", "age > 1").replace("treated", "anybody"),
        f'{CLEAN}\n[subgroups]\nold = "age > 60"',
        CLEAN.replace("[populations]", '[populations]\nenrolled = "subject is  NOT NULL"'),
        with_lab("c3").replace('unit = "1"', 'unit = "g/L"'),
        with_lab("sledai_2"),
        with_column("smoker"),
        with_arms("cells", "overall"),
        with_arms("a.", "a"),
        CLEAN.replace('treated = "', 'enrolled_twice = "').replace('"treated"', '"enrolled_twice"'),
    ],
)
def test_any_other_name_is_free(tmp_path: Path, text: str) -> None:
    assert findings(tmp_path, text) == []


def of_term(term: str) -> Place:
    return Place(analysis="adverse_events", variable="term", category=term)


def test_terms_that_look_alike_have_ids_of_their_own() -> None:
    terms = [
        "headache",
        "headache.",
        "(headache)",
        "head ache",
        "head  ache",
        "head_ache",
        "头痛",
        "头痛。",
        ".",
        "",
        "?",
    ]
    numbers = NumberList()
    for term in terms:
        numbers.add(of_term(term), "count", 1)
    ids = numbers.frame()["id"].to_list()
    assert len(set(ids)) == len(terms)
    assert ids[0] == "adverse_events.enrolled.term_headache.count"
    # Each but the two that differ in a space alone has its id whether the others are there or not.
    assert ids[:5] + ids[6:] == [build_id(of_term(each), "count") for each in terms if each != "head_ache"]


def test_a_name_that_loses_a_sign_in_its_id_has_a_sum_of_its_letters() -> None:
    # The first eight digits of: printf 'headache.' | sha256sum
    assert build_id(of_term("headache."), "count") == "adverse_events.enrolled.term_headache~52fb600d.count"
    plain = Place(analysis="a", variable="v")
    for named in (replace(plain, arm="x.y"), replace(plain, contrast="x.y"), replace(plain, visit="x.y")):
        assert build_id(named, "n").count("~") == 1
    for named in (replace(plain, arm="x y"), replace(plain, contrast="x y"), replace(plain, visit="x y")):
        assert "~" not in build_id(named, "n")


def test_a_subgroup_and_an_arm_of_one_name_are_two_numbers() -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="population", variable="subjects", subgroup="x"), "n", 3)
    numbers.add(Place(analysis="population", variable="subjects", arm="x"), "n", 5)
    first, second = numbers.frame().select("id", "value").rows()
    assert first == ("population.enrolled.x.subjects.n", 3)
    assert second[0].startswith("population.enrolled.x.subjects.n~")
    assert second[1] == 5


def test_one_number_still_has_one_place() -> None:
    numbers = NumberList()
    numbers.add(of_term("headache."), "count", 3)
    with pytest.raises(FunisError, match="computed twice"):
        numbers.add(of_term("headache."), "count", 3)


def test_a_number_that_was_told_apart_has_one_place_too() -> None:
    numbers = NumberList()
    place = Place(analysis="population", variable="subjects", arm="x")
    numbers.add(Place(analysis="population", variable="subjects", subgroup="x"), "n", 3)
    numbers.add(place, "n", 5)
    with pytest.raises(FunisError, match="computed twice"):
        numbers.add(place, "n", 5)


def test_other_rows_under_one_key_have_another_key() -> None:
    sources = SourceList()
    assert sources.add("a/b", [1, 2]) == "a/b"
    assert sources.add("a/b", [1, 2]) == "a/b"
    assert sources.add("a/b", [1, 3]) == "a/b~2"
    assert sources.add("a/b", [4]) == "a/b~3"
    assert sources.add("a/b", [1, 3]) == "a/b~2"


def test_the_method_tells_apart_what_means_nothing_without_it() -> None:
    place = Place(analysis="test", variable="x_change")
    assert build_key(place, "p", "paired_t") != build_key(place, "p", "wilcoxon")
    assert build_key(place, "count", "paired_t") == build_key(place, "count", "wilcoxon")
