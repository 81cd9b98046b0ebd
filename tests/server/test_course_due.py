"""A course by a rule on the server: nothing is due before the rule holds, and then from that visit on."""

from collections.abc import Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.product_parts import acts

from funis.capture.configuration import Configuration
from funis.study.read import template_path

COURSE = """
[[infusions]]
when         = "rule"
rule         = "sledai_2k >= lowest_sledai_2k + 4"
day          = 0
window       = [0, 28]
cells_per_kg = 1e6
"""


@pytest.fixture
def passing(server: Configuration) -> Iterator[None]:
    """Take back whatever the test wrote: the other tests of the process go on with the first version."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def enter(subject: Any, visit: str, *, arthritis: int) -> None:
    """SLEDAI-2K by hand: arthritis 4 + rash 2 + low complement 2 = 8 points; without arthritis 4."""
    from funis.capture.entry.save import FormEntry, save_entry
    from funis.capture.models import Form
    from funis.capture.study_in_force import plan_of

    form = Form.objects.select_related("version").get(subject=subject, visit__name=visit, name="sledai_2k")
    none = {item.name: 0 for item in plan_of(form.version).form("sledai_2k").items}
    found = none | {"arthritis": arthritis, "rash": 1, "low_complement": 1}
    changes = {item: (form.data.get(item), value) for item, value in found.items()}
    with acts("coordinator"):
        save_entry(FormEntry(f"{visit}-{form.pk}", form.pk, changes, "entered"), form, "tests")


def infused(subject: Any, number: int, day: date) -> None:
    from funis.capture.models import Form
    from funis.capture.study_in_force import today, version_at

    row = Form(
        subject=subject, site=subject.site, name="infusions", number=number,
        version=version_at(subject.site, today()), data={"date": day.isoformat(), "reaction": "none"},
    )  # fmt: skip
    row.save()


def standing(subject: Any) -> tuple[str, tuple[float, float] | None]:
    """Give what the check at the bedside would ask of a third infusion on study day 200."""
    from funis.capture.conduct.infusion_facts import limits_of
    from funis.capture.study_in_force import study_of, today, version_at

    facts: Any = SimpleNamespace(number=3, day=200, is_control=False)
    limits = limits_of(study_of(version_at(subject.site, today())), subject, facts)
    return limits.condition, limits.days


def test_a_course_is_due_when_its_rule_holds_and_not_before(passing: None) -> None:
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.study_in_force import load_version, put_in_force, today

    start = today() - timedelta(days=200)
    with acts("manager"):
        study = template_path("sle").read_text(encoding="utf-8")
        put_in_force(load_version(f"{study}\n{COURSE}"), "01", today(), today())
    with acts("coordinator"):
        subject = screen_subject("01")
        record_consent(subject, Given("2.0", start), "coordinator")
        record_visit(subject, "baseline", start)
        for number, day in ((1, 0), (2, 7)):
            infused(subject, number, start + timedelta(days=day))
        record_visit(subject, "month_3", start + timedelta(days=90))
    enter(subject, "baseline", arthritis=1)
    enter(subject, "month_3", arthritis=0)
    browser = browser_of(person_with("coordinator", "01"))
    page = browser.get(f"/subjects/{subject.pk}/infusions").content.decode()
    assert "Not due: what it is planned for was not found" in page
    assert standing(subject) == ("not found", None)
    assert "Infusion, course 2" not in browser.get("/calendar").content.decode()
    with acts("coordinator"):
        record_visit(subject, "month_6", start + timedelta(days=180))
    enter(subject, "month_6", arthritis=1)
    page = browser.get(f"/subjects/{subject.pk}/infusions").content.decode()
    assert "Due now" in page
    assert "study day 180" in page
    # Found on day 180; the window of 28 days ends on day 208, eight days after today.
    assert standing(subject) == ("found", (180, 208))
    agenda = browser.get("/calendar").content.decode()
    assert "Infusion, course 2" in agenda
    assert "Due now: 8 days left" in agenda
    with acts("coordinator"):
        infused(subject, 3, today())
    assert "Has begun" in browser.get(f"/subjects/{subject.pk}/infusions").content.decode()
