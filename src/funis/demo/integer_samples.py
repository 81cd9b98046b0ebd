"""Whole-number samples with a printed mean and standard deviation.

A published mean and SD of whole-number scores pin down the sum and the sum of squares of the
sample to a handful of candidates. `recover_sums` lists them; `fit_integers` finds a sample that has
them exactly and stays as close as it can to a wished-for shape; `choose_items` makes a total out of
the weights of an index. Everything is exact integer work or plain double arithmetic, so the same
inputs give the same sample on every machine and with every version of the libraries.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from funis.errors import FunisError

_MASK = (1 << 64) - 1
_Drawn = TypeVar("_Drawn")


class SampleError(FunisError):
    """No sample of whole numbers meets the conditions."""

    code = "sample"


class Draws:
    """Reproducible uniform numbers: SplitMix64, started from a seed and a name.

    Each quantity has a stream of its own, so that adding a quantity never shifts another one.

    Parameters
    ----------
    seed : whole number
    name : the quantity the stream is for

    Source
    ------
    Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str) -> None:
        digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
        self._state = int.from_bytes(digest[:8], "big")

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw from [low, high)."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
        return low + (high - low) * (z >> 11) / (1 << 53)

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """Draw from a bell shape: the sum of twelve uniforms, which never leaves mean ± 6 SD."""
        return mean + sd * (sum(self.uniform() for _ in range(12)) - 6.0)

    def shuffled(self, count: int) -> tuple[int, ...]:
        """Draw an order of 0 ... count - 1."""
        keys = [(self.uniform(), index) for index in range(count)]
        return tuple(index for _, index in sorted(keys))


def round_half_away(value: Fraction, decimals: int) -> Fraction:
    """Round as printed tables do: a tie goes away from zero.

    Examples
    --------
    >>> round_half_away(Fraction(433, 40), 2)
    Fraction(1083, 100)
    """
    scale = 10**decimals
    scaled = abs(value) * scale
    whole = (2 * scaled + 1) // 2
    return Fraction(whole if value >= 0 else -whole, scale)


def recover_sums(mean: str, sd: str, n: int) -> tuple[tuple[int, int], ...]:
    """List every sum and sum of squares of n whole numbers that prints as this mean and SD.

    Parameters
    ----------
    mean, sd : as printed, with all decimals (``"10.83"``, ``"4.63"``); SD with n - 1
    n : number of values, at least 2

    Returns
    -------
    pairs (sum, sum of squares), ascending; empty when the printed figures cannot come from n
    whole numbers

    Source
    ------
    GRIM: Brown and Heathers 2017; GRIMMER: Anaya 2016. Ties round away from zero.

    Examples
    --------
    >>> recover_sums("10.83", "4.63", 40)
    ((433, 5523), (433, 5525))
    >>> recover_sums("3.08", "1.21", 24)
    ((74, 262),)
    """
    target, decimals = _parse_printed(mean)
    spread, sd_decimals = _parse_printed(sd)
    half = Fraction(1, 2 * 10**sd_decimals)
    found: list[tuple[int, int]] = []
    around = math.floor(target * n)
    for total in range(around - n, around + n + 1):
        if round_half_away(Fraction(total, n), decimals) != target:
            continue
        centre = Fraction(total * total, n)
        low = centre + max(spread - half, Fraction(0)) ** 2 * (n - 1)
        high = centre + (spread + half) ** 2 * (n - 1)
        # A value and its square are odd together, so the two sums are odd together.
        found += [
            (total, squares) for squares in range(math.ceil(low), math.ceil(high)) if squares % 2 == total % 2
        ]
    return tuple(found)


def _parse_printed(text: str) -> tuple[Fraction, int]:
    return Fraction(text), len(text.partition(".")[2])


