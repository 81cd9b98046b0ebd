"""How many subjects a mixed model for repeated measures needs, with drop-out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from funis.arguments import NumberFrom, Several, Text, takes
from funis.design.asked import check_power
from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.sample import Floats

CORRELATIONS: Final = ("exchangeable", "autoregressive")
_SHARE: Final = NumberFrom(0, 1, is_open=True)


@dataclass(frozen=True, slots=True)
class RepeatedDesign:
    """Subjects for a difference at the last visit.

    Attributes
    ----------
    difference, sd, correlation, structure, alpha, asked_power, ratio : as asked
    retention : share of each arm that is still seen at each visit: of the first, and of the second arm
    inflation : variance of each arm's mean at the last visit, as a multiple of that without drop-out
    n_exact : subjects of the first arm, not yet whole
    n : whole subjects of each arm
    power : with them
    n_completers : subjects of each arm that an analysis of completers alone would need
    """

    difference: float
    sd: float
    correlation: float
    structure: str
    alpha: float
    asked_power: float
    ratio: float
    retention: tuple[tuple[float, ...], tuple[float, ...]]
    inflation: tuple[float, float]
    n_exact: float
    n: tuple[int, int]
    power: float
    n_completers: tuple[int, int]


@takes(
    structure=Text(),
    difference=NumberFrom(), sd=NumberFrom(0, is_open=True), retention=Several(NumberFrom(0, 1), least=1),
    correlation=NumberFrom(-1, 1), retention_second=Several(NumberFrom(0, 1)), alpha=_SHARE, power=_SHARE,
    ratio=NumberFrom(0.05, 20),
)  # fmt: skip
def mmrm(  # noqa: PLR0913  all but the first four are by keyword
    difference: float,
    sd: float,
    retention: Sequence[float],
    correlation: float,
    *,
    structure: str = "exchangeable",
    retention_second: Sequence[float] = (),
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
) -> RepeatedDesign:
    """Find the number of subjects for a mixed model for repeated measures.

    Parameters
    ----------
    difference : of the arms at the last visit, not 0
    sd : standard deviation at the last visit
    retention : share of the subjects still seen at each visit after baseline, not rising
    correlation : of two visits (exchangeable), or of neighbouring ones (autoregressive)
    structure : ``exchangeable`` or ``autoregressive``
    retention_second : of the second arm; empty: as the first
    alpha : two-sided error
    power : chance of a significant difference
    ratio : subjects of the second arm for each of the first

    Raises
    ------
    UnknownNameError : there is no such structure
    ValueRangeError : retention rises or ends in 0, or the correlations are impossible

    Source
    ------
    Lu, Luo and Chen 2008 (Int J Biostat 4: 9), large-sample formula.

    Checked against
    ---------------
    tests/design/test_sizes : longpower power.mmrm

    Examples
    --------
    >>> found = mmrm(0.5, 1.0, (1, 0.9, 0.8, 0.7), 0.25)
    >>> round(found.n_exact, 5), found.n
    (86.99175, (87, 87))
    """
    if difference == 0:
        raise ValueRangeError("difference of the arms", difference, "a number other than 0")
    if structure not in CORRELATIONS:
        raise UnknownNameError("structure of the correlations", structure, CORRELATIONS)
    check_power(alpha, power)
    shares = (tuple(map(float, retention)), tuple(map(float, retention_second or retention)))
    matrix = _correlations(structure, correlation, len(shares[0]))
    first, second = (_inflation(matrix, each) for each in shares)
    aims = float(special.ndtri(1 - alpha / 2) + special.ndtri(power)) ** 2
    unit = aims * (sd / difference) ** 2
    exact = unit * (first + second / ratio)
    whole = (math.ceil(exact - 1e-9), math.ceil(ratio * exact - 1e-9))
    spread = sd * math.sqrt(first / whole[0] + second / whole[1])
    reached = float(special.ndtr(abs(difference) / spread - special.ndtri(1 - alpha / 2)))
    completers = unit * (1 / shares[0][-1] + 1 / shares[1][-1] / ratio)
    return RepeatedDesign(
        difference, sd, correlation, structure, alpha, power, ratio, shares, (first, second), exact, whole,
        reached, (math.ceil(completers - 1e-9), math.ceil(ratio * completers - 1e-9)),
    )  # fmt: skip


def _correlations(structure: str, correlation: float, visits: int) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    matrix = np.where(apart == 0, 1.0, correlation) if structure == "exchangeable" else correlation**apart
    if np.linalg.eigvalsh(matrix)[0] <= 1e-12:
        raise ValueRangeError("correlation", correlation, f"one that {visits} visits can have")
    return np.asarray(matrix, dtype=float)


def _inflation(correlations: Floats, retention: tuple[float, ...]) -> float:
    """Give the variance of the mean at the last visit for one subject with a standard deviation of 1."""
    visits = len(correlations)
    shares = np.array(retention)
    if shares.size != visits or np.any(np.diff(shares) > 0) or not 0 < shares[-1] <= shares[0] <= 1:
        raise ValueRangeError(
            "retention", list(retention), f"{visits} shares of 1 or less that do not rise, the last above 0"
        )
    information = np.zeros((visits, visits))
    leaving = np.append(-np.diff(shares), shares[-1])
    for seen in range(1, visits + 1):
        information[:seen, :seen] += leaving[seen - 1] * np.linalg.inv(correlations[:seen, :seen])
    return float(np.linalg.inv(information)[-1, -1])
