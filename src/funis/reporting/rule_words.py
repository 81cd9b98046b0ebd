"""A rule of the study file in words, made from the tree that is evaluated."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from funis.catalogue.registry import criteria_set
from funis.catalogue.wording.plain_words import joined_words
from funis.reporting.labels import Labels, behind_number, format_unit, in_sentence, listed
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
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
_OF_DATES: Final[dict[Comparator, str]] = {
    "=": "is",
    "<>": "is not",
    "<": "is before",
    "<=": "is not after",
    ">": "is after",
    ">=": "is not before",
}
#: How a number of days or of things is compared.
_OF_COUNTS: Final[dict[Comparator, str]] = {
    "=": "exactly",
    "<>": "not",
    "<": "fewer than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
}
#: How two days are compared that 0 days lie between; the later one is named first.
_OF_TWO_DAYS: Final[dict[Comparator, str]] = {
    "=": "on the day of",
    "<>": "not on the day of",
    "<": "before the day of",
    "<=": "on or before the day of",
    ">": "after the day of",
    ">=": "on or after the day of",
}
_DENIED: Final[dict[Comparator, Comparator]] = {
    "=": "<>",
    "<>": "=",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
}
#: Columns that count something: one of it, and several.
_COUNTED: Final = {
    "drugs_failed": ("drug failed before the first infusion", "drugs failed before the first infusion"),
    "infusions_received": ("infusion was received", "infusions were received"),
}
#: Yes and no of what the tables of the cells ask.
_FLAGS: Final = {
    "healthy": (
        "found healthy by history and examination",
        "not found healthy by history and examination",
    ),
    "eligible": ("found eligible as a donor", "not found eligible as a donor"),
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
    'age is at least 16 years and SLEDAI-2K at baseline is above 6'
    """
    return _words(labels, parse_rule(rule))


def _words(labels: Labels, node: Node) -> str:
    match node:
        case NamedColumn(name):
            said = _column(labels, name)[0]
        case Value(value):
            said = _value(value)
        case Junction(every, parts):
            said = _joined(labels, parts, "and" if every else "or")
        case Compare():
            said = _compared(labels, node)
        case Negation() | Identity():
            said = _known(labels, node)
        case InList(part, values):
            found = [_value(each.value) for each in values]
            said = f"{_words(labels, part)} is {joined_words(found, 'or')}"
        case Between(part, low, high):
            limits = f"is from {_words(labels, low)} to {_words(labels, high)}{_unit(labels, part)}"
            said = f"{_words(labels, part)} {limits}"
        case Calculation() | Absolute() | FirstKnown() | Choice():
            said = _calculated(labels, node)
    return said


def _joined(labels: Labels, parts: tuple[Node, ...], word: str) -> str:
    """Join conditions; a semicolon parts them where one is long or there are several."""
    said = [_bracketed(labels, part) for part in parts]
    if len(said) == 2 and not any("," in each for each in said):
        return f" {word} ".join(said)
    return f"{'; '.join(said[:-1])}; {word} {said[-1]}"


def _known(labels: Labels, node: Negation | Identity) -> str:
    match node:
        case Negation(Identity(NamedColumn("subject"), None)):
            return "every subject of the data"
        case Negation(Identity(part, None)):
            return f"{_words(labels, part)} is {_recorded(part)}"
        case Negation(Compare(comparator, left, right)):
            return _compared(labels, Compare(_DENIED[comparator], left, right))
        case Negation(part):
            return f"it does not hold that {_bracketed(labels, part)}"
        case Identity(part, None):
            return f"{_words(labels, part)} is not {_recorded(part)}"
        case Identity(part, value):
            held = "is known to hold" if value else "is known not to hold"
            return f"it {held} that {_bracketed(labels, part)}"


def _recorded(node: Node) -> str:
    """Say of a date that it is recorded, of anything else that it is known."""
    return "recorded" if isinstance(node, NamedColumn) and node.name.endswith("_date") else "known"


def _calculated(labels: Labels, node: Calculation | Absolute | FirstKnown | Choice) -> str:
    match node:
        case Calculation(first, steps):
            rest = [f"{_STEPS[operator]} {_bracketed(labels, operand)}" for operator, operand in steps]
            return " ".join([_bracketed(labels, first), *rest])
        case Absolute(part):
            return f"{_bracketed(labels, part)} (whatever its sign)"
        case FirstKnown(parts):
            return f"the first that is known of {listed([_bracketed(labels, part) for part in parts])}"
        case Choice(branches, otherwise):
            said = [f"{_words(labels, value)} where {_words(labels, when)}" for when, value in branches]
            return f"({'; '.join(said)}; otherwise {_words(labels, otherwise)})"


def _bracketed(labels: Labels, node: Node) -> str:
    words = _words(labels, node)
    is_long = isinstance(node, Junction | Calculation) or _falls_back(node)
    return f"({words})" if is_long else words


def _falls_back(node: Node) -> bool:
    """Tell whether a comparison says itself what holds where its column is not known."""
    return (
        isinstance(node, Compare)
        and isinstance(node.left, FirstKnown)
        and len(node.left.parts) == 2
        and isinstance(node.left.parts[1], Value)
        and isinstance(node.right, Value)
    )


