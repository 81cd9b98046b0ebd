"""Scores of a subject's forms of one instrument: all visits at once, as one can decide a later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from funis.capture.forms.plan_parts import DefinitionPin, FormPlan
from funis.capture.models import Form
from funis.capture.study_in_force import plan_by_key
from funis.catalogue.registry import definition
from funis.errors import ScriptError
from funis.schema import NOT_DONE
from funis.scoring.items import item_columns
from funis.scoring.script.make_script import make_script, name_script
from funis.scoring.single_visits import VisitScorer, scorer
from funis.scoring.visit_cells import measure_columns


def score_forms(plan: FormPlan, forms: Sequence[Form]) -> list[dict[str, Any]]:
    """Score the forms of one subject, in the order of their dates; a form without a date has no scores.

    Parameters
    ----------
    plan : of the instrument
    forms : all forms of the instrument that the subject has

    Returns
    -------
    list : of each form its scores, empty where it cannot be placed in time
    """
    if plan.definition is None:
        return [{} for _ in forms]
    dated = sorted(
        (number for number, form in enumerate(forms) if form.data.get("date")),
        key=lambda n: forms[n].data["date"],
    )
    visits = [visit_of(plan, forms[number].data) for number in dated]
    found: list[dict[str, Any]] = [{} for _ in forms]
    if len({visit["date"] for visit in visits}) == len(visits):
        for number, scores in zip(dated, scorer_of(plan.definition)(visits), strict=True):
            found[number] = plain_scores(scores) | {"definition": plan.definition.sha256}
    return found


def score_by_version(forms: Sequence[Form]) -> list[dict[str, Any]]:
    """Score the forms of one instrument that a subject has, each by the definition of its own version.

    A later version of the study never scores anew what was entered before it.

    Parameters
    ----------
    forms : all forms of the instrument that the subject has, each with its version
    """
    plans = {form.version_id: plan_by_key(form.version_id).form(form.name) for form in forms}
    scored = {key: score_forms(plan, forms) for key, plan in plans.items()}
    return [scored[form.version_id][place] for place, form in enumerate(forms)]


@lru_cache(maxsize=128)
def script_of(plan: FormPlan) -> tuple[str, str]:
    """Give the file name and the text of the script that scores a form in the browser; empty: there is none.

    Parameters
    ----------
    plan : of the form
    """
    pin = plan.definition
    if pin is None:
        return "", ""
    found = definition(pin.name)
    try:
        script = make_script(found, dict(pin.parameters), pin.missing, columns_of(plan))
    except ScriptError:
        return "", ""
    return name_script(found, script), script


@lru_cache(maxsize=128)
def columns_of(plan: FormPlan) -> frozenset[str]:
    """Give the keys of a form that its score reads."""
    pin = plan.definition
    if pin is None:
        return frozenset()
    found = definition(pin.name)
    return frozenset(plan.keys) & {*item_columns(found), *measure_columns(found)}


@lru_cache(maxsize=128)
def scorer_of(pin: DefinitionPin) -> VisitScorer:
    """Give the compiled scorer of a pinned definition."""
    return scorer(pin.name, missing=pin.missing, parameters=dict(pin.parameters))


def visit_of(plan: FormPlan, data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the document of a form as the scorer reads a visit: what was not done is said in its cell."""
    visit = dict(_empty_visit(plan))
    for key, value in data.items():
        # Of a visit of another version: what this one does not ask is nothing that it scores.
        if key not in plan.keys:
            continue
        field, part = plan.keys[key]
        if part == "not_done" and value:
            visit[field.name] = NOT_DONE
        elif part != "not_done_reason":
            visit[key] = _cell(value, is_day=part == "value" and field.kind == "date")
    return visit


@lru_cache(maxsize=128)
def _empty_visit(plan: FormPlan) -> dict[str, Any]:
    return {"subject": "1", **dict.fromkeys(item.name for item in plan.items)}


def _cell(value: Any, *, is_day: bool) -> Any:
    if is_day:
        return date.fromisoformat(value)
    return float(value) if isinstance(value, Decimal) else value


def plain_scores(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Give scores as a document holds them: fractions as the shortest decimal that is the same number."""
    return {
        name: Decimal(repr(value)) if isinstance(value, float) else value for name, value in scores.items()
    }
