"""An instrument in words: what is counted and how, limits, window, range, version, source and certainty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from funis.catalogue.conditions import Condition, Term
from funis.catalogue.model_instrument import (
    Definition,
    EquationFactor,
    Feature,
    GradeRule,
    Item,
    Route,
)
from funis.catalogue.wording.basis import basis_words
from funis.catalogue.wording.curves import curve_words
from funis.catalogue.wording.plain_words import (
    compared_words,
    in_small,
    joined_words,
    name_words,
    number_words,
    numbered_words,
    range_words,
    unit_words,
    with_unit,
)

_LABORATORY: Final = {"LLN": "the laboratory's lower limit", "ULN": "the laboratory's upper limit"}
_YES_NO: Final = "0/1"
_KINDS: Final = {
    "sum": "the points of all items are added",
    "mean": "the mean of its parts counts",
    "maximum": "the highest item counts",
    "value": "a measured value",
    "grades": "each system is graded A to E",
}


@dataclass(frozen=True, slots=True)
class InstrumentWords:
    """An instrument in words.

    Attributes
    ----------
    short : one sentence: what it is, its edition, its range and window
    lines : the whole table: items with points and limits, rules, equations, cut-offs, choices
    source, certainty : citation, and how sure the text is
    is_proposal : whether the definition is a proposal of funis
    """

    short: str
    lines: tuple[str, ...]
    source: str
    certainty: str
    is_proposal: bool

    @property
    def basis(self) -> str:
        """Give source and certainty, one sentence each."""
        return basis_words("", self.source, self.certainty, is_proposal=self.is_proposal)

    def __str__(self) -> str:
        """Give everything as one paragraph."""
        return " ".join([self.short, *self.lines, self.basis])


def instrument_words(
    found: Definition, chosen: Mapping[str, Any] | None = None, *, unit: str = ""
) -> InstrumentWords:
    """Put an instrument into words, with the parameters that are in force.

    Parameters
    ----------
    found : the definition
    chosen : parameters that a study sets; others have their defaults
    unit : unit that a study prints a measured value in; empty for the definition's own

    Returns
    -------
    InstrumentWords : every limit and window of the definition, none of its keys

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> instrument_words(definition("ssdai")).short.split(":")[0]
    'SSDAI (2007)'
    """
    values = found.parameter_values(chosen)
    return InstrumentWords(
        short=_short(found, chosen, unit),
        lines=tuple(_lines(found, values)),
        source=found.source,
        certainty=found.certainty,
        is_proposal=found.is_proposal,
    )


def _short(found: Definition, chosen: Mapping[str, Any] | None, unit: str) -> str:
    what = in_small(found.summary.rstrip(".")) if found.summary else _KINDS[found.kind]
    whole = "its total " if found.kind == "grades" else ""
    span = f"{whole}from {range_words(found.range.lowest, found.range.highest, found.unit or 'points')}"
    parts = [f"{found.title} ({found.version}): {what}", span]
    parts += [f"printed in {unit_words(unit)}"] if unit and unit != found.unit else []
    parts += [found.window_words(chosen)] if found.window else []
    parts += ["a low value is the worse one"] if found.less_is_worse else []
    parts += ["a toxicity, reported by the worst grade of each subject"] if found.is_toxicity else []
    return f"{'; '.join(parts)}."


def _lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    if found.applies is not None:
        yield f"It applies where {condition_words(found, values, found.applies)}."
    yield from _item_lines(found, values)
    yield from rule_lines(found, values)
    for each in found.parameters:
        yield f"Choice: {each.label}: {_choice_words(values[each.name])}."
    if found.missing:
        yield f"Missing: {found.missing}."


def rule_lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    """Say how the items are joined: findings, grades, equation, summaries, cut-offs.

    Parameters
    ----------
    found : the definition
    values : the value of every parameter

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> egfr = definition("egfr_ckd_epi_2021")
    >>> next(rule_lines(egfr, egfr.parameter_values())).split(":")[0]
    'Taken from the first of these that was recorded'
    """
    if found.intercept:
        yield f"The sum begins with {number_words(Decimal(str(found.intercept)))}."
    yield from _feature_lines(found, values)
    yield from _rule_lines(found, values)
    yield from _equation_lines(found, values)
    for summary in found.summaries:
        yield f"Beside it, {summary.label}: the {summary.how} of its parts."
    for flag in found.flags:
        yield f"{_capital(flag.label)}: {condition_words(found, values, flag.when)}."
    if found.grade_points:
        points = [f"{grade} {with_unit(Decimal(value), 'points')}" for grade, value in found.grade_points]
        yield f"Total of the grades: {joined_words(points)}."


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _choice_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number_words(value) if isinstance(value, int | float) else name_words(str(value))


# --- conditions ----------------------------------------------------------------------------------


def condition_words(found: Definition, values: Mapping[str, Any], condition: Condition) -> str:
    """Say what a condition of an instrument asks.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> found = definition("sledai_2k")
    >>> condition_words(found, found.parameter_values(), found.item("thrombocytopenia").when[0][0])
    'platelets below 100 ×10⁹/L'
    """
    return " and ".join(_term_words(found, values, term) for term in condition.terms)


def _term_words(found: Definition, values: Mapping[str, Any], term: Term) -> str:
    name, unit = _quantity(found, term.name)
    if _is_yes_no(found, term.name) and term.form == "value" and term.operator == ">=":
        return f"{name} present"
    if isinstance(term.limit, str) and term.limit in _LABORATORY:
        sign = compared_words(term.operator, 0).removesuffix(" 0")
        times = "" if term.times == 1 else f"{number_words(term.times)} times "
        return f"{name} {sign} {times}{_LABORATORY[term.limit]}"
    limit = Decimal(str(values[term.limit])) if isinstance(term.limit, str) else term.limit
    match term.form:
        case "share":
            return f"{name} {compared_words(term.operator, limit, '%')} of the value at the visit before"
        case "rise":
            return f"rise in {name} since the visit before {compared_words(term.operator, limit, unit)}"
        case "previous":
            return f"{name} at the visit before {compared_words(term.operator, limit, unit)}"
    counts = unit and name[: len(unit)] == unit
    # What is counted is the unit: "at least 2 joints with pain", not "joints with pain at least 2 joints".
    return (
        f"{compared_words(term.operator, limit, unit)}{name[len(unit) :]}"
        if counts
        else f"{name} {compared_words(term.operator, limit, unit)}"
    )


def _is_yes_no(found: Definition, name: str) -> bool:
    """Tell whether what a condition reads is only there or not."""
    items = (item.values == (0, 1) for item in found.items if item.name == name)
    measures = (measure.unit == _YES_NO for measure in found.measures if measure.name == name)
    return any((*items, *measures))


def _quantity(found: Definition, name: str) -> tuple[str, str]:
    """Give label and unit of what a condition reads: an item, a measure, the score or a part of it."""
    rows = [(row.name, row.label, row.unit) for row in found.items]
    rows += [(row.name, row.label, row.unit) for row in found.measures]
    for key, label, unit in rows:
        if key == name:
            return label, unit
    for summary in found.summaries:
        if name == f"{found.name}_{summary.name}":
            return summary.label, found.unit
    return (found.label if name == found.name else name_words(name)), found.unit


# --- items ---------------------------------------------------------------------------------------


def _item_lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    """List the items that carry the same points together, and measured items by themselves."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in found.items:
        system = item.system if found.kind != "sum" or len(found.systems) > 1 else ""
        groups.setdefault((system, _points_words(found, item)), []).append(_item_words(found, values, item))
    for (system, points), items in groups.items():
        place = f"{_capital(name_words(system))}: " if system else ""
        yield _capital(f"{place}{points}: {'; '.join(items)}.")


