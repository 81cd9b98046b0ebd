"""Which samples on a grid of values can have a printed mean and spread: exact fractions, closed intervals.

A subject's value is ``start + grain * k`` with a whole k, from 0 to `highest` where the scale has bounds. Of
n subjects the sum T of the k is whole, which is GRIM (Brown and Heathers 2017), and their sum of squares S is
whole, odd exactly where T is odd, not below that of values as equal as possible and not above that of values
as far apart as the bounds allow, which is GRIMMER (Anaya 2016; Allard 2018) with bounds (of 0 and 1: DEBIT,
Heathers and Brown 2019). Each condition is necessary for every sample, so that no real sample ever fails; for
n up to 4 whether there is a sample is settled by trying all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Final

from funis.audit.figures import OutcomeScale, PrintedNumber, RoundingInterval

#: Up to so many sums are tried one by one; more have no power to exclude anything but by their bounds.
MOST_SUMS: Final = 20_000
#: So many fewer subjects than the group has are tried at most.
_MOST_FEWER: Final = 2_000
#: Up to so many subjects all samples are tried.
_FEW: Final = 4
#: Samples of few subjects are tried up to this sum of squared deviations: the others are left as possible.
_MOST_SPREAD: Final = 10_000


@dataclass(frozen=True, slots=True)
class ValueGrid:
    """The values one subject can have.

    Attributes
    ----------
    grain : distance of neighbours
    start : a value on the grid, the lowest where there is one
    highest : how many steps the highest value lies above `start`, None where there is none
    has_lowest : whether no value lies below `start`
    """

    grain: Fraction
    start: Fraction = Fraction(0)
    highest: int | None = None
    has_lowest: bool = False


def grid_of(scale: OutcomeScale) -> ValueGrid | None:
    """Give the grid of a scale, None where nothing says that values lie on one.

    Examples
    --------
    >>> grid_of(OutcomeScale(Fraction(1), Fraction(0), Fraction(105))).highest
    105
    """
    grain = scale.grain
    if grain is None:
        return None
    if scale.minimum is None:
        return ValueGrid(grain)
    highest = None if scale.maximum is None else floor((scale.maximum - scale.minimum) / grain)
    return ValueGrid(grain, scale.minimum, highest, has_lowest=True)


def sums_that_fit(mean: RoundingInterval, n: int, grid: ValueGrid) -> range:
    """Give the sums of steps of n subjects whose mean lies in an interval.

    Examples
    --------
    >>> sums_that_fit(PrintedNumber("10.83").rounding, 40, ValueGrid(Fraction(1)))
    range(433, 434)
    >>> len(sums_that_fit(PrintedNumber("10.83").rounding, 37, ValueGrid(Fraction(1))))
    0
    """
    low = ceil((mean.lower - grid.start) * n / grid.grain)
    high = floor((mean.upper - grid.start) * n / grid.grain)
    if grid.has_lowest:
        low = max(low, 0)
    if grid.highest is not None:
        high = min(high, n * grid.highest)
    return range(low, high + 1)


def has_no_power(mean: PrintedNumber, n: int, grid: ValueGrid) -> bool:
    """Tell whether every mean with so few decimals is possible: each interval holds a sum.

    Examples
    --------
    >>> has_no_power(PrintedNumber("10.83"), 40, ValueGrid(Fraction(1)))
    False
    >>> has_no_power(PrintedNumber("10.83"), 100, ValueGrid(Fraction(1)))
    True
    """
    return mean.unit * n >= grid.grain


def variance_of(spread: PrintedNumber, n: int, *, is_standard_error: bool) -> RoundingInterval:
    """Give the variances that may be printed as this standard deviation or, of n subjects, standard error."""
    times = n if is_standard_error else 1
    ends = spread.rounding
    return RoundingInterval(max(ends.lower, Fraction(0)) ** 2 * times, ends.upper**2 * times)


def squares_that_fit(
    total: int, variance: RoundingInterval, n: int, grid: ValueGrid, *, divisor: int
) -> Iterator[int]:
    """Give the sums of squares of n subjects with a sum of steps, whose variance lies in an interval.

    Parameters
    ----------
    total : sum of steps
    variance : squares of the standard deviations that may have been printed
    n : subjects, 2 or more
    grid : the values a subject can have
    divisor : what the sum of squared deviations is divided by, n - 1 or n

    Examples
    --------
    >>> list(squares_that_fit(74, variance_of(PrintedNumber("1.21"), 24, is_standard_error=False), 24,
    ...                       ValueGrid(Fraction(1)), divisor=23))
    [262]
    """
    centre = Fraction(total * total, n)
    low = ceil(centre + variance.lower * divisor / grid.grain**2)
    high = floor(centre + variance.upper * divisor / grid.grain**2)
    least, most = _least_squares(total, n), _most_squares(total, grid)
    low = max(low, least)
    high = high if most is None else min(high, most)
    low += (low - total) % 2
    for squares in range(low, high + 1, 2):
        is_tried = n <= _FEW and n * squares - total * total <= n * _MOST_SPREAD
        if not is_tried or _is_made(n, total, squares, grid):
            yield squares


def fits(
    mean: RoundingInterval, variance: RoundingInterval, n: int, grid: ValueGrid, *, divisor: int
) -> bool:
    """Tell whether a mean and a variance can be of one sample on the grid.

    Examples
    --------
    >>> fits(PrintedNumber("5.23").rounding, variance_of(PrintedNumber("2.55"), 35, is_standard_error=False),
    ...      35, ValueGrid(Fraction(1)), divisor=34)
    False
    """
    sums = sums_that_fit(mean, n, grid)
    if len(sums) > MOST_SUMS:
        return True
    return any(
        next(squares_that_fit(total, variance, n, grid, divisor=divisor), None) is not None for total in sums
    )


def fewer_than(n: int) -> range:
    """Give the numbers of subjects that are tried where n is the size of the group: from half of it up.

    Examples
    --------
    >>> fewer_than(40), fewer_than(1)
    (range(20, 40), range(1, 1))
    """
    return range(max(1, n // 2, n - _MOST_FEWER), n)


def numbers_that_fit(
    mean: PrintedNumber, spread: PrintedNumber | None, grid: ValueGrid, numbers: Iterable[int]
) -> tuple[int, ...]:
    """Give the numbers of subjects a mean, and its standard deviation where there is one, can be of.

    The standard deviation may divide by n - 1 or by n.

    Examples
    --------
    >>> numbers_that_fit(PrintedNumber("6.40"), PrintedNumber("3.84"), ValueGrid(Fraction(1)), range(20, 41))
    (20, 25, 30, 35, 40)
    """
    return tuple(n for n in numbers if _fits_number(mean, spread, grid, n))


def _fits_number(mean: PrintedNumber, spread: PrintedNumber | None, grid: ValueGrid, n: int) -> bool:
    if not sums_that_fit(mean.rounding, n, grid):
        return False
    if spread is None or n < 2:
        return True
    variance = variance_of(spread, n, is_standard_error=False)
    return any(fits(mean.rounding, variance, n, grid, divisor=divisor) for divisor in (n - 1, n))


def largest_variance(
    mean: RoundingInterval, n: int | None, lowest: Fraction | None, highest: Fraction | None
) -> Fraction | None:
    """Give the largest variance (n - 1) that values between bounds can have with a mean in an interval.

    Parameters
    ----------
    mean : what may have been printed as the mean
    n : subjects, None where nothing says how many: then the largest for any n
    lowest, highest : bounds of one value, None where there is none

    Returns
    -------
    None where nothing bounds it

    Source
    ------
    Two bounds: n/(n - 1) (m - a)(b - m) (Bhatia and Davis 2000); a lowest value alone: n (m - a)^2, all but
    one subject at the lowest value.

    Examples
    --------
    >>> largest_variance(RoundingInterval(Fraction(5), Fraction(5)), 11, Fraction(0), None)
    Fraction(275, 1)
    """
    if lowest is None and highest is None:
        return None
    if lowest is not None and highest is not None:
        middle = (lowest + highest) / 2
        best = min(max(middle, mean.lower), mean.upper)
        spread = (best - lowest) * (highest - best)
        return max(spread, Fraction(0)) * (Fraction(n, n - 1) if n is not None and n > 1 else 2)
    if n is None:
        return None
    gap = mean.upper - lowest if lowest is not None else (highest or Fraction(0)) - mean.lower
    return n * max(gap, Fraction(0)) ** 2


def _least_squares(total: int, n: int) -> int:
    """Give the sum of squares of whole numbers as equal as possible."""
    each, rest = divmod(total, n)
    return rest * (each + 1) ** 2 + (n - rest) * each**2


def _most_squares(total: int, grid: ValueGrid) -> int | None:
    """Give the sum of squares of whole numbers as far apart as the bounds allow, None without bounds."""
    if not grid.has_lowest:
        return None
    if grid.highest is None:
        return total * total
    if grid.highest == 0:
        return 0
    full, rest = divmod(total, grid.highest)
    return full * grid.highest**2 + rest**2


def _is_made(n: int, total: int, squares: int, grid: ValueGrid) -> bool:
    """Tell whether few whole numbers have this sum and sum of squares, by trying the first of them."""
    if n == 2:
        # a + b = total and a^2 + b^2 = squares: (a - b)^2 = 2 squares - total^2.
        rest = 2 * squares - total * total
        gap = isqrt(max(rest, 0))
        larger = (total + gap) // 2
        return gap * gap == rest and _is_on(larger, grid) and _is_on(total - larger, grid)
    if n * squares < total * total:
        return False
    # No value is further from the mean than this, or the others could not make up for it.
    reach = isqrt((n * squares - total * total) * (n - 1)) // n + 1
    low, high = total // n - reach, total // n + 1 + reach
    return any(
        _is_on(k, grid) and _is_made(n - 1, total - k, squares - k * k, grid) for k in range(low, high + 1)
    )


def _is_on(k: int, grid: ValueGrid) -> bool:
    return (k >= 0 or not grid.has_lowest) and (grid.highest is None or k <= grid.highest)
