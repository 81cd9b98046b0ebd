"""A changed study file: what it changes and touches, whom it would ask, and from when a site works with it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.server.people import browser_of, person_with

from funis.capture.configuration import Configuration
from funis.errors import ValueRangeError
from funis.study.read import template_path

REPLACED = (
    # By hand: two windows, a range that no value keeps, a rule, an endpoint less, a form more at one visit.
    ("day    = 90\nwindow = [-30, 30]", "day    = 90\nwindow = [-21, 21]"),
    ("max_hold_minutes      = 120", "max_hold_minutes      = 90"),
    ('unit  = "g/L"\nlabel = "Complement C3"', 'unit  = "g/L"\nlabel = "Complement C3"\nmaximum = 1.0'),
    ("parameters = {window_days = 10}", "parameters = {window_days = 30}"),
)


def changed_file() -> str:
    text = template_path("sle").read_text(encoding="utf-8")
    for old, new in REPLACED:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def passing(server: Configuration) -> Iterator[None]:
    """Take back whatever the test wrote: the other tests of the process go on with the first version."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def loaded(passing: None) -> Any:
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import load_version

    with acting(Acting("funis", "amendment 1", sites=None)):
        return load_version(changed_file())


def put(version: Any, site: str) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import put_in_force, today

    with acting(Acting("manager", "amendment 1", sites=None)):
        put_in_force(version, site, today(), today())


def enter_c3(subject: Any, value: str) -> Any:
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.identifiers import new_id
    from funis.capture.models import Form

    form = next(
        each
        for each in Form.objects.filter(subject=subject, name="labs").select_related("version")
        if each.data["test"] == "c3"
    )
    with acting(Acting("coordinator", sites=None)):
        save_entry(FormEntry(new_id(), form.pk, {"value": (None, value), "unit": (None, "g/L")}), form, "x")
    return form


def test_a_loaded_version_is_in_force_nowhere_until_it_was_approved(loaded: Any) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import newest_version, put_in_force, today, version_at

    assert (loaded.number, newest_version().number, version_at("02", today()).number) == (2, 1, 1)
    tomorrow, yesterday = today() + timedelta(days=1), today() - timedelta(days=1)
    with acting(Acting("manager", "amendment 1", sites=None)):
        for approved, since in ((tomorrow, tomorrow), (today(), yesterday), (yesterday, yesterday)):
            with pytest.raises(ValueRangeError):
                put_in_force(loaded, "02", approved, since)
        with pytest.raises(ValueRangeError, match="site"):
            put_in_force(loaded, "99", today(), today())
    put(loaded, "02")
    assert [version_at(site, today()).number for site in ("01", "02")] == [1, 2]
    assert newest_version().number == 2
    with pytest.raises(ValueRangeError, match="version"):
        put(loaded, "02")


def test_the_difference_names_each_change_and_counts_what_holds_data_of_it(subject: Any, loaded: Any) -> None:
    from funis.capture.models import Form, StudyVersion, SubjectVisit
    from funis.capture.study_versions import compare_versions

    enter_c3(subject, "1.2")
    before = StudyVersion.objects.get(number=1)
    found = {(each.change.part, each.change.name): each for each in compare_versions(before, loaded, ("01",))}
    window = found["visit", "month_3"]
    assert (window.change.before, window.change.after) == ("day 60 to 120", "day 69 to 111")
    recorded = SubjectVisit.objects.filter(site="01", name="month_3").count()
    assert (found["rule", "product.max_hold_minutes"].change.after, window.subjects) == ("90", recorded)
    test = found["laboratory test", "c3"]
    counted = [each for each in Form.objects.filter(site="01", name="labs") if each.data.get("test") == "c3"]
    assert (test.forms, test.subjects) == (len(counted), len({each.subject_id for each in counted}))
    # The look-back of SLEDAI-2K is a parameter of its definition.
    assert found["definition", "sledai_2k"].change.before == "10"
    assert found["definition", "sledai_2k"].forms == Form.objects.filter(site="01", name="sledai_2k").count()
    other = {(each.change.part, each.change.name): each for each in compare_versions(before, loaded, ())}
    assert (other["laboratory test", "c3"].forms, other["definition", "sledai_2k"].subjects) == (0, 0)


def test_the_checks_under_both_versions_tell_which_queries_would_open(subject: Any, loaded: Any) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.models import Query, StudyVersion
    from funis.capture.monitoring.version_findings import compare_findings

    enter_c3(subject, "1.2")
    queries = Query.objects.count()
    with acting(Acting("manager", sites=None)):
        found = compare_findings(StudyVersion.objects.get(number=1), loaded, ("01",))
    # 1.2 g/L lies above the maximum of 1.0 that the second version sets; the first sets none.
    opened = [each for each in found.opens if each.form_name == "labs" and each.level == "error"]
    assert [(each.subjects, each.item) for each in opened] == [(1, "value")]
    assert found.subjects > 0
    assert Query.objects.count() == queries


