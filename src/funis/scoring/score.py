"""Score an instrument over any data frame: value, bounds, status, and grades with the rule that decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from funis.arguments import Anything, ByName, Frame, OrNone, Text, YesNo, takes
from funis.catalogue.conditions import find_limit
from funis.catalogue.known_columns import is_known_column
from funis.catalogue.model_instrument import Definition, Flag, Item
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.registry import definition
from funis.errors import TakenColumnError, ValueRangeError
from funis.frames.any_kind import name_columns
from funis.frames.under_way import PREFIX, Column, OpenFrame, TakesColumns, close_frame, open_frame
from funis.near_names import refuse_misspelt
from funis.nine_decimals import compare_exactly
from funis.scoring.bits.batches import BatchPlan, is_bit_packed, plan_scoring, score_at_once, score_lazily
from funis.scoring.bits.traced import UntraceableError
from funis.scoring.bits.tracer import Tracer
from funis.scoring.check_values import check_values
from funis.scoring.grades import build_grades
from funis.scoring.items import Intake, ItemCell, ScoringLayout, build_intake, check_columns, item_columns
from funis.scoring.totals import (
    Bounds,
    build_parts,
    build_total,
    choose_value,
    is_any_recorded,
    status_of,
)
from funis.units.columns import columns_of_instrument
from funis.units.declared import settle_scales

Missing = Literal["strict", "absent", "worst", "locf"]
POLICIES: tuple[Missing, ...] = ("strict", "absent", "worst", "locf")


@takes(
    frame=Frame(),
    name=Text(),
    missing=Text(),
    subject=OrNone(Text()),
    order=OrNone(Text()),
    assume_sorted=YesNo(),
    parameters=OrNone(ByName(Anything())),
    compact=YesNo(),
    units=OrNone(ByName(Text())),
)
def score(  # noqa: PLR0913  (the public signature of the design)
    frame: Any,
    name: str,
    *,
    missing: Missing = "strict",
    subject: str | None = None,
    order: str | None = None,
    assume_sorted: bool = False,
    parameters: Mapping[str, ParameterValue] | None = None,
    compact: bool = False,
    units: Mapping[str, str] | None = None,
) -> Any:
    """Score every row of a frame with one instrument.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), PyArrow, DuckDB or PySpark frame, one row per subject and visit;
        item columns are named as in ``funis.definition(name).items``, with 0/1 or the printed levels, empty
        (null, NaN) for missing and ``"ND"`` (or 1 in ``<item>_not_done``) for not done. ``<item>_attributed
        = 0`` flags a finding that is not due to the disease: it counts as absent. An absent column is
        missing in every row; where another measure of the same thing has a column (creatinine, and no GFR)
        it is not collected, and counts as not done. ``<system>_ever`` says whether a graded system was
        affected before the first row (1) or not (0); where it does not, a system without activity is D or
        E, which cannot be told.
    name : one of ``funis.definitions()``
    missing : ``strict`` (a score only where it cannot vary), ``absent`` (missing counts as absent), ``worst``
        (missing counts as present) or ``locf`` (the last recorded value of the item; needs subject and order)
    subject, order : columns of subject and visit order (a date or a number of days); needed where the
        instrument
        looks at the previous visit, otherwise every row is a first visit
    assume_sorted : Polars only: rows stand by subject and order; verified, then no sorting takes place
    parameters : choices the sources leave open, see ``funis.definition(name).parameters``
    compact : Polars only: small whole numbers and enumerations instead of Int64 and text
    units : the unit of each column that is not in the unit of the definition, for example
        ``{"haemoglobin": "g/L"}``; limits of the laboratory beside it are in the same unit. Without it the
        metadata of a column are read: the field ``unit`` in PyArrow and Spark, ``attrs["units"]`` in pandas

    Returns
    -------
    the same kind of frame, its own columns as they were given, with these columns added: ``<name>`` (null
    unless it can be known), ``<name>_lower``, ``<name>_upper``, ``<name>_status`` (``scored``, or
    ``incomplete`` exactly when the bounds differ); for graded systems also ``<name>_<system>``, its
    ``_lower``, ``_upper`` and ``_rule``

    Raises
    ------
    UnknownNameError : no such instrument or parameter
    ColumnError : the frame has none of the item columns, or lacks `subject` or `order`
    MisspeltColumnError, TakenColumnError : a column nearly has the name of one that is read and not there, or
        the name of one that is added
    ValueRangeError : a value is outside what the item allows; names column, rows, value
    UnitError : a unit is not known for a column, or nothing converts it

    Warns
    -----
    UnitWarning : `units` and the metadata of a column disagree; `units` is followed

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({name: [0] for name in (i.name for i in definition("ssdai").items)})
    >>> score(frame.with_columns(fatigue=1), "ssdai")["ssdai"].to_list()
    [1]
    """
    instrument = definition(name)
    check_request(missing=missing, subject=subject, order=order)
    working, layout = prepare_layout(
        frame,
        instrument,
        subject=subject,
        order=order,
        assume_sorted=assume_sorted,
        parameters=parameters,
        units=units,
    )
    plan = _plan_on_bits(working, layout, missing)
    if plan is None:
        outputs = score_working(working, layout, missing)
        _refuse_taken(frame, instrument, outputs)
    else:
        outputs = tuple(plan.outputs)
        _refuse_taken(frame, instrument, outputs)
        _score_on_bits(working, layout, plan)
    return close_frame(working, outputs, compact=compact)


def _refuse_taken(frame: Any, instrument: Definition, outputs: Sequence[str]) -> None:
    """Refuse a frame that has an output already: nothing in it is written over."""
    taken = [name for name in name_columns(frame) if name in outputs]
    if taken:
        fix = f"A total that somebody wrote down is called {instrument.name}_recorded."
        raise TakenColumnError(f"Scoring {instrument.name!r}", taken, fix if instrument.name in taken else "")


def _plan_on_bits(working: OpenFrame, layout: ScoringLayout, missing: Missing) -> BatchPlan | None:
    """Trace the rules for a large Polars frame; None where expressions give the same on the other way."""
    # What is carried forward would have to be known before a batch is read.
    if missing == "locf" or not is_bit_packed(working, layout):
        return None

    def build(tracer: Tracer, layout: ScoringLayout, cells: Mapping[str, ItemCell]) -> tuple[str, ...]:
        return _add_score(tracer, layout, cells, cells, missing)

    try:
        return plan_scoring(working, layout, build_intake(layout), build)
    except UntraceableError:
        return None


def _score_on_bits(working: OpenFrame, layout: ScoringLayout, plan: BatchPlan) -> None:
    if working.is_lazy:
        working.frame = score_lazily(working.frame, plan)
    else:
        check_values(working, layout)
        working.frame = score_at_once(working.frame, plan)


def prepare_layout(
    frame: Any,
    instrument: Definition,
    *,
    subject: str | None = None,
    order: str | None = None,
    assume_sorted: bool = False,
    parameters: Mapping[str, ParameterValue] | None = None,
    units: Mapping[str, str] | None = None,
) -> tuple[OpenFrame, ScoringLayout]:
    """Take a frame over the border, check its columns, and say how it is laid out."""
    chosen = instrument.parameter_values(parameters)
    present = name_columns(frame)
    refuse_misspelt(f"Scoring {instrument.name!r}", present, item_columns(instrument), known=is_known_column)
    read = columns_of_instrument(instrument.name).values()
    what = f"the instrument {instrument.name!r}"
    working = open_frame(
        frame,
        item_columns(instrument),
        subject=subject,
        order=order,
        assume_sorted=assume_sorted,
        purpose=f"The history of {instrument.name!r}",
        scales=settle_scales(frame, units, read, present, what),
    )
    layout = ScoringLayout(
        instrument,
        chosen,
        working.schema,
        subject,
        order,
        is_sorted=working.is_sorted,
        level_name="Int8" if working.is_polars else "Int64",
        ops=working.ops,
    )
    check_columns(layout)
    return working, layout


def check_request(*, missing: str, subject: str | None, order: str | None) -> None:
    """Refuse arguments that do not go together."""
    if missing not in POLICIES:
        raise ValueRangeError("missing", missing, ", ".join(POLICIES))
    if (subject is None) != (order is None):
        found = f"subject={subject!r}, order={order!r}"
        raise ValueRangeError("history", found, "both subject and order, or neither")
    if missing == "locf" and subject is None:
        fix = "Name the columns of subject and visit order."
        raise ValueRangeError("missing", missing, "locf only with subject and order", fix)


def score_working(working: OpenFrame, layout: ScoringLayout, missing: Missing) -> tuple[str, ...]:
    """Add the output columns to a working frame and name them, in the order in which they stand."""
    check_values(working, layout)
    return add_scores(working, layout, missing)


def add_scores(working: OpenFrame | Tracer, layout: ScoringLayout, missing: Missing) -> tuple[str, ...]:
    """Do the same for values that were looked at before; a tracer takes the place of a frame."""
    intake = build_intake(layout)
    working.add(intake.derived)
    carried = _carry_forward(working, layout, intake) if missing == "locf" else intake.cells
    policy = "strict" if missing == "locf" else missing
    return _add_score(working, layout, intake.cells, carried, policy)


def _add_score(
    working: TakesColumns,
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    carried: Mapping[str, ItemCell],
    policy: str,
) -> tuple[str, ...]:
    if layout.definition.kind == "grades":
        return build_grades(working, layout, cells, carried, policy)
    return _build_score(working, layout, cells, carried, policy)


def _carry_forward(working: OpenFrame | Tracer, layout: ScoringLayout, intake: Intake) -> dict[str, ItemCell]:
    """Give cells whose empty values are the last recorded ones of the same subject.

    Only what is missing is carried: not a value stated as *not done* where the paper counts that as absent.
    A value brings along whether it was due to the disease.
    """
    ops, filled = layout.ops, []
    names = {item.name: f"{PREFIX}{item.name}_carried" for item in layout.definition.items}
    for item in layout.definition.items:
        cell, column = intake.cells[item.name], names[item.name]
        value = _last_recorded(working, layout, intake, item)
        if cell.not_done is not None and layout.definition.not_done != "missing":
            value = ops.when(~cell.not_done).then(value)
        filled.append(value.alias(column))
        if cell.ignored is not None:
            last = working.fill_forward(
                ops.when(~cell.value.is_null()).then(cell.ignored), layout.subject, layout.order
            )
            filled.append((cell.ignored | last.fill_null(value=False)).alias(f"{column}_ignored"))
    working.add(filled)
    return {
        name: ItemCell(
            ops.col(column),
            intake.cells[name].not_done,
            None if intake.cells[name].ignored is None else ops.col(f"{column}_ignored"),
        )
        for name, column in names.items()
    }


def _last_recorded(working: OpenFrame | Tracer, layout: ScoringLayout, intake: Intake, item: Item) -> Column:
    """Give the last recorded value; alternatives that measure one thing are carried together.

    Where one alternative was recorded the others are not missing, so that an older value of another method
    cannot outlive a newer one: -1, which no item allows, stands for them while the group is carried.
    """
    value = intake.cells[item.name].value
    if not item.alternatives:
        return working.fill_forward(value, layout.subject, layout.order)
    others = is_any_recorded(intake.cells, item.alternatives)
    if isinstance(working, Tracer):
        return working.fill_forward(value, layout.subject, layout.order, until=others)
    covered = layout.ops.when(others & value.is_null()).then(value.is_null().cast(layout.level_type) * -1)
    found = working.fill_forward(covered.otherwise(value), layout.subject, layout.order)
    return layout.ops.when(found >= 0).then(found)


def _build_score(
    working: TakesColumns,
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    carried: Mapping[str, ItemCell],
    policy: str,
) -> tuple[str, ...]:
    name, definition_ = layout.definition.name, layout.definition
    bounds = build_total(layout, cells, as_paper=False)
    has_flags = definition_.not_done == "absent" and any(
        cell.not_done is not None for cell in carried.values()
    )
    same = carried is cells and not has_flags
    working.add([bounds.lower.alias(f"{name}_lower"), bounds.upper.alias(f"{name}_upper")])
    lower, upper = layout.ops.col(f"{name}_lower"), layout.ops.col(f"{name}_upper")
    known = Bounds(lower, upper) if same else build_total(layout, carried, as_paper=True)
    if not same:
        working.add([known.lower.alias(f"{PREFIX}low"), known.upper.alias(f"{PREFIX}high")])
        known = Bounds(layout.ops.col(f"{PREFIX}low"), layout.ops.col(f"{PREFIX}high"))
    value = choose_value(layout, known, policy)
    if definition_.kind == "value":
        # A measured quantity has no absent or worst state of its own: missing stays missing.
        value = choose_value(layout, known, "strict")
    working.add([value.alias(name), status_of(layout, Bounds(lower, upper)).alias(f"{name}_status")])
    parts = _add_parts(working, layout, cells, carried, policy)
    working.add([_flag_column(layout, flag) for flag in definition_.flags])
    return (
        name,
        f"{name}_lower",
        f"{name}_upper",
        f"{name}_status",
        *parts,
        *(f"{name}_{f.name}" for f in definition_.flags),
    )


def _add_parts(
    working: TakesColumns,
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    carried: Mapping[str, ItemCell],
    policy: str,
) -> tuple[str, ...]:
    """Add summaries and the totals of the systems, each with its bounds."""
    name = layout.definition.name
    bounds = build_parts(layout, cells, as_paper=False)
    known = build_parts(layout, carried, as_paper=True)
    outputs = []
    for part, found in bounds.items():
        stem = f"{name}_{part}"
        working.add(
            [
                choose_value(layout, known[part], policy).alias(stem),
                found.lower.alias(f"{stem}_lower"),
                found.upper.alias(f"{stem}_upper"),
            ]
        )
        outputs += [stem, f"{stem}_lower", f"{stem}_upper"]
    return tuple(outputs)


def _flag_column(layout: ScoringLayout, flag: Flag) -> Column:
    """Tell whether a cut-off is met; where the score is unknown, whether both of its bounds agree on it."""
    term, ops = flag.when.terms[0], layout.ops
    limit = find_limit(term, layout.parameters)
    value, low, high = (
        compare_exactly(ops.col(f"{term.name}{end}"), term.operator, limit)
        for end in ("", "_lower", "_upper")
    )
    met = ops.when(value.is_null() & (low == high)).then(low).otherwise(value)
    return met.cast(layout.level_type).alias(f"{layout.definition.name}_{flag.name}")
