"""One arm watched for two endpoints at every look: a response, and an event that must not be frequent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from funis.arguments import NumberFrom, OrNone, Several, YesNo, takes
from funis.design.harm import check_looks
from funis.errors import ValueRangeError
from funis.stats.sample import Booleans, Floats

_SHARE: Final = NumberFrom(0, 1)
_RATE: Final = NumberFrom(0, 1, is_open=True)
_CELLS: Final = Several(_SHARE, least=4)
#: More patients take longer to count through than a trial in one arm is worth.
MOST_SUBJECTS: Final = 200
#: Cut-offs that are tried where none is given: a level at the end, and how fast it rises.
_LEVELS: Final = np.arange(0.50, 0.996, 0.005)
_SHAPES: Final = np.arange(0.0, 1.01, 0.05)


@dataclass(frozen=True, slots=True)
class EndpointLook:
    """What stops the trial at one look.

    Attributes
    ----------
    n : patients observed
    cutoff : certainty of a good rate below which the trial stops
    responses : stop with so many responses or fewer; None: no number is too few
    events : stop with so many events or more; None: no number is too many. Where events are counted among
        responders: by the number of responders, from 0 on
    """

    n: int
    cutoff: float
    responses: int | None
    events: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class EndpointChance:
    """What the rule does under true rates.

    Attributes
    ----------
    name : ``null``, ``response only``, ``safe only``, ``better``
    response, event : true rates
    success : chance that no look stops the trial
    early_stop : chance of stopping before the last look
    expected_n : patients on average
    """

    name: str
    response: float
    event: float
    success: float
    early_stop: float
    expected_n: float


@dataclass(frozen=True, slots=True)
class TwoEndpointRule:
    """A rule that stops for too few responses or too many events.

    Attributes
    ----------
    null, better : chances of response with event, response without, event without response, neither
    is_among_responders : the event is counted among responders, as a relapse is
    level, shape : the cut-off at a look is ``level * (n / last n) ** shape``
    looks : what stops the trial
    chances : under the null rates, under those with one rate better, under the better ones
    """

    null: tuple[float, ...]
    better: tuple[float, ...]
    is_among_responders: bool
    level: float
    shape: float
    looks: tuple[EndpointLook, ...]
    chances: tuple[EndpointChance, ...]


@takes(null=_CELLS, better=_CELLS, looks=Several(NumberFrom(1, MOST_SUBJECTS, whole=True), least=1),
       alpha=_RATE, level=OrNone(_RATE), shape=NumberFrom(0, 5), among_responders=YesNo())  # fmt: skip
def two_endpoints(
    null: Sequence[float], better: Sequence[float], looks: Sequence[int], *, alpha: float = 0.1,
    level: float | None = None, shape: float = 1.0, among_responders: bool = False,
) -> TwoEndpointRule:  # fmt: skip
    """Find the Bayesian rule that watches a response and an event, with its chances counted exactly.

    The trial stops at a look when the certainty that the response rate is above its null rate, or that the
    event rate is below its own, falls under the cut-off. Without a level the one with the most power is
    sought among those that hold `alpha`.

    Parameters
    ----------
    null : chances of response with event, response without event, event without response, neither; the rates
        of no interest. The prior is worth one patient with them
    better : the same where the treatment is worth going on for
    looks : patients observed at each look, rising; the last is the size of the trial
    alpha : chance of success under `null` at most, where `level` is not given
    level : certainty asked at the last look
    shape : 0: the same at every look; larger: less is asked of the early ones
    among_responders : the event is counted among responders (a relapse), not among all

    Returns
    -------
    TwoEndpointRule

    Raises
    ------
    ValueRangeError : chances that do not add up to 1, a better rate that is not better, looks that do not
        rise, or no level that holds `alpha`

    Source
    ------
    BOP2: Zhou, Lee and Yuan 2017 (Stat Med 36: 3302). With shape 0 the rule is that of Thall, Simon and Estey
    1995 (Stat Med 14: 357) against known rates.

    Checked against
    ---------------
    tests/design/test_two_endpoints : BOP2FE; every path of a small trial

    Examples
    --------
    >>> found = two_endpoints((0.15, 0.30, 0.15, 0.40), (0.18, 0.42, 0.02, 0.38), (10, 20, 40), level=0.7)
    >>> [(look.n, look.responses, look.events[0]) for look in found.looks]
    [(10, 3, 5), (20, 8, 7), (40, 19, 11)]
    """
    sizes = check_looks(looks)
    cells = _Cells(_check_chances("null", null), _check_chances("better", better), among_responders)
    cells.check()
    if level is None:
        level, shape = _search(cells, sizes, alpha)
    return _describe(cells, sizes, level, shape)


def _check_chances(name: str, chances: Sequence[float]) -> tuple[float, ...]:
    cells = tuple(map(float, chances))
    if len(cells) != 4 or abs(sum(cells) - 1) > 1e-9:
        allowed = "4 chances that add up to 1: response with event, response without, event without, neither"
        raise ValueRangeError(f"{name} chances", list(cells), allowed)
    return cells


@dataclass(frozen=True, slots=True)
class _Cells:
    """The four chances under both worlds, and how the event is counted."""

    null: tuple[float, ...]
    better: tuple[float, ...]
    among_responders: bool

    def rates(self, cells: tuple[float, ...]) -> tuple[float, float]:
        """Give response rate and event rate of four chances."""
        response = cells[0] + cells[1]
        event = cells[0] / response if self.among_responders and response else cells[0] + cells[2]
        # 0.15 + 0.3 is to be 0.45.
        return round(response, 12), round(event, 12)

    def check(self) -> None:
        """Refuse a better world that is not better, and rates that leave nothing to test."""
        (r0, e0), (r1, e1) = self.rates(self.null), self.rates(self.better)
        for name, rate in (("null response rate", r0), ("null event rate", e0)):
            if not 0 < rate < 1:
                raise ValueRangeError(name, rate, "a number between 0 and 1, both excluded")
        if r1 <= r0:
            raise ValueRangeError("better response rate", r1, f"a number above {r0:g}")
        if e1 >= e0:
            raise ValueRangeError("better event rate", e1, f"a number below {e0:g}")

    def worlds(self) -> dict[str, tuple[float, ...]]:
        """Give the null, the two worlds with one good rate (endpoints independent in them), the better."""
        (r0, e0), (r1, e1) = self.rates(self.null), self.rates(self.better)
        return {
            "null": self.null, "response only": self._independent(r1, e0),
            "safe only": self._independent(r0, e1), "better": self.better,
        }  # fmt: skip

    def _independent(self, response: float, event: float) -> tuple[float, ...]:
        without = 0.0 if self.among_responders else event
        return (
            response * event, response * (1 - event), (1 - response) * without,
            (1 - response) * (1 - without),
        )  # fmt: skip


def _good_certainty(cells: _Cells, n: int) -> tuple[Floats, Floats]:
    """Give the certainty of a good response rate by responses, and of a good event rate.

    The second is by responses (row) and events (column). A row has the same values in every row where events
    are counted among all.
    """
    r0, e0 = cells.rates(cells.null)
    responses, events = np.arange(n + 1), np.arange(n + 1)
    enough = np.asarray(special.betaincc(r0 + responses, 1 - r0 + n - responses, r0), dtype=np.float64)
    if not cells.among_responders:
        few = np.asarray(special.betainc(e0 + events, 1 - e0 + n - events, e0), dtype=np.float64)
        return enough, np.broadcast_to(few, (n + 1, n + 1))
    free = np.maximum(responses[:, None] - events[None, :], 0)
    kept = special.betainc(cells.null[0] + events[None, :], cells.null[1] + free, e0)
    return enough, np.asarray(kept, dtype=np.float64)


class _Counter:
    """Counts the chances of a rule exactly; the certainties and the paths do not depend on the cut-offs."""

    def __init__(self, cells: _Cells, sizes: tuple[int, ...]) -> None:
        self._sizes = sizes
        self._certainty = [_good_certainty(cells, n) for n in sizes]

    def going_on(self, place: int, cutoff: float) -> Booleans:
        """Tell for responses (row) and events (column) whether the trial goes on."""
        enough, few = self._certainty[place]
        return np.asarray((enough[:, None] >= cutoff) & (few >= cutoff))

    def count(self, chances: tuple[float, ...], cutoffs: Sequence[float]) -> tuple[float, float, float]:
        """Give the chance of success, of an early stop, and the patients on average."""
        steps = np.diff((0, *self._sizes))
        state, success, expected = np.ones((1, 1)), 1.0, 0.0
        early = 0.0
        for place, (n, step) in enumerate(zip(self._sizes, steps, strict=True)):
            for _ in range(int(step)):
                state = _one_more(state, chances)
            expected += success * float(step)
            state = np.where(self.going_on(place, cutoffs[place]), state, 0.0)
            success = float(state.sum())
            early = early if n == self._sizes[-1] else 1 - success
        return success, early, expected


def _one_more(state: Floats, chances: tuple[float, ...]) -> Floats:
    """Observe one patient more: responses are rows, events columns."""
    both, response, event, neither = chances
    grown = np.zeros((state.shape[0] + 1, state.shape[1] + 1))
    grown[1:, 1:] += both * state
    grown[1:, :-1] += response * state
    grown[:-1, 1:] += event * state
    grown[:-1, :-1] += neither * state
    return grown


def _cutoffs(sizes: tuple[int, ...], level: float, shape: float) -> tuple[float, ...]:
    return tuple(level * (n / sizes[-1]) ** shape for n in sizes)


def _search(cells: _Cells, sizes: tuple[int, ...], alpha: float) -> tuple[float, float]:
    """Find the cut-off with the most power that holds the error; of equal ones the earliest to stop."""
    counter, best = _Counter(cells, sizes), None
    for shape in map(float, _SHAPES):
        # The chance of success falls as the level rises: the first level that holds is the best of its shape.
        low, high = -1, _LEVELS.size - 1
        if counter.count(cells.null, _cutoffs(sizes, float(_LEVELS[high]), shape))[0] > alpha:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            holds = counter.count(cells.null, _cutoffs(sizes, float(_LEVELS[middle]), shape))[0] <= alpha
            low, high = (low, middle) if holds else (middle, high)
        level = round(float(_LEVELS[high]), 3)
        cutoffs = _cutoffs(sizes, level, shape)
        gain = (counter.count(cells.better, cutoffs)[0], -counter.count(cells.null, cutoffs)[2])
        if best is None or gain > best[0]:
            best = (gain, (level, round(shape, 2)))
    if best is None or best[0][0] <= alpha:
        raise ValueRangeError("alpha", alpha, f"an error that {sizes[-1]} patients hold with some power")
    return best[1]


def _describe(cells: _Cells, sizes: tuple[int, ...], level: float, shape: float) -> TwoEndpointRule:
    counter, cutoffs = _Counter(cells, sizes), _cutoffs(sizes, level, shape)
    looks = tuple(_look(cells, n, cutoff) for n, cutoff in zip(sizes, cutoffs, strict=True))
    chances = []
    for name, world in cells.worlds().items():
        success, early, expected = counter.count(world, cutoffs)
        chances.append(EndpointChance(name, *cells.rates(world), success, early, expected))
    return TwoEndpointRule(
        cells.null, cells.better, cells.among_responders, level, shape, looks, tuple(chances)
    )


def _look(cells: _Cells, n: int, cutoff: float) -> EndpointLook:
    enough, few = _good_certainty(cells, n)
    too_few = np.flatnonzero(enough < cutoff)
    rows = range(n + 1) if cells.among_responders else range(1)
    events: list[int | None] = []
    for row in rows:
        most = row if cells.among_responders else n
        stops = np.flatnonzero(few[row, : most + 1] < cutoff)
        events.append(int(stops[0]) if stops.size else None)
    return EndpointLook(n, cutoff, int(too_few[-1]) if too_few.size else None, tuple(events))
