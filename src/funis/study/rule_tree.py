"""The text of a rule becomes a tree of a closed list of nodes; whatever is not listed is refused by name.

The text is cut into tokens and parsed by sqlglot, which executes nothing and opens nothing. Three fences
stand around it: length and nesting are capped before the parser sees the rule (a parser recurses); every
word that is not one of the language's own becomes the name of a column, so that no other syntax can be spelt;
and of the parser's tree only the nodes of :mod:`funis.study.rule_nodes` are taken over.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from funis.errors import FunisError
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
    Operator,
    Value,
    parts_of,
)

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.tokens import Token

FUNCTIONS: Final = ("ABS", "COALESCE")
#: Characters of a rule; levels of brackets, CASE and NOT inside one another; parts once it is written out.
MAX_LENGTH: Final = 10_000
MAX_LEVELS: Final = 20
MAX_PARTS: Final = 1_000
#: Operations of one sum or product; Polars takes time with their square.
MAX_STEPS: Final = 100
ALLOWED: Final = (
    "Allowed: columns, numbers, 'texts', DATE '2020-01-31', TRUE, FALSE, = <> < <= > >=, AND, OR, NOT, IN, "
    f"BETWEEN, IS NULL, CASE WHEN, + - * / and {', '.join(FUNCTIONS)}."
)

_MAX_DEPTH = 4 * MAX_LEVELS
_MOST_SHOWN = 40
"""Letters of a word that are repeated in a message."""
_FORBIDDEN = frozenset(
    (
        *("SELECT", "FROM", "WITH", "EXISTS", "OVER", "CAST", "INTERVAL", "AS", "UNION"),
        *("LIKE", "ILIKE", "RLIKE", "REGEXP", "GLOB", "SIMILAR", "ESCAPE"),
    )
)
_OWN_WORDS = frozenset(
    (
        *("AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "TRUE", "FALSE"),
        *("CASE", "WHEN", "THEN", "ELSE", "END"),
    )
)
_OWN_SIGNS = frozenset(("=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "(", ")", ","))
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPELLINGS = (
    ("==", "equality is written ="),
    ("=>", "greater or equal is written >="),
    ("=<", "less or equal is written <="),
    ("≥", "greater or equal is written >="),
    ("≤", "less or equal is written <="),
    ("≠", "different is written <>"),
    ("&&", "and is written AND"),
    ("||", "or is written OR"),
    ("`", "the name of a column stands as it is, or in double quotes"),
    ("$", "a text stands in single quotes"),
    ("‘", "a text stands in straight single quotes"),
    ("’", "a text stands in straight single quotes"),
    ("“", "a text stands in straight single quotes"),
    ("”", "a text stands in straight single quotes"),
)


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """One thing wrong in a rule: what it is, and what would be right."""

    message: str
    fix: str


class RuleError(FunisError):
    """A rule cannot be read; ``findings`` says why."""

    code = "rule"

    def __init__(self, rule: str, findings: Sequence[RuleFinding]) -> None:
        self.findings = tuple(findings)
        told = " ".join(f"{finding.message} {finding.fix}" for finding in findings)
        super().__init__(f"Rule {rule[:80]!r}: {told}")


@lru_cache(maxsize=1024)
def parse_rule(rule: str) -> Node:
    """Read a rule into a tree of the closed language.

    Parameters
    ----------
    rule : text of the rule

    Returns
    -------
    Node
        The root of the tree.

    Raises
    ------
    RuleError : the rule is too long, too deep, cannot be read, or holds something that is not allowed

    Examples
    --------
    >>> parse_rule("age >= 16")
    Compare(comparator='>=', left=NamedColumn(name='age'), right=Value(value=16))
    """
    findings = _check_text(rule)
    if findings:
        raise RuleError(rule, findings)
    from sqlglot import exp
    from sqlglot.errors import ErrorLevel, ParseError, TokenError
    from sqlglot.parser import Parser
    from sqlglot.tokens import Tokenizer

    try:
        tokens = _closed_tokens(rule, Tokenizer().tokenize(rule))
        # The parser is not given the text: what it says about it would only repeat the rule.
        (root,) = Parser(error_level=ErrorLevel.IMMEDIATE).parse_into(exp.Condition, tokens)
        if root is None:
            raise _refusal(rule, "The rule cannot be read.", _spelling(rule))
        tree = _Reader(rule).read(root, 0)
        if _size(tree, {}) > MAX_PARTS:
            raise _too_large(rule)
    except TokenError as error:
        raise _refusal(rule, "The rule cannot be read: a quote is not closed.", _spelling(rule)) from error
    except ParseError as error:
        raise _refusal(
            rule, f"The rule cannot be read{_place(rule, error.errors)}.", _spelling(rule)
        ) from error
    except RecursionError as error:
        # Where the caller's own stack is nearly full, fewer levels fit than are allowed.
        raise _too_deep(rule) from error
    return tree


def _place(rule: str, errors: Sequence[dict[str, object]]) -> str:
    """Name the word that does not belong there; any other rule that cannot be read lacks a part."""
    for said in errors:
        if str(said["description"]).startswith("Invalid expression"):
            line = rule.split("\n")[int(str(said["line"])) - 1]
            word = line[: int(str(said["col"]))].split()[-1]
            return f" at {word[:_MOST_SHOWN]!r}"
    return ": it is not complete"


def _refusal(rule: str, message: str, fix: str = ALLOWED) -> RuleError:
    return RuleError(rule, (RuleFinding(message, fix),))


def _too_deep(rule: str) -> RuleError:
    message = f"The rule is nested too deeply; {MAX_LEVELS} levels of brackets, CASE and NOT are allowed."
    return _refusal(rule, message, "Take brackets away, or make a column of a part.")


def _too_large(rule: str) -> RuleError:
    message = f"The rule is too long; {MAX_LENGTH} characters and {MAX_PARTS} parts are allowed."
    return _refusal(rule, message, "Make a column of a part of it.")


def _check_text(rule: str) -> tuple[RuleFinding, ...]:
    """Refuse what can be told from the text alone, in words better than a parser's."""
    if len(rule) > MAX_LENGTH:
        return _too_large(rule).findings
    if not rule.strip():
        return (RuleFinding("The rule is empty.", "Write a condition, for example age >= 16."),)
    hidden = dict.fromkeys(sign for sign in rule if not (sign.isprintable() or sign in "\t\n\r"))
    if hidden:
        codes = ", ".join(f"U+{ord(sign):04X}" for sign in hidden)
        return (RuleFinding(f"A sign that nobody sees stands in the rule: {codes}.", "Take it away."),)
    bare = _QUOTED.sub(" ", rule)
    signs = [sign for sign in (";", "--", "/*", "#") if sign in bare]
    return (
        *(_not_allowed(sign, "A rule is one condition, without comments.") for sign in signs),
        *(_not_allowed(sign, f"In SQL, {advice}.") for sign, advice in _SPELLINGS if sign in bare),
        *_check_words(bare),
    )


