"""Saves at once that a stopping rule counts: no crossing is missed, and what the rule does not count waits for nobody."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.server.test_group_commit import run_waiting
from tests.server.test_queries import act
from tests.server.test_stopping import crossings, new_event, new_subject, watch_of

from funis.capture.configuration import Configuration
from funis.study.stopping import StoppingRule


@pytest.fixture
def rules(
    server: Configuration, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> tuple[StoppingRule, StoppingRule]:
    """Put two rules in force, each counting events of a term of its own; both were judged once."""
    from funis.capture.safety import stopping

    made = tuple(
        StoppingRule(id=name, counts=f"term = '{name}' AND grade >= 3", rule="subjects >= 2", action="pause")
        for name in (f"{side}_{abs(hash(request.node.nodeid)) % 10**8}" for side in ("one", "other"))
    )
    monkeypatch.setattr(stopping, "rules_in_force", lambda: made)
    act("funis", stopping.watch_rules)
    return made[0], made[1]


def grading(event: Any) -> Callable[[], None]:
    """Give the work of the save that makes an event one that counts."""
    from django.db import connection

    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry

    def save() -> None:
        entry = FormEntry(f"graded-{event.pk}", event.pk, {"grade": (2, 3)}, "the letter of the hospital")
        with acting(Acting("coordinator", sites=None)):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = 5000")
            save_entry(entry, event, "person-1")

    return save


def run_at_once(works: list[Callable[[], None]]) -> list[Exception]:
    """Run each work in a thread of its own on PostgreSQL; give what went wrong."""
    from django.db import connections

    wrong: list[Exception] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    return wrong


def test_two_events_that_are_saved_at_once_cross_the_rule_once(
    server: Configuration, rules: tuple[StoppingRule, StoppingRule], monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.database.turns import TURNS
    from funis.capture.safety import stopping

    rule, _ = rules
    works = [grading(new_event(new_subject(site), rule, grade=2)) for site in ("01", "02")]
    assert watch_of(rule).answer == "not_crossed"
    if server.database:
        # Both have written their event and committed nothing: neither sees the other's before it has waited.
        hold, written = stopping._hold, threading.Barrier(2)

        def hold_when_both_are_written(wanted: Any) -> Any:
            written.wait(timeout=30)
            return hold(wanted)

        monkeypatch.setattr(stopping, "_hold", hold_when_both_are_written)
        assert run_at_once(works) == []
    else:
        told = run_waiting(TURNS, {str(place): work for place, work in enumerate(works)})
        assert list(told.values()) == [None, None]
    watch = watch_of(rule)
    assert (watch.answer, watch.events, watch.subjects) == ("crossed", 2, 2)
    assert [(each["events"], each["subjects"]) for each in crossings(rule)] == [(2, 2)]


def test_an_event_that_another_rule_counts_waits_for_nobody(
    server: Configuration, rules: tuple[StoppingRule, StoppingRule]
) -> None:
    from funis.capture.context import Acting, acting

    if not server.database:
        pytest.skip("one writer at a time")
    one, other = rules
    events = [new_event(new_subject("01"), each, grade=2) for each in (one, other)]
    with acting(Acting("coordinator", sites=None)):
        grading(events[0])()  # inside: its transaction stays open, and holds the row of the first rule
        assert run_at_once([grading(events[1])]) == []
        events[1].refresh_from_db()
        assert events[1].data["grade"] == 3
    assert watch_of(one).answer == watch_of(other).answer == "not_crossed"
