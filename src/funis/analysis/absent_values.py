"""Who of a cohort is not in a number, why, and between which bounds the value must lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from funis.analysis.observations import Scored
from funis.analysis.run import Run
from funis.results import ABSENT, SOURCE_COLUMNS, format_shortest

#: So many are listed one by one.
MOST: Final = 200
_LEFT: Final = {"died": "died", "withdrew": "withdrew", "lost": "lost to follow-up", "completed": "completed"}
_NAMED: Final = 3


_Line = tuple[str, str, int | None]
"""Reason, file and line."""


def list_absent(run: Run, scored: Mapping[str, Scored]) -> pl.DataFrame:
    """List who is absent from each summary of a variable or of its change.

    Parameters
    ----------
    run : the analysis; what `Run.note_absent` was told
    scored : scores with their bounds

    Returns
    -------
    polars.DataFrame
        ``SOURCE_COLUMNS``: the key of the source with ``/missing`` at its end, ``value`` null, the reason as
        ``text``, and the line that has no value, where there is one.
    """
    lines: dict[str, dict[tuple[str, str], _Line]] = {}
    rows: list[tuple[Any, ...]] = []
    left = _who_left(run)
    for key, (measure, at, chosen, has_level) in run.absent.items():
        if measure not in lines:
            lines[measure] = dict(_lines_without_value(run, scored, measure))
        for subject, level in zip(chosen[:MOST], has_level[:MOST], strict=True):
            who = run.panel.subjects[int(subject)]
            known = ("no baseline value", "", None) if level else lines[measure].get((who, at))
            reason, file, line = known or (_without_line(run, left, int(subject), at), "", None)
            rows.append((f"{key}{ABSENT}", who, at, measure, measure, None, reason, file, line))
        if len(chosen) > MOST:
            more = f"and {len(chosen) - MOST} more"
            rows.append((f"{key}{ABSENT}", "", at, measure, measure, None, more, "", None))
    return pl.DataFrame(rows, schema=SOURCE_COLUMNS, orient="row")


def _lines_without_value(
    run: Run, scored: Mapping[str, Scored], measure: str
) -> Iterable[tuple[tuple[str, str], _Line]]:
    """Give the lines of a score or laboratory test that have no value, with the reason."""
    if measure in scored:
        yield from _unscored(scored[measure])
        return
    labs = run.frames.get("labs")
    if labs is None or labs.is_empty():
        return
    empty = labs.filter(pl.col("test") == measure, pl.col("value").is_null())
    for row in empty.iter_rows(named=True):
        written = row.get("value_recorded")
        reason = "no result"
        if written is not None:
            recorded = f"{format_shortest(written)} {row.get('unit_recorded') or ''}".strip()
            reason = f"{recorded} was left out: see the findings in the data"
        yield (row["subject"], row["visit"]), (reason, row["_file"], row["_line"])


def _unscored(scored: Scored) -> Iterable[tuple[tuple[str, str], _Line]]:
    """Give the rows of a score that cannot be known: which items lack an answer, and the bounds."""
    name = scored.definition.name
    items = [item.name for item in scored.definition.items if item.name in scored.frame.columns]
    bounds = [f"{name}_lower", f"{name}_upper"]
    has_bounds = set(bounds) <= set(scored.frame.columns)
    for row in scored.frame.filter(pl.col(name).is_null()).iter_rows(named=True):
        lacking = [item for item in items if row[item] is None]
        said = []
        if lacking:
            named = ", ".join(item.replace("_", " ") for item in lacking[:_NAMED])
            rest = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
            said.append(f"without an answer: {named}{rest}")
        if has_bounds and row[bounds[0]] is not None and row[bounds[1]] is not None:
            low, high = (format_shortest(float(row[bound])) for bound in bounds)
            said.append(f"the score lies between {low} and {high}")
        yield (row["subject"], row["visit"]), ("; ".join(said) or "not known", row["_file"], row["_line"])


def _who_left(run: Run) -> dict[int, tuple[str, float]]:
    """Give of each subject that left the study how and on which day."""
    frame = run.subject_frame
    if not {"disposition_status", "disposition_day"} <= set(frame.columns):
        return {}
    pairs = frame.select("disposition_status", "disposition_day").iter_rows()
    return {
        place: (_LEFT.get(status, status), float(day))
        for place, (status, day) in enumerate(pairs)
        if status and day is not None
    }


def _without_line(run: Run, left: Mapping[int, tuple[str, float]], subject: int, at: str) -> str:
    """Say why nothing was recorded of a subject at a visit; of a band of time nothing more is known."""
    if at not in run.panel.visits:
        return "no value then"
    planned = run.panel.layout.planned[run.panel.visit_index(at)]
    how = left.get(subject)
    if (run.panel.subjects[subject], at) in run.seen:
        return "seen at the visit, not measured"
    if how is not None and not np.isnan(planned) and how[1] < planned:
        return f"{how[0]} on day {format_shortest(how[1])}"
    return "not seen at the visit"
