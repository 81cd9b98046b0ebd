"""The specification curve (multiverse analysis): all responses that apply to one cohort, side by side.

Every row is one way to count: a definition, one choice of it other than its default, a rule for subjects
whose answer is "cannot tell", and the denominator that goes with it. Nothing is pooled and no row is
preferred; the row that all others are compared with is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import polars as pl

from funis.arguments import Anything, ByName, Frame, NumberFrom, OrNone, Several, Text, takes
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import (
    COMMON_PARAMETERS,
    ResponseDefinition,
)
from funis.catalogue.registry import response_definition, responses
from funis.column_kinds import check_kinds
from funis.errors import ColumnError, UnknownNameError, ValueRangeError
from funis.frames.any_kind import name_columns, read_rows, return_kind
from funis.frames.spark import is_spark
from funis.responses.distribute import Visits, answer_subjects, fetch_facts
from funis.responses.lacking import find_lacking, holds_column
from funis.responses.possible_values import limits_of_response
from funis.responses.read_columns import refuse_misspelt_visits
from funis.responses.read_units import ReadUnits, settle_response_units
from funis.responses.respond import respond_cohort
from funis.responses.timeline import CohortTimelines, build_timelines
from funis.responses.verdict import CANNOT_TELL, NO, YES
from funis.scoring.column_limits import FrameLimits, merge_limits
from funis.stats.proportion import clopper_pearson

Choice = dict[str, ParameterValue]

AS_DEFINED: Final = "as defined"
POLICIES: Final[Mapping[str, tuple[str, str]]] = {
    "nonresponder": ("enrolled", "a subject whose response is not known counts as no response"),
    "left_out": ("assessed", "a subject whose response is not known is left out"),
    "responder": (
        "enrolled",
        "a subject whose response is not known counts as response: the highest the records allow",
    ),
}
"""Rules for subjects whose response is not known, each with its denominator."""

FLARES: Final = "sle_flare"
_SCALES: Final = ("_scale", "_unit")
_RESCUE: Final = ("treatment_failure", "rescue_medication", "new_immunosuppressant")
_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "definition": pl.String(),
    "title": pl.String(),
    "visit": pl.String(),
    "choice": pl.String(),
    "missing": pl.String(),
    "denominator": pl.String(),
    "status": pl.String(),
    "responders": pl.Int64(),
    "n": pl.Int64(),
    "cannot_tell": pl.Int64(),
    "percent": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "conclusion": pl.String(),
    "changes": pl.String(),
}


_WAY_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "subject": pl.String(),
    "way": pl.Int64(),
    "visit": pl.String(),
    "responder": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to count: a definition with all its choices, in words too; or what it lacks."""

    name: str
    label: str
    choice: Choice
    is_lacking: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many subjects responded, did not, or have no known response, and at which visit."""

    visit: str | None
    counts: Mapping[str, int]


@takes(
    frame=Frame(),
    definitions=OrNone(Several(Text())),
    reference=OrNone(Text()),
    threshold=NumberFrom(),
    level=NumberFrom(),
    parameters=OrNone(ByName(ByName(Anything()))),
    disposition=OrNone(Frame()),
    subject=Text(),
    visit=Text(),
    day=Text(),
    units=OrNone(ByName(Text())),
)
def multiverse(  # noqa: PLR0913  all but the frame are by keyword
    frame: Any,
    *,
    definitions: Sequence[str] | None = None,
    reference: str | None = None,
    threshold: float = 50.0,
    level: float = 0.95,
    parameters: Mapping[str, Mapping[str, ParameterValue]] | None = None,
    disposition: Any = None,
    units: Mapping[str, str] | None = None,
    **columns: str,
) -> Any:
    """Draw up a specification curve (multiverse): responders counted in every way the records allow.

    Parameters
    ----------
    frame : any data frame, one row per subject and visit, as for `funis.respond`
    definitions : responses to try; None takes all but the flare indices
    reference : definition whose default, with non-responders imputed, the others are held against; None
        takes the first that applies
    threshold : percent; the conclusion is whether the interval lies above it, below it, or on it
    level : level of the interval, between 0 and 1
    parameters : choices made for a definition throughout, by its name (units, scales, visit judged)
    disposition : as for `funis.respond`
    units : the unit of each column, as for `funis.respond`; needed where `parameters` make two
        definitions read one column in two units
    columns : names of the columns `subject`, `visit`, `day`

    Returns
    -------
    frame of the caller's kind; on Spark the subjects are judged and counted in the workers when this is
        called, and the counts, one row a way, are on the driver
        One row per definition x choice x rule for the missing: ``status`` (``counted``, or
        ``not applicable`` with what is lacking in ``choice``), ``responders`` of ``n``, ``percent`` with
        its Clopper-Pearson interval, ``conclusion`` (above, below, not settled) and ``changes`` (yes where
        the conclusion differs from the reference row, which says ``reference``).

    Raises
    ------
    UnknownNameError : a definition does not exist
    ValueRangeError : the threshold is not between 0 and 100, or the level not between 0 and 1
    UnitError : a unit is not known for a column, or two definitions would read one column in two units

    Examples
    --------
    >>> visits = {"subject": ["1", "1", "2", "2"], "visit": ["baseline", "month_6"] * 2}
    >>> found = multiverse(pl.DataFrame({**visits, "essdai": [9, 5, 8, None]}))
    >>> found.filter(definition="essdai_mcii").select("missing", "responders", "n").rows()
    [('nonresponder', 1, 2), ('left_out', 1, 1), ('responder', 2, 2)]
    """
    if not 0 <= threshold <= 100:
        raise ValueRangeError("threshold of the multiverse", threshold, "a percentage from 0 to 100")
    if not 0 < level < 1:
        raise ValueRangeError("level of the multiverse", level, "between 0 and 1, both excluded")
    names = list(definitions) if definitions is not None else _ordinary_responses()
    for name in (*names, *([reference] if reference is not None else [])):
        if name not in responses():
            raise UnknownNameError("response", name, responses())
    chosen = {name: dict((parameters or {}).get(name, {})) for name in names}
    read = _settle_units(frame, units, chosen)
    if is_spark(frame):
        visits = _open_visits(frame, chosen, disposition, columns, read)
        ways, tallies = _count_on_spark(visits, chosen)
    else:
        cohort = build_timelines(
            frame, disposition=disposition, scales=read.scales, limits=_settle_limits(chosen), **columns
        )
        cohort = replace(cohort, unsaid=read.unsaid)
        ways = _find_ways(cohort, chosen)
        tallies = [_tally(cohort, way) for way in ways]
    counted = zip(ways, tallies, strict=True)
    rows = [row for way, tally in counted for row in _print_way(way, tally, threshold, level)]
    return return_kind(frame, _flag_changes(pl.DataFrame(rows, schema=_SCHEMA), reference))


@takes(
    frame=Frame(),
    definitions=OrNone(Several(Text())),
    parameters=OrNone(ByName(ByName(Anything()))),
    disposition=OrNone(Frame()),
    subject=Text(),
    visit=Text(),
    day=Text(),
    units=OrNone(ByName(Text())),
)
def compare_responses(
    frame: Any,
    *,
    definitions: Sequence[str] | None = None,
    parameters: Mapping[str, Mapping[str, ParameterValue]] | None = None,
    disposition: Any = None,
    units: Mapping[str, str] | None = None,
    **columns: str,
) -> Any:
    """Give the class of every subject under every definition that applies, one column each.

    Parameters are those of `multiverse`; a frame of the caller's kind comes back. On Spark the columns and
    visits are looked through when this is called, because the definitions that apply depend on them; the
    subjects are judged in the workers when the query runs.

    Examples
    --------
    >>> visits = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "esspri": [6.0, 5.1]}
    >>> compare_responses(pl.DataFrame(visits)).row(0, named=True)
    {'subject': '1', 'esspri_mcii': 'yes', 'esspri_pass': 'no'}
    """
    names = list(definitions) if definitions is not None else _ordinary_responses()
    chosen = {name: dict((parameters or {}).get(name, {})) for name in names}
    read = _settle_units(frame, units, chosen)
    if is_spark(frame):
        visits = _open_visits(frame, chosen, disposition, columns, read)
        shell, facts = fetch_facts(visits)
        applying = _choose_applying(shell, chosen)
        schema = dict.fromkeys(("subject", *applying), pl.String())
        return answer_subjects(visits, partial(_compare_cohort, chosen=applying), schema, facts=facts)
    cohort = build_timelines(
        frame, disposition=disposition, scales=read.scales, limits=_settle_limits(chosen), **columns
    )
    cohort = replace(cohort, unsaid=read.unsaid)
    found = _compare_cohort(cohort, _choose_applying(cohort, chosen))
    return return_kind(frame, cohort.name_subjects(found, columns.get("subject", "subject")))


def _choose_applying(cohort: CohortTimelines, chosen: Mapping[str, Choice]) -> dict[str, Choice]:
    return {
        name: choice
        for name, choice in chosen.items()
        if not find_lacking(cohort, response_definition(name), choice)
    }


def _compare_cohort(cohort: CohortTimelines, chosen: Mapping[str, Choice]) -> pl.DataFrame:
    found = pl.DataFrame({"subject": [timeline.subject for timeline in cohort.timelines]})
    return found.with_columns(
        respond_cohort(cohort, name, choice).get_column("response").alias(name)
        for name, choice in chosen.items()
    )


def _open_visits(
    frame: Any,
    chosen: Mapping[str, Choice],
    disposition: Any,
    columns: Mapping[str, str],
    read: ReadUnits,
) -> Visits:
    """Say how to read a Spark frame, and whose grades any of the ways asks for."""
    instruments: dict[str, None] = {}
    for name, choice in chosen.items():
        definition = response_definition(name)
        for way in list_choices(definition, choice):
            settled = definition.settle({**choice, **way})
            if definition.reads_grades(settled):
                instruments[str(settled["instrument"])] = None
    names = {"subject": "subject", "visit": "visit", "day": "day", **columns}
    return Visits(
        frame,
        **names,
        disposition=disposition,
        instruments=tuple(instruments),
        scales=read.scales,
        unsaid=read.unsaid,
        limits=_settle_limits(chosen),
    )


def _settle_limits(chosen: Mapping[str, Choice]) -> FrameLimits:
    """Give what the columns can hold that any of the definitions reads, on the scales that were chosen."""
    asked = [(response_definition(name), choice) for name, choice in chosen.items()]
    return merge_limits(limits_of_response(found, found.settle(choice)) for found, choice in asked)


def _settle_units(frame: Any, units: Mapping[str, str] | None, chosen: Mapping[str, Choice]) -> ReadUnits:
    asked = [(response_definition(name), choice) for name, choice in chosen.items()]
    settled = [(found, found.settle(choice)) for found, choice in asked]
    refuse_misspelt_visits("The responses", name_columns(frame), settled, ())
    return settle_response_units(frame, units, asked)


@takes(found=Frame())
def describe_changes(found: Any) -> tuple[str, ...]:
    """Say in sentences which choices change the conclusion, and which definitions could not be tried.

    Parameters
    ----------
    found : what `multiverse` returned

    Examples
    --------
    >>> visits = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "esspri": [6.0, 5.1]}
    >>> describe_changes(multiverse(pl.DataFrame(visits), definitions=["esspri_mcii"]))[0]
    'Held against esspri_mcii (as defined, nonresponder): 1 of 1, 100.0 %, not settled.'
    """
    found = read_rows(found)
    printed = ("definition", "choice", "missing", "status", "changes", "conclusion")
    lacking = [name for name in printed if name not in found.columns]
    if lacking:
        raise ColumnError(
            "A specification curve", lacking, found.columns, "Give what funis.multiverse returned."
        )
    check_kinds("A specification curve", found, numbers=("responders", "n", "percent"))
    found = found.with_columns(pl.col(printed).cast(pl.String))
    counted = found.filter(status="counted")
    if counted.is_empty():
        return ("No response applies to these records.",)
    held, other = counted.filter(changes="reference"), counted.filter(changes=YES)
    lines = [f"Held against {_print_row(row)}." for row in held.iter_rows(named=True)]
    lines += [f"Changes the conclusion: {_print_row(row)}." for row in other.iter_rows(named=True)]
    if len(lines) == 1:
        lines.append("No other definition, choice, rule for the missing or denominator changes it.")
    lines += [
        f"Not tried: {row['definition']} ({row['choice']})."
        for row in found.filter(pl.col("status") != "counted").iter_rows(named=True)
    ]
    return tuple(lines)


def _print_row(row: Mapping[str, Any]) -> str:
    percent = "" if row["percent"] is None else f"{row['percent']:.1f} %, "
    counts = f"{row['responders']} of {row['n']}, {percent}{row['conclusion']}"
    return f"{row['definition']} ({row['choice']}, {row['missing']}): {counts}"


def _ordinary_responses() -> list[str]:
    return [name for name in responses() if response_definition(name).family != FLARES]


def list_choices(definition: ResponseDefinition, chosen: Mapping[str, ParameterValue]) -> Iterator[Choice]:
    """Yield the default, then every other value of every choice, one at a time.

    Examples
    --------
    >>> [list(choice) for choice in list_choices(response_definition("doris_2021"), {})][:2]
    [[], ['unscheduled']]
    """
    yield {}
    for name, parameter in definition.parameters.items():
        if name in COMMON_PARAMETERS and name != "unscheduled":
            continue
        if name in chosen or name.endswith(_SCALES):
            continue
        values = (True, False) if isinstance(parameter.default, bool) else parameter.allowed
        yield from ({name: value} for value in values if value != parameter.default)


def _find_ways(cohort: CohortTimelines, chosen: Mapping[str, Choice]) -> list[Way]:
    """List every way to count that the records allow, and every definition they do not allow."""
    ways = []
    for name, given in chosen.items():
        definition = response_definition(name)
        lacking = find_lacking(cohort, definition, given)
        if lacking:
            ways.append(Way(name, f"lacks {', '.join(lacking)}", {}, is_lacking=True))
            continue
        for choice in list_choices(definition, given):
            settled = {**given, **choice}
            if find_lacking(cohort, definition, settled) or _is_idle(cohort, choice):
                continue
            label = ", ".join(f"{key} = {_print_value(value)}" for key, value in choice.items()) or AS_DEFINED
            ways.append(Way(name, label, settled))
    return ways


def _tally(cohort: CohortTimelines, way: Way) -> Tally:
    if way.is_lacking:
        return Tally(None, {})
    answers = respond_cohort(cohort, way.name, way.choice)
    visit: Any = answers.get_column("response_visit").first() if answers.height else None
    return Tally(visit, Counter(answers.get_column("responder").to_list()))


def _count_on_spark(visits: Visits, chosen: Mapping[str, Choice]) -> tuple[list[Way], list[Tally]]:
    """Judge the subjects in the workers, count them there, and fetch the counts."""
    from pyspark.sql import functions as sql

    shell, facts = fetch_facts(visits)
    ways = _find_ways(shell, chosen)
    judged = answer_subjects(visits, partial(_try_ways, ways=tuple(ways)), _WAY_SCHEMA, facts=facts)
    counts = judged.groupBy("way", "responder").agg(
        sql.max("visit").alias("visit"), sql.count("*").alias("n")
    )
    by_way: list[dict[str, int]] = [{} for _ in ways]
    at: list[str | None] = [None] * len(ways)
    for row in counts.collect():
        by_way[row["way"]][row["responder"]] = row["n"]
        at[row["way"]] = row["visit"]
    return ways, list(map(Tally, at, by_way))


def _try_ways(cohort: CohortTimelines, ways: Sequence[Way]) -> pl.DataFrame:
    """Judge the subjects at hand in every way."""
    parts = [pl.DataFrame(schema=dict(_WAY_SCHEMA))]
    for number, way in enumerate(ways):
        if way.is_lacking:
            continue
        answers = respond_cohort(cohort, way.name, way.choice)
        parts.append(
            answers.select(
                "subject",
                pl.lit(number, pl.Int64).alias("way"),
                pl.col("response_visit").alias("visit"),
                "responder",
            )
        )
    return pl.concat(parts)


def _print_way(way: Way, tally: Tally, threshold: float, level: float) -> list[dict[str, object]]:
    head = {"definition": way.name, "title": response_definition(way.name).title, "choice": way.label}
    if way.is_lacking:
        return [{**head, "status": "not applicable"}]
    return [
        {**head, "visit": tally.visit, "missing": policy, **_count(tally, policy, threshold, level)}
        for policy in POLICIES
    ]


def _is_idle(cohort: CohortTimelines, choice: Choice) -> bool:
    """Whether a choice cannot matter: unscheduled visits or rescue where there are none."""
    if "rescue_is_failure" in choice:
        return not any(holds_column(cohort, column) for column in _RESCUE)
    return "unscheduled" in choice and not cohort.has_unscheduled


def _print_value(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return str(value)


def _count(tally: Tally, policy: str, threshold: float, level: float) -> dict[str, object]:
    unknown = tally.counts.get(CANNOT_TELL, 0)
    responders = tally.counts.get(YES, 0) + (unknown if policy == "responder" else 0)
    n = sum(tally.counts.values()) - (unknown if policy == "left_out" else 0)
    counts: dict[str, object] = {
        "denominator": POLICIES[policy][0],
        "status": "counted",
        "responders": responders,
        "n": n,
        "cannot_tell": unknown,
        "conclusion": "no response can be determined",
    }
    if n == 0:
        return counts
    interval = clopper_pearson(responders, n, level)
    lower, upper = 100 * interval.lower, 100 * interval.upper
    conclusion = "above" if lower > threshold else "below" if upper < threshold else "not settled"
    rate = 100 * responders / n
    return {**counts, "percent": rate, "lower": lower, "upper": upper, "conclusion": conclusion}


def _flag_changes(found: pl.DataFrame, reference: str | None) -> pl.DataFrame:
    """Hold all rows against the default of one definition: the one named, else the first that applies."""
    default = (pl.col("choice") == AS_DEFINED) & (pl.col("missing") == "nonresponder")
    counted = found.filter(default & (pl.col("status") == "counted"))
    if reference is None and counted.height:
        reference = str(counted.get_column("definition")[0])
    if reference is None:
        return found
    return flag_changes(found, default & (pl.col("definition") == reference))


def flag_changes(found: pl.DataFrame, is_held: pl.Expr) -> pl.DataFrame:
    """Name the row all others are held against, and flag those that conclude otherwise.

    Parameters
    ----------
    found : rows of `multiverse`
    is_held : picks that row; where it picks none that was counted, nothing is flagged

    Examples
    --------
    >>> rows = {"definition": ["a", "b"], "status": ["counted"] * 2, "conclusion": ["above", "below"]}
    >>> flag_changes(pl.DataFrame(rows), pl.col("definition") == "a")["changes"].to_list()
    ['reference', 'yes']
    """
    held = found.filter(is_held & (pl.col("status") == "counted"))
    if held.is_empty():
        return found
    differs = pl.col("conclusion") != held.get_column("conclusion")[0]
    flag = (
        pl.when(is_held & (pl.col("status") == "counted"))
        .then(pl.lit("reference"))
        .when(pl.col("status") == "counted")
        .then(pl.when(differs).then(pl.lit(YES)).otherwise(pl.lit(NO)))
    )
    return found.with_columns(flag.alias("changes"))
