"""Findings that only the analysis can see, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from funis.analysis.observations import Scored, long_scores, score_instruments
from funis.analysis.run import Run, add_rate
from funis.data.check.eligibility import (
    check_eligibility,
    columns_in_criteria,
    scores_in_criteria,
)
from funis.data.recorded_totals import AS_RECORDED
from funis.data.tables import Tables
from funis.errors import LEVELS, Finding
from funis.frames.verbs import as_polars, verbs_of
from funis.nine_decimals import compare_exactly
from funis.results import Place, format_column
from funis.study.days import derive_subject_frame
from funis.study.model import Study

RECORDED = "recorded_total_differs"
NOT_RECOMPUTED = "none could be recomputed"
#: A visit whose recorded total is not that of the items, both as printed.
RECORDED_COLUMNS = {
    "instrument": pl.String(),
    "subject": pl.String(),
    "visit": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),
    "recorded": pl.String(),
    "computed": pl.String(),
}


def check_scores(study: Study, tables: Tables, known: Sequence[Finding]) -> tuple[Finding, ...]:
    """Score the instruments of a study and give the findings that only the scores show.

    Parameters
    ----------
    study : the study
    tables : its checked tables
    known : findings found before

    Returns
    -------
    tuple of Finding
        As ``check_scored``.
    """
    named = scores_in_criteria(study)
    scored = score_instruments(study, tables, [*named, *_with_recorded_total(study, tables)])
    if not named:
        return check_recorded_totals(scored, known)
    columns = columns_in_criteria(study, needs_scores=True)
    subjects = derive_subject_frame(study, tables.frames, long_scores(scored), columns=columns)
    return check_scored(study, subjects, scored, known)


def _with_recorded_total(study: Study, tables: Tables) -> Iterator[str]:
    """Name the instruments whose table holds a total that somebody wrote down."""
    for name in study.instrument_names:
        frame = tables.frames.get(name)
        column = f"{name}_recorded"
        if frame is not None and column in frame.columns and frame[column].null_count() < frame.height:
            yield name


def check_scored(
    study: Study, subjects: pl.DataFrame, scored: Mapping[str, Scored], known: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Give the findings that only the scores show: recorded totals, criteria of eligibility naming a score.

    Parameters
    ----------
    study : the study
    subjects : the subject frame, with the baseline scores
    scored : the instruments, scored
    known : findings found before; a place that is among them is not reported again
    """
    return (*check_recorded_totals(scored, known), *check_eligibility(study, subjects, needs_scores=True))


def check_recorded_totals(scored: Mapping[str, Scored], known: Sequence[Finding]) -> tuple[Finding, ...]:
    """Compare each total that somebody wrote down with the score of its items.

    A recorded total is at finding where it differs from a score that is known, or lies outside the bounds
    of one that is not. Places that an earlier check has reported are not reported again.
    """
    reported = {(finding.file, finding.line, finding.column) for finding in known}
    found = [finding for each in scored.values() for finding in _findings_of(each)]
    return tuple(finding for finding in found if (finding.file, finding.line, finding.column) not in reported)


def _differing_totals(scored: Scored) -> pl.DataFrame:
    """Give the visits whose recorded total is not that of the items, both printed."""
    name = scored.definition.name
    column = f"{name}_recorded"
    if column not in scored.frame.columns:
        return pl.DataFrame(schema=RECORDED_COLUMNS)
    ops = verbs_of(scored.frame)
    low, high = ops.coalesce(name, f"{name}_lower"), ops.coalesce(name, f"{name}_upper")
    total = ops.col(column)
    outside = compare_exactly(total, "<", low) | compare_exactly(total, ">", high)
    differing = scored.frame.filter(outside)
    if differing.is_empty():
        return pl.DataFrame(schema=RECORDED_COLUMNS)
    rows = as_polars(differing.select(
        "subject", "visit", "_file", "_line", total.cast(ops.Float64),
        low.cast(ops.Float64).alias("low"), high.cast(ops.Float64).alias("high"),
    ))  # fmt: skip
    printed = rows.with_columns(format_column(rows[each]).alias(each) for each in (column, "low", "high"))
    is_known = pl.col("low") == pl.col("high")
    return printed.select(
        pl.lit(name).alias("instrument"),
        "subject",
        "visit",
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
        pl.col(column).alias("recorded"),
        pl.when(is_known).then("low").otherwise(pl.format("{} to {}", "low", "high")).alias("computed"),
    )


def _findings_of(scored: Scored) -> Iterator[Finding]:
    """Give a finding for each visit whose recorded total is not that of the items."""
    if f"{scored.definition.name}_recorded" not in scored.frame.columns:
        return
    for name, subject, visit, file, line, recorded, computed in _differing_totals(scored).iter_rows():
        yield Finding(
            level="warning",
            code=RECORDED,
            table=name,
            file=file,
            line=line,
            column=f"{name}_recorded",
            value=recorded,
            message=f"The recorded total is not the sum of the items of visit {visit}.",
            fix=f"The items give {computed}; correct the total or the items. The items are analysed.",
            subject=subject,
            visit=visit,
        )


def count_recorded_totals(run: Run, scored: Mapping[str, Scored], findings: Sequence[Finding]) -> None:
    """Count the recorded totals whose items give another one, of those that could be recomputed; list them.

    A total can be recomputed where its score is known, or where what the missing items leave open does not
    reach it.
    """
    reported = {(finding.file, finding.line) for finding in findings if finding.code == RECORDED}
    listed = pl.concat([_differing_totals(each) for each in scored.values()] or [pl.DataFrame()])
    if listed.height:
        is_reported = [place in reported for place in listed.select("file", "line").rows()]
        run.listings["recorded_totals"] = listed.filter(pl.Series(is_reported, dtype=pl.Boolean))
    for name, each in scored.items():
        column = f"{name}_recorded"
        if column not in each.frame.columns:
            continue
        recorded = each.frame.filter(pl.col(column).is_not_null())
        if recorded.is_empty():
            continue
        is_taken = recorded[f"{name}_status"] == AS_RECORDED
        found = set(_differing_totals(each).select("file", "line").rows())
        # A total that was taken as recorded says nothing of its items.
        known = (recorded[name].is_not_null() & ~is_taken).to_list()
        places = recorded.select("_file", "_line").rows()
        could = sum(is_known or place in found for is_known, place in zip(known, places, strict=True))
        differing = sum(finding.code == RECORDED and finding.table == name for finding in findings)
        _add_totals(
            run, Place(analysis="findings", variable=column, measure=name), differing, could, len(known)
        )


def _add_totals(run: Run, place: Place, differing: int, could: int, total: int) -> None:
    """Add how many totals differ over those recomputed, and how many of the recorded could be."""
    over = replace(place, n=could, denominator=could)
    if could:
        add_rate(run, over, differing, level=run.level, limits=False)
    else:
        run.numbers.add(over, "count", None, text=NOT_RECOMPUTED, status="not_estimable")
    if could < total:
        run.numbers.add(replace(place, n=could, denominator=total), "asked", could, text=str(could))


def count_findings(run: Run, findings: Iterable[Finding]) -> None:
    """Count the findings by level and by code."""
    listed = list(findings)
    levels = Counter(finding.level for finding in listed)
    for level in LEVELS:
        run.numbers.add(Place(analysis="findings", variable=level), "count", levels[level])
    for (level_of, code), count in sorted(
        Counter((finding.level, finding.code) for finding in listed).items()
    ):
        run.numbers.add(Place(analysis="findings", variable=level_of, category=code), "count", count)
