"""From the grade at baseline to the worst grade afterwards: shift tables and treatment-emergent worsening."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from funis.arguments import DAY_NUMBER, Frame, takes
from funis.column_kinds import check_kinds
from funis.errors import ColumnError
from funis.frames.any_kind import add_columns, name_columns, read_rows, return_kind
from funis.frames.arrow import flat_rows, plain_table
from funis.frames.spark import group_of, is_spark, run_groups, spark_schema
from funis.scoring.column_limits import ColumnLimits, FrameLimits
from funis.scoring.result_limits import check_results

_GRADES = ("grade", "grade_lower", "grade_upper")
_LEVELS: Final = ("0", "1", "2", "3", "4", "unknown")
_WHOLE: Final = ("baseline_grade", "worst_grade", "worst_lower", "worst_upper", "n_after")
_COUNTED: Final[Mapping[str, pl.DataType]] = {
    **dict.fromkeys(("term", "test", "baseline_grade", "worst_grade"), pl.String()),
    **dict.fromkeys(("n", "of"), pl.Int64()),
}


@takes(labs=Frame(), last_day=DAY_NUMBER)
def derive_lab_baseline(labs: Any, *, last_day: int = 0) -> Any:
    """Add the baseline value of every test: the last result on or before a study day.

    Parameters
    ----------
    labs : any data frame, one row a result: ``subject``, ``test``, ``day``, ``value``, and
        ``unit`` where values have one
    last_day : last study day that belongs to baseline; the first infusion is day 0

    Returns
    -------
    frame of the caller's kind (on Spark lazy, every subject in a worker) : `labs` with ``baseline`` and
        ``baseline_unit``, empty where there is no such result

    Raises
    ------
    ColumnError : a column that is needed is not there

    Examples
    --------
    >>> labs = pl.DataFrame({"subject": ["01"] * 2, "test": ["wbc"] * 2, "day": [-3, 30],
    ...     "value": [4.0, 2.0]})
    >>> derive_lab_baseline(labs)["baseline"].to_list()
    [4.0, 4.0]
    """
    _check_columns(name_columns(labs), ("subject", "test", "day", "value"))
    # No column of units is added: without one the values are in the units of the table, an empty one says
    # that they are not known.
    added: dict[str, pl.DataType] = {"baseline": pl.Float64(), "baseline_unit": pl.String()}
    return add_columns(labs, "subject", partial(_baselines_of, last_day=last_day), added)


def _baselines_of(labs: pl.DataFrame, *, last_day: int) -> pl.DataFrame:
    has_unit = "unit" in labs.columns
    if not has_unit:
        labs = labs.with_columns(unit=pl.lit(None, pl.String))
    check_kinds("A laboratory baseline", labs, numbers=("day", "value"))
    labs = labs.with_columns(pl.col("value").cast(pl.Float64))
    read = labs.select("subject", "day", "test", "value", "unit")
    check_results(read, ("subject", "day"), has_unit=has_unit)
    before = labs.filter(
        pl.col("day") <= last_day, pl.col("value").is_not_null(), pl.col("value").is_not_nan()
    )
    known = before.sort("day", maintain_order=True).group_by("subject", "test", maintain_order=True).last()
    known = known.select("subject", "test", baseline=pl.col("value"), baseline_unit=pl.col("unit"))
    kept = labs.select("subject", "test")
    return kept.join(known, on=["subject", "test"], how="left", maintain_order="left")


@takes(graded=Frame(), last_day=DAY_NUMBER)
def derive_toxicity_shifts(graded: Any, *, last_day: int = 0) -> Any:
    """Give per subject and test the grade at baseline, the worst grade afterwards, and whether it worsened.

    Parameters
    ----------
    graded : what `grade_toxicity` gave, with ``subject``, ``test`` and ``day``
    last_day : last study day that belongs to baseline

    Returns
    -------
    frame of the caller's kind (on Spark lazy, every subject in a worker) : ``subject``, ``test``, ``term``,
        ``baseline_grade`` (last known grade up to `last_day`), ``worst_grade`` after it with ``worst_lower``
        and ``worst_upper`` (null where an unknown grade could be worse, or nothing was measured), ``n_after``
        results, and ``treatment_emergent``: ``yes`` where the worst grade exceeds the one at baseline,
        ``no``, or ``cannot tell``

    Raises
    ------
    ColumnError : a column that is needed is not there

    Examples
    --------
    >>> from funis.scoring.toxicity import grade_toxicity
    >>> labs = pl.DataFrame({"subject": ["01"] * 2, "test": ["wbc"] * 2, "day": [0, 30], "value": [3.5, 1.5],
    ...     "low": [4.0, 4.0]})
    >>> derive_toxicity_shifts(grade_toxicity(labs)).select("baseline_grade", "worst_grade").row(0)
    (1, 3)
    """
    _check_columns(name_columns(graded), ("subject", "test", "day", "term", *_GRADES))
    if not is_spark(graded):
        return return_kind(graded, _shifts_of(read_rows(graded), last_day=last_day))
    from pyspark.sql.types import StructType

    text = dict.fromkeys(("term", "treatment_emergent"), pl.String())
    rest = spark_schema({**text, **dict.fromkeys(_WHOLE, pl.Int64())})
    schema = StructType([graded.schema["subject"], graded.schema["test"], *rest.fields])
    group = group_of(graded, "subject")
    return run_groups(graded, group, partial(_shift_table, tuple(schema.names), last_day), schema)


def _shift_table(names: Sequence[str], last_day: int, table: Any) -> Any:
    found = _shifts_of(read_rows(flat_rows(table)), last_day=last_day)
    return plain_table(found.select(names).to_arrow())


def _shifts_of(graded: pl.DataFrame, *, last_day: int) -> pl.DataFrame:
    check_kinds("Shifts of laboratory grades", graded, numbers=("day", *_GRADES))
    _limits_of(_GRADES).check(graded, ("subject", "test", "day"))
    graded = graded.with_columns(pl.col(_GRADES).cast(pl.Int64))
    rows = graded.filter(pl.col("term").is_not_null())
    keys = rows.select("subject", "test", "term").unique(maintain_order=True)
    before = (
        rows.filter(pl.col("day") <= last_day, pl.col("grade").is_not_null())
        .sort("day", maintain_order=True)
        .group_by("subject", "test", maintain_order=True)
        .agg(baseline_grade=pl.col("grade").last())
    )
    after = (
        rows.filter(pl.col("day") > last_day)
        .group_by("subject", "test", maintain_order=True)
        # A result without bounds could be any grade.
        .agg(
            worst_lower=pl.col("grade_lower").fill_null(0).max(),
            worst_upper=pl.col("grade_upper").fill_null(4).max(),
            n_after=pl.len().cast(pl.Int64),
        )
    )
    found = keys.join(before, on=["subject", "test"], how="left", maintain_order="left")
    found = found.join(after, on=["subject", "test"], how="left", maintain_order="left")
    lower, upper, start = pl.col("worst_lower"), pl.col("worst_upper"), pl.col("baseline_grade")
    return found.with_columns(
        pl.col("n_after").fill_null(0),
        pl.when(lower == upper).then(lower).alias("worst_grade"),
        pl.when(lower > start).then(pl.lit("yes")).when((upper <= start) | (upper == 0)).then(pl.lit("no"))
        .otherwise(pl.lit("cannot tell")).alias("treatment_emergent"),
    ).select(
        "subject", "test", "term", "baseline_grade", "worst_grade", "worst_lower", "worst_upper", "n_after",
        "treatment_emergent",
    )  # fmt: skip


@takes(shifts=Frame())
def count_toxicity_shifts(shifts: Any) -> Any:
    """Count subjects by grade at baseline and worst grade: every cell of the shift table, empty ones too.

    Parameters
    ----------
    shifts : what `derive_toxicity_shifts` gave

    Returns
    -------
    frame of the caller's kind (on Spark lazy, counted there) : ``term``, ``test``, ``baseline_grade`` and
        ``worst_grade`` (``"0"`` to ``"4"`` or ``unknown``), ``n`` subjects, ``of`` subjects with the test

    Examples
    --------
    >>> shifts = pl.DataFrame({"subject": ["01"], "test": ["wbc"], "term": ["White blood cell decreased"],
    ...     "baseline_grade": [1], "worst_grade": [3]})
    >>> count_toxicity_shifts(shifts).filter(pl.col("n") > 0).select("baseline_grade", "worst_grade").row(0)
    ('1', '3')
    """
    _check_columns(name_columns(shifts), ("subject", "test", "term", "baseline_grade", "worst_grade"))
    keys = ("term", "test", "baseline_grade", "worst_grade")
    if is_spark(shifts):
        from pyspark.sql import functions as sql

        counted = shifts.groupBy(*keys).agg(sql.count("*").alias("n"))
        return run_groups(counted, "test", _fill_table, spark_schema(_COUNTED))
    rows = read_rows(shifts)
    if rows.schema["baseline_grade"].is_numeric() and rows.schema["worst_grade"].is_numeric():
        _limits_of(("baseline_grade", "worst_grade")).check(rows, ("subject", "test"))
    counts = rows.group_by(*keys, maintain_order=True).agg(n=pl.len().cast(pl.Int64))
    return return_kind(shifts, _fill_cells(counts))


def _fill_table(table: Any) -> Any:
    return plain_table(_fill_cells(flat_rows(table)).select(list(_COUNTED)).to_arrow())


def _fill_cells(counts: pl.DataFrame) -> pl.DataFrame:
    """Give every cell of the shift tables, those with nobody too."""
    levels = pl.DataFrame({"grade": _LEVELS})
    grades = ("baseline_grade", "worst_grade")
    check_kinds("Shift tables", counts, numbers=grades)
    named = counts.with_columns(
        pl.col(name).cast(pl.Int64).cast(pl.String).fill_null("unknown") for name in grades
    )
    cells = (
        named.select("term", "test").unique(maintain_order=True)
        .join(levels.rename({"grade": "baseline_grade"}), how="cross")
        .join(levels.rename({"grade": "worst_grade"}), how="cross")
        .join(named.drop("term"), on=["test", *grades], how="left", maintain_order="left")
    )  # fmt: skip
    return cells.with_columns(pl.col("n").fill_null(0)).with_columns(of=pl.col("n").sum().over("test"))


def _limits_of(grades: Sequence[str]) -> FrameLimits:
    """Give what columns of grades can hold: a laboratory result alone is never grade 5."""
    return FrameLimits("laboratory grades", tuple(ColumnLimits(name, 0, 4) for name in grades))


def _check_columns(present: Sequence[str], names: Iterable[str]) -> None:
    lacking = [name for name in names if name not in present]
    if lacking:
        raise ColumnError("Shifts of laboratory grades", lacking, present, "Add the columns.")
