"""The frozen plan of a study: planned visits, and one form for every instrument and every table.

Everything a page, a check, a typed view or an export asks of a form stands in its plan. No form is written by
hand: the plan is made from the study file, the definitions and the schema, and stored as JSON with a version
of the study (`write_plan`, `read_plan`).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pydantic import TypeAdapter, ValidationError

from funis.adjudication_table import NAMED_TABLES
from funis.capture.forms.plan_instruments import plan_instrument
from funis.capture.forms.plan_parts import InfusionPlan, StudyPlan, VisitPlan
from funis.capture.forms.plan_tables import plan_table
from funis.data.known_tables import study_tables
from funis.errors import ValueRangeError
from funis.study.digest import study_digest
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.planned_visit import Visit

FORMAT: Final = 1


@once_a_study
def make_study_plan(study: Study) -> StudyPlan:
    """Make the plan of a study.

    Parameters
    ----------
    study : the study file, read

    Returns
    -------
    StudyPlan
        A form for each instrument that a visit names or the study chooses, then one for each table of the
        data folder. Definitions are pinned by the hash of their content, with the study's parameters.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sle")))
    >>> [form.name for form in plan.forms][:3], plan.visit("month_1").forms
    (['sledai_2k', 'bilag_2004', 'subjects'], ('sledai_2k', 'bilag_2004', 'labs', 'safety_questions'))
    >>> plan.form("bilag_2004").field("platelets").filled_by
    'platelets'
    """
    instruments = tuple(plan_instrument(study, name) for name in study.instrument_names)
    return StudyPlan(
        FORMAT,
        study.trial.id,
        study.trial.title,
        study.trial.condition,
        study.trial.design,
        study.trial.timezone,
        study_digest(study),
        study.baseline_visit,
        tuple(_plan_visit(study, visit) for visit in study.visits),
        tuple(
            InfusionPlan(
                each.day, each.opens, each.closes, each.when, each.cells_per_kg, each.tolerance_percent
            )
            for each in study.infusions
        ),
        (*instruments, *(plan_table(study, name) for name in study_tables(study) if name in NAMED_TABLES)),
    )


def _plan_visit(study: Study, visit: Visit) -> VisitPlan:
    has_window = visit.window is not None
    return VisitPlan(
        visit.name,
        visit.printed,
        visit.day,
        visit.opens if has_window else None,
        visit.closes if has_window else None,
        visit.forms,
        (visit.labs or study.lab_names) if "labs" in visit.forms else (),
    )


@cache
def _adapter() -> TypeAdapter[StudyPlan]:
    return TypeAdapter(StudyPlan)


def write_plan(plan: StudyPlan) -> str:
    """Write a plan as JSON; `read_plan` gives the same plan again.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("sjogren")))
    >>> read_plan(write_plan(plan)) == plan
    True
    """
    return _adapter().dump_json(plan).decode()


def read_plan(text: str) -> StudyPlan:
    """Read a plan that `write_plan` wrote.

    Parameters
    ----------
    text : JSON

    Raises
    ------
    ValueRangeError : it is not a plan, or one of another format

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> plan = make_study_plan(read_study(template_path("observational")))
    >>> read_plan(write_plan(plan)).study
    'LUPUS-COHORT'
    """
    try:
        plan = _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "its text"
        raise ValueRangeError(
            "The plan of a study", f"{place}: {first['msg']}", "what write_plan wrote"
        ) from error
    if plan.format != FORMAT:
        raise ValueRangeError("The format of the plan of a study", plan.format, str(FORMAT))
    return plan
