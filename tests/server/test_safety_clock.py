"""The clock of serious events: from awareness, 24 hours, late and overdue, made serious later, never removed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration
from funis.errors import UnknownNameError, ValueRangeError
from funis.study import today as clock_of_the_machine

NOON = datetime(2025, 3, 5, 12, 0, tzinfo=UTC)


class Watch:
    """A clock that is set by the test."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def on(self, **later: float) -> str:
        self.now += timedelta(**later)
        return written(self.now)


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def watch(server: Configuration, subject: Any, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Set the clocks that the rooms read; the subject was made by the real one."""
    from funis.capture import context

    set_by_test = Watch(NOON)
    monkeypatch.setattr(context, "read_clock", set_by_test)
    return set_by_test


@pytest.fixture
def event(watch: Watch, subject: Any) -> Any:
    from funis.capture.conduct.screening import add_row

    made = act("coordinator", lambda: add_row(subject, "adverse_events"))
    enter(made, {"term": (None, "pneumonia"), "serious": (None, 0)})
    return made


def clocks(event: Any) -> list[Any]:
    from funis.capture.models import SafetyClock

    return list(SafetyClock.objects.filter(form=event).order_by("number"))


def state(clock: Any) -> str:
    from funis.capture.safety.clock import read_clock_of

    clock.refresh_from_db()
    return str(read_clock_of(clock).state)


def report(clock: Any, kind: str, at: str) -> Any:
    from funis.capture.safety.reports import SentReport, report_event

    return act("investigator", lambda: report_event(clock, SentReport(kind, at, "sponsor", "SR-1")))


def aware(clock: Any, at: datetime, reason: str = "") -> None:
    from funis.capture.safety.clock import record_awareness

    act("investigator", lambda: record_awareness(clock, written(at), reason))


def test_an_event_that_is_not_serious_has_no_clock(event: Any) -> None:
    assert clocks(event) == []


@pytest.mark.parametrize(
    "made_serious",
    [
        {"serious": (0, 1)},
        {"serious_hospital": (None, 1)},
        {"grade": (None, 5)},
        {"outcome": (None, "fatal")},
    ],
)
def test_the_clock_starts_with_the_save_that_makes_the_event_serious(
    event: Any, watch: Watch, made_serious: dict[str, tuple[Any, Any]]
) -> None:
    now = watch.on(days=2)
    enter(event, made_serious, "the letter of the hospital")
    (clock,) = clocks(event)
    assert (clock.noticed_at, clock.noticed_by, clock.aware_at) == (now, "coordinator", "")
    assert (clock.site, clock.subject_id) == (event.site, event.subject_id)


def test_the_report_is_due_for_24_hours_after_awareness_not_after_the_entry(event: Any, watch: Watch) -> None:
    from funis.capture.safety.clock import read_clock_of

    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    assert state(clock) == "due"
    aware(clock, NOON - timedelta(hours=23))
    clock.refresh_from_db()
    read = read_clock_of(clock)
    assert (read.state, read.left) == ("due", timedelta(hours=1))
    watch.on(hours=1)
    assert state(clock) == "due"
    watch.on(seconds=1)
    assert state(clock) == "overdue"


def test_the_moment_of_the_report_decides_whether_it_was_in_time(event: Any, watch: Watch) -> None:
    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    aware(clock, NOON)
    watch.on(days=3)
    late = report(clock, "initial", written(NOON + timedelta(hours=24, seconds=1)))
    assert state(clock) == "late"
    from funis.capture.safety.reports import withdraw_report

    act("investigator", lambda: withdraw_report(late, "wrong time"))
    assert state(clock) == "overdue"
    report(clock, "initial", written(NOON + timedelta(hours=24)))
    assert state(clock) == "in_time"
    late.refresh_from_db()
    assert (late.withdrawn_by, late.withdrawn_reason) == ("investigator", "wrong time")


def test_what_cannot_be_is_refused(event: Any, watch: Watch) -> None:
    from funis.capture.safety.reports import withdraw_report

    enter(event, {"serious": (0, 1), "start": (None, "2025-03-04")}, "seen")
    (clock,) = clocks(event)
    with pytest.raises(ValueRangeError, match="not recorded"):
        report(clock, "initial", written(NOON))
    with pytest.raises(ValueRangeError, match="moment of awareness"):
        aware(clock, NOON + timedelta(seconds=1))
    with pytest.raises(ValueRangeError, match="when the event began"):
        aware(clock, datetime(2025, 3, 2, tzinfo=UTC))
    aware(clock, NOON - timedelta(hours=1))
    with pytest.raises(ValueRangeError, match="reason"):
        aware(clock, NOON - timedelta(hours=2))
    with pytest.raises(UnknownNameError):
        report(clock, "final", written(NOON))
    for kind, at in (
        ("initial", NOON + timedelta(hours=1)),
        ("initial", NOON - timedelta(hours=2)),
        ("follow_up", NOON),
    ):
        with pytest.raises(ValueRangeError):
            report(clock, kind, written(at))
    first = report(clock, "initial", written(NOON))
    with pytest.raises(ValueRangeError, match="reported"):
        report(clock, "initial", written(NOON))
    report(clock, "follow_up", written(NOON))
    with pytest.raises(ValueRangeError, match="follow-up"):
        act("investigator", lambda: withdraw_report(first, "typing error"))


def test_awareness_is_never_after_a_report_that_stands(event: Any, watch: Watch) -> None:
    watch.on(hours=2)
    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    aware(clock, NOON)
    report(clock, "initial", written(NOON + timedelta(hours=1)))
    aware(clock, NOON + timedelta(hours=1), "typing error")
    with pytest.raises(ValueRangeError, match="was reported then"):
        aware(clock, NOON + timedelta(hours=1, seconds=1), "typing error")


def test_not_serious_after_all_keeps_the_clock_with_its_reason_and_again_serious_starts_another(
    event: Any, watch: Watch
) -> None:
    from django.db import DatabaseError

    enter(event, {"serious": (0, 1)}, "seen")
    enter(event, {"serious": (1, 0)})
    assert [state(each) for each in clocks(event)] == ["due"]  # without a reason nothing was changed
    watch.on(hours=1)
    enter(event, {"serious": (1, 0)}, "other patient")
    assert [state(each) for each in clocks(event)] == ["not_serious"]
    now = watch.on(days=1)
    enter(event, {"serious": (0, 1)}, "the hospital called")
    first, second = clocks(event)
    assert (first.ended_reason, first.ended_by, state(first)) == (
        "other patient",
        "coordinator",
        "not_serious",
    )
    assert (second.number, second.noticed_at, state(second)) == (2, now, "due")
    with pytest.raises(DatabaseError, match=r"deleted|denied"):
        act("coordinator", first.delete)
    second.noticed_at = written(NOON)
    with pytest.raises(DatabaseError, match="fixed"):
        act("coordinator", second.save)


def test_the_list_begins_with_the_most_urgent_and_the_pages_say_what_lacks(
    event: Any, watch: Watch, subject: Any
) -> None:
    from funis.capture.safety.clock import read_clocks

    enter(event, {"serious": (0, 1), "grade": (None, 4)}, "seen")
    (clock,) = clocks(event)
    assert [each.clock.pk for each in read_clocks(None, is_open=True, most=9, subject=subject.pk)] == [
        clock.pk
    ]
    browser = browser_of(person_with("investigator", "01"))
    watch.on(hours=25, minutes=3)
    listed = browser.get("/safety").content.decode()
    assert "1 h 03 min overdue" in listed
    page = browser.get(f"/safety/clocks/{clock.pk}").content.decode()
    assert "A report of it still lacks" in page
    assert "4 Life-threatening" in page
    assert "Life-threatening / Hospital stay" in page
    given = {"aware_at": "2025-03-05 10:00"}  # of the study's own time zone, Asia/Shanghai
    assert browser.post(f"/safety/clocks/{clock.pk}/aware", given).status_code == 302
    clock.refresh_from_db()
    assert clock.aware_at == "2025-03-05T02:00:00.000000Z"
    sent = {"kind": "initial", "sent_at": "2025-03-06 10:00", "sent_to": "sponsor"}
    assert browser.post(f"/safety/clocks/{clock.pk}/reports", sent).status_code == 302
    assert state(clock) == "in_time"
    assert read_clocks(None, is_open=True, most=9, subject=subject.pk) == []
    assert "Reported in time" in browser.get(f"/safety/clocks/{clock.pk}").content.decode()
    assert "clock and reports" in browser.get(f"/forms/{event.pk}").content.decode()
    chinese = browser_of(person_with("investigator", "", "investigator-chinese"))
    chinese.post("/language", {"language": "zh-hans", "next": "/safety"})
    assert "严重事件列表" in chinese.get("/safety").content.decode()


@pytest.mark.parametrize(("role", "may_see", "may_report"), [
    ("investigator", True, True), ("coordinator", True, True), ("monitor", True, False), ("data_manager", True, False),
    ("safety_board", True, False), ("statistician", True, False), ("auditor", True, False),
    ("cell_laboratory", False, False), ("administrator", False, False),
])  # fmt: skip
def test_a_clock_is_seen_and_reported_where_the_role_is_held(
    event: Any, watch: Watch, role: str, *, may_see: bool, may_report: bool
) -> None:
    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    address = f"/safety/clocks/{clock.pk}"
    here, there = browser_of(person_with(role, "01")), browser_of(person_with(role, "02"))
    assert here.get(address).status_code == (200 if may_see else 404)
    assert here.get("/safety").status_code == (200 if may_see else 404)
    other = there.get(address)
    assert other.status_code == 404
    assert "pneumonia" not in other.content.decode()
    if may_see:
        assert clock.pk not in there.get("/safety").content.decode()
    for browser, wanted in ((there, 404), (here, 302 if may_report else 404)):
        assert browser.post(f"{address}/aware", {"aware_at": "2025-03-05 10:00"}).status_code == wanted


def test_a_loaded_serious_event_gets_a_clock_when_somebody_starts_it(event: Any, watch: Watch) -> None:
    from tests.server.test_queries import write

    browser = browser_of(person_with("coordinator", "01"))
    assert browser.post(f"/forms/{event.pk}/clock").status_code == 422
    write(event, serious=1)  # as a loaded row: not by the save
    assert "Start the clock" in browser.get(f"/forms/{event.pk}").content.decode()
    assert browser.post(f"/forms/{event.pk}/clock").status_code == 302
    assert len(clocks(event)) == 1
    assert browser.post(f"/forms/{event.pk}/clock").status_code == 422


@pytest.mark.parametrize(
    ("data", "aware"),
    [
        # Shanghai is eight hours ahead of UTC: the day begins there at 16:00 of the day before.
        ({"serious": 1, "aware_date": "2025-03-04"}, "2025-03-03T16:00:00.000000Z"),
        (
            {"outcome": "fatal", "aware_date": "2025-03-04", "start": "2025-03-04"},
            "2025-03-03T16:00:00.000000Z",
        ),
        ({"serious": 1, "aware_date": "2025-03-04", "start": "2025-03-05"}, None),  # before the event
        ({"serious": 0, "aware_date": "2025-03-04"}, None),
        ({"serious": 1}, None),
    ],
)
def test_a_loaded_serious_event_has_a_clock_where_the_day_of_awareness_is_known(
    event: Any, watch: Watch, data: dict[str, Any], aware: str | None
) -> None:
    from tests.server.test_queries import write

    from funis.capture.safety.clock import start_from_folder, without_clock

    write(event, **({"serious": None} | data))  # as a loaded row: not by the save
    event.refresh_from_db()
    made = act("funis", lambda: start_from_folder(event))
    assert (made.aware_at if made else None) == aware
    listed = event.pk in [each.pk for each in act("funis", lambda: without_clock(None, 1000))]
    assert listed is (aware is None and data.get("serious") != 0)
    if made is not None:
        assert state(made) == "overdue"
    if listed:
        page = browser_of(person_with("coordinator", "01")).get("/safety").content.decode()
        assert "No clock: moment of awareness not recorded" in page
        assert f"/forms/{event.pk}/clock" in page


def test_the_clock_of_the_tests_is_not_that_of_the_machine(watch: Watch) -> None:
    from funis.capture.context import moment

    assert moment() == written(NOON)
    assert clock_of_the_machine.read_clock() != NOON


def test_an_export_has_the_new_columns_in_its_table_and_the_clock_in_its_manifest(
    event: Any, watch: Watch, subject: Any
) -> None:
    import json

    from funis.capture.exchange.export import export_files, export_tables
    from funis.capture.models import Subject
    from funis.capture.trail.rows import read_rows

    enter(event, {"serious": (0, 1), "serious_hospital": (None, 1), "expected": (None, 0)}, "seen")
    (clock,) = clocks(event)
    aware(clock, NOON)
    report(clock, "initial", written(NOON))
    columns, rows = export_tables(Subject.objects.filter(pk=subject.pk))["adverse_events"]
    assert [rows[0][name] for name in ("serious", "serious_hospital", "expected")] == ["1", "1", "0"]
    assert columns.index("serious_hospital") == columns.index("serious") + 1
    before = [
        row for row in read_rows(f"subject:{subject.pk}") if row.said["table"] == "capture_safetyreport"
    ]
    for as_of in ("", before[-1].said["at"]):
        told = json.loads(export_files(as_of)[0]["manifest.json"])["serious_events"]
        (own,) = [each for each in told if each["subject"] == subject.number]
        assert (own["adverse_event"], own["aware_at"]) == (1, written(NOON))
        assert [each["kind"] for each in own["reports"]] == ["initial"]
