"""Recall of a donor or a lot: all below it is blocked in one transaction, and its subjects are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from funis.capture.conduct.product.bags import said_reason
from funis.capture.conduct.product.lots import LOT_STATES, lot_state
from funis.capture.conduct.product.moving import UnitStep, move
from funis.capture.conduct.product.tracing import GivenCells, read_lineage, subjects_of_donor, subjects_of_lot
from funis.capture.context import because, moment, who_acts
from funis.capture.models import LotDecision, StudyForm, Unit
from funis.capture.models.product_moves import FINAL
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a recall did.

    Attributes
    ----------
    lots : codes of the lots that were recalled
    blocked : codes of the units that were blocked
    given : what was given before: subjects, bags, infusions
    """

    lots: tuple[str, ...]
    blocked: tuple[str, ...]
    given: tuple[GivenCells, ...]


def recall_lot(lot: StudyForm, reason: str) -> Recalled:
    """Recall a lot: its bags are blocked, and whoever was given cells of it is named.

    Raises
    ------
    ValueRangeError : it was rejected or recalled already, or no reason is given
    """
    reason = said_reason(reason)
    if lot_state(lot) in {"rejected", "recalled"}:
        raise ValueRangeError(f"lot {lot.code}", LOT_STATES[lot_state(lot)], "a lot that is in use")
    record_decision(lot, "recall", reason, {})
    blocked = block_bags(lot, f"lot {lot.code} recalled: {reason}")
    return _told(Recalled((lot.code,), blocked, tuple(subjects_of_lot(lot))), f"lot:{lot.pk}")


def recall_donor(donor: StudyForm, reason: str) -> Recalled:
    """Recall a donor: everything made of the donor's cells is blocked, lots of pools included.

    From then on the donor stands as not eligible in the table ``donors``: no other cord is registered.

    Raises
    ------
    ValueRangeError : no reason is given
    """
    reason = said_reason(reason)
    lineage = read_lineage()
    below = lineage.below(key for key, of in lineage.donor.items() if of == donor.pk)
    chosen = lineage.lots_below(below)
    lots = [
        lot
        for lot in StudyForm.objects.filter(name="lots").order_by("code")
        if (lot.pk in chosen or lot.data.get("donor") == donor.code)
        and lot_state(lot) not in {"rejected", "recalled"}
    ]
    for lot in lots:
        record_decision(lot, "recall", f"donor recalled: {reason}", {})
    below |= {bag for lot in lots for bag in lineage.bags.get(lot.pk, ())}
    blocked = _block(Unit.objects.filter(pk__in=below).order_by("code"), f"donor recalled: {reason}")
    if donor.data.get("eligible") != 0:
        with because(f"recalled: {reason}"):
            donor.data = {**donor.data, "eligible": 0}
            donor.save()
    given = tuple(subjects_of_donor(donor))
    return _told(Recalled(tuple(lot.code for lot in lots), blocked, given), f"table:{donor.name}")


def block_bags(lot: StudyForm, reason: str) -> tuple[str, ...]:
    """Block every bag of a lot that is not at an end; give their codes."""
    return _block(Unit.objects.filter(lot=lot).order_by("code"), reason)


def _block(units: Iterable[Unit], reason: str) -> tuple[str, ...]:
    blocked = []
    for unit in units:
        if unit.state not in {*FINAL, "blocked"}:
            move(unit, "block", UnitStep(reason=reason))
            blocked.append(unit.code)
    return tuple(blocked)


def _told(recalled: Recalled, chain: str) -> Recalled:
    """Write into the trail what was recalled, and how many subjects had been given it."""
    subjects = {each.subject.number for each in recalled.given}
    details = {"lots": list(recalled.lots), "blocked": list(recalled.blocked), "subjects": len(subjects)}
    record_event("recalled", chain, details)
    return recalled


def record_decision(lot: StudyForm, decision: str, reason: str, rules: Mapping[str, Any]) -> LotDecision:
    """Write a decision on a lot."""
    number = LotDecision.objects.filter(lot=lot).count() + 1
    made = LotDecision(
        lot=lot, number=number, decision=decision, rules=dict(rules), reason=reason[:400],
        decided_by=acts_now(), at=moment(),
    )  # fmt: skip
    made.save()
    return made


def acts_now() -> str:
    """Give the login of who acts."""
    acts = who_acts()
    return acts.actor if acts else ""
