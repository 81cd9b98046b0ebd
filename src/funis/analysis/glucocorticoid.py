"""Glucocorticoid beside the study product: the daily dose as prednisone at every visit.

A fall in activity may be due to it, so every report prints it. The dose follows from the courses of
drugs (:func:`funis.scoring.steroids.derive_prednisone`). Nobody's dose is 0 for want of a record: a subject
of whom no drug at all was recorded has an unknown dose, and a trial without drugs has no numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import are_drugs_known
from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.drug_visits import unknown_drugs, visit_days
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import add_summary, subject_source
from funis.catalogue.low_doses import low_doses
from funis.nine_decimals import round_array
from funis.results import format_shortest, name_at_most
from funis.scoring.steroids import derive_prednisone, is_glucocorticoid
from funis.study.model import Study

VARIABLE: Final = "prednisone"
NONE_TAKEN: Final = "none"
RAISED: Final = "raised"
RAISED_SINCE_LAST: Final = "raised_since_last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """The daily dose of every subject at every visit.

    Attributes
    ----------
    visits : names of the visits, or of the bands of time of a cohort without planned visits
    days : shape (subjects, visits), study day of each, NaN where a subject was not seen
    values : shape (subjects, visits), mg prednisone a day by mouth, NaN where it is not known
    notes : shape (subjects, visits), why a dose is not known, and what is not added
    courses : shape (subjects, visits), observation of the course in force, -1 where there is none
    baseline : shape (subjects,), dose at baseline, NaN where it is not known
    """

    visits: tuple[str, ...]
    days: Floats
    values: Floats
    notes: tuple[tuple[str, ...], ...]
    courses: Integers
    baseline: Floats

    @property
    def seen(self) -> Booleans:
        """Tell who was seen at which visit."""
        found: Booleans = ~np.isnan(self.days)
        return found


def population_of(study: Study) -> str:
    """Name the population the doses are of: that of the first primary endpoint, else everybody."""
    ranked = sorted(study.endpoints, key=lambda each: each.role != "primary")
    return next((each.population for each in ranked if each.population), ENROLLED)


def describe_glucocorticoid(run: Run) -> None:
    """Describe the dose at every visit, as far as drugs were recorded.

    Parameters
    ----------
    run : the analysis on its way; gets numbers and a listing called ``glucocorticoid``
    """
    doses = derive_doses(run)
    if doses is None:
        return
    for cohort in run.populations.every_arm(population_of(run.study)):
        add_rate(
            run, cohort.place("drugs", "asked"),
            int((are_drugs_known(run) & cohort.members).sum()), level=run.level, limits=False,
        )  # fmt: skip
    for place, visit in enumerate(doses.visits):
        rows = run.observe(f"{VARIABLE} {visit}", _said(doses, place), numbers=doses.values[:, place],
                           at=doses.courses[:, place])  # fmt: skip
        for cohort in run.populations.every_arm(population_of(run.study)):
            _describe_visit(run, cohort, doses, (place, rows))
    run.listings["glucocorticoid"] = _list_doses(run, doses)


def derive_doses(run: Run) -> Doses | None:
    """Derive the dose of every subject at every visit; None where nobody's drugs are known."""
    if not are_drugs_known(run).any():
        return None
    medications = run.frames["medications"]
    visits, days = visit_days(run)
    subjects = run.panel.subjects
    asked = pl.DataFrame(
        {
            "subject": pl.Series([name for name in subjects for _ in visits], dtype=pl.String),
            "day": pl.Series(days.ravel()).fill_nan(None),
        }
    )
    found = derive_prednisone(medications, asked)
    shape = days.shape
    values = found["prednisone"].fill_null(np.nan).to_numpy().astype(np.float64).reshape(shape).copy()
    notes = np.array(found["prednisone_note"].to_list(), dtype=object).reshape(shape)
    for unknown, why in unknown_drugs(run, days):
        values[unknown], notes[unknown] = np.nan, why
    return Doses(
        visits=visits,
        days=days,
        values=round_array(values),
        notes=tuple(tuple(row) for row in notes.tolist()),
        courses=_courses(medications, subjects, days),
        baseline=_baseline(run, values, days),
    )


