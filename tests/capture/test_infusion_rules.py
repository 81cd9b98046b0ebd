"""The rules of an infusion: limits by hand, and what holds whatever the facts are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.capture.conduct.infusion_rules import (
    INFUSION_RULES,
    InfusionFacts,
    InfusionLimits,
    compute_cells,
    judge_infusion,
)

THAWED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITS = InfusionLimits(
    max_hold_minutes=120,
    min_viability_percent=Decimal(70),
    max_weight_age_days=7,
    cells_per_kg=Decimal(1_000_000),
    tolerance_percent=Decimal(20),
    days=(6, 8),
)
GOOD = InfusionFacts(
    subject="01-001",
    scanned_subject="01-001",
    bag_subject="01-001",
    bag_state="thawed",
    lot_state="released",
    giveable=("released", "conditional"),
    is_confirmed=True,
    has_consent=True,
    now=THAWED + timedelta(minutes=30),
    today=date(2026, 3, 2),
    number=2,
    given=1,
    fits_data=True,
    expires_at=THAWED + timedelta(days=1),
    thawed_at=THAWED,
    total_cells=80_000_000,
    viable_cells=60_000_000,
    cells_given=60_000_000,
    weight_kg=Decimal(60),
    weighed_on=date(2026, 3, 1),
    day=7,
)
NOBODY = {"right_subject", "right_bag", "thawed", "released", "not_blocked", "consent", "stopping"}
NOBODY_OF_ARMS = {"allocated", "right_arm"}


def not_met(facts: InfusionFacts, limits: InfusionLimits = LIMITS) -> set[str]:
    return {each.rule.name for each in judge_infusion(facts, limits) if each.is_open}


def test_a_pause_by_a_stopping_rule_is_named() -> None:
    assert not_met(replace(GOOD, paused_by=("Serious infection",))) == {"stopping"}


def outcome(name: str, facts: InfusionFacts, limits: InfusionLimits = LIMITS) -> str:
    return next(each.outcome for each in judge_infusion(facts, limits) if each.rule.name == name)


def test_an_infusion_as_planned_meets_every_rule() -> None:
    assert {each.outcome for each in judge_infusion(GOOD, LIMITS)} == {"met"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"scanned_subject": "01-002"}, {"right_subject"}),
        ({"bag_subject": "01-002"}, {"right_bag"}),
        ({"bag_subject": ""}, {"right_bag"}),
        ({"is_taken": True}, {"right_bag"}),
        ({"number": 0}, {"right_bag", "previous"}),
        ({"bag_state": "infused"}, {"thawed"}),
        ({"bag_state": "received", "thawed_at": None}, {"thawed", "hold_time"}),
        ({"bag_state": "blocked"}, {"not_blocked"}),
        ({"has_open_excursion": True}, {"not_blocked"}),
        ({"lot_state": "rejected"}, {"released"}),
        ({"lot_state": "recalled"}, {"released"}),
        ({"lot_state": ""}, {"released"}),
        ({"lot_state": "conditional"}, set()),
        ({"has_consent": False}, {"consent"}),
        ({"is_confirmed": False}, {"eligible"}),
        ({"fits_data": False}, {"eligible"}),
        ({"now": THAWED + timedelta(minutes=120)}, set()),
        ({"now": THAWED + timedelta(minutes=120, microseconds=1)}, {"hold_time"}),
        ({"now": THAWED - timedelta(seconds=1)}, {"hold_time"}),
        ({"expires_at": THAWED + timedelta(minutes=30)}, set()),
        ({"expires_at": THAWED + timedelta(minutes=29)}, {"not_expired"}),
        ({"viable_cells": 56_000_000}, set()),
        ({"viable_cells": 55_999_999}, {"viability"}),
        ({"viable_cells": None}, {"viability"}),
        ({"cells_given": 48_000_000}, set()),
        ({"cells_given": 47_999_999}, {"dose"}),
        ({"cells_given": 72_000_000}, set()),
        ({"cells_given": 72_000_001}, {"dose"}),
        ({"weight_kg": None}, {"dose"}),
        ({"weighed_on": date(2026, 2, 23)}, set()),
        ({"weighed_on": date(2026, 2, 22)}, {"weight_age"}),
        ({"weighed_on": date(2026, 3, 3)}, {"weight_age"}),
        ({"weighed_on": None}, {"weight_age"}),
        ({"day": 5}, {"window"}),
        ({"day": 8}, set()),
        ({"day": None}, {"window"}),
        ({"given": 0}, {"previous"}),
        ({"given": 2}, {"previous"}),
        ({"is_running": True}, {"previous"}),
    ],
)
def test_each_limit_to_the_last_unit(changes: dict[str, object], wanted: set[str]) -> None:
    assert not_met(replace(GOOD, **changes)) == wanted  # type: ignore[arg-type]


def test_what_the_study_file_does_not_limit_is_not_asked() -> None:
    bare = InfusionLimits()
    names = {"hold_time", "viability", "dose", "weight_age", "window"}
    assert {name for name in names if outcome(name, GOOD, bare) == "no_limit"} == names
    assert outcome("not_expired", replace(GOOD, expires_at=None), bare) == "no_limit"
    assert not_met(replace(GOOD, expires_at=None), bare) == set()
    assert not_met(GOOD, replace(LIMITS, is_planned=False)) == {"previous"}


def test_a_course_at_relapse_waits_for_the_relapse() -> None:
    """Not before it was found; a second person may override it, as where it cannot be told."""
    found = replace(LIMITS, condition="found", days=(6, inf))
    assert not_met(GOOD, found) == set()
    assert not_met(replace(GOOD, day=5), found) == {"window"}
    assert not_met(replace(GOOD, day=4000), found) == set()
    for condition, told in (("not found", "not_met"), ("unknown", "cannot_tell")):
        assert not_met(GOOD, replace(LIMITS, condition=condition)) == {"condition"}
        assert outcome("condition", GOOD, replace(LIMITS, condition=condition)) == told


def test_who_may_override_what() -> None:
    """Wrong subject, blocked and not released by nobody; without consent neither, nor a bag that cannot be given."""
    assert {rule.name for rule in INFUSION_RULES if rule.override == "nobody"} == NOBODY | NOBODY_OF_ARMS
    assert len({rule.name for rule in INFUSION_RULES}) == len(INFUSION_RULES)


facts_of_any_kind = st.builds(
    replace,
    st.just(GOOD),
    scanned_subject=st.sampled_from(["01-001", "01-002", ""]),
    bag_subject=st.sampled_from(["01-001", "01-002", ""]),
    number=st.integers(0, 3),
    is_taken=st.booleans(),
    bag_state=st.sampled_from(["thawed", "checked", "blocked", "infused", "received", ""]),
    has_open_excursion=st.booleans(),
    lot_state=st.sampled_from(["released", "conditional", "recalled", "rejected", "quarantine", ""]),
    has_consent=st.booleans(),
    is_confirmed=st.booleans(),
    fits_data=st.sampled_from([True, False, None]),
    now=st.timedeltas(timedelta(minutes=-5), timedelta(hours=5)).map(lambda since: THAWED + since),
    thawed_at=st.sampled_from([THAWED, None]),
    expires_at=st.sampled_from([THAWED + timedelta(hours=1), None]),
    total_cells=st.one_of(st.none(), st.integers(0, 10**12)),
    viable_cells=st.one_of(st.none(), st.integers(0, 10**12)),
    cells_given=st.one_of(st.none(), st.integers(0, 10**12)),
    weight_kg=st.one_of(st.none(), st.decimals("0.1", "400", places=1)),
    weighed_on=st.one_of(st.none(), st.dates(date(2026, 2, 1), date(2026, 3, 9))),
    given=st.integers(0, 4),
    is_running=st.booleans(),
    day=st.one_of(st.none(), st.integers(-5, 60)),
)


@given(facts_of_any_kind)
def test_every_rule_answers_whatever_the_facts_are(facts: InfusionFacts) -> None:
    answers = judge_infusion(facts, LIMITS)
    # Of a trial without allocation no rule about arms is asked, and none of a relapse in the first treatment.
    asked = [each for each in INFUSION_RULES if not (each.is_of_arms or each.is_of_conditions)]
    assert [each.rule for each in answers] == asked
    assert all(each.fact and (each.limit or each.outcome == "no_limit") for each in answers)


@given(facts_of_any_kind)
def test_what_is_wrong_alone_is_wrong_together(facts: InfusionFacts) -> None:
    """A rule looks at its own facts: another subject's bag of a recalled lot is told as both."""
    found = not_met(facts)
    assert ("right_subject" in found) == (facts.scanned_subject != "01-001")
    assert ("right_bag" in found) == (facts.bag_subject != "01-001" or not facts.number or facts.is_taken)
    assert ("released" in found) == (facts.lot_state not in {"released", "conditional"})
    assert ("not_blocked" in found) == (facts.bag_state == "blocked" or facts.has_open_excursion)
    assert ("consent" in found) == (not facts.has_consent)


