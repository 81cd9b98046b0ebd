"""Time to an event: relapse after response, death, response, withdrawal, by Kaplan-Meier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.between_arms import compare_times_between
from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats
from funis.analysis.response_rates import YES, Answers
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.errors import ValueRangeError
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_shortest
from funis.stats.survival import KaplanMeier, kaplan_meier, restricted_mean
from funis.study.model import Endpoint

#: Events that are looked for at visits only.
FOUND_AT_VISITS: Final = frozenset({"relapse", "response"})


@dataclass(frozen=True, slots=True)
class Times:
    """Days from the origin to the event or to the end of observation.

    Attributes
    ----------
    day : shape (subjects,), NaN for who does not enter (no origin, never observed after it)
    happened : shape (subjects,), True where the day is that of the event
    origin : planned study day of the origin, for the visits of the table
    """

    day: Floats
    happened: Booleans
    origin: float


def estimate_time_to_event(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> None:
    """Estimate the curve of an endpoint in each of its cohorts.

    Parameters
    ----------
    run : the analysis on its way
    endpoint : of kind time_to_event
    judged : the response at each follow-up visit, where event or origin is a response; the first is the
        visit of the origin

    Notes
    -----
    A subject is censored on the last day seen, at withdrawal or loss, and (unless death is the event) at
    death. Relapse and response are found at visits, so they and their censoring are counted on the planned
    day of the visit: otherwise who was seen a few days earlier at the same visit would leave the risk set
    before the event, and the curve would fall too low.
    """
    times = _derive_times(run, endpoint, judged)
    if times is None:
        return
    for cohort in run.populations.of_endpoint(endpoint):
        entering = cohort.members & ~np.isnan(times.day)
        curve = kaplan_meier(times.day[entering], times.happened[entering], level=run.level_of(endpoint))
        _add_curve(run, endpoint, cohort, (curve, times, entering))
        _list_curve(run, endpoint, cohort, curve)
    compare_times_between(run, endpoint, times.day, times.happened)


def _derive_times(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> Times | None:
    start, planned = _origin_days(run, endpoint, judged)
    event_day = _event_days(run, endpoint, judged)
    if start is None or event_day is None:
        return None
    last = _last_days(run)
    if endpoint.event in FOUND_AT_VISITS:
        if endpoint.event == "relapse" and judged:
            followed = _numbers(judged[0].answers["followed_to_day"])
            last = np.where(np.isnan(followed), last, followed)
        start, event_day, last = (_planned_days(run, days) for days in (start, event_day, last))
    happened = ~np.isnan(event_day)
    day = np.where(happened, event_day, last) - start
    # Who left before the origin was never at risk.
    day[day < 0] = np.nan
    return Times(day, happened & ~np.isnan(day), planned)


def _origin_days(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> tuple[Floats | None, float]:
    frame = run.subject_frame
    if endpoint.origin == "response":
        if not judged:
            return None, 0.0
        first = judged[0]
        days = np.full(frame.height, np.nan)
        planned = 0.0
        if first.visit in run.panel.visits:
            position = run.panel.visit_index(first.visit)
            planned = run.panel.layout.planned[position]
            days = np.where(np.isnan(run.panel.days[:, position]), planned, run.panel.days[:, position])
        return np.where(first.responders, days, np.nan), planned
    if endpoint.origin == "consent":
        ahead = _numbers(frame["days_consent_to_first_infusion"])
        return -np.where(np.isnan(ahead), _numbers(frame["days_consent_to_baseline"]), ahead), 0.0
    infused = _numbers(frame["first_infusion_day"])
    if np.isnan(infused).all() and run.study.trial.design == "observational":
        return np.zeros(frame.height), 0.0
    return infused, 0.0


def _event_days(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> Floats | None:
    frame = run.subject_frame
    if endpoint.event == "death":
        return _numbers(frame["death_day"])
    if endpoint.event == "withdrawal":
        left = frame["disposition_status"].is_in(["withdrew", "lost"]).fill_null(value=False).to_numpy()
        return np.where(left, _numbers(frame["disposition_day"]), np.nan)
    if not judged:
        return None
    if endpoint.event == "relapse":
        answers = judged[0].answers
        if "relapse_day" not in answers.columns:
            return None
        relapsed = (answers["relapse"] == YES).fill_null(value=False).to_numpy()
        return np.where(relapsed, _numbers(answers["relapse_day"]), np.nan)
    return _first_response(run, judged)


def _first_response(run: Run, judged: tuple[Answers, ...]) -> Floats:
    """Give the day of the first visit at which each subject responds."""
    days = np.full(run.subject_frame.height, np.nan)
    for answers in judged:
        position = run.panel.visit_index(answers.visit)
        now = np.where(
            np.isnan(run.panel.days[:, position]),
            run.panel.layout.planned[position],
            run.panel.days[:, position],
        )
        days = np.where(np.isnan(days) & answers.responders, now, days)
    return days


def _last_days(run: Run) -> Floats:
    """Give the last day each subject was known to be under observation."""
    frame = run.subject_frame
    seen = np.fmax(_numbers(frame["last_visit_day"]), _numbers(frame["disposition_day"]))
    left = frame["disposition_status"].is_in(["withdrew", "lost", "died"]).fill_null(value=False).to_numpy()
    ended = np.where(left, _numbers(frame["disposition_day"]), np.nan)
    return np.where(np.isnan(ended), seen, ended)


def _planned_days(run: Run, days: Floats) -> Floats:
    """Put days inside the window of a visit on its planned day."""
    found = days.copy()
    for visit in run.study.visits:
        early, late = visit.window or (0, 0)
        found[(days >= visit.day + early) & (days <= visit.day + late)] = visit.day
    return found


def _numbers(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _add_curve(
    run: Run, endpoint: Endpoint, cohort: Cohort, found: tuple[KaplanMeier, Times, Booleans]
) -> None:
    curve, times, entering = found
    name = endpoint.event or "event"
    words = [
        NOT_AVAILABLE if np.isnan(day) else f"{format_shortest(day)} days, {ending}"
        for day, ending in zip(times.day, np.where(times.happened, "event", "censored"), strict=True)
    ]
    rows = run.observe(f"{endpoint.id} time", words)
    source = subject_source(run, cohort, f"{endpoint.id} {name}", entering, rows)
    method = "kaplan_meier_visits_on_planned_days" if name in FOUND_AT_VISITS else "kaplan_meier"
    whole = replace(cohort.place("time_to_event", name), endpoint=endpoint.id, n=curve.n, source=source)
    run.numbers.add(whole, "n", curve.n)
    run.numbers.add(whole, "events", int(curve.events.sum()))
    if not curve.n:
        return
    median, lower, upper = curve.quantile(0.5)
    for statistic, value in (("median", median), ("lower", lower), ("upper", upper)):
        status = "ok" if np.isfinite(value) else "not_reached"
        text = format_number(value, 0) if np.isfinite(value) else "not reached"
        run.numbers.add(whole, statistic, value, text=text, method=method, status=status)
    for visit in run.study.visits:
        if visit.day > times.origin:
            place = replace(whole, visit=visit.name)
            early, late = visit.window or (0, 0)
            if name in FOUND_AT_VISITS:
                early = late = 0
            window = (visit.day + early - times.origin, visit.day + late - times.origin)
            _add_point(run, place, (curve, method), window)
    if endpoint.restricted_mean:
        _add_restricted_mean(run, endpoint, whole, times, entering)


def _add_point(run: Run, place: Place, found: tuple[KaplanMeier, str], window: tuple[float, float]) -> None:
    """Add the curve at the end of a visit's window, and who was at risk when the window opened."""
    curve, method = found
    opens, closes = max(window[0], 0.0), window[1]
    survival, lower, upper = (float(values[0]) for values in curve.at([min(closes, float(curve.time[-1]))]))
    beyond = bool(opens > curve.time[-1]) and survival > 0
    for statistic, value in (("survival", survival), ("lower", lower), ("upper", upper)):
        given = None if beyond else value
        run.numbers.add(place, statistic, given, text=format_number(given, 3), method=method)
    events = int(curve.events[curve.time <= closes].sum())
    at_risk = int(curve.at_risk_at([opens])[0])
    run.numbers.add(place, "at_risk", at_risk)
    run.numbers.add(place, "events", events)


