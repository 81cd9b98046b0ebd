"""The cell product: states, release, recall, look-back, reconciliation; what the database itself refuses."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError
from tests.server.product_parts import acts, give, new_bags, new_culture, new_donor, new_lot, released_bags

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError


@pytest.fixture
def screened(server: Configuration) -> Any:
    """Give two subjects, of site 01 and of site 02."""
    from funis.capture.conduct.screening import screen_subject

    with acts("coordinator"):
        return screen_subject("01"), screen_subject("02")


def test_a_unit_has_one_chain_of_parents_that_ends_in_its_donor(server: Configuration) -> None:
    """C1."""
    from funis.capture.conduct.product.tracing import donors_of_units, read_lineage
    from funis.capture.models import Unit

    with acts():
        donor = new_donor()
        _, bags = released_bags(1, donor)
    assert [each.code for each in donors_of_units(bags)] == [donor.code]
    unit, passages = bags[0].parent, []
    while unit.parent is not None:
        passages.append((unit.kind, unit.passage))
        unit = unit.parent
    assert passages == [("culture", 1), ("culture", 0)]
    assert (unit.kind, unit.donor) == ("cord", donor)
    assert len(read_lineage().donors_above(bags[0].pk)) == 1
    with pytest.raises(IntegrityError), acts():
        Unit(kind="culture", code="K99999", donor=donor).save()


def test_all_donors_of_a_pool_count(server: Configuration, screened: Any) -> None:
    """C1: a lot of two donors; a bag filled from the culture of one was made of both."""
    from funis.capture.conduct.product.recall import recall_donor
    from funis.capture.conduct.product.release import decide
    from funis.capture.conduct.product.tracing import donors_of_lot, donors_of_subject

    with acts():
        donors = [new_donor(), new_donor()]
        cultures = [new_culture(donor) for donor in donors]
        lot = new_lot(cultures)
        bag, kept = new_bags(lot, cultures[0])
        decide(lot, "release", "every rule is met")
        give(bag, screened[0])
    codes = [each.code for each in donors]
    assert [each.code for each in donors_of_lot(lot)] == codes
    assert [each.donors for each in donors_of_subject(screened[0])] == [tuple(codes)]
    assert "donor" not in lot.data
    with acts():
        recalled = recall_donor(donors[1], "late positive serology")
    assert recalled.lots == (lot.code,)
    assert kept.code in recalled.blocked
    assert [(each.subject, each.bag) for each in recalled.given] == [(screened[0], bag.code)]


def test_no_more_cells_are_made_into_others_than_there_were(server: Configuration) -> None:
    """C2: seeded 1 million, harvested 10 million: the recorded expansion is tenfold, and no more can be drawn."""
    from funis.capture.conduct.product.making import Content, bank_vials
    from funis.capture.context import because

    with acts():
        culture = new_culture(new_donor(), harvested=10_000_000)
        bank_vials(culture, 3, Content(cells=3_000_000))
        with pytest.raises(ValueRangeError, match="at most 1000000"):
            bank_vials(culture, 1, Content(cells=1_000_001))
        bank_vials(culture, 1, Content(cells=1_000_000))
    assert culture.drawn_cells == 10_000_000
    culture.drawn_cells += 1
    with pytest.raises(IntegrityError), acts(), because("more than there is"):
        culture.save()


def test_a_bag_goes_to_one_subject_and_back_to_nobody_after_its_thaw(
    server: Configuration, screened: Any
) -> None:
    """C3, C4, C5, C10."""
    from funis.capture.conduct.product.bags import Transport, free, reserve, restock, return_bag
    from funis.capture.conduct.product.moving import move
    from funis.capture.models.product_moves import events_from

    with acts():
        _, (bag, other) = released_bags()
        reserve(bag, screened[0], 1)
        with pytest.raises(ValueRangeError, match="found 'Reserved'"):
            reserve(bag, screened[1], 1)
        free(bag, "the infusion was moved")
        assert (bag.state, bag.subject, bag.infusion) == ("available", None, None)
        give(bag, screened[0])
        for event in ("infuse", "return", "discard", "block", "reserve"):
            with pytest.raises(ValueRangeError, match="this is its end"):
                move(bag, event)
        reserve(other, screened[1], 1)
        move(other, "issue")
        return_bag(other, Transport(is_unbroken=True), "the subject is ill")
        restock(other, "tank 2")
    assert (bag.state, bag.subject) == ("infused", screened[0])
    assert (other.state, other.subject, other.place) == ("available", None, "tank 2")
    assert set(events_from("bag", "thawed")) == {"check", "discard", "block"}


def test_nothing_is_thawed_before_the_release_of_its_lot(server: Configuration, screened: Any) -> None:
    """C6."""
    from funis.capture.conduct.product.bags import reserve
    from funis.capture.conduct.product.moving import move

    with acts():
        culture = new_culture(new_donor())
        (bag,) = new_bags(new_lot([culture]), culture, 1)
        for event in ("thaw", "issue", "receive"):
            with pytest.raises(ValueRangeError, match="Filled, in quarantine"):
                move(bag, event)
        with pytest.raises(ValueRangeError, match="a released lot"):
            reserve(bag, screened[0], 1)


def test_an_excursion_waits_for_a_decision_and_an_accepted_one_says_why(
    server: Configuration, screened: Any
) -> None:
    """C18."""
    from funis.capture.conduct.product import bags as of_bags
    from funis.capture.models import ProductEvent

    broken = of_bags.Transport(is_unbroken=False, lowest_c=Decimal("-148.5"), logger="L7")
    with acts():
        _, (bag, other) = released_bags()
        for each in (bag, other):
            of_bags.reserve(each, screened[0], 1)
            of_bags.issue(each)
            of_bags.receive(each, broken)
        assert (bag.location, bag.excursion) == ("01", "open")
        with pytest.raises(ValueRangeError, match="an excursion of temperature that waits"):
            of_bags.thaw(bag, 45_000_000, Decimal(50))
        with pytest.raises(ValueRangeError, match="reason"):
            of_bags.accept_excursion(bag, " ")
        of_bags.accept_excursion(bag, "12 minutes above -150 °C, within validated limits")
        of_bags.thaw(bag, 45_000_000, Decimal(50))
        of_bags.return_bag(other, of_bags.Transport(is_unbroken=True), "not needed")
        with pytest.raises(ValueRangeError, match="an unbroken one"):
            of_bags.restock(other, "tank 1")
    received = ProductEvent.objects.get(unit=bag, kind="receive")
    assert received.details == {"unbroken": False, "lowest_c": Decimal("-148.5"), "logger": "L7"}


def test_an_expired_bag_is_not_given(
    server: Configuration, screened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C7, C19: the clock of the server decides."""
    from funis.capture.conduct.product import bags as of_bags
    from funis.capture.conduct.product import moving
    from funis.capture.context import because

    with acts():
        _, (bag,) = released_bags(1)
        with because("expiry is known"):
            bag.expires_at = "2026-07-01T08:00:00.000000Z"
            bag.save()
        monkeypatch.setattr(moving, "moment", lambda: "2026-07-01T08:00:00.000000Z")
        of_bags.reserve(bag, screened[0], 1)
        monkeypatch.setattr(moving, "moment", lambda: "2026-07-01T08:00:00.000001Z")
        with pytest.raises(ValueRangeError, match="expired at"):
            of_bags.issue(bag)


