"""From the columns of a frame to one cell per item: value, *not done*, *not due to the disease*.

The cells are column expressions of Narwhals. Null means unknown; *not done* is a flag of its own; neither is
zero.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from funis.answer_words import NO_WORDS, NOT_DONE_WORDS, YES_WORDS
from funis.catalogue.conditions import Condition, Term, find_limit
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.model_parameter import ParameterValue
from funis.errors import ColumnError
from funis.frames.under_way import PREFIX, Column
from funis.nine_decimals import compare_exactly
from funis.scoring.bits.tracer import Tracer
from funis.scoring.truth_columns import all_of, any_of, is_possible, is_sure

# Yes/no items are printed with letters and spoken of in words; all are read.
YES_NO: tuple[tuple[str, int], ...] = (
    *((word, 1) for word in YES_WORDS),
    *((word, 0) for word in NO_WORDS),
)


@dataclass(frozen=True, slots=True)
class ScoringLayout:
    """What is scored and how the frame is laid out.

    Attributes
    ----------
    definition, parameters : what is scored
    schema : column name -> Narwhals dtype
    subject, order : columns of the history, None where every row is a first visit
    is_sorted : rows of a subject stand together in order, so that the previous visit is the row above
    level_name : name of the whole-number type of recorded levels
    ops : the library whose expressions are built: Polars, or Narwhals for every other engine
    """

    definition: Definition
    parameters: Mapping[str, ParameterValue]
    schema: Mapping[str, nw.dtypes.DType]
    subject: str | None = None
    order: str | None = None
    is_sorted: bool = False
    level_name: str = "Int8"
    ops: Any = nw

    @property
    def level_type(self) -> Any:
        """Type of recorded levels."""
        return getattr(self.ops, self.level_name)

    @property
    def has_history(self) -> bool:
        """Whether earlier visits of a subject are known."""
        return self.subject is not None


@dataclass(frozen=True, slots=True)
class ItemCell:
    """One item at one visit.

    Attributes
    ----------
    value : the recorded level or quantity, null where unknown
    not_done : true where it was stated that the assessment was not done; None where nobody could say so
    ignored : true where the finding is not due to the disease; only measured items (levels become the lowest)
    is_uncollected : the frame has no column of the item, but one of an alternative that measures the same
    ends : lowest and highest level that the quantities at hand allow where `value` is null (platelets 90 and
        no white cells: level 2 or 3); None where an unknown level may be any
    """

    value: Column
    not_done: Column | None = None
    ignored: Column | None = None
    is_uncollected: bool = False
    ends: tuple[Column, Column] | None = None


@dataclass(slots=True)
class Intake:
    """Cells of all items and the columns that must be derived first."""

    ops: Any
    cells: dict[str, ItemCell] = field(default_factory=dict)
    derived: list[Column] = field(default_factory=list)

    def keep(self, name: str, expr: Column) -> Column:
        """Derive a column of our own and give the expression that reads it."""
        self.derived.append(expr.alias(PREFIX + name))
        if isinstance(self.ops, Tracer):
            self.ops.add(self.derived[-1:])
        return self.ops.col(PREFIX + name)


def item_columns(definition: Definition) -> tuple[str, ...]:
    """Name every column that `score` reads for an instrument, apart from subject and order."""
    names: list[str] = []
    for item in definition.items:
        names += [item.name, f"{item.name}_not_done", f"{item.name}_attributed"]
    for measure in definition.measures:
        names += [measure.name, f"{measure.name}_low", f"{measure.name}_high"]
    names += [f"{system}_ever" for system in definition.systems]
    return tuple(names)


def check_columns(layout: ScoringLayout) -> None:
    """Refuse a frame that has no column of the instrument at all, or lacks the history's columns."""
    definition, present = layout.definition, layout.schema
    names = [item.name for item in definition.items]
    measures = [name for item in definition.items for name in item.measures]
    if not any(name in present for name in [*names, *measures]):
        what = f"Scoring {definition.name!r}"
        fix = f"See funis.definition({definition.name!r}).items for the names of all {len(names)} items."
        raise ColumnError(what, names[:5], list(present), fix)
    for name in (layout.subject, layout.order):
        if name is not None and name not in present:
            what = f"The history of {definition.name!r}"
            raise ColumnError(what, [name], list(present), "Name the columns of subject and of visit order.")


