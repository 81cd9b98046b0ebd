"""Columns that remember what is asked of them, so that a rule can be run bit-packed.

A `Tracer` (`tracer`) stands where the library of expressions stands (`ScoringLayout.ops`): it has the verbs
that the rules use, and what they build with it is a graph of steps (`bits`). The rules are written once; this
module says what *and*, *at least*, *where ... then ... otherwise* mean for values that may be unknown:

=============  ==================================================================================
`Truth`        surely true and possibly true, one bit each; unknown is possible but not sure
`Whole`        a small whole number as binary digits, and where it is known
`Levels`       the recorded levels of an item, one byte each, and where they are missing
`Quantity`     a measured value, and where it is missing
`Amount`       points, always known
=============  ==================================================================================

A question that none of these can answer raises `UntraceableError`; the caller leaves it to the library.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from math import ceil, floor
from typing import Any

from funis.scoring.bits.earlier_rows import Node
from funis.scoring.bits.program import ONE, ZERO, Graph


class UntraceableError(NotImplementedError):
    """A rule asks for something that cannot be determined from bits."""


@dataclass(frozen=True, slots=True)
class Named:
    """A column with its name."""

    name: str
    column: Any


@dataclass(frozen=True, slots=True)
class Traced:
    """A column under way in a graph."""

    graph: Graph

    def alias(self, name: str) -> Named:
        """Name the column."""
        return Named(name, self)


@dataclass(frozen=True, slots=True)
class Truth(Traced):
    """A three-valued column: surely true, possibly true."""

    low: Node
    high: Node

    def __and__(self, other: Truth) -> Truth:
        return self._pair(self.graph.both(self.low, other.low), self.graph.both(self.high, other.high))

    def __or__(self, other: Truth) -> Truth:
        return self._pair(self.graph.either(self.low, other.low), self.graph.either(self.high, other.high))

    def __invert__(self) -> Truth:
        return self._pair(self.graph.negate(self.high), self.graph.negate(self.low))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if not isinstance(other, Truth):
            raise UntraceableError("a truth value compared with something else")
        return (self & other) | (~self & ~other)

    __hash__ = None  # type: ignore[assignment]

    def fill_null(self, *, value: bool) -> Truth:
        """Read unknown as true or as false."""
        end = self.high if value else self.low
        return self._pair(end, end)

    def is_null(self) -> Truth:
        """Tell where it is unknown."""
        unknown = self.graph.both(self.high, self.graph.negate(self.low))
        return self._pair(unknown, unknown)

    def cast(self, kind: Any) -> Whole | Quantity:
        """Count it as 1 or 0."""
        unknown = self.is_null().low
        counted = Whole(self.graph, (self.low,), self.graph.negate(unknown))
        return counted.cast(kind) if self.graph.has_fractions else counted

    def mixed(self, condition: Node, other: Any) -> Truth:
        """Give this where a condition is true, the other elsewhere."""
        if not isinstance(other, Truth):
            raise UntraceableError("a truth value beside something else")
        return self._pair(
            self.graph.choose(condition, self.low, other.low),
            self.graph.choose(condition, self.high, other.high),
        )

    def without(self) -> Truth:
        """Give the unknown of this type."""
        return self._pair(ZERO, ONE)

    def _pair(self, low: Node, high: Node) -> Truth:
        return Truth(self.graph, low, high)


@dataclass(frozen=True, slots=True)
class Whole(Traced):
    """A whole number from 0 to `most` as binary digits, lowest first, and where it is known."""

    digits: tuple[Node, ...]
    known: Node = ONE
    most: int = 1

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Amount):
            return other + self
        other = whole_number(self.graph, other) if isinstance(other, int) else other
        if not isinstance(other, Whole):
            raise UntraceableError("the sum of a whole number and something else")
        graph, carry, digits = self.graph, ZERO, []
        for one, two in zip_longest(self.digits, other.digits, fillvalue=ZERO):
            either = graph.differ(one, two)
            digits.append(graph.differ(either, carry))
            carry = graph.either(graph.both(one, two), graph.both(carry, either))
        most, known = self.most + other.most, graph.both(self.known, other.known)
        return Whole(graph, (*digits, carry)[: most.bit_length()], known, most)

    def __mul__(self, number: Any) -> Whole:
        weight = number_of(number)
        parts = [
            Whole(self.graph, (*[ZERO] * place, *self.digits), self.known, self.most << place)
            for place in range(weight.bit_length())
            if weight >> place & 1
        ]
        return reduce(Whole.__add__, parts, Whole(self.graph, (), self.known, 0))

    def __or__(self, other: Whole) -> Whole:
        """Join the digits, as `can_be_joined` asks for."""
        graph, pairs = self.graph, zip_longest(self.digits, other.digits, fillvalue=ZERO)
        digits = tuple(graph.either(one, two) for one, two in pairs)
        return Whole(graph, digits, graph.both(self.known, other.known), 2 ** len(digits) - 1)

    def __ge__(self, least: float) -> Truth:
        return self._known_truth(self._reaches(ceil(least)))

    def __gt__(self, limit: float) -> Truth:
        return self._known_truth(self._reaches(floor(limit) + 1))

    def __le__(self, most: float) -> Truth:
        return self._known_truth(self.graph.negate(self._reaches(floor(most) + 1)))

    def __lt__(self, limit: float) -> Truth:
        return self._known_truth(self.graph.negate(self._reaches(ceil(limit))))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        two = other if isinstance(other, Whole) else whole_number(self.graph, number_of(other))
        same = ONE
        for mine, theirs in zip_longest(self.digits, two.digits, fillvalue=ZERO):
            same = self.graph.both(same, self.graph.negate(self.graph.differ(mine, theirs)))
        return self._known_truth(same, self.graph.both(self.known, two.known))

    __hash__ = None  # type: ignore[assignment]

    def is_null(self) -> Truth:
        """Tell where it is unknown."""
        unknown = self.graph.negate(self.known)
        return Truth(self.graph, unknown, unknown)

    def fill_null(self, value: int) -> Whole:
        """Read unknown as a number."""
        return self.mixed(self.known, whole_number(self.graph, value))  # type: ignore[return-value]

    def cast(self, kind: Any) -> Whole | Quantity:
        """Keep it, the digits take what they need; or give it as measured values."""
        if kind != "Float64":
            return self
        values = self.graph.compute("as_float", self.expand("uint8"))
        return Quantity(self.graph, values, self.graph.negate(self.known))

    def mixed(self, condition: Node, other: Any) -> Whole | Amount:
        """Give this where a condition is true, the other elsewhere."""
        if isinstance(other, Amount):
            return self.as_amount().mixed(condition, other)
        if not isinstance(other, Whole):
            raise UntraceableError("a whole number beside something else")
        known = self.graph.choose(condition, self.known, other.known)
        if other.known == ZERO:
            # What is unknown elsewhere may stand there with any digits.
            return Whole(self.graph, self.digits, known, self.most)
        pairs = zip_longest(self.digits, other.digits, fillvalue=ZERO)
        digits = [self.graph.choose(condition, mine, theirs) for mine, theirs in pairs]
        return Whole(self.graph, tuple(digits), known, max(self.most, other.most))

    def without(self) -> Whole:
        """Give the unknown of this type."""
        return Whole(self.graph, (), ZERO, 0)

    def expand(self, kind: str) -> Node:
        """Give the numbers as an array of a type."""
        if self.most > (255 if kind == "uint8" else 2**15 - 1):
            raise UntraceableError(f"a number too large for {kind}")
        lowest, *higher = self.digits or (ZERO,)
        total = self.graph.compute("digit", lowest, constants=(kind,))
        for place, digit in enumerate(higher, start=1):
            if digit != ZERO:
                total = self.graph.compute("add_digit", total, digit, constants=(place,))
        return total

    def as_amount(self) -> Amount:
        """Give the numbers as points."""
        if self.known != ONE:
            raise UntraceableError("points that may be unknown")
        return Amount(self.graph, self.expand("int16"))

    def _reaches(self, least: int) -> Node:
        if least >> len(self.digits):
            return ZERO
        reached = ONE
        for place, digit in enumerate(self.digits):
            join = self.graph.both if least >> place & 1 else self.graph.either
            reached = join(digit, reached)
        return reached if least > 0 else ONE

    def _known_truth(self, met: Node, known: Node | None = None) -> Truth:
        known = self.known if known is None else known
        low = self.graph.both(met, known)
        return Truth(self.graph, low, self.graph.either(low, self.graph.negate(known)))


@dataclass(frozen=True, slots=True)
class Spelled(Traced):
    """A whole number that stands for words, 0 for the first of them."""

    number: Whole
    words: tuple[str, ...]

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        raise UntraceableError("words compared")

    __hash__ = None  # type: ignore[assignment]


def whole_number(graph: Graph, value: int) -> Whole:
    """Give a number that is the same in every row."""
    digits = tuple(ONE if value >> place & 1 else ZERO for place in range(value.bit_length()))
    return Whole(graph, digits, ONE, value)


def number_of(literal: Any) -> int:
    """Give the plain number of a constant."""
    if isinstance(literal, Whole) and set(literal.digits) <= {ZERO, ONE} and literal.known == ONE:
        return sum(2**place for place, digit in enumerate(literal.digits) if digit == ONE)
    if isinstance(literal, int) and not isinstance(literal, bool) and literal >= 0:
        return literal
    raise UntraceableError("a number that is not whole")


@dataclass(frozen=True, slots=True)
class Levels(Traced):
    """Recorded levels of one byte, 0 where missing, and where they are missing."""

    values: Node
    missing: Node

    def __ge__(self, least: float) -> Truth:
        if least <= 0 or least > 255:
            raise UntraceableError("a level that every row has, or none")
        whole = int(-(-least // 1))
        met = self.graph.compute("compare_with", self.values, constants=(">=", whole))
        return Truth(self.graph, met, self.graph.either(met, self.missing))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        raise UntraceableError("a level compared with one value")

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Levels) -> Levels:
        return self._known(self.graph.compute("join", self.values, other.values), other)

    def __add__(self, other: Levels) -> Levels:
        return self._known(self.graph.compute("add", self.values, other.values), other)

    def fill_null(self, value: int) -> Levels:
        """Read missing as 0."""
        if value != 0:
            raise UntraceableError("a missing level that counts as more than 0")
        return Levels(self.graph, self.values, ZERO)

    def is_null(self) -> Truth:
        """Tell where it is missing."""
        return Truth(self.graph, self.missing, self.missing)

    def cast(self, kind: Any) -> Levels | Amount | Quantity:
        """Give levels as points or as measured values."""
        if kind == "Float64":
            return self.as_quantity()
        # Points of a missing level are never read: the rules ask for them only where it is recorded.
        return self if kind == "Int8" else Amount(self.graph, self.graph.compute("as_amount", self.values))

    def as_quantity(self) -> Quantity:
        """Give levels as measured values."""
        return Quantity(self.graph, self.graph.compute("as_float", self.values), self.missing)

    def _known(self, values: Node, other: Levels) -> Levels:
        if (self.missing, other.missing) != (ZERO, ZERO):
            raise UntraceableError("levels joined where they may be missing")
        return Levels(self.graph, values, ZERO)


@dataclass(frozen=True, slots=True)
class Quantity(Traced):
    """Measured values, and where they are missing; what stands there is never read.

    Those of the visit before stand one row above (`is_above`): nothing is moved until they are compared.
    """

    values: Node
    missing: Node
    is_above: bool = False

    def __gt__(self, other: Any) -> Truth:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Truth:
        return self._compare(">=", other)

    def __lt__(self, other: Any) -> Truth:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Truth:
        return self._compare("<=", other)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return (self >= other) & (self <= other)

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> Quantity:
        return self._reckon("plus", "add_pairs", other)

    def __mul__(self, other: Any) -> Quantity:
        return self._reckon("scale", "multiply_pairs", other)

    def __truediv__(self, other: Any) -> Quantity:
        return self._reckon("over", "divide_pairs", other)

    def __rsub__(self, number: float) -> Quantity:
        return self * -1.0 + number

    def log(self) -> Quantity:
        """Give the natural logarithm; of what has none, nothing that is read."""
        return Quantity(self.graph, self.graph.compute("logarithm", self.values), self.missing)

    def __sub__(self, other: Any) -> Quantity:
        if isinstance(other, Levels | Whole):
            other = other.cast("Float64")
        if not isinstance(other, Quantity):
            return self.__add__(-other)
        if self.is_above:
            raise UntraceableError("a difference from the visit before")
        kind = "subtract_above" if other.is_above else "subtract"
        values = self.graph.compute(kind, self.values, other.values)
        return Quantity(self.graph, values, self.graph.either(self.missing, other.missing))

    def fill_nan(self, _: None) -> Quantity:
        """Keep it: what is NaN is missing already."""
        return self

    def is_null(self) -> Truth:
        """Tell where it is missing."""
        return Truth(self.graph, self.missing, self.missing)

    def cast(self, kind: Any) -> Quantity:
        """Keep it as it is."""
        if kind != "Float64":
            raise UntraceableError("a measured value as another type")
        return self

    def mixed(self, condition: Node, other: Any) -> Quantity:
        """Give this where a condition is true, and nothing elsewhere."""
        if not isinstance(other, Quantity) or not (other.missing == ONE or self.graph.has_fractions):
            raise UntraceableError("a measured value beside another one")
        missing, values = self.graph.choose(condition, self.missing, other.missing), self.values
        if ONE not in (other.missing, condition):
            values = self.graph.compute("choose_values", condition, values, other.values)
        return Quantity(self.graph, values, missing)

    def without(self) -> Quantity:
        """Give the unknown of this type."""
        return Quantity(self.graph, self.values, ONE)

    def fill_null(self, value: float) -> Quantity:
        """Read missing as a number."""
        filled = Quantity(self.graph, self.graph.compute("constant", constants=(float(value),)), ZERO)
        return self.mixed(self.graph.negate(self.missing), filled)

    def _reckon(self, kind: str, pair_kind: str, other: Any) -> Quantity:
        if isinstance(other, int | float):
            values = self.graph.compute(kind, self.values, constants=(float(other),))
            return Quantity(self.graph, values, self.missing, self.is_above)
        if not isinstance(other, Quantity) or not self.graph.has_fractions:
            raise UntraceableError("measured values reckoned with each other")
        values = self.graph.compute(pair_kind, self.values, other.values)
        return Quantity(self.graph, values, self.graph.either(self.missing, other.missing))

    def _compare(self, operator: str, other: Any) -> Truth:
        graph, missing = self.graph, self.missing
        if isinstance(other, Quantity):
            if self.is_above:
                raise UntraceableError("the visit before compared with this one")
            missing = graph.either(missing, other.missing)
            kind = "compare_above" if other.is_above else "compare"
            met = graph.compute(kind, self.values, other.values, constants=(operator,))
        else:
            met = graph.compute("compare_with", self.values, constants=(operator, float(other)))
            met = graph.compute("shift_bits", met) if self.is_above else met
        low = graph.both(met, graph.negate(missing))
        return Truth(graph, low, graph.either(low, missing))


@dataclass(frozen=True, slots=True)
class Amount(Traced):
    """Points, and where they are known."""

    values: Node
    known: Node = ONE

    def __add__(self, other: Any) -> Amount:
        more = other.as_amount() if isinstance(other, Whole) else other
        if not isinstance(more, Amount):
            raise UntraceableError("points and something else")
        return self._make(self.graph.compute("add", self.values, more.values), more)

    def __mul__(self, number: Any) -> Amount:
        weight = number_of(number)
        if weight == 1:
            return self
        return Amount(self.graph, self.graph.compute("times", self.values, constants=(weight,)), self.known)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if not isinstance(other, Amount):
            raise UntraceableError("points compared with something else")
        same = self.graph.compute("equal", self.values, other.values)
        known = self.graph.both(self.known, other.known)
        low = self.graph.both(same, known)
        return Truth(self.graph, low, self.graph.either(low, self.graph.negate(known)))

    __hash__ = None  # type: ignore[assignment]

    def mixed(self, condition: Node, other: Any) -> Amount:
        """Give this where a condition is true, the other elsewhere."""
        other = other.as_amount() if isinstance(other, Whole) else other
        if not isinstance(other, Amount):
            raise UntraceableError("points beside something else")
        known = self.graph.choose(condition, self.known, other.known)
        same = self.values == other.values
        if same:
            return Amount(self.graph, self.values, known)
        mine = self.graph.compute("masked", condition, self.values)
        theirs = self.graph.compute("masked", self.graph.negate(condition), other.values)
        return Amount(self.graph, self.graph.compute("add", mine, theirs), known)

    def without(self) -> Amount:
        """Give the unknown of this type."""
        return Amount(self.graph, self.values, ZERO)

    def _make(self, values: Node, other: Amount) -> Amount:
        return Amount(self.graph, values, self.graph.both(self.known, other.known))
