"""What the type checker must know of the server's settings: no study, no database, no secret."""

from __future__ import annotations

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "funis.capture",
]
AUTH_USER_MODEL = "capture.Account"
SECRET_KEY = "only for the type checker"  # noqa: S105 - it guards nothing
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DATA_CHECKS = "funis.analysis.every_finding.check_frames"
FACTORS_KEY = "only for the type checker"
SECOND_FACTOR_ROLES: tuple[str, ...] = ()
PUBLIC_ADDRESS = ""
