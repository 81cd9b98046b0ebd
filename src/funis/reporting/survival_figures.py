"""Kaplan-Meier curves with their intervals, censorings and numbers at risk, from the listed steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import polars as pl

from funis.documents.colours import GROUPS, MUTED, UNKNOWN_RULE
from funis.documents.figure import SMALL, TITLE, FigureSpec, Spec, finish
from funis.documents.text_extents import wrap
from funis.reporting.labels import Labels
from funis.reporting.limits import SUBJECTS_DRAWN
from funis.reporting.number_book import level_text
from funis.reporting.response_tables import origin_words
from funis.reporting.time_axis import (
    AXIS_ROOM,
    MONTHS,
    PLOT_WITH_ROWS,
    TimeUnit,
    short_visit,
    unit_of,
    words_below,
)
from funis.results import ALL, Results, format_number
from funis.study.model import Study

#: Colour and line type of a curve.
_Look = tuple[str, list[int]]
#: Line types of arms, so that they differ in a grey copy too.
_DASHES: Final = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3])
#: Room right of the curves for the names of arms; letters are so high, two lines a name at most.
_NAME_ROOM: Final = 128
#: A piece of the line stands before a name: the words are ink, some colours are too pale for letters.
_KEY: Final = 16
_LINE_HIGH: Final = 13
_HIGH: Final = 190
# Share of the axis that two ticks must be apart, so that numbers at risk and words below them do not touch.
_ROOM = 0.045
#: At fewer subjects at risk a step of the curve is large and its interval says little.
FEWEST_AT_RISK: Final = 5
# How far the last step is drawn beyond its day, as a share of the axis.
_STUB = 0.012


def build_survival_figures(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify one figure an endpoint: the whole population, or its arms where there are some.

    Parameters
    ----------
    study : for labels and the origin of time
    results : listings ``km`` (whole populations) and ``km_groups`` (subgroups and arms), one row a step; the
        numbers at risk at planned visits are those of the table

    Returns
    -------
    tuple of FigureSpec : empty where nothing was estimated
    """
    whole = results.listings.get("km", pl.DataFrame())
    if whole.is_empty():
        return ()
    labels = Labels(study)
    divided = results.listings.get("km_groups", pl.DataFrame())
    every = results.numbers.filter(pl.col("analysis") == "time_to_event")
    found = []
    for name in whole["endpoint"].unique(maintain_order=True).to_list():
        own = whole.filter(pl.col("endpoint") == name)
        arms = divided
        if not divided.is_empty():
            arms = divided.filter(
                (pl.col("endpoint") == name) & (pl.col("subgroup") == ALL) & (pl.col("arm") != ALL)
            )
        numbers = every.filter(pl.col("endpoint") == name)
        found.append(_survival_figure(labels, name, own if arms.is_empty() else arms, numbers))
    return tuple(found)


def _survival_figure(labels: Labels, endpoint: str, steps: pl.DataFrame, numbers: pl.DataFrame) -> FigureSpec:
    planned = [each for each in labels.study.endpoints if each.id == endpoint]
    event = planned[0].event if planned and planned[0].event else "the event"
    origin = origin_words(labels, endpoint)
    curves = {str(arm): part.sort("time") for (arm,), part in steps.group_by("arm", maintain_order=True)}
    risk = {arm: _risk_at_visits(labels, numbers, arm, curve) for arm, curve in curves.items()}
    times = [time for each in risk.values() for time in each]
    last = max([float(steps["time"].max() or 0), MONTHS.days, *times])  # type: ignore[arg-type]
    domain = 1.03 * last
    axis, ticks = _time_axis(labels, numbers, last, origin)
    x: Spec = {
        "field": "time",
        "type": "quantitative",
        "scale": {"domain": [0, domain], "nice": False},
        "axis": axis,
    }
    looks = dict(zip(curves, zip(GROUPS * 9, _DASHES * 9, strict=False), strict=False))
    medians = {arm: median for arm in curves for median in _medians(numbers, arm)}
    layers: list[Spec] = []
    is_crowded = _are_crowded(curves.values())
    for arm, curve in curves.items():
        shown = curve.with_columns(censored=pl.lit(0)) if is_crowded else curve
        layers += _curve_layers(shown, (x, domain), event, looks[arm])
        layers += _median_layers(medians.get(arm), x)
    names = _names_of(labels, curves)
    layers += _name_layers(names, curves, looks)
    width = PLOT_WITH_ROWS - (_NAME_ROOM if names else 0)
    top: Spec = {"width": width, "height": _HIGH, "layer": layers}
    at_risk = {
        arm: {tick: risk[arm].get(tick, _at_risk(curve, tick)) for tick in ticks}
        for arm, curve in curves.items()
    }
    rows = [
        row for arm in curves for row in _risk_rows(names.get(arm, ""), at_risk[arm], x, width, looks[arm])
    ]
    notes = (*_notes(labels, endpoint, numbers, event, origin), *_notes_of_curves(curves, medians))
    return FigureSpec(
        id=f"figure-{endpoint}",
        section="time-to-event",
        title=f"{labels.endpoint(endpoint)}: Kaplan-Meier estimate with numbers at risk",
        spec=_stacked([top, *rows]),
        alt=_survival_words(curves, names, event, origin),
        footnotes=notes,
    )


