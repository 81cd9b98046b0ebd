"""The cell product as tests make it: a donor who may give, a cord, a culture, a lot with bags."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

NUMBERS = count(1)
DONOR = {
    "consent_date": "2026-01-02",
    "delivery_date": "2026-01-10",
    "delivery": "vaginal",
    "healthy": "1",
    "eligible": "1",
} | {
    name: value
    for test in ("hiv", "hbv", "hcv", "syphilis")
    for name, value in ((test, "negative"), (f"{test}_date", "2026-01-10"))
}
"""A donor who meets every rule of the template: vaginal delivery, healthy, four tests on the day."""
LOT = {
    "viability_percent": "92.5",
    "cd73_percent": "99",
    "cd90_percent": "98.4",
    "cd105_percent": "97",
    "cd34_percent": "0.4",
    "cd45_percent": "0.5",
    "cd14_percent": "0.3",
    "cd19_percent": "0.2",
    "hla_dr_percent": "1.1",
    "sterility": "negative",
    "mycoplasma": "negative",
    "manufactured": "2026-06-01",
    "expiry": "2099-06-01",
}
"""A lot that meets every rule of the template."""
EVERYTHING = 10**9


def acts(login: str = "laboratory") -> Any:
    from funis.capture.context import Acting, acting

    return acting(Acting(login, sites=None))


def new_donor(**other: str) -> Any:
    from funis.capture.conduct.product.lots import register_row

    return register_row("donors", f"D{next(NUMBERS):04d}", DONOR | other)


def new_culture(donor: Any, harvested: int = EVERYTHING) -> Any:
    """Make a harvested culture of passage 1, by way of the cord and the first passage."""
    from funis.capture.conduct.product.making import Content, harvest_culture, register_cord, seed_culture
    from funis.capture.conduct.product.moving import move

    cord = register_cord(donor, Content())
    move(cord, "receive")
    move(cord, "process")
    first = seed_culture(cord, Content(cells=10**6))
    harvest_culture(first, 10**7, 10**7)
    culture = seed_culture(first, Content(cells=10**6))
    harvest_culture(culture, harvested, harvested)
    return culture


def new_lot(sources: Sequence[Any], **other: str) -> Any:
    from funis.capture.conduct.product.lots import start_lot

    return start_lot(f"L{next(NUMBERS):04d}", sources, LOT | other)


def new_bags(lot: Any, source: Any, number: int = 2) -> list[Any]:
    """Fill bags of 50 million cells, 48 million of them viable, in 50 mL."""
    from funis.capture.conduct.product.lots import fill_bags
    from funis.capture.conduct.product.making import Content

    content = Content(cells=50_000_000, viable_cells=48_000_000, volume_ml=Decimal(50))
    return fill_bags(lot, source, number, content)


def released_bags(number: int = 2, donor: Any = None) -> tuple[Any, list[Any]]:
    """Make a released lot of one donor with its bags, each available."""
    from funis.capture.conduct.product.release import decide

    culture = new_culture(donor or new_donor())
    lot = new_lot([culture])
    bags = new_bags(lot, culture, number)
    decide(lot, "release", "every rule is met")
    for bag in bags:
        bag.refresh_from_db()
    lot.refresh_from_db()
    return lot, bags


def give(bag: Any, subject: Any, infusion: int = 1) -> None:
    """Let a bag go all the way into a subject; the checks at the bedside are tested elsewhere."""
    from funis.capture.conduct.product.bags import Transport, issue, receive, reserve, thaw
    from funis.capture.conduct.product.moving import UnitStep, move

    reserve(bag, subject, infusion)
    issue(bag)
    receive(bag, Transport(is_unbroken=True))
    thaw(bag, 45_000_000, Decimal(50))
    move(bag, "check", UnitStep(second="somebody-else"))
    move(bag, "infuse", UnitStep(second="somebody-else"))
