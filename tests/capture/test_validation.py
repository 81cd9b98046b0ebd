"""What a form takes: numbers as typed, one of value and *not done*, nothing that is not of its plan."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.capture.forms.event_remarks import mark_event
from funis.capture.forms.plan import make_study_plan
from funis.capture.forms.plan_parts import FormPlan, StudyPlan
from funis.capture.forms.refusals import Remark
from funis.capture.forms.validation import Checked, check_changes, compile_form
from funis.capture.forms.words import form_words
from funis.errors import ValueRangeError
from funis.study.read import read_study, template_path

TODAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
def bilag(sle: StudyPlan) -> FormPlan:
    return sle.form("bilag_2004")


def check(form: FormPlan, changes: dict[str, Any], current: dict[str, Any] | None = None) -> Checked:
    return check_changes(form, current or {}, changes, today=TODAY)


def codes(found: Checked) -> dict[str, str]:
    return {each.key: each.code for each in found.refusals}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0.620", Decimal("0.620")),
        (Decimal("0.620"), Decimal("0.620")),
        ("7", 7),
        (7, 7),
        (" .5 ", Decimal("0.5")),
        ("１２．５", Decimal("12.5")),
        ("1e1", Decimal("1e1")),
        ("0.1", Decimal("0.1")),
    ],
)
def test_a_number_is_kept_as_it_was_typed(bilag: FormPlan, typed: object, kept: object) -> None:
    found = check(bilag, {"proteinuria_24h": typed})
    assert found.refusals == ()
    assert repr(found.accepted) == repr({"proteinuria_24h": kept})


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0,62", "decimal_comma"),
        ("0，62", "decimal_comma"),
        ("1,234", "decimal_comma"),
        ("<0.5", "sign_of_result"),
        ("1.2 g", "not_a_number"),
        ("1 2", "not_a_number"),
        ("nan", "not_a_number"),
        ("inf", "not_a_number"),
        (True, "not_a_number"),
        (Decimal("NaN"), "not_a_number"),
        ([1], "not_a_number"),
        ("-0.1", "out_of_range"),
        ("50.000000001", "out_of_range"),
        ("0.1234567890123456", "too_many_digits"),
        ("1e60", "too_many_digits"),
        (10**40, "too_many_digits"),
    ],
)
def test_what_is_no_number_is_refused(bilag: FormPlan, typed: object, code: str) -> None:
    found = check(bilag, {"proteinuria_24h": typed})
    assert codes(found) == {"proteinuria_24h": code}
    assert found.accepted == {}


def test_a_decimal_comma_is_asked_about(bilag: FormPlan) -> None:
    (refused,) = check(bilag, {"proteinuria_24h": "0,62"}).refusals
    assert (refused.found, refused.suggested) == ("0,62", "0.62")
    assert "0.62" in refused.to_do()
    assert "0.62" in refused.to_do("zh-hans")


def test_a_float_is_refused_as_a_fault_of_the_caller(bilag: FormPlan) -> None:
    with pytest.raises(ValueRangeError, match="digits that were typed"):
        check(bilag, {"proteinuria_24h": 0.62})


def test_a_limit_is_exact(sle: StudyPlan) -> None:
    """A binary tenth lies above 0.1, the largest value below it is no 0.1: decimals are compared as typed."""
    form = sle.form("subjects")
    assert check(form, {"weight_kg": "400"}).accepted == {"weight_kg": 400}
    assert codes(check(form, {"weight_kg": "400.0000001"})) == {"weight_kg": "out_of_range"}
    assert codes(check(form, {"weight_kg": "0.99"})) == {"weight_kg": "out_of_range"}


def test_the_words_say_found_allowed_and_what_to_do(bilag: FormPlan) -> None:
    (refused,) = check(bilag, {"creatinine": "9000"}).refusals
    assert refused.as_json() == {
        "key": "creatinine",
        "field": "creatinine",
        "code": "out_of_range",
        "found": "9000",
        "allowed": "8–7000 umol/L",
        "do": "Check the value and its unit.",
    }


@pytest.mark.parametrize(("given", "kept"), [("3", 3), (3, 3), ("０", 0), (Decimal(4), 4)])
def test_a_level_is_stored_as_its_code(bilag: FormPlan, given: object, kept: int) -> None:
    assert repr(check(bilag, {"pyrexia": given}).accepted) == repr({"pyrexia": kept})


@pytest.mark.parametrize("given", ["5", -1, "1.0", True, "new", 2.5j])
def test_another_level_is_refused(bilag: FormPlan, given: object) -> None:
    found = check(bilag, {"pyrexia": given})
    assert codes(found) == {"pyrexia": "not_a_choice"}
    assert found.refusals[0].allowed_words() == "0, 1, 2, 3, 4"


def test_keys_of_others_are_refused(bilag: FormPlan) -> None:
    sent = {"site": "02", "revision": 3, "signed": True, "seizure": 1, "subject": "S2", "visit": "month_3"}
    found = check(bilag, sent)
    assert found.accepted == {}
    assert codes(found) == {
        **dict.fromkeys(("site", "revision", "signed", "seizure"), "unknown_key"),
        **dict.fromkeys(("subject", "visit"), "key_of_form"),
    }
    (long,) = check(bilag, {"x" * 5000: 1}).refusals
    assert len(long.key) == 60


def test_a_value_and_not_done_exclude_each_other(bilag: FormPlan) -> None:
    both = {"acr": "4", "acr_not_done": True}
    assert codes(check(bilag, both)) == dict.fromkeys(both, "value_and_not_done")
    assert codes(check(bilag, {"acr": "4"}, {"acr_not_done": True})) == {"acr": "value_and_not_done"}
    assert codes(check(bilag, {"acr_not_done": True}, {"acr": 4})) == {"acr_not_done": "value_and_not_done"}
    swapped = check(
        bilag, {"acr": None, "acr_not_done": True, "acr_not_done_reason": "no sample"}, {"acr": 4}
    )
    assert swapped.refusals == ()
    assert swapped.document == {"acr_not_done": True, "acr_not_done_reason": "no sample"}


def test_a_reason_stands_only_beside_its_statement(bilag: FormPlan) -> None:
    assert codes(check(bilag, {"acr_not_done_reason": "no sample"})) == {
        "acr_not_done_reason": "reason_alone"
    }
    refused = {"acr_not_done": True, "acr_not_done_reason": "no sample"}
    found = check(bilag, refused, {"acr": 4})
    assert codes(found) == {"acr_not_done": "value_and_not_done", "acr_not_done_reason": "reason_alone"}
    assert found.document == {"acr": 4}


def test_what_follows_goes_with_what_it_follows(bilag: FormPlan) -> None:
    now = {"acr_not_done": True, "acr_not_done_reason": "no sample", "pyrexia": 2, "pyrexia_attributed": 0}
    found = check(bilag, {"acr_not_done": None, "acr": "3.5", "pyrexia": ""}, now)
    assert found.accepted == {
        "acr_not_done": None,
        "acr": Decimal("3.5"),
        "pyrexia": None,
        "acr_not_done_reason": None,
        "pyrexia_attributed": None,
    }
    assert set(found.consequences) == {"acr_not_done_reason", "pyrexia_attributed"}
    assert found.document == {"acr": Decimal("3.5")}


def test_not_done_without_a_reason_is_taken_and_asked_about(bilag: FormPlan) -> None:
    found = check(bilag, {"acr_not_done": True})
    assert found.accepted == {"acr_not_done": True}
    assert [(each.key, each.code) for each in found.warnings] == [("acr_not_done_reason", "reason_lacking")]


def test_what_stands_already_is_no_change(bilag: FormPlan) -> None:
    now = {"acr": Decimal("3.5"), "pyrexia": 1, "acr_not_done": None}
    found = check(bilag, {"acr": "3.50", "pyrexia": "1", "weight_loss": None}, now)
    assert (found.accepted, found.refusals) == ({}, ())


def test_an_unusual_value_is_taken_and_asked_about(bilag: FormPlan) -> None:
    """A creatinine of 15 umol/L is possible (from 8) and unusual (below 20)."""
    found = check(bilag, {"creatinine": "15"})
    assert found.accepted == {"creatinine": 15}
    (warned,) = found.warnings
    assert (warned.code, warned.found, warned.allowed) == ("unusual", "15", "20–1500 umol/L")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("2026-05-01", ""),
        ("2026-05-02", "date_in_future"),
        ("2026-02-29", "not_a_date"),
        ("1.5.2026", "not_a_date"),
        ("20260501", "not_a_date"),
        ("2026-W18-5", "not_a_date"),
        ("1899-12-31", "date_too_early"),
        (20260501, "not_a_date"),
    ],
)
def test_dates_are_iso_and_not_after_today(bilag: FormPlan, given: object, code: str) -> None:
    assert codes(check(bilag, {"date": given})) == ({"date": code} if code else {})


def test_an_expiry_may_lie_ahead(sle: StudyPlan) -> None:
    assert check(sle.form("lots"), {"expiry": "2029-01-31"}).refusals == ()
    assert codes(check(sle.form("lots"), {"manufactured": "2029-01-31"})) == {
        "manufactured": "date_in_future"
    }


@pytest.mark.parametrize(("given", "code"), [("09:30", ""), ("24:00", "not_a_time"), ("9:30", "not_a_time")])
def test_times_are_of_a_day(sle: StudyPlan, given: str, code: str) -> None:
    assert codes(check(sle.form("infusions"), {"start": given})) == ({"start": code} if code else {})


def test_free_text_is_kept_and_never_shown(sle: StudyPlan) -> None:
    form = sle.form("adverse_events")
    assert check(form, {"term": "  <b>rash</b> 皮疹\nand fever "}).accepted == {
        "term": "<b>rash</b> 皮疹\nand fever"
    }
    (refused,) = check(form, {"term": "Li Lei\x00 13800138000"}).refusals
    assert (refused.code, refused.found) == ("control_character", "")
    (long,) = check(form, {"term": "a" * 4001}).refusals
    assert (long.code, long.found) == ("too_long", "")


def test_flags_are_0_or_1(sle: StudyPlan) -> None:
    form = sle.form("safety_questions")
    assert check(form, {"asked": "1", "any_event": 0}).accepted == {"asked": 1, "any_event": 0}
    assert codes(check(form, {"asked": "yes"})) == {"asked": "not_a_choice"}


def test_an_answer_nobody_asked_for_is_asked_about(sle: StudyPlan) -> None:
    form = sle.form("safety_questions")
    found = check(form, {"asked": 0, "any_event": 1})
    assert [(each.key, each.code) for each in found.warnings] == [("any_event", "not_asked")]
    assert check(form, {"any_event": 1}).warnings == ()


def test_a_result_is_held_against_its_test_and_unit(sle: StudyPlan) -> None:
    labs = sle.form("labs")
    row = {"test": "creatinine", "unit": "mg/dL"}
    assert codes(check(labs, {"value": "106"}, row)) == {"value": "out_of_range"}
    assert check(labs, {"value": "1.2"}, row).accepted == {"value": Decimal("1.2")}
    assert codes(check(labs, {"unit": "mg/dL"}, {"test": "creatinine", "value": 106})) == {
        "unit": "out_of_range"
    }
    assert [each.code for each in check(labs, {"value": "30"}, row).warnings] == ["unusual"]
    assert check(labs, {"value": "30", "comparator": ">"}, row).warnings == ()


def test_a_value_falls_with_its_unit(sle: StudyPlan) -> None:
    """Kept alone it would be read in the unit of the study, and 1.1 mg/dL would be 1.1 umol/L."""
    sent = {"test": "creatinine", "value": "106", "unit": "mmHg"}
    found = check(sle.form("labs"), sent)
    assert codes(found) == {"unit": "unit_of_test", "value": "unit_of_test"}
    assert found.accepted == {"test": "creatinine"}
    assert found.refusals[0].allowed_words() == "umol/L, mg/dL, mg/L, mmol/L"


def test_a_whole_document_can_be_asked_about(sle: StudyPlan) -> None:
    compiled = compile_form(sle.form("subjects"))
    assert [each.key for each in compiled.find_warnings({"weight_kg": Decimal(300), "height_cm": 170})] == [
        "weight_kg"
    ]


def test_every_code_has_words_in_both_languages() -> None:
    allowed, warned, to_do = (form_words(section) for section in ("allowed", "warned", "do"))
    assert set(allowed) | set(warned) == set(to_do)
    for section in (allowed, warned, to_do):
        assert all(words.en and words.zh for words in section.values())
    assert Remark("a", "a", "unusual", allowed="1–2").allowed_words("zh-hans") == "超出常见范围 1–2"


sjogren = make_study_plan(read_study(template_path("sjogren")))
scalars = (
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=12) | st.binary(max_size=3)
)


@given(
    form=st.sampled_from([form.name for form in sjogren.forms]),
    data=st.data(),
)
def test_anything_at_all_is_accepted_or_refused(form: str, data: st.DataObject) -> None:
    """What is taken was sent, is of the plan, and is taken again without change."""
    plan = sjogren.form(form)
    key = st.sampled_from(sorted(plan.keys)) | st.text(max_size=8)
    changes = data.draw(
        st.dictionaries(key, scalars | st.sampled_from(["1", "0", "2024-01-01", "3.5"]), max_size=6)
    )
    found = check(plan, changes)
    refused = {each.key for each in found.refusals}
    assert set(found.accepted) <= set(changes) & set(plan.keys)
    assert not refused & set(found.accepted)
    for each in (*found.refusals, *found.warnings):
        assert each.allowed_words()
        assert each.to_do("zh-hans")
    again = check(plan, found.document)
    assert (again.document, again.refusals) == (found.document, ())


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        # Grades as the CTCAE 5.0 prints them: headache has no grade 4 and 5, febrile neutropenia none below 3,
        # eosinophilia neither 2 nor 4, death NOS 5 alone, fever all.
        ({"term": "Headache", "grade": 4}, [("grade", "grade_of_term", "1, 2, 3")]),
        ({"term": " FEBRILE neutropenia", "grade": 2}, [("grade", "grade_of_term", "3, 4, 5")]),
        ({"term": "Eosinophilia", "grade": 2}, [("grade", "grade_of_term", "1, 3")]),
        ({"term": "Death NOS", "grade": 4}, [("grade", "grade_of_term", "5")]),
        ({"term": "Fever", "grade": 5}, []),
        ({"term": "Headache"}, []),
        ({"term": "bad head", "grade": 4}, [("term", "not_ctcae", "5.0")]),
        (
            {"term": "bad head", "preferred_term": "Headache", "grade": 5},
            [("grade", "grade_of_term", "1, 2, 3")],
        ),
        ({"start": "2026-02-01"}, []),
    ],
)
def test_a_term_is_marked_and_its_grades_are_known(
    sle: StudyPlan, sent: dict[str, Any], said: list[tuple[str, str, str]]
) -> None:
    found = check(sle.form("adverse_events"), sent)
    assert not found.refusals
    assert found.accepted.keys() == sent.keys(), "what is marked is saved all the same"
    assert [(each.field, each.code, each.allowed) for each in found.warnings] == said
    assert [
        (each.field, each.code, each.allowed) for each in mark_event(sle.form("adverse_events"), sent)
    ] == said
