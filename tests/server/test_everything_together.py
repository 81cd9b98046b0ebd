"""The work of every room in one database: what reads a whole trial finds all of it, whole, and gives it back.

Every other test begins with an empty trial (`as_prepared`); here rows of all kinds stand side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.server import (
    test_as_of,
    test_eligibility,
    test_identities,
    test_infusion,
    test_locks,
    test_product_release,
    test_queries,
    test_redaction,
    test_second_factor,
    test_signatures,
    test_trail,
    test_verification,
)
from tests.server.as_prepared import AsPrepared
from tests.server.infusion_parts import eligible, thawed_bag
from tests.server.people import browser_of, new_subject, person_with, sledai_of
from tests.server.test_backup import Kept

from funis.capture.configuration import Configuration

#: Audited tables of which nothing stands here: of randomised trials, and of stopping rules, which this one has not.
OF_OTHER_TRIALS = {
    "capture_allocation",
    "capture_allocationevent",
    "capture_allocationseed",
    "capture_stoppingwatch",
}


class Busy(NamedTuple):
    """A server in which every room has worked, and what was exported halfway."""

    server: Configuration
    then: str
    exported: dict[str, str]


def infuse() -> None:
    subject = new_subject()
    for role in ("coordinator", "investigator"):
        person_with(role, "01")
    eligible(subject)
    test_infusion.test_two_scans_two_people_and_the_infusion_with_its_row((subject, thawed_bag(subject)))


def recall(server: Configuration) -> None:
    of_two_sites = new_subject("01"), new_subject("02")
    test_product_release.test_a_recall_of_a_donor_blocks_everything_below_it_and_nothing_else(
        server, of_two_sites
    )


def ask_and_verify() -> None:
    test_queries.test_a_fault_that_is_gone_closes_its_query_and_one_that_is_back_reopens_it(
        sledai_of(new_subject())
    )
    test_queries.test_a_question_about_an_item_that_is_changed_is_answered_by_change_and_not_closed(
        sledai_of(new_subject("02"))
    )
    test_verification.test_a_change_lets_the_mark_fall_and_no_other(sledai_of(new_subject()))


def sign_and_close() -> None:
    test_signatures.test_a_form_is_signed_by_a_passkey_and_shown_where_it_stands(
        test_signatures.Signer(), sledai_of(new_subject())
    )
    test_locks.set_state(sledai_of(new_subject()), "locked")


def report_a_serious_event() -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import moment
    from funis.capture.models import SafetyClock
    from funis.capture.safety.clock import record_awareness
    from funis.capture.safety.reports import SentReport, report_event

    subject = new_subject()
    aware = moment()
    event = test_queries.act("coordinator", lambda: add_row(subject, "adverse_events"))
    test_queries.enter(event, {"term": (None, "pneumonia"), "serious": (None, 1)})
    clock = SafetyClock.objects.get(form=event)
    test_queries.act("investigator", lambda: record_awareness(clock, aware))
    sent = SentReport("initial", moment(), "sponsor", "SR-1")
    test_queries.act("investigator", lambda: report_event(clock, sent))


def take_words_out() -> None:
    subject = new_subject()
    test_redaction.write_name(subject)
    test_redaction.redact(subject)


@pytest.fixture(scope="module")
def busy(as_prepared: AsPrepared) -> Iterator[Busy]:
    """Let every room work; half of it before something was exported."""
    from django.db import connections

    from funis.capture.context import moment
    from funis.capture.people.tokens import issue_token
    from funis.capture.study_in_force import today

    as_prepared.put_back()
    server = as_prepared.configuration
    infuse()
    ask_and_verify()
    take_words_out()
    then, exported = moment(), test_as_of.tables()
    recall(server)
    sign_and_close()
    report_a_serious_event()
    test_product_release.test_a_result_that_stood_there_changes_with_a_reason_alone(server)
    test_identities.test_who_a_donor_is_and_who_a_subject_is_never_stand_on_one_page(
        server, new_subject(), test_identities.new_donor()
    )
    test_second_factor.test_an_app_is_enrolled_on_the_page_and_gives_codes_for_recovery(server)
    test_queries.act(
        "administrator", lambda: issue_token("program", "auditor", "", today() + timedelta(days=2))
    )
    test_eligibility.test_a_failure_has_a_reason_and_the_criterion(server, new_subject())
    yield Busy(server, then, exported)
    connections.close_all()


def test_every_room_has_worked(busy: Busy) -> None:
    from funis.capture.database.audited_tables import audited_models

    empty = {model._meta.db_table for model in audited_models() if not model._default_manager.exists()}
    assert empty == OF_OTHER_TRIALS


def test_the_trail_is_whole(busy: Busy) -> None:
    assert test_trail.verified() == []


def test_what_was_exported_is_exported_again_then_and_now(busy: Busy) -> None:
    from funis.capture.context import moment

    now = test_as_of.tables()
    assert differing(test_as_of.tables(moment()), now) == []
    assert differing(test_as_of.tables(busy.then), busy.exported) == []
    assert differing(now, busy.exported) != []


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Give the names of tables that differ: of whole trials, their texts would take minutes to be compared."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def test_the_automatic_queries_are_the_findings(busy: Busy) -> None:
    from funis.capture.monitoring.automatic import check_everything

    test_queries.act("coordinator", check_everything)
    found = test_queries.found_in_export()
    assert test_queries.standing() == found
    assert found


def test_the_ledger_of_units_is_whole(busy: Busy) -> None:
    from funis.capture.conduct.product.reconciling import verify_ledger

    assert verify_ledger()[2] == []


def test_a_backup_of_it_comes_back_whole(busy: Busy, tmp_path: Path) -> None:
    kept = Kept(busy.server, tmp_path)
    made = kept.make()
    found = kept.restore("--verify")
    assert (found["alterations"], found["verified"], found["root"]) == ([], True, made.root)


def test_lists_of_a_site_name_none_of_another(busy: Busy) -> None:
    from funis.capture.models import Subject

    numbers: dict[str, Any] = dict(Subject.objects.values_list("number", "site"))
    assert set(numbers.values()) == {"01", "02"}
    browser = browser_of(person_with("monitor", "01"))
    for address in (
        "/subjects",
        "/queries",
        "/verification",
        "/safety",
        "/screening",
        "/product",
        "/overview",
    ):
        answer = browser.get(address)
        if answer.status_code == 404:
            continue
        shown = {number for number in numbers if re.search(rf"\b{number}\b", answer.content.decode())}
        assert {numbers[number] for number in shown} <= {"01"}, address
