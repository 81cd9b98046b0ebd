"""Signatures: rows that are never changed but by who signed, who may withdraw."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import KEY_LENGTH
from funis.capture.models.locks import REASON_LENGTH
from funis.capture.models.subjects import OfSubject


class Signature(OfSubject):
    """One act of signing; whether it is valid is computed, not stored.

    Attributes
    ----------
    scope, target : ``form``, ``visit`` or ``subject``, and its id
    meaning, statement : one of `signing.content.MEANINGS`, and the sentence
    signer, printed_name, role : login, name and role of who signed
    at, zone : when (UTC), and the time zone of the study
    method : ``passkey``, or ``password and code``
    content, content_hash : what was signed as one text, and its SHA-256
    nonce : drawn once for the act
    relying_party, credential_id, public_key, client_data, authenticator_data, assertion : of the passkey
    withdrawn_at, withdrawn_reason : by who signed; empty as long as it stands
    """

    scope = models.CharField(max_length=10)
    target = models.CharField(max_length=KEY_LENGTH)
    meaning = models.CharField(max_length=20)
    statement = models.TextField()
    signer = models.CharField(max_length=60)
    printed_name = models.CharField(max_length=120)
    role = models.CharField(max_length=30)
    at = models.CharField(max_length=30)
    zone = models.CharField(max_length=60)
    method = models.CharField(max_length=20)
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, unique=True)
    relying_party = models.CharField(max_length=255, blank=True)
    credential_id = models.CharField(max_length=1400, blank=True)
    public_key = models.TextField(blank=True)
    client_data = models.TextField(blank=True)
    authenticator_data = models.TextField(blank=True)
    assertion = models.TextField(blank=True)
    withdrawn_at = models.CharField(max_length=30, blank=True)
    withdrawn_reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    fixed = (
        *OfSubject.fixed, "scope", "target", "meaning", "statement", "signer", "printed_name", "role", "at",
        "zone", "method", "content", "content_hash", "nonce", "relying_party", "credential_id", "public_key",
        "client_data", "authenticator_data", "assertion",
    )  # fmt: skip
    texts = ("withdrawn_reason",)
    # A signature changes no data: it is given and withdrawn in what is locked, too.
    closed_to = ""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subject", "scope"], name="signature_by_subject")
        ]


class SigningNonce(models.Model):
    """What a page offered to sign, for five minutes or one use.

    Attributes
    ----------
    nonce : drawn for the page
    person : id of who was offered
    at : seconds since 1970
    content : what was offered
    """

    nonce = models.CharField(primary_key=True, max_length=64)
    person = models.CharField(max_length=KEY_LENGTH)
    at = models.FloatField()
    content = models.TextField()
