"""Time to an event: relapse after response, death, response, withdrawal, by Kaplan-Meier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.between_arms import compare_times_between
from funis.analysis.cohorts import Cohort
from funis.analysis.competing_events import DEATH, add_incidence, compete_with_death
from funis.analysis.dated_lines import find_dated_lines, lines_of_subjects
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.response_rates import YES, Answers
from funis.analysis.run import Run
from funis.errors import ValueRangeError
from funis.results import ALL, NOT_AVAILABLE, NOT_COLLECTED, Place, format_number, format_shortest
from funis.stats.competing import cumulative_incidence
from funis.stats.survival import KaplanMeier, kaplan_meier, restricted_mean
from funis.study.model import Endpoint
from funis.study.response_behind import FOUND_AT_VISITS, ORIGINS, first_definition
from funis.study.sources import sources_of_response

#: Events that stand in the table of how participation ended.
ENDS: Final = frozenset({"death", "withdrawal"})


@dataclass(frozen=True, slots=True)
class Times:
    """Days from the origin to the event or to the end of observation.

    Attributes
    ----------
    day : shape (subjects,), NaN for who does not enter (no origin, never observed after it)
    happened : shape (subjects,), True where the day is that of the event
    origin : planned study day of the origin, for the visits of the table
    start, end : shape (subjects,), study days that the time runs between, as recorded
    counted_start, counted_end : the same as counted, on planned days where visits find the event
    """

    day: Floats
    happened: Booleans
    origin: float
    start: Floats
    end: Floats
    counted_start: Floats
    counted_end: Floats


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
    if endpoint.event in ENDS and run.subject_frame["disposition_status"].is_null().all():
        _say_nothing_was_collected(run, endpoint)
        return
    times = _derive_times(run, endpoint, judged)
    if times is None:
        return
    for cohort in run.populations.of_endpoint(endpoint):
        entering = cohort.members & ~np.isnan(times.day)
        curve = kaplan_meier(times.day[entering], times.happened[entering], level=run.level_of(endpoint))
        _add_curve(run, endpoint, cohort, (curve, times, entering))
        if endpoint.competing and curve.n:
            _add_competing(run, endpoint, cohort, times, entering)
        _list_curve(run, endpoint, cohort, curve)
    compare_times_between(run, endpoint, times.day, times.happened)


def _say_nothing_was_collected(run: Run, endpoint: Endpoint) -> None:
    """Leave one row a cohort: where no end of participation was recorded, nobody was looked for the event."""
    for cohort in run.populations.of_endpoint(endpoint):
        place = replace(
            cohort.place("time_to_event", endpoint.event or "event"), endpoint=endpoint.id, n=None,
            denominator=None,
        )  # fmt: skip
        run.numbers.add(place, "n", None, text=NOT_COLLECTED, status="not_collected")


def _derive_times(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> Times | None:
    start, planned = _origin_days(run, endpoint, judged)
    event_day = _event_days(run, endpoint, judged)
    if start is None or event_day is None:
        return None
    last = last_days(run)
    if endpoint.event == "relapse" and judged:
        followed = _numbers(judged[0].answers["followed_to_day"])
        last = np.where(np.isnan(followed), last, followed)
    happened = ~np.isnan(event_day)
    end = np.where(happened, event_day, last)
    counted_start, counted_end = start, end
    if endpoint.event in FOUND_AT_VISITS:
        counted_start, counted_end = _planned_days(run, start), _planned_days(run, end)
    day = counted_end - counted_start
    # Who left before the origin was never at risk.
    day[day < 0] = np.nan
    return Times(day, happened & ~np.isnan(day), planned, start, end, counted_start, counted_end)


def _origin_days(run: Run, endpoint: Endpoint, judged: tuple[Answers, ...]) -> tuple[Floats | None, float]:
    frame = run.subject_frame
    if endpoint.origin == "first_response":
        return (_first_response(run, judged), 0.0) if judged else (None, 0.0)
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
    return _first_loss(run, judged) if endpoint.event == "loss" else _first_response(run, judged)


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


def _first_loss(run: Run, judged: tuple[Answers, ...]) -> Floats:
    """Give the day of the first visit, after one that shows the response, at which it is known to be gone.

    Who left is said not to respond at the visits that were never made: only a visit that took place counts.
    """
    days = np.full(run.subject_frame.height, np.nan)
    has_responded = np.zeros(run.subject_frame.height, dtype=np.bool_)
    for answers in judged:
        now = run.panel.days[:, run.panel.visit_index(answers.visit)]
        gone = has_responded & answers.determinate & ~answers.responders & ~answers.filled
        days = np.where(np.isnan(days) & gone, now, days)
        has_responded = has_responded | answers.responders
    return days


def last_days(run: Run) -> Floats:
    """Give the last day each subject was known to be under observation.

    Parameters
    ----------
    run : the analysis on its way

    Returns
    -------
    Study days in the order of the panel; NaN for whom none is known.
    """
    frame = run.subject_frame
    seen = np.fmax(_numbers(frame["last_visit_day"]), _numbers(frame["disposition_day"]))
    left = frame["disposition_status"].is_in(["withdrew", "lost", "died"]).fill_null(value=False).to_numpy()
    ended = np.where(left, _numbers(frame["disposition_day"]), np.nan)
    return np.where(np.isnan(ended), seen, ended)


def _planned_days(run: Run, days: Floats) -> Floats:
    """Put days inside the window of a visit on its planned day."""
    found = days.copy()
    for visit in run.study.visits:
        if visit.window is not None:
            early, late = visit.window
            found[(days >= visit.day + early) & (days <= visit.day + late)] = visit.day
    return found


def _numbers(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _add_curve(
    run: Run, endpoint: Endpoint, cohort: Cohort, found: tuple[KaplanMeier, Times, Booleans]
) -> None:
    curve, times, entering = found
    name = endpoint.event or "event"
    cite = _Citing(run, cohort, f"{endpoint.id} {name}", _observe_days(run, endpoint, times))
    method = "kaplan_meier_visits_on_planned_days" if name in FOUND_AT_VISITS else "kaplan_meier"
    whole = replace(
        cohort.place("time_to_event", name), endpoint=endpoint.id, n=curve.n, source=cite("", entering)
    )
    run.numbers.add(whole, "n", curve.n)
    with_event = replace(whole, source=cite("events", entering & times.happened))
    run.numbers.add(with_event, "events", int(curve.events.sum()))
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
            planned = visit.day - times.origin
            run.numbers.add(place, "planned_time", planned, text=format_shortest(planned))
            early, late = visit.window or (0, 0)
            if name in FOUND_AT_VISITS:
                early = late = 0
            window = (visit.day + early - times.origin, visit.day + late - times.origin)
            at_risk = cite(f"at risk {visit.name}", entering & (times.day >= max(window[0], 0.0)))
            events = entering & times.happened & (times.day <= window[1])
            sources = {"at_risk": at_risk, "events": cite(f"events {visit.name}", events)}
            _add_point(run, place, (curve, method), window, sources)
    if endpoint.restricted_mean:
        _add_restricted_mean(run, endpoint, whole, times, entering)


@dataclass(frozen=True, slots=True)
class _Citing:
    """Gives the keys of sources: of each subject chosen the line of its origin and that of its end."""

    run: Run
    cohort: Cohort
    name: str
    rows: tuple[Integers, Integers]

    def __call__(self, what: str, chosen: Booleans) -> str:
        rows = np.concatenate([each[chosen] for each in self.rows])
        return self.run.source(self.cohort, f"{self.name} {what}".rstrip(), "subjects", rows)


def _observe_days(run: Run, endpoint: Endpoint, times: Times) -> tuple[Integers, Integers]:
    """Add the days that each time runs between as observations, at the lines with these dates."""
    assessed = _tables_judged(run, endpoint)
    enters = ~np.isnan(times.day)
    start = np.where(enters, times.start, np.nan)
    from_response = endpoint.origin in {"response", "first_response"}
    at_visits = endpoint.event in FOUND_AT_VISITS
    if endpoint.origin == "consent":
        from_lines = lines_of_subjects(run)
    elif from_response or run.study.trial.design == "observational":
        from_lines = find_dated_lines(run, start, assessed)
    else:
        from_lines = find_dated_lines(run, start, ("infusions",), others=False)
    begins = _days_in_words(from_lines, start, times.counted_start)
    end = np.where(enters, times.end, np.nan)
    event_lines = find_dated_lines(
        run,
        np.where(times.happened, end, np.nan),
        assessed if at_visits else ("disposition",),
        others=at_visits,
    )
    # An event that visits find is watched for up to the last visit judged, others up to the end of the study.
    last_first = (*assessed, "disposition") if at_visits else ("disposition", *assessed)
    last_lines = find_dated_lines(run, np.where(times.happened, np.nan, end), last_first)
    chosen = pl.Series(times.happened)
    to_lines = pl.DataFrame(
        {name: event_lines[name].zip_with(chosen, last_lines[name]) for name in last_lines.columns}
    )
    ends = _days_in_words(to_lines, end, times.counted_end)
    origin = ORIGINS[endpoint.origin]
    return (
        run.observe_lines(
            f"origin of {endpoint.id}", from_lines, [f"{origin}, {day}" for day in begins], start
        ),
        run.observe_lines(f"end of {endpoint.id}", to_lines, _ends_in_words(endpoint, times, ends), end),
    )


def _tables_judged(run: Run, endpoint: Endpoint) -> tuple[str, ...]:
    """Give the tables that a response is judged from, those that its definition names first."""
    name = endpoint.definition or first_definition(run.study)
    read = sources_of_response(run.study, name, endpoint.parameters)
    instruments = [each for each in run.study.instrument_names if each in read]
    labs = ["labs"] if read & set(run.study.lab_names) else []
    return tuple(dict.fromkeys((*instruments, *labs, *run.study.instrument_names, "labs")))


def _ends_in_words(endpoint: Endpoint, times: Times, ends: Sequence[str]) -> list[str]:
    """Say of each subject what ended its time, when, and how long that is from the origin."""
    origin = ORIGINS[endpoint.origin]
    known = np.unique(times.day[~np.isnan(times.day)]).tolist()
    lengths = {time: f"{format_shortest(time)} days from {origin}" for time in known}
    return [
        NOT_AVAILABLE
        if np.isnan(time)
        else f"{endpoint.event if happened else 'last seen'}, {day}: {lengths[time]}"
        for happened, day, time in zip(times.happened.tolist(), ends, times.day.tolist(), strict=True)
    ]


def _days_in_words(lines: pl.DataFrame, days: Floats, counted: Floats) -> list[str]:
    """Say each study day, whether its line has a date, and as which day it counts where that is another."""
    rows = zip(days.tolist(), counted.tolist(), lines["dated"].to_list(), strict=True)
    return [NOT_AVAILABLE if np.isnan(day) else _day_words(day, other, dated) for day, other, dated in rows]


@cache
def _day_words(day: float, counted: float, dated: bool | None) -> str:  # noqa: FBT001  a cell of a column
    words = f"day {format_shortest(day)}" + (" as planned, without a date" if dated is False else "")
    return words if day == counted else f"{words}, counted as day {format_shortest(counted)}"


def _add_point(
    run: Run,
    place: Place,
    found: tuple[KaplanMeier, str],
    window: tuple[float, float],
    sources: Mapping[str, str],
) -> None:
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
    run.numbers.add(replace(place, source=sources["at_risk"]), "at_risk", at_risk)
    run.numbers.add(replace(place, source=sources["events"]), "events", events)


def _add_competing(run: Run, endpoint: Endpoint, cohort: Cohort, times: Times, entering: Booleans) -> None:
    """Add the share that has had the event at each planned visit, with death as a competing event."""
    name = endpoint.event or "event"
    status, death = run.subject_frame["disposition_status"], _numbers(run.subject_frame["death_day"])
    if name in FOUND_AT_VISITS:
        death = _planned_days(run, death)
    died = (status == "died").fill_null(value=False).to_numpy()
    day, cause = compete_with_death(times.day, times.happened, died, death - times.counted_start)
    found = (
        None
        if status.is_null().all()
        else cumulative_incidence(day[entering], cause[entering], level=run.level_of(endpoint))
    )
    cite = _Citing(run, cohort, f"{endpoint.id} {name}", _observe_days(run, endpoint, times))
    n = int(entering.sum())
    whole = replace(cohort.place("time_to_event", name), endpoint=endpoint.id, n=n)
    for visit in run.study.visits:
        if visit.day > times.origin:
            early, late = (0, 0) if name in FOUND_AT_VISITS else visit.window or (0, 0)
            window = (visit.day + early - times.origin, visit.day + late - times.origin)
            deaths = entering & (cause == DEATH) & (day <= window[1])
            place = replace(whole, visit=visit.name, source=cite("", entering))
            add_incidence(run, place, found, window, cite(f"deaths {visit.name}", deaths))


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
