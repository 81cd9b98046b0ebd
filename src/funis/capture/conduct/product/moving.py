"""One step of a unit: looked up in the table of states, written as an event, and kept as the unit's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from funis.capture.context import because, moment, who_acts
from funis.capture.models import ProductEvent, Unit
from funis.capture.models.product_moves import KINDS, STATES, events_from, find_move
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class UnitStep:
    """What is known of a step beside who does it, and when: those are the session's and the server's.

    Attributes
    ----------
    second : login of the other person, where two are asked for
    place : where
    temperature_c : degrees Celsius, where it was read
    scan : the label as it was scanned, raw
    reason : why, where a reason is asked for
    details : what else is known
    """

    second: str = ""
    place: str = ""
    temperature_c: Decimal | None = None
    scan: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def move(unit: Unit, event: str, step: UnitStep | None = None, **changes: Any) -> ProductEvent:
    """Let a unit take a step, within a transaction in which somebody acts.

    The step and the new state stand or fall together; two steps of one unit wait for each other.

    Parameters
    ----------
    unit : the unit; it is read again, and afterwards holds what is stored
    event : one of the events that the table of states allows from its state
    step : what is known of it
    changes : columns of the unit that the step sets

    Raises
    ------
    ValueRangeError : the unit is in a state from which this does not happen
    """
    step = step or UnitStep()
    held = lock_unit(unit)
    line = find_move(held.kind, event)
    if line is None or held.state not in line.before:
        may = ", ".join(events_from(held.kind, held.state)) or "nothing: this is its end"
        found = STATES.get(held.state, "no state yet")
        raise ValueRangeError(f"{KINDS[held.kind].lower()} {held.code}: {event}", found, may)
    last = ProductEvent.objects.filter(unit=held).order_by("seq").last()
    acts = who_acts()
    taken = ProductEvent(
        unit=held,
        unit_kind=held.kind,
        seq=last.seq + 1 if last else 1,
        kind=event,
        from_state=held.state,
        to_state=line.after,
        at=max(moment(), last.at if last else ""),  # a clock that is set back turns no order round
        by=acts.actor if acts else "",
        second=step.second,
        place=step.place,
        temperature_c=step.temperature_c,
        scan=step.scan,
        details=dict(step.details) | ({"reason": step.reason} if step.reason else {}),
    )
    taken.save()
    with because(step.reason or line.words):
        held.state = line.after
        for name, value in changes.items():
            setattr(held, name, value)
        held.save()
    unit.refresh_from_db()
    return taken


def lock_unit(unit: Unit) -> Unit:
    """Read a unit again and keep others from changing it until the transaction ends."""
    return Unit.objects.select_for_update().get(pk=unit.pk)


def is_expired(unit: Unit) -> bool:
    """Tell whether a unit is past its expiry, by the clock of the server."""
    return bool(unit.expires_at) and moment() > unit.expires_at


def refuse_expired(unit: Unit) -> None:
    """Refuse a unit that is past its expiry.

    Raises
    ------
    ValueRangeError : it is
    """
    if is_expired(unit):
        raise ValueRangeError(
            f"{KINDS[unit.kind].lower()} {unit.code}",
            f"expired at {unit.expires_at}",
            "one that has not expired",
            "Discard it.",
        )


def moment_of(unit: Unit, event: str) -> str:
    """Give the moment of the last event of a kind of a unit, by the clock of the server; empty: none."""
    found = ProductEvent.objects.filter(unit=unit, kind=event).order_by("seq").last()
    return found.at if found else ""
