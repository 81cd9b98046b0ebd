"""How a number is printed: the only place that rounds to printed decimals and formats.

A float is first brought back to nine decimals, which hold every recorded value: the dust of binary algebra
must not break a tie. It is then read as the shortest decimal that stands for it and rounded half away from
zero. The page, results.csv, the panel of the page and the commands print by these functions alone; what
prints one number with two numbers of decimals calls them twice with the same value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from funis.errors import FunisError
from funis.nine_decimals import PLACES, round_exactly, unsigned_zeros

#: What stands where a number does not exist.
NOT_AVAILABLE: Final = "–"
#: Printed in place of a count of which nobody was asked.
NOT_COLLECTED: Final = "not collected"

_WIDE: Final = Context(prec=400)


def format_number(value: float | Fraction | Decimal | None, digits: int = 2) -> str:
    """Print a number with a fixed number of decimals, ties away from zero.

    A float is read as the shortest decimal that stands for it, so that 10.825 is the tie it looks like;
    an exact fraction is rounded as the fraction it is.

    Parameters
    ----------
    value : number to print; None, NaN and infinities print as a dash
    digits : decimals, 0 or more

    Returns
    -------
    Text without a sign on zero.

    Examples
    --------
    >>> format_number(433 / 40), format_number(Fraction(433, 40)), format_number(-0.001)
    ('10.83', '10.83', '0.00')
    """
    if value is None:
        return NOT_AVAILABLE
    if isinstance(value, Fraction):
        return _format_fraction(value, digits)
    if not math.isfinite(value):
        return NOT_AVAILABLE
    exact = value if isinstance(value, Decimal) else _read(value, digits)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=_WIDE)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def _read(value: float, digits: int = 0) -> Decimal:
    """Give the decimal that a float stands for; what asks for more than nine places gets them all."""
    number = float(value)
    return Decimal(repr(round_exactly(number) if digits < PLACES else number))


def _format_fraction(value: Fraction, digits: int) -> str:
    scaled = abs(value) * 10**digits + Fraction(1, 2)
    whole = scaled.numerator // scaled.denominator
    figures = str(whole).rjust(digits + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{figures[:-digits]}.{figures[-digits:]}" if digits else figures)


def format_shortest(value: float | Decimal) -> str:
    """Print a number with the decimals it has, at most nine.

    Examples
    --------
    >>> format_shortest(6.5), format_shortest(1e6), format_shortest(0.1 * 3), format_shortest(-0.0)
    ('6.5', '1000000', '0.3', '0')
    """
    return trim(value, PLACES)


def trim(value: float | Decimal, digits: int) -> str:
    """Print a number with at most so many decimals, without zeros at the end.

    Examples
    --------
    >>> trim(10.0, 2), trim(0.25, 2)
    ('10', '0.25')
    """
    rounded = Decimal(format_number(value, digits))
    return format_number(rounded, count_decimals(rounded))


def count_decimals(value: float | Decimal) -> int:
    """Count the decimals a number has, at most nine.

    Examples
    --------
    >>> count_decimals(10.0), count_decimals(55.25), count_decimals(0.1 * 3)
    (0, 2, 1)
    """
    exact = value if isinstance(value, Decimal) else _read(value)
    exponent = exact.normalize(_WIDE).as_tuple().exponent
    return min(PLACES, max(0, -exponent)) if isinstance(exponent, int) else 0


def format_column(values: pl.Series) -> pl.Series:
    """Print recorded numbers with the decimals they have; whole numbers without a point, zero without a sign.

    Examples
    --------
    >>> format_column(pl.Series([10.0, 0.25, -0.0, None])).to_list()
    ['10', '0.25', '0', None]
    """
    plain = unsigned_zeros(values) if values.dtype.is_float() else values
    return plain.cast(pl.String).str.strip_suffix(".0")


def choose_decimals(largest: float) -> int:
    """Choose the decimals that means are printed with, from the largest value among them.

    Examples
    --------
    >>> choose_decimals(12.0), choose_decimals(210.0), choose_decimals(4e7), choose_decimals(0.05)
    (2, 1, 0, 4)
    """
    if largest >= 1000:
        return 0
    if largest >= 100:
        return 1
    return 2 if largest >= 0.1 or largest == 0 else 4


def format_millions(value: float, digits: int = 2) -> str:
    """Print a number with its point six places to the left.

    Examples
    --------
    >>> format_millions(56127500.0), format_millions(56127500.0, 1)
    ('56.13', '56.1')
    """
    return format_number(_read(value).scaleb(-6), digits)


def format_dose(cells: float) -> str:
    """Print a number of cells as a mantissa and a power of ten.

    Examples
    --------
    >>> format_dose(1e6), format_dose(1.5e6), format_dose(500)
    ('1 × 10⁶', '1.5 × 10⁶', '500')
    """
    exact = _read(cells)
    if exact < 10_000:
        return format_shortest(exact)
    power = exact.adjusted()
    mantissa = trim(exact.scaleb(-power), 3)
    if mantissa == "10":
        mantissa, power = "1", power + 1
    return f"{mantissa} × 10{str(power).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def format_mean_sd(mean: float | Fraction | None, sd: float | None, n: int, digits: int = 2) -> str:
    """Print a mean with its standard deviation and the number of values.

    Examples
    --------
    >>> format_mean_sd(Fraction(297, 40), 3.9273, 40)
    '7.43 ± 3.93 (n = 40)'
    """
    return f"{format_number(mean, digits)} ± {format_number(sd, digits)} (n = {n})"


def format_count(count: int, denominator: int, digits: int = 1) -> str:
    """Print a count with its denominator and percentage.

    Examples
    --------
    >>> format_count(14, 40)
    '14/40 (35.0%)'
    >>> format_count(0, 0)
    '–'
    """
    if denominator == 0:
        return NOT_AVAILABLE
    return f"{count}/{denominator} ({format_number(Fraction(100 * count, denominator), digits)}%)"


def format_p(p: float | None) -> str:
    """Print a P value to three decimals, never across 0.05 and never as zero.

    Examples
    --------
    >>> format_p(0.0431), format_p(0.0002), format_p(0.04996), format_p(0.9999)
    ('0.043', '< 0.001', '0.04996', '> 0.999')
    """
    if p is None or not math.isfinite(p):
        return NOT_AVAILABLE
    if p < 0.001:
        return "< 0.001"
    if p > 0.999:
        return "> 0.999"
    # A P below 0.05 must not be printed as 0.050: decimals are added until the two stand apart.
    for digits in range(3, 16):
        text = format_number(p, digits)
        if (Decimal(text) < Decimal("0.05")) == (p < 0.05):
            return text
    return repr(p)


def format_interval(lower: float | None, upper: float | None, digits: int = 2) -> str:
    """Print the two ends of an interval.

    Examples
    --------
    >>> format_interval(-4.805, -2.0)
    '-4.81 to -2.00'
    """
    return f"{format_number(lower, digits)} to {format_number(upper, digits)}"


def exact_mean(values: Iterable[float]) -> Fraction:
    """Give the mean of recorded decimals as an exact fraction.

    Adding binary fractions moves a tie off its place (0.1 + 0.2 is above 0.3); the recorded decimals
    are added exactly instead.

    Examples
    --------
    >>> exact_mean([0.1, 0.2, 0.015])
    Fraction(21, 200)
    """
    exact = [Decimal(repr(float(value))) for value in values]
    if not exact:
        raise FunisError("The mean of no value does not exist: give at least one value.")
    return sum(map(Fraction, exact), Fraction(0)) / len(exact)
