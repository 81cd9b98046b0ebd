"""Classification criteria: points and the criteria met, for every subject.

A criteria set is a definition file with one row per printed criterion. A criterion that is missing for a
subject, or that the frame never recorded for anybody, is cannot tell, unless `missing` says that it counts as
absent; the reason names both. Of different measures of one thing, those that somebody recorded are asked. An
exclusion that was never recorded excludes nobody, and the reason says that it was not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final, Literal

import polars as pl

from funis.arguments import ByName, Frame, OrNone, Text, takes
from funis.catalogue.model_criteria import ClassificationRule, CriteriaSet, Demand
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import criteria_set
from funis.errors import ColumnError
from funis.frames.any_kind import name_columns, read_rows, return_kind
from funis.frames.spark import is_spark
from funis.responses.assessment import Assessment
from funis.responses.decide import Answer, ask_criterion, is_asked
from funis.responses.distribute import Visits, answer_subjects
from funis.responses.possible_values import limits_of_criteria
from funis.responses.read_columns import refuse_misspelt_criteria
from funis.responses.read_units import columns_of_criteria
from funis.responses.timeline import CohortTimelines, build_timelines
from funis.responses.verdict import CANNOT_TELL, NO, YES, Span, Verdict, all_of, any_of, word_of
from funis.units.declared import settle_scales

_ONLY_VISIT: Final = "history"


@takes(frame=Frame(), name=Text(), subject=Text(), missing=Text(), units=OrNone(ByName(Text())))
def classify(
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    missing: Literal["cannot_tell", "absent"] = "cannot_tell",
    units: Mapping[str, str] | None = None,
) -> Any:
    """Classify every subject by a published set of criteria.

    Parameters
    ----------
    frame : any data frame, one row per subject; a column per criterion (1 shown, 0 not shown, empty
        not known) or the measurements the definition names
    name : one of `criteria_sets`
    subject : its subject column
    missing : what an empty cell is, and a column that is not there: not known, or ``absent`` (not shown); an
        exclusion without a column excludes nobody
    units : the unit of each column that is not in the unit of the criteria, as for `funis.score`

    Returns
    -------
    frame of the caller's kind; on Spark lazy, computed where the rows are, checked when the query runs
        One row per subject: ``classified`` (yes, no, cannot tell), ``points`` (shown for certain),
        ``points_upper`` (with everything unknown), ``criteria_met`` (ids, comma-separated), ``rule``,
        ``reason``, and a column per criterion.

    Raises
    ------
    UnknownNameError : there is no such set
    ColumnError : no column of the frame belongs to the set
    UnitError : a unit is not known for a column, or nothing converts it

    Source
    ------
    The ``source`` of each definition file.

    Examples
    --------
    >>> people = pl.DataFrame({"subject": ["1"], "ana": [160], "nephritis_class_3_or_4": [1]})
    >>> classify(people, "eular_acr_2019").select("classified", "points").row(0)
    ('yes', 10)
    """
    definition = criteria_set(name)
    is_absent = missing == "absent"
    read, what = columns_of_criteria(definition), f"the criteria {name!r}"
    refuse_misspelt_criteria(definition, name_columns(frame), subject)
    scales = settle_scales(frame, units, read, name_columns(frame), what)
    limits = limits_of_criteria(definition)
    if is_spark(frame):
        from pyspark.sql.functions import lit

        _check_columns(definition, frame.columns, subject)
        placed = frame.withColumns({"_visit": lit(_ONLY_VISIT), "_day": lit(0.0)})
        work = partial(_classify_cohort, name=name, is_absent=is_absent)
        return answer_subjects(
            Visits(placed, subject, "_visit", "_day", scales=scales, limits=limits), work, _schema(definition)
        )
    rows = read_rows(frame)
    _check_columns(definition, rows.columns, subject)
    visits = rows.with_columns(pl.lit(_ONLY_VISIT).alias("_visit"), pl.lit(0.0).alias("_day"))
    cohort = build_timelines(
        visits, subject=subject, visit="_visit", day="_day", scales=scales, limits=limits
    )
    found = _classify_cohort(cohort, name, is_absent=is_absent)
    return return_kind(frame, cohort.name_subjects(found, subject))


def _classify_cohort(cohort: CohortTimelines, name: str, *, is_absent: bool) -> pl.DataFrame:
    definition = criteria_set(name)
    assessments = _build_assessments(cohort, definition)
    judged = [_classify_one(assessment, definition, is_absent=is_absent) for assessment in assessments]
    return pl.DataFrame(judged, schema=_schema(definition))


def _schema(definition: CriteriaSet) -> dict[str, pl.DataType]:
    text = pl.String()
    schema: dict[str, pl.DataType] = {"subject": text, "classified": text, "points": pl.Int64()}
    schema |= {"points_upper": pl.Int64(), "criteria_met": text, "rule": text, "reason": text}
    return schema | dict.fromkeys((row.criterion.id for row in definition.rows), text)


def _check_columns(definition: CriteriaSet, present: Sequence[str], subject: str) -> None:
    known = {name for row in definition.rows for phrase in row.criterion.phrases for name in phrase.given}
    if subject not in present:
        raise ColumnError(f"Classification by {definition.name}", [subject], present, "Name it in 'subject'.")
    if known.isdisjoint(present):
        fix = "Give at least one of these columns."
        raise ColumnError(f"Classification by {definition.name}", sorted(known), present, fix)


def _build_assessments(cohort: CohortTimelines, definition: CriteriaSet) -> list[Assessment]:
    no_parameters: dict[str, ParameterValue] = {}
    shell = ResponseDefinition(
        name=definition.name,
        title=definition.title,
        version=definition.version,
        source=definition.source,
        certainty="",
        family="",
        otherwise=NO,
        printed_classes=(),
        criteria=tuple(row.criterion for row in definition.rows),
        rules=(),
        failures=(),
        needs=(),
        sets={},
        parameters={},
    )
    return [
        Assessment(shell, no_parameters, cohort, timeline, _ONLY_VISIT, 0.0, visit, visit, (), {})
        for timeline in cohort.timelines
        for visit in timeline.visits
    ]


def _classify_one(assessment: Assessment, definition: CriteriaSet, *, is_absent: bool) -> dict[str, object]:
    criteria = [row.criterion for row in definition.rows]
    never = [one.id for one in criteria if not is_asked(assessment, one)]
    if not is_absent:
        # An exclusion that nobody recorded excludes nobody, and the reason says that it was not counted.
        exclusions = {name for rule in definition.rules for name in rule.none}
        criteria = [one if one.id in exclusions else replace(one, absent_means="") for one in criteria]
    answers = {one.id: ask_criterion(assessment, one) for one in criteria}
    if is_absent:  # the criterion is not shown; a measurement is never filled in, 0 mm would be a finding
        answers = {
            name: replace(answer, verdict=False) if answer.verdict is None else answer
            for name, answer in answers.items()
        }
    verdicts = {name: answer.verdict for name, answer in answers.items()}
    asked = [_ask_rule(rule, definition, verdicts) for rule in definition.rules]
    classified = any_of(asked)
    rule = definition.rules[asked.index(True)].name if True in asked else None
    total = _total(definition, verdicts, Demand("points", "scored", 0))
    met = [name for name, verdict in verdicts.items() if verdict is True]
    return {
        "subject": assessment.timeline.subject,
        "classified": word_of(classified),
        "points": int(total.low or 0),
        "points_upper": int(total.high or 0),
        "criteria_met": ", ".join(met),
        "rule": rule,
        "reason": _describe(classified, rule, total, answers, never),
        **{name: answer.word for name, answer in answers.items()},
    }


def _ask_rule(rule: ClassificationRule, definition: CriteriaSet, verdicts: Mapping[str, Verdict]) -> Verdict:
    needed = [verdicts[name] for name in rule.all]
    barred = [None if verdicts[name] is None else not verdicts[name] for name in rule.none]
    counted = [
        _total(definition, verdicts, demand).compare(">=", Decimal(demand.least)) for demand in rule.demands
    ]
    return all_of([*needed, *barred, *counted])


def _total(definition: CriteriaSet, verdicts: Mapping[str, Verdict], demand: Demand) -> Span:
    """Count criteria, or sum the highest points of each domain, for certain and at most."""
    sure: dict[str, list[int]] = {}
    possible: dict[str, list[int]] = {}
    for row in definition.rows:
        if demand.group not in row.groups:
            continue
        verdict = verdicts[row.criterion.id]
        points = row.criterion.points if demand.what == "points" else 1
        key = row.domain if demand.what == "points" else row.criterion.id
        if verdict is True:
            sure.setdefault(key, []).append(points)
        if verdict is not False:
            possible.setdefault(key, []).append(points)
    return Span(Decimal(sum(map(max, sure.values()))), Decimal(sum(map(max, possible.values()))))


def _describe(
    classified: Verdict, rule: str | None, total: Span, answers: Mapping[str, Answer], never: Sequence[str]
) -> str:
    met = [name for name, answer in answers.items() if answer.verdict is True]
    unknown = [name for name, one in answers.items() if one.verdict is None and name not in never]
    absent = [name for name, answer in answers.items() if not answer.is_collected]
    head = {True: f"{YES} ({rule})", False: NO, None: CANNOT_TELL}[classified]
    parts = [f"{head}: {total} points", f"met: {', '.join(met) or 'none'}"]
    if unknown:
        parts.append(f"not known: {', '.join(unknown)}")
    lacking = [name for name in never if name not in absent]
    if lacking:
        parts.append(f"never recorded: {', '.join(lacking)}")
    if absent:
        parts.append(f"never recorded and not counted: {', '.join(absent)}")
    return "; ".join(parts).replace("_", " ") + "."
