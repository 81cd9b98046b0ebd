"""From checked tables to one long frame: every score, grade and laboratory value with its place.

Scores come from the definitions under the study's missing-data policy. Laboratory values keep what the
assay could not measure: a result of "< 10" is the limit 10, marked as censored below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.analysis.drugs_at_visits import add_drug_columns
from funis.analysis.few_visits import score_few_visits
from funis.analysis.panel import OBSERVATION_COLUMNS, Floats
from funis.analysis.recorded_scores import explain_recorded, take_recorded
from funis.analysis.recorded_words import write_converted, write_lab_values
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import definition
from funis.data.recorded_totals import recorded_columns
from funis.data.tables import Tables
from funis.errors import UnknownNameError
from funis.frames.verbs import concat, is_few, verbs_of
from funis.nine_decimals import round_array, round_column
from funis.results import format_column
from funis.scoring.explain import explain
from funis.scoring.items import is_uncollected
from funis.scoring.score import score
from funis.scoring.working import Explanation
from funis.study.classified import scored_beside
from funis.study.model import LabTest, Study
from funis.units.columns import columns_of_instrument

#: Grades in numbers, the most active highest, for matrices and ordinal tests.
GRADE_RANKS: Final[dict[str, int]] = {"E": 0, "D": 1, "C": 2, "B": 3, "A": 4}

#: First dilution of a titre: the scale of analysis is log2(titre / 10).
FIRST_DILUTION: Final = 10.0

_ORDER: Final = "_order"


@dataclass(frozen=True, slots=True)
class Scored:
    """One instrument of the study, scored.

    Attributes
    ----------
    definition : the definition that was used
    frame : the instrument's table with the columns of the score added
    missing : missing-data policy
    unit : unit that the study prints the score in, empty for the definition's own
    recorded : policies of the score and the grades that were taken as recorded, see `take_recorded`
    """

    definition: Definition
    frame: pl.DataFrame
    missing: str
    unit: str = ""
    recorded: Mapping[str, str] = field(default_factory=dict)

    def policies(self) -> dict[str, str]:
        """Give the policy for missing items of the score and of each grade."""
        names = (self.definition.name, *self.definition.grade_columns)
        return {name: self.recorded.get(name, self.missing) for name in names}


def score_instruments(study: Study, tables: Tables, names: Sequence[str] | None = None) -> dict[str, Scored]:
    """Score every instrument of the study that has data.

    Parameters
    ----------
    study : gives the missing-data policy and the parameters of each instrument
    tables : checked tables, study days filled
    names : the instruments to score, default all

    Returns
    -------
    dict
        By instrument, in the order of the study file.
    """
    found: dict[str, Scored] = {}
    for name in study.instrument_names:
        frame = tables.frames.get(name)
        if frame is None or frame.is_empty() or (names is not None and name not in names):
            continue
        choice = study.choice(name)
        ordered = _order_visits(study, _leave_out_uncollected(frame, definition(name)))
        if is_few(ordered):
            scored = score_few_visits(ordered, name, choice, order=_ORDER)
        else:
            scored = score(
                ordered,
                name,
                missing=choice.missing,
                subject="subject",
                order=_ORDER,
                parameters=dict(choice.parameters) or None,
            )
        whole, recorded = take_recorded(scored.drop(_ORDER), definition(name), choice.missing)
        found[name] = Scored(definition(name), whole, choice.missing, choice.unit, recorded)
    return found


def explain_visit(study: Study, tables: Tables, instrument: str, *, subject: str, visit: str) -> Explanation:
    """Explain one score of a study, with the study's own policy and parameters.

    Raises
    ------
    UnknownNameError
        The study does not take the instrument, or has no row of it for the subject and visit.
    """
    frame = tables.frames.get(instrument)
    if instrument not in study.instrument_names or frame is None:
        raise UnknownNameError("instrument", instrument, study.instrument_names, "the study")
    choice = study.choice(instrument)
    found = explain(
        _order_visits(study, _leave_out_uncollected(frame, definition(instrument))),
        instrument,
        subject=subject,
        visit=visit,
        order=_ORDER,
        missing=choice.missing,
        parameters=dict(choice.parameters) or None,
    )
    if set(recorded_columns(definition(instrument)).values()).isdisjoint(frame.columns):
        return found
    scored = score_instruments(study, tables, [instrument])[instrument].frame
    row = scored.filter(pl.col("subject") == subject, pl.col("visit") == visit)
    return explain_recorded(found, row.row(0, named=True)) if row.height == 1 else found


def _leave_out_uncollected(frame: pl.DataFrame, instrument: Definition) -> pl.DataFrame:
    """Drop the empty column of a measure that nobody took because another of the same thing was taken.

    A study that has creatinine and not one GFR does not collect it: that is a statement about the study. A
    single blank beside recorded values is not, and leaves the score open.
    """
    height = frame.height
    filled = {name for name in frame.columns if frame[name].null_count() < height}
    dropped = [
        item.name for item in instrument.items if item.name in frame.columns and is_uncollected(item, filled)
    ]
    flags = [name for item in dropped if (name := f"{item}_not_done") in frame.columns]
    return frame.drop(*dropped, *flags) if dropped else frame


def _order_visits(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the order of a subject's visits; leave out those that have no place in it.

    The order is the study day, else the planned day; where the plan names no visit and no row of the table
    has a day, the line. Visits of one day follow each other as in the file.
    """
    planned = {visit.name: float(visit.day) for visit in study.visits}
    ops = verbs_of(frame)
    by_line = not planned and frame["day"].null_count() == frame.height
    ordered = frame.with_columns(
        ops.coalesce(
            ops.col("day").cast(ops.Float64),
            ops.col("visit").replace_strict(planned, default=None, return_dtype=ops.Float64),
            ops.col("_line").cast(ops.Float64) if by_line else ops.lit(None, ops.Float64),
        ).alias(_ORDER)
    )
    placed = ordered.filter(ops.col(_ORDER).is_not_null())
    return placed if is_few(placed) else _part_days(placed)


