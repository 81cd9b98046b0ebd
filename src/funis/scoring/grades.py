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
from itertools import groupby

import narwhals as nw

from funis.catalogue.model_instrument import LEVELS, Definition, GradeRule
from funis.frames.under_way import PREFIX, Column, TakesColumns
from funis.scoring.bits.tracer import Tracer
from funis.scoring.deciding_rule import RANKS, RuleText, build_rule_code, rule_texts, spell_grade, spell_rules
from funis.scoring.features import (
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
from funis.scoring.history import history_columns, running_max
from funis.scoring.items import ItemCell, ScoringLayout, is_first
from funis.scoring.totals import Bounds, choose_value, status_of
from funis.scoring.truth_columns import all_of, any_of, at_least, is_possible, is_sure

_ACTIVE = RANKS["C"]


@dataclass(frozen=True, slots=True)
class GradingPlan:
    """How the systems of a definition are read.

    Attributes
    ----------
    layout : what is scored
    bounds, graded : the two readings
    twice : systems for which they can differ
    texts : the clauses of each system
    """

    layout: ScoringLayout
    bounds: Reading
    graded: Reading
    twice: tuple[str, ...]
    texts: Mapping[str, tuple[RuleText, ...]]

    def prefixes(self, system: str) -> tuple[str, ...]:
        """Name the readings of a system; the last of them gives its grade."""
        return (self.bounds.prefix, self.graded.prefix) if system in self.twice else (self.bounds.prefix,)


def build_grades(
    working: TakesColumns,
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    carried: Mapping[str, ItemCell],
    policy: str,
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
    plan = _plan_grading(working, layout, cells, carried, policy)
    _add_ranks(working, plan)
    _add_ever(working, plan)
    _add_final_ranks(working, plan, policy)
    return _add_outputs(working, plan, policy)


def _plan_grading(
    working: TakesColumns,
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    carried: Mapping[str, ItemCell],
    policy: str,
) -> GradingPlan:
    """Add what comes from earlier visits, and say how the systems are read."""
    if layout.has_history and not isinstance(working, Tracer):
        working.add([is_first(layout).alias(f"{PREFIX}first")])
        working.add(history_columns(layout))
    bounds = Reading("b", layout, cells, "bounds")
    before = bounds.previous_prefix if carried is cells else f"{bounds.previous_prefix}carried_"
    is_filled = policy == "absent" or carried is not cells
    graded = Reading("p", layout, carried, "filled" if is_filled else "stated", previous_prefix=before)
    systems = layout.definition.systems
    twice = tuple(system for system in systems if _differ(bounds, graded, system))
    for reading in (bounds,) if carried is cells else (bounds, graded):
        working.add(recorded_columns(reading))
        working.add(previous_columns(reading))
    return GradingPlan(layout, bounds, graded, twice, {s: rule_texts(layout.definition, s) for s in systems})


def _differ(bounds: Reading, graded: Reading, system: str) -> bool:
    """Whether the two readings of a system can differ."""
    definition, cells = graded.layout.definition, graded.cells
    items = [item for item in definition.items if item.system == system]
    has_flags = graded.counts_not_done and any(cells[item.name].not_done is not None for item in items)
    is_uncollected = any(cells[item.name].is_uncollected for item in items)
    assumes = graded.is_filled and (
        any(item.alternatives for item in items)
        or any(f.system == system and (f.when.looks_back or f.has_window) for f in definition.features)
    )
    return cells is not bounds.cells or has_flags or is_uncollected or assumes


def _add_ranks(working: TakesColumns, plan: GradingPlan) -> None:
    """Add, per system and reading, lowest and highest rank, and the number of the rule that decided."""
    layout, systems = plan.layout, plan.layout.definition.systems
    _add_conditions(working, [(plan.bounds, systems), (plan.graded, plan.twice)])
    columns = []
    for system in systems:
        for prefix in plan.prefixes(system):
            for end, rank in _rank_by_rules(layout, prefix, system).items():
                columns.append(rank.alias(f"{PREFIX}{prefix}_{system}_{end}"))
        code = build_rule_code(layout, plan.prefixes(system)[-1], system, plan.texts[system])
        columns.append(code.alias(f"{PREFIX}{system}_code"))
    working.add(columns)


def _add_conditions(working: TakesColumns, readings: Sequence[tuple[Reading, Sequence[str]]]) -> None:
    """Add one three-valued column per feature, then one per clause, for systems under a reading.

    All readings are added at once: what they have in common (the comparisons themselves) is computed once.
    """
    features, joined, clauses = [], [], []
    for reading, systems in readings:
        definition = reading.layout.definition
        features += feature_columns(reading, [f for f in definition.features if f.system in systems])
        sets = [r.of_items for r in definition.rules if r.system in systems and r.at_least == 1]
        joined.append((reading, sets))
        clauses.append((reading, systems))
    working.add(features)
    working.add([column for reading, sets in joined for column in joined_columns(reading, sets)])
    working.add([column for reading, systems in clauses for column in _clause_columns(reading, systems)])


def _clause_columns(reading: Reading, systems: Sequence[str]) -> list[Column]:
    columns = []
    for system in systems:
        for grade, clause, rules in clauses_of(reading.layout.definition, system):
            met = all_of([_rule_met(reading, rule) for rule in rules])
            columns.append(met.alias(clause_column(reading.prefix, system, grade, clause)))
    return columns


def clause_column(prefix: str, system: str, grade: str, clause: int) -> str:
    """Name the column that says whether a clause is met."""
    return f"{PREFIX}{prefix}_{system}_{grade}{clause}"


def clauses_of(definition: Definition, system: str) -> Iterable[tuple[str, int, list[GradeRule]]]:
    """Give the clauses of a system in the order in which they are tried."""
    rules = sorted((r for r in definition.rules if r.system == system), key=lambda r: (r.grade, r.clause))
    for (grade, clause), rows in groupby(rules, key=lambda r: (r.grade, r.clause)):
        yield grade, clause, list(rows)


def _rule_met(reading: Reading, rule: GradeRule) -> Column:
    if rule.when is not None:
        return rule_condition(reading, rule.when)
    features = {feature.name for feature in reading.layout.definition.features}
    least = LEVELS[rule.with_level]
    if rule.at_least == 1 and can_be_joined(reading, rule.of_items):
        return joined_condition(reading, rule.of_items, least)
    met = [
        reading.layout.ops.col(f"{PREFIX}{reading.prefix}_{name}")
        if name in features
        else item_condition(reading, name, least)
        for name in rule.of_items
    ]
    return at_least(reading.layout.ops, met, rule.at_least)


def _rank_by_rules(layout: ScoringLayout, prefix: str, system: str) -> dict[str, Column]:
    """Give the lowest and the highest rank of a system under a reading: 0 where nothing is active."""
    by_grade: dict[str, list[Column]] = {}
    for grade, clause, _ in clauses_of(layout.definition, system):
        by_grade.setdefault(grade, []).append(layout.ops.col(clause_column(prefix, system, grade, clause)))
    lower = upper = _rank(layout, "E")
    for grade in sorted(by_grade, reverse=True):
        met = any_of(by_grade[grade])
        rank = _rank(layout, grade)
        lower = layout.ops.when(is_sure(met)).then(rank).otherwise(lower)
        upper = layout.ops.when(is_possible(met)).then(rank).otherwise(upper)
    return {"low": lower, "high": upper}


def _rank(layout: ScoringLayout, grade: str) -> Column:
    # Unsigned in Polars, which reads it as an enumeration without another copy.
    return layout.ops.lit(RANKS[grade], layout.ops.UInt8 if layout.ops is not nw else layout.ops.Int64)


def _activity_state(layout: ScoringLayout, prefix: str, system: str) -> Column:
    """Count the ends of a reading that are active, so that one running maximum serves both.

    What is active at the low end is active at the high end too.
    """
    kind = layout.level_type
    low, high = (layout.ops.col(f"{PREFIX}{prefix}_{system}_{end}") >= _ACTIVE for end in ("low", "high"))
    return low.cast(kind) + high.cast(kind)


def _points(layout: ScoringLayout, rank: Column) -> Column:
    kind = layout.ops.Int16 if layout.level_name == "Int8" else layout.ops.Int64
    points = dict(layout.definition.grade_points)
    part = layout.ops.lit(points["E"], kind)
    for grade in ("C", "B", "A"):
        part = layout.ops.when(rank >= RANKS[grade]).then(layout.ops.lit(points[grade], kind)).otherwise(part)
    return part


def _add_ever(working: TakesColumns, plan: GradingPlan) -> None:
    """Add, per system, reading and bound, whether it was active so far or before the study."""
    layout, systems = plan.layout, plan.layout.definition.systems
    states = {
        f"{PREFIX}{prefix}_{system}_state": _activity_state(layout, prefix, system)
        for system in systems
        for prefix in plan.prefixes(system)
    }
    working.add([state.alias(name) for name, state in states.items()])
    recorded = [f"{PREFIX}{system}_ever" for system in systems if f"{system}_ever" in layout.schema]
    working.add([running_max(layout, layout.ops.col(name), 2).alias(name) for name in (*states, *recorded)])
    working.add([flag for system in systems for flag in _ever_flags(plan, system)])


def _ever_flags(plan: GradingPlan, system: str) -> list[Column]:
    """Tell, per end, whether the system was active at or before this visit, or before the study."""
    flags, layout = [], plan.layout
    for prefix in plan.prefixes(system):
        for end, least in (("low", 2), ("high", 1)):
            ever = layout.ops.col(f"{PREFIX}{prefix}_{system}_state") >= least
            if f"{system}_ever" in layout.schema:
                before = layout.ops.col(f"{PREFIX}{system}_ever")
                ever = ever | ((before >= 2) if end == "low" else ~(before == 1))
            elif end == "high":
                # Nobody said that the system was never affected before the study: it may have been.
                ever = ever | ~ever
            flags.append(ever.alias(f"{PREFIX}{prefix}_{system}_{end}_ever"))
    return flags


def _add_final_ranks(working: TakesColumns, plan: GradingPlan, policy: str) -> None:
    """Add ranks with D and E told apart, and the rank that is reported."""
    layout, systems = plan.layout, plan.layout.definition.systems
    working.add(
        [
            _final_rank(layout, f"{PREFIX}{prefix}_{system}_{end}")
            for system in systems
            for prefix in plan.prefixes(system)
            for end in ("low", "high")
        ]
    )
    values = []
    for system in systems:
        stem = f"{PREFIX}{plan.prefixes(system)[-1]}_{system}"
        ends = Bounds(*(layout.ops.col(f"{stem}_{end}_rank") for end in ("low", "high")))
        chosen = {"absent": ends.lower, "worst": ends.upper}.get(policy)
        if chosen is None:
            chosen = layout.ops.when(ends.lower == ends.upper).then(ends.lower)
        values.append(chosen.alias(f"{PREFIX}{system}_rank"))
    working.add(values)


def _final_rank(layout: ScoringLayout, name: str) -> Column:
    rank, ever = layout.ops.col(name), layout.ops.col(f"{name}_ever")
    inactive = layout.ops.when(ever).then(_rank(layout, "D")).otherwise(_rank(layout, "E"))
    return layout.ops.when(rank >= _ACTIVE).then(rank).otherwise(inactive).alias(f"{name}_rank")


def _add_outputs(working: TakesColumns, plan: GradingPlan, policy: str) -> tuple[str, ...]:
    layout, definition, name = plan.layout, plan.layout.definition, plan.layout.definition.name
    columns: list[Column] = []
    outputs: list[str] = []
    for system in definition.systems:
        stem = f"{name}_{system}"
        ranks = {"": f"{system}_rank", "_lower": f"b_{system}_low_rank", "_upper": f"b_{system}_high_rank"}
        for end, rank in ranks.items():
            columns.append(spell_grade(layout, layout.ops.col(f"{PREFIX}{rank}")).alias(f"{stem}{end}"))
            outputs.append(f"{stem}{end}")
        columns.append(spell_rules(layout, system, plan.texts[system], policy).alias(f"{stem}_rule"))
        outputs.append(f"{stem}_rule")
    totals = {prefix: _add_totals(working, plan, prefix) for prefix in ("b", "p")}
    working.add(columns)
    bounds = totals["b"]
    working.add(
        [
            choose_value(layout, totals["p"], policy).alias(name),
            bounds.lower.alias(f"{name}_lower"),
            bounds.upper.alias(f"{name}_upper"),
            status_of(layout, bounds).alias(f"{name}_status"),
        ]
    )
    return (*outputs, name, f"{name}_lower", f"{name}_upper", f"{name}_status")


def _add_totals(working: TakesColumns, plan: GradingPlan, prefix: str) -> Bounds:
    """Add the sums of the points of all systems at both ends of a reading.

    No system has more points at its low end than at its high end: the sums are equal where all of them are.
    """
    layout = plan.layout
    own = {s: prefix if prefix in plan.prefixes(s) else "b" for s in layout.definition.systems}
    points = {
        end: [_points(layout, layout.ops.col(f"{PREFIX}{own[s]}_{s}_{end}")) for s in own]
        for end in ("low", "high")
    }
    same = [low == high for low, high in zip(points["low"], points["high"], strict=True)]
    columns = {"low": _add_up(points["low"]), "high": _add_up(points["high"]), "same": all_of(same)}
    working.add([column.alias(f"{PREFIX}{prefix}_total_{end}") for end, column in columns.items()])
    return Bounds(*(layout.ops.col(f"{PREFIX}{prefix}_total_{end}") for end in columns))


def _add_up(columns: Sequence[Column]) -> Column:
    """Add in pairs, so that small numbers are added to small ones."""
    if len(columns) == 1:
        return columns[0]
    half = len(columns) // 2
    return _add_up(columns[:half]) + _add_up(columns[half:])
