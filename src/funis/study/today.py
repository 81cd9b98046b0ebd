"""The study's day: what day it is now where the study is done. Nothing else in funis asks the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from funis.study.model import Study
from funis.study.study_finding import StudyFinding, unknown_name

# Area/Place with a capital: "localtime" and "posix/..." are files of the machine, not names of zones.
_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Z][A-Za-z0-9_+-]*){0,2}")


def read_clock() -> datetime:
    """Give the present moment; the only place that asks the clock, so that tests can hold it still."""
    return datetime.now(UTC)


def study_today(study: Study) -> date:
    """Give the day it is now in the study's time zone, wherever the machine stands.

    Parameters
    ----------
    study : the study; its key ``timezone`` names the zone

    Returns
    -------
    date

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> (study_today(read_study(template_path("sle"))) - read_clock().date()).days in (0, 1)
    True
    """
    return read_clock().astimezone(ZoneInfo(study.trial.timezone)).date()


def check_timezone(study: Study) -> Iterator[StudyFinding]:
    """Refuse a time zone that is not in the IANA list."""
    name = study.trial.timezone
    try:
        known = bool(_ZONE.fullmatch(name) and ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = False
    if not known:
        yield unknown_name(("study", "timezone"), "time zone", name, sorted(available_timezones()))
