"""The laboratory results of a visit as one grid; each row is a form of its own, saved and audited as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from markupsafe import Markup

from funis.capture.forms.page import FormView, form_environment, page_words
from funis.capture.forms.page_fields import Control, FieldShown, PageNotes, Shown, show_field, show_words
from funis.capture.forms.plan_parts import Language, Words

COLUMNS: Final = ("value", "comparator", "unit", "date")
"""Fields of a result that stand in the grid; the others are on the page of the result."""


class GridRow(NamedTuple):
    """One result: its form, the printed test, the fields of the grid, the address of its page."""

    view: FormView
    label: Shown
    fields: tuple[FieldShown, ...]
    address: str


def render_grid(rows: Sequence[tuple[FormView, str]], language: Language = "en") -> Markup:
    """Write the laboratory results of a visit as HTML, to stand in a page; everything in it is escaped.

    Parameters
    ----------
    rows : the view of each result, with the address of its page; one at least
    language : ``en`` or ``zh-hans``

    Returns
    -------
    Markup

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle"))).form("labs")
    >>> view = FormView(plan, {"test": "creatinine", "date": "2026-01-05"}, form="f1")
    >>> page = render_grid([(view, "/forms/f1")])
    >>> 'data-form="f1"' in page, page.count('data-item="value"')
    (True, 1)
    """
    plan = rows[0][0].plan
    content = {
        "rows": [_row(view, address, language) for view, address in rows],
        "heads": [show_words(plan.field(name).label, language) for name in COLUMNS],
        "test": show_words(plan.field("test").label, language),
        "said": page_words(language),
        "view": rows[0][0],
        "is_blank": False,
    }
    return Markup(form_environment().get_template("grid.html.j2").render(content))  # noqa: S704 - escaped by Jinja


def _row(view: FormView, address: str, language: Language) -> GridRow:
    notes = PageNotes(view.data, view.previous, view.queries, view.remarks, view.laboratory, view.marks)
    test = next((test for test in view.plan.tests if test.test == view.data.get("test")), None)
    label = test.label if test else Words(str(view.data.get("test", "")))
    fields = (
        show_field(view.plan, view.plan.field(name), notes, language, f"f-{view.form}") for name in COLUMNS
    )
    return GridRow(view, show_words(label, language), tuple(map(_as_cell, fields)), address)


def _as_cell(field: FieldShown) -> FieldShown:
    """Draw a field for a cell: radio buttons are too wide for it, and only a titre needs a word on titres."""
    control: Control = "list" if field.control == "levels" else field.control
    is_plain = field.name == "value" and field.unit != "titre"
    return replace(field, control=control, help=Shown("", "") if is_plain and field.hints else field.help)
