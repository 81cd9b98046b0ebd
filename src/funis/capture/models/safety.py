"""The clocks of serious adverse events, what was reported, and where the stopping rules stand."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from funis.capture.models.audited import Audited
from funis.capture.models.locks import REASON_LENGTH
from funis.capture.models.subjects import Form, OfSubject


class SafetyClock(OfSubject):
    """The clock of an adverse event that became serious; an event that becomes so again has another one.

    Attributes
    ----------
    form : the adverse event
    number : 1, 2, ... of the event
    noticed_at, noticed_by : when (UTC) and by whom it was entered as serious
    aware_at : moment (UTC) at which the site became aware that it is serious; empty: not recorded yet
    aware_by : login of who recorded that moment
    ended_at, ended_by, ended_reason : when, by whom and why it was said not to be serious after all; empty as
        long as it is
    """

    form = models.ForeignKey(Form, models.PROTECT, related_name="clocks")
    number = models.PositiveIntegerField(default=1)
    noticed_at = models.CharField(max_length=30)
    noticed_by = models.CharField(max_length=60)
    aware_at = models.CharField(max_length=30, blank=True)
    aware_by = models.CharField(max_length=60, blank=True)
    ended_at = models.CharField(max_length=30, blank=True)
    ended_by = models.CharField(max_length=60, blank=True)
    ended_reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    fixed = (*OfSubject.fixed, "form_id", "number", "noticed_at", "noticed_by")
    texts = ("ended_reason",)
    # A lock ends entry, never the duty to report.
    closed_to = ""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["form", "number"], name="one_clock_of_a_number"),
            models.UniqueConstraint(
                fields=["form"], condition=models.Q(ended_at=""), name="one_running_clock_of_an_event"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "ended_at", "noticed_at"], name="clock_by_site")
        ]


class SafetyReport(OfSubject):
    """One report of a serious event: that it was sent, by whom and to whom; its text lies elsewhere.

    Attributes
    ----------
    clock : of the event
    kind : ``initial`` or ``follow_up``
    sent_at : when it was sent (UTC), as the person says
    sent_to, reference : to whom; number under which it is kept there
    by, at : login of who recorded it, and when (UTC)
    withdrawn_at, withdrawn_by, withdrawn_reason : of a record that was made by mistake; empty as long as it
        stands
    """

    clock = models.ForeignKey(SafetyClock, models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=10)
    sent_at = models.CharField(max_length=30)
    sent_to = models.CharField(max_length=120)
    reference = models.CharField(max_length=120, blank=True)
    by = models.CharField(max_length=60)
    at = models.CharField(max_length=30)
    withdrawn_at = models.CharField(max_length=30, blank=True)
    withdrawn_by = models.CharField(max_length=60, blank=True)
    withdrawn_reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    fixed = (*OfSubject.fixed, "clock_id", "kind", "sent_at", "sent_to", "reference", "by", "at")
    texts = ("sent_to", "reference", "withdrawn_reason")
    closed_to = ""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["initial", "follow_up"]), name="a_kind_of_safety_report"
            ),
            models.UniqueConstraint(
                fields=["clock"],
                condition=models.Q(kind="initial", withdrawn_at=""),
                name="one_initial_report_of_a_clock",
            ),
        ]


class StoppingWatch(Audited):
    """Where a stopping rule of the study file stands, and what the safety board decided; counts alone.

    Attributes
    ----------
    rule : its id in the study file
    answer : ``crossed``, ``not_crossed`` or ``cannot_tell``
    judged_at : when it was last another (UTC)
    events, subjects, infused : that surely count, when it was last judged another; subjects infused
    decision : ``go_on`` or ``stop``; empty: none yet
    decided_by, decided_at, decided_reason : of the decision
    decided_events, decided_subjects : counts that the board knew
    """

    rule = models.CharField(max_length=60, unique=True)
    answer = models.CharField(max_length=20, default="not_crossed")
    judged_at = models.CharField(max_length=30, blank=True)
    events = models.PositiveIntegerField(default=0)
    subjects = models.PositiveIntegerField(default=0)
    infused = models.PositiveIntegerField(default=0)
    decision = models.CharField(max_length=10, blank=True)
    decided_by = models.CharField(max_length=60, blank=True)
    decided_at = models.CharField(max_length=30, blank=True)
    decided_reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    decided_events = models.PositiveIntegerField(default=0)
    decided_subjects = models.PositiveIntegerField(default=0)

    fixed = ("id", "rule")
    texts = ("decided_reason",)
    closed_to = ""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(answer__in=["crossed", "not_crossed", "cannot_tell"]),
                name="an_answer_of_a_stopping_rule",
            ),
            models.CheckConstraint(
                condition=models.Q(decision__in=["", "go_on", "stop"]), name="a_decision_on_a_stopping_rule"
            ),
        ]
