"""Chinese labels: every word of the forms that the studies use, and files that translate nothing that is not there."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from funis.adjudication_table import NAMED_TABLES
from funis.capture.forms.page import FormView, render_form
from funis.capture.forms.plan import make_study_plan
from funis.capture.forms.plan_parts import FormPlan, StudyPlan, Words
from funis.capture.forms.words import unit_words, window_words
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.catalogue.translations import FOLDER, translation_of
from funis.study.model import Study

# Every instrument that a form can be made of: whoever adds one adds its Chinese words.
INSTRUMENTS = tuple(name for name in definitions() if isinstance(definition(name), Definition))
# Names that Chinese pages print as they are.
NAMED_BY_LETTERS = {
    "bilag_2004", "clinessdai", "essdai", "esspri", "lupusqol", "selena_sledai", "sle_das", "sledai", "sledai_2k", "ssdai",
}  # fmt: skip
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


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_word_of_an_instrument_is_translated(whole_catalogue: StudyPlan, name: str) -> None:
    form = whole_catalogue.form(name)
    assert form.items
    assert lacking(form) == []
    assert bool(form.title.zh) != (name in NAMED_BY_LETTERS)


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
    for name in INSTRUMENTS:
        labels = [item.label.zh for item in whole_catalogue.form(name).items]
        assert len(labels) == len(set(labels)), name


def test_a_chinese_page_says_that_nobody_reviewed_its_labels(whole_catalogue: StudyPlan) -> None:
    page = render_form(FormView(whole_catalogue.form("bilag_2004")), "zh-hans")
    assert "未经临床审核" in page
    assert "发热，超过 37.5 °C，有记录" in page
    # The panel of the score says its name in Chinese, and does not tell a screen reader that it is English.
    panel = render_form(FormView(whole_catalogue.form("astct_crs")), "zh-hans")
    assert '<span class="name">细胞因子释放综合征分级，ASTCT</span>' in panel
    # What has no Chinese words is English and says so to a screen reader.
    form = whole_catalogue.form("ssddi")
    fields = tuple(
        replace(field, label=Words(field.label.en)) if field.name == "salivary_flow_impairment" else field
        for field in form.fields
    )
    english = render_form(FormView(replace(form, fields=fields)), "zh-hans")
    assert '<span lang="en">Salivary flow impaired</span>' in english
    assert "牙齿几乎全部缺失" in english
