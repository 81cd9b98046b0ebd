"""Whose turn it is to write on SQLite, which has one writer at a time: saves that wait are written together.

A commit waits until the disk has it, 3 to 20 ms, and nobody writes meanwhile. So whoever comes to its turn
with a save takes all saves that wait with it: each in a savepoint of its own, one commit for all, and no
answer before that commit. A save that fails is rolled back to its savepoint; where the commit fails, all of
them failed, and none was acknowledged. Everything else (a page, the daily work) has a turn alone. Turns go by
order of coming, so that nobody waits for ever behind a stream of saves.

PostgreSQL needs none of this: its writers share their waits for the disk by themselves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock, get_ident
from typing import Any, Final, TypeVar

from django.db import OperationalError, connection, transaction

Written = TypeVar("Written")


class _Ticket:
    """What waits for its turn: a save with its work, or something that writes alone and has none here."""

    def __init__(self, work: Callable[[], Any] | None = None) -> None:
        self.work = work
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self._context = copy_context()
        self._told = Lock()
        self._told.acquire()

    def wait(self) -> None:
        """Wait until it is told: that it has the turn, or that its work was done."""
        self._told.acquire()

    def tell(self) -> None:
        """Wake who waits."""
        self._told.release()

    def run(self) -> None:
        """Do the work as whoever waits would: who acts is of its request, not of the one that leads."""
        try:
            self.value = self._context.run(self.work) if self.work else None
        except BaseException as error:  # noqa: BLE001 - it is raised again where it belongs
            self.error = error


class Turns:
    """The turns of the threads of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[_Ticket] = deque()
        self._holder = 0

    @property
    def waiting(self) -> int:
        """Count who waits."""
        return len(self._waiting)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have a turn alone; a thread that has it already goes on."""
        if self._holder == get_ident():
            yield
            return
        self._take(_Ticket())
        try:
            yield
        finally:
            self._pass_on()

    def together(self, work: Callable[[], Written]) -> Written:
        """Do a piece of work with all others that wait, in one transaction.

        Parameters
        ----------
        work : opens a transaction of its own, and gives what is answered

        Returns
        -------
        what the work gave; it stands in the database by then

        Raises
        ------
        Exception : what the work raised, or the commit; nothing of it stands then
        """
        if self._holder == get_ident():
            return work()
        ticket = _Ticket(work)
        self._take(ticket)
        if not ticket.is_done:
            self._lead(ticket)
        # An error that its own frames hold would keep the cursors of a closed connection, and its file.
        error, ticket.error = ticket.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error
        found: Written = ticket.value
        return found

    def _take(self, ticket: _Ticket) -> None:
        """Wait for the turn, or until somebody did the work."""
        with self._lock:
            is_free = self._holder == 0
            if is_free:
                self._holder = get_ident()
            else:
                self._waiting.append(ticket)
        if not is_free:
            ticket.wait()
            if not ticket.is_done:
                self._holder = get_ident()

    def _pass_on(self) -> None:
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            # Between two holders it is nobody's, and not free.
            self._holder = -1 if following else 0
        if following:
            following.tell()

    def _lead(self, own: _Ticket) -> None:
        """Write one's own work and all that waits; whoever waits is told when it stands."""
        with self._lock:
            others = [each for each in self._waiting if each.work]
            self._waiting = deque(each for each in self._waiting if not each.work)
        group = [own, *others]
        try:
            _write(group)
        except BaseException as error:  # noqa: BLE001 - it is raised again by each
            for each in group:
                if each.error is None:
                    each.error = error
        finally:
            self._pass_on()
            for each in others:
                each.is_done = True
                each.tell()


def _write(group: list[_Ticket]) -> None:
    """Write what belongs together in one transaction; a single one has its own."""
    if len(group) == 1:
        group[0].run()
        return
    with transaction.atomic():
        for each in group:
            each.run()
            _refuse_broken()


def _refuse_broken() -> None:
    """Refuse to go on where a savepoint could not be rolled back, or the database gave up the transaction.

    Django would then roll back the whole without a word, and saves would be acknowledged that are gone.
    """
    is_open = connection.connection is not None and connection.connection.in_transaction
    if not is_open or connection.needs_rollback or connection.closed_in_transaction:
        raise OperationalError("the transaction of these saves has ended before its commit")


TURNS: Final = Turns()
"""Of this process."""


@contextmanager
def turn_to_write() -> Iterator[None]:
    """Have a turn to write, for the outermost transaction of a thread; on PostgreSQL there are none."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with TURNS.alone():
        yield


def write_together(work: Callable[[], Written]) -> Written:
    """Do a piece of work that writes: on SQLite with all others that wait, in one transaction.

    Parameters
    ----------
    work : opens a transaction of its own, and gives what is answered

    Returns
    -------
    what the work gave; it stands in the database by then

    Raises
    ------
    Exception : what the work raised, or the commit; nothing of it stands then
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return work()
    return TURNS.together(work)
