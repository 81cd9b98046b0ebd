"""Fill a server with subjects at whose forms coordinators sit, with open sessions: a trial to put under load.

Usage::

    python scripts/trial_of_seats.py FOLDER SEATS

prints a JSON list with, for each seat, the session of its coordinator, a form of the last visit, and an item.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from funis.capture.configuration import Configuration, configuration_of
from funis.capture.serve import prepare
from funis.study.read import template_path

if TYPE_CHECKING:
    from funis.capture.models import Account, Subject

VISITS = {"baseline": 190, "month_1": 160, "month_3": 100, "month_6": 10}
"""Visits of each subject, and days before today: scores need the history."""
ITEMS = {"sledai_2k": "arthritis", "bilag_2004": "pyrexia"}
"""Forms at which is sat in turn, and the item that is changed; it has the levels 0 and 1."""


class Seat(TypedDict):
    """A coordinator before a form.

    session : the cookie of the session; form : id; item : that is changed; subject : whose form it is
    """

    session: str
    form: str
    item: str
    subject: str


def make_trial(folder: Path, seats: int) -> list[Seat]:
    """Prepare a server of the lupus template, and give its seats.

    Parameters
    ----------
    folder : new; DATABASE_URL and DATABASE_OWNER_URL name a PostgreSQL database, else it is SQLite
    seats : how many subjects and coordinators there are
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(template_path("sle").read_text(encoding="utf-8"), encoding="utf-8")
    configuration: Configuration = configuration_of(folder)
    prepare(configuration)
    from funis.capture.context import SERVER, Acting, acting
    from funis.capture.study_in_force import started_with

    sites = started_with().site_ids
    with acting(Acting(SERVER, "a trial to put under load", sites=None)):
        people = [_add_coordinator(site) for site in sites]
        return [_take_seat(number, people[number % len(people)], sites) for number in range(seats)]


def _add_coordinator(site: str) -> Account:
    from funis.capture.people.accounts import add_person, grant_role
    from funis.capture.people.permissions import COORDINATOR
    from funis.capture.study_in_force import today

    person = add_person(f"coordinator-{site}", f"Coordinator, site {site}", secrets.token_urlsafe(12))
    grant_role(person, COORDINATOR, site, today())
    return person


def _take_seat(number: int, person: Account, sites: tuple[str, ...]) -> Seat:
    from funis.capture.models import Form

    subject = _screen(sites[number % len(sites)])
    name, item = list(ITEMS.items())[number // len(sites) % len(ITEMS)]
    for form in Form.objects.filter(subject=subject, name=name).order_by("pk"):
        form.data = form.data | {item: 0}
        form.save()
    last = max(Form.objects.filter(subject=subject, name=name), key=lambda form: str(form.data["date"]))
    return {
        "session": _open_session(person),
        "form": last.pk,
        "item": item,
        "subject": str(subject.pk),
    }


def _screen(site: str) -> Subject:
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.study_in_force import today

    subject = screen_subject(site)
    record_consent(subject, Given("2.0", today() - timedelta(days=200)), "coordinator")
    for name, days in VISITS.items():
        record_visit(subject, name, today() - timedelta(days=days))
    return subject


def _open_session(person: Account) -> str:
    """Open a session as a login does."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "funis.capture.people.accounts.AccountBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    print(json.dumps(make_trial(Path(sys.argv[1]), int(sys.argv[2]))))
