"""Freezes and locks: one function that every write of a row asks, and the acts that close and open.

Frozen: nothing is entered, queries go on. Locked: neither. What is closed closes all that lies inside: a form
lies in its visit, the visit in its subject, the subject in its site, the site in the database.

A lock and a save cannot cross: a save holds the row of its subject shared until it ends, and who closes takes
the rows of all subjects concerned alone. No row is shared by the saves of several subjects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import connection
from django.db.models.signals import pre_save

from funis.capture.context import because, moment, who_acts
from funis.capture.models import Form, StudyLock, Subject, SubjectLock, SubjectVisit
from funis.capture.models.audited import Audited
from funis.capture.models.locks import REASON_LENGTH
from funis.errors import UnknownNameError, ValueRangeError

OPEN, FROZEN, LOCKED = "open", "frozen", "locked"
STATES: Final = {OPEN: "Open for entry", FROZEN: "Frozen", LOCKED: "Locked"}
"""Every state, from open to closed, with the printed words."""
_ORDER: Final = tuple(STATES)


class Work(StrEnum):
    """What somebody wants to do: enter values, or review them by queries and verification."""

    ENTRY = "entry"
    REVIEW = "review"


_DONE_IN: Final = {Work.ENTRY: frozenset({OPEN}), Work.REVIEW: frozenset({OPEN, FROZEN})}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is written, from the outside in; empty parts: not inside one.

    Attributes
    ----------
    site : code of the site
    subject, visit, form : ids
    """

    site: str = ""
    subject: str = ""
    visit: str = ""
    form: str = ""

    @property
    def innermost(self) -> tuple[str, str]:
        """Give the kind and the id of the innermost part; the database where all are empty.

        Examples
        --------
        >>> Scope("01", "s-1").innermost, Scope().innermost
        (('subject', 's-1'), ('database', ''))
        """
        parts = (("form", self.form), ("visit", self.visit), ("subject", self.subject), ("site", self.site))
        return next((part for part in parts if part[1]), ("database", ""))

    def inside(self) -> list[str]:
        """Give the ids of the parts that belong to the subject."""
        return [part for part in (self.subject, self.visit, self.form) if part]


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one scope, and who set it when and why (empty: nobody did)."""

    scope: str
    target: str
    state: str
    by: str = ""
    at: str = ""
    reason: str = ""


def scope_of(row: Subject | SubjectVisit | Form) -> Scope:
    """Give the scope in which a row of a subject lies."""
    if isinstance(row, Subject):
        return Scope(row.site, row.pk)
    if isinstance(row, SubjectVisit):
        return Scope(row.site, row.subject_id, row.pk)
    return Scope(row.site, row.subject_id, row.visit_id or "", row.pk)


def refuse_closed(scope: Scope, work: Work = Work.ENTRY, *, changes_subject: bool = False) -> None:
    """Refuse a write into what is frozen or locked; every row of the trial asks this when it is saved.

    Parameters
    ----------
    scope : where it is written; what belongs to no subject and no site asks for the database alone
    work : entry, or review (queries and verification go on where entry is frozen)
    changes_subject : the row of the subject itself is changed later in this transaction

    Raises
    ------
    ValueRangeError : the form, or something it lies in, is closed to this work
    """
    if scope.subject:
        _hold_subject(scope.subject, "NO KEY UPDATE" if changes_subject else "SHARE")
    else:
        _hold_places(scope, "SHARE")
    closed = [each for each in standings(scope) if each.state not in _DONE_IN[work]]
    if closed:
        worst = max(closed, key=lambda each: _ORDER.index(each.state))
        raise ValueRangeError(
            worst.scope, worst.state, "one that is open to this work", "Ask who closed it to open it again."
        )


def listen() -> None:
    """Let every row that is written from now on ask first: no path of the application passes by."""
    pre_save.connect(_refuse_row, dispatch_uid="funis.capture.locks")


def _refuse_row(instance: object, **_: object) -> None:
    if not isinstance(instance, Audited) or not instance.closed_to:
        return
    refuse_closed(
        _scope_of_row(instance), Work(instance.closed_to), changes_subject=isinstance(instance, Subject)
    )


def _scope_of_row(row: Audited) -> Scope:
    """Give the scope of any row: what is of a form lies in it, a new subject in its site."""
    if isinstance(row, SubjectVisit | Form) or (isinstance(row, Subject) and not row._state.adding):
        return scope_of(row)
    form = getattr(row, "form", None)
    if isinstance(form, Form):
        return scope_of(form)
    return Scope(getattr(row, "site", ""), getattr(row, "subject_id", None) or "")


def standings(scope: Scope) -> list[Standing]:
    """Read the state of a scope and of all it lies in, from outside in; what nobody closed is left out.

    Raises
    ------
    ValueRangeError : the server has no row for a site: closed or not cannot be told, so nothing is written
    """
    places = {each.place: each for each in StudyLock.objects.filter(place__in={"", scope.site})}
    if places.keys() != {"", scope.site}:
        raise ValueRangeError(
            "site", scope.site or "the database", "one that was prepared", "Start the server again."
        )
    found = [_of_place(places[place]) for place in sorted(places) if places[place].by]
    inside = scope.inside()
    if inside:
        locks = {each.target: each for each in SubjectLock.objects.filter(subject=scope.subject)}
        found += [_of_target(locks[target]) for target in inside if target in locks]
    return found


def state_of(scope: Scope) -> str:
    """Give the strictest state that holds for a scope: open, frozen or locked."""
    return max((each.state for each in standings(scope)), key=_ORDER.index, default=OPEN)


def standings_of_subject(subject: Subject) -> dict[str, Standing]:
    """Read the own state of a subject, its visits and its forms, by id; what nobody closed is left out."""
    return {each.target: _of_target(each) for each in SubjectLock.objects.filter(subject=subject)}


def set_state(scope: Scope, state: str, reason: str) -> None:
    """Close or open a form, a visit, a subject or a site, within a transaction in which somebody acts.

    Parameters
    ----------
    scope : what is closed is its innermost part; the database asks for two people (`ask_for_database`)
    state : ``open``, ``frozen`` or ``locked``
    reason : why

    Raises
    ------
    UnknownNameError : no such state
    ValueRangeError : no reason, the state holds already, or the scope is the database
    """
    kind, target = scope.innermost
    reason = _checked(state, reason)
    if kind == "database":
        raise ValueRangeError("database", "one person", "two people", "Ask for it, and let another confirm.")
    if kind == "site":
        lock = _take_place(scope.site)
        _write(lock, state, reason)
        return
    _hold_subject(scope.subject, "NO KEY UPDATE")
    found = SubjectLock.objects.filter(scope=kind, target=target).first()
    _write(
        found
        or SubjectLock(subject_id=scope.subject, site=scope.site, scope=kind, target=target, state=OPEN),
        state,
        reason,
    )


def ask_for_database(state: str, reason: str) -> None:
    """Ask, as the first of two people, that the whole database is closed or opened.

    Raises
    ------
    UnknownNameError : no such state
    ValueRangeError : no reason, the state holds already, or somebody asks for something already
    """
    reason = _checked(state, reason)
    lock = _take_place("")
    if lock.state == state:
        raise ValueRangeError("database", state, "another state")
    if lock.asked_by:
        raise ValueRangeError("database", "a request that waits", "none", "Confirm it or take it back first.")
    with because(reason):
        lock.asked_state, lock.asked_by, lock.asked_reason = state, _actor(), reason
        lock.save()


def confirm_for_database(reason: str) -> None:
    """Confirm, as the second of two people, what was asked; the state holds from now on.

    Raises
    ------
    ValueRangeError : no reason, nothing was asked, or the same person asked
    """
    lock = _take_place("")
    reason = _checked(lock.asked_state or OPEN, reason)
    if not lock.asked_by:
        raise ValueRangeError("database", "no request", "one that waits for a second person")
    if lock.asked_by == _actor():
        raise ValueRangeError("second person", "who asked", "another person")
    state, why = lock.asked_state, lock.asked_reason
    lock.asked_state = lock.asked_by = lock.asked_reason = ""
    _write(lock, state, f"{why}; {reason}")


def take_back_for_database(reason: str) -> None:
    """Take back what was asked for the database; whoever may ask may do so.

    Raises
    ------
    ValueRangeError : no reason, or nothing was asked
    """
    reason = _checked(OPEN, reason)
    lock = _take_place("")
    if not lock.asked_by:
        raise ValueRangeError("database", "no request", "one that waits for a second person")
    with because(reason):
        lock.asked_state = lock.asked_by = lock.asked_reason = ""
        lock.save()


def make_locks(sites: Iterable[str]) -> None:
    """Make the row of the database and of each site where it is missing; somebody acts in the transaction."""
    known = set(StudyLock.objects.values_list("place", flat=True))
    for place in ("", *sites):
        if place not in known:
            StudyLock(place=place).save()


def _checked(state: str, reason: str) -> str:
    if state not in STATES:
        raise UnknownNameError("state", state, STATES)
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why it is closed or opened")
    if len(reason) > REASON_LENGTH:
        raise ValueRangeError("reason", f"{len(reason)} characters", f"at most {REASON_LENGTH}")
    return reason.strip()


def _write(lock: SubjectLock | StudyLock, state: str, reason: str) -> None:
    if lock.state == state:
        raise ValueRangeError("state", state, "another state")
    lock.state, lock.by, lock.at, lock.reason = state, _actor(), moment(), reason
    with because(reason):
        lock.save()


def _actor() -> str:
    who = who_acts()
    return who.actor if who else ""


def _hold_subject(subject: str, strength: str) -> None:
    """Hold the row of a subject until the transaction ends; SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {Subject._meta.db_table} WHERE id = %s FOR {strength}",  # noqa: S608
                [subject],
            )


def _hold_places(scope: Scope, strength: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {StudyLock._meta.db_table} "  # noqa: S608
                f"WHERE place IN ('', %s) ORDER BY place FOR {strength}",
                [scope.site],
            )


def _take_place(place: str) -> StudyLock:
    """Take the row of a site or the database alone, then every subject inside: no save goes on."""
    lock = StudyLock.objects.select_for_update(no_key=True).filter(place=place).first()
    if lock is None:
        raise ValueRangeError("site", place, "a site of the study")
    inside = Subject.objects.filter(site=place) if place else Subject.objects.all()
    for _ in inside.select_for_update(no_key=True).order_by("pk").values_list("pk").iterator():
        pass
    return lock


def _of_place(lock: StudyLock) -> Standing:
    kind = "site" if lock.place else "database"
    return Standing(kind, lock.place, lock.state, lock.by, lock.at, lock.reason)


def _of_target(lock: SubjectLock) -> Standing:
    return Standing(lock.scope, lock.target, lock.state, lock.by, lock.at, lock.reason)