def build_intake(layout: ScoringLayout) -> Intake:
    """Build one cell per item from the columns that are there.

    Parameters
    ----------
    layout : what is scored and how the frame is laid out

    Returns
    -------
    Intake : cells by item name, and the columns to derive before they can be read
    """
    intake = Intake(layout.ops)
    for item in layout.definition.items:
        intake.cells[item.name] = _build_cell(layout, intake, item)
    for system in layout.definition.systems:
        if layout.definition.kind == "grades" and f"{system}_ever" in layout.schema:
            # 2 yes, 1 no, 0 empty: the highest so far is what is known.
            intake.keep(f"{system}_ever", (_read_flag(layout, f"{system}_ever") + 1).fill_null(0))
    return intake


def _build_cell(layout: ScoringLayout, intake: Intake, item: Item) -> ItemCell:
    recorded, not_done = read_column(layout, item)
    attributed = _read_attribution(layout, item)
    filled = fill_from_measures(layout, item, recorded)
    value = recorded if filled is None else filled
    stays = filled is None and item.name in layout.schema and _is_plain(layout, item)
    if attributed is not None and not item.is_measured:
        value = layout.ops.when(attributed).then(_literal(item.values[0], item, layout)).otherwise(value)
        stays = False
    if not_done is not None:
        # A value beside the statement "not done" is a value.
        not_done = intake.keep(f"{item.name}_nd", not_done & value.is_null())
    ends = None if filled is None else _build_ends(layout, intake, item, value)
    value = layout.ops.col(item.name) if stays else intake.keep(item.name, value)
    ignored = None
    if attributed is not None and item.is_measured:
        ignored = intake.keep(f"{item.name}_ignored", attributed)
    return ItemCell(value, not_done, ignored, is_uncollected(item, layout.schema), ends)


def _build_ends(
    layout: ScoringLayout, intake: Intake, item: Item, value: Column
) -> tuple[Column, Column] | None:
    """Give the lowest and the highest level that quantities allow; None where they cannot narrow it."""
    if len(item.values) <= 2 or len(item.measures) <= 1:
        return None
    low, high = level_ends(layout, item)
    low, high = (layout.ops.when(value.is_null()).then(end).otherwise(value) for end in (low, high))
    return intake.keep(f"{item.name}_low", low), intake.keep(f"{item.name}_high", high)


def level_ends(layout: ScoringLayout, item: Item) -> tuple[Column, Column]:
    """Give the lowest and the highest level of an item that the measured quantities at hand allow."""
    low = high = _literal(item.values[0], item, layout)
    for level, conditions in zip(item.values[1:], item.when, strict=True):
        met, reached = _any_met(layout, conditions), _literal(level, item, layout)
        low = layout.ops.when(is_sure(met)).then(reached).otherwise(low)
        high = layout.ops.when(is_possible(met)).then(reached).otherwise(high)
    return low, high


def is_uncollected(item: Item, present: Container[str]) -> bool:
    """Whether an item has no column because another measure of the same thing has one."""
    names = [item.name, *item.measures, f"{item.name}_not_done"]
    is_there = any(name in present for name in names)
    return not is_there and any(name in present for name in item.alternatives)


def _is_plain(layout: ScoringLayout, item: Item) -> bool:
    """Whether the column can be read as it stands: a whole number and nothing to clean."""
    kind = layout.schema[item.name]
    return kind.is_integer() and (item.is_measured or str(kind) == layout.level_name)


def _literal(value: Any, item: Item, layout: ScoringLayout) -> Column:
    if item.is_text:
        return layout.ops.lit(value, layout.ops.String)
    return layout.ops.lit(value, layout.level_type if not item.is_measured else layout.ops.Float64)


