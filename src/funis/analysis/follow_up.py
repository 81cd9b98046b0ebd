"""How long subjects were followed: patient-years, their average, and adverse events in that time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from funis.analysis.asked import (
    add_not_collected,
    is_infusion_known,
    was_asked_about_events,
    who_is_in,
)
from funis.analysis.cohorts import Cohort
from funis.analysis.dated_lines import find_dated_lines
from funis.analysis.disposition import treated_cohort
from funis.analysis.panel import Floats, Integers
from funis.analysis.run import Run
from funis.analysis.safety_counts import events_with_reactions
from funis.analysis.summary import add_summary
from funis.analysis.time_to_event import last_days
from funis.nine_decimals import round_array
from funis.results import Place, format_number, format_shortest
from funis.stats.rates import exact_rate
from funis.study.time_bands import DAYS_PER_YEAR

ANALYSIS: Final = "follow_up"
#: Time from day 0 to the last day a subject was known to be under observation.
TIME: Final = "follow_up_years"
#: Events in that time, of those who were asked about them.
EVENTS: Final = "adverse_events"


def describe_follow_up(run: Run) -> None:
    """Add the follow-up time of the treated and of each arm, and the adverse events in it.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``follow_up`` are added

    Notes
    -----
    Time runs from day 0 to the last day a subject was known to be under observation, as the curves of time
    to an event count it. Who was last seen before day 0, or on no known day, is not in it. Where nobody's
    infusions are recorded it is the time of everybody enrolled.

    Adverse events are counted in those who were asked at least once or have one recorded; one that began
    before day 0 is outside the time. Where nobody was asked there is no rate: what was recorded all the same
    is the lowest possible number, in an unknown part of the time.
    """
    if not run.panel.subjects:
        return
    last = last_days(run)
    days = np.where(last >= 0, last, np.nan)
    years = round_array(days / DAYS_PER_YEAR)
    rows = _observe(run, days, years)
    for cohort in _followed(run):
        known = cohort.members & ~np.isnan(years)
        place = cohort.place(ANALYSIS, TIME)
        if not known.any():
            add_not_collected(run, place)
            continue
        source = run.source(cohort, TIME, "subjects", rows[known])
        place = replace(place, n=int(known.sum()), source=source)
        add_summary(run, place, years[known], interval=False)
        total = float(years[known].sum())
        run.numbers.add(place, "person_years", total, text=format_number(total, 1))
        _count_events(run, cohort, years, rows)


def _followed(run: Run) -> Iterator[Cohort]:
    """Give who is followed, as a whole and by arm: the treated; everybody where nobody is known to be."""
    base = treated_cohort(run)
    if not is_infusion_known(run).any() or not base.size:
        base = run.populations.cohort()
    for whole in run.populations.every_arm():
        yield replace(whole, population=base.population, members=base.members & whole.members)


def _observe(run: Run, days: Floats, years: Floats) -> Integers:
    """Add each subject's time as an observation, at the line that has its last day."""
    words = [
        "" if np.isnan(day) else f"day 0 to day {format_shortest(day)}: {format_number(year, 2)} years"
        for day, year in zip(days.tolist(), years.tolist(), strict=True)
    ]
    return run.observe_lines(TIME, find_dated_lines(run, days, ("disposition",)), words, years)


def _count_events(run: Run, cohort: Cohort, years: Floats, rows: Integers) -> None:
    """Add the adverse events of those asked, their time, and the rate with its exact interval."""
    place = cohort.place(ANALYSIS, EVENTS)
    asked = was_asked_about_events(run) & cohort.members
    if not asked.any():
        add_not_collected(run, place)
        return
    events = events_with_reactions(run)
    concerned = (asked | (who_is_in(run, events["subject"]) & cohort.members)) & ~np.isnan(years)
    names = {name for name, chosen in zip(run.panel.subjects, concerned.tolist(), strict=True) if chosen}
    starts = zip(events["subject"].to_list(), events["start_day"].to_list(), strict=True)
    count = sum(name in names and (day is None or day >= 0) for name, day in starts)
    total = float(years[concerned].sum())
    source = run.source(cohort, f"{TIME} {EVENTS}", "subjects", rows[concerned])
    place = replace(place, n=int(concerned.sum()), source=source)
    run.numbers.add(place, "n", place.n)
    run.numbers.add(place, "events", count)
    run.numbers.add(place, "person_years", total, text=format_number(total, 1))
    if total > 0:
        _add_rate(run, place, count, total)


def _add_rate(run: Run, place: Place, count: int, total: float) -> None:
    found = exact_rate(count, total, run.level)
    for statistic, value in (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper)):
        run.numbers.add(place, statistic, value, text=format_number(value, 2), method="exact_poisson")
