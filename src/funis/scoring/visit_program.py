"""The rules of an instrument, traced for a handful of visits and compiled to one function.

What is traced is all of it: cells, items filled from quantities, what is carried forward, scores. Only the
cells themselves are read elsewhere (`visit_cells`), because only they differ from language to language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from funis.catalogue.model_instrument import Definition, Item
from funis.scoring.bits.program import Graph
from funis.scoring.bits.straight_line import Input, RunVisits, compile_program, write_program
from funis.scoring.bits.traced import Quantity, Spelled, UntraceableError, Whole
from funis.scoring.bits.tracer import FIRST, Tracer
from funis.scoring.items import ScoringLayout
from funis.scoring.score import Missing, add_scores
from funis.scoring.visit_cells import Shape

# Levels are told apart by this many binary digits at most.
_HIGHEST_LEVEL = 255


@dataclass(frozen=True, slots=True)
class TracedScore:
    """The steps that give the columns of a score.

    Attributes
    ----------
    graph : the steps
    names : of the columns, in the order in which `funis.score` adds them
    numbers : what each of them is
    words : per column the words that its numbers stand for, None where the number itself is meant
    """

    graph: Graph
    names: tuple[str, ...]
    numbers: tuple[Whole | Quantity, ...]
    words: tuple[tuple[str, ...] | None, ...]


def can_be_traced(definition: Definition) -> bool:
    """Tell whether an instrument is made of what can be traced: levels as whole numbers, limits, points."""
    levels = [item for item in definition.items if not item.is_measured]
    if not all(_has_whole_levels(item) for item in levels):
        return False
    # The powers of an equation are left to those who score frames.
    return definition.applies is None and not definition.factors


def _is_whole(definition: Definition) -> bool:
    """Tell whether all points are whole and stay so."""
    if definition.kind == "grades":
        return True
    has_measured = any(item.is_measured for item in definition.items)
    has_parts = (
        definition.intercept or has_measured or definition.within == "mean" or definition.kind == "mean"
    )
    points = [point for item in definition.items for point in item.points]
    return not has_parts and all(float(point).is_integer() for point in points)


def _has_whole_levels(item: Item) -> bool:
    return all(isinstance(value, int) and 0 <= value <= _HIGHEST_LEVEL for value in item.values)


def trace_visits(
    definition: Definition, parameters: Mapping[str, Any], missing: Missing, shape: Shape
) -> TracedScore:
    """Trace the rules for visits of one subject in order.

    Parameters
    ----------
    definition, parameters, missing : what is scored, and how; every parameter has its value
    shape : which columns are there beside the items, and which items have none

    Raises
    ------
    UntraceableError : the rules ask for something that bits cannot tell
    """
    kinds, roles = _describe_columns(definition, shape)
    highest = {item.name: int(max(item.values)) for item in definition.items if not item.is_measured}
    tracer = Tracer(roles, highest, Graph(has_fractions=not _is_whole(definition)))
    layout = ScoringLayout(definition, parameters, kinds, "subject", "day", is_sorted=True, ops=tracer)
    names = add_scores(tracer, layout, missing)
    numbers, words = [], []
    for column in (tracer.columns[name] for name in names):
        number = column.number if isinstance(column, Spelled) else column
        if not isinstance(number, Whole | Quantity):
            raise UntraceableError("a column that is no number")
        numbers.append(number)
        words.append(column.words if isinstance(column, Spelled) else None)
    return TracedScore(tracer.graph, names, tuple(numbers), tuple(words))


def _describe_columns(definition: Definition, shape: Shape) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the columns that are traced with their types in a frame, and how a tracer reads them."""
    kinds: dict[str, Any] = {"subject": nw.String(), "day": nw.Int64()}
    roles = {FIRST: "certain"}
    for name in shape.measures:
        kinds[name], roles[name] = nw.Float64(), "quantity"
    for item in definition.items:
        if item.name in shape.measures:
            raise UntraceableError("a quantity that is an item too")
        if item.name in shape.uncollected:
            continue
        kinds[item.name], roles[item.name] = (
            (nw.Float64(), "quantity") if item.is_measured else (nw.Int8(), "number")
        )
        if shape.has_not_done:
            kinds[f"{item.name}_not_done"], roles[f"{item.name}_not_done"] = nw.Boolean(), "certain"
        if shape.has_denied:
            # The bit says that a finding is not due to the disease; where nobody says so, it is.
            kinds[f"{item.name}_attributed"], roles[f"{item.name}_attributed"] = nw.Boolean(), "unless"
    if shape.has_ever:
        kinds |= {f"{system}_ever": nw.Boolean() for system in definition.systems}
        roles |= {f"{system}_ever": "truth" for system in definition.systems}
    return kinds, roles


@dataclass(frozen=True, slots=True)
class VisitProgram:
    """A compiled program and what its numbers stand for.

    Attributes
    ----------
    run : gives a tuple of numbers per visit
    names : of the columns that the numbers are
    words : per column the word of each number, None where the number itself is meant
    """

    run: RunVisits
    names: tuple[str, ...]
    words: tuple[Mapping[Any, str | None] | None, ...]

    def name_numbers(self, numbers: Sequence[float | None]) -> dict[str, Any]:
        """Give the numbers of one visit, or the words they stand for, by the names of their columns."""
        return {
            name: number if words is None else words[number]
            for name, number, words in zip(self.names, numbers, self.words, strict=True)
        }


def compile_visits(traced: TracedScore, places: Mapping[Input, str]) -> VisitProgram:
    """Compile what was traced.

    Parameters
    ----------
    traced : what `trace_visits` gave
    places : where the program finds each column, see `VisitReader`
    """
    source = write_program(traced.graph, traced.numbers, places)
    words = [None if one is None else {None: None, **dict(enumerate(one))} for one in traced.words]
    return VisitProgram(compile_program(source), traced.names, tuple(words))
