"""Figures that show every subject: organ-system grades by visit, and the timeline from infusion on."""

from __future__ import annotations

import polars as pl

from funis.catalogue.model_response import ResponseClass
from funis.catalogue.registry import response_definition
from funis.documents.colours import (
    BETTER,
    FOLLOW_UP,
    HARM,
    INK,
    MUTED,
    PAPER,
    PARTLY_BETTER,
    RANKS,
    RULE,
    SERIOUS_HARM,
    UNKNOWN_RULE,
    WORSE,
)
from funis.documents.figure import WIDTH, FigureSpec, Spec, finish
from funis.reporting.labels import Labels, system_labels
from funis.reporting.summary_figures import build_event_counts, build_grade_shares, is_summarised
from funis.reporting.time_axis import short_visit, time_axis
from funis.results import Results
from funis.study.model import Study

_UNKNOWN = "not known"
_GAP = 0.7
#: Shape, colour and size of what is drawn for an event.
Look = tuple[str, str, int]
GRADE_COLOURS = dict(zip("ABCDE", RANKS, strict=True))


def order_subjects(results: Results, subjects: pl.Series) -> list[str]:
    """Put subjects in the order of their response, then of their number."""
    responses = results.listings.get("responses", pl.DataFrame())
    known: dict[str, str] = {}
    if {"subject", "response"} <= set(responses.columns):
        known = dict(responses.select("subject", "response").iter_rows())
    rank = {one.name: place for place, one in enumerate(_printed_classes(responses))}
    # A subject whose response is not known comes after every class, who was not judged last.
    rank["cannot tell"] = len(rank)
    last = len(rank)
    return sorted(subjects.unique().to_list(), key=lambda each: (rank.get(known.get(each, ""), last), each))


def _printed_classes(responses: pl.DataFrame) -> tuple[ResponseClass, ...]:
    """Give the classes of the definition that a listing of responses holds, best first."""
    names = responses["definition"].unique().to_list() if "definition" in responses.columns else []
    return response_definition(names[0]).printed_classes if names else ()


# --- organ systems -------------------------------------------------------------------------------------


