"""Pages of units of the cell product: one unit with its events, the forms of its steps, its labels."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.conduct.product import labels
from funis.capture.conduct.product.lots import LOT_STATES, lot_state
from funis.capture.conduct.product.making import register_cord
from funis.capture.conduct.product.moving import is_expired, moment_of
from funis.capture.models import ProductEvent, StudyForm, Unit, UnitLabel
from funis.capture.models.product_moves import BAG, KINDS, STATES, find_move
from funis.capture.pages.product_steps import DETAIL_WORDS, ENTER, HANDLE, STEPS, steps_of
from funis.capture.pages.product_typed import TypedFields, shown_moment
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.errors import ValueRangeError

HIDDEN = "another site"
"""Site of a unit whose subject the database itself does not show to the person."""


def site_of(unit: Unit) -> str:
    """Give the site that a unit concerns: its subject's, else where it is; empty: the cell laboratory."""
    if unit.subject_id and unit.subject is None:
        return HIDDEN
    return unit.subject.site if unit.subject else unit.location


def find_unit(asked: PageRequest, key: str) -> Unit:
    """Find a unit; a bag of a site that the person may not act at does not exist for him."""
    found = Unit.objects.select_related("subject", "lot", "parent", "donor").filter(pk=key).first()
    if found is None or (site_of(found) and not asked.allows(site_of(found))):
        raise Http404
    return found


def may_take(asked: PageRequest, unit: Unit, action: str) -> bool:
    """Tell whether a person may send the forms of an action for a unit."""
    if action == ENTER:
        return asked.rights.may(ENTER)
    return asked.rights.may(HANDLE, site_of(unit)) if site_of(unit) else asked.rights.may(ENTER)


@asks("see product")
def show_unit(asked: PageRequest, key: str) -> HttpResponse:
    """Show a unit: what it is, where it came from, what happened to it, what may be done."""
    unit = find_unit(asked, key)
    events = ProductEvent.objects.filter(unit=unit).order_by("seq")
    return draw(
        asked,
        "product_unit.html",
        unit=unit,
        kinds=KINDS,
        states=STATES,
        events=[(each, find_move(unit.kind, each.kind)) for each in events],
        detail_words=DETAIL_WORDS,
        children=list(unit.children.order_by("code")),
        labels=list(unit.labels.order_by("number")),
        lot_words=LOT_STATES[lot_state(unit.lot)] if unit.lot else "",
        is_expired=is_expired(unit),
        thawed_at=moment_of(unit, "thaw"),
        is_bag=unit.kind == BAG,
        steps={event: form for event, form in steps_of(unit).items() if may_take(asked, unit, form.action)},
        may_enter=asked.rights.may(ENTER),
        shown_moment=shown_moment,
    )


@asks("enter product", "POST")
def take_step(asked: PageRequest, key: str) -> HttpResponse:
    """Let a unit take a step of the cell laboratory."""
    return _take(asked, key, ENTER)


@asks("handle bag", "POST")
def handle_bag(asked: PageRequest, key: str) -> HttpResponse:
    """Let a bag take a step at its site: received, thawed, returned, discarded."""
    return _take(asked, key, HANDLE)


def _take(asked: PageRequest, key: str, action: str) -> HttpResponse:
    unit, event = find_unit(asked, key), asked.request.POST.get("event", "")
    form = STEPS.get((unit.kind, event))
    if form is None or form.action != action or not may_take(asked, unit, action):
        raise Http404
    form.take(unit, TypedFields(asked.request.POST.dict()))
    return HttpResponseRedirect(f"/product/units/{unit.pk}")


@asks("enter product", "POST")
def add_cord(asked: PageRequest) -> HttpResponse:
    """Register a cord of a donor."""
    code = asked.request.POST.get("donor", "")
    donor = StudyForm.objects.filter(name="donors", code=code).first()
    if donor is None:
        raise ValueRangeError("donor", code or "nothing", "the code of a donor that was entered")
    cord = register_cord(donor, TypedFields(asked.request.POST.dict()).content())
    return HttpResponseRedirect(f"/product/units/{cord.pk}")


@asks("enter product", "POST")
def print_label(asked: PageRequest, key: str) -> HttpResponse:
    """Print a label of a unit; the one before is void."""
    label = labels.print_label(find_unit(asked, key))
    return HttpResponseRedirect(f"/product/labels/{label.pk}")


@asks("see product")
def show_label(asked: PageRequest, key: str) -> HttpResponse:
    """Show a label as it is printed: the code, the same in words, quarantine in words."""
    label = UnitLabel.objects.filter(pk=key).first()
    if label is None:
        raise Http404
    unit = find_unit(asked, label.unit_id)
    newest = unit.labels.order_by("number").last()
    text = labels.label_text(label)
    return draw(
        asked,
        "product_label.html",
        unit=unit,
        label=label,
        text=text,
        code=labels.draw_code(text),
        is_void=newest is not None and newest.number != label.number,
        lot_words=LOT_STATES[lot_state(unit.lot)] if unit.lot else "",
        kinds=KINDS,
        shown_moment=shown_moment,
    )


@asks("see product", "POST")
def find_by_scan(asked: PageRequest) -> HttpResponse:
    """Open the unit of a label that was scanned."""
    unit = labels.find_scanned(asked.request.POST.get("scan", ""))
    return HttpResponseRedirect(f"/product/units/{find_unit(asked, unit.pk).pk}")
