"""Notices: that there is something to look at, told to a person; no clinical data stands in one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.people import Account
from funis.capture.models.subjects import Subject


class SafetyNotice(Audited):
    """One thing that one person is told.

    Attributes
    ----------
    person : who is told
    kind : one of `safety.notices.KINDS`
    about : what it is about: id of a row, or name of a rule with its counts; one person is told of it once
    subject, site : of it; none and empty where it belongs to no subject, to no site
    link : address of the page, within the server
    created_at : when it was made (UTC)
    state : ``waiting`` for its mail, ``sent``, or ``no_address``: it stands on the page of notices alone
    sent_at, tries, next_at, error : when the mail was sent; how often it was tried, when next, and the kind
        of the last failure
    """

    person = models.ForeignKey(Account, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    about = models.CharField(max_length=120)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", null=True, blank=True)
    site = models.CharField(max_length=30, blank=True)
    link = models.CharField(max_length=120)
    created_at = models.CharField(max_length=30)
    state = models.CharField(max_length=12)
    sent_at = models.CharField(max_length=30, blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_at = models.CharField(max_length=30, blank=True)
    error = models.CharField(max_length=60, blank=True)

    fixed = ("id", "person_id", "kind", "about", "subject_id", "site", "link", "created_at")
    chained_by = ("subject_id", "subject")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "kind", "about"], name="one_notice_of_a_thing"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "no_address"]), name="a_state_of_notices"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "next_at"], name="notice_by_state"),
            models.Index(fields=["person", "created_at"], name="notice_by_person"),
        ]
