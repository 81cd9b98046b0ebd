"""The second factor: enrolled, asked after the password, used once, reset; and the sessions of a person."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.people import PASSWORD, browser_of, person_with
from tests.server.soft_passkey import PRESENT, SoftPasskey

from funis.capture.configuration import Configuration

SECRET = b"12345678901234567890"
NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


# RFC 6238, appendix B: seconds since 1970 and the code of eight digits under SHA-1.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    from funis.capture.people.one_time_codes import code_at

    assert code_at(SECRET, seconds // 30, 8) == code


@pytest.mark.parametrize(
    ("seconds", "last", "found"),
    [
        # The code of step 1 (seconds 30 to 59) is good in its own step and one to either side.
        (29, 0, 1), (30, 0, 1), (59, 0, 1), (89, 0, 1), (90, 0, None), (45, 1, None), (45, 2, None),
    ],
)  # fmt: skip
def test_a_clock_may_be_one_step_off_and_a_code_counts_once(
    seconds: int, last: int, found: int | None
) -> None:
    from funis.capture.people.one_time_codes import matching_step

    # 94287082 is the code of 59 seconds; six digits are its last six.
    assert matching_step(SECRET, "287 082", seconds, last) == found
    assert matching_step(SECRET, "287083", seconds, last) is None
    assert matching_step(SECRET, "", seconds, last) is None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Hold the clock that codes are checked by; the test moves it."""
    from funis.capture.people import factors

    now = [NOON]
    monkeypatch.setattr(factors, "read_clock", lambda: now[0])
    return now


