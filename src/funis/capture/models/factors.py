"""What a person has beside a password: an app that gives codes, passkeys, codes for recovery."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.locks import REASON_LENGTH
from funis.capture.models.people import Account

CODES: Final = "codes"
PASSKEY: Final = "passkey"


class Authenticator(Audited):
    """A second factor of a person; one that ended stays, so that what was signed with it can be checked.

    Attributes
    ----------
    kind : ``codes`` (an app that gives a code every 30 seconds) or ``passkey``
    label : as its person calls it
    sealed : secret of the codes, encrypted with a key that is not in the database
    credential_id, public_key : of the passkey, in base64 for addresses
    last_step : the last 30 seconds whose code was used, so that none is used twice
    uses : what the passkey counted itself; a copy of it counts less
    added_at : when (UTC)
    ended_at, ended_by, ended_reason : empty as long as it is in force
    is_told : its person knows that somebody else ended it
    """

    person = models.ForeignKey(Account, models.PROTECT, related_name="authenticators")
    kind = models.CharField(max_length=10)
    label = models.CharField(max_length=60)
    sealed = models.CharField(max_length=200, blank=True)
    credential_id = models.CharField(max_length=1400, blank=True)
    public_key = models.TextField(blank=True)
    last_step = models.BigIntegerField(default=0)
    uses = models.BigIntegerField(default=0)
    added_at = models.CharField(max_length=30)
    ended_at = models.CharField(max_length=30, blank=True)
    ended_by = models.CharField(max_length=60, blank=True)
    ended_reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    is_told = models.BooleanField(default=True)

    secret = ("sealed",)
    texts = ("label", "ended_reason")
    fixed = ("id", "person_id", "kind", "sealed", "credential_id", "public_key", "added_at")
    chained_by = ("person_id", "person")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["credential_id"], condition=~models.Q(credential_id=""), name="one_passkey"
            )
        ]


class RecoveryCode(Audited):
    """One code that lets its person in once where the factor is lost; only a keyed hash of it is kept.

    Attributes
    ----------
    code_hash : of the code, under a key that is not in the database
    gone_at, gone_why : when and why it counts no more: ``used``, ``replaced``, ``reset``
    """

    person = models.ForeignKey(Account, models.PROTECT, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    gone_at = models.CharField(max_length=30, blank=True)
    gone_why = models.CharField(max_length=10, blank=True)

    secret = ("code_hash",)
    fixed = ("id", "person_id", "code_hash")
    chained_by = ("person_id", "person")
