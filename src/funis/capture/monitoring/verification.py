"""Verification of items against their source: not required, due, verified, fallen.

An item is verified at a revision of its form; a change makes the mark fall, in the transaction of the save.
What is required is asked of the study file that is in force at the site now, so that a new version asks for
more or for less without touching a mark.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet, Sum

from funis.capture.conduct.locks import Work, refuse_closed, scope_of
from funis.capture.context import because, moment, who_acts
from funis.capture.document import write_document
from funis.capture.forms.plan_parts import FieldPlan
from funis.capture.models import Form, FormVerification
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import plan_of, study_of, today, version_at
from funis.errors import ValueRangeError

NOT_REQUIRED, DUE, VERIFIED, FALLEN = "not_required", "due", "verified", "fallen"
MARKS: Final[Mapping[str, str]] = {
    NOT_REQUIRED: "Not required",
    DUE: "To be verified",
    VERIFIED: "Verified",
    FALLEN: "Changed since verified",
}
"""Every state of an item, with the printed words."""


class Mark(NamedTuple):
    """Where an item of a form stands.

    Attributes
    ----------
    field : of the plan of the form
    state : one of `MARKS`
    by, at : of the last verification, empty before it
    """

    field: FieldPlan
    state: str
    by: str = ""
    at: str = ""


def marks_of(form: Form) -> list[Mark]:
    """Give where each item of a form stands that has a value, or had one when it was verified.

    Parameters
    ----------
    form : with its version and subject
    """
    stored = _stored(form)
    monitoring = study_of(version_at(form.site, today())).monitoring
    marks = []
    for field in plan_of(form.version).form(form.name).fields:
        found = stored.get(field.name)
        if found is not None:
            # A value that was changed past the save is never shown as verified either.
            stands = not found["fallen"] and found["value"] == _value(form, field)
            marks.append(Mark(field, VERIFIED if stands else FALLEN, found["by"], found["at"]))
        elif any(key in form.data for key, _ in field.keys):
            asked = monitoring.asks_for(form.subject.number, form.name, field.name)
            marks.append(Mark(field, DUE if asked else NOT_REQUIRED))
    return marks


def verify_items(form: Form, items: Collection[str], revision: int) -> None:
    """Mark items of a form as compared with their source, within a transaction in which somebody acts.

    Parameters
    ----------
    form : the form
    items : names of fields that have a value, or had one when they were verified before
    revision : of the form as it was seen

    Raises
    ------
    ValueRangeError : the form was changed since it was seen or is locked, or an item has nothing to verify
    """
    held = (
        Form.objects.select_for_update(of=("self",)).with_version().select_related("subject").get(pk=form.pk)
    )
    refuse_closed(scope_of(held), Work.REVIEW)
    if held.revision != revision:
        raise ValueRangeError(
            "form", f"revision {held.revision}", f"{revision}, which you saw", "Look at the form again."
        )
    shown = {mark.field.name: mark.field for mark in marks_of(held)}
    if unknown := sorted(set(items) - shown.keys()):
        raise ValueRangeError("items", ", ".join(unknown), "items of the form with a value")
    if not items:
        raise ValueRangeError(
            "items", "none", "at least one item", "Tick what you compared with the source, then mark it."
        )
    who = who_acts()
    by = who.actor if who else ""
    marks = {
        item: {
            "revision": held.revision, "by": by, "at": moment(), "value": _value(held, shown[item]),
            "fallen": False,
        }
        for item in items
    }  # fmt: skip
    _write(held, marks, "verified")


def let_fall(form: Form, items: Collection[str]) -> None:
    """Let the marks of changed items fall, within the transaction of the save.

    Parameters
    ----------
    form : as it was saved
    items : fields that were changed
    """
    stored = _stored(form)
    falling = {item: stored[item] | {"fallen": True} for item in items if item in stored}
    if falling := {item: mark for item, mark in falling.items() if mark != stored[item]}:
        _write(form, falling, "changed since verified")


def fallen_forms(sites: Collection[str] | None) -> QuerySet[FormVerification]:
    """Give the forms of some sites of which something was changed since it was verified.

    Parameters
    ----------
    sites : codes; none: all
    """
    found = FormVerification.objects.filter(fallen__gt=0)
    found = found if sites is None else found.filter(site__in=sites)
    related = found.select_related("form", "form__version", "form__visit", "subject")
    # Titles and visits are shown; `plan_of` has what the long texts of a version say.
    deferred = ("marks", "form__scores", "form__version__text", "form__version__plan")
    return related.defer(*deferred).order_by("site", "pk")


def fallen_by_site(*, is_blinded: bool) -> dict[str, int]:
    """Count the items that were changed since they were verified, by site; a site without marks is none.

    Parameters
    ----------
    is_blinded : without forms that give an arm away
    """
    found = FormVerification.objects.all()
    found = found.exclude(form__name__in=WITHHELD_FORMS) if is_blinded else found
    return dict(found.values_list("site").annotate(Sum("fallen")))


def _stored(form: Form) -> dict[str, Any]:
    found = FormVerification.objects.filter(form=form).first()
    return found.marks if found else {}


def _write(form: Form, marks: Mapping[str, Any], reason: str) -> None:
    row = FormVerification.objects.select_for_update(of=("self",)).filter(form=form).first()
    row = row or FormVerification(form=form, subject_id=form.subject_id, site=form.site)
    row.marks = {**row.marks, **marks}
    row.fallen = sum(mark["fallen"] for mark in row.marks.values())
    with because(reason):
        row.save()


def _value(form: Form, field: FieldPlan) -> str:
    return write_document({key: form.data[key] for key, _ in field.keys if key in form.data})