def _check_words(bare: str) -> tuple[RuleFinding, ...]:
    """Name every word that is refused wherever it stands, and every function."""
    words = dict.fromkeys(word.upper() for word in re.findall(r"[^\W\d]\w*", bare))
    refused = [word for word in words if word in _FORBIDDEN]
    calls = dict.fromkeys(name.upper() for name in re.findall(r"\b([^\W\d]\w*)\s*\(", bare))
    known = (*FUNCTIONS, *_OWN_WORDS, *refused)
    functions = f"Functions allowed: {', '.join(FUNCTIONS)}."
    return (
        *(_not_allowed(word, f"A rule is one condition over one row. {ALLOWED}") for word in refused),
        *(_not_allowed(f"{name}()", functions) for name in calls if name not in known),
    )


def _not_allowed(what: str, fix: str) -> RuleFinding:
    return RuleFinding(f"'{what}' may not stand in a rule.", fix)


def _spelling(rule: str) -> str:
    advice = [text for sign, text in _SPELLINGS if sign in rule]
    return (
        f"In SQL, {advice[0]}."
        if advice
        else "Write one SQL condition, for example age >= 16 AND sex = 'female'."
    )


def _closed_tokens(rule: str, tokens: list[Token]) -> list[Token]:
    """Let only the language's own tokens reach the parser; every other word is the name of a column."""
    from sqlglot.tokens import Token, TokenType

    if len(tokens) > 2 * MAX_PARTS:
        raise _too_large(rule)
    kept: list[Token] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        kind, text = token.token_type, token.text
        if token.comments:
            raise _refusal(rule, "A comment may not stand in a rule.")
        if kind in {TokenType.NUMBER, TokenType.STRING} or (kind != TokenType.IDENTIFIER and _own(text)):
            kept.append(token)
            continue
        called = following is not None and following.token_type == TokenType.L_PAREN
        if kind != TokenType.IDENTIFIER and called and text.upper() in FUNCTIONS:
            kept.append(token)
            continue
        if called:
            raise _refusal(rule, f"'{text[:_MOST_SHOWN]}()' may not stand in a rule.")
        if kind == TokenType.DATE and following is not None and following.token_type == TokenType.STRING:
            kept.append(token)
            continue
        if kind != TokenType.IDENTIFIER and not re.fullmatch(r"[^\W\d]\w*", text):
            raise _refusal(rule, f"'{text[:_MOST_SHOWN]}' may not stand in a rule.")
        kept.append(
            Token(TokenType.IDENTIFIER, text, token.line, token.col, start=token.start, end=token.end)
        )
    _check_levels(rule, kept)
    return kept


