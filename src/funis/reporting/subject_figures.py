"""Organ-system grades of every subject at every visit, and the order of subjects in figures."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from funis.catalogue.model_response import ResponseClass
from funis.catalogue.registry import response_definition
from funis.documents.colours import (
    PAPER,
    RANKS,
    RULE,
    UNKNOWN_RULE,
)
from funis.documents.figure import SMALL, WIDTH, FigureSpec, Spec, finish, top_legend
from funis.reporting.labels import Labels, system_labels
from funis.reporting.summary_figures import build_grade_shares, is_summarised
from funis.reporting.time_axis import short_visit
from funis.results import Results
from funis.study.model import Study

_UNKNOWN = "not known"
_GAP = 0.7
#: Room of the names of subjects.
_NAMES = 80
#: Height of all rows that fits on a page, of one row at most, and the least that a label needs.
_ALL, _ROW, _LABELLED = 800, 13, 12
GRADE_COLOURS = dict(zip("ABCDE", RANKS, strict=True))


def order_subjects(
    results: Results, subjects: pl.Series, lasting: Mapping[str, float] | None = None
) -> list[str]:
    """Put subjects in the order of their response, then of how long each was seen, then of their number."""
    seen = lasting or {}
    responses = results.listings.get("responses", pl.DataFrame())
    known: dict[str, str] = {}
    if {"subject", "response"} <= set(responses.columns):
        known = dict(responses.select("subject", "response").iter_rows())
    rank = {one.name: place for place, one in enumerate(printed_classes(responses))}
    # A subject whose response is not known comes after every class, who was not judged last.
    rank["cannot tell"] = len(rank)
    last = len(rank)
    return sorted(
        subjects.unique().to_list(),
        key=lambda each: (rank.get(known.get(each, ""), last), -seen.get(each, 0), each),
    )


def printed_classes(responses: pl.DataFrame) -> tuple[ResponseClass, ...]:
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
                f"Heat map: {len(subjects)} subject{'s' if len(subjects) > 1 else ''} in rows, "
                f"{len(systems)} organ systems with "
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
    step = min(_ROW, round(_ALL / len(subjects), 2))
    domain = [*GRADE_COLOURS, *([_UNKNOWN] if any(cell["grade"] == _UNKNOWN for cell in cells) else [])]
    x: Spec = {"type": "quantitative", "axis": None, "scale": {"nice": False, "zero": False}}
    y: Spec = {
        "field": "subject",
        "type": "nominal",
        "sort": subjects,
        "axis": {
            "title": None,
            "labelLimit": _NAMES,
            "ticks": False,
            "domain": False,
            "labels": step >= _LABELLED,
        },
    }
    colour: Spec = {
        "field": "grade",
        "type": "nominal",
        "legend": top_legend(domain, title="Grade")
        | {"symbolStrokeColor": RULE, "symbolStrokeWidth": 0.5, "offset": 36},
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
    # Every other name stands higher, so that each has the room of two systems.
    titles: list[Spec] = [
        {
            "data": {"values": names[start::2]},
            "mark": {"type": "text", "fontSize": SMALL, "baseline": "bottom"},
            "encoding": {"x": x | {"field": "at"}, "y": {"value": height}, "text": {"field": "name"}},
        }
        for start, height in enumerate((-4, -18))
        if names[start::2]
    ]
    layers = [grid, *titles, *([unknown] if unknown["data"]["values"] else [])]
    return {"width": WIDTH - 30 - _NAMES, "height": {"step": step}, "layer": layers}
