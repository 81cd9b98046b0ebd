"""The share of subjects that has had an event, where death before it makes it impossible."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run
from funis.results import NOT_COLLECTED, Place, format_number
from funis.stats.competing import CumulativeIncidence

METHOD: Final = "aalen_johansen"
EVENT: Final = 1
DEATH: Final = 2


def compete_with_death(
    day: Floats, happened: Booleans, died: Booleans, days_to_death: Floats
) -> tuple[Floats, Integers]:
    """Tell what ended each time: the event, death before it, or the end of observation.

    Parameters
    ----------
    day : shape (subjects,), days from the origin to the event or to the end of observation, NaN for who does
        not enter
    happened : shape (subjects,), True where the day is that of the event
    died : shape (subjects,), who died in the study
    days_to_death : shape (subjects,), days from the origin to death, NaN where its day is not known

    Returns
    -------
    tuple
        Days, up to death for who died without the event (up to the last day seen where the day of death is
        not known); causes 1 for the event, 2 for death before it, 0 for neither.

    Examples
    --------
    >>> days, causes = compete_with_death(
    ...     np.array([30.0, 60.0]), np.array([True, False]), np.array([True, True]), np.array([90.0, 75.0])
    ... )
    >>> days.tolist(), causes.tolist()
    ([30.0, 75.0], [1, 2])
    """
    dies = died & ~happened & ~np.isnan(day)
    # Nobody is seen after death: a day of death before the last day seen is that day.
    days = np.where(dies, np.fmax(days_to_death, day), day)
    return days, np.where(happened, EVENT, np.where(dies, DEATH, 0)).astype(np.int64)


def add_incidence(
    run: Run,
    place: Place,
    found: CumulativeIncidence | None,
    window: tuple[float, float],
    source: str,
) -> None:
    """Add the share that has had the event at the end of a visit's window, and the deaths before it so far.

    Parameters
    ----------
    run : the analysis on its way
    place : of the visit
    found : the curve; None where no end of participation was recorded, so that nobody was looked for death
    window : first and last day of the window, counted from the origin
    source : key of the source of the deaths
    """
    if found is None:
        run.numbers.add(place, "incidence", None, text=NOT_COLLECTED, method=METHOD, status="not_collected")
        return
    opens, closes = max(window[0], 0.0), window[1]
    beyond = bool(opens > found.time[-1] and found.censored[-1] > 0)
    incidence, lower, upper = (float(values[0]) for values in found.at([min(closes, float(found.time[-1]))]))
    for statistic, value in (("incidence", incidence), ("lower", lower), ("upper", upper)):
        given = None if beyond else value
        run.numbers.add(place, statistic, given, text=format_number(given, 3), method=METHOD)
    deaths = int(found.competing[found.time <= closes].sum())
    run.numbers.add(replace(place, source=source), "competing_events", deaths, text=str(deaths))
