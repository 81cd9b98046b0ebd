"""What a server refuses to start with: a secret that others know, pages of errors, a clock that is off."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from funis.capture.configuration import SECOND_FACTOR, factors_file, secret_file
from funis.capture.context import SERVER, Acting, acting
from funis.capture.database.audited_tables import CHAIN
from funis.capture.people.permissions import ROLES
from funis.errors import UnknownNameError, ValueRangeError
from funis.study.today import read_clock

MOST_SECONDS: Final = 2.0
"""By so much the clocks of server and database may differ."""
SHORTEST_SECRET: Final = 32


def refuse_unsafe(folder: Path) -> None:
    """Refuse to start where what is entered, or who entered it and when, could not be relied on.

    Parameters
    ----------
    folder : of the study

    Raises
    ------
    ValueRangeError : says what is not safe, and how to mend it
    """
    if settings.DEBUG:
        raise ValueRangeError("DEBUG", "on", "off", "Pages of errors would show data to anybody.")
    _refuse_known_secret(secret_file(folder), settings.SECRET_KEY)
    _refuse_known_secret(factors_file(folder), settings.FACTORS_KEY)
    for role in settings.SECOND_FACTOR_ROLES:
        if role not in ROLES:
            raise UnknownNameError("role", role, ROLES, SECOND_FACTOR)
    with acting(Acting(SERVER, sites=None)):
        _refuse_clock()


def _refuse_known_secret(path: Path, secret: str) -> None:
    fix = f"Remove {path.name}: the next start makes another, and everybody logs in again."
    if len(secret) < SHORTEST_SECRET or secret.startswith("django-insecure"):
        raise ValueRangeError(
            path.name, "a short or common secret", f"{SHORTEST_SECRET} letters or more", fix
        )
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueRangeError(path.name, "a file that others may read", "one of its owner alone", fix)


def _refuse_clock() -> None:
    """Refuse a clock that differs from the database's, or that stands before what is in the trail."""
    here = read_clock()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT clock_timestamp()")
            _refuse_difference((here - cursor.fetchone()[0]).total_seconds(), "the database's")
        cursor.execute(f"SELECT max(at) FROM {CHAIN}")  # noqa: S608 - our own name
        newest = cursor.fetchone()[0]
    if newest:
        at = datetime.strptime(newest, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        _refuse_difference(min((here - at).total_seconds(), 0.0), "that of the newest row of the trail")


def _refuse_difference(seconds: float, other: str) -> None:
    if abs(seconds) > MOST_SECONDS:
        raise ValueRangeError(
            "clock of this machine",
            f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {other}",
            f"{MOST_SECONDS:.0f} s at most",
            "Set the clock by a time server, then start again.",
        )
