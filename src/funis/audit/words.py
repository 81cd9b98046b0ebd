"""How numbers stand in the sentences of the findings; rounding is that of `funis.results.text`."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from funis.audit.figures import FigureLabels, PrintedInterval, PrintedMean, PrintedP
from funis.audit.p_ranges import PRange
from funis.results.text import format_number, format_p, format_shortest

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
    """List whole numbers in words, neighbours as a range; a range of Python is one of neighbours.

    Examples
    --------
    >>> list_numbers([20, 25, 30]), list_numbers([3, 4, 5, 6, 9]), list_numbers([])
    ('20, 25 or 30', '3 to 6 or 9', 'none')
    """
    runs: list[range] = [numbers] if isinstance(numbers, range) and numbers else []
    for number in () if isinstance(numbers, range) else sorted(set(numbers)):
        if runs and number == runs[-1].stop:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    if not parts:
        return "none"
    if len(parts) > _MOST:
        parts = [*parts[: _MOST - 1], f"{len(parts) - _MOST + 1} more up to {runs[-1][-1]}"]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def show_bound(value: Fraction | None) -> str:
    """Print a bound of values in decimals.

    Examples
    --------
    >>> show_bound(Fraction(53, 2)), show_bound(None)
    ('26.5', 'no bound')
    """
    return "no bound" if value is None else format_shortest(float(value))


def name_figure(about: FigureLabels) -> str:
    """Name what a figure is about, as the beginning of a sentence.

    Examples
    --------
    >>> name_figure(FigureLabels("SLEDAI", time="month 6")), name_figure(FigureLabels())
    ('SLEDAI at month 6', 'This outcome')
    """
    words = about.outcome or "This outcome"
    if about.time:
        words += f" at {about.time}"
    return f"{words} ({about.group})" if about.group else words


def name_time(about: FigureLabels) -> str:
    """Name the time of a figure, as the end of a phrase.

    Examples
    --------
    >>> name_time(FigureLabels("SLEDAI", time="month 6")), name_time(FigureLabels())
    (' at month 6', '')
    """
    return f" at {about.time}" if about.time else ""


def describe_mean(figure: PrintedMean) -> str:
    """Give a mean as it is printed, with what stands behind the plus-minus sign."""
    spread = f" ± {figure.spread}" if figure.spread is not None else ""
    return f"{figure.mean}{spread}"


def describe_interval(figure: PrintedInterval) -> str:
    """Give an interval as it is printed, with its estimate and what it is of.

    Examples
    --------
    >>> from funis.audit.figures import FigurePlace, PrintedNumber
    >>> ends = PrintedNumber("0.07"), PrintedNumber("0.89")
    >>> describe_interval(PrintedInterval("i", FigureLabels(), FigurePlace(), *ends, measure="odds ratio"))
    'odds ratio (95% interval 0.07 to 0.89)'
    """
    sign = "%" if figure.about.unit == "%" else ""
    estimate = "" if figure.estimate is None else f"{figure.estimate}{sign}"
    words = f"{figure.measure} {estimate}".strip()
    ends = f"{figure.level}% interval {figure.low} to {figure.high}{sign}"
    return f"{words} ({ends})" if words else ends


def describe_p(figure: PrintedP) -> str:
    """Give a P value as it is printed."""
    return f"P {figure.relation} {figure.p}"


def show_range(possible: PRange) -> str:
    """Give possible P values in words.

    Examples
    --------
    >>> show_range(PRange(0.0, 0.016)), show_range(PRange(0.02, 0.5))
    ('at most 0.016', '0.020 to 0.500')
    """
    if possible.lowest == 0:
        return f"at most {format_p(possible.highest)}"
    return f"{format_p(possible.lowest)} to {format_p(possible.highest)}"
