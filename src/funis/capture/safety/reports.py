"""Reports of serious events: that one was sent is recorded, and a record is never removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from funis.capture.context import because, moment, who_acts
from funis.capture.models import SafetyClock, SafetyReport
from funis.capture.safety.clock import FOLLOW_UP, INITIAL, NOT_SERIOUS, read_clock_of
from funis.errors import UnknownNameError, ValueRangeError

KINDS: Final[Mapping[str, str]] = {INITIAL: "Initial report", FOLLOW_UP: "Follow-up report"}
"""Every kind of report, with the printed words."""
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class SentReport:
    """What somebody says of a report.

    Attributes
    ----------
    kind : one of `KINDS`
    sent_at : when it was sent, in UTC as `study_in_force.read_moment` gives it
    sent_to : to whom
    reference : number under which it is kept there
    """

    kind: str
    sent_at: str
    sent_to: str
    reference: str = ""


def report_event(clock: SafetyClock, sent: SentReport) -> SafetyReport:
    """Record that a serious event was reported, within a transaction in which somebody acts.

    Parameters
    ----------
    clock : of the event; when the site became aware is recorded
    sent : what was sent

    Raises
    ------
    ValueRangeError : awareness is not recorded, the report was sent before it or lies ahead, there is an
        initial report already, or none that a follow-up could follow
    """
    if sent.kind not in KINDS:
        raise UnknownNameError("kind of report", sent.kind, KINDS)
    held = SafetyClock.objects.select_for_update().get(pk=clock.pk)
    read = read_clock_of(held)
    if not held.aware_at:
        raise ValueRangeError(
            "moment of awareness", "not recorded", "recorded", "Record first when the site became aware."
        )
    if not held.aware_at <= sent.sent_at <= moment():
        raise ValueRangeError(
            "time of the report", sent.sent_at, f"from {held.aware_at} (awareness) up to now, in UTC"
        )
    if sent.kind == INITIAL and (read.initial is not None or read.state == NOT_SERIOUS):
        found = "reported" if read.initial else "not serious any more"
        raise ValueRangeError("event", found, "one whose initial report is still to be sent")
    if sent.kind == FOLLOW_UP and (read.initial is None or sent.sent_at < read.initial.sent_at):
        raise ValueRangeError("follow-up report", "before the initial one", "one after the initial report")
    for name, text in (("receiver", sent.sent_to), ("reference", sent.reference)):
        if len(text) > _LONGEST or (name == "receiver" and not text.strip()):
            raise ValueRangeError(name, f"{len(text.strip())} characters", f"1 to {_LONGEST} characters")
    who = who_acts()
    made = SafetyReport(
        subject_id=held.subject_id, site=held.site, clock=held, kind=sent.kind, sent_at=sent.sent_at,
        sent_to=sent.sent_to.strip(), reference=sent.reference.strip(), by=who.actor if who else "",
        at=moment(),
    )  # fmt: skip
    made.save()
    return made


def withdraw_report(report: SafetyReport, reason: str) -> SafetyReport:
    """Withdraw a record of a report that was made by mistake; it stays, with the reason.

    Raises
    ------
    ValueRangeError : no reason, withdrawn before, or an initial report that a follow-up rests on
    """
    clock = SafetyClock.objects.select_for_update().get(pk=report.clock_id)
    held = SafetyReport.objects.select_for_update().get(pk=report.pk)
    if held.withdrawn_at:
        raise ValueRangeError("report", "withdrawn", "one that stands")
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the record is withdrawn")
    rest = clock.reports.filter(kind=FOLLOW_UP, withdrawn_at="")
    if held.kind == INITIAL and rest.exists():
        raise ValueRangeError(
            "report", "one that a follow-up rests on", "one without a follow-up",
            "Withdraw the follow-up reports first.",
        )  # fmt: skip
    who = who_acts()
    held.withdrawn_at, held.withdrawn_by = moment(), who.actor if who else ""
    held.withdrawn_reason = reason.strip()
    with because(reason.strip()):
        held.save()
    return held
