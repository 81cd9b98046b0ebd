"""Queries about the data: what the checks found and what people asked, with what was said to each."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from funis.capture.models.audited import KEY_LENGTH, Audited
from funis.capture.models.subjects import Subject

TEXT_LENGTH: Final = 2000
"""Longest text of a message."""


class Query(Audited):
    """One question about one item of one row; it is closed and reopened, never deleted.

    Attributes
    ----------
    about : id of the subject, or name of the table of what belongs to no subject
    subject, site : of the row; none and empty where it belongs to no subject
    kind : ``automatic``, of the checks, or ``manual``, asked by somebody
    code, level : of the finding (see ``funis check``); empty of a manual one
    form_name, row_key, visit : where: name of the form or table, id of its row (empty: none is meant), name
        of the visit
    item : column; empty: the whole row
    text : what the check says now; empty of a manual one, whose first message says it
    state : one of `monitoring.query_steps.STATES`
    fault_stands : the checks find it now; false of a manual one
    opened_by, opened_at, moved_at : login of who opened it; when (UTC), and when its state changed last
    """

    about = models.CharField(max_length=60)
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="queries", null=True, blank=True)
    site = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=10, blank=True)
    form_name = models.CharField(max_length=60)
    row_key = models.CharField(max_length=KEY_LENGTH, blank=True)
    visit = models.CharField(max_length=60, blank=True)
    item = models.CharField(max_length=80, blank=True)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=20, default="open")
    fault_stands = models.BooleanField(default=False)
    opened_by = models.CharField(max_length=60)
    opened_at = models.CharField(max_length=30)
    moved_at = models.CharField(max_length=30)

    fixed = (
        *("id", "about", "subject_id", "site", "kind", "code", "form_name", "row_key", "visit", "item"),
        *("opened_by", "opened_at"),
    )
    texts = ("text",)
    chained_by = ("subject_id", "subject")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["about", "form_name", "row_key", "visit", "item", "code"],
                condition=models.Q(kind="automatic"),
                name="one_automatic_query_of_a_fault",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        *("open", "answered", "answered_by_change", "reopened"),
                        *("closed", "closed_by_correction"),
                    ]
                ),
                name="a_state_of_queries",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "opened_at", "id"], name="query_by_state"),
            models.Index(fields=["site", "state", "opened_at", "id"], name="query_by_site"),
            models.Index(fields=["row_key", "item"], name="query_by_row"),
        ]


class QueryMessage(Audited):
    """One step of a query: who did it and what was said.

    Attributes
    ----------
    subject, site : as of the query, so that both stand in one chain
    step : what was done, one of `monitoring.query_steps.STEPS`
    author, at : login, and when (UTC)
    text : what was said, empty where the step says it all
    """

    query = models.ForeignKey(Query, models.PROTECT, related_name="messages")
    subject = models.ForeignKey(Subject, models.PROTECT, related_name="+", null=True, blank=True)
    site = models.CharField(max_length=30, blank=True)
    step = models.CharField(max_length=20)
    author = models.CharField(max_length=60)
    at = models.CharField(max_length=30)
    text = models.TextField(blank=True)

    fixed = ("id", "query_id", "subject_id", "site", "step", "author", "at", "text")
    texts = ("text",)
    chained_by = ("subject_id", "subject")


class CheckedSubject(models.Model):
    """How far the checks have seen a subject: what is newer was not checked yet.

    Attributes
    ----------
    subject : id of the subject
    seq : of the last row of its chain that was seen
    basis : what else decides the findings: the day, the study file, the tables of no subject
    """

    subject = models.CharField(primary_key=True, max_length=KEY_LENGTH)
    seq = models.BigIntegerField()
    basis = models.CharField(max_length=200)
