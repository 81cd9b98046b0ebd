"""Classification criteria: points and the criteria met, for every subject.

A criteria set is a definition file with one row per printed criterion. A criterion that the frame never
recorded for anybody counts as not shown, and the reason says so; one that is missing for a subject is
cannot tell, unless `missing` says that it counts as absent.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final, Literal

import polars as pl

from funis.catalogue.check_response import check_criteria, check_printed
from funis.catalogue.response import DefinitionReader
from funis.catalogue.response_parts import Criterion, ParameterValue, ResponseDefinition
from funis.errors import ColumnError, DefinitionError, UnknownNameError
from funis.frames.any_kind import read_rows, return_kind
from funis.frames.spark import is_spark
from funis.responses.assessment import Assessment
from funis.responses.decide import Answer, ask_criterion
from funis.responses.distribute import Visits, answer_subjects
from funis.responses.timeline import CohortTimelines, build_timelines
from funis.responses.verdict import CANNOT_TELL, NO, YES, Span, Verdict, all_of, any_of, word_of

_ROW_KEYS: Final = frozenset({"id", "label", "points", "domain", "groups", "when", "any", "source"})
_RULE_KEYS: Final = frozenset({"name", "all", "none", "at_least"})
_TOP_KEYS: Final = frozenset(
    {"name", "title", "version", "kind", "source", "licence", "notes", "criteria", "rules", "parameters"}
)
_DEMAND: Final = re.compile(r"(?P<what>count|points)\((?P<group>[a-z_]+)\) >= (?P<least>\d+)")
_ONLY_VISIT: Final = "history"


@dataclass(frozen=True, slots=True)
class ClassificationRow:
    """One printed criterion: what shows it, its points, and where those are counted.

    Attributes
    ----------
    criterion : id, label and phrases
    domain : only the highest criterion of a domain counts
    groups : names a rule counts by, such as clinical
    """

    criterion: Criterion
    domain: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """A count of criteria or a sum of points, over a group, that a rule asks for."""

    what: Literal["count", "points"]
    group: str
    least: int


@dataclass(frozen=True, slots=True)
class ClassificationRule:
    """One way to be classified: all of some criteria, none of others, and counts."""

    name: str
    all: tuple[str, ...]
    none: tuple[str, ...]
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """A published set of classification criteria.

    Attributes
    ----------
    name, title, version, source : what it is and where it was printed
    rows : its criteria in printed order
    rules : the ways to be classified; any one suffices
    notes : what to know when reading it
    """

    name: str
    title: str
    version: str
    source: str
    rows: tuple[ClassificationRow, ...]
    rules: tuple[ClassificationRule, ...]
    notes: tuple[str, ...]


def classify(
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    missing: Literal["cannot_tell", "absent"] = "cannot_tell",
) -> Any:
    """Classify every subject by a published set of criteria.

    Parameters
    ----------
    frame : any data frame, one row per subject; a column per criterion (1 shown, 0 not shown, empty
        not known) or the measurements the definition names
    name : one of `criteria_sets`
    subject : its subject column
    missing : what an empty cell is; a column that is not there at all counts as not shown

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
    if is_spark(frame):
        from pyspark.sql.functions import lit

        _check_columns(definition, frame.columns, subject)
        placed = frame.withColumns({"_visit": lit(_ONLY_VISIT), "_day": lit(0.0)})
        work = partial(_classify_cohort, name=name, is_absent=is_absent)
        return answer_subjects(Visits(placed, subject, "_visit", "_day"), work, _schema(definition))
    rows = read_rows(frame)
    _check_columns(definition, rows.columns, subject)
    visits = rows.with_columns(pl.lit(_ONLY_VISIT).alias("_visit"), pl.lit(0.0).alias("_day"))
    cohort = build_timelines(visits, subject=subject, visit="_visit", day="_day")
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


@cache
def criteria_sets() -> tuple[str, ...]:
    """Return the names of all sets of classification criteria.

    Examples
    --------
    >>> criteria_sets()
    ('acr_1997', 'acr_eular_2016', 'aecg_2002', 'aecg_2002_secondary', 'eular_acr_2019', 'slicc_2012')
    """
    return tuple(sorted(_read_files()))


@cache
def criteria_set(name: str) -> CriteriaSet:
    """Return one set of classification criteria.

    Raises
    ------
    UnknownNameError : there is no such set
    DefinitionError : its file cannot be used; holds every finding

    Examples
    --------
    >>> len(criteria_set("acr_1997").rows)
    11
    """
    found = _read_files()
    if name not in found:
        raise UnknownNameError("set of criteria", name, found)
    return parse_criteria(found[name], f"{name}.toml")


@cache
def _read_files() -> dict[str, dict[str, Any]]:
    found = {}
    for entry in files("funis.catalogue").joinpath("definitions").iterdir():
        if not entry.name.endswith(".toml"):
            continue
        text = entry.read_text(encoding="utf-8")
        if re.search(r'^kind\s*=\s*"criteria"', text, re.MULTILINE):
            found[entry.name.removesuffix(".toml")] = tomllib.loads(text, parse_float=Decimal)
    return found


