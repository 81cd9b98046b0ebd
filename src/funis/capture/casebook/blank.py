"""Blank forms of the planned visits, to be filled in by hand where the server cannot be reached.

Their words are our own, as on the pages: no wording of a questionnaire that belongs to somebody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from funis.capture.casebook.values import LONGEST_CODE, printed_fields
from funis.capture.casebook.wording import BookWords
from funis.capture.forms.plan_parts import ChoicePlan, FieldPlan, FormPlan, StudyPlan, VisitPlan
from funis.capture.forms.words import window_words
from funis.documents.document import Block, Document, Paragraph, Section, SectionPart, plain
from funis.documents.table import TableRow, TableSpec, heading, text_rows, words
from funis.version import VERSION

BOX: Final = "☐"
LINE: Final = "________________"
_DATE: Final = "____-__-__"
_SHARES: Final = (37, 41, 22)


def make_blank_forms(plan: StudyPlan, t: BookWords, visit: str = "") -> Document:
    """Lay out the blank forms of every planned visit, or of one, and those that belong to no visit.

    Parameters
    ----------
    plan : of the version of the study
    t : the language
    visit : name of a planned visit; empty: all

    Raises
    ------
    funis.errors.UnknownNameError : there is no such visit

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle")))
    >>> [section.title for section in make_blank_forms(plan, BookWords(str, "en"), "month_1").sections]
    ['Month 1']
    """
    visits = (plan.visit(visit),) if visit else plan.visits
    sections = [_visit_section(plan, each, t) for each in visits]
    if not visit:
        others = [form for form in plan.forms if form.scope == "subject"]
        parts = tuple(_part("other", form, (), t) for form in others)
        sections.append(Section("other", t("What the subject has beside visits"), parts=parts))
    lead = t("Write the subject number, never a name. Enter the form in the server as soon as it answers.")
    return Document(
        t("Blank forms"),
        tuple(sections),
        kicker=plan.study,
        facts=((t("Study file"), plain(plan.sha256[:12])),),
        related=plain(lead),
        running_head=f"{plan.study} · {t('Blank forms')} · {t('Subject')} {LINE}",
        running_foot=f"{t('Study file')} {plan.sha256[:12]}",
        generator=f"funis {VERSION}",
        language=t.tag,
    )


def _visit_section(plan: StudyPlan, visit: VisitPlan, t: BookWords) -> Section:
    parts = tuple(_part(visit.name, plan.form(name), visit.labs, t) for name in visit.forms)
    return Section(f"visit-{visit.name}", t.visit(visit.label), (_head(t),), parts)


def _head(t: BookWords) -> Block:
    return Paragraph(
        plain(
            f"{t('Subject')} {LINE}   {t('Date')} {_DATE}   {t('Filled in by')} {LINE}   "
            f"{t('Signature')} {LINE}"
        )
    )


def _part(place: str, form: FormPlan, labs: tuple[str, ...], t: BookWords) -> SectionPart:
    key = f"{place}-{form.name}"
    table = _lab_table(key, form, labs, t) if form.name == "labs" else _item_table(key, form, t)
    repeated = f" ({t('copy this page for each')})" if form.repeats and form.name != "labs" else ""
    return SectionPart(f"part-{key}", f"{t.label(form.title)}{repeated}", (table,))


def _item_table(key: str, form: FormPlan, t: BookWords) -> TableSpec:
    rows: list[TableRow] = []
    group = ""
    for field in printed_fields(form):
        if not field.is_shown or field.role == "recorded":
            continue
        if field.group != group and len(form.groups) > 1:
            group = field.group
            rows.append(heading(next((t.label(g.label) for g in form.groups if g.name == group), group)))
        cells = (words(answer_space(field, t)), words(other_space(field, t)))
        rows.append(TableRow(words(t.label(field.label)), cells))
    window = window_words(form.definition.window, t.language) if form.definition else ""
    notes = [t("Not done: write why beside it.")] if any(each.not_done for each in form.fields) else []
    notes += [f"{t('Look-back')}: {window}"] if window else []
    return TableSpec(
        f"table-{key}", key, "", (t("Item"), t("Answer"), t("Or")), tuple(rows), tuple(notes),
        is_text=True, is_upright=True, widths=_SHARES, label=t("Answers"),
    )  # fmt: skip


def answer_space(field: FieldPlan, t: BookWords) -> str:
    """Give what is ticked or written for a field.

    Examples
    --------
    >>> from funis.capture.forms.plan_parts import Words
    >>> t = BookWords(str, "en")
    >>> answer_space(FieldPlan("a", Words("A"), "flag", "item"), t)
    '☐ 0   ☐ 1'
    >>> answer_space(FieldPlan("w", Words("W"), "number", "item", unit="kg", low=1), t)
    '________________ kg (at least 1)'
    """
    if field.choices:
        return "   ".join(f"{BOX} {_choice(each, t)}" for each in field.choices)
    match field.kind:
        case "flag":
            return f"{BOX} 0   {BOX} 1"
        case "date":
            return _DATE
        case "time":
            return "__:__"
    return " ".join(filter(None, (LINE, t.unit(field.unit), _limits(field, t))))


def other_space(field: FieldPlan, t: BookWords) -> str:
    """Give what is ticked where there is no value, or where what is present is not due to the disease."""
    parts = [t("not due to the disease")] if field.attributed else []
    parts += [t("Not done")] if field.not_done else []
    return "   ".join(f"{BOX} {each}" for each in parts)


def _choice(choice: ChoicePlan, t: BookWords) -> str:
    """Give a value that may be ticked: its words, with the code before them where that is short."""
    code, shown = str(choice.value), t.label(choice.label)
    if len(code) > LONGEST_CODE or code == shown:
        return shown
    return f"{code} {shown}".strip()


def _limits(field: FieldPlan, t: BookWords) -> str:
    match field.low, field.high:
        case None, None:
            return ""
        case low, None:
            return f"({t('at least')} {low:g})"
        case None, high:
            return f"({t('at most')} {high:g})"
    return f"({field.low:g}–{field.high:g})"


def _lab_table(key: str, form: FormPlan, labs: Iterable[str], t: BookWords) -> TableSpec:
    due = set(labs)
    records = [
        (t.label(test.label), LINE, test.unit, f"{BOX} {t('Not done')}")
        for test in form.tests
        if not due or test.test in due
    ]
    heads = (t("Test"), t("Result"), t("Unit"), t("Not done"))
    return TableSpec(
        f"table-{key}", key, "", heads, text_rows(records), (t("Write the unit where it is another one."),),
        is_text=True, is_upright=True, widths=(38, 26, 18, 18), label=t("Results"),
    )  # fmt: skip
