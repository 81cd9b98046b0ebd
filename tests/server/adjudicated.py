"""Readings of a committee, entered and exported: run by `test_reinfusion` in the process of its study.

Two readers differ about one subject and agree on "partial"; of another they find the same. By hand: one partial
response and one complete one of two that were judged.
"""

from pathlib import Path
from typing import Any

from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration


def add_reading(browser: Any, subject: Any, values: dict[str, Any]) -> Any:
    from funis.capture.models import Form

    answer = browser.post(f"/subjects/{subject.pk}/rows", {"name": "adjudications"})
    assert answer.status_code == 302
    form = Form.objects.get(pk=answer["Location"].removeprefix("/forms/"))
    enter(form, {name: (None, value) for name, value in values.items()})
    return form


def reading(number: str, reader: str, outcome: str) -> dict[str, Any]:
    question = {"visit": "month_6", "question": "renal_response", "blinded": 1}
    return question | {"reading": number, "reader": reader, "outcome": outcome}


def test_readings_are_entered_asked_about_exported_and_counted(subject: Any, tmp_path: Path) -> None:
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.exchange.export import export_study
    from funis.capture.models import Query
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.study_in_force import today
    from funis.data.tables import read_tables
    from funis.study.judged_outcomes import judged_outcomes
    from funis.study.read import read_study

    def second_subject() -> Any:
        made = screen_subject("01")
        record_consent(made, Given("2.0", today()), "coordinator")
        return made

    other = act("coordinator", second_subject)
    browser = browser_of(person_with("coordinator", "01"))
    add_reading(browser, subject, reading("first", "R1", "complete"))
    add_reading(browser, subject, reading("second", "R2", "partial"))
    add_reading(browser, other, reading("first", "R1", "complete"))
    add_reading(browser, other, reading("second", "R2", "complete"))
    act("data_manager", check_everything)
    asked = Query.objects.filter(form_name="adjudications", fault_stands=True)
    assert {each.subject_id for each in asked} == {subject.pk}
    last = add_reading(browser, subject, reading("consensus", "R1 and R2", "partial"))
    act("data_manager", check_everything)
    assert not asked.all().exists()

    page = browser.get(f"/forms/{last.pk}", headers={"accept-language": "zh-CN"}).content.decode()
    assert "终点裁定" in page
    assert "第 6 个月" in page
    act("data_manager", lambda: export_study(tmp_path / "out"))
    study = read_study(tmp_path / "out")
    judged = judged_outcomes(study.adjudications[0], read_tables(tmp_path / "out", study).frames)
    found = {key: each.outcome for key, each in judged.items()}
    assert found == {(subject.number, "month_6"): "partial", (other.number, "month_6"): "complete"}


def test_what_the_study_file_does_not_name_is_refused(subject: Any, server: Configuration) -> None:
    from funis.capture.forms.validation import check_changes
    from funis.capture.study_in_force import newest_version, plan_of, today

    plan = plan_of(newest_version()).form("adjudications")
    checked = check_changes(
        plan, {}, {"question": "another", "outcome": "cured", "visit": "month_99"}, today=today()
    )
    assert {each.field for each in checked.refusals} == {"question", "outcome", "visit"}
