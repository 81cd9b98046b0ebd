"""The plan of a study: exactly the columns of the data folder, and the same again after it was stored."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from tests.capture.conftest import study_of

from funis.capture.forms.page import FormView, render_form
from funis.capture.forms.plan import make_study_plan, read_plan, write_plan
from funis.capture.forms.plan_parts import StudyPlan
from funis.catalogue.definition_digest import definition_digest
from funis.catalogue.registry import definition, definitions
from funis.data.known_tables import study_tables
from funis.errors import UnknownNameError, ValueRangeError
from funis.schema import TABLES
from funis.scoring.single_visits import scorer
from funis.study.model import Study


def test_every_column_of_the_data_folder_has_a_field(template: Study) -> None:
    """Those of attribution belong to the field of their item; every other column is a field of its name."""
    plan = make_study_plan(template)
    tables = study_tables(template)
    assert set(plan.by_name) == set(tables)
    for form in plan.forms:
        keys = [*form.keys, *(field.name for field in form.fields if field.role == "key")]
        statements = {key for key in keys if key.endswith(("_not_done", "_not_done_reason"))}
        assert set(keys) - statements == set(tables[form.name].names), form.name
        assert len(keys) == len(set(keys))


def test_every_instrument_of_the_catalogue_makes_a_form(whole_catalogue: StudyPlan) -> None:
    for name in definitions():
        form, found = whole_catalogue.form(name), definition(name)
        assert [item.name for item in form.items] == [item.name for item in found.items]
        assert [item.row for item in form.items] == [item.row for item in found.items]
        for item, printed in zip(form.items, found.items, strict=True):
            # Numbers are asked for upwards, also where they count the other way round.
            is_text = printed.is_measured or printed.is_text
            wanted = list(printed.values) if is_text else sorted(map(int, printed.values))
            assert [choice.value for choice in item.choices] == wanted
            assert all(str(choice.label) for choice in item.choices)
            assert (item.low, item.high, item.unit) == (printed.minimum, printed.maximum, printed.unit)
            assert item.kind == ("number" if printed.is_measured else "choice")
        assert {field.group for field in form.fields} == {group.name for group in form.groups}


def test_a_plan_is_read_as_it_was_written(whole_catalogue: StudyPlan, template: Study) -> None:
    for plan in (whole_catalogue, make_study_plan(template)):
        text = write_plan(plan)
        again = read_plan(text)
        assert again == plan
        # Equal is not enough: 1 and 1.0 and true are equal, and are not the same choice.
        assert repr(again) == repr(plan)
        assert write_plan(again) == text


def test_visits_and_forms_of_the_template(sle: StudyPlan) -> None:
    """Counted by hand in the template: six visits, window of baseline 28 days before, 13 tests."""
    assert [visit.name for visit in sle.visits] == [
        "baseline", "month_1", "month_3", "month_6", "month_9", "month_12",
    ]  # fmt: skip
    first, last = sle.visit("baseline"), sle.visit("month_12")
    assert (first.opens, first.closes, first.forms) == (-28, 0, ("sledai_2k", "bilag_2004", "labs"))
    assert (last.opens, last.closes) == (330, 390)
    assert len(first.labs) == 13
    assert [(each.day, each.opens, each.closes) for each in sle.infusions] == [(0, 0, 0), (7, 6, 8)]
    assert len(sle.form("bilag_2004").items) == 97
    assert sle.baseline == "baseline"


def test_a_visit_without_a_window_is_open() -> None:
    visits = ({"name": "baseline", "day": 0, "forms": ("ssdai",)},)
    plan = make_study_plan(study_of(visits=visits))
    assert (plan.visit("baseline").opens, plan.visit("baseline").closes) == (None, None)
    assert plan.visit("baseline").labs == ()


def test_organ_systems_of_the_sledai_follow_each_other(whole_catalogue: StudyPlan) -> None:
    """The 24 descriptors as Bombardier 1992 groups them: 7, 1, 2, 4, 3, 2, 2, 1 and 2."""
    for name, counts in (
        ("sledai_2k", [7, 1, 2, 4, 3, 2, 2, 1, 2]),
        ("sledai", [7, 1, 2, 4, 3, 2, 2, 1, 2]),
        ("selena_sledai", [7, 1, 2, 4, 3, 2, 2, 1, 2]),
        ("clinical_sledai", [7, 1, 2, 4, 3, 2, 1, 2]),
    ):
        groups = [item.group for item in whole_catalogue.form(name).items]
        assert [groups.count(group) for group in dict.fromkeys(groups)] == counts
        assert "items" not in groups


def test_what_the_laboratory_fills_is_not_asked_twice(sle: StudyPlan) -> None:
    bilag = sle.form("bilag_2004")
    filled = {item.name: item.filled_by for item in bilag.items if item.filled_by}
    assert filled == {
        name: name
        for name in (
            "proteinuria_24h", "creatinine", "haemoglobin", "wbc", "neutrophils", "lymphocytes", "platelets",
        )
    }  # fmt: skip
    assert not any(bilag.field(name).required for name in filled)
    assert bilag.field("pyrexia").required


def test_choices_of_a_study_are_its_own(sle: StudyPlan) -> None:
    assert [choice.value for choice in sle.form("subjects").field("site").choices] == ["01", "02", "03", "04"]
    assert [choice.value for choice in sle.form("adverse_events").field("grade").choices] == [1, 2, 3, 4, 5]
    own = make_study_plan(
        study_of(
            columns=({"name": "centre_choice", "kind": "text", "label": "Choice", "allowed": ("iv", "x")},)
        )
    )
    field = own.form("subjects").field("centre_choice")
    assert (str(field.label), [str(choice.label) for choice in field.choices]) == ("Choice", ["iv", "x"])


def test_a_laboratory_value_has_limits_in_each_unit(sle: StudyPlan) -> None:
    test = next(each for each in sle.form("labs").tests if each.test == "creatinine")
    units = {each.unit: each for each in test.units}
    assert (units["umol/L"].low, units["umol/L"].high) == (8, 7000)
    # 88.42 umol/L are 1 mg/dL: 20 and 1500 umol/L are usual.
    assert units["mg/dL"].usual_low == pytest.approx(20 / 88.42, rel=1e-3)
    assert units["mg/dL"].usual_high == pytest.approx(1500 / 88.42, rel=1e-3)
    assert (test.low, test.high) == (44, 106)
    narrow = study_of(labs=({"test": "creatinine", "unit": "umol/L", "minimum": 30.0, "maximum": 9000.0},))
    own = make_study_plan(narrow).form("labs").tests[0].units[0]
    assert (own.low, own.high) == (30, 7000)


def test_a_definition_is_pinned_with_what_it_is_scored_by(sle: StudyPlan) -> None:
    pin = sle.form("sledai_2k").definition
    assert pin is not None
    assert dict(pin.parameters) == {"arthritis_min_joints": 2, "window_days": 10}
    found = scorer(pin.name, missing=pin.missing, parameters=dict(pin.parameters))
    assert found.parameters == dict(pin.parameters)
    other = study_of(instruments={"sledai_2k": {"missing": "absent", "parameters": {"window_days": 28}}})
    moved = make_study_plan(other).form("sledai_2k").definition
    assert moved is not None
    assert (moved.missing, dict(moved.parameters)["window_days"]) == ("absent", 28)
    assert moved.sha256 == pin.sha256
    assert "28 days" in moved.window


def test_a_digest_follows_what_a_definition_says() -> None:
    found = definition("sledai_2k")
    first = replace(found.items[0], points=(0.0, 7.0))
    changed = replace(found, items=(first, *found.items[1:]))
    assert definition_digest(changed) != definition_digest(found)
    assert definition_digest(replace(found, file="elsewhere.toml")) == definition_digest(found)
    assert len({definition_digest(definition(name)) for name in definitions()}) == len(definitions())


def test_a_plan_of_another_format_is_refused(sle: StudyPlan) -> None:
    content = json.loads(write_plan(sle))
    with pytest.raises(ValueRangeError, match="format"):
        read_plan(json.dumps(content | {"format": 2}))
    with pytest.raises(ValueRangeError, match="what write_plan wrote"):
        read_plan(json.dumps(content | {"visits": [{"name": "baseline"}]}))


def test_a_name_that_is_not_there_is_refused_with_the_nearest(sle: StudyPlan) -> None:
    with pytest.raises(UnknownNameError, match="sledai_2k"):
        sle.form("sledai_2")
    with pytest.raises(UnknownNameError, match="arthritis"):
        sle.form("sledai_2k").field("artritis")
    with pytest.raises(UnknownNameError, match="month_1"):
        sle.visit("month1")


def test_every_table_says_whose_its_rows_are(sle: StudyPlan) -> None:
    scopes = {name: (sle.form(name).scope, sle.form(name).repeats) for name in TABLES}
    assert scopes["labs"] == ("visit", True)
    assert scopes["adverse_events"] == scopes["infusions"] == scopes["medications"] == ("subject", True)
    assert scopes["disposition"] == scopes["subjects"] == ("subject", False)
    assert scopes["lots"] == ("study", True)
    # The number of an infusion stands with the form, as the subject does; the test of a result in its document.
    assert "number" not in sle.form("infusions").keys
    assert "test" in sle.form("labs").keys


def test_astct_grades_are_asked_for_where_the_study_grades_or_stops_by_them() -> None:
    def shown(**sections: Any) -> list[str]:
        form = make_study_plan(study_of(**sections)).form("adverse_events")
        return [name for name in ("crs_grade", "icans_grade") if form.field(name).is_shown]

    rule = {"id": "icans", "counts": "icans_grade >= 3", "rule": "subjects >= 1"}
    assert not shown()
    assert shown(instruments={"astct_crs": {}}) == ["crs_grade"]
    assert shown(instruments={"astct_crs": {}, "astct_icans": {}}) == ["crs_grade", "icans_grade"]
    assert shown(stopping=(rule,)) == ["icans_grade"]


def test_terms_are_offered_of_the_version_of_the_study_alone() -> None:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    offered = [
        make_study_plan(Study.model_validate({"study": trial | {"ctcae": version}})).form("adverse_events")
        for version in ("5.0", "6.0")
    ]
    assert [each.field("term").terms for each in offered] == ["5.0", ""], "no list of 6.0 is carried"


def test_drugs_and_units_that_columns_of_the_visits_are_made_from_are_offered() -> None:
    columns = (
        {"name": "prednisone", "kind": "glucocorticoid_dose"},
        {"name": "rescue", "kind": "drugs_begun", "drugs": ("rituximab", "belimumab")},
        {"name": "antimalarial", "kind": "dose", "drugs": ("hydroxychloroquine",), "unit": "mg/day"},
        {"name": "again", "kind": "drugs_taken", "drugs": ("rituximab",)},
    )
    form = make_study_plan(study_of(visit_columns=columns)).form("medications")
    assert form.field("drug").offers == ("rituximab", "belimumab", "hydroxychloroquine")
    assert form.field("unit").offers == ("mg/day",)
    assert form.field("reason").offers == ()
    page = render_form(FormView(form, {"drug": "another"}))
    listed = re.findall(r'<input type="text"[^>]* name="drug" value="another"[^>]* list="([^"]+)"', page)
    options = re.findall(rf'<datalist id="{listed[0]}">(.*?)</datalist>', page)[0]
    assert re.findall('value="([^"]+)"', options) == ["rituximab", "belimumab", "hydroxychloroquine"]
    # Nothing is offered where the study file makes no column of drugs.
    assert make_study_plan(study_of()).form("medications").field("drug").offers == ()
