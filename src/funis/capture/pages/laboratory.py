"""The page of the laboratory results of a visit: one grid, each row a form of its own."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from funis.capture.conduct import locks
from funis.capture.forms.laboratory_grid import render_grid
from funis.capture.forms.page import FormView
from funis.capture.models import Form, SubjectVisit
from funis.capture.monitoring.automatic import check_waiting
from funis.capture.pages.forms import label_of, previous_form, words_of_entry
from funis.capture.pages.forms import queue_key as key_of_queue
from funis.capture.pages.queries import notes_of_form
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.verification import notes_of_marks
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import plan_of


@asks("see subjects")
def show_grid(asked: PageRequest, key: str) -> HttpResponse:
    """Show the laboratory results of a visit in one grid."""
    visit = SubjectVisit.objects.select_related("subject").filter(pk=key).first()
    if visit is None or not asked.allows(visit.site):
        raise Http404
    found = Form.objects.filter(visit=visit, name="labs").with_version().select_related("subject", "visit")
    forms = [form for form in found.order_by("number") if form.data.get("test")]
    if not forms:
        raise Http404
    sees_queries = asked.rights.may("see queries", visit.site)
    if sees_queries:
        check_waiting([visit.site])
    may_enter = asked.rights.may("enter data", visit.site)
    rows = [
        (_view(form, asked, may_enter=may_enter, sees_queries=sees_queries), f"/forms/{form.pk}")
        for form in forms
    ]
    plan = plan_of(forms[0].version)
    return draw(
        asked,
        "laboratory.html",
        visit=visit,
        label=label_of(visit, plan, asked.language),
        title=plan.form("labs").title.shown(language_of(asked))[0],
        drawn=render_grid(rows, language_of(asked)),
        may_enter=any(view.may_enter for view, _ in rows),
        entry_words=words_of_entry(asked),
        queue_key=key_of_queue(str(asked.request.user.pk)),
    )


def _view(form: Form, asked: PageRequest, *, may_enter: bool, sees_queries: bool) -> FormView:
    previous = previous_form(form)
    return FormView(
        plan=plan_of(form.version).form(form.name),
        data=form.data,
        previous=previous.data if previous else {},
        form=form.pk,
        revision=form.revision,
        queries=notes_of_form(form, asked) if sees_queries else {},
        marks=notes_of_marks(form, asked) if asked.rights.may("see verification", form.site) else {},
        may_enter=may_enter and locks.state_of(locks.scope_of(form)) == locks.OPEN,
        addresses={"save-url": f"/forms/{form.pk}/save", "queries-url": f"/forms/{form.pk}/queries"},
    )
