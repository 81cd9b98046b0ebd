"""What every part of an analysis works with: study, panel, populations, and the lists it adds to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort, Populations
from funis.analysis.left_out_list import LeftOutList
from funis.analysis.panel import Booleans, Floats, Integers, Matrix, Panel
from funis.frames.scales import Scale
from funis.nine_decimals import PARTS_OF_ONE
from funis.responses.timeline import CohortTimelines
from funis.results import (
    ALL,
    NOT_AVAILABLE,
    NumberList,
    Place,
    SourceList,
    choose_decimals,
    format_count,
    format_number,
)
from funis.stats.proportion import clopper_pearson, wilson
from funis.study.model import Endpoint, Study

# Recorded values have at most nine decimals; below this size their sum is exact as whole numbers.
_LARGEST: Final = 1e6
#: Decimals of a mean of what is recorded of people and infusions, where the study file sets none: those of
#: the instrument it is read from, not of the size of its numbers. Study days are whole.
DECIMALS_OF_PEOPLE: Final = {
    "age": 1, "weight_kg": 1, "height_cm": 1, "disease_duration_years": 1, "day": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One analysis on its way.

    Attributes
    ----------
    study : the plan
    frames : the checked tables by name
    subject_frame : one row a subject, in the order of the panel
    panel : all variables by subject and visit
    populations : who is counted
    missing : missing-data policy of each variable
    subject_rows : shape (subjects,), observation that stands for the subject's own row
    derived : observations added while the analysis runs, one frame a derived variable
    seen : subject and visit of everything recorded
    numbers, sources : what is filled
    absent : by source the variable, the visit, who of the cohort has no value there, and who of them lacks
        the baseline alone
    listings : data of figures and listings
    left_out : how far estimates move without one
    answered : what response definitions said, by definition and parameters
    timelines : of the subjects by the columns read, with what brought these to their units
    decimals : of each variable, the decimals that it is printed with
    """

    study: Study
    frames: Mapping[str, pl.DataFrame]
    subject_frame: pl.DataFrame
    panel: Panel
    populations: Populations
    missing: Mapping[str, str]
    subject_rows: Integers
    seen: frozenset[tuple[str, str]]
    numbers: NumberList = field(default_factory=NumberList)
    sources: SourceList = field(default_factory=SourceList)
    absent: dict[str, tuple[str, str, Integers, Booleans]] = field(default_factory=dict)
    listings: dict[str, pl.DataFrame] = field(default_factory=dict)
    left_out: LeftOutList = field(default_factory=LeftOutList)
    answered: dict[str, pl.DataFrame] = field(default_factory=dict)
    timelines: dict[tuple[str, ...], tuple[Mapping[str, Scale], CohortTimelines]] = field(
        default_factory=dict
    )
    decimals: dict[str, int] = field(default_factory=dict)
    derived: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def level(self) -> float:
        """Give the level of the intervals."""
        return 1.0 - self.study.trial.alpha

    def level_of(self, endpoint: Endpoint) -> float:
        """Give the level of an endpoint's intervals."""
        return self.study.level_of(endpoint)

    def policy(self, measure: str) -> str:
        """Give the policy for missing items under which a measure was scored."""
        return self.missing.get(measure, "observed")

    def source(self, cohort: Cohort, variable: str, visit: str, rows: Integers) -> str:
        """Remember the recorded values behind a group of numbers and give their key."""
        return self.sources.add("/".join((cohort.name, variable, visit)), rows[rows >= 0])

    def note_absent(self, source: str, measure: str, visit: str, chosen: Integers, level: Booleans) -> None:
        """Remember who of a cohort is not in the numbers of a source.

        Parameters
        ----------
        source : key of the source
        measure, visit : what was recorded, and when: a visit, or a band of time
        chosen : places of the subjects
        level : shape of `chosen`, True for who has a value there but no baseline to subtract
        """
        if len(chosen):
            self.absent.setdefault(source, (measure, visit, chosen, level))

    def observe(
        self,
        variable: str,
        text: Sequence[str],
        *,
        numbers: Floats | None = None,
        at: Integers | None = None,
    ) -> Integers:
        """Add what was derived of every subject as observations, so that counts of it have sources.

        Parameters
        ----------
        variable : what was derived
        text : one for each subject
        numbers : the same as numbers, where it was measured; NaN for none
        at : the observation of each subject whose place the derived one has; by default the subject's row

        Returns
        -------
        Rows of the observations, in the order of the subjects.
        """
        if variable not in self.derived:
            places = self.subject_rows if at is None else np.where(at >= 0, at, self.subject_rows)
            known = np.full(len(text), np.nan) if numbers is None else numbers
            self.derived[variable] = self.observations()[places].with_columns(
                pl.lit(variable).alias("variable"),
                pl.lit(variable).alias("measure"),
                pl.Series("value", known, dtype=pl.Float64).fill_nan(None),
                pl.Series("text", text, dtype=pl.String),
                pl.lit(0, pl.Int8).alias("censored"),
            )
        before = list(self.derived).index(variable)
        start = self.panel.observations.height + before * len(self.panel.subjects)
        return np.arange(start, start + len(self.panel.subjects))

    def observe_lines(
        self, variable: str, lines: pl.DataFrame, text: Sequence[str], numbers: Floats
    ) -> Integers:
        """Add what was read of each subject at a line of the data as observations.

        Parameters
        ----------
        variable : what was read
        lines : one row a subject, ``visit, file, line``; line null for who has none
        text, numbers : what was read there, in words and as a number

        Returns
        -------
        Rows of the observations, in the order of the subjects; -1 for who has no line.
        """
        rows = self.observe(variable, text, numbers=numbers)
        self.derived[variable] = self.derived[variable].with_columns(
            pl.Series("visit", lines["visit"].fill_null("")),
            pl.Series("file", lines["file"], dtype=pl.String),
            pl.Series("line", lines["line"], dtype=pl.Int64),
        )
        return np.where(lines["line"].is_not_null().to_numpy(), rows, -1)

    def observations(self) -> pl.DataFrame:
        """Give every observation, recorded and derived."""
        return pl.concat([self.panel.observations, *self.derived.values()])

    def frame(self, name: str) -> pl.DataFrame | None:
        """Give a table that has rows, else None."""
        found = self.frames.get(name)
        return None if found is None or found.is_empty() else found


