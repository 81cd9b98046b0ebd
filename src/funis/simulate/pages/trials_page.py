"""Virtual trials in words and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from funis.design.pages.told import DesignTable, percent
from funis.documents.colours import GROUPS
from funis.documents.figure import FigureSpec, Spec, finish, fit, wrapped_axis
from funis.results.text import format_number, format_shortest
from funis.simulate.pages.simulation_page import ToldSimulation
from funis.simulate.trials.characteristics import Characteristic
from funis.simulate.trials.scenario import ASSUMPTIONS, TrialScenario
from funis.simulate.trials.simulated import SimulatedTrials
from funis.study.model import Study

_SHOWN_CLASSES: Final = ("responder", "MCR", "PCR", "")
_ROOM: Final = 330.0


def tell_trials(found: SimulatedTrials) -> ToldSimulation:
    """Tell what virtual trials say of a design."""
    plan = found.plan
    asked = {
        "Study": plan.study.trial.title,
        "Scenario": f"{plan.scenario.name}: {plan.scenario.label}",
        "Trials": f"{found.trials:,} of {plan.patients} patients",
        "Seed": str(plan.seed),
        "Fingerprint": found.key,
    }
    powers, coverage = (_of(found, kind) for kind in ("power", "coverage"))
    figures = (
        _draw_shares(plan.study, powers, "Share of trials with P below the level", "power"),
        _draw_shares(plan.study, coverage, "Share of intervals that hold the true value", "coverage"),
    )
    return ToldSimulation(
        "Virtual trials", "funis simulate", asked, _answer(found, powers),
        tuple(each for each in figures if each is not None),
        (_table_powers(plan.study, powers), _table_estimates(found), _table_coverage(plan.study, coverage),
         _table_load(found)),
        _assumptions(found), _beware(found),
    )  # fmt: skip


def _of(found: SimulatedTrials, kind: str) -> list[Characteristic]:
    return [
        each
        for each in found.characteristics
        if each.kind == kind
        and each.where["category"] in _SHOWN_CLASSES
        and each.where["method"] != "wilson"
        and each.where["analysis"] != "conduct"
    ]


def name_place(study: Study, where: dict[str, str]) -> str:
    """Name what a number is of, in the words of the study file."""
    endpoint = next((each for each in study.endpoints if each.id == where["endpoint"]), None)
    visit = next((each.printed for each in study.visits if each.name == where["visit"]), "")
    words = [endpoint.label if endpoint is not None and endpoint.label else where["endpoint"], visit]
    words += [where["category"], where["method"].replace("_", " ")]
    if where["population"] not in {"", "treated"}:
        words.append(f"of {where['population'].replace('_', ' ')}")
    if where["contrast"] not in {"", "all"}:
        words.append(f"against {where['contrast']}")
    elif where["arm"] not in {"", "all"}:
        words.append(f"arm {where['arm']}")
    return ", ".join(word for word in words if word)


def _answer(found: SimulatedTrials, powers: list[Characteristic]) -> tuple[str, ...]:
    plan = found.plan
    passed = (
        f"{found.trials:,} trials of {plan.patients} patients were drawn item by item in the scenario "
        f"“{plan.scenario.label}”, and went through the checks, scores, responses and statistics that "
        "recorded data go through."
    )
    lines = [passed]
    if powers:
        first = powers[0]
        lines.append(
            f"{name_place(plan.study, first.where)}: P below {format_shortest(plan.study.trial.alpha)} in "
            f"{percent(first.value)} of the trials (Monte Carlo standard error {percent(first.error)})."
        )
    if not plan.study.arms and plan.scenario.effect == 0 and powers:
        lines.append(
            "In this scenario the cells do nothing. A trial of one arm may be significant all the same, "
            "because patients who enter for active disease improve without them: significance in one arm is "
            "no evidence of an effect."
        )
    return tuple(lines)


def _draw_shares(study: Study, rows: Iterable[Characteristic], title: str, kind: str) -> FigureSpec | None:
    shown = [
        {"name": name_place(study, each.where), "value": 100 * each.value,
         "low": 100 * max(each.value - 1.96 * each.error, 0.0),
         "high": 100 * min(each.value + 1.96 * each.error, 1.0)}
        for each in rows
    ]  # fmt: skip
    if not shown:
        return None
    names = list(dict.fromkeys(str(each["name"]) for each in shown))
    scale: Spec = {"domain": [0, 100]}
    across: Spec = {"type": "quantitative", "title": "Trials (%)", "scale": scale}
    up: Spec = {"field": "name", "type": "nominal", "sort": names, "axis": wrapped_axis(names, _ROOM)}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 1.5},
         "encoding": {"x": across | {"field": "low"}, "x2": {"field": "high"}, "y": up}},
        {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 1, "color": GROUPS[0]},
         "encoding": {"x": across | {"field": "value"}, "y": up}},
    ]  # fmt: skip
    if kind == "coverage":
        wanted = 100 * (1 - study.trial.alpha)
        layers.append({"data": {"values": [{"at": wanted}]}, "mark": {"type": "rule", "strokeDash": [3, 3]},
                       "encoding": {"x": {"field": "at", "type": "quantitative"}}})  # fmt: skip
    body: Spec = {"data": {"values": shown}, "layer": layers, "height": {"step": 26}}
    notes = ("Line: 95% interval of the Monte Carlo error.",)
    return FigureSpec(f"figure-{kind}", "answer", title, finish(fit(body)), f"{title}, one row each.", notes)


def _table_powers(study: Study, powers: list[Characteristic]) -> DesignTable:
    rows = tuple(
        (name_place(study, each.where), percent(each.value), percent(each.error), str(each.trials))
        for each in powers
    )
    heads = ("Test", "P below the level", "Monte Carlo SE", "Trials")
    return DesignTable("Power", heads, rows, ("Unadjusted P; trials in which the test could be made.",))


def _table_estimates(found: SimulatedTrials) -> DesignTable:
    spreads = {tuple(each.where.values()): each.value for each in _of(found, "spread")}
    rows = tuple(
        (
            name_place(found.plan.study, each.where), "" if each.truth is None else format_number(each.truth),
            format_number(each.value), format_number(each.error),
            format_number(spreads[tuple(each.where.values())]),
        )
        for each in _of(found, "bias")
    )  # fmt: skip
    large = (
        "True value: the same analysis of one trial of 1,000 patients in which nobody leaves and no item is "
        "blank. It has an error of its own."
    )
    heads = ("Estimate", "True value", "Bias", "Monte Carlo SE", "SD over trials")
    return DesignTable("Estimates", heads, rows, (large,))


def _table_coverage(study: Study, coverage: list[Characteristic]) -> DesignTable:
    rows = tuple(
        (name_place(study, each.where), percent(each.value), percent(each.error), str(each.trials))
        for each in coverage
    )
    return DesignTable(
        "Coverage of intervals", ("Interval", "Holds the true value", "Monte Carlo SE", "Trials"), rows
    )


def _table_load(found: SimulatedTrials) -> DesignTable:
    rows = tuple(
        (each.where["variable"], format_number(each.value), format_number(each.error))
        for each in found.characteristics
        if each.kind == "mean"
    )
    return DesignTable("What a trial has to cope with", ("Count", "Mean of a trial", "Monte Carlo SE"), rows)


def _assumptions(found: SimulatedTrials) -> DesignTable:
    entry, scenario = found.plan.entry, found.plan.scenario
    world = tuple(
        (
            f"scenario: {name}",
            format_shortest(value),
            scenario.why,
            "assumed" if scenario.effect == 0 else "derived",
        )
        for name, value in _parameters(scenario)
    )
    patients = tuple((each.name, format_shortest(each.value), each.source, each.sure) for each in ASSUMPTIONS)
    fitted = (
        ("severity of those screened, relative to the table of findings", format_number(entry.strength),
         "so that those let in have the mean of the scenario", "derived"),
        ("share of the score lost by being looked at again", percent(entry.regression),
         "regression to the mean by the rules of eligibility of this study", "derived"),
    )  # fmt: skip
    return DesignTable("Assumptions", ("What", "Value", "Source", "How sure"), (*world, *fitted, *patients))


def _parameters(scenario: TrialScenario) -> list[tuple[str, float]]:
    named = [(each.name, getattr(scenario, each.name)) for each in fields(scenario)]
    return [(name, float(value)) for name, value in named if isinstance(value, int | float)]


def _beware(found: SimulatedTrials) -> tuple[str, ...]:
    lines = [
        "A simulated trial is as good as its assumptions; they stand above, and most are assumed.",
        "Run every scenario: reports of relapse disagree, and null and harm show what a design misses.",
        "Parameters are fixed at their medians: what is not known about them is not in these numbers.",
    ]
    if found.plan.entry.unreadable:
        names = ", ".join(found.plan.entry.unreadable)
        lines.append(
            f"Criteria that read more than age, sex and SLEDAI-2K were not applied at screening: {names}."
        )
    if not found.plan.study.arms:
        lines.append(
            "One arm: a power here is the chance of a significant change, not of showing an effect of cells."
        )
    return tuple(lines)
