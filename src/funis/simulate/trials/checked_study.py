"""What of a study no virtual patient can give: every cause at once, each with the endpoints that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from funis.simulate.trials.diseases import DISEASES, VirtualDisease
from funis.simulate.trials.scenario import CannotSimulateError
from funis.study.courses import conditional_courses
from funis.study.model import Endpoint, Study
from funis.study.randomisation import USUAL_STRATA

_WITHOUT_RELAPSES: Final = frozenset({"change", "adverse_events", "exposure", "disposition"})
"""Kinds of endpoints that need no model of response or relapse."""


def check_study(study: Study) -> None:
    """Refuse a study that no virtual patient can be in, naming every cause.

    Raises
    ------
    CannotSimulateError : with every cause, and the endpoints that need what is lacking
    """
    disease = DISEASES.get(study.trial.condition)
    causes: list[str] = []
    if disease is None:
        known = " and ".join(f"{each.name} ({key})" for key, each in DISEASES.items())
        causes.append(f"condition {study.trial.condition!r}: virtual patients have {known}")
    if study.has_open_visits or not study.visits:
        causes.append("the study has no planned visits")
    if disease is not None:
        causes += _causes_of_measures(study, disease)
        causes += [] if disease.relapses else _causes_without_relapses(study, disease)
    causes += [*_causes_of_courses(study), *_causes_of_strata(study)]
    if causes:
        lines = "; ".join(causes)
        raise CannotSimulateError(
            f"This study cannot be simulated: {lines}. Leave these out of a copy of the study file."
        )


def _causes_of_measures(study: Study, disease: VirtualDisease) -> Iterator[str]:
    forms, tests = ", ".join(disease.forms), ", ".join(sorted(disease.units))
    for name in study.instrument_names:
        if name not in disease.forms:
            yield f"instrument {name!r}: virtual patients have {forms}{_needed(study, name)}"
    for lab in study.labs:
        unit = disease.units.get(lab.test)
        if unit is None:
            yield f"laboratory test {lab.test!r}: none of {tests}{_needed(study, lab.test)}"
        elif unit and lab.unit != unit:
            yield (
                f"laboratory test {lab.test!r} in {lab.unit}: virtual patients have it in {unit}"
                f"{_needed(study, lab.test)}"
            )


def _needed(study: Study, name: str) -> str:
    """Name the endpoints that analyse a score or a test."""
    return _named(each for each in study.endpoints if name in {each.variable, *each.variables})


def _named(endpoints: Iterable[Endpoint]) -> str:
    ids = [repr(each.id) for each in endpoints]
    if not ids:
        return ""
    return f" (needed by endpoint{'s' if len(ids) > 1 else ''} {', '.join(ids)})"


def _causes_without_relapses(study: Study, disease: VirtualDisease) -> Iterator[str]:
    """Name what hangs on relapse or response, of which nothing is published in the disease."""
    for each in study.endpoints:
        if each.kind not in _WITHOUT_RELAPSES:
            yield (
                f"endpoint {each.id!r} of kind {each.kind}: there is no model of it in {disease.name}, in "
                "which nothing is published of it"
            )
    if conditional_courses(study):
        yield f"a course that waits for what is found in a patient: there is no model of it in {disease.name}"


def _causes_of_courses(study: Study) -> Iterator[str]:
    waiting = conditional_courses(study)
    if len(waiting) > 1:
        yield "two courses that wait for what is found in a patient: the records do not tell them apart"


def _causes_of_strata(study: Study) -> Iterator[str]:
    known = " and ".join(USUAL_STRATA)
    for section, plan in (
        ("randomisation", study.randomisation),
        ("re_randomisation", study.re_randomisation),
    ):
        for name in plan.strata if plan is not None else ():
            if name not in USUAL_STRATA:
                yield f"stratum {name!r} of [{section}]: virtual patients are told apart by {known}"