@given(facts_of_any_kind, st.timedeltas(timedelta(0), timedelta(hours=3)))
def test_waiting_never_mends_the_hold_time(facts: InfusionFacts, more: timedelta) -> None:
    later = replace(facts, now=facts.now + more)
    if outcome("hold_time", facts) == "not_met" and facts.now >= THAWED:
        assert outcome("hold_time", later) == "not_met"
    if outcome("not_expired", facts) == "not_met":
        assert outcome("not_expired", later) == "not_met"


@given(
    st.integers(0, 10**12),
    st.decimals("0.1", "1000", places=1),
    st.decimals("0", "1", places=3),
)
def test_cells_of_a_part_are_that_part_of_the_cells(viable: int, volume: Decimal, part: Decimal) -> None:
    """Against exact fractions: off by half a cell at most, all of the volume is all of the cells."""
    given_ml = volume * part
    found = compute_cells(viable, volume, given_ml)
    assert abs(Fraction(found) - viable * Fraction(part)) <= Fraction(1, 2)
    assert compute_cells(viable, volume, volume) == viable
    assert compute_cells(viable, volume, Decimal(0)) == 0
    assert found + compute_cells(viable, volume, volume - given_ml) in {viable, viable + 1}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"is_allocated": False}, {"allocated": "not_met", "right_arm": "cannot_tell"}),
        ({"is_allocated": True}, {"allocated": "met", "right_arm": "met"}),
        ({"is_allocated": True, "is_control": True}, {"allocated": "met", "right_arm": "not_met"}),
        (
            {"is_allocated": True, "is_control": True, "total_cells": None},
            {"allocated": "met", "right_arm": "not_met"},
        ),
        (
            {"is_allocated": True, "is_control": True, "total_cells": 0},
            {"allocated": "met", "right_arm": "met"},
        ),
    ],
)
def test_arms_are_judged_where_the_trial_allocates(
    changes: dict[str, object], wanted: dict[str, str]
) -> None:
    facts = replace(GOOD, **changes)  # type: ignore[arg-type]
    assert {name: outcome(name, facts) for name in wanted} == wanted
    without = {each.rule.name for each in judge_infusion(GOOD, LIMITS)}
    assert not without & NOBODY_OF_ARMS
