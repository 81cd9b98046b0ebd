"""Grades of organ systems from decision tables, with bounds and the rule that decided.

Every condition is a three-valued column: true, false or null for *cannot tell*. The decision tables are
monotone in their conditions, so the least active grade follows from reading null as false and the most
active one from reading it as true; no case has to be enumerated. The tables are read twice: once as the
paper says (*not done* is not present, a missing previous value is what the parameter says), which gives the
grade, and once with all of that unknown, which gives the bounds. Where the two readings cannot differ they
are made once.

Ranks: A 4, B 3, C 2, D 1, E 0. Whether nothing active is D or E depends on the history of the subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import add, and_, or_

import polars as pl

from funis.instruments.definition import Definition, Rule
from funis.instruments.definition_checks import LEVELS
from funis.instruments.findings import (
    Reading,
    can_be_joined,
    feature_columns,
    item_condition,
    joined_columns,
    joined_condition,
    previous_columns,
    recorded_columns,
    rule_condition,
)
from funis.instruments.frames import Working
from funis.instruments.intake import PREFIX, Cell, Column, Layout, is_first, read_mark
from funis.instruments.rule_text import RANKS, RuleText, build_rule_code, rule_texts, spell_grade, spell_rules
from funis.instruments.totals import Bounds, choose_value, status_of

_ACTIVE = RANKS["C"]


@dataclass(frozen=True, slots=True)
class Graded:
    """Ranks of one system under one reading, before history: 0 where nothing is active."""

    system: str
    lower: Column
    upper: Column


def build_grades(
    working: Working, layout: Layout, cells: Mapping[str, Cell], carried: Mapping[str, Cell], policy: str
) -> tuple[str, ...]:
    """Grade every system of a definition and add the output columns to a working frame.

    Parameters
    ----------
    working, layout : the frame and what is scored
    cells : one per item as recorded; they give the bounds
    carried : the same with carried-forward values where that is the policy, else `cells` itself
    policy : ``strict``, ``absent`` or ``worst``

    Returns
    -------
    tuple of str : output columns in the order in which they stand
    """
    _add_history(working, layout)
    bounds = Reading("b", layout, cells, as_paper=False)
    before = bounds.previous_mark if carried is cells else f"{bounds.previous_mark}carried_"
    paper = Reading("p", layout, carried, as_paper=True, previous_mark=before)
    twice = [system for system in layout.definition.systems if _differ(layout, cells, carried, system)]
    for reading in (bounds,) if carried is cells else (bounds, paper):
        working.add(recorded_columns(reading))
        working.add(previous_columns(reading))
    _add_conditions(working, [(bounds, layout.definition.systems), (paper, twice)])
    texts = {system: rule_texts(layout.definition, system) for system in layout.definition.systems}
    read = {s: paper if s in twice else bounds for s in layout.definition.systems}
    _add_ranks(working, layout, bounds, twice, texts, read)
    _add_ever(working, layout, twice)
    _add_final_ranks(working, layout, twice, policy)
    return _add_outputs(working, layout, twice, texts, policy)


def _add_history(working: Working, layout: Layout) -> None:
    if not layout.has_history:
        return
    working.add([is_first(layout).alias(f"{PREFIX}first")])
    if layout.is_sorted:
        # A number per subject that rises from row to row: a running maximum can then never reach back past
        # a subject.
        run = layout.ops.col(f"{PREFIX}first").cast(layout.ops.Int32).cum_sum()
        working.add([run.alias(f"{PREFIX}run")])


def _differ(layout: Layout, cells: Mapping[str, Cell], carried: Mapping[str, Cell], system: str) -> bool:
    """Whether the two readings of a system can differ."""
    definition = layout.definition
    names = [item.name for item in definition.items if item.system == system]
    has_marks = definition.not_done == "absent" and any(cells[name].not_done is not None for name in names)
    looks_back = layout.has_history and any(
        f.system == system and (f.when.looks_back or f.within_months) for f in definition.features
    )
    return carried is not cells or has_marks or looks_back


def _add_conditions(working: Working, readings: Sequence[tuple[Reading, Sequence[str]]]) -> None:
    """Add one three-valued column per feature, then one per clause, for systems under a reading.

    All readings are added at once: what they have in common (the comparisons themselves) is computed once.
    """
    features, joined, clauses = [], [], []
    for reading, systems in readings:
        definition = reading.layout.definition
        features += feature_columns(reading, [f for f in definition.features if f.system in systems])
        sets = [r.of_items for r in definition.rules if r.system in systems and r.at_least == 1]
        joined += joined_columns(reading, sets)
        for system in systems:
            for grade, clause, rules in clauses_of(definition, system):
                met = reduce(and_, [_rule_met(reading, rule) for rule in rules])
                clauses.append(met.alias(clause_column(reading.mark, system, grade, clause)))
    for columns in (features, joined, clauses):
        working.add(columns)


def clause_column(mark: str, system: str, grade: str, clause: int) -> str:
    """Name the column that says whether a clause is met."""
    return f"{PREFIX}{mark}_{system}_{grade}{clause}"


def clauses_of(definition: Definition, system: str) -> Iterable[tuple[str, int, list[Rule]]]:
    """Give the clauses of a system in the order in which they are tried."""
    rules = sorted((r for r in definition.rules if r.system == system), key=lambda r: (r.grade, r.clause))
    for (grade, clause), rows in groupby(rules, key=lambda r: (r.grade, r.clause)):
        yield grade, clause, list(rows)


def _rule_met(reading: Reading, rule: Rule) -> Column:
    if rule.when is not None:
        return rule_condition(reading, rule.when)
    features = {feature.name for feature in reading.layout.definition.features}
    least = LEVELS[rule.with_level]
    if rule.at_least == 1 and can_be_joined(reading, rule.of_items):
        return joined_condition(reading, rule.of_items, least)
    met = [
        reading.layout.ops.col(f"{PREFIX}{reading.mark}_{name}")
        if name in features
        else item_condition(reading, name, least)
        for name in rule.of_items
    ]
    return count_reaches(reading.layout, met, rule.at_least)


def count_reaches(layout: Layout, met: Sequence[Column], at_least: int) -> Column:
    """Tell in three-valued logic whether at least so many conditions are met."""
    if at_least == 1:
        return reduce(or_, met)
    if at_least == 2 and layout.ops is pl:
        # One of them together with one before it: truth values alone, which take a bit each, say it.
        return reduce(or_, [reduce(or_, met[:place]) & one for place, one in enumerate(met) if place])
    kind = layout.level_type
    sure = reduce(add, [one.fill_null(value=False).cast(kind) for one in met])
    possible = reduce(add, [one.fill_null(value=True).cast(kind) for one in met])
    unknown = layout.ops.lit(None, layout.ops.Boolean)
    return layout.ops.when(sure >= at_least).then(layout.ops.lit(value=True)).otherwise(
        layout.ops.when(possible < at_least).then(layout.ops.lit(value=False)).otherwise(unknown)
    )  # fmt: skip


def _add_ranks(
    working: Working,
    layout: Layout,
    bounds: Reading,
    twice: Sequence[str],
    texts: Mapping[str, tuple[RuleText, ...]],
    read: Mapping[str, Reading],
) -> None:
    """Add lowest and highest rank of every system under each reading, and the number of its rule."""
    columns = []
    for system in layout.definition.systems:
        for mark in (bounds.mark, "p") if system in twice else (bounds.mark,):
            found = _rank_by_rules(layout, mark, system)
            columns.append(found.lower.alias(f"{PREFIX}{mark}_{system}_low"))
            columns.append(found.upper.alias(f"{PREFIX}{mark}_{system}_high"))
        code = build_rule_code(layout, read[system].mark, system, texts[system])
        columns.append(code.alias(f"{PREFIX}{system}_code"))
    working.add(columns)


def _rank_by_rules(layout: Layout, mark: str, system: str) -> Graded:
    by_grade: dict[str, list[Column]] = {}
    for grade, clause, _ in clauses_of(layout.definition, system):
        by_grade.setdefault(grade, []).append(layout.ops.col(clause_column(mark, system, grade, clause)))
    lower = upper = _rank(layout, "E")
    for grade in sorted(by_grade, reverse=True):
        met = reduce(or_, by_grade[grade])
        rank = _rank(layout, grade)
        lower = layout.ops.when(met.fill_null(value=False)).then(rank).otherwise(lower)
        upper = layout.ops.when(met.fill_null(value=True)).then(rank).otherwise(upper)
    return Graded(system, lower, upper)


def _rank(layout: Layout, grade: str) -> Column:
    # Unsigned in Polars, which reads it as an enumeration without another copy.
    return layout.ops.lit(RANKS[grade], layout.ops.UInt8 if layout.ops is pl else layout.ops.Int64)


def _marks(system: str, twice: Sequence[str]) -> tuple[str, ...]:
    return ("b", "p") if system in twice else ("b",)


def _add_ever(working: Working, layout: Layout, twice: Sequence[str]) -> None:
    """Add, per system, reading and bound, whether it was active so far or before the study."""
    recorded, columns = [], []
    for system in layout.definition.systems:
        name = f"{system}_ever"
        if name in layout.schema:
            column = read_mark(layout, name).fill_null(-1)
            recorded.append(_running_max(layout, column).alias(f"{PREFIX}{system}_ever"))
    working.add(recorded)
    for system in layout.definition.systems:
        for mark in _marks(system, twice):
            state = _running_max(layout, _activity_state(layout, mark, system))
            columns.append(state.alias(f"{PREFIX}{mark}_{system}_state"))
    working.add(columns)
    working.add(
        [column for system in layout.definition.systems for column in _ever_flags(layout, system, twice)]
    )


def _activity_state(layout: Layout, mark: str, system: str) -> Column:
    """Count the ends of a reading that are active, so that one running maximum serves both.

    What is active at the low end is active at the high end too.
    """
    kind = layout.level_type
    low, high = (layout.ops.col(f"{PREFIX}{mark}_{system}_{end}") >= _ACTIVE for end in ("low", "high"))
    return low.cast(kind) + high.cast(kind)


def _ever_flags(layout: Layout, system: str, twice: Sequence[str]) -> list[Column]:
    """Tell, per end, whether the system was active at or before this visit, or before the study."""
    flags = []
    for mark in _marks(system, twice):
        for end, least in (("low", 2), ("high", 1)):
            ever = layout.ops.col(f"{PREFIX}{mark}_{system}_state") >= least
            if f"{system}_ever" in layout.schema:
                before = layout.ops.col(f"{PREFIX}{system}_ever")
                ever = ever | ((before == 1) if end == "low" else (before != 0))
            flags.append(ever.alias(f"{PREFIX}{mark}_{system}_{end}_ever"))
    return flags


def _running_max(layout: Layout, column: Column) -> Column:
    """Give the largest of a few small numbers (-1 to 4) so far within a subject."""
    if not layout.has_history:
        return column
    if layout.is_sorted:
        run = layout.ops.col(f"{PREFIX}run") * 8
        return (column.cast(layout.ops.Int32) + run).cum_max() - run
    return column.cum_max().over(layout.subject, order_by=layout.order)


def _add_final_ranks(working: Working, layout: Layout, twice: Sequence[str], policy: str) -> None:
    """Add ranks with D and E told apart, and the rank that is reported."""
    ends, values = [], []
    for system in layout.definition.systems:
        for mark in _marks(system, twice):
            for end in ("low", "high"):
                name = f"{PREFIX}{mark}_{system}_{end}"
                rank, ever = layout.ops.col(name), layout.ops.col(f"{name}_ever")
                ever = layout.ops.when(ever).then(_rank(layout, "D")).otherwise(_rank(layout, "E"))
                ends.append(layout.ops.when(rank >= _ACTIVE).then(rank).otherwise(ever).alias(f"{name}_rank"))
        mark = _marks(system, twice)[-1]
        lower, upper = (layout.ops.col(f"{PREFIX}{mark}_{system}_{end}_rank") for end in ("low", "high"))
        chosen = {"absent": lower, "worst": upper}.get(policy, layout.ops.when(lower == upper).then(lower))
        values.append(chosen.alias(f"{PREFIX}{system}_rank"))
    working.add(ends)
    working.add(values)


def _add_outputs(
    working: Working,
    layout: Layout,
    twice: Sequence[str],
    texts: Mapping[str, tuple[RuleText, ...]],
    policy: str,
) -> tuple[str, ...]:
    definition, name = layout.definition, layout.definition.name
    columns: list[Column] = []
    outputs: list[str] = []
    for system in definition.systems:
        stem = f"{name}_{system}"
        ranks = {"": f"{system}_rank", "_lower": f"b_{system}_low_rank", "_upper": f"b_{system}_high_rank"}
        for end, rank in ranks.items():
            columns.append(spell_grade(layout, layout.ops.col(f"{PREFIX}{rank}")).alias(f"{stem}{end}"))
            outputs.append(f"{stem}{end}")
        columns.append(spell_rules(layout, system, texts[system], policy).alias(f"{stem}_rule"))
        outputs.append(f"{stem}_rule")
    working.add([_shared_total(layout, end, twice).alias(f"{PREFIX}shared_{end}") for end in ("low", "high")])
    columns += [
        _total(layout, mark, end, twice).alias(f"{PREFIX}{mark}_total_{end}")
        for mark in ("b", "p")
        for end in ("low", "high")
    ]
    working.add(columns)
    lower, upper = (layout.ops.col(f"{PREFIX}b_total_{end}") for end in ("low", "high"))
    known = Bounds(*(layout.ops.col(f"{PREFIX}p_total_{end}") for end in ("low", "high")))
    working.add(
        [
            choose_value(layout, known, policy).alias(name),
            lower.alias(f"{name}_lower"),
            upper.alias(f"{name}_upper"),
            status_of(layout, lower, upper).alias(f"{name}_status"),
        ]
    )
    return (*outputs, name, f"{name}_lower", f"{name}_upper", f"{name}_status")


def _total(layout: Layout, mark: str, end: str, twice: Sequence[str]) -> Column:
    """Sum the points of all grades at one end of one reading; systems read once share their part."""
    own = [_points(layout, layout.ops.col(f"{PREFIX}{mark}_{system}_{end}")) for system in twice]
    return reduce(add, own, layout.ops.col(f"{PREFIX}shared_{end}"))


def _shared_total(layout: Layout, end: str, twice: Sequence[str]) -> Column:
    """Sum the points of the systems whose two readings are the same."""
    systems = [system for system in layout.definition.systems if system not in twice]
    points = [_points(layout, layout.ops.col(f"{PREFIX}b_{system}_{end}")) for system in systems]
    nothing = layout.ops.lit(0, layout.ops.Int16 if layout.level_name == "Int8" else layout.ops.Int64)
    return reduce(add, points) if points else nothing


def _points(layout: Layout, rank: Column) -> Column:
    kind = layout.ops.Int16 if layout.level_name == "Int8" else layout.ops.Int64
    points = dict(layout.definition.grade_points)
    part = layout.ops.lit(points["E"], kind)
    for grade in ("C", "B", "A"):
        part = layout.ops.when(rank >= RANKS[grade]).then(layout.ops.lit(points[grade], kind)).otherwise(part)
    return part
