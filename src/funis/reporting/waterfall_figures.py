"""The change of every subject, from the largest rise to the largest fall: bars; of many a curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from funis.documents.colours import ESTIMATE, INK, MUTED
from funis.documents.figure import TITLE, WIDTH, FigureSpec, Spec, finish, hatch
from funis.documents.text_extents import wrap
from funis.reporting.key_measures import main_change
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook
from funis.reporting.summary_figures import is_summarised, say_summarised
from funis.reporting.timeline_figures import members_of
from funis.results import ALL, Results, format_number
from funis.study.model import Endpoint, Study

_HIGH, _AXIS = 150, 52
#: A bar takes at most so many pixels; stubs of unknown changes are so high, as a share of the axis.
_WIDEST, _STUB = 14, 0.05


class _Column(NamedTuple):
    """The changes of one arm, or of all: known ones from the largest rise on, and the number unknown."""

    title: str
    changes: list[float]
    unknown: int

    @property
    def subjects(self) -> int:
        return len(self.changes) + self.unknown


def build_waterfall(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify the change of each subject at the last visit of the change endpoint that ranks first.

    Parameters
    ----------
    study, results, book : as for every figure; the values are those of the listing ``scores``

    Returns
    -------
    tuple of FigureSpec : one, with a panel an arm; none where fewer than two changes are known
    """
    endpoint = main_change(study, set())
    scores = results.listings.get("scores", pl.DataFrame())
    visit = next(iter(endpoint.at[-1:]), "") if endpoint is not None else ""
    if endpoint is None or scores.is_empty() or not visit or study.baseline_visit is None:
        return ()
    labels = Labels(study)
    columns = [each for each in _columns(labels, results, book, endpoint) if each.subjects]
    if sum(len(each.changes) for each in columns) < 2:
        return ()
    variable = endpoint.all_variables[0]
    named = labels.variable_with_unit(variable)
    when = in_sentence(labels.visit(visit))
    is_many = is_summarised(sum(each.subjects for each in columns))
    return (
        FigureSpec(
            id=f"figure-waterfall-{endpoint.id}",
            section="efficacy",
            title=f"{labels.variable(variable)}: "
            + (f"quantiles of the changes at {when}" if is_many else f"change of each subject at {when}"),
            spec=finish(_panels(columns, f"Change of {named}", is_many=is_many)),
            alt=_words(columns, named, when),
            footnotes=tuple(_notes(columns, is_many=is_many)),
        ),
    )


def _columns(labels: Labels, results: Results, book: NumberBook, endpoint: Endpoint) -> Iterator[_Column]:
    study, variable = labels.study, endpoint.all_variables[0]
    subgroup = endpoint.subgroups[0] if endpoint.subgroup_only and endpoint.subgroups else ALL
    own = results.listings["scores"].filter(pl.col("variable") == variable)
    before, after = (
        dict(own.filter(pl.col("visit") == visit).select("subject", "value").iter_rows())
        for visit in (study.baseline_visit, endpoint.at[-1])
    )
    for arm in [arm.id for arm in study.arms] or [ALL]:
        group = Group(
            "summary",
            variable,
            variable,
            population=endpoint.population or "enrolled",
            subgroup=subgroup,
            arm=arm,
        )
        members = members_of(results, book, group)
        subjects = own["subject"].unique().to_list() if members is None else members
        pairs = [(before.get(each), after.get(each)) for each in subjects]
        known = [
            float(later) - float(first) for first, later in pairs if first is not None and later is not None
        ]
        title = "" if arm == ALL else next(each.name for each in study.arms if each.id == arm)
        yield _Column(title, sorted(known, reverse=True), len(pairs) - len(known))


def _panels(columns: Sequence[_Column], title: str, *, is_many: bool) -> Spec:
    ends = [0.0, *(change for each in columns for change in each.changes)]
    low, high = min(ends), max(ends)
    room = _STUB * ((high - low) or 1.0)
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [low - room, high + room], "nice": True},
        "axis": {
            "title": wrap(title, _HIGH, TITLE),
            "minExtent": _AXIS - 14,
            "maxExtent": _AXIS - 14,
            "tickCount": 6,
        },
    }
    panels = [_curve(each, y) if is_many else _bars(each, y, room) for each in columns]
    return {"vconcat": panels, "spacing": 14}