def _points_words(found: Definition, item: Item) -> str:
    if item.is_measured:
        return curve_words(item)
    levels = joined_words([str(value) for value in item.values], "or")
    numbers = [float(value) for value in item.values if not isinstance(value, str)]
    if numbers[1:] and numbers[0] > numbers[-1]:
        return f"counted the other way round, {levels} as {_several_points(item)}"
    if item.is_text or found.kind == "grades":
        return f"recorded as {levels}"
    points = [Decimal(str(value)) for value in item.points]
    if len(points) == 2 and points[0] == item.values[0] == 0:
        return f"{with_unit(points[1], 'points')} where present"
    return _several_points(item)


def _several_points(item: Item) -> str:
    return f"{joined_words([number_words(Decimal(str(value))) for value in item.points], 'or')} points"


def _item_words(found: Definition, values: Mapping[str, Any], item: Item) -> str:
    text = item.label
    levels = item.level_labels
    shown = [
        joined_words([condition_words(found, values, condition) for condition in level], "or")
        for level in item.when
    ]
    if levels:
        text += f" ({'; '.join(levels)})"
    if any(shown):
        text += f", shown by {' / '.join(filter(None, shown))}"
    if item.is_measured and item.unit and item.unit not in item.label:
        text += f", {unit_words(item.unit)}"
    if item.excludes:
        text += f", not from {joined_words(item.excludes, 'or')}"
    return text