STATEMENTS = [
    "UPDATE capture_productevent SET kind = 'infuse', revision = revision + 1",
    "UPDATE capture_productevent SET revision = revision + 1",
    "DELETE FROM capture_productevent",
    "DELETE FROM capture_unit",
    "UPDATE capture_unit SET parent_id = NULL, revision = revision + 1",
    "UPDATE capture_unit SET cells = 1, revision = revision + 1",
    "UPDATE capture_lottest SET state = 'final', revision = revision + 1",
    "UPDATE capture_lotsource SET revision = revision + 1",
    "UPDATE capture_unitlabel SET number = 9, revision = revision + 1",
    "UPDATE capture_lotdecision SET decision = 'release', revision = revision + 1",
    "UPDATE capture_lotdecision SET second = decided_by, seconded_at = at, revision = revision + 1",
    "UPDATE capture_unit SET subject_id = NULL, revision = revision + 1 WHERE state = 'infused'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_keeps_the_ledger_as_it_was_written(
    server: Configuration, screened: Any, statement: str
) -> None:
    from django.db import connection

    from funis.capture.conduct.product.labels import print_label
    from funis.capture.conduct.product.release import decide, record_result
    from funis.capture.context import Acting, acting

    with acts():
        _, bags = released_bags()
        give(bags[0], screened[0])
        print_label(bags[0])
        culture = new_culture(new_donor())
        lot = new_lot([culture])
        record_result(lot, "karyotype", "normal", {})
        decide(lot, "reject", "not needed")
    with (
        pytest.raises(DatabaseError),
        acting(Acting("attacker", "a reason", sites=None)),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_database_takes_no_step_that_is_not_in_the_table(server: Configuration, screened: Any) -> None:
    """C3, C5, C10: rows of events written past the functions."""
    from funis.capture.context import moment
    from funis.capture.models import ProductEvent

    with acts():
        _, (given, thawed) = released_bags()
        give(given, screened[0])
    wrong = [
        (given, "bag", "infuse", "checked", "infused"),  # a second time
        (given, "bag", "return", "infused", "returned"),
        (thawed, "bag", "restock", "thawed", "available"),
        (thawed, "cord", "thaw", "received", "thawed"),
    ]
    for unit, kind, event, before, after in wrong:
        with pytest.raises(IntegrityError), acts():
            ProductEvent(
                unit=unit, unit_kind=kind, seq=99, kind=event, from_state=before, to_state=after,
                at=moment(), by="attacker",
            ).save()  # fmt: skip
    with pytest.raises(IntegrityError), acts():
        ProductEvent(
            unit=thawed, unit_kind="bag", seq=99, kind="discard", from_state="available", to_state="discarded",
            at=moment(), by="laboratory", second="laboratory",
        ).save()  # fmt: skip


def test_events_replay_to_the_stored_states_and_a_changed_state_is_found(server: Configuration) -> None:
    """C13, and C20: every event of a unit stands in the unit's own chain."""
    from funis.capture.conduct.product.reconciling import verify_ledger
    from funis.capture.context import because
    from funis.capture.models import ProductEvent
    from funis.capture.trail.history import read_history

    with acts():
        _, (bag, other) = released_bags()
    units, events, differences = verify_ledger()
    assert (units > 0, events > units, differences) == (True, True, [])
    told = [each for each in read_history(f"unit:{bag.pk}") if each.table == "capture_productevent"]
    assert len(told) == ProductEvent.objects.filter(unit=bag).count() == 2
    with acts(), because("behind the back of the ledger"):
        other.state = "blocked"
        other.save()
    found = verify_ledger()[2]
    assert [(each.place, each.what) for each in found if other.code in each.place] == [
        (f"bag {other.code}", "stands as blocked, its events lead to available")
    ]
    with acts(), because("set right again"):
        other.state = "available"
        other.save()
    assert verify_ledger()[2] == []


def test_bags_filled_are_infused_discarded_or_in_stock(server: Configuration, screened: Any) -> None:
    """C14: four bags, one given, one discarded."""
    from funis.capture.conduct.product.bags import discard
    from funis.capture.conduct.product.reconciling import reconcile

    with acts():
        lot, bags = released_bags(4)
        give(bags[0], screened[0])
        discard(bags[1], "broken at the port")
    found = reconcile(lot)
    assert (found.filled, found.infused, found.discarded, found.in_stock) == (4, 1, 1, {"available": 2})
    assert found.fits
