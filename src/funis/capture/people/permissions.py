"""The one table of roles and actions: who may do what.

A role is held at one site or at all; an action is allowed where the role is held. What belongs to no site
(accounts, the study file) asks for a role that is held at all sites.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

INVESTIGATOR, COORDINATOR, LABORATORY = "investigator", "coordinator", "cell_laboratory"
MONITOR, MANAGER, STATISTICIAN = "monitor", "data_manager", "statistician"
BOARD, ADMINISTRATOR, AUDITOR = "safety_board", "administrator", "auditor"

ROLES: Final[Mapping[str, str]] = {
    INVESTIGATOR: "Investigator",
    COORDINATOR: "Coordinator",
    LABORATORY: "Cell laboratory",
    MONITOR: "Monitor",
    MANAGER: "Data manager",
    STATISTICIAN: "Statistician",
    BOARD: "Safety board",
    ADMINISTRATOR: "Administrator of accounts",
    AUDITOR: "Auditor",
}
"""Every role, with its printed name."""

_READ = frozenset({INVESTIGATOR, COORDINATOR, MONITOR, MANAGER, STATISTICIAN, BOARD, AUDITOR})
_ENTER = frozenset({INVESTIGATOR, COORDINATOR})

ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    # action: roles that may do it, where they are held
    "log in": frozenset(ROLES),
    "see overview": _READ | {LABORATORY},
    "see subjects": _READ,
    "screen subject": _ENTER,
    "record consent": _ENTER,
    "confirm eligibility": frozenset({INVESTIGATOR}),
    "see allocations": _READ | {LABORATORY},
    "allocate subject": _ENTER,
    "unblind subject": frozenset({INVESTIGATOR}),
    "see infusions": _READ | {LABORATORY},
    "check at bedside": _ENTER | {LABORATORY},
    "override infusion rule": frozenset({INVESTIGATOR}),
    "record visit": _ENTER,
    "enter data": _ENTER,
    "see trail": _READ - {BOARD},
    "see case book": _READ - {BOARD},
    "see redactions": _ENTER | {MONITOR, MANAGER, AUDITOR},
    "ask for redaction": _ENTER,
    "confirm redaction": frozenset({MANAGER}),
    "sign data": frozenset({INVESTIGATOR}),
    "open identity": _ENTER,
    "erase identity": frozenset({INVESTIGATOR}),
    "open donor identity": frozenset({LABORATORY}),
    "see locks": _READ,
    "freeze data": frozenset({MONITOR, MANAGER}),
    "lock data": frozenset({MANAGER}),
    "lock database": frozenset({MANAGER, STATISTICIAN}),
    "see safety": _READ,
    "report event": _ENTER,
    "see notices": _READ | {LABORATORY, ADMINISTRATOR},
    "see safety board": frozenset({BOARD, MANAGER, STATISTICIAN, AUDITOR}),
    "decide on stopping": frozenset({BOARD}),
    "see queries": _READ - {BOARD},
    "ask query": frozenset({MONITOR, MANAGER}),
    "answer query": _ENTER,
    "close query": frozenset({MONITOR, MANAGER}),
    "see verification": _READ - {BOARD},
    "verify data": frozenset({MONITOR}),
    "check data": frozenset({MANAGER}),
    "see study": _READ,
    "put study in force": frozenset({MANAGER}),
    "see product": _READ | {LABORATORY},
    "enter product": frozenset({LABORATORY}),
    "decide lot": frozenset({LABORATORY}),
    "handle bag": _ENTER | {LABORATORY},
    "export data": frozenset({MANAGER, STATISTICIAN, AUDITOR}),
    "see accounts": frozenset({ADMINISTRATOR, AUDITOR}),
    "manage accounts": frozenset({ADMINISTRATOR}),
    "manage tokens": frozenset({ADMINISTRATOR}),
    "read by program": frozenset({MONITOR, MANAGER, STATISTICIAN, BOARD, AUDITOR}),
}
"""Every action, with the roles that may do it. Roles of the sponsor write no clinical data."""

EVERYWHERE: Final = frozenset(
    {
        *("enter product", "decide lot", "export data", "check data", "lock database"),
        *("see accounts", "manage accounts", "see safety board", "decide on stopping"),
        *("see accounts", "manage accounts", "manage tokens"),
    }
)
"""Actions that belong to no site: the role must be held at all sites."""


LANDINGS: Final[Mapping[str, str]] = {
    MONITOR: "/verification",
    LABORATORY: "/product",
    INVESTIGATOR: "/overview",
    COORDINATOR: "/overview",
    MANAGER: "/overview",
    STATISTICIAN: "/overview",
    BOARD: "/overview",
    AUDITOR: "/overview",
    ADMINISTRATOR: "/accounts",
}
"""Where each role begins after the door; who holds several begins where the first of them does."""
GIVES_ARM_AWAY: Final = frozenset(
    {
        *("see infusions", "check at bedside", "override infusion rule", "see case book"),
        "see safety board",
        *("see product", "enter product", "decide lot", "handle bag"),
    }
)
"""Actions whose pages show cells, bags and lots, which tell the arm: a blinded person has none of them."""


SHOWS_ARMS: Final = GIVES_ARM_AWAY | {"see allocations"}
"""Actions whose pages show arms to who is not blinded."""


def takes_two(role: str, blinded: Collection[str]) -> bool:
    """Tell whether two people give a role: in a blinded trial one that sees arms, or that gives roles itself.

    Parameters
    ----------
    role : one of `ROLES`
    blinded : roles that see no arm in this trial; none: an open trial

    Examples
    --------
    >>> blinded = ("investigator", "monitor")
    >>> [takes_two(role, blinded) for role in ("monitor", "data_manager", "cell_laboratory", "administrator")]
    [False, True, True, True]
    >>> takes_two("data_manager", ())
    False
    """
    if not blinded or role in blinded:
        return False
    return role == ADMINISTRATOR or any(role in ACTIONS[action] for action in SHOWS_ARMS)


@dataclass(frozen=True, slots=True)
class Held:
    """A role as it is held: where (empty: at all sites), from when, until when."""

    role: str
    site: str
    since: date
    until: date | None = None

    def is_in_force(self, day: date) -> bool:
        """Tell whether the role is held on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do on a day.

    Attributes
    ----------
    roles : held in force, with the site (empty: all sites)
    is_blinded : a role that is held, or was, sees no arm in this trial, wherever it is held; another one
        beside it opens nothing
    """

    roles: frozenset[tuple[str, str]]
    is_blinded: bool = False

    def sites(self, action: str) -> tuple[str, ...] | None:
        """Give the sites at which an action is allowed; None: at all, and an empty tuple: at none.

        Examples
        --------
        >>> rights = Rights(frozenset({("coordinator", "01"), ("monitor", "")}))
        >>> rights.sites("enter data"), rights.sites("see subjects"), rights.sites("manage accounts")
        (('01',), None, ())
        """
        if self.is_blinded and action in GIVES_ARM_AWAY:
            return ()
        allowed = {site for role, site in self.roles if role in ACTIONS[action]}
        if "" in allowed:
            return None
        return () if action in EVERYWHERE else tuple(sorted(allowed))

    def may(self, action: str, site: str = "") -> bool:
        """Tell whether an action is allowed at a site; without one, anywhere.

        Parameters
        ----------
        action : one of `ACTIONS`
        site : code of the site; empty: at any
        """
        sites = self.sites(action)
        return sites is None or (site in sites if site else bool(sites))


def landing_of(rights: Rights) -> str:
    """Give the address at which a person begins.

    Examples
    --------
    >>> landing_of(Rights(frozenset({("monitor", "01"), ("auditor", "")})))
    '/verification'
    """
    # A blinded person finds no page of the product.
    held = {role for role, _ in rights.roles} - ({LABORATORY} if rights.is_blinded else set())
    return next((address for role, address in LANDINGS.items() if role in held), "/account")


def read_rights(held: Iterable[Held], day: date, blinded: Collection[str] = ()) -> Rights:
    """Give the rights of a person on a day from the roles held.

    Parameters
    ----------
    held : roles as they are held
    day : the day
    blinded : roles that see no arm in this trial

    Examples
    --------
    >>> held = [Held("monitor", "01", date(2026, 1, 1)), Held("cell_laboratory", "", date(2026, 1, 1))]
    >>> read_rights(held, date(2026, 2, 1), ("monitor",)).may("see product", "01")
    False
    """
    begun = [each for each in held if each.since <= day]
    found = frozenset((each.role, each.site) for each in begun if each.is_in_force(day))
    # Who was blinded once has seen subjects under that promise: a role that has ended lifts nothing.
    return Rights(found, is_blinded=any(each.role in blinded for each in begun))
