"""What is known of an infusion before it is given: read from the server's rows, for the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from funis.capture.conduct.allocation.arms import allocation_of, open_arm
from funis.capture.conduct.consent import consent_in_force
from funis.capture.conduct.course_due import find_condition
from funis.capture.conduct.criteria import answered_criteria
from funis.capture.conduct.eligibility import screening_of
from funis.capture.conduct.infusion_rules import InfusionFacts, InfusionLimits, compute_cells
from funis.capture.conduct.product.lots import GIVEABLE, lot_state
from funis.capture.conduct.product.moving import moment_of
from funis.capture.context import moment, moment_at
from funis.capture.models import Form, InfusionRecord, Subject, Unit
from funis.capture.models.screening import ELIGIBLE
from funis.capture.safety.stopping import pausing_rules
from funis.capture.study_in_force import study_of, today, version_at
from funis.errors import ValueRangeError
from funis.study.courses import first_treatment, place_infusions
from funis.study.model import Study


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be given: the volume of the bag, and the weight from which the dose is computed.

    Attributes
    ----------
    given_ml : more than 0, at most the volume of the bag
    weight_kg, weighed_on : body weight and its day; None: not known
    """

    given_ml: Decimal
    weight_kg: Decimal | None = None
    weighed_on: date | None = None


def read_moment(text: str) -> datetime | None:
    """Read a moment as the server stores it; None of an empty one.

    Examples
    --------
    >>> read_moment("2026-03-02T09:00:00.000000Z").isoformat()
    '2026-03-02T09:00:00+00:00'
    """
    return moment_at(text) if text else None


def infusion_rows(subject: Subject) -> list[Form]:
    """Give the rows of the infusions of a subject, by number; one that holds nothing is none."""
    found = Form.objects.filter(subject=subject, name="infusions").order_by("number")
    return [form for form in found if form.data]


def facts_of(subject: Subject, bag: Unit, scanned_subject: str, order: Order) -> InfusionFacts:
    """Read what is known at the bedside.

    Parameters
    ----------
    subject : whose page is open
    bag : that was scanned
    scanned_subject : number on the wristband
    order : what is to be given

    Raises
    ------
    ValueRangeError : the volume is not one of the bag
    """
    rows = infusion_rows(subject)
    is_of_subject = bag.subject_id == subject.pk
    number = bag.infusion or 0
    screening = screening_of(subject)
    is_confirmed = screening is not None and screening.outcome == ELIGIBLE
    study = study_of(version_at(subject.site, today()))
    is_allocated, is_control = _arm_facts(study, subject, number)
    now = read_moment(moment())
    if now is None:
        raise RuntimeError("the clock of the server gives no moment")
    return InfusionFacts(
        subject=subject.number,
        scanned_subject=scanned_subject,
        bag_subject=bag.subject.number if bag.subject is not None and is_of_subject else "",
        bag_state=bag.state,
        lot_state=lot_state(bag.lot) if bag.lot else "",
        giveable=GIVEABLE,
        is_confirmed=is_confirmed,
        fits_data=all(each.problem is None for each in answered_criteria(study, subject, screening))
        if is_confirmed
        else None,
        is_allocated=is_allocated,
        is_control=is_control,
        has_consent=consent_in_force(subject) is not None,
        now=now,
        today=today(),
        number=number,
        given=len(rows),
        is_taken=any(row.number == number for row in rows),
        is_running=InfusionRecord.objects.filter(subject=subject, ended_at="").exists(),
        has_open_excursion=bag.excursion == "open",
        expires_at=read_moment(bag.expires_at),
        thawed_at=read_moment(moment_of(bag, "thaw")),
        total_cells=bag.cells,
        viable_cells=bag.viable_cells if moment_of(bag, "thaw") else None,
        cells_given=cells_of(bag, order.given_ml),
        weight_kg=order.weight_kg,
        weighed_on=order.weighed_on,
        day=_study_day(rows),
        paused_by=pausing_rules(),
    )


def _arm_facts(study: Study, subject: Subject, number: int) -> tuple[bool | None, bool]:
    """Tell whether a subject is allocated, None where this infusion asks for none, and to the control.

    Where subjects are allocated at relapse, their first treatment is that of everybody.
    """
    again = study.re_randomisation
    is_late = again is not None and number > len(first_treatment(study))
    if study.randomisation is None and not is_late:
        return None, False
    allocation = allocation_of(subject)
    control = study.control_arm if again is None else again.control
    return allocation is not None, allocation is not None and open_arm(allocation) == control


def cells_of(bag: Unit, given_ml: Decimal) -> int | None:
    """Compute the cells of a volume of a thawed bag, none of one that is not thawed.

    Raises
    ------
    ValueRangeError : the volume is not more than 0, or more than the bag holds
    """
    if bag.viable_cells is None or not bag.volume_ml or not moment_of(bag, "thaw"):
        return None
    if not 0 < given_ml <= bag.volume_ml:
        most = format(bag.volume_ml.normalize(), "f")
        raise ValueRangeError("volume to be given", f"{given_ml} mL", f"more than 0, at most {most} mL")
    return compute_cells(bag.viable_cells, bag.volume_ml, given_ml)


def _study_day(rows: Sequence[Form]) -> int | None:
    """Give the study day of today: the first infusion is day 0, and before it today would be that."""
    days = sorted(str(row.data["date"]) for row in rows if row.data.get("date"))
    if not days:
        return 0 if not rows else None
    return (today() - date.fromisoformat(days[0])).days


def limits_of(study: Study, subject: Subject, facts: InfusionFacts) -> InfusionLimits:
    """Give what the study file asks of an infusion.

    Parameters
    ----------
    study : of the version in force at the site
    subject : the subject
    facts : number and study day of the infusion
    """
    product = study.product
    rows = infusion_rows(subject)
    days = sorted(str(row.data["date"]) for row in rows if row.data.get("date"))
    placed = [
        {
            "subject": subject.number,
            "number": row.number,
            "day": _days_since(days[0], str(row.data["date"])) if row.data.get("date") else None,
            "course": row.data.get("course"),
        }
        for row in rows
        if row.number != facts.number
    ]
    own = {"subject": subject.number, "number": facts.number or 1, "day": facts.day, "course": None}
    place = place_infusions(study, [*placed, own])[-1]
    planned = place.infusion
    condition, allowed = find_condition(study, subject, place)
    return InfusionLimits(
        max_hold_minutes=product.max_hold_minutes,
        # Nobody counts cells in what the control arm is given.
        min_viability_percent=None if facts.is_control else _decimal(product.min_viability_percent),
        max_weight_age_days=product.max_weight_age_days,
        cells_per_kg=_decimal(planned.cells_per_kg if planned and not facts.is_control else None),
        tolerance_percent=_decimal(planned.tolerance_percent if planned else None) or Decimal(0),
        days=allowed,
        is_planned=planned is not None or not study.infusions,
        condition=condition,
    )


def _days_since(first: str, day: str) -> int:
    return (date.fromisoformat(day) - date.fromisoformat(first)).days


def _decimal(value: float | None) -> Decimal | None:
    if value is None:
        return None
    return Decimal(int(value)) if value == int(value) else Decimal(repr(value))
