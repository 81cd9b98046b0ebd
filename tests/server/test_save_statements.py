"""What a save asks of the database: few statements, nothing that other subjects' saves wait for, no role that ended."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError
from funis.study.stopping import StoppingRule

AS_JSON = {"content_type": "application/json", "headers": {"accept": "application/json"}}


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note every statement: those by hand, and those of Django."""
    from django.db import connection

    from funis.capture.database import connections
    from funis.capture.entry import held_forms
    from funis.capture.people import read_person

    texts: list[str] = []
    run = connections.run_prepared

    def note(text: str, values: Any) -> list[tuple[Any, ...]]:
        texts.append(text)
        return run(text, values)

    def note_django(execute: Any, text: str, values: Any, many: Any, context: Any) -> Any:
        texts.append(text)
        return execute(text, values, many, context)

    with monkeypatch.context() as patched, connection.execute_wrapper(note_django):
        for module in (connections, held_forms, read_person):
            patched.setattr(module, "run_prepared", note)
        yield texts


def post(browser: Any, form: Any, key: str, changes: dict[str, tuple[Any, Any]], reason: str = "") -> Any:
    told = {item: {"old": old, "new": new} for item, (old, new) in changes.items()}
    entry = {"key": key, "form": form.pk, "changes": told, "reason": reason}
    return browser.post(f"/forms/{form.pk}/save", json.dumps(entry), **AS_JSON)


