"""Pages of infusions: those of a subject, the wristband, the check at the bedside, the record."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.conduct import bedside, infusions
from funis.capture.conduct.course_due import CONDITION_WORDS, CourseDue, courses_of
from funis.capture.conduct.infusion_facts import Order, infusion_rows
from funis.capture.conduct.infusion_rules import FACTS, OUTCOMES, OVERRIDES
from funis.capture.conduct.product.labels import draw_code, encode_label
from funis.capture.conduct.product.lots import LOT_STATES
from funis.capture.identifiers import new_id
from funis.capture.models import BedsideCheck, InfusionRecord, RequestKey, Subject, Unit
from funis.capture.models.infusions import CHECK_OUTCOMES, REFUSED
from funis.capture.models.product_moves import STATES
from funis.capture.pages.product_typed import shown_moment
from funis.capture.pages.subjects import find_subject, read_day
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.second_person import UNPROVEN, OtherPerson, prove_person
from funis.capture.study_in_force import study_of, today, version_at
from funis.capture.trail.events import record_event
from funis.errors import FunisError, ValueRangeError

CHECK, OVERRIDE = "check at bedside", "override infusion rule"
SAME_TWICE: Final = "The second person must be another than the first."


@asks("see infusions")
def show_infusions(asked: PageRequest, key: str) -> HttpResponse:
    """Show the infusions of a subject: planned, given, the bags on their way, the checks."""
    subject = find_subject(asked, key)
    study = study_of(version_at(subject.site, today()))
    records = {each.form_id: each for each in InfusionRecord.objects.filter(subject=subject)}
    return draw(
        asked,
        "infusions.html",
        subject=subject,
        planned=study.infusions,
        due=[(each, _stands_at(each)) for each in courses_of(study, subject)],
        CONDITION_WORDS=CONDITION_WORDS,
        given=[(row, records.get(row.pk)) for row in infusion_rows(subject)],
        bags=list(Unit.objects.filter(subject=subject).select_related("lot").order_by("infusion", "code")),
        checks=list(BedsideCheck.objects.filter(subject=subject).select_related("unit").order_by("-at")),
        may_check=asked.rights.may(CHECK, subject.site),
        may_enter=asked.rights.may("enter data", subject.site),
        clock=shown_moment,
        STATES=STATES,
        CHECK_OUTCOMES=CHECK_OUTCOMES,
    )


def _stands_at(due: CourseDue) -> str:
    """Tell where a later course stands today, as a key of `CONDITION_WORDS`."""
    if due.is_begun:
        return "begun"
    if due.said != "yes":
        return due.said
    if due.withheld:
        return due.withheld
    if due.opens is None:
        return "no day"
    if today() < due.opens:
        return "upcoming"
    return "due" if due.closes is None or today() <= due.closes else "overdue"


@asks(CHECK)
def show_wristband(asked: PageRequest, key: str) -> HttpResponse:
    """Show the wristband of a subject as it is printed; that it was asked for stands in the trail."""
    subject = find_subject(asked, key)
    text = encode_label(bedside.SUBJECT_LABEL, subject.number)
    record_event("wristband printed", f"subject:{subject.pk}", {"label": text})
    return draw(asked, "wristband.html", subject=subject, text=text, code=draw_code(text))


@asks(CHECK, "GET", "POST")
def check(asked: PageRequest, key: str) -> HttpResponse:
    """Check a subject and a bag at the bedside; the same form sent twice is one check."""
    subject, given = find_subject(asked, key), asked.request.POST
    if asked.request.method == "GET":
        return _draw_check(asked, subject, {})
    person = str(asked.request.user.pk)
    sent = str(given.get("key", ""))[:64]
    answered = RequestKey.objects.filter(key=sent, person=person).first() if sent else None
    if answered is not None:
        return HttpResponseRedirect(f"/checks/{answered.answer}")
    if given.get("second", "").strip() == asked.login:
        return _draw_check(asked, subject, given, SAME_TWICE)
    second = prove_person(asked.request, _other_person(given, "second"), CHECK, subject.site)
    if second is None:
        return _draw_check(asked, subject, given, UNPROVEN)
    try:
        scans, order = _read_scans(given), _read_order(given)
        bedside.read_scans(scans)
    except FunisError as error:
        # Kept in the trail: somebody stood at a bed with a label that is not to be used.
        record_event("scan refused", f"subject:{subject.pk}", {"bag": given.get("bag", "")[:120]})
        return _draw_check(asked, subject, given, str(error))
    found = bedside.check_at_bedside(subject, scans, order, bedside.People(asked.login, second.login))
    if sent:
        RequestKey(key=sent, person=person, answer=found.pk).save(force_insert=True)
    return HttpResponseRedirect(f"/checks/{found.pk}")


def _other_person(given: Mapping[str, str], field: str) -> OtherPerson:
    return OtherPerson(
        str(given.get(field, "")).strip(), str(given.get("password", "")), str(given.get("code", "")).strip()
    )


def _draw_check(
    asked: PageRequest, subject: Subject, given: Mapping[str, str], refused: str = ""
) -> HttpResponse:
    bags = Unit.objects.filter(subject=subject, state__in=("thawed", "checked")).order_by("infusion")
    return draw(
        asked,
        "bedside.html",
        status=422 if refused else 200,
        subject=subject,
        given=given,
        refused=refused,
        bags=list(bags),
        key=new_id(),
        today=today().isoformat(),
    )


def _read_scans(given: Mapping[str, str]) -> bedside.Scans:
    """Read what was scanned; a code that no scanner gave is one that was typed."""
    typed = tuple(name for name in ("subject", "bag") if given.get(f"{name}_by") != "scanner")
    return bedside.Scans(
        _short(given, "subject", 120), _short(given, "bag", 120), typed, _short(given, "typed_reason", 300)
    )


def _short(given: Mapping[str, str], name: str, most: int) -> str:
    text = str(given.get(name, "")).strip()
    if len(text) > most:
        raise ValueRangeError(name, f"{len(text)} letters", f"at most {most}")
    return text


def _read_order(given: Mapping[str, str]) -> Order:
    weight = str(given.get("weight_kg", "")).strip()
    day = str(given.get("weighed_on", "")).strip()
    return Order(
        read_amount(given.get("given_ml", ""), "volume to be given", 3),
        read_amount(weight, "weight", 2) if weight else None,
        read_day(day, "day of the weight") if day else None,
    )


def read_amount(text: str, what: str, places: int) -> Decimal:
    """Read an amount that was typed: figures with a point.

    Raises
    ------
    ValueRangeError : something else, less than 0, or more digits than are kept
    """
    allowed = f"a number with a point, at most {places} places behind it"
    try:
        found = Decimal(str(text).strip())
    except InvalidOperation as error:
        raise ValueRangeError(what, text, allowed) from error
    if not found.is_finite() or not 0 <= found < 10_000:
        raise ValueRangeError(what, text, "0 to 9999")
    if found != round(found, places):
        raise ValueRangeError(what, text, allowed)
    return found


def find_check(asked: PageRequest, key: str) -> BedsideCheck:
    """Find a check; one of a site that the person may not act at does not exist for him."""
    found = BedsideCheck.objects.select_related("subject", "unit__lot").filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    return found


@asks("see infusions")
def show_check(asked: PageRequest, key: str) -> HttpResponse:
    """Show a check with each rule in words."""
    return _draw_result(asked, find_check(asked, key))


def _draw_result(asked: PageRequest, found: BedsideCheck, refused: str = "") -> HttpResponse:
    record = InfusionRecord.objects.filter(check_passed=found).first()
    may_check = asked.rights.may(CHECK, found.site)
    return draw(
        asked,
        "check.html",
        status=422 if refused else 200,
        check=found,
        answers=bedside.answers_of(found),
        record=record,
        clock=shown_moment,
        refused=refused,
        may_begin=may_check and record is None and found.outcome != REFUSED,
        may_override=may_check and record is None and bedside.may_be_overridden(found),
        FACTS=dict(FACTS) | LOT_STATES | STATES,
        OUTCOMES=OUTCOMES,
        OVERRIDES=OVERRIDES,
        CHECK_OUTCOMES=CHECK_OUTCOMES,
    )


@asks(CHECK, "POST")
def override(asked: PageRequest, key: str) -> HttpResponse:
    """Override a refused check: another person answers for it, by login and password, with a reason."""
    found, given = find_check(asked, key), asked.request.POST
    if given.get("approver", "").strip() == found.first:
        return _draw_result(asked, found, SAME_TWICE)
    person = prove_person(asked.request, _other_person(given, "approver"), OVERRIDE, found.site)
    if person is None:
        return _draw_result(asked, found, UNPROVEN)
    bedside.override_check(found, person.login, _short(given, "why", 400))
    return HttpResponseRedirect(f"/checks/{key}")


@asks(CHECK, "POST")
def begin(asked: PageRequest, key: str) -> HttpResponse:
    """Begin the infusion of a check."""
    record = infusions.begin_infusion(find_check(asked, key), asked.login)
    return HttpResponseRedirect(f"/infusions/{record.pk}")


def find_record(asked: PageRequest, key: str) -> InfusionRecord:
    """Find an infusion; one of a site that the person may not act at does not exist for him."""
    found = (
        InfusionRecord.objects.select_related("subject", "unit__lot", "check_passed").filter(pk=key).first()
    )
    if found is None or not asked.allows(found.site):
        raise Http404
    return found


@asks("see infusions")
def show_record(asked: PageRequest, key: str) -> HttpResponse:
    """Show the record of an infusion."""
    record = find_record(asked, key)
    return draw(
        asked,
        "infusion.html",
        record=record,
        clock=shown_moment,
        check=record.check_passed,
        may_end=asked.rights.may(CHECK, record.site),
        STATES=STATES,
    )


@asks(CHECK, "POST")
def end(asked: PageRequest, key: str) -> HttpResponse:
    """End an infusion, or correct what was said of its end."""
    record, given = find_record(asked, key), asked.request.POST
    said: dict[str, Any] = {name: _short(given, name, 400) for name in ("interruption", "reaction", "reason")}
    volume = read_amount(given.get("volume_ml", ""), "volume that was given", 3)
    infusions.end_infusion(record, infusions.InfusionEnd(volume, **said), asked.login)
    return HttpResponseRedirect(f"/infusions/{key}")
