"""The parameters of the disease model, a row each: unit, prior, where it comes from and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special

from funis.stats.sample import Floats

Sure = Literal["published", "derived", "assumed"]
Shape = Literal["lognormal", "beta", "half_normal", "fixed"]


@dataclass(frozen=True, slots=True)
class ModelParameter:
    """One parameter.

    Attributes
    ----------
    key : its name in code
    name : what it is, in words
    unit : empty for a share
    shape : kind of the prior; ``fixed`` is not fitted
    numbers : of a lognormal prior its median and the SD of the logarithm, of a beta prior its two, of a
        half-normal prior the SD, of a fixed one the value
    source : of the prior
    sure : ``published`` (the number was read in the source), ``derived`` (computed from such numbers) or
        ``assumed`` (nobody measured it)
    """

    key: str
    name: str
    unit: str
    shape: Shape
    numbers: tuple[float, ...]
    source: str
    sure: Sure


# key, name, unit, prior, numbers, source, how sure
PARAMETERS: Final = (
    ModelParameter("a0", "SLEDAI before treatment", "points", "lognormal", (10.4, 0.15),
              "mean of 24 placebo arms, Tselios 2021 (Rheumatology, keaa655); spread assumed", "published"),
    ModelParameter("effect", "largest share of activity the imprint takes away (I)", "", "beta", (1.5, 1.5),
              "nothing known", "assumed"),
    ModelParameter("fast", "share of the fall that needs no cells (D)", "", "beta", (7.0, 21.0),
              "placebo arms fall by 23 to 28%: behind an SRI-4 rate of 39.8%, Tselios 2021", "derived"),
    ModelParameter("ka", "rate at which activity follows (kA)", "1/month", "lognormal", (0.4, 0.6),
              "nothing known; months, not days or years", "assumed"),
    ModelParameter("half_life", "half-life of the imprint", "months", "lognormal", (9.0, 1.0),
              "no published study measures it", "assumed"),
    ModelParameter("x50", "imprint with half the effect (X50)", "doses", "lognormal", (0.3, 0.7),
              "one infusion did about as well as two in 58 randomised, Wang 2012", "derived"),
    ModelParameter("prone", "share of responders who can relapse (f)", "", "beta", (1.0, 1.0),
              "nothing known", "assumed"),
    ModelParameter("h0", "hazard of their relapse, without imprint (h0)", "1/month", "lognormal", (0.15, 1.0),
              "nothing known", "assumed"),
    ModelParameter("beta", "protection from relapse by the imprint (beta)", "", "half_normal", (1.5,),
              "nothing known; harm is a scenario of its own, because this prior rules it out", "assumed"),
)  # fmt: skip
FITTED: Final = tuple(each.key for each in PARAMETERS)

# What is not fitted: nothing published decides it.
FIXED: Final = (
    ModelParameter("kd", "rate of the fall that needs no cells (kD)", "1/month", "fixed", (2.0,),
              "most of it within a month", "assumed"),
    ModelParameter("kb", "turnover of IgG antibody (kB)", "1/month", "fixed", (math.log(2) * 30.4375 / 21,),
              "half-life of IgG about 21 days", "published"),
    ModelParameter("eb", "share of autoantibody formation the imprint takes away (eB)", "", "fixed", (0.4,),
              "the abstract prints directions only", "assumed"),
    ModelParameter("kp", "rate at which proteinuria follows activity (kP)", "1/month", "fixed", (1.0,),
              "gives 0.6 of baseline at months 9 and 12; observed 0.55 and 0.63", "assumed"),
    ModelParameter("later", "dose that a later infusion counts for", "doses", "fixed", (1.0,),
              "no data on a second course; below 1 if the body learns to reject the cells", "assumed"),
)  # fmt: skip


def from_line(values: Floats) -> Floats:
    """Bring draws from the whole line to the scale of each parameter.

    Parameters
    ----------
    values : shape (draws, parameters)

    Examples
    --------
    >>> [round(float(each), 2) for each in from_line(np.zeros((1, 9)))[0][:3]]
    [1.0, 0.5, 0.5]
    """
    found = np.empty_like(values)
    for column, each in enumerate(PARAMETERS):
        line = values[:, column]
        match each.shape:
            case "lognormal":
                found[:, column] = np.exp(line)
            case "beta":
                found[:, column] = special.expit(line)
            case _:
                # The tail of a standard normal, folded: no value lies infinitely far out on the line.
                found[:, column] = -each.numbers[0] * special.ndtri(special.ndtr(-line) / 2.0)
    return found


def log_prior(values: Floats) -> Floats:
    """Give the logarithm of the prior density on the whole line, up to a constant.

    Parameters
    ----------
    values : shape (draws, parameters), on the whole line

    Examples
    --------
    >>> centre = np.array([[np.log(10.4), 0, -1, np.log(0.4), np.log(9), np.log(0.3), 0, np.log(0.15), 0]])
    >>> moved = centre + np.eye(9)[4]
    >>> float(log_prior(moved)[0] - log_prior(centre)[0])
    -0.5
    """
    total = np.zeros(len(values))
    for column, each in enumerate(PARAMETERS):
        line = values[:, column]
        match each.shape:
            case "lognormal":
                total -= 0.5 * ((line - math.log(each.numbers[0])) / each.numbers[1]) ** 2
            case "beta":
                total += each.numbers[0] * special.log_expit(line) + each.numbers[1] * special.log_expit(
                    -line
                )
            case _:
                total -= 0.5 * line**2
    return total


def draw_prior(count: int, generator: np.random.Generator) -> Floats:
    """Draw from the prior, on the scale of each parameter.

    Parameters
    ----------
    count : draws
    generator : of random numbers

    Returns
    -------
    shape (count, parameters)
    """
    found = np.empty((count, len(PARAMETERS)))
    for column, each in enumerate(PARAMETERS):
        match each.shape:
            case "lognormal":
                found[:, column] = each.numbers[0] * np.exp(
                    each.numbers[1] * generator.standard_normal(count)
                )
            case "beta":
                found[:, column] = generator.beta(each.numbers[0], each.numbers[1], size=count)
            case _:
                found[:, column] = np.abs(each.numbers[0] * generator.standard_normal(count))
    return found


def to_line(values: Floats) -> Floats:
    """Bring draws to the whole line: the inverse of `from_line`."""
    found = np.empty_like(values)
    for column, each in enumerate(PARAMETERS):
        held = values[:, column]
        match each.shape:
            case "lognormal":
                found[:, column] = np.log(held)
            case "beta":
                found[:, column] = special.logit(held)
            case _:
                found[:, column] = -special.ndtri(2.0 * special.ndtr(-held / each.numbers[0]))
    return found
