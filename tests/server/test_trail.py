"""The trail: the database writes it, refuses what it must, and nothing that its owner alters stays unseen."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tests.server.owner import put_in, take_out

from funis.capture.configuration import Configuration

STUDY = "UCMSC-SLE"


def save(form: Any, reason: str = "", **values: Any) -> None:
    from funis.capture.context import Acting, acting

    with acting(Acting("coordinator", reason, sites=None)):
        form.data = form.data | values
        form.save()


def verified() -> list[str]:
    from funis.capture.trail.verify import verify_trail

    found = verify_trail(STUDY)
    return [f"{each.place}: {each.what}" for each in found.alterations]


def test_a_trail_that_nobody_touched_is_whole(sledai: Any) -> None:
    save(sledai, "first entry", rash=1)
    save(sledai, "typing error", rash=0)
    assert verified() == []


def test_every_link_is_the_hash_of_the_one_before_and_the_stored_text(sledai: Any) -> None:
    """Twenty lines of any language verify a chain: the rule as the documentation says it, with hashlib alone."""
    from django.db import connection

    save(sledai, "first entry", rash=1)
    chain = f"subject:{sledai.subject_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload, hash FROM capture_trail WHERE chain = %s ORDER BY seq", [chain])
        rows = cursor.fetchall()
    head = hashlib.sha256(f"funis{STUDY}{chain}".encode()).hexdigest()
    for payload, stored in rows:
        head = hashlib.sha256(f"{head}{payload}".encode()).hexdigest()
        assert head == stored
    assert len(rows) > 5


def test_a_change_says_old_and_new_of_the_changed_items_alone(sledai: Any) -> None:
    from funis.capture.trail.history import read_history

    save(sledai, "first entry", rash=1, arthritis=1)
    save(sledai, "typing error", rash=0)
    last = list(read_history(f"subject:{sledai.subject_id}", sledai.pk))[-1]
    assert (last.actor, last.reason, last.revision) == ("coordinator", "typing error", 3)
    assert dict(last.items) == {"rash": (1, 0)}


def test_a_decimal_stands_in_the_trail_as_it_was_typed(sledai: Any) -> None:
    from decimal import Decimal

    from funis.capture.trail.rows import read_rows

    save(sledai, "first entry", proteinuria_24h=Decimal("0.620"))
    save(sledai, "another digit", proteinuria_24h=Decimal("0.62"))
    last = list(read_rows(f"subject:{sledai.subject_id}"))[-1]
    assert "0.620" in last.payload
    sledai.refresh_from_db()
    assert str(sledai.data["proteinuria_24h"]) == "0.62"
    assert verified() == []


def test_true_and_false_stand_in_the_trail_as_such(server: Configuration) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.people.accounts import add_person
    from funis.capture.trail.history import read_history

    with acting(Acting("funis", "an account", sites=None)):
        person = add_person("somebody-locked", "Somebody", "a long enough password")
        person.locked = True
        person.set_password("another long password")
        person.save()
    last = list(read_history(f"person:{person.pk}"))[-1]
    assert last.items["locked"] == (False, True)
    assert last.items["password"] == ("before", "set")
    assert verified() == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE capture_form SET data = '{{}}' WHERE id = '{form}'", "no actor"),
        ("UPDATE capture_form SET data = '{{}}', revision = revision WHERE id = '{form}'", "same revision"),
        ("UPDATE capture_form SET name = 'x', revision = revision + 1 WHERE id = '{form}'", "fixed column"),
        ("UPDATE capture_subject SET site = '02', revision = revision + 1 WHERE id = '{subject}'", "moved"),
        ("DELETE FROM capture_form WHERE id = '{form}'", "deleted"),
        ("DELETE FROM capture_consent WHERE subject_id = '{subject}'", "deleted"),
        ("UPDATE capture_trail SET payload = '{{}}' WHERE chain = 'subject:{subject}'", "trail changed"),
        ("DELETE FROM capture_trail WHERE chain = 'subject:{subject}'", "trail deleted"),
        ("DELETE FROM capture_chain WHERE id = 'subject:{subject}'", "chain deleted"),
    ],
)
@pytest.mark.parametrize("acts", [False, True], ids=["nobody acts", "somebody acts with a reason"])
def test_statements_behind_the_application_are_refused(
    sledai: Any, statement: str, why: str, *, acts: bool
) -> None:
    from django.db import DatabaseError, connection, transaction

    from funis.capture.context import Acting, acting

    if acts and why == "no actor":
        statement = statement.replace("WHERE", ", revision = revision + 2 WHERE")
    text = statement.format(form=sledai.pk, subject=sledai.subject_id)

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    with pytest.raises(DatabaseError):  # noqa: PT012 - the context is part of what is tried
        if acts:
            with acting(Acting("coordinator", "a reason", sites=None)):
                run()
        else:
            with transaction.atomic():
                run()
    assert verified() == []


def test_a_change_without_a_reason_is_refused_by_the_database(sledai: Any) -> None:
    from django.db import DatabaseError

    with pytest.raises(DatabaseError, match="a change needs a reason"):
        save(sledai, "", rash=1)


def test_every_model_with_data_is_audited(server: Configuration) -> None:
    """A table that is forgotten is a door left open."""
    from django.apps import apps

    from funis.capture.database.audited_tables import audited_models

    every = set(apps.get_app_config("capture").get_models())
    # Answers that were given, what is used once, and counts that are made from the audited rows at any time anew.
    assert {model.__name__ for model in every - set(audited_models())} == {
        "AwaitedVisit",
        "CheckedSubject",
        "RequestKey",
        "SigningNonce",
        "SubjectSummary",
        "UnaskedVisit",
    }


@pytest.fixture
def sqlite_alone(server: Configuration) -> None:
    if server.database:
        pytest.skip("a copy of the file is altered: SQLite")


@pytest.mark.usefixtures("sqlite_alone")
def test_a_dropped_trigger_is_seen_and_the_server_does_not_start(
    server: Configuration, tmp_path: Path
) -> None:
    import sqlite3

    from funis.capture.database.prepare import refuse_altered
    from funis.errors import ValueRangeError

    refuse_altered()
    kept = take_out(server, tmp_path)
    try:
        with sqlite3.connect(server.sqlite_file) as owned:
            owned.execute("DROP TRIGGER capture_form_changed")
        owned.close()
        assert verified() == ["schema: triggers, functions or tables are not as this server made them"]
        with pytest.raises(ValueRangeError, match="not as they were left"):
            refuse_altered()
    finally:
        put_in(server, kept)


@pytest.mark.usefixtures("sqlite_alone")
def test_another_program_cannot_write_by_accident(server: Configuration, sledai: Any) -> None:
    import sqlite3

    with sqlite3.connect(server.sqlite_file) as other, pytest.raises(sqlite3.OperationalError, match="funis"):
        other.execute(f"UPDATE capture_form SET data = '{{}}', revision = 2 WHERE id = '{sledai.pk}'")
    other.close()
