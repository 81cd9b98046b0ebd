"""When to infuse again, in words and pictures."""

from __future__ import annotations

import math

from funis.design.pages.told import DesignTable, percent
from funis.documents.colours import GROUPS
from funis.documents.figure import FigureSpec, Spec, finish, fit, wrapped_axis
from funis.results.text import format_number, format_shortest
from funis.simulate.calibration import Limits95
from funis.simulate.needed_trials import WaningTrial
from funis.simulate.pages.calibration_page import BELIEVED, list_assumptions
from funis.simulate.pages.simulation_page import ToldSimulation, say_interval, say_months
from funis.simulate.policies import POLICY_ASSUMPTIONS, PolicyOutcome
from funis.simulate.reinfusion import END, RESPONDERS, ReinfusionAnswer


def tell_reinfusion(found: ReinfusionAnswer) -> ToldSimulation:
    """Tell what can be said of infusing again."""
    limit = "no limit" if math.isinf(found.cells_for) else f"{format_shortest(found.cells_for)} infusions"
    asked = {
        "Relapses believed": BELIEVED[found.model.relapses],
        "Cells for 100 responders": limit,
        "Seed": str(found.model.seed),
        "Chain": found.model.status,
    }
    table = list_assumptions()
    unknown = ("no published figure", "assumed")
    own = tuple((each.name, format_shortest(each.value), *unknown) for each in POLICY_ASSUMPTIONS)
    answers = ("share of relapses that answer to cells", "uniform from 0 to 1", *unknown)
    assumptions = DesignTable("Assumptions", table.heads, (*table.rows, *own, answers))
    return ToldSimulation(
        "When to infuse again", "funis reinfuse", asked, _answer(found), (_draw(found),),
        (
            _table("Policies, for 100 responders from month 6 to 24", found.outcomes),
            _table("The same if the cells provoke relapse (entered by hand)", found.harmful),
            _table_waning(found.waning_trials),
        ),
        assumptions, _beware(found),
    )  # fmt: skip


def _answer(found: ReinfusionAnswer) -> tuple[str, ...]:
    waning, trial = found.model.waning, found.repeat_trial
    verdict = "The data cannot tell when to infuse again, nor whether to."
    if not found.model.is_usable:
        verdict = f"The chain was too short: no number below should be used. {verdict}"
    fixed = [each for each in found.outcomes if each.policy.kind == "fixed"]
    spared = "; ".join(f"{each.policy.name} {_say(each.fewer_relapses)}" for each in fixed)
    told = (
        f"{verdict} The half-life of the effect is anything from {say_months(waning.lower)} to "
        f"{say_months(waning.upper)}."
    )
    repeats = (
        f"In the model a repeat spares in 100 responders by month {END:g}, median and 95%: {spared}. These "
        "cannot be told apart, and what there is of them is the prior's. The chance that a repeat at month 6 "
        f"spares 10 or more is {percent(found.large_benefit)}."
    )
    success = (
        f"A trial of one repeat at month 6 in {RESPONDERS} responders would be significant with a chance of "
        f"{percent(found.assurance)}, over all that the figures leave open, if the form of the model is "
        "right."
    )
    first = (
        "The trial that would tell first: follow everybody to month 24 without a repeat. "
        f"{_say_waning(found)} Infuse at relapse, at random cells or sham, and the same trial measures "
        "whether a relapse answers to cells."
    )
    size = (
        "To show that a repeat at month 6 lowers the hazard of those who can relapse to "
        f"{format_shortest(trial.hazard_ratio)} of what it is takes {format_number(trial.responders, 0)} "
        f"responders followed for {trial.follow_up:g} months ({format_number(trial.relapses, 0)} relapses; "
        f"power {percent(trial.power, 0)}, drop-out 10% a year)."
    )
    return told, repeats, success, first, size


def _say_waning(found: ReinfusionAnswer) -> str:
    one = {(each.half_life, each.months): _whole(each.patients) for each in found.waning_trials}
    return (
        f"If the true half-life is 6 months, at least {one[6.0, 24.0]} patients show with 80% power that "
        f"the effect wanes; followed for 12 months it takes at least {one[6.0, 12.0]}."
    )


