"""Reconciliation of a lot (filled = infused + discarded + in stock), and the replay of all events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from funis.capture.models import Form, ProductEvent, StudyForm, Unit
from funis.capture.models.product_moves import BAG, REGISTERED, find_move


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The bags of a lot, counted from their events and from where they are now.

    Attributes
    ----------
    filled, infused, discarded : events of that kind
    in_stock : bags that are neither infused nor discarded, by their state
    rows : rows of the table ``infusions`` that name the lot
    """

    filled: int
    infused: int
    discarded: int
    in_stock: dict[str, int]
    rows: int

    @property
    def fits(self) -> bool:
        """Tell whether every bag that was filled is infused, discarded or in stock."""
        return self.filled == self.infused + self.discarded + sum(self.in_stock.values())


def reconcile(lot: StudyForm) -> Reconciliation:
    """Count the bags of a lot: the ends from events, the stock from the units."""
    events = Counter(ProductEvent.objects.filter(unit__lot=lot, unit_kind=BAG).values_list("kind", flat=True))
    states = Counter(Unit.objects.filter(lot=lot, kind=BAG).values_list("state", flat=True))
    stock = {state: count for state, count in sorted(states.items()) if state not in {"infused", "discarded"}}
    rows = sum(
        1 for data in Form.objects.filter(name="infusions").values_list("data", flat=True)
        if data.get("lot") == lot.code
    )  # fmt: skip
    return Reconciliation(events["fill"], events["infuse"], events["discard"], stock, rows)


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """One place at which the ledger does not agree with itself.

    Attributes
    ----------
    place : the unit or lot
    what : what is found there
    """

    place: str
    what: str


def verify_ledger() -> tuple[int, int, list[LedgerDifference]]:
    """Replay the events of every unit against the state that is stored, and add up what was drawn and filled.

    Returns
    -------
    int, int, list of LedgerDifference : units, events, and what does not agree
    """
    events: dict[str, list[ProductEvent]] = defaultdict(list)
    for event in ProductEvent.objects.order_by("unit_id", "seq"):
        events[event.unit_id].append(event)
    drawn: Counter[str] = Counter()
    units = list(Unit.objects.order_by("code"))
    for unit in units:
        if unit.parent_id:
            drawn[unit.parent_id] += unit.cells or 0
    found = [each for unit in units for each in _replay(unit, events[unit.pk], drawn[unit.pk])]
    what = "bags filled are not those infused, discarded or in stock"
    lots = StudyForm.objects.filter(name="lots").order_by("code")
    found += [LedgerDifference(f"lot {lot.code}", what) for lot in lots if not reconcile(lot).fits]
    return len(units), sum(map(len, events.values())), found


def _replay(unit: Unit, events: list[ProductEvent], drawn: int) -> Iterator[LedgerDifference]:
    place, state, last = f"{unit.kind} {unit.code}", REGISTERED, ""
    for number, event in enumerate(events, start=1):
        line = find_move(unit.kind, event.kind)
        if event.seq != number:
            yield LedgerDifference(place, f"event {number} is missing")
        if (
            line is None
            or event.from_state != state
            or state not in line.before
            or event.to_state != line.after
        ):
            yield LedgerDifference(
                place, f"event {event.seq} ({event.kind}) does not follow from the one before"
            )
        if event.at < last:
            yield LedgerDifference(place, f"event {event.seq} is earlier than the one before")
        state, last = event.to_state, event.at
    if unit.state != state:
        yield LedgerDifference(place, f"stands as {unit.state}, its events lead to {state or 'nothing'}")
    if unit.drawn_cells != drawn:
        yield LedgerDifference(place, f"{unit.drawn_cells} cells drawn, its children hold {drawn}")
