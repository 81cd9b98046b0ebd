"""When to infuse again: policies compared on the same virtual responders, all that is not known carried on.

Every draw from the posterior has its own responders; each responder has the same luck under every policy, so
that only the policy differs. Time runs in months from the response at month 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from funis.simulate.calibration import Limits95, limits95
from funis.simulate.likelihood import column, koff_of
from funis.simulate.parameters import FIXED
from funis.simulate.published_figures import INFUSION_MONTHS, RESPONSE_MONTH
from funis.stats.sample import Booleans, Floats

PolicyKind = Literal["none", "fixed", "at relapse", "at biomarker rise"]
_STEP: Final = 0.25
_VISIT_EVERY: Final = 3.0


@dataclass(frozen=True, slots=True)
class PolicyAssumption:
    """One number that no published study gives.

    Attributes
    ----------
    key, name, value : of the number
    """

    key: str
    name: str
    value: float


POLICY_ASSUMPTIONS: Final = (
    PolicyAssumption("active", "months a relapse stays active under the usual treatment", 12.0),
    PolicyAssumption("answer", "months until a relapse that answers to cells is quiet", 3.0),
    PolicyAssumption("noise", "noise of the biomarker (SD of the logarithm)", 0.15),
    PolicyAssumption("rise", "rise of the biomarker over its lowest value that counts", 0.25),
    PolicyAssumption("apart", "least months between two infusions", 6.0),
)  # fmt: skip
"""Beside these: how many relapses answer to cells is a rate of each draw, uniform between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When to infuse again.

    Attributes
    ----------
    kind : what begins an infusion
    month : of a fixed repeat; 0 else
    """

    kind: PolicyKind
    month: float = 0.0

    @property
    def name(self) -> str:
        """Say it in words."""
        return f"all at month {self.month:g}" if self.kind == "fixed" else self.kind


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What a policy leads to, for 100 responders from month 6 to the end.

    Attributes
    ----------
    policy : the policy
    relapses, active_months, infusions : median and central 95% over the posterior
    fewer_relapses : than without repeat, in the same draws
    fewer_active_months : the same
    better : share of the draws with fewer active months than without repeat
    refused : infusions that were due and for which there were no cells
    """

    policy: Policy
    relapses: Limits95
    active_months: Limits95
    infusions: Limits95
    fewer_relapses: Limits95
    fewer_active_months: Limits95
    better: float
    refused: float


@dataclass(frozen=True, slots=True)
class _Luck:
    """What chance decides, the same under every policy; shapes (draws, responders)."""

    is_prone: Booleans
    first: Floats
    second: Floats
    answer: Floats
    noise: Floats


def assumed_policy(key: str) -> float:
    """Give one assumed number of the policies."""
    return next(each.value for each in POLICY_ASSUMPTIONS if each.key == key)


def compare_policies(
    values: Floats,
    policies: Sequence[Policy],
    *,
    end: float,
    responders: int,
    most_infusions: float,
    seed: np.random.SeedSequence,
    can_answer: bool = True,
) -> tuple[PolicyOutcome, ...]:
    """Compare policies on the same responders.

    Parameters
    ----------
    values : posterior draws, shape (draws, parameters)
    policies : the first is what the others are compared with
    end : last month
    responders : of each draw
    most_infusions : for each 100 responders there are cells for so many; infinity for no limit
    seed : of the random numbers
    can_answer : a relapse may answer to cells
    """
    generator = np.random.default_rng(seed)
    shape = (len(values), responders)
    visits = int((end - RESPONSE_MONTH) / _VISIT_EVERY) + 1
    luck = _Luck(
        generator.random(shape) < column(values, "prone")[:, None], generator.exponential(size=shape),
        generator.exponential(size=shape), generator.random(shape),
        generator.standard_normal((visits, *shape)),
    )  # fmt: skip
    rate = generator.random((len(values), 1)) * can_answer
    found = [_follow_policy(values, each, luck, rate, end, most_infusions) for each in policies]
    return tuple(_summarise(policy, each, found[0]) for policy, each in zip(policies, found, strict=True))


@dataclass(slots=True)
class _State:
    """Where every responder stands; shapes (draws, responders)."""

    imprint: Floats
    antibody: Floats
    lowest: Floats
    hazard: Floats
    quiet_from: Floats
    last_infusion: Floats
    relapses: Floats
    active: Floats
    infusions: Floats
    refused: float = 0.0


