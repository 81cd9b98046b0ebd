"""Gradings of toxicity among the scores: the worst grade of each subject from the first infusion on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate
from funis.analysis.cohorts import Cohort
from funis.analysis.observations import Scored
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run
from funis.analysis.safety_counts import safety_cohorts
from funis.results import ALL, Place

ANALYSIS: Final = "toxicity_grade"
#: Rows that are counted over the assessed: the worst grade of each, where it is known.
GRADES: Final = ("0", "1", "2", "3", "4")
CANNOT_TELL: Final = "cannot_tell"
#: Rows with an interval, over those of whom it is known: lowest grade that counts.
AT_LEAST: Final[Mapping[str, int]] = {"any_grade": 1, "grade_3_or_more": 3}


@dataclass(frozen=True, slots=True)
class _Worst:
    """The worst grade of each subject, in the order of the panel; NaN for who was not assessed.

    Attributes
    ----------
    name : the grading
    lower, upper : shape (subjects,), what the worst grade is at least and at most
    rows, owners : of each grade recorded its row, and the place of its subject
    """

    name: str
    lower: Floats
    upper: Floats
    rows: Integers
    owners: Integers

    @property
    def assessed(self) -> Booleans:
        """Tell who was assessed at least once."""
        found: Booleans = ~np.isnan(self.lower)
        return found


def count_toxicity_grades(run: Run, scored: Mapping[str, Scored]) -> None:
    """Count subjects by the worst grade of each grading of toxicity of the study, over the assessed.

    Parameters
    ----------
    run : the analysis on its way
    scored : the instruments of the study, scored

    Notes
    -----
    Grades recorded on day 0 or later count. A visit at which some row was not recorded has bounds: where the
    worst grade could be a higher one than the highest that is known, it is "cannot tell"; of "grade 3 or
    more" it may be known all the same. Who has no visit with anything recorded is not assessed, and counted
    beside.
    """
    for name, each in scored.items():
        if each.definition.is_toxicity:
            worst = _worst_of(run, name, each)
            for cohort in safety_cohorts(run, "exposure"):
                _count(run, cohort, worst)


def _worst_of(run: Run, name: str, scored: Scored) -> _Worst:
    """Give the bounds of each subject's worst grade over the visits at which anything was recorded."""
    instrument = scored.definition
    asked = {item.name for item in instrument.items} | {one.name for one in instrument.measures}
    recorded = [column for column in scored.frame.columns if column in asked]
    said = pl.any_horizontal(pl.col(recorded).is_not_null(), pl.col(name).is_not_null())
    after = scored.frame.filter(said & (pl.col("day").cast(pl.Float64) >= 0))
    ends = after.group_by("subject").agg(pl.col(f"{name}_lower").max(), pl.col(f"{name}_upper").max())
    places = run.panel.layout.places
    lower, upper = np.full((2, len(places)), np.nan)
    for subject, low, high in ends.iter_rows():
        if subject in places:
            lower[places[subject]], upper[places[subject]] = low, high
    observed = run.panel.observations.with_row_index("_row").filter(
        pl.col("variable") == name,
        pl.col("measure") == name,
        pl.col("subject").is_in(list(places)),
        pl.col("day") >= 0,
    )
    owners = np.array([places[subject] for subject in observed["subject"]], dtype=np.int64)
    return _Worst(name, lower, upper, observed["_row"].to_numpy().astype(np.int64), owners)


def _count(run: Run, cohort: Cohort, worst: _Worst) -> None:
    """Count the worst grades of a cohort, and who has one of a grade or more."""
    known = worst.lower == worst.upper
    assessed = worst.assessed & cohort.members
    for category, chosen in _categories(worst, known):
        place = replace(_place(run, cohort, worst, "worst", chosen & assessed), category=category)
        add_asked_rate(run, place, chosen, worst.assessed, cohort.members, level=run.level, limits=False)
    for variable, least in AT_LEAST.items():
        met = worst.lower >= least
        told = met | (worst.upper < least)
        place = _place(run, cohort, worst, variable, met & assessed)
        add_asked_rate(run, place, met, told, assessed, level=run.level)


def _categories(worst: _Worst, known: Booleans) -> Iterator[tuple[str, Booleans]]:
    for grade in GRADES:
        yield grade, known & (worst.lower == int(grade))
    yield CANNOT_TELL, worst.assessed & ~known


def _place(run: Run, cohort: Cohort, worst: _Worst, what: str, chosen: Booleans) -> Place:
    """Give the place of a count, with the grades of those who are counted behind it."""
    rows = worst.rows[chosen[worst.owners]] if worst.owners.size else worst.rows
    source = run.source(cohort, f"{ANALYSIS} {worst.name} {what}", ALL, rows) if rows.size else ""
    place = cohort.place(ANALYSIS, f"{worst.name}_{what}")
    return replace(place, measure=worst.name, source=source)
