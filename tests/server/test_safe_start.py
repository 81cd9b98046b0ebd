"""A server does not start where it could not be relied on: each reason in words."""

from datetime import timedelta
from typing import Any

import pytest
from tests.server.people import new_subject

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError
from funis.study.today import read_clock


def refuse(server: Configuration) -> None:
    from funis.capture.safe_start import refuse_unsafe

    refuse_unsafe(server.folder)


def test_a_server_as_it_is_made_starts(server: Configuration) -> None:
    refuse(server)


def test_pages_of_errors_are_refused(server: Configuration, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "DEBUG", True)
    with pytest.raises(ValueRangeError, match="DEBUG: found 'on'"):
        refuse(server)


@pytest.mark.parametrize("secret", ["secret", "django-insecure-0123456789012345678901234567890123456789"])
def test_a_secret_that_others_know_is_refused(
    server: Configuration, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "SECRET_KEY", secret)
    with pytest.raises(ValueRangeError, match="short or common secret"):
        refuse(server)


def test_a_secret_that_others_may_read_is_refused(server: Configuration) -> None:
    path = server.folder / "capture.key"
    path.chmod(0o644)
    try:
        with pytest.raises(ValueRangeError, match="others may read"):
            refuse(server)
    finally:
        path.chmod(0o600)


@pytest.mark.parametrize(("seconds", "starts"), [(-3, False), (-1, True), (3600, None)])
def test_a_clock_that_is_off_is_refused(
    server: Configuration, monkeypatch: pytest.MonkeyPatch, seconds: int, *, starts: Any
) -> None:
    """The trail stands at the true time; PostgreSQL tells it, too, so that a fast clock is seen there."""
    from funis.capture import safe_start

    new_subject()  # a row of now
    monkeypatch.setattr(safe_start, "read_clock", lambda: read_clock() + timedelta(seconds=seconds))
    if starts is None:
        starts = not server.database
    if starts:
        refuse(server)
    else:
        with pytest.raises(ValueRangeError, match=f"{abs(seconds)} s"):
            refuse(server)
