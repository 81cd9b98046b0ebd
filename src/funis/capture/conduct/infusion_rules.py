"""The rules of an infusion as one table: what is compared with what, and who may override it. Pure.

A rule is met, not met, cannot be told, or has no limit in the study file. Nobody overrides a wrong
subject, a wrong bag, a missing consent, a lot that is not released, a blocked bag and a stopping rule that
pauses the infusions; a second person may override the others with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Final, Literal

Outcome = Literal["met", "not_met", "cannot_tell", "no_limit"]
Override = Literal["nobody", "second"]

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "met": "Met",
    "not_met": "Not met",
    "cannot_tell": "Cannot tell",
    "no_limit": "The study file sets no limit",
}
"""What a rule says, with the printed words."""
OVERRIDES: Final[Mapping[Override, str]] = {
    "nobody": "Nobody can override it.",
    "second": "A second person can override it with a reason.",
}
"""Who may override a rule, with the printed words."""
FACTS: Final = {
    "unknown": "not known",
    "confirmed": "confirmed",
    "not confirmed": "not confirmed",
    "confirmed, data differ": "confirmed, but the data now say otherwise",
    "in force": "in force",
    "not in force": "none is in force",
    "blocked": "blocked",
    "excursion": "temperature excursion without a decision",
    "free": "not blocked",
    "not paused": "not paused",
    "allocated": "allocated",
    "not allocated": "not allocated",
    "cells": "a bag of cells for the control arm",
    "fits": "fits the arm",
    "found": "was found",
    "not found": "was not found",
    "not planned": "not planned",
    "given before": "an infusion of this number was given",
    "still running": "the infusion before is not recorded to its end",
}
"""Facts that are no numbers, with the printed words."""


@dataclass(frozen=True, slots=True)
class InfusionLimits:
    """What the study file asks of one infusion; None: it sets no limit.

    Attributes
    ----------
    max_hold_minutes : from the thaw
    min_viability_percent : of the cells at the thaw
    max_weight_age_days : age of the weight
    cells_per_kg, tolerance_percent : planned dose
    days : first and last study day on which the infusion is planned
    is_planned : the study file plans this infusion
    condition : of the first infusion of a course that is due at relapse or by a rule: ``found``, ``not
        found``, ``unknown``; empty of any other
    """

    max_hold_minutes: int | None = None
    min_viability_percent: Decimal | None = None
    max_weight_age_days: int | None = None
    cells_per_kg: Decimal | None = None
    tolerance_percent: Decimal = Decimal(0)
    days: tuple[float, float] | None = None
    is_planned: bool = True
    condition: str = ""


@dataclass(frozen=True, slots=True)
class InfusionFacts:
    """What is known at the bedside.

    Attributes
    ----------
    subject, scanned_subject : number of the subject whose page is open, and of the wristband
    bag_subject : number of the subject the bag is reserved for; empty: none
    bag_state : of the bag, as its events give it
    has_open_excursion : its temperature was left in transport, and nobody decided on it
    lot_state : of its lot, by the decisions on it
    giveable : states of a lot whose bags may be given
    is_confirmed, fits_data : eligibility was confirmed; the data still agree with it (None: not asked)
    has_consent : a consent is in force
    now, expires_at, thawed_at : by the clock of the server
    total_cells, viable_cells : of the bag, at its fill and at its thaw
    cells_given : of the volume that is to be given
    weight_kg, weighed_on, today : weight, its day, the day in the study's time zone
    is_allocated : the subject was allocated; None: the trial does not allocate
    is_control : the subject is in the control arm, which is given no cells
    number : of the infusion the bag is reserved for; 0: of none
    given, is_taken, is_running : how many infusions were given; one of this number; one without an end yet
    day : study day, 0 the first infusion
    paused_by : stopping rules of the study file that pause the infusions, as printed
    """

    subject: str
    scanned_subject: str
    bag_subject: str
    bag_state: str
    lot_state: str
    giveable: tuple[str, ...]
    is_confirmed: bool
    has_consent: bool
    now: datetime
    today: date
    number: int
    given: int
    has_open_excursion: bool = False
    fits_data: bool | None = None
    is_allocated: bool | None = None
    is_control: bool = False
    expires_at: datetime | None = None
    thawed_at: datetime | None = None
    total_cells: int | None = None
    viable_cells: int | None = None
    cells_given: int | None = None
    weight_kg: Decimal | None = None
    weighed_on: date | None = None
    is_taken: bool = False
    is_running: bool = False
    day: int | None = None
    paused_by: tuple[str, ...] = ()


Judged = tuple[Outcome, str, str]


@dataclass(frozen=True, slots=True)
class InfusionRule:
    """One rule: its name, what it asks in words, who may override it, and how it is judged.

    One that is of arms is judged where the trial allocates, and in no other; one that is of conditions at the
    first infusion of a course that is due at relapse or by a rule.
    """

    name: str
    words: str
    override: Override
    judge: Callable[[InfusionFacts, InfusionLimits], Judged]
    is_of_arms: bool = False
    is_of_conditions: bool = False


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What a rule says: the fact it found (a key of `FACTS`, or a value), the limit, whether it is met."""

    rule: InfusionRule
    outcome: Outcome
    fact: str
    limit: str

    @property
    def is_open(self) -> bool:
        """Tell whether the infusion must wait for it."""
        return self.outcome in {"not_met", "cannot_tell"}


