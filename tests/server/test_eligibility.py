"""Screening: criteria answered and held against the data, decided by an investigator, failed for a reason."""

from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

MET = {"I1": "yes", "I2": "yes", "I3": "yes"}


def fill(subject: Any, name: str, data: dict[str, Any]) -> None:
    """Enter values of a form as its page does, scores included."""
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.models import Form

    form = Form.objects.select_related("version").get(subject=subject, name=name)
    with acting(Acting("coordinator", sites=None)):
        changes = {item: (form.data.get(item), value) for item, value in data.items()}
        save_entry(FormEntry(f"fill-{form.pk}-{form.revision}", form.pk, changes, "entered"), form, "tests")


def active(subject: Any, *, arthritis: int = 1) -> None:
    """SLEDAI-2K by hand: arthritis 4 + rash 2 + low complement 2 = 8 points; without arthritis 4."""
    from funis.capture.models import Form
    from funis.capture.study_in_force import plan_of

    form = Form.objects.select_related("version").get(subject=subject, name="sledai_2k")
    none = {item.name: 0 for item in plan_of(form.version).form("sledai_2k").items}
    fill(subject, "sledai_2k", none | {"arthritis": arthritis, "rash": 1, "low_complement": 1})


def by_rule(subject: Any) -> dict[str, bool | None]:
    from funis.capture.conduct.eligibility import criteria_of

    return {each.criterion.id: each.by_rule for each in criteria_of(subject)}


def test_a_screening_begins_with_the_subject_and_stands_in_the_log(server: Configuration) -> None:
    from funis.capture.conduct.eligibility import read_log
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        subject = screen_subject("02")
    first = read_log(("02",), 1000)[0].screening
    assert (first.subject_id, first.screened_on, first.outcome) == (subject.pk, today(), "")
    assert {each.screening.site for each in read_log(("02",), 1000)} == {"02"}


