"""The disease model calibrated to published figures: every parameter before and after the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from funis.arguments import SEED, NumberFrom, Text, takes
from funis.simulate.disease_model import make_grid
from funis.simulate.ensemble_sampler import Chains, ChainStatus, sample
from funis.simulate.likelihood import PublishedLikelihood, column, predict_scores, survival
from funis.simulate.maximum_likelihood import WaningAnswer, fit_waning
from funis.simulate.parameters import FITTED, PARAMETERS, ModelParameter, draw_prior, from_line, to_line
from funis.simulate.published_figures import (
    INFUSION_MONTHS,
    MEANS,
    MONTHS,
    RESPONSES,
    RelapseCount,
    counts_of,
)
from funis.stats.sample import Floats

Told = Literal["the data decide", "the data say something", "the prior"]
ENSEMBLES: Final = 4
WALKERS: Final = 20
STEPS: Final = 10_000
KEPT: Final = 4000
"""Draws that are kept of all."""
_DECIDED, _SOMETHING = 0.7, 0.2
_TRIED = 25
_OTHER_X50 = (0.1, 1.0)
_HORIZONS: Final = (6.0, 12.0, 24.0, 60.0)


@dataclass(frozen=True, slots=True)
class Limits95:
    """Median and central 95% of draws."""

    median: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class CalibratedParameter:
    """A parameter before and after the data.

    Attributes
    ----------
    parameter : its row
    prior, posterior : median and central 95%
    removed : share of the prior variance that the data take away, on the scale the sampler moves on; below 0
        where they widen it
    told : who decides it
    r_hat, effective_size : of its chain
    """

    parameter: ModelParameter
    prior: Limits95
    posterior: Limits95
    removed: float
    told: Told
    r_hat: float
    effective_size: float


@dataclass(frozen=True, slots=True)
class DerivedQuantity:
    """What follows from the parameters.

    Attributes
    ----------
    key, name : of the quantity
    prior, posterior : median and central 95%
    observed : the published figure, where it is one; None else
    """

    key: str
    name: str
    prior: Limits95
    posterior: Limits95
    observed: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibrated disease model.

    Attributes
    ----------
    relapses : report of relapse that was believed
    status : ``converged``, or ``chain too short``: then nothing here should be used
    seed : of the random numbers
    steps : of every walker
    accepted : share of the moves
    longest_time : longest autocorrelation time, in steps
    parameters, derived : before and after
    responses : chance of each class of response at month 6, from the counts and a uniform prior
    counts : relapses that were believed
    waning, other_x50 : what the means say without any prior, and with two other values of X50
    draws : posterior draws, shape (draws, parameters) in the order of the table of parameters
    """

    relapses: str
    status: ChainStatus
    seed: int
    steps: int
    accepted: float
    longest_time: float
    parameters: tuple[CalibratedParameter, ...]
    derived: tuple[DerivedQuantity, ...]
    responses: dict[str, Limits95]
    counts: tuple[RelapseCount, ...]
    waning: WaningAnswer
    other_x50: tuple[WaningAnswer, ...]
    draws: Floats

    @property
    def is_usable(self) -> bool:
        """Tell whether the chain was long enough."""
        return self.status == "converged"


@takes(relapses=Text(), seed=SEED, steps=NumberFrom(20, 200_000, whole=True))
def calibrate(relapses: str = "yearly", *, seed: int = 1, steps: int = STEPS) -> Calibration:
    """Calibrate the disease model to the published figures.

    Parameters
    ----------
    relapses : which report of relapse is believed: ``abstract`` (months 9 and 12 of one trial), ``five_year``
        (and 9 of 37 within 5 years) or ``yearly`` (and the counts of four years)
    seed : of the random numbers
    steps : of every walker; a quarter as many are thrown away before

    Raises
    ------
    UnknownNameError : there is no such report

    Source
    ------
    The figures stand in ``published_figures``, the priors in ``parameters``, each with its paper.

    Checked against
    ---------------
    tests/simulate/test_calibration : weighted draws from the prior, which no chain made

    Examples
    --------
    >>> short = calibrate("abstract", steps=40)
    >>> short.status, len(short.parameters), short.draws.shape[1]
    ('chain too short', 9, 9)
    """
    likelihood = PublishedLikelihood(relapses)
    starting, moving, keeping = np.random.SeedSequence(seed).spawn(3)
    generator = np.random.default_rng(starting)
    prior = draw_prior(_TRIED * ENSEMBLES * WALKERS, generator)
    chains = sample(
        likelihood.log_posterior,
        _start(likelihood, prior, generator),
        steps=steps,
        burn=steps // 4,
        seed=moving,
    )
    posterior = from_line(chains.draws)
    chosen = np.random.default_rng(keeping).choice(len(posterior), min(KEPT, len(posterior)), replace=False)
    kept = posterior[np.sort(chosen)]
    return Calibration(
        relapses, chains.status, seed, steps, chains.accepted, float(chains.times.max()),
        _compare(prior, posterior, chains), _derive(prior, kept), _share_responses(generator),
        counts_of(relapses), fit_waning(), tuple(fit_waning(x50=each) for each in _OTHER_X50), kept,
    )  # fmt: skip


