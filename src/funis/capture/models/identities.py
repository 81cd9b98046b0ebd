"""Who subjects and donors are: sealed, each with a key of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.subjects import OfSubject, StudyForm


class SubjectIdentity(OfSubject):
    """Who a subject is; the trail says that it was written, never what.

    Attributes
    ----------
    key_name : fingerprint of the key of the site that seals `sealed_key`
    sealed_key : the subject's own key, sealed; empty: destroyed, and `content` is closed for good
    content : names, birth date, hospital number, contact, sealed by the subject's own key
    """

    key_name = models.CharField(max_length=16)
    sealed_key = models.TextField(blank=True)
    content = models.TextField()

    secret = ("sealed_key", "content")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject"], name="one_identity_of_a_subject")
        ]


class DonorIdentity(Audited):
    """Who a donor is, in a table of its own: no page shows it beside that of a subject.

    Attributes
    ----------
    key_name, sealed_key, content : as of a subject; the key is that of the cell laboratory
    """

    donor = models.OneToOneField(StudyForm, models.PROTECT, related_name="+")
    key_name = models.CharField(max_length=16)
    sealed_key = models.TextField(blank=True)
    content = models.TextField()

    secret = ("sealed_key", "content")
    fixed = ("id", "donor_id")
    chained_by = ("donor_id", "donor")
