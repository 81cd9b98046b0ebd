"""The swimmer plot: what happened to every subject from the first infusion on, forty rows a figure."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

import polars as pl

from funis.catalogue.model_response import ResponseClass
from funis.documents.colours import (
    BETTER,
    FOLLOW_UP,
    HARM,
    INK,
    MUTED,
    PAPER,
    PARTLY_BETTER,
    SERIOUS_HARM,
    WORSE,
)
from funis.documents.figure import FigureSpec, Spec, finish, fit, top_legend
from funis.reporting.subject_figures import order_subjects, printed_classes
from funis.reporting.summary_figures import build_event_counts, is_summarised
from funis.reporting.time_axis import time_axis
from funis.results import Results
from funis.study.model import Study

#: Rows of one figure, and the height of a row.
_ROWS: Final = 40
_STEP: Final = 14


class Look(NamedTuple):
    """What is drawn for an event: shape, colour inside and colour of the edge."""

    shape: str
    fill: str
    edge: str


#: Shapes that the figure engine has no name for.
_TIMES: Final = "M-.7-1L0-.3L.7-1L1-.7L.3 0L1 .7L.7 1L0 .3L-.7 1L-1 .7L-.3 0L-1-.7Z"
_ARROW: Final = "M-1-.25H.2V-.8L1 0L.2 .8V.25H-1Z"
ONGOING: Final = "Still followed"
LATER: Final = "Infusion of a later course"
#: What happens to a subject, in the order of the legend.
LOOKS: dict[str, Look] = {
    "Infusion": Look("triangle-up", INK, INK),
    LATER: Look("triangle-up", PAPER, INK),
    "Relapse": Look(_TIMES, WORSE, WORSE),
    "Adverse event": Look("diamond", HARM, INK),
    "Serious adverse event": Look("square", SERIOUS_HARM, INK),
    "Withdrawal or loss": Look("triangle-left", PAPER, MUTED),
    "Death": Look("cross", INK, INK),
    ONGOING: Look(_ARROW, INK, INK),
}
_ENDS: Final = {
    "died": "Death",
    "withdrew": "Withdrawal or loss",
    "lost": "Withdrawal or loss",
    "ongoing": ONGOING,
}
#: A full response is a filled circle, half of one an open circle.
_RESPONSE_LOOKS: Final = {
    "full": Look("circle", BETTER, BETTER),
    "partial": Look("circle", PAPER, PARTLY_BETTER),
}


def _responding(results: Results) -> list[ResponseClass]:
    """Give the classes that are a response in full or in part, best first."""
    printed = printed_classes(results.listings.get("responses", pl.DataFrame()))
    return [one for one in printed if one.extent in _RESPONSE_LOOKS]


def _looks(results: Results) -> dict[str, Look]:
    """Give everything that may stand above a bar, in the order of the legend."""
    (infusion, look), (later, again), *others = LOOKS.items()
    own = {one.label: _RESPONSE_LOOKS[one.extent] for one in _responding(results)}
    return {infusion: look, later: again, **own, **dict(others)}


def build_swimmer(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify the timeline of every subject: follow-up, infusions, responses, relapses, adverse events.

    Parameters
    ----------
    study : for planned visits and labels
    results : with listings of what happened; without any event there is no figure

    Returns
    -------
    tuple of FigureSpec : one for every forty subjects; counts by time above 300 subjects
    """
    marks = _marks(study, results)
    bars = _bars(results, marks)
    if not marks or not bars:
        return ()
    lasting = {bar["subject"]: bar["to"] for bar in bars}
    subjects = order_subjects(results, pl.Series(list(lasting)), lasting)
    found = {mark["what"] for mark in marks}
    looks = {name: look for name, look in _looks(results).items() if name in found}
    if is_summarised(len(subjects)):
        return (build_event_counts(study, bars, marks, list(looks)),)
    gaps = _gaps(study, results)
    parts = [part for bar in bars for part in _without_gaps(bar, gaps)]
    return tuple(
        _page(study, (subjects, start), parts, marks, looks) for start in range(0, len(subjects), _ROWS)
    )