def read_column(layout: ScoringLayout, item: Item) -> tuple[Column, Column | None]:
    """Give an item's recorded value (null where empty, NaN or not done) and its *not done* flag."""
    wanted = "String" if item.is_text else "Float64" if item.is_measured else layout.level_name
    target = getattr(layout.ops, wanted)
    flags: list[Column] = []
    flag_name = f"{item.name}_not_done"
    if flag_name in layout.schema:
        flags.append(is_one(layout, flag_name))
    if item.name not in layout.schema:
        return layout.ops.lit(None, target), _any_flag(flags)
    kind, column = layout.schema[item.name], layout.ops.col(item.name)
    if is_text_type(kind):
        text = column.cast(layout.ops.String).str.strip_chars()
        flags.append(states_not_done(text).fill_null(value=False))
        clean = spell_values(layout.ops, item, _clean_text(layout, text))
        value = clean if item.is_text else clean.cast(layout.ops.Float64).cast(target)
        return value, _any_flag(flags)
    if kind.is_float():
        column = column.fill_nan(None)
    return (column if str(kind) == wanted else column.cast(target)), _any_flag(flags)


def _clean_text(layout: ScoringLayout, text: Column) -> Column:
    """Give a text, null where it is blank or says that the assessment was not done."""
    stated = layout.ops.when(~states_not_done(text), text != "")
    return stated.then(text).otherwise(layout.ops.lit(None, layout.ops.String))


def states_not_done(text: Column) -> Column:
    """Tell where a text says that the assessment was not done, in capitals or not; null where it is empty."""
    return text.str.to_lowercase().is_in(list(NOT_DONE_WORDS))


def spell_values(ops: Any, item: Item, text: Column) -> Column:
    """Bring other spellings of an item's values (``Y``, ``no``, ``F``) to the value itself, as text."""
    pairs: tuple[tuple[str, Any], ...] = item.spellings
    if item.values == (0, 1):
        pairs = YES_NO
    elif item.spellings:
        pairs = (*item.spellings, *((str(value).lower(), value) for value in item.values))
    lowered, spelled = text.str.to_lowercase(), text
    for value in dict.fromkeys(value for _, value in pairs):
        ways = [way for way, meant in pairs if meant == value]
        spelled = ops.when(lowered.is_in(ways)).then(ops.lit(str(value))).otherwise(spelled)
    return spelled


def is_text_type(kind: nw.dtypes.DType) -> bool:
    """Whether a column holds text, where ND can stand."""
    return kind in (nw.String, nw.Categorical, nw.Enum, nw.Object) or isinstance(kind, nw.Enum)


def is_one(layout: ScoringLayout, name: str) -> Column:
    """Give a yes/no column as true where it says yes; empty is no."""
    return _is_answer(layout, name, 1)


def _is_answer(layout: ScoringLayout, name: str, answer: int) -> Column:
    """Tell where a yes/no column says 1 or 0, in numbers, truth values or words; empty is neither."""
    column, kind = layout.ops.col(name), layout.schema[name]
    if kind == nw.Boolean:
        return (column if answer else ~column).fill_null(value=False)
    if is_text_type(kind):
        ways = [str(answer), f"{answer}.0", *(way for way, meant in YES_NO if meant == answer)]
        text = column.cast(layout.ops.String).str.strip_chars().str.to_lowercase()
        return text.is_in(ways).fill_null(value=False)
    return (column == answer).fill_null(value=False)


def flag_columns(layout: ScoringLayout) -> list[str]:
    """Name the yes/no columns that stand beside items: not done, due to the disease, affected before."""
    definition = layout.definition
    names = [f"{item.name}_{flag}" for item in definition.items for flag in ("not_done", "attributed")]
    names += [f"{system}_ever" for system in definition.systems]
    return [name for name in names if name in layout.schema and layout.schema[name] != nw.Boolean]


def is_unreadable(layout: ScoringLayout, name: str) -> Column:
    """Tell where a yes/no column holds something that is neither yes, no nor empty."""
    column, kind = layout.ops.col(name), layout.schema[name]
    is_read = _is_answer(layout, name, 1) | _is_answer(layout, name, 0)
    if is_text_type(kind):
        text = column.cast(layout.ops.String).str.strip_chars()
        return ~is_read & (text != "").fill_null(value=False)
    known = column.fill_nan(None) if kind.is_float() else column
    return ~is_read & ~known.is_null()


