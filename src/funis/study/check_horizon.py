"""Definitions that watch a response up to a day of their own, held against the visits of the study."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.catalogue.registry import response_definition, responses
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind
from funis.study.study_finding import StudyFinding

HORIZON: Final = "horizon_day"
_WINDOW: Final = "horizon_window"


def check_horizon(study: Study) -> Iterator[StudyFinding]:
    """Find endpoints whose definition stops watching before the study does, and that do not say so.

    A relapse after that day is not looked for: "kept to the end" and "without relapse" would be of a shorter
    trial than the one that is planned. Whoever wants that writes the day.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, endpoint in enumerate(study.endpoints):
        limit = _watched_to(study, endpoint)
        if limit is None:
            continue
        key, wanted = ("endpoints", index), endpoint.at if endpoint.kind == "relapse" else ()
        late = [each for each in study.visits if each.opens > limit]
        asked = [each for each in late if each.name in wanted]
        if asked:
            message = f"Relapses are looked for up to day {limit:g}, before this visit."
            fix = f"Write parameters = {{{HORIZON} = {asked[-1].day}}}, or leave the visit out."
            yield StudyFinding((*key, "at"), asked[0].name, message, fix)
        elif late and HORIZON not in endpoint.parameters:
            message = f"The definition watches a response up to day {limit:g}, and later visits are planned."
            fix = f"Write parameters = {{{HORIZON} = {late[-1].day}}}, or the day to watch it to."
            yield StudyFinding((*key, "definition"), endpoint.definition, message, fix)


def _watched_to(study: Study, endpoint: Endpoint) -> float | None:
    """Give the last study day on which a response is watched; None where its definition has no such day."""
    name = definition_behind(study, endpoint)
    if name not in responses() or study.has_open_visits:
        return None
    known = response_definition(name).parameters
    if HORIZON not in known or _WINDOW not in known:
        return None
    given = [endpoint.parameters.get(each, known[each].default) for each in (HORIZON, _WINDOW)]
    numbers = [float(each) for each in given if isinstance(each, int | float)]
    return sum(numbers) if len(numbers) == len(given) else None
