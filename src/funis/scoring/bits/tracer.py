"""Stands for a library of expressions and for the frame under way, while rules are traced (see `traced`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from funis.scoring.bits.choices import Then, Where
from funis.scoring.bits.earlier_rows import Node
from funis.scoring.bits.program import ONE, ZERO, Graph
from funis.scoring.bits.traced import (
    Levels,
    Named,
    Quantity,
    Spelled,
    Truth,
    UntraceableError,
    Whole,
    number_of,
    whole_number,
)

# Column that says whether a row is the first of its subject; a tracer finds it under this name.
FIRST = "__funis_first"


@dataclass(slots=True)
class Tracer:
    """Takes what is asked of columns, and keeps it as steps of a graph.

    Attributes
    ----------
    inputs : columns that can be read, and how: ``levels``, ``quantity`` or ``truth``; ``number`` for levels
        as binary digits, ``certain`` for truth values that are never empty, ``unless`` for their opposite
    highest : the highest level of each ``number``
    """

    inputs: Mapping[str, str]
    highest: Mapping[str, int] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)
    columns: dict[str, Any] = field(default_factory=dict)

    Boolean = "Boolean"
    Int8 = "Int8"
    Int16 = "Int16"
    UInt8 = "UInt8"
    Float64 = "Float64"

    def add(self, columns: Sequence[Named]) -> None:
        """Add columns that may be read by those added later."""
        self.columns |= {one.name: one.column for one in columns}

    def col(self, name: str) -> Any:
        """Read a column."""
        if name not in self.columns:
            self.columns[name] = self._read(name)
        return self.columns[name]

    def lit(self, value: Any, kind: str | None = None) -> Any:
        """Give a value that is the same in every row."""
        if isinstance(value, bool) or kind == "Boolean":
            return Truth(self.graph, ONE if value else ZERO, ZERO if value is False else ONE)
        if value is None and kind == self.Float64:
            # A quantity of which no row has a value: what stands there instead is never read.
            nothing = self.graph.compute("digit", ZERO, constants=("uint8",))
            return Quantity(self.graph, self.graph.compute("as_float", nothing), ONE)
        if value is None:
            return Whole(self.graph, (), ZERO, 0)
        if self.graph.has_fractions and (kind == self.Float64 or isinstance(value, float)):
            return Quantity(self.graph, self.graph.compute("constant", constants=(float(value),)), ZERO)
        return whole_number(self.graph, number_of(value))

    def when(self, condition: Truth) -> Where:
        """Choose by a condition; unknown counts as not met."""
        return Where(condition.low)

    def spell(self, number: Whole | Then, words: Sequence[str]) -> Spelled:
        """Give the words that a number stands for."""
        return Spelled(self.graph, number.alone() if isinstance(number, Then) else number, tuple(words))

    def previous(self, column: Any) -> Any:
        """Give the values of the row above, unknown at the first visit of a subject."""
        graph, first = self.graph, self.col(FIRST).low
        if isinstance(column, Whole):
            digits = [graph.compute("shift_bits", digit) for digit in column.digits]
            known = graph.compute("shift_bits", column.known)
            return Whole(graph, tuple(digits), graph.both(known, graph.negate(first)), column.most)
        if isinstance(column, Levels):
            column = column.as_quantity()
        if not isinstance(column, Quantity) or column.is_above:
            raise UntraceableError("the previous value of this kind of column")
        missing = graph.either(graph.compute("shift_bits", column.missing), first)
        return Quantity(graph, column.values, missing, is_above=True)

    def fill_forward(self, column: Any, *_: Any, until: Truth | None = None) -> Any:
        """Give the last known value at or before each row; where `until` holds, none before it counts."""
        graph, column = self.graph, column.alone() if isinstance(column, Then) else column
        if not isinstance(column, Truth | Whole | Quantity) or self.inputs.get(FIRST) != "certain":
            raise UntraceableError("the last value of this kind of column")
        is_known = (~column.is_null()).low
        known_at = is_known if until is None else graph.either(is_known, until.low)
        known = graph.compute("carry", is_known, known_at)
        if isinstance(column, Quantity):
            values = graph.compute("carry_values", column.values, known_at)
            return Quantity(graph, values, graph.negate(known))
        ends = column.digits if isinstance(column, Whole) else (column.low,)
        bits = [graph.compute("carry", graph.both(end, is_known), known_at) for end in ends]
        if isinstance(column, Whole):
            return Whole(graph, tuple(bits), known, column.most)
        return Truth(graph, bits[0], graph.either(bits[0], graph.negate(known)))

    def running_max(self, column: Whole, most: int) -> Whole:
        """Give the highest number so far within a subject, of numbers up to `most`."""
        reached = [(column >= least).fill_null(value=False).low for least in range(1, most + 1)]
        counted = [Whole(self.graph, (self._so_far(node),)) for node in reached]
        return reduce(Whole.__add__, counted, Whole(self.graph, (), ONE, 0))

    def max_horizontal(self, *columns: Any) -> Any:
        """Give the highest of several numbers in each row; all of them are known."""
        if not all(isinstance(column, Whole) for column in columns):
            return reduce(lambda one, other: self.when(one > other).then(one).otherwise(other), columns)
        most = max(column.most for column in columns)
        reached = [reduce(Truth.__or__, [one >= least for one in columns]) for least in range(1, most + 1)]
        counted = [Whole(self.graph, (one.low,)) for one in reached]
        total = reduce(Whole.__add__, counted, Whole(self.graph, (), ONE, 0))
        known = reduce(self.graph.both, [column.known for column in columns], ONE)
        return Whole(self.graph, total.digits, known, most)

    def min_horizontal(self, *columns: Any) -> Any:
        """Give the lowest of several measured values in each row; all of them are known."""
        return reduce(lambda one, other: self.when(one < other).then(one).otherwise(other), columns)

    def held_within(self, met: Truth, key: str, since: str) -> Truth:
        """Tell whether a condition held at the last visit where it did, and that is not too long ago."""
        first = self.col(FIRST).low
        window = self.graph.compute("window", first, constants=(key, since))
        low, high = (self.graph.compute("held", end, window) for end in (met.low, met.high))
        return Truth(self.graph, low, high)

    def _subjects(self) -> Node:
        return self.graph.compute("goes_on", self.col(FIRST).low)

    def _so_far(self, node: Node) -> Node:
        return node if node in (ZERO, ONE) else self.graph.compute("so_far", node, self._subjects())

    def _read(self, name: str) -> Any:
        kind = self.inputs.get(name)
        if kind not in ("levels", "number", "quantity", "truth", "certain", "unless"):
            raise UntraceableError(f"the column {name!r}")
        if kind in ("certain", "unless"):
            met = self.graph.load("values", name)
            met = met if kind == "certain" else self.graph.negate(met)
            return Truth(self.graph, met, met)
        missing = self.graph.load("gaps", name)
        if kind == "levels":
            return Levels(self.graph, self.graph.load("levels", name), missing)
        if kind == "number":
            most = self.highest[name]
            digits = [self.graph.load("values", digit_name(name, n)) for n in range(most.bit_length())]
            return Whole(self.graph, tuple(digits), self.graph.negate(missing), most)
        values = self.graph.load("values", name)
        if kind == "quantity":
            return Quantity(self.graph, self.graph.compute("as_float", values), missing)
        low = self.graph.both(values, self.graph.negate(missing))
        return Truth(self.graph, low, self.graph.either(low, missing))


def digit_name(name: str, place: int) -> str:
    """Name the column of truth values that holds one binary digit of a number, 0 for the lowest."""
    return f"{name}.{place}"