def _compared(labels: Labels, node: Compare) -> str:
    """Word a comparison with what is measured first, and the unit after the limit."""
    outcome = compared_outcome(labels, node)
    if outcome:
        return outcome
    left, right, sign = node.left, node.right, node.comparator
    if isinstance(left, Value) and not isinstance(right, Value):
        left, right, sign = right, left, _TURNED[sign]
    if isinstance(left, FirstKnown) and _falls_back(Compare(sign, left, right)):
        return _with_fallback(labels, left, sign, right)
    if isinstance(left, NamedColumn) and isinstance(right, Value):
        own = _compared_column(labels, left.name, sign, right.value)
        if own:
            return own
    is_date = isinstance(right, Value) and isinstance(right.value, dt.date)
    unit = _unit(labels, left) if isinstance(right, Value) and _is_number(right) else ""
    said = (_OF_DATES if is_date else _SIGNS)[sign]
    return f"{_bracketed(labels, left)} {said} {_bracketed(labels, right)}{unit}"


def _with_fallback(labels: Labels, left: FirstKnown, sign: Comparator, right: Node) -> str:
    """Word a comparison of a value that something stands for where it is not known."""
    known, instead = left.parts
    said = _compared(labels, Compare(sign, known, right))
    if not (isinstance(instead, Value) and isinstance(right, Value)):
        return said
    holds = _holds(instead.value, sign, right.value)
    return f"{said}, or that is not known" if holds else f"{said}, and that is known"


def _holds(value: Scalar, sign: Comparator, limit: Scalar) -> bool:
    """Compare two numbers, dates or texts as the rule does; what cannot be compared does not hold."""
    if sign in {"=", "<>"}:
        return (value == limit) is (sign == "=")
    for kind in (int | float, str, dt.date):
        if isinstance(value, kind) and isinstance(limit, kind):
            above, below = value > limit, value < limit  # type: ignore[operator]
            return {"<": below, "<=": not above, ">": above, ">=": not below}[sign]
    return False


def _compared_column(labels: Labels, name: str, sign: Comparator, value: Scalar) -> str:
    """Word the comparison of a column that has words of its own; empty for any other."""
    if name in classification_schema() and sign in {"=", "<>"}:
        denied = "" if sign == "=" else "not "
        return f"{_column(labels, name)[0]} are {denied}{_value(value)}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    number = _value(value)
    if name in _COUNTED:
        one, several = _COUNTED[name]
        return f"{_OF_COUNTS[sign]} {number} {one if value == 1 else several}"
    if name.startswith("days_") and "_to_" in name:
        first, second = (part.replace("_", " ") for part in name.removeprefix("days_").split("_to_", 1))
        if value == 0:
            return f"{second} {_OF_TWO_DAYS[sign]} {first}"
        return f"{_OF_COUNTS[sign]} {number} days from {first} to {second}"
    return _flagged(labels, name, is_true=(value == 1) is (sign == "=")) if sign in {"=", "<>"} else ""


def _flagged(labels: Labels, name: str, *, is_true: bool) -> str:
    """Say yes or no of a column that holds only these; empty for any other."""
    own = next((column for column in labels.study.columns if column.name == name), None)
    if own is None:
        return _FLAGS[name][0 if is_true else 1] if name in _FLAGS else ""
    if own.kind != "flag":
        return ""
    return f"{in_sentence(labels.variable(name))}: {'yes' if is_true else 'no'}"


def _is_number(node: Value) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _unit(labels: Labels, node: Node) -> str:
    unit = _column(labels, node.name)[1] if isinstance(node, NamedColumn) else ""
    return behind_number(unit)


def _column(labels: Labels, name: str) -> tuple[str, str]:
    """Give the words and the unit of a column."""
    if name in outcomes_of(labels.study):
        return outcome_phrase(labels, outcomes_of(labels.study)[name]), ""
    if name in classification_schema():
        title = criteria_set(name.removeprefix("baseline_")).title
        return f"the classification criteria {title.replace(' classification criteria', '')},", ""
    if name.startswith("baseline_"):
        measure = name.removeprefix("baseline_")
        return f"{in_sentence(labels.variable(measure))} at baseline", format_unit(labels.unit(measure))
    is_own = any(column.name == name for column in labels.study.columns)
    found = None if is_own else _by_its_end(name)
    return found or (in_sentence(labels.variable(name)), format_unit(labels.unit(name)))


def _by_its_end(name: str) -> tuple[str, str] | None:
    """Give the words and the unit of a column whose name says what it holds: a percentage, a date, days."""
    if name.endswith("_percent"):
        stem = name.removesuffix("_percent").replace("_", " ")
        return (stem.upper() if _MARKER.fullmatch(stem) else stem), "%"
    if name.endswith("_date"):
        stem = name.removesuffix("_date").replace("_", " ")
        return f"the date of {'the ' if stem.startswith(('first', 'last')) else ''}{stem}", ""
    if name.startswith("days_"):
        return f"days from {name.removeprefix('days_').replace('_', ' ')}", ""
    return None


def _value(value: Scalar) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_shortest(value).replace("-", "−")
    return str(value).replace("_", " ")
