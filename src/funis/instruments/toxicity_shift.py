"""From the grade at baseline to the worst grade afterwards: shift tables and treatment-emergent worsening."""

from __future__ import annotations

import polars as pl

from funis.errors import ColumnError

_GRADES = ("grade", "grade_lower", "grade_upper")


def derive_lab_baseline(labs: pl.DataFrame, *, last_day: int = 0) -> pl.DataFrame:
    """Add the baseline value of every test: the last result on or before a study day.

    Parameters
    ----------
    labs : one row a result: ``subject``, ``test``, ``day``, ``value``, and ``unit`` where values have one
    last_day : last study day that belongs to baseline; the first infusion is day 0

    Returns
    -------
    polars.DataFrame : `labs` with ``baseline`` and ``baseline_unit``, empty where there is no such result

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
    _check_columns(labs, ("subject", "test", "day", "value"))
    if "unit" not in labs.columns:
        labs = labs.with_columns(unit=pl.lit(None, pl.String))
    before = labs.filter(
        pl.col("day") <= last_day, pl.col("value").is_not_null(), pl.col("value").is_not_nan()
    )
    known = before.sort("day", maintain_order=True).group_by("subject", "test", maintain_order=True).last()
    known = known.select("subject", "test", baseline=pl.col("value"), baseline_unit=pl.col("unit"))
    kept = labs.drop("baseline", "baseline_unit", strict=False)
    return kept.join(known, on=["subject", "test"], how="left", maintain_order="left")


def derive_toxicity_shifts(graded: pl.DataFrame, *, last_day: int = 0) -> pl.DataFrame:
    """Give per subject and test the grade at baseline, the worst grade afterwards, and whether it worsened.

    Parameters
    ----------
    graded : what `grade_toxicity` gave, with ``subject``, ``test`` and ``day``
    last_day : last study day that belongs to baseline

    Returns
    -------
    polars.DataFrame : ``subject``, ``test``, ``term``, ``baseline_grade`` (last known grade up to
        `last_day`), ``worst_grade`` after it with ``worst_lower`` and ``worst_upper`` (null where an unknown
        grade could be worse, or nothing was measured), ``n_after`` results, and ``treatment_emergent``:
        ``yes`` where the worst grade exceeds the one at baseline, ``no``, or ``cannot tell``

    Raises
    ------
    ColumnError : a column that is needed is not there

    Examples
    --------
    >>> from funis.instruments.toxicity import grade_toxicity
    >>> labs = pl.DataFrame({"subject": ["01"] * 2, "test": ["wbc"] * 2, "day": [0, 30], "value": [3.5, 1.5],
    ...     "low": [4.0, 4.0]})
    >>> derive_toxicity_shifts(grade_toxicity(labs)).select("baseline_grade", "worst_grade").row(0)
    (1, 3)
    """
    _check_columns(graded, ("subject", "test", "day", "term", *_GRADES))
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


def count_toxicity_shifts(shifts: pl.DataFrame) -> pl.DataFrame:
    """Count subjects by grade at baseline and worst grade: every cell of the shift table, empty ones too.

    Parameters
    ----------
    shifts : what `derive_toxicity_shifts` gave

    Returns
    -------
    polars.DataFrame : ``term``, ``test``, ``baseline_grade`` and ``worst_grade`` (``"0"`` to ``"4"`` or
        ``unknown``), ``n`` subjects, ``of`` subjects with the test

    Examples
    --------
    >>> shifts = pl.DataFrame({"subject": ["01"], "test": ["wbc"], "term": ["White blood cell decreased"],
    ...     "baseline_grade": [1], "worst_grade": [3]})
    >>> count_toxicity_shifts(shifts).filter(pl.col("n") > 0).select("baseline_grade", "worst_grade").row(0)
    ('1', '3')
    """
    _check_columns(shifts, ("subject", "test", "term", "baseline_grade", "worst_grade"))
    levels = pl.DataFrame({"grade": ["0", "1", "2", "3", "4", "unknown"]})
    named = shifts.with_columns(
        pl.col(name).cast(pl.String).fill_null("unknown") for name in ("baseline_grade", "worst_grade")
    )
    counts = named.group_by("test", "baseline_grade", "worst_grade").agg(n=pl.len().cast(pl.Int64))
    cells = (
        named.select("term", "test").unique(maintain_order=True)
        .join(levels.rename({"grade": "baseline_grade"}), how="cross")
        .join(levels.rename({"grade": "worst_grade"}), how="cross")
        .join(counts, on=["test", "baseline_grade", "worst_grade"], how="left", maintain_order="left")
    )  # fmt: skip
    return cells.with_columns(pl.col("n").fill_null(0)).with_columns(of=pl.col("n").sum().over("test"))


def _check_columns(frame: pl.DataFrame, names: tuple[str, ...]) -> None:
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise ColumnError("Shifts of laboratory grades", lacking, frame.columns, "Add the columns.")
