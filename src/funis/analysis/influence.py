"""Does one subject, one site or one lot carry a result? Each estimate without each of them in turn.

Means of changes and shares of responders are left out of in closed form; mixed models with their covariance
held. Who moves an estimate most is named by study number or code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.analysis.changes_used import fill_missing, visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.paired_tests import TESTS
from funis.analysis.panel import Booleans, Matrix
from funis.analysis.relapses import judge_relapses, relapse_visits_of
from funis.analysis.response_rates import RESPONDER, Answers
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.summary import subject_source
from funis.nine_decimals import round_exactly
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_p, name_change
from funis.stats.deletion import LeftOut, leave_out_mean
from funis.study.estimand import IMPUTED
from funis.study.model import Endpoint

Labels = npt.NDArray[np.str_]

#: What is left out, in the order it is printed.
KINDS: Final = ("subject", "site", "lot", "donor")
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate that subjects are left out of.

    Attributes
    ----------
    place, method : where it stands, how it was made
    digits : decimals it is printed with
    error : its standard error, the measure of how far leaving out moves it
    """

    place: Place
    method: str
    digits: int
    error: float


def changes_of(run: Run, endpoint: Endpoint, variable: str) -> tuple[Matrix, str]:
    """Give the changes of an endpoint, missing ones filled by its rule; those to be imputed stay missing."""
    rule = "observed" if endpoint.missing_outcome in IMPUTED else None
    return fill_missing(run, endpoint, variable, rule)


def find_groupings(run: Run) -> dict[str, Labels]:
    """Give the site, and the lot and donor of the first infusion, of every subject.

    Returns
    -------
    dict : by kind, shape (subjects,); empty text where it is not known. A kind with fewer than two different
        codes divides nobody and is left out.
    """
    found: dict[str, Labels] = {}
    if "site" in run.subject_frame.columns:
        site = run.subject_frame["site"].cast(pl.String).fill_null("")
        found["site"] = site.to_numpy().astype(np.str_)
    infusions = run.frame("infusions")
    if infusions is not None and "lot" in infusions.columns:
        first = infusions.filter(pl.col("lot").is_not_null()).sort("number").unique("subject", keep="first")
        lot = dict(first.select("subject", "lot").iter_rows())
        found["lot"] = np.array([lot.get(subject) or "" for subject in run.panel.subjects], dtype=np.str_)
        lots = run.frame("lots")
        if lots is not None and "donor" in lots.columns:
            donor = dict(lots.select("lot", "donor").iter_rows())
            found["donor"] = np.array([donor.get(each) or "" for each in found["lot"]], dtype=np.str_)
    return {kind: label for kind, label in found.items() if len(set(label.tolist()) - {""}) > 1}


def leave_out_changes(run: Run, endpoint: Endpoint) -> None:
    """Leave subjects, sites and lots out of the mean change of each variable at each visit."""
    if not set(endpoint.methods) & {*TESTS, "bootstrap"}:
        return
    groupings = find_groupings(run)
    for variable in endpoint.all_variables:
        if variable in run.panel.changes:
            for cohort in run.populations.of_endpoint(endpoint):
                for visit in visits_of(run, endpoint):
                    _leave_out_change(run, endpoint, cohort, (variable, visit), groupings)


def _leave_out_change(
    run: Run, endpoint: Endpoint, cohort: Cohort, at: tuple[str, int], groupings: Mapping[str, Labels]
) -> None:
    variable, visit = at
    matrix, rule = changes_of(run, endpoint, variable)
    chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
    # A limit of the assay has no mean, so nothing can be left out of it.
    if len(chosen) < 3 or (matrix.censored[chosen, visit] != 0).any():
        return
    at_visit = run.panel.visits[visit]
    rows = rows_behind(run.panel, variable, matrix, visit, chosen)
    place = replace(
        cohort.place_of_change("influence", variable), visit=at_visit, endpoint=endpoint.id, n=len(chosen),
        missing=run.policy(variable), missing_outcome=rule,
        source=run.source(cohort, f"{endpoint.id} {name_change(variable)}", at_visit, rows),
    )  # fmt: skip
    values = matrix.values[chosen, visit]
    error = float(values.std(ddof=1)) / len(values) ** 0.5
    for kind, label in _labels(run, groupings):
        known = label[chosen] != ""
        if known.all():
            left = leave_out_mean(values, label[chosen])
            add_left_out(run, Estimated(place, "mean", decimals_of(run, variable, values), error), kind, left)


