"""Rules of a study file: SQL conditions over one frame, their operand types checked before use.

sqlglot parses a rule into a closed list of nodes (:mod:`funis.study.rule_tree`), and the Polars expression is
built from those (:mod:`funis.study.rule_expression`): there is no language of our own, nothing of Python is
run, and the text never reaches an engine that could open a file. Two answers would be silently wrong (a date
minus a date compared with a number; a date compared with a number), so the tree is walked and every
comparison must have operands of one family.

Null means *cannot tell*: ``age >= 16`` is null, not false, for a subject without an age.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

import polars as pl
from polars.exceptions import PolarsError

from funis.frames.verbs import Verbs, frame_like, verbs_of
from funis.study.rule_expression import build_expression
from funis.study.rule_nodes import (
    CONDITIONS,
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
    Value,
    parts_of,
)
from funis.study.rule_tree import FUNCTIONS, RuleError, RuleFinding, parse_rule

__all__ = ["FUNCTIONS", "RuleError", "RuleFinding", "apply_rule", "check_rule", "rule_columns"]

_LONGEST_NAME = 100
Family = Literal["number", "text", "date", "boolean"]


@dataclass(slots=True)
class _Walk:
    """One walk through a rule's tree, collecting what is wrong."""

    schema: Mapping[str, pl.DataType]
    allowed: Mapping[str, Sequence[str]]
    findings: list[RuleFinding] = field(default_factory=list)

    def finding(self, message: str, fix: str) -> None:
        finding = RuleFinding(message, fix)
        if finding not in self.findings:
            self.findings.append(finding)

    def family(self, node: Node) -> Family | None:
        """Give the family of a node; None where it cannot be determined because of a finding inside."""
        found: Family | None = "number"
        match node:
            case NamedColumn(name):
                found = self.column(name)
            case Value(value):
                found = _value_family(value)
            case Calculation():
                self.calculation(node)
            case Absolute(part):
                self.expect("number", part, "ABS takes a number")
            case FirstKnown(parts):
                found = self.same_family(parts, "COALESCE")
            case Choice():
                for condition, _ in node.branches:
                    self.expect("boolean", condition, "CASE WHEN takes a condition")
                found = self.same_family([*(then for _, then in node.branches), node.otherwise], "CASE")
            case _:
                self.condition(node)
                found = "boolean"
        return found

    def condition(self, node: Node) -> None:
        match node:
            case Compare(comparator, left, right):
                self.comparison(comparator, left, right)
            case Between(part, low, high):
                self.comparison(">=", part, low)
                self.comparison("<=", part, high)
            case Junction(_, parts):
                for part in parts:
                    self.expect("boolean", part, "AND and OR join conditions")
            case Negation(part):
                self.expect("boolean", part, "NOT takes a condition")
            case Identity(part, value):
                if value is None:
                    self.family(part)
                else:
                    self.expect("boolean", part, "IS TRUE and IS FALSE take a condition")
            case InList(part, values):
                self.membership(part, values)

    def column(self, name: str) -> Family | None:
        if name in self.schema:
            return _dtype_family(self.schema[name])
        near = _nearest(name, self.schema, 0.5)
        is_text = not name.isidentifier() or any(name in values for values in self.allowed.values())
        quoted = "A text is written in single quotes. " if is_text else ""
        fix = f"The nearest column is {near[0]!r}." if near else f"Columns: {', '.join(self.schema)}."
        self.finding(f"There is no column {name[:_LONGEST_NAME]!r} here.", quoted + fix)
        return None

    def calculation(self, node: Calculation) -> None:
        families = [self.family(part) for part in parts_of(node)]
        # In date + number - date only the dates beside one another are a difference of dates.
        subtracts = [operator == "-" for operator, _ in node.steps]
        pairs = zip(families, families[1:], subtracts, strict=False)
        if any(left == right == "date" and subtract for left, right, subtract in pairs):
            self.finding(
                "A date minus a date does not give a number.",
                "Use the columns days_..., for example days_diagnosis_to_consent.",
            )
            return
        for part, family in zip(parts_of(node), families, strict=True):
            self.expect_family("number", part, family, "Arithmetic is done with numbers")

    def comparison(self, comparator: Comparator, left_node: Node, right_node: Node) -> None:
        left, right = self.family(left_node), self.family(right_node)
        if _is_null(left_node) or _is_null(right_node):
            self.finding("A comparison with NULL is never true.", "Write IS NULL or IS NOT NULL.")
        elif left and right and left != right:
            self.finding(f"A {left} is compared with a {right}.", _comparison_fix({left, right}))
        elif left == "text" and comparator not in {"=", "<>"}:
            self.finding(
                "Texts are compared by < or >, which is the order of the alphabet.",
                "Name the values: grade IN ('A', 'B').",
            )
        self.no_condition(left_node, right_node)
        self.known_values(left_node, _texts([right_node]))
        self.known_values(right_node, _texts([left_node]))

    def no_condition(self, *nodes: Node) -> None:
        """Refuse conditions inside a comparison: SQL engines differ in what a = b IS NULL means."""
        if any(isinstance(node, CONDITIONS) for node in nodes):
            self.finding(
                "A condition stands inside a comparison.", "Join conditions by AND, OR, NOT, CASE or IS NULL."
            )

    def known_values(self, node: Node, values: Sequence[str]) -> None:
        """Refuse a text that the column cannot hold: the condition would be false for everybody."""
        name = node.name if isinstance(node, NamedColumn) else ""
        allowed = self.allowed.get(name, ())
        for value in values if allowed else ():
            if value not in allowed:
                near = _nearest(value, allowed, 0.3)
                hint = f"The nearest is {near[0]!r}. " if near else ""
                self.finding(
                    f"Column {name!r} never holds {value[:_LONGEST_NAME]!r}.",
                    f"{hint}It holds: {', '.join(allowed)}.",
                )

    def membership(self, part: Node, values: Sequence[Value]) -> None:
        family = self.family(part)
        listed = self.same_family(values, "The list")
        if family and listed and family != listed:
            self.finding(
                f"A {family} is looked for in a list of {listed} values.", _comparison_fix({family, listed})
            )
        self.no_condition(part)
        self.known_values(part, _texts(values))

    def same_family(self, nodes: Sequence[Node], where: str) -> Family | None:
        families = [family for node in nodes if (family := self.family(node))]
        if len(set(families)) > 1:
            self.finding(
                f"{where} joins {' and '.join(dict.fromkeys(families))}.", "Give values of one kind."
            )
        return families[0] if families else None

    def expect(self, wanted: Family, node: Node, why: str) -> None:
        self.expect_family(wanted, node, self.family(node), why)

    def expect_family(self, wanted: Family, node: Node, found: Family | None, why: str) -> None:
        if _is_null(node) or (found and found != wanted):
            self.finding(
                f"{why}; found {'NULL' if _is_null(node) else f'a {found}'}.",
                f"Write a {'condition' if wanted == 'boolean' else wanted}.",
            )


