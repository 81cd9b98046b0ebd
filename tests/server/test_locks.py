"""Freezes and locks: what is closed takes nothing, by any path; a lock and a save do not cross."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import UnknownNameError, ValueRangeError

STATES = ("open", "frozen", "locked")


@contextmanager
def acting_as(login: str) -> Iterator[None]:
    from funis.capture.context import Acting, acting

    with acting(Acting(login, sites=None)):
        yield


def set_state(row: Any, state: str, by: str = "manager") -> None:
    from funis.capture.conduct import locks

    with acting_as(by):
        locks.set_state(row if isinstance(row, locks.Scope) else locks.scope_of(row), state, "a reason")


def save(form: Any, item: str, old: Any, new: Any) -> None:
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.identifiers import new_id

    with acting_as("coordinator"):
        save_entry(FormEntry(new_id(), form.pk, {item: (old, new)}, "a reason"), form, "person")
    form.refresh_from_db()


@pytest.fixture
def database(server: Configuration) -> Iterator[Callable[[str], None]]:
    """Close the whole database by two people; it is open again after the test."""
    from funis.capture.conduct import locks

    def close(state: str) -> None:
        with acting_as("manager"):
            locks.ask_for_database(state, "data are clean")
        with acting_as("statistician"):
            locks.confirm_for_database("seen")

    yield close
    if locks.state_of(locks.Scope()) != "open":
        close("open")


@pytest.fixture
def site(subject: Any) -> Iterator[Any]:
    """Give the site of the subject; it is open again after the test."""
    from funis.capture.conduct import locks

    scope = locks.Scope(subject.site)
    yield scope
    if locks.state_of(scope) != "open":
        set_state(scope, "open")


def test_a_frozen_form_takes_no_entry_and_still_queries(sledai: Any) -> None:
    from funis.capture.conduct.locks import Work, refuse_closed, scope_of

    set_state(sledai, "frozen", "monitor")
    with pytest.raises(ValueRangeError, match="form: found 'frozen'"):
        save(sledai, "rash", None, 1)
    with acting_as("monitor"):
        refuse_closed(scope_of(sledai), Work.REVIEW)
    set_state(sledai, "locked")
    with acting_as("monitor"), pytest.raises(ValueRangeError, match="form: found 'locked'"):
        refuse_closed(scope_of(sledai), Work.REVIEW)
    set_state(sledai, "open")
    save(sledai, "rash", None, 1)
    assert sledai.data["rash"] == 1


def test_what_lies_outside_a_closed_part_stays_open(sledai: Any) -> None:
    from funis.capture.models import Form

    set_state(sledai.visit, "locked")
    with pytest.raises(ValueRangeError, match="visit: found 'locked'"):
        save(sledai, "rash", None, 1)
    own = Form.objects.get(subject=sledai.subject_id, name="subjects")
    save(own, "age", None, 40)
    assert own.data["age"] == 40


def test_a_closed_site_closes_its_subjects_alone(sledai: Any, site: Any) -> None:
    from funis.capture.conduct.screening import screen_subject

    set_state(site, "locked")
    with pytest.raises(ValueRangeError, match="site: found 'locked'"):
        save(sledai, "rash", None, 1)
    with acting_as("coordinator"), pytest.raises(ValueRangeError, match="site: found 'locked'"):
        screen_subject(site.site)
    with acting_as("coordinator"):
        screen_subject("02")


def test_a_change_that_would_score_a_locked_later_visit_anew_is_refused_whole(subject: Any) -> None:
    """Month 3 is locked: an edit of baseline that changes the grade of month 3 does not go past the lock."""
    from datetime import timedelta

    import funis
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.models import Form
    from funis.capture.study_in_force import today

    with acting_as("coordinator"):
        other = screen_subject("01")
        record_consent(other, Given("2.0", today() - timedelta(days=60)), "coordinator")
        record_visit(other, "baseline", today() - timedelta(days=40))
        record_visit(other, "month_1", today())
    early, late = Form.objects.filter(subject=other, name="bilag_2004").order_by("visit__name")
    items = [each.name for each in funis.definition("bilag_2004").items if each.system == "musculoskeletal"]
    for form in (early, late):
        for item in (*items, "musculoskeletal_ever"):
            save(form, item, None, 0)
    set_state(late.visit, "locked")
    with pytest.raises(ValueRangeError, match="visit: found 'locked'"):
        save(early, "arthritis_severe", 0, 3)
    early.refresh_from_db()
    assert early.data["arthritis_severe"] == 0
    set_state(late.visit, "open")
    save(early, "arthritis_severe", 0, 3)
    late.refresh_from_db()
    assert late.scores["bilag_2004_musculoskeletal"] == "D"


def test_the_answer_to_a_save_of_before_the_lock_stays_the_same(sledai: Any) -> None:
    from funis.capture.entry.save import FormEntry, save_entry

    entry = FormEntry("key-of-before", sledai.pk, {"rash": (None, 1)})
    with acting_as("coordinator"):
        first = save_entry(entry, sledai, "person")
    set_state(sledai, "locked")
    with acting_as("coordinator"):
        assert save_entry(entry, sledai, "person") == first


def test_every_path_that_writes_asks_the_lock(sledai: Any) -> None:
    """Each page by which a subject is written is posted to a locked one: words, and nothing is another."""
    from funis.capture.conduct.consent import consents_of
    from funis.capture.models import Form, SubjectVisit
    from funis.capture.study_in_force import today
    from funis.capture.trail.rows import read_head

    subject, day = sledai.subject, today().isoformat()
    set_state(subject, "locked")
    key, consent = subject.pk, consents_of(subject)[0]
    entry = {"key": "entry-of-locked", "form": sledai.pk, "changes": {"rash": {"old": None, "new": 1}}}
    posted: list[tuple[str, dict[str, Any]]] = [
        (f"/subjects/{key}/consent", {"document_version": "3", "given_on": day}),
        (f"/consents/{consent.pk}/withdraw", {"withdrawn_on": day, "reason": "none given"}),
        (f"/subjects/{key}/visits", {"name": "unscheduled", "date": day}),
        (f"/subjects/{key}/visits", {"name": "month_1", "missed": "1", "reason": "ill"}),
        (f"/subjects/{key}/rows", {"name": "adverse_events"}),
        (f"/visits/{sledai.visit_id}/forms", {"name": "labs"}),
    ]
    browser = browser_of(person_with("investigator", "01"))
    before = read_head(f"subject:{key}")
    for address, given in posted:
        answer = browser.post(address, given)
        assert (address, answer.status_code) == (address, 422)
        assert "locked" in answer.content.decode()
    saved = browser.post(f"/forms/{sledai.pk}/save", entry, content_type="application/json")
    assert saved.status_code == 422
    assert read_head(f"subject:{key}") == before
    assert SubjectVisit.objects.filter(subject=subject).count() == 1
    sledai.refresh_from_db()
    assert "rash" not in sledai.data
    page = browser.get(f"/forms/{sledai.pk}").content.decode()
    assert "entry.js" not in page
    assert "Locked" in page
    assert Form.objects.filter(subject=subject, name="adverse_events").count() == 0


def test_the_database_is_locked_and_opened_by_two_people(
    sledai: Any, database: Callable[[str], None]
) -> None:
    from funis.capture.conduct import locks

    with acting_as("manager"):
        with pytest.raises(ValueRangeError, match="two people"):
            locks.set_state(locks.Scope(), "locked", "a reason")
        locks.ask_for_database("locked", "data are clean")
        with pytest.raises(ValueRangeError, match="another person"):
            locks.confirm_for_database("I confirm myself")
    save(sledai, "rash", None, 1)
    with acting_as("statistician"):
        locks.confirm_for_database("seen")
    with pytest.raises(ValueRangeError, match="database: found 'locked'"):
        save(sledai, "rash", 1, 0)
    with acting_as("manager"):
        locks.ask_for_database("open", "one value is wrong")
    with pytest.raises(ValueRangeError, match="database: found 'locked'"):
        save(sledai, "rash", 1, 0)
    with acting_as("manager"):
        locks.take_back_for_database("it was right")
    database("open")
    save(sledai, "rash", 1, 0)
    assert sledai.data["rash"] == 0


@pytest.mark.parametrize(("state", "reason"), [("shut", "why"), ("locked", " "), ("open", "why")])
def test_no_state_without_a_name_a_reason_and_a_difference(sledai: Any, state: str, reason: str) -> None:
    from funis.capture.conduct import locks

    with acting_as("manager"), pytest.raises((ValueRangeError, UnknownNameError)):
        locks.set_state(locks.scope_of(sledai), state, reason)


def test_who_may_close_what(sledai: Any) -> None:
    form = {"scope": "form", "target": sledai.pk, "reason": "clean"}
    monitor, manager = browser_of(person_with("monitor", "01")), browser_of(person_with("data_manager", ""))
    assert browser_of(person_with("coordinator", "01")).post("/locks/freeze", form).status_code == 404
    assert browser_of(person_with("monitor", "02")).post(
        "/locks/freeze", form | {"state": "frozen"}
    ).status_code == 404  # fmt: skip
    assert monitor.post("/locks/freeze", form | {"state": "frozen"}).status_code == 302
    assert monitor.post("/locks/freeze", form | {"state": "locked"}).status_code == 422
    assert monitor.post("/locks/lock", form | {"state": "locked"}).status_code == 404
    assert manager.post("/locks/lock", form | {"state": "locked"}).status_code == 302
    assert monitor.post("/locks/freeze", form | {"state": "open"}).status_code == 422
    page = manager.get(f"/subjects/{sledai.subject_id}/locks").content.decode()
    assert "clean" in page
    assert sledai.subject.number in manager.get("/locks").content.decode()
    other = browser_of(person_with("monitor", "02"))
    assert sledai.subject.number not in other.get("/locks").content.decode()
    assert other.get(f"/subjects/{sledai.subject_id}/locks").status_code == 404


def test_what_stands_chosen_closes_and_what_is_closed_is_named(sledai: Any) -> None:
    """What came first in the list opened a frozen form, and the list of what is closed said "Form" alone."""
    manager, coordinator = (
        browser_of(person_with("data_manager", "")),
        browser_of(person_with("coordinator", "01")),
    )
    address = f"/subjects/{sledai.subject_id}/locks"
    assert "Next</b>" in coordinator.get(f"/subjects/{sledai.subject_id}").content.decode()
    for state, chosen in (("frozen", "locked"), ("locked", "open")):
        set_state(sledai.subject, state)
        page = manager.get(address).content.decode()
        line = page.split('class="depth-0"')[1].split("</tr>")[0]
        assert f'<option value="{chosen}" selected>' in line
        assert line.count(" selected") == 1
    # Nothing is entered here: nothing is offered as the next step.
    assert "Next</b>" not in coordinator.get(f"/subjects/{sledai.subject_id}").content.decode()
    set_state(sledai, "frozen")
    assert "Form: Baseline, SLEDAI-2K" in manager.get("/locks").content.decode()


def test_before_the_database_is_locked_the_page_says_what_is_open(sledai: Any) -> None:
    from tests.server.test_queries import act

    from funis.capture.monitoring.queries import ask_query

    act("monitor", lambda: ask_query(sledai, "rash", "Which rash?"))
    manager, monitor = browser_of(person_with("data_manager", "")), browser_of(person_with("monitor", "01"))
    page = manager.get("/locks").content.decode()
    assert "Not finished yet" in page
    assert 'Open queries: <a href="/queries">' in page
    assert "Not finished yet" not in monitor.get("/locks").content.decode()


def test_two_people_lock_the_database_on_the_page(sledai: Any, database: Callable[[str], None]) -> None:
    manager = browser_of(person_with("data_manager", ""))
    other = browser_of(person_with("statistician", ""))
    ask = {"act": "ask", "state": "locked", "reason": "clean"}
    assert browser_of(person_with("data_manager", "01")).post("/locks/database", ask).status_code == 404
    assert manager.post("/locks/database", ask).status_code == 302
    assert manager.post("/locks/database", {"act": "confirm", "reason": "alone"}).status_code == 422
    assert "Confirm as the second person" in other.get("/locks").content.decode()
    assert other.post("/locks/database", {"act": "confirm", "reason": "seen"}).status_code == 302
    with pytest.raises(ValueRangeError, match="database: found 'locked'"):
        save(sledai, "rash", None, 1)


@pytest.mark.parametrize("first", ["save", "lock"])
def test_a_lock_and_a_save_do_not_cross(sledai: Any, site: Any, first: str) -> None:
    """The one that began first holds the other until it has ended; the second then sees what the first did."""
    from django.db import connections

    from funis.capture.conduct import locks
    from funis.capture.entry.save import FormEntry, save_entry

    begun = threading.Event()
    order: list[str] = []
    found: list[str] = []
    entry = FormEntry(f"key-{sledai.pk}", sledai.pk, {"rash": (None, 1)})

    def do(name: str) -> None:
        try:
            with acting_as(name):
                if name == "lock":
                    locks.set_state(site, "locked", "clean")
                else:
                    save_entry(entry, sledai, "person")
                order.append(name)
                if name == first:
                    begun.set()
                    # The other is on its way, and must wait: its act is not done while this one is open.
                    second.join(timeout=0.5)
                    order.append(f"{name} ends")
        except ValueRangeError as error:
            found.append(str(error))
        finally:
            connections.close_all()

    def follow() -> None:
        begun.wait(timeout=20)
        do("lock" if first == "save" else "save")

    second = threading.Thread(target=follow)
    second.start()
    do(first)
    second.join(timeout=20)
    assert not second.is_alive()
    sledai.refresh_from_db()
    if first == "save":
        assert order == ["save", "save ends", "lock"]
        assert sledai.data["rash"] == 1
        assert not found
    else:
        assert order == ["lock", "lock ends"]
        assert "rash" not in sledai.data
        assert "site: found 'locked'" in found[0]


class LocksAgainstAModel(RuleBasedStateMachine):
    """The strictest state of all parts decides; nothing else does."""

    @initialize()
    def screen(self) -> None:
        from funis.capture.conduct import locks
        from funis.capture.conduct.consent import Given, record_consent
        from funis.capture.conduct.screening import screen_subject
        from funis.capture.conduct.visits import record_visit
        from funis.capture.models import Form
        from funis.capture.study_in_force import today

        with acting_as("coordinator"):
            subject = screen_subject("04")
            record_consent(subject, Given("2.0", today()), "coordinator")
            record_visit(subject, "baseline", today())
        self.forms = list(Form.objects.filter(subject=subject, name__in=["sledai_2k", "subjects"]))
        self.items = {form.pk: ("age" if form.name == "subjects" else "rash") for form in self.forms}
        visited = next(form for form in self.forms if form.visit_id)
        self.parts = {
            "site": locks.Scope("04"),
            "subject": locks.scope_of(subject),
            "visit": locks.Scope("04", subject.pk, visited.visit_id or ""),
            **{f"form {form.name}": locks.scope_of(form) for form in self.forms},
        }
        self.states = dict.fromkeys(self.parts, "open")
        self.states["site"] = locks.state_of(locks.Scope("04"))
        self.values: dict[str, Any] = {}

    @rule(
        part=st.sampled_from(["site", "subject", "visit", "form sledai_2k", "form subjects"]),
        state=st.sampled_from(STATES),
    )
    def set(self, part: str, state: str) -> None:
        if self.states[part] == state:
            with pytest.raises(ValueRangeError, match="another state"):
                set_state(self.parts[part], state)
        else:
            set_state(self.parts[part], state)
            self.states[part] = state

    @rule(number=st.integers(0, 1))
    def enter(self, number: int) -> None:
        form = self.forms[number]
        item = self.items[form.pk]
        around = {"site", "subject", f"form {form.name}"} | ({"visit"} if form.visit_id else set())
        is_open = all(self.states[part] == "open" for part in around)
        old = self.values.get(form.pk)
        new = (30 if old == 31 else 31) if item == "age" else (0 if old == 1 else 1)
        if is_open:
            save(form, item, old, new)
            self.values[form.pk] = new
        else:
            with pytest.raises(ValueRangeError):
                save(form, item, old, new)
        form.refresh_from_db()
        assert form.data.get(item) == self.values.get(form.pk)

    @rule()
    def look(self) -> None:
        from funis.capture.conduct import locks

        for name, scope in self.parts.items():
            around = {"site", "subject", name} if name != "site" else {"site"}
            around |= {"visit"} if name == "form sledai_2k" else set()
            assert locks.state_of(scope) == max((self.states[each] for each in around), key=STATES.index)

    def teardown(self) -> None:
        if getattr(self, "states", {}).get("site", "open") != "open":
            set_state(self.parts["site"], "open")


def test_locks_do_what_a_simple_model_does(server: Configuration) -> None:
    run_state_machine_as_test(
        LocksAgainstAModel,
        settings=settings(max_examples=12, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
    )
