"""Rules of a study file: SQL expressions over one frame, their operand types checked before use.

Polars evaluates the expressions, so there is no language of our own and nothing of Python is run. Two
of its answers are silently wrong (a date minus a date compared with a number; a date compared with a
number), so the expression's tree is walked and every comparison must have operands of one family.
Whatever the walk does not know is refused: the list of what may stand in a rule is closed.

Null means *cannot tell*: ``age >= 16`` is null, not false, for a subject without an age.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

import polars as pl
from polars.exceptions import PolarsError

Family = Literal["number", "text", "date", "boolean"]

FUNCTIONS = ("ABS", "COALESCE")
_KEYWORDS_BEFORE_PAREN = frozenset(
    {"AND", "OR", "NOT", "IN", "WHEN", "THEN", "ELSE", "BETWEEN", "CASE", "IS"}
)
_FORBIDDEN = re.compile(r"\b(SELECT|FROM|WITH|EXISTS|OVER|CAST|INTERVAL|AS|UNION)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_COMPARISONS = {"Eq", "NotEq", "Lt", "LtEq", "Gt", "GtEq", "EqValidity", "NotEqValidity"}
_ORDERINGS = {"Lt", "LtEq", "Gt", "GtEq"}
_ARITHMETIC = {"Plus", "Minus", "Multiply", "Divide", "TrueDivide", "Modulus", "FloorDivide"}
_LOGIC = {"And", "Or", "LogicalAnd", "LogicalOr"}
# Newer Polars writes an operator with an exact decimal as a function of these names.
_SQL_NAMES = {
    "Add": "Plus",
    "Sub": "Minus",
    "Mul": "Multiply",
    "Div": "Divide",
    "Rem": "Modulus",
    "Mod": "Modulus",
}
_SPELLINGS = (
    ("==", "equality is written ="),
    ("=>", "greater or equal is written >="),
    ("=<", "less or equal is written <="),
    ("≥", "greater or equal is written >="),
    ("≤", "less or equal is written <="),
    ("≠", "different is written <>"),
    ("&&", "and is written AND"),
    ("||", "or is written OR"),
)


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One thing wrong in a rule: what it is, and what would be right."""

    message: str
    fix: str


