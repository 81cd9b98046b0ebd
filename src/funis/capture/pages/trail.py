"""Pages of the trail: everything that was done to a subject, and the history of one form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.http import HttpResponse

from funis.capture.casebook.values import value_in_words
from funis.capture.conduct.screening import STATUSES
from funis.capture.exchange.export import join_plans, plain_text
from funis.capture.exchange.trial_rows import subject_as_of
from funis.capture.forms.page_fields import show_words
from funis.capture.forms.plan_parts import FormPlan
from funis.capture.models import Form, FormVerification, Query, StudyVersion, Subject
from funis.capture.pages.book_words import book_words
from funis.capture.pages.forms import find_form, label_of, title_of
from funis.capture.pages.hidden import hidden_forms, visible_queries
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.trail_words import TrailReader
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.blinding import (
    WITHHELD_EVENTS,
    WITHHELD_ITEMS,
    WITHHELD_TABLES,
)
from funis.capture.study_in_force import newest_version, plan_of, read_moment
from funis.capture.trail.history import Change, read_history, read_newest_changes

LONGEST_PAGE = 100
MOST_DIGITS = 18
"""A number with more has no row, and no database takes it."""


@asks("see trail")
def show_subject_trail(asked: PageRequest, key: str) -> HttpResponse:
    """Show everything that was done to a subject, the newest first, a page at a time."""
    subject = find_subject(asked, key)
    chain = f"subject:{subject.pk}"
    hidden = hidden_forms(asked, subject)
    if asked.rights.is_blinded or hidden:
        # Numbered without what is left out: all of it is read.
        changes = _shown(asked, subject, read_history(chain), hidden)[::-1]
    else:
        changes = read_newest_changes(chain, _before(asked), LONGEST_PAGE + 1)
    may_redact = asked.rights.may("see redactions", subject.site)
    back = f"/subjects/{subject.pk}"
    return _draw(asked, subject.pk, changes, title=subject.number, back=back, may_redact=may_redact)


def _draw(asked: PageRequest, subject: str, changes: list[Change], **values: Any) -> HttpResponse:
    """Draw a page of the trail; a number in the address says which rows were seen before."""
    before = _before(asked)
    if before is not None:
        changes = [each for each in changes if each.seq < before]
    shown = changes[:LONGEST_PAGE]
    forms = Form.objects.filter(subject=subject).with_version().select_related("visit").in_bulk()
    marks = dict(FormVerification.objects.filter(subject=subject).values_list("pk", "form_id"))
    reader = TrailReader(book_words(language_of(asked)), plan_of(newest_version()), forms, marks)
    more = shown[-1].seq if len(changes) > LONGEST_PAGE else 0
    return draw(asked, "trail.html", changes=list(reader.show(shown)), more=more, before=before, **values)


def _before(asked: PageRequest) -> int | None:
    """Give the number of a row below which a page begins; None: at the newest."""
    given = asked.request.GET.get("before", "")
    return int(given) if given.isdecimal() and len(given) < MOST_DIGITS else None


def _shown(asked: PageRequest, subject: Subject, changes: Iterable[Change], hidden: set[str]) -> list[Change]:
    """Leave out what is hidden from the person: cells, bags, readings, and what was said of them."""
    is_blinded = asked.rights.is_blinded
    if not (is_blinded or hidden):
        return list(changes)
    marks = FormVerification.objects.filter(form__in=hidden)
    told = Query.objects.filter(subject=subject)
    shown = visible_queries(asked, told, subject.pk)
    left_out = hidden | {
        *marks.values_list("pk", flat=True),
        *told.exclude(pk__in=shown.values("pk")).values_list("pk", flat=True),
    }
    kept = [
        each
        for each in changes
        if not (is_blinded and (each.table in WITHHELD_TABLES or each.kind in WITHHELD_EVENTS))
        and not _names(each) & left_out
    ]
    # The numbers of the chain would have gaps where rows are left out.
    return [
        replace(
            each,
            seq=number,
            items={
                name: pair
                for name, pair in each.items.items()
                if not (is_blinded and (each.table, name) in WITHHELD_ITEMS)
            },
        )
        for number, each in enumerate(kept, start=1)
    ]


def _names(change: Change) -> set[str]:
    """Give the ids that a row of the trail is about: its own, that of its query or form, of an event."""
    told = {str(new) for _, new in change.items.values() if isinstance(new, str)}
    return {change.row} | told


@asks("see trail")
def show_form_trail(asked: PageRequest, key: str) -> HttpResponse:
    """Show everything that was done to a form, the newest first."""
    form = find_form(asked, key)
    history = read_history(f"subject:{form.subject_id}", form.pk)
    changes = _shown(asked, form.subject, history, hidden_forms(asked, form.subject))[::-1]
    title = (
        f"{form.subject.number}, {title_of(form, plan_of(form.version).form(form.name), language_of(asked))}"
    )
    return _draw(asked, form.subject_id, changes, title=title, back=f"/forms/{form.pk}", may_redact=False)


@asks("see trail")
def show_subject_as_of(asked: PageRequest, key: str) -> HttpResponse:
    """Show a subject as the database had it at a moment: consent, visits, and every value of every form."""
    subject = find_subject(asked, key)
    given = asked.request.GET.get("at", "").strip()
    moment = read_moment(given) if given else ""
    consents, visits, forms, status = subject_as_of(subject.pk, moment)
    hidden = hidden_forms(asked, subject)
    used = StudyVersion.objects.filter(pk__in={form.version_id for form in forms}).order_by("-number")
    plan = join_plans(plan_of(newest_version()), [plan_of(version) for version in used])
    order = {form.name: number for number, form in enumerate(plan.forms)}
    forms = sorted(
        (
            form
            for form in forms
            if form.name in order and form.data.keys() - {"date", "test"} and form.pk not in hidden
        ),
        key=lambda each: (each.visit.date if each.visit else "", order[each.name], each.number),
    )
    return draw(
        asked,
        "as_of.html",
        subject=subject,
        given=given,
        standing_words=STATUSES[status] if status else "",
        consents=consents,
        visits=[(visit, label_of(visit, plan, asked.language)) for visit in visits],
        forms=[(form, plan.form(form.name), _values(form, plan.form(form.name), asked)) for form in forms],
    )


def _values(form: Form, plan: FormPlan, asked: PageRequest) -> list[tuple[str, str]]:
    """Give each value of a form with the label of its field, in printed order and in words."""
    t = book_words(language_of(asked))
    found = []
    for field in plan.fields:
        if any(key in form.data for key, _ in field.keys):
            label = show_words(field.label, t.language).text
            found.append((label, value_in_words(field, form.data, t)))
    return found + [(key, plain_text(value)) for key, value in form.data.items() if key not in plan.keys]