def _labels(run: Run, groupings: Mapping[str, Labels]) -> Iterable[tuple[str, Labels]]:
    yield "subject", np.array(run.panel.subjects, dtype=np.str_)
    yield from groupings.items()


def add_left_out(run: Run, estimated: Estimated, kind: str, left: LeftOut) -> None:
    """Add the range of an estimate without each of one kind, and who moves it most.

    One label alone can be left out of nothing: then there is no range.
    """
    if np.isnan(left.lowest):
        return
    place = replace(estimated.place, cluster=kind)
    method, digits = estimated.method, estimated.digits
    # Nine decimals hold every recorded value; beyond them stands only the dust of binary addition.
    for statistic, value in (("lower", left.lowest), ("upper", left.highest), ("estimate", left.overall)):
        text = format_number(value, digits)
        run.numbers.add(place, statistic, round_exactly(value), text=text, method=method)
    if not np.isnan(left.p).all():
        worst = float(np.nanmax(left.p))
        run.numbers.add(place, "p_highest", worst, text=format_p(worst), method=method)
    _list_estimates(run, estimated, kind, left)
    most = left.most
    without = round_exactly(float(left.estimate[left.label.index(most[0])]))
    run.numbers.add(place, "most_influential_label", len(most), text=_named(most), method=method)
    text = format_number(without, digits)
    run.numbers.add(place, "most_influential", without, text=text, method=method)


def _list_estimates(run: Run, estimated: Estimated, kind: str, left: LeftOut) -> None:
    """List how far each estimate moves without one, in standard errors, for the figure."""
    if estimated.error > 0:
        shift = (left.estimate - left.overall) / estimated.error
        run.left_out.add(estimated.place, estimated.method, kind, left.label, shift)


def _named(most: tuple[str, ...]) -> str:
    """Name who moves an estimate most; many who move it alike are counted."""
    if len(most) <= _MOST_NAMED:
        return ", ".join(most) or NOT_AVAILABLE
    return f"{most[0]} and {len(most) - 1} others alike"


# --- shares ----------------------------------------------------------------------------------------------


def leave_out_responders(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """Leave subjects, sites and lots out of the share of responders of a primary endpoint."""
    if endpoint.role == "primary":
        named = (answers.definition, RESPONDER, answers.visit or ALL)
        _leave_out_share(run, endpoint, named, (answers.responders, answers.determinate, answers))


def leave_out_relapses(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """Leave subjects, sites and lots out of the share of responders who relapse, of a primary endpoint."""
    if endpoint.role != "primary" or "relapse" not in answers.answers.columns:
        return
    at = relapse_visits_of(run, endpoint, answers)
    if not at:
        return
    whole = judge_relapses(run, answers, at, endpoint.missing_relapse)[-1]
    among = answers.responders & whole.known
    _leave_out_share(run, endpoint, ("relapse", "", ALL), (whole.counted, among, answers))


def _leave_out_share(
    run: Run, endpoint: Endpoint, named: tuple[str, str, str], counted: tuple[Booleans, Booleans, Answers]
) -> None:
    (variable, category, visit), (event, among, answers) = named, counted
    groupings = find_groupings(run)
    for cohort in run.populations.of_endpoint(endpoint):
        chosen = np.flatnonzero(among & cohort.members)
        if len(chosen) < 3:
            continue
        about = f"{variable}: {category}" if category else variable
        key = f"{endpoint.id} {about} {visit} influence"
        place = replace(
            cohort.place("influence", variable, category), visit=visit, endpoint=endpoint.id, n=len(chosen),
            missing_outcome=endpoint.missing_outcome,
            source=subject_source(run, cohort, key, among & cohort.members, answers.rows),
        )  # fmt: skip
        share = 100.0 * event[chosen].astype(np.float64)
        error = float(share.std()) / len(share) ** 0.5
        for kind, label in _labels(run, groupings):
            if (label[chosen] != "").all():
                left = leave_out_mean(share, label[chosen])
                left = replace(left, p=np.full(len(left.label), np.nan))
                add_left_out(run, Estimated(place, "share", 1, error), kind, left)