def compute_cells(viable_cells: int, volume_ml: Decimal, given_ml: Decimal) -> int:
    """Compute the cells of a volume: viable cells at the thaw x volume given / volume; never typed.

    Parameters
    ----------
    viable_cells, volume_ml : of the whole bag, at the thaw
    given_ml : more than 0, at most the volume

    Returns
    -------
    int : whole cells, a half away from zero

    Examples
    --------
    >>> compute_cells(60_000_000, Decimal("50"), Decimal("48.5"))
    58200000
    """
    exact = Fraction(viable_cells) * Fraction(given_ml) / Fraction(volume_ml)
    return int(exact + Fraction(1, 2))


def judge_infusion(facts: InfusionFacts, limits: InfusionLimits) -> tuple[RuleAnswer, ...]:
    """Judge every rule of an infusion.

    Parameters
    ----------
    facts : what is known at the bedside
    limits : of the study file

    Returns
    -------
    tuple of RuleAnswer : one for each of `INFUSION_RULES`, in their order; those of arms and of conditions
        where there are any

    Examples
    --------
    >>> facts = InfusionFacts(
    ...     "01-001", "01-002", "01-001", "thawed", "released", ("released",), True, True,
    ...     datetime(2026, 1, 1, 12), date(2026, 1, 1), 1, 0)
    >>> [each.rule.name for each in judge_infusion(facts, InfusionLimits()) if each.is_open]
    ['right_subject']
    """
    return tuple(
        RuleAnswer(rule, *rule.judge(facts, limits))
        for rule in INFUSION_RULES
        if (facts.is_allocated is not None or not rule.is_of_arms)
        and (limits.condition or not rule.is_of_conditions)
    )


def _stands(is_met: bool) -> Outcome:  # noqa: FBT001 - the fact itself
    return "met" if is_met else "not_met"


