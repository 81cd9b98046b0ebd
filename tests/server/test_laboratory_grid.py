"""The laboratory grid: one page, each row a form of its own; a result is offered to an item, never taken silently."""

from decimal import Decimal
from typing import Any

import pytest
from tests.server.people import browser_of, person_with
from tests.server.test_queries import act, enter, write


def labs_of(subject: Any) -> dict[str, Any]:
    from funis.capture.models import Form

    return {form.data["test"]: form for form in Form.objects.filter(subject=subject, name="labs")}


def grid(role: str, site: str, form: Any) -> Any:
    return browser_of(person_with(role, site)).get(f"/visits/{form.visit_id}/labs")


def test_every_result_that_is_due_has_one_row_that_saves_its_own_form(subject: Any, sledai: Any) -> None:
    found = labs_of(subject)
    page = grid("coordinator", "01", sledai).content.decode()
    assert page.count('data-item="value"') == len(found) > 5
    for form in found.values():
        row = page.split(f'data-form="{form.pk}"')[1].split("</form>")[0]
        assert f'data-save-url="/forms/{form.pk}/save"' in row
        assert [item for item in ("value", "comparator", "unit", "date") if f'data-item="{item}"' in row] == [
            *("value", "comparator", "unit", "date")
        ]
        assert f'href="/forms/{form.pk}"' in row


def test_a_row_is_saved_as_an_audited_row_of_its_own(subject: Any, sledai: Any) -> None:
    from funis.capture.trail.history import read_history

    found = labs_of(subject)
    creatinine, albumin = found["creatinine"], found["albumin"]
    enter(creatinine, {"value": (None, "71"), "unit": (None, "umol/L")})
    creatinine.refresh_from_db()
    albumin.refresh_from_db()
    assert creatinine.data["value"] == Decimal(71)
    assert (creatinine.revision, albumin.revision) == (2, 1)
    written = [each for each in read_history(f"subject:{subject.pk}", creatinine.pk) if "value" in each.items]
    assert [each.actor for each in written] == ["coordinator"]


def test_who_does_not_enter_sees_the_values_and_sends_none(subject: Any, sledai: Any) -> None:
    page = grid("monitor", "01", sledai).content.decode()
    assert page.count('<fieldset class="all" disabled') == len(labs_of(subject))
    assert "entry.js" not in page
    assert grid("monitor", "02", sledai).status_code == 404


def test_a_locked_row_takes_nothing(subject: Any, sledai: Any) -> None:
    from funis.capture.conduct.locks import scope_of, set_state

    form = labs_of(subject)["creatinine"]
    act("manager", lambda: set_state(scope_of(form), "locked", "done"))
    page = grid("coordinator", "01", sledai).content.decode()
    assert "disabled" in page.split(f'data-form="{form.pk}"')[1].split("</form>")[0].split("data-item")[0]
    assert page.count('<fieldset class="all" disabled') == 1


@pytest.mark.parametrize(("comparator", "offers"), [(None, True), ("<", False)])
def test_a_result_is_offered_to_the_item_that_needs_it_and_is_not_taken_by_itself(
    subject: Any, comparator: str | None, *, offers: bool
) -> None:
    form, field = filled_form(subject)
    result = labs_of(subject)[field.filled_by]
    write(result, value=Decimal("1.50"), unit=field.unit, comparator=comparator)
    address = f"/forms/{form.pk}"
    browser = browser_of(person_with("coordinator", "01"))
    beside = (
        browser.get(address).content.decode().split(f'data-item="{field.name}"')[1].split("data-item=")[0]
    )
    assert ('data-take="1.50"' in beside) == offers
    form.refresh_from_db()
    assert field.name not in form.data
    enter(form, {field.name: (None, "1.25")})
    beside = (
        browser.get(address).content.decode().split(f'data-item="{field.name}"')[1].split("data-item=")[0]
    )
    assert "data-take" not in beside
    monitor = browser_of(person_with("monitor", "01")).get(address).content.decode()
    assert "data-take" not in monitor


def filled_form(subject: Any) -> tuple[Any, Any]:
    """Find a form with a number that a laboratory test of the same unit fills."""
    from funis.capture.models import Form
    from funis.capture.study_in_force import plan_of

    tests = labs_of(subject)
    for form in Form.objects.filter(subject=subject).select_related("version"):
        for field in plan_of(form.version).form(form.name).fields:
            if field.kind == "number" and field.unit and field.filled_by in tests:
                return form, field
    raise AssertionError("no item that the laboratory fills")