def code_now(clock: list[datetime]) -> str:
    from funis.capture.people.one_time_codes import code_at

    return code_at(SECRET, int(clock[0].timestamp() // 30))


@pytest.fixture
def enrolled(server: Configuration, clock: list[datetime]) -> Any:
    """Give somebody with an app for codes, whose clock has moved on since."""
    from funis.capture.context import Acting, acting
    from funis.capture.identifiers import new_id
    from funis.capture.people.factors import add_codes

    person = person_with("coordinator", "01", f"coordinator-{new_id()[-12:]}")
    with acting(Acting(person.login)):
        add_codes(person, SECRET, code_now(clock))
    clock[0] += timedelta(minutes=2)
    return person


def at_the_door(login: str, password: str = PASSWORD) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.answer = client.post("/login", {"login": login, "password": password})  # type: ignore[attr-defined]
    return client


def test_the_code_is_asked_after_the_password_and_opens_once(enrolled: Any, clock: list[datetime]) -> None:
    client = at_the_door(enrolled.login)
    assert client.answer.url == "/login/second"
    assert client.get("/subjects").url.startswith("/login?")
    code = code_now(clock)
    assert client.post("/login/second", {"code": code}).url == "/"
    assert client.get("/subjects").status_code == 200
    again = at_the_door(enrolled.login)
    assert again.post("/login/second", {"code": code}).status_code == 403
    assert again.get("/subjects").url.startswith("/login?")


def test_wrong_codes_and_wrong_passwords_are_counted_together(enrolled: Any, clock: list[datetime]) -> None:
    """The right password between wrong codes gives no further tries."""
    for _ in range(4):
        assert at_the_door(enrolled.login).post("/login/second", {"code": "000000"}).status_code == 403
    at_the_door(enrolled.login, "wrong")
    enrolled.refresh_from_db()
    assert (enrolled.failures, enrolled.locked) == (5, True)
    assert at_the_door(enrolled.login).answer.status_code == 403


def test_a_locked_account_is_answered_as_a_wrong_code_is(enrolled: Any, clock: list[datetime]) -> None:
    client = at_the_door(enrolled.login)
    plain = [
        re.sub(r'value="[^"]*"', "", client.post("/login/second", {"code": code}).content.decode())
        for code in ("000000",) * 5
    ]
    enrolled.refresh_from_db()
    assert enrolled.locked
    right = client.post("/login/second", {"code": code_now(clock)})
    assert right.status_code == 403
    assert re.sub(r'value="[^"]*"', "", right.content.decode()) == plain[0]
    assert client.get("/subjects").url.startswith("/login?")


def test_whoever_waits_five_minutes_begins_again(
    enrolled: Any, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.pages import door

    monkeypatch.setattr(door, "read_clock", lambda: clock[0])
    client = at_the_door(enrolled.login)
    clock[0] += timedelta(seconds=301)
    assert client.post("/login/second", {"code": code_now(clock)}).url == "/login"
    assert client.get("/login/second").url == "/login"


def test_the_database_alone_gives_no_secret_away(enrolled: Any) -> None:
    """Neither the row nor the trail holds the secret; sealed for one person it opens for no other."""
    from funis.capture.models import Authenticator
    from funis.capture.people.sealing import seal, unseal
    from funis.capture.trail.rows import read_rows
    from funis.errors import ValueRangeError

    row = Authenticator.objects.get(person=enrolled)
    rows = list(read_rows(f"person:{enrolled.pk}"))
    assert row.sealed not in "".join(each.payload for each in rows)
    assert SECRET.decode() not in row.sealed
    assert unseal(row.sealed, enrolled.pk) == SECRET
    assert seal(SECRET, enrolled.pk) != row.sealed
    with pytest.raises(ValueRangeError, match="does not open"):
        unseal(row.sealed, "another person")
    added = next(each.said for each in rows if each.said["table"] == "capture_authenticator")
    assert added["changes"]["sealed"] == "set"


def test_an_app_is_enrolled_on_the_page_and_gives_codes_for_recovery(server: Configuration) -> None:
    import base64

    from funis.capture.models import RecoveryCode
    from funis.capture.people.one_time_codes import code_at
    from funis.study.today import read_clock

    person = person_with("coordinator", "01", "coordinator-who-enrols")
    browser = at_the_door(person.login)
    other = at_the_door(person.login)
    assert browser.post("/account/codes", {"password": "wrong"}).status_code == 403
    page = browser.post("/account/codes", {"password": PASSWORD}).content.decode()
    assert "data:image/svg+xml" in page
    letters = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)[0].replace(" ", "")
    secret = base64.b32decode(letters)
    wrong = "000000" if code_at(secret, int(read_clock().timestamp() // 30)) != "000000" else "111111"
    assert browser.post("/account/codes/confirm", {"code": wrong}).status_code == 403
    code = code_at(secret, int(read_clock().timestamp() // 30))
    shown = browser.post("/account/codes/confirm", {"code": code})
    codes = re.findall(r"<li><code>([a-z2-7-]{19})</code>", shown.content.decode())
    assert len(set(codes)) == 10
    # A session that was begun with the password alone has ended; the one that enrolled goes on.
    assert other.get("/subjects").url.startswith("/login?")
    assert browser.get("/subjects").status_code == 200
    assert not set(RecoveryCode.objects.filter(person=person).values_list("code_hash", flat=True)) & set(
        codes
    )
    assert codes[0] not in browser.get("/account").content.decode()
    lost = at_the_door(person.login)
    assert lost.post("/login/second", {"code": codes[0].upper()}).url == "/"
    assert at_the_door(person.login).post("/login/second", {"code": codes[0]}).status_code == 403
    assert browser.post("/account/recovery", {"password": PASSWORD}).status_code == 200
    assert at_the_door(person.login).post("/login/second", {"code": codes[1]}).status_code == 403


def attribute(page: str, name: str) -> str:
    return html.unescape(re.findall(rf'{name}="([^"]*)"', page)[0])


def enrol_passkey(browser: Any, passkey: SoftPasskey) -> Any:
    asked = browser.post("/account/passkeys", {"password": PASSWORD, "label": "phone"}).content.decode()
    return browser.post(
        "/account/passkeys/confirm", {"credential": passkey.make(attribute(asked, "data-create"))}
    )


def test_a_passkey_opens_the_door_for_its_own_question_alone(server: Configuration) -> None:
    person = person_with("investigator", "01", "investigator-with-passkey")
    passkey, stranger = SoftPasskey(), SoftPasskey()
    assert enrol_passkey(at_the_door(person.login), passkey).status_code == 200
    client = at_the_door(person.login)
    question = attribute(client.get("/login/second").content.decode(), "data-get")
    client.get("/login/second")  # a new question: the answer to the one before does not count
    answer = passkey.sign(question)
    assert client.post("/login/second", {"credential": answer}).status_code == 403
    question = attribute(client.get("/login/second").content.decode(), "data-get")
    assert client.post("/login/second", {"credential": stranger.sign(question)}).status_code == 403
    question = attribute(client.get("/login/second").content.decode(), "data-get")
    answer = passkey.sign(question)
    assert client.post("/login/second", {"credential": answer}).url == "/"
    assert client.get("/subjects").status_code == 200
    assert at_the_door(person.login).post("/login/second", {"credential": answer}).status_code == 403


@pytest.mark.parametrize("fault", ["elsewhere", "not verified", "copied", "no answer"])
def test_a_passkey_that_does_not_hold_opens_nothing(server: Configuration, fault: str) -> None:
    person = person_with("investigator", "01", f"investigator-{fault.replace(' ', '-')}")
    passkey = SoftPasskey()
    enrol_passkey(at_the_door(person.login), passkey)
    client = at_the_door(person.login)
    question = attribute(client.get("/login/second").content.decode(), "data-get")
    match fault:
        case "elsewhere":
            passkey.origin = "http://localhost.example"
        case "not verified":
            passkey.flags = PRESENT
        case "copied":
            # The original was used three times; the copy goes on counting from where it was made.
            from funis.capture.context import Acting, acting
            from funis.capture.people.factors import count_use, factors_of

            with acting(Acting(person.login)):
                count_use(factors_of(person)[0], 9)
    answer = "{}" if fault == "no answer" else passkey.sign(question)
    assert client.post("/login/second", {"credential": answer}).status_code == 403
    assert client.get("/subjects").url.startswith("/login?")


def test_an_administrator_resets_and_the_person_is_told_once(enrolled: Any, clock: list[datetime]) -> None:
    client = at_the_door(enrolled.login)
    client.post("/login/second", {"code": code_now(clock)})
    administrator = browser_of(person_with("administrator", ""))
    address = f"/accounts/{enrolled.pk}/factors"
    assert browser_of(person_with("auditor", "")).post(address, {"reason": "lost"}).status_code == 404
    assert administrator.post(address, {"reason": " "}).status_code == 422
    assert administrator.post(address, {"reason": "phone lost, recognised by video"}).status_code == 302
    assert client.get("/subjects").url.startswith("/login?")
    back = at_the_door(enrolled.login)
    assert back.answer.url == "/account"
    told = back.get("/account").content.decode()
    assert "Your second factor was ended by somebody else" in told
    assert "phone lost, recognised by video" in told
    assert "Your second factor was ended by somebody else" not in back.get("/account").content.decode()


def test_nobody_resets_his_own_by_the_page_of_accounts(server: Configuration, clock: list[datetime]) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.people.factors import add_codes, has_factor

    person = person_with("administrator", "", "administrator-with-codes")
    with acting(Acting(person.login)):
        add_codes(person, SECRET, code_now(clock))
    answer = browser_of(person).post(f"/accounts/{person.pk}/factors", {"reason": "mine"})
    assert answer.status_code == 422
    assert has_factor(person)


def test_a_factor_is_ended_by_its_person_with_the_password(enrolled: Any) -> None:
    from funis.capture.people.factors import factors_of

    key = factors_of(enrolled)[0].pk
    address = f"/account/factors/{key}/end"
    stranger = browser_of(person_with("coordinator", "01"))
    assert stranger.post(address, {"password": PASSWORD, "reason": "x"}).status_code == 404
    assert browser_of(enrolled).post(address, {"password": "wrong", "reason": "x"}).status_code == 403
    assert factors_of(enrolled)
    assert (
        browser_of(enrolled).post(address, {"password": PASSWORD, "reason": "new phone"}).status_code == 302
    )
    assert not factors_of(enrolled)


def test_a_role_of_which_a_factor_is_asked_does_nothing_before_it(
    server: Configuration, subject: Any, clock: list[datetime]
) -> None:
    from django.test import override_settings

    from funis.capture.context import Acting, acting
    from funis.capture.people.factors import add_codes

    person = person_with("investigator", "01", "investigator-who-must")
    browser = browser_of(person)
    with override_settings(SECOND_FACTOR_ROLES=("investigator",)):
        assert browser.get(f"/subjects/{subject.pk}").url == "/account"
        assert "enrol one before anything else" in browser.get("/account").content.decode()
        other = browser_of(person_with("coordinator", "01"))
        assert other.get(f"/subjects/{subject.pk}").status_code == 200
        with acting(Acting(person.login)):
            add_codes(person, SECRET, code_now(clock))
        assert browser.get(f"/subjects/{subject.pk}").status_code == 200


def test_a_server_that_asks_of_an_unknown_role_does_not_start(server: Configuration) -> None:
    from django.test import override_settings

    from funis.capture.safe_start import refuse_unsafe
    from funis.errors import UnknownNameError

    with override_settings(SECOND_FACTOR_ROLES=("investigators",)), pytest.raises(UnknownNameError):
        refuse_unsafe(server.folder)


def test_a_person_lists_and_ends_own_sessions_alone(server: Configuration) -> None:
    person = person_with("coordinator", "01", "coordinator-at-two-places")
    here, there = at_the_door(person.login), at_the_door(person.login)
    stranger = at_the_door(person_with("coordinator", "01").login)
    page = here.get("/account").content.decode()
    assert there.session.session_key not in page
    handles = re.findall(r'name="handle" value="([0-9a-f]+)"', page)
    assert len(handles) == 1
    stranger.post("/account/sessions/end", {"handle": handles[0]})
    assert there.get("/subjects").status_code == 200
    here.post("/account/sessions/end", {"handle": handles[0]})
    assert there.get("/subjects").url.startswith("/login?")
    assert here.get("/subjects").status_code == 200
    assert here.post("/account/stay").json() == {"stays": True}
    assert stranger.get("/subjects").status_code == 200
