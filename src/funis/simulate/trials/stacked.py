"""The tables of several virtual trials under each other, and which trial a finding in them belongs to.

Checking and scoring cost as much for ten trials as for two: what a trial pays for is not its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from funis.errors import Finding
from funis.simulate.trials.written_rows import MARK
from funis.stats.sample import Integers

TOGETHER: Final = 1000
"""Patients that are checked and scored together; trials of more are taken one by one."""
_PLACES: Final = 3
_NUMBERED: Final = ("subject", "lot", "donor")

Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Stack:
    """The tables of several trials; the numbers of subjects, lots and donors tell the trials apart.

    Attributes
    ----------
    frames : by table name, the rows of one trial after those of the one before
    groups : place of the trial of each subject, from 0
    ends : by table name, the number of the last row of each trial
    """

    frames: dict[str, pl.DataFrame]
    groups: dict[str, int]
    ends: dict[str, Integers]

    def place_of(self, finding: Finding) -> int | None:
        """Give the place of the trial that a finding is about; None where it is about each of them."""
        if finding.subject in self.groups:
            return self.groups[finding.subject]
        if finding.line is None or finding.table not in self.ends:
            return None
        return int(np.searchsorted(self.ends[finding.table], finding.line))


def stack(trials: Sequence[Frames]) -> Stack:
    """Put the tables of trials under each other.

    Parameters
    ----------
    trials : tables of each; all are alike, as `gather_alike` finds them

    Examples
    --------
    >>> one = {"subjects": pl.DataFrame({"subject": [f"{MARK}0001"]})}
    >>> both = stack([one, one])
    >>> both.groups
    {'VIRTUAL-0000001': 0, 'VIRTUAL-0010001': 1}
    """
    frames: dict[str, pl.DataFrame] = {}
    for name in trials[0]:
        numbered = [_number_apart(each[name], place) for place, each in enumerate(trials)]
        frames[name] = pl.concat(numbered)
    ends = {name: np.cumsum([each[name].height for each in trials]) for name in trials[0]}
    places = np.repeat(np.arange(len(trials)), [each["subjects"].height for each in trials])
    groups = dict(zip(frames["subjects"]["subject"].to_list(), places.tolist(), strict=True))
    return Stack(frames, groups, ends)


def own_number(subject: str) -> str:
    """Give the number that a subject of a stack has in its own trial.

    Examples
    --------
    >>> own_number(f"{MARK}0010001")
    'VIRTUAL-0001'
    """
    return f"{MARK}{subject.removeprefix(MARK)[_PLACES:]}"


def _number_apart(frame: pl.DataFrame, place: int) -> pl.DataFrame:
    columns = [name for name in _NUMBERED if name in frame.columns]
    # One number of at most seven digits: longer ones read as telephone numbers, which no subject may have.
    own = f"{MARK}{place:0{_PLACES}d}"
    return frame.with_columns(pl.col(name).str.replace(MARK, own, literal=True) for name in columns)


def gather_alike(trials: Sequence[Frames]) -> list[list[int]]:
    """Gather the places of trials with the same tables, and the same columns that hold anything.

    What a check says of a table or a column that nobody filled must not be hidden by another trial that did.

    Parameters
    ----------
    trials : tables of each

    Examples
    --------
    >>> values = (pl.Series("value", [each], dtype=pl.Float64) for each in (1, None))
    >>> filled, blank = ({"labs": pl.DataFrame([each])} for each in values)
    >>> gather_alike([filled, blank, filled])
    [[0, 2], [1]]
    """
    found: dict[object, list[int]] = {}
    for place, frames in enumerate(trials):
        found.setdefault(tuple((name, _shape(frame)) for name, frame in frames.items()), []).append(place)
    return list(found.values())


def _shape(frame: pl.DataFrame) -> tuple[object, ...]:
    gaps = frame.null_count().row(0)
    return tuple(
        (name, str(dtype), gap < frame.height)
        for (name, dtype), gap in zip(frame.schema.items(), gaps, strict=True)
    )
