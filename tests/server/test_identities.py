"""Who a subject or donor is: sealed, opened with a reason that stands in the trail, erased for good."""

from pathlib import Path
from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError

NAMES = "Wilhelmina Testperson"
GIVEN = {"names": NAMES, "birth_date": "1980-02-29", "hospital_number": "H-77812", "contact": "12 Long Lane"}


@pytest.fixture(autouse=True)
def keys(server: Configuration) -> Any:
    """Each test begins with the file of keys that it leaves."""
    kept = server.identity_keys_file.read_text() if server.identity_keys_file.exists() else None
    yield server.identity_keys_file
    if kept is not None:
        server.identity_keys_file.write_text(kept)


def new_donor() -> Any:
    from funis.capture.context import Acting, acting
    from funis.capture.identifiers import new_id
    from funis.capture.models import StudyForm
    from funis.capture.study_in_force import newest_version

    with acting(Acting("cell_laboratory", sites=None)):
        made = StudyForm(name="donors", code=f"D-{new_id()[-8:]}", version=newest_version())
        made.save()
    return made


@pytest.fixture
def donor(server: Configuration) -> Any:
    return new_donor()


def entered(subject: Any) -> str:
    address = f"/subjects/{subject.pk}/identity"
    assert browser_of(person_with("coordinator", "01")).post(f"{address}/keep", GIVEN).status_code == 302
    return address


def whole_database() -> str:
    """Give every value of every row as text."""
    from django.db import connection

    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if not table.startswith("capture_"):
                continue
            if not table.startswith("capture_"):
                continue
            if not table.startswith("capture_"):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - every table  # noqa: S608 - every table  # noqa: S608 - every table  # noqa: S608 - every table  # noqa: S608 - every table
            texts += [str(row) for row in cursor.fetchall()]
    return "\n".join(texts)


def test_what_is_entered_is_nowhere_in_the_database_and_opens_for_who_may(subject: Any) -> None:
    address = entered(subject)
    held = whole_database()
    assert all(text not in held for text in GIVEN.values())
    assert subject.number in held
    browser = browser_of(person_with("investigator", "01"))
    assert NAMES not in browser.get(address).content.decode()
    page = browser.post(address, {"reason": "called at home"})
    assert page.status_code == 200
    assert all(text in page.content.decode() for text in GIVEN.values())
    assert page.headers["Cache-Control"] == "no-store"


def test_opening_stands_in_the_trail_with_person_and_reason(subject: Any) -> None:
    from funis.capture.trail.history import read_history

    address = entered(subject)
    browser = browser_of(person_with("coordinator", "01"))
    assert browser.post(address, {"reason": " "}).status_code == 422
    browser.post(address, {"reason": "called at home"})
    changes = list(read_history(f"subject:{subject.pk}"))
    assert [each.kind for each in changes].count("identity opened") == 1
    assert (changes[-1].actor, changes[-1].reason) == ("coordinator-01", "called at home")
    written = next(each for each in changes if each.table == "capture_subjectidentity")
    assert written.items["content"] == (None, "set")
    assert written.items["sealed_key"] == (None, "set")


@pytest.mark.parametrize(
    ("role", "site", "may"),
    [
        ("investigator", "01", True), ("coordinator", "01", True), ("coordinator", "02", False),
        ("monitor", "01", False), ("data_manager", "", False), ("administrator", "", False),
        ("statistician", "", False), ("auditor", "", False), ("cell_laboratory", "", False),
    ],
)  # fmt: skip
def test_who_may_open(subject: Any, role: str, site: str, *, may: bool) -> None:
    address = entered(subject)
    browser = browser_of(person_with(role, site))
    found = [
        browser.get(address).status_code,
        browser.post(address, {"reason": "x"}).status_code,
        browser.post(f"{address}/keep", GIVEN | {"reason": "x"}).status_code,
    ]
    assert found == ([200, 200, 302] if may else [404, 404, 404])
    erased = browser.post(f"{address}/erase", {"reason": "asked for it"}).status_code
    assert erased == (302 if role == "investigator" else 404)


def test_an_erased_identity_is_opened_by_nobody_and_the_trail_is_whole(subject: Any) -> None:
    from funis.capture.models import SubjectIdentity
    from funis.capture.trail.verify import verify_trail

    address = entered(subject)
    browser = browser_of(person_with("investigator", "01"))
    assert browser.post(f"{address}/erase", {"reason": ""}).status_code == 422
    assert browser.post(f"{address}/erase", {"reason": "asked for it"}).status_code == 302
    row = SubjectIdentity.objects.get(subject=subject)
    assert (row.sealed_key, row.content) == ("", "")
    assert browser.post(address, {"reason": "x"}).status_code == 422
    assert "Erased for good" in browser.get(address).content.decode()
    assert browser.post(f"{address}/erase", {"reason": "again"}).status_code == 422
    assert verify_trail("UCMSC-SLE").alterations == ()


