"""What figures of single subjects become above so many subjects: quantile bands, shares and counts of all.

Nothing is drawn at random: every subject is counted. Each caption says that single subjects are not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from funis.documents.colours import ESTIMATE, INK, PAPER, RULE, SUBJECT_ALONE
from funis.documents.figure import (
    SMALL,
    TITLE,
    WIDTH,
    FigureSpec,
    Spec,
    finish,
    fit,
    top_legend,
    wrapped_axis,
)
from funis.documents.text_extents import wrap
from funis.reporting.labels import Labels, system_labels
from funis.reporting.limits import POINTS_DRAWN, SUBJECTS_DRAWN
from funis.reporting.time_axis import short_visit
from funis.results import format_number
from funis.study.model import Study

#: The quantiles of a band, outer and inner, and the line between them.
QUANTILES = {"p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95}
#: Hexagons of a panel of counted points, across and upwards.
BINS = (40, 20)
#: Outline of a hexagon that stands on a corner, for a mark of the size of its width.
HEXAGON = "M0,-1L0.866,-0.5L0.866,0.5L0,1L-0.866,0.5L-0.866,-0.5Z"
_SQRT_3 = 3**0.5
#: A row of hexagons lies so much above the one below, in widths of a hexagon.
_HEXAGON_RISE = _SQRT_3 / 2
#: Room of the upright axis of a panel.
_PANEL_AXIS = 38
#: Bands of fewer values than this would follow single subjects.
_FEWEST = 20


def is_summarised(subjects: int) -> bool:
    """Tell whether so many subjects are summarised instead of drawn one by one.

    Examples
    --------
    >>> is_summarised(300), is_summarised(301)
    (False, True)
    """
    return subjects > SUBJECTS_DRAWN


def say_summarised(subjects: int) -> str:
    """Say in a caption why single subjects are not drawn."""
    return (
        f"With more than {SUBJECTS_DRAWN} subjects single subjects are not drawn: "
        f"all {subjects} are summarised."
    )


# --- values over time ------------------------------------------------------------------------------------


def quantile_bands(values: pl.DataFrame, planned: Mapping[str, int]) -> list[Spec]:
    """Give quantiles of values at each visit.

    Parameters
    ----------
    values : columns ``visit``, ``day`` and ``value``, without null; one row a subject and visit
    planned : day of each planned visit by its name; any other visit stands at the median of its days

    Returns
    -------
    list of dict : ``day``, ``n`` and the names of `QUANTILES` (linear between order statistics, as R type 7),
        in the order of the days; visits of fewer than 20 values are left out

    Examples
    --------
    >>> rows = pl.DataFrame({"visit": ["m3"] * 21, "day": [88] * 21, "value": [float(n) for n in range(21)]})
    >>> quantile_bands(rows, {"m3": 90})
    [{'day': 90.0, 'n': 21, 'p5': 1.0, 'q1': 5.0, 'median': 10.0, 'q3': 15.0, 'p95': 19.0}]
    """
    cuts = [pl.col("value").quantile(cut, "linear").alias(name) for name, cut in QUANTILES.items()]
    bands = (
        values.group_by("visit")
        .agg(pl.col("day").median().cast(pl.Float64), pl.len().cast(pl.Int64).alias("n"), *cuts)
        .filter(pl.col("n") >= _FEWEST)
        .with_columns(
            pl.col("visit")
            .replace_strict(planned, default=pl.col("day"), return_dtype=pl.Float64)
            .alias("day")
            if planned
            else pl.col("day")
        )
        .sort("day", "visit")
    )
    return bands.select("day", "n", *QUANTILES).to_dicts()


def band_layers(bands: Sequence[Spec], x: Spec, y: Spec, *, has_means: bool) -> list[Spec]:
    """Draw a wide band, a narrow one inside it and the median."""
    data: Spec = {"data": {"values": list(bands)}}
    wide: Spec = {"x": x, "y": y | {"field": "p5"}, "y2": {"field": "p95"}}
    narrow: Spec = {"x": x, "y": y | {"field": "q1"}, "y2": {"field": "q3"}}
    colour = SUBJECT_ALONE
    return [
        data | {"mark": {"type": "area", "color": colour, "opacity": 0.16}, "encoding": wide},
        data | {"mark": {"type": "area", "color": colour, "opacity": 0.32}, "encoding": narrow},
        data
        | {
            "mark": {
                "type": "line",
                "color": INK if has_means else ESTIMATE,
                "strokeWidth": 1.4,
                "strokeDash": [5, 3],
            },
            "encoding": {"x": x, "y": y | {"field": "median"}},
        },
    ]


# --- organ systems ---------------------------------------------------------------------------------------


def build_grade_shares(
    study: Study, shown: pl.DataFrame, visits: Sequence[str], colours: Mapping[str, str]
) -> FigureSpec:
    """Specify the shares of the grades of every organ system at every visit.

    Parameters
    ----------
    study : for labels
    shown : columns ``subject``, ``visit``, ``system`` and ``grade``
    visits : the visits drawn, in order
    colours : colour of each grade, the worst first; a grade that is not among them is not known
    """
    labels = Labels(study)
    systems = [name for name in system_labels() if name in set(shown["system"])]
    counts = {
        (system, visit, grade): count
        for system, visit, grade, count in shown.group_by("system", "visit", "grade").len().iter_rows()
    }
    others = sorted({grade for _, _, grade in counts} - set(colours))
    bars = [
        bar
        for system in systems
        for visit in visits
        for bar in _stack(counts, system, visit, (*colours, *others))
    ]
    active = sum(bar["count"] for bar in bars if bar["grade"] in {"A", "B"})
    subjects = shown["subject"].n_unique()
    names = ", ".join(short_visit(labels.visit(visit)) for visit in visits)
    return FigureSpec(
        id="figure-grades",
        section="systems",
        title="Organ-system grades of all subjects at every visit",
        spec=finish(_share_panels(labels, bars, visits, colours, others)),
        alt=(
            f"Stacked bars: the shares of grades A to E of {subjects} subjects, for {len(systems)} organ "
            f"systems at {len(visits)} visits each. "
            f"{active} of {sum(bar['count'] for bar in bars)} grades are A or B."
        ),
        footnotes=(
            say_summarised(subjects),
            f"Each bar is all subjects with a record at the visit; bars in order of time ({names}).",
            *(("White with an outline: grade not known.",) if others else ()),
        ),
    )


def _stack(
    counts: Mapping[tuple[str, str, str], int], system: str, visit: str, grades: Sequence[str]
) -> list[Spec]:
    """Give the parts of one bar, from the worst grade upwards, in percent."""
    total = sum(counts.get((system, visit, grade), 0) for grade in grades)
    found, top = [], 0
    for grade in grades:
        count = counts.get((system, visit, grade), 0)
        if count:
            ends = {"from": round(100 * top / total, 3), "to": round(100 * (top + count) / total, 3)}
            found.append({"system": system, "visit": visit, "grade": grade, "count": count, **ends})
            top += count
    return found


def _share_panels(
    labels: Labels, bars: list[Spec], visits: Sequence[str], colours: Mapping[str, str], others: Sequence[str]
) -> Spec:
    columns = 3
    domain = [*colours, *others]
    words = {visit: short_visit(labels.visit(visit)) for visit in visits}
    panels = []
    wide = (WIDTH - 8 - 14 * (columns - 1)) // columns - _PANEL_AXIS - 4
    for system in dict.fromkeys(bar["system"] for bar in bars):
        own = [bar | {"when": words[bar["visit"]]} for bar in bars if bar["system"] == system]
        x: Spec = {
            "field": "when",
            "type": "ordinal",
            "sort": list(words.values()),
            "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy"},
        }
        y: Spec = {
            "field": "from",
            "type": "quantitative",
            "scale": {"domain": [0, 100]},
            "axis": {
                "title": None,
                "values": [0, 50, 100],
                "labelExpr": "datum.label + '%'",
                "minExtent": _PANEL_AXIS,
                "maxExtent": _PANEL_AXIS,
            },
        }
        colour: Spec = {
            "field": "grade",
            "type": "nominal",
            "legend": top_legend(domain, title="Grade")
            | {"symbolStrokeColor": RULE, "symbolStrokeWidth": 0.5},
            "scale": {"domain": domain, "range": [*colours.values(), *([PAPER] * len(others))]},
        }
        panels.append(
            {
                "title": {"text": wrap(system_labels()[system], wide, TITLE, most=1, is_bold=True)},
                "width": wide,
                "height": 90,
                "data": {"values": own},
                "mark": {"type": "bar", "stroke": RULE, "strokeWidth": 0.3},
                "encoding": {"x": x, "y": y, "y2": {"field": "to"}, "color": colour},
            }
        )
    return {"concat": panels, "columns": columns, "spacing": {"column": 14, "row": 18}}


# --- what happened when ----------------------------------------------------------------------------------

_OBSERVED = "Under observation"


def build_event_counts(
    study: Study, bars: Sequence[Spec], marks: Sequence[Spec], kinds: Sequence[str]
) -> FigureSpec:
    """Specify how many subjects had each event between one visit and the next.

    Parameters
    ----------
    study : for its planned visits
    bars : ``subject`` and ``to``, the last day of each subject
    marks : ``subject``, ``day`` and ``what`` of each event
    kinds : the events in the order they are drawn
    """
    limits, names = _intervals(study, max(bar["to"] for bar in bars))
    events = pl.DataFrame(list(marks), schema={"subject": pl.String, "day": pl.Float64, "what": pl.String})
    place = _place_of(pl.col("day"), limits)
    counted = events.group_by("what", place.alias("place")).agg(pl.col("subject").n_unique()).rows()
    counts = {(what, at): count for what, at, count in counted}
    seen = [sum(bar["to"] >= start for bar in bars) for start in (float("-inf"), *limits)]
    rows = {_OBSERVED: seen}
    rows |= {what: [counts.get((what, at), 0) for at in range(len(names))] for what in kinds}
    cells = [
        {"what": what, "when": name, "words": str(count)}
        for what, row in rows.items()
        for name, count in zip(names, row, strict=True)
    ]
    totals = events.group_by("what").agg(pl.col("subject").n_unique()).rows()
    told = ", ".join(f"{what.lower()} {count}" for what, count in sorted(totals))
    return FigureSpec(
        id="figure-swimmer",
        section="subject-courses",
        title="Number of subjects with each event, by time",
        spec=finish(_count_grid(cells, [_OBSERVED, *kinds], names)),
        alt=f"Grid of numbers of subjects over {len(names)} intervals of time. Subjects in all: {told}.",
        footnotes=(
            say_summarised(len(bars)),
            (
                "Columns: the time after one visit up to the next, which is named, that day included. A "
                "subject counts once for each kind of event in an interval. Under observation: those whose "
                "last record is not before the interval."
            ),
        ),
    )


def _intervals(study: Study, last: float) -> tuple[list[float], list[str]]:
    """Give the limits between intervals of time, and the name of each interval."""
    labels = Labels(study)
    visits = sorted((visit.day, short_visit(labels.visit(visit.name))) for visit in study.visits)
    if len(visits) < 2:
        limits = [round(last * part / 10, 1) for part in range(1, 11)]
        names = [f"day {format_number(limit, 0)}" for limit in limits]
    else:
        limits, names = [float(day) for day, _ in visits], [name for _, name in visits]
    names = [f"to {name}" for name in names]
    return limits, [*names, "later"]


def _place_of(day: pl.Expr, limits: Sequence[float]) -> pl.Expr:
    """Count the limits that a day lies beyond."""
    return sum(((day > limit).cast(pl.Int64) for limit in limits), start=pl.lit(0, pl.Int64))


def _count_grid(cells: list[Spec], kinds: Sequence[str], names: Sequence[str]) -> Spec:
    return fit(
        {
            "height": {"step": 24},
            "data": {"values": cells},
            "mark": {"type": "text", "fontSize": SMALL, "color": INK},
            "encoding": {
                "x": {
                    "field": "when",
                    "type": "ordinal",
                    "sort": list(names),
                    "axis": {
                        "title": None,
                        "labelAngle": 0,
                        "orient": "top",
                        "domain": False,
                        "ticks": False,
                    },
                },
                "y": {
                    "field": "what",
                    "type": "nominal",
                    "sort": list(kinds),
                    "axis": wrapped_axis(kinds, 130, domain=False, grid=True),
                },
                "text": {"field": "words"},
            },
        }
    )


# --- points ----------------------------------------------------------------------------------------------


def count_points(points: pl.DataFrame, x: str, y: str) -> list[Spec]:
    """Count points in hexagons of equal size over the range of the data.

    The middles of the hexagons are two square grids set into each other; a point belongs to the nearest.

    Parameters
    ----------
    points : finite columns `x` and `y`

    Returns
    -------
    list of dict : the middle of each hexagon that holds a point, by the names of the columns, and ``points``

    Examples
    --------
    >>> rows = pl.DataFrame({"a": [0.0, 0.0, 40.0], "b": [0.0, 0.1, 34.64]})
    >>> count_points(rows, "a", "b")
    [{'a': 0.0, 'b': 0.0, 'points': 2}, {'a': 40.0, 'b': 34.64, 'points': 1}]
    """
    lows, steps = {}, {}
    for name, bins in ((x, BINS[0]), (y, BINS[1] * _HEXAGON_RISE)):
        lows[name], high = float(points[name].min()), float(points[name].max())  # type: ignore[arg-type]
        steps[name] = (high - lows[name]) / bins or 1.0
    across, up = ((pl.col(name) - lows[name]) / steps[name] for name in (x, y))
    placed = points.select(across.alias("across"), up.alias("up")).with_columns(
        pl.col("across").round().alias("even_x"),
        (pl.col("up") / _SQRT_3).round().alias("even_y") * _SQRT_3,
        ((pl.col("across") - 0.5).round() + 0.5).alias("odd_x"),
        (((pl.col("up") / _SQRT_3 - 0.5).round() + 0.5) * _SQRT_3).alias("odd_y"),
    )
    even, odd = (
        (pl.col("across") - pl.col(f"{kind}_x")) ** 2 + (pl.col("up") - pl.col(f"{kind}_y")) ** 2
        for kind in ("even", "odd")
    )
    middles = [
        (
            pl.when(even <= odd).then(pl.col(f"even_{axis}")).otherwise(pl.col(f"odd_{axis}")) * steps[name]
            + lows[name]
        )
        .round(4)
        .alias(name)
        for name, axis in ((x, "x"), (y, "y"))
    ]
    return placed.select(middles).group_by(x, y).len("points").sort(x, y).to_dicts()


def are_counted(subjects: int, points: int) -> bool:
    """Tell whether points of so many subjects are counted in hexagons instead of drawn one by one.

    Examples
    --------
    >>> are_counted(300, 1500), are_counted(301, 301)
    (False, True)
    """
    return is_summarised(subjects) or points > POINTS_DRAWN


def say_counted(what: str, points: int) -> str:
    """Say in a caption that points are counted in hexagons."""
    return f"{what}: {points} points are counted in hexagons; the larger one is, the more of them lie there."


def thin_line(points: pl.DataFrame, by: str, most: int = POINTS_DRAWN // 10) -> pl.DataFrame:
    """Keep so many points of a line that rises, evenly by their order, and both ends.

    Examples
    --------
    >>> thin_line(pl.DataFrame({"a": [3, 1, 2, 4, 0]}), "a", 3)["a"].to_list()
    [0, 2, 4]
    """
    ordered = points.sort(by)
    if ordered.height <= most:
        return ordered
    places = [round(step * (ordered.height - 1) / (most - 1)) for step in range(most)]
    return ordered[places]
