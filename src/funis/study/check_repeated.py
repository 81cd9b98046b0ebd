"""Tests that compare the visits of one response: what they need of their endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from funis.study.choices import VisitMethod
from funis.study.model import Endpoint
from funis.study.study_finding import StudyFinding

OVER_VISITS: Final = frozenset(get_args(VisitMethod))


def check_methods(key: tuple[str | int, ...], endpoint: Endpoint) -> Iterator[StudyFinding]:
    """Ask that the methods of an endpoint suit its kind, and that visits that are compared are at least two.

    Parameters
    ----------
    key : place of the endpoint in the study file
    endpoint : any

    Returns
    -------
    iterator of StudyFinding
    """
    is_response = endpoint.kind == "response"
    for number, method in enumerate(endpoint.methods):
        place = (*key, "methods", number)
        if (method in OVER_VISITS) != is_response:
            fix = (
                f"For responses choose of: {', '.join(sorted(OVER_VISITS))}."
                if is_response
                else f"'{method}' compares the visits of a response; choose a test of a change."
            )
            message = f"The method has no meaning for kind '{endpoint.kind}'."
            yield StudyFinding(place, method, message, fix)
        elif is_response and len(set(endpoint.at)) < 2:
            fix = "Name two or more visits in at, or leave the method out."
            yield StudyFinding(
                place, method, "The method compares visits, and fewer than two are named.", fix
            )
