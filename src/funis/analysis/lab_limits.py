"""Subjects with a laboratory result beyond a limit of the study file after the first infusion."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate
from funis.analysis.panel import Booleans
from funis.analysis.run import Run
from funis.analysis.safety_counts import safety_cohorts
from funis.analysis.summary import subject_source
from funis.study.lab_limits import LabLimit

ANALYSIS: Final = "lab_limit"
ALREADY: Final = "at_baseline"


def count_lab_limits(run: Run) -> None:
    """Count who has a result beyond each limit after day 0, over those with a result after it.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``lab_limit`` are added

    Notes
    -----
    A result that the assay could not measure counts where the side it is on says so: below 3 is below 4, and
    below 5 cannot be told. Of whom no result decides it, it cannot be told. Who had such a result at
    baseline, the last one up to day 0, is counted beside.
    """
    for limit in run.study.lab_limits:
        own = run.panel.observations.filter(
            pl.col("variable") == limit.test, pl.col("day").is_not_null(), pl.col("value").is_not_null()
        ).with_columns(_beyond(limit))
        after = own.filter(pl.col("day") > 0)
        before = own.filter(pl.col("day") <= 0).sort("day").group_by("subject").agg(pl.col("beyond").last())
        _count(run, limit, (after, before))


def _beyond(limit: LabLimit) -> pl.Expr:
    """Tell whether a result is beyond the limit; null where the assay leaves it open."""
    value, censored = pl.col("value"), pl.col("censored")
    side, bound = (-1, limit.below) if limit.below is not None else (1, limit.above)
    is_beyond = value < bound if side < 0 else value > bound
    at_limit = (value == bound) & (censored == side)
    open_ended = (censored != 0) & ~(is_beyond & (censored == side)) & ~at_limit
    # "Below 5" is open against 4, "above 5" is surely not below 4.
    sure_not = (censored == -side) & ~is_beyond
    return (
        pl.when(at_limit | (is_beyond & (censored == 0)) | (is_beyond & (censored == side)))
        .then(pl.lit(value=True))
        .when(sure_not | (censored == 0))
        .then(pl.lit(value=False))
        .when(open_ended)
        .then(pl.lit(None, pl.Boolean))
        .alias("beyond")
    )


def _count(run: Run, limit: LabLimit, found: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    after, before = found
    subjects = run.panel.subjects
    yes = _who(subjects, after.filter(pl.col("beyond")))
    measured = _who(subjects, after)
    unsure = _who(subjects, after.filter(pl.col("beyond").is_null())) & ~yes
    already = _who(subjects, before.filter(pl.col("beyond")))
    words = [
        "beyond" if beyond else "cannot tell" if is_open else "within" if was else "not measured"
        for beyond, is_open, was in zip(yes.tolist(), unsure.tolist(), measured.tolist(), strict=True)
    ]
    rows = run.observe(f"{limit.id} {ANALYSIS}", words)
    for cohort in safety_cohorts(run, "exposure"):
        known = measured & ~unsure
        place = cohort.place(ANALYSIS, limit.id)
        over = known & cohort.members
        source = subject_source(run, cohort, f"{limit.id} {ANALYSIS}", over, rows) if over.any() else ""
        place = replace(place, source=source)
        add_asked_rate(run, place, yes, known, cohort.members, level=run.level)
        if (unsure & cohort.members).any():
            count = int((unsure & cohort.members).sum())
            run.numbers.add(replace(place, n=count), "cannot_tell", count, text=str(count))
        if over.any():
            both = int((yes & already & over).sum())
            beside = replace(place, category=ALREADY, n=int(over.sum()), denominator=int(over.sum()))
            run.numbers.add(beside, "count", both, text=str(both))


def _who(subjects: tuple[str, ...], frame: pl.DataFrame) -> Booleans:
    named = set(frame["subject"])
    return np.array([name in named for name in subjects], dtype=np.bool_)