def build_heat_map(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify the grades of every organ system by subject and visit."""
    grades = results.listings.get("grades", pl.DataFrame())
    if grades.is_empty():
        return ()
    visits = _visits(study, grades)
    shown = grades.filter(pl.col("visit").is_in(visits)).with_columns(pl.col("grade").fill_null(_UNKNOWN))
    if is_summarised(shown["subject"].n_unique()):
        return (build_grade_shares(study, shown, visits, GRADE_COLOURS),)
    labels = Labels(study)
    short = {visit: short_visit(labels.visit(visit)) for visit in visits}
    systems = [name for name in system_labels() if name in set(shown["system"])]
    subjects = order_subjects(results, shown["subject"])
    order = {visit: place for place, visit in enumerate(visits)}
    # Cells stand at whole numbers, a gap after each system: one drawing is faster than nine.
    first = {name: place * (len(visits) + _GAP) for place, name in enumerate(systems)}
    cells = [
        {"subject": subject, "from": place, "to": place + 1, "grade": grade}
        for subject, visit, system, grade in shown.select("subject", "visit", "system", "grade").iter_rows()
        if system in first
        for place in (first[system] + order[visit],)
    ]
    names = [{"at": first[name] + len(visits) / 2, "name": system_labels()[name]} for name in systems]
    active = sum(1 for cell in cells if cell["grade"] in {"A", "B"})
    return (
        FigureSpec(
            id="figure-grades",
            section="systems",
            title="Organ-system grades of every subject at every visit",
            spec=finish(_grade_grid(cells, names, subjects)),
            alt=(
                f"Heat map: {len(subjects)} subjects in rows, {len(systems)} organ systems with "
                f"{len(visits)} visits each in columns, coloured by grade A to E. "
                f"{active} of {len(cells)} cells are grade A or B."
            ),
            footnotes=(
                "Rows: subjects, ordered by response and number.",
                f"Columns within a system: visits in order of time ({', '.join(short.values())}).",
                *(
                    ("White with an outline: grade not known.",)
                    if shown["grade"].is_in([_UNKNOWN]).any()
                    else ()
                ),
            ),
        ),
    )


def _visits(study: Study, frame: pl.DataFrame) -> list[str]:
    present = frame.sort("day")["visit"].unique(maintain_order=True).to_list()
    planned = [visit for visit in study.visit_names if visit in present]
    return planned or present


def _grade_grid(cells: list[Spec], names: list[Spec], subjects: list[str]) -> Spec:
    step = 12 if len(subjects) <= 60 else 6
    domain = [*GRADE_COLOURS, *([_UNKNOWN] if any(cell["grade"] == _UNKNOWN for cell in cells) else [])]
    x: Spec = {"type": "quantitative", "axis": None, "scale": {"nice": False, "zero": False}}
    y: Spec = {
        "field": "subject",
        "type": "nominal",
        "sort": subjects,
        "axis": {"title": None, "labelFontSize": 8, "ticks": False, "domain": False, "labels": step >= 9},
    }
    colour: Spec = {
        "field": "grade",
        "type": "nominal",
        "legend": {"title": "Grade", "symbolStrokeColor": RULE, "symbolStrokeWidth": 0.5, "offset": 24},
        "scale": {"domain": domain, "range": [GRADE_COLOURS.get(each, PAPER) for each in domain]},
    }
    grid: Spec = {
        "data": {"values": cells},
        "mark": {"type": "rect", "stroke": PAPER, "strokeWidth": 0.7},
        "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": y, "color": colour},
    }
    unknown: Spec = {
        "data": {"values": [cell for cell in cells if cell["grade"] == _UNKNOWN]},
        "mark": {"type": "rect", "fill": PAPER, "stroke": UNKNOWN_RULE, "strokeWidth": 0.5},
        "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": y},
    }
    titles: Spec = {
        "data": {"values": names},
        "mark": {"type": "text", "fontSize": 9.5, "baseline": "bottom"},
        "encoding": {"x": x | {"field": "at"}, "y": {"value": -4}, "text": {"field": "name"}},
    }
    layers = [grid, titles, *([unknown] if unknown["data"]["values"] else [])]
    return {"width": WIDTH - 70, "height": {"step": step}, "layer": layers}


# --- swimmer plot --------------------------------------------------------------------------------------

#: What happens to a subject, drawn above its bar: word, shape, colour, size.
LOOKS: dict[str, Look] = {
    "Infusion": ("triangle-down", INK, 34),
    "Relapse": ("diamond", WORSE, 62),
    "Adverse event": ("circle", HARM, 34),
    "Serious adverse event": ("circle", SERIOUS_HARM, 54),
    "Withdrawal or loss": ("triangle-left", MUTED, 60),
    "Death": ("cross", INK, 60),
}
_RESPONSE_COLOURS = {"full": BETTER, "partial": PARTLY_BETTER}


def _responding(results: Results) -> list[ResponseClass]:
    """Give the classes that are a response in full or in part, best first."""
    printed = _printed_classes(results.listings.get("responses", pl.DataFrame()))
    return [one for one in printed if one.extent in _RESPONSE_COLOURS]


def _looks(results: Results) -> dict[str, Look]:
    """Give everything that may stand above a bar, in the order of the legend."""
    (infusion, look), *others = LOOKS.items()
    own = {one.label: ("square", _RESPONSE_COLOURS[one.extent], 52) for one in _responding(results)}
    return {infusion: look, **own, **dict(others)}


def build_swimmer(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify the timeline of every subject: follow-up, infusions, responses, relapses, adverse events."""
    marks = _marks(study, results)
    bars = _bars(results, marks)
    if not marks or not bars:
        return ()
    subjects = order_subjects(results, pl.Series([bar["subject"] for bar in bars]))
    found = {mark["what"] for mark in marks}
    looks = {name: look for name, look in _looks(results).items() if name in found}
    if is_summarised(len(subjects)):
        return (build_event_counts(study, bars, marks, list(looks)),)
    days = [bar["to"] for bar in bars]
    step = 13 if len(subjects) <= 60 else 7
    counts = ", ".join(f"{sum(mark['what'] == name for mark in marks)} × {name.lower()}" for name in looks)
    return (
        FigureSpec(
            id="figure-swimmer",
            section="subject-courses",
            title="Timeline of every subject",
            spec=finish(_swimmer_body(study, bars, marks, (subjects, looks, days, step))),
            alt=f"Swimmer plot: one bar for each of {len(subjects)} subjects over time, with {counts}.",
            footnotes=(
                (
                    "Bars: from the first infusion (or first visit) to the last record of the subject. Rows "
                    "are ordered by response and number."
                ),
            ),
        ),
    )


def _swimmer_body(
    study: Study,
    bars: list[Spec],
    marks: list[Spec],
    order: tuple[list[str], dict[str, Look], list[float], int],
) -> Spec:
    subjects, looks, days, step = order
    kinds = list(looks)
    y: Spec = {
        "field": "subject",
        "type": "nominal",
        "sort": subjects,
        "axis": {
            "title": None,
            "labelFontSize": 8.5 if step > 9 else 6,
            "ticks": False,
            "domain": False,
            "labelPadding": 8,
        },
    }
    x: Spec = {"type": "quantitative", "axis": time_axis(study, days), "scale": {"nice": False}}
    scales = {
        "color": {"domain": kinds, "range": [colour for _, colour, _ in looks.values()]},
        "shape": {"domain": kinds, "range": [shape for shape, _, _ in looks.values()]},
    }
    legend: Spec = {"title": None, "columns": 4, "symbolSize": 60}
    return {
        "width": WIDTH - 70,
        "height": {"step": step},
        "layer": [
            {
                "data": {"values": bars},
                "mark": {"type": "bar", "color": FOLLOW_UP, "height": max(3, step - 7)},
                "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": y},
            },
            {
                "data": {"values": marks},
                "mark": {"type": "point", "filled": True, "opacity": 0.95, "size": 46 if step > 9 else 22},
                "encoding": {
                    "x": x | {"field": "day"},
                    "y": y,
                    "color": {"field": "what", "type": "nominal", "scale": scales["color"], "legend": legend},
                    "shape": {"field": "what", "type": "nominal", "scale": scales["shape"], "legend": legend},
                },
            },
        ],
    }


def _listing(results: Results, name: str, *columns: str) -> list[Spec]:
    """Give the rows of a listing that have every named column filled; none where the listing lacks one."""
    frame = results.listings.get(name, pl.DataFrame())
    if frame.is_empty() or not set(columns) <= set(frame.columns):
        return []
    return frame.filter([pl.col(each).is_not_null() for each in columns]).to_dicts()


def _marks(study: Study, results: Results) -> list[Spec]:
    """Gather what happened to each subject, with its day."""
    found = [
        (row["subject"], row["day"], "Infusion") for row in _listing(results, "infusions", "subject", "day")
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
        (row["subject"], row["day"], "Relapse") for row in _listing(results, "relapses", "subject", "day")
    ]
    for row in _listing(results, "adverse_events", "subject", "day"):
        is_serious = str(row.get("serious")) in {"1", "1.0", "yes", "True"}
        found.append((row["subject"], row["day"], "Serious adverse event" if is_serious else "Adverse event"))
    for row in _listing(results, "disposition", "subject", "status", "day"):
        if row["status"] in {"died", "withdrew", "lost"}:
            found.append(
                (row["subject"], row["day"], "Death" if row["status"] == "died" else "Withdrawal or loss")
            )
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
