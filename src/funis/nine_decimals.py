"""Nine decimals: numbers that agree to nine decimals are one number, so that 0.1 * 3 never decides anything.

Recorded values have far fewer decimals, and what arithmetic in binary adds to them is far smaller; between
the two lie nine decimals. Everything that compares with a limit, or brings a computed number back to the
decimal it stands for, does so here: for numbers, exact decimals, arrays, and columns of Polars and Narwhals.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from funis.errors import ValueRangeError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

PLACES: Final = 9
PARTS_OF_ONE: Final = 10**PLACES
"""So many units of the last place make one."""
_HALF_UNIT: Final = 0.5 / PARTS_OF_ONE
_UNIT: Final = Decimal(1).scaleb(-PLACES)

Operator = Literal["<", "<=", ">", ">="]
# An expression of Polars or of Narwhals, or what stands for one while rules are traced.
Column = Any
_Column = TypeVar("_Column")


def compare_exactly(left: Column, operator: Operator, right: Column) -> Any:
    """Compare two numbers, or columns of them, to nine decimals.

    Parameters
    ----------
    left, right : number or column; a missing value in a column gives a missing answer
    operator : ``<``, ``<=``, ``>`` or ``>=``; numbers nearer than half of the ninth decimal are equal

    Returns
    -------
    bool for two numbers, else a column of truth values

    Examples
    --------
    >>> 0.1 * 3 > 0.3, compare_exactly(0.1 * 3, ">", 0.3)
    (True, False)
    """
    if operator == ">":
        return left > right + _HALF_UNIT
    if operator == ">=":
        return left >= right - _HALF_UNIT
    if operator == "<":
        return left < right - _HALF_UNIT
    return left <= right + _HALF_UNIT


def round_exactly(value: float) -> float:
    """Bring a computed number back to the decimal it stands for.

    Examples
    --------
    >>> 0.1 * 3, round_exactly(0.1 * 3)
    (0.30000000000000004, 0.3)
    """
    return round(value, PLACES)


def unsigned_zero(value: float) -> float:
    """Give a number as it is, zero without a sign: arithmetic leaves ``-0.0`` where nothing is negative.

    Examples
    --------
    >>> unsigned_zero(-0.0), unsigned_zero(-2.5)
    (0.0, -2.5)
    """
    return float(value) + 0.0


def unsigned_zeros(values: pl.Series) -> pl.Series:
    """Give floating-point numbers as they are, each zero without a sign.

    Examples
    --------
    >>> import polars as pl
    >>> unsigned_zeros(pl.Series([-0.0, -2.5, None])).to_list()
    [0.0, -2.5, None]
    """
    # Polars takes the addition of 0.0 for nothing to do, and leaves the sign.
    return values.abs().zip_with(values == 0.0, values)


def round_array(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring computed numbers back to the decimals they stand for; NaN stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> round_array(np.array([0.1 * 3, np.nan])).tolist()
    [0.3, nan]
    """
    import numpy as np

    return np.asarray(np.round(values, PLACES), dtype=np.float64)


def round_column(values: _Column) -> _Column:
    """Bring the numbers of a column or an expression back to the decimals they stand for.

    Examples
    --------
    >>> import polars as pl
    >>> round_column(pl.Series([0.1 * 3, None])).to_list()
    [0.3, None]
    """
    column: Any = values
    return column.round(PLACES)  # type: ignore[no-any-return]


def to_decimal(value: object) -> Decimal | None:
    """Return a number as a decimal with nine places; None for a missing value or NaN.

    Parameters
    ----------
    value : whole number, truth value, float, decimal, or text that is a number; None

    Examples
    --------
    >>> to_decimal(0.1 * 3) == to_decimal(0.3), to_decimal(None)
    (True, None)
    """
    if value is None:
        return None
    if isinstance(value, int):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        return round_decimal(value)
    number = float(str(value))
    if math.isinf(number):
        raise ValueRangeError("a value that is compared", number, "a finite number")
    return None if math.isnan(number) else round_decimal(Decimal(repr(number)))


def round_decimal(value: Decimal) -> Decimal:
    """Round an exact decimal, for example a quotient, to nine places.

    Examples
    --------
    >>> round_decimal(Decimal(2) / Decimal(3))
    Decimal('0.666666667')
    """
    # Beyond 1e18 nine places have no room in a decimal of 28 digits, and no float has a fraction there.
    return value if not value.is_finite() or value.adjusted() >= 18 else value.quantize(_UNIT)