def _baseline(run: Run, values: Floats, days: Floats) -> Floats:
    """Give the dose at the baseline visit; of a cohort without a plan, at the first day seen."""
    baseline = run.panel.layout.baseline
    if baseline is not None:
        return values[:, run.panel.visit_index(baseline)]
    if not days.size:
        return np.full(len(values), np.nan)
    first = np.argmin(np.where(np.isnan(days), np.inf, days), axis=1)
    found: Floats = values[np.arange(len(values)), first]
    return found


def _courses(medications: pl.DataFrame, subjects: tuple[str, ...], days: Floats) -> Integers:
    """Find the observation of the course in force, the one begun last, so that a dose has a source."""
    found = np.full(days.shape, -1, dtype=np.int64)
    places = {name: place for place, name in enumerate(subjects)}
    columns = ("subject", "drug", "start_day", "end_day", "_row")
    for subject, drug, start, end, row in medications.select(columns).sort("start_day").iter_rows():
        if subject in places and start is not None and is_glucocorticoid(drug or ""):
            own = days[places[subject]]
            found[places[subject], (own >= start) & (own <= (np.inf if end is None else end))] = row
    return found


def _said(doses: Doses, place: int) -> list[str]:
    """Say what the dose of each subject is, or why it is not known."""
    said = []
    for seen, value, notes in zip(doses.seen[:, place], doses.values[:, place], doses.notes, strict=True):
        note = f" ({notes[place]})" if notes[place] else ""
        dose = "dose not known" if np.isnan(value) else f"{format_shortest(float(value))} mg/day"
        said.append(f"{dose}{note}" if seen else "not seen")
    return said


def _describe_visit(run: Run, cohort: Cohort, doses: Doses, at: tuple[int, Integers]) -> None:
    """Add the numbers of one visit: of whom the dose is known, and of how many it is not."""
    place, rows = at
    visit, values = doses.visits[place], doses.values[:, place]
    seen = doses.seen[:, place] & cohort.members
    known = seen & ~np.isnan(values)
    if not seen.any():
        return
    whole = replace(
        cohort.place("glucocorticoid", VARIABLE),
        visit=visit,
        n=int(known.sum()),
        denominator=int(seen.sum()),
        source=subject_source(run, cohort, f"{VARIABLE} {visit}", seen, rows),
    )
    if known.any():
        add_summary(run, whole, values[known], interval=False)
    else:
        run.numbers.add(whole, "n", 0)
    unknown = int((seen & ~known).sum())
    run.numbers.add(whole, "cannot_tell", unknown, text=str(unknown))
    for category, (chosen, of_whom) in _counted(run, doses, place, known).items():
        own = replace(
            whole,
            category=category,
            n=int(of_whom.sum()),
            denominator=int(of_whom.sum()),
            source=subject_source(run, cohort, f"{VARIABLE} {category} {visit}", chosen, rows),
        )
        if of_whom.any():
            add_rate(run, own, int(chosen.sum()), level=run.level, limits=False)


def _counted(run: Run, doses: Doses, place: int, known: Booleans) -> dict[str, tuple[Booleans, Booleans]]:
    """Give who is counted, and of whom: at low doses, without, above baseline, raised since the last dose."""
    values = doses.values[:, place]
    found = {
        name_at_most(limit): (known & (round_array(values - limit) <= 0), known)
        for limit in low_doses(run.study.trial.condition)
    }
    found[NONE_TAKEN] = (known & (values == 0), known)
    if doses.visits[place] != run.panel.layout.baseline:
        both = known & ~np.isnan(doses.baseline)
        found[RAISED] = (both & (round_array(values - doses.baseline) > 0), both)
    if place:
        before = _last_known(doses.values[:, :place])
        both = known & ~np.isnan(before)
        found[RAISED_SINCE_LAST] = (both & (round_array(values - before) > 0), both)
    return found


def _last_known(values: Floats) -> Floats:
    """Give the last known dose of each subject, NaN where none is known."""
    found = np.full(len(values), np.nan)
    for own in values.T:
        found = np.where(np.isnan(own), found, own)
    return found


def _list_doses(run: Run, doses: Doses) -> pl.DataFrame:
    """List every dose for the figure; a subject who was not seen at a visit has no row of it."""
    rows = [
        {"subject": subject, "visit": visit, "day": day, "value": None if np.isnan(value) else value}
        for subject, days, values in zip(run.panel.subjects, doses.days, doses.values, strict=True)
        for visit, day, value in zip(doses.visits, days, values, strict=True)
        if not np.isnan(day)
    ]
    schema = {"subject": pl.String, "visit": pl.String, "day": pl.Float64, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema)
