"""The check at the bedside: two people, two scans, every rule; and the override by a second person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funis.capture.conduct.infusion_facts import Order, facts_of, limits_of
from funis.capture.conduct.infusion_rules import RULE_BY_NAME, RuleAnswer, judge_infusion
from funis.capture.conduct.locks import refuse_closed, scope_of
from funis.capture.conduct.product.labels import decode_label, find_scanned
from funis.capture.conduct.product.moving import UnitStep, lock_unit, move
from funis.capture.context import because, moment
from funis.capture.models import BedsideCheck, Subject, Unit
from funis.capture.models.infusions import OVERRIDDEN, PASSED, REFUSED
from funis.capture.study_in_force import study_of, today, version_at
from funis.errors import ValueRangeError

SUBJECT_LABEL = "subject"


@dataclass(frozen=True, slots=True)
class Scans:
    """What came from the labels.

    Attributes
    ----------
    subject, bag : as the scanner gave them, or as they were typed
    typed : which of both were typed by hand
    typed_reason : why; needed where one was
    """

    subject: str
    bag: str
    typed: tuple[str, ...] = ()
    typed_reason: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Logins of the two who check; both have shown for this check who they are."""

    first: str
    second: str


def read_scans(scans: Scans) -> tuple[str, Unit]:
    """Read the number on the wristband, and find the bag of the label.

    Raises
    ------
    ValueRangeError : a label of another kind, a void one, a wrong character, or a typed code without a reason
    """
    if scans.typed and not scans.typed_reason.strip():
        raise ValueRangeError("reason", "nothing", "why a code was typed and not scanned")
    wrist = decode_label(scans.subject)
    if wrist.kind != SUBJECT_LABEL:
        raise ValueRangeError("wristband", f"the label of a {wrist.kind}", "the wristband of the subject")
    bag = find_scanned(scans.bag)
    if bag.kind != "bag":
        raise ValueRangeError("label of the bag", f"the label of a {bag.kind}", "the label of a bag")
    return wrist.code, bag


def check_at_bedside(subject: Subject, scans: Scans, order: Order, people: People) -> BedsideCheck:
    """Check a subject and a bag against every rule, within a transaction in which the first person acts.

    Parameters
    ----------
    subject : whose page is open, of the site of both people
    scans : of wristband and bag
    order : volume and weight
    people : two, who differ

    Returns
    -------
    BedsideCheck : passed, and the bag is checked; or refused, with every rule as it was judged

    Raises
    ------
    ValueRangeError : one person twice, a label that cannot be read, a volume that the bag does not hold, or
        a subject who is closed to entry
    """
    if people.first == people.second:
        raise ValueRangeError("second person", "the same person", "another person")
    number, found = read_scans(scans)
    refuse_closed(scope_of(subject), changes_subject=True)
    bag = lock_unit(found)
    answers = judge_now(subject, bag, number, order)
    is_passed = not any(each.is_open for each in answers)
    check = BedsideCheck(
        subject=subject,
        site=subject.site,
        number=bag.infusion or 0,
        unit=bag,
        scan_subject=scans.subject.strip(),
        scan_bag=scans.bag.strip(),
        typed=",".join(scans.typed),
        typed_reason=scans.typed_reason.strip() if scans.typed else "",
        first=people.first,
        second=people.second,
        at=moment(),
        given_ml=order.given_ml,
        weight_kg=order.weight_kg,
        weighed_on=order.weighed_on,
        rules=_written(answers),
        outcome=PASSED if is_passed else REFUSED,
    )
    check.save()
    if is_passed:
        _mark_checked(check)
    return check


def judge_now(subject: Subject, bag: Unit, scanned_subject: str, order: Order) -> tuple[RuleAnswer, ...]:
    """Judge every rule of an infusion as things stand at this moment."""
    facts = facts_of(subject, bag, scanned_subject, order)
    study = study_of(version_at(subject.site, today()))
    return judge_infusion(facts, limits_of(study, subject, facts))


def _written(answers: tuple[RuleAnswer, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for each in answers:
        name = each.rule.name
        said |= {name: each.outcome, f"{name}_fact": each.fact, f"{name}_limit": each.limit}
    return said


def answers_of(check: BedsideCheck) -> list[RuleAnswer]:
    """Give the rules of a check as they were judged then, in the order of the table."""
    return [
        RuleAnswer(rule, check.rules[name], check.rules[f"{name}_fact"], check.rules[f"{name}_limit"])
        for name, rule in RULE_BY_NAME.items()
        if name in check.rules
    ]


def open_rules(check: BedsideCheck) -> set[str]:
    """Give the names of the rules that a check found not met, or of which it could not tell."""
    return {each.rule.name for each in answers_of(check) if each.is_open}


def may_be_overridden(check: BedsideCheck) -> bool:
    """Tell whether a second person may override a check: nothing is open that nobody can override."""
    names = open_rules(check)
    return check.outcome == REFUSED and all(RULE_BY_NAME[name].override != "nobody" for name in names)


def override_check(check: BedsideCheck, approver: str, reason: str) -> None:
    """Override what a check found, within a transaction in which somebody acts.

    Parameters
    ----------
    check : refused, with nothing open that nobody can override
    approver : login of who answers for it; another person than the first of the check
    reason : why the infusion is right all the same

    Raises
    ------
    ValueRangeError : the same person, no reason, a rule that nobody can override, or the bag is elsewhere now
    """
    if approver == check.first:
        raise ValueRangeError("who overrides", "the first person of the check", "another person")
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the infusion is right all the same")
    never = sorted(name for name in open_rules(check) if RULE_BY_NAME[name].override == "nobody")
    if check.outcome != REFUSED or never:
        words = ", ".join(RULE_BY_NAME[name].words for name in never) or "a check that was not refused"
        raise ValueRangeError("check", words, "a refused check whose rules can be overridden")
    refuse_closed(scope_of(check.subject), changes_subject=True)
    refuse_older(check)
    with because(reason.strip()):
        check.outcome, check.approver, check.override_reason = OVERRIDDEN, approver, reason.strip()
        check.overridden_at = moment()
        check.save()
    _mark_checked(check)


def refuse_older(check: BedsideCheck) -> None:
    """Refuse a check after which another one of the same bag was made.

    Raises
    ------
    ValueRangeError : there is a newer one
    """
    if BedsideCheck.objects.filter(unit=check.unit_id, at__gt=check.at).exists():
        raise ValueRangeError("check", "an older one", "the newest check of the bag", "Open the newest one.")


def _mark_checked(check: BedsideCheck) -> None:
    """Let the bag take the step; a bag that was checked before stays so."""
    bag = lock_unit(check.unit)
    if bag.state == "checked":
        return
    details = {"check": check.pk, "number": check.number}
    move(bag, "check", UnitStep(second=check.second, scan=check.scan_bag, details=details))
