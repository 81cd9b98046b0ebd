"""Chinese labels: every word of the forms that the studies use, and files that translate nothing that is not there."""

import re
from pathlib import Path

import pytest

from funis.adjudication_table import NAMED_TABLES
from funis.capture.forms.page import FormView, render_form
from funis.capture.forms.plan import make_study_plan
from funis.capture.forms.plan_parts import FormPlan, StudyPlan
from funis.capture.forms.words import unit_words, window_words
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.catalogue.translations import FOLDER, translation_of
from funis.study.model import Study

TRANSLATED = (
    "sledai_2k", "sledai", "sledai_2k_30_day", "clinical_sledai", "selena_sledai", "selena_sledai_2k_proteinuria",
    "bilag_2004", "essdai", "clinessdai", "ssdai", "esspri", "magic_gvhd", "icaht_early", "icaht_late",
    "tear_breakup_time", "oral_dryness", "ocular_dryness", "omeract_ultrasound", "rand_36_energy_fatigue",
    "rand_36_emotional_wellbeing", "rand_36_general_health", "rand_36_pain", "rand_36_physical_functioning",
    "rand_36_role_emotional", "rand_36_role_physical", "rand_36_social_functioning",
    "sle_das", "eq_5d_5l_china", "eq_5d_5l_england",
    "lupusqol", "osdi",
)  # fmt: skip
FILES = sorted((FOLDER / "zh_Hans").glob("*.toml"))


def lacking(form: FormPlan) -> list[str]:
    found = [f"{form.name}: {field.name}" for field in form.fields if not field.label.zh]
    found += [
        f"{form.name}: {field.name} {choice.value}"
        for field in form.fields
        for choice in field.choices
        if not choice.label.zh and field.name not in {"site", "arm", "test"}
    ]
    found += [f"{form.name}: {group.name}" for group in form.groups if not group.label.zh]
    found += [
        f"{form.name}: {field.name}"
        for field in form.fields
        if field.is_shown and field.help.en and not field.help.zh
    ]
    return [each for each in found if not each.endswith((": subject", ": visit", ": number"))]


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_word_of_an_instrument_is_translated(whole_catalogue: StudyPlan, name: str) -> None:
    assert lacking(whole_catalogue.form(name)) == []


def test_every_word_of_the_forms_of_a_template_is_translated(template: Study) -> None:
    plan = make_study_plan(template)
    assert [each for form in plan.forms for each in lacking(form)] == []
    tests = [test for test in plan.form("labs").tests if not test.label.zh]
    assert tests == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_translates_what_is_there_and_says_who_did_not_look_at_it(file: Path) -> None:
    assert "not clinically reviewed" in file.read_text(encoding="utf-8").splitlines()[0]
    found = translation_of(file.stem)
    if file.stem == "analytes":
        assert set(found["labels"]) <= set(analyte_table().analytes)
    elif file.stem == "tables":
        for table, words in (*found["help_of"].items(), *found["labels_of"].items()):
            assert set(words) <= set(NAMED_TABLES[table].names)
        columns = {name for table in NAMED_TABLES.values() for name in table.names} | {"window_days", "rater"}
        assert set(found["titles"]) == set(NAMED_TABLES)
        assert set(found["labels"]) | set(found["help"]) <= columns
    else:
        assert file.stem in definitions()
        items = {item.name: item for item in definition(file.stem).items}
        assert set(found["items"]) == set(items)
        for name, levels in found.get("levels", {}).items():
            assert set(levels) == set(map(str, items[name].values))
        assert set(found.get("excludes", {})) == {name for name, item in items.items() if item.excludes}


def test_every_look_back_and_every_unit_that_is_a_word_is_translated(whole_catalogue: StudyPlan) -> None:
    scored = [definition(name) for name in definitions()]
    windows = {each.window_words() for each in scored if isinstance(each, Definition)}
    assert windows
    assert [each for each in windows if window_words(each, "zh-hans") == each] == []
    assert (
        window_words("the last 4 weeks compared with the 4 weeks before", "zh-hans")
        == "最近 4 周与此前 4 周比较"
    )
    units = {field.unit for form in whole_catalogue.forms for field in form.fields}
    # mmHg, g/dL and the like are signs; what is written out in small letters is a word.
    written_out = {each for each in units if re.fullmatch(r"[a-z]{4,}", each)}
    assert {"years", "days", "cells"} <= written_out
    assert [each for each in written_out if unit_words(each, "zh-hans") == each] == []


def test_no_two_items_of_a_form_have_one_label(whole_catalogue: StudyPlan) -> None:
    for name in TRANSLATED:
        labels = [item.label.zh for item in whole_catalogue.form(name).items]
        assert len(labels) == len(set(labels)), name


def test_a_chinese_page_says_that_nobody_reviewed_its_labels(whole_catalogue: StudyPlan) -> None:
    page = render_form(FormView(whole_catalogue.form("bilag_2004")), "zh-hans")
    assert "未经临床审核" in page
    assert "发热，超过 37.5 °C，有记录" in page
    # What has no Chinese words is English and says so to a screen reader.
    english = render_form(FormView(whole_catalogue.form("ssddi")), "zh-hans")
    assert '<span lang="en">Salivary flow impaired</span>' in english
