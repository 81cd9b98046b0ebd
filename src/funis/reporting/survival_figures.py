"""Kaplan-Meier curves with their intervals, censorings and numbers at risk, from the listed steps."""

from __future__ import annotations

import polars as pl

from funis.documents.colours import GROUPS
from funis.documents.figure import WIDTH, FigureSpec, Spec, finish
from funis.reporting.labels import Labels, humanise
from funis.reporting.number_book import level_text
from funis.results import ALL, Results, format_number
from funis.study.model import Study

_DAYS_PER_MONTH = 30.4375
_WIDE = WIDTH - 90


def build_survival_figures(study: Study, results: Results) -> tuple[FigureSpec, ...]:
    """Specify one figure an endpoint: the whole population, or its arms where there are some.

    Parameters
    ----------
    study : for labels and the origin of time
    results : listings ``km`` (whole populations) and ``km_groups`` (subgroups and arms), one row a step

    Returns
    -------
    tuple of FigureSpec : empty where nothing was estimated
    """
    whole = results.listings.get("km", pl.DataFrame())
    if whole.is_empty():
        return ()
    labels = Labels(study)
    divided = results.listings.get("km_groups", pl.DataFrame())
    found = []
    for name in whole["endpoint"].unique(maintain_order=True).to_list():
        own = whole.filter(pl.col("endpoint") == name)
        arms = divided
        if not divided.is_empty():
            arms = divided.filter(
                (pl.col("endpoint") == name) & (pl.col("subgroup") == ALL) & (pl.col("arm") != ALL)
            )
        found.append(_survival_figure(labels, name, own if arms.is_empty() else arms))
    return tuple(found)


def _survival_figure(labels: Labels, endpoint: str, steps: pl.DataFrame) -> FigureSpec:
    planned = [each for each in labels.study.endpoints if each.id == endpoint]
    origin = humanise(planned[0].origin).lower() if planned else "the origin"
    event = planned[0].event if planned and planned[0].event else "the event"
    last = max(float(steps["time"].max() or 0), _DAYS_PER_MONTH)  # type: ignore[arg-type]
    months = last / _DAYS_PER_MONTH
    every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120) if months / step <= 13 or step == 120)
    ticks = [place * every * _DAYS_PER_MONTH for place in range(int(months / every) + 1)]
    curves = {str(arm): part.sort("time") for (arm,), part in steps.group_by("arm", maintain_order=True)}
    colours = dict(zip(curves, GROUPS * 9, strict=False))
    x: Spec = {
        "field": "time",
        "type": "quantitative",
        "scale": {"domain": [0, 1.03 * last], "nice": False},
        "axis": {
            "values": ticks,
            "labelExpr": f"round(datum.value / {_DAYS_PER_MONTH})",
            "title": f"Months from {origin}",
        },
    }
    layers = [_curve_layers(curve, x, colours[arm]) for arm, curve in curves.items()]
    top: Spec = {"width": _WIDE, "height": 280, "layer": [layer for each in layers for layer in each]}
    rows = [_risk_layer(labels, arm, curve, (x, ticks), colours[arm]) for arm, curve in curves.items()]
    return FigureSpec(
        id=f"figure-{endpoint}",
        section="time-to-event",
        title=f"{labels.endpoint(endpoint)}: Kaplan-Meier estimate with numbers at risk",
        spec=finish({"vconcat": [top, *rows], "spacing": 6}),
        alt=_survival_words(curves, event),
        footnotes=(
            (
                f"Band: {level_text(labels.study, endpoint)} confidence interval on the log-log scale. "
                "Small strokes: subjects censored. Below "
                f"the curve: subjects still under observation and free of {event} just before that time."
            ),
        ),
    )


def _curve_layers(curve: pl.DataFrame, x: Spec, colour: str) -> list[Spec]:
    columns = ["time", "survival", "lower", "upper"]
    start = {"time": 0.0, "survival": 1.0, "lower": 1.0, "upper": 1.0}
    points = [start, *(row for row in curve.select(columns).to_dicts() if row["time"] > 0)]
    censored = curve.filter(pl.col("censored") > 0) if "censored" in curve.columns else curve.clear()
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"title": "Free of the event", "format": ".0%"},
    }
    stepped = {"interpolate": "step-after", "color": colour}
    return [
        {
            "data": {"values": [point for point in points if point["lower"] is not None]},
            "mark": {"type": "area", "opacity": 0.13} | stepped,
            "encoding": {"x": x, "y": y | {"field": "lower"}, "y2": {"field": "upper"}},
        },
        {
            "data": {"values": points},
            "mark": {"type": "line", "strokeWidth": 2} | stepped,
            "encoding": {"x": x, "y": y | {"field": "survival"}},
        },
        {
            "data": {"values": censored.select("time", "survival").to_dicts()},
            "mark": {"type": "tick", "orient": "vertical", "thickness": 1.4, "size": 9, "color": colour},
            "encoding": {"x": x, "y": y | {"field": "survival"}},
        },
    ]


def _risk_layer(
    labels: Labels, arm: str, curve: pl.DataFrame, axis: tuple[Spec, list[float]], colour: str
) -> Spec:
    x, ticks = axis
    risk = [{"time": tick, "words": str(_at_risk(curve, tick))} for tick in ticks]
    names = {each.id: each.name for each in labels.study.arms}
    return {
        "width": _WIDE,
        "height": 14,
        "data": {"values": risk},
        "title": {
            "text": names.get(arm, "At risk"),
            "fontSize": 11,
            "fontWeight": "normal",
            "orient": "left",
            "angle": 0,
            "align": "right",
            "anchor": "middle",
            "color": colour,
            "baseline": "middle",
            "offset": 14,
        },
        "mark": {"type": "text", "fontSize": 11},
        "encoding": {"x": x | {"axis": None}, "text": {"field": "words"}},
    }


def _at_risk(curve: pl.DataFrame, tick: float) -> int:
    """Look up the number at risk at a time: that of the next listed time, none after the last."""
    later = curve.filter(pl.col("time") >= tick)
    return int(later["at_risk"][0]) if later.height else 0


def _survival_words(curves: dict[str, pl.DataFrame], event: str) -> str:
    said = []
    for arm, curve in curves.items():
        last = curve.row(-1, named=True)
        events = int(curve["events"].sum())
        said.append(
            f"{'' if arm == ALL else f'{arm}: '}{int(curve['at_risk'][0])} subjects, {events} events, "
            f"{format_number(100 * last['survival'], 1)} percent free of {event} "
            f"on day {format_number(last['time'], 0)}"
        )
    return f"Kaplan-Meier curve of time to {event}. {'; '.join(said)}."
