"""The forms of a subject in a case book: every field, its value, what was said of it, the scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from funis.capture.casebook.reviewed import Reviewed
from funis.capture.casebook.values import plain_number, printed_fields, scores_in_words, value_in_words
from funis.capture.casebook.wording import BookWords
from funis.capture.forms.plan_parts import FieldPlan, FormPlan
from funis.capture.models import Form
from funis.capture.people.permissions import ROLES
from funis.capture.signing.content import MEANINGS
from funis.capture.signing.status import STATUSES, SignatureRead
from funis.capture.study_in_force import plan_of
from funis.documents.document import Block, Paragraph, SectionPart, plain
from funis.documents.table import TableRow, TableSpec, heading, text_rows, words

_LAB_COLUMNS = ("date", "value", "comparator", "unit", "low", "high")


def form_parts(place: str, forms: Iterable[Form], reviewed: Reviewed, t: BookWords) -> Iterator[SectionPart]:
    """Give the parts of a section: one a form, and one for all laboratory results.

    Parameters
    ----------
    place : id of the section
    forms : in printed order
    reviewed : what was said of them
    t : the language
    """
    results: list[Form] = []
    for form in forms:
        if form.name == "labs":
            results.append(form)
            continue
        key = f"{place}-{form.name}-{form.number}"
        yield SectionPart(f"part-{key}", title_of(form, t), tuple(_blocks(key, form, reviewed, t)))
    if results:
        key = f"{place}-labs"
        title = t.label(_plan(results[0]).title)
        yield SectionPart(f"part-{key}", title, tuple(_results(key, results, reviewed, t)))


def title_of(form: Form, t: BookWords) -> str:
    """Give the title of a form, with its number where there are several, or its test."""
    plan = _plan(form)
    title, test = t.label(plan.title), str(form.data.get("test") or "")
    if test:
        found = next((each for each in plan.tests if each.test == test), None)
        return f"{title}: {t.label(found.label) if found else test}"
    return f"{title} {form.number}" if plan.repeats else title


def signature_line(each: SignatureRead, t: BookWords) -> str:
    """Give a signature as it stands in print: meaning, name, role, time with zone, status (21 CFR 11.50)."""
    row = each.row
    said = [
        f"{t(MEANINGS[row.meaning][0])}: {row.printed_name} ({t(ROLES[row.role])})",
        each.shown_at,
        t(STATUSES[each.status]),
    ]
    if row.withdrawn_at:
        said.append(f"{row.withdrawn_at[:16].replace('T', ' ')} UTC, {row.withdrawn_reason}")
    return " · ".join(said)


def _plan(form: Form) -> FormPlan:
    return plan_of(form.version).form(form.name)


def _blocks(key: str, form: Form, reviewed: Reviewed, t: BookWords) -> Iterator[Block]:
    plan = _plan(form)
    said = reviewed.of_field(form, t)
    yield TableSpec(
        f"table-{key}", key, f"{t('revision')} {form.revision}, {t('study version')} {form.version.number}",
        (t("Item"), t("Value"), t("Review")), tuple(_rows(plan, form, said, t)),
        (said[""],) if "" in said else (),
        is_text=True, is_upright=True, widths=(44, 34, 22), label=t("Values"),
    )  # fmt: skip
    if plan.definition and form.scores:
        pin = plan.definition
        yield TableSpec(
            f"scores-{key}", key, f"{pin.title} {pin.version}, {t('missing items')}: {pin.missing}",
            (t("Score"), t("Value")), text_rows(scores_in_words(form.scores, t)),
            is_text=True, is_upright=True, widths=(60, 40), label=t("Scores"),
        )  # fmt: skip
    elif plan.definition:
        yield Paragraph(plain(t("No score: the form has no date, or its date is not its alone.")))
    yield _signed(reviewed.signed(form), t)


def _signed(found: list[SignatureRead], t: BookWords) -> Block:
    lines = [signature_line(each, t) for each in found] or [t("Not signed")]
    return Paragraph(plain(f"{t('Signatures')}: {' | '.join(lines)}"))


def _rows(plan: FormPlan, form: Form, said: dict[str, str], t: BookWords) -> Iterator[TableRow]:
    group = ""
    for field in printed_fields(plan):
        if not _is_printed(field, form):
            continue
        if field.group != group and len(plan.groups) > 1:
            group = field.group
            yield heading(next((t.label(each.label) for each in plan.groups if each.name == group), group))
        cells = (value_in_words(field, form.data, t), said.get(field.name, ""))
        yield TableRow(words(t.label(field.label)), tuple(words(each) for each in cells))


def _is_printed(field: FieldPlan, form: Form) -> bool:
    """Tell whether a field is printed: what is offered as another way in stands there where it was used."""
    is_used = any(key in form.data for key, _ in field.keys)
    return is_used or (field.is_shown and field.role not in {"measure", "history", "recorded"})


def _results(key: str, forms: list[Form], reviewed: Reviewed, t: BookWords) -> Iterator[Block]:
    records = []
    for form in forms:
        plan = _plan(form)
        test = next((each for each in plan.tests if each.test == form.data.get("test")), None)
        cells = [_cell(plan, form, name, t) for name in _LAB_COLUMNS]
        said = "; ".join(reviewed.of_field(form, t).values())
        name = t.label(test.label) if test else str(form.data.get("test") or "–")
        records.append((name, *cells, said))
    heads = t.all("Test", "Date", "Result", "Limit", "Unit", "Lower limit", "Upper limit", "Review")
    yield TableSpec(
        f"table-{key}", key, "", heads, text_rows(records),
        is_text=True, is_upright=True, widths=(23, 12, 17, 7, 11, 8, 8, 14), label=t("Results"),
    )  # fmt: skip
    covering = {each.row.pk: each for form in forms for each in reviewed.signed(form)}
    unsigned = sum(not reviewed.signed(form) for form in forms)
    yield _signed(list(covering.values()), t)
    if covering and unsigned:
        yield Paragraph(plain(f"{t('Not signed')}: {unsigned} / {len(forms)}"))


def _cell(plan: FormPlan, form: Form, name: str, t: BookWords) -> str:
    if name not in plan.by_name:
        return ""
    field = plan.field(name)
    if name == "value":
        return value_in_words(field, form.data, t)
    value = form.data.get(name)
    return "" if value is None else plain_number(value)
