"""Every page by every role, at the own site and at another: made from the table, so that none is forgotten."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.server.people import PASSWORD, browser_of, person_with

from funis.capture.configuration import Configuration
from funis.capture.people.permissions import ACTIONS, EVERYWHERE, ROLES


def test_every_page_names_an_action(server: Configuration) -> None:
    from funis.capture.pages.addresses import PAGES
    from funis.capture.people.access import OPEN

    actions = {str(page.pattern): getattr(page.callback, "action", None) for page in PAGES}
    assert {address for address, action in actions.items() if action == OPEN} == {
        "health",
        "login",
        "login/second",
    }
    assert all(action in {*ACTIONS, OPEN} for action in actions.values())


def test_every_action_is_asked_by_a_page(server: Configuration) -> None:
    """An action that no page asks for is a right that means nothing."""
    from funis.capture.pages.addresses import PAGES
    from funis.capture.people.access import OPEN

    asked = {getattr(page.callback, "action", "") for page in PAGES} - {OPEN}
    # The override at the bedside asks the one of the person who logs in for it, the read API the other of a token.
    inside = {"override infusion rule", "read by program"}
    assert asked | inside == set(ACTIONS)


READ = {
    "see subjects": "/subjects/{subject}",
    "see trail": "/subjects/{subject}/trail",
    "see case book": "/subjects/{subject}/case-book",
    "see queries": "/forms/{form}/queries",
    "see verification": "/forms/{form}/verification",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", READ)
def test_a_subject_is_seen_where_the_role_is_held_and_nowhere_else(
    server: Configuration, subject: Any, role: str, action: str
) -> None:
    from funis.capture.models import Form

    form = Form.objects.get(subject=subject, name="sledai_2k")
    address = READ[action].format(subject=subject.pk, form=form.pk)
    wanted = 200 if role in ACTIONS[action] else 404
    assert browser_of(person_with(role, "01")).get(address).status_code == wanted
    assert browser_of(person_with(role, "")).get(address).status_code == wanted
    other = browser_of(person_with(role, "02")).get(address)
    assert other.status_code == 404
    assert subject.number not in other.content.decode()


WRITE = {
    "screen subject": ("/subjects/new", {"site": "01"}),
    "record consent": ("/subjects/{subject}/consent", {"document_version": "3", "given_on": "2026-01-01"}),
    "record visit": ("/subjects/{subject}/visits", {"name": "unscheduled", "date": "{today}"}),
    "enter data": ("/subjects/{subject}/rows", {"name": "adverse_events"}),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", WRITE)
def test_a_subject_is_written_where_the_role_is_held_and_nowhere_else(
    server: Configuration, subject: Any, role: str, action: str
) -> None:
    from funis.capture.study_in_force import today

    address, given = WRITE[action]
    address = address.format(subject=subject.pk)
    given = {name: value.format(today=today().isoformat()) for name, value in given.items()}
    may = role in ACTIONS[action]
    # 422: the right is there, and the consent that is in force already is said in words.
    allowed = {302, 422} if may else {404}
    assert browser_of(person_with(role, "01")).post(address, given).status_code in allowed
    assert browser_of(person_with(role, "02")).post(address, given).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_an_entry_is_taken_from_who_enters_at_the_site_alone(
    server: Configuration, sledai: Any, role: str
) -> None:
    body = {"key": f"entry-{role}", "form": sledai.pk, "changes": {"rash": {"old": None, "new": 1}}}
    address = f"/forms/{sledai.pk}/save"
    here = browser_of(person_with(role, "01")).post(address, body, content_type="application/json")
    there = browser_of(person_with(role, "02")).post(
        address, body | {"key": f"other-{role}"}, content_type="application/json"
    )
    assert (here.status_code, there.status_code) == (200 if role in ACTIONS["enter data"] else 404, 404)
    sledai.refresh_from_db()
    assert ("rash" in sledai.data) == (role in ACTIONS["enter data"])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("action", "address"), [("export data", "/export"), ("see accounts", "/accounts")])
def test_what_belongs_to_no_site_asks_for_a_role_at_all_sites(
    server: Configuration, role: str, action: str, address: str
) -> None:
    assert action in EVERYWHERE
    at_all = browser_of(person_with(role, "")).get(address).status_code
    assert at_all == (200 if role in ACTIONS[action] else 404)
    assert browser_of(person_with(role, "01")).get(address).status_code == 404


def test_lists_show_the_own_site_alone(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting

    with acting(Acting("coordinator", sites=None)):
        other = screen_subject("02")
    # A list is cut at 200: it begins just before the subject, whoever else was screened by other tests.
    before = subject.number[:-1]
    listed = browser_of(person_with("monitor", "01")).get(f"/subjects?after={before}").content.decode()
    assert subject.number in listed
    assert other.number not in listed
    overview = browser_of(person_with("monitor", "01")).get("/overview").content.decode()
    assert set(re.findall(r'[?;]site=(\d+)"', overview)) == {"01"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_begins_on_a_page_that_it_may_see(server: Configuration, role: str) -> None:
    browser = browser_of(person_with(role, ""))
    begins = browser.get("/").url
    assert begins == {
        "monitor": "/verification",
        "cell_laboratory": "/product",
        "administrator": "/accounts",
    }.get(role, "/overview")
    assert browser.get(begins).status_code == 200


def test_administrators_of_accounts_see_no_clinical_data(server: Configuration, subject: Any) -> None:
    browser = browser_of(person_with("administrator", ""))
    assert browser.get("/").url == "/accounts"
    for address in (
        "/subjects",
        f"/subjects/{subject.pk}",
        f"/subjects/{subject.pk}/trail",
        "/export",
        "/product",
    ):
        assert browser.get(address).status_code == 404
    assert subject.number not in browser.get("/accounts").content.decode()


def test_nobody_grants_himself_a_role(server: Configuration) -> None:
    from funis.capture.study_in_force import today

    person = person_with("administrator", "")
    answer = browser_of(person).post(
        f"/accounts/{person.pk}/roles", {"role": "investigator", "site": "", "since": today().isoformat()}
    )
    assert answer.status_code == 422
    assert "granted by another person" in answer.content.decode()
    assert {each.role for each in person.memberships.all()} == {"administrator"}


def test_a_role_that_ended_opens_nothing(server: Configuration, subject: Any) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.people.accounts import end_role
    from funis.capture.study_in_force import today

    person = person_with("coordinator", "01", "coordinator-until-yesterday")
    browser = browser_of(person)
    assert browser.get(f"/subjects/{subject.pk}").status_code == 200
    with acting(Acting("funis", sites=None)):
        end_role(person.memberships.get(), today() - timedelta(days=1), "left the hospital")
    assert browser.get(f"/subjects/{subject.pk}").status_code == 404


def test_five_wrong_passwords_lock_the_account_and_an_administrator_opens_it(server: Configuration) -> None:
    from django.test import Client

    person = person_with("coordinator", "01", "coordinator-who-forgets")
    for _ in range(5):
        assert (
            Client(SERVER_NAME="localhost")
            .post("/login", {"login": person.login, "password": "wrong"})
            .status_code
            == 403
        )
    assert (
        Client(SERVER_NAME="localhost")
        .post("/login", {"login": person.login, "password": PASSWORD})
        .status_code
        == 403
    )
    browser_of(person_with("administrator", "")).post(
        f"/accounts/{person.pk}/open", {"open": "1", "reason": "identity checked by telephone"}
    )
    assert (
        Client(SERVER_NAME="localhost")
        .post("/login", {"login": person.login, "password": PASSWORD})
        .status_code
        == 302
    )


def test_the_door_says_the_same_of_unknown_names_and_wrong_passwords(server: Configuration) -> None:
    from django.test import Client

    person_with("coordinator", "01")
    answers = [
        Client(SERVER_NAME="localhost").post("/login", {"login": login, "password": "wrong"}).content.decode()
        for login in ("coordinator-01", "nobody-of-that-name")
    ]
    plain = [re.sub(r'value="[^"]*"', "", answer) for answer in answers]
    assert plain[0] == plain[1]


def test_refused_logins_stand_in_the_trail_without_the_password(server: Configuration) -> None:
    from django.test import Client

    from funis.capture.trail.rows import read_rows

    Client(SERVER_NAME="localhost").post("/login", {"login": "nobody-at-all", "password": "what was typed"})
    last = [row for row in read_rows("system") if row.said["kind"] == "login refused"][-1]
    assert "what was typed" not in last.payload
    assert "nobody-at-all" not in last.payload


def test_a_session_of_before_the_login_is_another_one_after_it(server: Configuration) -> None:
    from django.test import Client

    person_with("coordinator", "01")
    client = Client(SERVER_NAME="localhost")
    client.get("/login")
    session = client.session
    session["seen"] = "1"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    client.post("/login", {"login": "coordinator-01", "password": PASSWORD})
    assert client.cookies["sessionid"].value != session.session_key


def test_a_request_of_another_site_of_the_web_is_refused(server: Configuration, sledai: Any) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    client.force_login(
        person_with("coordinator", "01"), backend="funis.capture.people.accounts.AccountBackend"
    )
    body = {"key": "entry-of-elsewhere", "form": sledai.pk, "changes": {"rash": {"old": None, "new": 1}}}
    answer = client.post(f"/forms/{sledai.pk}/save", body, content_type="application/json")
    assert answer.status_code == 403
    sledai.refresh_from_db()
    assert "rash" not in sledai.data


def test_pages_carry_a_strict_policy_and_no_script_of_others(server: Configuration, sledai: Any) -> None:
    answer = browser_of(person_with("coordinator", "01")).get(f"/forms/{sledai.pk}")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
    assert not re.findall(r"\son\w+=", page)


def test_what_is_typed_is_shown_as_text(server: Configuration, subject: Any) -> None:
    from funis.capture.conduct.screening import add_row
    from funis.capture.context import Acting, acting, because

    typed = "<script>alert(1)</script>"
    with acting(Acting("coordinator", sites=None)):
        event = add_row(subject, "adverse_events")
        with because("first entry"):
            event.data = {"term": typed}
            event.save()
    browser = browser_of(person_with("coordinator", "01"))
    for address in (f"/subjects/{subject.pk}", f"/forms/{event.pk}", f"/subjects/{subject.pk}/trail"):
        page = browser.get(address).content.decode()
        assert "alert(1)" in page
        assert typed not in page


def words_of_the_product() -> set[str]:
    """Words of states, steps and forms that stand in tables, not in templates."""
    from funis.capture.conduct.product.lots import LOT_STATES
    from funis.capture.models.product import DECISIONS, TEST_STATES
    from funis.capture.models.product_moves import KINDS, MOVES, STATES
    from funis.capture.pages.product_steps import CORD_FIELDS, DETAIL_WORDS, STEPS

    fields = {field.label for form in STEPS.values() for field in form.fields}
    titles = {form.title for form in STEPS.values()}
    found = {*LOT_STATES.values(), *DECISIONS.values(), *TEST_STATES.values(), *KINDS.values()}
    return (
        found
        | {*STATES.values(), *(each.words for each in MOVES)}
        | fields
        | titles
        | {field.label for field in CORD_FIELDS}
        | set(DETAIL_WORDS.values())
    )


def words_of_infusions() -> set[str]:
    """Give the words that the pages of infusions take from tables."""
    from funis.capture.conduct import infusion_rules
    from funis.capture.conduct.course_due import CONDITION_WORDS
    from funis.capture.models.infusions import CHECK_OUTCOMES
    from funis.capture.pages.infusions import SAME_TWICE
    from funis.capture.people.second_person import UNPROVEN

    tables = (
        *(infusion_rules.OUTCOMES, infusion_rules.OVERRIDES, infusion_rules.FACTS),
        *(CHECK_OUTCOMES, CONDITION_WORDS),
    )
    rules = {rule.words for rule in infusion_rules.INFUSION_RULES}
    return {words for table in tables for words in table.values()} | rules | {SAME_TWICE, UNPROVEN}


def words_of_safety() -> set[str]:
    """Give the words that the pages of safety take from tables."""
    from funis.capture.safety import clock, notices, reports, stopping

    tables = (clock.CLOCK_STATES, reports.KINDS, stopping.ANSWERS, stopping.DECISIONS)
    of_notices = (notices.KINDS, notices.NOTICE_STATES)
    return {words for table in (*tables, *of_notices) for words in table.values()}


def words_of_case_books() -> set[str]:
    """Give the words that case books and blank forms put into a language: those inside ``t(...)`` and ``t.all(...)``."""
    from funis.capture import casebook

    found: set[str] = set()
    for path in Path(casebook.__path__[0]).glob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        for call in (each for each in calls if ast.unparse(each.func) in {"t", "t.all"}):
            inside = (node for each in call.args for node in ast.walk(each))
            found |= {
                node.value
                for node in inside
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    return found


def words_of_allocation() -> set[str]:
    from funis.capture.conduct.allocation.act import BEFORE, QUESTIONS
    from funis.capture.pages.allocations import UNPROVEN_SELF

    return {*QUESTIONS, UNPROVEN_SELF, *BEFORE.values()}


def test_every_word_of_the_pages_has_a_chinese_one(server: Configuration) -> None:
    from funis.capture.conduct.locks import STATES
    from funis.capture.conduct.screening import STATUSES
    from funis.capture.monitoring import query_steps, verification
    from funis.capture.pages.templates import FOLDER
    from funis.capture.pages.words import ENTRY_WORDS, chinese_words

    named = {
        words
        for path in FOLDER.glob("*.html")
        for words in re.findall(r"""\bt\(["']([^"']+)["']\)""", path.read_text(encoding="utf-8"))
    }
    from funis.capture.conduct import criteria, eligibility

    tables = (criteria.ANSWERS, criteria.PROBLEMS, eligibility.OUTCOMES, eligibility.FAILURES)
    named |= {words for table in tables for words in table.values()}
    named |= words_of_infusions()
    every = {*named, *ROLES.values(), *STATUSES.values(), *STATES.values(), *ENTRY_WORDS.values()}
    every |= {*query_steps.STATES.values(), *query_steps.OWNERS.values()}
    every |= {step.words for step in query_steps.STEPS.values()}
    every |= {"Answer", "Close", "Reopen", *verification.MARKS.values()}
    every |= {"recorded", "missed", "ahead", "due", "overdue", "not known"}
    every |= words_of_the_product() | words_of_safety() | words_of_allocation()
    from funis.capture.overview.calendar import CELL_WORDS
    from funis.capture.pages.calendar import STATES as LISTED
    from funis.capture.pages.study import PART_WORDS, WHAT_WORDS

    every |= {*LISTED.values(), *(words for _, words in CELL_WORDS.values())}
    every |= {"Enrolled", "Planned", "Subjects enrolled, by month"}

    from funis.capture.conduct.course_due import CONDITION_WORDS
    from funis.capture.pages.subjects import NEXT_STEPS

    every |= {*PART_WORDS.values(), *WHAT_WORDS, *NEXT_STEPS.values(), *CONDITION_WORDS.values()}
    from funis.capture.signing.content import MEANINGS
    from funis.capture.signing.status import STATUSES as SIGNED
    from funis.capture.trail.redaction import STATES as REDACTED

    every |= {*REDACTED.values(), *SIGNED.values(), *(words for words, _ in MEANINGS.values())}
    from funis.capture.casebook.values import PARTS
    from funis.capture.pages.trail_words import CODES

    every |= (
        words_of_case_books()
        | set(PARTS.values())
        | {word for each in CODES.values() for word in each.values()}
    )
    assert every - set(chinese_words()) == set()
    assert set(chinese_words()) - every == set()


def test_a_password_that_somebody_else_knows_opens_nothing_until_another_is_chosen(
    server: Configuration, subject: Any
) -> None:
    from django.test import Client

    from funis.capture.context import Acting, acting
    from funis.capture.people.accounts import add_person, grant_role
    from funis.capture.study_in_force import today

    with acting(Acting("administrator", sites=None)):
        person = add_person("coordinator-who-begins", "Somebody", PASSWORD, is_given=True)
        grant_role(person, "coordinator", "01", today())
    client = Client(SERVER_NAME="localhost")
    client.post("/login", {"login": person.login, "password": PASSWORD})
    assert client.get(f"/subjects/{subject.pk}").headers["Location"] == "/password"
    chosen = "another long password"
    wrong = client.post("/password", {"old": "wrong", "new": chosen, "again": chosen})
    same = client.post("/password", {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD})
    weak = client.post("/password", {"old": PASSWORD, "new": "short", "again": "short"})
    assert [each.status_code for each in (wrong, same, weak)] == [422, 422, 422]
    assert client.get(f"/subjects/{subject.pk}").status_code == 302
    assert client.post("/password", {"old": PASSWORD, "new": chosen, "again": chosen}).status_code == 302
    assert client.get(f"/subjects/{subject.pk}").status_code == 200
    assert (
        Client(SERVER_NAME="localhost")
        .post("/login", {"login": person.login, "password": PASSWORD})
        .status_code
        == 403
    )


def test_a_login_stands_in_the_trail(server: Configuration) -> None:
    from django.test import Client

    from funis.capture.trail.history import read_history

    person = person_with("coordinator", "01")
    Client(SERVER_NAME="localhost").post("/login", {"login": person.login, "password": PASSWORD})
    assert list(read_history(f"person:{person.pk}"))[-1].kind == "logged in"


def test_no_page_is_kept_by_the_browser(server: Configuration, sledai: Any) -> None:
    """Whoever goes back sees the page as it is now, and nobody that of a person who has logged out."""
    browser = browser_of(person_with("coordinator", "01"))
    for address in ("/", f"/subjects/{sledai.subject_id}", f"/forms/{sledai.pk}"):
        assert browser.get(address).headers["Cache-Control"] == "no-store"
