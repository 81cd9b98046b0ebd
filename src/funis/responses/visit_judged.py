"""Which visit a response is judged at: the one named, else the one nearest to the day of the definition."""

from __future__ import annotations

from collections.abc import Mapping

from funis.catalogue.model_parameter import ParameterValue
from funis.errors import UnknownNameError
from funis.responses.timeline import CohortTimelines, Timeline, TimelineVisit


def find_target(cohort: CohortTimelines, parameters: Mapping[str, ParameterValue]) -> tuple[str, float]:
    """Give name and scheduled day of the visit judged.

    Parameters
    ----------
    cohort : the timelines of all subjects
    parameters : the settled choices of the definition

    Returns
    -------
    tuple of str and float : ``day <number>`` where no visit lies within the window of that day

    Raises
    ------
    UnknownNameError : the visit that is named does not exist
    """
    named = str(parameters["response_visit"])
    if named:
        if named not in cohort.days:
            raise UnknownNameError("visit", named, cohort.days, where="parameter 'response_visit'")
        return named, cohort.days[named]
    wanted, window = float(parameters["response_day"]), float(parameters["response_window"])
    if wanted <= 0:
        return list(cohort.days.items())[-1] if cohort.days else ("", 0.0)
    near = [(abs(at - wanted), at, name) for name, at in cohort.days.items() if abs(at - wanted) <= window]
    if not near:
        return f"day {wanted:g}", wanted
    _, at, name = min(near)
    return name, at


def visit_judged(
    timeline: Timeline, parameters: Mapping[str, ParameterValue], target: str
) -> TimelineVisit | None:
    """Give the visit of one subject that is judged; None where there is none, or none within the window."""
    visit = timeline.find(target)
    wanted = float(parameters["response_day"])
    if visit is None or parameters["response_visit"] or wanted <= 0:
        return visit
    return visit if abs(visit.day - wanted) <= float(parameters["response_window"]) else None
