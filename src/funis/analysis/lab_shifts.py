"""Laboratory toxicity: the CTCAE grade at baseline against the worst one afterwards, by test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Integers
from funis.analysis.run import Run
from funis.analysis.safety_counts import safety_cohorts
from funis.catalogue.registry import toxicity_table
from funis.results import ALL, Place
from funis.scoring.toxicity import grade_toxicity
from funis.scoring.toxicity_shift import derive_lab_baseline, derive_toxicity_shifts

Words = npt.NDArray[np.str_]
ANALYSIS: Final = "lab_shift"
#: Rows of the table, by the grade at baseline; columns, by the worst grade after it.
BASELINES: Final = ("0", "1_or_more", "not_known")
WORST: Final = ("0", "1", "2", "3", "4", "cannot_tell", "missing")
#: Whether the worst grade exceeds the one at baseline.
WORSENED: Final = "worsened"
#: Of whom no result could be graded, and who has no result.
NOT_GRADED: Final = "not_graded"
NOT_MEASURED: Final = "not_measured"


@dataclass(frozen=True, slots=True)
class _Shifts:
    """The shifts of one test, in the order of the panel; empty words for who has no result.

    Attributes
    ----------
    test : its name
    start, worst, worsened : shape (subjects,), baseline, worst grade, and whether it is worse, in words
    rows, owners : of each observation of the test its row, and the place of its subject
    """

    test: str
    start: Words
    worst: Words
    worsened: Words
    rows: Integers
    owners: Integers

    @property
    def is_graded(self) -> bool:
        """Tell whether any result has a grade; without limits of normal none may have."""
        has_grade = (self.start != BASELINES[2]) | ~np.isin(self.worst, ("cannot_tell", "missing"))
        return bool((has_grade & (self.start != "")).any())


def count_lab_shifts(run: Run) -> None:
    """Count subjects by the grade at baseline and the worst grade afterwards, and those who got worse.

    Parameters
    ----------
    run : the analysis on its way

    Notes
    -----
    Graded by the CTCAE version of the study file, of the tests of the study that it grades by value. The
    laboratory's own limits of normal count; where a result carries none, those of the study file. A result
    without either has no grade of 1, and is "cannot tell" where that matters. Baseline is the last result up
    to day 0. Everybody of the population with a result stands in one cell; subjects without any are counted
    beside (``not_measured``).
    """
    labs = _graded_labs(run)
    if labs is None:
        return
    run.listings["lab_terms"] = labs.select("test", "term").unique(maintain_order=True)
    tests = list(_shifts_of(labs, run))
    for cohort in safety_cohorts(run, "exposure"):
        for shifts in tests:
            _count_test(run, cohort, shifts)


def _graded_labs(run: Run) -> pl.DataFrame | None:
    """Grade the results of the tests that have a term; None where there is no such result."""
    labs = run.frame("labs")
    terms = toxicity_table(run.study.trial.ctcae).terms
    tests = [lab for lab in run.study.labs if lab.test in terms]
    if labs is None or not tests:
        return None
    lows = {lab.test: lab.low for lab in tests}
    highs = {lab.test: lab.high for lab in tests}
    found = labs.filter(
        pl.col("test").is_in(list(lows)), pl.col("value").is_not_null(), pl.col("day").is_not_null()
    ).select(
        "subject",
        "test",
        "value",
        "unit",
        "comparator",
        pl.col("day").cast(pl.Float64),
        _limit("low", lows),
        _limit("high", highs),
    )
    if found.is_empty():
        return None
    graded: pl.DataFrame = grade_toxicity(derive_lab_baseline(found), run.study.trial.ctcae)
    return graded


def _limit(column: str, usual: dict[str, float | None]) -> pl.Expr:
    """Give the laboratory's limit, else that of the study file."""
    said = pl.col("test").replace_strict(usual, default=None, return_dtype=pl.Float64)
    return pl.coalesce(pl.col(column).cast(pl.Float64), said).alias(column)


