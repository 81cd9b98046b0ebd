"""What every definition must satisfy before it is used; each check names the row and what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from statistics import fmean
from typing import Final

from funis.catalogue.check_curves import check_curves
from funis.catalogue.check_equations import check_equation, check_outputs
from funis.catalogue.check_wording import check_completeness
from funis.catalogue.conditions import Condition
from funis.catalogue.definition_file import DefinitionFinding
from funis.catalogue.model_instrument import GRADES, LEVELS, Definition, GradeRule
from funis.nine_decimals import round_exactly

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# A condition on the laboratory's own limits needs no limit in the definition.
_LIMIT_SUFFIXES = ("_low", "_high")
_JOINS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {"sum": sum, "maximum": max, "mean": fmean}


def check_instrument(definition: Definition) -> Iterator[DefinitionFinding]:
    """Find everything wrong in a definition that was read.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    yield from _check_rows(definition)
    yield from _check_values(definition)
    yield from _check_names(definition)
    yield from _check_choices(definition)
    yield from _check_rules(definition)
    yield from _check_range(definition)
    yield from check_outputs(definition)
    yield from check_equation(definition)
    yield from check_curves(definition)
    yield from check_completeness(definition)


def _check_rows(definition: Definition) -> Iterator[DefinitionFinding]:
    rows = [item.row for item in definition.items]
    names = [item.name for item in definition.items]
    for before, item in pairwise(definition.items):
        if item.row <= before.row:
            yield DefinitionFinding(
                "items", item.row, item.name, "row", item.row, "rows are not in printed order", "Sort them."
            )
    if len(set(rows)) == len(rows) and rows and rows[0] != 1 and not _is_part(definition):
        yield DefinitionFinding(
            "items", rows[0], names[0], "row", rows[0], "rows do not begin at 1", "Number them."
        )
    for item in definition.items:
        if names.count(item.name) > 1:
            yield DefinitionFinding(
                "items", item.row, item.name, "item", item.name, "two rows have this name", "Rename one."
            )
        if not _NAME.fullmatch(item.name):
            yield DefinitionFinding(
                "items",
                item.row,
                item.name,
                "item",
                item.name,
                "not a snake-case name",
                "Use a-z, 0-9 and _.",
            )
        if item.system not in definition.systems and (item.system or definition.systems):
            known = ", ".join(definition.systems)
            yield DefinitionFinding(
                "items", item.row, item.name, "system", item.system, "no such system", f"Known: {known}."
            )


def _is_part(definition: Definition) -> bool:
    """Whether rows were taken from another definition, whose numbers they keep."""
    return any(item.row > len(definition.items) for item in definition.items)


def _check_values(definition: Definition) -> Iterator[DefinitionFinding]:
    for item in definition.items:
        place = ("items", item.row, item.name)
        if item.is_measured:
            bounds = item.minimum is not None and item.maximum is not None
            if not bounds or not item.unit or item.minimum >= item.maximum:  # type: ignore[operator]
                yield DefinitionFinding(
                    *place, "unit", item.unit, "a measured row needs unit and limits", "Add them."
                )
            continue
        if len(item.values) != len(item.points):
            yield DefinitionFinding(
                *place, "points", item.points, "values and points differ in number", "Give one each."
            )
        if list(item.points) != sorted(item.points):
            yield DefinitionFinding(
                *place, "points", item.points, "points fall while values rise", "Write lowest first."
            )
        if item.when and len(item.when) != len(item.values) - 1:
            yield DefinitionFinding(
                *place,
                "when",
                len(item.when),
                "needs one condition per level above the lowest",
                "Add or remove.",
            )


def _check_names(definition: Definition) -> Iterator[DefinitionFinding]:
    measured = {item.name for item in definition.items if item.is_measured or not item.is_text}
    measures = {measure.name for measure in definition.measures}
    parameters = {parameter.name for parameter in definition.parameters}
    for item in definition.items:
        for level in item.when:
            for condition in level:
                yield from _check_condition(condition, measures, parameters, ("items", item.row, item.name))
    for number, feature in enumerate(definition.features, 1):
        place = ("features", number, feature.name)
        yield from _check_condition(feature.when, measured, parameters, place)
    for number, rule in enumerate(definition.rules, 1):
        if rule.when:
            yield from _check_condition(rule.when, measured, parameters, ("rules", number, rule.system))
    yield from _check_routes(definition, measured)


def _check_routes(definition: Definition, measured: set[str]) -> Iterator[DefinitionFinding]:
    for number, route in enumerate(definition.routes, 1):
        for key, name in (("item", route.item), ("per", route.per)):
            if (name or key == "item") and name not in measured:
                yield _unknown("routes", number, name, key, name, measured)
    for item in definition.items:
        for name in item.alternatives:
            if name not in {one.name for one in definition.items}:
                yield _unknown("alternatives", None, name, "alternatives", name, measured)


def _check_condition(
    condition: Condition, known: set[str], parameters: set[str], place: tuple[str, int, str]
) -> Iterator[DefinitionFinding]:
    for term in condition.terms:
        if term.name not in known:
            yield _unknown(*place, "when", term.name, known)
        if term.parameter and term.parameter not in parameters:
            yield _unknown(*place, "when", term.parameter, parameters)


def _unknown(
    table: str, row: int | None, name: str, column: str, value: str, known: set[str]
) -> DefinitionFinding:
    near = get_close_matches(value, sorted(known), n=1, cutoff=0.5)
    fix = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(known))}."
    return DefinitionFinding(table, row, name, column, value, f"{value!r} is not defined", fix)


