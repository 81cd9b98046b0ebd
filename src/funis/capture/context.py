"""Who acts, and why: one transaction at a time, told to the database before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection, transaction

from funis.study.today import read_clock


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts.

    Attributes
    ----------
    actor : login of the person; the server itself is ``funis``
    reason : why something changes; a first entry needs none
    address : network address the person came from
    sites : codes of the sites whose rows may be seen; none: every site
    """

    actor: str
    reason: str = ""
    address: str = ""
    sites: tuple[str, ...] | None = ()


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


def who_acts() -> Acting | None:
    """Give who acts in this transaction, none outside one."""
    return _acting.get()


@contextmanager
def acting(who: Acting) -> Iterator[Acting]:
    """Open a transaction in which a person acts; without one the database refuses every write.

    Parameters
    ----------
    who : the person, the reason, the address, the sites
    """
    token = _acting.set(who)
    try:
        with transaction.atomic():
            _tell_database(who)
            yield who
    finally:
        _acting.reset(token)


@contextmanager
def because(reason: str) -> Iterator[Acting]:
    """Give the reason for the changes inside, within a transaction that is open already."""
    outer = _acting.get()
    if outer is None:
        raise RuntimeError("nobody acts here: open a transaction by acting()")
    inner = replace(outer, reason=reason)
    token = _acting.set(inner)
    try:
        _tell_database(inner)
        yield inner
    finally:
        _acting.reset(token)
        _tell_database(outer)


def _tell_database(who: Acting) -> None:
    """Tell PostgreSQL, for this transaction; SQLite asks by itself (`context_value`)."""
    if connection.vendor != "postgresql":
        return
    sites = "*" if who.sites is None else ",".join(who.sites)
    told = {"actor": who.actor, "reason": who.reason, "address": who.address, "sites": sites}
    with connection.cursor() as cursor:
        chosen = ", ".join("set_config(%s, %s, true)" for _ in told)
        cursor.execute(
            f"SELECT {chosen}",
            [text for name, value in told.items() for text in (f"funis.{name}", value)],
        )


def moment() -> str:
    """Give the present time in UTC as the trail and the receipts write it."""
    return read_clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def context_value(name: str) -> str | None:
    """Answer SQLite's ``funis_context``: actor, reason, address or now; null where nobody acts."""
    if name == "now":
        return moment()
    who = _acting.get()
    return None if who is None else getattr(who, name, "") or ("" if name != "actor" else None)
