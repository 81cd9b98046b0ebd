"""The 24-hour clock of serious adverse events: it runs from the moment the site became aware.

It starts in the transaction of the save that makes an event serious. As long as nobody has recorded when the
site became aware it runs from that save, which cannot be earlier. Nothing is deleted: an event that is said
not to be serious after all keeps its clock with the reason, and has another one if it becomes serious again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch, Q

from funis.capture.context import because, moment, moment_at, who_acts
from funis.capture.models import Form, SafetyClock, SafetyReport
from funis.capture.safety.notices import SERIOUS, News, tell
from funis.capture.study_in_force import started_with
from funis.errors import ValueRangeError
from funis.safety_words import SERIOUS_CRITERIA

EVENTS: Final = "adverse_events"
LIMIT: Final = timedelta(hours=24)
"""Within which a serious event is reported after the site became aware."""
#: What a serious event has somewhere in its document as text, so that few are read.
_LOOKS_SERIOUS: Final = r'"serious[a-z_]*": *1|"outcome": *"fatal"|"grade": *5'
INITIAL, FOLLOW_UP = "initial", "follow_up"
DUE, OVERDUE, IN_TIME, LATE, NOT_SERIOUS = "due", "overdue", "in_time", "late", "not_serious"
CLOCK_STATES: Final[Mapping[str, str]] = {
    DUE: "Report is due",
    OVERDUE: "Report is overdue",
    IN_TIME: "Reported in time",
    LATE: "Reported late",
    NOT_SERIOUS: "No longer serious",
}
"""Every state of a clock, with the printed words; computed, never stored."""


@dataclass(frozen=True, slots=True)
class ClockRead:
    """A clock as it stands at a moment.

    Attributes
    ----------
    clock : the row, with its form and subject
    state : one of `CLOCK_STATES`
    begins, due_at : from when it runs, and until when the initial report is due
    left : until it is due; negative: overdue by so much; None where nothing is due
    reports : every report, the oldest first, those that were withdrawn, too
    """

    clock: SafetyClock
    state: str
    begins: datetime
    due_at: datetime
    left: timedelta | None
    reports: tuple[SafetyReport, ...]

    @property
    def initial(self) -> SafetyReport | None:
        """Give the initial report that stands."""
        return next((each for each in self.reports if each.kind == INITIAL and not each.withdrawn_at), None)

    @property
    def is_open(self) -> bool:
        """Tell whether an initial report is still to be sent."""
        return self.state in {DUE, OVERDUE}


def is_serious(data: Mapping[str, Any]) -> bool:
    """Tell whether an adverse event is serious: said so, by one of the criteria, or fatal.

    Examples
    --------
    >>> is_serious({"serious": 1}), is_serious({"grade": 5}), is_serious({"grade": 4, "serious": 0})
    (True, True, False)
    """
    is_fatal = data.get("outcome") == "fatal" or data.get("grade") == 5
    return is_fatal or any(data.get(name) == 1 for name in ("serious", *SERIOUS_CRITERIA))


def follow_seriousness(form: Form, reason: str = "") -> SafetyClock | None:
    """Start or end the clock of an adverse event, within the transaction of its save.

    Parameters
    ----------
    form : as it was saved
    reason : why it was changed

    Returns
    -------
    SafetyClock : the one that was started, none where none was
    """
    if form.name != EVENTS:
        return None
    running = SafetyClock.objects.select_for_update().filter(form=form, ended_at="").first()
    if is_serious(form.data):
        return _start(form) if running is None else None
    if running is not None:
        running.ended_at, running.ended_by = moment(), _who()
        running.ended_reason = reason[: SafetyClock._meta.get_field("ended_reason").max_length]
        with because(reason or "not serious"):
            running.save()
    return None


def _start(form: Form, aware_at: str = "") -> SafetyClock:
    number = SafetyClock.objects.filter(form=form).count() + 1
    made = SafetyClock(
        subject_id=form.subject_id, site=form.site, form=form, number=number, noticed_at=moment(),
        noticed_by=_who(), aware_at=aware_at, aware_by=_who() if aware_at else "",
    )  # fmt: skip
    made.save()
    tell(News(SERIOUS, made.pk, f"/safety/clocks/{made.pk}", form.subject))
    return made


def start_from_folder(form: Form) -> SafetyClock | None:
    """Start the clock of an event that comes in with a data folder, where it says the day of awareness.

    Of a day without an hour the clock runs from its beginning: nothing is called in time that may be late.

    Parameters
    ----------
    form : as it was written; none of a clock yet

    Returns
    -------
    SafetyClock : none where the event is not serious, no day is recorded, or it lies before the event
    """
    day, start = form.data.get("aware_date"), form.data.get("start")
    if form.name != EVENTS or not is_serious(form.data) or not day or (start and str(day) < str(start)):
        return None
    begins = datetime.combine(date.fromisoformat(str(day)), time.min, _zone()).astimezone(UTC)
    return _start(form, begins.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def without_clock(sites: Collection[str] | None, most: int, only: Q | None = None) -> list[Form]:
    """Give serious events that have no clock: they came in with a data folder that names no day of awareness.

    Parameters
    ----------
    sites : codes; none: all
    most : events at most, by subject and number
    only : of which events is known that they alone can be such; None: of none

    Returns
    -------
    list of Form : each with its subject
    """
    found = Form.objects.filter(only or Q(), name=EVENTS, clocks__isnull=True, data__regex=_LOOKS_SERIOUS)
    found = found if sites is None else found.filter(site__in=sites)
    rows = found.with_version().select_related("subject").order_by("subject__number", "number")
    return list(islice((each for each in rows.iterator() if is_serious(each.data)), most))


def start_for_loaded(form: Form) -> SafetyClock:
    """Start the clock of a serious event that has none, because it came in with a data folder.

    Raises
    ------
    ValueRangeError : the event is not serious, or has a running clock
    """
    if form.name != EVENTS or not is_serious(form.data):
        raise ValueRangeError("event", "not serious", "a serious adverse event")
    made = follow_seriousness(form)
    if made is None:
        raise ValueRangeError("clock", "one that runs", "an event without a running clock")
    return made


def record_awareness(clock: SafetyClock, aware_at: str, reason: str = "") -> SafetyClock:
    """Record, or correct, when the site became aware that the event is serious.

    Parameters
    ----------
    clock : of the event
    aware_at : in UTC, as `study_in_force.read_moment` gives it
    reason : why it is another moment than was recorded before

    Raises
    ------
    ValueRangeError : after the event was entered as serious, before the event began, after a report that
        stands was sent, or another moment without a reason
    """
    held = SafetyClock.objects.select_for_update(of=("self",)).select_related("form").get(pk=clock.pk)
    aware = moment_at(aware_at)
    if aware > moment_at(held.noticed_at):
        raise ValueRangeError(
            "moment of awareness", shown_time(aware), f"up to {shown_time(moment_at(held.noticed_at))}",
            "The event was entered as serious then: the site was aware of it.",
        )  # fmt: skip
    _refuse_before_event(held.form, aware)
    sent = [each.sent_at for each in held.reports.filter(withdrawn_at="")]
    if sent and aware > moment_at(min(sent)):
        raise ValueRangeError(
            "moment of awareness", shown_time(aware), f"up to {shown_time(moment_at(min(sent)))}",
            "The event was reported then.",
        )  # fmt: skip
    if held.aware_at and not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the moment is another now")
    held.aware_at, held.aware_by = aware_at, _who()
    with because(reason.strip() or "awareness recorded"):
        held.save()
    return held


def _refuse_before_event(form: Form, aware: datetime) -> None:
    start = form.data.get("start")
    day = aware.astimezone(_zone()).date()
    if start and day < date.fromisoformat(str(start)):
        raise ValueRangeError(
            "moment of awareness", shown_time(aware), f"on or after {start}, when the event began"
        )


def read_clock_of(clock: SafetyClock) -> ClockRead:
    """Tell where one clock stands now."""
    return _read(clock, list(clock.reports.all()), moment_at(moment()))


def read_clocks(
    sites: Collection[str] | None, *, is_open: bool, most: int, subject: str = ""
) -> list[ClockRead]:
    """Give the clocks of some sites: those with a report to be sent, the most urgent first; or the others.

    Parameters
    ----------
    sites : codes; none: all
    is_open : those with an initial report to be sent; else those that are reported or not serious any more,
        the newest first
    most : clocks at most; urgent ones are never cut
    subject : id of a subject; empty: all
    """
    standing = SafetyReport.objects.filter(clock=OuterRef("pk"), kind=INITIAL, withdrawn_at="")
    is_reported = Q(Exists(standing))
    found = SafetyClock.objects.all()
    found = found if sites is None else found.filter(site__in=sites)
    found = found.filter(subject=subject) if subject else found
    reports = Prefetch("reports", SafetyReport.objects.order_by("pk"))
    found = found.select_related("form", "form__version", "subject").prefetch_related(reports)
    found = found.defer("form__scores", "form__version__text", "form__version__plan")
    now = moment_at(moment())
    if is_open:
        waiting = found.filter(~is_reported, ended_at="")
        return sorted(
            (_read(each, list(each.reports.all()), now) for each in waiting), key=lambda each: each.due_at
        )
    over = found.filter(is_reported | ~Q(ended_at="")).order_by("-noticed_at", "-pk")
    return [_read(each, list(each.reports.all()), now) for each in over[:most]]


def _read(clock: SafetyClock, reports: list[SafetyReport], now: datetime) -> ClockRead:
    begins = moment_at(clock.aware_at or clock.noticed_at)
    due_at = begins + LIMIT
    stands = next((each for each in reports if each.kind == INITIAL and not each.withdrawn_at), None)
    left = None
    if stands is not None:
        state = IN_TIME if moment_at(stands.sent_at) <= due_at else LATE
    elif clock.ended_at:
        state = NOT_SERIOUS
    else:
        left = due_at - now
        state = DUE if left >= timedelta(0) else OVERDUE
    return ClockRead(clock, state, begins, due_at, left, tuple(reports))


def told_clocks(clocks: Iterable[SafetyClock], reports: Iterable[SafetyReport]) -> list[dict[str, Any]]:
    """Tell clocks and reports as the manifest of an export lists them: no clinical data.

    Parameters
    ----------
    clocks, reports : as they stood at the moment of the export; each clock with its form and subject
    """
    sent: dict[str, list[SafetyReport]] = {}
    for each in sorted(reports, key=lambda each: each.pk):
        sent.setdefault(each.clock_id, []).append(each)
    names = (
        "number",
        "noticed_at",
        "noticed_by",
        "aware_at",
        "aware_by",
        "ended_at",
        "ended_by",
        "ended_reason",
    )
    of_report = ("kind", "sent_at", "sent_to", "reference", "by", "at", "withdrawn_at", "withdrawn_reason")
    told = [
        {"subject": each.subject.number, "adverse_event": each.form.number}
        | {name: getattr(each, name) for name in names}
        | {"reports": [{name: getattr(one, name) for name in of_report} for one in sent.get(each.pk, ())]}
        for each in clocks
    ]
    return sorted(told, key=lambda each: (each["subject"], each["adverse_event"], each["number"]))


def shown_time(at: datetime) -> str:
    """Give a moment in the time zone of the study, to the minute, with the zone."""
    return f"{at.astimezone(_zone()):%Y-%m-%d %H:%M} {started_with().trial.timezone}"


def _zone() -> ZoneInfo:
    return ZoneInfo(started_with().trial.timezone)


def _who() -> str:
    who = who_acts()
    return who.actor if who else ""
