"""What is said of the term and the grade of an adverse event: whether the CTCAE has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from funis.capture.forms.plan_parts import FormPlan
from funis.capture.forms.refusals import Remark
from funis.catalogue.event_terms import find_event_term

_TERMS: Final = ("term", "preferred_term")
_GRADE: Final = "grade"
_READ: Final = frozenset({*_TERMS, _GRADE})


def mark_event(plan: FormPlan, document: Mapping[str, Any], read: frozenset[str] = _READ) -> list[Remark]:
    """Mark a term that is none of the CTCAE, and a grade that its term does not have.

    Parameters
    ----------
    plan : of the form; any other form than one that offers the terms of the CTCAE has no remark
    document : as it stands
    read : the fields that were written; nothing is said of an event of which no other field was

    Returns
    -------
    list of Remark : warnings, nothing is refused

    Examples
    --------
    >>> from funis.capture.forms.plan import make_study_plan
    >>> from funis.study.read import read_study, template_path
    >>> form = make_study_plan(read_study(template_path("sle"))).form("adverse_events")
    >>> [(each.field, each.code, each.allowed) for each in mark_event(form, {"term": "Headache", "grade": 4})]
    [('grade', 'grade_of_term', '1, 2, 3')]
    >>> [each.code for each in mark_event(form, {"term": "bad head", "preferred_term": "Headache"})]
    []
    """
    version = plan.by_name["term"].terms if "term" in plan.by_name else ""
    if not version or not _READ & read or document.get("term") is None:
        return []
    found = find_event_term(version, *(document.get(name) for name in _TERMS))
    if found is None:
        return [Remark("term", "term", "not_ctcae", allowed=version)]
    grade = document.get(_GRADE)
    if grade is None or grade in found.grades:
        return []
    return [Remark(_GRADE, _GRADE, "grade_of_term", str(grade), found.printed_grades)]