def _own(text: str) -> bool:
    return text in _OWN_SIGNS or text.upper() in _OWN_WORDS


def _check_levels(rule: str, tokens: Sequence[Token]) -> None:
    """Count brackets, CASE and prefixes that are open at once, without recursion."""
    from sqlglot.tokens import TokenType

    opened: list[int] = []
    depth = prefixes = 0
    for token in tokens:
        kind = token.token_type
        if kind in {TokenType.NOT, TokenType.DASH, TokenType.PLUS}:
            prefixes += 1
        elif kind in {TokenType.L_PAREN, TokenType.CASE}:
            opened.append(prefixes + 1)
            depth, prefixes = depth + prefixes + 1, 0
        else:
            prefixes = 0
            if kind in {TokenType.R_PAREN, TokenType.END} and opened:
                depth -= opened.pop()
        if depth + prefixes > MAX_LEVELS:
            raise _too_deep(rule)


class _Reader:
    """Takes over the parser's tree, node by node; refuses what is not listed."""

    def __init__(self, rule: str) -> None:
        from sqlglot import exp

        self.rule = rule
        self.comparators: dict[type[exp.Expr], Comparator] = {
            exp.EQ: "=",
            exp.NEQ: "<>",
            exp.LT: "<",
            exp.LTE: "<=",
            exp.GT: ">",
            exp.GTE: ">=",
        }
        self.operators: dict[type[exp.Expr], Operator] = {
            exp.Add: "+",
            exp.Sub: "-",
            exp.Mul: "*",
            exp.Div: "/",
        }
        # For each node the arguments it may have: one that is not listed would change its meaning unseen.
        self.readers: dict[type[exp.Expr], tuple[str, Callable[[exp.Expr, int], Node]]] = {
            exp.Column: ("this", self.column),
            exp.Literal: ("this is_string", self.literal),
            exp.Boolean: ("this", lambda node, _: Value(bool(node.this))),
            exp.Null: ("", lambda _node, _depth: Value(None)),
            exp.Cast: ("this to", self.date),
            exp.Paren: ("this", lambda node, depth: self.read(node.this, depth)),
            exp.Neg: ("this", self.minus),
            exp.Not: ("this", lambda node, depth: Negation(self.read(node.this, depth))),
            exp.And: ("this expression", self.junction),
            exp.Or: ("this expression", self.junction),
            exp.Is: ("this expression", self.identity),
            exp.In: ("this expressions", self.membership),
            exp.Between: ("this low high", self.range),
            exp.Abs: ("this", lambda node, depth: Absolute(self.read(node.this, depth))),
            exp.Coalesce: ("this expressions", self.first_known),
            exp.Case: ("this ifs default", self.choice),
            **dict.fromkeys(self.comparators, ("this expression", self.comparison)),
            **dict.fromkeys(self.operators, ("this expression", self.calculation)),
        }

    def read(self, node: exp.Expr, depth: int) -> Node:
        """Take over one node and what stands below it."""
        if depth > _MAX_DEPTH:
            raise _too_deep(self.rule)
        return self.allowed(node)(node, depth + 1)

    def allowed(self, node: exp.Expr) -> Callable[[exp.Expr, int], Node]:
        """Find what reads a node; refuse a node, or an argument of it, that is not listed."""
        arguments, reader = self.readers.get(type(node), ("", None))
        if reader is None:
            raise _refusal(self.rule, f"'{type(node).__name__.upper()}' may not stand in a rule.")
        for name, value in node.args.items():
            if value and name not in arguments.split():
                kind = type(node).__name__.upper()
                raise _refusal(self.rule, f"'{kind}' with '{name.upper()}' may not stand in a rule.")
        return reader

    def column(self, node: exp.Expr, _: int) -> Node:
        name = str(node.name)
        # Polars would take these for many columns at once.
        if name in {"", "*"} or name.startswith("^"):
            raise _refusal(self.rule, f"There is no column {name!r} here.", "Name one column.")
        return NamedColumn(name)

    def literal(self, node: exp.Expr, _: int) -> Node:
        text = str(node.this)
        if node.args["is_string"]:
            return Value(text)
        if not _NUMBER.fullmatch(text):
            raise _refusal(
                self.rule, f"{text[:_MOST_SHOWN]!r} is not a number.", "Write it as 16, 0.5 or 1e6."
            )
        if text.isdigit() and len(text) <= 18:
            return Value(int(text))
        if not math.isfinite(float(text)):
            raise _refusal(
                self.rule, f"The number {text[:_MOST_SHOWN]} is too large.", "Write a smaller one."
            )
        return Value(float(text))

    def date(self, node: exp.Expr, _: int) -> Node:
        text = str(node.this.this)
        if str(node.args["to"].sql()).upper() != "DATE" or not node.this.args.get("is_string"):
            raise _refusal(self.rule, "'CAST' may not stand in a rule.")
        try:
            if _DATE.fullmatch(text):
                return Value(dt.date.fromisoformat(text))
        except ValueError:
            pass
        raise _refusal(
            self.rule, f"{text[:_MOST_SHOWN]!r} is not a date.", "A date is written DATE '2020-01-31'."
        )

    def minus(self, node: exp.Expr, depth: int) -> Node:
        part = self.read(node.this, depth)
        if isinstance(part, Value) and isinstance(part.value, int | float) and type(part.value) is not bool:
            return Value(-part.value)
        return Calculation(Value(0), (("-", part),))

    def junction(self, node: exp.Expr, depth: int) -> Node:
        kind = type(node)
        parts, waiting = list[Node](), [node]
        while waiting:
            each = waiting.pop()
            inner = each.unnest()
            if type(inner) is kind:
                self.allowed(inner)
                waiting += [inner.args["expression"], inner.this]
            else:
                parts.append(self.read(each, depth))
        return Junction(kind.__name__ == "And", tuple(parts))

    def comparison(self, node: exp.Expr, depth: int) -> Node:
        left, right = self.read(node.this, depth), self.read(node.args["expression"], depth)
        return Compare(self.comparators[type(node)], left, right)

    def calculation(self, node: exp.Expr, depth: int) -> Node:
        steps = list[tuple[Operator, Node]]()
        while type(node) in self.operators:
            self.allowed(node)
            steps.append((self.operators[type(node)], self.read(node.args["expression"], depth)))
            node = node.this
            if len(steps) > MAX_STEPS:
                message = f"A sum or a product has more than {MAX_STEPS} operations."
                raise _refusal(self.rule, message, "Make a column of a part of it.")
        return Calculation(self.read(node, depth), tuple(reversed(steps)))

    def identity(self, node: exp.Expr, depth: int) -> Node:
        part, wanted = self.read(node.this, depth), self.read(node.args["expression"], depth)
        if not (isinstance(wanted, Value) and (wanted.value is None or isinstance(wanted.value, bool))):
            raise _refusal(self.rule, "IS is followed by NULL, NOT NULL, TRUE or FALSE.", "Compare with =.")
        return Identity(part, wanted.value)

    def membership(self, node: exp.Expr, depth: int) -> Node:
        values = [self.read(each, depth) for each in node.args.get("expressions") or ()]
        listed = tuple(each for each in values if isinstance(each, Value) and each.value is not None)
        if not values or len(listed) < len(values):
            message = "IN is followed by a list of values in brackets, without NULL or columns."
            raise _refusal(self.rule, message, "For example grade IN ('A', 'B'); for missing ones IS NULL.")
        return InList(self.read(node.this, depth), listed)

    def range(self, node: exp.Expr, depth: int) -> Node:
        part, low, high = (self.read(node.args[name], depth) for name in ("this", "low", "high"))
        return Between(part, low, high)

    def first_known(self, node: exp.Expr, depth: int) -> Node:
        return FirstKnown(tuple(self.read(each, depth) for each in (node.this, *node.expressions)))

    def choice(self, node: exp.Expr, depth: int) -> Node:
        subject = self.read(node.this, depth) if node.this is not None else None
        branches = list[tuple[Node, Node]]()
        for branch in node.args["ifs"]:
            when, then = self.read(branch.this, depth), self.read(branch.args["true"], depth)
            branches.append((when if subject is None else Compare("=", subject, when), then))
        default = node.args.get("default")
        return Choice(tuple(branches), Value(None) if default is None else self.read(default, depth))


def _size(node: Node, known: dict[int, int]) -> int:
    """Count the parts of the expression; what BETWEEN and IN look at stands once for every comparison.

    Branches of ``CASE x WHEN`` share one node: ``known`` keeps its size, or the count itself would explode.
    """
    if id(node) not in known:
        sizes = [_size(part, known) for part in parts_of(node)]
        times = len(node.values) if isinstance(node, InList) else 2 if isinstance(node, Between) else 1
        known[id(node)] = 1 + sum(sizes) + (times - 1) * (sizes[0] if sizes else 0)
    return known[id(node)]
