"""Truth values of many rows at once: one bit per row, eight rows to a byte, as a program run over batches.

A rule over a million visits is the same few hundred *and*, *or* and *not* for each of them. Kept as bits,
one instruction of the processor decides 64 visits and more. A `Graph` holds each step once, however often a
rule asks for it, and drops what is decided beforehand (*and* with false). A `Program` runs it on the columns
of one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from funis.scoring.bits.earlier_rows import (
    COMPARE,
    LOOKING_BACK,
    Array,
    Batch,
    Bits,
    Node,
    empty_bits,
    goes_on,
    pack,
    unpack,
    window,
)

ZERO: Final[Node] = 0
ONE: Final[Node] = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it does, the nodes it reads, its constants (a column's name, a limit)."""

    kind: str
    sources: tuple[Node, ...] = ()
    constants: tuple[Any, ...] = ()


@dataclass(slots=True)
class Graph:
    """Steps of a program, each of them once; a node is the number of its step.

    Attributes
    ----------
    steps : in the order in which they were asked for
    has_fractions : measured values may be added, divided and chosen between, which only a straight line
        spells (`straight_line`); batches compare them with limits and no more
    """

    steps: list[Step] = field(default_factory=lambda: [Step("zero"), Step("one")])
    has_fractions: bool = False
    _known: dict[Step, Node] = field(default_factory=dict)

    def load(self, kind: str, column: str) -> Node:
        """Read a column: its ``values``, its ``gaps``, or its ``levels`` (values with 0 for a gap)."""
        return self._node(Step(kind, (), (column,)))

    def compute(self, kind: str, *sources: Node, constants: tuple[Any, ...] = ()) -> Node:
        """Compute something from arrays; see the functions at the end of this module."""
        return self._node(Step(kind, sources, constants))

    def both(self, one: Node, other: Node) -> Node:
        """Tell where both are true."""
        one, other = sorted((one, other))
        if one == ZERO or self._is_opposite(one, other):
            return ZERO
        return other if one in (ONE, other) else self.compute("and", one, other)

    def either(self, one: Node, other: Node) -> Node:
        """Tell where at least one is true."""
        one, other = sorted((one, other))
        if ONE in (one, other) or self._is_opposite(one, other):
            return ONE
        return other if one in (ZERO, other) else self.compute("or", one, other)

    def differ(self, one: Node, other: Node) -> Node:
        """Tell where exactly one is true."""
        one, other = sorted((one, other))
        if one == other:
            return ZERO
        if one in (ZERO, ONE):
            return other if one == ZERO else self.negate(other)
        return ONE if self._is_opposite(one, other) else self.compute("xor", one, other)

    def negate(self, one: Node) -> Node:
        """Tell where it is not true."""
        if one in (ZERO, ONE):
            return ONE - one
        step = self.steps[one]
        return step.sources[0] if step.kind == "not" else self.compute("not", one)

    def choose(self, condition: Node, yes: Node, no: Node) -> Node:
        """Give one value where a condition is true, the other elsewhere."""
        if yes == no:
            return yes
        return self.either(self.both(condition, yes), self.both(self.negate(condition), no))

    def _is_opposite(self, one: Node, other: Node) -> bool:
        return Step("not", (one,)) == self.steps[other] or Step("not", (other,)) == self.steps[one]

    def _node(self, step: Step) -> Node:
        found = self._known.get(step)
        if found is None:
            found = self._known[step] = len(self.steps)
            self.steps.append(step)
        return found


class Program:
    """The steps that some outputs need, in order, ready to be run on batches.

    For the columns that have no empty cell in a batch the steps are simplified once, and kept.

    Parameters
    ----------
    graph : holds the steps
    outputs : nodes that are wanted

    Attributes
    ----------
    columns : names of the columns that are read
    """

    def __init__(self, graph: Graph, outputs: Sequence[Node]) -> None:
        self.graph = graph
        self.outputs = tuple(outputs)
        steps = [graph.steps[node] for node in needed_steps(graph, outputs)]
        self.columns = tuple(dict.fromkeys(name for step in steps for name in _columns_of(step)))
        self._listings: dict[frozenset[str], Listing] = {}

    def run(self, batch: Batch) -> list[Any]:
        """Run every step on a batch; gives one array per output."""
        full = frozenset(name for name, gaps in batch.gaps.items() if gaps is None)
        if full not in self._listings and len(self._listings) >= MOST_LISTINGS:
            full = frozenset()
        if full not in self._listings:
            self._listings[full] = _list_steps(*_simplify(self.graph, self.outputs, full))
        return self._listings[full].run(batch)


