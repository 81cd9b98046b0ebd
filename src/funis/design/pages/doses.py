"""Dose finding and borrowed rates in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import stats

from funis.design.borrowing import BorrowedRate, RatePrior
from funis.design.optimal_interval import CERTAINTY, BoinDesign
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.reassessment import CrmAnswer
from funis.results.text import format_number, format_shortest

_FEW = "Few patients a dose: a toxicity that comes late is not seen by any of these rules."


def tell_boin(found: BoinDesign) -> ToldDesign:
    """Tell the decision table of a Bayesian optimal interval design."""
    paragraph = (
        f"The dose whose toxicity rate is nearest {percent(found.target)} is sought by a Bayesian optimal "
        "interval design (Liu and Yuan 2015): the next cohort gets a higher dose when the observed rate "
        f"at the present one is {percent(found.lambda_e, 2)} or less, a lower one when it is "
        f"{percent(found.lambda_d, 2)} or more, the same one otherwise. A dose is given up when its rate "
        f"is above the target with a certainty of more than {percent(CERTAINTY, 0)} after three patients "
        "or more."
    )
    sizes = [(float(row.n), float(row.escalate)) for row in found.rows]
    figure = draw_lines(
        {
            "Go up at or below": sizes,
            "Go down at or above": [(float(row.n), float(row.de_escalate)) for row in found.rows],
            "Give up at or above": [
                (float(row.n), float(row.eliminate)) for row in found.rows if row.eliminate is not None
            ],
        },
        title="What the number of toxicities decides", across="Patients at the dose", in_whole=True,
        up="Patients with the toxicity", alt="Limits of going up, going down and giving up a dose.",
    )  # fmt: skip
    rows = tuple(
        (
            str(row.n),
            str(row.escalate),
            str(row.de_escalate),
            "-" if row.eliminate is None else str(row.eliminate),
        )
        for row in found.rows
    )
    heads = ("Patients at the dose", "Go up with at most", "Go down with at least", "Give up with at least")
    return ToldDesign(
        "Dose finding (BOIN)",
        {"Target": percent(found.target),
         "Told from": f"{percent(found.too_low)} and {percent(found.too_high)}"},
        paragraph, (DesignTable("Decisions", heads, rows),), figure, (_FEW,),
    )  # fmt: skip


def tell_crm(found: CrmAnswer) -> ToldDesign:
    """Tell what the continual reassessment method says."""
    paragraph = (
        "By the continual reassessment method (power model, normal prior with a standard deviation of "
        f"{format_number(found.spread, 4)}) the dose whose toxicity rate is nearest the target of "
        f"{percent(found.target)} is dose {found.recommended}; no dose is skipped, so that the next cohort "
        f"gets dose {found.next_dose}."
    )
    numbered = list(enumerate(found.doses, 1))
    figure = draw_lines(
        {
            "After the data": [(float(number), dose.mean) for number, dose in numbered],
            "Before the trial": [(float(number), dose.skeleton) for number, dose in numbered],
            "90% interval, lower end": [(float(number), dose.lower) for number, dose in numbered],
            "90% interval, upper end": [(float(number), dose.upper) for number, dose in numbered],
        },
        title="Toxicity rate by dose", across="Dose", in_whole=True, up="Toxicity rate (%)", in_percent=True,
        alt=f"The recommended dose is {found.recommended}.",
    )  # fmt: skip
    rows = tuple(
        (
            str(number), percent(dose.skeleton), f"{dose.toxic}/{dose.treated}", percent(dose.mean),
            f"{percent(dose.lower)} to {percent(dose.upper)}", percent(dose.above_target),
        )
        for number, dose in numbered
    )  # fmt: skip
    heads = (
        "Dose",
        "Expected",
        "Toxic/treated",
        "After the data",
        "90% interval",
        "Chance above the target",
    )
    return ToldDesign(
        "Dose finding (continual reassessment)", {"Target": percent(found.target)}, paragraph,
        (DesignTable("Doses", heads, rows),), figure, (_FEW,),
    )  # fmt: skip


def tell_borrowing(found: BorrowedRate) -> ToldDesign:
    """Tell what earlier trials say of a rate."""
    robust, prior = found.robust, found.prior
    paragraph = _tell_rate(found)
    priors = {"Prior": prior, "Robust prior": robust}
    priors |= {"After the control arm": found.updated} if found.updated is not None else {}
    at = np.linspace(0.002, 0.998, 250)
    figure = draw_lines(
        {
            name: list(zip((100 * at).tolist(), _density(each, at), strict=True))
            for name, each in priors.items()
        },
        title="What is known of the control rate", across="Control rate (%)", up="Density",
        alt=f"The prior has its mean at {percent(prior.mean)}.",
    )  # fmt: skip
    few = (
        (
            (
                f"With {len(found.treated)} trials the spread between them comes from its prior: whoever "
                "chooses it chooses how much is borrowed."
            ),
        )
        if found.has_few_trials
        else ()
    )
    return ToldDesign(
        "Borrowed control rate (robust MAP)",
        {"Trials": ", ".join(f"{r}/{n}" for r, n in zip(found.responders, found.treated, strict=True)),
         "Flat part": format_shortest(found.flat_weight)},
        paragraph, (_list_rates(found, priors),), figure,
        (*few, "Trials with another endpoint, background treatment or decade are not like the next."),
    )  # fmt: skip


def _tell_rate(found: BorrowedRate) -> str:
    paragraph = (
        f"The control rate is foretold from {len(found.treated)} earlier trials ({sum(found.responders)} "
        f"responders of {sum(found.treated)}) by a meta-analytic-predictive prior: mean "
        f"{percent(found.mean)}, standard deviation {format_number(100 * found.sd, 1)} percentage points, "
        f"worth {format_number(found.prior.subjects, 0)} patients, not {sum(found.treated)}. A flat part "
        f"with a weight of {percent(found.flat_weight, 0)} guards against a trial unlike the others."
    )
    if found.updated is not None:
        paragraph += (
            f" With {found.new_responders} of {found.new_treated} in the new trial's own control arm the "
            f"rate is {percent(found.updated.mean)} (95% interval {percent(found.updated.lower)} to "
            f"{percent(found.updated.upper)})."
        )
    return paragraph


def _list_rates(found: BorrowedRate, priors: Mapping[str, RatePrior]) -> DesignTable:
    rows = tuple(
        (
            name, percent(each.mean), format_number(100 * each.sd, 1),
            f"{percent(each.lower)} to {percent(each.upper)}", format_number(each.subjects, 1),
            " + ".join(
                f"{format_number(part.weight, 3)} beta({format_number(part.a, 2)}, "
                f"{format_number(part.b, 2)})"
                for part in each.parts
            ),
        )
        for name, each in priors.items()
    )  # fmt: skip
    middle, low, high = (format_number(each, 2) for each in found.between)
    heads = ("What", "Mean", "SD (points)", "95% interval", "Worth patients", "As a mixture")
    notes = (f"Spread between trials on the logit scale: median {middle}, 95% interval {low} to {high}.",)
    return DesignTable("The rate", heads, rows, notes)


def _density(prior: RatePrior, at: np.ndarray) -> list[float]:
    parts = (part.weight * stats.beta.pdf(at, part.a, part.b) for part in prior.parts)
    return [float(each) for each in np.sum(list(parts), axis=0)]
