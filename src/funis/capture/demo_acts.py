"""What happened lately in the demonstration: done by its users through the same services as their pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

from funis.capture.conduct.bedside import SUBJECT_LABEL, People, Scans, check_at_bedside
from funis.capture.conduct.consent import Given, record_consent
from funis.capture.conduct.eligibility import (
    ScreenFailure,
    answer_criteria,
    confirm_eligibility,
    fail_screening,
)
from funis.capture.conduct.infusion_facts import Order
from funis.capture.conduct.infusions import InfusionEnd, begin_infusion, end_infusion
from funis.capture.conduct.locks import FROZEN, Scope, set_state
from funis.capture.conduct.product.bags import Transport, issue, receive, reserve, thaw
from funis.capture.conduct.product.labels import encode_label, label_text, print_label
from funis.capture.conduct.product.lots import fill_bags, register_row, start_lot
from funis.capture.conduct.product.making import Content, harvest_culture, register_cord, seed_culture
from funis.capture.conduct.product.moving import move
from funis.capture.conduct.product.release import decide
from funis.capture.conduct.screening import add_row, screen_subject
from funis.capture.conduct.visits import record_visit, visits_of
from funis.capture.context import SERVER, Acting, acting, moment, moment_at
from funis.capture.entry.save import FormEntry, save_entry
from funis.capture.models import Account, Form, SafetyClock, StudyForm, Subject, Unit
from funis.capture.monitoring.automatic import check_everything
from funis.capture.monitoring.queries import ask_query, take_step
from funis.capture.monitoring.verification import verify_items
from funis.capture.overview.summaries import refresh_all
from funis.capture.people.factors import add_codes, check_code, end_factor
from funis.capture.people.one_time_codes import STEP, code_at, new_secret
from funis.capture.people.permissions import INVESTIGATOR
from funis.capture.safety.clock import INITIAL, record_awareness
from funis.capture.safety.reports import SentReport, report_event
from funis.capture.signing.acts import prepare, sign
from funis.capture.study_in_force import plan_of, today
from funis.capture.trail.redaction import ask_for_redaction
from funis.errors import ValueRangeError
from funis.study.today import read_clock

_ACTIVE: Final = {"arthritis": 1, "rash": 1, "low_complement": 1, "proteinuria": 1}
"""Items of SLEDAI-2K that are found: 4 + 2 + 2 + 4 = 12 points."""
_BILAG: Final = {
    "arthritis_moderate_tendonitis": 3, "systolic_bp": "118", "diastolic_bp": "74", "proteinuria_24h": "1.2",
    "creatinine": "71", "haemoglobin": "11.2", "wbc": "4.6", "neutrophils": "3.1",
    "lymphocytes": "1.0", "platelets": "168",
}  # fmt: skip
_LABS: Final = {
    "proteinuria_24h": "1.2", "creatinine": "71", "urea_nitrogen": "5.4", "albumin": "36", "c3": "0.62",
    "c4": "0.09", "ana": "320", "anti_dsdna": "240", "haemoglobin": "112", "platelets": "168", "wbc": "4.6",
    "neutrophils": "3.1", "lymphocytes": "1.0",
}  # fmt: skip
_BY_MISTAKE: Final = "telephone 0000-0000"
"""Of nobody: what was typed into a query and is to be taken out."""
_REBUILT: Final = "RECON-"
"""Begins the number of what came with the data folder."""
_KEYS = count(1)


@contextmanager
def _as(role: str, site: str = "") -> Iterator[str]:
    """Let the user of a role act; gives the login."""
    login = f"{role}-{site}" if site else role
    with acting(Acting(login, sites=(site,) if site else None)):
        yield login


def act_out() -> None:
    """Let the users of the demonstration do what leaves something to do on every page."""
    lot = _make_lots()
    _one_in_follow_up()
    _one_ready_for_infusion(lot)
    _one_infused_today(lot)
    _some_in_screening()
    _serious_events()
    with _as("data_manager"):
        done = Subject.objects.filter(status="completed").order_by("number").first()
        if done is not None:
            set_state(Scope(done.site, done.pk), FROZEN, "completed, entered and cleaned")
    with acting(Acting(SERVER, "data checked", sites=None)):
        check_everything()
        refresh_all()


def _enter(login: str, form: Form, values: Mapping[str, Any], reason: str = "") -> None:
    """Enter values as the page of the form sends them."""
    form.refresh_from_db()
    changes = {item: (form.data.get(item), value) for item, value in values.items()}
    person = Account.objects.get(login=login)
    save_entry(FormEntry(f"demo-{next(_KEYS):04d}", form.pk, changes, reason), form, person.pk)
    form.refresh_from_db()


def _form(subject: Subject, name: str) -> Form:
    return Form.objects.select_related("version").get(subject=subject, name=name)


def _screen(site: str, days_ago: int, values: Mapping[str, Any]) -> Subject:
    """Screen a subject who consents, with what is known of her."""
    with _as("coordinator", site) as login:
        subject = screen_subject(site)
        record_consent(subject, Given("2.0", _ago(days_ago), future_use=True), login)
        _enter(login, _form(subject, "subjects"), values)
    return subject


def _enter_baseline(subject: Subject, days_ago: int, found: Mapping[str, int]) -> None:
    """Enter the baseline visit: SLEDAI-2K with what was found, BILAG-2004 and the laboratory."""
    with _as("coordinator", subject.site) as login:
        visit = record_visit(subject, "baseline", _ago(days_ago))
        for form in Form.objects.select_related("version").filter(visit=visit).order_by("name", "number"):
            if form.name == "labs":
                units = {each.test: each.unit for each in plan_of(form.version).form("labs").tests}
                test = str(form.data["test"])
                _enter(login, form, {"value": _LABS[test], "unit": units[test]})
                continue
            items = plan_of(form.version).form(form.name).items
            levels: dict[str, Any] = {each.name: 0 for each in items if each.kind == "choice"}
            _enter(login, form, levels | dict(found if form.name == "sledai_2k" else _BILAG))


def _confirm(subject: Subject) -> None:
    with _as("investigator", subject.site) as login:
        answer_criteria(subject, {"I1": "yes", "I2": "yes", "I3": "yes"}, "")
        confirm_eligibility(subject, login)


def _one_in_follow_up() -> None:
    """Infuse one five weeks ago, so that the visit of month 1 is due; queries and verification of hers."""
    subject = _screen("01", 38, {"sex": "female", "age": 31, "weight_kg": "52"})
    _enter_baseline(subject, 36, _ACTIVE | {"increased_dna_binding": 1})
    _confirm(subject)
    lot = StudyForm.objects.filter(name="lots", code__startswith=_REBUILT).order_by("code").reverse()[0]
    with _as("coordinator", "01") as login:
        for number, days_ago in ((1, 35), (2, 28)):
            row = add_row(subject, "infusions")
            given = {"date": _ago(days_ago).isoformat(), "cells": 52_000_000, "weight_kg": "52"}
            _enter(login, row, given | {"reaction": "none", "lot": lot.code})
            assert row.number == number  # noqa: S101 - a row is numbered as it is added
    sledai, bilag = _form(subject, "sledai_2k"), _form(subject, "bilag_2004")
    with _as("monitor", "01"):
        verify_items(
            sledai, [each.name for each in plan_of(sledai.version).form("sledai_2k").items], sledai.revision
        )
        ask_query(sledai, "rash", "The chart of this day names no rash. Please look again.")
        answered = ask_query(
            bilag, "arthritis_moderate_tendonitis", "For how long has the arthritis been there?"
        )
    # The first is changed after it was signed: a signature that is broken, and one that stands.
    _sign("01", sledai, bilag)
    with _as("coordinator", "01") as login:
        _enter(login, sledai, {"alopecia": 1}, "hair loss stands in the chart")
        take_step(answered, "answer", f"For three weeks; her sister has said so, {_BY_MISTAKE}.")
        ask_for_redaction(subject, _BY_MISTAKE, "a telephone number was typed into an answer")


def _sign(site: str, *forms: Form) -> None:
    """Let the investigator of a site sign forms by password and code, the code really given.

    The app that gives the code is ended afterwards: whoever tries the demonstration logs in by the password
    alone, and enrols an own one to sign.
    """
    with _as("investigator", site) as login:
        person, secret = Account.objects.get(login=login), new_secret()
        step = int(read_clock().timestamp()) // STEP
        app = add_codes(person, secret, code_at(secret, step))
        # A code counts once: the next one is of the next half minute, by which a clock may be off.
        if not check_code(person, code_at(secret, step + 1)):
            raise ValueRangeError("code", "one that does not fit", "the six digits that the app shows now")
        for form in forms:
            form.refresh_from_db()
            sign(form, prepare(person, INVESTIGATOR, form, "review"), None)
        app.refresh_from_db()
        end_factor(app, "the app was that of the demonstration")


def _one_ready_for_infusion(lot: StudyForm) -> None:
    """Let one be eligible, with a bag on its way to her: receipt, thaw and the bedside are left to do."""
    subject = _screen("01", 6, {"sex": "female", "age": 27, "weight_kg": "48"})
    # Her anti-dsDNA says otherwise of one item: a query asks.
    _enter_baseline(subject, 3, _ACTIVE | {"increased_dna_binding": 0})
    _confirm(subject)
    with _as("cell_laboratory"):
        bag = Unit.objects.filter(lot=lot).order_by("code").first()
        assert bag is not None  # noqa: S101 - the lot was filled
        reserve(bag, subject, 1)
        print_label(bag)
        issue(bag)


def _one_infused_today(lot: StudyForm) -> None:
    """Check one at the bedside by two people and two scans, and give the bag."""
    subject = _screen("04", 8, {"sex": "female", "age": 38, "weight_kg": "48"})
    _enter_baseline(subject, 4, _ACTIVE | {"increased_dna_binding": 1})
    _confirm(subject)
    with _as("cell_laboratory"):
        bag = Unit.objects.filter(lot=lot, state="available").order_by("code")[0]
        reserve(bag, subject, 1)
        label = print_label(bag)
        issue(bag)
    with _as("coordinator", "04") as login:
        receive(bag, Transport(is_unbroken=True))
        thaw(bag, 47_000_000, Decimal(50))
        scans = Scans(encode_label(SUBJECT_LABEL, subject.number), label_text(label))
        order = Order(Decimal(50), Decimal(48), today())
        check = check_at_bedside(subject, scans, order, People(login, "investigator-04"))
        end_infusion(begin_infusion(check, login), InfusionEnd(Decimal("49.5")), login)


def _some_in_screening() -> None:
    """Leave one without a consent, one with a half-entered visit, and one who failed."""
    with _as("coordinator", "01"):
        screen_subject("01")
    half = _screen("03", 2, {"sex": "female", "age": 44})
    with _as("coordinator", "03") as login:
        record_visit(half, "baseline", _ago(1))
        _enter(login, _form(half, "sledai_2k"), _ACTIVE)
    failed = _screen("02", 9, {"sex": "male", "age": 15})
    with _as("investigator", "02") as login:
        answer_criteria(failed, {"I1": "no"}, "")
        fail_screening(failed, ScreenFailure("criterion"), login)


def _serious_events() -> None:
    """Let one serious event wait for its report, and one be reported in time."""
    pneumonia = {
        "term": "Pneumonia", "organ_class": "Infections and infestations", "start": _ago(1).isoformat(),
        "grade": 3, "serious": 1, "serious_hospital": 1, "causality": "possible", "related": 1, "expected": 0,
        "outcome": "recovering", "action": "none",
    }  # fmt: skip
    _event(_in_follow_up("01"), pneumonia, hours=5)
    fever = {
        "term": "Fever", "organ_class": "General disorders and administration site conditions",
        "start": _ago(4).isoformat(), "end": _ago(2).isoformat(), "grade": 2, "serious": 1,
        "serious_hospital": 1, "causality": "unlikely", "related": 0, "expected": 1, "outcome": "recovered",
        "action": "none",
    }  # fmt: skip
    clock = _event(_in_follow_up("02"), fever, hours=3)
    with _as("investigator", "02"):
        report_event(clock, SentReport(INITIAL, moment(), "ethics committee and sponsor", "SAE-02-001"))
    nausea: dict[str, Any] = {
        "term": "Nausea",
        "organ_class": "Gastrointestinal disorders",
        "start": _ago(20).isoformat(),
    }
    nausea |= {"grade": 1, "serious": 0, "causality": "possible", "related": 1, "outcome": "recovered"}
    subject = _in_follow_up("03")
    with _as("coordinator", "03") as login:
        _enter(login, add_row(subject, "adverse_events"), nausea)


def _event(subject: Subject, values: Mapping[str, Any], hours: int) -> SafetyClock:
    """Enter a serious event that the site became aware of so many hours ago."""
    with _as("coordinator", subject.site) as login:
        row = add_row(subject, "adverse_events")
        _enter(login, row, values)
        clock = SafetyClock.objects.get(form=row)
        aware = moment_at(moment()) - timedelta(hours=hours)
        return record_awareness(clock, aware.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _in_follow_up(site: str) -> Subject:
    """Give the subject of a site who was rebuilt last, and was not seen for three weeks."""
    for subject in Subject.objects.filter(site=site, number__startswith=_REBUILT).order_by("-number"):
        if (
            subject.status != "completed"
            and max(visit.date for visit in visits_of(subject)) < _ago(21).isoformat()
        ):
            return subject
    raise ValueRangeError("site", site, "one with somebody in follow-up")


def _make_lots() -> StudyForm:
    """Make two lots of one donor: one released with four bags, one whose sterility is awaited."""
    with _as("cell_laboratory"):
        born = _ago(60).isoformat()
        tests = dict.fromkeys(("hiv", "hbv", "hcv", "syphilis"), "negative")
        typed = {"consent_date": _ago(75).isoformat(), "delivery_date": born, "delivery": "vaginal"}
        typed |= tests | {f"{name}_date": born for name in tests} | {"healthy": "1", "eligible": "1"}
        cord = register_cord(register_row("donors", "DEMO-D1", typed), Content())
        move(cord, "receive")
        move(cord, "process")
        first = seed_culture(cord, Content(cells=1_000_000))
        harvest_culture(first, 40_000_000, 38_000_000)
        culture = seed_culture(first, Content(cells=10_000_000))
        harvest_culture(culture, 600_000_000, 560_000_000)
        made = {"viability_percent": "93.5", "mycoplasma": "negative", "expiry": _ago(-330).isoformat()}
        made |= {"manufactured": _ago(20).isoformat()}
        lot = start_lot("DEMO-L1", [culture], made | {"sterility": "negative"})
        bag = Content(cells=50_000_000, viable_cells=48_000_000, volume_ml=Decimal(50))
        fill_bags(lot, culture, 4, bag)
        decide(lot, "release", "every rule is met")
        waiting = start_lot("DEMO-L2", [culture], made)
        fill_bags(waiting, culture, 2, bag)
    return lot


def _ago(days: int) -> date:
    return today() - timedelta(days=days)
