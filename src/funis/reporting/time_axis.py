"""The axis of time under a figure: planned visits by their names, or whole months and years."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from funis.documents.figure import SMALL, WIDTH, Spec
from funis.reporting.labels import Labels
from funis.study.model import Study

#: Room left of a plot that rows of counts stand below: labels and title of its upright axis, titles of rows.
AXIS_ROOM: Final = 52
#: What is left for such a plot: the axis title, the gaps and half of the last label want some more.
PLOT_WITH_ROWS: Final = WIDTH - AXIS_ROOM - 48


def short_visit(label: str) -> str:
    """Shorten a visit's label for an axis.

    Examples
    --------
    >>> short_visit("Month 6"), short_visit("Week 2"), short_visit("Baseline"), short_visit("Follow-up")
    ('6 mo', '2 wk', '0', 'Follow-up')
    """
    found = re.fullmatch(r"(Month|Week|Day|Year) (\d+)", label)
    if found:
        return f"{found[2]} { {'Month': 'mo', 'Week': 'wk', 'Day': 'd', 'Year': 'y'}[found[1]] }"
    return "0" if label == "Baseline" else label


#: Days of a month in the plan of a trial: month 6 is day 180.
DAYS_OF_MONTH: Final = 30


def words_below(values: Sequence[Spec], x: Spec, title: str, *, width: int, colour: str) -> Spec:
    """Print a word below each place of an axis of time, such as the number at risk.

    Parameters
    ----------
    values : one a place: the field that `x` reads, and ``words``
    x : encoding of the axis above
    title : stands left of the words
    width : of the axis, in pixels
    colour : of the title

    Returns
    -------
    dict : a layer to stack below the figure
    """
    return {
        "width": width,
        "height": 14,
        "data": {"values": values},
        "title": {
            "text": title,
            "fontSize": SMALL,
            "fontWeight": "normal",
            "orient": "left",
            "angle": 0,
            "align": "right",
            "anchor": "middle",
            "color": colour,
            "baseline": "middle",
            "offset": 12,
        },
        "mark": {"type": "text", "fontSize": SMALL},
        "encoding": {"x": x | {"axis": None}, "text": {"field": "words"}},
    }


def time_axis(study: Study, days: Sequence[float]) -> Spec:
    """Describe the axis of time: the planned visits of a trial, whole years or months of a cohort."""
    if study.visits and study.trial.design != "observational":
        labels = Labels(study)
        words = {str(visit.day): short_visit(labels.visit(visit.name)) for visit in study.visits}
        unit = "Time"
        if all(word == "0" or word.endswith(" mo") for word in words.values()):
            unit, words = "Months", {day: word.removesuffix(" mo") for day, word in words.items()}
            words |= _months_beyond(study, max(days, default=0.0))
        return {
            "values": [int(day) for day in words],
            "labelExpr": f"{json.dumps(words)}[datum.value]",
            "title": f"{unit} from first infusion",
            "labelOverlap": "greedy",
        }
    last = max(days, default=0.0)
    unit, length = ("Years", 365.25) if last > 730 else ("Months", 30.4375)
    step = max(1, round(last / length / 12)) * length
    ticks = [round(place * step, 2) for place in range(int(last // step) + 1)]
    return {
        "values": ticks,
        "labelExpr": f"round(datum.value / {length})",
        "title": f"{unit} from first visit",
        "labelOverlap": "greedy",
    }


def _months_beyond(study: Study, last: float) -> dict[str, str]:
    """Name the months after the last planned visit up to a day, in the steps of the last two visits."""
    planned = [visit.day for visit in study.visits]
    step = planned[-1] - planned[-2] if len(planned) > 1 else 0
    if step < DAYS_OF_MONTH or step % DAYS_OF_MONTH or planned[-1] % DAYS_OF_MONTH:
        return {}
    days = range(planned[-1] + step, int(last) + 1, step)
    return {str(day): str(day // DAYS_OF_MONTH) for day in days}
