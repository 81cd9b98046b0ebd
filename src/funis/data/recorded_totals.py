"""Totals and grades that somebody wrote down without the items behind them.

Most registers hold a total per visit and nothing else. It is taken as recorded where no item of the form is
there; with items beside it the items are scored and the two are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from funis.catalogue.model_instrument import Definition, Item
from funis.frames.under_way import Column
from funis.frames.verbs import Verbs

AS_RECORDED: Final = "as_recorded"
"""Policy for missing items under which a number was obtained: there were none, the total was recorded."""


@lru_cache(maxsize=128)
def recorded_columns(instrument: Definition) -> Mapping[str, str]:
    """Name the columns of recorded totals and grades by the score that each holds.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> dict(recorded_columns(definition("ssdai")))
    {'ssdai': 'ssdai_recorded'}
    >>> recorded_columns(definition("bilag_classic_renal"))["bilag_classic_renal_renal"]
    'bilag_classic_renal_renal_recorded'
    """
    return {name: f"{name}_recorded" for name in (instrument.name, *instrument.grade_columns)}


def items_of(instrument: Definition, score: str) -> tuple[Item, ...]:
    """Give the items that a total or a grade follows from."""
    system = score.removeprefix(f"{instrument.name}_") if score != instrument.name else ""
    return tuple(item for item in instrument.items if not system or item.system == system)


@lru_cache(maxsize=512)
def items_behind(instrument: Definition, score: str) -> tuple[Item, ...]:
    """Give those of its items that a form, and not the laboratory, holds.

    Where the laboratory holds all of them, these are all items: a count beside a total does not make it one
    that could be computed.
    """
    behind = items_of(instrument, score)
    return tuple(item for item in behind if not item.measures) or behind


def is_without_items(ops: Verbs, instrument: Definition, score: str, columns: Collection[str]) -> Column:
    """Tell in which rows a total or a grade was recorded and none of its items is there.

    Parameters
    ----------
    ops : what makes expressions for the frame
    instrument : the definition
    score : its name, or the name of a grade
    columns : those of the frame
    """
    recorded = recorded_columns(instrument)[score]
    if recorded not in columns:
        return ops.lit(value=False)
    silent = [ops.col(recorded).is_not_null()]
    for item in items_behind(instrument, score):
        names = (item.name, *item.measures) if item.is_measured else (item.name,)
        silent += [ops.col(name).is_null() for name in names if name in columns]
        if f"{item.name}_not_done" in columns:
            said = ops.col(f"{item.name}_not_done").cast(ops.Boolean).fill_null(value=False)
            silent.append(~said)
    return ops.all_horizontal(silent)