def _head(column: _Column) -> Spec:
    words = f"{column.title}: " if column.title else ""
    return {"title": {"text": f"{words}{len(column.changes)} of {column.subjects} with both values"}}


def _bars(column: _Column, y: Spec, room: float) -> Spec:
    """Draw a bar a subject, and a hatched stub for each whose change is not known."""
    wide = min(WIDTH - _AXIS - 40, _WIDEST * column.subjects)
    x: Spec = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [0, column.subjects], "nice": False},
        "axis": None,
    }
    bars = [
        {"from": place + 0.1, "to": place + 0.9, "change": change}
        for place, change in enumerate(column.changes)
    ]
    layers: list[Spec] = [
        {
            "data": {"values": bars},
            "mark": {"type": "rect", "color": ESTIMATE},
            "encoding": {"x": x, "x2": {"field": "to"}, "y": y | {"field": "change"}, "y2": {"datum": 0}},
        }
    ]
    if column.unknown:
        stubs = [
            {"from": place + 0.1, "to": place + 0.9, "top": room, "bottom": -room}
            for place in range(len(column.changes), column.subjects)
        ]
        layers += hatch(
            stubs,
            {"x": x, "x2": {"field": "to"}, "y": y | {"field": "top"}, "y2": {"field": "bottom"}},
            slant=0.8,
            apart=0.4,
        )
    zero: Spec = {
        "mark": {"type": "rule", "color": INK, "strokeWidth": 0.8},
        "encoding": {"y": y | {"datum": 0}},
    }
    layers.append({"data": {"values": [{}]}} | zero)
    return _head(column) | {"width": wide, "height": _HIGH, "layer": layers}


def _curve(column: _Column, y: Spec) -> Spec:
    """Draw the quantiles of the changes: at each share of subjects the change that so many exceed."""
    x: Spec = {
        "field": "percent",
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {"title": "Percent of subjects with at least this change"},
    }
    last = max(len(column.changes) - 1, 1)
    points = [
        {"percent": round(100 * place / last, 2), "change": column.changes[place]}
        for place in sorted({round(last * step / 200) for step in range(201)})
        if place < len(column.changes)
    ]
    return _head(column) | {
        "width": WIDTH - _AXIS - 40,
        "height": _HIGH,
        "layer": [
            {
                "data": {"values": points},
                "mark": {"type": "line", "color": ESTIMATE, "strokeWidth": 2},
                "encoding": {"x": x, "y": y | {"field": "change"}},
            },
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "color": MUTED, "strokeDash": [4, 3]},
                "encoding": {"y": y | {"datum": 0}},
            },
        ],
    }


def _words(columns: Sequence[_Column], named: str, when: str) -> str:
    said = []
    for each in columns:
        fell = sum(change < 0 for change in each.changes)
        rose = sum(change > 0 for change in each.changes)
        same = len(each.changes) - fell - rose
        who = f"{each.title}: " if each.title else ""
        ends = [format_number(change, 2) for change in (*each.changes[:1], *each.changes[-1:])]
        reach = f"; from {ends[0]} to {ends[1]}" if ends else ""
        said.append(f"{who}{fell} fell, {rose} rose, {same} unchanged, {each.unknown} not known{reach}")
    return f"Changes of {named} at {when} from the largest rise to the largest fall. {'. '.join(said)}."


def _notes(columns: Sequence[_Column], *, is_many: bool) -> Iterator[str]:
    if is_many:
        yield say_summarised(sum(each.subjects for each in columns))
        yield "The curve gives the change that so many percent of the subjects reach or exceed."
    else:
        yield "Each bar is one subject: value at the visit minus value at baseline, in order of the change."
    unknown = sum(each.unknown for each in columns)
    if unknown and not is_many:
        yield "Hatched at the right: subjects without one of the two values."
    elif unknown:
        yield f"Of {unknown} subjects one of the two values is missing: they are not in the curve."