def _follow_policy(
    values: Floats, policy: Policy, luck: _Luck, rate: Floats, end: float, most: float
) -> _State:
    decay = np.exp(-koff_of(values) * _STEP)[:, None]
    state = _begin(values, luck.first.shape)
    x50, h0, beta = (column(values, key)[:, None] for key in ("x50", "h0", "beta"))
    kb, eb = (next(each.numbers[0] for each in FIXED if each.key == key) for key in ("kb", "eb"))
    turnover = 1.0 - math.exp(-kb * _STEP)
    for step in range(round((end - RESPONSE_MONTH) / _STEP)):
        month = RESPONSE_MONTH + step * _STEP
        is_quiet = state.quiet_from <= month
        due = _due(policy, state, luck, month, is_quiet=is_quiet)
        _infuse(state, due, month, most)
        saturated = state.imprint / (state.imprint + x50)
        state.antibody += turnover * (1.0 - eb * saturated - state.antibody)
        state.hazard += np.where(luck.is_prone & is_quiet, h0 * np.exp(-beta * saturated) * _STEP, 0.0)
        wanted = np.where(state.relapses < 1, luck.first, luck.first + luck.second)
        relapsed = is_quiet & luck.is_prone & (state.hazard >= wanted) & (state.relapses < 2)
        state.relapses += relapsed
        state.quiet_from = np.where(relapsed, month + assumed_policy("active"), state.quiet_from)
        if policy.kind == "at relapse":
            given = relapsed & (month - state.last_infusion >= _STEP)
            treated = _infuse(state, given, month, most)
            answers = treated & (luck.answer < rate)
            state.quiet_from = np.where(answers, month + assumed_policy("answer"), state.quiet_from)
        state.active += np.where(state.quiet_from > month, _STEP, 0.0)
        state.imprint *= decay
    return state


def _begin(values: Floats, shape: tuple[int, ...]) -> _State:
    """Give the state at month 6, after the two infusions of the first treatment."""
    gone = sum(np.exp(-koff_of(values) * (RESPONSE_MONTH - month)) for month in INFUSION_MONTHS)
    imprint = np.broadcast_to(np.asarray(gone)[:, None], shape).copy()
    saturated = imprint / (imprint + column(values, "x50")[:, None])
    eb = next(each.numbers[0] for each in FIXED if each.key == "eb")
    zero = np.zeros(shape)
    return _State(
        imprint, 1.0 - eb * saturated, np.full(shape, np.inf), zero.copy(), zero.copy(), zero.copy(),
        zero.copy(), zero.copy(), zero.copy(),
    )  # fmt: skip


def _due(policy: Policy, state: _State, luck: _Luck, month: float, *, is_quiet: Booleans) -> Booleans:
    """Say who is to be infused at a month by the plan or by the biomarker; nobody in relapse."""
    none = np.zeros(is_quiet.shape, dtype=np.bool_)
    if policy.kind == "fixed":
        return is_quiet if abs(month - policy.month) < _STEP / 2 else none
    visit = (month - RESPONSE_MONTH) / _VISIT_EVERY
    if policy.kind != "at biomarker rise" or abs(visit - round(visit)) > 1e-9:
        return none
    measured = state.antibody * np.exp(assumed_policy("noise") * luck.noise[round(visit)])
    has_risen = measured >= (1.0 + assumed_policy("rise")) * state.lowest
    state.lowest = np.minimum(state.lowest, measured)
    is_late = month - state.last_infusion >= assumed_policy("apart")
    due = np.asarray(has_risen & is_quiet & is_late, dtype=np.bool_)
    state.lowest = np.where(due, np.inf, state.lowest)
    return due


def _infuse(state: _State, due: Booleans, month: float, most: float) -> Booleans:
    """Infuse who is due while there are cells, in the order of the responders; give who was infused."""
    room = most * due.shape[1] / 100.0 - state.infusions.sum(axis=1, keepdims=True)
    given = np.asarray(due & (np.cumsum(due, axis=1) <= room + 1e-9), dtype=np.bool_)
    state.refused += float((due & ~given).sum())
    later = next(each.numbers[0] for each in FIXED if each.key == "later")
    state.imprint += later * given
    state.infusions += given
    state.last_infusion = np.where(given, month, state.last_infusion)
    return given


def _summarise(policy: Policy, found: _State, none: _State) -> PolicyOutcome:
    def of_hundred(values: Floats) -> Floats:
        return np.asarray(100.0 * values.mean(axis=1), dtype=np.float64)

    fewer = of_hundred(none.active) - of_hundred(found.active)
    return PolicyOutcome(
        policy, limits95(of_hundred(found.relapses)), limits95(of_hundred(found.active)),
        limits95(of_hundred(found.infusions)),
        limits95(of_hundred(none.relapses) - of_hundred(found.relapses)),
        limits95(fewer), float((fewer > 0).mean()), 100.0 * found.refused / found.relapses.size,
    )  # fmt: skip