def check_rule(
    rule: str, schema: Mapping[str, pl.DataType], *, allowed: Mapping[str, Sequence[str]] | None = None
) -> tuple[RuleFinding, ...]:
    """Find everything that is wrong in a rule, without any data.

    Parameters
    ----------
    rule : SQL expression that is true, false or null for a row
    schema : name and type of the columns that the rule may name
    allowed : for text columns, the only values they can hold; a rule that asks for another is refused

    Returns
    -------
    tuple of RuleFinding
        Empty when the rule can be used.

    Examples
    --------
    >>> schema = {"age": pl.Float64(), "consent_date": pl.Date()}
    >>> check_rule("age >= 16", schema)
    ()
    >>> print(check_rule("consent_date > 3", schema)[0].message)
    A date is compared with a number.
    """
    try:
        tree = parse_rule(rule)
    except RuleError as error:
        return error.findings
    walk = _Walk(schema, allowed or {})
    family = walk.family(tree)
    if not walk.findings and family != "boolean":
        given = f"a {family}" if family else "nothing"
        walk.finding(
            f"A rule answers yes or no; this one gives {given}.", "Compare it, for example with > 0."
        )
    if walk.findings:
        return tuple(walk.findings)
    return _check_evaluation(tree, schema)


def apply_rule(frame: pl.DataFrame, rule: str) -> pl.Series:
    """Evaluate a checked rule for every row.

    Parameters
    ----------
    frame : the frame whose columns the rule names
    rule : a rule for which :func:`check_rule` found nothing wrong

    Returns
    -------
    polars.Series
        Boolean, one value a row; null where it cannot be determined.

    Raises
    ------
    RuleError : the rule cannot be read

    Examples
    --------
    >>> apply_rule(pl.DataFrame({"age": [15.0, 16.0, None]}), "age >= 16").to_list()
    [False, True, None]
    """
    ops = verbs_of(frame)
    answer = frame.select(_rule_column(ops, rule).cast(ops.Boolean).alias("rule"))["rule"]
    if len(answer) == frame.height:
        return answer
    # A rule that no row decides has one answer, which is that of every row.
    every = {"rule": answer.to_list() * frame.height}
    return frame_like(frame, every, {"rule": pl.Boolean()})["rule"]


