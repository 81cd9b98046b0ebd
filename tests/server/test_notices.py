"""Notices: who is told by role and site, no clinical data in a mail, retried when the mail fails, never twice."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter
from tests.server.test_safety_clock import NOON, Watch, aware, clocks, event, report, watch, written
from tests.server.test_stopping import new_event, new_subject, rule

from funis.capture.configuration import Configuration, read_mail
from funis.errors import ValueRangeError

__all__ = ["event", "rule", "watch"]
SERIOUS = "serious_event"


@pytest.fixture
def people(server: Configuration) -> dict[str, Any]:
    """Give people of several roles and sites, of whom some have an address."""
    from funis.capture.safety.notices import set_address

    found = {
        name: person_with(role, site)
        for name, role, site in (
            ("here", "investigator", "01"),
            ("there", "investigator", "02"),
            ("monitor", "monitor", ""),
            ("coordinator", "coordinator", "01"),
            ("board", "safety_board", ""),
        )
    }
    for name in ("here", "board"):
        person = found[name]
        person.refresh_from_db()
        act("administrator", partial(set_address, person, f"{person.login}@example.org", "told"))
    return found


@pytest.fixture
def outbox(people: dict[str, Any], settings_of_mail: None) -> Any:
    """Give what is mailed; what waited before the test is mailed before it."""
    from django.core import mail

    from funis.capture.safety.notices import send_waiting

    mail.outbox = []
    while send_waiting()[0]:
        pass
    mail.outbox.clear()
    return mail.outbox


@pytest.fixture
def settings_of_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")


def told(kind: str, about: str) -> set[str]:
    from funis.capture.models import SafetyNotice

    return {
        each.person.login
        for each in SafetyNotice.objects.filter(kind=kind, about=about).select_related("person")
    }


def notice_of(person: Any, about: str) -> Any:
    from funis.capture.models import SafetyNotice

    return SafetyNotice.objects.get(person=person, about=about)


def test_a_serious_event_is_told_at_its_site_and_to_who_sees_all(
    event: Any, watch: Watch, people: dict[str, Any], outbox: list[Any]
) -> None:
    from funis.capture.safety.notices import send_waiting

    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    who = told(SERIOUS, clock.pk)
    assert {people["here"].login, people["monitor"].login} <= who
    assert not {people[name].login for name in ("there", "coordinator", "board")} & who
    assert [notice_of(people[name], clock.pk).state for name in ("here", "monitor")] == [
        "waiting",
        "no_address",
    ]
    assert send_waiting() == (1, 0)
    (sent,) = outbox
    assert sent.to == ["investigator-01@example.org"]
    assert event.subject.number in sent.body
    assert f"/safety/clocks/{clock.pk}" in sent.body
    for clinical in ("pneumonia", "grade", "seen"):
        assert clinical not in sent.body + sent.subject
    assert send_waiting() == (0, 0)
    assert notice_of(people["here"], clock.pk).state == "sent"


def test_a_mail_that_fails_is_tried_again_later_and_seen(
    event: Any, watch: Watch, people: dict[str, Any], outbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from funis.capture.safety.notices import send_waiting

    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_PORT", 1)
    assert send_waiting() == (0, 1)
    waits = notice_of(people["here"], clock.pk)
    assert (waits.state, waits.tries, waits.error) == ("waiting", 1, "ConnectionRefusedError")
    assert waits.next_at == written(NOON + timedelta(minutes=5))
    page = browser_of(person_with("data_manager", "")).get("/notices").content.decode()
    assert "ConnectionRefusedError" in page
    accounts = browser_of(person_with("administrator", "")).get("/notices").content.decode()
    assert "ConnectionRefusedError" in accounts
    assert event.subject.number not in accounts
    assert send_waiting() == (0, 0)  # not before its time
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")
    watch.on(minutes=5)
    assert send_waiting() == (1, 0)
    assert len(outbox) == 1


def test_an_overdue_report_is_told_once(event: Any, watch: Watch, people: dict[str, Any]) -> None:
    from funis.capture.safety.overdue import tell_overdue

    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    watch.on(hours=24)
    act("funis", tell_overdue)
    assert told("report_overdue", clock.pk) == set()
    watch.on(seconds=1)
    act("funis", tell_overdue)
    once = told("report_overdue", clock.pk)
    assert {people["here"].login, people["coordinator"].login} <= once
    act("funis", tell_overdue)
    aware(clock, NOON)
    report(clock, "initial", written(NOON))
    assert told("report_overdue", clock.pk) == once


def test_a_rule_that_is_crossed_is_told_to_the_board_and_a_pause_to_the_sites(
    rule: Any, people: dict[str, Any]
) -> None:
    for site in ("01", "02", "01"):
        new_event(new_subject(site), rule)
    board = told("rule_crossed", f"{rule.id}:2:2")
    assert people["board"].login in board
    assert people["here"].login not in board
    sites = told("infusions_paused", f"{rule.id}:2:2")
    assert {people[name].login for name in ("here", "there", "coordinator")} <= sites
    assert people["board"].login not in sites
    assert people["board"].login in told("rule_crossed", f"{rule.id}:3:3")


def test_a_person_sees_the_own_notices_alone(event: Any, watch: Watch, people: dict[str, Any]) -> None:
    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    link = f"/safety/clocks/{clock.pk}"
    assert link in browser_of(people["here"]).get("/notices").content.decode()
    for name in ("there", "coordinator", "board"):
        assert link not in browser_of(people[name]).get("/notices").content.decode()


def test_an_administrator_sets_an_address_that_the_trail_does_not_show(people: dict[str, Any]) -> None:
    from funis.capture.trail.rows import read_rows

    person, address = people["coordinator"], "somebody-else@example.org"
    browser = browser_of(person_with("administrator", ""))
    wrong = browser.post(f"/accounts/{person.pk}/address", {"email": "no address"})
    assert wrong.status_code == 422
    assert browser.post(f"/accounts/{person.pk}/address", {"email": address}).status_code == 302
    assert browser_of(people["here"]).post(f"/accounts/{person.pk}/address", {"email": ""}).status_code == 404
    person.refresh_from_db()
    assert person.email == address
    payloads = [row.payload for row in read_rows(f"person:{person.pk}")]
    assert not [each for each in payloads if address in each]
    assert "email" in payloads[-1]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
        (
            "smtps://u%40x:p%2Fw@mail.example.org:465",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example.org", "EMAIL_PORT": 465, "EMAIL_HOST_USER": "u@x",
                "EMAIL_HOST_PASSWORD": "p/w", "EMAIL_USE_SSL": True, "EMAIL_USE_TLS": False, "EMAIL_TIMEOUT": 20,
            },
        ),
        (
            "smtp+tls://mail.example.org",
            {
                "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "EMAIL_HOST": "mail.example.org", "EMAIL_PORT": 587, "EMAIL_HOST_USER": "",
                "EMAIL_HOST_PASSWORD": "", "EMAIL_USE_SSL": False, "EMAIL_USE_TLS": True, "EMAIL_TIMEOUT": 20,
            },
        ),
    ],
)  # fmt: skip
def test_the_server_of_mail_is_read_from_its_address(address: str, wanted: dict[str, Any]) -> None:
    assert read_mail(address) == wanted


@pytest.mark.parametrize(
    "address", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:none"]
)
def test_an_address_of_mail_that_is_none_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ValueRangeError) as refused:
        read_mail(address.replace("//", "//user:secretword@"))
    assert "secretword" not in str(refused.value)


def test_what_waits_for_a_person_without_an_address_any_more_is_not_called_sent(
    event: Any, watch: Watch, people: dict[str, Any], outbox: list[Any]
) -> None:
    from funis.capture.safety.notices import send_waiting, set_address

    enter(event, {"serious": (0, 1)}, "seen")
    (clock,) = clocks(event)
    person = people["here"]
    person.refresh_from_db()
    act("administrator", lambda: set_address(person, "", "left"))
    assert send_waiting() == (0, 0)
    assert (notice_of(person, clock.pk).state, outbox) == ("no_address", [])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_mail_is_in_the_language_of_who_is_told(
    server: Configuration, subject: Any, people: dict[str, Any], language: str
) -> None:
    from funis.capture.models import Account, SafetyNotice
    from funis.capture.pages.words import in_language
    from funis.capture.safety.notices import KINDS, words_of

    put = in_language(language)
    person = Account(login="told", language=language)
    for kind, words in KINDS.items():
        head, text = words_of(
            SafetyNotice(kind=kind, site="01", subject=subject, person=person, link="/safety")
        )
        assert head.endswith(f": {put(words)}"), "the words of the pages"
        assert subject.number in text
        assert text.isascii() is (language == "en")
