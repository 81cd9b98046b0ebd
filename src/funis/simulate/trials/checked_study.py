"""What of a study no virtual patient can give: every cause at once, each with the endpoints that need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from funis.simulate.trials.lupus_findings import LAB_MODELS
from funis.simulate.trials.scenario import CannotSimulateError
from funis.simulate.trials.sjogren_scenario import SJOGREN_FORMS, SJOGREN_LABS
from funis.study.courses import conditional_courses
from funis.study.model import Endpoint, Study
from funis.study.randomisation import USUAL_STRATA

_WITHOUT_RELAPSES: Final = frozenset({"change", "adverse_events", "exposure", "disposition"})
"""Kinds of endpoints that need no model of response or relapse."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What virtual patients with a disease have.

    Attributes
    ----------
    name : of the disease
    forms : instruments whose items they have
    units : laboratory test to the unit of its values; empty where the unit of the study is taken
    relapses : they relapse, and are followed through later courses
    """

    name: str
    forms: tuple[str, ...]
    units: dict[str, str]
    relapses: bool


COVERED: Final = {
    ""
    ""
    "sle": Covered(
        "lupus", ("sledai_2k", "bilag_2004"), {each.test: "" for each in LAB_MODELS}, relapses=True
    ),
    "sjogren": Covered(
        "primary Sjogren's syndrome", SJOGREN_FORMS, {each.test: each.unit for each in SJOGREN_LABS},
        relapses=False,
    ),
}  # fmt: skip


def check_study(study: Study) -> None:
    """Refuse a study that no virtual patient can be in, naming every cause.

    Raises
    ------
    CannotSimulateError : with every cause, and the endpoints that need what is lacking
    """
    covered = COVERED.get(study.trial.condition)
    causes: list[str] = []
    if covered is None:
        known = " and ".join(f"{each.name} ({key})" for key, each in COVERED.items())
        causes.append(f"condition {study.trial.condition!r}: virtual patients have {known}")
    if study.has_open_visits or not study.visits:
        causes.append("the study has no planned visits")
    if covered is not None:
        causes += _causes_of_measures(study, covered)
        causes += [] if covered.relapses else _causes_without_relapses(study, covered)
    causes += [*_causes_of_courses(study), *_causes_of_strata(study)]
    if causes:
        lines = "; ".join(causes)
        raise CannotSimulateError(
            f"This study cannot be simulated: {lines}. Leave these out of a copy of the study file."
        )


def _causes_of_measures(study: Study, covered: Covered) -> Iterator[str]:
    forms, tests = ", ".join(covered.forms), ", ".join(sorted(covered.units))
    for name in study.instrument_names:
        if name not in covered.forms:
            yield f"instrument {name!r}: virtual patients have {forms}{_needed(study, name)}"
    for lab in study.labs:
        unit = covered.units.get(lab.test)
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


def _causes_without_relapses(study: Study, covered: Covered) -> Iterator[str]:
    """Name what hangs on relapse or response, of which nothing is published in the disease."""
    for each in study.endpoints:
        if each.kind not in _WITHOUT_RELAPSES:
            yield (
                f"endpoint {each.id!r} of kind {each.kind}: there is no model of it in "
                f"{covered.name}, in which "
                "nothing is published of it"
            )
    if conditional_courses(study):
        yield f"a course that waits for what is found in a patient: there is no model of it in {covered.name}"


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
