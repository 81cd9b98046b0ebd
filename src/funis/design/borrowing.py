"""What earlier trials say of the rate of a new one: a robust meta-analytic-predictive prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special, stats

from funis.arguments import NumberFrom, OrNone, Several, takes
from funis.errors import ValueRangeError
from funis.stats.sample import Floats

#: Standard deviations of the priors of the mean on the logit scale, and of the spread between trials.
SPREAD_OF_MEAN: Final = 2.0
SPREAD_BETWEEN: Final = 1.0
#: With fewer trials the spread between them comes from its prior.
FEWEST_TRIALS: Final = 3
_COUNTS: Final = Several(NumberFrom(0, 1_000_000, whole=True), least=1)
_SHARE: Final = NumberFrom(0, 1)
_LOGITS: Final = np.linspace(-9.0, 9.0, 721)
_STEPS_APART: Final = np.arange(1 - _LOGITS.size, _LOGITS.size)
_SPREADS: Final = np.concatenate([np.geomspace(1e-3, 0.05, 12)[:-1], np.linspace(0.05, 4.5, 120)])
_HERMITE_NODES, _HERMITE_WEIGHTS = np.polynomial.hermite_e.hermegauss(48)


@dataclass(frozen=True, slots=True)
class BetaPart:
    """One part of a mixture of beta distributions."""

    weight: float
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class RatePrior:
    """A rate as a mixture of beta distributions, with what can be said of it in short.

    Attributes
    ----------
    parts : of the mixture
    mean, sd, lower, upper : of the rate, with its 95 % interval
    subjects : how many subjects it is worth, by mean and spread
    """

    parts: tuple[BetaPart, ...]
    mean: float
    sd: float
    lower: float
    upper: float
    subjects: float


@dataclass(frozen=True, slots=True)
class BorrowedRate:
    """What earlier trials say of the rate of the next one.

    Attributes
    ----------
    responders, treated : of the earlier trials
    mean, sd : of the rate of a new trial, before it is written as a mixture
    between : median of the spread between trials on the logit scale, with its 95 % interval
    prior : the rate of a new trial
    robust : the same beside a flat part, for the case that the new trial is unlike the others
    flat_weight : of the flat part
    updated : the robust prior after the new trial's control arm; None where it has none yet
    new_responders, new_treated : of that arm
    has_few_trials : the spread between trials comes from its prior, not from the trials
    """

    responders: tuple[int, ...]
    treated: tuple[int, ...]
    mean: float
    sd: float
    between: tuple[float, float, float]
    prior: RatePrior
    robust: RatePrior
    flat_weight: float
    updated: RatePrior | None
    new_responders: int | None
    new_treated: int | None
    has_few_trials: bool


@takes(
    responders=_COUNTS, treated=_COUNTS, flat_weight=_SHARE, spread_between=NumberFrom(0, 10, is_open=True),
    new_responders=OrNone(NumberFrom(0, whole=True)), new_treated=OrNone(NumberFrom(1, whole=True)),
)  # fmt: skip
def borrow(
    responders: Sequence[int],
    treated: Sequence[int],
    *,
    flat_weight: float = 0.2,
    spread_between: float = SPREAD_BETWEEN,
    new_responders: int | None = None,
    new_treated: int | None = None,
) -> BorrowedRate:
    """Make a robust meta-analytic-predictive prior of a response rate.

    The rates of the trials are normal around a mean on the logit scale; the mean is normal with a standard
    deviation of 2 around even odds, the spread between trials half-normal.

    Parameters
    ----------
    responders, treated : counts of the earlier trials
    flat_weight : weight of a flat part that stands beside the prior, 0 to 1
    spread_between : standard deviation of the half-normal prior of the spread between trials
    new_responders, new_treated : counts of the new trial's own control arm, where it is known

    Raises
    ------
    ValueRangeError : counts are impossible, or only one of the last two is given

    Source
    ------
    Neuenschwander, Capkun-Niggli, Branson and Spiegelhalter 2010 (Clin Trials 7: 5); robust: Schmidli et al.
    2014 (Biometrics 70: 1023).

    Checked against
    ---------------
    tests/design/test_borrowing : the example of the R package RBesT

    Examples
    --------
    >>> found = borrow((23, 12, 19, 9, 39, 6, 9, 10), (107, 44, 51, 39, 139, 20, 78, 35))
    >>> round(found.mean, 2), round(found.sd, 2)
    (0.26, 0.09)
    """
    events, sizes = _check_counts(responders, treated)
    if (new_responders is None) != (new_treated is None):
        raise ValueRangeError("new trial", [new_responders, new_treated], "both counts, or neither")
    spreads, rates, density = _predict(events, sizes, spread_between)
    prior = _fit(rates, density)
    robust = describe_mixture(
        (*(BetaPart((1 - flat_weight) * part.weight, part.a, part.b) for part in prior),)
        + ((BetaPart(flat_weight, 1.0, 1.0),) if flat_weight else ())
    )
    mean = float(density @ rates)
    updated = None
    if new_responders is not None and new_treated is not None:
        _check_counts((new_responders,), (new_treated,))
        updated = describe_mixture(update(robust.parts, new_responders, new_treated))
    return BorrowedRate(
        tuple(map(int, responders)), tuple(map(int, treated)), mean,
        float(np.sqrt(density @ (rates - mean) ** 2)), spreads, describe_mixture(prior), robust, flat_weight,
        updated, new_responders, new_treated, len(sizes) < FEWEST_TRIALS,
    )  # fmt: skip


def _check_counts(responders: Sequence[int], treated: Sequence[int]) -> tuple[Floats, Floats]:
    events, sizes = np.array(responders, dtype=float), np.array(treated, dtype=float)
    if events.size != sizes.size:
        raise ValueRangeError("trials", f"{events.size} and {sizes.size} counts", "as many of either")
    if np.any(events > sizes) or np.any(sizes < 1):
        raise ValueRangeError(
            "counts", f"{list(responders)} of {list(treated)}", "at least one treated, no more responders"
        )
    return events, sizes


def _predict(
    events: Floats, sizes: Floats, spread_between: float
) -> tuple[tuple[float, float, float], Floats, Floats]:
    """Give the spread between trials (median, interval), and points of a new rate with their chances."""
    log_weight = np.empty((_SPREADS.size, _LOGITS.size))
    for row, spread in enumerate(_SPREADS):
        points = _LOGITS[:, None] + spread * _HERMITE_NODES[None, :]
        good, bad = special.log_expit(points), special.log_expit(-points)
        log_weight[row] = sum(
            special.logsumexp(
                event * good + (size - event) * bad, axis=1, b=_HERMITE_WEIGHTS / np.sqrt(2 * np.pi)
            )
            for event, size in zip(events, sizes, strict=True)
        )
    log_weight += stats.norm.logpdf(_LOGITS, scale=SPREAD_OF_MEAN)
    log_weight += stats.norm.logpdf(_SPREADS, scale=spread_between)[:, None]
    weight = np.exp(log_weight - log_weight.max()) * np.gradient(_SPREADS)[:, None]
    weight /= weight.sum()
    of_spread = np.cumsum(weight.sum(axis=1))
    low, middle, high = (float(np.interp(share, of_spread, _SPREADS)) for share in (0.025, 0.5, 0.975))
    # The rate of a new trial on the same logits: each spread smooths the chances of the mean.
    density = np.zeros(_LOGITS.size)
    for spread, row in zip(_SPREADS, weight, strict=True):
        edges = special.ndtr((_LOGITS[1] - _LOGITS[0]) * (_STEPS_APART + 0.5) / spread)
        density += np.convolve(row, np.diff(edges, prepend=0.0))[_LOGITS.size - 1 : 2 * _LOGITS.size - 1]
    return (middle, low, high), special.expit(_LOGITS), density / density.sum()


def _fit(rates: Floats, density: Floats) -> tuple[BetaPart, ...]:
    """Write the rate as two beta distributions, nearest in the sense of Kullback and Leibler."""
    mean = float(density @ rates)
    worth = mean * (1 - mean) / float(density @ (rates - mean) ** 2) - 1

    def unpack(values: Floats) -> tuple[BetaPart, ...]:
        share = float(special.expit(values[0]))
        return (
            BetaPart(share, *map(float, np.exp(values[1:3]))),
            BetaPart(1 - share, *map(float, np.exp(values[3:5]))),
        )

    def missed(values: Floats) -> float:
        logs = [np.log(part.weight) + stats.beta.logpdf(rates, part.a, part.b) for part in unpack(values)]
        return -float(density @ special.logsumexp(np.array(logs), axis=0))

    narrow, wide = 2.0 * worth, max(0.3 * worth, 1.0)
    start = [0.5, *np.log([narrow * mean, narrow * (1 - mean), wide * mean, wide * (1 - mean)])]
    found = optimize.minimize(missed, np.array(start), method="L-BFGS-B", bounds=[(-6, 6), *[(-6, 9)] * 4])
    return tuple(sorted(unpack(found.x), key=lambda part: -part.weight))


def update(parts: Sequence[BetaPart], responders: int, treated: int) -> tuple[BetaPart, ...]:
    """Give a mixture after data: each part by its rule, the weights by how well each foretold the data."""
    others = treated - responders
    logs = np.array(
        [
            np.log(part.weight)
            + special.betaln(part.a + responders, part.b + others)
            - special.betaln(part.a, part.b)
            for part in parts
        ]
    )
    weights = np.exp(logs - special.logsumexp(logs))
    return tuple(
        BetaPart(float(weight), part.a + responders, part.b + others)
        for weight, part in zip(weights, parts, strict=True)
    )


def describe_mixture(parts: tuple[BetaPart, ...]) -> RatePrior:
    """Say what a mixture of beta distributions holds."""
    weights, a, b = (np.array(each) for each in zip(*((p.weight, p.a, p.b) for p in parts), strict=True))
    means = a / (a + b)
    squares = means * (a + 1) / (a + b + 1)
    mean = float(weights @ means)
    variance = float(weights @ squares) - mean**2

    def below(rate: float) -> float:
        return float(weights @ special.betainc(a, b, rate))

    low, high = (
        float(optimize.brentq(lambda rate, share=share: below(rate) - share, 0.0, 1.0))
        for share in (0.025, 0.975)
    )
    return RatePrior(parts, mean, variance**0.5, low, high, mean * (1 - mean) / variance - 1)
