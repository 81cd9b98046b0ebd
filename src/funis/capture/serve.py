"""Start the server: prepare its database, refuse what is unsafe, run."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funis.capture.configuration import OWNER, Configuration, configuration_of, role_of
from funis.errors import ValueRangeError
from funis.study.allocated import allocation_plan

if TYPE_CHECKING:
    from funis.capture.trail.anchors import Anchor
    from funis.capture.trail.verify import Verified

SETTINGS = "funis.capture.settings"
THREADS: Final = 4
"""That answer requests side by side on PostgreSQL."""
SAVES_AT_ONCE: Final = 32
"""Threads on SQLite: so many saves may wait for one commit (`database.turns`)."""


def configure(configuration: Configuration) -> None:
    """Tell Django where study and data stand; once in a process."""
    import django
    from django.conf import settings

    configuration.set_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    if not settings.configured:
        django.setup()


def prepare(configuration: Configuration) -> None:
    """Make or renew the database of a study folder and load its study file.

    The first file is in force at every site at once. A changed one becomes a new version that is in force
    nowhere until it was approved (`study_in_force.put_in_force`); data keep the version they were entered
    with.

    Parameters
    ----------
    configuration : folder and database

    Raises
    ------
    ValueRangeError : the schema is not as it was left, the server would work as the owner of its tables, or
        it would start with a known secret, a clock that is off, or without the key of the arms
    """
    configure(configuration)
    from funis.capture.conduct.allocation.arms import make_seed, refuse_other_key
    from funis.capture.conduct.locks import make_locks
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.models import VersionInForce
    from funis.capture.safe_start import refuse_unsafe
    from funis.capture.safety.stopping import make_watches
    from funis.capture.study_in_force import load_version, put_in_force, started_with, today
    from funis.study.read import FILE_NAME

    study = started_with()
    _make_schema(configuration, study.trial.id)
    refuse_unsafe(configuration.folder)
    text = (configuration.folder / FILE_NAME).read_text(encoding="utf-8")
    with acting(Acting(SERVER, "study file of the folder", sites=None)):
        version = load_version(text)
        make_locks(study.site_ids)
        if allocation_plan(study) is not None:
            make_seed()
        refuse_other_key()
        if version.number == 1 and not VersionInForce.objects.exists():
            for site in study.site_ids:
                put_in_force(version, site, today(), today())
        make_watches()


def check_data() -> None:
    """Check and count all data: the automatic queries are then the findings of ``funis check``."""
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.overview.summaries import refresh_all

    with acting(Acting(SERVER, "data checked", sites=None)):
        check_everything()
        refresh_all()


def _make_schema(configuration: Configuration, study: str) -> None:
    """Make tables and triggers: on PostgreSQL as their owner, in a process of its own."""
    from funis.capture.database.prepare import prepare_database, refuse_altered, refuse_owner

    if not configuration.database:
        refuse_altered()
        prepare_database(study)
        return
    if configuration.owner:
        role = role_of(configuration.database)
        command = [sys.executable, "-m", "funis.capture.prepare_as_owner", str(configuration.folder), role]
        # In the environment: whoever lists the processes of a machine sees what stands in a command.
        told = os.environ | {OWNER: configuration.owner}
        done = subprocess.run(  # noqa: S603 - our own
            command, capture_output=True, text=True, check=False, env=told
        )
        # The processes that answer requests have no way to the owner's rights.
        os.environ.pop(OWNER, None)
        if done.returncode:
            words = done.stderr.strip().splitlines()
            raise ValueRangeError(
                "database", words[-1] if words else "no answer", "one that its owner can prepare"
            )
    refuse_owner()
    refuse_altered()


def load_data(configuration: Configuration, source: Path) -> dict[str, int]:
    """Load a data folder into a prepared server without subjects.

    Raises
    ------
    ValueRangeError : subjects are there already
    funis.errors.FindingsError : cells that no form takes; nothing is loaded
    """
    configure(configuration)
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.exchange.load import load_folder
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.overview.summaries import refresh_all
    from funis.capture.safety.stopping import watch_rules
    from funis.capture.study_in_force import newest_version

    with acting(Acting(SERVER, "data folder loaded", sites=None)):
        loaded = load_folder(source, newest_version())
        check_everything()
        refresh_all()
        watch_rules()
    return loaded


def export_data(
    configuration: Configuration, out: Path, as_of: str = "", *, is_unblinded: bool = False
) -> dict[str, int]:
    """Write the data folder of a prepared server; that it was taken stands in the trail.

    Parameters
    ----------
    configuration : of the server
    out : the folder
    as_of : day and time whose data are wanted (see `study_in_force.read_moment`); empty: the present
    is_unblinded : with the arms of a trial that blinds somebody

    Raises
    ------
    ValueRangeError : the folder holds something, or the moment is none of the past
    """
    configure(configuration)
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.exchange.export import export_study, sight_of
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.study_in_force import read_moment
    from funis.capture.trail.events import record_event

    moment = read_moment(as_of) if as_of else ""
    with acting(Acting(SERVER, "data folder written", sites=None)):
        check_everything()
        sight = sight_of(shows_arms=is_unblinded)
        rows = export_study(out, moment, sight)
        record_event("exported", "system", {"tables": rows, "as_of": moment or None, "arms": sight})
    return rows


def verify_server(
    configuration: Configuration, receipts: Path | None, anchors: Path | None, key: str
) -> Verified:
    """Verify the trail of a server, with the receipts and anchors that are named, or those of its folder.

    Raises
    ------
    ValueRangeError : a file that is named does not exist
    """
    configure(configuration)
    from funis.capture.study_in_force import started_with
    from funis.capture.trail.make_anchor import public_key
    from funis.capture.trail.verify import Witnesses, verify_trail

    kept = Witnesses(
        receipts=_named_or_own(receipts, configuration.receipts_file, "--receipts"),
        anchors=_named_or_own(anchors, configuration.anchors_file, "--anchors"),
        key=key or public_key(configuration.anchor_key_file),
    )
    return verify_trail(started_with().trial.id, kept)


def _named_or_own(named: Path | None, own: Path, option: str) -> Path | None:
    if named is not None and not named.is_file():
        raise ValueRangeError(option, str(named), "a file")
    return named or (own if own.is_file() else None)


def anchor_server(configuration: Configuration) -> Anchor:
    """Anchor the chains of a prepared server: signed, added to the file of anchors, an event of the trail."""
    configure(configuration)
    from funis.capture.study_in_force import started_with
    from funis.capture.trail.make_anchor import make_anchor

    return make_anchor(started_with().trial.id, configuration.anchors_file, configuration.anchor_key_file)


def fill_demo(folder: Path, amend: Callable[[str], str]) -> tuple[Configuration, list[dict[str, object]]]:
    """Prepare a server in the folder of the demonstration, with its data, users of every role and their work.

    Parameters
    ----------
    folder : of the demonstration, with study file and data
    amend : gives the study file as an amendment would have it; it is loaded and waits for its approval

    Returns
    -------
    tuple : the configuration, and each user with roles, sites and password
    """
    configuration = configuration_of(folder)
    prepare(configuration)
    from funis.capture.demo_acts import act_out
    from funis.capture.demo_users import add_demo_users
    from funis.capture.study_changes import load_file
    from funis.study.read import FILE_NAME

    load_data(configuration, folder)
    users = add_demo_users()
    act_out()
    amended = amend((folder / FILE_NAME).read_text(encoding="utf-8"))
    load_file(amended, "amendment 1")
    # As whoever changes a study does it: the file of the folder is the newest version.
    (folder / FILE_NAME).write_text(amended, encoding="utf-8")
    return configuration, users


def add_administrator(login: str, printed_name: str, password: str) -> None:
    """Make the first administrator of accounts; in a blinded trial the second one, too.

    There the roles that see arms take two administrators, of whom one cannot make the other.

    Raises
    ------
    ValueRangeError : there are as many already; another is made by them
    """
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.models import RoleHeld
    from funis.capture.people.accounts import add_person, grant_role
    from funis.capture.people.permissions import ADMINISTRATOR
    from funis.capture.study_in_force import blinded_roles, today

    with acting(Acting(SERVER, "first administrator", sites=None)):
        standing = [
            each for each in RoleHeld.objects.filter(role=ADMINISTRATOR, until=None) if each.is_confirmed
        ]
        wanted = 2 if blinded_roles() else 1
        if len(standing) >= wanted:
            raise ValueRangeError(
                "administrator",
                "one is there" if wanted == 1 else "two are there",
                "a server without one" if wanted == 1 else "a blinded trial with fewer than two",
                "Let the administrator add others.",
            )
        grant_role(add_person(login, printed_name, password), ADMINISTRATOR, "", today())


def run(configuration: Configuration, port: int, say: Callable[[str], None]) -> None:
    """Run the server until it is stopped.

    Parameters
    ----------
    configuration : folder, database, hosts
    port : of this machine; only this machine reaches it unless a proxy passes requests on
    say : takes what is said to who started it
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    say(f"http://localhost:{port}")
    # A forked worker would hold the threads of Polars as they stood here, and wait for them for ever.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "funis.capture.wsgi:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS if configuration.database else SAVES_AT_ONCE,
        blocking_threads_idle_timeout=600,
        log_level=LogLevels.warning,
        # One that was killed, as by a machine short of memory, is started anew; one that dies at once is not.
        respawn_failed_workers=True,
    )
    server.serve()


def existing_server(folder: Path) -> Configuration:
    """Give the configuration of a folder in which a server was prepared.

    Raises
    ------
    ValueRangeError : none was
    """
    configuration = configuration_of(folder)
    if not configuration.database and not configuration.sqlite_file.is_file():
        raise ValueRangeError(
            "study folder", str(folder), "one that was served", f"Run: funis serve {folder}"
        )
    return configuration
