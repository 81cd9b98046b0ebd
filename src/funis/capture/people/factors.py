"""The second factor: enrolled by its person, asked after the password, reset by an administrator.

Kept in audited rows of our own rather than in the tables of allauth's `mfa`: those have no trail, no revision
and no encrypted secret, and its login resumes a stored request. Codes are RFC 6238, passkeys are fido2's.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from funis.capture.context import because, moment, who_acts
from funis.capture.models import Account, Authenticator, RecoveryCode
from funis.capture.models.factors import CODES, PASSKEY
from funis.capture.people.one_time_codes import matching_step
from funis.capture.people.passkeys import PasskeyRelyingParty
from funis.capture.people.permissions import Rights
from funis.capture.people.sealing import keyed_hash, seal, unseal
from funis.errors import ValueRangeError
from funis.study.today import read_clock

RECOVERY_CODES: Final = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """What a person gave beside the password.

    Attributes
    ----------
    code : of the app, or for recovery
    passkey : answer of the browser, as JSON
    state : what was kept since the browser was asked
    """

    code: str = ""
    passkey: str = ""
    state: Mapping[str, Any] | None = None


def factors_of(person: Account, kind: str = "") -> list[Authenticator]:
    """Give the second factors of a person that are in force, the oldest first."""
    found = Authenticator.objects.filter(person=person, ended_at="")
    return list((found.filter(kind=kind) if kind else found).order_by("pk"))


def has_factor(person: Account) -> bool:
    """Tell whether a person has a second factor."""
    return Authenticator.objects.filter(person=person, ended_at="").exists()


def lacks_factor(person: Account, rights: Rights) -> bool:
    """Tell whether a person must enrol a second factor before anything else: the server asks it of a role."""
    required = frozenset(settings.SECOND_FACTOR_ROLES)
    return any(role in required for role, _ in rights.roles) and not has_factor(person)


def is_right_code(secret: bytes, code: str) -> bool:
    """Tell whether a code fits a secret that is not enrolled yet."""
    return matching_step(secret, code, read_clock().timestamp(), 0) is not None


def add_codes(person: Account, secret: bytes, code: str) -> Authenticator:
    """Enrol an app that gives codes, once it gave the right one; somebody acts in the transaction.

    Raises
    ------
    ValueRangeError : the code does not fit, or an app is enrolled already
    """
    if factors_of(person, CODES):
        raise ValueRangeError("app for codes", "one is enrolled", "none", "End it first.")
    step = matching_step(secret, code, read_clock().timestamp(), 0)
    if step is None:
        raise ValueRangeError("code", "one that does not fit", "the six digits that the app shows now")
    made = Authenticator(
        person=person, kind=CODES, label="app", sealed=seal(secret, person.pk), last_step=step,
        added_at=moment(),
    )  # fmt: skip
    made.save()
    return made


def add_passkey(person: Account, label: str, credential: tuple[str, str]) -> Authenticator:
    """Enrol a passkey that `PasskeyRelyingParty.read_new` has checked; somebody acts in the transaction."""
    made = Authenticator(
        person=person, kind=PASSKEY, label=label.strip()[:60] or PASSKEY, credential_id=credential[0],
        public_key=credential[1], added_at=moment(),
    )  # fmt: skip
    made.save()
    return made


def check_proof(person: Account, proof: Proof, party: PasskeyRelyingParty) -> bool:
    """Tell whether a proof holds, and use it up; somebody acts in the transaction.

    Parameters
    ----------
    person : whose factor it is
    proof : a code of the app, a code for recovery, or the answer of a passkey
    party : the server as passkeys know it
    """
    if proof.passkey:
        if proof.state is None:
            return False
        try:
            passkey, response = party.read(dict(proof.state), factors_of(person, PASSKEY), proof.passkey)
        except ValueRangeError:
            return False
        count_use(passkey, response.response.authenticator_data.counter)
        return True
    return check_code(person, proof.code) or _use_recovery_code(person, proof.code)


def check_code(person: Account, code: str) -> bool:
    """Tell whether a code of the app fits, and use it up: the same code is refused from then on."""
    codes = Authenticator.objects.select_for_update().filter(person=person, kind=CODES, ended_at="")
    for each in codes:
        step = matching_step(unseal(each.sealed, person.pk), code, read_clock().timestamp(), each.last_step)
        if step is not None:
            with because("code used"):
                each.last_step = step
                each.save()
            return True
    return False


def count_use(passkey: Authenticator, uses: int) -> None:
    """Keep what a passkey counted."""
    with because("passkey used"):
        passkey.uses = uses
        passkey.save()


def new_recovery_codes(person: Account) -> list[str]:
    """Make codes for recovery, which are shown once; those of before count no more."""
    _drop_recovery_codes(person, "replaced")
    made = []
    for _ in range(RECOVERY_CODES):
        text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
        RecoveryCode(person=person, code_hash=keyed_hash(text, person.pk)).save()
        made.append("-".join(text[start : start + 4] for start in range(0, 16, 4)))
    return made


def recovery_codes_left(person: Account) -> int:
    """Count the codes for recovery that are not used."""
    return RecoveryCode.objects.filter(person=person, gone_at="").count()


def _use_recovery_code(person: Account, code: str) -> bool:
    text = "".join(code.lower().replace("-", "").split())
    known = RecoveryCode.objects.select_for_update().filter(person=person, gone_at="")
    found = known.filter(code_hash=keyed_hash(text, person.pk)).first()
    if found is None:
        return False
    with because("code for recovery used"):
        found.gone_at, found.gone_why = moment(), "used"
        found.save()
    return True


def _drop_recovery_codes(person: Account, why: str) -> None:
    with because(f"codes for recovery {why}"):
        for each in RecoveryCode.objects.filter(person=person, gone_at=""):
            each.gone_at, each.gone_why = moment(), why
            each.save()


def end_factor(factor: Authenticator, reason: str) -> None:
    """End a second factor; its person is told where somebody else did it.

    Raises
    ------
    ValueRangeError : no reason, or it has ended
    """
    if factor.ended_at:
        raise ValueRangeError("second factor", "one that has ended", "one in force")
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why it ends")
    who = who_acts()
    with because(reason.strip()):
        factor.ended_at, factor.ended_by = moment(), who.actor if who else ""
        factor.ended_reason = reason.strip()[:300]
        factor.is_told = factor.ended_by == factor.person.login
        factor.save()


def reset_factors(person: Account, reason: str) -> int:
    """End every second factor and every code for recovery of a person who lost them, within a transaction.

    Returns
    -------
    int : factors that ended

    Raises
    ------
    ValueRangeError : no reason, nothing to reset, or somebody resets his own
    """
    who = who_acts()
    if who is not None and who.actor == person.login:
        raise ValueRangeError("second factor", "your own", "that of another person")
    found: Sequence[Authenticator] = factors_of(person)
    if not found:
        raise ValueRangeError("second factor", "none", "one in force")
    for each in found:
        end_factor(each, reason)
    _drop_recovery_codes(person, "reset")
    return len(found)


def ended_by_others(person: Account) -> list[Authenticator]:
    """Give the factors that somebody else ended, the newest first."""
    found = Authenticator.objects.filter(person=person).exclude(ended_at="").exclude(ended_by=person.login)
    return list(found.order_by("-ended_at"))


def take_notice(person: Account) -> list[Authenticator]:
    """Give the factors that somebody else ended and that the person has not been told of; now he is."""
    untold = [each for each in ended_by_others(person) if not each.is_told]
    with because("shown to the person"):
        for each in untold:
            each.is_told = True
            each.save()
    return untold
