"""Draws from a density that can only be computed: an ensemble of walkers that moves along itself.

Neither move needs tuning for parameters that go together or have other scales. A walker stretches its line to
a walker of the other half (Goodman and Weare 2010, Communications in Applied Mathematics and Computational
Science 5:65), or goes along the difference of two of them (ter Braak 2006, Statistics and Computing 16:239;
every tenth time by the whole difference). Several ensembles run apart from each other: where they disagree or
are short against the time the chain takes to forget, the status says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from funis.stats.sample import Floats, Integers

ChainStatus = Literal["converged", "chain too short"]
_STRETCH: Final = 2.0
_SHARE_OF_STRETCHES: Final = 0.3
HIGHEST_R_HAT: Final = 1.01
"""Vehtari and others 2021, Bayesian Analysis 16:667."""
LEAST_SIZE: Final = 400.0
"""Effective draws of every parameter, from the same paper."""
LEAST_TIMES: Final = 50.0
"""Length of a chain in autocorrelation times (Foreman-Mackey and others 2013, PASP 125:306)."""


@dataclass(frozen=True, slots=True)
class Chains:
    """Draws, and how far they can be trusted.

    Attributes
    ----------
    draws : shape (kept draws, parameters)
    r_hat : of each parameter; 1 where the ensembles agree
    effective_size : independent draws that all draws are worth
    times : autocorrelation time, in steps
    accepted : share of the moves
    steps : of each ensemble, those thrown away not counted
    status : ``converged`` or ``chain too short``
    """

    draws: Floats
    r_hat: Floats
    effective_size: Floats
    times: Floats
    accepted: float
    steps: int
    status: ChainStatus


def sample(
    log_density: Callable[[Floats], Floats],
    start: Floats,
    *,
    steps: int,
    burn: int,
    seed: np.random.SeedSequence,
) -> Chains:
    """Run several ensembles of walkers.

    Parameters
    ----------
    log_density : gives the logarithm of the density of each row of an array (draws, parameters)
    start : shape (ensembles, walkers, parameters); an even number of walkers
    steps, burn : of each walker, kept and thrown away before
    seed : of the random numbers

    Examples
    --------
    >>> start = np.random.default_rng(1).normal(size=(4, 20, 1))
    >>> normal = lambda x: -0.5 * np.sum(x**2, axis=1)
    >>> found = sample(normal, start, steps=600, burn=100, seed=np.random.SeedSequence(1))
    >>> found.status, bool(abs(found.draws.std() - 1) < 0.05)
    ('converged', True)
    """
    generator = np.random.default_rng(seed)
    walkers = start.copy()
    ensembles, count, parameters = walkers.shape
    levels = log_density(walkers.reshape(-1, parameters)).reshape(ensembles, count)
    halves = (np.arange(count // 2), np.arange(count // 2, count))
    kept = np.empty((steps, ensembles, count, parameters))
    moved = 0
    for step in range(burn + steps):
        for mine, theirs in (halves, halves[::-1]):
            propose = _stretch if generator.random() < _SHARE_OF_STRETCHES else _follow_difference
            proposed, gain = propose(walkers, mine, theirs, generator)
            changed = _move(walkers, levels, mine, (proposed, gain), log_density, generator)
            moved += changed if step >= burn else 0
        if step >= burn:
            kept[step - burn] = walkers
    return _judge(kept, moved / (steps * ensembles * count))


def _stretch(
    walkers: Floats, mine: Integers, theirs: Integers, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Propose places on lines to walkers of the other half, with the logarithm of what they gain in room."""
    shape = (len(walkers), len(mine))
    partner = generator.integers(0, len(theirs), size=shape)
    stretch = ((_STRETCH - 1.0) * generator.random(shape) + 1.0) ** 2 / _STRETCH
    others = walkers[np.arange(len(walkers))[:, None], theirs[partner]]
    proposed = others + stretch[..., None] * (walkers[:, mine] - others)
    return proposed, (walkers.shape[-1] - 1) * np.log(stretch)


