"""Faults that only the analysis can see, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from funis.analysis.observations import HasFrames, Scored, gather_grades, long_scores, score_instruments
from funis.analysis.panel import print_values
from funis.analysis.run import Run, add_rate
from funis.data.check.eligibility import check_eligibility
from funis.errors import LEVELS, Fault
from funis.results import Place
from funis.study.days import derive_subject_frame
from funis.study.model import Study

RECORDED = "recorded_total_differs"


def check_scores(study: Study, tables: HasFrames, known: Sequence[Fault]) -> tuple[Fault, ...]:
    """Score the instruments of a study and give the faults that only the scores show.

    Parameters
    ----------
    study : the study
    tables : its checked tables
    known : faults found before

    Returns
    -------
    tuple of Fault
        As ``check_scored``.
    """
    scored = score_instruments(study, tables)
    subjects = derive_subject_frame(study, tables, long_scores(scored, gather_grades(scored)))
    return check_scored(study, subjects, scored, known)


def check_scored(
    study: Study, subjects: pl.DataFrame, scored: Mapping[str, Scored], known: Sequence[Fault]
) -> tuple[Fault, ...]:
    """Give the faults that only the scores show: recorded totals, criteria of eligibility that name a score.

    Parameters
    ----------
    study : the study
    subjects : the subject frame, with the baseline scores
    scored : the instruments, scored
    known : faults found before; a place that is among them is not reported again
    """
    return (*check_recorded_totals(scored, known), *check_eligibility(study, subjects, needs_scores=True))


def check_recorded_totals(scored: Mapping[str, Scored], known: Sequence[Fault]) -> tuple[Fault, ...]:
    """Compare each total that somebody wrote down with the score of its items.

    A recorded total is at fault where it differs from a score that is known, or lies outside the bounds
    of one that is not. Places that an earlier check has reported are not reported again.
    """
    reported = {(fault.file, fault.line, fault.column) for fault in known}
    found = [fault for each in scored.values() for fault in _differences(each)]
    return tuple(fault for fault in found if (fault.file, fault.line, fault.column) not in reported)


def _differences(scored: Scored) -> Iterator[Fault]:
    name = scored.definition.name
    column = f"{name}_recorded"
    if column not in scored.frame.columns:
        return
    low, high = pl.coalesce(name, f"{name}_lower"), pl.coalesce(name, f"{name}_upper")
    outside = (pl.col(column) < low - 1e-9) | (pl.col(column) > high + 1e-9)
    rows = scored.frame.filter(outside).select(
        "subject", "visit", "_file", "_line", pl.col(column).cast(pl.Float64),
        low.cast(pl.Float64).alias("low"), high.cast(pl.Float64).alias("high"),
    )  # fmt: skip
    printed = rows.with_columns(print_values(rows[each]).alias(each) for each in (column, "low", "high"))
    for subject, visit, file, line, recorded, lowest, highest in printed.iter_rows():
        computed = lowest if lowest == highest else f"{lowest} to {highest}"
        yield Fault(
            level="warning",
            code=RECORDED,
            table=name,
            file=file,
            line=line,
            column=column,
            value=recorded,
            message=f"The recorded total is not the sum of the items of visit {visit}.",
            remedy=f"The items give {computed}; correct the total or the items. The items are analysed.",
            subject=subject,
            visit=visit,
        )


def count_recorded_totals(run: Run, scored: Mapping[str, Scored], faults: Sequence[Fault]) -> None:
    """Count, of the visits with a recorded total, those whose items give another one."""
    for name, each in scored.items():
        column = f"{name}_recorded"
        if column not in each.frame.columns:
            continue
        total = each.frame.filter(pl.col(column).is_not_null()).height
        differing = sum(fault.code == RECORDED and fault.table == name for fault in faults)
        if total:
            place = Place(analysis="faults", variable=column, denominator=total)
            add_rate(run, place, differing, level=run.level, limits=False)


def count_faults(run: Run, faults: Iterable[Fault]) -> None:
    """Count the faults by level and by code."""
    listed = list(faults)
    levels = Counter(fault.level for fault in listed)
    for level in LEVELS:
        run.numbers.add(Place(analysis="faults", variable=level), "count", levels[level])
    for (level_of, code), count in sorted(Counter((fault.level, fault.code) for fault in listed).items()):
        run.numbers.add(Place(analysis="faults", variable=f"{level_of}: {code}"), "count", count)
