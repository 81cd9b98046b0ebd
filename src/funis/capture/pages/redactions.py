"""Pages of redactions: what was taken out, what waits for the second person, and the acts of both."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.forms.plan_parts import Language, Words
from funis.capture.models import Account, Redaction, Subject
from funis.capture.models.factors import CODES
from funis.capture.pages.door import ask_passkey, read_proof, relying_party
from funis.capture.pages.hidden import hidden_forms
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.pages.trail_words import trail_words
from funis.capture.people import factors
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.accounts import clear_failures, count_failure
from funis.capture.people.blinding import WITHHELD_TABLES
from funis.capture.trail import redaction as redactions


@asks("see redactions")
def show_redactions(asked: PageRequest, key: str) -> HttpResponse:
    """Show the redactions of a subject, where words stand that somebody asks to take out, and the acts."""
    return _draw(asked, find_subject(asked, key))


def _draw(asked: PageRequest, subject: Subject, *, refused: bool = False) -> HttpResponse:
    found = list(Redaction.objects.filter(subject=subject).order_by("-asked_at"))
    waiting = next((each for each in found if each.state == redactions.ASKED), None)
    person = cast("Account", asked.request.user)
    may = {
        act: asked.rights.may(f"{act} redaction", subject.site) and (waiting is None) == (act == "ask for")
        for act in ("ask for", "confirm")
    }
    may["confirm"] = may["confirm"] and waiting is not None and waiting.asked_by != asked.login
    return draw(
        asked,
        "redactions.html",
        status=403 if refused else 200,
        refused=refused,
        subject=subject,
        found=found,
        waiting=waiting,
        places=_places(asked, waiting) if waiting else [],
        copies={
            each.pk: redactions.count_copies(each.confirmed_at) for each in found if each.state == "done"
        },
        states=redactions.STATES,
        table_words=partial(_word, language_of(asked), "tables"),
        column_words=partial(_word, language_of(asked), "columns"),
        may_ask=may["ask for"],
        may_confirm=may["confirm"],
        may_take_back=waiting is not None and asked.rights.may("ask for redaction", subject.site),
        passkey=ask_passkey(asked.request, person) if any(may.values()) else "",
        has_codes=bool(factors.factors_of(person, CODES)),
    )


def _word(language: Language, section: str, name: str) -> str:
    """Give a table or a column of the trail in words; what has none as the database calls it."""
    return trail_words(section).get(name, Words(name)).shown(language)[0]


def _places(asked: PageRequest, waiting: Redaction) -> list[redactions.FoundWords]:
    """Find where the words stand; of cells and bags a blinded person sees that it is a place, and no more."""
    found = redactions.find_places(waiting.chain, waiting.words)
    is_blinded = asked.rights.is_blinded
    rows = hidden_forms(asked, waiting.subject) if waiting.subject else set()
    if not (is_blinded or rows):
        return found
    tables = {"", *(table.removeprefix("capture_") for table in WITHHELD_TABLES)}
    withheld = tables if is_blinded else set()
    return [
        replace(each, seq=number, table="", row="", names=())
        if each.table in withheld or each.row in rows
        else replace(each, seq=number)
        for number, each in enumerate(found, start=1)
    ]


@asks("ask for redaction", "POST")
def ask(asked: PageRequest, key: str) -> HttpResponse:
    """Ask, as the first person, that words are taken out."""
    subject, given = find_subject(asked, key), asked.request.POST
    if not _is_proven(asked):
        return _draw(asked, subject, refused=True)
    redactions.ask_for_redaction(subject, given.get("words", ""), given.get("why", ""))
    return HttpResponseRedirect(f"/subjects/{subject.pk}/redactions")


@asks("confirm redaction", "POST")
def confirm(asked: PageRequest, key: str) -> HttpResponse:
    """Confirm, as the second person: the words are taken out now."""
    found = _find(asked, key)
    if not _is_proven(asked):
        return _draw(asked, find_subject(asked, found.subject_id or ""), refused=True)
    redactions.confirm_redaction(found, asked.request.POST.get("why", ""))
    return HttpResponseRedirect(f"/subjects/{found.subject_id}/redactions")


@asks("ask for redaction", "POST")
def take_back(asked: PageRequest, key: str) -> HttpResponse:
    """Take a request back; the words stay where they are."""
    found = _find(asked, key)
    redactions.take_back_redaction(found, asked.request.POST.get("why", ""))
    return HttpResponseRedirect(f"/subjects/{found.subject_id}/redactions")


def _find(asked: PageRequest, key: str) -> Redaction:
    found = Redaction.objects.select_for_update(of=("self",)).filter(pk=key, subject__isnull=False).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    return found


def _is_proven(asked: PageRequest) -> bool:
    """Check who acts once more, in this request: by a passkey, or by password and code of the app."""
    person, proof = cast("Account", asked.request.user), read_proof(asked.request)
    if proof.passkey:
        is_known = factors.check_proof(person, proof, relying_party(asked.request))
    else:
        is_right = person.check_password(asked.request.POST.get("password", ""))
        is_known = is_right and factors.check_code(person, proof.code)
    if not is_known:
        count_failure(person, "second factor")
    elif not proof.passkey:
        clear_failures(person)
    return is_known
