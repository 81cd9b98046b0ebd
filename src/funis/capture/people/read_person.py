"""The person of a session with the roles held, read by one statement, and the rights that these give.

Nothing of a person is kept from one request to the next: a role that has ended, and an account that was
closed, act at once. What is kept is the answer of a pure function to the texts that were read.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import BooleanField

from funis.capture.database.connections import run_prepared
from funis.capture.database.save_statements import LITE_ROLES
from funis.capture.models import Account, RoleHeld
from funis.capture.people.permissions import Held, Rights, read_rights
from funis.capture.study_in_force import blinded_by

_COLUMNS: Final = tuple(field.attname for field in Account._meta.concrete_fields)
_TRUTHS: Final = frozenset(
    number for number, field in enumerate(Account._meta.concrete_fields) if isinstance(field, BooleanField)
)
_PERSON: Final = ", ".join(f"a.{name}" for name in _COLUMNS)
_ROLES: Final = (
    "capture_roles(a.id), (SELECT string_agg(v.id, ',' ORDER BY v.number) FROM capture_studyversion v)"
)
_LITE: Final = f"{LITE_ROLES}, (SELECT group_concat(v.id, ',') FROM capture_studyversion v)"  # noqa: S608
_OPEN: Final = "FROM capture_account a WHERE a.is_active AND NOT a.locked AND a.id ="
_WITH_SESSION: ContextVar[tuple[Any, ...] | None] = ContextVar("read with the session", default=None)
"""Of the request that is answered, until it is taken; the next session that is read puts another there."""


class RolesRead(NamedTuple):
    """What decides the rights of a person: the roles held, as JSON, and the ids of the study's versions."""

    roles: str = "[]"
    versions: str = ""

    def rights(self, day: date) -> Rights:
        """Give what the person may do on a day."""
        return _rights(self.roles or "[]", self.versions or "", day)


@lru_cache(maxsize=1024)
def _rights(roles: str, versions: str, day: date) -> Rights:
    held = [
        Held(role, site, date.fromisoformat(since), date.fromisoformat(until) if until else None)
        for role, site, since, until, needs_second, by in json.loads(roles)
        if RoleHeld(needs_second=bool(needs_second), confirmed_by=by).is_confirmed
    ]
    return read_rights(held, day, blinded_by(versions))


def read_person(key: str) -> Account | None:
    """Read a person with `Account.read_roles`; none where the account is closed or locked.

    Parameters
    ----------
    key : id of the person
    """
    row = _take_read_before(key)
    if row is None:
        rows = _run(f"{_PERSON}, ", key)
        if not rows:
            return None
        row = rows[0]
    *values, roles, versions = row
    person = Account.from_db(
        "default",
        _COLUMNS,
        [bool(value) if number in _TRUTHS else value for number, value in enumerate(values)],
    )
    person.roles_read = RolesRead(roles, versions or "")
    return person


def columns_of_person() -> str:
    """Give the columns of a person as `read_person` takes them, of the account ``a`` of a statement."""
    return f"{_PERSON}, {_LITE if connection.vendor == 'sqlite' else _ROLES}"


def keep_read_before(row: tuple[Any, ...] | None) -> None:
    """Keep the person that was read with the session of this request; None: none was."""
    _WITH_SESSION.set(row)


def _take_read_before(key: str) -> tuple[Any, ...] | None:
    """Take the person that was read with the session, once, and only where it is the one of that id."""
    row = _WITH_SESSION.get()
    _WITH_SESSION.set(None)
    return row if row is not None and row[_COLUMNS.index("id")] == key else None


def read_roles(key: str) -> RolesRead:
    """Read the roles of a person anew, within the transaction that is open; none of a closed account."""
    rows = _run("", key)
    return RolesRead(*rows[0]) if rows else RolesRead()


def _run(columns: str, key: str) -> list[tuple[str, ...]]:
    roles, place = (_LITE, "?") if connection.vendor == "sqlite" else (_ROLES, "$1")
    return run_prepared(f"SELECT {columns}{roles} {_OPEN} {place}", (key,))
