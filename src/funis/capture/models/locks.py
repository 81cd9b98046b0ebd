"""What is closed: a freeze or a lock of a form, a visit, a subject, a site, the whole database."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.subjects import OfSubject

REASON_LENGTH: Final = 300
"""Longest reason that somebody gives."""
_TWO_REASONS: Final = 2 * REASON_LENGTH + 2


class SubjectLock(OfSubject):
    """The state of a subject, a visit or a form that was ever closed.

    Attributes
    ----------
    scope : ``subject``, ``visit`` or ``form``
    target : id of what is closed
    state : ``open``, ``frozen`` or ``locked``
    by, at, reason : login of who set the state, when (UTC), why
    """

    scope = models.CharField(max_length=10)
    target = models.CharField(max_length=36)
    state = models.CharField(max_length=10)
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=30)
    reason = models.CharField(max_length=REASON_LENGTH)

    fixed = (*OfSubject.fixed, "scope", "target")
    texts = ("reason",)
    closed_to = ""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["scope", "target"], name="one_state_of_a_target")
        ]


class StudyLock(Audited):
    """The state of a site, or of the whole database; each has its row from the first start.

    Attributes
    ----------
    place : code of the site; empty: the whole database
    state : ``open``, ``frozen`` or ``locked``
    by, at, reason : login of who set the state, when (UTC), why; empty as long as nobody did
    asked_state, asked_by, asked_reason : of the database: what one person asks for and a second confirms
    """

    place = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=10, default="open")
    by = models.CharField(max_length=60, blank=True)
    at = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=_TWO_REASONS, blank=True)
    asked_state = models.CharField(max_length=10, blank=True)
    asked_by = models.CharField(max_length=60, blank=True)
    asked_reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    fixed = ("id", "place")
    texts = ("reason", "asked_reason")
