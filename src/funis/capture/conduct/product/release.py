"""Release of a lot: each rule of the study file with what was found, decisions, and results that come late.

A test that the study file declares ``result = "after_release"`` may be pending at a release by two people
with a negative rapid test; any other without a result never releases. A result out of limits that comes later
recalls the lot at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from funis.capture.conduct.product.bags import said_reason
from funis.capture.conduct.product.lots import GIVEABLE, LOT_STATES, lot_state, read_typed
from funis.capture.conduct.product.moving import UnitStep, move
from funis.capture.conduct.product.recall import Recalled, acts_now, block_bags, recall_lot, record_decision
from funis.capture.conduct.product.tracing import donors_of_lot
from funis.capture.context import because, moment
from funis.capture.models import LotDecision, LotTest, StudyForm, Unit
from funis.capture.study_in_force import newest_version, study_of, today
from funis.data.check.cell_chain import AWAITED, NO_RESULT, Row, collected_on, judge_result, judge_row
from funis.errors import ValueRangeError
from funis.schema import DONORS, LOTS, Table
from funis.study.model import Study
from funis.study.product import Donor, DonorTest
from funis.study.rules import rule_columns

PENDING: Final = "pending"


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One release rule with what was found.

    Attributes
    ----------
    rule : what is asked: the test, or the columns of the rule; of a donor with its code
    value : what was found, as text; empty where nothing is known
    limit : the rule as the study file has it
    met : whether it is met; None where that cannot be told
    may_wait : it is a result that may come after the release, and is awaited
    donor : code of the donor that the rule is about, empty where it is about the lot
    """

    rule: str
    value: str
    limit: str
    met: bool | None
    may_wait: bool = False
    donor: str = ""

    @property
    def column(self) -> str:
        """Give the column of the rule, or the columns, without the donor before them."""
        return self.rule.removeprefix(_before(self.donor)) if self.donor else self.rule

    def frozen(self) -> dict[str, Any]:
        """Give it as a decision keeps it."""
        return {"value": self.value, "limit": self.limit, "met": self.met, "may_wait": self.may_wait}


def evaluate_release(lot: StudyForm) -> list[RuleOutcome]:
    """Judge a lot by every release rule of the study in force, by those of its donors, and by its expiry.

    Parameters
    ----------
    lot : row of the table ``lots``

    Returns
    -------
    list of RuleOutcome
    """
    study = study_of(newest_version())
    row = _row_of(lot, LOTS)
    late = {each.test for each in study.product.tests if each.result == "after_release"}
    found = [_judge_rule(row, LOTS, rule, "", late) for rule in study.product.release]
    for test in study.product.tests:
        may_wait = test.test in late and row[test.test] in AWAITED
        met = judge_result(row, LOTS, test.test, test.rule)
        found.append(RuleOutcome(test.test, _shown(row[test.test]), test.rule, met, may_wait))
    found += _judge_donors(lot, study)
    expiry = row["expiry"]
    not_past = None if expiry is None else expiry >= today()
    found.append(RuleOutcome("expiry", _shown(expiry), "today or later", not_past))
    return found


def _before(donor: str) -> str:
    return f"donor {donor}: "


def _judge_donors(lot: StudyForm, study: Study) -> Iterator[RuleOutcome]:
    donors = donors_of_lot(lot)
    if not donors:
        yield RuleOutcome("donor", "", "known", None)
    for donor in donors:
        for outcome in _judge_donor(donor, study.donor or Donor()):
            yield replace(outcome, donor=donor.code)


def _judge_donor(donor: StudyForm, asked: Donor) -> Iterator[RuleOutcome]:
    row, before = _row_of(donor, DONORS), _before(donor.code)
    for rule in asked.rules:
        yield _judge_rule(row, DONORS, rule, before, frozenset())
    for test in asked.tests:
        met = judge_result(row, DONORS, test.test, test.rule)
        yield RuleOutcome(before + test.test, _shown(row[test.test]), test.rule, met)
        if test.window_words:
            yield _judge_specimen(row, test, before)
    found = row["eligible"]
    yield RuleOutcome(
        before + "eligible", _shown(found), "eligible = 1", None if found is None else found == 1
    )


