"""Users of the demonstration: one for every role, named by role and site; passwords are drawn each time."""

from __future__ import annotations

import secrets
from typing import Final

from funis.capture.context import SERVER, Acting, acting
from funis.capture.people.accounts import add_person, grant_role
from funis.capture.people.permissions import COORDINATOR, INVESTIGATOR, MONITOR, ROLES
from funis.capture.study_in_force import started_with, today

_OF_A_SITE: Final = (INVESTIGATOR, COORDINATOR, MONITOR)


def add_demo_users() -> list[dict[str, object]]:
    """Make the users: investigator, coordinator and monitor at each site, the others for the whole trial.

    Returns
    -------
    list : of each user the login, the printed name, roles, sites and password
    """
    sites = started_with().site_ids
    wanted = [(role, site) for site in sites for role in _OF_A_SITE]
    wanted += [(role, "") for role in ROLES if role not in _OF_A_SITE]
    with acting(Acting(SERVER, "demonstration", sites=None)):
        return [_add(role, site) for role, site in wanted]


def _add(role: str, site: str) -> dict[str, object]:
    login = f"{role}-{site}" if site else role
    printed = f"{ROLES[role]}, site {site}" if site else ROLES[role]
    password = secrets.token_urlsafe(12)
    grant_role(add_person(login, printed, password), role, site, today())
    return {
        "user": login,
        "name": printed,
        "roles": [role],
        "sites": [site] if site else [],
        "password": password,
    }
