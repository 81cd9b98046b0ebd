"""The dose of glucocorticoid over time: the line of every subject, median and quartiles."""

from __future__ import annotations

from typing import Final

import polars as pl

from funis.catalogue.low_doses import low_doses
from funis.documents.colours import ESTIMATE, MUTED, SUBJECT_BEHIND
from funis.documents.figure import SMALL, FigureSpec, Spec, finish
from funis.reporting.labels import Labels
from funis.reporting.number_book import Group, NumberBook
from funis.reporting.small_samples import limit_missed
from funis.reporting.summary_figures import is_summarised, say_summarised
from funis.reporting.time_axis import AXIS_ROOM, PLOT_WITH_ROWS, time_axis, words_below
from funis.results import ALL, Results, format_number
from funis.study.model import Study

#: The line of low doses has its words right of the plot.
_WORDS_ROOM: Final = 48
#: Rows of counts below have longer names than "n" and "At risk": the plot leaves them the room.
_DRAWN: Final = PLOT_WITH_ROWS - _WORDS_ROOM - 48
_DASHED: Final = "Dashed: highest dose that counts as low. "


def build_glucocorticoid_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify the figure of doses; none without drugs recorded or with fewer than two visits to draw.

    Parameters
    ----------
    study : the study file; only planned visits are drawn
    results : with the listing ``glucocorticoid``
    book : the numbers of `results`

    Returns
    -------
    tuple of FigureSpec : one figure, or none
    """
    listed = results.listings.get("glucocorticoid", pl.DataFrame())
    groups = [group for group in book.of("glucocorticoid") if not group.category and group.arm == ALL]
    if listed.is_empty() or not groups:
        return ()
    group = groups[0]
    points = list(_points(study, book, group))
    if len([point for point in points if "median" in point]) < 2:
        return ()
    sources = {number.source for number in book.all(group)} - {""}
    members = results.sources.filter(pl.col("source").is_in(sorted(sources)))["subject"].unique()
    lines = dose_lines(listed.filter(pl.col("subject").is_in(members.implode())))
    return (_figure(study, points, lines),)


def dose_lines(listed: pl.DataFrame) -> list[Spec]:
    """Give the points of every subject's line; a dose that is not known breaks the line.

    Parameters
    ----------
    listed : ``subject``, ``day`` and ``value``, null where the dose is not known

    Examples
    --------
    >>> frame = pl.DataFrame({"subject": ["1"] * 3, "day": [0.0, 30.0, 90.0], "value": [10.0, None, 5.0]})
    >>> [point["part"] for point in dose_lines(frame)]
    ['1 0', '1 1']
    """
    found: list[Spec] = []
    before, part = "", 0
    for subject, day, value in listed.sort("subject", "day").select("subject", "day", "value").iter_rows():
        part = part if subject == before else 0
        before = subject
        if value is None:
            part += 1
        else:
            found.append({"subject": subject, "part": f"{subject} {part}", "day": day, "value": value})
    return found


def _points(study: Study, book: NumberBook, group: Group) -> list[Spec]:
    """Give median, quartiles and counts at the planned day of each visit."""
    found = []
    for visit in study.visits:
        named = ("median", "q1", "q3", "n", "cannot_tell")
        numbers = {name: book.find(group, visit.name, name) for name in named}
        values = {
            name: number.value
            for name, number in numbers.items()
            if number is not None and number.value is not None and limit_missed(number) is None
        }
        if values:
            found.append({"day": visit.day, "visit": visit.name} | values)
    return found


def _figure(study: Study, points: list[Spec], lines: list[Spec]) -> FigureSpec:
    labels, low = Labels(study), max(low_doses(study.trial.condition), default=None)
    subjects = len({line["subject"] for line in lines})
    drawn = [] if is_summarised(subjects) else lines
    days = [point["day"] for point in (*points, *drawn)]
    x: Spec = {
        "field": "day",
        "type": "quantitative",
        "axis": time_axis(study, days),
        "scale": {"domain": [min(days), max(days)], "nice": False},
    }
    top: Spec = {"width": _DRAWN, "height": 260, "layer": _layers(points, drawn, x, low)}
    rows = [_row(points, x, "n", "Known"), _row(points, x, "cannot_tell", "Unknown")]
    many = f" (n = {subjects})"
    who = (
        f"Thin lines: single subjects, by the day of each visit{many}, broken where a dose is not known."
        if drawn
        else say_summarised(subjects)
    )
    return FigureSpec(
        id="figure-glucocorticoid",
        section="glucocorticoid",
        title="Glucocorticoid by mouth over time: median with quartiles"
        + (", and the dose of every subject" if drawn else ""),
        spec=finish(
            {
                "vconcat": [top, *rows],
                "spacing": 6,
                "padding": {"left": 4, "top": 4, "bottom": 4, "right": _WORDS_ROOM},
            }
        ),
        alt=_words(labels, points),
        footnotes=(
            who,
            (
                "Points and bars: median and quartiles, at the planned day of the visit. "
                f"{'' if low is None else _DASHED}Below: subjects seen whose dose is known, and is not known."
            ),
        ),
    )


def _layers(points: list[Spec], lines: list[Spec], x: Spec, low: float | None) -> list[Spec]:
    y: Spec = {
        "type": "quantitative",
        "scale": {"domainMin": 0},
        "axis": {
            "title": "Prednisone-equivalent, mg/day",
            "tickCount": 6,
            "minExtent": AXIS_ROOM - 14,
            "maxExtent": AXIS_ROOM - 14,
        },
    }
    known = [point for point in points if "median" in point]
    medians: Spec = {"data": {"values": known}}
    quartiles: Spec = {"data": {"values": [point for point in known if "q1" in point]}}
    at: Spec = {"x": x, "y": y | {"field": "median"}}
    limits: Spec = {"x": x, "y": y | {"field": "q1"}, "y2": {"field": "q3"}}
    faint: Spec = {"type": "line", "color": SUBJECT_BEHIND, "strokeWidth": 0.9, "opacity": 0.55}
    single: Spec = {"x": x, "y": y | {"field": "value"}, "detail": {"field": "part"}}
    return [
        {"data": {"values": lines}, "mark": faint, "encoding": single},
        *([] if low is None else _line_of_low_dose(low, y)),
        quartiles | {"mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 1.8}, "encoding": limits},
        medians | {"mark": {"type": "line", "color": ESTIMATE, "strokeWidth": 2.2}, "encoding": at},
        medians | {"mark": {"type": "circle", "color": ESTIMATE, "size": 52, "opacity": 1}, "encoding": at},
    ]


def _line_of_low_dose(low: float, y: Spec) -> list[Spec]:
    """Draw the highest dose that counts as low, with its words right of the plot."""
    rule: Spec = {"data": {"values": [{"low": low, "words": f"{format_number(low, 1)} mg"}]}}
    return [
        rule
        | {
            "mark": {"type": "rule", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1.2},
            "encoding": {"y": y | {"field": "low"}},
        },
        rule
        | {
            "mark": {
                "type": "text",
                "color": MUTED,
                "fontSize": SMALL,
                "align": "left",
                "dx": _DRAWN / 2 + 6,
            },
            "encoding": {"y": y | {"field": "low"}, "text": {"field": "words"}},
        },
    ]


def _row(points: list[Spec], x: Spec, statistic: str, title: str) -> Spec:
    """Print a count below each visit."""
    values = [
        {"day": point["day"], "words": format_number(point[statistic], 0)}
        for point in points
        if statistic in point
    ]
    return words_below(values, x, title, width=_DRAWN, colour=MUTED)


def _words(labels: Labels, points: list[Spec]) -> str:
    said = []
    for point in points:
        if "median" in point:
            middle = (
                f", quartiles {format_number(point['q1'], 1)} to {format_number(point['q3'], 1)}"
                if "q1" in point
                else ""
            )
            median, count = format_number(point["median"], 1), format_number(point["n"], 0)
            said.append(f"{labels.visit(point['visit'])}: median {median} mg a day{middle}, n = {count}")
    return f"Line chart of the daily dose of glucocorticoid as prednisone. {'; '.join(said)}."
