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
from funis.scoring.score import score
from funis.scoring.working import Explanation
from funis.study.classified import scored_beside
from funis.study.model import LabTest, Study
from funis.study.visit_frame import ORDER, join_visits, leave_out_uncollected, order_visits

#: Grades in numbers, the most active highest, for matrices and ordinal tests.
GRADE_RANKS: Final[dict[str, int]] = {"E": 0, "D": 1, "C": 2, "B": 3, "A": 4}

#: First dilution of a titre: the scale of analysis is log2(titre / 10).
FIRST_DILUTION: Final = 10.0


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
        ordered = order_visits(study, leave_out_uncollected(frame, definition(name)))
        if is_few(ordered):
            # Only here: the compiler of single visits is loaded where a table has few.
            from funis.analysis.few_visits import score_few_visits

            scored = score_few_visits(ordered, name, choice, order=ORDER)
        else:
            scored = score(
                ordered,
                name,
                missing=choice.missing,
                subject="subject",
                order=ORDER,
                parameters=dict(choice.parameters) or None,
            )
        whole, recorded = take_recorded(scored.drop(ORDER), definition(name), choice.missing)
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
        order_visits(study, leave_out_uncollected(frame, definition(instrument))),
        instrument,
        subject=subject,
        visit=visit,
        order=ORDER,
        missing=choice.missing,
        parameters=dict(choice.parameters) or None,
    )
    if set(recorded_columns(definition(instrument)).values()).isdisjoint(frame.columns):
        return found
    scored = score_instruments(study, tables, [instrument])[instrument].frame
    row = scored.filter(pl.col("subject") == subject, pl.col("visit") == visit)
    return explain_recorded(found, row.row(0, named=True)) if row.height == 1 else found


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

    Parameters
    ----------
    study, tables : as for `score_instruments`
    scored : its answer

    Returns
    -------
    polars.DataFrame : as `join_visits` gives it, and the columns of ``[[visit_columns]]`` beside it
    """
    visits = join_visits(study, [each.frame for each in scored.values()], tables.frames.get("labs"))
    return add_drug_columns(study, tables.frames, visits)
