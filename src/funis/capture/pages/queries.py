"""Pages of queries: the list, one thread, asking, and what stands beside the items of a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse

from funis.capture.conduct.allocation.arms import can_open_arms
from funis.capture.forms.page_fields import QueryNote, show_words
from funis.capture.forms.plan_parts import Language, StudyPlan
from funis.capture.forms.visit_words import visit_words
from funis.capture.models import Form, Query, Subject
from funis.capture.monitoring import queries
from funis.capture.monitoring.automatic import check_everything, check_waiting
from funis.capture.monitoring.query_steps import AUTOMATIC, OWNERS, STATES, STEPS, steps_from
from funis.capture.pages.hidden import is_hidden, visible_queries
from funis.capture.pages.refusal_words import finding_words
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.verification import notes_of_marks
from funis.capture.pages.words import in_language
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import newest_version, plan_of, started_with
from funis.errors import UnknownNameError, ValueRangeError

LONGEST_PAGE = 100
OLDEST = 3650


class QueryShown(NamedTuple):
    """A query with the words of where it stands.

    Attributes
    ----------
    where : visit, form and item, in the language of the page
    address : of the row that it is about; empty: it belongs to no page
    text : of the check, or the question
    said : kind of the fault in Chinese, on a Chinese page of an automatic query; empty elsewhere
    """

    query: Query
    subject: str
    where: tuple[str, ...]
    address: str
    text: str
    age: int
    said: str = ""


def find_query(asked: PageRequest, key: str) -> Query:
    """Find a query; one of a site that the person may not act at does not exist for him."""
    found = Query.objects.select_related("subject").filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    if not visible_queries(asked, Query.objects.filter(pk=key), found.subject_id or "").exists():
        raise Http404
    return found


@asks("see queries")
def list_queries(asked: PageRequest) -> HttpResponse:
    """List the queries, the oldest first; what was changed since it was checked is checked before."""
    waiting = check_waiting(asked.sites)
    given = asked.request.GET
    state = given.get("state", "")
    if state and state not in STATES:
        raise UnknownNameError("state", state, STATES)
    older = given.get("older", "")
    if older and not (older.isdecimal() and int(older) <= OLDEST):
        raise ValueRangeError("days", older, f"a whole number up to {OLDEST}")
    wanted = queries.QueryFilter(
        asked.sites, given.get("site", ""), given.get("subject", ""), state, int(older or 0)
    )
    found = visible_queries(asked, queries.find_queries(wanted))
    shown, more = queries.one_page(found, given.get("after", ""), LONGEST_PAGE)
    return draw(
        asked,
        "queries.html",
        rows=show_queries(shown, language_of(asked)),
        more=more,
        wanted=wanted,
        sites=[site for site in started_with().sites if asked.allows(site.id)],
        states=STATES,
        owners=OWNERS,
        waiting=waiting,
        lacks_arms=not can_open_arms(),
        may_check=asked.rights.may("check data"),
    )


def show_queries(found: list[Query], language: Language) -> list[QueryShown]:
    """Put queries into words, with few questions to the database for all of them."""
    prefetch_related_objects(found, "messages")
    subjects = Subject.objects.in_bulk({each.subject_id for each in found if each.subject_id})
    plan = plan_of(newest_version())
    return [
        QueryShown(
            each,
            subjects[each.subject_id].number if each.subject_id else "",
            tuple(_where(each, plan, language)),
            _address(each),
            each.text or _first_words(each),
            queries.age_in_days(each),
            finding_words().get(each.code, "") if language == "zh-hans" else "",
        )
        for each in found
    ]


def _where(query: Query, plan: StudyPlan, language: Language) -> Iterable[str]:
    """Name visit, form and item as pages do; what the plan does not know by its own name."""
    if query.visit:
        label = next((each.label for each in plan.visits if each.name == query.visit), query.visit)
        yield visit_words(label, language)
    form = plan.by_name.get(query.form_name)
    yield form.title.shown(language)[0] if form else query.form_name
    field = form.by_name.get(query.item) if form else None
    # What names the row says nothing of where in it.
    if query.item and not (field and field.role == "key"):
        yield show_words(field.label, language).text if field else query.item


def _address(query: Query) -> str:
    if query.form_name == "visits" and query.row_key:
        return f"/visits/{query.row_key}"
    if query.row_key and query.subject_id:
        return f"/forms/{query.row_key}"
    if query.subject_id:
        return f"/subjects/{query.subject_id}"
    return f"/product/{query.form_name}/{query.row_key}" if query.row_key else "/product"


def _first_words(query: Query) -> str:
    return next((each.text for each in sorted(query.messages.all(), key=lambda each: each.pk)), "")


@asks("see queries")
def show_query(asked: PageRequest, key: str) -> HttpResponse:
    """Show a query with its thread, and the steps that this person can do."""
    query = find_query(asked, key)
    (shown,) = show_queries([query], language_of(asked))
    possible = [
        name for name in steps_from(query.state, query.kind) if _may(asked, STEPS[name].action, query.site)
    ]
    return draw(
        asked,
        "query.html",
        shown=shown,
        messages=sorted(query.messages.all(), key=lambda each: each.pk),
        states=STATES,
        owners=OWNERS,
        steps=STEPS,
        possible=possible,
        is_automatic=query.kind == AUTOMATIC,
    )


def _may(asked: PageRequest, action: str, site: str) -> bool:
    """Tell whether an action is allowed where a query stands; one of no site asks for a role at all sites."""
    sites = asked.rights.sites(action)
    return sites is None or site in sites


@asks("answer query", "POST")
def answer_query(asked: PageRequest, key: str) -> HttpResponse:
    """Answer a query."""
    return _step(asked, key, "answer")


@asks("close query", "POST")
def close_query(asked: PageRequest, key: str) -> HttpResponse:
    """Close a query."""
    return _step(asked, key, "close")


@asks("close query", "POST")
def reopen_query(asked: PageRequest, key: str) -> HttpResponse:
    """Reopen a query whose answer does not do."""
    return _step(asked, key, "reopen")


def _step(asked: PageRequest, key: str, name: str) -> HttpResponse:
    query = find_query(asked, key)
    queries.take_step(query, name, asked.request.POST.get("text", ""))
    return HttpResponseRedirect(f"/queries/{query.pk}")


@asks("check data", "POST")
def check_data(asked: PageRequest) -> HttpResponse:  # noqa: ARG001
    """Check the data of all subjects together, now."""
    check_everything()
    return HttpResponseRedirect("/queries")


@asks("ask query", "GET", "POST")
def ask_query(asked: PageRequest, key: str) -> HttpResponse:
    """Ask about an item of a form."""
    form = Form.objects.with_version().select_related("subject", "visit").filter(pk=key).first()
    if form is None or not asked.allows(form.site) or is_hidden(asked, form):
        raise Http404
    language, plan = language_of(asked), plan_of(form.version).form(form.name)
    if asked.request.method == "POST":
        item = asked.request.POST.get("item", "")
        query = queries.ask_query(form, item, asked.request.POST.get("text", ""))
        return HttpResponseRedirect(f"/queries/{query.pk}")
    fields = [
        (field.name, show_words(field.label, language).text)
        for field in plan.fields
        if field.role != "key" and (field.is_shown or field.name in form.data)
    ]
    title = plan.title.shown(language)[0]
    chosen = asked.request.GET.get("item", "")
    return draw(asked, "ask_query.html", form=form, title=title, fields=fields, chosen=chosen)


@asks("see queries")
def tell_queries(asked: PageRequest, key: str) -> JsonResponse:
    """Give the open queries and the marks of a form after a save, for the page that shows it."""
    form = Form.objects.with_version().select_related("subject").filter(pk=key).first()
    if form is None or not asked.allows(form.site) or is_hidden(asked, form):
        raise Http404
    check_waiting([form.site])
    notes = notes_of_form(form, asked)
    return JsonResponse(
        {
            "queries": {item: [each._asdict() for each in said] for item, said in notes.items()},
            "marks": {item: mark._asdict() for item, mark in notes_of_marks(form, asked).items()},
        }
    )


def _queries_of(form: Form, asked: PageRequest) -> list[Query]:
    return queries.queries_of_form(form, is_blinded=asked.rights.is_blinded)


def notes_of_form(form: Form, asked: PageRequest) -> dict[str, list[QueryNote]]:
    """Give what stands beside the items of a form: the open queries, by item."""
    put = in_language(asked.language)
    found: dict[str, list[QueryNote]] = {}
    for each in show_queries(_queries_of(form, asked), language_of(asked)):
        note = QueryNote(each.said or each.text, put(STATES[each.query.state]), f"/queries/{each.query.pk}")
        found.setdefault(each.query.item, []).append(note)
    return found