def _page(
    study: Study, order: tuple[list[str], int], parts: list[Spec], marks: list[Spec], looks: dict[str, Look]
) -> FigureSpec:
    """Specify the rows from one place on."""
    subjects, start = order
    rows = {subject: str(start + place + 1) for place, subject in enumerate(subjects[start : start + _ROWS])}
    own_parts = [part | {"row": rows[part["subject"]]} for part in parts if part["subject"] in rows]
    own_marks = [mark | {"row": rows[mark["subject"]]} for mark in marks if mark["subject"] in rows]
    for each in (*own_parts, *own_marks):
        del each["subject"]
    counts = ", ".join(
        f"{sum(mark['what'] == name for mark in own_marks)} × {name.lower()}" for name in looks
    )
    is_one = len(subjects) <= _ROWS
    said = f"rows {start + 1} to {start + len(rows)} of {len(subjects)}"
    ends = [each["to"] for each in parts] + [mark["day"] for mark in marks]
    starts = [0.0, *(mark["day"] for mark in marks)]
    return FigureSpec(
        id="figure-swimmer" if not start else f"figure-swimmer-{start // _ROWS + 1}",
        section="subject-courses",
        title="Timeline of every subject" + ("" if is_one else f", {said}"),
        spec=finish(
            _swimmer_body(study, own_parts, own_marks, (list(rows.values()), looks, (min(starts), max(ends))))
        ),
        alt=(
            f"Swimmer plot: one bar for each of {len(rows)} subject{'s' if len(rows) > 1 else ''} "
            f"over time, with {counts}." + ("" if is_one else f" These are {said}.")
        ),
        footnotes=(
            (
                f"N = {len(subjects)}. Bars: from the first infusion (or first visit) to the last record of "
                "the subject; a gap: planned visits between two others at which the subject was not seen. "
                "Rows are ordered by response, then by how long the subject was followed; their numbers are "
                "not those of the subjects."
            ),
        ),
    )


def _swimmer_body(
    study: Study,
    parts: list[Spec],
    marks: list[Spec],
    order: tuple[list[str], dict[str, Look], tuple[float, float]],
) -> Spec:
    rows, looks, (first, last) = order
    kinds = list(looks)
    axis = {"title": None, "ticks": False, "domain": False, "labelPadding": 8, "labelOverlap": False}
    y: Spec = {"field": "row", "type": "nominal", "sort": rows, "axis": axis}
    edge = 0.015 * (last - first)
    x: Spec = {
        "type": "quantitative",
        "axis": time_axis(study, [last]),
        "scale": {"domain": [first - edge, last + edge], "nice": False},
    }
    legend = top_legend(kinds) | {"symbolSize": 60}
    drawn = {
        "shape": [look.shape for look in looks.values()],
        "fill": [look.fill for look in looks.values()],
        "stroke": [look.edge for look in looks.values()],
    }
    channels = {
        channel: {
            "field": "what",
            "type": "nominal",
            "scale": {"domain": kinds, "range": range_},
            "legend": legend,
        }
        for channel, range_ in drawn.items()
    }
    bar: Spec = {
        "data": {"values": parts},
        "mark": {"type": "bar", "color": FOLLOW_UP, "height": _STEP - 7},
        "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": y},
    }
    mark: Spec = {
        "data": {"values": marks},
        "mark": {"type": "point", "opacity": 0.95, "size": 46, "strokeWidth": 1.2},
        "encoding": {"x": x | {"field": "day"}, "y": y} | channels,
    }
    return fit({"height": {"step": _STEP}, "layer": [bar, mark]})


