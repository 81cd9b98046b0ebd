"""The settings of the server, from the command's options and the environment."""

from __future__ import annotations

import os

from funis.capture.configuration import (
    MAIL,
    MAIL_FROM,
    factors_file,
    read_configuration,
    read_database,
    read_mail,
    read_secret,
    roles_with_second_factor,
    secret_file,
)
from funis.capture.configuration import PUBLIC_ADDRESS as PUBLIC

CONFIGURATION = read_configuration()

DEBUG = False
SECRET_KEY = read_secret(secret_file(CONFIGURATION.folder))
FACTORS_KEY = read_secret(factors_file(CONFIGURATION.folder))
SECOND_FACTOR_ROLES = roles_with_second_factor()
ALLOWED_HOSTS = list(CONFIGURATION.hosts)
ROOT_URLCONF = "funis.capture.urls"
WSGI_APPLICATION = "funis.capture.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "funis.capture",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "funis.capture.pages.headers.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "funis.capture.people.sessions.RenewalMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "funis.capture.pages.refusals.RefusalMiddleware",
]
DATABASES = {"default": read_database(CONFIGURATION)}

AUTH_USER_MODEL = "capture.Account"
AUTHENTICATION_BACKENDS = ["funis.capture.people.accounts.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

SESSION_ENGINE = "funis.capture.people.session_store"
SESSION_COOKIE_AGE = 30 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.is_secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if CONFIGURATION.is_secure else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIGURATION.is_secure else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
#: Mails are printed where the environment names no server of mail.
globals().update(read_mail(os.environ.get(MAIL, "")))
DEFAULT_FROM_EMAIL = os.environ.get(MAIL_FROM, "") or "funis@localhost"
#: Before the address of a page in a mail; empty: the mail names the page alone.
PUBLIC_ADDRESS = os.environ.get(PUBLIC, "").rstrip("/")
LOGGING = {"version": 1, "disable_existing_loggers": False}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

#: The checks of the data, as ``funis check`` does them; the rooms of the server know nothing of the analysis.
DATA_CHECKS = "funis.analysis.every_finding.check_frames"
