"""Scores of large Polars frames, decided eight visits a byte while the file is read.

The rules are those of every other frame (`grading`, `totals`), traced once for the columns that a frame has.
What they ask for is then computed batch by batch, in the order of the rows, and a query reads and computes
only what it is asked for. Needs PyArrow, through which a batch lends columns with empty cells without a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from itertools import chain
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from funis.catalogue.model_instrument import Definition, Item
from funis.errors import ValueRangeError
from funis.frames.under_way import PREFIX, ROW, OpenFrame
from funis.scoring.bits.earlier_rows import (
    Array,
    Batch,
    Bits,
    Carried,
    Limits,
    Node,
    empty_bits,
    pack,
    unpack,
)
from funis.scoring.bits.program import ONE, Program
from funis.scoring.bits.run_ahead import run_ahead
from funis.scoring.bits.traced import Amount, Spelled, Whole
from funis.scoring.bits.tracer import FIRST, Tracer
from funis.scoring.check_values import check_batch, checked_items
from funis.scoring.history import visit_key_columns
from funis.scoring.items import Intake, ItemCell, ScoringLayout, flag_columns, is_first

# Below this a frame in memory is scored before a program has been traced.
LEAST_ROWS = 50_000
# Rows worked on at a time: a column of levels then fits into the cache of a processor.
ROWS_AT_A_TIME = 131_072
# Types that NumPy has too.
_NUMBERS = frozenset(
    [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64]
)
# What is built with a tracer: given it, a layout and the cells, it adds columns and names the outputs.
Build = Callable[[Tracer, ScoringLayout, Mapping[str, ItemCell]], Sequence[str]]


def is_bit_packed(working: OpenFrame, layout: ScoringLayout) -> bool:
    """Tell whether a frame is large, or may be, and its instrument can be traced."""
    is_large = working.is_lazy or len(working.frame) >= LEAST_ROWS
    can_lend = find_spec("pyarrow") is not None
    return working.is_polars and is_large and can_lend and can_be_traced(layout.definition, layout.schema)


def can_be_traced(definition: Definition, columns: Collection[str] = ()) -> bool:
    """Tell whether the rules of an instrument are those of grades, or a plain sum of points.

    Parameters
    ----------
    definition : the instrument
    columns : those of the frame; an item must not be filled from values of an earlier visit
    """
    conditions = [condition for item in definition.items for level in item.when for condition in level]
    if any(condition.looks_back and set(condition.names) & set(columns) for condition in conditions):
        return False
    if definition.kind == "grades":
        return True
    has_more = (
        definition.intercept
        or definition.flags
        or definition.summaries
        or definition.per_system
        or definition.applies
    )
    is_plain = all(not (item.is_measured or item.is_text) for item in definition.items)
    is_whole = all(float(point).is_integer() for item in definition.items for point in item.points)
    return definition.kind == "sum" and definition.within == "sum" and is_plain and is_whole and not has_more


@dataclass(frozen=True, slots=True)
class Output:
    """One output column: where its numbers stand, where they are known, and what they are."""

    values: Node
    known: Node
    kind: pl.DataType
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Everything that is needed to score the batches of a frame.

    Attributes
    ----------
    layout : what is scored
    derived : columns of our own that Polars computes from those of a batch, by name
    raw : columns of our own that are columns of the frame with NaN as empty, by name
    tracer : holds the steps
    outputs : what can be asked for, by name, in order
    """

    layout: ScoringLayout
    derived: Mapping[str, pl.Expr]
    raw: Mapping[str, str]
    tracer: Tracer
    outputs: Mapping[str, Output]
    _programs: dict[tuple[str, ...], Program] = field(default_factory=dict)

    def program(self, names: tuple[str, ...]) -> Program:
        """Give the program that computes some outputs."""
        if names not in self._programs:
            nodes = [node for name in names for node in (self.outputs[name].values, self.outputs[name].known)]
            self._programs[names] = Program(self.tracer.graph, nodes)
        return self._programs[names]

    def sources(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Name the columns of the frame that some outputs need."""
        found: dict[str, None] = {}
        for column in self.program(names).columns:
            if column in self.derived:
                found |= dict.fromkeys(self.derived[column].meta.root_names())
            else:
                found[self.raw.get(column, column)] = None
        # A batch without columns would have no rows.
        return tuple(found) or (next(iter(self.layout.schema)),)

    def spelled(self) -> list[pl.Expr]:
        """Give the outputs that are numbers for words as enumerations of these words."""
        return [
            pl.col(name).cat.to(pl.Enum(output.words))
            for name, output in self.outputs.items()
            if output.words
        ]


def plan_scoring(working: OpenFrame, layout: ScoringLayout, intake: Intake, build: Build) -> BatchPlan:
    """Trace the rules for a frame.

    Parameters
    ----------
    working, layout : the frame and what is scored
    intake : its cells, and the columns to derive before they can be read
    build : adds the outputs to a tracer

    Raises
    ------
    UntraceableError : the rules ask for something that cannot be computed in this way
    """
    derived = {column.meta.output_name(): column for column in (*intake.derived, *visit_key_columns(layout))}
    if layout.has_history:
        derived[FIRST] = is_first(layout)
    schema = working.frame.lazy().with_columns(**derived).collect_schema()
    levels = {
        _name_of(column)
        for name, cell in intake.cells.items()
        if _has_levels(layout, name)
        for column in (cell.value, *(cell.ends or ()))
    }
    roles = {name: _role_of(kind, is_level=name in levels) for name, kind in schema.items()}
    tracer = Tracer(roles)
    cells = {name: _trace_cell(tracer, cell) for name, cell in intake.cells.items()}
    names = build(tracer, replace(layout, ops=tracer), cells)
    raw = _find_raw(layout, derived)
    derived = {name: column for name, column in derived.items() if name not in raw}
    return BatchPlan(layout, derived, raw, tracer, {name: _output_of(tracer.columns[name]) for name in names})


def _find_raw(layout: ScoringLayout, derived: Mapping[str, pl.Expr]) -> dict[str, str]:
    """Name the measured columns that are derived only to make NaN empty."""
    return {
        f"{PREFIX}{item.name}": item.name
        for item in layout.definition.items
        if item.is_measured
        and f"{PREFIX}{item.name}" in derived
        and layout.schema.get(item.name) == nw.Float64
    }


def _trace_cell(tracer: Tracer, cell: ItemCell) -> ItemCell:
    value, not_done, ignored = (
        None if part is None else tracer.col(_name_of(part))
        for part in (cell.value, cell.not_done, cell.ignored)
    )
    ends = None
    if cell.ends is not None:
        low, high = cell.ends
        ends = (tracer.col(_name_of(low)), tracer.col(_name_of(high)))
    return ItemCell(value, not_done, ignored, cell.is_uncollected, ends)


def _name_of(column: pl.Expr) -> str:
    return column.meta.output_name()


def _has_levels(layout: ScoringLayout, name: str) -> bool:
    item = layout.definition.item(name)
    return not (item.is_measured or item.is_text)


def _role_of(kind: pl.DataType, *, is_level: bool) -> str:
    if kind == pl.Boolean:
        return "truth"
    if is_level:
        return "levels" if kind == pl.Int8 else "other"
    return "quantity" if kind in _NUMBERS else "other"


def _output_of(column: Whole | Amount | Spelled) -> Output:
    if isinstance(column, Spelled):
        return Output(column.number.expand("uint8"), column.number.known, pl.UInt8(), column.words)
    if isinstance(column, Amount):
        return Output(column.values, column.known, pl.Int16())
    return Output(column.expand("int16"), column.known, pl.Int16())


def score_lazily(frame: pl.LazyFrame, plan: BatchPlan) -> pl.LazyFrame:
    """Give a query that scores a frame while it is read.

    Parameters
    ----------
    frame : rows of a subject stand together in order
    plan : what is computed

    Returns
    -------
    polars.LazyFrame : the columns of the frame and the outputs; a bad value stops it with `ValueRangeError`
    """
    kept = {name: kind for name, kind in frame.collect_schema().items() if name not in plan.outputs}
    is_in_order = ROW not in kept
    schema = pl.Schema(kept | {name: output.kind for name, output in plan.outputs.items()})

    def read(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        wanted = list(schema) if with_columns is None else with_columns
        shown = [name for name in wanted if name in kept]
        run = BatchRun(plan, tuple(name for name in wanted if name in plan.outputs), is_in_order=is_in_order)
        query = frame.select(*dict.fromkeys([*shown, *run.sources]))
        batches = query.collect_batches(maintain_order=True, engine="streaming")
        for scored in run_ahead(run.score_batches(batches, wanted)):
            found = scored if n_rows is None else scored.head(n_rows)
            n_rows = None if n_rows is None else n_rows - found.height
            yield found if predicate is None else found.filter(predicate)
            if n_rows == 0:
                return

    return register_io_source(read, schema=schema).with_columns(plan.spelled())


def score_at_once(frame: pl.DataFrame, plan: BatchPlan) -> pl.DataFrame:
    """Score a frame in memory; see `score_lazily`."""
    # Values were looked at when the frame was taken over.
    run = BatchRun(plan, tuple(plan.outputs), is_in_order=False)
    scored = pl.concat(run.score_batches([frame.select(*run.sources)], run.names))
    return frame.with_columns(scored.with_columns(plan.spelled()).get_columns())


class BatchRun:
    """One run over the batches of a frame, in the order of its rows, with what it keeps between them.

    Parameters
    ----------
    plan : what can be computed
    names : outputs that are asked for
    is_in_order : the rows come in the order of the caller, so that a message can name the number of a bad one
    """

    def __init__(self, plan: BatchPlan, names: tuple[str, ...], *, is_in_order: bool) -> None:
        self.plan, self.names, self.is_in_order = plan, names, is_in_order
        self.program, self.sources = plan.program(names), plan.sources(names)
        definition = plan.layout.definition
        self.items = {item.name: item for item in checked_items(definition) if item.name in self.sources}
        self.limits = _find_limits(plan, self.program.columns)
        watched = {plan.raw.get(name, name) for name in self.limits}
        self.unwatched = [item for name, item in self.items.items() if name not in watched]
        self.flags = [name for name in flag_columns(plan.layout) if name in self.sources]
        self.carried: dict[Node, Any] = {}
        self.last_subject: Any = None
        self.row = 0

    def score_batches(self, batches: Iterable[pl.DataFrame], wanted: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Give some columns of each batch, those of the frame and outputs.

        No batch is held on to while the next is read: its memory serves again.
        """
        parts = chain.from_iterable(map(_cut, batches))
        return map(partial(self._score, wanted), parts)

    def _score(self, wanted: Sequence[str], frame: pl.DataFrame) -> pl.DataFrame:
        plan = self.plan
        # Before anything is derived from them: a text that is no number cannot be made one.
        self._check(frame, self.unwatched, self.flags)
        batch = _lend(frame, plan, self.program.columns, self.carried, self.limits)
        subject = plan.layout.subject
        if subject is not None and FIRST in self.program.columns and frame.height:
            _continue_subject(batch, frame, subject, self.last_subject)
            self.last_subject = _identify(frame.get_column(subject).slice(-1, 1))
        scored = _run(self.program, plan, self.names, batch)
        self._check(frame, [self.items[plan.raw.get(name, name)] for name in batch.suspects])
        self.row += frame.height
        return frame.with_columns(scored).select(wanted)

    def _check(self, frame: pl.DataFrame, items: Sequence[Item], flags: Sequence[str] = ()) -> None:
        """Look at some columns of a batch; where one of them must be refused, the error names all of them."""
        first_row = self.row if self.is_in_order else None
        try:
            check_batch(self.plan.layout, items, frame, flags=flags)
        except ValueRangeError:
            every = list(self.items.values())
            check_batch(self.plan.layout, every, frame, flags=self.flags, first_row=first_row)
            raise


def _cut(batch: pl.DataFrame) -> Iterable[pl.DataFrame]:
    return batch.iter_slices(ROWS_AT_A_TIME) if batch.height > ROWS_AT_A_TIME else (batch,)


def _find_limits(plan: BatchPlan, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Give the limits of the columns that can be watched while they are read."""
    limits = {}
    items = {item.name: item for item in plan.layout.definition.items}
    for name in names:
        item = items.get(plan.raw.get(name, name))
        if item is None or plan.tracer.inputs.get(name) not in ("levels", "quantity"):
            continue
        if item.is_measured and item.minimum is not None and item.maximum is not None:
            limits[name] = (item.minimum, item.maximum)
        elif item.values == tuple(range(len(item.values))):
            limits[name] = (0, len(item.values) - 1)
    return limits


def _continue_subject(batch: Batch, frame: pl.DataFrame, subject: str, last: Any) -> None:
    """Take back that a batch starts with a first visit where it goes on with the subject before."""
    if last is not None and _identify(frame.get_column(subject).slice(0, 1)) == last:
        starts = batch.values[FIRST].copy()
        starts[0] &= np.uint8(254)
        batch.values[FIRST] = starts


def _identify(subject: pl.Series) -> Any:
    """Give the one subject of a column; a time as the number it is stored as, of which nothing is cut."""
    return subject.to_physical().item()


def _run(program: Program, plan: BatchPlan, names: tuple[str, ...], batch: Batch) -> list[pl.Series]:
    found = program.run(batch)
    return [
        _to_series(name, values, known, plan.outputs[name], batch.rows)
        for name, values, known in zip(names, found[::2], found[1::2], strict=True)
    ]


def _to_series(name: str, values: Array, known: Bits, output: Output, rows: int) -> pl.Series:
    """Give numbers as a column that is empty where they are not known."""
    series = pl.Series(name, values)
    if output.known == ONE:
        return series
    empty = pl.Series(name, [None], dtype=series.dtype)
    return series.zip_with(pl.Series(unpack(known, rows).view(np.bool_)), empty)


def _lend(
    frame: pl.DataFrame, plan: BatchPlan, names: Sequence[str], carried: Carried, limits: Limits
) -> Batch:
    """Lend the columns of a batch, and those derived from them, as arrays."""
    made = [column.alias(name) for name, column in plan.derived.items() if name in names]
    columns = {column.name: column for column in frame.get_columns()}
    if made:
        # Not "select": an absent column is one empty cell, which only the rows beside it make a column.
        columns |= {column.name: column for column in frame.with_columns(made).get_columns()}
    batch = Batch(frame.height, {}, {}, carried, limits)
    for name in names:
        column = columns[plan.raw.get(name, name)]
        batch.values[name], batch.gaps[name] = _lend_column(column)
        if plan.tracer.inputs[name] == "quantity" and (
            name in limits or batch.values[name].dtype.kind == "f"
        ):
            _watch(batch, name)
    return batch


def _watch(batch: Batch, name: str) -> None:
    """Take note of measured values beyond their limits, and of NaN, which is empty."""
    values = batch.values[name]
    low, high = batch.limits.get(name, (-np.inf, np.inf))
    if not batch.rows or (low <= values.min() and values.max() <= high):
        return
    if values.dtype.kind == "f":
        empty = np.isnan(values)
        if empty.any():
            gaps = batch.gaps[name]
            batch.gaps[name] = pack(empty) if gaps is None else gaps | pack(empty)
    if name in batch.limits:
        batch.suspects.append(name)


def _lend_column(column: pl.Series) -> tuple[Array, Bits | None]:
    """Give the values of a column, truth values as bits, and the bits of its empty cells."""
    is_bits = column.dtype == pl.Boolean
    if not is_bits and not column.null_count():
        return column.to_numpy(), None
    array: Any = column.rechunk().to_arrow()
    validity, data = array.buffers()
    whole = np.frombuffer(data, np.uint8 if is_bits else array.type.to_pandas_dtype())
    rows, start = len(column), array.offset
    values = _align(whole, start, rows) if is_bits else whole[start : start + rows]
    return values, ~_align(np.frombuffer(validity, np.uint8), start, rows) if array.null_count else None


def _align(bits: Bits, offset: int, rows: int) -> Bits:
    """Give the bits of some rows, the first of them in the lowest place, in whole words."""
    first, shift = divmod(offset, 8)
    own = bits[first : first + -(-(shift + rows) // 8)]
    if shift:
        return pack(unpack(own, shift + rows)[shift:])
    aligned = empty_bits(rows)
    aligned[: len(own)] = own
    return aligned
