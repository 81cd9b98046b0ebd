"""Which response an endpoint rests on, and its visit: relapses and times may leave both to others."""

from __future__ import annotations

from typing import Final

from funis.study.model import Endpoint, Study

FOUND_AT_VISITS: Final = frozenset({"relapse", "response", "loss"})
"""Events that only a visit can find; their true day lies between two visits."""
ORIGINS: Final = {
    "first_infusion": "the first infusion",
    "response": "the visit of the response",
    "first_response": "the first visit with the response",
    "consent": "consent",
}
"""What a time begins with, as a sentence goes on after "from"."""


def first_definition(study: Study) -> str:
    """Name the response definition that stands first among the endpoints, empty where there is none."""
    return next((each.definition for each in study.endpoints if each.definition), "")


def definition_behind(study: Study, endpoint: Endpoint) -> str:
    """Name the response definition that an endpoint rests on, empty where it rests on none.

    Parameters
    ----------
    study : the study file
    endpoint : one of its endpoints

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> response = {"id": "r", "kind": "response", "definition": "esspri_mcii", "at": "month_6"}
    >>> since = {"id": "s", "kind": "time_to_event", "event": "death", "origin": "response"}
    >>> study = Study.model_validate({"study": trial, "endpoints": (response, since)})
    >>> definition_behind(study, study.endpoints[1])
    'esspri_mcii'
    """
    rests = endpoint.kind in {"response", "relapse"} or (
        endpoint.kind == "time_to_event"
        and (endpoint.origin == "response" or endpoint.event in FOUND_AT_VISITS)
    )
    if endpoint.definition or not rests:
        return endpoint.definition
    return first_definition(study)


def response_visit(study: Study, endpoint: Endpoint) -> str:
    """Name the visit that a relapse or a time is counted from: that at which its definition is an endpoint.

    Parameters
    ----------
    study : the study file
    endpoint : one of its endpoints; its parameter ``response_visit`` comes first

    Returns
    -------
    str : empty where no response has a visit

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> response = {"id": "r", "kind": "response", "definition": "esspri_mcii", "at": "month_6"}
    >>> relapse = {"id": "s", "kind": "relapse", "definition": "esspri_mcii"}
    >>> study = Study.model_validate({"study": trial, "endpoints": (response, relapse)})
    >>> response_visit(study, study.endpoints[1])
    'month_6'
    """
    chosen = endpoint.parameters.get("response_visit")
    if isinstance(chosen, str):
        return chosen
    behind = definition_behind(study, endpoint)
    same = [each for each in study.endpoints if each.kind == "response" and each.at]
    named = [each for each in same if each.definition == behind] or same
    return named[0].at[0] if named else ""