def fit_integers(
    wish: Sequence[float],
    total: int,
    squares: tuple[int, int],
    *,
    lower: Sequence[int],
    upper: Sequence[int],
) -> tuple[int, ...]:
    """Find whole numbers with a given sum and sum of squares, close in shape to a wish.

    Parameters
    ----------
    wish : one number a subject; only its shape counts, it is stretched and shifted to fit
    total : the sum that must be met
    squares : lowest and highest sum of squares allowed (twice the same to demand one)
    lower, upper : bounds of each value, inclusive

    Returns
    -------
    the sample, in the order of `wish`

    Raises
    ------
    SampleError : the bounds leave no sample with these sums, or none was found

    Examples
    --------
    >>> fit_integers([1.0, 2.0, 3.0, 9.0], 24, (158, 158), lower=[0] * 4, upper=[20] * 4)
    (4, 5, 6, 9)
    """
    if not sum(lower) <= total <= sum(upper):
        raise SampleError(
            f"No sample sums to {total}: the bounds allow {sum(lower)} to {sum(upper)}. Widen the bounds."
        )
    target = _stretch(wish, total, sum(squares) / 2, lower=lower, upper=upper)
    values = [
        min(max(math.floor(x + 0.5), low), high) for x, low, high in zip(target, lower, upper, strict=True)
    ]
    _repair_total(values, target, total, lower=lower, upper=upper)
    _repair_squares(values, target, squares, lower=lower, upper=upper)
    return tuple(values)


def _stretch(
    wish: Sequence[float], total: float, squares: float, *, lower: Sequence[int], upper: Sequence[int]
) -> list[float]:
    """Shift and stretch the wish, cut at the bounds, to the sums, by bisection in both."""

    def place(slope: float) -> list[float]:
        # For a given stretch the sum rises with the shift, so the shift is found by halving.
        reach = abs(total) + slope * max(abs(x) for x in wish) + max(map(abs, upper)) + 1.0
        low, high = -reach, reach
        for _ in range(48):
            shift = (low + high) / 2
            placed = [min(max(shift + slope * x, a), b) for x, a, b in zip(wish, lower, upper, strict=True)]
            low, high = (shift, high) if sum(placed) < total else (low, shift)
        return placed

    low, high = 0.0, 1.0
    while sum(x * x for x in place(high)) < squares and high < 1e6:
        high *= 2
    for _ in range(50):
        slope = (low + high) / 2
        if sum(x * x for x in place(slope)) < squares:
            low = slope
        else:
            high = slope
    return place(high)


def _repair_total(
    values: list[int], target: Sequence[float], total: int, *, lower: Sequence[int], upper: Sequence[int]
) -> None:
    """Step single values by one, those first whose rounding lost most, until the sum is met."""
    while (gap := total - sum(values)) != 0:
        step = 1 if gap > 0 else -1
        free = [i for i, v in enumerate(values) if lower[i] <= v + step <= upper[i]]
        best = min(free, key=lambda i: (abs(values[i] + step - target[i]) - abs(values[i] - target[i]), i))
        values[best] += step


def _repair_squares(
    values: list[int],
    target: Sequence[float],
    squares: tuple[int, int],
    *,
    lower: Sequence[int],
    upper: Sequence[int],
) -> None:
    """Raise one value and lower another, which keeps the sum, until the squares are met."""
    seen: set[tuple[int, ...]] = set()
    for _ in range(500):
        now = sum(v * v for v in values)
        if squares[0] <= now <= squares[1]:
            return
        seen.add(tuple(values))
        move = _best_exchange(values, target, now, squares, lower=lower, upper=upper, seen=seen)
        if move is None:
            break
        values[move[0]] += 1
        values[move[1]] -= 1
    raise SampleError(
        f"No sample with {len(values)} values, sum {sum(values)} and sum of squares {squares[0]} to "
        f"{squares[1]} was found between the bounds. Widen the bounds or change the wish."
    )


