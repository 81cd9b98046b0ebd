"""The axis of time under a figure: planned visits by their names, or whole months and years."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
    counted = unit_of(last)
    return {
        "values": counted.ticks(last),
        "labelExpr": f"round(datum.value / {counted.days})",
        "title": f"{counted.name} from first visit",
        "labelOverlap": "greedy",
    }


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """A unit of an axis of time.

    Attributes
    ----------
    name : as an axis is titled
    days : its length
    steps : between ticks, in units, the smallest first
    """

    name: str
    days: float
    steps: tuple[int, ...]

    def ticks(self, last: float) -> list[float]:
        """Give whole units from 0 to a day, at most fourteen of them, as days."""
        length = last / self.days
        step = next((each for each in self.steps if length / each <= _MOST_TICKS), self.steps[-1])
        return [round(place * step * self.days, 4) for place in range(int(length // step) + 1)]


_MOST_TICKS: Final = 13
DAYS: Final = TimeUnit("Days", 1.0, (1, 2, 7, 14))
MONTHS: Final = TimeUnit("Months", 30.4375, (1, 2, 3, 6, 12))
YEARS: Final = TimeUnit("Years", 365.25, (1, 2, 5, 10, 20))
#: The last day up to which days are counted, and months; a trial's visits are named in months for longer.
_LAST_IN_DAYS, _LAST_IN_MONTHS, _LAST_OF_VISITS = 62.0, 730.0, 5 * 365.25


def unit_of(last: float, *, at_visits: bool = False) -> TimeUnit:
    """Choose days, months or years for an axis of time.

    Parameters
    ----------
    last : the last day it shows
    at_visits : whether its ticks stand at planned visits

    Examples
    --------
    >>> [unit_of(last).name for last in (30, 62, 63, 730, 731)]
    ['Days', 'Days', 'Months', 'Months', 'Years']
    >>> unit_of(1000, at_visits=True).name, unit_of(3000, at_visits=True).name
    ('Months', 'Years')
    """
    if last <= _LAST_IN_DAYS:
        return DAYS
    return MONTHS if last <= (_LAST_OF_VISITS if at_visits else _LAST_IN_MONTHS) else YEARS


def _months_beyond(study: Study, last: float) -> dict[str, str]:
    """Name the months after the last planned visit up to a day, in the steps of the last two visits."""
    planned = [visit.day for visit in study.visits]
    step = planned[-1] - planned[-2] if len(planned) > 1 else 0
    if step < DAYS_OF_MONTH or step % DAYS_OF_MONTH or planned[-1] % DAYS_OF_MONTH:
        return {}
    days = range(planned[-1] + step, int(last) + 1, step)
    return {str(day): str(day // DAYS_OF_MONTH) for day in days}
