"""Pages of allocation: who was allocated, the act with its strata, a wrong stratum, emergency unblinding."""

from __future__ import annotations

from typing import Final, NamedTuple, cast

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.conduct.allocation import act, arms, unblinding
from funis.capture.conduct.allocation.strata import read_strata
from funis.capture.models import Account, Allocation, AllocationEvent, Subject
from funis.capture.models.allocations import UNBLINDED, WRONG_STRATUM
from funis.capture.models.factors import CODES, PASSKEY
from funis.capture.pages.door import ask_passkey, read_proof, relying_party
from funis.capture.pages.product_typed import shown_moment
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw
from funis.capture.people import factors
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.accounts import count_failure
from funis.capture.people.second_person import OtherPerson, prove_person
from funis.capture.study_in_force import newest_version, study_of

ALLOCATE, UNBLIND = "allocate subject", "unblind subject"
UNPROVEN_SELF: Final = "Password or code do not fit. Nothing was opened."
_LONGEST: Final = 400


class AllocationShown(NamedTuple):
    """An allocation as a page shows it; the arm is empty for who may not know it."""

    allocation: Allocation
    subject: Subject
    arm: str
    events: list[AllocationEvent]


def show_allocations_of(asked: PageRequest, rows: list[Allocation]) -> list[AllocationShown]:
    """Put allocations into words; no arm is opened for a blinded person."""
    opened = {} if asked.rights.is_blinded else arms.open_arms(rows)
    names = {each.id: each.name for each in study_of(newest_version()).arms}
    events: dict[str, list[AllocationEvent]] = {}
    for event in AllocationEvent.objects.filter(subject__in=[row.subject_id for row in rows]).order_by("at"):
        events.setdefault(event.subject_id, []).append(event)
    return [
        AllocationShown(
            row,
            row.subject,
            names.get(opened[row.subject_id], opened[row.subject_id]) if row.subject_id in opened else "",
            events.get(row.subject_id, []),
        )
        for row in rows
    ]


@asks("see allocations")
def list_allocations(asked: PageRequest) -> HttpResponse:
    """List who was allocated, by number; with the arm for who may know it."""
    found = Allocation.objects.select_related("subject").order_by("number")
    found = found if asked.sites is None else found.filter(site__in=asked.sites)
    rows = list(found)
    return draw(
        asked,
        "allocations.html",
        rows=show_allocations_of(asked, rows),
        differing=act.subjects_with_other_strata(rows),
        is_blinded=asked.rights.is_blinded,
        clock=shown_moment,
        UNBLINDED=UNBLINDED,
    )


@asks("see allocations")
def show_allocation(asked: PageRequest, key: str) -> HttpResponse:
    """Show the allocation of a subject, or what it would be drawn by."""
    subject = find_subject(asked, key)
    study, plan = act.plan_at(subject.site)
    if plan is None:
        raise Http404
    row = arms.allocation_of(subject)
    shown = show_allocations_of(asked, [row])[0] if row else None
    questions = [] if row else act.open_questions(subject)
    return draw(
        asked,
        "allocation.html",
        subject=subject,
        shown=shown,
        strata=read_strata(study, subject),
        questions=questions,
        differing=act.differing_strata(subject, row) if row else {},
        may_allocate=not questions and asked.rights.may(ALLOCATE, subject.site),
        may_record=asked.rights.may(ALLOCATE, subject.site),
        may_unblind=row is not None and asked.rights.is_blinded and asked.rights.may(UNBLIND, subject.site),
        may_see=asked.rights.may("see subjects", subject.site),
        is_blinded=asked.rights.is_blinded,
        clock=shown_moment,
        UNBLINDED=UNBLINDED,
        WRONG_STRATUM=WRONG_STRATUM,
        BEFORE=act.BEFORE,
    )


@asks(ALLOCATE, "POST")
def allocate(asked: PageRequest, key: str) -> HttpResponse:
    """Allocate a subject by the strata that were shown; sent twice it is one allocation."""
    subject, given = find_subject(asked, key), asked.request.POST
    if arms.allocation_of(subject) is None:
        seen = {
            name.removeprefix("stratum_"): str(value)
            for name, value in given.items()
            if name.startswith("stratum_")
        }
        act.state_not_before(subject, given.get("before", ""))
        act.allocate(subject, seen, asked.login)
    return HttpResponseRedirect(f"/subjects/{key}/allocation")


@asks(ALLOCATE, "POST")
def record_wrong_stratum(asked: PageRequest, key: str) -> HttpResponse:
    """Record that a subject was allocated by a stratum that is not the true one."""
    act.record_wrong_stratum(
        find_subject(asked, key), asked.request.POST.get("why", "")[:_LONGEST], asked.login
    )
    return HttpResponseRedirect(f"/subjects/{key}/allocation")


@asks(UNBLIND, "GET", "POST")
def unblind(asked: PageRequest, key: str) -> HttpResponse:
    """Open the arm of a subject in an emergency: reason, password and code in this one request."""
    subject, given = find_subject(asked, key), asked.request.POST
    if arms.allocation_of(subject) is None:
        raise Http404
    if asked.request.method == "GET":
        return _draw_unblinding(asked, subject)
    if not _is_proven(asked, subject):
        return _draw_unblinding(asked, subject, refused=UNPROVEN_SELF)
    arm = unblinding.unblind(subject, given.get("why", "")[:_LONGEST], asked.login)
    name = next((each.name for each in study_of(newest_version()).arms if each.id == arm), arm)
    return _draw_unblinding(asked, subject, arm=name)


def _is_proven(asked: PageRequest, subject: Subject) -> bool:
    """Check who acts once more: by a passkey, or by password and code; no password alone beside a passkey."""
    person, proof = cast("Account", asked.request.user), read_proof(asked.request)
    if proof.passkey:
        is_known = factors.check_proof(person, proof, relying_party(asked.request))
        if not is_known:
            count_failure(person, "second factor")
        return is_known
    if factors.factors_of(person, PASSKEY) and not factors.factors_of(person, CODES):
        return False
    own = OtherPerson(asked.login, asked.request.POST.get("password", ""), proof.code.strip())
    return prove_person(asked.request, own, UNBLIND, subject.site) is not None


def _draw_unblinding(
    asked: PageRequest, subject: Subject, *, refused: str = "", arm: str = ""
) -> HttpResponse:
    person = cast("Account", asked.request.user)
    return draw(
        asked,
        "unblind.html",
        status=403 if refused else 200,
        subject=subject,
        refused=refused,
        arm=arm,
        passkey="" if arm else ask_passkey(asked.request, person),
        has_codes=bool(factors.factors_of(person, CODES)),
    )
