"""Screening: whether a subject may take part, criterion by criterion, and who decided it."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.audited import DocumentField
from funis.capture.models.studies import StudyVersion
from funis.capture.models.subjects import OfSubject

ELIGIBLE: Final = "eligible"
"""Outcome of a screening, and the status of a subject that it leaves."""
SCREEN_FAILURE: Final = "screen_failure"
"""Status of a subject whose screening failed; the tables of the data folder are those of the others."""


class Screening(OfSubject):
    """One screening of a subject; somebody who failed may be screened again, which is another row.

    Attributes
    ----------
    number : 1, 2, ... of the subject
    screened_on : day on which the screening began; none of subjects that were loaded
    version : study version whose criteria were answered
    data : of each criterion, by its id: the answer, ``<id>_seen_in`` where it was seen, and from the
        decision on ``<id>_by_rule`` what its rule said on that day
    outcome : one of `conduct.eligibility.OUTCOMES`, empty as long as nothing is decided
    reason : of a failure, one of `conduct.eligibility.FAILURES`
    words : what else was said of a failure
    decided_by, decided_on : login of the investigator, and the day
    """

    number = models.PositiveIntegerField(default=1)
    screened_on = models.DateField(null=True, blank=True)
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    data = DocumentField(default=dict)
    outcome = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    words = models.TextField(blank=True)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_on = models.DateField(null=True, blank=True)

    fixed = (*OfSubject.fixed, "number", "screened_on")
    texts = ("words",)
    document = "data"

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subject", "number"], name="one_screening"),
            models.CheckConstraint(
                condition=models.Q(outcome="", decided_by="", decided_on__isnull=True)
                | (~models.Q(outcome="") & ~models.Q(decided_by="") & models.Q(decided_on__isnull=False)),
                name="screening_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="not_eligible") & ~models.Q(reason="")
                | ~models.Q(outcome="not_eligible") & models.Q(reason=""),
                name="screening_failed_for_a_reason",
            ),
        ]