def _say(limits: Limits95, digits: int = 1) -> str:
    return say_interval(limits.median, limits.lower, limits.upper, digits)


def _draw(found: ReinfusionAnswer) -> FigureSpec:
    spared = [(each.policy.name, each.fewer_active_months) for each in found.outcomes[1:]]
    rows = [
        {"name": name, "low": limits.lower, "middle": limits.median, "high": limits.upper}
        for name, limits in spared
    ]
    names = [str(each["name"]) for each in rows]
    across: Spec = {"type": "quantitative", "title": "Active months spared for 100 responders, month 6 to 24"}
    up: Spec = {"field": "name", "type": "nominal", "sort": names, "axis": wrapped_axis(names, 180)}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 2},
         "encoding": {"x": across | {"field": "low"}, "x2": {"field": "high"}, "y": up}},
        {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": GROUPS[0]},
         "encoding": {"x": across | {"field": "middle"}, "y": up}},
    ]  # fmt: skip
    body: Spec = {"data": {"values": rows}, "layer": layers, "height": {"step": 30}}
    notes = (
        "Point: median over the posterior. Line: central 95%.",
        "Infusing at relapse rests on how many relapses answer to cells; no study was found that says.",
    )
    return FigureSpec(
        "figure-policies", "answer", "What each policy spares, against no repeat", finish(fit(body)),
        "One row a policy with median and 95% interval.", notes,
    )  # fmt: skip


def _table(title: str, outcomes: tuple[PolicyOutcome, ...]) -> DesignTable:
    heads = (
        "Policy",
        "Relapses",
        "Active months",
        "Infusions",
        "Fewer relapses than none",
        "Fewer active months than none",
        "Draws with fewer active months",
        "Due, but no cells",
    )
    rows = tuple(
        (
            each.policy.name, _say(each.relapses), _say(each.active_months), _say(each.infusions),
            _say(each.fewer_relapses), _say(each.fewer_active_months), percent(each.better, 0),
            format_number(each.refused, 1),
        )
        for each in outcomes
    )  # fmt: skip
    notes = ("Median and central 95% over the posterior; the same responders under every policy.",)
    return DesignTable(title, heads, rows, notes)


def _table_waning(trials: tuple[WaningTrial, ...]) -> DesignTable:
    follow_ups = list(dict.fromkeys(each.months for each in trials))
    rows = tuple(
        (
            f"{half_life:g} months",
            *(_whole(each.patients) for each in trials if each.half_life == half_life),
        )
        for half_life in dict.fromkeys(each.half_life for each in trials)
    )  # fmt: skip
    heads = ("True half-life", *(f"Followed for {each:g} months" for each in follow_ups))
    notes = (
        "Patients seen every 3 months; SDs as published; 80% power.",
        "No effect of rescue treatment on the means: a lower bound.",
    )
    return DesignTable("Patients who show that the effect wanes, nobody infused again", heads, rows, notes)


def _whole(patients: float) -> str:
    return "no number does" if math.isinf(patients) else format_number(math.ceil(patients), 0)


_COMPARED_ONCE = (
    "One or two infusions at the start were compared at random once (30 and 28 patients): no difference was "
    "reported, and a trial of that size could hardly have shown the one that the model expects."
)


def _beware(found: ReinfusionAnswer) -> tuple[str, ...]:
    lines = (
        "Prior-driven: the form of the model makes a repeat harmless or useful; the second table has harm.",
        "No study was found that reports what a second infusion at relapse does.",
        _COMPARED_ONCE,
        "A share of draws says where a policy points, not that the gain is worth it.",
        "Antibodies against the cells after a second infusion are not in the model.",
        "Reports of relapse disagree; run this with each (--relapses). The size of a trial changes most.",
    )
    return lines if found.model.is_usable else ("The chain was too short: run it with more --steps.", *lines)