def _part_days(ordered: pl.DataFrame) -> pl.DataFrame:
    """Part the visits that a subject has on one day; what looks back over days counts whole ones."""
    of_day = ["subject", _ORDER]
    parts = (pl.col("_line").rank("ordinal").over(of_day) - 1) / pl.len().over(of_day)
    return ordered.with_columns(pl.col(_ORDER) + parts)


def gather_values(study: Study, tables: Tables, scored: Mapping[str, Scored]) -> pl.DataFrame:
    """Gather every numeric score and laboratory value, one row each, in the study's units.

    Returns
    -------
    polars.DataFrame
        ``OBSERVATION_COLUMNS``; values that cannot be known are left out.
    """
    parts = [pl.DataFrame(schema=OBSERVATION_COLUMNS)]
    parts += [_score_rows(each) for each in scored.values()]
    parts += list(_lab_rows(study, tables.frames.get("labs")))
    return pl.concat(parts)


def gather_grades(scored: Mapping[str, Scored]) -> pl.DataFrame:
    """Gather every letter grade, one row each: the letter as text, its rank as value."""
    parts = [pl.DataFrame(schema=OBSERVATION_COLUMNS)]
    for each in scored.values():
        for column in each.definition.grade_columns:
            rows = _rows(each.frame, column, pl.col(column).replace_strict(GRADE_RANKS, default=None))
            parts.append(rows.with_columns(text=each.frame.filter(pl.col(column).is_not_null())[column]))
    return pl.concat(parts)


def _score_rows(scored: Scored) -> pl.DataFrame:
    name = scored.definition.name
    value = pl.col(name).cast(pl.Float64)
    if scored.unit and scored.definition.unit and scored.unit != scored.definition.unit:
        from funis.units import convert

        factor = convert(1.0, name, scored.definition.unit, scored.unit)
        recorded = scored.frame[name].cast(pl.Float64).drop_nulls()
        rows = _rows(scored.frame, name, round_column(value * factor))
        units = (scored.definition.unit, scored.unit)
        return rows.with_columns(write_converted(recorded, units, float(factor)))
    return _rows(scored.frame, name, value)


def _rows(frame: pl.DataFrame, variable: str, value: pl.Expr) -> pl.DataFrame:
    """Make observations of one column, without the rows that have no value."""
    made = frame.select(
        "subject",
        "visit",
        pl.col("day").cast(pl.Float64),
        pl.lit(variable).alias("variable"),
        pl.lit(variable).alias("measure"),
        value.cast(pl.Float64).alias("value"),
        pl.lit("").alias("text"),
        pl.lit(0, pl.Int8).alias("censored"),
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
    ).filter(pl.col("value").is_not_null())
    return made.with_columns(format_column(made["value"]).alias("text"))


def _lab_rows(study: Study, labs: pl.DataFrame | None) -> Iterator[pl.DataFrame]:
    """Make observations of each laboratory test of the study."""
    if labs is None or labs.is_empty():
        return
    by_test = labs.filter(pl.col("value").is_not_null()).partition_by("test", as_dict=True)
    for test in study.labs:
        frame = by_test.get((test.test,))
        if frame is not None:
            yield _test_rows(test, frame)


def _test_rows(test: LabTest, frame: pl.DataFrame) -> pl.DataFrame:
    values = frame["value"].to_numpy().astype(np.float64)
    below = frame["comparator"].is_in(["<", "<="]).fill_null(value=False).to_numpy()
    above = frame["comparator"].is_in([">", ">="]).fill_null(value=False).to_numpy()
    censored = (above.astype(np.int8) - below.astype(np.int8)).astype(np.int8)
    is_titre = test.scale == "log2"
    if is_titre:
        values, censored = _log2_titres(values, censored)
    text = write_lab_values(frame, test.unit, values, titre_of_first=FIRST_DILUTION if is_titre else None)
    rows = _rows(frame, test.test, pl.col("value"))
    return rows.with_columns(
        pl.Series("value", values), text.alias("text"), pl.Series("censored", censored, dtype=pl.Int8)
    )