def test_a_seal_that_was_moved_to_another_subject_does_not_open(subject: Any) -> None:
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.context import Acting, acting
    from funis.capture.models import SubjectIdentity
    from funis.capture.people.identity import KeptIdentity, keep_identity, open_identity

    entered(subject)
    with acting(Acting("coordinator", "x", sites=None)):
        other = screen_subject("01")
        keep_identity(other, KeptIdentity("Another Person"))
        theirs, ours = (SubjectIdentity.objects.get(subject=each) for each in (other, subject))
        ours.sealed_key, ours.content = theirs.sealed_key, theirs.content
        ours.save()
        with pytest.raises(ValueRangeError, match="not as it was sealed"):
            open_identity(subject, "x")
        assert open_identity(other, "x").names == "Another Person"


def test_each_subject_has_a_key_of_its_own_and_each_site_another(server: Configuration, subject: Any) -> None:
    from funis.capture.people.identity import key_of

    entered(subject)
    assert server.identity_keys_file.stat().st_mode & 0o777 == 0o600
    assert key_of("01") == key_of("01")
    assert key_of("01") != key_of("02")
    assert len(key_of("02")) == 32


def test_without_the_key_of_then_nothing_opens(server: Configuration, subject: Any) -> None:
    address = entered(subject)
    server.identity_keys_file.unlink()
    answer = browser_of(person_with("coordinator", "01")).post(address, {"reason": "x"})
    assert answer.status_code == 422
    assert "Put the file of keys back" in answer.content.decode()
    server.identity_keys_file.write_text("01 no-key\n")
    assert browser_of(person_with("coordinator", "01")).post(address, {"reason": "x"}).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [{"names": ""}, {"birth_date": "29 Feb 80"}, {"contact": "x" * 301}],
    ids=["names", "birth date", "long"],
)
def test_what_is_refused_is_not_repeated(subject: Any, wrong: dict[str, str]) -> None:
    browser = browser_of(person_with("coordinator", "01"))
    answer = browser.post(f"/subjects/{subject.pk}/identity/keep", GIVEN | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert all(text not in page for text in (*GIVEN.values(), *filter(None, wrong.values())))


def test_who_a_donor_is_and_who_a_subject_is_never_stand_on_one_page(
    server: Configuration, subject: Any, donor: Any
) -> None:
    from funis.capture.people.permissions import ACTIONS

    entered(subject)
    laboratory = browser_of(person_with("cell_laboratory", ""))
    address = f"/product/donors/{donor.pk}/identity"
    assert laboratory.post(f"{address}/keep", {"names": "Donata Mother"}).status_code == 302
    opened = laboratory.post(address, {"reason": "test result came"}).content.decode()
    assert "Donata Mother" in opened
    assert NAMES not in opened
    assert not ACTIONS["open identity"] & ACTIONS["open donor identity"]
    coordinator = browser_of(person_with("coordinator", "01"))
    assert coordinator.post(address, {"reason": "x"}).status_code == 404
    recipient = coordinator.post(f"/subjects/{subject.pk}/identity", {"reason": "x"}).content.decode()
    assert NAMES in recipient
    assert "Donata Mother" not in recipient
    assert "Donata Mother" not in whole_database()


def test_the_export_and_the_pages_of_the_subject_name_nobody(subject: Any) -> None:
    from funis.capture.exchange.export import export_files

    entered(subject)
    files, _ = export_files()
    browser = browser_of(person_with("coordinator", "01"))
    pages = [
        browser.get(f"/subjects/{subject.pk}{end}").content.decode()
        for end in ("", "/trail", "/as-of", "/identity")
    ]
    for text in (*files.values(), *pages):
        assert all(value not in text for value in GIVEN.values())


def test_a_backup_does_not_open_an_identity(server: Configuration, subject: Any, tmp_path: Path) -> None:
    """Whoever opens a backup has the sealed rows and not the keys of the sites."""
    from funis.capture.exchange.backup import make_backup
    from funis.capture.exchange.sealed import Recipient, make_key, unseal

    entered(subject)
    public = make_key(tmp_path / "key")
    make_backup(server, "UCMSC-SLE", tmp_path / "backup", [Recipient("somebody", public)])
    unseal(tmp_path / "backup", tmp_path / "opened", tmp_path / "key")
    content = (tmp_path / "opened").read_bytes()
    assert all(text.encode() not in content for text in GIVEN.values())
    for line in server.identity_keys_file.read_text().splitlines():
        assert line.split()[1].encode() not in content