# --- graded instruments --------------------------------------------------------------------------


def _in_force(choice: Sequence[tuple[str, Any]], values: Mapping[str, Any]) -> bool:
    return all(values[name] == value for name, value in choice)


def _feature_lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    """Say what shows each finding that the rules count: rows of one name are alternatives."""
    rows: dict[str, list[Feature]] = {}
    for feature in found.features:
        if _in_force(feature.choice, values):
            rows.setdefault(feature.name, []).append(feature)
    for alternatives in rows.values():
        said = [_feature_words(found, values, feature) for feature in alternatives]
        yield f"{_capital(alternatives[0].label)}: {numbered_words(said, 'or')}."


def _feature_words(found: Definition, values: Mapping[str, Any], feature: Feature) -> str:
    text = condition_words(found, values, feature.when)
    if feature.only_without:
        others = [_quantity(found, name)[0] for name in feature.only_without]
        text += f", where none of {joined_words(others, 'or')} was measured"
    if feature.has_window:
        months, days = with_unit(feature.within_months, "months"), feature.days_of_window(values)
        text += f", at the visit or in the {months} before ({with_unit(days, 'days')} by day numbers)"
    return text


def _rule_lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    """Say what gives each grade of each system."""
    clauses: dict[tuple[str, str], dict[int, list[GradeRule]]] = {}
    for rule in found.rules:
        clauses.setdefault((rule.system, rule.grade), {}).setdefault(rule.clause, []).append(rule)
    for (system, grade), rows in clauses.items():
        said = [
            f"{one[0].label} ({' and '.join(_rule_words(found, values, rule) for rule in one)})"
            for one in rows.values()
        ]
        yield f"{_capital(name_words(system))}, grade {grade}: {numbered_words(said, 'or')}."


def _rule_words(found: Definition, values: Mapping[str, Any], rule: GradeRule) -> str:
    if rule.when is not None:
        return condition_words(found, values, rule.when)
    features = {feature.name: feature.label for feature in found.features}
    names = [features.get(name) or _quantity(found, name)[0] for name in rule.of_items]
    level = {"yes": "present", "present": "present"}.get(rule.with_level, rule.with_level)
    if len(names) == 1:
        return f"{names[0]} {level}"
    return f"at least {rule.at_least} of these {level}: {'; '.join(names)}"


# --- equations -----------------------------------------------------------------------------------


def _equation_lines(found: Definition, values: Mapping[str, Any]) -> Iterator[str]:
    """Say how a measured score is obtained: its routes, the constant and the factors in force."""
    routes = [_route_words(found, route) for route in found.routes]
    if routes:
        yield f"Taken from the first of these that was recorded: {'; '.join(routes)}."
    factors = [_factor_words(factor) for factor in found.factors if _in_force(factor.choice, values)]
    if factors:
        yield f"Equation: {number_words(found.constant)} times {'; times '.join(factors)}."


def _route_words(found: Definition, route: Route) -> str:
    text = _quantity(found, route.item)[0]
    if route.factor != 1:
        text += f" times {number_words(route.factor)}"
    if route.per:
        text += f" divided by {_quantity(found, route.per)[0]}"
    if route.per_minutes != 1:
        text += f" divided by {number_words(route.per_minutes)}"
    if route.only_above is not None:
        text += f", only above {number_words(route.only_above)}"
    return text


def _factor_words(factor: EquationFactor) -> str:
    """Say what one factor multiplies by; who it is for stands in brackets."""
    whom = joined_words(
        [
            name_words(str(value)) if isinstance(value, str) else name_words(name)
            for name, value in factor.when_item
        ]
    )
    text = _factor_value(factor)
    return f"{text} ({whom})" if whom else text


def _factor_value(factor: EquationFactor) -> str:
    name = name_words(factor.item) or "the quantity"
    if factor.times is not None:
        return number_words(factor.times)
    if factor.base is not None:
        return f"{number_words(factor.base)} to the power of {name}"
    text = f"{name} divided by {number_words(factor.over)}" if factor.over != 1 else name
    if factor.at_most is not None:
        text = f"the smaller of {number_words(factor.at_most)} and {text}"
    if factor.at_least is not None:
        text = f"the larger of {number_words(factor.at_least)} and {text}"
    return f"({text}) to the power {number_words(factor.power or 0)}"
