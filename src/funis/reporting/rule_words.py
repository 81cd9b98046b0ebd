"""A rule of the study file in words, made from the tree that is evaluated."""

from __future__ import annotations

import re
from typing import Final

from funis.catalogue.registry import criteria_set
from funis.catalogue.wording.plain_words import joined_words
from funis.reporting.labels import Labels, format_unit, in_sentence, listed
from funis.reporting.outcome_words import compared_outcome, outcome_phrase
from funis.results import format_shortest
from funis.study.classified import classification_schema
from funis.study.outcomes import outcomes_of
from funis.study.rule_nodes import (
    Absolute,
    Between,
    Calculation,
    Choice,
    Comparator,
    Compare,
    FirstKnown,
    Identity,
    InList,
    Junction,
    NamedColumn,
    Negation,
    Node,
    Scalar,
    Value,
)
from funis.study.rule_tree import parse_rule

_SIGNS: Final[dict[Comparator, str]] = {
    "=": "is",
    "<>": "is not",
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
}
_TURNED: Final[dict[Comparator, Comparator]] = {
    "=": "=",
    "<>": "<>",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}
_STEPS: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_MARKER: Final = re.compile(r"cd\d+[a-z]?")


def rule_words(labels: Labels, rule: str) -> str:
    """Put a rule into words.

    Parameters
    ----------
    labels : the printed words of the study
    rule : a rule of the study file; it was checked when the file was read

    Returns
    -------
    str : the whole rule, with units, without names of columns

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> labels = Labels(Study.model_validate({"study": trial}))
    >>> rule_words(labels, "age >= 16 AND baseline_sledai_2k > 6")
    'age at least 16 years and SLEDAI-2K at baseline above 6'
    """
    return _words(labels, parse_rule(rule))


def _words(labels: Labels, node: Node) -> str:
    match node:
        case NamedColumn(name):
            said = _column(labels, name)[0]
        case Value(value):
            said = _value(value)
        case Junction(every, parts):
            said = (" and " if every else " or ").join(_bracketed(labels, part) for part in parts)
        case Compare():
            said = _compared(labels, node)
        case Negation() | Identity():
            said = _known(labels, node)
        case InList(part, values):
            found = [_value(each.value) for each in values]
            said = f"{_words(labels, part)} is {joined_words(found, 'or')}"
        case Between(part, low, high):
            limits = f"from {_words(labels, low)} to {_words(labels, high)}{_unit(labels, part)}"
            said = f"{_words(labels, part)} {limits}"
        case Calculation() | Absolute() | FirstKnown() | Choice():
            said = _calculated(labels, node)
    return said


def _known(labels: Labels, node: Negation | Identity) -> str:
    match node:
        case Negation(Identity(NamedColumn("subject"), None)):
            return "every subject of the data"
        case Negation(Identity(part, None)):
            return f"{_words(labels, part)} is known"
        case Negation(part):
            return f"not ({_words(labels, part)})"
        case Identity(part, value):
            return f"{_words(labels, part)} is {_value(value)}"


def _calculated(labels: Labels, node: Calculation | Absolute | FirstKnown | Choice) -> str:
    match node:
        case Calculation(first, steps):
            rest = [f"{_STEPS[operator]} {_bracketed(labels, operand)}" for operator, operand in steps]
            return " ".join([_bracketed(labels, first), *rest])
        case Absolute(part):
            return f"the size of {_bracketed(labels, part)}"
        case FirstKnown(parts):
            return f"the first known of {listed([_bracketed(labels, part) for part in parts])}"
        case Choice(branches, otherwise):
            said = [f"{_words(labels, value)} where {_words(labels, when)}" for when, value in branches]
            return f"({'; '.join(said)}; else {_words(labels, otherwise)})"


def _bracketed(labels: Labels, node: Node) -> str:
    words = _words(labels, node)
    return f"({words})" if isinstance(node, Junction | Calculation) else words


def _compared(labels: Labels, node: Compare) -> str:
    """Word a comparison with what is measured first, and the unit after the limit."""
    outcome = compared_outcome(labels, node)
    if outcome:
        return outcome
    left, right, sign = node.left, node.right, node.comparator
    if isinstance(left, Value) and not isinstance(right, Value):
        left, right, sign = right, left, _TURNED[sign]
    unit = _unit(labels, left) if isinstance(right, Value) and _is_number(right) else ""
    return f"{_bracketed(labels, left)} {_SIGNS[sign]} {_bracketed(labels, right)}{unit}"


def _is_number(node: Value) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _unit(labels: Labels, node: Node) -> str:
    unit = _column(labels, node.name)[1] if isinstance(node, NamedColumn) else ""
    return f" {unit}" if unit else ""


def _column(labels: Labels, name: str) -> tuple[str, str]:
    """Give the words and the unit of a column."""
    if name in outcomes_of(labels.study):
        return outcome_phrase(labels, outcomes_of(labels.study)[name]), ""
    if name in classification_schema():
        title = criteria_set(name.removeprefix("baseline_")).title
        return f"classification by {title.replace(' classification criteria', '')}", ""
    if name.startswith("baseline_"):
        measure = name.removeprefix("baseline_")
        return f"{in_sentence(labels.variable(measure))} at baseline", format_unit(labels.unit(measure))
    if name.endswith("_percent"):
        stem = name.removesuffix("_percent").replace("_", " ")
        return (stem.upper() if _MARKER.fullmatch(stem) else stem), "%"
    if name.startswith("days_"):
        return f"days from {name.removeprefix('days_').replace('_', ' ')}", ""
    return in_sentence(labels.variable(name)), format_unit(labels.unit(name))


def _value(value: Scalar) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_shortest(value).replace("-", "−")
    return str(value).replace("_", " ")