def _check_choices(definition: Definition) -> Iterator[DefinitionFinding]:
    by_name = {parameter.name: parameter for parameter in definition.parameters}
    for parameter in definition.parameters:
        inside = (
            parameter.default in parameter.allowed if parameter.allowed else parameter.minimum is not None
        )
        if not inside:
            yield DefinitionFinding(
                "parameters",
                None,
                parameter.name,
                "default",
                parameter.default,
                "not allowed",
                "Give allowed.",
            )
    for number, feature in enumerate(definition.features, 1):
        for name, value in feature.choice:
            if name not in by_name or value not in by_name[name].allowed:
                yield DefinitionFinding(
                    "features",
                    number,
                    feature.name,
                    "if",
                    f"{name} = {value}",
                    "no such choice",
                    "Name a parameter.",
                )
        for key in ("first_visit", "previous_missing"):
            answer = getattr(feature, key)
            if isinstance(answer, str) and answer not in by_name:
                yield _unknown("features", number, feature.name, key, answer, set(by_name))


def _check_rules(definition: Definition) -> Iterator[DefinitionFinding]:
    features = {feature.name for feature in definition.features}
    known = features | {item.name for item in definition.items}
    for number, rule in enumerate(definition.rules, 1):
        place = ("rules", number, rule.system)
        if rule.system not in definition.systems:
            yield DefinitionFinding(*place, "system", rule.system, "no such system", "Name one of systems.")
        if rule.grade not in GRADES[:3]:
            yield DefinitionFinding(
                *place, "grade", rule.grade, "rules give A, B or C", "D and E follow from history."
            )
        if (rule.when is None) == (not rule.of_items):
            yield DefinitionFinding(*place, "of_items", "", "needs of_items or when", "Write one of the two.")
        if rule.with_level not in LEVELS:
            yield DefinitionFinding(
                *place, "with_level", rule.with_level, "no such level", f"Known: {sorted(LEVELS)}."
            )
        if rule.of_items and not 1 <= rule.at_least <= len(rule.of_items):
            yield DefinitionFinding(
                *place, "at_least", rule.at_least, "cannot be reached", "Count the items."
            )
        for name in rule.of_items:
            if name not in known:
                yield _unknown(*place, "of_items", name, known)
        yield from _check_level(definition, rule, features, place)
    for system in definition.systems if definition.rules else ():
        lacking = [g for g in "AB" if not any(r.system == system and r.grade == g for r in definition.rules)]
        for grade in lacking:
            yield DefinitionFinding(
                "rules", None, system, "grade", grade, "the system lacks this grade", "Add its rows."
            )


def _check_level(
    definition: Definition, rule: GradeRule, features: set[str], place: tuple[str, int, str]
) -> Iterator[DefinitionFinding]:
    """Check that a level can be recorded, and that *improving* may be read as *present*.

    An item at 2 or more is not improving. Counting it as such changes nothing exactly when being active
    already gives a higher grade; then every rule is monotone and bounds are exact.
    """
    if (rule.with_level == "yes") != set(rule.of_items).issubset(features) and rule.of_items:
        yes_no = {item.name for item in definition.items if item.values == (0, 1)}
        if rule.with_level != "yes" or not set(rule.of_items) <= yes_no | features:
            yield DefinitionFinding(
                *place,
                "with_level",
                rule.with_level,
                "items and level do not fit",
                "Use yes for yes/no rows.",
            )
    if rule.with_level != "improving":
        return
    higher = {
        name
        for other in definition.rules
        if other.system == rule.system and other.grade < rule.grade and other.at_least == 1
        if other.with_level in ("active", "improving") and _is_alone(definition, other)
        for name in other.of_items
    }
    for name in sorted(set(rule.of_items) - higher):
        yield DefinitionFinding(
            *place, "with_level", name, "active does not give a higher grade than improving", "Add that row."
        )


def _is_alone(definition: Definition, rule: GradeRule) -> bool:
    same = [
        r for r in definition.rules if (r.system, r.grade, r.clause) == (rule.system, rule.grade, rule.clause)
    ]
    return len(same) == 1


def _check_range(definition: Definition) -> Iterator[DefinitionFinding]:
    if any(item.is_measured and None in (item.minimum, item.maximum) for item in definition.items):
        return  # The row is named already; without its limits nothing can be added up.
    reached = reachable_range(definition)
    if reached is not None and not all(map(math.isfinite, reached)):
        return  # The curve is named.
    declared = (definition.range.lowest, definition.range.highest)
    if reached is not None and tuple(map(round_exactly, reached)) != declared:
        yield DefinitionFinding(
            "range", None, "", "range", f"{declared[0]:g} to {declared[1]:g}",
            f"the items reach {reached[0]:g} to {reached[1]:g}", "Correct the points or the range.",
        )  # fmt: skip


def reachable_range(definition: Definition) -> tuple[float, float] | None:
    """Give the lowest and highest total the rows can reach, or None for a measured quantity.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> reachable_range(definition("sledai_2k"))
    (0.0, 105.0)
    """
    if definition.kind == "value":
        return None
    if definition.kind == "grades":
        points = [value for _, value in definition.grade_points] or [0]
        return float(min(points)) * len(definition.systems), float(max(points)) * len(definition.systems)
    ends = []
    for end in (0, 1):
        parts = {item.name: item.points_span[end] for item in definition.items}
        ends.append(definition.intercept + _combine(definition, parts))
    return ends[0], ends[1]


def _combine(definition: Definition, parts: dict[str, float]) -> float:
    join = _JOINS.get(definition.within, sum)
    joined: list[float] = [
        join([parts[item.name] for item in definition.items if item.system == system])
        for system in definition.systems
    ] or list(parts.values())
    if definition.kind == "maximum":
        return max(joined)
    return sum(joined) / len(joined) if definition.kind == "mean" else sum(joined)