def _shifts_of(graded: pl.DataFrame, run: Run) -> Iterator[_Shifts]:
    """Give the shifts of each test, in the order of the study file."""
    shifts = derive_toxicity_shifts(graded)
    start, worst = pl.col("baseline_grade"), pl.col("worst_grade")
    named = shifts.select(
        "subject",
        "test",
        pl.when(start.is_null())
        .then(pl.lit(BASELINES[2]))
        .when(start == 0)
        .then(pl.lit(BASELINES[0]))
        .otherwise(pl.lit(BASELINES[1]))
        .alias("from"),
        pl.when(pl.col("n_after") == 0)
        .then(pl.lit("missing"))
        .when(worst.is_null())
        .then(pl.lit("cannot_tell"))
        .otherwise(worst.cast(pl.String))
        .alias("worst"),
        pl.col("treatment_emergent").alias(WORSENED),
    )
    by_test = named.partition_by("test", as_dict=True)
    places = run.panel.layout.places
    observed = run.panel.observations.with_row_index("_row").filter(
        pl.col("variable") == pl.col("measure"), pl.col("subject").is_in(list(places))
    )
    for lab in run.study.labs:
        if (lab.test,) not in by_test:
            continue
        own = by_test[lab.test,].filter(pl.col("subject").is_in(list(places)))
        words = np.full((3, len(places)), "", dtype="<U11")
        at = [places[name] for name in own["subject"]]
        for line, column in zip(words, ("from", "worst", WORSENED), strict=True):
            line[at] = own[column].to_list()
        results = observed.filter(pl.col("measure") == lab.test)
        owners = np.array([places[name] for name in results["subject"]], dtype=np.int64)
        rows = results["_row"].to_numpy().astype(np.int64)
        yield _Shifts(lab.test, words[0], words[1], words[2], rows, owners)


def _count_test(run: Run, cohort: Cohort, shifts: _Shifts) -> None:
    """Count the cells of one test, and how many got worse of those of whom it can be told."""
    members = cohort.members
    measured = (shifts.start != "") & members
    if not shifts.is_graded:
        _add(run, _place(run, cohort, shifts, NOT_GRADED, measured, members), measured)
        return
    for baseline in BASELINES:
        row = (shifts.start == baseline) & members
        if not row.any():
            continue
        for worst in WORST:
            chosen = (shifts.worst == worst) & row
            place = _place(run, cohort, shifts, f"from_{baseline}", chosen, row)
            _add(run, replace(place, category=worst), chosen)
    told = np.isin(shifts.worsened, ("yes", "no")) & members
    worse = (shifts.worsened == "yes") & members
    if told.any():
        _add(run, _place(run, cohort, shifts, WORSENED, worse, told), worse)
    unclear = measured & ~told
    place = _place(run, cohort, shifts, WORSENED, unclear, measured)
    run.numbers.add(place, "cannot_tell", int(unclear.sum()), text=str(int(unclear.sum())))
    absent = members & ~measured
    _add(run, replace(_place(run, cohort, shifts, NOT_MEASURED, absent, members), source=""), absent)


def _add(run: Run, place: Place, chosen: Booleans) -> None:
    count = int(chosen.sum())
    run.numbers.add(place, "count", count, text=f"{count}/{place.denominator}")


def _place(run: Run, cohort: Cohort, shifts: _Shifts, what: str, chosen: Booleans, among: Booleans) -> Place:
    """Give the place of a count of subjects among others, with the results of the test behind it."""
    of = int(among.sum())
    rows = shifts.rows[chosen[shifts.owners]]
    source = run.source(cohort, f"{ANALYSIS} {shifts.test} {what}", ALL, rows) if rows.size else ""
    place = cohort.place(ANALYSIS, f"{shifts.test}_{what}")
    return replace(place, measure=shifts.test, n=of, denominator=of, source=source)
