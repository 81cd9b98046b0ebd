"""Who somebody is: sealed with AES-256-GCM, opened with a reason, erased for good by destroying its key.

Each subject and donor has a random key; it is stored sealed by the key of its site, which stands in a file
and never in the database or a backup. What was sealed for one cannot be opened as another's: whose it is goes
into every seal.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from funis.capture.configuration import read_configuration
from funis.capture.context import because, seeing
from funis.capture.models import DonorIdentity, StudyForm, Subject, SubjectIdentity
from funis.capture.people.sealing import open_by, seal_by
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError
from funis.files import lock_folder, said_of

LABORATORY_KEY: Final = "cell-laboratory"
"""Name of the key that seals donors."""
LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class KeptIdentity:
    """Who somebody is.

    Attributes
    ----------
    names : as in the passport or the hospital's system
    birth_date : ISO 8601, empty where it is not known
    hospital_number : of the patient in the hospital's system
    contact : address, telephone
    """

    names: str
    birth_date: str = ""
    hospital_number: str = ""
    contact: str = ""


def read_identity(given: dict[str, str]) -> KeptIdentity:
    """Read what was typed.

    Raises
    ------
    ValueRangeError : a name is missing, a text too long, the birth date is none; it is not repeated
    """
    identity = KeptIdentity(**{name: given.get(name, "").strip() for name in KeptIdentity.__slots__})
    if not identity.names:
        raise ValueRangeError("names", "nothing", "the names of the person")
    if any(len(text) > LONGEST for text in asdict(identity).values()):
        raise ValueRangeError("identity", "a longer text", f"at most {LONGEST} letters in a field")
    if identity.birth_date:
        try:
            date.fromisoformat(identity.birth_date)
        except ValueError:
            raise ValueRangeError("birth date", "another text", "a day as YYYY-MM-DD, or nothing") from None
    return identity


# --- keys of sites ------------------------------------------------------------------------------------


def key_of(name: str) -> bytes:
    """Give the key of a site, or of the cell laboratory; the first use makes it, in the file of keys.

    Raises
    ------
    ValueRangeError : the file cannot be read by the server, or a line of it is no key
    """
    path = read_configuration().identity_keys_file
    with said_of(path), lock_folder(path.parent):
        keys = _read_keys(path)
        if name not in keys:
            keys[name] = secrets.token_bytes(32)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, f"{name} {keys[name].hex()}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        return keys[name]


def known_key(name: str) -> bytes | None:
    """Give the key of a name where the file of keys has it; none is made.

    Raises
    ------
    ValueRangeError : the file cannot be read by the server, or a line of it is no key
    """
    path = read_configuration().identity_keys_file
    with said_of(path), lock_folder(path.parent):
        return _read_keys(path).get(name)


def _read_keys(path: Path) -> dict[str, bytes]:
    if not path.exists():
        return {}
    keys = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, _, text = line.strip().rpartition(" ")
        try:
            keys[name] = bytes.fromhex(text)
        except ValueError:
            keys[name] = b""
        if not name or len(keys[name]) != 32:
            raise ValueRangeError(
                f"{path.name}, line {number}", "no key", "name of the site and 64 hexadecimals"
            ) from None
    return keys


def name_of_key(key: bytes) -> str:
    """Give the fingerprint of a key, which tells it from another and gives nothing of it away."""
    return hashlib.sha256(b"funis identity key" + key).hexdigest()[:16]


# --- seals --------------------------------------------------------------------------------------------


def _write(row: SubjectIdentity | DonorIdentity, identity: KeptIdentity, site: str, whose: str) -> None:
    own, key = secrets.token_bytes(32), key_of(site)
    row.key_name = name_of_key(key)
    row.sealed_key = seal_by(key, own, f"key of {whose}")
    row.content = seal_by(own, json.dumps(asdict(identity), ensure_ascii=False).encode(), whose)
    row.save()


def _read(row: SubjectIdentity | DonorIdentity, site: str, whose: str) -> KeptIdentity:
    if not row.sealed_key:
        raise ValueRangeError("identity", "one whose key was destroyed", "one that can be opened")
    key = key_of(site)
    if name_of_key(key) != row.key_name:
        raise ValueRangeError(
            "key of identities", f"another key for {site} than the one that sealed", "the key of then",
            "Put the file of keys back that the server had.",
        )  # fmt: skip
    own = open_by(key, row.sealed_key, f"key of {whose}", "identity")
    return KeptIdentity(**json.loads(open_by(own, row.content, whose, "identity")))


# --- subjects -----------------------------------------------------------------------------------------


def identity_of(subject: Subject) -> SubjectIdentity | None:
    """Give the sealed identity of a subject; none where none was entered."""
    return SubjectIdentity.objects.filter(subject=subject).first()


def keep_identity(subject: Subject, identity: KeptIdentity, reason: str = "") -> None:
    """Enter who a subject is, or enter it anew with a reason, within a transaction in which somebody acts.

    Raises
    ------
    ValueRangeError : one is there and no reason is given
    """
    row = identity_of(subject)
    if row is not None and not reason.strip():
        raise ValueRangeError("reason", "nothing", "why who the subject is was entered anew")
    with because(reason.strip() or "first entry"):
        _write(
            row or SubjectIdentity(subject=subject, site=subject.site),
            identity,
            subject.site,
            _whose(subject),
        )


def open_identity(subject: Subject, reason: str) -> KeptIdentity:
    """Open who a subject is: an event of the trail, with the reason.

    Raises
    ------
    ValueRangeError : no reason, none was entered, its key was destroyed, or it was altered
    """
    row = identity_of(subject)
    if row is None:
        raise ValueRangeError("identity", "none", "one that was entered")
    _need(reason, "why who the subject is must be known")
    found = _read(row, subject.site, _whose(subject))
    with because(reason.strip()):
        record_event("identity opened", f"subject:{subject.pk}", {})
    return found


def others_of_same_person(subject: Subject) -> list[Subject]:
    """Give other subjects whose kept identity is that of the same person; nobody is shown it.

    The same person is who has the same hospital number at the same site, or the same names and birth date.

    Parameters
    ----------
    subject : with an identity; of one without nothing can be told

    Raises
    ------
    ValueRangeError : a key of identities is another one than the one that sealed
    """
    own = identity_of(subject)
    if own is None or not own.sealed_key:
        return []
    person = _read(own, subject.site, _whose(subject))
    with seeing(None):
        rows = list(
            SubjectIdentity.objects.exclude(pk=own.pk).exclude(sealed_key="").select_related("subject")
        )
    return [
        row.subject
        for row in rows
        if _is_same(person, _read(row, row.site, _whose(row.subject)), is_one_site=row.site == subject.site)
    ]


def _is_same(one: KeptIdentity, other: KeptIdentity, *, is_one_site: bool) -> bool:
    def told(*texts: str) -> tuple[str, ...]:
        return tuple("".join(text.split()).casefold() for text in texts)

    numbers = told(one.hospital_number, other.hospital_number)
    if is_one_site and all(numbers) and numbers[0] == numbers[1]:
        return True
    known = bool(one.birth_date and other.birth_date)
    return known and told(one.names, one.birth_date) == told(other.names, other.birth_date)


def destroy_identity(subject: Subject, reason: str) -> None:
    """Destroy the key of who a subject is: nobody opens it again.

    Raises
    ------
    ValueRangeError : no reason, or there is nothing to destroy
    """
    row = identity_of(subject)
    if row is None or not row.sealed_key:
        raise ValueRangeError("identity", "none that can be opened", "one that was entered")
    _need(reason, "why the identity is erased")
    with because(reason.strip()):
        row.sealed_key, row.content = "", ""
        row.save()
        record_event("identity erased", f"subject:{subject.pk}", {})


def _whose(subject: Subject) -> str:
    return f"subject {subject.pk}"


# --- donors -------------------------------------------------------------------------------------------


def identity_of_donor(donor: StudyForm) -> DonorIdentity | None:
    """Give the sealed identity of a donor; none where none was entered."""
    return DonorIdentity.objects.filter(donor=donor).first()


def keep_donor_identity(donor: StudyForm, identity: KeptIdentity, reason: str = "") -> None:
    """Enter who a donor is, or enter it anew with a reason, within a transaction in which somebody acts.

    Raises
    ------
    ValueRangeError : one is there and no reason is given
    """
    row = identity_of_donor(donor)
    if row is not None and not reason.strip():
        raise ValueRangeError("reason", "nothing", "why who the donor is was entered anew")
    with because(reason.strip() or "first entry"):
        _write(row or DonorIdentity(donor=donor), identity, LABORATORY_KEY, f"donor {donor.pk}")


def open_donor_identity(donor: StudyForm, reason: str) -> KeptIdentity:
    """Open who a donor is: an event of the trail, with the reason.

    Raises
    ------
    ValueRangeError : no reason, none was entered, or it was altered
    """
    row = identity_of_donor(donor)
    if row is None:
        raise ValueRangeError("identity", "none", "one that was entered")
    _need(reason, "why who the donor is must be known")
    found = _read(row, LABORATORY_KEY, f"donor {donor.pk}")
    with because(reason.strip()):
        record_event("identity opened", f"donor:{donor.pk}", {})
    return found


def _need(reason: str, why: str) -> None:
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", why)