@dataclass(slots=True)
class _Walk:
    """One walk through an expression's tree, collecting what is wrong."""

    schema: Mapping[str, pl.DataType]
    allowed: Mapping[str, Sequence[str]]
    findings: list[RuleFinding] = field(default_factory=list)

    def finding(self, message: str, fix: str) -> None:
        finding = RuleFinding(message, fix)
        if finding not in self.findings:
            self.findings.append(finding)

    def family(self, node: Any) -> Family | None:
        """Give the family of a node; None where it cannot be determined because of a finding inside."""
        kind, body = next(iter(node.items())) if isinstance(node, dict) and len(node) == 1 else ("", node)
        match kind:
            case "Column":
                return self.column(body)
            case "Literal":
                return _literal_family(node)
            case "BinaryExpr":
                return self.binary(body)
            case "Function":
                return self.function(body)
            case "Ternary":
                return self.ternary(body)
        self.finding(
            f"'{kind or 'this'}' may not stand in a rule.",
            "Use comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, CASE, + - * / and "
            f"{', '.join(FUNCTIONS)} only.",
        )
        return None

    def column(self, name: str) -> Family | None:
        if name in self.schema:
            return _dtype_family(self.schema[name])
        near = get_close_matches(name, self.schema, n=1, cutoff=0.5)
        quoted = "A text is written in single quotes. " if '"' in name or not name.isidentifier() else ""
        fix = f"The nearest column is {near[0]!r}." if near else f"Columns: {', '.join(self.schema)}."
        self.finding(f"There is no column {name!r} here.", quoted + fix)
        return None

    def binary(self, body: Mapping[str, Any]) -> Family | None:
        operator = body["op"]
        left, right = self.family(body["left"]), self.family(body["right"])
        if operator in _COMPARISONS:
            self.comparison(operator, (body["left"], left), (body["right"], right))
            return "boolean"
        if operator in _LOGIC:
            for side in (left, right):
                self.expect("boolean", side, "AND and OR join conditions")
            return "boolean"
        if operator in _ARITHMETIC:
            if left == right == "date":
                self.finding(
                    "A date minus a date does not give a number.",
                    "Use the columns days_..., for example days_diagnosis_to_consent.",
                )
                return "number"
            for side in (left, right):
                self.expect("number", side, "Arithmetic is done with numbers")
            return "number"
        self.finding(f"The operator '{operator}' may not stand in a rule.", "Use a comparison, AND or OR.")
        return None

    def comparison(
        self, operator: str, left: tuple[Any, Family | None], right: tuple[Any, Family | None]
    ) -> None:
        (left_node, left_family), (right_node, right_family) = left, right
        if _is_null(left_node) or _is_null(right_node):
            self.finding("A comparison with NULL is never true.", "Write IS NULL or IS NOT NULL.")
        elif left_family and right_family and left_family != right_family:
            self.finding(
                f"A {left_family} is compared with a {right_family}.",
                _comparison_fix({left_family, right_family}),
            )
        elif left_family == "text" and operator in _ORDERINGS:
            self.finding(
                "Texts are compared by < or >, which is the order of the alphabet.",
                "Name the values: grade IN ('A', 'B').",
            )
        self.known_values(left_node, _texts(right_node))
        self.known_values(right_node, _texts(left_node))

    def known_values(self, node: Any, values: Sequence[str]) -> None:
        """Refuse a text that the column cannot hold: the condition would be false for everybody."""
        name = node.get("Column") if isinstance(node, dict) else None
        allowed = self.allowed.get(name, ()) if isinstance(name, str) else ()
        for value in values if allowed else ():
            if value not in allowed:
                near = get_close_matches(value, allowed, n=1, cutoff=0.3)
                hint = f"The nearest is {near[0]!r}. " if near else ""
                self.finding(
                    f"Column {name!r} never holds {value!r}.", f"{hint}It holds: {', '.join(allowed)}."
                )

    def function(self, body: Mapping[str, Any]) -> Family | None:
        function, inputs = body["function"], body["input"]
        if function == "Abs":
            self.expect("number", self.family(inputs[0]), "ABS takes a number")
            return "number"
        if function == "Coalesce":
            return self.same_family(inputs, "COALESCE")
        sql = function.get("Sql") if isinstance(function, dict) else None
        if isinstance(sql, dict) and "IsIn" in sql:
            return self.condition("IsIn", inputs)
        if isinstance(sql, dict) and "Binary" in sql:
            return self.binary(
                {
                    "op": _SQL_NAMES.get(sql["Binary"], sql["Binary"]),
                    **dict(zip(("left", "right"), inputs, strict=True)),
                }
            )
        if isinstance(function, dict) and "Boolean" in function:
            return self.condition(function["Boolean"], inputs)
        name = next(iter(function)) if isinstance(function, dict) else function
        self.finding(f"The function '{name}' may not stand in a rule.", f"Allowed: {', '.join(FUNCTIONS)}.")
        return None

    def condition(self, name: Any, inputs: Sequence[Any]) -> Family | None:
        plain = next(iter(name)) if isinstance(name, dict) else name
        if plain in {"IsNull", "IsNotNull"}:
            self.family(inputs[0])
        elif plain == "Not":
            inner = inputs[0].get("Cast", {}).get("expr", inputs[0])
            self.expect("boolean", self.family(inner), "NOT takes a condition")
        elif plain == "IsIn":
            family = self.family(inputs[0])
            listed = _literal_family(inputs[1])
            if family and listed and family != listed:
                self.finding(
                    f"A {family} is looked for in a list of {listed} values.",
                    _comparison_fix({family, listed}),
                )
            self.known_values(inputs[0], _texts(inputs[1]))
        else:
            self.finding(f"'{plain}' may not stand in a rule.", "Use =, IN, BETWEEN or IS NULL.")
        return "boolean"

    def ternary(self, body: Mapping[str, Any]) -> Family | None:
        self.expect("boolean", self.family(body["predicate"]), "CASE WHEN takes a condition")
        return self.same_family([body["truthy"], body["falsy"]], "CASE")

    def same_family(self, nodes: Sequence[Any], where: str) -> Family | None:
        families = [family for node in nodes if not _is_null(node) and (family := self.family(node))]
        if len(set(families)) > 1:
            self.finding(
                f"{where} joins {' and '.join(dict.fromkeys(families))}.", "Give values of one kind."
            )
        return families[0] if families else None

    def expect(self, wanted: Family, found: Family | None, why: str) -> None:
        if found and found != wanted:
            self.finding(
                f"{why}; found a {found}.", f"Write a {'condition' if wanted == 'boolean' else wanted}."
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
    findings = _check_text(rule)
    if findings:
        return findings
    try:
        expression = pl.sql_expr(rule)
        tree = json.loads(expression.meta.serialize(format="json"))
    except PolarsError as error:
        return (RuleFinding(f"The rule cannot be read: {str(error).splitlines()[0]}.", _spelling(rule)),)
    walk = _Walk(schema, allowed or {})
    family = walk.family(tree)
    if not walk.findings and family != "boolean":
        walk.finding(
            f"A rule answers yes or no; this one gives a {family}.", "Compare it, for example with > 0."
        )
    if walk.findings:
        return tuple(walk.findings)
    return _check_evaluation(expression, schema)


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

    Examples
    --------
    >>> apply_rule(pl.DataFrame({"age": [15.0, 16.0, None]}), "age >= 16").to_list()
    [False, True, None]
    """
    answer = frame.select(pl.sql_expr(rule).cast(pl.Boolean).alias("rule"))["rule"]
    return (
        pl.repeat(answer.item(), frame.height, dtype=pl.Boolean, eager=True)
        if len(answer) != frame.height
        else answer
    )


@lru_cache(maxsize=1024)
def rule_columns(rule: str) -> tuple[str, ...]:
    """Name the columns that a rule reads, in order of appearance.

    Parameters
    ----------
    rule : a rule for which :func:`check_rule` found nothing wrong

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> rule_columns("age >= 16 AND sex = 'female'")
    ('age', 'sex')
    """
    return tuple(dict.fromkeys(pl.sql_expr(rule).meta.root_names()))


def _check_text(rule: str) -> tuple[RuleFinding, ...]:
    """Refuse what must not even reach the parser: sub-queries may open files while they are parsed."""
    if not rule.strip():
        return (RuleFinding("The rule is empty.", "Write a condition, for example age >= 16."),)
    bare = _QUOTED.sub(" ", rule)
    words = dict.fromkeys(match.upper() for match in _FORBIDDEN.findall(bare))
    calls = dict.fromkeys(match.upper() for match in _CALL.findall(bare))
    return (
        *(_not_allowed(word, "A rule is one condition over one row.") for word in words),
        *(_not_allowed(sign, "A rule is one condition.") for sign in (";", "--", "/*", "#") if sign in bare),
        *(
            _not_allowed(f"{name}()", f"Functions allowed: {', '.join(FUNCTIONS)}.")
            for name in calls
            if name not in FUNCTIONS and name not in _KEYWORDS_BEFORE_PAREN and name not in words
        ),
        *(_not_allowed(sign, f"In SQL, {advice}.") for sign, advice in _SPELLINGS if sign in bare),
    )


def _not_allowed(what: str, fix: str) -> RuleFinding:
    return RuleFinding(f"'{what}' may not stand in a rule.", fix)


def _check_evaluation(expression: pl.Expr, schema: Mapping[str, pl.DataType]) -> tuple[RuleFinding, ...]:
    """Let Polars have the last word over an empty frame."""
    try:
        dtype = pl.DataFrame(schema=dict(schema)).select(expression.alias("rule")).schema["rule"]
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


def _literal_family(node: Any) -> Family | None:
    """Let Polars say what type a literal has; its serial form differs with the version."""
    if _is_null(node):
        return None
    values = pl.Expr.deserialize(io.StringIO(json.dumps(node)), format="json")
    dtype = pl.select(values.alias("x")).schema["x"]
    inner = dtype.inner if isinstance(dtype, pl.List | pl.Array) else dtype
    return _dtype_family(inner if isinstance(inner, pl.DataType) else inner())


def _texts(node: Any) -> Sequence[str]:
    """Give the texts of a literal; nothing for any other node."""
    if not (isinstance(node, dict) and "Literal" in node) or _is_null(node):
        return ()
    values = pl.select(pl.Expr.deserialize(io.StringIO(json.dumps(node)), format="json").alias("x"))["x"]
    flat = values.explode() if isinstance(values.dtype, pl.List | pl.Array) else values
    return [value for value in flat.to_list() if isinstance(value, str)]


def _is_null(node: Any) -> bool:
    return isinstance(node, dict) and node.get("Literal") in ({"Scalar": {"Null": "Null"}}, {"Dyn": "Null"})


def _comparison_fix(families: set[Family]) -> str:
    if families == {"date", "number"}:
        return "Use the columns days_..., which are numbers of days."
    if families == {"date", "text"}:
        return "A date is written DATE '2020-01-31'."
    if families == {"number", "text"}:
        return "A number stands without quotes, a text in single quotes."
    return "Compare values of one kind."


def _spelling(rule: str) -> str:
    advice = [text for sign, text in _SPELLINGS if sign in rule]
    return (
        f"In SQL, {advice[0]}."
        if advice
        else "Write one SQL condition, for example age >= 16 AND sex = 'female'."
    )
