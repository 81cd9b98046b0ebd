"""Sessions in the database, as Django keeps them, read by one statement that the database plans once.

The person of a session is read with it: who had the session when it was read before is asked for in the same
statement. That is a guess, which gives nobody a right: the person counts only where the session, whose
signature is checked, names the same one, and is as it stands in the database at this request.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db import connection

from funis.capture.database.connections import run_first
from funis.capture.database.turns import write_together
from funis.capture.people.read_person import columns_of_person, keep_read_before
from funis.study.today import read_clock

_MOST_KNOWN: Final = 4096
_KNOWN: Final[dict[str, str]] = {}
"""Id of the person whom a session named when it was read last, of the sessions that were read last."""


class SessionStore(db.SessionStore):
    """A session; it is signed, written, renewed and ended as Django does it."""

    def load(self) -> dict[str, Any]:
        """Read the session; one that is not there, or has run out, is empty."""
        now = connection.ops.adapt_datetimefield_value(read_clock())
        key = str(self.session_key)
        rows = run_first(_statement(connection.vendor), (_KNOWN.get(key, ""), key, now))
        keep_read_before(None)
        if not rows:
            _KNOWN.pop(key, None)
            self._session_key = None
            return {}
        text, *person = rows[0]
        found = dict(self._decoded(text))
        _remember(key, str(found.get(SESSION_KEY, "")))
        if found.get(SESSION_KEY):
            keep_read_before(tuple(person))
        return found

    @classmethod
    @lru_cache(maxsize=1024)
    def _decoded(cls, text: str) -> dict[str, Any]:
        """Check the signature of a text and read it: the same text has the same answer."""
        found: dict[str, Any] = cls().decode(text)
        return found

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django calls it so
        """Write the session, on SQLite with the saves that wait."""
        write_together(partial(super().save, must_create=must_create))


@lru_cache
def _statement(vendor: str) -> str:
    person, key, now = ("?", "?", "?") if vendor == "sqlite" else ("$1", "$2", "$3")
    return (
        f"SELECT s.session_data, {columns_of_person()} FROM django_session s "  # noqa: S608 - names of ours
        f"LEFT JOIN capture_account a ON a.is_active AND NOT a.locked AND a.id = {person} "
        f"WHERE s.session_key = {key} AND s.expire_date > {now}"
    )


def _remember(key: str, person: str) -> None:
    if key not in _KNOWN and len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    _KNOWN[key] = person