def _follow_difference(
    walkers: Floats, mine: Integers, theirs: Integers, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Propose places along the difference of two walkers of the other half; both ways are as likely."""
    shape = (len(walkers), len(mine))
    first = generator.integers(0, len(theirs), size=shape)
    second = (first + generator.integers(1, len(theirs), size=shape)) % len(theirs)
    which = np.arange(len(walkers))[:, None]
    difference = walkers[which, theirs[first]] - walkers[which, theirs[second]]
    is_whole = generator.random(shape) < 0.1
    factor = np.where(is_whole, 1.0, 2.38 / np.sqrt(2.0 * walkers.shape[-1]))
    spread = factor + 1e-5 * generator.standard_normal(shape)
    return walkers[:, mine] + spread[..., None] * difference, np.zeros(shape)


def _move(
    walkers: Floats,
    levels: Floats,
    mine: Integers,
    proposal: tuple[Floats, Floats],
    log_density: Callable[[Floats], Floats],
    generator: np.random.Generator,
) -> int:
    """Take or leave each proposal, by Metropolis and Hastings; give how many were taken."""
    proposed, gain = proposal
    found = log_density(proposed.reshape(-1, proposed.shape[-1])).reshape(gain.shape)
    is_taken = np.log(generator.random(gain.shape)) < gain + found - levels[:, mine]
    walkers[:, mine] = np.where(is_taken[..., None], proposed, walkers[:, mine])
    levels[:, mine] = np.where(is_taken, found, levels[:, mine])
    return int(is_taken.sum())


def _judge(kept: Floats, accepted: float) -> Chains:
    steps, _, _, parameters = kept.shape
    times = np.array([autocorrelation_time(kept[..., each]) for each in range(parameters)])
    sizes = kept[..., 0].size / times
    r_hat = np.array([split_r_hat(kept[..., each]) for each in range(parameters)])
    is_long = steps >= LEAST_TIMES * times.max()
    holds = bool(is_long and r_hat.max() <= HIGHEST_R_HAT and sizes.min() >= LEAST_SIZE)
    return Chains(
        kept.reshape(-1, parameters), r_hat, sizes, times, accepted, steps,
        "converged" if holds else "chain too short",
    )  # fmt: skip


def split_r_hat(kept: Floats) -> float:
    """Compare the halves of every ensemble with each other.

    Parameters
    ----------
    kept : shape (steps, ensembles, walkers), one parameter

    Source
    ------
    Gelman and others 2013, Bayesian Data Analysis, section 11.4; a chain is a half of an ensemble.

    Examples
    --------
    >>> split_r_hat(np.array([[[0.0]], [[2.0]], [[0.0]], [[2.0]]]))  # halves alike: sqrt((W (N - 1) / N) / W)
    0.7071067811865476
    """
    half = len(kept) // 2
    halves = (kept[:half], kept[half : 2 * half])
    chains = [part[:, each].reshape(-1) for each in range(kept.shape[1]) for part in halves]
    size = len(chains[0])
    within = float(np.mean([chain.var(ddof=1) for chain in chains]))
    between = float(np.var([chain.mean() for chain in chains], ddof=1))
    if within == 0.0:
        return float("inf") if between else 1.0
    return float(np.sqrt((within * (size - 1) / size + between) / within))


def autocorrelation_time(kept: Floats) -> float:
    """Estimate how many steps of a walker are worth one independent draw.

    Parameters
    ----------
    kept : shape (steps, ensembles, walkers), one parameter

    Source
    ------
    Sokal 1997, Monte Carlo Methods in Statistical Mechanics: the sum is cut at the first lag of 5 times its
    value; the autocorrelations of the walkers are averaged before (Foreman-Mackey and others 2013).

    Examples
    --------
    >>> drawn = np.random.default_rng(1).normal(size=(2000, 1, 20))
    >>> round(autocorrelation_time(drawn), 1)
    1.0
    """
    steps = len(kept)
    series = kept.reshape(steps, -1)
    series = series - series.mean()
    length = 1 << (2 * steps - 1).bit_length()
    spectrum = np.fft.rfft(series, n=length, axis=0)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, n=length, axis=0)[:steps].mean(axis=1)
    if covariance[0] <= 0.0:
        return float(steps)
    summed = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    is_cut = np.arange(steps) >= 5.0 * summed
    return float(max(summed[int(np.argmax(is_cut)) if is_cut.any() else steps - 1], 1.0 / steps))
