"""One server in a process: the study of the lupus template, on SQLite or on the database that the environment names."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.server.as_prepared import AsPrepared, OnPostgresql, OnSqlite
from tests.server.people import sledai_of
from tests.server.two_arms import two_arm_study

from funis.capture.configuration import Configuration
from funis.capture.serve import configure, prepare
from funis.study.read import template_path

DATABASE, OWNER, ARMS = "FUNIS_TEST_DATABASE", "FUNIS_TEST_OWNER", "FUNIS_TEST_ARMS"
SUPERUSER = "FUNIS_TEST_SUPERUSER"
GIVEN_STUDY = "FUNIS_TEST_STUDY"
STUDY = "UCMSC-SLE"


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Prepare the server; Django knows one database in a process."""
    folder = tmp_path_factory.mktemp("trial")
    one_arm = template_path("sle").read_text(encoding="utf-8")
    study = two_arm_study(is_blinded=True) if os.environ.get(ARMS) else one_arm
    if given := os.environ.get(GIVEN_STUDY):
        study = Path(given).read_text(encoding="utf-8")
    (folder / "study.toml").write_text(study, encoding="utf-8")
    found = Configuration(folder, os.environ.get(DATABASE, ""), os.environ.get(OWNER, ""))
    configure(found)
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.db.backends.signals import connection_created

    # What a password or a full disk costs is no matter of these tests: they would wait a third of their time for it.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
    connection_created.connect(see_every_site if found.database else wait_for_no_disk, dispatch_uid="tests")
    prepare(found)
    return found


def wait_for_no_disk(sender: object, connection: Any, **_: object) -> None:
    """Do not wait at each commit until the disk has it: no machine of these tests loses its power."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = OFF")


def see_every_site(sender: object, connection: Any, **_: object) -> None:
    """Let the tests themselves look at every site; a page tells the database its own sites all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('funis.sites', '*', false)")


@pytest.fixture(scope="session")
def as_prepared(
    configuration: Configuration, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AsPrepared]:
    """Keep the server as it was prepared."""
    found = (
        OnPostgresql(configuration, os.environ[SUPERUSER])
        if configuration.database
        else OnSqlite(configuration, tmp_path_factory.mktemp("as_prepared"))
    )
    yield found
    found.close()


@pytest.fixture
def server(
    request: pytest.FixtureRequest, configuration: Configuration, as_prepared: AsPrepared
) -> Iterator[Configuration]:
    """Give the server as it was prepared for a test, whose connection is closed after it."""
    from django.db import connections

    as_prepared.put_back(with_subject="subject" in request.fixturenames)
    yield configuration
    connections.close_all()


@pytest.fixture
def subject(server: Configuration, as_prepared: AsPrepared) -> Any:
    """Give a subject at site 01, with consent and a baseline visit, who was there before the test began."""
    return as_prepared.read_subject()


@pytest.fixture
def sledai(subject: Any) -> Any:
    """Give the empty SLEDAI form of the subject."""
    return sledai_of(subject)
