"""Queries: those of the checks are what ``funis check`` finds in the export; those of people are never lost."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import UnknownNameError, ValueRangeError
from funis.study.today import read_clock

FUTURE = "2999-01-01"
HOSTILE = "<script>alert(1)</script>\"'>{{ 7 * 7 }}\n=1+1"


def act(login: str, do: Callable[[], Any]) -> Any:
    from funis.capture.context import Acting, acting

    with acting(Acting(login, "a reason", sites=None)):
        return do()


def write(form: Any, **values: Any) -> None:
    """Write values behind the back of the entry: the checks must see them whoever wrote them."""
    form.refresh_from_db()
    data = {name: value for name, value in (form.data | values).items() if value is not None}
    form.data = data
    act("coordinator", form.save)


def check(subject: Any) -> None:
    from funis.capture.monitoring.automatic import check_subjects

    act("coordinator", lambda: check_subjects([subject.pk]))


def future_query(form: Any) -> Any:
    """Find the query of the date that lies ahead."""
    from funis.capture.models import Query

    return Query.objects.get(row_key=form.pk, item="date", code="date_in_future")


def enter(form: Any, changes: dict[str, tuple[Any, Any]], reason: str = "") -> None:
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.identifiers import new_id

    act("coordinator", lambda: save_entry(FormEntry(new_id(), form.pk, changes, reason), form, "person-1"))


def ask(form: Any, item: str = "rash", text: str = "Is it new?") -> Any:
    from funis.capture.monitoring.queries import ask_query

    return act("monitor", lambda: ask_query(form, item, text))


def take(query: Any, step: str, text: str = "") -> None:
    from funis.capture.monitoring.queries import take_step

    act("somebody", lambda: take_step(query, step, text))
    query.refresh_from_db()


def steps_of(query: Any) -> list[str]:
    return [each.step for each in query.messages.order_by("pk")]


def test_a_fault_that_is_gone_closes_its_query_and_one_that_is_back_reopens_it(sledai: Any) -> None:
    write(sledai, date=FUTURE, rash=1)
    check(sledai.subject)
    query = future_query(sledai)
    assert (query.state, query.fault_stands, query.level) == ("open", True, "error")
    write(sledai, date="2026-01-05")
    check(sledai.subject)
    query.refresh_from_db()
    assert (query.state, query.fault_stands) == ("closed_by_correction", False)
    write(sledai, date=FUTURE)
    check(sledai.subject)
    assert future_query(sledai).pk == query.pk
    query.refresh_from_db()
    assert query.state == "reopened"
    assert steps_of(query) == ["find", "correct", "return"]
    assert {each.author for each in query.messages.all()} == {"funis"}


def test_a_fault_that_was_accepted_stays_closed_until_it_is_another(sledai: Any) -> None:
    write(sledai, date=FUTURE, rash=1)
    check(sledai.subject)
    query = future_query(sledai)
    take(query, "answer", "It is the day that was planned.")
    take(query, "close")
    check(sledai.subject)
    query.refresh_from_db()
    assert (query.state, query.fault_stands) == ("closed", True)
    write(sledai, date="2999-02-02")
    check(sledai.subject)
    query.refresh_from_db()
    assert query.state == "reopened"
    assert "2999-02-02" in query.text


def test_a_question_about_an_item_that_is_changed_is_answered_by_change_and_not_closed(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1), "alopecia": (None, 0)})
    asked, other = ask(sledai, "rash"), ask(sledai, "alopecia")
    enter(sledai, {"rash": (1, 0)}, "typing error")
    asked.refresh_from_db()
    other.refresh_from_db()
    assert (asked.state, other.state) == ("answered_by_change", "open")
    message = asked.messages.order_by("pk").last()
    assert (message.step, message.author) == ("change", "coordinator")
    take(asked, "reopen", "And why was it 1?")
    assert asked.state == "reopened"
    take(asked, "answer", "It was another patient.")
    take(asked, "close")
    assert asked.state == "closed"
    assert steps_of(asked) == ["ask", "change", "reopen", "answer", "close"]


def test_a_change_that_is_refused_answers_nothing(sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    asked = ask(sledai, "rash")
    enter(sledai, {"rash": (1, 0)})
    asked.refresh_from_db()
    assert asked.state == "open"


@pytest.mark.parametrize(
    ("done", "refused"),
    [((), "reopen"), (("answer",), "answer"), (("close",), "answer"), (("close",), "close"), ((), "return")],
)
def test_a_step_that_is_not_in_the_table_is_refused(sledai: Any, done: tuple[str, ...], refused: str) -> None:
    query = ask(sledai)
    for name in done:
        take(query, name, "text")
    with pytest.raises(ValueRangeError, match="one in which this can be done"):
        take(query, refused, "text")


def test_queries_go_on_where_entry_is_frozen_and_not_where_it_is_locked(sledai: Any) -> None:
    from funis.capture.conduct.locks import scope_of, set_state

    query = ask(sledai)
    act("monitor", lambda: set_state(scope_of(sledai), "frozen", "before the visit of the monitor"))
    take(query, "answer", "yes")
    act("manager", lambda: set_state(scope_of(sledai), "locked", "all is verified"))
    with pytest.raises(ValueRangeError, match="locked"):
        take(query, "close")
    with pytest.raises(ValueRangeError, match="locked"):
        ask(sledai)
    assert query.state == "answered"


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001, "a\x00b", "a\x1b[31mb", "\u202eabc"])
def test_a_message_that_says_nothing_or_is_no_text_is_refused(sledai: Any, text: str) -> None:
    with pytest.raises(ValueRangeError, match="message"):
        ask(sledai, text=text)


def test_nobody_asks_about_an_item_that_the_form_does_not_have(sledai: Any) -> None:
    with pytest.raises(UnknownNameError):
        ask(sledai, item="site")


def test_a_state_that_is_none_is_refused_by_the_database(sledai: Any) -> None:
    from django.db import IntegrityError

    query = ask(sledai)
    query.state = "forgotten"
    with pytest.raises(IntegrityError):
        act("somebody", query.save)


def test_one_fault_has_one_query_whatever_happens(sledai: Any) -> None:
    from django.db import IntegrityError

    from funis.capture.models import Query

    write(sledai, date=FUTURE, rash=1)
    check(sledai.subject)
    found = future_query(sledai)
    again = {field.attname: getattr(found, field.attname) for field in Query._meta.concrete_fields}
    again.pop("id")
    with pytest.raises(IntegrityError):
        act("somebody", Query(**again | {"revision": 1}).save)


def standing() -> set[tuple[str, ...]]:
    """Give the faults of the automatic queries that stand."""
    from funis.capture.models import Query

    rows = Query.objects.filter(kind="automatic", fault_stands=True).values_list(
        "code", "level", "form_name", "item", "subject__number", "visit", "row_key"
    )
    return {tuple(each or "" for each in row) for row in rows}


def found_in_export() -> set[tuple[str, ...]]:
    """Give the findings of ``funis.check_frames`` on the tables of the export, with the row they stand in."""
    import funis
    from funis.capture.exchange.export import exported_subjects, place_rows
    from funis.capture.study_in_force import newest_version, study_of, today

    placed = place_rows(exported_subjects())
    frames = {
        name: [{column: row.cells.get(column, "") for column in columns} for row in rows]
        for name, (columns, rows) in placed.items()
    }
    return {
        (
            each.code, each.level, each.table, each.column, each.subject, each.visit,
            placed[each.table][1][each.line - 1].key if each.line else "",
        )
        for each in funis.check_frames(study_of(newest_version()), frames, today=today())
    }  # fmt: skip


def test_the_automatic_queries_are_the_findings_on_the_export(subject: Any, sledai: Any) -> None:
    from funis.capture.models import Form, SubjectVisit
    from funis.capture.monitoring.automatic import check_everything

    write(sledai, date=FUTURE, rash=1)
    labs = Form.objects.filter(subject=subject, name="labs").first()
    write(labs, value=-1, unit="no unit")
    write(Form.objects.get(subject=subject, name="subjects"), age=7, sex="x")
    visit = SubjectVisit.objects.get(subject=subject)
    visit.data = visit.data | {"date": "1999-01-01"}
    act("coordinator", visit.save)
    act("coordinator", check_everything)
    found = found_in_export()
    assert standing() == found
    assert len({each[0] for each in found if each[4] == subject.number}) > 3


def test_what_was_not_written_through_the_entry_is_checked_all_the_same(sledai: Any) -> None:
    from funis.capture.monitoring import automatic
    from funis.capture.monitoring.automatic import check_everything

    def find_waiting(sites: list[str] | None) -> list[str]:
        found: list[str] = act("monitor", lambda: automatic.find_waiting(sites, 1000)[0])
        return found

    act("coordinator", check_everything)
    assert find_waiting(None) == []
    write(sledai, date=FUTURE, rash=1)
    assert find_waiting(None) == [sledai.subject_id]
    assert find_waiting(["02"]) == []
    assert find_waiting([]) == []
    page = (
        browser_of(person_with("monitor", "01")).get(f"/queries?subject={sledai.subject_id}").content.decode()
    )
    assert sledai.subject.number in page
    assert find_waiting(None) == []


def new_sledai() -> Any:
    """Make a subject with one form."""
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.models import Form, SubjectVisit
    from funis.capture.study_in_force import newest_version

    subject = act("coordinator", lambda: screen_subject("03"))
    day = {"date": "2026-01-05"}
    visit = SubjectVisit(subject=subject, site="03", name="baseline", data=day)
    act("coordinator", visit.save)
    form = Form(subject=subject, site="03", visit=visit, name="sledai_2k", version=newest_version(), data=day)
    act("coordinator", form.save)
    return form


class Threads(RuleBasedStateMachine):
    """A model of one question and one fault beside the server."""

    def __init__(self) -> None:
        super().__init__()
        self.form = new_sledai()
        self.query = ask(self.form)
        self.state, self.value = "open", 1
        self.fault, self.automatic, self.was_found = False, "none", False
        write(self.form, rash=1)

    @rule(
        step=st.sampled_from(["answer", "close", "reopen"]),
        text=st.sampled_from(["said", ""]),
    )
    def step(self, step: str, text: str) -> None:
        allowed = {
            "answer": {"open", "reopened", "answered_by_change"},
            "close": {"open", "reopened", "answered", "answered_by_change"},
            "reopen": {"answered", "answered_by_change", "closed"},
        }[step]
        if self.state in allowed and (text or step == "close"):
            take(self.query, step, text)
            self.state = {"answer": "answered", "close": "closed", "reopen": "reopened"}[step]
        else:
            with pytest.raises(ValueRangeError):
                take(self.query, step, text)

    @rule()
    def change(self) -> None:
        enter(self.form, {"rash": (self.value, 1 - self.value)}, "seen again")
        self.value = 1 - self.value
        if self.state in {"open", "reopened"}:
            self.state = "answered_by_change"

    @rule(fault=st.booleans())
    def move_day(self, *, fault: bool) -> None:
        write(self.form, date=FUTURE if fault else "2026-01-05")
        check(self.form.subject)
        if fault and not self.fault:
            self.automatic = "reopened" if self.was_found else "open"
            self.was_found = True
        elif self.fault and not fault and self.automatic != "closed":
            self.automatic = "closed_by_correction"
        self.fault = fault

    @precondition(lambda self: self.automatic in {"open", "reopened"})
    @rule()
    def accept(self) -> None:
        take(future_query(self.form), "close", "it is so")
        self.automatic = "closed"

    @invariant()
    def server_is_as_the_model(self) -> None:
        self.query.refresh_from_db()
        assert self.query.state == self.state
        if self.was_found:
            query = future_query(self.form)
            assert (query.state, query.fault_stands) == (self.automatic, self.fault)


def test_threads_go_as_their_table_says(server: Configuration) -> None:
    run_state_machine_as_test(
        Threads,
        settings=hypothesis_settings(
            max_examples=10, stateful_step_count=12, derandomize=True, database=None
        ),
    )


def test_who_may_ask_answer_and_close(sledai: Any) -> None:
    """A site neither asks nor closes, and the sponsor does not answer for it."""
    monitor, coordinator, manager = (
        browser_of(person_with(role, "01")) for role in ("monitor", "coordinator", "data_manager")
    )
    given = {"item": "rash", "text": "Is it new?"}
    assert coordinator.post(f"/forms/{sledai.pk}/ask", given).status_code == 404
    asked = monitor.post(f"/forms/{sledai.pk}/ask", given)
    address = asked.headers["Location"]
    assert monitor.post(f"{address}/answer", {"text": "yes"}).status_code == 404
    assert browser_of(person_with("coordinator", "02")).get(address).status_code == 404
    assert (
        browser_of(person_with("coordinator", "02")).post(f"{address}/answer", {"text": "yes"}).status_code
        == 404
    )
    assert coordinator.post(f"{address}/answer", {"text": ""}).status_code == 422
    assert coordinator.post(f"{address}/answer", {"text": "yes"}).status_code == 302
    assert coordinator.post(f"{address}/close").status_code == 404
    assert manager.post(f"{address}/close").status_code == 302
    assert coordinator.post(f"{address}/answer", {"text": "late"}).status_code == 422
    thread = coordinator.get(address).content.decode()
    assert all(name in thread for name in ("monitor-01", "coordinator-01", "data_manager-01"))


def test_what_somebody_says_is_shown_as_text_everywhere(sledai: Any) -> None:
    query = ask(sledai, text=HOSTILE)
    take(query, "answer", HOSTILE)
    browser = browser_of(person_with("monitor", "01"))
    for address in (f"/queries?subject={sledai.subject_id}", f"/queries/{query.pk}", f"/forms/{sledai.pk}"):
        page = browser.get(address).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "49" not in page.split("alert(1)")[1][:60]
    told = json.loads(browser.get(f"/forms/{sledai.pk}/queries").content)
    assert told["queries"]["rash"][0]["text"] == HOSTILE


def test_a_form_shows_the_query_beside_its_item(sledai: Any) -> None:
    query = ask(sledai, text="Is it new?")
    page = browser_of(person_with("coordinator", "01")).get(f"/forms/{sledai.pk}").content.decode()
    beside = page.split('data-item="rash"')[1].split("data-item=")[0]
    assert f'href="/queries/{query.pk}"' in beside
    assert "Is it new?" in beside


def test_the_list_filters_by_site_state_and_age_and_pages_without_gaps(subject: Any, sledai: Any) -> None:
    from django.db.models import Q

    from funis.capture.models import Query
    from funis.capture.monitoring.queries import QueryFilter, find_queries, one_page

    for number in range(7):
        ask(sledai, text=f"Question {number}")
    closed = ask(sledai, text="Done")
    take(closed, "close")
    waiting = list(find_queries(QueryFilter(("01",))))
    assert closed not in waiting
    assert {each.site for each in waiting} == {"01"}
    assert list(find_queries(QueryFilter(("02",), "01"))) == []
    assert closed in find_queries(QueryFilter(None, "01", state="closed"))
    seen: list[Any] = []
    after = ""
    while True:
        shown, after = one_page(find_queries(QueryFilter(("01",))), after, 3)
        seen += shown
        if not after:
            break
    assert [each.pk for each in seen] == [each.pk for each in waiting]
    assert Query.objects.filter(~Q(site="01"), subject=subject).count() == 0


def test_the_list_filters_by_the_age_of_a_query(sledai: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.capture.monitoring import queries

    asked = ask(sledai, text="Is it new?")
    # Other tests leave old queries of other subjects behind: only this one is looked for.
    a_day_old = queries.QueryFilter(("01",), older_than=1)
    assert asked not in queries.find_queries(a_day_old)
    tomorrow = read_clock() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(queries, "read_clock", lambda: tomorrow)
    assert asked in queries.find_queries(a_day_old)
    assert asked not in queries.find_queries(queries.QueryFilter(("01",), older_than=2))


@pytest.mark.parametrize("address", ["/queries?state=no", "/queries?older=x", "/queries?older=99999"])
def test_a_filter_that_is_none_is_refused_in_words(server: Configuration, address: str) -> None:
    assert browser_of(person_with("monitor", "01")).get(address).status_code == 422


def test_a_trial_without_a_subject_is_checked_as_it_is_at_its_start(server: Configuration) -> None:
    from funis.capture.models import Subject
    from funis.capture.serve import check_data

    assert not Subject.objects.exists()
    check_data()
    assert standing() == found_in_export()
    assert browser_of(person_with("data_manager", "")).post("/export").status_code == 200


def test_what_belongs_to_no_site_is_seen_by_who_acts_at_all(server: Configuration) -> None:
    from funis.capture.models import StudyForm
    from funis.capture.monitoring.automatic import check_everything
    from funis.capture.study_in_force import newest_version

    donor = StudyForm(
        name="donors", code="D-QUERY", version=newest_version(), data={"collection_date": FUTURE}
    )
    act("laboratory", donor.save)
    act("laboratory", check_everything)
    query = donor_query()
    assert (query.site, query.subject) == ("", None)
    assert browser_of(person_with("data_manager", "01")).get(f"/queries/{query.pk}").status_code == 404
    everywhere = browser_of(person_with("data_manager", ""))
    assert everywhere.get(f"/queries/{query.pk}").status_code == 200
    assert everywhere.post("/queries/check").status_code == 302
    assert browser_of(person_with("data_manager", "01")).post("/queries/check").status_code == 404


def donor_query() -> Any:
    from funis.capture.models import Query

    found = Query.objects.filter(form_name="donors", subject=None, state="open").first()
    assert found is not None
    return found


def test_a_chinese_page_says_the_kind_of_a_fault_in_chinese(sledai: Any) -> None:
    from funis.capture.pages.refusal_words import finding_words

    write(sledai, date=FUTURE, rash=1)
    check(sledai.subject)
    query = future_query(sledai)
    words = finding_words()[query.code]
    browser = browser_of(person_with("monitor", "01", "monitor-in-chinese"))
    assert words not in browser.get(f"/queries/{query.pk}").content.decode()
    browser.post("/language", {"language": "zh-hans", "next": "/"})
    for address in (f"/queries/{query.pk}", f"/queries?subject={sledai.subject_id}"):
        page = browser.get(address).content.decode()
        assert words in page
        assert query.text[:40].replace("'", "&#39;") in page, "with its values in English"


def test_a_visit_that_is_overdue_is_asked_about_until_it_is_recorded(server: Configuration) -> None:
    """What is due is told by the latest day of the whole data: the subject's own days end before it."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import add_row, screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting, because
    from funis.capture.models import Query
    from funis.capture.monitoring.automatic import check_everything, check_subjects
    from funis.capture.study_in_force import today

    def ago(days: int) -> date:
        return today() - timedelta(days=days)

    def asked() -> set[str]:
        of_it = Query.objects.filter(about=late.pk, code="missing_visit", fault_stands=True)
        return set(of_it.values_list("visit", flat=True))

    with acting(Acting("coordinator", sites=None)):
        late, seen_today = screen_subject("01"), screen_subject("02")
        for subject, day in ((late, ago(60)), (seen_today, today())):
            record_consent(subject, Given("2.0", day), "coordinator")
            record_visit(subject, "baseline", day)
        row = add_row(late, "infusions")
        with because("first entry"):
            row.data = {"date": ago(59).isoformat()}
            row.save()
        check_everything()
        assert asked() == {"month_1"}
        add_row(late, "medications")
        check_subjects([late.pk])
        assert asked() == {"month_1"}
        record_visit(late, "month_1", ago(29))
        check_subjects([late.pk])
        assert asked() == set()
