"""Queries: asked, answered, closed, reopened; every step stands in the thread."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from funis.capture.conduct.locks import Scope, Work, refuse_closed, scope_of
from funis.capture.context import because, moment, who_acts
from funis.capture.models import Form, Query, QueryMessage
from funis.capture.models.queries import TEXT_LENGTH
from funis.capture.monitoring.query_steps import MANUAL, STATES, STEPS, WAITING, WAITS_FOR_SITE
from funis.capture.people.blinding import shown_queries
from funis.capture.study_in_force import plan_of
from funis.errors import ValueRangeError
from funis.study.today import read_clock


@dataclass(frozen=True, slots=True)
class QueryFilter:
    """Which queries a list shows.

    Attributes
    ----------
    sites : whose queries may be seen; none: all, with those of no site
    site, subject : chosen among them: code, id; empty: all
    state : one state; empty: all in which somebody has something to do
    older_than : opened at least so many days ago
    """

    sites: tuple[str, ...] | None
    site: str = ""
    subject: str = ""
    state: str = ""
    older_than: int = 0


def ask_query(form: Form, item: str, text: str) -> Query:
    """Ask about an item of a form, within a transaction in which somebody acts.

    Parameters
    ----------
    form : the form
    item : name of the field; empty: the form as a whole
    text : the question

    Raises
    ------
    UnknownNameError : the form has no such field
    ValueRangeError : no question, or one that is too long, or the form is locked
    """
    refuse_closed(scope_of(form), Work.REVIEW)
    plan = plan_of(form.version).form(form.name)
    if item:
        plan.field(item)
    text = read_text(text, needed=True)
    query = Query(
        about=form.subject_id, subject_id=form.subject_id, site=form.site, kind=MANUAL, form_name=form.name,
        row_key=form.pk, visit=form.visit.name if form.visit else "", item=item, opened_by=_actor(),
        opened_at=moment(), moved_at=moment(),
    )  # fmt: skip
    query.save()
    say(query, "ask", text)
    return query


def take_step(query: Query, name: str, text: str = "") -> None:
    """Do a step of a query, within a transaction in which somebody acts.

    Parameters
    ----------
    query : as it was read; it is read again and held
    name : one of `STEPS` that people do
    text : what is said with it

    Raises
    ------
    ValueRangeError : the step is not possible in the state of the query, or says nothing where it has to,
        or what it is about is locked
    """
    held = Query.objects.select_for_update(of=("self",)).get(pk=query.pk)
    step = STEPS[name]
    refuse_closed(_scope_of(held), Work.REVIEW)
    if held.state not in step.sources or held.kind not in step.kinds:
        raise ValueRangeError("query", STATES[held.state].lower(), "one in which this can be done")
    move(held, name, read_text(text, needed=step.needs_text))


def _scope_of(query: Query) -> Scope:
    """Give the scope of what a query is about; the form itself where it is of one."""
    form = Form.objects.filter(pk=query.row_key).first() if query.row_key and query.subject_id else None
    return scope_of(form) if form else Scope(query.site, query.subject_id or "")


def move(query: Query, name: str, text: str = "") -> None:
    """Write a step that is possible: the new state and the message."""
    query.state, query.moved_at = STEPS[name].target, moment()
    with because(STEPS[name].words):
        query.save()
    say(query, name, text)


def say(query: Query, step: str, text: str) -> None:
    """Add a message to the thread."""
    QueryMessage(
        query=query, subject_id=query.subject_id, site=query.site, step=step, author=_actor(), at=moment(),
        text=text,
    ).save()  # fmt: skip


def note_changes(form: Form, items: Collection[str]) -> None:
    """Say to the manual queries on changed items that the value is another now; none is closed by that.

    Parameters
    ----------
    form : as it was saved, within the transaction of the save
    items : fields that were changed
    """
    asked = Query.objects.filter(row_key=form.pk, kind=MANUAL, state__in=WAITS_FOR_SITE, item__in=items)
    for query in asked.select_for_update(of=("self",)):
        move(query, "change")


def find_queries(wanted: QueryFilter) -> QuerySet[Query]:
    """Give the queries of a list, the oldest first."""
    found = Query.objects.filter(state__in=[wanted.state] if wanted.state else sorted(WAITING))
    if wanted.sites is not None:
        found = found.filter(site__in=wanted.sites)
    if wanted.site:
        found = found.filter(site=wanted.site)
    if wanted.subject:
        found = found.filter(about=wanted.subject)
    if wanted.older_than:
        found = found.filter(opened_at__lte=_days_ago(wanted.older_than))
    return found.order_by("opened_at", "pk")


def one_page(found: QuerySet[Query], after: str, longest: int) -> tuple[list[Query], str]:
    """Give the queries of one page of a list, and the id after which the next page begins; empty: none does.

    Parameters
    ----------
    found : of `find_queries`
    after : id of the last query of the page before; empty: the first page
    longest : so many stand on a page
    """
    last = Query.objects.filter(pk=after).first() if after else None
    if last is not None:
        same = Q(opened_at=last.opened_at, pk__gt=last.pk)
        found = found.filter(Q(opened_at__gte=last.opened_at) & (Q(opened_at__gt=last.opened_at) | same))
    shown = list(found[: longest + 1])
    return shown[:longest], shown[longest - 1].pk if len(shown) > longest else ""


def queries_of_form(form: Form, *, is_blinded: bool) -> list[Query]:
    """Give the queries of a form in which somebody has something to do, the oldest first.

    Parameters
    ----------
    form : the form
    is_blinded : without those that give the arm away
    """
    found = Query.objects.filter(row_key=form.pk, state__in=WAITING).order_by("opened_at", "pk")
    return list(shown_queries(found, is_blinded=is_blinded))


def waiting_by_site(*, is_blinded: bool) -> dict[str, tuple[int, int]]:
    """Count the queries that somebody has to do with, by site; beside it the age of the oldest in days.

    Parameters
    ----------
    is_blinded : without those that give an arm away
    """
    shown = shown_queries(Query.objects.filter(state__in=WAITING), is_blinded=is_blinded)
    found = shown.values_list("site").annotate(Count("pk"), Min("opened_at"))
    return {site: (count, _days_since(oldest)) for site, count, oldest in found}


def age_in_days(query: Query) -> int:
    """Give the whole days since a query was opened."""
    return _days_since(query.opened_at)


def _days_since(at: str) -> int:
    return (read_clock() - datetime.fromisoformat(at)).days


def read_text(text: str, *, needed: bool) -> str:
    """Read what somebody says; line breaks stay, other control characters are refused.

    Raises
    ------
    ValueRangeError : nothing is said where something has to be, too much, or what is no text
    """
    text = text.replace("\r\n", "\n").strip()
    if needed and not text:
        raise ValueRangeError("message", "nothing", "what you want to say")
    if len(text) > TEXT_LENGTH:
        raise ValueRangeError("message", f"{len(text)} characters", f"at most {TEXT_LENGTH}")
    if not text.replace("\n", " ").replace("\t", " ").isprintable():
        raise ValueRangeError("message", "a control character", "letters, numbers, signs and line breaks")
    return text


def _days_ago(days: int) -> str:
    return (read_clock() - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _actor() -> str:
    who = who_acts()
    return who.actor if who else ""