def _notes(labels: Labels, endpoint: str, numbers: pl.DataFrame, event: str, origin: str) -> tuple[str, ...]:
    at_visits = "kaplan_meier_visits_on_planned_days" in numbers["method"].to_list()
    level = level_text(labels.study, endpoint)
    named = origin if origin.startswith("the ") else f"the {origin}"
    found = (
        f"Time 0 is {named}; ticks stand at the planned visits, whose names are below the time."
        if "planned_time" in numbers["statistic"].to_list()
        else f"Time 0 is {named}.",
        (
            f"Band: {level} confidence interval on the log-log scale; the last step is drawn a little beyond "
            "its day so that its band is seen. Below the curve: subjects still under observation and free of "
            f"{event} just before that time."
        ),
        (
            f"{event.capitalize()} is found at visits: its true day lies between two of them "
            "(interval-censored), and the curve falls on the planned day of the later one."
            if at_visits
            else ""
        ),
    )
    return tuple(filter(None, found))


def _notes_of_curves(curves: dict[str, pl.DataFrame], medians: dict[str, float]) -> tuple[str, ...]:
    """Say what the strokes of censoring are, or how many are not drawn, and where the curve is grey."""
    count = sum(int(curve["censored"].sum()) for curve in curves.values())
    found = []
    if _are_crowded(curves.values()):
        found.append(
            f"With more than {SUBJECTS_DRAWN} subjects censorings are not drawn: {count} subjects "
            "were censored."
        )
    elif count:
        found.append("Small strokes: subjects censored.")
    if any(_find_few(curve) is not None for curve in curves.values()):
        found.append(
            f"Grey and dashed: fewer than {FEWEST_AT_RISK} subjects, or fewer than a tenth of those at the "
            "start, are at risk."
        )
    if medians:
        found.append("Dotted: the median time.")
    return tuple(found)


def _medians(numbers: pl.DataFrame, arm: str) -> list[float]:
    """Give the median of an arm, none where it is not reached."""
    own = numbers.filter(
        (pl.col("statistic") == "median")
        & (pl.col("arm") == arm)
        & (pl.col("subgroup") == ALL)
        & pl.col("value").is_not_null()
    )
    return own["value"].to_list()[:1]


def _median_layers(median: float | None, x: Spec) -> list[Spec]:
    """Draw from half upwards to the curve and down to the time; nothing where the median is not reached."""
    if median is None:
        return []
    path = [(0.0, 0.5), (median, 0.5), (median, 0.0)]
    return [
        {
            "data": {
                "values": [
                    {"place": place, "time": time, "survival": share}
                    for place, (time, share) in enumerate(path)
                ]
            },
            "mark": {"type": "line", "color": MUTED, "strokeWidth": 1.2, "strokeDash": [2, 3]},
            "encoding": {
                "x": x,
                "y": {"field": "survival", "type": "quantitative"},
                "order": {"field": "place", "type": "quantitative"},
            },
        }
    ]


def _names_of(labels: Labels, curves: Iterable[str]) -> dict[str, str]:
    """Give the names of arms, none where the whole population is drawn."""
    names = {each.id: each.name for each in labels.study.arms}
    return {arm: names.get(arm, arm) for arm in curves if arm != ALL}


def _name_layers(
    names: Mapping[str, str], curves: Mapping[str, pl.DataFrame], looks: Mapping[str, _Look]
) -> list[Spec]:
    """Print the name of each arm right of the end of its curve, no two upon each other."""
    ends = sorted((float(curves[arm].sort("time")["survival"][-1]), arm) for arm in names)
    wrapped = {arm: wrap(names[arm], _NAME_ROOM - 12 - _KEY, SMALL) for _, arm in ends}
    heights = [len(wrapped[arm]) * _LINE_HIGH / _HIGH for _, arm in ends]
    middles = spread([share for share, _ in ends], heights)
    layers: list[Spec] = []
    for (_, arm), middle in zip(ends, middles, strict=True):
        lines = wrapped[arm]
        data: Spec = {"data": {"values": [{"words": lines, "share": round(middle, 4)}]}}
        y: Spec = {"y": {"field": "share", "type": "quantitative"}}
        left = PLOT_WITH_ROWS - _NAME_ROOM + 6
        layers.append(data | _key(looks[arm], left, y))
        layers.append(
            data
            | {
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "middle",
                    "lineHeight": _LINE_HIGH,
                    "dy": -(len(lines) - 1) * _LINE_HIGH / 2,
                },
                "encoding": y | {"x": {"value": left + _KEY + 4}, "text": {"field": "words"}},
            }
        )
    return layers


