"""Phrases, rules and numbers of definitions in words typed by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import ClassRule, Phrase, PrintedQuantity, ResponseDefinition
from funis.catalogue.read_response import read_criterion
from funis.catalogue.registry import definition, response_definition
from funis.catalogue.wording.instruments import instrument_words
from funis.catalogue.wording.phrases import ChosenDefinition, criterion_words, phrase_words
from funis.catalogue.wording.plain_words import compared_words, joined_words, numbered_words, with_unit
from funis.catalogue.wording.responses import response_words

QUANTITIES = {
    "score": PrintedQuantity("the score", "points"),
    "protein": PrintedQuantity("protein", "g"),
    "weight": PrintedQuantity("weight", "kg"),
    "dose": PrintedQuantity("dose", "mg a day"),
    "casts": PrintedQuantity("casts", "", is_yes_no=True),
}
SETS = {"few": ("new_rash", "new_cns"), "every": tuple(item.name for item in definition("sledai_2k"))}


def reading_of(**chosen: ParameterValue) -> ChosenDefinition:
    found = replace(response_definition("ucmsc_bilag_response"), quantities=QUANTITIES, sets=SETS)
    parameters: dict[str, ParameterValue] = found.settle({}) | {
        "from_day": 168,
        "most": 7.5,
        "score_upper_limit": 0,
    }
    return ChosenDefinition(found, {**parameters, **chosen})


def phrase_of(text: str) -> Phrase:
    file = DefinitionFile("x.toml", {}, "")
    row = read_criterion(file, {"id": "x", "label": "x", "when": text}, 1)
    return row.phrases[0]


PHRASES = [
    ("score < 4", "the score below 4 points"),
    ("score <= 4", "the score at most 4 points"),
    ("score >= 4", "the score at least 4 points"),
    ("score > 4", "the score above 4 points"),
    ("score <= 0", "the score of 0 points"),
    ("score < 0", "the score below 0 points"),
    ("score >= 1", "the score at least 1 point"),
    ("dose <= most", "dose at most 7.5 mg a day"),
    ("unknown_column < 3", "unknown column below 3"),
    ("sledai_2k < 3", "SLEDAI-2K below 3"),
    ("score <= score_upper_limit", "the score at most the laboratory's upper limit (not given: never met)"),
    ("over_window(score) < 3", "the score below 3 points"),
    ("baseline(protein) > 0.5", "protein at baseline above 0.5 g"),
    ("baseline(protein) <= 0", "protein at baseline of 0 g"),
    ("rise(score) >= 3", "a rise in the score since baseline of at least 3 points"),
    ("rise(score) > 3", "a rise in the score since baseline of more than 3 points"),
    ("rise(score) > 0", "a rise in the score since baseline"),
    ("rise(score) >= 0", "a rise in the score since baseline of at least 0 points"),
    ("rise(score) < 0.3", "no rise in the score since baseline of 0.3 points or more"),
    ("rise(score) <= 0.3", "no rise in the score since baseline of more than 0.3 points"),
    ("rise(score) <= 0", "no rise in the score since baseline"),
    ("rise(score) < 0", "no rise in the score since baseline of 0 points or more"),
    ("fall(score) >= 4", "a fall in the score since baseline of at least 4 points"),
    ("rise_since_previous(score) > 3", "a rise in the score since the visit before of more than 3 points"),
    ("fall_since_previous(score) > 3", "a fall in the score since the visit before of more than 3 points"),
    ("percent_fall(protein) >= 50", "a fall in protein since baseline of at least 50 %"),
    ("percent_fall(protein) <= 20", "no fall in protein since baseline of more than 20 %"),
    ("percent_rise(protein) >= 25", "a rise in protein since baseline of at least 25 %"),
    ("percent_rise_since_previous(dose) >= 100", "a rise in dose since the visit before of at least 100 %"),
    (
        "percent_fall_confirmed(protein) <= 20",
        "no fall in protein since baseline both at the visit judged and at the visit before of more than 20 %",
    ),
    ("percent_of_baseline(protein) <= 115", "protein at most 115 % of baseline"),
    ("percent_below(protein, score) <= 10", "protein at most 10 % below the score"),
    ("of_upper_limit(protein) <= 1", "protein at most 1 times the laboratory's upper limit"),
    ("baseline_of_upper_limit(protein) > 1", "protein at baseline above 1 times the laboratory's upper limit"),
    ("highest_since_start(dose) <= 10", "highest dose at the visits from day 168 to the visit judged at most 10 mg a day"),
    ("clinical(score) <= 0", "the score without its two serological items of 0 points"),
    ("clinical(score) <= 2", "the score without its two serological items at most 2 points"),
    ("per_kg(dose, weight) > 0.5", "dose above 0.5 mg per kg of body weight a day"),
    ("casts <= 0", "no casts"),
    ("casts < 1", "no casts"),
    ("casts >= 1", "casts"),
    ("baseline(casts) <= 0", "no casts at baseline"),
    ("ever(casts) <= 0", "no casts after baseline up to the visit judged"),
    ("ever(casts) > 0", "casts after baseline up to the visit judged"),
    ("items_present(few) <= 0", "none of these (new rash; new CNS) present"),
    ("items_present(few) >= 2", "at least 2 of these (new rash; new CNS) present"),
    ("new_items(every, sledai_2k) <= 0", "none of the 24 items of SLEDAI-2K that was absent at the visit before"),
    ("new_items(few) >= 1", "at least 1 of these (new rash; new CNS) that was absent at the visit before"),
    ("with_a(instrument) <= 0", "no system graded A"),
    ("with_a(instrument) < 1", "no system graded A"),
    ("with_b(instrument) <= 1", "at most 1 system graded B"),
    ("with_b(instrument) <= 2", "at most 2 systems graded B"),
    ("with_b(instrument) < 2", "below 2 systems graded B"),
    ("baseline_a(instrument) >= 1", "at least 1 system graded A at baseline"),
    ("baseline_b(instrument) >= 4", "at least 4 systems graded B at baseline"),
    ("baseline_active(instrument) >= 1", "at least 1 system graded A or B at baseline"),
    ("new_a(instrument) <= 0", "no system with a new A since baseline (A after B, C, D or E)"),
    ("new_b(instrument) <= 1", "at most 1 system with a new B since baseline (B after C, D or E)"),
    (
        "unimproved(instrument) <= 0",
        "no system graded A or B at baseline that has not improved (A still A, B still B or now A)",
    ),
    (
        "new_a_since_previous(instrument) >= 1",
        "at least 1 system with a new A since the visit before (A after B, C, D or E)",
    ),
    (
        "new_b_since_previous(instrument) >= 2",
        "at least 2 systems with a new B since the visit before (B after C, D or E)",
    ),
    ("new_c_since_previous(instrument) >= 1", "at least 1 system with a new C since the visit before (C after D or E)"),
    (
        "severe_flares_before(instrument) <= 0",
        ("no severe flare after baseline up to the visit judged (a new A in any system, or a new A or B in 2 "
        "systems, compared with baseline; a new A is A after B, C, D or E, a new B is B after C, D or E)"),
    ),
    (
        "flares_after(instrument) <= 0",
        "no new A or B in any system after the visit judged up to day 360 (30 days either side)",
    ),
    (
        "relapses_before(instrument) <= 0",
        "no relapse up to the visit judged after a response at day 180 (30 days either side)",
    ),
    ("flare_free_days(instrument) >= 112", "at least 112 days after the visit judged without a new A or B in any system"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), PHRASES)
def test_phrases(text: str, wanted: str) -> None:
    assert phrase_words(reading_of(), phrase_of(text)) == wanted


def test_a_limit_of_the_laboratory_that_is_given_is_printed() -> None:
    said = phrase_words(reading_of(score_upper_limit=12), phrase_of("score <= score_upper_limit"))
    assert said == "the score at most the laboratory's upper limit (12 points)"


def test_alternatives_and_what_was_recorded() -> None:
    file = DefinitionFile("x.toml", {}, "")
    row = {"id": "x", "label": "x", "any": [["score < 1"], ["score < 2", "protein < 3", "dose < 4"]]}
    wanted = "the score below 1 point, or the score below 2 points with protein below 3 g and dose below 4 mg a day"
    assert criterion_words(reading_of(), read_criterion(file, row, 1)) == wanted
    collected = {"id": "x", "label": "x", "any_collected": row["any"]}
    assert (
        criterion_words(reading_of(), read_criterion(file, collected, 1)) == f"of what was recorded: {wanted}"
    )


def test_the_response_of_the_lupus_trials() -> None:
    """Typed from the definition's own rows; the pattern is that of Box 2."""
    words = response_words(
        response_definition("ucmsc_bilag_response"), at="at month 6 (day 180, 30 days either side)"
    )
    flare = (
        "no severe flare after baseline up to the visit judged (a new A in any system, or a new A or B in 2 systems, "
        "compared with baseline; a new A is A after B, C, D or E, a new B is B after C, D or E)"
    )
    kept = "no relapse up to the visit judged after a response at day 180 (30 days either side)"
    assert words.classes == (
        (
            "Major clinical response: at month 6 (day 180, 30 days either side), (a) no system graded A; (b) no system "
            f"graded B; (c) {flare}; and (d) {kept}."
        ),
        (
            "Partial clinical response: at month 6 (day 180, 30 days either side), (a) no system graded A; (b) at most "
            "1 system graded B, or at most 2 systems graded B with at least 1 system graded A at baseline and at least 2 "
            "systems graded B at baseline, or at most 2 systems graded B with at least 2 systems graded A at baseline, or "
            f"at most 2 systems graded B with at least 4 systems graded B at baseline; and (c) {kept}."
        ),
    )
    assert words.rules == (
        "The first class that holds counts; otherwise: no response.",
        "Death before the visit judged: no response.",
        "Nothing measured at the visit judged: cannot tell.",
        "Baseline is the last visit on or before day 0.",
        (
            "Visits expected of everybody are those at which at least half of the subjects have grades. One without grades "
            "leaves the answer open; two in a row after the response leave the answer open."
        ),
    )
    assert words.relapse == (
        (
            "Relapse after a response: a new A (A after B, C, D or E) or a new B (B after C, D or E) in any system, compared "
            "with the grades at the response, at a visit after it up to day 360 (30 days either side). A system that was B "
            "at baseline, C or less at the response and B again counts as a new B."
        ),
        "A response without such a relapse to that day is kept.",
    )
    assert words.basis.startswith(
        "Instruments: BILAG-2004 (form revision 1 Sep 2009). Source: Operational definition"
    )
    assert words.basis.endswith(
        "Certainty: proposal of funis; the trial's own definition is not printed in what could be read."
    )


