"""A column that is not there is missing in every row: never normal, never absent, never 0."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import response_definition

SYSTEMS = funis.definition("bilag_2004").systems
QUIET = {f"bilag_2004_{system}": ["E", "E"] for system in SYSTEMS}
VISITS: dict[str, list[Any]] = {
    "subject": ["1", "1"],
    "visit": ["baseline", "month_6"],
    "sledai_2k": [12, 4],
    "pga": [2.0, 1.0],
}
MUSCLES = {"bilag_2004_musculoskeletal": ["A", "C"]}


def respond(columns: dict[str, list[Any]], name: str = "sri_4") -> dict[str, Any]:
    return funis.respond(pl.DataFrame(columns), name).row(0, named=True)


def test_one_of_nine_grades_cannot_show_that_no_grade_is_new() -> None:
    row = respond(VISITS | MUSCLES)
    assert (row["response"], row["no_new_a"], row["at_most_one_new_b"]) == ("cannot tell",) * 3
    others = [f"bilag_2004_{s}" for s in sorted(SYSTEMS) if s != "musculoskeletal"]
    assert row["reason"].endswith(f" Recorded for nobody: {', '.join(others)}.")


def test_nine_grades_can() -> None:
    row = respond(VISITS | QUIET | MUSCLES)
    assert (row["response"], row["no_new_a"]) == ("yes", "yes")
    assert "Recorded for nobody" not in row["reason"]


@pytest.mark.parametrize("grade", ["A", "B"])
def test_one_grade_of_nine_settles_what_it_can(grade: str) -> None:
    # A new A is enough for "no"; one new B is allowed, and the other systems could hold the second one.
    row = respond(VISITS | {"bilag_2004_renal": ["E", grade]})
    assert row["response"] == {"A": "no", "B": "cannot tell"}[grade]


def test_a_classic_index_has_eight_systems() -> None:
    classic = {f"bilag_classic_{s}": ["E", "E"] for s in ("general", "renal", "haematology")}
    found = funis.respond(pl.DataFrame(VISITS | classic), "sri_4", parameters={"instrument": "bilag_classic"})
    names = ("cardiovascular_respiratory", "mucocutaneous", "musculoskeletal", "neurological", "vasculitis")
    lacking = ", ".join(f"bilag_classic_{name}" for name in names)
    assert found["reason"][0].endswith(f" Recorded for nobody: {lacking}.")


def test_an_index_that_nothing_defines_has_the_systems_that_were_recorded() -> None:
    own = {"own_index_kidney": ["A", "C"]}
    found = funis.respond(pl.DataFrame(VISITS | own), "sri_4", parameters={"instrument": "own_index"})
    assert found["response"].to_list() == ["yes"]


def grade_skin(**columns: Any) -> tuple[Any, ...]:
    quiet: dict[str, Any] = {item.name: 0 for item in funis.definition("bilag_2004").items if item.values}
    scored = funis.score(pl.DataFrame([quiet | columns]), "bilag_2004")
    stem = "bilag_2004_mucocutaneous"
    found: tuple[Any, ...] = scored.select(stem, f"{stem}_lower", f"{stem}_upper").row(0)
    return found


def test_without_its_history_a_quiet_system_is_d_or_e() -> None:
    assert grade_skin() == (None, "E", "D")
    assert grade_skin(mucocutaneous_ever=None) == (None, "E", "D")
    assert grade_skin(mucocutaneous_ever=0) == ("E", "E", "E")
    assert grade_skin(mucocutaneous_ever=1) == ("D", "D", "D")


def test_the_history_of_another_system_says_nothing() -> None:
    assert grade_skin(constitutional_ever=0) == (None, "E", "D")
    visit = {"subject": "1", "day": 0, "pyrexia": 0, "ophthalmic_ever": 0}
    [found] = funis.scorer("bilag_2004", missing="absent")([visit])
    assert (found["bilag_2004_renal"], found["bilag_2004_renal_upper"]) == ("E", "A")


def test_what_is_active_needs_no_history() -> None:
    # A mild skin eruption that improves is C by itself.
    assert grade_skin(skin_eruption_mild=1) == ("C", "C", "C")


def test_items_of_a_set_that_nobody_recorded_are_named() -> None:
    definition = response_definition("lldas")
    items = {name: [0, 0] for name in definition.sets["sledai_items"]}
    columns = VISITS | items | {"sledai_2k": [0, 0], "pga": [0.2, 0.2], "prednisone": [5, 5]}
    some = respond(columns | {"active_haemolysis": [0, 0], "malabsorption": [0, 0]}, "lldas")
    assert (some["response"], some["no_haemolysis_or_gi"]) == ("yes", "yes")
    named = [
        name
        for name in definition.sets["haemolysis_gi"]
        if name not in ("active_haemolysis", "malabsorption")
    ]
    assert f"present: none; never recorded and not counted: {', '.join(named)};" in some["reason"]
    none = respond(columns, "lldas")
    assert (none["response"], none["no_haemolysis_or_gi"]) == ("yes", "not recorded")
    assert "no haemolysis or gi, " in none["reason"]
    assert "not recorded, taken as none" in none["reason"]
