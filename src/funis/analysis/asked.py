"""No zero without a question: a count is made over those who were asked, and where nobody was there is none.

"None" is an observation only in whom it was looked for. Every count of the report that nobody may have been
asked about goes through `add_asked_rate`: it takes who was asked beside who is counted, so that numerator and
denominator are of the same subjects, and it leaves a row that says "not collected" where nobody was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.panel import Booleans
from funis.analysis.run import Run, add_rate
from funis.results import NOT_COLLECTED, Place, format_count


def add_asked_rate(
    run: Run,
    place: Place,
    counted: Booleans,
    asked: Booleans,
    members: Booleans,
    *,
    level: float,
    limits: bool = True,
) -> None:
    """Add how many of those asked are counted, and how many of the members were asked where not all were.

    Parameters
    ----------
    run : the analysis on its way
    place : where the numbers stand; n and denominator are set here
    counted, asked, members : shape (subjects,); who is counted, of whom it is known, whom it concerns
    level : level of the interval
    limits : whether the interval of the percentage is added

    Notes
    -----
    Nobody among the members: `add_rate` says that there is nobody. Members, but none asked: one row ``count``
    without a value, of status ``not_collected``. Some asked: the row ``asked`` stands beside the count.
    """
    over = _over_asked(run, place, asked, members)
    if over is not None:
        count = int((counted & asked & members).sum())
        add_rate(run, over, count, level=level, limits=limits)


def add_asked_count(
    run: Run, place: Place, counted: Booleans, asked: Booleans, members: Booleans, *, method: str = ""
) -> None:
    """Add a count as `add_asked_rate` does, without percentage and interval; the method stands beside it."""
    over = _over_asked(run, place, asked, members, method)
    if over is not None:
        count = int((counted & asked & members).sum())
        text = format_count(count, over.denominator or 0)
        run.numbers.add(over, "count", count if over.denominator else None, text=text, method=method)


def _over_asked(run: Run, place: Place, asked: Booleans, members: Booleans, method: str = "") -> Place | None:
    """Give the place over those asked, None where there are members and none was; say how many were."""
    among, known = int(members.sum()), int((asked & members).sum())
    if among and not known:
        add_not_collected(run, place, method=method)
        return None
    if known < among:
        beside = replace(place, n=known, denominator=among)
        run.numbers.add(beside, "asked", known, text=str(known))
    return replace(place, n=known, denominator=known)


def add_not_collected(run: Run, place: Place, *, method: str = "") -> None:
    """Add that nobody was asked: a count without a value, a denominator or an interval."""
    nobody = replace(place, n=None, denominator=None, source="")
    run.numbers.add(nobody, "count", None, text=NOT_COLLECTED, method=method, status="not_collected")


def who_is_in(run: Run, subjects: pl.Series) -> Booleans:
    """Tell, in the order of the panel, who is named in a column of subjects."""
    places = run.panel.layout.places
    found = np.zeros(len(places), dtype=np.bool_)
    found[[places[name] for name in subjects.drop_nulls().unique() if name in places]] = True
    return found


def was_asked_about_events(run: Run) -> Booleans:
    """Tell who was asked about adverse events at least once, as the safety questions say."""
    questions = run.frame("safety_questions")
    if questions is None:
        return np.zeros(len(run.panel.subjects), dtype=np.bool_)
    return who_is_in(run, questions.filter(pl.col("asked") == 1)["subject"])


def were_drugs_asked(run: Run) -> Booleans:
    """Tell who was asked about other drugs at least once, as the safety questions say."""
    questions = run.frame("safety_questions")
    if questions is None:
        return np.zeros(len(run.panel.subjects), dtype=np.bool_)
    return who_is_in(run, questions.filter(pl.col("asked_drugs") == 1)["subject"])


def are_drugs_known(run: Run) -> Booleans:
    """Tell who was asked about other drugs, or has one recorded."""
    return were_drugs_asked(run) | who_is_in(run, run.frames["medications"]["subject"])


def was_infused(run: Run) -> Booleans:
    """Tell who has an infusion in the table of infusions."""
    infused = (run.subject_frame["infusions_received"] > 0).fill_null(value=False)
    return infused.to_numpy().astype(np.bool_)


def is_infusion_known(run: Run) -> Booleans:
    """Tell of whom it is recorded whether they were infused: a row of an infusion, or that there was none."""
    return run.subject_frame["infusions_received"].is_not_null().to_numpy().astype(np.bool_)


#: Intercurrent events that are found among other drugs, and among infusions.
_OF_DRUGS: Final = frozenset({"rescue_medication", "new_immunosuppressant"})
_OF_INFUSIONS: Final = frozenset({"second_infusion_missed", "reinfusion"})


def is_event_known(run: Run, event: str) -> Booleans:
    """Tell of whom it is known whether they had an intercurrent event.

    Parameters
    ----------
    run : the analysis on its way
    event : as `funis.study.intercurrent` names it

    Returns
    -------
    bool array, shape (subjects,)
        Death and withdrawal: an end of participation is recorded. Drugs and adverse events: who was asked
        about them, or has one. Infusions: who has one, or is recorded to have had none.
    """
    if event in _OF_DRUGS:
        return are_drugs_known(run)
    if event in _OF_INFUSIONS:
        return is_infusion_known(run)
    if event == "adverse_event":
        return was_asked_about_events(run) | who_is_in(run, run.frames["adverse_events"]["subject"])
    return run.subject_frame["disposition_status"].is_not_null().to_numpy().astype(np.bool_)


def was_event_asked(run: Run, event: str) -> Booleans:
    """Tell who was asked about an intercurrent event, or, of what nobody is asked, of whom it is recorded."""
    if event in _OF_DRUGS:
        return were_drugs_asked(run)
    return was_asked_about_events(run) if event == "adverse_event" else is_event_known(run, event)


def add_event_count(
    run: Run, place: Place, event: str, chosen: Booleans, members: Booleans, *, method: str = ""
) -> None:
    """Add how many had an intercurrent event: over those of whom it is known.

    Where nobody was asked, what was recorded has no denominator, and that nothing was is "not collected".

    Parameters
    ----------
    run : the analysis on its way
    place : where the number stands; n and denominator are set here
    event : as `funis.study.intercurrent` names it
    chosen, members : shape (subjects,); who had it, whom it concerns
    method : the strategy for it
    """
    had = int((chosen & members).sum())
    if (was_event_asked(run, event) & members).any() or not members.any():
        add_asked_count(run, place, chosen, is_event_known(run, event) | chosen, members, method=method)
    elif had:
        # Over those with a record alone the share would be of those who have something to record.
        run.numbers.add(replace(place, n=had, denominator=None), "count", had, text=str(had), method=method)
    else:
        add_not_collected(run, place, method=method)


def concerns_cells(run: Run) -> bool:
    """Tell whether anybody of the study was to be given cells, or was."""
    return bool(run.study.infusions) or bool(was_infused(run).any())
