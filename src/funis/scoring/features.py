"""Three-valued findings at one visit: items at a level, values against limits, comparisons with before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

import narwhals as nw

from funis.catalogue.conditions import Condition, Term, find_limit
from funis.catalogue.model_instrument import Feature
from funis.frames.under_way import PREFIX, Column
from funis.nine_decimals import Operator, compare_exactly
from funis.scoring.history import held_within
from funis.scoring.items import ItemCell, ScoringLayout, previous_value
from funis.scoring.totals import is_any_recorded
from funis.scoring.truth_columns import all_of, any_of, is_sure


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of reading the cells.

    Attributes
    ----------
    prefix : short name that keeps its columns apart from those of the other reading
    layout, cells : what is scored
    kind : ``bounds``: every empty cell may hold anything, *not done* may hold anything more active;
        ``stated``: the same, but what was stated as *not done*, or is not collected because an alternative
        is, is not present; ``filled``: besides, an alternative that was measured settles the empty ones,
        and missing previous values are what the parameters say
    previous_prefix : prefix of the columns that hold values of the previous visit
    """

    prefix: str
    layout: ScoringLayout
    cells: Mapping[str, ItemCell]
    kind: Literal["bounds", "stated", "filled"]

    previous_prefix: str = f"{PREFIX}previous_"

    @property
    def is_filled(self) -> bool:
        """Whether an answer is assumed for what is empty."""
        return self.kind == "filled"

    @property
    def counts_not_done(self) -> bool:
        """Whether *not done* is not present, as the paper says of it."""
        return self.kind != "bounds" and self.layout.definition.not_done == "absent"


def recorded_columns(reading: Reading) -> list[Column]:
    """Give, per group of alternatives, whether one was recorded, as columns that many conditions read."""
    groups = dict.fromkeys(item.alternatives for item in reading.layout.definition.items if item.alternatives)
    groups |= dict.fromkeys(f.only_without for f in reading.layout.definition.features if f.only_without)
    return [is_any_recorded(reading.cells, names).alias(_recorded(reading, names)) for names in groups]


def _recorded(reading: Reading, names: tuple[str, ...]) -> str:
    return f"{reading.previous_prefix}recorded_{len(names)}_{names[0]}"


def _history_names(reading: Reading) -> list[str]:
    features = reading.layout.definition.features
    names = [term.name for f in features for term in f.when.terms if term.looks_back]
    return list(dict.fromkeys(names))


def previous_columns(reading: Reading) -> list[Column]:
    """Give the previous visit's values, and whether something was measured then, as columns of our own."""
    layout, cells = reading.layout, reading.cells
    if not layout.has_history:
        return []
    columns = []
    for name in _history_names(reading):
        cell = cells[name]
        columns.append(previous_value(layout, cell.value).alias(f"{reading.previous_prefix}{name}"))
    for name in _not_measured_names(reading):
        settled = cells[name].not_done
        if settled is None:
            continue
        before = previous_value(layout, settled.cast(layout.level_type))
        columns.append(is_sure(before == 1).alias(f"{reading.previous_prefix}{name}_settled"))
    return columns


def _not_measured_names(reading: Reading) -> list[str]:
    """Quantities of which a rule says ``or was not measured``."""
    terms = [term for f in reading.layout.definition.features for term in f.when.terms]
    return list(dict.fromkeys(term.name for term in terms if term.form == "previous"))


def item_condition(reading: Reading, name: str, least: int) -> Column:
    """Tell whether an item is recorded at a level or above; null where it is unknown."""
    return _settle(reading, name, reading.cells[name].value >= least)


def can_be_joined(reading: Reading, names: Sequence[str]) -> bool:
    """Tell whether several items can be tested at once, by joining their levels bit by bit.

    A joined level is 1 or more, or 2 or more, exactly when one of the levels is: 2 and 4 have bits of their
    own and 3 has that of 2. That holds for the levels 0 to 4 and for the limits 1 and 2, which are all that
    rules use.
    """
    items = {item.name: item for item in reading.layout.definition.items}
    return (
        reading.layout.ops is not nw
        and bool(names)
        and all(
            name in items
            and items[name].values in ((0, 1), (0, 1, 2, 3, 4))
            and not items[name].alternatives
            and reading.cells[name].not_done is None
            for name in names
        )
    )


def joined_columns(reading: Reading, sets: Sequence[tuple[str, ...]]) -> list[Column]:
    """Give, per set of items, their joined level and whether one of them is unknown (null, else false)."""
    columns = []
    for names in dict.fromkeys(sets):
        if not can_be_joined(reading, names):
            continue
        ops, values = reading.layout.ops, [reading.cells[name].value for name in names]
        unknown = any_of([value.is_null() for value in values])
        columns.append(reduce(or_, [value.fill_null(0) for value in values]).alias(_joined(reading, names)))
        columns.append(
            ops.when(~unknown).then(ops.lit(value=False)).alias(f"{_joined(reading, names)}_unknown")
        )
    return columns


