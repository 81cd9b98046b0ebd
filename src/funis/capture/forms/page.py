"""A form as HTML: the fields of a plan with their values, what stood at the visit before, and what was said.

The page needs neither script nor style of its own, so that a strict content security policy holds. What the
scripts of the server need stands in ``data-`` attributes:

========================  =================================================================================
``form[data-form]``       id of the form; beside it ``data-revision``, ``data-table``, ``data-definition``
``[data-item]``           one field: its name; ``data-kind``, ``data-previous`` (its value at the visit
                          before), ``data-seen`` (every key of the field with the value that was seen) and,
                          of a laboratory result, ``data-with`` (sent beside a first value), all JSON
``[data-said]``           where refusals, conflicts and queries of a field are written
``section[data-score]``   the panel of the score; ``[data-column]`` holds one column that the scorer gives
========================  =================================================================================

``static/capture/fields.js`` reads and writes a field, ``keys.js`` gives it keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from funis.capture.forms.page_fields import (
    FieldShown,
    GradeNote,
    LabResult,
    MarkNote,
    PageNotes,
    QueryNote,
    Shown,
    show_field,
    show_words,
)
from funis.capture.forms.plan_parts import FormPlan, GroupPlan, Language
from funis.capture.forms.read_values import plain_figures
from funis.capture.forms.refusals import Remark
from funis.capture.forms.words import form_words, window_words
from funis.catalogue.event_terms import event_terms

_TEMPLATES: Final = Path(__file__).parents[1] / "templates" / "forms"
_FOLDED: Final = frozenset({"measures", "recorded"})


@dataclass(frozen=True, slots=True)
class FormView:
    """What a page of a form shows.

    Attributes
    ----------
    plan : of the form, in its version
    data : the document as it stands
    previous : the document of the visit before, empty where there is none
    form, revision : id of the form, and its revision
    scores : the columns that the scorer gave, by name
    queries : open queries by field
    remarks : refusals and warnings
    laboratory : results of the visit by field, for fields that the laboratory fills
    graded : by field the grade that the form of an instrument gives
    marks : by field whether it was compared with its source
    may_enter : false: the page shows the values and takes none
    addresses : what the script of entry asks of the form beside it, by name of the data attribute
    history : by field what was changed since its first entry, each in one line
    """

    plan: FormPlan
    data: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    form: str = ""
    revision: int = 0
    scores: Mapping[str, Any] = field(default_factory=dict)
    queries: Mapping[str, Sequence[QueryNote]] = field(default_factory=dict)
    remarks: Sequence[Remark] = ()
    laboratory: Mapping[str, LabResult] = field(default_factory=dict)
    graded: Mapping[str, GradeNote] = field(default_factory=dict)
    marks: Mapping[str, MarkNote] = field(default_factory=dict)
    may_enter: bool = True
    addresses: Mapping[str, str] = field(default_factory=dict)
    history: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group on the page: its words, its fields, the grade of its system where there is one."""

    id: str
    label: Shown
    fields: tuple[FieldShown, ...]
    is_folded: bool = False
    is_open: bool = False
    column: str = ""
    grade: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ScoreShown:
    """The panel of a score: total, bounds, grades by system with their column."""

    name: str
    label: Shown
    value: str
    bounds: str
    window: Shown
    systems: tuple[tuple[Shown, str, str], ...]


def render_form(view: FormView, language: Language = "en") -> Markup:
    """Write a form as HTML, to stand in a page; everything in it is escaped.

    Parameters
    ----------
    view : the plan, the values and what is said of them
    language : ``en`` or ``zh-hans``; what is not translated is shown in English and marked as such

    Returns
    -------
    Markup

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle"))).form("sledai_2k")
    >>> page = render_form(FormView(plan, {"rash": 1}, form="f1", revision=3))
    >>> 'data-form="f1"' in page, '<script' in page, ' style="' in page
    (True, False, False)
    """
    template = form_environment().get_template("form.html.j2")
    return Markup(template.render(_content(view, language, is_blank=False)))  # noqa: S704 - escaped by Jinja


def render_blank(plan: FormPlan, language: Language = "en", *, stylesheet: str) -> str:
    """Write an empty form as a page to be printed and filled in by hand.

    Parameters
    ----------
    plan : of the form
    language : as for `render_form`
    stylesheet : address of ``capture/form.css``

    Returns
    -------
    str : a whole HTML page

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sjogren"))).form("ssdai")
    >>> render_blank(plan, stylesheet="/static/capture/form.css")[:15]
    '<!doctype html>'
    """
    content = _content(FormView(plan, form="blank", may_enter=False), language, is_blank=True)
    return form_environment().get_template("blank.html.j2").render(content | {"stylesheet": stylesheet})