@dataclass(frozen=True, slots=True)
class Listing:
    """Steps in order: where the result is put, what is done, with which results, which of them are let go.

    Every step reads at most two results; what it does not need is whatever stands in place 0.
    """

    steps: tuple[tuple[Node, Callable[[Batch, Any, Any], Any], Node, Node, tuple[Node, ...]], ...]
    outputs: tuple[Node, ...]
    size: int

    def run(self, batch: Batch) -> list[Any]:
        """Run every step on a batch."""
        slots: list[Any] = [None] * self.size
        slots[ZERO], slots[ONE] = empty_bits(batch.rows), ~empty_bits(batch.rows)
        for node, function, first, second, done in self.steps:
            slots[node] = function(batch, slots[first], slots[second])
            for source in done:
                slots[source] = None
        return [slots[node] for node in self.outputs]


def needed_steps(graph: Graph, outputs: Sequence[Node]) -> list[Node]:
    """Give the nodes that the outputs need; a node stands after those it reads, as it was made after them."""
    found, unread = set[Node](), list(outputs)
    while unread:
        node = unread.pop()
        if node not in found:
            found.add(node)
            unread += graph.steps[node].sources
    return sorted(found)


def _columns_of(step: Step) -> tuple[str, ...]:
    return tuple(map(str, step.constants)) if step.kind in (*LOADS, "window") else ()


def _simplify(
    graph: Graph, outputs: Sequence[Node], full: frozenset[str]
) -> tuple[Graph, list[Node], list[Node]]:
    """Give the steps again, knowing which columns have no empty cell.

    A step that looks back is given its own number, under which it keeps things from batch to batch. It is
    made for every batch, even where the gaps of this one leave nobody who reads it: the next batch may need
    what it keeps. So are levels, which are looked at for values that are not allowed.

    Returns
    -------
    graph, outputs, and the nodes to make besides
    """
    simple, place, wanted = Graph(), {ZERO: ZERO, ONE: ONE}, needed_steps(graph, outputs)
    join: Mapping[str, Callable[..., Node]] = {
        "and": simple.both, "or": simple.either, "xor": simple.differ, "not": simple.negate
    }  # fmt: skip
    for node in wanted:
        step = graph.steps[node]
        sources = tuple(place[source] for source in step.sources)
        if step.kind in join:
            place[node] = join[step.kind](*sources)
        elif step.kind == "gaps" and step.constants[0] in full:
            place[node] = ZERO
        elif node > ONE:
            own = (node,) if step.kind in KEEPING else ()
            place[node] = simple.compute(step.kind, *sources, constants=(*step.constants, *own))
    besides = [place[node] for node in wanted if graph.steps[node].kind in (*LOOKING_BACK, "levels")]
    return simple, [place[node] for node in outputs], besides


def _list_steps(graph: Graph, outputs: Sequence[Node], besides: Sequence[Node]) -> Listing:
    wanted = _walk(graph, [*outputs, *besides])
    last = {source: node for node in wanted for source in graph.steps[node].sources}
    ends: dict[Node, list[Node]] = {}
    for source, node in last.items():
        if source > ONE and source not in outputs:
            # What is let go of early stays in the cache of the processor.
            ends.setdefault(node, []).append(source)
    spare = _find_spare(graph, wanted)
    steps = []
    for node in wanted:
        step, done = graph.steps[node], tuple(ends.get(node, ()))
        first, second = (*step.sources, ZERO, ZERO)[:2]
        function = _bind(step)
        if step.kind in _INTO_FIRST and spare.intersection(done):
            if first not in spare.intersection(done):
                first, second = second, first
            function = _INTO_FIRST[step.kind]
        steps.append((node, function, first, second, done))
    return Listing(tuple(steps), tuple(outputs), len(graph.steps))


def _find_spare(graph: Graph, wanted: Sequence[Node]) -> set[Node]:
    """Give the nodes whose memory may hold the result of the step that reads them last.

    They have made it themselves, and no step that reads them hands it on as it is.
    """
    kept = {
        source
        for node in wanted
        if graph.steps[node].kind not in _MAKING
        for source in graph.steps[node].sources
    }
    return {node for node in wanted if graph.steps[node].kind in _MAKING} - kept


def _walk(graph: Graph, outputs: Sequence[Node]) -> list[Node]:
    """Give the nodes that the outputs need, each right before it is first read, as far as that goes."""
    order: dict[Node, None] = {ZERO: None, ONE: None}
    stack = list(reversed(outputs))
    while stack:
        node = stack[-1]
        unmade = [source for source in graph.steps[node].sources if source not in order]
        if unmade and node not in order:
            stack += reversed(unmade)
        else:
            order.setdefault(stack.pop(), None)
    return [node for node in order if node > ONE]


def _bind(step: Step) -> Callable[[Batch, Any, Any], Any]:
    """Give the function of a step with its constants put in."""
    function = KEEPING[step.kind] if step.kind in KEEPING else _FUNCTIONS[step.kind]
    constants = step.constants
    if not constants:
        return function
    if len(step.sources) == 2:
        return lambda batch, one, other: function(batch, one, other, *constants)
    if len(step.sources) == 1:
        return lambda batch, one, _: function(batch, one, *constants)
    return lambda batch, _, __: function(batch, *constants)