def _log2_titres(values: Floats, censored: npt.NDArray[np.int8]) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Put titres on the scale log2(titre / 10); a titre of 0 is "below the lowest titre recorded"."""
    positive = values > 0
    lowest = float(values[positive].min()) if positive.any() else FIRST_DILUTION
    limited = np.where(positive, values, lowest)
    marked = np.where(positive, censored, -1).astype(np.int8)
    logs: Floats = round_array(np.log2(limited / FIRST_DILUTION))
    return logs, marked


def long_scores(scored: Mapping[str, Scored]) -> pl.DataFrame | None:
    """Give scores (in the definitions' own units) and grades as the subject frame is derived from them.

    Returns
    -------
    polars.DataFrame
        ``subject``, ``visit``, ``day``, ``variable``, and ``value`` or ``grade``; None where nothing is
        scored.
    """
    parts = [_long_column(each, each.definition.name, is_grade=False) for each in scored.values()]
    parts += [
        _long_column(each, column, is_grade=False)
        for each in scored.values()
        for column in each.frame.columns
        if column in scored_beside()
    ]
    parts += [
        _long_column(each, column, is_grade=True)
        for each in scored.values()
        for column in each.definition.grade_columns
    ]
    return concat(parts) if parts else None


def _long_column(scored: Scored, column: str, *, is_grade: bool) -> pl.DataFrame:
    """Give one column of scores, or of grades, without the visits that have none."""
    ops = verbs_of(scored.frame)
    cell = ops.col(column)
    return scored.frame.filter(cell.is_not_null()).select(
        "subject",
        "visit",
        ops.col("day").cast(ops.Float64),
        variable=ops.lit(column),
        value=ops.lit(None, ops.Float64) if is_grade else cell.cast(ops.Float64),
        grade=cell if is_grade else ops.lit(None, ops.String),
    )


def visit_frame(study: Study, tables: Tables, scored: Mapping[str, Scored]) -> pl.DataFrame:
    """Join instruments and laboratory tests into one row per subject and visit, as responses look at them.

    Where two instruments of a visit have different days, the later one is the day of the visit; a visit
    without any day has its planned day. Unscheduled visits of one name are told apart by their day. Columns
    of ``[[visit_columns]]`` stand beside them.
    """
    planned = {visit.name: float(visit.day) for visit in study.visits}
    parts = [_response_columns(each) for each in scored.values()]
    labs = tables.frames.get("labs")
    if labs is not None and not labs.is_empty():
        parts.append(_wide_labs(labs))
    key = ["subject", "visit", "_occasion"]
    joined = pl.DataFrame(
        schema={"subject": pl.String, "visit": pl.String, "_occasion": pl.String, "day": pl.Float64}
    )
    for part in parts:
        fresh = [name for name in part.columns if name not in joined.columns or name in {*key, "day"}]
        joined = (
            joined.join(part.select(fresh), on=key, how="full", coalesce=True, maintain_order="left_right")
            .with_columns(pl.max_horizontal("day", "day_right").alias("day"))
            .drop("day_right")
        )
    due = pl.col("visit").replace_strict(planned, default=None, return_dtype=pl.Float64)
    visits = joined.with_columns(pl.coalesce("day", due).alias("day")).drop("_occasion")
    return add_drug_columns(study, tables.frames, visits)


def visit_units(study: Study, frames: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Give the unit of each measured column of `visit_frame`.

    A column of an instrument is in the unit of its definition, one of a laboratory test in that of the study.

    Parameters
    ----------
    study : names the tests with their units, and the instruments
    frames : the checked tables by name
    """
    units = {lab.test: lab.unit for lab in study.labs}
    for name in study.instrument_names:
        recorded = frames[name].columns if name in frames else ()
        units |= {
            one.column: one.unit for one in columns_of_instrument(name).values() if one.column in recorded
        }
    return units


def _occasion() -> pl.Expr:
    """Tell apart unscheduled visits, which may share one name."""
    name, day = pl.col("visit"), pl.col("day").cast(pl.String).fill_null("")
    return pl.when(name.str.starts_with("unscheduled")).then(day).otherwise(pl.lit("")).alias("_occasion")


def _response_columns(scored: Scored) -> pl.DataFrame:
    """Leave out where and by whom an instrument was recorded; keep one row a visit, the last."""
    left_out = {"date", "window_days", "rater"}
    names = [name for name in scored.frame.columns if not name.startswith("_") and name not in left_out]
    frame = scored.frame.select(names).with_columns(pl.col("day").cast(pl.Float64), _occasion())
    return frame.unique(["subject", "visit", "_occasion"], keep="last", maintain_order=True)


def _wide_labs(labs: pl.DataFrame) -> pl.DataFrame:
    """Give one column a laboratory test; of two results at one visit the last counts."""
    known = labs.filter(pl.col("value").is_not_null()).with_columns(
        pl.col("day").cast(pl.Float64), _occasion()
    )
    key = ["subject", "visit", "_occasion"]
    days = known.group_by(key, maintain_order=True).agg(pl.col("day").max())
    wide = known.pivot("test", index=key, values="value", aggregate_function="last", maintain_order=True)
    return days.join(wide, on=key, how="left", maintain_order="left")
