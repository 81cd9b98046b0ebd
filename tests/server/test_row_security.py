"""The second wall between sites: what the database itself shows and takes, whatever the application asks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration

#: A bag names by key whom it is reserved for, not who that is: the sums of a lot need every bag at every site.
OF_THE_WHOLE_TRIAL = {"Unit"}


def test_a_row_of_a_subject_carries_its_site(server: Configuration) -> None:
    """A model with a subject and no site would stand outside the wall."""
    from django.apps import apps

    fields = {
        model: {field.attname for field in model._meta.concrete_fields}
        for model in apps.get_app_config("capture").get_models()
    }
    without = {
        model.__name__ for model, names in fields.items() if "subject_id" in names and "site" not in names
    }
    assert without == OF_THE_WHOLE_TRIAL


def test_every_model_with_a_site_has_its_policy(server: Configuration) -> None:
    from django.apps import apps

    from funis.capture.database.row_security import make_policies

    sited = {
        model._meta.db_table
        for model in apps.get_app_config("capture").get_models()
        if "site" in {field.attname for field in model._meta.concrete_fields}
    }
    assert {"capture_subject", "capture_form", "capture_consent", "capture_subjectvisit"} <= sited
    assert sited <= {table for table, _, _ in make_policies()}


def test_a_row_of_another_site_than_its_subject_is_refused(server: Configuration, subject: Any) -> None:
    from django.db import DatabaseError

    from funis.capture.context import Acting, acting
    from funis.capture.models import SubjectVisit

    with pytest.raises(DatabaseError), acting(Acting("coordinator", sites=None)):
        SubjectVisit(subject=subject, site="02", name="month_1").save()


def test_what_was_told_inside_is_told_back_after_it(server: Configuration) -> None:
    from funis.capture.context import Acting, acting, because, seeing, who_acts

    outer = Acting("coordinator", "outer", sites=("01",))
    with acting(outer):
        with because("inner"), seeing(None), acting(Acting("funis", sites=None)):
            pass
        with pytest.raises(KeyError), because("another"):
            raise KeyError
        assert who_acts() == outer
        assert told(server, "funis.actor", "coordinator") == "coordinator"
        assert told(server, "funis.reason", "outer") == "outer"
        assert told(server, "funis.sites", "01") == "01"
    assert who_acts() is None


def told(server: Configuration, name: str, on_sqlite: str) -> str:
    """Ask PostgreSQL what it was told; SQLite is told nothing, it asks."""
    from django.db import connection

    if not server.database:
        return on_sqlite
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return str(cursor.fetchone()[0])


# --- on PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture
def wall(server: Configuration) -> Iterator[None]:
    """Take back that the tests look at every site."""
    if not server.database:
        pytest.skip("policies are PostgreSQL's")
    from django.db import connection

    def tell(sites: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('funis.sites', %s, false)", [sites])

    tell("")
    yield
    tell("*")


@pytest.fixture
def elsewhere(server: Configuration) -> Any:
    """Screen a subject at site 02, with all that belongs to one."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        made = screen_subject("02")
        record_consent(made, Given("2.0", today()), "coordinator")
        record_visit(made, "baseline", today())
    return made


def counted(table: str, where: str = "true") -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - a raw query
        return int(cursor.fetchone()[0])


TABLES = ("capture_subject", "capture_consent", "capture_subjectvisit", "capture_form")


def test_without_anybody_who_acts_nothing_is_seen(subject: Any, elsewhere: Any, wall: None) -> None:
    for table in (*TABLES, "capture_versioninforce", "capture_trail", "capture_chain", "capture_roleheld"):
        assert counted(table) == 0


@pytest.mark.parametrize("table", TABLES)
def test_a_query_without_a_filter_sees_the_own_site_alone(
    subject: Any, elsewhere: Any, wall: None, table: str
) -> None:
    from funis.capture.context import Acting, acting

    with acting(Acting("coordinator", sites=("01",))):
        assert counted(table, "site = '01'") > 0
        assert counted(table, "site <> '01'") == 0
    with acting(Acting("coordinator", sites=("01", "02"))):
        assert counted(table, "site = '02'") > 0
    with acting(Acting("coordinator", sites=())):
        assert counted(table) == 0


def test_the_trail_of_another_site_is_not_seen(subject: Any, elsewhere: Any, wall: None) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.trail.rows import read_heads, read_rows

    with acting(Acting("monitor", sites=("01",))):
        chains = {row.chain for row in read_rows()}
        assert chains == set(read_heads())
    assert f"subject:{subject.pk}" in chains
    assert f"subject:{elsewhere.pk}" not in chains
    assert "site:01" in chains
    assert "site:02" not in chains
    assert "system" in chains


