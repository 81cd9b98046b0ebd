"""How numbers stand in the sentences of the findings; rounding is that of `funis.results.text`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from funis.results.text import format_number

#: Longer lists are cut, with a word of how many there are.
_MOST = 8


def show_fraction(value: Fraction | float, digits: int) -> str:
    """Print a number of the arithmetic.

    Examples
    --------
    >>> show_fraction(Fraction(200, 3), 2)
    '66.67'
    """
    return format_number(value, digits)


def list_numbers(numbers: Iterable[int]) -> str:
    """List whole numbers in words, neighbours as a range.

    Examples
    --------
    >>> list_numbers([20, 25, 30]), list_numbers([3, 4, 5, 6, 9]), list_numbers([])
    ('20, 25 or 30', '3 to 6 or 9', 'none')
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    if not parts:
        return "none"
    if len(parts) > _MOST:
        parts = [*parts[: _MOST - 1], f"{len(parts) - _MOST + 1} more up to {runs[-1][-1]}"]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
