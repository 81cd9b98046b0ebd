"""Roles that see arms in a blinded trial: one person gives them, another confirms. Run by `test_allocation`."""

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
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


def keep(subject: Any, **identity: str) -> None:
    from funis.capture.people.identity import KeptIdentity, keep_identity

    with acts("coordinator-01"):
        keep_identity(subject, KeptIdentity(**identity))


@pytest.mark.parametrize(
    ("site", "identity", "is_same"),
    [
        ("01", {"names": "other words", "hospital_number": "h 77-1"}, True),
        ("02", {"names": "other words", "hospital_number": "H77-1"}, False),  # a number of another hospital
        ("02", {"names": "first  LAST", "birth_date": "1980-02-03"}, True),
        ("01", {"names": "first last", "birth_date": "1980-02-04"}, False),
        ("01", {"names": "first last"}, False),  # names alone are many people's
    ],
)
def test_a_person_who_was_allocated_is_not_allocated_again_under_another_number(
    server: Configuration, site: str, identity: dict[str, str], *, is_same: bool
) -> None:
    key = f"{site}{len(identity)}{is_same}{identity.get('birth_date', '')}"
    first, second = screened("01"), screened(site)
    known = {name: f"{value} {key}" if name != "birth_date" else value for name, value in identity.items()}
    keep(first, names=f"First Last {key}", birth_date="1980-02-03", hospital_number=f"H77-1 {key}")
    keep(second, **known)
    allocated(first)
    if not is_same:
        assert allocated(second)
        return
    told = first.number if site == "01" else "a number of another site"
    with pytest.raises(ValueRangeError, match=f"allocated as {told}"):
        allocated(second)


def test_an_arm_that_was_altered_is_told_on_a_page_of_its_own_and_by_verify(
    server: Configuration, tmp_path: Path
) -> None:
    from tests.server.owner import altered

    from funis.capture.models import Allocation
    from funis.capture.trail.rows import read_rows
    from funis.capture.trail.verify import check_arms

    subject = screened()
    allocated(subject)
    row = Allocation.objects.get(subject=subject)
    laboratory = person_with("cell_laboratory", "")
    address = f"/subjects/{subject.pk}/allocation"
    sealed = row.sealed[:-2] + ("00" if row.sealed[-2:] != "00" else "11")
    with altered(
        server,
        tmp_path,
        lambda owner: owner.run("UPDATE capture_allocation SET sealed = ? WHERE id = ?", sealed, row.pk),
    ):
        answer = browser_of(laboratory).get(address)
        assert answer.status_code == 500
        words = answer.content.decode()
        assert f"Subject {subject.number}" in words
        assert "Call the data manager and the sponsor now" in words
        assert not any(name in words for name in NAMES)
        with acts():
            assert [each.place for each in check_arms()] == [f"capture_allocation {row.pk}"]
            seen = [
                each.said
                for each in read_rows(f"subject:{subject.pk}")
                if each.said["kind"] == "altered row seen"
            ]
        assert [(each["actor"], each["changes"]["row"]) for each in seen] == [("cell_laboratory-all", row.pk)]
    with acts():
        assert not list(check_arms())


def test_the_case_book_tells_the_allocation_and_no_arm_of_a_blinded_trial(server: Configuration) -> None:
    from tests.server.test_case_book import ENGLISH, rows

    from funis.capture.casebook.book import make_case_book

    subject = screened()
    with acts("auditor"):
        before = make_case_book(subject, ENGLISH, "auditor")
    assert "allocation" not in [section.id for section in before.sections]
    allocated(subject)
    with acts("auditor"):
        book = make_case_book(subject, ENGLISH, "auditor")
    told = rows(book, "all-allocation")
    assert told["Stratum: nephritis"] == ("no",)
    assert told["Arm"] == ("The arm is not printed: the trial is blinded.",)
    assert "coordinator-01" in told["Allocated"][0]
    assert not any(name in repr(section) for section in book.sections for name in NAMES)


def test_a_blinded_person_sees_windows_from_the_day_of_allocation(server: Configuration) -> None:
    from datetime import date

    from funis.capture.conduct.visits import planned_visits
    from funis.capture.study_in_force import plan_of, today, version_at

    subject = screened()
    with acts():
        plan = plan_of(version_at("01", today()))
        before = planned_visits(subject, plan, is_blinded=True)
    assert not any(each.opens or each.is_about for each in before)
    allocated(subject)
    with acts():
        found = {each.plan.name: each for each in planned_visits(subject, plan, is_blinded=True)}
    month, baseline = found["month_1"], found["baseline"]
    # The template plans month 1 on day 30 with a window of 14 days on both sides.
    assert (month.opens, month.closes) == (today() + timedelta(days=16), today() + timedelta(days=44))
    assert (month.standing(today()), month.standing(date(2100, 1, 1))) == ("not known", "not known")
    assert (baseline.opens, baseline.is_about) == (None, False)
    for address in (f"/subjects/{subject.pk}", "/calendar/subjects?site=01"):
        page = browser_of(person_with("monitor", "01")).get(address).content.decode()
        assert "counted from the day of allocation" in page
        assert "≈ " in page
