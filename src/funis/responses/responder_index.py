"""S2K RI-50: SLEDAI-2K in which an item that has improved by half counts half.

An item that is present now, was present at baseline and has improved by at least 50 % without being gone
scores half its points. What is missing leaves an interval: an item that may be absent, or may have
improved, opens the lower end.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final, cast

import polars as pl

from funis.arguments import ByName, Frame, OrNone, Text, takes
from funis.catalogue.model_responder_index import IndexItem
from funis.catalogue.registry import responder_index
from funis.errors import ColumnError, TakenColumnError
from funis.frames.any_kind import add_columns, name_columns
from funis.frames.scales import Scale
from funis.responses.participation import EVENT_COLUMNS
from funis.responses.possible_values import limits_of_index
from funis.responses.read_columns import refuse_misspelt_index
from funis.responses.read_units import columns_of_index
from funis.responses.responder_measures import has_improved_by_half
from funis.responses.timeline import (
    Timeline,
    TimelineVisit,
    build_timelines,
    check_visit_columns,
)
from funis.responses.verdict import Span, Verdict
from funis.units.declared import settle_scales

_ZERO: Final = Decimal(0)
NAME: Final = "s2k_ri_50"
OUTPUTS: Final[Mapping[str, pl.DataType]] = {
    NAME: pl.Float64(),
    f"{NAME}_lower": pl.Float64(),
    f"{NAME}_upper": pl.Float64(),
    f"{NAME}_status": pl.String(),
}
"""Columns that scoring adds, with their types."""


@takes(
    frame=Frame(),
    subject=Text(),
    visit=Text(),
    day=Text(),
    baseline_visit=Text(empty=True),
    units=OrNone(ByName(Text())),
)
def score_responder_index(
    frame: Any,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    baseline_visit: str = "",
    units: Mapping[str, str] | None = None,
) -> Any:
    """Score the S2K RI-50 of every visit against the subject's baseline.

    Parameters
    ----------
    frame : any data frame, one row per subject and visit: the 24 items of SLEDAI-2K (0, 1 or empty);
        for an item that has not gone, the column ``<item>_improved`` (1 = by half or more, 0 = less) or
        the measures its definition names (``inflamed_joints``, ``proteinuria_24h``, ``c3`` with the
        laboratory's ``c3_low``, ...)
    subject, visit, day : column names
    baseline_visit : visit compared with; empty takes the last on or before day 0
    units : the unit of each column that is not in the unit of the index, as for `funis.score`

    Returns
    -------
    frame of the caller's kind; on Spark lazy, scored where the rows are, checked when the query runs
        The rows of `frame`, with ``s2k_ri_50`` (null unless it can be known), ``s2k_ri_50_lower``,
        ``s2k_ri_50_upper`` and ``s2k_ri_50_status`` (scored, incomplete).

    Raises
    ------
    ColumnError : no item of SLEDAI-2K is there; one that is not counts as missing in every row
    MisspeltColumnError, TakenColumnError : a column nearly has the name of one that is read, or the name of
        one that is added
    UnitError : a unit is not known for a column, or nothing converts it

    Source
    ------
    Touma Z et al. J Rheumatol 2011;38:275-284.

    Examples
    --------
    >>> items = {item.item: [0, 0] for item in index_items()} | {"arthritis": [1, 1]}
    >>> visits = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], "inflamed_joints": [8, 4]}
    >>> score_responder_index(pl.DataFrame({**visits, **items})).get_column("s2k_ri_50").to_list()
    [4.0, 2.0]
    """
    present = name_columns(frame)
    _check_items(present, subject, visit)
    refuse_misspelt_index(responder_index(NAME), present, (subject, visit, day))
    read = columns_of_index(responder_index(NAME))
    scales = settle_scales(frame, units, read, present, "the S2K RI-50")
    scores = partial(
        _score_rows, subject=subject, visit=visit, day=day, baseline_visit=baseline_visit, scales=scales
    )
    return add_columns(frame, subject, scores, OUTPUTS)


def _check_items(present: list[str], subject: str, visit: str) -> None:
    items = [item.item for item in index_items()]
    if not set(items) & set(present):
        raise ColumnError("S2K RI-50", items, present, "Give a column per item, empty where not known.")
    check_visit_columns(present, subject, visit)
    taken = [name for name in present if name in OUTPUTS]
    if taken:
        raise TakenColumnError("S2K RI-50", taken)


def _score_rows(
    rows: pl.DataFrame,
    *,
    subject: str,
    visit: str,
    day: str,
    baseline_visit: str,
    scales: Mapping[str, Scale],
) -> pl.DataFrame:
    items = index_items()
    living = rows.drop(EVENT_COLUMNS, strict=False)  # a visit is scored whatever happened to the subject
    limits = limits_of_index(responder_index(NAME))
    cohort = build_timelines(living, subject=subject, visit=visit, day=day, scales=scales, limits=limits)
    spans = {
        (visit_of.subject, visit_of.name, visit_of.day): _score_visit(
            timeline, visit_of, items, baseline_visit
        )
        for timeline in cohort.timelines
        for visit_of in timeline.visits
    }
    keys = [(v.subject, v.name, v.day) for v in _in_order(living, subject, visit, day)]
    return pl.DataFrame(_columns([spans[key] for key in keys]))


def index_items() -> tuple[IndexItem, ...]:
    """Give the items with their points and measures, in printed order."""
    return responder_index(NAME).items


def _in_order(rows: pl.DataFrame, subject: str, visit: str, day: str) -> list[TimelineVisit]:
    """Return the visits in the order of the rows, with the days a timeline gives them."""
    cohort = build_timelines(rows.with_row_index("_row"), subject=subject, visit=visit, day=day)
    visits = [each for timeline in cohort.timelines for each in timeline.visits]
    return sorted(visits, key=lambda each: cast("int", each.values["_row"]))


def _score_visit(
    timeline: Timeline, visit: TimelineVisit, items: tuple[IndexItem, ...], baseline_visit: str
) -> Span:
    base = timeline.baseline(baseline_visit)
    low = high = _ZERO
    for item in items:
        points = item.points
        present = visit.number(item.item).compare(">", _ZERO)
        if present is False:
            continue
        improved = _has_improved(item, visit, base)
        high += points / 2 if improved is True else points
        if present is True:
            low += points if improved is False else points / 2
    return Span(low, high)


def _has_improved(item: IndexItem, visit: TimelineVisit, base: TimelineVisit | None) -> Verdict:
    """Answer whether an item that was active at baseline has improved by half or more."""
    if base is None:
        return None
    if base is visit:
        return False
    active = base.number(item.item).compare(">", _ZERO)
    if active is False:
        return False
    answered = visit.number(f"{item.item}_improved").compare(">", _ZERO)
    if answered is None:
        answered = has_improved_by_half(item.measures, visit, base)
    if answered is False or active is True:
        return answered
    return None


def _columns(spans: list[Span]) -> list[pl.Series]:
    low = [float(span.low or 0) for span in spans]
    high = [float(span.high or 0) for span in spans]
    known = [x if x == y else None for x, y in zip(low, high, strict=True)]
    status = ["scored" if x == y else "incomplete" for x, y in zip(low, high, strict=True)]
    return [
        pl.Series(NAME, known, dtype=pl.Float64),
        pl.Series(f"{NAME}_lower", low, dtype=pl.Float64),
        pl.Series(f"{NAME}_upper", high, dtype=pl.Float64),
        pl.Series(f"{NAME}_status", status, dtype=pl.String),
    ]
