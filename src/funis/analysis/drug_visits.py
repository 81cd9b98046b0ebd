"""When the drugs of a subject are looked at, and until which visit they are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import who_is_in
from funis.analysis.panel import Booleans, Floats
from funis.analysis.run import Run
from funis.study.time_bands import BAND_NAMES, find_band

UNLISTED: Final = "no drug of this subject was recorded"
UNASKED: Final = "not asked about drugs at this visit or later"


def unknown_drugs(run: Run, days: Floats) -> Iterator[tuple[Booleans, str]]:
    """Tell at which visits the drugs of a subject are not known, and why.

    A course is written down when somebody asks, and then of the time since the last visit: what a subject
    takes is known up to the last day of the question. Of whom the question is not recorded, a drug that is
    stands for it.
    """
    questions = run.frames["safety_questions"].drop_nulls("asked_drugs")
    recorded = who_is_in(run, questions["subject"])
    listed = who_is_in(run, run.frames["medications"]["subject"])
    yield np.broadcast_to((~recorded & ~listed)[:, None], days.shape), UNLISTED
    asked = questions.filter(pl.col("asked_drugs") == 1).group_by("subject").agg(pl.col("day").max())
    until = dict(asked.select("subject", pl.col("day").cast(pl.Float64)).drop_nulls().iter_rows())
    last = np.array([until.get(subject, -np.inf) for subject in run.panel.subjects])
    yield recorded[:, None] & ~(days <= last[:, None]), UNASKED


def visit_days(run: Run) -> tuple[tuple[str, ...], Floats]:
    """Give the visits with the day of each subject at each; of a cohort without a plan, bands of time."""
    layout = run.panel.layout
    visited = run.frame("visits")
    if not run.study.has_open_visits:
        days = run.panel.days.copy()
        if visited is not None:
            _fill_days(days, visited, layout.subjects, layout.visits)
        return layout.visits, days
    banded = np.full((len(layout.subjects), len(BAND_NAMES)), np.nan)
    for subject, days in enumerate(run.panel.days):
        for day in np.sort(days[~np.isnan(days)]):
            banded[subject, find_band(day)] = day
    used = ~np.isnan(banded).all(axis=0)
    return tuple(name for name, kept in zip(BAND_NAMES, used, strict=True) if kept), banded[:, used]


def _fill_days(
    days: Floats, visited: pl.DataFrame, subjects: tuple[str, ...], visits: tuple[str, ...]
) -> None:
    """Take the day of a visit from the table of visits where nothing was measured at it."""
    rows = {name: place for place, name in enumerate(subjects)}
    columns = {name: place for place, name in enumerate(visits)}
    attended = visited.filter(pl.col("attended").ne_missing(0)) if "attended" in visited.columns else visited
    for subject, visit, day in attended.select("subject", "visit", "day").iter_rows():
        if subject in rows and visit in columns and day is not None:
            place = rows[subject], columns[visit]
            days[place] = day if np.isnan(days[place]) else days[place]
