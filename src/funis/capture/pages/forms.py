"""Pages of visits and forms, and the address to which entries are sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.crypto import salted_hmac

from funis.capture.casebook.values import item_value
from funis.capture.conduct import locks, visits
from funis.capture.conduct.infusions import is_made_from_record
from funis.capture.document import read_document
from funis.capture.entry.held_forms import hold_forms
from funis.capture.entry.save import FormEntry, acknowledge, save_held
from funis.capture.entry.scores import columns_of, script_of, visit_of
from funis.capture.exchange.export import plain_text
from funis.capture.forms.event_remarks import mark_event
from funis.capture.forms.page import FormView, render_form
from funis.capture.forms.page_fields import GradeNote, LabResult, QueryNote, show_words
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.forms.visit_words import visit_words
from funis.capture.models import Form, StudyVersion, SubjectVisit
from funis.capture.monitoring.automatic import check_waiting
from funis.capture.pages.book_words import book_words
from funis.capture.pages.hidden import hidden_readings, is_hidden
from funis.capture.pages.queries import notes_of_form
from funis.capture.pages.safety import clock_of_form
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.verification import notes_of_marks
from funis.capture.pages.words import ENTRY_WORDS, in_language
from funis.capture.people.access import PageRequest, asks
from funis.capture.safety.clock import EVENTS, is_serious
from funis.capture.safety.instrument_grades import grades_for_event
from funis.capture.signing.content import MEANINGS
from funis.capture.signing.status import STATUSES, SignatureRead, read_signatures
from funis.capture.study_in_force import plan_of, today, version_at
from funis.capture.trail.events import record_event
from funis.capture.trail.history import changes_of_items
from funis.errors import ValueRangeError

LONGEST_ENTRY = 200_000


def find_form(asked: PageRequest, key: str) -> Form:
    """Find a form; one of a site that the person may not act at does not exist for him."""
    found = Form.objects.with_version().select_related("subject", "visit").filter(pk=key).first()
    if found is None or not may_see_form(asked, found):
        raise Http404
    return found


def may_see_form(asked: PageRequest, form: Form) -> bool:
    """Tell whether a form is of a site of this page, and is not hidden from the person."""
    return asked.allows(form.site) and not is_hidden(asked, form)


@asks("see subjects")
def show_visit(asked: PageRequest, key: str) -> HttpResponse:
    """Show a visit with its forms."""
    visit = SubjectVisit.objects.select_related("subject").filter(pk=key).first()
    if visit is None or not asked.allows(visit.site):
        raise Http404
    plan = plan_of(version_at(visit.site, today()))
    forms = list(Form.objects.filter(visit=visit).with_version())
    state = locks.state_of(locks.scope_of(visit))
    order = {form.name: number for number, form in enumerate(plan.forms)}
    forms.sort(key=lambda form: (order.get(form.name, 99), form.number))
    due = {form.name for form in forms}
    addable = [
        form for form in plan.forms if form.scope == "visit" and (form.repeats or form.name not in due)
    ]
    return draw(
        asked,
        "visit.html",
        visit=visit,
        label=label_of(visit, plan, asked.language),
        forms=[_listed(form, language_of(asked)) for form in forms if not _is_in_grid(form)],
        grid=_grid([form for form in forms if _is_in_grid(form)], language_of(asked)),
        addable=[each for each in addable if each.name != "visits"],
        may_enter=asked.rights.may("enter data", visit.site) and state == locks.OPEN,
        state=locks.STATES[state],
        **signed_values(
            asked,
            visit.site,
            [
                each
                for each in signatures_seen(asked, visit.subject_id)
                if each.forms.keys() & {f.pk for f in forms}
            ],
        ),
    )


def signatures_seen(asked: PageRequest, subject: str, form: str = "") -> list[SignatureRead]:
    """Read signatures as the person may see them."""
    hidden = hidden_readings(asked, "", subject)
    return read_signatures(subject, form, is_blinded=asked.rights.is_blinded, withheld=hidden)


def signed_values(asked: PageRequest, site: str, found: list[SignatureRead]) -> dict[str, Any]:
    """Give what a page needs to show signatures, and to lead there who may sign."""
    return {
        "signatures": found,
        "statuses": STATUSES,
        "meanings": {name: words for name, (words, _) in MEANINGS.items()},
        "may_sign": asked.rights.may("sign data", site),
    }


def label_of(visit: SubjectVisit, plan: Any, language: str = "en") -> str:
    """Give the label of a visit in a plan."""
    found = next((each.label for each in plan.visits if each.name == visit.name), visit.name.capitalize())
    return visit_words(found, language)


def title_of(form: Form, plan: FormPlan, language: Language) -> str:
    """Give the title of a form; that of a laboratory result with its test."""
    title = plan.title.shown(language)[0]
    test = next((each for each in plan.tests if each.test == form.data.get("test")), None)
    return f"{title}: {show_words(test.label, language).text}" if test else title


class FormListed(NamedTuple):
    """A form of a visit: its title, how many of its items were answered, of how many; and its score."""

    form: Form
    title: str
    filled: int
    whole: int
    score: str


def _listed(form: Form, language: Language) -> FormListed:
    plan = plan_of(form.version).form(form.name)
    names = {key for item in plan.items for key in (item.name, f"{item.name}_not_done")}
    counted = names or form.data.keys() - {"date", "test"}
    return FormListed(
        form,
        title_of(form, plan, language),
        sum(1 for name in form.data if name in counted),
        len(plan.items),
        _score(form) if plan.definition and form.scores else "",
    )


def _score(form: Form) -> str:
    score = form.scores.get(form.name)
    if score is not None:
        return str(score)
    return f"{form.scores.get(f'{form.name}_lower')} – {form.scores.get(f'{form.name}_upper')}"


def _is_in_grid(form: Form) -> bool:
    """Tell whether a form is a laboratory result whose test is known: it stands in the grid of its visit."""
    return form.name == "labs" and bool(form.data.get("test"))


def _grid(forms: Sequence[Form], language: Language) -> tuple[str, int, int] | None:
    """Give title and counts of the laboratory results of a visit, none where there are none."""
    if not forms:
        return None
    title = plan_of(forms[0].version).form("labs").title.shown(language)[0]
    answered = sum(1 for form in forms if form.data.keys() & {"value", "value_not_done"})
    return title, answered, len(forms)


@asks("enter data", "POST")
def add_form(asked: PageRequest, key: str) -> HttpResponse:
    """Add a form to a visit, and open it."""
    visit = SubjectVisit.objects.filter(pk=key).first()
    if visit is None or not asked.allows(visit.site):
        raise Http404
    form = visits.add_form(visit, asked.request.POST.get("name", ""))
    return HttpResponseRedirect(f"/forms/{form.pk}")


@asks("see subjects")
def show_form(asked: PageRequest, key: str) -> HttpResponse:
    """Show a form, with the values of the visit before it beside those of this one."""
    form = find_form(asked, key)
    plan = plan_of(form.version).form(form.name)
    previous = previous_form(form)
    state = locks.state_of(locks.scope_of(form))
    is_open = state == locks.OPEN and not is_made_from_record(form)
    may_enter = asked.rights.may("enter data", form.site) and is_open
    notes: dict[str, list[QueryNote]] = {}
    if asked.rights.may("see queries", form.site):
        check_waiting([form.site])
        notes = notes_of_form(form, asked)
    marks = notes_of_marks(form, asked) if asked.rights.may("see verification", form.site) else {}
    return draw(
        asked,
        "form.html",
        form=form,
        title=plan.title.shown(language_of(asked))[0],
        where=label_of(form.visit, plan_of(form.version), asked.language) if form.visit else "",
        drawn=render_form(
            FormView(
                plan=plan,
                data=form.data,
                previous=previous.data if previous else {},
                form=form.pk,
                revision=form.revision,
                scores=form.scores,
                queries=notes,
                remarks=mark_event(plan, form.data),
                marks=marks,
                laboratory=_laboratory_of(form, plan),
                graded=_graded(form, asked) if form.name == EVENTS else {},
                may_enter=may_enter,
                addresses=_addresses(form, plan),
                history=_history(asked, form, plan) if asked.rights.may("see trail", form.site) else {},
            ),
            language_of(asked),
        ),
        may_enter=may_enter,
        state=locks.STATES[state],
        of_whole=notes.get("", []),
        clock=clock_of_form(form) if asked.rights.may("see safety", form.site) else None,
        lacks_clock=form.name == EVENTS and is_serious(form.data),
        **signed_values(asked, form.site, signatures_seen(asked, form.subject_id, form.pk)),
        entry_words=words_of_entry(asked),
        queue_key=queue_key(str(asked.request.user.pk)),
    )


def words_of_entry(asked: PageRequest) -> str:
    """Give the words of the script of entry in the language of the person, as JSON."""
    put = in_language(asked.language)
    return json.dumps({name: put(text) for name, text in ENTRY_WORDS.items()})


def _laboratory_of(form: Form, plan: FormPlan) -> dict[str, LabResult]:
    """Give the laboratory results of the visit for the fields that they fill; none beyond a limit."""
    wanted = {field.filled_by: field.name for field in plan.fields if field.filled_by}
    if not wanted or form.visit is None:
        return {}
    found: dict[str, LabResult] = {}
    for each in Form.objects.filter(visit=form.visit, name="labs").order_by("-number"):
        name = wanted.get(str(each.data.get("test")))
        if name and each.data.get("value") is not None and not each.data.get("comparator"):
            found[name] = LabResult(plain_text(each.data["value"]), str(each.data.get("unit") or ""))
    return found


def _graded(form: Form, asked: PageRequest) -> dict[str, GradeNote]:
    """Give the grades of instruments beside those of an event, with the form and its visit in words."""
    found = {}
    for column, (graded, grade) in grades_for_event(form).items():
        plan = plan_of(graded.version)
        title = title_of(graded, plan.form(graded.name), language_of(asked))
        where = f"{title}, {graded.data['date']}"
        found[column] = GradeNote(str(grade), where, f"/forms/{graded.pk}")
    return found


def _history(asked: PageRequest, form: Form, plan: FormPlan) -> dict[str, list[str]]:
    """Give by field what was changed since its first entry: when, by whom, old and new, why."""
    found: dict[str, list[str]] = {}
    t = book_words(language_of(asked))
    for item, changes in changes_of_items(form).items():
        field = plan.keys[item][0] if item in plan.keys else None
        for change in changes[1:] if field else ():
            old, new = (item_value(plan, item, value, t) or "–" for value in change.items[item])
            line = f"{change.at[:16].replace('T', ' ')} UTC, {change.actor}: {old} → {new} ({change.reason})"
            found.setdefault(field.name if field else "", []).append(line)
    return found


def _addresses(form: Form, plan: FormPlan) -> dict[str, str]:
    """Give what the script of entry asks of a form: where it saves, and what it scores with."""
    found = {"save-url": f"/forms/{form.pk}/save", "report-url": f"/forms/{form.pk}/difference"}
    found["queries-url"] = f"/forms/{form.pk}/queries"
    script, _ = script_of(plan)
    day = form.data.get("date")
    others = Form.objects.filter(subject=form.subject_id, name=form.name).exclude(pk=form.pk)
    earlier = sorted(
        (each for each in others if str(each.data.get("date") or "~") < str(day)),
        key=lambda each: each.data["date"],
    )
    if not script or not day:
        return found
    visits = [_scored_as(plan, each) for each in earlier]
    visit = {"subject": "1", "date": day}
    return found | {
        "script": f"/scores/{script}",
        "visit": json.dumps(visit),
        "visits": json.dumps(visits),
    }


def _scored_as(plan: FormPlan, form: Form) -> dict[str, Any]:
    """Give the document of an earlier visit as the script reads it."""
    visit = visit_of(plan, form.data)
    read = columns_of(plan)
    return {name: value for name, value in visit.items() if name in read} | {
        "subject": "1",
        "date": form.data["date"],
    }


def queue_key(person: str) -> str:
    """Give the key with which a browser encrypts what waits in it: the same after a new login."""
    made = salted_hmac("funis.capture.queue", person, algorithm="sha256").digest()
    return base64.b64encode(made).decode()


@asks("see subjects")
def show_script(asked: PageRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """Give the script that scores a form; its name changes with its content."""
    for version in StudyVersion.objects.order_by("-number"):
        for plan in plan_of(version).instruments:
            found, text = script_of(plan)
            if found == name:
                answer = HttpResponse(text, content_type="text/javascript; charset=utf-8")
                answer["Cache-Control"] = "private, max-age=31536000, immutable"
                return answer
    raise Http404


def previous_form(form: Form) -> Form | None:
    """Give the form of the same kind at the visit before, none where there is none."""
    day = form.data.get("date") or ""
    others = Form.objects.filter(subject=form.subject_id, name=form.name).exclude(pk=form.pk)
    same = [each for each in others if each.data.get("test") == form.data.get("test")]
    earlier = [each for each in same if (each.data.get("date") or "~") < day]
    return max(earlier, key=lambda each: each.data["date"], default=None)


@asks("enter data", "POST", holds_first=True)
def save(asked: PageRequest, key: str) -> HttpResponse:
    """Save an entry; the answer goes out after the transaction stands."""
    person = str(asked.request.user.pk)
    try:
        entry = read_entry(asked.request.body, key)
    except ValueRangeError:
        # Of a form that is not the person's to see nothing is said, whatever was sent.
        held = hold_forms(key, "", person)
        if held is None or not may_see_form(asked, held.form):
            raise Http404 from None
        raise
    held = hold_forms(key, entry.key, person)
    if held is None or not may_see_form(asked := asked.renewed("enter data", held.roles), held.form):
        raise Http404
    answer = save_held(entry, held, person, language_of(asked))
    if answer.receipt is not None:
        transaction.on_commit(partial(acknowledge, answer.receipt))
    shown = answer.without_place if asked.rights.is_blinded else answer.text
    return HttpResponse(shown, content_type="application/json")


def read_entry(body: bytes, form: str) -> FormEntry:
    """Read what a browser sent.

    Raises
    ------
    ValueRangeError : it is no entry
    """
    allowed = "key, form, changes {item: {old, new}} and reason"
    if len(body) > LONGEST_ENTRY:
        raise ValueRangeError("entry", f"{len(body)} bytes", f"at most {LONGEST_ENTRY}")
    try:
        sent: Any = read_document(body.decode())
        changes = {str(item): (each["old"], each["new"]) for item, each in sent["changes"].items()}
        entry = FormEntry(str(sent["key"]), str(sent["form"]), changes, str(sent.get("reason") or ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueRangeError("entry", "something else", allowed) from error
    scalars = (value for pair in changes.values() for value in pair)
    if (
        entry.form != form
        or not 8 <= len(entry.key) <= 64
        or any(isinstance(each, (list, Mapping)) for each in scalars)
    ):
        raise ValueRangeError("entry", "something else", allowed)
    return entry


@asks("see subjects", "POST")
def report_difference(asked: PageRequest, key: str) -> JsonResponse:
    """Take the report that the browser scored otherwise than the server."""
    form = find_form(asked, key)
    record_event("scores differ", f"subject:{form.subject_id}", {"form": form.pk, "revision": form.revision})
    return JsonResponse({"taken": True})
