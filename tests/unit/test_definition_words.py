"""Endpoints of study files in words: no rule text, no id; what is proposed is said where the result stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from funis.demo import run_demo
from funis.reporting.definition_words import (
    build_full_definitions,
    endpoint_words,
    proposal_notes,
    visit_words,
)
from funis.reporting.labels import Labels
from funis.reporting.methods_text import build_methods
from funis.reporting.rule_words import rule_words
from funis.study.model import Endpoint, Study
from funis.study.read import read_study, template_path
from funis.study.response_behind import definition_behind

PUBLISHED = Path(run_demo.__file__).parent / "published"
FILES = {
    "sle": template_path("sle"),
    "sjogren": template_path("sjogren"),
    "observational": template_path("observational"),
    "sle demo": PUBLISHED / "sle_study.toml",
    "sjogren demo": PUBLISHED / "sjogren_study.toml",
}
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
VISITS = (
    {"name": "baseline", "day": 0, "window": (-28, 0), "forms": ("sledai_2k", "bilag_2004", "labs")},
    {"name": "month_6", "day": 180, "window": (-30, 30)},
    {"name": "month_9", "day": 270, "window": (0, 0)},
    {"name": "month_12", "day": 360, "window": (-1, 14)},
    {"name": "end", "day": 400},
)
LABS = (
    {"test": "proteinuria_24h", "unit": "g/24h", "label": "24-hour urine protein", "low": 0.0, "high": 0.15},
    {"test": "anti_dsdna", "unit": "IU/mL", "high": 30},
    {"test": "haemoglobin", "unit": "g/L", "low": 110},
    {"test": "ana", "unit": "titre", "scale": "log2"},
    {"test": "c3", "unit": "g/L"},
)


def study_with(*endpoints: Mapping[str, object], **sections: object) -> Study:
    found: dict[str, object] = {
        "study": TRIAL,
        "visits": VISITS,
        "labs": LABS,
        "endpoints": endpoints,
    } | sections
    return Study.model_validate(found)


def words_of(endpoint: Mapping[str, object], *others: Mapping[str, object]) -> str:
    study = study_with(endpoint, *others)
    return endpoint_words(Labels(study), study.endpoints[0])


@pytest.mark.parametrize("name", FILES)
def test_methods_hold_no_rule_text_and_no_ids(name: str) -> None:
    study = read_study(FILES[name])
    passages = (*build_methods(study), *build_full_definitions(Labels(study)))
    text = " ".join(part for each in passages for part in (each.title, *each.paragraphs, *each.items))
    assert re.findall(r"\w+_\w+", text) == []
    assert re.findall(r"\b(?:NULL|AND|SELECT|IN \()", text) == []
    assert "<" not in text.replace("< 0.", "")


@pytest.mark.parametrize("name", FILES)
def test_every_endpoint_and_definition_of_a_study_stands_in_its_methods(name: str) -> None:
    study = read_study(FILES[name])
    passages = {each.title: each for each in build_methods(study)}
    assert len(passages["Endpoints"].items) == len(study.endpoints)
    for endpoint, item in zip(study.endpoints, passages["Endpoints"].items, strict=True):
        assert item.startswith(f"{endpoint.printed} ({endpoint.role}): ")
        assert len(item) > len(f"{endpoint.printed} ({endpoint.role}): ") + 20
        if endpoint.definition:
            found = passages[f"Definition of {Labels(study).variable(endpoint.definition)}"]
            assert "Source: " in found.items[-1]
            assert "Certainty: " in found.items[-1]
    instruments = passages["Instruments"].items
    assert len(instruments) == len(study.instrument_names)
    assert all("Source: " in item and "Certainty: " in item for item in instruments)


def test_the_lupus_template_defines_its_response_once_for_three_endpoints() -> None:
    passages = [
        each for each in build_methods(read_study(FILES["sle"])) if each.title.startswith("Definition of")
    ]
    assert [each.title for each in passages] == ["Definition of UC-MSC BILAG response"]
    assert passages[0].paragraphs == (
        (
            "It defines clinical response, relapse after a clinical response and time to relapse after a "
            "clinical response. The definition of UC-MSC BILAG response is a proposal of funis: the trial's own "
            "definition is not printed in what could be read."
        ),
    )
    assert (
        passages[0]
        .items[0]
        .startswith(
            "Major clinical response: at month 6 (day 180, 30 days either side) and month 12 (day 360"
        )
    )
    assert "horizon" not in " ".join(passages[0].items)


def test_endpoints_judged_otherwise_are_defined_apart() -> None:
    base: dict[str, object] = {"kind": "response", "definition": "sri_4"}
    study = study_with(
        base | {"id": "a", "at": "month_6"},
        base | {"id": "b", "at": "month_12"},
        base | {"id": "c", "at": "month_6", "missing_outcome": "nonresponder"},
        base | {"id": "d", "at": "month_6", "parameters": {"points": 5}},
        base | {"id": "e", "at": "month_6"},
        {"id": "f", "kind": "relapse", "definition": "ucmsc_bilag_response", "at": ("month_9", "month_12")},
    )
    passages = [each for each in build_methods(study) if each.title.startswith("Definition of")]
    assert [each.paragraphs[0].split(" The definition")[0] for each in passages] == [
        "It defines A and E.", "It defines B.", "It defines C.", "It defines D.", "It defines F.",
    ]  # fmt: skip
    assert "Nothing measured at the visit judged: cannot tell." in passages[0].items[1]
    assert "Nothing measured at the visit judged: no response." in passages[2].items[1]
    assert "of at least 5 points" in passages[3].items[0]


RESPONSE = {"id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": "month_6"}
ENDPOINTS = [
    (RESPONSE, "UC-MSC BILAG response at month 6 (day 180, 30 days either side)"),
    (
        {"id": "x", "kind": "relapse", "definition": "ucmsc_bilag_response", "at": ("month_9", "month_12")},
        ("relapse after UC-MSC BILAG response at month 6 (day 180, 30 days either side), looked for at "
        "month 9 (day 270, on the day) and month 12 (day 360, 1 day before to 14 days after)"),
    ),
    (
        {"id": "x", "kind": "relapse", "definition": "ucmsc_bilag_response", "parameters": {"response_visit": "end"}},
        "relapse after UC-MSC BILAG response at end (day 400), looked for at every later visit",
    ),
    (
        {"id": "x", "kind": "change", "variables": ("sledai_2k", "c3"), "at": ("month_6", "end")},
        "change from baseline in SLEDAI-2K and complement C3 (g/L) at month 6 and end",
    ),
    (
        {"id": "x", "kind": "systems", "variable": "bilag_2004", "at": "month_6"},
        "grade of each organ system by BILAG-2004, compared with baseline at month 6",
    ),
    ({"id": "x", "kind": "summary", "variable": "sledai_2k"}, "values of SLEDAI-2K"),
    (
        {"id": "x", "kind": "time_to_event", "event": "death"},
        ("days from the first infusion to death from any cause; without the event, time ends at the last day seen, at "
        "withdrawal or loss"),
    ),
    (
        {"id": "x", "kind": "time_to_event", "event": "withdrawal", "origin": "consent"},
        ("days from consent to withdrawal or loss to follow-up; without the event, time ends at the last day seen, at "
        "withdrawal, loss or death"),
    ),
    (
        {"id": "x", "kind": "time_to_event", "event": "relapse", "origin": "response"},
        ("days from the visit of the response (UC-MSC BILAG response at month 6 (day 180, 30 days either side)) to "
        "relapse after it; without the event, time ends at the last day seen, at withdrawal, loss or death; "
        "what is found at a visit counts on its planned day"),
    ),
    (
        {"id": "x", "kind": "time_to_event", "event": "response"},
        ("days from the first infusion to the first visit with UC-MSC BILAG response; without the "
        "event, time ends at the last day seen, at withdrawal, loss or death; what is found at a visit counts on its "
        "planned day"),
    ),
    (
        {"id": "x", "kind": "time_to_event", "event": "death", "origin": "response"},
        ("days from the visit of the response (UC-MSC BILAG response at month 6 (day 180, 30 days either side)) to "
        "death from any cause; without the event, time ends at the last day seen, at withdrawal or loss"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "wanted"), ENDPOINTS)
def test_endpoints_in_words(endpoint: Mapping[str, object], wanted: str) -> None:
    assert words_of(endpoint, *([] if endpoint is RESPONSE else [RESPONSE])) == wanted


@pytest.mark.parametrize("kind", ["adverse_events", "exposure", "disposition"])
def test_counted_endpoints_say_what_is_counted(kind: str) -> None:
    assert re.match("(subjects|infusions) ", words_of({"id": "x", "kind": kind}))


def test_visits_without_a_plan_have_no_day() -> None:
    assert visit_words(Labels(study_with()), "week_2") == "week 2"


def test_laboratory_tests_and_instruments() -> None:
    names = tuple(str(lab["test"]) for lab in LABS)
    study = study_with(
        {"id": "x", "kind": "change", "variables": (*names[:4],), "at": "month_6"},
        instruments={"sledai_2k": {"parameters": {"window_days": 30}, "label": "SLEDAI as printed"}},
    )
    passages = {each.title: each for each in build_methods(study)}
    assert passages["Laboratory tests"].items == (
        "24-hour urine protein, g/24h; normal from 0 to 0.15 g/24h.",
        "Anti-dsDNA, IU/mL; normal up to 30 IU/mL.",
        "Haemoglobin, g/L; normal from 110 g/L.",
        "Antinuclear antibody, titre, analysed as the logarithm to base 2 of the titre divided by 10.",
    )
    first = passages["Instruments"].items[0]
    assert first.startswith("SLEDAI as printed: SLEDAI-2K (2002): ")
    assert (
        "present at the visit or in the preceding 30 days. Missing items: a score with an unknown item"
        in first
    )
    full = build_full_definitions(Labels(study))
    assert [each.title for each in full] == ["SLEDAI-2K in full", "BILAG-2004 in full"]
    assert all(each.is_folded for each in full)
    assert "platelets below 100 ×10⁹/L" in " ".join(full[0].items)


RULES = [
    ("age >= 16", "age is at least 16 years"),
    ("16 <= age", "age is at least 16 years"),
    ("16 < age", "age is above 16 years"),
    ("60 > age", "age is below 60 years"),
    ("60 >= age", "age is at most 60 years"),
    ("baseline_proteinuria_24h > 0.5", "24-hour urine protein at baseline is above 0.5 g/24h"),
    ("baseline_bilag_2004_renal IN ('A', 'B', 'C')", "BILAG-2004, renal at baseline is A, B or C"),
    ("first_infusion_date IS NOT NULL", "the date of the first infusion is recorded"),
    ("consent_date IS NULL", "the date of consent is not recorded"),
    ("subject IS NOT NULL", "every subject of the data"),
    ("sex IS NULL", "sex is not known"),
    ("sex = 'female'", "sex is female"),
    ("sex <> 'female' OR age < 50 AND age > 18", "sex is not female or (age is below 50 years and age is above 18 years)"),
    ("age > 18 AND age < 50 AND sex = 'male'", "age is above 18 years; age is below 50 years; and sex is male"),
    ("NOT (age < 18)", "age is at least 18 years"),
    ("NOT (sex = 'male' OR age < 18)", "it does not hold that (sex is male or age is below 18 years)"),
    ("age BETWEEN 18 AND 65", "age is from 18 to 65 years"),
    ("days_consent_to_first_infusion <= 28", "at most 28 days from consent to first infusion"),
    ("days_consent_to_first_infusion < 28", "fewer than 28 days from consent to first infusion"),
    ("days_consent_to_first_infusion >= 0", "first infusion on or after the day of consent"),
    ("0 < days_consent_to_first_infusion", "first infusion after the day of consent"),
    (
        "consent_date IS NOT NULL AND COALESCE(days_consent_to_first_infusion, 0) >= 0",
        ("the date of consent is recorded; and (first infusion on or after the day of consent, or that is not "
        "known)"),
    ),
    ("viability_percent >= 80", "viability is at least 80%"),
    ("cd34_percent <= 2", "CD34 is at most 2%"),
    ("sterility = 'negative'", "sterility is negative"),
    ("healthy = 1", "found healthy by history and examination"),
    ("healthy = 0", "not found healthy by history and examination"),
    ("eligible <> 0", "found eligible as a donor"),
    ("drugs_failed >= 1", "at least 1 drug failed before the first infusion"),
    ("drugs_failed > 2", "more than 2 drugs failed before the first infusion"),
    ("(age - 18) * 2 > 10", "((age minus 18) times 2) is above 10"),
    ("ABS(age) > -1", "age (whatever its sign) is above −1"),
    ("COALESCE(age, 40) > 30", "age is above 30 years, or that is not known"),
    ("COALESCE(age, 20) > 30", "age is above 30 years, and that is known"),
    ("COALESCE(age, weight_kg) > 30", "the first that is known of age and weight is above 30"),
    ("CASE WHEN age > 30 THEN 1 ELSE 0 END = 1", "(1 where age is above 30 years; otherwise 0) is 1"),
    ("consent_date > DATE '2020-01-31'", "the date of consent is after 2020-01-31"),
    ("consent_date <= DATE '2020-01-31'", "the date of consent is not after 2020-01-31"),
    ("(age > 30) IS TRUE", "it is known to hold that age is above 30 years"),
    ("age / 2 + 1 >= 10", "(age divided by 2 plus 1) is at least 10"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "wanted"), RULES)
def test_rules_in_words(rule: str, wanted: str) -> None:
    assert rule_words(Labels(study_with()), rule) == wanted


def test_what_is_proposed_is_said_of_what_rests_on_it() -> None:
    note = (
        "The definition of UC-MSC BILAG response is a proposal of funis: the trial's own definition is not printed in "
        "what could be read."
    )
    time = {"id": "t", "kind": "time_to_event", "event": "relapse", "origin": "response"}
    death = {"id": "d", "kind": "time_to_event", "event": "death"}
    since = {"id": "s", "kind": "time_to_event", "event": "death", "origin": "response"}
    study = study_with(RESPONSE, time, death, since)
    labels = Labels(study)
    behind = [definition_behind(study, endpoint) for endpoint in study.endpoints]
    assert behind == ["ucmsc_bilag_response", "ucmsc_bilag_response", "", "ucmsc_bilag_response"]
    assert proposal_notes(labels, "ucmsc_bilag_response") == (note,)
    assert proposal_notes(labels, "tess_modified")[0].startswith(
        "The definition of Modified TESS for cell infusions is a"
    )
    assert [proposal_notes(labels, name) for name in ("sri_4", "sledai_2k", "creatinine")] == [(), (), ()]


def test_an_endpoint_that_rests_on_no_response_has_none_behind_it() -> None:
    study = study_with({"id": "x", "kind": "change", "variable": "sledai_2k", "at": "month_6"}, RESPONSE)
    first: Endpoint = study.endpoints[0]
    assert definition_behind(study, first) == ""


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("left_out", "is left out of numerator and denominator"),
        ("none", "counts as none"),
        ("relapse", "counts as a relapse at the first visit at which it is not known"),
    ],
)
def test_population_and_unknown_relapses_are_said_of_an_endpoint(rule: str, words: str) -> None:
    relapse = {
        "id": "x", "kind": "relapse", "definition": "ucmsc_bilag_response", "at": ("month_9",), "population": "treated",
        "missing_relapse": rule,
    }  # fmt: skip
    study = study_with(RESPONSE, relapse, populations={"treated": "first_infusion_date IS NOT NULL"})
    first, second = next(each for each in build_methods(study) if each.title == "Endpoints").items
    assert second.endswith(
        f"month 9 (day 270, on the day). Population: treated. A relapse that is not known {words}."
    )
    assert "A relapse that is not known" not in first
    assert "Population" not in first
