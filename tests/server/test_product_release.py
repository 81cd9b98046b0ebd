"""Release of a lot by the rules of the study file, decisions by two people, late results, recall and look-back."""

from typing import Any

import pytest
from tests.server.product_parts import (
    acts,
    give,
    new_bags,
    new_culture,
    new_donor,
    new_lot,
    released_bags,
)

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError


@pytest.fixture
def subjects(server: Configuration) -> Any:
    """Give two subjects, of site 01 and of site 02."""
    from funis.capture.conduct.screening import screen_subject

    with acts("coordinator"):
        return screen_subject("01"), screen_subject("02")


def lot_with(**other: str) -> Any:
    culture = new_culture(new_donor())
    lot = new_lot([culture], **other)
    return lot, new_bags(lot, culture)


# Each limit of the template below, on and above; the donor's are those of 21 CFR 1271 as the template has them.
LIMITS = [
    ("viability_percent", "79.9", False),
    ("viability_percent", "80", True),
    ("cd73_percent", "94.9", False),
    ("cd73_percent", "95", True),
    ("hla_dr_percent", "2", True),
    ("hla_dr_percent", "2.1", False),
    ("passage", "5", True),
    ("passage", "6", False),
    ("sterility", "positive", False),
    ("sterility", "pending", None),
    ("mycoplasma", "pending", None),
    ("mycoplasma", "not_done", None),
    ("expiry", "2026-06-02", False),
]


@pytest.mark.parametrize(("column", "value", "met"), LIMITS)
def test_each_rule_is_judged_with_what_was_found(
    server: Configuration, column: str, value: str, *, met: bool | None
) -> None:
    from funis.capture.conduct.product.release import evaluate_release, possible_decisions

    with acts():
        lot, _ = lot_with(**{column: value})
    outcomes = evaluate_release(lot)
    about = [each for each in outcomes if each.rule == column]
    assert [(each.value, each.met) for each in about] == [(value, met)]
    assert all(each.met for each in outcomes if each.rule != column)
    assert ("release" in possible_decisions(lot, outcomes)) == (met is True)
    # Only sterility is declared after_release in the template.
    waits = column == "sterility" and value == "pending"
    assert ("release_pending" in possible_decisions(lot, outcomes)) == waits


@pytest.mark.parametrize(
    ("known", "rule", "met"),
    [
        ({"hiv": "positive"}, "hiv", False),
        ({"hbv": ""}, "hbv", None),
        ({"delivery": "caesarean"}, "delivery", False),
        ({"eligible": ""}, "eligible", None),
        ({"hiv_date": "2026-01-17"}, "hiv_date", True),
        ({"hiv_date": "2026-01-18"}, "hiv_date", False),
        ({"hiv_date": "2026-01-03"}, "hiv_date", True),
        ({"hiv_date": "2026-01-02"}, "hiv_date", False),
    ],
)
def test_a_lot_is_released_with_a_donor_who_meets_the_rules(
    server: Configuration, known: dict[str, str], rule: str, *, met: bool | None
) -> None:
    """The specimen at most 7 days before and after the collection, which was on 2026-01-10."""
    from funis.capture.conduct.product.release import decide, evaluate_release

    with acts():
        donor = new_donor(**known)
        culture = new_culture(donor)
        lot = new_lot([culture])
    found = {each.rule: each.met for each in evaluate_release(lot)}
    assert found.pop(f"donor {donor.code}: {rule}") is met
    assert all(found.values())
    if met:
        return
    with acts(), pytest.raises(ValueRangeError, match=f"donor {donor.code}: {rule}"):
        decide(lot, "release", "no reason holds")


def test_a_lot_with_a_test_missing_is_not_released_by_anybody(server: Configuration) -> None:
    from funis.capture.conduct.product.release import decide

    with acts():
        lot, bags = lot_with(mycoplasma="pending", sterility="pending")
        for decision in ("release", "release_pending"):
            with pytest.raises(ValueRangeError, match=r"mycoplasma \(pending\)"):
                decide(lot, decision, "needed today", "Gram stain: negative")
        bags[0].refresh_from_db()
    assert bags[0].state == "filled"


