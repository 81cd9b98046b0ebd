"""How many subjects a mean change within subjects needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from funis.arguments import NumberFrom, OrNone, takes
from funis.design.asked import check_power
from funis.design.noncentral import power_of_t, solve_size
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class PairedDesign:
    """Subjects for a mean change from before to after.

    Attributes
    ----------
    change : mean change looked for
    sd_change : standard deviation of the change
    sd_before, sd_after, correlation : what it was computed from; None: it was given
    alpha : two-sided
    asked_power : as asked
    n_exact : subjects, not yet whole
    n : whole subjects
    power : with them
    """

    change: float
    sd_change: float
    sd_before: float | None
    sd_after: float | None
    correlation: float | None
    alpha: float
    asked_power: float
    n_exact: float
    n: int
    power: float


_SPREAD = OrNone(NumberFrom(0, is_open=True))
_SHARE = NumberFrom(0, 1, is_open=True)


@takes(
    change=NumberFrom(), sd_change=_SPREAD, sd_before=_SPREAD, sd_after=_SPREAD,
    correlation=OrNone(NumberFrom(-1, 1)), alpha=_SHARE, power=_SHARE,
)  # fmt: skip
def paired(
    change: float,
    *,
    sd_change: float | None = None,
    sd_before: float | None = None,
    sd_after: float | None = None,
    correlation: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
) -> PairedDesign:
    """Find the number of subjects for a paired t test of a mean change.

    Papers print the spread before and after, seldom that of the change: from both and their correlation it is
    ``sd_before**2 + sd_after**2 - 2 * correlation * sd_before * sd_after``, and hangs on a correlation that
    nobody printed; look at several.

    Parameters
    ----------
    change : mean change looked for, not 0
    sd_change : standard deviation of the change; or else the next three
    sd_before, sd_after, correlation : of the values before and after
    alpha : two-sided error
    power : chance of a significant change

    Raises
    ------
    ValueRangeError : the change is 0, or its spread is neither given nor can be computed

    Source
    ------
    Noncentral t: Julious 2010, Sample Sizes for Clinical Trials, chapter 4.

    Checked against
    ---------------
    tests/design/test_sizes : R 4.2.2 power.t.test

    Examples
    --------
    >>> paired(-4.0, sd_before=5.0, sd_after=4.0, correlation=0.5).n
    13
    """
    if change == 0:
        raise ValueRangeError("mean change", change, "a number other than 0")
    check_power(alpha, power)
    spread = _spread(sd_change, sd_before, sd_after, correlation)
    effect = abs(change) / spread

    def reached(size: float) -> float:
        return power_of_t(effect * math.sqrt(size), size - 1, alpha)

    exact = solve_size(reached, power, 2.0)
    whole = math.ceil(exact - 1e-9)
    return PairedDesign(
        change, spread, sd_before, sd_after, correlation, alpha, power, exact, whole, reached(whole)
    )


def _spread(
    given: float | None, before: float | None, after: float | None, correlation: float | None
) -> float:
    parts = (before, after, correlation)
    if given is not None and all(each is None for each in parts):
        return given
    if given is not None or before is None or after is None or correlation is None:
        raise ValueRangeError(
            "spread of the change", [given, *parts],
            "either sd_change, or all of sd_before, sd_after and correlation",
        )  # fmt: skip
    variance = before**2 + after**2 - 2 * correlation * before * after
    if variance <= 0:
        raise ValueRangeError("correlation", correlation, "one that leaves the change a spread")
    return math.sqrt(variance)
