"""Pages of signatures: what is signed and how, those of a subject with their status, withdrawal."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpResponse, HttpResponseRedirect
from fido2.utils import websafe_encode

from funis.capture.casebook.values import item_label, item_value
from funis.capture.models import Account, Form, Signature, Subject, SubjectVisit
from funis.capture.models.factors import CODES, PASSKEY
from funis.capture.pages.book_words import book_words
from funis.capture.pages.door import relying_party
from funis.capture.pages.forms import label_of, signatures_seen, signed_values, title_of
from funis.capture.pages.hidden import hidden_readings, is_hidden
from funis.capture.pages.refusals import draw_refusal
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.people import factors
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.accounts import clear_failures, count_failure
from funis.capture.people.permissions import ACTIONS, ROLES
from funis.capture.signing import acts
from funis.capture.signing.content import MEANINGS, SignedContent
from funis.capture.signing.status import BROKEN, SignatureRead
from funis.capture.study_in_force import plan_of
from funis.errors import ValueRangeError

SCOPES: dict[str, Any] = {"form": Form, "visit": SubjectVisit, "subject": Subject}


@asks("sign data", "GET", "POST")
def sign_page(asked: PageRequest, scope: str, key: str) -> HttpResponse:
    """Show what will be signed, and sign it: by a passkey, or by password and code in this one request."""
    row = SCOPES[scope].objects.filter(pk=key).first() if scope in SCOPES else None
    if row is None or not asked.allows(row.site) or _is_hidden(asked, row):
        raise Http404
    if asked.request.method == "GET":
        return _offer(asked, row, asked.request.GET.get("meaning", "review"))
    person = _person(asked)
    content = acts.find_offer(person, asked.request.POST.get("nonce", ""))
    if content.target != row.pk:
        raise ValueRangeError("signature", "an offer of something else", "that of this page")
    answer = asked.request.POST.get("credential", "")
    proof = _read_passkey(asked, person, content, answer) if answer else None
    if proof is None and not _is_known(asked, person):
        count_failure(person, "second factor")
        return _offer(asked, row, content.meaning, refused=True)
    if proof is None:
        clear_failures(person)
    withheld = hidden_readings(asked, row.site, content.subject)
    acts.sign(row, content, proof, is_blinded=asked.rights.is_blinded, withheld=withheld)
    return HttpResponseRedirect(f"/subjects/{content.subject}/signatures")


def _is_hidden(asked: PageRequest, row: Any) -> bool:
    return isinstance(row, Form) and is_hidden(asked, row)


def _person(asked: PageRequest) -> Account:
    return cast("Account", asked.request.user)


def _is_known(asked: PageRequest, person: Account) -> bool:
    """Check password and code of the app, both in this request; a code for recovery signs nothing."""
    given = asked.request.POST
    is_right = person.check_password(given.get("password", ""))
    return is_right and factors.check_code(person, given.get("code", ""))


def _asked_of_passkey(content: SignedContent) -> dict[str, Any]:
    """Give what was asked of the passkey: its challenge is the hash of the content."""
    return {"challenge": websafe_encode(bytes.fromhex(content.hash)), "user_verification": "required"}


def _read_passkey(
    asked: PageRequest, person: Account, content: SignedContent, answer: str
) -> acts.PasskeyProof | None:
    party = relying_party(asked.request)
    known = factors.factors_of(person, PASSKEY)
    try:
        passkey, response = party.read(_asked_of_passkey(content), known, answer)
    except ValueRangeError:
        return None
    factors.count_use(passkey, response.response.authenticator_data.counter)
    return acts.PasskeyProof(passkey, response, party.name)


def _offer(asked: PageRequest, row: Any, meaning: str, *, refused: bool = False) -> HttpResponse:
    person = _person(asked)
    held = {each for each, site in asked.rights.roles if site in {"", row.site}}
    role = min(held & ACTIONS["sign data"])
    subject = row if isinstance(row, Subject) else row.subject
    withheld = hidden_readings(asked, row.site, subject.pk)
    is_blinded = asked.rights.is_blinded
    content = acts.prepare(person, role, row, meaning, is_blinded=is_blinded, withheld=withheld)
    party, passkeys = relying_party(asked.request), factors.factors_of(person, PASSKEY)
    question = party.ask(passkeys, bytes.fromhex(content.hash))[0] if passkeys and party.is_possible() else ""
    before = signatures_seen(asked, subject.pk)
    return draw(
        asked,
        "sign.html",
        status=403 if refused else 200,
        refused=refused,
        subject=subject,
        content=content,
        role=ROLES[role],
        lines=_lines(asked, acts.forms_in(row, is_blinded=is_blinded, withheld=withheld)),
        broken=[each for each in before if each.status == BROKEN],
        signed=_signed_before(before),
        meanings={name: words for name, (words, _) in MEANINGS.items()},
        passkey=question,
        has_codes=bool(factors.factors_of(person, CODES)),
    )


def _lines(asked: PageRequest, forms: list[Form]) -> list[tuple[Form, str]]:
    """Give each form with its words: the visit, the title, the test or the number."""
    lines = []
    for form in sorted(
        forms, key=lambda each: (each.visit.date if each.visit else "", each.name, each.number)
    ):
        plan = plan_of(form.version)
        words = [label_of(form.visit, plan, asked.language)] if form.visit else []
        words.append(title_of(form, plan.form(form.name), language_of(asked)))
        words += [str(form.number)] if form.number > 1 and not form.data.get("test") else []
        lines.append((form, ", ".join(words)))
    return lines


def _signed_before(signatures: list[SignatureRead]) -> dict[str, int]:
    """Give of each form the highest revision that stands signed."""
    found: dict[str, int] = {}
    for each in signatures:
        if not each.row.withdrawn_at and not each.faults:
            for form, revision in each.forms.items():
                found[form] = max(revision, found.get(form, 0))
    return found


@asks("see subjects")
def show_signatures(asked: PageRequest, key: str) -> HttpResponse:
    """Show every signature of a subject with its status and what changed since."""
    subject = find_subject(asked, key)
    forms = list(Form.objects.filter(subject=subject).with_version().select_related("visit"))
    plans = {form.pk: plan_of(form.version).form(form.name) for form in forms}
    t = book_words(language_of(asked))
    return draw(
        asked,
        "signatures.html",
        subject=subject,
        labels={form.pk: words for form, words in _lines(asked, forms)},
        label=lambda form, item: item_label(plans[form], item, t),
        value=lambda form, item, value: item_value(plans[form], item, value, t),
        **signed_values(asked, subject.site, signatures_seen(asked, subject.pk)),
    )


@asks("sign data", "POST")
def withdraw_signature(asked: PageRequest, key: str) -> HttpResponse:
    """Withdraw an own signature, with the password and a reason."""
    found = Signature.objects.filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    person = _person(asked)
    if not person.check_password(asked.request.POST.get("password", "")):
        count_failure(person, "password")
        return draw_refusal(asked, 403, "The password does not fit.")
    acts.withdraw(found, asked.login, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/subjects/{found.subject_id}/signatures")