CHOSEN = [
    ("ucmsc_bilag_response", {"returning_b_is_new": False}, "B again does not count as a new B."),
    ("ucmsc_bilag_response", {"response_visit": "month_6"}, "Major clinical response: at month 6, (a)"),
    ("ucmsc_bilag_response", {"missing_response": "nonresponder"}, "Nothing measured at the visit judged: no response."),
    ("ucmsc_bilag_response", {"unscheduled": False}, "Unscheduled visits do not count."),
    ("ucmsc_bilag_response", {"confirmed": True}, "The response must also hold at the scheduled visit before."),
    ("ucmsc_bilag_response", {"baseline_visit": "week_0"}, "Baseline is the visit week 0."),
    ("ucmsc_bilag_response", {"schedule": "month_3, month_6"}, "Visits expected of everybody are month 3 and month 6."),
    ("ucmsc_bilag_response", {"missing_visit": "ignore"}, "One without grades is not looked at;"),
    ("ucmsc_bilag_response", {"two_missing": "not_maintained"}, "count as a response that was not kept."),
    ("ucmsc_bilag_response", {"response_day": 0}, "at the last visit,"),
    ("ucmsc_bilag_response", {"response_day": 1}, "at the visit nearest to day 1 (30 days either side)"),
    ("kdigo_2012_relapse", {"compared_with": "previous"}, "Baseline here is the visit before the visit judged."),
    ("sledai_change", {}, "Counted as the event: flare."),
    ("sledai_change", {"sledai": "selena_sledai"}, "a rise in SELENA-SLEDAI since the visit before of more than 3 points"),
    ("explorer_response", {}, ("Death, withdrawal or treatment that the protocol does not allow before the end of "
     "follow-up, day 360 (30 days either side): no clinical response.")),
    ("bicla", {}, "Not evaluable without at least 1 system graded A or B at baseline."),
    ("bilag_classic_flare", {}, "Instruments: BILAG classic, grades as recorded."),
    ("selena_flare_index", {}, ("any one of these: (1) a rise in SELENA-SLEDAI since the visit before with SELENA-SLEDAI "
     "above 12 points; or (2) (a) at least 1 of these (new or worse CNS;")),
    ("selena_flare_index", {}, ("(6) at least 1 of these (new cyclophosphamide; new azathioprine; new methotrexate; new "
     "mycophenolate) present (where never recorded, this counts as not met)")),
    ("cress", {}, "at least 3 of these 5: (a) ClinESSDAI below 5 points;"),
    ("cress", {}, "; what cannot be determined counts as not met; and besides: (a) no treatment failure"),
    ("star", {}, "at least 5 points from these: (a) a fall in ClinESSDAI since baseline of at least 3 points (worth 3 points)"),
    ("bliss_ln_crr", {}, "(where never recorded, (c), (d), (e) and (f) count as met)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "chosen", "wanted"), CHOSEN)
def test_choices_change_the_words(name: str, chosen: dict[str, ParameterValue], wanted: str) -> None:
    assert wanted in str(response_words(response_definition(name), chosen))


ABSENT = [
    ("cress", "not evaluable"),
    ("sri_4", "Counted as the event"),
    ("sri_4", "Visits expected"),
    ("sri_4", "Relapse"),
    ("sri_4", "Unscheduled"),
    ("sri_4", "scheduled visit before"),
    ("sri_4", "any one of these"),
    ("sri_4", "prednisone"),
    ("star", "cannot be determined"),
    ("esspri_pass", "withdrawal"),
]


@pytest.mark.parametrize(("name", "absent"), ABSENT)
def test_what_a_definition_does_not_say_stands_nowhere(name: str, absent: str) -> None:
    assert absent not in str(response_words(response_definition(name)))


def test_one_criterion_that_stands_for_something_where_it_was_never_recorded() -> None:
    found: ResponseDefinition = response_definition("bliss_ln_crr")
    rule = ClassRule("yes", "", ("upcr_low", "steroid_low"))
    text = response_words(replace(found, rules=(rule,))).classes[0]
    assert text.endswith("at most 10 mg a day (where never recorded, (b) counts as met).")


def test_instruments() -> None:
    found = instrument_words(definition("unstimulated_flow"), unit="mL/10 min")
    assert found.short == (
        "Unstimulated whole salivary flow (mL/min): volume of saliva collected without stimulation, per minute; from "
        "0 to 5 mL/min; printed in mL/10 min; at the visit; a low value is the worse one."
    )
    assert instrument_words(definition("unstimulated_flow"), unit="mL/min").short.count("mL/min") == 2
    ssdai = instrument_words(definition("ssdai")).lines
    assert ssdai[-2] == "Active disease: SSDAI at least 5."
    assert (
        ssdai[3]
        == "4 points where present: pleurisy or lung inflammation shown by imaging, not from infection."
    )
    thirty = instrument_words(definition("sledai_2k"), {"window_days": 30, "arthritis_min_joints": 3})
    assert "present at the visit or in the preceding 30 days" in thirty.short
    assert "shown by at least 3 joints with pain and signs of inflammation" in str(thirty)
    bilag = str(instrument_words(definition("bilag_2004")))
    assert "its total from 0 to 108 points" in bilag
    assert (
        "active nephritis on histology within 3 months present, at the visit or in the 3 months before (91 days by day numbers)"
        in bilag
    )
    assert (
        "where none of urine albumin-creatinine ratio, urine protein-creatinine ratio or 24-h urine protein was measured"
        in bilag
    )
    assert (
        "Constitutional, grade A: fever with two other features active (fever above 37.5 degrees, documented active and at least 2 of these active: unintended"
        in bilag
    )
    assert "Haematological, grade A: (a) thrombotic" in bilag
    assert "Total of the grades: A 12 points, B 8 points, C 1 point, D 0 points and E 0 points." in bilag
    mdrd = instrument_words(definition("egfr_mdrd_bilag"), {"race_coefficient": True})
    assert "times 0.762 (female); times 1.18 (is black)." in str(mdrd)
    assert "It applies where age at the sample at least 18 years." in mdrd.lines
    pga = str(instrument_words(definition("pga")))
    assert "distance of the mark from the 0 end times 3 divided by length of the printed line" in pga


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (with_unit(Decimal(1), "days"), "1 day"),
        (with_unit(Decimal(2), "days"), "2 days"),
        (with_unit(Decimal("0.50")), "0.5"),
        (with_unit(100, "10^9/L"), "100 ×10⁹/L"),
        (compared_words(">", Decimal(-1), "umol/L"), "above −1 µmol/L"),
        (joined_words(["a", "b"]), "a and b"),
        (joined_words([]), ""),
        (numbered_words(["a", "b", "c"], "or"), "(a) a; (b) b; or (c) c"),
    ],
)  # fmt: skip
def test_small_words(said: str, wanted: str) -> None:
    assert said == wanted
