"""What a running server does by itself: it anchors the chains each day, watches clocks, mails notices."""

from __future__ import annotations

import logging
import os
from threading import Event, Thread
from typing import Final

from django.db import DatabaseError, connection

from funis.capture.configuration import Configuration, read_configuration
from funis.capture.context import SERVER, Acting, acting
from funis.capture.safety.notices import send_waiting
from funis.capture.safety.overdue import tell_overdue
from funis.capture.safety.stopping import watch_rules
from funis.capture.study_in_force import started_with
from funis.capture.trail.make_anchor import is_due, make_anchor
from funis.errors import FunisError

LOOKS_EVERY: Final = 60.0
"""Seconds between two looks at the age of the last anchor, at the clocks and at what is to be mailed."""
_log = logging.getLogger(__name__)


def start_daily_work() -> None:
    """Start the thread that anchors; it ends with the process."""
    Thread(target=_work, args=(Event(),), name="daily anchor", daemon=True).start()


def _work(ended: Event) -> None:
    while True:
        anchor_if_due(read_configuration())
        watch_safety()
        connection.close()
        if ended.wait(LOOKS_EVERY):
            return


def watch_safety() -> bool:
    """Judge the stopping rules, tell of overdue reports, mail what waits; tell whether it was done."""
    try:
        with acting(Acting(SERVER, "clocks and rules watched", sites=None)):
            watch_rules()
            tell_overdue()
        send_waiting()
    except (FunisError, DatabaseError, OSError):
        _log.exception("clocks and notices were not looked at")
        return False
    return True


def anchor_if_due(configuration: Configuration) -> bool:
    """Anchor where the last anchor is a day old and this user may use the key; tell whether it was done.

    Where the key is a file that this user cannot read, its owner anchors, by the command, from a timer.
    """
    key, file = configuration.anchor_key_file, configuration.anchors_file
    if key.exists() and not os.access(key, os.R_OK):
        return False
    try:
        if not is_due(file):
            return False
        make_anchor(started_with().trial.id, file, key)
    except (FunisError, DatabaseError, OSError):
        _log.exception("the chains were not anchored")
        return False
    return True
