"""The closed list of what a rule is made of; nothing else can stand in its tree."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

Scalar = int | float | str | bool | dt.date | None
Comparator = Literal["=", "<>", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column of the frame."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a text, a date, TRUE, FALSE or NULL."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared."""

    comparator: Comparator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by AND (``every``) or by OR."""

    every: bool
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """NOT of a condition."""

    part: Node


@dataclass(frozen=True, slots=True)
class Identity:
    """``IS NULL``, ``IS TRUE``, ``IS FALSE``: never null itself."""

    part: Node
    value: bool | None


@dataclass(frozen=True, slots=True)
class InList:
    """A value looked for in a list."""

    part: Node
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """``BETWEEN``, both limits included."""

    part: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Calculation:
    """Operations of one rank, from left to right: ``first``, then each operator with its operand."""

    first: Node
    steps: tuple[tuple[Operator, Node], ...]


@dataclass(frozen=True, slots=True)
class Absolute:
    """The absolute value of a number."""

    part: Node


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """``COALESCE``: the first of the values that is not null."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """``CASE WHEN``: the value of the first condition that is true, else ``otherwise``."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node


Node = (
    NamedColumn
    | Value
    | Compare
    | Junction
    | Negation
    | Identity
    | InList
    | Between
    | Calculation
    | Absolute
    | FirstKnown
    | Choice
)
#: Nodes that are true, false or null whatever stands in them.
CONDITIONS: Final = (Compare, Junction, Negation, Identity, InList, Between)


def parts_of(node: Node) -> tuple[Node, ...]:
    """List the parts of a node, in order of appearance.

    Parameters
    ----------
    node : any node

    Examples
    --------
    >>> parts_of(Compare(">=", NamedColumn("age"), Value(16)))
    (NamedColumn(name='age'), Value(value=16))
    """
    match node:
        case NamedColumn() | Value():
            parts: tuple[Node, ...] = ()
        case Compare():
            parts = (node.left, node.right)
        case Junction() | FirstKnown():
            parts = node.parts
        case Negation() | Identity() | Absolute():
            parts = (node.part,)
        case InList():
            parts = (node.part, *node.values)
        case Between():
            parts = (node.part, node.low, node.high)
        case Calculation():
            parts = (node.first, *(operand for _, operand in node.steps))
        case Choice():
            parts = (*(each for branch in node.branches for each in branch), node.otherwise)
    return parts
