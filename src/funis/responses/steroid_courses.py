"""Days above a dose of glucocorticoid in the weeks before a visit, from the courses of drugs.

Some responses ask how the dose ran over weeks, which the dose at a visit cannot tell: a single visit says
nothing of the days before it.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import polars as pl

from funis.arguments import Frame, NumberFrom, takes
from funis.column_kinds import check_days
from funis.errors import ColumnError, ValueRangeError
from funis.nine_decimals import compare_exactly
from funis.scoring.steroids import derive_prednisone

DAYS_ABOVE: Final = "steroid_days_above"
LONGEST_RUN: Final = "steroid_longest_run_above"
DAYS_WITHIN: Final = "steroid_days_within"
LONGEST_WITHIN: Final = "steroid_longest_run_within"
COLUMNS: Final = (DAYS_ABOVE, LONGEST_RUN, DAYS_WITHIN, LONGEST_WITHIN)

Stretch = tuple[int, bool | None]
"""So many days in a row, and whether the dose was above the limit on them; None where it is not known."""


@takes(
    medications=Frame(polars=True),
    visits=Frame(polars=True),
    limit=NumberFrom(),
    window_days=NumberFrom(-1e6, 100_000, whole=True),
    betamethasone_mg=NumberFrom(),
)
def derive_steroid_days(
    medications: pl.DataFrame,
    visits: pl.DataFrame,
    *,
    limit: float = 10.0,
    window_days: int = 57,
    betamethasone_mg: float = 0.75,
) -> pl.DataFrame:
    """Count the days above and within a dose of prednisone in the weeks before every visit.

    Parameters
    ----------
    medications : one row a course, as `derive_prednisone` reads it
    visits : ``subject`` with ``date`` (where courses have dates) or ``day``; other columns are kept
    limit : mg of prednisone a day; a day with more is above
    window_days : days looked at, the day of the visit the last; 57 are weeks 44 to 52 before day 364
    betamethasone_mg : see `prednisone_equivalent`

    Returns
    -------
    polars.DataFrame : `visits` with ``steroid_days_above`` and ``steroid_longest_run_above`` (days in a row),
        ``steroid_days_within`` and ``steroid_longest_run_within`` (at the limit or below), each with
        ``_lower`` and ``_upper``; the number itself is null where a dose that is not known leaves it open.
        Doses by vein are no part of the daily dose

    Raises
    ------
    ColumnError : a column that is needed is not there
    ValueRangeError : `window_days` is below 1, or `limit` below 0

    Source
    ------
    The window and the limit of AURORA 1: Rovin BH et al. Lancet 2021;397:2070-2080.

    Examples
    --------
    >>> courses = pl.DataFrame({"subject": ["01"] * 2, "drug": ["prednisone"] * 2, "dose": [5.0, 20.0],
    ...     "unit": ["mg/day"] * 2, "route": ["oral"] * 2, "start_day": [0, 330], "end_day": [329, 333]})
    >>> found = derive_steroid_days(courses, pl.DataFrame({"subject": ["01"], "day": [364]}))
    >>> found.select("steroid_days_above", "steroid_longest_run_above").row(0)
    (4, 4)
    """
    if window_days < 1:
        raise ValueRangeError("window_days", window_days, "1 or more")
    if limit < 0:
        raise ValueRangeError("limit", limit, "0 or more")
    has_dates = "date" in visits.columns and "start" in medications.columns
    start, end, at = ("start", "end", "date") if has_dates else ("start_day", "end_day", "day")
    _check_columns("Courses of drugs", ("subject", start, end), medications)
    _check_columns("Visits", ("subject", at), visits)
    medications = check_days("Courses of drugs", medications, (start, end), as_dates=has_dates)
    named = visits
    visits = check_days("Visits", visits, (at,), as_dates=has_dates)
    asked = _points(medications, visits, (start, end, at), window_days)
    doses = derive_prednisone(medications, asked, betamethasone_mg=betamethasone_mg)
    stretches: dict[int, list[Stretch]] = {}
    for row in doses.iter_rows(named=True):
        dose = row["prednisone"]
        above = None if dose is None else bool(compare_exactly(dose, ">", limit))
        stretches.setdefault(row["_row"], []).append((row["_length"], above))
    counts = [_count(stretches.get(row, [(window_days, None)])) for row in range(visits.height)]
    return named.with_columns(_columns(counts))


def _check_columns(what: str, names: tuple[str, ...], frame: pl.DataFrame) -> None:
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise ColumnError(what, lacking, frame.columns, "Add the columns.")


def _points(
    medications: pl.DataFrame, visits: pl.DataFrame, names: tuple[str, str, str], window_days: int
) -> pl.DataFrame:
    """Return the days on which a dose may change, with the number of days each stands for."""
    start, end, at = names
    changes: dict[object, set[Any]] = {}
    for subject, first, last in medications.select("subject", start, end).iter_rows():
        found = changes.setdefault(subject, set())
        found |= {first} if first is not None else set()
        found |= {last + _step(last)} if last is not None else set()
    rows = []
    for number, (subject, day) in enumerate(visits.select("subject", at).iter_rows()):
        if day is None:
            continue
        begin = day - _step(day) * (window_days - 1)
        inside = sorted(change for change in changes.get(subject, ()) if begin < change <= day)
        edges = [begin, *inside, day + _step(day)]
        rows += [
            {"subject": subject, at: left, "_row": number, "_length": _length(left, right)}
            for left, right in pairwise(edges)
        ]
    schema = pl.Schema({"subject": visits.schema["subject"], at: visits.schema[at]})
    return pl.DataFrame(rows, schema=pl.Schema({**schema, "_row": pl.Int64(), "_length": pl.Int64()}))


def _step(day: Any) -> Any:
    return 1 if isinstance(day, int | float) else timedelta(days=1)


def _length(left: Any, right: Any) -> int:
    length = right - left
    return int(getattr(length, "days", length))


def _count(stretches: list[Stretch]) -> dict[str, tuple[int, int]]:
    """Count days and the longest run on both sides of the limit; days not known may be on either."""
    counts = {}
    for side, days, run in ((True, DAYS_ABOVE, LONGEST_RUN), (False, DAYS_WITHIN, LONGEST_WITHIN)):
        sure = [(length, above is side) for length, above in stretches]
        possible = [(length, above is side or above is None) for length, above in stretches]
        counts[days] = (_sum(sure), _sum(possible))
        counts[run] = (_longest(sure), _longest(possible))
    return counts


def _sum(stretches: list[tuple[int, bool]]) -> int:
    return sum(length for length, holds in stretches if holds)


def _longest(stretches: list[tuple[int, bool]]) -> int:
    longest = run = 0
    for length, holds in stretches:
        run = run + length if holds else 0
        longest = max(longest, run)
    return longest


def _columns(counts: list[dict[str, tuple[int, int]]]) -> list[pl.Series]:
    made = []
    for name in COLUMNS:
        low = [count[name][0] for count in counts]
        high = [count[name][1] for count in counts]
        known = [x if x == y else None for x, y in zip(low, high, strict=True)]
        made += [
            pl.Series(name, known, dtype=pl.Int64),
            pl.Series(f"{name}_lower", low, dtype=pl.Int64),
            pl.Series(f"{name}_upper", high, dtype=pl.Int64),
        ]
    return made