def _key(look: _Look, left: float, y: Spec) -> Spec:
    """Draw a piece of an arm's line."""
    colour, dash = look
    mark: Spec = {"type": "rule", "color": colour, "strokeWidth": 2}
    return {
        "mark": mark | ({} if dash == [1, 0] else {"strokeDash": dash}),
        "encoding": y | {"x": {"value": left}, "x2": {"value": left + _KEY}},
    }


def spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Move the middles of words on an axis from 0 to 1 apart, and keep them on it where there is room.

    Parameters
    ----------
    wanted : where each should stand, rising
    heights : of each, as a share of the axis

    Examples
    --------
    >>> [round(each, 3) for each in spread([0.4, 0.42, 1.0], [0.1, 0.1, 0.1])]
    [0.4, 0.5, 0.95]
    """
    found: list[float] = []
    taken = 0.0
    for share, height in zip(wanted, heights, strict=True):
        found.append(max(share, taken + height / 2))
        taken = found[-1] + height / 2
    free = 1.0
    for place in range(len(found) - 1, -1, -1):
        found[place] = min(found[place], free - heights[place] / 2)
        free = found[place] - heights[place] / 2
    return found


def _are_crowded(curves: Iterable[pl.DataFrame]) -> bool:
    """Tell whether strokes of censoring would run into each other."""
    return sum(int(curve["at_risk"][0]) for curve in curves) > SUBJECTS_DRAWN


def _find_few(curve: pl.DataFrame) -> float | None:
    """Find the time after which too few are at risk to read the curve; None where that is nowhere."""
    at_risk, times = curve["at_risk"].to_list(), curve["time"].to_list()
    if at_risk[0] < FEWEST_AT_RISK:
        return 0.0
    for time, left in zip(times, at_risk[1:], strict=False):
        if left < FEWEST_AT_RISK or 10 * left < at_risk[0]:
            return float(time)
    return None


def _risk_at_visits(labels: Labels, numbers: pl.DataFrame, arm: str, curve: pl.DataFrame) -> dict[float, int]:
    """Give the number at risk that the table prints at each planned visit, by the time of the visit."""
    cohort = (curve["population"][0], curve["subgroup"][0], arm)
    own = numbers.filter(
        pl.col("population") == cohort[0], pl.col("subgroup") == cohort[1], pl.col("arm") == cohort[2]
    )
    values = {(row["visit"], row["statistic"]): row["value"] for row in own.iter_rows(named=True)}
    at_risk = {
        float(values[visit.name, "planned_time"]): int(values[visit.name, "at_risk"])
        for visit in labels.study.visits
        if (visit.name, "planned_time") in values and (visit.name, "at_risk") in values
    }
    return {0.0: int(curve["at_risk"][0])} | at_risk


def _time_axis(labels: Labels, numbers: pl.DataFrame, last: float, origin: str) -> tuple[Spec, list[float]]:
    """Put ticks at origin and planned visits, the time above the visit's name; else at whole units."""
    planned = numbers.filter(pl.col("statistic") == "planned_time").unique("visit", maintain_order=True)
    visits = sorted(zip(planned["value"].to_list(), planned["visit"].to_list(), strict=True))
    unit = unit_of(last, at_visits=bool(visits))
    titled: Spec = {"title": f"{unit.name} from {origin}"}
    if not visits:
        ticks = unit.ticks(last)
        return titled | {"values": ticks, "labelExpr": f"round(datum.value / {unit.days})"}, ticks
    names = {0.0: ""} | {float(day): labels.visit(name) for day, name in visits}
    ticks = _apart(list(names), last)
    has_room = all(after - before >= 2 * _ROOM * last for before, after in pairwise(ticks))
    words = {
        time: [_in_units(time, unit), name if has_room else short_visit(name)] for time, name in names.items()
    }
    texts = {f"{tick:g}": words[tick] for tick in ticks}
    labels_at = f"{json.dumps(texts)}[format(datum.value, 'd')]"
    return titled | {"values": ticks, "labelExpr": labels_at}, ticks


def _in_units(days: float, unit: TimeUnit) -> str:
    """Print days in a unit: whole where they are within a fifth of one, else with one decimal."""
    length = days / unit.days
    return format_number(length, 0 if abs(length - round(length)) < 0.2 else 1)


