"""Where a server's study and data stand: read from the environment once, by the settings alone."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from funis.errors import ValueRangeError
from funis.files import write_whole

FOLDER = "FUNIS_CAPTURE_FOLDER"
DATABASE = "DATABASE_URL"
OWNER = "DATABASE_OWNER_URL"
HOSTS = "FUNIS_CAPTURE_HOSTS"
SECOND_FACTOR = "FUNIS_CAPTURE_SECOND_FACTOR"
HTTPS = "FUNIS_CAPTURE_HTTPS"
ANCHOR_KEY = "FUNIS_CAPTURE_ANCHOR_KEY"
IDENTITY_KEYS = "FUNIS_CAPTURE_IDENTITY_KEYS"
MAIL = "FUNIS_CAPTURE_MAIL"
MAIL_FROM = "FUNIS_CAPTURE_MAIL_FROM"
PUBLIC_ADDRESS = "FUNIS_CAPTURE_ADDRESS"
OWN_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a server is started with.

    Attributes
    ----------
    folder : of the study: study.toml, and beside it what the server keeps
    database : address of a PostgreSQL database; empty: SQLite in the folder
    owner : the same database as its owner reaches it, who makes tables and triggers; the server itself never
        works under that role
    hosts : names under which the server answers
    is_secure : it is reached by HTTPS, so that cookies go nowhere else
    anchor_key : file of the key that signs anchors; none: one in the folder
    identity_keys : file of the keys of sites that seal identities; none: one in the folder
    """

    folder: Path
    database: str = ""
    owner: str = ""
    hosts: tuple[str, ...] = OWN_HOSTS
    is_secure: bool = False
    anchor_key: Path | None = None
    identity_keys: Path | None = None

    @property
    def sqlite_file(self) -> Path:
        """Give the file of the embedded database."""
        return self.folder / "capture.sqlite"

    @property
    def receipts_file(self) -> Path:
        """Give the file to which a line is added after every acknowledged save."""
        return self.folder / "capture.receipts"

    @property
    def anchors_file(self) -> Path:
        """Give the file to which every anchor is added."""
        return self.folder / "capture.anchors"

    @property
    def anchor_key_file(self) -> Path:
        """Give the file of the key that signs anchors."""
        return self.anchor_key or self.folder / "capture.anchor.key"

    @property
    def identity_keys_file(self) -> Path:
        """Give the file of the keys of sites, which seal who subjects are."""
        return self.identity_keys or self.folder / "capture.identity.keys"

    def set_environment(self) -> None:
        """Write the configuration where the settings, in this and in child processes, read it."""
        os.environ[FOLDER] = str(self.folder)
        os.environ[HOSTS] = ",".join(self.hosts)
        os.environ[HTTPS] = "1" if self.is_secure else ""
        os.environ[ANCHOR_KEY] = str(self.anchor_key or "")
        os.environ[IDENTITY_KEYS] = str(self.identity_keys or "")
        if self.database:
            os.environ[DATABASE] = self.database
        else:
            os.environ.pop(DATABASE, None)


def read_configuration() -> Configuration:
    """Read the configuration from the environment."""
    folder = os.environ.get(FOLDER, "")
    if not folder:
        raise ValueRangeError(
            FOLDER, "nothing", "the folder of a study", "Start the server by: funis serve DIR"
        )
    hosts = tuple(host for host in os.environ.get(HOSTS, "").split(",") if host)
    return Configuration(
        Path(folder),
        os.environ.get(DATABASE, ""),
        hosts=hosts or OWN_HOSTS,
        is_secure=bool(os.environ.get(HTTPS)),
        anchor_key=_named(ANCHOR_KEY),
        identity_keys=_named(IDENTITY_KEYS),
    )


def _named(name: str) -> Path | None:
    """Give the file that the environment names; none where it names none."""
    given = os.environ.get(name, "")
    return Path(given) if given else None


def configuration_of(folder: Path) -> Configuration:
    """Give the configuration of a folder, with the databases that the environment names."""
    return Configuration(
        folder,
        os.environ.get(DATABASE, ""),
        os.environ.get(OWNER, ""),
        anchor_key=_named(ANCHOR_KEY),
        identity_keys=_named(IDENTITY_KEYS),
    )


def role_of(address: str) -> str:
    """Give the role under which an address of PostgreSQL is reached."""
    return unquote(urlsplit(address).username or "")


def read_database(configuration: Configuration) -> dict[str, Any]:
    """Give the database in the words of Django's settings.

    Raises
    ------
    ValueRangeError : the address is not that of a PostgreSQL database (its password is not repeated)
    """
    if not configuration.database:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(configuration.sqlite_file)} | {
            # Kept open by its thread: the last one that closes writes the whole log into the file, and waits.
            "CONN_MAX_AGE": None,
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    parts = urlsplit(configuration.database)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not name:
        raise ValueRangeError(
            DATABASE, f"an address of {parts.scheme or 'no kind'}", "postgresql://USER@HOST/NAME"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A list is read in less time than PostgreSQL takes to compile its question for the processor.
        "OPTIONS": {"options": "-c statement_timeout=5000 -c jit=off"},
    }


def read_mail(address: str) -> dict[str, Any]:
    """Give the settings of mail in the words of Django's; without an address mails are printed.

    Parameters
    ----------
    address : ``smtp://USER:PASSWORD@HOST:PORT``, ``smtp+tls://`` (STARTTLS) or ``smtps://``; empty: none

    Raises
    ------
    ValueRangeError : it is no such address (its password is not repeated)

    Examples
    --------
    >>> read_mail("smtps://mail.example.org")["EMAIL_PORT"]
    465
    """
    backend = "django.core.mail.backends"
    if not address:
        return {"EMAIL_BACKEND": f"{backend}.console.EmailBackend"}
    parts = urlsplit(address)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ports or not parts.hostname or port == 0:
        raise ValueRangeError(
            MAIL, f"an address of {parts.scheme or 'no kind'}", "smtp+tls://USER:PASSWORD@HOST:PORT"
        )
    return {
        "EMAIL_BACKEND": f"{backend}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_TIMEOUT": 20,
    }


def secret_file(folder: Path) -> Path:
    """Give the file of the key that signs sessions."""
    return folder / "capture.key"


def factors_file(folder: Path) -> Path:
    """Give the file of the key that seals second factors; keep its copy apart from those of the database."""
    return folder / "capture.factors.key"


def roles_with_second_factor() -> tuple[str, ...]:
    """Give the roles of which the server asks a second factor, as the environment names them."""
    return tuple(role.strip() for role in os.environ.get(SECOND_FACTOR, "").split(",") if role.strip())


def read_secret(path: Path) -> str:
    """Read a key of the server; the first start makes it, readable by its owner alone."""
    if not path.is_file():
        write_whole(path, secrets.token_urlsafe(48))
        path.chmod(0o600)
    return path.read_text(encoding="utf-8").strip()