def _gaps(batch: Batch, name: str) -> Bits:
    found = batch.gaps[name]
    return empty_bits(batch.rows) if found is None else found


def _levels(batch: Batch, name: str) -> Array:
    """Give the levels of an item with 0 for a gap; take note of a column with others than it may have."""
    values, gaps = batch.values[name].view(np.uint8), batch.gaps[name]
    levels = values if gaps is None else np.multiply(values, unpack(~gaps, batch.rows))
    if batch.rows and levels.max() > batch.limits.get(name, (0, 255))[1]:
        batch.suspects.append(name)
    return levels


def _digit(batch: Batch, bits: Bits, kind: str) -> Array:
    """Give the lowest digit of a number."""
    return unpack(bits, batch.rows).astype(kind, copy=False)


def _add_digit(batch: Batch, total: Array, bits: Bits, place: int) -> Array:
    """Add a higher digit to a number."""
    part = unpack(bits, batch.rows).astype(total.dtype, copy=False)
    np.multiply(part, part.dtype.type(2**place), out=part)
    part += total
    return part


def _masked(batch: Batch, bits: Bits, values: Array) -> Array:
    kept: Array = unpack(bits, batch.rows) * values
    return kept


def _scratch(batch: Batch, node: Node) -> Array:
    """Give an array that a step fills anew for each batch: fresh memory would cost more than the sum."""
    kept = batch.carried.get(node)
    if kept is None or len(kept) < batch.rows:
        kept = batch.carried[node] = np.empty(batch.rows)
    memory: Array = kept[: batch.rows]
    return memory


def _as_float(batch: Batch, values: Array, node: Node) -> Array:
    if values.dtype == np.float64:
        return values
    whole = _scratch(batch, node)
    whole[:] = values
    return whole


def _plus(batch: Batch, one: Array, number: float, node: Node) -> Array:
    return np.add(one, number, out=_scratch(batch, node))


def _scale(batch: Batch, one: Array, number: float, node: Node) -> Array:
    return np.multiply(one, number, out=_scratch(batch, node))


def _compare(batch: Batch, left: Array, operator: str, limit: float) -> Bits:
    """Compare with a limit; the truth values of one byte each are written where those before were."""
    met = batch.carried.get(_MET)
    if met is None or len(met) < batch.rows:
        met = batch.carried[_MET] = np.empty(batch.rows, np.bool_)
    return pack(COMPARE[operator](left, limit, out=met[: batch.rows]))


# Under this number, which is no step's, the truth values of a comparison are kept.
_MET: Final = -1
LOADS: Final = ("values", "gaps", "levels")
# So many sets of full columns are prepared for; for further ones every column is taken to have empty cells.
MOST_LISTINGS: Final = 16
# Steps that keep something from batch to batch, or memory; their own number is the last of their constants.
KEEPING: Final[Mapping[str, Callable[..., Any]]] = {
    **LOOKING_BACK,
    "as_float": _as_float,
    "plus": _plus,
    "scale": _scale,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "values": lambda batch, name: batch.values[name],
    "gaps": _gaps,
    "levels": _levels,
    # Bits.
    "and": lambda _, one, other: one & other,
    "or": lambda _, one, other: one | other,
    "xor": lambda _, one, other: one ^ other,
    "not": lambda _, one, __: ~one,
    "goes_on": goes_on,
    "window": window,
    # Arrays of levels and of numbers.
    "compare_with": _compare,
    "compare": lambda _, one, other, operator: pack(COMPARE[operator](one, other)),
    "subtract": lambda _, one, other: one - other,
    "equal": lambda _, one, other: pack(one == other),
    "join": lambda _, one, other: one | other,
    "add": lambda _, one, other: one + other,
    "times": lambda _, one, number: one * number,
    "as_amount": lambda _, values, __: values.astype(np.int16),
    "masked": _masked,
    "digit": _digit,
    "add_digit": _add_digit,
}
# Steps that make an array of their own, and keep nothing of what they read.
_MAKING: Final = frozenset(
    {
        "and",
        "or",
        "xor",
        "not",
        "compare_with",
        "compare_above",
        "equal",
        "join",
        "digit",
        "add_digit",
    }
)
# The same with the result in the memory of the first.
_INTO_FIRST: Final[Mapping[str, Callable[[Batch, Any, Any], Any]]] = {
    "and": lambda _, one, other: np.bitwise_and(one, other, out=one),
    "or": lambda _, one, other: np.bitwise_or(one, other, out=one),
    "xor": lambda _, one, other: np.bitwise_xor(one, other, out=one),
    "join": lambda _, one, other: np.bitwise_or(one, other, out=one),
}
