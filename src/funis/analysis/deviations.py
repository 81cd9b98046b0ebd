"""Deviations from the protocol: whom each criterion, dose, day and lot concerns, over the treated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import who_is_in
from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans
from funis.analysis.run import Run, add_rate
from funis.analysis.safety_counts import safety_cohorts
from funis.analysis.summary import judge_criteria, subject_source
from funis.errors import Finding
from funis.results import ALL, Place
from funis.study.deviations import DEVIATION_CODES

ANALYSIS: Final = "deviation"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of deviation: its code, the criterion it is about, and who deviates."""

    code: str
    criterion: str
    who: Booleans


def count_deviations(run: Run, findings: Sequence[Finding]) -> None:
    """Count the subjects with each kind of deviation, over the treated, and list who they are.

    Parameters
    ----------
    run : the analysis on its way
    findings : everything found in the data

    Notes
    -----
    A criterion of eligibility deviates in a treated subject who does not meet it; where that cannot be told,
    nothing is said. The other kinds are the findings of `DEVIATION_CODES`. Which are important the study file
    says (``[deviations]``); without that no count of important ones is made.
    """
    cohort = _whose(run)
    if cohort is None:
        return
    important = set(run.study.deviations.important)
    everyone = np.zeros(len(run.panel.subjects), dtype=np.bool_)
    grave = everyone.copy()
    rows = []
    for kind in _kinds(run, findings):
        chosen = kind.who & cohort.members
        if not chosen.any():
            continue
        is_important = bool({kind.code, kind.criterion} & important)
        everyone |= chosen
        grave |= chosen & is_important
        _add(run, cohort.place(ANALYSIS, kind.code, kind.criterion), cohort, chosen)
        names = [name for name, is_in in zip(run.panel.subjects, chosen, strict=True) if is_in]
        rows += [(kind.code, kind.criterion, name) for name in names]
    _add(run, cohort.place(ANALYSIS, "any"), cohort, everyone)
    if important:
        _add(run, cohort.place(ANALYSIS, "important"), cohort, grave)
    schema = dict.fromkeys(("code", "criterion", "subject"), pl.String)
    run.listings["deviations"] = pl.DataFrame(rows, schema=schema, orient="row")


def _whose(run: Run) -> Cohort | None:
    """Give the treated, or everybody where nobody is; one population, also where others were infused."""
    sized = [each for each in safety_cohorts(run, "exposure") if each.arm == ALL and each.size]
    return sized[-1] if sized else None


def _kinds(run: Run, findings: Sequence[Finding]) -> Iterator[_Kind]:
    for criterion, _, refused in judge_criteria(run):
        yield _Kind("not_eligible", criterion, refused)
    for code in DEVIATION_CODES:
        if code != "not_eligible":
            named = [
                each.subject for each in findings if each.code == code and each.table != "adverse_events"
            ]
            yield _Kind(code, "", who_is_in(run, pl.Series(named, dtype=pl.String)))


def _add(run: Run, place: Place, cohort: Cohort, chosen: Booleans) -> None:
    """Add how many of the members deviate; the subjects' own rows stand behind the number."""
    about = f"{ANALYSIS} {place.variable} {place.category}".rstrip()
    source = subject_source(run, cohort, about, chosen)
    count = int(chosen.sum())
    add_rate(run, replace(place, source=source), count, level=run.level, limits=False)
