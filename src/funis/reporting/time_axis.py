"""The axis of time under a figure: planned visits by their names, or whole months and years."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from funis.documents.figure import Spec
from funis.reporting.labels import Labels
from funis.study.model import Study


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


def time_axis(study: Study, days: Sequence[float]) -> Spec:
    """Describe the axis of time: the planned visits of a trial, whole years or months of a cohort."""
    if study.visits and study.trial.design != "observational":
        labels = Labels(study)
        words = {str(visit.day): short_visit(labels.visit(visit.name)) for visit in study.visits}
        return {
            "values": [visit.day for visit in study.visits],
            "labelExpr": f"{json.dumps(words)}[datum.value]",
            "title": "Time from first infusion",
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