def _right_subject(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    return _stands(facts.scanned_subject == facts.subject), facts.scanned_subject or "unknown", facts.subject


def _right_bag(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    if facts.is_taken:
        return "not_met", "given before", facts.subject
    found = facts.bag_subject if facts.number else ""
    return _stands(found == facts.subject), found or "unknown", facts.subject


def _is_thawed(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    if facts.bag_state == "blocked":
        # Said by the rule of blocked bags; what it was before is not told by its state.
        return _stands(facts.thawed_at is not None), facts.bag_state, "thawed"
    return _stands(facts.bag_state in {"thawed", "checked"}), facts.bag_state or "unknown", "thawed"


def _is_released(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    return (
        _stands(facts.lot_state in facts.giveable),
        facts.lot_state or "unknown",
        " / ".join(facts.giveable),
    )


def _is_free(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    if facts.bag_state == "blocked":
        return "not_met", "blocked", "free"
    return ("not_met", "excursion", "free") if facts.has_open_excursion else ("met", "free", "free")


def _has_consent(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    return _stands(facts.has_consent), "in force" if facts.has_consent else "not in force", "in force"


def _is_eligible(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    if not facts.is_confirmed:
        return "not_met", "not confirmed", "confirmed"
    if facts.fits_data is False:
        return "not_met", "confirmed, data differ", "confirmed"
    return "met", "confirmed", "confirmed"


def _is_allocated(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    is_met = bool(facts.is_allocated)
    return _stands(is_met), "allocated" if is_met else "not allocated", "allocated"


def _fits_arm(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    """Judge the bag against the arm: one of cells, or whose cells nobody counted, is none for the control."""
    if facts.is_control and (facts.total_cells is None or facts.total_cells > 0):
        return "not_met", "cells", "fits"
    return ("met", "fits", "fits") if facts.is_allocated else ("cannot_tell", "unknown", "fits")


def _is_not_expired(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    if facts.expires_at is None:
        return "no_limit", _minute(facts.now), ""
    return _stands(facts.now <= facts.expires_at), _minute(facts.now), f"≤ {_minute(facts.expires_at)}"


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _hold(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    limit = limits.max_hold_minutes
    if facts.thawed_at is None:
        return ("no_limit" if limit is None else "cannot_tell"), "unknown", _at_most(limit, "min")
    seconds = (facts.now - facts.thawed_at).total_seconds()
    fact = f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if limit is None:
        return "no_limit", fact, ""
    return _stands(0 <= seconds <= limit * 60), fact, _at_most(limit, "min")


def _at_most(limit: object, unit: str) -> str:
    return "" if limit is None else f"≤ {limit} {unit}"


def _viability(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    limit = limits.min_viability_percent
    wanted = "" if limit is None else f"≥ {limit} %"
    if not facts.total_cells or facts.viable_cells is None:
        return ("no_limit" if limit is None else "cannot_tell"), "unknown", wanted
    found = Fraction(100 * facts.viable_cells, facts.total_cells)
    outcome: Outcome = "no_limit" if limit is None else _stands(found >= Fraction(limit))
    return outcome, f"{_one_decimal(found)} %", wanted


def _one_decimal(value: Fraction) -> str:
    """Print with one decimal, a half away from zero."""
    tenths = int(abs(value) * 10 + Fraction(1, 2))
    return f"{'-' if value < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def _dose(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    planned, weight = limits.cells_per_kg, facts.weight_kg
    fact = "unknown" if facts.cells_given is None else f"{facts.cells_given:,}"
    if planned is None:
        return "no_limit", fact, ""
    tolerance = Fraction(limits.tolerance_percent) / 100
    if not weight or facts.cells_given is None:
        return "cannot_tell", fact, f"{planned:,f} ± {limits.tolerance_percent:f} % × kg"
    wanted = Fraction(planned) * Fraction(weight)
    low, high = wanted * (1 - tolerance), wanted * (1 + tolerance)
    # Whole cells that lie inside: the least from below, the most from above.
    said = f"{ceil(low):,} – {floor(high):,}"
    return _stands(low <= facts.cells_given <= high), fact, said


def _weight_age(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    limit = limits.max_weight_age_days
    if facts.weighed_on is None:
        return ("no_limit" if limit is None else "cannot_tell"), "unknown", _at_most(limit, "d")
    age = (facts.today - facts.weighed_on).days
    if limit is None:
        return "no_limit", f"{age} d", ""
    return _stands(0 <= age <= limit), f"{age} d", _at_most(limit, "d")


def _window(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    day = "unknown" if facts.day is None else f"{facts.day} d"
    if limits.days is None:
        return "no_limit", day, ""
    low, high = limits.days
    wanted = f"{low:g} d" if low == high else f"{low:g} – {high:g} d" if isfinite(high) else f"≥ {low:g} d"
    return ("cannot_tell" if facts.day is None else _stands(low <= facts.day <= high)), day, wanted


def _condition(_: InfusionFacts, limits: InfusionLimits) -> Judged:
    """Judge whether what a course is planned for was found in the subject."""
    if limits.condition == "unknown":
        return "cannot_tell", "unknown", "found"
    return _stands(limits.condition == "found"), limits.condition, "found"


def _previous(facts: InfusionFacts, limits: InfusionLimits) -> Judged:
    wanted = str(facts.number - 1)
    if facts.is_running:
        return "not_met", "still running", wanted
    if not limits.is_planned:
        return "not_met", "not planned", wanted
    return _stands(facts.given == facts.number - 1), str(facts.given), wanted


def _is_not_paused(facts: InfusionFacts, _: InfusionLimits) -> Judged:
    return _stands(not facts.paused_by), ", ".join(facts.paused_by) or "not paused", "not paused"


INFUSION_RULES: Final = (
    InfusionRule("right_subject", "The wristband is that of the subject", "nobody", _right_subject),
    InfusionRule("right_bag", "The bag is reserved for the subject", "nobody", _right_bag),
    InfusionRule("thawed", "The bag is thawed and was not given", "nobody", _is_thawed),
    InfusionRule("released", "The lot is released", "nobody", _is_released),
    InfusionRule("not_blocked", "The bag is not blocked", "nobody", _is_free),
    InfusionRule("consent", "A consent is in force", "nobody", _has_consent),
    InfusionRule("stopping", "No stopping rule pauses the infusions", "nobody", _is_not_paused),
    InfusionRule("allocated", "The subject is allocated to an arm", "nobody", _is_allocated, is_of_arms=True),
    InfusionRule("right_arm", "The bag is one for the arm", "nobody", _fits_arm, is_of_arms=True),
    InfusionRule("eligible", "Eligibility is confirmed", "second", _is_eligible),
    InfusionRule("not_expired", "The bag has not expired", "second", _is_not_expired),
    InfusionRule("hold_time", "Time since the thaw", "second", _hold),
    InfusionRule("viability", "Viable cells at the thaw", "second", _viability),
    InfusionRule("dose", "Cells for the weight", "second", _dose),
    InfusionRule("weight_age", "Age of the weight", "second", _weight_age),
    InfusionRule(
        "condition",
        "The relapse or the rule that this course is planned for was found",
        "second",
        _condition,
        is_of_conditions=True,
    ),
    InfusionRule("window", "Study day within the window", "second", _window),
    InfusionRule("previous", "Infusions given before, as planned", "second", _previous),
)
"""Every rule of an infusion. Consent stands among those that nobody overrides: nobody else can give
it; a pause by a stopping rule, too: the safety board alone decides to go on."""

RULE_BY_NAME: Final = {rule.name: rule for rule in INFUSION_RULES}