def test_pending_sterility_is_released_by_two_people_with_a_rapid_test(server: Configuration) -> None:
    from funis.capture.conduct.product.lots import lot_state
    from funis.capture.conduct.product.release import decide, record_result, second_decision

    with acts("first"):
        lot, bags = lot_with(sterility="pending")
        with pytest.raises(ValueRangeError, match="rapid test"):
            decide(lot, "release_pending", "fresh product")
        made = decide(lot, "release_pending", "fresh product", "Gram stain: negative")
        assert lot_state(lot) == "quarantine"
        with pytest.raises(ValueRangeError, match="another person"):
            second_decision(made)
    with acts("second"):
        second_decision(made)
        with pytest.raises(ValueRangeError, match="one that does not wait"):
            second_decision(made)
    lot.refresh_from_db()
    bags[0].refresh_from_db()
    assert (lot_state(lot), lot.data["release"], bags[0].state) == ("conditional", "conditional", "available")
    assert "Gram stain: negative" in made.reason
    assert made.rules["sterility"] == {
        "value": "pending", "limit": "result = 'negative'", "met": None, "may_wait": True,
    }  # fmt: skip
    with acts("first"):
        record_result(lot, "sterility", "negative", {})
        decide(lot, "release", "sterility is negative")
    lot.refresh_from_db()
    assert (lot_state(lot), lot.data["release"]) == ("released", "released")


def test_the_second_person_does_not_release_what_changed_in_between(server: Configuration) -> None:
    from funis.capture.conduct.product.release import decide, record_result, second_decision

    with acts("first"):
        lot, _ = lot_with(sterility="pending")
        made = decide(lot, "release_pending", "fresh product", "Gram stain: negative")
        record_result(lot, "mycoplasma", "positive", {}, "repeated")
    with acts("second"), pytest.raises(ValueRangeError, match=r"mycoplasma \(positive\)"):
        second_decision(made)


def test_a_late_positive_blocks_the_lot_at_once_and_names_who_was_given_it(
    server: Configuration, subjects: Any
) -> None:
    from funis.capture.conduct.product.bags import reserve
    from funis.capture.conduct.product.lots import lot_state
    from funis.capture.conduct.product.release import decide, record_result, second_decision
    from funis.capture.trail.history import read_history

    with acts("first"):
        culture = new_culture(new_donor())
        lot = new_lot([culture], sterility="pending")
        bags = new_bags(lot, culture, 3)
        made = decide(lot, "release_pending", "fresh product", "Gram stain: negative")
    with acts("second"):
        second_decision(made)
        give(bags[0], subjects[0])
        result, recalled = record_result(lot, "sterility", "positive", {"method": "BacT/ALERT, day 9"})
    for bag in bags:
        bag.refresh_from_db()
    assert result.state == "out_of_limits"
    assert recalled is not None
    assert recalled.blocked == (bags[1].code, bags[2].code)
    assert [(each.subject, each.bag, each.infusion) for each in recalled.given] == [
        (subjects[0], bags[0].code, 1)
    ]
    assert [bag.state for bag in bags] == ["infused", "blocked", "blocked"]
    assert lot_state(lot) == "recalled"
    told = [each for each in read_history(f"lot:{lot.pk}") if each.kind == "recalled"]
    assert told[-1].items["subjects"] == (None, 1)
    with acts(), pytest.raises(ValueRangeError, match="a released lot"):
        reserve(bags[1], subjects[1], 1)


def test_a_result_that_stood_there_changes_with_a_reason_alone(server: Configuration) -> None:
    from funis.capture.conduct.product.release import record_result
    from funis.capture.models import LotTest

    with acts():
        lot, _ = lot_with()
        with pytest.raises(ValueRangeError, match="a reason"):
            record_result(lot, "viability_percent", "91", {})
        record_result(lot, "viability_percent", "91", {}, "typed from the wrong sheet")
        with pytest.raises(ValueRangeError, match="0–100 %"):
            record_result(lot, "viability_percent", "910", {}, "a slip")
        with pytest.raises(ValueRangeError, match="test"):
            record_result(lot, "release", "released", {}, "past the decision")
    lot.refresh_from_db()
    assert str(lot.data["viability_percent"]) == "91"
    assert list(LotTest.objects.filter(lot=lot).values_list("number", "value", "state")) == [
        (1, "91", "final")
    ]