def _gaps(study: Study, results: Results) -> dict[str, list[tuple[float, float]]]:
    """Give the times between two visits of a subject that have planned visits without a record between them.

    Only visits at which somebody was seen count: a visit may be planned for another purpose than records.
    """
    scores = results.listings.get("scores", pl.DataFrame())
    if scores.is_empty() or not {"subject", "visit", "day"} <= set(scores.columns):
        return {}
    seen = scores.filter(
        pl.col("visit").is_in(study.visit_names), pl.col("day").is_not_null(), pl.col("value").is_not_null()
    )
    held = set(seen["visit"])
    places = {name: place for place, name in enumerate(each for each in study.visit_names if each in held)}
    days: dict[str, dict[int, float]] = {}
    for subject, visit, day in (
        seen.group_by("subject", "visit", maintain_order=True).agg(pl.col("day").min()).iter_rows()
    ):
        days.setdefault(subject, {})[places[visit]] = float(day)
    return {
        subject: [(own[before], own[after]) for before, after in pairwise(sorted(own)) if after - before > 1]
        for subject, own in days.items()
    }


def _without_gaps(bar: Spec, gaps: dict[str, list[tuple[float, float]]]) -> list[Spec]:
    """Cut the times not seen out of a bar."""
    found, start = [], bar["from"]
    for low, high in gaps.get(bar["subject"], []):
        if low > start:
            found.append(bar | {"from": start, "to": low})
        start = max(start, high)
    return [*found, bar | {"from": start, "to": max(start, bar["to"])}]


def _listing(results: Results, name: str, *columns: str) -> list[Spec]:
    """Give the rows of a listing that have every named column filled; none where the listing lacks one."""
    frame = results.listings.get(name, pl.DataFrame())
    if frame.is_empty() or not set(columns) <= set(frame.columns):
        return []
    return frame.filter([pl.col(each).is_not_null() for each in columns]).to_dicts()


def _marks(study: Study, results: Results) -> list[Spec]:
    """Gather what happened to each subject, with its day."""
    found = [
        (row["subject"], row["day"], LATER if (row.get("course") or 1) > 1 else "Infusion")
        for row in _listing(results, "infusions", "subject", "day")
    ]
    words = {one.name: one.label for one in _responding(results)}
    planned = {visit.name: visit.day for visit in study.visits}
    at = next(
        (endpoint.at[0] for endpoint in study.endpoints if endpoint.kind == "response" and endpoint.at), ""
    )
    for row in _listing(results, "responses", "subject", "response"):
        day = row.get("day") if row.get("day") is not None else planned.get(row.get("visit") or at)
        if row["response"] in words and day is not None:
            found.append((row["subject"], day, words[row["response"]]))
    found += [
        (row["subject"], row["response_day"], words[row["response"]])
        for row in _listing(results, "courses", "subject", "response", "response_day")
        if row["response"] in words
    ]
    found += [
        (row["subject"], row["day"], "Relapse") for row in _listing(results, "relapses", "subject", "day")
    ]
    for row in _listing(results, "adverse_events", "subject", "day"):
        is_serious = str(row.get("serious")) in {"1", "1.0", "yes", "True"}
        found.append((row["subject"], row["day"], "Serious adverse event" if is_serious else "Adverse event"))
    for row in _listing(results, "disposition", "subject", "status", "day"):
        if row["status"] in _ENDS:
            found.append((row["subject"], row["day"], _ENDS[row["status"]]))
    return [{"subject": subject, "day": float(day), "what": what} for subject, day, what in found]


def _bars(results: Results, marks: list[Spec]) -> list[Spec]:
    """Give each subject's follow-up: from day 0 to the last day anything was recorded."""
    last = {mark["subject"]: mark["day"] for mark in sorted(marks, key=lambda mark: mark["day"])}
    for name in ("scores", "disposition"):
        frame = results.listings.get(name, pl.DataFrame())
        if not frame.is_empty() and {"subject", "day"} <= set(frame.columns):
            ends = (
                frame.drop_nulls(["subject", "day"])
                .group_by("subject", maintain_order=True)
                .agg(pl.col("day").max())
            )
            for subject, day in ends.select("subject", "day").iter_rows():
                last[subject] = max(last.get(subject, 0.0), float(day))
    return [{"subject": subject, "from": 0.0, "to": day} for subject, day in sorted(last.items())]
