"""A bag from its release to the thaw: reserved, issued, received, thawed, or returned and discarded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from funis.capture.conduct.product.lots import GIVEABLE, LOT_STATES, lot_state
from funis.capture.conduct.product.making import check_counts
from funis.capture.conduct.product.moving import UnitStep, move, refuse_expired
from funis.capture.models import StudyForm, Subject, Unit
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class Transport:
    """What the logger of a transport recorded.

    Attributes
    ----------
    is_unbroken : the temperature stayed within its limits all the way
    lowest_c, highest_c : degrees Celsius
    logger : its number
    """

    is_unbroken: bool
    lowest_c: Decimal | None = None
    highest_c: Decimal | None = None
    logger: str = ""

    def added_to(self, step: UnitStep) -> UnitStep:
        """Add it to what is known of a step."""
        said = {"lowest_c": self.lowest_c, "highest_c": self.highest_c, "logger": self.logger or None}
        known = {name: value for name, value in said.items() if value is not None}
        return replace(step, details={**step.details, **known, "unbroken": self.is_unbroken})


def reserve(bag: Unit, subject: Subject, infusion: int, step: UnitStep | None = None) -> None:
    """Reserve an available bag for one infusion of a subject; nobody else can be given it.

    Raises
    ------
    ValueRangeError : the bag is not available, has expired, or its lot is not released
    """
    if infusion < 1:
        raise ValueRangeError("number of the infusion", str(infusion), "1 or more")
    refuse_expired(bag)
    refuse_lot(bag)
    step = step or UnitStep()
    told = replace(step, details={**step.details, "subject": subject.number, "infusion": infusion})
    move(bag, "reserve", told, subject=subject, infusion=infusion)


def free(bag: Unit, reason: str) -> None:
    """End the reservation of a bag that was not issued; it is available again.

    Raises
    ------
    ValueRangeError : it is not reserved, or no reason is given
    """
    move(bag, "free", UnitStep(reason=said_reason(reason)), subject=None, infusion=None)


def issue(bag: Unit, step: UnitStep | None = None) -> None:
    """Send a reserved bag to the site of its subject.

    Raises
    ------
    ValueRangeError : it is not reserved, has expired, or its lot is not released
    """
    refuse_expired(bag)
    refuse_lot(bag)
    move(bag, "issue", step)


def receive(bag: Unit, transport: Transport, step: UnitStep | None = None) -> None:
    """Receive an issued bag at the site of its subject; an excursion of temperature waits for a decision.

    Raises
    ------
    ValueRangeError : it was not issued
    """
    site = bag.subject.site if bag.subject else ""
    excursion = "" if transport.is_unbroken else "open"
    move(bag, "receive", transport.added_to(step or UnitStep()), location=site, place="", excursion=excursion)


def accept_excursion(bag: Unit, reason: str) -> None:
    """Accept the excursion of a received bag, with the reason; otherwise it is returned or discarded.

    Raises
    ------
    ValueRangeError : there is none to decide, or no reason is given
    """
    if bag.excursion != "open":
        raise ValueRangeError(f"bag {bag.code}", "no excursion that waits", "a bag with an open excursion")
    move(bag, "decide", UnitStep(reason=said_reason(reason)), excursion="accepted")


def thaw(bag: Unit, viable_cells: int, volume_ml: Decimal, step: UnitStep | None = None) -> None:
    """Thaw a received bag: the hold time begins now, by the clock of the server, and there is no way back.

    Parameters
    ----------
    bag : received, of a released lot, without an excursion that waits
    viable_cells, volume_ml : at the thaw, of the whole bag

    Raises
    ------
    ValueRangeError : it is not received, has expired, its lot is not released, or an excursion waits
    """
    refuse_expired(bag)
    refuse_lot(bag)
    if bag.excursion == "open":
        raise ValueRangeError(
            f"bag {bag.code}", "an excursion of temperature that waits", "a decision on it",
            "The cell laboratory accepts it with a reason, or the bag is discarded.",
        )  # fmt: skip
    check_counts(bag.cells, viable_cells)
    if volume_ml <= 0:
        raise ValueRangeError("volume of the bag", str(volume_ml), "more than 0 mL")
    step = step or UnitStep()
    told = replace(step, details={**step.details, "viable_cells": viable_cells, "volume_ml": volume_ml})
    move(bag, "thaw", told, viable_cells=viable_cells, volume_ml=volume_ml)


def return_bag(bag: Unit, transport: Transport, reason: str) -> None:
    """Take a bag back to the cell laboratory before its thaw; its reservation ends.

    Raises
    ------
    ValueRangeError : it was thawed or not sent, or no reason is given
    """
    waits = bag.excursion == "open" or not transport.is_unbroken
    step = transport.added_to(UnitStep(reason=said_reason(reason)))
    excursion = "open" if waits else bag.excursion
    move(bag, "return", step, subject=None, infusion=None, location="", place="", excursion=excursion)


def restock(bag: Unit, place: str) -> None:
    """Put a returned bag whose temperature was never left back into stock.

    Raises
    ------
    ValueRangeError : it was not returned, its temperature was left, or its lot is not released
    """
    refuse_expired(bag)
    refuse_lot(bag)
    if bag.excursion:
        raise ValueRangeError(
            f"bag {bag.code}", "an excursion of temperature", "an unbroken one", "Discard it."
        )
    move(bag, "restock", place=place)


def discard(unit: Unit, reason: str, step: UnitStep | None = None) -> None:
    """Discard a unit, whatever its kind; nothing happens to it after that.

    Raises
    ------
    ValueRangeError : it is at an end already, or no reason is given
    """
    move(unit, "discard", replace(step or UnitStep(), reason=said_reason(reason)))


def refuse_lot(bag: Unit) -> None:
    """Refuse a bag whose lot is not released.

    Raises
    ------
    ValueRangeError : it is not
    """
    lot = StudyForm.objects.get(pk=bag.lot_id)
    if lot_state(lot) not in GIVEABLE:
        raise ValueRangeError(
            f"lot {lot.code} of bag {bag.code}", LOT_STATES[lot_state(lot)], "a released lot"
        )


def said_reason(reason: str) -> str:
    """Give a reason without blanks around it.

    Raises
    ------
    ValueRangeError : nothing is said
    """
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why it is done")
    return reason.strip()
