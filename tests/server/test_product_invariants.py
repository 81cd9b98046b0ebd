"""The twenty invariants of the cell product, each with what shows it; those that a constraint alone keeps, here."""

import ast
from pathlib import Path
from typing import Any

import pytest
from tests.server.product_parts import acts, give, new_culture, new_donor, released_bags

from funis.capture.configuration import Configuration

#: Invariant, in words, and the tests that show it.
INVARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "C1": ("each unit has one chain of parents that ends in a donor; all donors of a pool count", (
        "test_product.py::test_a_unit_has_one_chain_of_parents_that_ends_in_its_donor",
        "test_product.py::test_all_donors_of_a_pool_count",
    )),
    "C2": ("children hold no more cells than their parent", (
        "test_product.py::test_no_more_cells_are_made_into_others_than_there_were",
    )),
    "C3": ("a bag is infused once, into the subject it is reserved for", (
        "test_product.py::test_a_bag_goes_to_one_subject_and_back_to_nobody_after_its_thaw",
        "test_infusion.py::test_the_bag_of_another_subject_is_refused",
        "test_infusion.py::test_the_database_keeps_two_people_and_one_infusion_of_a_bag",
    )),
    "C4": ("no bag is reserved twice", (
        "test_product.py::test_a_bag_goes_to_one_subject_and_back_to_nobody_after_its_thaw",
        "test_product_invariants.py::test_the_database_takes_no_second_reservation_of_a_bag",
    )),
    "C5": ("nothing happens after a final state", (
        "test_product.py::test_the_database_takes_no_step_that_is_not_in_the_table",
    )),
    "C6": ("no thaw before the release of the lot", (
        "test_product.py::test_nothing_is_thawed_before_the_release_of_its_lot",
    )),
    "C7": ("no infusion unless each rule is met, or overridden by another person where that is possible", (
        "test_infusion.py::test_the_wristband_of_another_subject_is_refused_and_overridden_by_nobody",
        "test_infusion.py::test_a_consent_withdrawn_after_the_check_stops_the_infusion",
        "test_infusion.py::test_a_lot_recalled_after_the_check_stops_the_infusion",
        "test_infusion.py::test_an_expired_bag_is_refused",
        "test_infusion.py::test_dose_and_weight",
        "test_infusion.py::test_cells_that_died_and_a_subject_who_is_not_eligible",
        "test_infusion.py::test_the_second_infusion_has_its_window_and_follows_the_first",
    )),
    "C8": ("two people check, and both log in for it", (
        "test_infusion.py::test_two_people_check_who_both_log_in",
    )),
    "C9": ("codes are scanned; a typed one needs a reason and is marked", (
        "test_infusion.py::test_a_typed_code_needs_a_reason_and_is_marked",
    )),
    "C10": ("a thawed bag never becomes available again", (
        "test_product.py::test_a_bag_goes_to_one_subject_and_back_to_nobody_after_its_thaw",
        "test_product.py::test_the_database_takes_no_step_that_is_not_in_the_table",
    )),
    "C11": ("a recall blocks all descendants in one transaction", (
        "test_product_release.py::test_a_recall_of_a_donor_blocks_everything_below_it_and_nothing_else",
    )),
    "C12": ("look-back and look-forward give the same pairs", (
        "test_product_release.py::test_look_back_and_look_forward_give_the_same_pairs",
        "test_product_release.py::test_look_back_asks_the_database_as_often_for_many_units_as_for_few",
    )),
    "C13": ("events replay to the stored states", (
        "test_product.py::test_events_replay_to_the_stored_states_and_a_changed_state_is_found",
        "test_product_machine.py::test_units_do_what_a_simple_model_does",
    )),
    "C14": ("filled = infused + discarded + in stock", (
        "test_product.py::test_bags_filled_are_infused_discarded_or_in_stock",
    )),
    "C15": ("a label that is printed again voids the one before", (
        "test_product_labels.py::test_a_label_that_was_printed_again_voids_the_one_before",
        "test_infusion.py::test_a_voided_label_is_refused_and_stands_in_the_trail",
    )),
    "C16": ("who a donor is and who a subject is never stand on one page", (
        "test_identities.py::test_who_a_donor_is_and_who_a_subject_is_never_stand_on_one_page",
        "test_product_pages.py::test_recipients_and_donors_are_codes_and_a_subject_shows_its_cells",
    )),
    "C17": ("cells given are computed, never typed", (
        "test_infusion.py::test_two_scans_two_people_and_the_infusion_with_its_row",
        "test_infusion.py::test_a_record_is_corrected_with_a_reason_and_the_row_is_not_typed",
    )),
    "C18": ("an excursion without a decision blocks", (
        "test_product.py::test_an_excursion_waits_for_a_decision_and_an_accepted_one_says_why",
    )),
    "C19": ("the hold time runs by the clock of the server", (
        "test_infusion.py::test_hold_time_runs_by_the_clock_of_the_server",
    )),
    "C20": ("the events of one unit stand in one chain", (
        "test_product_invariants.py::test_the_events_of_a_unit_stand_in_its_chain_and_nowhere_else",
    )),
}  # fmt: skip


def test_each_invariant_is_shown_by_tests_that_are_there() -> None:
    assert list(INVARIANTS) == [f"C{number}" for number in range(1, 21)]
    here = Path(__file__).parent
    for number, (_, tests) in INVARIANTS.items():
        for named in tests:
            file, _, name = named.partition("::")
            body = ast.parse((here / file).read_text(encoding="utf-8")).body
            assert name in {each.name for each in body if isinstance(each, ast.FunctionDef)}, (number, named)


def test_the_database_takes_no_second_reservation_of_a_bag(server: Configuration, subject: Any) -> None:
    """Two people who reserve at once write the same number of the same bag: one of them is refused."""
    from django.db import IntegrityError

    from funis.capture.conduct.product.bags import reserve
    from funis.capture.context import moment
    from funis.capture.models import ProductEvent

    with acts():
        _, (bag,) = released_bags(1)
        reserve(bag, subject, 1)
    last = ProductEvent.objects.filter(unit=bag).order_by("-seq")[0]
    for seq, before in ((last.seq, "available"), (last.seq + 1, "reserved")):
        with pytest.raises(IntegrityError), acts():
            ProductEvent(
                unit=bag, unit_kind="bag", seq=seq, kind="reserve", from_state=before, to_state="reserved",
                at=moment(), by="laboratory",
            ).save()  # fmt: skip


def test_the_events_of_a_unit_stand_in_its_chain_and_nowhere_else(
    server: Configuration, subject: Any
) -> None:
    from funis.capture.models import ProductEvent, Unit
    from funis.capture.trail.rows import read_rows

    with acts():
        new_culture(new_donor())
        _, (bag,) = released_bags(1)
        give(bag, subject)
    told: dict[str, list[str]] = {}
    for row in read_rows():
        said = row.said
        if said["table"] == "capture_productevent":
            assert row.chain == f"unit:{said['changes']['unit_id']}"
            told.setdefault(row.chain, []).append(said["row"])
    for unit in Unit.objects.all():
        events = ProductEvent.objects.filter(unit=unit).order_by("seq")
        assert told[f"unit:{unit.pk}"] == [event.pk for event in events]