def _read_flag(layout: ScoringLayout, name: str) -> Column:
    """Give a yes/no column as 1, 0, or null where it is empty."""
    kind = layout.level_type
    yes, no = (layout.ops.lit(value, kind) for value in (1, 0))
    if_no = layout.ops.when(_is_answer(layout, name, 0)).then(no)
    return layout.ops.when(_is_answer(layout, name, 1)).then(yes).otherwise(if_no)


def _read_attribution(layout: ScoringLayout, item: Item) -> Column | None:
    """Tell where the finding is present but not due to the disease; an empty cell counts the finding."""
    name = f"{item.name}_attributed"
    if name not in layout.schema:
        return None
    return _is_answer(layout, name, 0)


def _any_flag(flags: list[Column]) -> Column | None:
    return any_of(flags) if flags else None


def fill_from_measures(layout: ScoringLayout, item: Item, recorded: Column | None) -> Column | None:
    """Fill a blank item from measured quantities in the frame; None where there are none.

    Parameters
    ----------
    layout : what is scored
    item : one whose levels follow from conditions
    recorded : what was recorded of the item, which stands; None where nothing was
    """
    present = [name for name in item.measures if name in layout.schema]
    if not present or item.is_measured:
        return None
    value: Column = _literal(item.values[0], item, layout)
    empty = layout.ops.lit(None, layout.level_type)
    for level, conditions in zip(item.values[1:], item.when, strict=True):
        met = _any_met(layout, conditions)
        value = layout.ops.when(met).then(_literal(level, item, layout)).otherwise(
            layout.ops.when(met.is_null()).then(empty).otherwise(value)
        )  # fmt: skip
    if recorded is None or item.name not in layout.schema:
        return value
    return layout.ops.when(recorded.is_null()).then(value).otherwise(recorded)


def _any_met(layout: ScoringLayout, conditions: tuple[Condition, ...]) -> Column:
    optional = {measure.name for measure in layout.definition.measures if measure.optional}
    answers = []
    for condition in conditions:
        answer = all_of([_measure_term(layout, term) for term in condition.terms])
        if set(condition.names) <= optional:
            answer = is_sure(answer)
        answers.append(answer)
    return any_of(answers)


def _measure_term(layout: ScoringLayout, term: Term) -> Column:
    unknown = layout.ops.lit(None, layout.ops.Boolean)
    if term.name not in layout.schema or (term.looks_back and not layout.has_history):
        return unknown
    value, limit = _clean_number(layout, term.name), None
    if term.limit in ("LLN", "ULN"):
        column = f"{term.name}_{'low' if term.limit == 'LLN' else 'high'}"
        if column not in layout.schema:
            return unknown
        limit = _clean_number(layout, column)
        limit = limit if term.times == 1 else limit * float(term.times)
    else:
        limit = find_limit(term, layout.parameters)
    if term.form == "value":
        return compare_exactly(value, term.operator, limit)
    before = previous_value(layout, value)
    if term.form == "previous":
        return compare_exactly(before, term.operator, limit)
    if term.form == "rise":
        return compare_exactly(value - before, term.operator, limit)
    return compare_exactly(value, term.operator, before * (limit / 100))


def _clean_number(layout: ScoringLayout, name: str) -> Column:
    kind, column = layout.schema[name], layout.ops.col(name)
    if is_text_type(kind):
        text = column.cast(layout.ops.String).str.strip_chars()
        return _clean_text(layout, text).cast(layout.ops.Float64)
    return column.fill_nan(None) if kind.is_float() else column.cast(layout.ops.Float64)


def previous_value(layout: ScoringLayout, value: Column) -> Column:
    """Give a value at the immediately preceding visit of the same subject, null at the first."""
    if isinstance(layout.ops, Tracer):
        return layout.ops.previous(value)
    if layout.is_sorted:
        return layout.ops.when(~is_first(layout)).then(value.shift(1))
    return value.shift(1).over(layout.subject, order_by=layout.order)


def is_first(layout: ScoringLayout) -> Column:
    """Tell whether a row is the first visit of its subject."""
    if layout.is_sorted:
        subject = layout.ops.col(layout.subject)
        return (subject != subject.shift(1)).fill_null(value=True)
    order = layout.ops.col(layout.order)
    return order.shift(1).over(layout.subject, order_by=layout.order).is_null()