def joined_condition(reading: Reading, names: tuple[str, ...], least: int) -> Column:
    """Tell whether one of several items is at a level or above; null where that is unknown."""
    joined = _joined(reading, names)
    return (reading.layout.ops.col(joined) >= least) | reading.layout.ops.col(f"{joined}_unknown")


def _joined(reading: Reading, names: tuple[str, ...]) -> str:
    return f"{PREFIX}{reading.prefix}_joined_{names[0]}_{len(names)}"


def _settle(reading: Reading, name: str, met: Column) -> Column:
    """Read an empty cell as not met where it is known to be so, and an ignored finding as not met."""
    cell, item = reading.cells[name], reading.layout.definition.item(name)
    no = reading.layout.ops.lit(value=False)
    if cell.is_uncollected and reading.kind != "bounds":
        return no
    reasons = []
    if item.alternatives and reading.is_filled:
        reasons.append(reading.layout.ops.col(_recorded(reading, item.alternatives)))
    if reading.counts_not_done:
        reasons += _not_done_flags(reading, name)
    if reasons:
        met = reading.layout.ops.when(cell.value.is_null() & any_of(reasons)).then(no).otherwise(met)
    if cell.ignored is not None:
        met = reading.layout.ops.when(cell.ignored).then(no).otherwise(met)
    return met


def _not_done_flags(reading: Reading, name: str) -> list[Column]:
    """Give the statements that an item was not done.

    For measures of one thing, *not done* beside one of them says it of all that are empty. The bounds leave
    those open: nobody said it of them.
    """
    names = reading.layout.definition.item(name).alternatives if reading.counts_not_done else ()
    return [flag for other in names or (name,) if (flag := reading.cells[other].not_done) is not None]


def rule_condition(reading: Reading, condition: Condition) -> Column:
    """Tell whether a condition on values of this visit holds."""
    return all_of([_value_term(reading, term) for term in condition.terms])


def _value_term(reading: Reading, term: Term) -> Column:
    value = reading.cells[term.name].value
    limit = find_limit(term, reading.layout.parameters)
    if reading.layout.definition.item(term.name).is_measured:
        met = compare_exactly(value, term.operator, limit)
    else:
        met = value >= int(limit) if term.operator == ">=" else compare_exactly(value, term.operator, limit)
    return _settle(reading, term.name, met)


def feature_columns(reading: Reading, features: Sequence[Feature]) -> list[Column]:
    """Give one three-valued column per feature name; its rows in force are alternatives."""
    rows: dict[str, list[Column]] = {feature.name: [] for feature in features}
    for feature in features:
        if all(reading.layout.parameters[name] == value for name, value in feature.choice):
            rows[feature.name].append(_feature_row(reading, feature))
    columns = []
    for name, met in rows.items():
        # A finding whose rows are all switched off by parameters is never met.
        found = any_of(met) if met else reading.layout.ops.lit(value=False)
        columns.append(found.alias(f"{PREFIX}{reading.prefix}_{name}"))
    columns += _named_items(reading, features)
    return columns


def _named_items(reading: Reading, features: Sequence[Feature]) -> list[Column]:
    """Yes/no items that stand among features in a clause, under names of their own."""
    systems = {feature.system for feature in features}
    own = {feature.name for feature in reading.layout.definition.features}
    names = [
        name
        for rule in reading.layout.definition.rules
        if rule.system in systems and own & set(rule.of_items)
        for name in rule.of_items
        if name not in own
    ]
    return [
        item_condition(reading, name, 1).alias(f"{PREFIX}{reading.prefix}_{name}_yes")
        for name in dict.fromkeys(names)
    ]


def _feature_row(reading: Reading, feature: Feature) -> Column:
    met = _feature_now(reading, feature)
    if feature.has_window and reading.layout.has_history:
        return held_within(reading.layout, met, feature)
    return met


def _feature_now(reading: Reading, feature: Feature) -> Column:
    """Tell whether a row of a feature is met by this visit and the one before it."""
    terms = [_feature_term(reading, feature, term) for term in feature.when.terms]
    met = all_of(terms)
    if feature.only_without:
        met = met & ~_is_measured(reading, feature.only_without)
    return met


def _is_measured(reading: Reading, names: tuple[str, ...]) -> Column:
    """Tell whether one of several measures was taken at this visit; null where it is open."""
    recorded = reading.layout.ops.col(_recorded(reading, names))
    if reading.is_filled:
        return recorded
    no, unknown = reading.layout.ops.lit(value=False), _unknown(reading)
    not_taken = []
    for name in names:
        if reading.cells[name].is_uncollected and reading.kind != "bounds":
            continue
        flags = _not_done_flags(reading, name)
        not_taken.append(any_of(flags) if flags else no)
    if not not_taken:
        return no
    known = recorded | all_of(not_taken)
    return reading.layout.ops.when(known).then(recorded).otherwise(unknown)