def test_the_log_is_shown_in_pages_and_counts_all_of_it(
    server: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting
    from funis.capture.models import Screening
    from funis.capture.pages import eligibility

    with acting(Acting("coordinator", sites=None)):
        made = [screen_subject("03").number for _ in range(3)]
        count = Screening.objects.filter(site="03").count()
    monkeypatch.setattr(eligibility, "LONGEST_PAGE", 2)
    browser = browser_of(person_with("coordinator", "03"))
    pages = [browser.get(f"/screening?site=03&start={start}").content.decode() for start in (0, 2)]
    assert [number in pages[0] for number in made] == [False, True, True]
    assert made[0] in pages[1]
    assert all(f"Screenings: {count} " in page for page in pages)
    assert 'href="/screening?site=03&amp;start=2"' in pages[0]
    assert browser.get("/screening?site=03&start=-1").status_code == 200


def test_rules_are_held_against_what_was_entered(server: Configuration, subject: Any) -> None:
    """Age 16 or more, SLEDAI above 6, consent before the cells: unknown until it is entered."""
    assert by_rule(subject) == {"I1": None, "I2": None, "I3": True}
    fill(subject, "subjects", {"age": 15})
    active(subject, arthritis=0)
    assert by_rule(subject) == {"I1": False, "I2": False, "I3": True}
    fill(subject, "subjects", {"age": 16})
    active(subject)
    assert by_rule(subject) == {"I1": True, "I2": True, "I3": True}


def test_an_investigator_confirms_what_is_answered_and_seen(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.eligibility import answer_criteria, confirm_eligibility
    from funis.capture.context import Acting, acting

    with acting(Acting("investigator", sites=None)):
        with pytest.raises(ValueRangeError, match="I1: Not answered yet"):
            confirm_eligibility(subject, "investigator")
        answer_criteria(subject, MET, "")
        with pytest.raises(ValueRangeError, match="I2: The rule cannot tell"):
            confirm_eligibility(subject, "investigator")
    fill(subject, "subjects", {"age": 30})
    active(subject)
    with acting(Acting("investigator", sites=None)):
        screening = confirm_eligibility(subject, "investigator")
    subject.refresh_from_db()
    assert (subject.status, screening.outcome, screening.decided_by) == (
        "eligible",
        "eligible",
        "investigator",
    )
    assert {name: screening.data[f"{name}_by_rule"] for name in MET} == dict.fromkeys(MET, "yes")


def test_no_answer_overrules_the_data(server: Configuration, subject: Any) -> None:
    """There are no waivers of a criterion: the answer or the data must be corrected."""
    from funis.capture.conduct.eligibility import answer_criteria, confirm_eligibility
    from funis.capture.context import Acting, acting

    fill(subject, "subjects", {"age": 15})
    active(subject)
    with acting(Acting("investigator", sites=None)):
        answer_criteria(subject, MET | {"I1_seen_in": "passport"}, "")
        with pytest.raises(ValueRangeError, match="I1: The rule says otherwise"):
            confirm_eligibility(subject, "investigator")
    subject.refresh_from_db()
    assert subject.status == "consented"


def test_nobody_is_eligible_whose_consent_was_withdrawn(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.consent import consent_in_force, withdraw_consent
    from funis.capture.conduct.eligibility import answer_criteria, confirm_eligibility
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    given = consent_in_force(subject)
    assert given is not None
    with acting(Acting("investigator", sites=None)):
        answer_criteria(subject, {**MET, **{f"{name}_seen_in": "file" for name in MET}}, "")
        withdraw_consent(given, today(), "the subject changed his mind")
        with pytest.raises(ValueRangeError, match="none is in force"):
            confirm_eligibility(subject, "investigator")


def test_a_failure_has_a_reason_and_the_criterion(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.eligibility import ScreenFailure, answer_criteria, fail_screening, read_log
    from funis.capture.context import Acting, acting

    with acting(Acting("investigator", sites=None)):
        with pytest.raises(ValueRangeError, match="none is answered against"):
            fail_screening(subject, ScreenFailure("criterion"), "investigator")
        with pytest.raises(ValueRangeError, match="which other reason"):
            fail_screening(subject, ScreenFailure("other", " "), "investigator")
        with pytest.raises(ValueRangeError, match="declined"):
            fail_screening(subject, ScreenFailure("did not like it"), "investigator")
        answer_criteria(subject, {"I2": "no"}, "")
        fail_screening(subject, ScreenFailure("criterion"), "investigator")
    subject.refresh_from_db()
    assert subject.status == "screen_failure"
    logged = next(each for each in read_log(("01",), 1000) if each.screening.subject_id == subject.pk)
    assert (logged.screening.reason, logged.against) == ("criterion", ("I2",))


def test_who_failed_is_in_no_table_of_the_export_until_screened_again(
    server: Configuration, subject: Any
) -> None:
    from funis.capture.conduct.eligibility import ScreenFailure, fail_screening, screen_again
    from funis.capture.context import Acting, acting
    from funis.capture.exchange.export import export_tables

    active(subject)

    def tables() -> set[str]:
        return {
            name
            for name, (_, rows) in export_tables().items()
            if any(row.get("subject") == subject.number for row in rows)
        }

    before = tables()
    assert {"subjects", "visits", "sledai_2k"} <= before
    with acting(Acting("investigator", sites=None)):
        fail_screening(subject, ScreenFailure("declined"), "investigator")
    assert tables() == set()
    with acting(Acting("coordinator", sites=None)):
        again = screen_again(subject)
    assert tables() == before
    subject.refresh_from_db()
    assert (again.number, subject.status) == (2, "consented")


def test_an_answer_is_changed_with_a_reason_and_not_after_the_decision(
    server: Configuration, subject: Any
) -> None:
    from funis.capture.conduct.eligibility import (
        ScreenFailure,
        answer_criteria,
        fail_screening,
        take_decision_back,
    )
    from funis.capture.context import Acting, acting

    with acting(Acting("investigator", sites=None)):
        answer_criteria(subject, {"I1": "yes"}, "")
        with pytest.raises(ValueRangeError, match="why an answer is another now"):
            answer_criteria(subject, {"I1": "no"}, " ")
        answer_criteria(subject, {"I1": "no"}, "birth date was misread")
        with pytest.raises(ValueRangeError, match="answer to I1"):
            answer_criteria(subject, {"I1": "perhaps"}, "")
        with pytest.raises(ValueRangeError, match="criterion"):
            answer_criteria(subject, {"outcome": "eligible"}, "")
        fail_screening(subject, ScreenFailure("criterion"), "investigator")
        with pytest.raises(ValueRangeError, match="not decided"):
            answer_criteria(subject, {"I1": "yes"}, "again")
        with pytest.raises(ValueRangeError, match="why the decision"):
            take_decision_back(subject, "")
        screening = take_decision_back(subject, "the wrong subject was opened")
    assert (screening.outcome, screening.reason, screening.decided_by) == ("", "", "")
    assert "I1_by_rule" not in screening.data


@pytest.mark.parametrize(("role", "wanted"), [("coordinator", 404), ("monitor", 404), ("investigator", 302)])
def test_a_decision_is_an_investigators(server: Configuration, subject: Any, role: str, wanted: int) -> None:
    browser = browser_of(person_with(role, "01"))
    address = f"/subjects/{subject.pk}/eligibility/decide"
    assert browser.post(address, {"failure": "declined"}).status_code == wanted
    assert (
        browser_of(person_with("investigator", "02")).post(address, {"failure": "declined"}).status_code
        == 404
    )
    subject.refresh_from_db()
    assert subject.status == ("screen_failure" if wanted == 302 else "consented")


def test_the_pages_say_what_is_open_and_keep_sites_apart(server: Configuration, subject: Any) -> None:
    browser = browser_of(person_with("coordinator", "01"))
    address = f"/subjects/{subject.pk}/eligibility"
    page = browser.get(address).content.decode()
    assert "Active disease: SLEDAI above 6" in page
    assert page.count("Not answered yet.") == 3
    assert (
        browser.post(f"{address}/answers", {"I1": "yes", "I1_seen_in": "<b>passport</b>"}).status_code == 302
    )
    page = browser.get(address).content.decode()
    assert "&lt;b&gt;passport" in page
    assert "<b>passport" not in page
    assert browser.post(f"{address}/answers", {"I1": "no"}).status_code == 422
    there = browser_of(person_with("coordinator", "02"))
    assert there.get(address).status_code == 404
    assert there.post(f"{address}/answers", {"I1": "no", "reason": "attack"}).status_code == 404
    assert subject.number in browser.get("/screening").content.decode()
    assert subject.number not in there.get("/screening").content.decode()
    assert subject.number not in there.get("/screening?site=01").content.decode()


def test_the_database_refuses_a_failure_without_a_reason(server: Configuration, subject: Any) -> None:
    from django.db import Error

    from funis.capture.context import Acting, acting
    from funis.capture.models import Screening

    screening = Screening.objects.get(subject=subject)
    screening.outcome, screening.decided_by, screening.decided_on = (
        "not_eligible",
        "somebody",
        screening.screened_on,
    )
    with pytest.raises(Error), acting(Acting("somebody", "a reason", sites=None)):
        screening.save()
    screening.refresh_from_db()
    screening.outcome = "eligible"
    with pytest.raises(Error), acting(Acting("somebody", "a reason", sites=None)):
        screening.save()
