"""An infusion: begun after a check that still holds, ended with what was given; its row is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from funis.capture.conduct.bedside import Scans, judge_now, open_rules, read_scans, refuse_older
from funis.capture.conduct.infusion_facts import Order, read_moment
from funis.capture.conduct.infusion_rules import compute_cells
from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.conduct.product.moving import UnitStep, lock_unit, move
from funis.capture.context import because, moment
from funis.capture.forms.validation import check_changes
from funis.capture.models import BedsideCheck, Form, InfusionRecord
from funis.capture.models.infusions import OVERRIDDEN, REFUSED
from funis.capture.safety.stopping import watch_rules
from funis.capture.study_in_force import plan_of, started_with, today, version_at
from funis.errors import ValueRangeError

NO_REACTION = "none"
BEGUN, ENDED = "infusion begun", "infusion ended"


def begin_infusion(check: BedsideCheck, login: str) -> InfusionRecord:
    """Begin the infusion of a check; every rule is judged once more, since time went by.

    Parameters
    ----------
    check : passed or overridden, the newest of its bag
    login : of who begins it

    Raises
    ------
    ValueRangeError : the check was refused or used, or a rule is not met now that was not overridden
    """
    refuse_closed(scope_of(check.subject), changes_subject=True)
    bag = lock_unit(check.unit)
    if check.outcome == REFUSED:
        raise ValueRangeError("check", "refused", "a check that was passed")
    if InfusionRecord.objects.filter(check_passed=check).exists():
        raise ValueRangeError("check", "used for an infusion", "a check that was not used yet")
    refuse_older(check)
    scanned, _ = read_scans(Scans(check.scan_subject, check.scan_bag))
    order = Order(check.given_ml, check.weight_kg, check.weighed_on)
    let_pass = open_rules(check) if check.outcome == OVERRIDDEN else set()
    late = [
        each
        for each in judge_now(check.subject, bag, scanned, order)
        if each.is_open and each.rule.name not in let_pass
    ]
    if late:
        words = "; ".join(f"{each.rule.words}: {each.fact}" for each in late)
        raise ValueRangeError("rules", "not met any more", "every rule met", f"Check again. {words}.")
    record = _make_record(check, login)
    move(bag, "infuse", UnitStep(second=check.second, scan=check.scan_bag, details={"infusion": record.pk}))
    return record


def _make_record(check: BedsideCheck, login: str) -> InfusionRecord:
    now = moment()
    lot = check.unit.lot
    typed: dict[str, Any] = {"date": today().isoformat(), "start": _clock(now)}
    typed |= {"lot": lot.code} if lot else {}
    typed |= {"weight_kg": format(check.weight_kg.normalize(), "f")} if check.weight_kg is not None else {}
    version = version_at(check.site, today())
    form = Form(
        subject=check.subject, site=check.site, name="infusions", number=check.number, version=version
    )
    form.data = _read_row(form, typed)
    form.save()
    record = InfusionRecord(
        subject=check.subject,
        site=check.site,
        number=check.number,
        check_passed=check,
        unit=check.unit,
        form=form,
        started_at=now,
        started_by=login,
    )
    record.save()
    watch_rules()
    return record


def _clock(at: str) -> str:
    """Give the time of day of a moment in the study's time zone, as the table says it."""
    found = read_moment(at)
    return found.astimezone(ZoneInfo(started_with().trial.timezone)).strftime("%H:%M") if found else ""


def _read_row(form: Form, typed: dict[str, Any]) -> dict[str, Any]:
    """Read a row of the table as its form reads what is typed.

    Raises
    ------
    ValueRangeError : a value that the form does not take
    """
    checked = check_changes(plan_of(form.version).form("infusions"), form.data, typed, today=today())
    for remark in checked.refusals:
        raise ValueRangeError(remark.key, str(remark.found), remark.allowed_words(), remark.to_do())
    return checked.document


@dataclass(frozen=True, slots=True)
class InfusionEnd:
    """What was given at the end of an infusion.

    Attributes
    ----------
    volume_ml : 0 to the volume of the bag
    interruption : in words; empty: none
    reaction : in words; empty: none
    reason : why a record that had ended is another now
    """

    volume_ml: Decimal
    interruption: str = ""
    reaction: str = ""
    reason: str = ""


def end_infusion(record: InfusionRecord, given: InfusionEnd, login: str) -> InfusionRecord:
    """End an infusion, or correct what was said of its end; the cells are computed, never typed.

    Parameters
    ----------
    record : of an infusion that was begun
    given : what was given
    login : of who ends it

    Raises
    ------
    ValueRangeError : a volume that the bag does not hold, or a correction without a reason
    """
    record = (
        InfusionRecord.objects.select_for_update().select_related("unit", "form__version").get(pk=record.pk)
    )
    refuse_closed(scope_of(record.form))
    bag = record.unit
    if record.ended_at and not given.reason.strip():
        raise ValueRangeError("reason", "nothing", "why the record is another now")
    if bag.viable_cells is None or bag.volume_ml is None:
        raise ValueRangeError("bag", "no cells at the thaw", "a bag that was thawed")
    if not 0 <= given.volume_ml <= bag.volume_ml:
        most = format(bag.volume_ml.normalize(), "f")
        raise ValueRangeError("volume that was given", f"{given.volume_ml} mL", f"0 to {most} mL")
    cells = compute_cells(bag.viable_cells, bag.volume_ml, given.volume_ml)
    reaction = given.reaction.strip() or NO_REACTION
    with because(given.reason.strip() or ENDED):
        if not record.ended_at:
            record.ended_at, record.ended_by = moment(), login
        record.volume_ml, record.cells_given = given.volume_ml, cells
        record.interruption, record.reaction = given.interruption.strip() or NO_REACTION, reaction
        record.save()
        form = record.form
        said = {"cells": str(cells), "end": _clock(record.ended_at), "reaction": reaction}
        form.data = _read_row(form, said)
        form.save()
    return record


def is_made_from_record(form: Form) -> bool:
    """Tell whether a row of infusions is made from a record: nobody types into it."""
    return form.name == "infusions" and InfusionRecord.objects.filter(form=form).exists()
