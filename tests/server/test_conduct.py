"""Screening, consent, visits: the order that a trial asks for."""

from datetime import timedelta
from typing import Any

import pytest

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError


def test_subjects_are_numbered_within_their_site(server: Configuration) -> None:
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting

    with acting(Acting("coordinator", sites=None)):
        first, second, other = screen_subject("03"), screen_subject("03"), screen_subject("04")
    numbers = [int(each.number.rpartition("-")[2]) for each in (first, second)]
    assert numbers[1] == numbers[0] + 1
    assert first.number.startswith("03-")
    assert other.number.startswith("04-")


def test_no_visit_without_consent_and_none_before_it(server: Configuration) -> None:
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import add_row, screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        subject = screen_subject("01")
        with pytest.raises(ValueRangeError, match="none is in force"):
            record_visit(subject, "baseline", today())
        with pytest.raises(ValueRangeError, match="none is in force"):
            add_row(subject, "infusions")
        record_consent(subject, Given("2.0", today()), "coordinator")
        with pytest.raises(ValueRangeError, match="a consent before the visit"):
            record_visit(subject, "baseline", today() - timedelta(days=1))
        with pytest.raises(ValueRangeError, match="date of the visit"):
            record_visit(subject, "baseline", today() + timedelta(days=1))
        record_visit(subject, "baseline", today())
        with pytest.raises(ValueRangeError, match="not recorded before"):
            record_visit(subject, "baseline", today())


def test_a_withdrawn_consent_stays_and_no_visit_follows(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.consent import consent_in_force, consents_of, withdraw_consent
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        given = consent_in_force(subject)
        assert given is not None
        with pytest.raises(ValueRangeError, match="reason"):
            withdraw_consent(given, today(), " ")
        withdraw_consent(given, today(), "no reason given by the subject")
        with pytest.raises(ValueRangeError, match="none is in force"):
            record_visit(subject, "month_1", today())
    assert [each.withdrawn_on for each in consents_of(subject)] == [today()]


def test_the_forms_of_a_visit_are_those_that_are_due(server: Configuration, subject: Any) -> None:
    from funis.capture.models import Form
    from funis.capture.study_in_force import started_with

    study = started_with()
    forms = Form.objects.filter(subject=subject, visit__name="baseline")
    assert {form.name for form in forms} == set(study.visit("baseline").forms)
    tests = [form.data["test"] for form in forms.filter(name="labs").order_by("number")]
    assert tests == list(study.lab_names)


def test_windows_are_counted_from_the_first_infusion(server: Configuration, subject: Any) -> None:
    """Month 1 of the template: day 30, 14 days to either side."""
    from funis.capture.conduct.screening import add_row
    from funis.capture.conduct.visits import planned_visits
    from funis.capture.context import Acting, acting, because
    from funis.capture.study_in_force import newest_version, plan_of, today

    plan = plan_of(newest_version())
    assert all(each.opens is None for each in planned_visits(subject, plan))
    with acting(Acting("coordinator", sites=None)):
        infusion = add_row(subject, "infusions")
        with because("first entry"):
            infusion.data = {"date": today().isoformat()}
            infusion.save()
    month = next(each for each in planned_visits(subject, plan) if each.plan.name == "month_1")
    assert (month.opens, month.closes) == (today() + timedelta(days=16), today() + timedelta(days=44))
    assert month.standing(today()) == "ahead"
    assert month.standing(today() + timedelta(days=16)) == "due"
    assert month.standing(today() + timedelta(days=44)) == "due"
    assert month.standing(today() + timedelta(days=45)) == "overdue"


def test_a_missed_visit_needs_a_reason(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.visits import miss_visit, planned_visits
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import newest_version, plan_of, today

    with acting(Acting("coordinator", sites=None)):
        with pytest.raises(ValueRangeError, match="reason"):
            miss_visit(subject, "month_3", "")
        miss_visit(subject, "month_3", "in another hospital")
    missed = next(
        each for each in planned_visits(subject, plan_of(newest_version())) if each.plan.name == "month_3"
    )
    assert missed.standing(today()) == "missed"