def test_a_rejected_lot_is_the_end_of_its_bags(server: Configuration) -> None:
    from funis.capture.conduct.product.bags import discard
    from funis.capture.conduct.product.release import decide, evaluate_release, possible_decisions

    with acts():
        lot, bags = lot_with(viability_percent="60")
        decide(lot, "reject", "viability below the limit")
        bags[0].refresh_from_db()
        assert bags[0].state == "blocked"
        assert possible_decisions(lot, evaluate_release(lot)) == ()
        discard(bags[0], "rejected lot")
    assert bags[0].state == "discarded"


def test_a_recall_of_a_donor_blocks_everything_below_it_and_nothing_else(
    server: Configuration, subjects: Any
) -> None:
    """C11: all states below, also vials and cultures; what is at an end stays as it was."""
    from funis.capture.conduct.product.making import Content, bank_vials, register_cord
    from funis.capture.conduct.product.recall import recall_donor
    from funis.capture.conduct.product.tracing import read_lineage
    from funis.capture.models import Unit

    with acts():
        donor = new_donor()
        lot, bags = released_bags(3, donor)
        _, (other,) = released_bags(1)
        give(bags[0], subjects[0])
        bank_vials(bags[0].parent, 2, Content(cells=10))
        recalled = recall_donor(donor, "HTLV found later")
        with pytest.raises(ValueRangeError, match="found not eligible"):
            register_cord(donor, Content())
    lineage = read_lineage()
    below = lineage.below(key for key, of in lineage.donor.items() if of == donor.pk)
    states = dict(Unit.objects.filter(pk__in=below).values_list("code", "state"))
    assert {code: state for code, state in states.items() if state != "blocked"} == {bags[0].code: "infused"}
    assert set(recalled.blocked) == set(states) - {bags[0].code}
    assert recalled.lots == (lot.code,)
    other.refresh_from_db()
    assert other.state == "available"


def test_look_back_and_look_forward_give_the_same_pairs(server: Configuration, subjects: Any) -> None:
    """C12, with an infusion that was loaded or entered without a bag of this server."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.product.tracing import donors_of_subject, subjects_of_donor, subjects_of_lot
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import because
    from funis.capture.models import StudyForm, Subject
    from funis.capture.study_in_force import today

    with acts():
        lot, bags = released_bags(3)
        give(bags[0], subjects[0], 1)
        give(bags[1], subjects[0], 2)
        give(bags[2], subjects[1], 1)
        record_consent(subjects[1], Given("2.0", today()), "coordinator")
        row = add_row(subjects[1], "infusions")
        row_of_bag = add_row(subjects[1], "infusions")
        with because("first entry"):
            row.data = {"lot": lot.code}  # the first infusion, given from the bag
            row.save()
            row_of_bag.data = {"lot": lot.code}  # the second, of which no bag is known
            row_of_bag.save()
    found = [(each.subject, each.infusion, each.bag) for each in subjects_of_lot(lot)]
    assert found == [
        (subjects[0], 1, bags[0].code),
        (subjects[0], 2, bags[1].code),
        (subjects[1], 1, bags[2].code),
        (subjects[1], 2, ""),
    ]
    donors = StudyForm.objects.filter(name="donors")
    back = {(donor.code, each.subject.pk) for donor in donors for each in subjects_of_donor(donor)}
    forward = {
        (code, subject.pk)
        for subject in Subject.objects.all()
        for each in donors_of_subject(subject)
        for code in each.donors
    }
    assert back == forward
    assert {subject for code, subject in back if code == lot.data["donor"]} == {each.pk for each in subjects}


def test_look_back_asks_the_database_as_often_for_many_units_as_for_few(
    server: Configuration, subjects: Any
) -> None:
    """C12."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from funis.capture.conduct.product.tracing import subjects_of_donor

    with acts():
        donor = new_donor()
        _, bags = released_bags(1, donor)
        give(bags[0], subjects[0])
    with CaptureQueriesContext(connection) as few:
        subjects_of_donor(donor)
    with acts():
        released_bags(20, donor)
        released_bags(20, donor)
    with CaptureQueriesContext(connection) as many:
        found = subjects_of_donor(donor)
    assert len(many) == len(few)
    assert [each.subject for each in found] == [subjects[0]]
