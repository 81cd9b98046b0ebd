"""Dose finding: the Bayesian optimal interval design."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from funis.arguments import NumberFrom, OrNone, takes
from funis.errors import ValueRangeError

_RATE: Final = NumberFrom(0, 1, is_open=True)
#: A dose is given up when its rate is above the target with this certainty, after at least so many subjects.
CERTAINTY: Final = 0.95
LEAST_TREATED: Final = 3


@dataclass(frozen=True, slots=True)
class BoinRow:
    """What to do at a dose after ``n`` subjects, by how many had the toxicity.

    Attributes
    ----------
    n : subjects treated at the dose
    escalate : go up with this many or fewer
    de_escalate : go down with this many or more
    eliminate : never give this dose again with this many or more; None: too few were treated
    """

    n: int
    escalate: int
    de_escalate: int
    eliminate: int | None


@dataclass(frozen=True, slots=True)
class BoinDesign:
    """The decision table.

    Attributes
    ----------
    target : toxicity rate looked for
    too_low, too_high : rates that are to be told from it
    lambda_e, lambda_d : go up at or below the first observed rate, down at or above the second
    rows : one for each number of subjects at a dose
    """

    target: float
    too_low: float
    too_high: float
    lambda_e: float
    lambda_d: float
    rows: tuple[BoinRow, ...]


@takes(
    target=_RATE, cohort=NumberFrom(1, 20, whole=True), cohorts=NumberFrom(1, 40, whole=True),
    too_low=OrNone(_RATE), too_high=OrNone(_RATE),
)  # fmt: skip
def boin(
    target: float,
    cohort: int = 3,
    cohorts: int = 5,
    *,
    too_low: float | None = None,
    too_high: float | None = None,
) -> BoinDesign:
    """Make the decision table of a Bayesian optimal interval design.

    Parameters
    ----------
    target : toxicity rate looked for
    cohort : subjects treated together
    cohorts : cohorts at one dose at most
    too_low, too_high : rates that are to be told from the target; None: 0.6 and 1.4 times the target

    Raises
    ------
    ValueRangeError : the three rates do not rise

    Source
    ------
    Liu and Yuan 2015 (J R Stat Soc C 64: 507).

    Checked against
    ---------------
    tests/design/test_dose_finding : BOIN 2.7.2 get.boundary

    Examples
    --------
    >>> found = boin(0.25)
    >>> round(found.lambda_e, 4), round(found.lambda_d, 4)
    (0.1968, 0.2984)
    """
    low = 0.6 * target if too_low is None else too_low
    high = 1.4 * target if too_high is None else too_high
    if not low < target < high < 1:
        raise ValueRangeError(
            "toxicity rates", [low, target, high], "too_low below target below too_high below 1"
        )
    lambda_e = math.log((1 - low) / (1 - target)) / math.log(target * (1 - low) / (low * (1 - target)))
    lambda_d = math.log((1 - target) / (1 - high)) / math.log(high * (1 - target) / (target * (1 - high)))
    sizes = (cohort * (number + 1) for number in range(cohorts))
    return BoinDesign(
        target, low, high, lambda_e, lambda_d, tuple(_row(n, target, lambda_e, lambda_d) for n in sizes)
    )


def _row(n: int, target: float, lambda_e: float, lambda_d: float) -> BoinRow:
    counts = np.arange(n + 1)
    certain = np.flatnonzero(1 - special.betainc(1 + counts, 1 + n - counts, target) > CERTAINTY)
    eliminate = int(certain[0]) if certain.size and n >= LEAST_TREATED else None
    return BoinRow(n, math.floor(n * lambda_e), math.ceil(n * lambda_d), eliminate)
