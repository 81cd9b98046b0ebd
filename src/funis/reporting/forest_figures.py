"""An outcome in each subgroup beside everybody: estimates with their intervals, one under another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from funis.documents.colours import ESTIMATE, INK, MUTED
from funis.documents.figure import SMALL, WIDTH, FigureSpec, Spec, finish, wrapped_axis
from funis.reporting.arm_differences import find_control, find_difference, find_risk_difference
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, decimals_for, level_text
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.small_samples import has_percent, limit_missed
from funis.results import ALL, name_change
from funis.study.model import Endpoint, Study

_NAMES, _WORDS, _ROW = 170, 150, 30


class ForestRow(NamedTuple):
    """One estimate with its interval, in words and in numbers."""

    name: str
    estimate: float
    lower: float
    upper: float
    words: str


def build_forest(study: Study, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify one figure an endpoint that is asked of everybody and of subgroups.

    Parameters
    ----------
    study : endpoints with their subgroups, arms
    book : the numbers of a run

    Returns
    -------
    tuple of FigureSpec : of endpoints with an estimate and interval in at least two rows
    """
    labels = Labels(study)
    found = []
    for endpoint in study.endpoints:
        if endpoint.kind in {"change", "response"} and endpoint.subgroups:
            rows = list(_rows(labels, book, endpoint))
            if len(rows) > 1:
                found.append(_figure(labels, endpoint, rows))
    return tuple(found)