def parse_criteria(content: Mapping[str, Any], file: str) -> CriteriaSet:
    """Turn the content of a definition file into a set of criteria, or refuse it with all its findings.

    Raises
    ------
    DefinitionError : an unknown key, a phrase outside the grammar, a name that nothing defines
    """
    reader = DefinitionReader(file)
    reader.check_keys("", content, _TOP_KEYS)
    rows = tuple(_read_row(reader, row) for row in content.get("criteria", ()))
    names = [row.criterion.id for row in rows]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reader.refuse(f"criteria.{name}", name, "Two criteria have this id.", "Rename one.")
    groups = {group for row in rows for group in row.groups}
    rules = tuple(_read_rule(reader, rule, names, groups) for rule in content.get("rules", ()))
    check_printed(reader, content)
    check_criteria(reader, [row.criterion for row in rows], {})
    _check_rows_count(reader, rows, rules)
    for key, filled in (("criteria", rows), ("rules", rules), ("source", content.get("source"))):
        if not filled:
            reader.refuse(key, "", "The set lacks this key.", "Add it.")
    if reader.findings:
        raise DefinitionError(f"classification criteria {file}", reader.findings)
    notes = tuple(content.get("notes", ()))
    name, title, version = (str(content.get(key, "")) for key in ("name", "title", "version"))
    return CriteriaSet(name, title, version, str(content["source"]), rows, rules, notes)


def _read_row(reader: DefinitionReader, row: Mapping[str, Any]) -> ClassificationRow:
    reader.check_keys(f"criteria.{row.get('id', '?')}", row, _ROW_KEYS)
    plain = {key: row[key] for key in ("id", "label", "points", "source") if key in row}
    if "any" in row:
        plain["any_collected"] = row["any"]
    else:
        plain["when"] = row.get("when", f"{row.get('id', '')} > 0")
    criterion = reader.read_criterion({**plain, "optional": "not_met"})
    return ClassificationRow(criterion, str(row.get("domain", criterion.id)), tuple(row.get("groups", ())))


def _read_rule(
    reader: DefinitionReader, rule: Mapping[str, Any], names: Sequence[str], groups: Iterable[str]
) -> ClassificationRule:
    place = f"rules.{rule.get('name', '?')}"
    reader.check_keys(place, rule, _RULE_KEYS)
    needed, barred = tuple(rule.get("all", ())), tuple(rule.get("none", ()))
    for name in (*needed, *barred):
        if name not in names:
            reader.refuse(place, name, "No criterion has this id.", f"Known: {', '.join(names)}.")
    demands = []
    for text in rule.get("at_least", ()):
        parsed = _DEMAND.fullmatch(text)
        if parsed is None or parsed["group"] not in groups:
            reader.refuse(
                place, text, "This is not a demand on a known group.", "Like 'count(clinical) >= 1'."
            )
            continue
        what: Literal["count", "points"] = "count" if parsed["what"] == "count" else "points"
        demands.append(Demand(what, parsed["group"], int(parsed["least"])))
    return ClassificationRule(str(rule.get("name", "")), needed, barred, tuple(demands))


def _check_rows_count(
    reader: DefinitionReader, rows: Iterable[ClassificationRow], rules: Sequence[ClassificationRule]
) -> None:
    """Refuse criteria that belong nowhere, and rules that ask for nothing or stand twice."""
    for row in rows:
        name = row.criterion.id
        if not row.groups:
            reader.refuse(f"criteria.{name}", name, "The criterion is in no group.", "Give it a group.")
    for number, rule in enumerate(rules):
        place = f"rules.{rule.name or '?'}"
        if not rule.name.strip() or not (rule.all or rule.demands):
            reader.refuse(place, rule.name, "A rule needs a name and asks for something.", "Write both.")
        if rule in rules[:number]:
            reader.refuse(place, rule.name, "The rule stands twice.", "Remove one.")


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
    answers = {row.criterion.id: ask_criterion(assessment, row.criterion) for row in definition.rows}
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
        "reason": _describe(classified, rule, total, answers),
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
    low: dict[str, int] = {}
    high: dict[str, int] = {}
    for row in definition.rows:
        if demand.group not in row.groups:
            continue
        verdict = verdicts[row.criterion.id]
        points = row.criterion.points if demand.what == "points" else 1
        key = row.domain if demand.what == "points" else row.criterion.id
        if verdict is True:
            low[key] = max(low.get(key, 0), points)
        if verdict is not False:
            high[key] = max(high.get(key, 0), points)
    return Span(Decimal(sum(low.values())), Decimal(sum(high.values())))


def _describe(classified: Verdict, rule: str | None, total: Span, answers: Mapping[str, Answer]) -> str:
    met = [name for name, answer in answers.items() if answer.verdict is True]
    unknown = [name for name, answer in answers.items() if answer.verdict is None]
    absent = [name for name, answer in answers.items() if not answer.is_collected]
    head = {True: f"{YES} ({rule})", False: NO, None: CANNOT_TELL}[classified]
    parts = [f"{head}: {total} points", f"met: {', '.join(met) or 'none'}"]
    if unknown:
        parts.append(f"not known: {', '.join(unknown)}")
    if absent:
        parts.append(f"never recorded and not counted: {', '.join(absent)}")
    return "; ".join(parts).replace("_", " ") + "."
