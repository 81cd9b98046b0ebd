"""CTCAE grades of laboratory values: grade, its bounds, and the condition or the gap that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import narwhals as nw
import polars as pl

from funis.arguments import ByName, Frame, OrNone, Text, takes
from funis.catalogue.known_columns import is_known_column
from funis.catalogue.model_tables import GradeRow, ToxicityTable, ToxicityTerm
from funis.catalogue.registry import toxicity_table
from funis.column_kinds import is_empty_cell
from funis.errors import ColumnError, TakenColumnError, UnitError, UnknownNameError, ValueRangeError
from funis.frames.any_kind import return_columns
from funis.frames.duckdb import is_duckdb, read_table, to_relation
from funis.frames.spark import is_spark, map_rows
from funis.near_names import refuse_misspelt
from funis.nine_decimals import compare_exactly
from funis.scoring.result_limits import check_results
from funis.scoring.truth_columns import any_of, is_possible, is_sure
from funis.units import find_conversion, find_scale

MissingBaseline = Literal["cannot_tell", "as_normal"]
OUTPUTS: Mapping[str, pl.DataType] = {
    "term": pl.String(),
    "grade": pl.Int64(),
    "grade_lower": pl.Int64(),
    "grade_upper": pl.Int64(),
    "grade_reason": pl.String(),
}
"""Columns that grading adds, with their types."""
_NUMBERS = ("value", "low", "high", "baseline")
_INPUTS = ("test", "unit", "comparator", "baseline_unit", *_NUMBERS)
# Beyond any laboratory value: the far end of a result such as "> 500".
_FAR = 1e15


@takes(
    frame=Frame(),
    version=Text(),
    columns=OrNone(ByName(Text())),
    missing_baseline=Text(),
    units=OrNone(ByName(Text())),
)
def grade_toxicity(
    frame: Any,
    version: str = "5.0",
    *,
    columns: Mapping[str, str] | None = None,
    missing_baseline: MissingBaseline = "cannot_tell",
    units: Mapping[str, str] | None = None,
) -> Any:
    """Grade every laboratory result by the CTCAE.

    Parameters
    ----------
    frame : pandas, Polars, PyArrow, DuckDB or PySpark frame, one row a result, with the columns ``test``,
        ``value`` and, where they exist, ``unit`` (without the column values are in the units of the table,
        e.g. haemoglobin g/L), ``low`` and ``high`` (the laboratory's limits) and ``baseline`` in the same
        unit (or in ``baseline_unit``), and ``comparator`` (``<`` or ``>`` of a result beyond the assay)
    version : ``"5.0"`` or ``"6.0"``; one version a trial
    columns : other names of these columns, for example ``{"low": "lln"}``
    missing_baseline : what an absent baseline value means to terms that compare with it: ``cannot_tell``, or
        ``as_normal`` (a normal baseline; conditions on a multiple of it are left out)
    units : the unit of the results of a test that carry none, by test: ``{"haemoglobin": "g/dL"}``; a result
        that carries its unit keeps it

    Returns
    -------
    the same kind of frame with ``term``, ``grade`` (0 to 4, null where it is not known), ``grade_lower``,
    ``grade_upper`` and ``grade_reason`` (the condition met, or what is missing). A PySpark frame stays lazy
    and its rows are graded where they are; other lazy frames are evaluated

    Raises
    ------
    UnknownNameError : there is no such version, or `units` names a test that is not known
    ColumnError : there is no column of tests or values
    MisspeltColumnError, TakenColumnError : a column nearly has the name of one that is read, or the name of
        one that is added
    UnitError : a unit of `units` is not known for its test
    ValueRangeError : a result is one that its test cannot have; names test, row, value and what is allowed

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"test": ["platelets"], "value": [49.0], "low": [150.0]})
    >>> grade_toxicity(frame)["grade"].to_list()
    [3]
    """
    if missing_baseline not in ("cannot_tell", "as_normal"):
        raise ValueRangeError("missing_baseline", missing_baseline, "'cannot_tell' or 'as_normal'")
    table = toxicity_table(version)
    names = dict(columns or {})
    _check_units(units or {}, table)
    outer: Any = nw.from_native(frame)
    _check_columns(list(outer.collect_schema().names()), names)
    if is_spark(frame) or is_duckdb(frame):
        grade = partial(
            grade_toxicity, version=version, columns=names, missing_baseline=missing_baseline, units=units
        )
        if is_duckdb(frame):
            return to_relation(frame, grade(read_table(frame)))
        return map_rows(frame, grade, OUTPUTS)
    native = frame
    if isinstance(outer, nw.LazyFrame):
        outer = outer.collect()
        native = outer.to_native()
    rows = _lend(outer, names).with_columns(_fill_units(units or {}))
    _check_results(rows, outer, names)
    graded = [
        _grade_test(part, table.terms.get(test), _Choices(missing_baseline, version, test))
        for (test,), part in rows.partition_by("test", as_dict=True, include_key=True).items()
    ]
    empty = pl.DataFrame(schema={"row": pl.UInt32(), **OUTPUTS})
    scored = pl.concat([empty, *graded]).sort("row").select(list(OUTPUTS))
    if isinstance(native, pl.DataFrame):
        found = native.with_columns(scored.get_columns())
        return found.lazy() if isinstance(frame, pl.LazyFrame) else found
    return return_columns(native, scored)


def _check_results(rows: pl.DataFrame, outer: Any, names: Mapping[str, str]) -> None:
    """Refuse impossible results; their subject and day are told where the frame has them."""
    keys = [name for name in ("subject", "day") if name in outer.columns]
    whose = [pl.Series(name, outer[name].to_list(), strict=False) for name in keys]
    check_results(rows.with_columns(whose), keys, names=names, has_unit=bool(rows["has_unit"].any()))


@dataclass(frozen=True, slots=True)
class _Choices:
    missing_baseline: MissingBaseline
    version: str
    test: Any


def _check_units(units: Mapping[str, str], table: ToxicityTable) -> None:
    for test, unit in units.items():
        if test not in table.terms:
            raise UnknownNameError("laboratory test", test, table.terms, where="units")
        find_conversion(test, unit)


def _fill_units(units: Mapping[str, str]) -> pl.Expr:
    """Give results without a unit the one that was said for their test."""
    said = pl.col("test").replace_strict(units, default=None, return_dtype=pl.String) if units else None
    return pl.col("unit") if said is None else pl.coalesce("unit", said).alias("unit")


def _check_columns(present: list[str], columns: Mapping[str, str]) -> None:
    unknown = sorted(set(columns) - set(_INPUTS))
    if unknown:
        raise UnknownNameError("column of laboratory results", unknown[0], _INPUTS)
    lacking = [
        name for name in (columns.get(need, need) for need in ("test", "value")) if name not in present
    ]
    lacking += [given for given in columns.values() if given not in present and given not in lacking]
    wanted = tuple(columns.get(need, need) for need in _INPUTS)
    refuse_misspelt("Grading laboratory results", present, wanted, known=is_known_column)
    if lacking:
        raise ColumnError("Grading laboratory results", lacking, present, "Name them with `columns`.")
    taken = [name for name in present if name in OUTPUTS and name not in wanted]
    if taken:
        raise TakenColumnError("Grading laboratory results", taken)


def _lend(outer: Any, columns: Mapping[str, str]) -> pl.DataFrame:
    """Copy the columns that are read into a Polars frame under our names; absent ones are empty."""
    names = {name: columns.get(name, name) for name in _INPUTS}
    present = list(outer.columns)
    made = {}
    for name in _INPUTS:
        kind = pl.Float64 if name in _NUMBERS else pl.String
        cells = outer[names[name]].to_list() if names[name] in present else [None] * len(outer)
        made[name] = _clean(name, cells, kind)
    has_unit = names["unit"] in present
    return pl.DataFrame(made).with_row_index("row").with_columns(has_unit=pl.lit(has_unit))


def _clean(name: str, cells: list[Any], kind: Any) -> pl.Series:
    if kind is pl.String:
        empty = ("nan", "None", "<NA>", "")
        texts = [str(cell).strip() for cell in cells]
        return pl.Series(name, [None if text in empty else text for text in texts], kind)
    numbers = [None if is_empty_cell(cell) else cell for cell in cells]
    return pl.Series(name, numbers, strict=False).cast(pl.Float64, strict=False).fill_nan(None)


def _grade_test(rows: pl.DataFrame, term: ToxicityTerm | None, choices: _Choices) -> pl.DataFrame:
    if term is None:
        reason = f"version {choices.version} has no laboratory term for the test {choices.test!r} here"
        return _no_grade(rows, None, reason)
    parts = []
    units = rows.select("unit", "baseline_unit").unique(maintain_order=True).rows()
    for unit, baseline_unit in units:
        own = rows.filter(
            pl.col("unit").eq_missing(pl.lit(unit, pl.String)),
            pl.col("baseline_unit").eq_missing(pl.lit(baseline_unit, pl.String)),
        )
        try:
            own = _convert(own, term, unit, baseline_unit)
        except UnitError as error:
            parts.append(_no_grade(own, term.term, str(error)))
            continue
        parts.append(_grade_rows(own, term, choices))
    return pl.concat(parts)


def _no_grade(rows: pl.DataFrame, term: str | None, reason: str) -> pl.DataFrame:
    return rows.select(
        "row",
        pl.lit(term, pl.String).alias("term"),
        *[pl.lit(None, pl.Int64).alias(name) for name in ("grade", "grade_lower", "grade_upper")],
        pl.lit(reason).alias("grade_reason"),
    )


def _convert(
    rows: pl.DataFrame, term: ToxicityTerm, unit: str | None, baseline_unit: str | None
) -> pl.DataFrame:
    """Bring values and limits to the unit of the term; an empty cell in a column of units is not guessed."""
    if term.unit == "+":
        return rows
    if unit is None and rows["has_unit"].any():
        raise UnitError("the unit is missing")
    columns = []
    for name in _NUMBERS:
        own = baseline_unit if name == "baseline" and baseline_unit is not None else unit
        scale = find_scale(term.test, own or term.unit, term.unit)
        columns.append(scale.column(pl.col(name)).alias(name))
    return rows.with_columns(columns)


def _grade_rows(rows: pl.DataFrame, term: ToxicityTerm, choices: _Choices) -> pl.DataFrame:
    below, above = (pl.col("comparator").is_in([sign, f"{sign}="]) for sign in "<>")
    rows = rows.with_columns(
        far=pl.when(below).then(pl.lit(0.0)).when(above).then(pl.lit(_FAR)).otherwise(pl.col("value"))
    )
    met = {
        (grade, end): _met(term, grade, end, choices)
        for grade in sorted({row.grade for row in term.rows})
        for end in ("value", "far")
    }
    lower, upper = pl.lit(0, pl.Int64), pl.lit(0, pl.Int64)
    for grade in sorted({row.grade for row in term.rows}):
        ends = [met[grade, "value"], met[grade, "far"]]
        sure, possible = ends[0] & ends[1], ends[0] | ends[1]
        lower = pl.when(is_sure(sure)).then(pl.lit(grade, pl.Int64)).otherwise(lower)
        upper = pl.when(is_possible(possible)).then(pl.lit(grade, pl.Int64)).otherwise(upper)
    is_known = pl.col("value").is_not_null()
    found = rows.with_columns(
        pl.when(is_known).then(lower).alias("grade_lower"), pl.when(is_known).then(upper).alias("grade_upper")
    ).with_columns(
        pl.when(pl.col("grade_lower") == pl.col("grade_upper")).then(pl.col("grade_lower")).alias("grade")
    )
    return found.with_columns(
        pl.lit(term.term).alias("term"), _reason(term, choices).alias("grade_reason")
    ).select("row", *OUTPUTS)


def _met(term: ToxicityTerm, grade: int, end: str, choices: _Choices) -> pl.Expr:
    met: pl.Expr = any_of([_row_met(row, end, choices) for row in term.rows if row.grade == grade])
    return met


def _row_met(row: GradeRow, end: str, choices: _Choices) -> pl.Expr:
    """Tell in three-valued logic whether a condition holds for the value or the far end of its range."""
    limits = {"LLN": "low", "ULN": "high", "baseline": "baseline"}
    limit = pl.col(limits[row.against]) * row.factor if row.against else pl.lit(row.factor)
    operator: Any = row.operator
    met: pl.Expr = compare_exactly(pl.col(end), operator, limit)
    is_assumed = choices.missing_baseline == "as_normal"
    no_baseline = pl.col("baseline").is_null()
    if row.against == "baseline" and is_assumed:
        met = pl.when(no_baseline).then(pl.lit(value=False)).otherwise(met)
    if not row.whom:
        return met
    above = compare_exactly(pl.col("baseline"), ">", pl.col("high"))
    whom = {
        "baseline above ULN": above,
        "baseline not above ULN": ~above,
        "baseline below LLN": compare_exactly(pl.col("baseline"), "<", pl.col("low")),
    }[row.whom]
    if is_assumed:
        whom = pl.when(no_baseline).then(pl.lit(row.whom == "baseline not above ULN")).otherwise(whom)
    met = met & whom
    if row.whom == "baseline above ULN" and row.factor >= 1:
        # A multiple of a baseline above ULN is above ULN itself: a normal value is no finding in any case.
        met = met & compare_exactly(pl.col(end), ">", pl.col("high"))
    return met


def _reason(term: ToxicityTerm, choices: _Choices) -> pl.Expr:
    """Name the condition that gave the grade, or what is missing where there is none."""
    gaps = [(pl.col("value").is_null(), "the value is missing")]
    for what, column, words in (
        ("LLN", "low", "the lower limit of normal is missing"),
        ("ULN", "high", "the upper limit of normal is missing"),
        ("baseline", "baseline", "the baseline value is missing"),
    ):
        if term.uses(what):
            gaps.append((pl.col(column).is_null(), words))
    gaps.append((pl.col("comparator").is_not_null(), "the result is beyond the assay"))
    missing = pl.concat_str(
        [pl.when(gap).then(pl.lit(words)) for gap, words in gaps], separator="; ", ignore_nulls=True
    )
    text = pl.lit("no condition is met")
    for row in term.rows:
        words = f"grade {row.grade}: {row.text}{f' {term.unit}' if not row.against else ''}"
        words += f", {row.whom}" if row.whom else ""
        words += f"; grade {term.clinical[0]} is clinical" if row.grade + 1 in term.clinical else ""
        is_met = is_sure(_row_met(row, "value", choices)) & (pl.col("grade") == row.grade)
        text = pl.when(is_met).then(pl.lit(words)).otherwise(text)
    return pl.when(pl.col("grade").is_null()).then(missing).otherwise(text)
