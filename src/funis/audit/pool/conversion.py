"""Rows that print a median: turned into mean and standard deviation by a named method, and marked as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from funis.audit.pool.study_table import StudyRow
from funis.errors import FunisError
from funis.results.text import format_shortest
from funis.stats.meta.quantiles import CONVERSIONS, convert_median

#: What is done with a median where a mean is needed.
MEDIANS: Final = ("left_out", *CONVERSIONS)
METHOD_WORDS: Final = {
    "luo_wan": "mean by Luo 2018, standard deviation by Wan 2014",
    "wan": "mean and standard deviation by Wan 2014",
}


def convert_medians(rows: Sequence[StudyRow], method: str) -> list[StudyRow]:
    """Give rows without a mean the one that their median stands for, as far as it can be estimated.

    Parameters
    ----------
    rows : of the table
    method : one of `MEDIANS`

    Returns
    -------
    list of StudyRow : those that are turned have `converted` set to the method; a printed mean always stays

    Examples
    --------
    >>> row = StudyRow("A", "", "SLEDAI", "", 30, median=4.0, minimum=1.0, maximum=10.0)
    >>> found = convert_medians([row], "luo_wan")[0]
    >>> round(found.mean, 2), round(found.sd, 2), found.converted
    (4.36, 2.21, 'luo_wan')
    >>> convert_medians([row], "left_out")[0].mean is None
    True
    """
    if method == "left_out":
        return list(rows)
    return [_convert(row, method) for row in rows]


def _convert(row: StudyRow, method: str) -> StudyRow:
    if row.mean is not None or row.median is None or row.n is None:
        return row
    try:
        mean, sd = convert_median(
            row.n, row.median, minimum=row.minimum, maximum=row.maximum, lower_quartile=row.q1,
            upper_quartile=row.q3, method=method,
        )  # fmt: skip
    except FunisError:
        # What it lacks is said where the study is left out.
        return row
    return replace(row, mean=mean, sd=sd, sd_is="sd", converted=method)


def say_why_no_mean(row: StudyRow, method: str) -> str:
    """Say why a row with a median and without a mean has none.

    Examples
    --------
    >>> say_why_no_mean(StudyRow("A", "", "SLEDAI", "", 30, median=4.0), "luo_wan")
    'A median is printed, with neither both quartiles nor both ends of the range: no mean comes of it'
    """
    if row.n is None:
        return "A median is printed, and no n: no mean comes of it"
    if None in {row.q1, row.q3} and None in {row.minimum, row.maximum}:
        return (
            "A median is printed, with neither both quartiles nor both ends of the range: no mean comes of it"
        )
    if method == "left_out":
        return "A median is printed and no mean; --medians luo_wan estimates mean and standard deviation"
    return "A median is printed, of too few subjects or with ends that are the same: no mean comes of it"


def describe_median(row: StudyRow) -> str:
    """Print a median with what is printed beside it.

    Examples
    --------
    >>> describe_median(StudyRow("A", "", "SLEDAI", "", 30, median=4.0, minimum=1.0, maximum=10.0))
    'median 4, range 1 to 10'
    """
    if row.median is None:
        return ""
    parts = [f"median {format_shortest(row.median)}"]
    for what, low, high in (("quartiles", row.q1, row.q3), ("range", row.minimum, row.maximum)):
        if low is not None and high is not None:
            parts.append(f"{what} {format_shortest(low)} to {format_shortest(high)}")
    return ", ".join(parts)
