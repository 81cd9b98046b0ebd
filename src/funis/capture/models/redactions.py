"""Words that two people take out of the database: who asked, who confirmed, why, from how many places."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.locks import REASON_LENGTH
from funis.capture.models.subjects import Subject


class Redaction(Audited):
    """One redaction; it stands in the chain from which it takes words out.

    Attributes
    ----------
    subject, site, chain : whose chain; none and empty where it belongs to no subject
    words : what is taken out; once it is done, what stands in its place
    state : ``asked``, ``confirmed`` (words are being taken out, within one transaction), ``done``,
        ``taken_back``
    asked_by, asked_at, asked_reason : the first person
    confirmed_by, confirmed_at, confirmed_reason : the second person, or who took the request back
    rows, texts_taken : how many rows of today and how many texts of the trail held the words
    """

    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", null=True, blank=True)
    site = models.CharField(max_length=30, blank=True)
    chain = models.CharField(max_length=120)
    words = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="asked")
    asked_by = models.CharField(max_length=60)
    asked_at = models.CharField(max_length=30)
    asked_reason = models.CharField(max_length=REASON_LENGTH)
    confirmed_by = models.CharField(max_length=60, blank=True)
    confirmed_at = models.CharField(max_length=30, blank=True)
    confirmed_reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    rows = models.PositiveIntegerField(default=0)
    texts_taken = models.PositiveIntegerField(default=0)

    fixed = ("id", "subject_id", "site", "chain", "words", "asked_by", "asked_at", "asked_reason")
    texts = ("words", "asked_reason", "confirmed_reason")
    chained_by = ("chain", "")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["confirmed", "done"])
                | (~models.Q(confirmed_by="") & ~models.Q(confirmed_by=models.F("asked_by"))),
                name="a_redaction_takes_two_people",
            )
        ]