def test_rows_of_another_site_are_neither_changed_nor_made(subject: Any, elsewhere: Any, wall: None) -> None:
    from django.db import DatabaseError

    from funis.capture.context import Acting, acting
    from funis.capture.models import Consent, Form, Subject, SubjectVisit
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", "a reason", sites=("01",))):
        assert not Form.objects.filter(subject_id=elsewhere.pk).exists()
        changed = Form.objects.filter(site="02").update(data={"rash": 1}, revision=2)
        assert changed == 0
        assert Form.objects.exclude(site="01").count() == 0
    for made in (
        lambda: Subject(site="02", number="02-900"),
        lambda: SubjectVisit(subject_id=elsewhere.pk, site="02", name="month_1"),
        lambda: SubjectVisit(subject_id=elsewhere.pk, site="01", name="month_1"),
        lambda: Consent(subject_id=elsewhere.pk, site="01", document_version="1", given_on=today()),
    ):
        with pytest.raises(DatabaseError, match="row-level security"), acting(Acting("x", sites=("01",))):
            made().save()


def test_a_page_that_forgets_its_filter_shows_the_own_site_alone(
    subject: Any, elsewhere: Any, wall: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funis.capture.models import Subject
    from funis.capture.pages import subjects
    from funis.capture.people.access import PageRequest

    monkeypatch.setattr(subjects, "subjects_of", lambda _: Subject.objects.all())
    monkeypatch.setattr(PageRequest, "allows", lambda *_: True)
    browser = browser_of(person_with("monitor", "01"))
    # A list is cut at 200: it begins just before the subject, whoever else was screened by other tests.
    listed = browser.get(f"/subjects?after={subject.number[:-1]}").content.decode()
    assert subject.number in listed
    assert elsewhere.number not in listed
    for address in (f"/subjects/{elsewhere.pk}", f"/subjects/{elsewhere.pk}/trail"):
        assert browser.get(address).status_code == 404
    assert browser.get(f"/subjects/{subject.pk}").status_code == 200


def test_every_page_tells_its_sites_before_it_reads(sledai: Any, wall: None) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.models import Consent

    with acting(Acting("x", sites=None)):
        consent = Consent.objects.filter(subject_id=sledai.subject_id).get()
    assert consent.site == "01"
    for site in ("01", ""):
        browser = browser_of(person_with("coordinator", site))
        for address in (
            "/overview", "/subjects", f"/subjects/{sledai.subject_id}", f"/subjects/{sledai.subject_id}/trail",
            f"/visits/{sledai.visit_id}", f"/forms/{sledai.pk}", f"/forms/{sledai.pk}/trail",
        ):  # fmt: skip
            page = browser.get(address)
            assert page.status_code == 200, address
            assert b"01" in page.content


def test_the_first_page_counts_the_sites_of_its_own_action(elsewhere: Any, wall: None) -> None:
    """Somebody who manages all accounts and enters data at one site sees the subjects of that one."""
    from funis.capture.context import Acting, acting
    from funis.capture.people.accounts import grant_role
    from funis.capture.study_in_force import today

    person = person_with("administrator", "", "administrator-and-coordinator")
    with acting(Acting("funis", sites=None)):
        grant_role(person, "coordinator", "01", today())
    page = browser_of(person).get("/overview").content.decode()
    assert "subjects?site=01" in page
    assert "subjects?site=02" not in page


def test_a_policy_that_is_gone_is_seen(server: Configuration, wall: None) -> None:
    """The fingerprint has the policies: one that lets everything through is another schema."""
    import psycopg

    from funis.capture.database.fingerprint import read_fingerprint

    before = read_fingerprint()
    with psycopg.connect(server.owner, autocommit=True) as owner:
        owner.execute("CREATE POLICY open_to_all ON capture_form USING (true)")
        with_another = read_fingerprint()
        owner.execute("DROP POLICY open_to_all ON capture_form")
        owner.execute("ALTER TABLE capture_form DISABLE ROW LEVEL SECURITY")
        without = read_fingerprint()
        owner.execute("ALTER TABLE capture_form ENABLE ROW LEVEL SECURITY")
    assert len({before, with_another, without}) == 3
    assert read_fingerprint() == before


# --- sessions -----------------------------------------------------------------------------------------


def test_a_session_is_renewed_while_it_is_used_and_not_at_every_page(
    server: Configuration, subject: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from funis.capture.people import sessions

    browser = browser_of(person_with("monitor", "01"))
    start = datetime.now(UTC)
    key = browser.cookies["sessionid"].value

    def ends(seconds: int) -> datetime:
        now = start + timedelta(seconds=seconds)
        monkeypatch.setattr(sessions, "read_clock", lambda: now)
        monkeypatch.setattr(timezone, "now", lambda: now)
        assert browser.get("/subjects").status_code == 200
        return Session.objects.get(pk=key).expire_date

    first = ends(1)
    assert [ends(2), ends(59)] == [first, first]
    later = ends(62)
    assert later - first == timedelta(seconds=61)
    assert ends(62 + 29 * 60) > later