def _best_exchange(
    values: list[int],
    target: Sequence[float],
    now: int,
    squares: tuple[int, int],
    *,
    lower: Sequence[int],
    upper: Sequence[int],
    seen: set[tuple[int, ...]],
) -> tuple[int, int] | None:
    best: tuple[float, int, int] | None = None
    raisable = [i for i, v in enumerate(values) if v < upper[i]]
    lowerable = [j for j, v in enumerate(values) if v > lower[j]]
    for i in raisable:
        for j in lowerable:
            if i == j:
                continue
            after = now + 2 * (values[i] - values[j]) + 2
            gap = max(squares[0] - after, after - squares[1], 0)
            loss = abs(values[i] + 1 - target[i]) + abs(values[j] - 1 - target[j])
            score = (gap + 0.25 * loss, i, j)
            if best is not None and score >= best:
                continue
            trial = list(values)
            trial[i] += 1
            trial[j] -= 1
            if tuple(trial) not in seen:
                best = score
    return None if best is None else (best[1], best[2])


def paired_t(pairs: Sequence[tuple[float, float]]) -> float:
    """Give Student's t of the changes of pairs.

    Examples
    --------
    >>> round(paired_t([(5.0, 3.0), (6.0, 5.0), (7.0, 4.0)]), 4)
    -3.4641
    """
    changes = [later - first for first, later in pairs]
    mean = sum(changes) / len(changes)
    spread = sum((x - mean) ** 2 for x in changes) / (len(changes) - 1)
    return mean / math.sqrt(spread / len(changes))


def draw_until(
    seed: int, name: str, draw: Callable[[Draws], _Drawn], fits: Callable[[_Drawn], bool]
) -> _Drawn:
    """Draw anew until what was drawn fits what is published: a sample by rejection.

    Parameters
    ----------
    seed, name : of the draws; each attempt has a stream of its own
    draw : makes one sample
    fits : tells whether it is kept

    Raises
    ------
    SampleError : none of 500 fits

    Examples
    --------
    >>> draw_until(1, "dice", lambda draws: int(draws.uniform(1, 7)), lambda thrown: thrown == 6)
    6
    """
    for attempt in range(500):
        drawn = draw(Draws(seed, f"{name} {attempt}"))
        if fits(drawn):
            return drawn
    raise SampleError(f"None of 500 samples of {name} with seed {seed} fits what is published.")


def choose_items(
    weights: Mapping[str, int],
    total: int,
    *,
    must: frozenset[str],
    costs: Mapping[str, float],
) -> frozenset[str]:
    """Choose the items of an index that add up to a total at the lowest cost.

    Parameters
    ----------
    weights : weight of each item of the index
    total : the score to make
    must : items that are present in any case
    costs : items that may be present, with the price of each; others are absent

    Returns
    -------
    names of the items that are present

    Raises
    ------
    SampleError : the items allowed cannot make the total

    Examples
    --------
    >>> weights = {"rash": 2, "arthritis": 4, "fever": 1, "alopecia": 2}
    >>> sorted(choose_items(weights, 5, must=frozenset({"rash"}),
    ...                     costs={"arthritis": 1, "fever": 1, "alopecia": 1}))
    ['alopecia', 'fever', 'rash']
    """
    rest = total - sum(weights[item] for item in must)
    table: dict[int, tuple[float, frozenset[str]]] = {0: (0.0, frozenset())}
    for item in sorted(set(costs) - must):
        # Larger sums first, so that no item is taken twice.
        for made in sorted(table, reverse=True):
            price, taken = table[made]
            reached = made + weights[item]
            if reached > rest:
                continue
            offer = price + costs[item]
            if reached not in table or offer < table[reached][0]:
                table[reached] = (offer, taken | {item})
    if rest not in table:
        raise SampleError(
            f"The total {total} cannot be made: {sorted(must)} must be present and "
            f"{sorted(costs)} may be. Allow other items or another total."
        )
    return must | table[rest][1]
