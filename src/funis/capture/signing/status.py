"""The status of a signature, computed each time: valid, broken with what changed, withdrawn, unproven."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from funis.capture.models import Form, Signature
from funis.capture.people.blinding import is_withheld
from funis.capture.signing.content import SignedForm, hash_data, read_content
from funis.capture.signing.proof import StoredSignature, verify_signature
from funis.capture.trail.history import Change, read_history

VALID, BROKEN, WITHDRAWN, UNPROVEN = "valid", "broken", "withdrawn", "unproven"
REDACTED: Final = "redacted"
STATUSES: Final = {
    VALID: "Valid",
    REDACTED: "Stands; words were taken out since by two people, who stand in the trail",
    BROKEN: "Broken: changed since",
    WITHDRAWN: "Withdrawn",
    UNPROVEN: "Not valid: the proof does not hold",
}
"""Every status, with the printed words."""


@dataclass(frozen=True, slots=True)
class ChangedItem:
    """One item that was changed after a signature; the item is empty where the score alone was made anew.

    A redaction is that of the change; empty: it is an ordinary one.
    """

    form: str
    item: str
    old: Any
    new: Any
    by: str
    at: str
    reason: str
    redaction: str = ""


@dataclass(frozen=True, slots=True)
class SignatureRead:
    """A signature with its status.

    Attributes
    ----------
    row : the signature
    status : one of `STATUSES`
    forms : id and revision of every form that was signed
    changes : of the signed forms since
    faults : of the proof, in words
    added : forms that were added since to what was signed, and are not signed
    """

    row: Signature
    status: str
    forms: Mapping[str, int]
    changes: tuple[ChangedItem, ...]
    faults: tuple[str, ...]
    added: int

    @property
    def shown_at(self) -> str:
        """Give the time of the signature in the zone of the study, with its distance from UTC."""
        at = datetime.fromisoformat(self.row.at).astimezone(ZoneInfo(self.row.zone))
        return f"{at:%Y-%m-%d %H:%M:%S} UTC{at:%z} ({self.row.zone})"


def read_signatures(
    subject: str, form: str = "", *, is_blinded: bool = False, withheld: Collection[str] = ()
) -> list[SignatureRead]:
    """Read the signatures of a subject, the newest first, each with its status.

    Parameters
    ----------
    subject : id of the subject
    form : id of a form; empty: all, else those that signed it
    is_blinded : as a blinded person reads them, to whom forms that give the arm away do not exist
    withheld : ids of more forms that do not exist for the person
    """
    rows = list(Signature.objects.filter(subject=subject).order_by("-at", "-pk"))
    if not rows:
        return []
    forms = {each.pk: each for each in Form.objects.filter(subject=subject).with_version()}
    hidden = {key for key, each in forms.items() if is_blinded and is_withheld(each.name)} | {*withheld}
    history = [each for each in read_history(f"subject:{subject}") if each.row in forms.keys() - hidden]
    found = [_read(row, forms, history, hidden) for row in rows]
    return [each for each in found if not form or form in each.forms]


def _read(
    row: Signature, forms: Mapping[str, Form], history: Iterable[Change], hidden: Collection[str]
) -> SignatureRead:
    faults = verify_signature(stored_signature(row))
    try:
        signed = {each.form: each for each in read_content(row.content).forms}
    except (KeyError, TypeError, ValueError):
        signed = {}
    faults += tuple("a signed form is not one of this subject" for each in signed if each not in forms)
    signed = {name: each for name, each in signed.items() if name not in hidden}
    forms = {key: each for key, each in forms.items() if key not in hidden}
    since = {name: each.revision for name, each in signed.items()}
    changes = tuple(
        item for change in history if change.revision > since.get(change.row, change.revision)
        for item in _items(change)
    )  # fmt: skip
    standing = all(_is_current(forms[name], each) for name, each in signed.items() if name in forms)
    if faults:
        status = UNPROVEN
    elif row.withdrawn_at:
        status = WITHDRAWN
    elif changes and all(each.redaction for each in changes):
        # The hash of what was signed is compared with nothing any more: the words are gone. The trail tells
        # every change since, and each is a redaction.
        status = REDACTED
    else:
        status = VALID if standing and not changes else BROKEN
    return SignatureRead(row, status, since, changes, faults, _count_added(row, forms, since))


def _count_added(row: Signature, forms: Mapping[str, Form], signed: Mapping[str, int]) -> int:
    """Count the forms that lie in what was signed now, and did not then."""
    inside = (each for each in forms.values() if row.scope == "subject" or each.visit_id == row.target)
    return 0 if row.scope == "form" else sum(1 for each in inside if each.pk not in signed)


def _is_current(form: Form, signed: SignedForm) -> bool:
    """Tell whether a form is as it was signed: by its revision, and by its data themselves."""
    return form.revision == signed.revision and hash_data(form.data) == signed.data


def _items(change: Change) -> Iterable[ChangedItem]:
    items = change.items or {"": (None, None)}
    for item, (old, new) in items.items():
        yield ChangedItem(
            change.row, item, old, new, change.actor, change.at, change.reason, change.redaction
        )


def stored_signature(row: Signature) -> StoredSignature:
    """Give what `verify_signature` needs of a signature: nothing else of the server is."""
    return StoredSignature(
        content=row.content, content_hash=row.content_hash, signer=row.signer,
        printed_name=row.printed_name, role=row.role, meaning=row.meaning,
        statement=row.statement, scope=row.scope, target=row.target, subject=row.subject_id, nonce=row.nonce,
        method=row.method, relying_party=row.relying_party, credential_id=row.credential_id,
        public_key=row.public_key, client_data=row.client_data, authenticator_data=row.authenticator_data,
        signature=row.assertion,
    )  # fmt: skip