def _start(likelihood: PublishedLikelihood, prior: Floats, generator: np.random.Generator) -> Floats:
    """Begin at the likeliest of many draws from the prior, dealt out to the ensembles by chance."""
    line = to_line(prior)
    best = np.argsort(-likelihood.log_posterior(line))[: ENSEMBLES * WALKERS]
    dealt = line[generator.permutation(best)].reshape(ENSEMBLES, WALKERS, len(FITTED))
    return np.asarray(dealt, dtype=np.float64)


def limits95(values: Floats) -> Limits95:
    """Give the median and the central 95% of draws.

    Examples
    --------
    >>> limits95(np.arange(101.0))
    Limits95(median=50.0, lower=2.5, upper=97.5)
    """
    lower, median, upper = np.quantile(values, [0.025, 0.5, 0.975])
    return Limits95(float(median), float(lower), float(upper))


def _compare(prior: Floats, posterior: Floats, chains: Chains) -> tuple[CalibratedParameter, ...]:
    before, found = to_line(prior), []
    for place, each in enumerate(PARAMETERS):
        removed = 1.0 - float(chains.draws[:, place].var() / before[:, place].var())
        found.append(
            CalibratedParameter(
                each,
                limits95(prior[:, place]),
                limits95(posterior[:, place]),
                removed,
                _who_decides(removed),
                float(chains.r_hat[place]),
                float(chains.effective_size[place]),
            )
        )
    return tuple(found)


def _who_decides(removed: float) -> Told:
    if removed >= _DECIDED:
        return "the data decide"
    return "the data say something" if removed >= _SOMETHING else "the prior"


def _quantities(values: Floats) -> dict[str, tuple[str, Floats, float | None]]:
    grid = make_grid(max(MONTHS), INFUSION_MONTHS)
    predicted = predict_scores(values, grid, MONTHS)
    level = column(values, "a0")
    found: dict[str, tuple[str, Floats, float | None]] = {
        f"mean_{month:g}": (f"Mean SLEDAI at month {month:g}", predicted.scores[:, place], MEANS[place])
        for place, month in enumerate(MONTHS)
    }
    half = MONTHS.index(6.0)
    by_cells = level * (1.0 - predicted.activity[:, half]) * (1.0 - column(values, "fast"))
    found["by_cells"] = ("Part of the fall at month 6 that is the cells', in points", by_cells, None)
    share = 1.0 - predicted.scores[:, half] / level
    found["fall"] = ("Share of the score lost by month 6", share, 1.0 - MEANS[half] / MEANS[0])
    without = survival(values, make_grid(max(_HORIZONS), INFUSION_MONTHS, step=1.0), _HORIZONS)
    for place, month in enumerate(_HORIZONS[1:], 1):
        name = f"Share of responders who relapse from month 6 to {month:g}"
        found[f"relapse_{month:g}"] = (name, 1.0 - without[:, place], None)
    found["slope"] = (
        "Early relapse slope (f times h0), a month", column(values, "prone") * column(values, "h0"), None,
    )  # fmt: skip
    return found


def _derive(prior: Floats, posterior: Floats) -> tuple[DerivedQuantity, ...]:
    before, after = _quantities(prior), _quantities(posterior)
    return tuple(
        DerivedQuantity(key, name, limits95(before[key][1]), limits95(values), observed)
        for key, (name, values, observed) in after.items()
    )


def _share_responses(generator: np.random.Generator) -> dict[str, Limits95]:
    """Draw the chance of each class: a uniform prior over the three and the published counts."""
    drawn = generator.dirichlet([1.0 + count for count in RESPONSES.values()], size=20_000)
    return {name: limits95(drawn[:, place]) for place, name in enumerate(RESPONSES)}
