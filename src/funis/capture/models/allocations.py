"""Who was allocated, and what happened to it since; the arm itself stands sealed."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.audited import Audited, DocumentField
from funis.capture.models.studies import StudyVersion
from funis.capture.models.subjects import OfSubject

FINGERPRINT_LENGTH: Final = 64
UNBLINDED, WRONG_STRATUM = "unblinded", "wrong_stratum"
"""What may happen to an allocation: its arm was opened for one subject, or a stratum was not the true one."""


class AllocationSeed(Audited):
    """The secret of the trial from which every allocation is drawn, made once and never changed.

    Attributes
    ----------
    number : 1, so that there is one row and no second
    key_name : fingerprint of the key that seals it and every arm
    sealed : the seed, sealed by a key that stands in no database
    commitment : SHA-256 of the seed; who is given the seed after the trial can tell that it was this one
    """

    number = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    key_name = models.CharField(max_length=16)
    sealed = models.TextField()
    commitment = models.CharField(max_length=FINGERPRINT_LENGTH)

    append_only = True
    secret = ("sealed",)
    fixed = ("id", "number", "key_name", "commitment")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(number=1), name="one_allocation_seed")
        ]


class Allocation(OfSubject):
    """The allocation of a subject: once, never changed; the trail has everything but the arm.

    Attributes
    ----------
    number : 1, 2, ... of the trial, in the order of allocation
    version : study version by whose plan it was drawn
    plan : SHA-256 of method, strata, shares, sizes and chance; empty of an allocation that was loaded
    data : values of the strata as they were shown and confirmed
    sealed : the arm, sealed for this subject, each as long as the others
    fingerprint : SHA-256 of `sealed`, which the trail holds
    by, at : login of who allocated, and when (UTC)
    """

    number = models.PositiveIntegerField(unique=True)
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    plan = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True)
    data = DocumentField(default=dict)
    sealed = models.TextField()
    fingerprint = models.CharField(max_length=FINGERPRINT_LENGTH)
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=30)

    append_only = True
    secret = ("sealed",)
    document = "data"

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject"], name="allocated_once")
        ]


class AllocationEvent(OfSubject):
    """What happened to an allocation since: it was unblinded, or a stratum was found to be wrong.

    Attributes
    ----------
    kind : `UNBLINDED` or `WRONG_STRATUM`
    by, at : login of the person, and when (UTC)
    reason : in words
    data : of a wrong stratum, each with the value it was allocated by and the one that is in the data now
    """

    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=30)
    reason = models.TextField()
    data = DocumentField(default=dict)

    append_only = True
    texts = ("reason",)
    document = "data"
    # In an emergency nobody waits until a form is open again.
    closed_to = ""