def _answer(reading: Reading, answer: bool | str) -> bool:  # noqa: FBT001  (a field of the definition)
    return bool(reading.layout.parameters[answer]) if isinstance(answer, str) else answer


def _feature_term(reading: Reading, feature: Feature, term: Term) -> Column:
    if not term.looks_back:
        return _value_term(reading, term)
    first_visit = reading.layout.ops.lit(value=_answer(reading, feature.first_visit))
    if not reading.layout.has_history:
        return first_visit
    before = reading.layout.ops.col(f"{reading.previous_prefix}{term.name}")
    missing = _answer(reading, feature.previous_missing)
    if reading.is_filled:
        met = _compared_or(reading, term, before, missing=missing)
    elif term.form == "previous":
        met = _was_measured(reading, term, before, missing=missing)
    else:
        met = _settle(reading, term.name, _possibly_compared(reading, term, before, missing=missing))
    return reading.layout.ops.when(reading.layout.ops.col(f"{PREFIX}first")).then(first_visit).otherwise(met)


def _compared_or(reading: Reading, term: Term, before: Column, *, missing: bool) -> Column:
    """Compare with the visit before, an answer being assumed where that has no value."""
    ops = reading.layout.ops
    met = ops.when(before.is_null()).then(ops.lit(value=missing)).otherwise(_compared(reading, term, before))
    if term.form == "previous":
        return met
    # Without a value of this visit nothing is compared; alternatives and "not done" settle it as absent.
    value = reading.cells[term.name].value
    return _settle(reading, term.name, ops.when(value.is_null()).then(_unknown(reading)).otherwise(met))


def _was_measured(reading: Reading, term: Term, before: Column, *, missing: bool) -> Column:
    """Compare the value of the visit before; "or was not measured" is settled where somebody said so."""
    found = _compared(reading, term, before)
    if reading.cells[term.name].not_done is None:
        return found
    settled = reading.layout.ops.col(f"{reading.previous_prefix}{term.name}_settled")
    answer = reading.layout.ops.lit(value=missing)
    return reading.layout.ops.when(before.is_null() & settled).then(answer).otherwise(found)


def _possibly_compared(reading: Reading, term: Term, before: Column, *, missing: bool) -> Column:
    """Compare with the visit before, where either value may be empty: met, not met, or null where it is open.

    An empty value is anything between the limits of the item, or was not measured, which the definition
    answers.
    """
    ops, found, unknown = reading.layout.ops, _compared(reading, term, before), _unknown(reading)
    value, ends = reading.cells[term.name].value, _ends_of(reading, term)
    if ends is None:
        return found
    likeliest, unlikeliest = ends
    operator, reversed_ = term.operator, _REVERSED[term.operator]
    if missing:
        # Empty before: sure only where no value before would undo it.
        without = compare_exactly(value, operator, _threshold(reading, term, likeliest)) | unknown
    else:
        without = compare_exactly(value, operator, _threshold(reading, term, unlikeliest)) & unknown
    empty = unknown
    if not compare_exactly(likeliest, operator, _threshold(reading, term, likeliest)):
        empty = compare_exactly(_shifted(reading, term, before), reversed_, likeliest) & unknown
    given = ops.when(value.is_null()).then(empty).otherwise(found)
    return ops.when(before.is_null()).then(without).otherwise(given)


_REVERSED: Final[Mapping[Operator, Operator]] = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


def _ends_of(reading: Reading, term: Term) -> tuple[float, float] | None:
    """Give the value that meets a comparison most easily, and the one that does least easily."""
    item = reading.layout.definition.item(term.name)
    low, high = item.span
    if low is None or high is None:
        return None
    ends = (float(low), float(high))
    return ends if term.operator in ("<", "<=") else (ends[1], ends[0])


def _threshold(reading: Reading, term: Term, before: float) -> float:
    """Give what this visit's value is compared with after a known value."""
    limit = find_limit(term, reading.layout.parameters)
    return before + limit if term.form == "rise" else before * (limit / 100)


def _shifted(reading: Reading, term: Term, before: Column) -> Column:
    """Give the same for a column of values before."""
    limit = find_limit(term, reading.layout.parameters)
    if term.form == "rise":
        return before.cast(reading.layout.ops.Float64) + limit
    return before * (limit / 100)


def _unknown(reading: Reading) -> Column:
    return reading.layout.ops.lit(None, reading.layout.ops.Boolean)


def _compared(reading: Reading, term: Term, before: Column) -> Column:
    value = reading.cells[term.name].value
    limit = find_limit(term, reading.layout.parameters)
    found: Any
    if term.form == "previous":
        found = compare_exactly(before, term.operator, limit)
    elif term.form == "rise":
        found = compare_exactly(value.cast(reading.layout.ops.Float64) - before, term.operator, limit)
    else:
        found = compare_exactly(value, term.operator, before * (limit / 100))
    return found