@lru_cache(maxsize=1024)
def _rule_column(ops: Verbs, rule: str) -> pl.Expr:
    return build_expression(parse_rule(rule), ops)


@lru_cache(maxsize=1024)
def rule_columns(rule: str) -> tuple[str, ...]:
    """Name the columns that a rule reads, in order of appearance.

    Parameters
    ----------
    rule : a rule for which :func:`check_rule` found nothing wrong

    Returns
    -------
    tuple of str

    Raises
    ------
    RuleError : the rule cannot be read

    Examples
    --------
    >>> rule_columns("age >= 16 AND sex = 'female'")
    ('age', 'sex')
    """
    return tuple(dict.fromkeys(_names(parse_rule(rule))))


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, NamedColumn):
        yield node.name
    for part in parts_of(node):
        yield from _names(part)


def _check_evaluation(tree: Node, schema: Mapping[str, pl.DataType]) -> tuple[RuleFinding, ...]:
    """Let Polars have the last word over an empty frame."""
    empty = pl.DataFrame(schema=dict(schema))
    try:
        dtype = empty.select(build_expression(tree, verbs_of(empty)).alias("rule")).schema["rule"]
    except PolarsError as error:
        return (RuleFinding(f"The rule cannot be evaluated: {str(error).splitlines()[0]}.", "Simplify it."),)
    if dtype != pl.Boolean:
        return (RuleFinding(f"A rule answers yes or no; this one gives {dtype}.", "Compare it."),)
    return ()


def _dtype_family(dtype: pl.DataType) -> Family:
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Date:
        return "date"
    return "boolean" if dtype == pl.Boolean else "text"


def _value_family(value: object) -> Family | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dt.date):
        return "date"
    return "text" if isinstance(value, str) else "number"


def _texts(nodes: Sequence[Node]) -> Sequence[str]:
    """Give the texts among literals; nothing for any other node."""
    return [node.value for node in nodes if isinstance(node, Value) and isinstance(node.value, str)]


def _is_null(node: Node) -> bool:
    return isinstance(node, Value) and node.value is None


def _nearest(name: str, known: Iterable[str], cutoff: float) -> list[str]:
    """Find the nearest known name; comparing a very long one would take longer than everything else."""
    return get_close_matches(name, known, n=1, cutoff=cutoff) if len(name) <= _LONGEST_NAME else []


def _comparison_fix(families: set[Family]) -> str:
    if families == {"date", "number"}:
        return "Use the columns days_..., which are numbers of days."
    if families == {"date", "text"}:
        return "A date is written DATE '2020-01-31'."
    if families == {"number", "text"}:
        return "A number stands without quotes, a text in single quotes."
    return "Compare values of one kind."