@cache
def form_environment() -> Environment:
    """Give the environment of the templates of forms."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_words(language: Language) -> dict[str, str]:
    """Give the words that a page of forms says, by their key."""
    return {key: words.shown(language)[0] for key, words in form_words("page").items()}


def _content(view: FormView, language: Language, *, is_blank: bool) -> dict[str, Any]:
    said = page_words(language)
    prefix = f"f-{view.form or view.plan.name}"
    notes = PageNotes(
        view.data, view.previous, view.queries, view.remarks, view.laboratory, view.marks, view.graded
    )
    groups = [
        _show_group(view, group, notes, language, prefix=prefix, is_blank=is_blank)
        for group in view.plan.groups
    ]
    return {
        "view": view,
        "said": said,
        "prefix": prefix,
        "title": show_words(view.plan.title, language),
        "language": "zh-Hans" if language == "zh-hans" else "en",
        "groups": [group for group in groups if group.fields],
        "score": None if is_blank else _show_score(view, language),
        "is_blank": is_blank,
        "test": _test_of(view, language),
        "terms": [] if is_blank else _terms_of(view.plan),
    }


def _terms_of(plan: FormPlan) -> list[str]:
    """Give the terms that fields of the form offer while one types; the browser finds among them."""
    version = next((each.terms for each in plan.fields if each.terms), "")
    return [each.term for each in event_terms(version).values()] if version else []


def _show_group(
    view: FormView,
    group: GroupPlan,
    notes: PageNotes,
    language: Language,
    *,
    prefix: str,
    is_blank: bool,
) -> GroupShown:
    fields = tuple(
        show_field(view.plan, each, notes, language, prefix)
        for each in view.plan.fields
        if each.group == group.name and _is_on_page(view, each.name, is_blank=is_blank)
    )
    column = f"{view.plan.name}_{group.name}"
    is_graded = view.plan.definition is not None and column in view.plan.definition.grade_columns
    return GroupShown(
        f"{prefix}-group-{group.name}",
        show_words(group.label, language),
        fields,
        is_folded=group.name in _FOLDED,
        is_open=any(each.is_filled or each.remarks for each in fields),
        column=column if is_graded else "",
        grade=str(view.scores.get(column) or ""),
        rule=str(view.scores.get(f"{column}_rule") or ""),
    )


def _is_on_page(view: FormView, name: str, *, is_blank: bool) -> bool:
    """Tell whether a field stands on the page; what is no longer asked for is shown where it has a value."""
    planned = view.plan.field(name)
    if planned.role == "key" or (is_blank and planned.group in _FOLDED):
        return False
    if name == "test" and view.plan.tests and view.data.get("test"):
        return False
    return planned.is_shown or name in view.data


def _test_of(view: FormView, language: Language) -> Shown | None:
    """Name the laboratory test of a result, which is chosen once and then stands as its head."""
    found = next((test for test in view.plan.tests if test.test == view.data.get("test")), None)
    return show_words(found.label, language) if found else None


def _show_score(view: FormView, language: Language) -> ScoreShown | None:
    pin = view.plan.definition
    if pin is None:
        return None
    words, scores = form_words("page"), view.scores
    low, high = (scores.get(f"{pin.name}_{end}") for end in ("lower", "upper"))
    bounds = ""
    if scores.get(pin.name) is None and low is not None and high is not None:
        text = words["bounds"].shown(language)[0]
        bounds = text.replace("{low}", _figures(low)).replace("{high}", _figures(high))
    labels = {group.name: show_words(group.label, language) for group in view.plan.groups}
    chinese = view.plan.title.zh if language == "zh-hans" else ""
    window = window_words(pin.window, language)
    return ScoreShown(
        pin.name,
        Shown(chinese or pin.label, "" if chinese else "en"),
        _figures(scores.get(pin.name)),
        bounds,
        Shown(window, "en" if window == pin.window else ""),
        tuple(
            (labels[system], column, str(scores.get(column) or ""))
            for system, column in zip(pin.systems, pin.grade_columns, strict=False)
        ),
    )


def _figures(value: Any) -> str:
    """Print a score with three decimals at most, half away from zero, as `showScore` in the page does."""
    if value is None or isinstance(value, str):
        return value or ""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    rounded = exact.quantize(Decimal("0.001"), ROUND_HALF_UP)
    return plain_figures(rounded or abs(rounded))
