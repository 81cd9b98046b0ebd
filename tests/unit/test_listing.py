"""What `funis instruments` lists and shows: weights, levels, limits, choices and rules, as the papers print them."""

from __future__ import annotations

import pytest

from funis.catalogue.registry import responses
from funis.catalogue.wording.listing import list_entries, show_entry
from funis.errors import UnknownNameError


def test_every_entry_of_every_group_is_listed_with_its_kind_and_shown() -> None:
    groups = list_entries()
    assert list(groups) == ["instruments", "responses", "criteria", "responder indices"]
    assert [one["name"] for one in groups["responses"]] == list(responses())
    assert {one["kind"] for one in groups["responses"]} == {"response"}
    assert {one["kind"] for one in groups["criteria"]} == {"criteria"}
    assert {one["kind"] for one in groups["responder indices"]} == {"responder index"}
    for entries in groups.values():
        for one in entries:
            shown = show_entry(one["name"])
            assert shown.lines[0] == one["title"] == shown.answer["title"]
            assert f"source: {one['source']}" in shown.lines


def test_the_points_of_an_item_are_those_of_the_paper() -> None:
    shown = show_entry("sledai_2k")
    # Gladman 2002: seizure 8, arthritis 4, rash 2, fever 1; 24 descriptors.
    points = {one["name"]: one["points"] for one in shown.answer["items"]}
    assert len(points) == 24
    assert [points[name] for name in ("seizure", "arthritis", "rash", "fever")] == [
        (0, 8),
        (0, 4),
        (0, 2),
        (0, 1),
    ]
    (line,) = [one for one in shown.lines if one.startswith("  1  ")]
    assert "8 points where present" in line
    assert "not from metabolic or infectious or drug cause" in line
    (platelets,) = [one for one in shown.lines if one.startswith("  -  platelets")]
    assert "10^9/L" in platelets


def test_levels_of_an_item_have_their_words_and_each_its_points() -> None:
    # ESSDAI (Seror 2010): the lymph node domain has weight 4 and levels 0 to 3, the renal one weight 5.
    shown = show_entry("essdai")
    items = {one["name"]: one for one in shown.answer["items"]}
    assert items["lymphadenopathy"]["points"] == (0, 4, 8, 12)
    assert items["renal"]["points"] == (0, 5, 10, 15)
    (line,) = [one for one in shown.lines if "  renal  " in one]
    assert "0, 5, 10 or 15 points" in line
    for value, text in zip((1, 2, 3), items["renal"]["level_labels"], strict=True):
        assert f"{value} {text}" in line


def test_the_rules_of_a_graded_instrument_are_shown_and_its_choices_once() -> None:
    shown = show_entry("bilag_2004")
    rules = [line for line in shown.lines if ", grade A: " in line]
    # Nine systems, each with a way to grade A.
    assert len(rules) == 9
    assert not [line for line in shown.lines if line.startswith("Choice: ")]
    assert "not done: an assessment that was not done counts as not present" in shown.lines
    assert "range: 0 to 108" in shown.lines


def test_a_limit_that_is_missing_is_not_printed() -> None:
    from funis.catalogue.wording.listing import _span

    assert _span(None, 8.5, "mL") == "to 8.5 mL"
    assert _span(0.0, None, "") == "from 0"
    assert _span(None, None, "mL") == "mL"


def test_a_response_shows_its_choices_its_classes_and_what_it_reads() -> None:
    shown = show_entry("sri_4")
    # Furie 2009: a fall of 4 points or more, no new A, no more than one new B, PGA no worse than 0.3.
    text = "\n".join(shown.lines)
    assert "parameter points = 4: fall in points" in text
    assert "at least 4 points" in text
    assert "classes: yes (Response); no (No response)" in text
    assert {"sledai_2k", "bilag_2004", "pga"} <= set(shown.answer["columns"])
    assert shown.answer["certainty"]


def test_criteria_show_each_criterion_and_its_column() -> None:
    shown = show_entry("acr_1997")
    # Hochberg 1997: 4 of 11 criteria.
    assert shown.answer["rules"][0].startswith("Classified with at least 4 of criteria 1 to 11")
    assert len(shown.answer["columns"]) == 11
    assert "2. discoid rash" in shown.lines


def test_an_unknown_name_gets_the_nearest_of_any_group() -> None:
    with pytest.raises(UnknownNameError, match="sri_4"):
        show_entry("sri4")
