"""Roles that see arms in a blinded trial: one person gives them, another confirms. Run by `test_allocation`."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.server.arms_of_a_trial import NAMES, allocated, screened
from tests.server.people import PASSWORD, browser_of, person_with
from tests.server.product_parts import acts

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError


@contextmanager
def administrator(login: str) -> Any:
    """Act as an administrator, whom the server itself made."""
    person_with("administrator", "", login)
    with acts(login):
        yield


def granted(role: str, login: str, by: str = "one-administrator") -> Any:
    from funis.capture.people.accounts import add_person, grant_role
    from funis.capture.study_in_force import today

    with administrator(by):
        return grant_role(add_person(login, "Somebody", PASSWORD), role, "", today())


def test_one_administrator_alone_makes_nobody_who_sees_arms(server: Configuration) -> None:
    allocated(screened())
    held = granted("data_manager", "manager-of-one")
    assert browser_of(held.person).get("/allocations").status_code == 404
    first, second = (
        browser_of(person_with("administrator", "", f"{each}-administrator")) for each in ("one", "two")
    )
    assert first.post(f"/roles/{held.pk}/confirm").status_code == 422, "who gave it is no second person"
    assert "waits for a second administrator" in second.get("/accounts").content.decode()
    assert second.post(f"/roles/{held.pk}/confirm").status_code == 302
    page = browser_of(held.person).get("/allocations").content.decode()
    assert any(name in page for name in NAMES)
    assert "given by two: one-administrator, two-administrator" in second.get("/accounts").content.decode()
    assert second.post(f"/roles/{held.pk}/confirm").status_code == 422, "what stands is not confirmed again"


def test_a_second_administrator_is_not_made_by_the_first(server: Configuration) -> None:
    held = granted("administrator", "puppet")
    puppet = browser_of(held.person)
    assert puppet.get("/accounts").status_code == 404
    other = granted("cell_laboratory", "laboratory-of-one")
    assert puppet.post(f"/roles/{other.pk}/confirm").status_code == 404


def test_a_blinded_role_is_given_by_one(server: Configuration) -> None:
    held = granted("monitor", "monitor-of-one")
    assert not held.needs_second
    assert browser_of(held.person).get("/subjects").status_code == 200


def test_nobody_confirms_a_role_of_his_own_or_one_that_ended(server: Configuration) -> None:
    from funis.capture.people.accounts import confirm_role, end_role
    from funis.capture.study_in_force import today

    held = granted("auditor", "auditor-of-one")
    with acts("auditor-of-one"), pytest.raises(ValueRangeError, match="another person"):
        confirm_role(held)
    with administrator("two-administrator"):
        end_role(held, today() - timedelta(days=1), "given by mistake")
        with pytest.raises(ValueRangeError, match="has ended"):
            confirm_role(held)
        with pytest.raises(ValueRangeError, match="Grant the role anew"):
            end_role(held, today(), "after all")


def test_a_token_that_reads_arms_takes_two(server: Configuration) -> None:
    from django.test import Client

    from funis.capture.people.tokens import confirm_token, issue_token
    from funis.capture.study_in_force import today

    def asks(shown: str) -> int:
        return (
            Client(SERVER_NAME="localhost")
            .get("/api/subjects", HTTP_AUTHORIZATION=f"Bearer {shown}")
            .status_code
        )

    with administrator("one-administrator"):
        row, shown = issue_token("analysis", "data_manager", "", today())
        _, blinded = issue_token("monitoring", "monitor", "", today())
        with pytest.raises(ValueRangeError, match="another person"):
            confirm_token(row)
    before = asks(shown)
    assert before in {401, 403, 404}
    assert asks(blinded) == 200
    with administrator("two-administrator"):
        confirm_token(row)
    assert asks(shown) == 200


def test_the_database_knows_that_two_are_two(server: Configuration) -> None:
    from django.db import IntegrityError, transaction

    from funis.capture.context import because

    held = granted("statistician", "statistician-of-one")
    with administrator("one-administrator"), because("alone"):
        held.confirmed_by = "one-administrator"
        with pytest.raises(IntegrityError, match="a_role_is_confirmed_by_another"), transaction.atomic():
            held.save()
        held.refresh_from_db()
        held.needs_second = False
        with pytest.raises(Exception, match=r"never changes|needs_second|fixed"), transaction.atomic():
            held.save()