def _judge_specimen(row: Row, test: DonorTest, before: str) -> RuleOutcome:
    """Judge when the specimen of a donor's test was taken, in days from the collection."""
    taken, collected = row[f"{test.test}_date"], collected_on(row)
    rule = f"{before}{test.test}_date"
    if taken is None or collected is None:
        return RuleOutcome(rule, _shown(taken), test.window_words, None)
    days = (taken - collected).days
    early, late = test.max_days_before_collection, test.max_days_after_collection
    met = (early is None or days >= -early) and (late is None or days <= late)
    return RuleOutcome(rule, _shown(taken), test.window_words, met)


def _judge_rule(
    row: Row, table: Table, rule: str, before: str, late: frozenset[str] | set[str]
) -> RuleOutcome:
    """Judge a rule over columns; a result that is pending or not done is none."""
    names = tuple(dict.fromkeys(rule_columns(rule)))
    known = {name: None if row[name] in NO_RESULT else row[name] for name in names}
    met = judge_row(known, table, rule)
    awaited = [name for name in names if row[name] in AWAITED]
    may_wait = met is None and bool(awaited) and set(awaited) <= late
    value = ", ".join(
        _shown(row[name]) if len(names) == 1 else f"{name} {_shown(row[name])}" for name in names
    )
    return RuleOutcome(before + ", ".join(names), value, rule, met, may_wait)


