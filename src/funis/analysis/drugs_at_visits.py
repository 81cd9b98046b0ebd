"""Drugs at each visit, as responses read them: dose on the day, drugs taken, drugs begun since the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import polars as pl

from funis.scoring.steroids import derive_prednisone
from funis.study.judged_outcomes import judged_outcomes
from funis.study.model import Study
from funis.study.visit_columns import VisitColumn

Course: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = float | None


def add_drug_columns(study: Study, frames: Mapping[str, pl.DataFrame], visits: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that ``[[visit_columns]]`` names to the visits.

    Parameters
    ----------
    study : names the columns
    frames : the checked tables by name, study days filled
    visits : one row per subject and visit, with ``subject`` and ``day``

    Returns
    -------
    polars.DataFrame
        `visits` with the columns; null where the drugs of that day are not known.

    Notes
    -----
    A course is written down when somebody asks, and then of the time since the last visit: what a subject
    takes is known up to the last day of the question. Of whom the question is not recorded, a drug that is
    stands for it; of whom neither is, nothing is known.
    """
    if not study.visit_columns or visits.is_empty():
        return visits
    medications = frames["medications"]
    courses: dict[str, list[Course]] = {}
    for row in medications.iter_rows(named=True):
        courses.setdefault(row["subject"], []).append(row)
    pairs = list(visits.select("subject", pl.col("day").cast(pl.Float64)).iter_rows())
    known = _are_known(frames["safety_questions"], courses, pairs)
    made = []
    for column in study.visit_columns:
        if column.kind == "adjudicated":
            made.append(pl.Series(column.name, _adjudicated(study, frames, visits, column), dtype=pl.Float64))
            continue
        found = (
            derive_prednisone(medications, visits.select("subject", pl.col("day").cast(pl.Float64)))[
                "prednisone"
            ].to_list()
            if column.kind == "glucocorticoid_dose"
            else [_KINDS[column.kind](column, courses.get(name, ()), day) for name, day in pairs]
        )
        told = [value if is_known else None for value, is_known in zip(found, known, strict=True)]
        made.append(pl.Series(column.name, told, dtype=pl.Float64))
    return visits.with_columns(made)


def _adjudicated(
    study: Study, frames: Mapping[str, pl.DataFrame], visits: pl.DataFrame, column: VisitColumn
) -> list[Answer]:
    """Say 1 where the committee found one of the outcomes at the visit, 0 where another one."""
    (question,) = (each for each in study.adjudications if each.id == column.question)
    judged = judged_outcomes(question, frames)
    found = [judged.get((name, visit)) for name, visit in visits.select("subject", "visit").iter_rows()]
    outcomes = [None if each is None else each.outcome for each in found]
    return [None if each is None else float(each in column.outcomes) for each in outcomes]


def _are_known(
    questions: pl.DataFrame, courses: Mapping[str, object], pairs: Sequence[tuple[str, Answer]]
) -> list[bool]:
    """Tell at which visits the drugs of a subject are known."""
    answered = questions.drop_nulls("asked_drugs")
    recorded = set(answered["subject"])
    asked = answered.filter(pl.col("asked_drugs") == 1).group_by("subject").agg(pl.col("day").max())
    until = dict(asked.select("subject", pl.col("day").cast(pl.Float64)).drop_nulls().iter_rows())
    return [
        day is not None and (day <= until.get(name, float("-inf")) if name in recorded else name in courses)
        for name, day in pairs
    ]


def _named(column: VisitColumn, courses: Sequence[Course]) -> tuple[list[Course], bool]:
    """Give the courses of the drugs of a column, and whether one without a name may be one more."""
    wanted = {_plain_words(name) for name in column.drugs}
    names = [_plain_words(course["drug"]) for course in courses]
    chosen = [course for course, name in zip(courses, names, strict=True) if name in wanted]
    return chosen, not all(names)


def _is_in_force(course: Course, day: float) -> bool | None:
    start, end = course["start_day"], course["end_day"]
    if end is not None and end < day:
        return False
    return None if start is None else bool(start <= day)


def _dose(column: VisitColumn, courses: Sequence[Course], day: float | None) -> Answer:
    """Give the dose of the drugs on a day; None where a course in force has none, or another unit."""
    chosen, is_open = _named(column, courses)
    total = None if is_open or day is None else 0.0
    for course in chosen:
        in_force = None if day is None else _is_in_force(course, day)
        if in_force is False:
            continue
        has_unit = _plain_words(course["unit"]) == _plain_words(column.unit)
        is_told = in_force and course["dose"] is not None and has_unit
        total = None if total is None or not is_told else total + float(course["dose"])
    return total


def _taken(column: VisitColumn, courses: Sequence[Course], day: float | None) -> Answer:
    """Say 1 where one of the drugs is taken on a day, 0 where none is."""
    chosen, is_open = _named(column, courses)
    said = [None if day is None else _is_in_force(course, day) for course in chosen]
    return _any([*said, *([None] if is_open else [])])


def _begun(column: VisitColumn, courses: Sequence[Course], day: float | None) -> Answer:
    """Say 1 where one of the drugs was begun after day 0 and up to a day."""
    chosen, is_open = _named(column, courses)
    return _any([*(_is_begun(course, day) for course in chosen), *([None] if is_open else [])])


def _new_begun(column: VisitColumn, courses: Sequence[Course], day: float | None) -> Answer:
    """Say 1 where one of the drugs was begun after day 0 by a subject who had not taken it before."""
    chosen, is_open = _named(column, courses)
    earlier = (each for each in chosen if each["start_day"] is not None and each["start_day"] <= 0)
    before = {_plain_words(each["drug"]) for each in earlier}
    fresh = [each for each in chosen if _plain_words(each["drug"]) not in before]
    return _any([*(_is_begun(course, day) for course in fresh), *([None] if is_open else [])])


def _plain_words(text: str | None) -> str:
    """Give a name that was typed by hand in small letters, with one space between its words."""
    return " ".join((text or "").lower().split())


def _is_begun(course: Course, day: float | None) -> bool | None:
    start, end = course["start_day"], course["end_day"]
    if start is None or day is None:
        return False if end is not None and end <= 0 else None
    return bool(0 < start <= day)


def _any(said: Sequence[bool | None]) -> Answer:
    """Say 1 where one holds, 0 where none does; None where one that is open decides."""
    return 1.0 if True in said else None if None in said else 0.0


_KINDS: Final[Mapping[str, Callable[[VisitColumn, Sequence[Course], float | None], Answer]]] = {
    "dose": _dose,
    "drugs_taken": _taken,
    "drugs_begun": _begun,
    "new_drugs_begun": _new_begun,
}