def _add_restricted_mean(
    run: Run, endpoint: Endpoint, whole: Place, times: Times, entering: Booleans
) -> None:
    """Add the mean time free of the event up to the planned day of the visit named as horizon."""
    horizon = run.study.visit(endpoint.restricted_mean).day - times.origin
    place = replace(whole, visit=endpoint.restricted_mean)
    day, happened = times.day[entering], times.happened[entering]
    try:
        found = restricted_mean(day, happened, horizon, level=run.level_of(endpoint))
    except ValueRangeError:
        why = f"{NOT_AVAILABLE} (the curve is known to day {format_shortest(float(day.max()))} only)"
        run.numbers.add(place, "restricted_mean", None, text=why, method="restricted_mean")
        return
    given = (("restricted_mean", found.estimate), ("lower", found.lower), ("upper", found.upper))
    for statistic, value in (*given, ("se", found.standard_error)):
        text = format_number(value, 1)
        run.numbers.add(place, statistic, value, text=text, method="restricted_mean")
    run.numbers.add(place, "horizon", horizon, text=format_shortest(horizon), method="restricted_mean")


def _list_curve(run: Run, endpoint: Endpoint, cohort: Cohort, curve: KaplanMeier) -> None:
    """List the steps: ``km`` holds whole populations, ``km_groups`` subgroups and arms."""
    steps = pl.DataFrame(
        {
            "endpoint": pl.Series([endpoint.id] * len(curve.time), dtype=pl.String),
            "population": pl.Series([cohort.population] * len(curve.time), dtype=pl.String),
            "subgroup": pl.Series([cohort.subgroup] * len(curve.time), dtype=pl.String),
            "arm": pl.Series([cohort.arm] * len(curve.time), dtype=pl.String),
            "time": curve.time,
            "survival": curve.survival,
            "lower": pl.Series(curve.lower).fill_nan(None),
            "upper": pl.Series(curve.upper).fill_nan(None),
            "at_risk": curve.at_risk,
            "events": curve.events,
            "censored": curve.censored,
        }
    )
    name = "km" if cohort.subgroup == ALL and cohort.arm == ALL else "km_groups"
    known = [run.listings[name]] if name in run.listings else []
    run.listings[name] = pl.concat([*known, steps])
