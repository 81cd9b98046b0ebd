"""Sessions in the database, as Django keeps them, read by one statement that the database plans once."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.db import connection

from funis.capture.database.connections import run_first
from funis.capture.database.turns import write_together
from funis.study.today import read_clock

_READ: Final = "SELECT session_data FROM django_session WHERE session_key = {} AND expire_date > {}"


class SessionStore(db.SessionStore):
    """A session; it is signed, written, renewed and ended as Django does it."""

    def load(self) -> dict[str, Any]:
        """Read the session; one that is not there, or has run out, is empty."""
        places = ("?", "?") if connection.vendor == "sqlite" else ("$1", "$2")
        now = connection.ops.adapt_datetimefield_value(read_clock())
        rows = run_first(_READ.format(*places), (self.session_key, now))
        if not rows:
            self._session_key = None
            return {}
        return dict(self._decoded(rows[0][0]))

    @classmethod
    @lru_cache(maxsize=1024)
    def _decoded(cls, text: str) -> dict[str, Any]:
        """Check the signature of a text and read it: the same text has the same answer."""
        found: dict[str, Any] = cls().decode(text)
        return found

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django calls it so
        """Write the session, on SQLite with the saves that wait."""
        write_together(partial(super().save, must_create=must_create))
