"""Scores of a table of few rows: by the compiled rules, subject by subject."""

from __future__ import annotations

from typing import Any, cast

import polars as pl

from funis.errors import ShapeError
from funis.frames.few_cells import UnusualRowsError
from funis.frames.few_rows import FewRows
from funis.scoring.single_visits import scorer
from funis.study.model import InstrumentChoice


def score_few_visits(
    frame: pl.DataFrame, instrument: str, choice: InstrumentChoice, *, order: str
) -> pl.DataFrame:
    """Add the columns of a score to the few visits of a table.

    Parameters
    ----------
    frame : few rows of one instrument, with ``subject`` and the order of visits
    instrument : its name
    choice : policy and parameters of the study
    order : column that orders the visits of a subject

    Returns
    -------
    few rows
        What `funis.score` gives for the same rows.

    Raises
    ------
    UnusualRowsError : two visits of a subject stand at one place, or one at none; `funis.score` says which
    """
    score_visits = scorer(instrument, missing=choice.missing, parameters=dict(choice.parameters) or None)
    rows = list(frame.iter_rows(named=True))
    by_subject: dict[Any, list[int]] = {}
    for place, row in enumerate(rows):
        row["day"] = row[order]
        by_subject.setdefault(row["subject"], []).append(place)
    scores: list[dict[str, Any]] = [{}] * len(rows)
    for places in by_subject.values():
        try:
            found = score_visits([rows[place] for place in places])
        except ShapeError as error:
            raise UnusualRowsError(str(error)) from error
        for place, score in zip(places, found, strict=True):
            scores[place] = score
    columns = {name: [score[name] for score in scores] for name in scores[0]}
    return frame.hstack(cast("pl.DataFrame", FewRows(columns)))
