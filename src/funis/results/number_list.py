"""The list of numbers: filled one by one, given as a frame."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

import polars as pl

from funis.errors import FunisError
from funis.nine_decimals import unsigned_zero
from funis.results.key import Place, build_id, build_key, tell_apart
from funis.results.text import format_number, format_p

NUMBER_COLUMNS: Final[dict[str, pl.DataType]] = {
    "id": pl.String(),
    "analysis": pl.String(),
    "endpoint": pl.String(),
    "estimand": pl.String(),
    "population": pl.String(),
    "subgroup": pl.String(),
    "arm": pl.String(),
    "contrast": pl.String(),
    "visit": pl.String(),
    "variable": pl.String(),
    "measure": pl.String(),
    "category": pl.String(),
    "parameter": pl.String(),
    "cluster": pl.String(),
    "statistic": pl.String(),
    "value": pl.Float64(),
    "text": pl.String(),
    "n": pl.Int64(),
    "denominator": pl.Int64(),
    "method": pl.String(),
    "adjustment": pl.String(),
    "delta": pl.Float64(),
    "missing": pl.String(),
    "missing_outcome": pl.String(),
    "status": pl.String(),
    "source": pl.String(),
}
"""The columns of the list of numbers, in the order of the files, with their types."""


class NumberList:
    """Collects numbers one by one and gives them as a frame.

    Examples
    --------
    >>> numbers = NumberList()
    >>> place = Place(analysis="summary", variable="sledai_2k", visit="month_3", n=40)
    >>> numbers.add(place, "mean", 7.425)
    >>> numbers.frame().select("id", "value", "text").rows()
    [('summary.enrolled.month_3.sledai_2k.mean', 7.425, '7.43')]
    """

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._ids: dict[str, tuple[str, ...]] = {}

    def count_of(self, statistic: str, *, apart_from: Collection[str] = ()) -> int:
        """Count the numbers of one kind that were added so far and have a value, shifted ones left out.

        Parameters
        ----------
        statistic : such as ``p``
        apart_from : analyses whose numbers do not count
        """
        names = list(NUMBER_COLUMNS)
        kind, analysis, value, delta = map(names.index, ("statistic", "analysis", "value", "delta"))
        return sum(
            row[kind] == statistic
            and row[value] is not None
            and not row[delta]
            and row[analysis] not in apart_from
            for row in self._rows
        )

    def add(
        self,
        place: Place,
        statistic: str,
        value: float | None,
        *,
        text: str | None = None,
        method: str = "",
        status: str = "ok",
    ) -> None:
        """Append one number; without ``text`` it is printed with two decimals (counts with none).

        Parameters
        ----------
        place, statistic : which number it is
        value : the number; None, NaN and infinities mean that it does not exist
        text : how it is printed
        method : how it was computed
        status : ``ok``, or why there is no value

        Raises
        ------
        FunisError : the same place, statistic and method were added before
        """
        number = None if value is None or not math.isfinite(value) else unsigned_zero(value)
        if number is None and status == "ok":
            status = "not_estimable"
        if text is None:
            text = format_p(number) if statistic in {"p", "p_adjusted"} else _plain_text(number, statistic)
        key, exact = build_id(place, statistic, method), build_key(place, statistic, method)
        if self._ids.get(key, exact) != exact:
            key = tell_apart(key, exact)
        if key in self._ids:
            raise FunisError(f"The number {key!r} was computed twice; a number has one place.")
        self._ids[key] = exact
        delta = None if place.delta is None else unsigned_zero(place.delta)
        self._rows.append(
            (
                key, place.analysis, place.endpoint, place.estimand, place.population, place.subgroup,
                place.arm, place.contrast, place.visit, place.variable, place.measure or place.variable,
                place.category, place.parameter, place.cluster, statistic, number, text, place.n,
                place.denominator, method, place.adjustment, delta, place.missing,
                place.missing_outcome, status, place.source,
            )
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._ids

    def frame(self) -> pl.DataFrame:
        """Give the numbers in the order they were added, typed as ``NUMBER_COLUMNS``."""
        columns = list(zip(*self._rows, strict=True)) if self._rows else [()] * len(NUMBER_COLUMNS)
        return pl.DataFrame(
            [
                pl.Series(name, values, dtype=dtype)
                for (name, dtype), values in zip(NUMBER_COLUMNS.items(), columns, strict=True)
            ]
        )


def _plain_text(number: float | None, statistic: str) -> str:
    whole = statistic in {"n", "count", "at_risk", "events"}
    return format_number(number, 0 if whole else 2)
