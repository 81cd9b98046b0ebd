"""Units against a simple model: whatever is tried in whatever order, the server does what the model says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from tests.server.product_parts import acts, new_bags, new_culture, new_donor, new_lot

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

# The model: where each step leads, by hand from the states of the design, and not from the table of the server.
LEADS = {
    "reserve": {"available": "reserved"},
    "free": {"reserved": "available"},
    "issue": {"reserved": "issued"},
    "receive": {"issued": "received"},
    "thaw": {"received": "thawed"},
    "check": {"thawed": "checked"},
    "infuse": {"checked": "infused"},
    "return": {"issued": "returned", "received": "returned"},
    "restock": {"returned": "available"},
    "discard": dict.fromkeys(("filled", "available", "reserved", "issued", "received", "thawed", "checked", "returned", "blocked"), "discarded"),
}  # fmt: skip
ENDS = {"infused", "discarded"}
WAY = ("reserve", "issue", "receive", "thaw", "check", "infuse")
NEEDS_LOT = {"reserve", "issue", "thaw", "restock"}


class Product(RuleBasedStateMachine):
    """Lots of one donor or of two, their bags, and people who do anything at any time."""

    lots = Bundle("lots")
    bags = Bundle("bags")

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[str, str] = {}
        self.lot_of: dict[str, str] = {}
        self.lot_states: dict[str, str] = {}
        self.whose: dict[str, int] = {}
        self.donors_of: dict[str, set[int]] = {}

    @initialize(target=bags)
    def screen(self) -> Any:
        from funis.capture.conduct.screening import screen_subject

        with acts():
            self.donors = [new_donor(), new_donor()]
            self.cultures = [new_culture(donor) for donor in self.donors]
            self.subjects = [screen_subject("01"), screen_subject("02")]
        self.recalled: set[int] = set()
        lot = self.start_lot((0,))
        bag = self.fill(lot)
        self.release(lot)
        return bag

    @rule(target=lots, pool=st.sampled_from([(0,), (1,), (0, 1)]))
    def start_lot(self, pool: tuple[int, ...]) -> Any:
        with acts():
            for culture in self.cultures:
                culture.refresh_from_db()
            try:
                lot = new_lot([self.cultures[each] for each in pool])
            except ValueRangeError:
                assert self.recalled & set(pool)
                return None
        assert not self.recalled & set(pool)
        self.lot_states[lot.pk] = "quarantine"
        self.donors_of[lot.pk] = set(pool)
        return lot

    @rule(target=bags, lot=lots)
    def fill(self, lot: Any) -> Any:
        if lot is None:
            return None
        source = self.cultures[min(self.donors_of[lot.pk])]
        try:
            with acts():
                (bag,) = new_bags(lot, source, 1)
        except ValueRangeError:
            assert self.lot_states[lot.pk] != "quarantine"
            return None
        assert self.lot_states[lot.pk] == "quarantine"
        self.states[bag.pk], self.lot_of[bag.pk] = "filled", lot.pk
        return bag

    @rule(lot=lots)
    def release(self, lot: Any) -> None:
        from funis.capture.conduct.product.release import decide

        if lot is None:
            return
        try:
            with acts():
                decide(lot, "release", "every rule is met")
        except ValueRangeError:
            assert self.lot_states[lot.pk] != "quarantine"
            return
        assert self.lot_states[lot.pk] == "quarantine"
        self.lot_states[lot.pk] = "released"
        for bag, of in self.lot_of.items():
            if of == lot.pk and self.states[bag] == "filled":
                self.states[bag] = "available"

    @rule(bag=bags, event=st.sampled_from(sorted(LEADS)), who=st.integers(0, 1))
    def step(self, bag: Any, event: str, who: int) -> None:
        if bag is None:
            return
        before = self.states[bag.pk]
        is_free_of_lot = event not in NEEDS_LOT or self.lot_states[self.lot_of[bag.pk]] == "released"
        after = LEADS[event].get(before) if is_free_of_lot else None
        try:
            with acts():
                self._take(bag, event, who)
        except ValueRangeError:
            assert after is None, f"{event} from {before} was refused"
            return
        assert after is not None, f"{event} from {before} was taken"
        self.states[bag.pk] = after
        if event == "reserve":
            self.whose[bag.pk] = who
        if event in {"free", "return"}:
            del self.whose[bag.pk]

    @rule(bag=bags, steps=st.integers(1, 6), who=st.integers(0, 1))
    def walk(self, bag: Any, steps: int, who: int) -> None:
        """Go on towards the infusion, so that bags of every state are there."""
        way = {before: event for event in WAY for before in LEADS[event]}
        for _ in range(steps if bag is not None else 0):
            if event := way.get(self.states[bag.pk]):
                self.step(bag, event, who)

    def _take(self, bag: Any, event: str, who: int) -> None:
        from funis.capture.conduct.product import bags as of_bags
        from funis.capture.conduct.product.moving import UnitStep, move

        bag.refresh_from_db()
        kept = of_bags.Transport(is_unbroken=True)
        steps: dict[str, Any] = {
            "reserve": lambda: of_bags.reserve(bag, self.subjects[who], 1),
            "free": lambda: of_bags.free(bag, "moved"),
            "issue": lambda: of_bags.issue(bag),
            "receive": lambda: of_bags.receive(bag, kept),
            "thaw": lambda: of_bags.thaw(bag, 45_000_000, Decimal(50)),
            "return": lambda: of_bags.return_bag(bag, kept, "not needed"),
            "restock": lambda: of_bags.restock(bag, "tank 1"),
            "discard": lambda: of_bags.discard(bag, "broken"),
        }
        steps.get(event, lambda: move(bag, event, UnitStep(second="somebody-else")))()

    @rule(bag=bags, sure=st.integers(0, 2))
    def recall_lot(self, bag: Any, sure: int) -> None:
        from funis.capture.conduct.product.recall import recall_lot

        if bag is None or sure:  # seldom, as of a donor
            return
        lot = bag.lot
        try:
            with acts():
                recalled = recall_lot(lot, "a late result")
        except ValueRangeError:
            assert self.lot_states[lot.pk] == "recalled"
            return
        self._block([lot.pk])
        given = {bag for bag, of in self.lot_of.items() if of == lot.pk and self.states[bag] == "infused"}
        assert len(recalled.given) == len(given)

    @rule(which=st.integers(0, 1), sure=st.integers(0, 5))
    def recall_donor(self, which: int, sure: int) -> None:
        from funis.capture.conduct.product.recall import recall_donor

        if sure:  # seldom, so that most of a run has something to recall
            return
        with acts():
            self.donors[which].refresh_from_db()
            recall_donor(self.donors[which], "a late serology")
        self.recalled.add(which)
        self._block([lot for lot, donors in self.donors_of.items() if which in donors])

    def _block(self, lots: list[str]) -> None:
        for lot in lots:
            self.lot_states[lot] = "recalled"
        for bag, of in self.lot_of.items():
            if of in lots and self.states[bag] not in ENDS:
                self.states[bag] = "blocked"

    @invariant()
    def the_server_says_what_the_model_says(self) -> None:
        from funis.capture.conduct.product.lots import lot_state
        from funis.capture.models import StudyForm, Unit

        units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=list(self.states))}
        assert {key: unit.state for key, unit in units.items()} == self.states
        for key, who in self.whose.items():
            assert units[key].subject_id == self.subjects[who].pk
        for lot in StudyForm.objects.filter(pk__in=list(self.lot_states)):
            assert lot_state(lot) == self.lot_states[lot.pk]

    def teardown(self) -> None:
        from funis.capture.conduct.product.reconciling import reconcile, verify_ledger
        from funis.capture.models import StudyForm

        assert verify_ledger()[2] == []
        for lot in StudyForm.objects.filter(pk__in=list(self.lot_states)):
            ends = [self.states[bag] for bag, of in self.lot_of.items() if of == lot.pk]
            found = reconcile(lot)
            assert found.fits
            assert (found.filled, found.infused) == (len(ends), ends.count("infused"))


def test_units_do_what_a_simple_model_does(server: Configuration) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Product,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            phases=[Phase.explicit, Phase.generate],  # a failure is told at once: to shrink one takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
