"""Readings of a committee, entered and exported: run by `test_reinfusion` in the process of its study.

Two readers differ about one subject and agree on "partial"; of another they find the same. By hand: one partial
response and one complete one of two that were judged.
"""

import json
import re
from pathlib import Path
from typing import Any

from tests.server.blinded_walk import addresses_of
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration
from funis.capture.people.permissions import ROLES


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


TOLD = re.compile("Reader-of-the-(first|second)")
ROLES_THAT_ENTER = ("investigator", "coordinator")


def pages_that_tell(role: str, login: str, subject: Any) -> dict[str, set[str]]:
    """Give by the pattern of its address each page of a subject that tells a reading to a person, with which."""
    browser = browser_of(person_with(role, "01", login))
    found: dict[str, set[str]] = {}
    lists = [(name, f"/{name}") for name in ("queries", "verification", "locks", "subjects", "overview")]
    for words, address in (*addresses_of(subject), *lists):
        answer = browser.get(address)
        if told := set(TOLD.findall(answer.content.decode())):
            found.setdefault(words, set()).update(told)
    return found


def read_outcome(login: str, subject: Any, number: str) -> Any:
    browser = browser_of(person_with("coordinator", "01", login))
    answer = browser.post(f"/subjects/{subject.pk}/rows", {"name": "adjudications"})
    key = answer["Location"].removeprefix("/forms/")
    values = reading(number, f"Reader-of-the-{number}", "partial") | {"visit": "month_3"}
    sent = {
        "key": f"{key}-1",
        "form": key,
        "changes": {name: {"old": None, "new": each} for name, each in values.items()},
    }
    assert browser.post(f"/forms/{key}/save", json.dumps(sent), "application/json").status_code == 200
    return key


def test_readers_do_not_see_each_other_before_all_have_read(subject: Any) -> None:
    """Every page of the subject by every role: the first reading is told to its reader, and to who enters nothing."""
    from funis.capture.models import Form
    from funis.capture.monitoring.queries import ask_query
    from funis.capture.monitoring.verification import verify_items

    first = Form.objects.get(pk=read_outcome("coordinator-reads-1", subject, "first"))
    act("monitor", lambda: ask_query(first, "reader", "Is it Reader-of-the-first?"))
    act("monitor", lambda: verify_items(first, ["reader"], first.revision))
    own = pages_that_tell("coordinator", "coordinator-reads-1", subject)
    assert {"forms/<str:key>", "subjects/<str:key>", "subjects/<str:key>/trail", "queries"} <= own.keys()
    for role in ROLES_THAT_ENTER:
        assert pages_that_tell(role, f"{role}-reads-2", subject) == {}
        stranger = browser_of(person_with(role, "01", f"{role}-reads-2"))
        sent = {"key": f"{role}-tries", "form": first.pk, "changes": {"reader": {"old": None, "new": "x"}}}
        answer = stranger.post(f"/forms/{first.pk}/save", json.dumps(sent), "application/json")
        assert answer.status_code == 404
        book = stranger.get(f"/subjects/{subject.pk}/case-book")
        assert book.status_code == 422
        assert "you may not see yet" in book.content.decode()
    for role in ROLES.keys() - {*ROLES_THAT_ENTER, "cell_laboratory", "administrator"}:
        sees = browser_of(person_with(role, "01", f"{role}-sees"))
        assert TOLD.findall(sees.get(f"/forms/{first.pk}").content.decode())
    # A consensus written before the second reading opens nothing.
    read_outcome("coordinator-reads-2", subject, "consensus")
    assert pages_that_tell("coordinator", "coordinator-reads-2", subject) == {}
    read_outcome("coordinator-reads-2", subject, "second")
    for login in ("coordinator-reads-1", "coordinator-reads-2", "investigator-reads-2"):
        told = pages_that_tell(login.partition("-")[0], login, subject)
        assert told["forms/<str:key>"] == told["subjects/<str:key>/case-book"] == {"first", "second"}
