"""The ASTCT grade that the form of its instrument gives for the time of an adverse event."""

from __future__ import annotations

from typing import NamedTuple

from funis.capture.models import Form
from funis.safety_words import ASTCT_GRADES


class InstrumentGrade(NamedTuple):
    """What the form of an instrument gives.

    Attributes
    ----------
    form : of the instrument, at its visit
    grade : its score
    """

    form: Form
    grade: int


def grades_for_event(event: Form) -> dict[str, InstrumentGrade]:
    """Give by column of an adverse event the grade of the instrument that looks back on its first day.

    The instruments grade the worst since the last visit (Lee 2019 as the definitions read it): the form that
    looks back on a day is the first one of that day or later. Where that one has no score nothing is given.

    Parameters
    ----------
    event : row of adverse events
    """
    begun = str(event.data.get("start") or "")
    if not begun:
        return {}
    found: dict[str, InstrumentGrade] = {}
    for column, instrument in ASTCT_GRADES.items():
        forms = Form.objects.filter(subject=event.subject_id, name=instrument).with_version()
        dated = [each for each in forms if str(each.data.get("date") or "") >= begun]
        first = min(dated, key=lambda each: (each.data["date"], each.pk), default=None)
        if first is not None and (grade := first.scores.get(instrument)) is not None:
            found[column] = InstrumentGrade(first, int(grade))
    return found