def _apart(times: list[float], last: float) -> list[float]:
    """Keep ticks that leave room for their words; of two too near the later goes, but never the last."""
    kept: list[float] = []
    for time in times[:-1]:
        if not kept or time - kept[-1] >= _ROOM * last:
            kept.append(time)
    while len(kept) > 1 and times[-1] - kept[-1] < _ROOM * last:
        kept.pop()
    return [*kept, times[-1]] if times[-1] not in kept else kept


def _stacked(parts: list[Spec]) -> Spec:
    """Set the curves over their numbers at risk; names beside the curves are within the width of the page."""
    return finish({"vconcat": parts, "spacing": 2})


def _share_axis(event: str) -> Spec:
    """Draw the share without the event, from 0 to 100 %."""
    extent = AXIS_ROOM - 14
    axis = {"title": wrap(f"Free of {event}", _HIGH, TITLE), "format": ".0%"}
    return {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": axis | {"minExtent": extent, "maxExtent": extent},
    }


def _curve_layers(curve: pl.DataFrame, axis: tuple[Spec, float], event: str, look: _Look) -> list[Spec]:
    x, domain = axis
    colour, dash = look
    columns = ["time", "survival", "lower", "upper"]
    start = {"time": 0.0, "survival": 1.0, "lower": 1.0, "upper": 1.0}
    points = [start, *(row for row in curve.select(columns).to_dicts() if row["time"] > 0)]
    points.append(points[-1] | {"time": points[-1]["time"] + _STUB * domain})
    censored = curve.filter(pl.col("censored") > 0)
    few = _find_few(curve)
    begins = points[-1]["time"] if few is None else few
    firm = [point for point in points if point["time"] <= begins]
    frail = [point for point in points if point["time"] >= begins] if few is not None else []
    y = _share_axis(event)
    stepped: Spec = {"interpolate": "step-after", "color": colour} | (
        {} if dash == [1, 0] else {"strokeDash": dash}
    )
    grey: Spec = {"color": UNKNOWN_RULE, "strokeDash": [5, 3]}
    drawn = [(firm, stepped)] + ([(frail, stepped | grey)] if frail else [])
    bands: list[Spec] = [
        {
            "data": {"values": [point for point in part if point["lower"] is not None]},
            "mark": {"type": "area", "opacity": 0.13} | stepped | {"color": look["color"]},
            "encoding": {"x": x, "y": y | {"field": "lower"}, "y2": {"field": "upper"}},
        }
        for part, look in drawn
    ]
    lines: list[Spec] = [
        {
            "data": {"values": part},
            "mark": {"type": "line", "strokeWidth": 2} | look,
            "encoding": {"x": x, "y": y | {"field": "survival"}},
        }
        for part, look in drawn
    ]
    ticks: Spec = {
        "data": {"values": censored.select("time", "survival").to_dicts()},
        "mark": {"type": "tick", "orient": "vertical", "thickness": 1.4, "size": 9, "color": colour},
        "encoding": {"x": x, "y": y | {"field": "survival"}},
    }
    return [*bands, *lines, ticks]


def _risk_rows(name: str, at_risk: dict[float, int], x: Spec, width: int, look: _Look) -> list[Spec]:
    """Print the numbers at risk; the name of an arm stands in a line of its own above them."""
    risk = [{"time": tick, "words": str(count)} for tick, count in at_risk.items()]
    row = words_below(risk, x, "At risk", width=width, colour=MUTED)
    if not name:
        return [row]
    words: Spec = {
        "mark": {"type": "text", "align": "left", "text": wrap(name, width - _KEY, SMALL, most=1)[0]},
        "encoding": {"x": {"value": _KEY + 4}},
    }
    above: Spec = {
        "width": width,
        "height": 12,
        "data": {"values": [{}]},
        "layer": [_key(look, 0, {"y": {"value": 6}}), words],
    }
    return [above, row]


def _at_risk(curve: pl.DataFrame, tick: float) -> int:
    """Look up the number at risk at a time: that of the next listed time, none after the last."""
    later = curve.filter(pl.col("time") >= tick)
    return int(later["at_risk"][0]) if later.height else 0


def _survival_words(
    curves: dict[str, pl.DataFrame], names: Mapping[str, str], event: str, origin: str
) -> str:
    said = []
    for arm, curve in curves.items():
        last = curve.row(-1, named=True)
        events = int(curve["events"].sum())
        said.append(
            f"{'' if arm == ALL else f'{names[arm]}: '}{int(curve['at_risk'][0])} subjects, {events} events, "
            f"{format_number(100 * last['survival'], 1)} percent free of {event} "
            f"on day {format_number(last['time'], 0)}"
        )
    return f"Kaplan-Meier curve of time from {origin} to {event}. {'; '.join(said)}."
