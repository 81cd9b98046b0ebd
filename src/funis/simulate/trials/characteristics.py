"""What many virtual trials say of a design: power, coverage, bias, load, each with its Monte Carlo error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from funis.simulate.trials.one_trial import CONDUCT, KEY

_WHERE: Final = list(KEY)


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One property of a design.

    Attributes
    ----------
    kind : ``power``, ``coverage``, ``bias``, ``spread`` (SD of the estimate), ``mean`` of a count
    where : what it is of, by the columns of the key
    value : the property; a share for power and coverage
    error : its Monte Carlo standard error
    trials : that gave a number
    truth : what is estimated, where that is known
    kept : what it would be if nobody were lost, where `truth` counts the lost by a rule; None elsewhere
    example : number of a trial behind it; of a share the first trial that counts, if any does
    """

    kind: str
    where: dict[str, str]
    value: float
    error: float
    trials: int
    truth: float | None = None
    example: int = 0
    kept: float | None = None


def summarise(rows: pl.DataFrame, truth: pl.DataFrame, alpha: float) -> tuple[Characteristic, ...]:
    """Summarise the numbers of many trials.

    Parameters
    ----------
    rows : of all trials
    truth : numbers of the very large trials; their standard ``error``, where known, is part of that of a bias
    alpha : two-sided level of the tests

    Returns
    -------
    tuple of Characteristic : power, then estimates with bias, spread and coverage, then counts

    Examples
    --------
    >>> key = dict.fromkeys(KEY, "")
    >>> one, other = ({"trial": trial, "statistic": "p", "value": p} for trial, p in enumerate((0.01, 0.2)))
    >>> rows = pl.DataFrame([key | one, key | other])
    >>> found, = summarise(rows, rows.clear(), 0.05)
    >>> found.kind, found.value, round(found.error, 3)
    ('power', 0.5, 0.354)
    """
    known = rows.filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
    found = [*_powers(known, alpha), *_estimates(known, truth), *_counts(known)]
    return tuple(found)


def _powers(rows: pl.DataFrame, alpha: float) -> list[Characteristic]:
    found = []
    for where, part in rows.filter(pl.col("statistic") == "p").group_by(_WHERE, maintain_order=True):
        below = part.filter(pl.col("value") < alpha)
        found.append(_share("power", _named(where), below["trial"], part["trial"], None))
    return found


def _estimates(rows: pl.DataFrame, truth: pl.DataFrame) -> list[Characteristic]:
    found: list[Characteristic] = []
    points = rows.filter(pl.col("statistic").is_in(["estimate", "percent"]))
    known = truth.filter(pl.col("statistic").is_in(["estimate", "percent"]))
    true, vague, kept = (_by_key(known, name) for name in ("value", "error", "kept"))
    limits = rows.filter(pl.col("statistic").is_in(["lower", "upper"]))
    for where, part in points.group_by(_WHERE, maintain_order=True):
        target = true.get(tuple(map(str, where)))
        spread = float(part["value"].std() or 0.0)  # type: ignore[arg-type]
        if target is not None:
            own = vague.get(tuple(map(str, where)), 0.0)
            error = math.hypot(spread / math.sqrt(part.height), own)
            away = float(part["value"].mean()) - target  # type: ignore[arg-type]
            if_kept = kept.get(tuple(map(str, where)))
            found.append(
                Characteristic("bias", _named(where), away, error, part.height, target, kept=if_kept)
            )
        many = math.sqrt(2 * (part.height - 1)) if part.height > 1 else math.inf
        found.append(Characteristic("spread", _named(where), spread, spread / many, part.height, target))
    for where, part in limits.group_by(_WHERE, maintain_order=True):
        named = _named(where)
        # The interval of a share names how it was computed, the share itself does not.
        target = true.get(tuple(named.values()), true.get(tuple((named | {"method": ""}).values())))
        if target is not None:
            found += _coverage(named, part, target)
    return found


def _coverage(named: dict[str, str], part: pl.DataFrame, target: float) -> list[Characteristic]:
    wide = part.pivot(on="statistic", index="trial", values="value")
    if not {"lower", "upper"} <= set(wide.columns):
        return []
    whole = wide.drop_nulls()
    inside = whole.filter((pl.col("lower") <= target) & (pl.col("upper") >= target))
    return [_share("coverage", named, inside["trial"], whole["trial"], target)] if whole.height else []


def _counts(rows: pl.DataFrame) -> list[Characteristic]:
    found = []
    for where, part in rows.filter(pl.col("analysis") == CONDUCT).group_by(_WHERE, maintain_order=True):
        spread = float(part["value"].std() or 0.0)  # type: ignore[arg-type]
        mean = float(part["value"].mean())  # type: ignore[arg-type]
        found.append(
            Characteristic("mean", _named(where), mean, spread / math.sqrt(part.height), part.height)
        )
    return found


def _named(where: tuple[object, ...]) -> dict[str, str]:
    return dict(zip(KEY, map(str, where), strict=True))


def _by_key(rows: pl.DataFrame, column: str) -> dict[tuple[str, ...], float]:
    if column not in rows.columns:
        return {}
    return {
        tuple(map(str, row[:-1])): float(row[-1])
        for row in rows.select(*KEY, column).drop_nulls().iter_rows()
    }


def _share(
    kind: str, named: dict[str, str], counted: pl.Series, of: pl.Series, truth: float | None
) -> Characteristic:
    """Make a share of the trials that count among those that gave a number."""
    value, n = counted.len() / of.len(), of.len()
    example = counted if counted.len() else of
    error = math.sqrt(value * (1 - value) / n)
    return Characteristic(kind, named, value, error, n, truth, int(example.to_numpy().min()))
