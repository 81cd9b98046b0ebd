"""Saves that wait on SQLite are committed at once: one that fails takes no other with it, none is answered before."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from funis.capture.configuration import Configuration
from funis.capture.database.turns import Turns

ITEMS = ("rash", "alopecia", "fever", "pleurisy", "arthritis")
Answers = dict[str, Any]


@contextmanager
def counted_commits(monkeypatch: pytest.MonkeyPatch, *, failing: int = 0) -> Iterator[list[str]]:
    """Count the commits of every thread; the first ones fail, as on a full disk."""
    from django.db import OperationalError
    from django.db.backends.sqlite3.base import DatabaseWrapper

    made: list[str] = []
    commit = DatabaseWrapper._commit  # type: ignore[attr-defined]

    def note(self: Any) -> Any:
        made.append(threading.current_thread().name)
        if len(made) <= failing:
            raise OperationalError("database or disk is full")
        return commit(self)

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseWrapper, "_commit", note)
        yield made


def run_waiting(turns: Turns, works: dict[str, Callable[[], Any]]) -> Answers:
    """Let works come one after the other while somebody else has the turn, then let them run; give what each told."""
    from django.db import connections

    told: Answers = {}

    def run(name: str, work: Callable[[], Any]) -> None:
        try:
            told[name] = turns.together(work)
        except Exception as error:  # noqa: BLE001 - looked at by the test
            told[name] = error
        finally:
            connections.close_all()

    threads, pause = [], threading.Event()
    with turns.alone():
        for place, (name, work) in enumerate(works.items()):
            threads.append(threading.Thread(target=run, args=(name, work), name=name))
            threads[-1].start()
            while turns.waiting <= place:
                pause.wait(0.002)
        assert told == {}
    for each in threads:
        each.join(timeout=60)
    told = {name: _without_frames(each) for name, each in told.items()}
    gc.collect()
    return told


def _without_frames(told: Any) -> Any:
    """Let go of the cursors that an error's frames hold: they hold the file, which the next test puts back."""
    if isinstance(told, Exception):
        told.__cause__ = told.__context__ = None
        return told.with_traceback(None)
    return told


def saver(form: Any, item: str, key: str, *, fails: bool = False) -> Callable[[], str]:
    """Give the work of a save; one that fails does so after it has written everything."""
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry

    def save() -> str:
        with acting(Acting(f"typed {item}", sites=None), tells=False):
            answer = save_entry(FormEntry(key, form.pk, {item: (None, 1)}), form, "person")
            if fails:
                raise LookupError(item)
            return answer

    return save


@pytest.fixture
def turns(server: Configuration) -> Turns:
    from funis.capture.database.turns import TURNS

    if server.database:
        pytest.skip("PostgreSQL shares the waits for the disk by itself")
    return TURNS


def test_saves_that_wait_share_one_commit_and_each_has_its_own_row_and_actor(
    sledai: Any, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.document import read_document
    from funis.capture.trail.rows import read_rows

    works = {item: saver(sledai, item, f"together-{item}") for item in ITEMS}
    with counted_commits(monkeypatch) as commits:
        told = run_waiting(turns, works)
    assert commits == ["rash"], "whoever comes first writes for all"
    receipts = {item: read_document(told[item])["receipt"] for item in ITEMS}
    rows = {row.seq: row for row in read_rows(f"subject:{sledai.subject_id}")}
    for item, receipt in receipts.items():
        assert rows[receipt["seq"]].hash == receipt["hash"]
        assert rows[receipt["seq"]].said["data"] == {item: [None, 1]}
        assert rows[receipt["seq"]].said["actor"] == f"typed {item}"
    sledai.refresh_from_db()
    assert {item: sledai.data[item] for item in ITEMS} == dict.fromkeys(ITEMS, 1)


def test_a_save_that_fails_is_rolled_back_alone(sledai: Any, turns: Turns) -> None:
    from funis.capture.models import RequestKey
    from funis.capture.trail.rows import read_rows

    chain = f"subject:{sledai.subject_id}"
    before = len(list(read_rows(chain)))
    works = {item: saver(sledai, item, f"failing-{item}", fails=item == "fever") for item in ITEMS}
    told = run_waiting(turns, works)
    assert [item for item in ITEMS if isinstance(told[item], LookupError)] == ["fever"]
    sledai.refresh_from_db()
    assert [item for item in ITEMS if item in sledai.data] == [item for item in ITEMS if item != "fever"]
    assert [row.seq for row in read_rows(chain)] == list(range(1, before + len(ITEMS)))
    assert not RequestKey.objects.filter(key="failing-fever").exists()


def test_nothing_is_acknowledged_whose_commit_failed(
    sledai: Any, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from funis.capture.trail.rows import read_rows

    chain = f"subject:{sledai.subject_id}"
    before = len(list(read_rows(chain)))
    works = {item: saver(sledai, item, f"full-{item}") for item in ITEMS}
    with counted_commits(monkeypatch, failing=1):
        told = run_waiting(turns, works)
        assert all(isinstance(each, OperationalError) for each in told.values())
        assert len(list(read_rows(chain))) == before
        # The browsers send their entries again, with the same keys.
        told = run_waiting(turns, works)
    assert all(isinstance(each, str) for each in told.values())
    assert len(list(read_rows(chain))) == before + len(ITEMS)


def test_nothing_is_acknowledged_where_the_database_gave_up_the_transaction(
    sledai: Any, turns: Turns
) -> None:
    """A full disk can end the whole transaction in the middle: what was written before it is gone, too."""
    from django.db import connection

    def give_up() -> None:
        connection.connection.execute("ROLLBACK")

    works = {"rash": saver(sledai, "rash", "given-up"), "full": give_up}
    works["fever"] = saver(sledai, "fever", "given-up-2")
    told = run_waiting(turns, works)
    assert [name for name, each in told.items() if not isinstance(each, Exception)] == []
    sledai.refresh_from_db()
    assert sledai.data.keys().isdisjoint({"rash", "fever"})
    assert isinstance(run_waiting(turns, {"rash": works["rash"]})["rash"], str)


def test_turns_go_by_order_of_coming_and_saves_join_the_first_of_them(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that came before some saves waits for one group of them at most."""
    done: list[str] = []
    own = Turns()

    def page() -> None:
        with own.alone(), own.alone():
            done.append("page")

    def work(name: str) -> Callable[[], None]:
        return lambda: done.append(name)

    threads, pause = [], threading.Event()
    waits: list[Callable[[], None]] = [
        lambda: own.together(work("save 1")),
        page,
        lambda: own.together(work("save 2")),
        page,
    ]
    with own.alone():
        for place, wait in enumerate(waits):
            threads.append(threading.Thread(target=wait))
            threads[-1].start()
            while own.waiting <= place:
                pause.wait(0.002)
    for each in threads:
        each.join(timeout=60)
    assert done == ["save 1", "save 2", "page", "page"]
    assert own.waiting == 0


def test_an_acknowledged_save_of_sqlite_is_on_the_disk(server: Configuration) -> None:
    """The tests themselves do not wait for the disk; a server does."""
    import sqlite3

    from funis.capture.database.connections import prepare_sqlite

    if server.database:
        pytest.skip("SQLite")
    with sqlite3.connect(server.sqlite_file) as opened:
        prepare_sqlite(opened)
        assert opened.execute("PRAGMA synchronous").fetchone() == (2,)
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    opened.close()
