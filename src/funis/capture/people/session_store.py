"""Sessions in the database, as Django keeps them, read by one statement that the database plans once."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.sessions.backends import db
from django.db import connection

from funis.capture.database.connections import run_first
from funis.study.today import read_clock

_READ: Final = "SELECT session_data FROM django_session WHERE session_key = {0} AND expire_date > {0}"


class SessionStore(db.SessionStore):
    """A session; it is signed, written, renewed and ended as Django does it."""

    def load(self) -> dict[str, Any]:
        """Read the session; one that is not there, or has run out, is empty."""
        place = "?" if connection.vendor == "sqlite" else "%s"
        now = connection.ops.adapt_datetimefield_value(read_clock())
        rows = run_first(_READ.format(place), (self.session_key, now))
        if not rows:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(rows[0][0])
        return found