def _row_of(form: StudyForm, table: Table) -> dict[str, Any]:
    """Give a row with every column of its table, each value of the kind its rules read."""
    found: dict[str, Any] = {}
    for column in table.columns:
        value = form.data.get(column.name)
        if value is not None and column.kind == "date":
            value = date.fromisoformat(str(value))
        elif value is not None and column.kind == "number":
            value = float(value)
        found[column.name] = value
    return found


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return (
        value.isoformat()
        if isinstance(value, date)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def possible_decisions(lot: StudyForm, outcomes: list[RuleOutcome]) -> tuple[str, ...]:
    """Give the decisions that a lot allows as it stands.

    Parameters
    ----------
    lot : the lot
    outcomes : its rules with what was found

    Returns
    -------
    tuple of str : some of ``release``, ``release_pending``, ``reject``, ``recall``
    """
    state = lot_state(lot)
    all_met = all(each.met for each in outcomes)
    may_wait = not all_met and all(each.met or (each.met is None and each.may_wait) for each in outcomes)
    found = []
    if all_met and state in {"in_process", "quarantine", "conditional"}:
        found.append("release")
    if may_wait and state in {"in_process", "quarantine"}:
        found.append("release_pending")
    if state in {"in_process", "quarantine"}:
        found.append("reject")
    if state in GIVEABLE:
        found.append("recall")
    return tuple(found)


def decide(lot: StudyForm, decision: str, reason: str, rapid_test: str = "") -> LotDecision:
    """Decide on a lot, within a transaction in which somebody acts.

    A release with pending results waits for a second person (`second_decision`); any other stands at once.

    Parameters
    ----------
    lot : the lot
    decision : one of those that `possible_decisions` gives, but for the recall (`recall.recall_lot`)
    reason : why
    rapid_test : name and negative result of the rapid test, where results are pending

    Raises
    ------
    ValueRangeError : the lot does not allow it as it stands, each rule that is not met named; nothing is said
    """
    lot = StudyForm.objects.select_for_update().get(pk=lot.pk)
    outcomes = evaluate_release(lot)
    if decision not in possible_decisions(lot, outcomes) or decision == "recall":
        raise _refusal(lot, outcomes, decision)
    reason = said_reason(reason)
    if decision == "release_pending":
        if not rapid_test.strip():
            raise ValueRangeError("rapid test", "nothing", "its name and its negative result")
        reason = f"{reason} (rapid test: {rapid_test.strip()})"
    made = record_decision(lot, decision, reason, {each.rule: each.frozen() for each in outcomes})
    if made.stands:
        _carry_out(made)
    return made


def second_decision(decision: LotDecision) -> None:
    """Let a second person release a lot with pending results; the rules are judged again.

    Raises
    ------
    ValueRangeError : the person decided first, another decision followed, or the lot no longer allows it
    """
    lot = StudyForm.objects.select_for_update().get(pk=decision.lot_id)
    newest = LotDecision.objects.filter(lot=lot).order_by("number").last()
    if decision.stands or newest is None or newest.pk != decision.pk:
        raise ValueRangeError(
            f"decision on lot {lot.code}", "one that does not wait", "the newest, unconfirmed"
        )
    if acts_now() == decision.decided_by:
        raise ValueRangeError("second person", "the one who decided first", "another person")
    outcomes = evaluate_release(lot)
    if decision.decision not in possible_decisions(lot, outcomes):
        raise _refusal(lot, outcomes, decision.decision)
    with because("decided by two people"):
        decision.second, decision.seconded_at = acts_now(), moment()
        decision.save()
    _carry_out(decision)


def _refusal(lot: StudyForm, outcomes: list[RuleOutcome], decision: str) -> ValueRangeError:
    not_met = [f"{each.rule} ({each.value or 'no result'})" for each in outcomes if not each.met]
    may = ", ".join(possible_decisions(lot, outcomes)) or "nothing"
    todo = f"Not met: {', '.join(not_met)}." if not_met else ""
    return ValueRangeError(f"{decision} of lot {lot.code}", LOT_STATES[lot_state(lot)], may, todo)


def _carry_out(decision: LotDecision) -> None:
    """Write a decision into the row of the lot, and let its bags follow."""
    lot = StudyForm.objects.get(pk=decision.lot_id)
    words = {"release": "released", "release_pending": "conditional", "reject": "rejected"}
    with because(decision.reason):
        lot.data = {**lot.data, "release": words[decision.decision], "release_date": today().isoformat()}
        lot.save()
    if decision.decision == "reject":
        block_bags(lot, f"lot rejected: {decision.reason}")
        return
    other = decision.decided_by if decision.second else ""  # the second person is the one who acts now
    for bag in Unit.objects.filter(lot=lot, state="filled").order_by("code"):
        move(bag, "release", UnitStep(second=other, reason=decision.reason))


def record_result(
    lot: StudyForm, test: str, value: str, known: Mapping[str, Any], reason: str = ""
) -> tuple[LotTest, Recalled | None]:
    """Record a result of a lot; one out of limits of a released lot recalls it at once.

    Parameters
    ----------
    lot : the lot
    test : column of ``lots``
    value : as it was found; ``pending`` where it is awaited
    known : method, laboratory, specimen_on, result_on
    reason : why, where a result stood there before

    Returns
    -------
    LotTest, Recalled : what was recorded; what was recalled by it, none where nothing was

    Raises
    ------
    ValueRangeError : no such test, a value that the form does not take, or a change without a reason
    """
    if test not in lot_tests():
        raise ValueRangeError("test", test, ", ".join(lot_tests()))
    lot = StudyForm.objects.select_for_update().get(pk=lot.pk)
    before = lot.data.get(test)
    if before not in AWAITED and not reason.strip():
        raise ValueRangeError(f"result of {test}", str(before), "a reason, where a result stood there before")
    data = read_typed("lots", lot.data, {test: value})
    with because(reason.strip() or f"result of {test}"):
        lot.data = data
        lot.save()
    state = _state_of(lot, test)
    number = LotTest.objects.filter(lot=lot, test=test).count() + 1
    rules = [each.rule for each in study_of(newest_version()).product.tests if each.test == test]
    made = LotTest(
        lot=lot, test=test, number=number, state=state, value=str(data.get(test, "")),
        rule=rules[0] if rules else "", by=acts_now(), at=moment(), **known,
    )  # fmt: skip
    made.save()
    recalled = None
    if state == "out_of_limits" and lot_state(lot) in GIVEABLE:
        recalled = recall_lot(lot, f"result out of limits after the release: {test} {made.value}")
    return made, recalled


def _state_of(lot: StudyForm, test: str) -> str:
    """Judge the result of a test by every rule that reads it."""
    if lot.data.get(test) in NO_RESULT:
        return "not_done" if lot.data.get(test) == "not_done" else PENDING
    study = study_of(newest_version())
    row = _row_of(lot, LOTS)
    found = [judge_result(row, LOTS, test, each.rule) for each in study.product.tests if each.test == test]
    rules = [rule for rule in study.product.release if test in rule_columns(rule)]
    found += [_judge_rule(row, LOTS, rule, "", frozenset()).met for rule in rules]
    return "out_of_limits" if False in found else "final"


def lot_tests() -> tuple[str, ...]:
    """Name the columns of ``lots`` that hold a result of a test."""
    others = {"lot", "donor", "passage", "cells", "release", "manufactured", "expiry", "release_date"}
    return tuple(column.name for column in LOTS.columns if column.name not in others)
