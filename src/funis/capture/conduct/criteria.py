"""The criteria of the study file for one subject: what a person answered, and what the rule says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import polars as pl

from funis.capture.exchange.export import export_tables
from funis.capture.models import Form, Screening, Subject
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import today
from funis.data.tables import tables_from_frames
from funis.study.days import derive_subject_frame, subject_schema
from funis.study.model import Criterion, Study
from funis.study.rules import apply_rule, rule_columns

ANSWERS: Final = {"yes": "Yes", "no": "No", "unknown": "Not known"}
"""What may be answered to a criterion: whether its sentence is true of the subject."""
_PREFIX: Final = "baseline_"

Problem = Literal["not answered", "not known", "against", "differs", "not seen"]
PROBLEMS: Final[Mapping[Problem, str]] = {
    "not answered": "Not answered yet.",
    "not known": "It is not known whether it is met.",
    "against": "By this answer the subject cannot take part.",
    "differs": "The rule says otherwise of the data that were entered: correct the answer, or the data.",
    "not seen": "The rule cannot tell from the data that were entered: say where it was seen.",
}
"""Why a criterion does not let a subject in, in words."""


@dataclass(frozen=True, slots=True)
class AnsweredCriterion:
    """One criterion of the study file for one subject.

    Attributes
    ----------
    criterion : of the study file
    is_inclusion : it must be met; else it must not
    by_rule : what its rule says of the present data; None: the rule cannot tell, or there is none
    values : what the rule read
    answer : one of `ANSWERS`, empty where nobody answered
    seen_in : document in which it was seen
    """

    criterion: Criterion
    is_inclusion: bool
    by_rule: bool | None
    values: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    seen_in: str = ""

    @property
    def problem(self) -> Problem | None:
        """Tell why the criterion does not let the subject in; None where it does.

        Examples
        --------
        >>> adult = Criterion(id="I1", text="Adult", rule="age >= 18")
        >>> AnsweredCriterion(adult, True, False, answer="yes").problem
        'differs'
        >>> AnsweredCriterion(adult, True, True, answer="yes").problem is None
        True
        """
        if self.answer in {"", "unknown"}:
            return "not known" if self.answer else "not answered"
        is_true = self.answer == "yes"
        if is_true != self.is_inclusion:
            return "against"
        if self.by_rule is not None and self.by_rule != is_true:
            return "differs"
        return "not seen" if self.criterion.rule and self.by_rule is None and not self.seen_in else None


def answered_criteria(
    study: Study, subject: Subject, screening: Screening | None, *, is_blinded: bool = False
) -> list[AnsweredCriterion]:
    """Give each criterion of a study for a subject, with the answer and what its rule says today.

    Parameters
    ----------
    study : of the version that is in force at the site
    subject : the subject
    screening : with the answers; None: nothing is answered
    is_blinded : as if nobody was infused
    """
    rules = [each.rule for each in study.eligibility.criteria if each.rule]
    columns = {name for rule in rules for name in rule_columns(rule)}
    frame = derive_frame(study, subject, columns, is_blinded=is_blinded)
    answers: Mapping[str, Any] = screening.data if screening else {}
    told = [(each, True) for each in study.eligibility.inclusion]
    told += [(each, False) for each in study.eligibility.exclusion]
    return [
        AnsweredCriterion(
            each,
            is_inclusion,
            apply_rule(frame, each.rule)[0] if each.rule else None,
            tuple(_values(frame, each.rule)),
            str(answers.get(each.id, "")),
            str(answers.get(f"{each.id}_seen_in", "")),
        )
        for each, is_inclusion in told
    ]


def _values(frame: pl.DataFrame, rule: str) -> Iterator[tuple[str, str]]:
    for name in rule_columns(rule) if rule else ():
        value = frame[name][0]
        yield name, "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def derive_frame(
    study: Study, subject: Subject, columns: Collection[str], *, is_blinded: bool = False
) -> pl.DataFrame:
    """Derive the one row that the rules of the study file see, from what was entered of the subject.

    Parameters
    ----------
    study : of the version that is in force at the site
    subject : the subject
    columns : those that are wanted
    is_blinded : as if nobody was infused: study days and baselines are those of before the first infusion
    """
    return derive_frames(study, [subject], columns, is_blinded=is_blinded)


def derive_frames(
    study: Study, subjects: Sequence[Subject], columns: Collection[str], *, is_blinded: bool = False
) -> pl.DataFrame:
    """Derive the rows that the rules of the study file see, one a subject, called by its number.

    Parameters
    ----------
    study : of the version that is in force at the site
    subjects : the subjects
    columns : those that are wanted
    is_blinded : as in `derive_frame`
    """
    chosen = Subject.objects.filter(pk__in=[each.pk for each in subjects])
    rows = {name: given for name, (_, given) in export_tables(chosen).items()}
    if is_blinded:
        rows = {name: [] if name in WITHHELD_FORMS else given for name, given in rows.items()}
    tables = tables_from_frames(study, rows, today=today())
    scored = [_scores(study, each, is_blinded=is_blinded) for each in subjects]
    scores = pl.concat(scored or [pl.DataFrame(schema=_SCORES)])
    return derive_subject_frame(study, tables.frames, scores, columns=columns)


def _scores(study: Study, subject: Subject, *, is_blinded: bool) -> pl.DataFrame:
    """Give the scores and grades of the subject's forms as the subject frame is derived from them."""
    kinds = {
        name.removeprefix(_PREFIX): dtype
        for name, dtype in subject_schema(study).items()
        if name.startswith(_PREFIX)
    }
    forms = [each for each in Form.objects.filter(subject=subject).select_related("visit") if each.scores]
    infusions = Form.objects.filter(subject=subject, name="infusions")
    days = (each.data["date"] for each in infusions if each.data.get("date"))
    start = "" if is_blinded else min(days, default="")
    rows = [
        _score_row(subject.number, form, name, value, (start, kinds[name] == pl.String))
        for form in forms
        for name, value in form.scores.items()
        if name in kinds and value is not None
    ]
    return pl.DataFrame(rows, _SCORES, orient="row")


_SCORES: Final = {
    "subject": pl.String, "visit": pl.String, "day": pl.Float64,
    "variable": pl.String, "value": pl.Float64, "grade": pl.String,
}  # fmt: skip


def _score_row(subject: str, form: Form, name: str, value: Any, how: tuple[str, bool]) -> Sequence[Any]:
    start, is_grade = how
    day = form.data.get("date")
    since = (date.fromisoformat(day) - date.fromisoformat(start)).days if day and start else None
    visit = form.visit.name if form.visit else ""
    return (
        subject, visit, None if since is None else float(since), name,
        None if is_grade else float(value), str(value) if is_grade else None,
    )  # fmt: skip
