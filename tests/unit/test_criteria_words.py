"""Classification criteria in words: what the printed sets say, and Methods of a study that asks for one."""

from typing import Any

import pytest

from funis.catalogue.registry import criteria_set, criteria_sets
from funis.catalogue.wording.criteria import MISSING, _named, criteria_words
from funis.reporting.methods_text import build_methods
from funis.study.check import check_study
from funis.study.model import Study

LEADS = {
    # The printed rules: 4 of 11; an antinuclear antibody, 10 points (the highest of a domain), one clinical criterion.
    "acr_1997": "Classified with at least 4 of criteria 1 to 11.",
    "eular_acr_2019": "Classified with criterion 1, at least 10 points from criteria 2 to 22, the highest of each domain "
    "and at least 1 of criteria 2 to 18.",
    "acr_eular_2016": "Classified with criterion 1 and at least 4 points from criteria 2 to 6, and with none of criteria "
    "7 to 13.",
    "slicc_2012": "Classified in any of these ways: (1) with at least 4 of criteria 1 to 17, at least 1 of criteria 1 to "
    "11 and at least 1 of criteria 12 to 17; or (2) with criteria 12 and 18; or (3) with criteria 13 and 18.",
    "aecg_2002": "Classified in any of these ways: (1) with at least 4 of criteria 1 to 6 and at least 1 of criteria 4 and "
    "6, and with none of criteria 7 to 13; or (2) with at least 3 of criteria 3 to 6, and with none of criteria 7 to 13.",
    "aecg_2002_secondary": "Classified with criterion 7, at least 1 of criteria 1 and 2 and at least 2 of criteria 3 to 5, "
    "and with none of criteria 8 to 14.",
}  # fmt: skip


def test_every_set_has_its_sentence_here() -> None:
    assert set(LEADS) == set(criteria_sets())


@pytest.mark.parametrize("name", criteria_sets())
def test_the_ways_to_be_classified_are_those_of_the_definition(name: str) -> None:
    found, words = criteria_set(name), criteria_words(criteria_set(name))
    assert words.lead.startswith(LEADS[name])
    assert words.lead.endswith(MISSING)
    for note in found.notes:
        assert note.rstrip(".") in words.lead
    assert len(words.criteria) == len(found.rows)
    for place, (line, row) in enumerate(zip(words.criteria, found.rows, strict=True), 1):
        assert line.startswith(f"{place}. {row.criterion.label}")
    assert words.basis == f"Source: {found.source}. Certainty: read in the source."


def test_points_and_domains_stand_beside_the_criteria_that_add_points() -> None:
    lines = criteria_words(criteria_set("eular_acr_2019")).criteria
    assert lines[0] == "1. antinuclear antibody of 1:80 or more, ever"
    assert lines[2] == "3. leukocytes below 4.0 (3 points, haematologic domain)"
    # The only criterion of its domain: the highest of the domain is itself.
    assert lines[1] == "2. fever above 38.3 C (2 points)"
    sjogren = criteria_words(criteria_set("acr_eular_2016")).criteria
    assert (
        sjogren[3]
        == "4. ocular staining score 5 or more, or van Bijsterveld 4 or more, in at least one eye (1 point)"
    )
    # Where criteria are counted, each counts as one.
    assert all("point" not in line for line in criteria_words(criteria_set("aecg_2002")).criteria)


@pytest.mark.parametrize(
    ("places", "text"),
    [([1], "criterion 1"), ([1, 2], "criteria 1 and 2"), ([1, 2, 3], "criteria 1 to 3"), ([2, 3, 4, 7], "criteria 2 to 4 and 7"),
     ([1, 3, 4, 6], "criteria 1, 3, 4 and 6")],
)  # fmt: skip
def test_neighbours_are_a_range(places: list[int], text: str) -> None:
    assert _named(places, "and") == text


def study_of(*criteria: dict[str, Any], exclusion: tuple[dict[str, Any], ...] = ()) -> Study:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    return Study.model_validate(
        {"study": trial, "eligibility": {"inclusion": tuple(criteria), "exclusion": exclusion}}
    )


LUPUS = {"id": "I1", "text": "Lupus by ACR 1997", "classification": "acr_1997"}


def test_methods_define_the_criteria_that_eligibility_asks_for() -> None:
    study = study_of(LUPUS, {"id": "I2", "text": "Adult"}, exclusion=({**LUPUS, "id": "E1"},))
    passages = {passage.title: passage for passage in build_methods(study)}
    passage = passages["ACR 1997 classification criteria for lupus"]
    assert passage.paragraphs[0].startswith("Asked for by criteria I1 and E1. Classified with at least 4 of")
    assert passage.items[0] == "1. fixed red rash over the cheeks"
    assert (
        passage.items[-1]
        == "Source: Hochberg MC. Arthritis Rheum 1997;40:1725. Certainty: read in the source."
    )
    alone = {each.title: each for each in build_methods(study_of(LUPUS))}
    assert (
        alone["ACR 1997 classification criteria for lupus"]
        .paragraphs[0]
        .startswith("Asked for by criterion I1.")
    )
    assert not [
        title for title in (each.title for each in build_methods(study_of())) if "classification" in title
    ]


def test_a_set_that_does_not_exist_is_refused_with_the_nearest() -> None:
    for where in ("inclusion", "exclusion"):
        wrong = {**LUPUS, "classification": "acr_1998"}
        study = study_of(wrong) if where == "inclusion" else study_of(exclusion=(wrong,))
        found = [each for each in check_study(study) if each.code == "unknown_name"]
        assert [each.key for each in found] == [("eligibility", where, 0, "classification")]
        assert "acr_1997" in found[0].fix
    assert not [each for each in check_study(study_of(LUPUS)) if each.code == "unknown_name"]
