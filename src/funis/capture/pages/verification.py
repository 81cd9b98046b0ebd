"""Pages of verification: what was changed since it was verified, a subject, the items of a form to tick."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.forms.page_fields import MarkNote, PageNotes, show_field, show_words
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.forms.visit_words import visit_words
from funis.capture.models import Form, Subject, SubjectVisit
from funis.capture.monitoring import verification as marks
from funis.capture.monitoring.queries import queries_of_form
from funis.capture.pages.hidden import hidden_readings, is_hidden
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.words import in_language
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import plan_of
from funis.errors import ValueRangeError

LONGEST_PAGE = 200


class ItemShown(NamedTuple):
    """An item to be compared with its source: its words, its value in words, where it stands."""

    name: str
    label: str
    value: str
    mark: marks.Mark
    asked: int


class FormShown(NamedTuple):
    """A form of a list, with how many of its items stand where."""

    form: Form
    title: str
    visit: str
    counts: Counter[str]


def find_checked_form(asked: PageRequest, key: str) -> Form:
    """Find a form; one of a site that the person may not act at does not exist for him."""
    found = Form.objects.with_version().select_related("subject", "visit").filter(pk=key).first()
    if found is None or not asked.allows(found.site) or is_hidden(asked, found):
        raise Http404
    return found


@asks("see verification")
def list_fallen(asked: PageRequest) -> HttpResponse:
    """List the forms of which something was changed since it was verified."""
    found = marks.fallen_forms(asked.sites)
    found = found.exclude(form__name__in=WITHHELD_FORMS) if asked.rights.is_blinded else found
    found = found.exclude(form__in=hidden_readings(asked, ""))[: LONGEST_PAGE + 1]
    rows = [
        (row, _title(row.form, language_of(asked)), _visit(row.form.visit, language_of(asked)))
        for row in found
    ]
    return draw(
        asked, "fallen.html", rows=rows[:LONGEST_PAGE], is_cut=len(rows) > LONGEST_PAGE, longest=LONGEST_PAGE
    )


@asks("see verification")
def show_subject(asked: PageRequest, key: str) -> HttpResponse:
    """Show the forms of a subject with how many of their items are verified, due, or have fallen."""
    subject = find_subject(asked, key)
    forms = _forms_of(asked, subject)
    total = sum((each.counts for each in forms), Counter[str]())
    return draw(asked, "verification.html", subject=subject, forms=forms, total=total, marks=marks.MARKS)


def _forms_of(asked: PageRequest, subject: Subject) -> list[FormShown]:
    """Give the forms of a subject that hold something, in the order of the visits."""
    found = Form.objects.filter(subject=subject).with_version().select_related("subject", "visit")
    forms = []
    for form in found.order_by("visit__name", "name", "number"):
        counts = Counter(mark.state for mark in marks.marks_of(form))
        if counts and not is_hidden(asked, form):
            forms.append(
                FormShown(
                    form, _title(form, language_of(asked)), _visit(form.visit, language_of(asked)), counts
                )
            )
    forms.sort(key=lambda each: (each.form.visit.date if each.form.visit else "", each.form.name))
    return forms


def _following(asked: PageRequest, form: Form) -> FormShown | None:
    """Give the next form of the subject to be verified, from this one on and round; none: all is done."""
    forms = _forms_of(asked, form.subject)
    here = next((n for n, each in enumerate(forms) if each.form.pk == form.pk), -1)
    others = (*forms[here + 1 :], *forms[: max(here, 0)])
    return next((each for each in others if each.counts[marks.DUE] or each.counts[marks.FALLEN]), None)


@asks("see verification")
def show_verification(asked: PageRequest, key: str) -> HttpResponse:
    """Show the items of a form with a value, each with its mark; who verifies ticks them."""
    form = find_checked_form(asked, key)
    language = language_of(asked)
    asked_about = Counter(query.item for query in queries_of_form(form, is_blinded=asked.rights.is_blinded))
    plan = plan_of(form.version).form(form.name)
    may_verify = asked.rights.may("verify data", form.site)
    items = [
        ItemShown(
            mark.field.name,
            show_words(mark.field.label, language).text,
            _value(plan, mark, form, language),
            mark,
            asked_about[mark.field.name],
        )
        for mark in marks.marks_of(form)
    ]
    return draw(
        asked,
        "verify.html",
        form=form,
        title=_title(form, language),
        visit=_visit(form.visit, language_of(asked)),
        items=items,
        marks=marks.MARKS,
        may_verify=may_verify,
        following=_following(asked, form) if may_verify else None,
        may_ask=asked.rights.may("ask query", form.site),
    )


@asks("verify data", "POST")
def verify(asked: PageRequest, key: str) -> HttpResponse:
    """Mark the ticked items as verified."""
    form = find_checked_form(asked, key)
    seen = asked.request.POST.get("revision", "")
    if not (seen.isdecimal() and len(seen) < 10):
        raise ValueRangeError("revision", seen[:20], "that of the form as it was seen")
    marks.verify_items(form, asked.request.POST.getlist("item"), int(seen))
    return HttpResponseRedirect(f"/forms/{form.pk}/verification")


def notes_of_marks(form: Form, asked: PageRequest) -> dict[str, MarkNote]:
    """Give what stands beside the items of a form: verified, to be verified, changed since."""
    put = in_language(asked.language)
    return {
        mark.field.name: MarkNote(mark.state, put(marks.MARKS[mark.state]))
        for mark in marks.marks_of(form)
        if mark.state in {marks.VERIFIED, marks.FALLEN}
        or (mark.state == marks.DUE and asked.rights.may("verify data", form.site))
    }


def _title(form: Form, language: Language) -> str:
    plan = plan_of(form.version).form(form.name)
    title = plan.title.shown(language)[0]
    test = next((test for test in plan.tests if test.test == form.data.get("test")), None)
    if test is not None:
        return f"{title}: {show_words(test.label, language).text}"
    return f"{title} {form.number}" if plan.repeats else title


def _visit(visit: SubjectVisit | None, language: Language) -> str:
    return visit_words(visit.name.replace("_", " ").capitalize(), language) if visit else ""


def _value(plan: FormPlan, mark: marks.Mark, form: Form, language: Language) -> str:
    """Give a value as the form shows it, in words; not done with its reason."""
    notes = PageNotes(form.data, {}, {}, (), {}, {})
    shown = show_field(plan, mark.field, notes, language, "v")
    if shown.is_not_done:
        return f"ND {shown.reason}".rstrip()
    chosen = next((each for each in shown.choices if each.is_chosen), None)
    words = f"{chosen.code} {chosen.label.text}".strip() if chosen else f"{shown.value} {shown.unit}".strip()
    return words if shown.value else ""
