"""The one table of the states of a unit, which the database holds, too: what leads from where to where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CORD, CULTURE, VIAL, BAG = "cord", "culture", "vial", "bag"
KINDS: Final = {CORD: "Cord", CULTURE: "Culture", VIAL: "Bank vial", BAG: "Bag"}
"""Every kind of unit, with its printed name."""

REGISTERED: Final = ""
"""State of a unit before its first event."""


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table.

    Attributes
    ----------
    unit : kind of unit
    event : what is done
    before : states from which it may be done
    after : state it leads to
    words : what is done, as a page says it
    """

    unit: str
    event: str
    before: tuple[str, ...]
    after: str
    words: str


_BAG_ON_ITS_WAY: Final = (
    "filled", "available", "reserved", "issued", "received", "thawed", "checked", "returned",
)  # fmt: skip

MOVES: Final = (
    Move(CORD, "collect", (REGISTERED,), "collected", "Collected"),
    Move(CORD, "receive", ("collected",), "received", "Received by the cell laboratory"),
    Move(CORD, "process", ("received",), "processed", "Processed"),
    Move(CORD, "derive", ("processed",), "processed", "Something was made of it"),
    Move(CORD, "discard", ("collected", "received", "processed", "blocked"), "discarded", "Discarded"),
    Move(CORD, "block", ("collected", "received", "processed"), "blocked", "Blocked"),
    Move(CULTURE, "seed", (REGISTERED,), "growing", "Seeded"),
    Move(CULTURE, "harvest", ("growing",), "harvested", "Harvested"),
    Move(CULTURE, "derive", ("harvested",), "harvested", "Something was made of it"),
    Move(CULTURE, "discard", ("growing", "harvested", "blocked"), "discarded", "Discarded"),
    Move(CULTURE, "block", ("growing", "harvested"), "blocked", "Blocked"),
    Move(VIAL, "bank", (REGISTERED,), "quarantine", "Banked"),
    Move(VIAL, "release", ("quarantine",), "released", "Released from quarantine"),
    Move(VIAL, "thaw", ("released",), "thawed", "Thawed"),
    Move(VIAL, "derive", ("thawed",), "thawed", "Something was made of it"),
    Move(VIAL, "consume", ("thawed",), "consumed", "Used up"),
    Move(VIAL, "discard", ("quarantine", "released", "thawed", "blocked"), "discarded", "Discarded"),
    Move(VIAL, "block", ("quarantine", "released", "thawed"), "blocked", "Blocked"),
    Move(BAG, "fill", (REGISTERED,), "filled", "Filled, in quarantine"),
    Move(BAG, "release", ("filled",), "available", "Released with its lot"),
    Move(BAG, "reserve", ("available",), "reserved", "Reserved"),
    Move(BAG, "free", ("reserved",), "available", "Reservation ended"),
    Move(BAG, "issue", ("reserved",), "issued", "Issued"),
    Move(BAG, "receive", ("issued",), "received", "Received by the site"),
    Move(BAG, "decide", ("received",), "received", "Excursion of temperature accepted"),
    Move(BAG, "thaw", ("received",), "thawed", "Thawed"),
    Move(BAG, "check", ("thawed",), "checked", "Checked at the bedside"),
    Move(BAG, "infuse", ("checked",), "infused", "Infused"),
    Move(BAG, "return", ("issued", "received"), "returned", "Returned"),
    Move(BAG, "restock", ("returned",), "available", "Put back into stock"),
    Move(BAG, "discard", (*_BAG_ON_ITS_WAY, "blocked"), "discarded", "Discarded"),
    Move(BAG, "block", _BAG_ON_ITS_WAY, "blocked", "Blocked"),
)
"""Every step that a unit can take. A thawed bag has no way back, and a state without a line is final."""

STATES: Final = {
    "collected": "Collected",
    "received": "Received",
    "processed": "Processed",
    "growing": "Growing",
    "harvested": "Harvested",
    "quarantine": "In quarantine",
    "released": "Released",
    "thawed": "Thawed",
    "consumed": "Used up",
    "filled": "Filled, in quarantine",
    "available": "Available",
    "reserved": "Reserved",
    "issued": "On the way",
    "checked": "Checked at the bedside",
    "infused": "Infused",
    "returned": "Returned",
    "blocked": "Blocked",
    "discarded": "Discarded",
}
"""Every state of a unit, with its printed name."""

FINAL: Final = frozenset(STATES) - {state for move in MOVES for state in move.before}
"""States after which nothing happens to a unit."""

OF_A_SUBJECT: Final = ("reserved", "issued", "received", "thawed", "checked", "infused")
"""States of a bag in which it belongs to one infusion of one subject."""
OF_NOBODY: Final = ("filled", "available", "returned")
"""States of a bag in which it belongs to no subject."""


def find_move(unit: str, event: str) -> Move | None:
    """Find the line of an event of a kind of unit, none where there is none.

    Examples
    --------
    >>> find_move("bag", "thaw").after, find_move("cord", "thaw")
    ('thawed', None)
    """
    return next((move for move in MOVES if (move.unit, move.event) == (unit, event)), None)


def events_from(unit: str, state: str) -> tuple[str, ...]:
    """Give the events that may follow a state.

    Examples
    --------
    >>> events_from("bag", "thawed")
    ('check', 'discard', 'block')
    """
    return tuple(move.event for move in MOVES if move.unit == unit and state in move.before)
