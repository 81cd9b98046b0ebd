"""What begins a later course by a rule: at which visit after the first treatment the rule holds first.

The rule is one of the study file's language (:mod:`funis.study.rules`), asked of every visit that has any of
what it names. A visit at which it cannot be told leaves the answer open only where no visit says yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import polars as pl

from funis.catalogue.model_instrument import GRADES
from funis.study.courses import PlannedCourse, first_treatment
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.rules import apply_rule, rule_columns
from funis.study.subject_parts import baseline_schema

BASELINE: Final = "baseline_"
LOWEST: Final = "lowest_"
DAY: Final = "day"
Said: TypeAlias = Literal["yes", "no", "cannot tell"]


@dataclass(frozen=True, slots=True)
class FoundCondition:
    """Whether what begins a course was found in one subject.

    Attributes
    ----------
    said : yes, no, or cannot tell
    visit, day : of the first visit that says yes; empty and None else
    is_without_response : the course waits for a relapse, and there was no response that could be lost
    """

    said: Said
    visit: str = ""
    day: float | None = None
    is_without_response: bool = False


@once_a_study
def visit_schema(study: Study) -> dict[str, pl.DataType]:
    """Name what is found at a visit and a rule may ask: scores, grades, laboratory tests.

    Parameters
    ----------
    study : the study file
    """
    return {name.removeprefix(BASELINE): dtype for name, dtype in baseline_schema(study).items()}


@once_a_study
def condition_schema(study: Study) -> dict[str, pl.DataType]:
    """Name the columns that the rule of a course may ask, with their types.

    Parameters
    ----------
    study : the study file

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> labs = ({"test": "c3", "unit": "g/L"},)
    >>> list(condition_schema(Study.model_validate({"study": trial, "labs": labs})))
    ['day', 'c3', 'baseline_c3', 'lowest_c3']
    """
    at_visit = visit_schema(study)
    lowest = {f"{LOWEST}{name}": dtype for name, dtype in at_visit.items() if dtype == pl.Float64}
    before = {f"{BASELINE}{name}": dtype for name, dtype in at_visit.items()}
    return {DAY: pl.Float64(), **at_visit, **before, **lowest}


def condition_values(study: Study) -> dict[str, tuple[str, ...]]:
    """Give the texts that the columns of grades can hold."""
    return {name: GRADES for name, dtype in condition_schema(study).items() if dtype == pl.String}


def find_conditions(study: Study, course: PlannedCourse, visits: pl.DataFrame) -> dict[str, FoundCondition]:
    """Find the first visit after the first treatment at which the rule of a course holds, by subject.

    Parameters
    ----------
    study : the study file
    course : one that begins by a rule
    visits : one row per subject and visit, with ``subject``, ``visit``, ``day`` and what was found; of what
        is not there nothing is known

    Returns
    -------
    dict : of every subject of the rows; ``cannot tell`` where no visit says yes and one cannot be told, or
        none has anything that the rule names

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> labs = ({"test": "c3", "unit": "g/L"},)
    >>> plan = ({"day": 0}, {"when": "rule", "day": 0, "rule": "c3 < 0.5 * baseline_c3"})
    >>> study = Study.model_validate({"study": trial, "labs": labs, "infusions": plan})
    >>> rows = {"subject": "1", "visit": ["baseline", "month_6"], "day": [0.0, 180.0], "c3": [1.0, 0.4]}
    >>> from funis.study.courses import later_courses
    >>> find_conditions(study, later_courses(study)[0], pl.DataFrame(rows))["1"].day
    180.0
    """
    rule = course.rule
    asked = rule_columns(rule)
    own = [name for name in visit_schema(study) if name in {_plain(each) for each in asked}]
    frame = _with_earlier(study, visits, own).filter(pl.col(DAY) > first_treatment(study)[-1].day)
    # Days alone are known at every visit; of a value the visit has to hold one.
    at_visit = [name for name in own if name in asked] or own
    rows = (
        frame.filter(pl.any_horizontal([pl.col(name).is_not_null() for name in at_visit])) if own else frame
    )
    told = rows.with_columns(apply_rule(rows, rule).alias("_holds")).sort(DAY, maintain_order=True)
    found = {str(subject): FoundCondition("cannot tell") for subject in visits["subject"].unique()}
    for (subject,), part in told.group_by("subject"):
        found[str(subject)] = _first(part["visit"].to_list(), part[DAY].to_list(), part["_holds"].to_list())
    return found


def _plain(name: str) -> str:
    return name.removeprefix(BASELINE).removeprefix(LOWEST)


def _first(visits: Sequence[str], days: Sequence[float], holds: Sequence[bool | None]) -> FoundCondition:
    if True in holds:
        place = holds.index(True)
        return FoundCondition("yes", visits[place], float(days[place]))
    return FoundCondition("cannot tell" if None in holds else "no")


def _with_earlier(study: Study, visits: pl.DataFrame, own: Sequence[str]) -> pl.DataFrame:
    """Put the baseline and the lowest earlier value of each name beside every visit."""
    schema = visit_schema(study)
    known = visits.filter(pl.col(DAY).is_not_null()).select(
        pl.col("subject", "visit"),
        pl.col(DAY).cast(pl.Float64),
        *(
            pl.col(name).cast(schema[name])
            if name in visits.columns
            else pl.lit(None, schema[name]).alias(name)
            for name in own
        ),
    )
    ordered = known.sort("subject", DAY, maintain_order=True)
    early = pl.col(DAY) <= 0
    baselines = [
        pl.col(name).filter(early & pl.col(name).is_not_null()).last().over("subject").alias(BASELINE + name)
        for name in own
    ]
    later = pl.when(~early)
    lowest = [
        pl.min_horizontal(
            BASELINE + name,
            later.then(pl.col(name)).otherwise(None).cum_min().shift(1).forward_fill().over("subject"),
        ).alias(LOWEST + name)
        for name in own
        if schema[name] == pl.Float64
    ]
    return ordered.with_columns(*baselines).with_columns(*lowest)