def _rows(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[ForestRow]:
    """Give the rows: everybody first, then each subgroup; with arms one for each that is compared."""
    study = labels.study
    whole = () if endpoint.subgroup_only else (ALL,)
    control = find_control(study)
    arms = [arm for arm in study.arms if control is not None and arm.id != control.id]
    for subgroup in (*whole, *endpoint.subgroups):
        name = "Everybody" if subgroup == ALL else labels.population(subgroup)
        for arm in arms:
            numbers = _between(study, book, endpoint, subgroup, arm.id)
            yield from _row(
                book, f"{name}, {in_sentence(arm.name)}" if len(arms) > 1 else name, endpoint, numbers
            )
        if not study.arms:
            yield from _row(book, name, endpoint, _within(book, endpoint, subgroup))


def _between(
    study: Study, book: NumberBook, endpoint: Endpoint, subgroup: str, arm: str
) -> Sequence[Number | None]:
    visit = next(iter(endpoint.at[-1:]), "")
    if endpoint.kind == "change":
        found = find_difference(study, book, endpoint, endpoint.all_variables[0], subgroup, arm, visit)
        return found[:3] if found is not None else ()
    group = _responders(endpoint, subgroup, arm)
    other = find_risk_difference(study, book, group, endpoint, visit)
    return other[:3] if other is not None else ()


def _responders(endpoint: Endpoint, subgroup: str, arm: str) -> Group:
    return Group(
        "response", endpoint.definition, endpoint.definition, category="responder", endpoint=endpoint.id,
        population=endpoint.population or "enrolled", subgroup=subgroup, arm=arm,
    )  # fmt: skip


def _within(book: NumberBook, endpoint: Endpoint, subgroup: str) -> Sequence[Number | None]:
    """Give the estimate of a trial of one arm: the mean change, or the percentage of responders."""
    visit = next(iter(endpoint.at[-1:]), "")
    if endpoint.kind == "response":
        group = _responders(endpoint, subgroup, ALL)
        limits = [book.find(group, visit, name, "clopper_pearson") for name in ("lower", "upper")]
        return book.find(group, visit, "percent"), *limits
    variable = endpoint.all_variables[0]
    for group in book.of("change"):
        is_own = group.variable == name_change(variable) and group.endpoint in {endpoint.id, ""}
        if is_own and (group.population, group.subgroup, group.arm) == (
            endpoint.population or "enrolled", subgroup, ALL,
        ):  # fmt: skip
            return [book.find(group, visit, name) for name in ("mean", "lower", "upper")]
    return ()


def _row(
    book: NumberBook, name: str, endpoint: Endpoint, numbers: Sequence[Number | None]
) -> Iterator[ForestRow]:
    known = [each for each in numbers if each is not None and each.value is not None]
    is_small = any(limit_missed(each) is not None or not has_percent(each) for each in known)
    if len(known) < 3 or is_small:
        return
    values = [each.value or 0.0 for each in known]
    digits = 1 if endpoint.kind == "response" else decimals_for(book, endpoint.all_variables[0], values)
    texts = [part.text for each in known if (part := bound(each, digits)) is not None]
    size = "" if known[0].n is None else f" (n = {known[0].n})"
    yield ForestRow(
        f"{name}{size}", values[0], values[1], values[2], f"{texts[0]} ({texts[1]} to {texts[2]})"
    )


def _figure(labels: Labels, endpoint: Endpoint, rows: Sequence[ForestRow]) -> FigureSpec:
    control = find_control(labels.study)
    arms = [arm.name for arm in labels.study.arms if control is not None and arm.id != control.id]
    level = level_text(labels.study, endpoint.id)
    if endpoint.kind == "response":
        what = "Responders, percent" if control is None else "Difference of responders, percentage points"
    else:
        named = labels.variable_with_unit(endpoint.all_variables[0])
        what = f"Mean change of {named}" if control is None else f"Difference of change of {named}"
    visit = in_sentence(labels.visit(endpoint.at[-1])) if endpoint.at else ""
    told = "; ".join(f"{row.name} {row.words}" for row in rows)
    whom = arms[0] if len(arms) == 1 else "the arm named"
    notes = [
        f"Squares: estimate at {visit}; lines: {level} confidence interval, not adjusted over the rows.",
        "Rows of too few subjects for an interval are left out.",
    ]
    if control is not None:
        notes.append(f"{whom} minus {in_sentence(control.name)}; the upright line is no difference.")
    notes.append("Subgroups are small: an interval that differs from another proves no difference.")
    notes += caution_of_subgroups(labels, endpoint.subgroups)
    return FigureSpec(
        id=f"figure-forest-{endpoint.id}",
        section="populations",
        title=f"{endpoint.printed}: everybody and subgroups",
        spec=finish(forest_body(rows, what, has_line=control is not None)),
        alt=f"{what} with {level} confidence intervals. {told}.",
        footnotes=tuple(notes),
    )


def forest_body(rows: Sequence[ForestRow], what: str, *, has_line: bool) -> Spec:
    """Draw each row as a square with its interval, its name at the left and its words at the right.

    Parameters
    ----------
    rows : from top to bottom
    what : title of the axis
    has_line : whether no difference, zero, is drawn
    """
    names = [row.name for row in rows]
    values = [
        {
            "name": row.name,
            "estimate": row.estimate,
            "lower": row.lower,
            "upper": row.upper,
            "words": row.words,
        }
        for row in rows
    ]
    wide = WIDTH - _NAMES - _WORDS - 24
    y: Spec = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "axis": wrapped_axis(
            names, _NAMES, domain=False, labelOverlap=False, minExtent=_NAMES + 8, maxExtent=_NAMES + 8
        ),
    }
    ends = [row.lower for row in rows] + [row.upper for row in rows] + ([0.0] if has_line else [])
    x: Spec = {
        "type": "quantitative",
        "scale": {"domain": [min(ends), max(ends)], "nice": True},
        "axis": {"title": what, "grid": False, "tickCount": 6, "labelOverlap": "greedy"},
    }
    layers = _layers(x, y, wide)
    if has_line:
        layers.insert(
            0,
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": MUTED, "strokeDash": [4, 3]},
                "encoding": {"x": x | {"datum": 0}},
            },
        )
    return {"width": wide, "height": _ROW * len(rows), "data": {"values": values}, "layer": layers}


def _layers(x: Spec, y: Spec, wide: int) -> list[Spec]:
    """Draw interval and estimate of each row, and its words at the right."""
    return [
        {
            "mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 1.8},
            "encoding": {"y": y, "x": x | {"field": "lower"}, "x2": {"field": "upper"}},
        },
        {
            "mark": {"type": "square", "color": ESTIMATE, "size": 70, "opacity": 1},
            "encoding": {"y": y, "x": x | {"field": "estimate"}},
        },
        {
            "mark": {"type": "text", "align": "left", "fontSize": SMALL, "color": INK},
            "encoding": {"y": y, "x": {"value": wide + 12}, "text": {"field": "words"}},
        },
    ]