def test_data_keep_their_version_and_their_scores(sledai: Any, loaded: Any) -> None:
    """A look-back of 30 days scores what one of 10 does not: an old visit is never scored by the new one."""
    from funis.capture.conduct.visits import add_form, record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.exchange.export import export_tables
    from funis.capture.models import Form, Subject
    from funis.capture.study_in_force import today

    def enter(form: Any, key: str) -> None:
        with acting(Acting("coordinator", sites=None)):
            save_entry(FormEntry(key, form.pk, {"rash": (None, 1)}), form, "x")

    enter(sledai, "before the amendment")
    put(loaded, "01")
    with acting(Acting("coordinator", sites=None)):
        visit = record_visit(Subject.objects.get(pk=sledai.subject_id), "unscheduled", today())
        later = add_form(visit, "sledai_2k")
    assert (Form.objects.get(pk=sledai.pk).version.number, later.version.number) == (1, 2)
    enter(Form.objects.select_related("version").get(pk=later.pk), "after the amendment")
    old = Form.objects.get(pk=sledai.pk)
    assert old.data["rash"] == 1
    table = export_tables(Subject.objects.filter(pk=sledai.subject_id))["sledai_2k"][1]
    assert len(table) == 2


def test_an_item_that_a_version_drops_stays_in_the_export(subject: Any, loaded: Any) -> None:
    from dataclasses import replace

    from funis.capture.exchange.export import join_plans
    from funis.capture.models import StudyVersion
    from funis.capture.study_in_force import plan_of

    plan = plan_of(StudyVersion.objects.get(number=1))
    form = plan.form("sledai_2k")
    fewer = replace(form, fields=tuple(each for each in form.fields if each.name != "rash"))
    later = replace(
        plan, forms=(fewer, *(each for each in plan.forms if each.name not in {"sledai_2k", "labs"}))
    )
    joined = join_plans(later, [plan])
    assert {"rash"} == set(joined.form("sledai_2k").by_name) - set(fewer.by_name)
    assert "labs" in joined.by_name
    assert join_plans(later, []) is later


def test_a_file_without_a_site_that_has_subjects_is_refused(subject: Any, passing: None) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import load_version

    text = template_path("sle").read_text(encoding="utf-8")
    without = text.replace('[[sites]]\nid   = "01"\nname = "Centre 1"\n', "")
    with acting(Acting("funis", sites=None)), pytest.raises(ValueRangeError, match="without 01"):
        load_version(without)


def test_the_former_file_loaded_again_is_a_new_version_and_pages_go_on(loaded: Any) -> None:
    from funis.capture.context import Acting, acting
    from funis.capture.models import StudyVersion
    from funis.capture.study_in_force import load_version, newest_version

    former = newest_version()
    assert former.pk != loaded.pk
    with acting(Acting("funis", "back to the file before", sites=None)):
        again = load_version(StudyVersion.objects.get(pk=former.pk).text)
    assert (again.sha256, again.number) == (former.sha256, loaded.number + 1)
    person = person_with("data_manager", "")
    assert browser_of(person).get("/study").status_code == 200


def test_the_pages_show_the_difference_and_a_data_manager_puts_it_in_force(subject: Any, loaded: Any) -> None:
    from funis.capture.study_in_force import today, version_at

    enter_c3(subject, "1.2")
    manager = browser_of(person_with("data_manager", "01"))
    listed = manager.get("/study").content.decode()
    assert "waits for its approval here" in listed
    assert "amendment 1" in listed
    page = manager.get("/study/2").content.decode()
    assert "day 69 to 111" in page
    assert "product.max_hold_minutes" in page
    asked = manager.get("/study/2?with=1&queries=1").content.decode()
    assert "Automatic queries that would open: 1" in asked
    address, given = "/study/2/in-force", {"site": "01", "approved_on": today().isoformat(), "since": today()}
    assert manager.post(address, given).status_code == 422
    given["reason"] = "approved by the committee"
    assert browser_of(person_with("coordinator", "01")).post(address, given).status_code == 404
    assert manager.post(address, given | {"site": "02"}).status_code == 404
    assert manager.post(address, given).status_code == 302
    assert [version_at(site, today()).number for site in ("01", "02")] == [2, 1]
    assert manager.get("/study/7").status_code == 404
    assert browser_of(person_with("administrator", "")).get("/study").status_code == 404


def test_a_preview_tells_and_keeps_nothing(subject: Any, passing: None) -> None:
    from funis.capture.models import StudyVersion
    from funis.capture.study_changes import preview_file, tell_preview

    text, answer = tell_preview(preview_file(changed_file()))
    assert StudyVersion.objects.count() == 1
    assert "visit month_3: window; day 60 to 120 -> day 69 to 111" in text
    assert answer["compared_with"] == 1
    same = preview_file(template_path("sle").read_text(encoding="utf-8"))
    assert (same.changes, same.findings.opens, same.findings.closes) == ((), (), ())


def test_the_command_puts_the_newest_in_force_where_it_is_not(loaded: Any) -> None:
    from funis.capture.study_changes import put_newest_in_force, sites_without_newest
    from funis.capture.study_in_force import today

    assert sites_without_newest() == (2, ["01", "02", "03", "04"])
    assert put_newest_in_force(["03"], today(), None, "amendment 1") == (2, ["03"])
    assert put_newest_in_force([], today(), None, "amendment 1") == (2, ["01", "02", "04"])
    with pytest.raises(ValueRangeError, match="all work"):
        put_newest_in_force([], today(), None, "again")
