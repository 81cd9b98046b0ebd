"""Who acts, and why: one transaction at a time, told to the database before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from django.db import DatabaseError, connection, transaction

from funis.capture.database.turns import turn_to_write
from funis.study.today import read_clock

SERVER: Final = "funis"
"""Login under which the server itself acts; no person has it."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts.

    Attributes
    ----------
    actor : login of the person; the server itself is ``funis``
    reason : why something changes; a first entry needs none
    address : network address the person came from
    sites : codes of the sites whose rows may be seen; none: every site
    redaction : id of the redaction that is carried out: texts that never change otherwise may be taken out
    """

    actor: str
    reason: str = ""
    address: str = ""
    sites: tuple[str, ...] | None = ()
    redaction: str = ""

    @property
    def told_sites(self) -> str:
        """Give the sites as the policies of the database read them."""
        return "*" if self.sites is None else ",".join(self.sites)


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


def who_acts() -> Acting | None:
    """Give who acts in this transaction, none outside one."""
    return _acting.get()


@contextmanager
def acting(who: Acting, *, is_snapshot: bool = False, tells: bool = True) -> Iterator[Acting]:
    """Open a transaction in which a person acts; without one the database refuses every write.

    Parameters
    ----------
    who : the person, the reason, the address, the sites
    is_snapshot : everything is read as it stood at one moment, however long it takes
    tells : the database is told at once; otherwise the first statement inside tells it, and one that does not
        sees no row and writes none
    """
    outer = _acting.get()
    token = _acting.set(who)
    try:
        with turn_to_write(), transaction.atomic():
            if is_snapshot:
                _hold_still()
            if tells:
                _tell_database(who)
            yield who
    finally:
        _acting.reset(token)
        if outer is not None:
            _tell_again(outer)


@contextmanager
def because(reason: str) -> Iterator[Acting]:
    """Give the reason for the changes inside, within a transaction that is open already."""
    with _acting_as(replace(_who_must_act(), reason=reason)) as inner:
        yield inner


@contextmanager
def telling(reason: str) -> Iterator[Acting]:
    """Give the reason as `because` does, where the one statement inside tells the database itself."""
    outer = _who_must_act()
    token = _acting.set(replace(outer, reason=reason))
    try:
        yield outer
    finally:
        _acting.reset(token)


@contextmanager
def redacting(redaction: str) -> Iterator[Acting]:
    """Carry out a redaction, within a transaction in which its second person acts."""
    with _acting_as(replace(_who_must_act(), redaction=redaction)) as inner:
        yield inner


@contextmanager
def seeing(sites: tuple[str, ...] | None) -> Iterator[Acting]:
    """See the rows of some sites alone, within a transaction that is open already.

    Parameters
    ----------
    sites : codes of the sites; None: every site
    """
    with _acting_as(replace(_who_must_act(), sites=sites)) as inner:
        yield inner


def _who_must_act() -> Acting:
    who = _acting.get()
    if who is None:
        raise RuntimeError("nobody acts here: open a transaction by acting()")
    return who


@contextmanager
def server_acts(reason: str) -> Iterator[Acting]:
    """Let the server itself act, at every site, within a transaction in which a person acts."""
    with _acting_as(replace(_who_must_act(), actor=SERVER, reason=reason, sites=None)) as inner:
        yield inner


@contextmanager
def _acting_as(inner: Acting) -> Iterator[Acting]:
    outer = _who_must_act()
    token = _acting.set(inner)
    try:
        _tell_database(inner)
        yield inner
    finally:
        _acting.reset(token)
        _tell_again(outer)


def _hold_still() -> None:
    """Let PostgreSQL read one moment, without a limit of time; SQLite's transactions do so by themselves."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET LOCAL statement_timeout = 0")


def _tell_again(outer: Acting) -> None:
    """Tell who acted before; a transaction that has failed takes nothing any more, and needs nothing."""
    with suppress(DatabaseError):
        _tell_database(outer)


def _tell_database(who: Acting) -> None:
    """Tell PostgreSQL, for this transaction; SQLite asks by itself (`context_value`)."""
    if connection.vendor != "postgresql":
        return
    told = {"actor": who.actor, "reason": who.reason, "address": who.address, "sites": who.told_sites}
    told["redaction"] = who.redaction
    with connection.cursor() as cursor:
        chosen = ", ".join("set_config(%s, %s, true)" for _ in told)
        cursor.execute(
            f"SELECT {chosen}",
            [text for name, value in told.items() for text in (f"funis.{name}", value)],
        )


def moment() -> str:
    """Give the present time in UTC as the trail and the receipts write it."""
    return read_clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_at(text: str) -> datetime:
    """Read a moment as the trail and the server's rows store it.

    Raises
    ------
    ValueError : it is none

    Examples
    --------
    >>> moment_at("2026-03-02T09:00:00.000000Z").isoformat()
    '2026-03-02T09:00:00+00:00'
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def context_value(name: str) -> str | None:
    """Answer SQLite's ``funis_context``: actor, reason, address, redaction or now; null where nobody acts."""
    if name == "now":
        return moment()
    who = _acting.get()
    return None if who is None else getattr(who, name, "") or ("" if name != "actor" else None)