def test_a_save_asks_few_statements(
    server: Configuration, sledai: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(person_with("coordinator", "01"))
    assert post(browser, sledai, "key-count-1", {"rash": (None, 1)}).status_code == 200
    with counted(monkeypatch) as texts:
        answer = post(browser, sledai, "key-count-2", {"rash": (1, 0)}, "typing error")
    assert answer.json()["receipt"]["chain"] == f"subject:{sledai.subject_id}"
    # PostgreSQL: session with person, hold, write. SQLite has no functions: forms, standing; write, head, answer.
    assert len(texts) == (3 if server.database else 7), texts
    with counted(monkeypatch) as texts:
        again = post(browser, sledai, "key-count-2", {"rash": (1, 0)}, "typing error")
    assert again.content == answer.content
    assert len(texts) == (2 if server.database else 4), texts


def test_a_wrong_guess_of_whose_session_it_is_gives_nobody_a_right(sledai: Any) -> None:
    from funis.capture.people import session_store

    person, other = person_with("coordinator", "01"), person_with("coordinator", "02")
    browser = browser_of(person)
    assert browser.get(f"/forms/{sledai.pk}").status_code == 200
    key = browser.session.session_key
    assert session_store._KNOWN[key] == person.pk
    session_store._KNOWN[key] = other.pk
    # Of the other one nothing is seen at this site.
    assert browser.get(f"/forms/{sledai.pk}").status_code == 200
    assert session_store._KNOWN[key] == person.pk
    others = browser_of(other)
    assert others.get(f"/forms/{sledai.pk}").status_code == 404
    session_store._KNOWN[others.session.session_key] = person.pk
    assert others.get(f"/forms/{sledai.pk}").status_code == 404


def test_a_role_that_ends_while_the_save_waits_lets_nobody_in(
    sledai: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.entry.held_forms import hold_forms
    from funis.capture.models import RoleHeld
    from funis.capture.people.accounts import end_role
    from funis.capture.study_in_force import today

    person = person_with("coordinator", "01", f"leaving-{sledai.pk}")
    browser = browser_of(person)

    def hold_after_the_end(*told: str) -> Any:
        held = RoleHeld.objects.get(person=person)
        end_role(held, today() - timedelta(days=1), "has left")
        return hold_forms(*told)

    assert post(browser, sledai, "key-role-1", {"rash": (None, 1)}).status_code == 200
    with monkeypatch.context() as patched:
        patched.setattr("funis.capture.pages.forms.hold_forms", hold_after_the_end)
        # Within the one transaction of the save, which is rolled back: the role is held again afterwards.
        patched.setattr("funis.capture.pages.forms.save_held", lambda *_: pytest.fail("saved without a role"))
        told = seeing_everything(lambda: post(browser, sledai, "key-role-2", {"rash": (1, 0)}, "a reason"))
    assert told.status_code == 404
    sledai.refresh_from_db()
    assert sledai.data["rash"] == 1


def seeing_everything(do: Any) -> Any:
    """Let the page's own transaction see every site, so that a test can write a role inside it."""
    from funis.capture.context import Acting, acting

    def acting_everywhere(who: Acting, **_: object) -> Any:
        return acting(Acting(who.actor, "", who.address, None))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("funis.capture.people.access.acting", acting_everywhere)
        return do()


def test_a_closed_account_saves_nothing(sledai: Any) -> None:
    person = person_with("coordinator", "01", f"closed-{sledai.pk}")
    browser = browser_of(person)
    person.refresh_from_db()
    person.is_active = False
    act("administrator", person.save)
    assert post(browser, sledai, "key-closed", {"rash": (None, 1)}).status_code == 401


def test_saves_of_two_subjects_do_not_wait_for_each_other(server: Configuration, sledai: Any) -> None:
    """SQLite has one writer; on PostgreSQL the first save is still open when the second one is done."""
    from django.db import connection, connections

    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.models import Form
    from funis.capture.study_in_force import today

    if not server.database:
        pytest.skip("one writer at a time")

    def screen() -> Any:
        made = screen_subject("01")
        record_consent(made, Given("2.0", today()), "coordinator")
        record_visit(made, "baseline", today())
        return Form.objects.get(subject=made, name="sledai_2k")

    other, done = act("coordinator", screen), []

    def save_other() -> None:
        try:
            with acting(Acting("coordinator", sites=None)), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = 2000")
                save_entry(FormEntry(f"key-{other.pk}", other.pk, {"rash": (None, 1)}), other, "person")
            done.append("saved")
        finally:
            connections.close_all()

    with acting(Acting("coordinator", sites=None)):
        save_entry(FormEntry(f"key-{sledai.pk}", sledai.pk, {"rash": (None, 1)}), sledai, "person")
        second = threading.Thread(target=save_other)
        second.start()
        second.join(timeout=20)
    assert done == ["saved"]


RULE = StoppingRule(id="harm", counts="grade >= 3 AND related = 1", rule="subjects >= 2", action="pause")


@pytest.mark.parametrize(
    ("name", "before", "after", "bears"),
    [
        ("sledai_2k", {"rash": 0}, {"rash": 1}, False),
        ("infusions", {}, {"date": "2026-05-01"}, True),
        ("infusions", {"date": "2026-05-01"}, {"date": "2026-05-01", "volume_ml": 20}, False),
        ("infusions", {"date": "2026-05-01"}, {"date": "2026-05-02"}, True),
        ("adverse_events", {"term": "fever", "grade": 2}, {"term": "fever", "grade": 1}, False),
        ("adverse_events", {"term": "fever", "grade": 2, "related": 0}, {"grade": 3, "related": 0}, False),
        # Whether it is related is not recorded: it may count.
        ("adverse_events", {"term": "fever"}, {"term": "fever", "grade": 3}, True),
        # It counted, and counts no more.
        ("adverse_events", {"grade": 3, "related": 1}, {"grade": 2, "related": 1}, True),
        (
            "adverse_events",
            {"grade": 3, "related": 1},
            {"grade": 3, "related": 1, "start": "2026-05-01"},
            True,
        ),
        (
            "adverse_events",
            {"grade": 3, "causality": "unrelated"},
            {"grade": 4, "causality": "unrelated"},
            False,
        ),
    ],
)
def test_a_rule_is_held_only_where_its_counts_can_change(
    server: Configuration,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    bears: bool,
) -> None:
    from funis.capture.safety import stopping

    monkeypatch.setattr(stopping, "rules_in_force", lambda: (RULE,))
    assert stopping.rules_touched(name, before, after) == ((RULE,) if bears else ())


def test_a_document_is_written_as_json_writes_it_its_keys_in_order_and_decimals_as_typed() -> None:
    from funis.capture.document import read_document, write_document

    told = {
        "b": 'a "quote", \\, é, 皮疹, \u2028, \x01\n',
        "a": True,
        "c": None,
        "d": -3,
        "é": "",
        "z": {"y": [1, "x"]},
    }
    # The writer of Python's library is the reference, for all that it can write.
    expected = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert write_document(told) == expected
    assert write_document({"x": Decimal("1.50"), "n": 10**20}) == '{"n":100000000000000000000,"x":1.50}'
    assert read_document(write_document(told)) == told
    with pytest.raises(ValueRangeError, match="float"):
        write_document({"x": 0.5})


def test_an_answer_for_a_blinded_person_is_the_same_without_the_place_in_the_chain() -> None:
    from funis.capture.entry.save import SaveAnswer
    from funis.capture.trail.receipts import Receipt

    receipt = Receipt("2026-05-01T09:00:00.000000Z", "subject:s-1", 7, "ab")
    told = '{"later":[],"receipt":{"chain":"subject:s-1","hash":"ab","seq":7,"time":"2026-05-01T09:00:00.000000Z"}}'
    shown = SaveAnswer(told, receipt).without_place
    assert json.loads(shown) == {
        "later": [],
        "receipt": {"chain": "subject:s-1", "hash": "ab", "time": "2026-05-01T09:00:00.000000Z"},
    }
    with pytest.raises(RuntimeError, match="without its receipt"):
        _ = SaveAnswer('{"receipt":{"seq":8}}', receipt).without_place
