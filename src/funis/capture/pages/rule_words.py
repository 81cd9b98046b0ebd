"""Rules of the study file on a page: columns by the words of the forms, a simple rule as a whole."""

from __future__ import annotations

import re
from typing import Final

from funis.capture.forms.plan_parts import FieldPlan, FormPlan, Language, StudyPlan
from funis.capture.forms.visit_words import visit_words
from funis.capture.forms.words import form_words
from funis.catalogue.wording.plain_words import name_words

_SIGNS: Final = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "=", "<>": "≠", "!=": "≠"}
_SIMPLE: Final = re.compile(r"(\w+) *(>=|<=|<>|!=|=|>|<) *(?:'([^']*)'|(-?[\d.]+))")
_BASELINE: Final = "baseline_"


def column_words(plan: StudyPlan, name: str, language: Language, table: str = "subjects") -> str:
    """Give a column that a rule reads by the words of the forms.

    Parameters
    ----------
    plan : of the version of the study
    name : of the column: of the table, or one of those that are derived for each subject
    language : of the page
    table : whose rows the rule judges

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle")))
    >>> column_words(plan, "baseline_sledai_2k", "zh-hans"), column_words(plan, "age", "zh-hans")
    ('SLEDAI-2K（基线）', '年龄')
    >>> column_words(plan, "days_consent_to_first_infusion", "en")
    'Days from consent to first infusion'
    """
    field = plan.form(table).by_name.get(name)
    if field is not None:
        return _capital(field.label.shown(language)[0])
    if name.startswith(_BASELINE) and (found := _measured(plan, name.removeprefix(_BASELINE), language)):
        # Some studies call their baseline by another name; the column is called by what it is.
        baseline = visit_words("Baseline", language)
        return f"{found}（{baseline}）" if language == "zh-hans" else f"{found} ({baseline.lower()})"
    return _derived(name, language)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _measured(plan: StudyPlan, name: str, language: Language) -> str:
    """Give a score, a grade of a system, or a laboratory test by its words; empty where it is none."""
    if name in plan.by_name:
        return plan.form(name).title.shown(language)[0]
    for form in plan.forms:
        test = next((each for each in form.tests if each.test == name), None)
        if test is not None:
            return _capital(test.label.shown(language)[0])
        system = name.removeprefix(f"{form.name}_")
        group = next((each for each in form.groups if each.name == system and system != name), None)
        if group is not None:
            return f"{form.title.shown(language)[0]}, {group.label.shown(language)[0]}"
    return ""


def _derived(name: str, language: Language) -> str:
    """Give a column that is derived of each subject: of days between two events, a date, a count."""
    moments, columns = form_words("moments"), form_words("derived")
    if name in columns:
        return columns[name].shown(language)[0]
    between = re.fullmatch(r"days_(\w+)_to_(\w+)", name)
    if between and between[1] in moments and between[2] in moments:
        first, last = (moments[each].shown(language)[0] for each in between.groups())
        return f"{first}至{last}的天数" if language == "zh-hans" else f"Days from {first} to {last}"
    one = re.fullmatch(r"(\w+)_(date|day)", name)
    if one and one[1] in moments:
        said = moments[one[1]].shown(language)[0]
        if language == "zh-hans":
            return f"{said}日期" if one[2] == "date" else f"{said}研究日"
        return f"{'Date' if one[2] == 'date' else 'Study day'} of {said}"
    return _capital(name_words(name))


def value_words(form: FormPlan, name: str, value: str, language: Language) -> str:
    """Give the value of a column in the words of its choices; what is no choice stays as it is.

    Parameters
    ----------
    form : of the table
    name : of the column
    value : as it is stored

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> lots = make_study_plan(read_study(template_path("sle"))).form("lots")
    >>> value_words(lots, "sterility", "negative", "zh-hans"), value_words(lots, "passage", "4", "en")
    ('阴性', '4')
    """
    field = form.by_name.get(name)
    chosen = next((each for each in field.choices if str(each.value) == value), None) if field else None
    return chosen.label.shown(language)[0] if chosen else value


def rule_words(form: FormPlan, rule: str, about: str, language: Language) -> str:
    """Give a rule of one comparison in words; empty where it says more, and stands as the study file has it.

    Parameters
    ----------
    form : of the table whose rows the rule judges
    rule : as the study file has it
    about : column that ``result`` stands for, empty where the rule names its column

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> lots = make_study_plan(read_study(template_path("sle"))).form("lots")
    >>> rule_words(lots, "viability_percent >= 80", "", "zh-hans")
    '活率 ≥ 80'
    >>> rule_words(lots, "passage <= 5 AND passage >= 2", "", "en")
    ''
    """
    found = _SIMPLE.fullmatch(rule.strip())
    if found is None:
        return ""
    name, sign, text, number = found.groups()
    column = about if name == "result" and about else name
    field: FieldPlan | None = form.by_name.get(column)
    if field is None:
        return ""
    limit = value_words(form, column, number if text is None else text, language)
    return f"{_capital(field.label.shown(language)[0])} {_SIGNS[sign]} {limit}"
