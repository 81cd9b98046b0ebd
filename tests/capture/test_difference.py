"""The difference between two plans: every change once, in words, and nothing for what is the same."""

from dataclasses import fields, replace
from typing import Any

import pytest
from tests.capture.conftest import study_of

from funis.capture.forms.difference import PlanChange, compare_plans
from funis.capture.forms.plan import make_study_plan, read_plan, write_plan
from funis.capture.forms.plan_parts import ChoicePlan, FieldPlan, FormPlan, StudyPlan, Words
from funis.study.model import Study

VISITS = (
    {"name": "baseline", "day": 0, "forms": ("sledai_2k", "labs")},
    {"name": "month_1", "day": 30, "window": (-7, 7), "forms": ("sledai_2k",)},
)
LABS = ({"test": "creatinine", "unit": "umol/L", "high": 106.0},)


def plan_of(**sections: Any) -> StudyPlan:
    return make_study_plan(study_of(**{"visits": VISITS, "labs": LABS} | sections))


def told(before: StudyPlan, after: StudyPlan) -> list[tuple[str, str, str, str, str]]:
    return [
        (each.part, each.name, each.what, each.before, each.after) for each in compare_plans(before, after)
    ]


def test_a_plan_does_not_differ_from_itself(template: Study) -> None:
    plan = make_study_plan(template)
    assert compare_plans(plan, read_plan(write_plan(plan))) == ()


def test_visits_windows_and_forms() -> None:
    later = (
        VISITS[0] | {"forms": ("sledai_2k", "labs", "ssdai")},
        VISITS[1] | {"window": (-7, 14), "day": 28, "label": "Month one"},
        {"name": "month_3", "day": 90},
    )
    assert [each for each in told(plan_of(), plan_of(visits=later)) if each[0] == "visit"] == [
        ("visit", "baseline", "forms due", "sledai_2k, labs", "sledai_2k, labs, ssdai"),
        ("visit", "month_1", "label", "Month 1", "Month one"),
        ("visit", "month_1", "planned day", "30", "28"),
        ("visit", "month_1", "window", "day 23 to 37", "day 21 to 42"),
        ("visit", "month_3", "added", "", ""),
    ]
    back = told(plan_of(visits=later), plan_of())
    assert ("visit", "month_3", "removed", "", "") in back
    assert ("form", "ssdai", "removed", "", "") in back
    turned = told(plan_of(), plan_of(visits=VISITS[::-1]))
    assert ("study", "", "order of visits", "baseline, month_1", "month_1, baseline") in turned


def test_tests_and_their_limits() -> None:
    later = ({"test": "creatinine", "unit": "mg/dL", "high": 1.2}, {"test": "c3", "unit": "g/L"})
    found = told(plan_of(), plan_of(labs=later))
    assert ("laboratory test", "creatinine", "unit", "umol/L", "mg/dL") in found
    assert ("laboratory test", "creatinine", "normal range", "≤ 106 umol/L", "≤ 1.2 mg/dL") in found
    assert ("laboratory test", "c3", "added", "", "") in found
    assert ("visit", "baseline", "laboratory tests due", "creatinine", "creatinine, c3") in found
    assert ("field", "c3", "filled by the laboratory test", "", "c3") in found
    narrow = ({"test": "creatinine", "unit": "umol/L", "high": 106.0, "maximum": 900.0},)
    assert told(plan_of(), plan_of(labs=narrow)) == [
        ("laboratory test", "creatinine", "limits in umol/L", "8–7000, usual 20–1500", "8–900, usual 20–1500")
    ]


def test_parameters_and_policies_of_a_definition() -> None:
    chosen = {"sledai_2k": {"missing": "absent", "parameters": {"window_days": 28}}}
    found = told(plan_of(), plan_of(instruments=chosen))
    assert found == [
        ("definition", "sledai_2k", "missing items count as", "strict", "absent"),
        ("definition", "sledai_2k", "parameter window_days", "10", "28"),
    ]


def test_infusions() -> None:
    one = {"day": 0, "cells_per_kg": 1e6}
    found = told(plan_of(infusions=(one,)), plan_of(infusions=(one | {"cells_per_kg": 2e6}, {"day": 7})))
    assert found == [
        ("infusion", "infusion 1", "cells per kg", "1000000", "2000000"),
        ("infusion", "infusion 2", "added", "", ""),
    ]


def with_field(plan: StudyPlan, **changes: Any) -> StudyPlan:
    """Change the field ``rash`` of the SLEDAI-2K."""
    form = plan.form("sledai_2k")
    new = tuple(replace(each, **changes) if each.name == "rash" else each for each in form.fields)
    forms = tuple(replace(form, fields=new) if each is form else each for each in plan.forms)
    return replace(plan, forms=forms)


CHANGES: dict[str, Any] = {
    "label": Words("skin"),
    "kind": "integer",
    "group": "renal",
    "help": Words("look"),
    "choices": (ChoicePlan(0, Words("absent")),),
    "unit": "mm",
    "low": 1.0,
    "high": 2.0,
    "usual_low": 1.0,
    "usual_high": 2.0,
    "required": False,
    "not_done": False,
    "attributed": False,
    "filled_by": "c3",
    "alternatives": ("rash", "fever"),
    "asked_if": ("fever", (1,)),
    "is_shown": False,
    "may_lie_ahead": True,
    "terms": "5.0",
    "offers": ("prednisone", "prednisolone"),
}


@pytest.mark.parametrize("key", CHANGES)
def test_each_thing_a_field_says_is_compared(sle: StudyPlan, key: str) -> None:
    (change,) = compare_plans(sle, with_field(sle, **{key: CHANGES[key]}))
    assert (change.part, change.form, change.name) == ("field", "sledai_2k", "rash")
    assert change.before != change.after


def test_nothing_of_a_field_is_left_out() -> None:
    """Name and role follow from the column; the row of the paper from the definition, whose hash is compared."""
    assert {each.name for each in fields(FieldPlan)} - set(CHANGES) == {"name", "role", "row"}


def test_a_field_added_and_removed(sle: StudyPlan) -> None:
    form = sle.form("sledai_2k")
    shorter: FormPlan = replace(form, fields=form.fields[:-1])
    less = replace(sle, forms=tuple(shorter if each is form else each for each in sle.forms))
    name = form.fields[-1].name
    assert compare_plans(sle, less) == (PlanChange("field", "sledai_2k", name, "removed"),)
    assert compare_plans(less, sle) == (PlanChange("field", "sledai_2k", name, "added"),)