def rows_behind(panel: Panel, measure: str, matrix: Matrix, visit: int, chosen: Integers) -> Integers:
    """Give the observations behind the changes of a measure at a visit: those of the baseline too."""
    rows: Integers = matrix.rows[chosen, visit]
    return np.concatenate([rows, panel.baselines[measure].rows[chosen]])


def mean_of(values: Floats) -> float:
    """Give the mean of recorded decimals, correctly rounded.

    Examples
    --------
    >>> mean_of(np.array([0.1, 0.2, 0.015]))
    0.105
    """
    if values.size == 0:
        return math.nan
    if np.abs(values).max() < _LARGEST:
        whole = int(np.rint(values * PARTS_OF_ONE).astype(np.int64).sum())
        if np.array_equal(np.rint(values * PARTS_OF_ONE) / PARTS_OF_ONE, values):
            return whole / (values.size * PARTS_OF_ONE)
    return math.fsum(values) / values.size


def digits_of(values: Floats) -> int:
    """Choose the decimals that means of these values are printed with.

    Examples
    --------
    >>> digits_of(np.array([10.0, 12.0])), digits_of(np.array([210.0])), digits_of(np.array([4e7]))
    (2, 1, 0)
    """
    return choose_decimals(float(np.abs(values).max()) if values.size else 0.0)


def decimals_of(run: Run, measure: str, values: Floats) -> int:
    """Choose the decimals of everything about a variable, its levels and its changes: by its largest level.

    Parameters
    ----------
    run : the analysis on its way
    measure : a score, a grade or a laboratory test
    values : decide where the variable has no level
    """
    if measure not in run.decimals:
        matrix = run.panel.matrices.get(measure)
        levels = values if matrix is None else matrix.values[~np.isnan(matrix.values)]
        if not levels.size or matrix is None:
            return digits_of(values)
        run.decimals[measure] = digits_of(levels)
    return run.decimals[measure]


def add_rate(run: Run, place: Place, count: int, *, level: float, limits: bool = True) -> None:
    """Add a count with its percentage and, where wanted, the interval of the percentage by two methods.

    Over nobody there is no count: one row without a value, of status ``nobody``, stands in its place.
    """
    total = place.denominator or 0
    if not total:
        run.numbers.add(place, "count", None, text=NOT_AVAILABLE, status="nobody")
        return
    run.numbers.add(place, "count", count, text=format_count(count, total))
    percent = 100 * count / total
    run.numbers.add(place, "percent", percent, text=f"{format_number(percent, 1)}%")
    if not limits:
        return
    for method, estimate in (("clopper_pearson", clopper_pearson), ("wilson", wilson)):
        found = estimate(count, total, level)
        for statistic, value in (("lower", found.lower), ("upper", found.upper)):
            share = 100 * value
            run.numbers.add(place, statistic, share, text=format_number(share, 1), method=method)


def is_whole(cohort: Cohort) -> bool:
    """Tell whether a cohort is neither a subgroup nor an arm."""
    return cohort.subgroup == ALL and cohort.arm == ALL
