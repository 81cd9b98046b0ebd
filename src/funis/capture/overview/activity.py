"""The course of the scores of subjects: what the server stored with each form, one small chart each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from funis.capture.exchange.export import plain_text
from funis.capture.forms.plan_parts import FormPlan
from funis.capture.models import Form, Subject
from funis.documents.line_chart import draw_small


@dataclass(frozen=True, slots=True)
class Course:
    """The scores of one instrument of a subject.

    Attributes
    ----------
    points : day of each form and its score, none where it could not be scored, by day
    drawn : as a small chart; empty where no score is known
    """

    points: tuple[tuple[date, float | None], ...]
    drawn: str

    @property
    def known(self) -> list[tuple[date, float]]:
        """Give the days with a score."""
        return [(day, value) for day, value in self.points if value is not None]


def instruments_with_totals(plans: Sequence[FormPlan]) -> list[FormPlan]:
    """Give the instruments whose score is one number on a scale."""
    return [plan for plan in plans if plan.definition is not None and plan.definition.highest > 0]


def read_courses(subjects: Sequence[Subject], plan: FormPlan) -> dict[str, Course]:
    """Read the scores of one instrument of some subjects, in one question.

    Parameters
    ----------
    subjects : of one page
    plan : of the instrument
    """
    points: dict[str, list[tuple[date, float | None]]] = {each.pk: [] for each in subjects}
    for form in Form.objects.filter(subject__in=points, name=plan.name):
        if form.data.get("date") and len(form.data) > 1:
            score = form.scores.get(plan.name) if form.scores else None
            number = None if score is None else float(plain_text(score))
            points[form.subject_id].append((date.fromisoformat(str(form.data["date"])), number))
    tops = [value for found in points.values() for _, value in found if value is not None]
    return {key: _course(plan, sorted(found), max(tops, default=0)) for key, found in points.items()}


def _course(plan: FormPlan, points: list[tuple[date, float | None]], top: float) -> Course:
    lowest = plan.definition.lowest if plan.definition else 0
    told = ", ".join(f"{day.isoformat()}: {'–' if value is None else f'{value:g}'}" for day, value in points)
    days = [(float(day.toordinal()), value) for day, value in points]
    label = plan.definition.label if plan.definition else plan.name
    return Course(tuple(points), draw_small(days, lowest, top, f"{label}: {told}"))
