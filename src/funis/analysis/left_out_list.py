"""How far each estimate moves without one subject, site or lot: a list, filled estimate by estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from funis.results import Place
from funis.stats.sample import Floats

_KEYS: Final = (
    "endpoint", "subgroup", "arm", "contrast", "visit", "variable", "measure", "method", "kind"
)  # fmt: skip


class LeftOutList:
    """Collects the shifts of estimates and gives them as one frame.

    Examples
    --------
    >>> listed = LeftOutList()
    >>> place = Place(analysis="influence", variable="pga", visit="month_3")
    >>> listed.add(place, "mean", "subject", ["S1", "S2"], np.array([0.25, np.nan]))
    >>> listed.frame().select("label", "shift", "visit", "kind").rows()
    [('S1', 0.25, 'month_3', 'subject')]
    """

    def __init__(self) -> None:
        self._keys: list[tuple[str, ...]] = []
        self._labels: list[str] = []
        self._shifts: list[Floats] = []

    def add(self, place: Place, method: str, kind: str, label: Sequence[str], shift: Floats) -> None:
        """Append how far one estimate moves without each label.

        Parameters
        ----------
        place, method : of the estimate
        kind : what the labels are: subject, site, lot or donor
        label : who is left out
        shift : shape of `label`, in standard errors of the estimate; NaN where nothing is left, which is
            not listed
        """
        self._keys.append(
            (
                place.endpoint, place.subgroup, place.arm, place.contrast, place.visit, place.variable,
                place.measure or place.variable, method, kind,
            )
        )  # fmt: skip
        self._labels.extend(label)
        self._shifts.append(shift)

    def __len__(self) -> int:
        return len(self._keys)

    def frame(self) -> pl.DataFrame:
        """Give one row an estimate and label, in the order they were added."""
        keys = pl.DataFrame(self._keys, schema=dict.fromkeys(_KEYS, pl.String), orient="row")
        behind = np.repeat(np.arange(len(self._keys)), [len(shift) for shift in self._shifts])
        shifts = np.concatenate([*self._shifts, np.empty(0)])
        columns = [pl.Series("label", self._labels, dtype=pl.String), pl.Series("shift", shifts)]
        return pl.DataFrame([*columns, *keys[behind]]).filter(pl.col("shift").is_not_nan())
