"""Signing and withdrawing: a content is offered, and signed as it was offered within five minutes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fido2.utils import websafe_encode

from funis.capture.context import because, moment
from funis.capture.models import Account, Authenticator, Form, Signature, SigningNonce, Subject, SubjectVisit
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.signing.content import MEANINGS, SignedContent, SignedForm, hash_data, read_content
from funis.capture.signing.proof import BY_CODE, BY_PASSKEY
from funis.capture.study_in_force import plan_of, started_with
from funis.errors import UnknownNameError, ValueRangeError
from funis.study.today import read_clock

LASTS: Final = 5 * 60
"""Seconds for which what is offered can be signed."""


@dataclass(frozen=True, slots=True)
class PasskeyProof:
    """What a passkey signed, and the name of the server it signed for."""

    passkey: Authenticator
    response: Any
    relying_party: str


def forms_in(
    row: Subject | SubjectVisit | Form,
    *,
    is_blinded: bool,
    withheld: Collection[str] = (),
    is_held: bool = False,
) -> list[Form]:
    """Give the forms that lie in a subject, a visit or a form, by id.

    Parameters
    ----------
    row : what is signed
    is_blinded : without the forms that a blinded person may not see, and so cannot answer for
    withheld : ids of more forms that the person may not see
    is_held : nobody changes them until the transaction ends
    """
    found = Form.objects.select_for_update() if is_held else Form.objects.all()
    if isinstance(row, Subject):
        found = found.filter(subject=row)
    elif isinstance(row, SubjectVisit):
        found = found.filter(visit=row)
    else:
        found = found.filter(pk=row.pk)
    found = found.exclude(name__in=WITHHELD_FORMS) if is_blinded else found
    found = found.exclude(pk__in=withheld) if withheld else found
    return list(found.order_by("pk"))


def list_forms(forms: Sequence[Form]) -> tuple[SignedForm, ...]:
    """Give the forms as they are signed: revision, hash of the data, study version, definition."""
    return tuple(sorted(_listed(form) for form in forms))


def _listed(form: Form) -> SignedForm:
    pin = plan_of(form.version).form(form.name).definition
    return SignedForm(
        form.pk, form.revision, hash_data(form.data), form.version.sha256, pin.sha256 if pin else ""
    )


def prepare(
    person: Account,
    role: str,
    row: Subject | SubjectVisit | Form,
    meaning: str,
    *,
    is_blinded: bool = False,
    withheld: Collection[str] = (),
) -> SignedContent:
    """Offer a content to sign; it can be signed once, by this person, within five minutes.

    Parameters
    ----------
    person, role : who signs, and as what
    row : the form, the visit or the subject
    meaning : one of `MEANINGS`
    is_blinded : whether the person sees no arm
    withheld : ids of more forms that the person may not see, and so does not sign

    Raises
    ------
    UnknownNameError : no such meaning
    ValueRangeError : there is no form to sign
    """
    if meaning not in MEANINGS:
        raise UnknownNameError("meaning", meaning, MEANINGS)
    forms = list_forms(forms_in(row, is_blinded=is_blinded, withheld=withheld))
    if not forms:
        raise ValueRangeError("forms", "none", "at least one to sign")
    subject = row.pk if isinstance(row, Subject) else row.subject_id
    scope = {Subject: "subject", SubjectVisit: "visit", Form: "form"}[type(row)]
    content = SignedContent(
        statement=MEANINGS[meaning][1], meaning=meaning, signer=person.login,
        printed_name=person.printed_name, role=role, scope=scope, target=row.pk, subject=subject,
        nonce=secrets.token_urlsafe(24), forms=forms,
    )  # fmt: skip
    now = read_clock().timestamp()
    SigningNonce.objects.filter(at__lt=now - LASTS).delete()
    SigningNonce(nonce=content.nonce, person=person.pk, at=now, content=content.write()).save()
    return content


def find_offer(person: Account, nonce: str) -> SignedContent:
    """Give what was offered to a person; another request for it waits until this transaction ends.

    Raises
    ------
    ValueRangeError : it was signed, is older than five minutes, or was offered to somebody else
    """
    kept = SigningNonce.objects.select_for_update().filter(nonce=nonce, person=person.pk).first()
    if kept is None or not 0 <= read_clock().timestamp() - kept.at <= LASTS:
        raise ValueRangeError(
            "signature", "an offer that has ended", "one of the last five minutes, signed once",
            "Open the page again.",
        )  # fmt: skip
    return read_content(kept.content)


def sign(
    row: Subject | SubjectVisit | Form,
    content: SignedContent,
    proof: PasskeyProof | None,
    *,
    is_blinded: bool = False,
    withheld: Collection[str] = (),
) -> Signature:
    """Sign what was offered and found again, by a passkey, or (None) by password and code just checked.

    Raises
    ------
    ValueRangeError : a form was changed or added since it was offered
    """
    forms = forms_in(row, is_blinded=is_blinded, withheld=withheld, is_held=True)
    if list_forms(forms) != content.forms:
        raise ValueRangeError(
            "forms", "changed since the page was opened", "those that were shown", "Open the page again."
        )
    made = Signature(
        subject_id=content.subject, site=row.site, scope=content.scope, target=content.target,
        meaning=content.meaning, statement=content.statement, signer=content.signer,
        printed_name=content.printed_name, role=content.role, at=moment(),
        zone=started_with().trial.timezone, method=BY_PASSKEY if proof else BY_CODE,
        content=content.write(), content_hash=content.hash, nonce=content.nonce,
    )  # fmt: skip
    if proof is not None:
        response = proof.response.response
        made.relying_party = proof.relying_party
        made.credential_id, made.public_key = proof.passkey.credential_id, proof.passkey.public_key
        made.client_data = websafe_encode(response.client_data)
        made.authenticator_data = websafe_encode(response.authenticator_data)
        made.assertion = websafe_encode(response.signature)
    made.save()
    SigningNonce.objects.filter(nonce=content.nonce).delete()
    return made


def withdraw(signature: Signature, login: str, reason: str) -> None:
    """Withdraw a signature; it stays, with the reason.

    Raises
    ------
    ValueRangeError : somebody else signed, it is withdrawn already, or no reason is given
    """
    if signature.signer != login:
        raise ValueRangeError("signature", "that of somebody else", "your own")
    if signature.withdrawn_at:
        raise ValueRangeError("signature", "withdrawn", "one that stands")
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why it is withdrawn")
    with because(reason.strip()):
        signature.withdrawn_at, signature.withdrawn_reason = moment(), reason.strip()[:300]
        signature.save()
