"""Two stages, one arm, two questions: the designs of Bryant and Day for response and toxicity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from funis.arguments import NumberFrom, takes
from funis.design.asked import check_power, check_rates, refuse_near_rates
from funis.design.two_stage import exceeding, fewest_subjects, largest_r1, success_by_limits
from funis.errors import ValueRangeError
from funis.stats.sample import Floats, Integers

#: Above this many subjects a trial in one arm and two stages is not what is looked for.
MOST_SUBJECTS: Final = 150
_RATE: Final = NumberFrom(0, 1, is_open=True)


@dataclass(frozen=True, slots=True)
class ResponseToxicityDesign:
    """Stop after ``n1`` subjects with ``r1`` responses or fewer, or with more than ``t1`` toxicities.

    Attributes
    ----------
    r1, t1, n1 : limits and subjects of the first stage
    r, t, n : limits and subjects of both: success with more than ``r`` responses and at most ``t`` toxicities
    power : chance of success where both rates are good
    error_response : chance of success where the response rate is poor and the toxicity rate good
    error_toxicity : chance of success where the response rate is good and the toxicity rate poor
    error_both : chance of success where both are poor
    worst_error_response, worst_error_toxicity, worst_power : bounds of the three chances that hold however
        response and toxicity of a patient go together
    expected_n : subjects on average where the response alone is poor, the toxicity alone, both, and none
    """

    r1: int
    t1: int
    n1: int
    r: int
    t: int
    n: int
    power: float
    error_response: float
    error_toxicity: float
    error_both: float
    worst_error_response: float
    worst_error_toxicity: float
    worst_power: float
    expected_n: tuple[float, float, float, float]

    @property
    def most_expected(self) -> float:
        """Give the larger expected number of the two cases in which one rate is poor."""
        return max(self.expected_n[:2])


@dataclass(frozen=True, slots=True)
class BryantDayDesigns:
    """The designs that hold the three error rates.

    Attributes
    ----------
    p0, p1 : response rates of no interest and worth going on for
    toxic0, toxic1 : toxicity rates that are too high and that are accepted
    alpha_response, alpha_toxicity, asked_power : as asked
    optimal : fewest subjects on average in the worse of the two cases with one poor rate
    minimax : fewest subjects at most
    """

    p0: float
    p1: float
    toxic0: float
    toxic1: float
    alpha_response: float
    alpha_toxicity: float
    asked_power: float
    optimal: ResponseToxicityDesign
    minimax: ResponseToxicityDesign


@takes(p0=_RATE, p1=_RATE, toxic0=_RATE, toxic1=_RATE, alpha_response=_RATE, alpha_toxicity=_RATE,
       power=_RATE)  # fmt: skip
def bryant_day(
    p0: float, p1: float, toxic0: float, toxic1: float, *,
    alpha_response: float = 0.1, alpha_toxicity: float = 0.1, power: float = 0.85,
) -> BryantDayDesigns:  # fmt: skip
    """Find the two-stage designs of Bryant and Day, for a response and a toxicity.

    Response and toxicity of one patient are taken to be independent, as the paper does for its tables. What
    an association can make of the chances at worst stands beside them.

    Parameters
    ----------
    p0, p1 : response rate that is of no interest, and one worth going on for, above it
    toxic0, toxic1 : toxicity rate that is too high, and one that is accepted, below it
    alpha_response : chance of success at most where the response rate is `p0`
    alpha_toxicity : chance of success at most where the toxicity rate is `toxic0`
    power : chance of success at least where the rates are `p1` and `toxic1`

    Returns
    -------
    BryantDayDesigns

    Raises
    ------
    ValueRangeError : rates are the wrong way round, or no design of at most 150 subjects holds the errors

    Source
    ------
    Bryant and Day 1995 (Biometrics 51: 1372).

    Checked against
    ---------------
    tests/design/test_bryant_day : the example of the paper; a search through every small design

    Examples
    --------
    >>> found = bryant_day(0.1, 0.5, 0.5, 0.1, power=0.8).optimal
    >>> (found.r1, found.t1, found.n1), (found.r, found.t, found.n)
    ((0, 1, 4), (2, 2, 9))
    """
    check_rates(p0, p1)
    if toxic1 >= toxic0:
        raise ValueRangeError("accepted toxicity rate", toxic1, f"a number below {toxic0:g}")
    check_power(max(alpha_response, alpha_toxicity), power)
    # Whoever has no toxicity is counted as the paper does: as a good result of its own.
    search = _Search((p0, p1), (1 - toxic0, 1 - toxic1), alpha_response, alpha_toxicity, power)
    best = list(search.improving())
    if not best:
        raise refuse_near_rates(p0, p1, MOST_SUBJECTS)
    return BryantDayDesigns(p0, p1, toxic0, toxic1, alpha_response, alpha_toxicity, power, best[-1], best[0])


@dataclass(frozen=True, slots=True)
class _Side:
    """Limits of one question that can be part of a design, and what they do under its two rates.

    Attributes
    ----------
    first, both : good results that are not enough in the first stage, and in both
    poor, good : chance of passing both stages under the poor rate, and under the good one
    poor_on, good_on : chance of passing the first stage
    """

    first: Integers
    both: Integers
    poor: Floats
    good: Floats
    poor_on: Floats
    good_on: Floats


@dataclass(frozen=True, slots=True)
class _Search:
    """A search from the smallest number of subjects on.

    Attributes
    ----------
    response, safe : poor and good rate of responses, and of patients without toxicity
    alpha_response, alpha_toxicity, power : as asked
    """

    response: tuple[float, float]
    safe: tuple[float, float]
    alpha_response: float
    alpha_toxicity: float
    power: float

    def improving(self) -> Iterator[ResponseToxicityDesign]:
        """Give the best design of each size that needs fewer subjects on average than every smaller one."""
        fewest = float("inf")
        first = np.arange(1, MOST_SUBJECTS)
        going_on = self._least_going_on(first)
        asked = ((self.response, self.alpha_response), (self.safe, self.alpha_toxicity))
        # A false success of one question needs the other passed, which has the power at least.
        start = max(
            fewest_subjects(*rates, min(alpha / self.power, self.power), self.power) for rates, alpha in asked
        )
        for n in range(start, MOST_SUBJECTS + 1):
            stage = first[: n - 1]
            worth = stage[stage + going_on[: n - 1] * (n - stage) < fewest]
            if not worth.size:
                return
            found = [each for n1 in worth if (each := self._best(int(n1), n)) is not None]
            held = [each for each in found if each.most_expected < fewest]
            if held:
                best = min(held, key=lambda each: (each.most_expected, each.n1))
                fewest = best.most_expected
                yield best

    def _least_going_on(self, first: np.ndarray) -> Floats:
        """Bound the chance of a second stage from below, in the worse of the cases with one poor rate."""
        one, other = (
            np.asarray(stats.binom.sf(largest_r1(first, good, self.power), first, poor))
            for poor, good in (self.response, self.safe)
        )
        return np.asarray(self.power * np.maximum(one, other), dtype=np.float64)

    def _best(self, n1: int, n: int) -> ResponseToxicityDesign | None:
        """Give the design of these sizes with the fewest subjects on average, if one holds the errors."""
        responses = self._side(n1, n, self.response, self.alpha_response)
        safe = self._side(n1, n, self.safe, self.alpha_toxicity) if responses.first.size else responses
        if not safe.first.size:
            return None
        holds = (
            (np.outer(responses.good, safe.good) >= self.power)
            & (np.outer(responses.poor, safe.good) <= self.alpha_response)
            & (np.outer(responses.good, safe.poor) <= self.alpha_toxicity)
        )
        if not holds.any():
            return None
        going_on = np.maximum(
            np.outer(responses.poor_on, safe.good_on), np.outer(responses.good_on, safe.poor_on)
        )
        # Of equal expected numbers the one with the most power.
        gain = np.where(holds, going_on - 1e-9 * np.outer(responses.good, safe.good), np.inf)
        row, column = np.unravel_index(int(np.argmin(gain)), gain.shape)
        return _describe(n1, n, responses, int(row), safe, int(column))

    def _side(self, n1: int, n: int, rates: tuple[float, float], alpha: float) -> _Side:
        poor, good = rates
        # Limits of the first stage that a good treatment passes often enough; with none there are no rows.
        highest = int(np.count_nonzero(exceeding(n1, good) >= self.power)) - 1
        passes_poor, passes_good = (success_by_limits(n1, n, highest, p) for p in (poor, good))
        limits = np.arange(n)[None, :] >= np.arange(highest + 1)[:, None]
        first, both = np.nonzero(limits & (passes_good >= self.power) & (passes_poor <= alpha / self.power))
        return _Side(
            first, both, passes_poor[first, both], passes_good[first, both],
            exceeding(n1, poor)[first], exceeding(n1, good)[first],
        )  # fmt: skip


def _describe(
    n1: int, n: int, responses: _Side, row: int, safe: _Side, column: int
) -> ResponseToxicityDesign:
    """Put a design into the words of its user: toxicities that are too many, not good results too few."""

    def expect(on: float) -> float:
        return n1 + on * (n - n1)

    answers, harm = (
        [float(each[place]) for each in (side.poor, side.good, side.poor_on, side.good_on)]
        for side, place in ((responses, row), (safe, column))
    )
    poor, good, poor_on, good_on = answers
    harmful, harmless, harmful_on, harmless_on = harm
    return ResponseToxicityDesign(
        int(responses.first[row]), n1 - int(safe.first[column]) - 1, n1,
        int(responses.both[row]), n - int(safe.both[column]) - 1, n,
        good * harmless, poor * harmless, good * harmful, poor * harmful,
        min(poor, harmless), min(good, harmful), max(0.0, good + harmless - 1),
        (expect(poor_on * harmless_on), expect(good_on * harmful_on), expect(poor_on * harmful_on),
         expect(good_on * harmless_on)),
    )  # fmt: skip
