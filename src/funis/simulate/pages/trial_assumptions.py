"""Everything that virtual trials assume, a row each: the world, the patients, what is found, the conduct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from funis.design.pages.told import DesignTable, percent
from funis.results.text import format_number, format_shortest
from funis.simulate.calibration import limits95
from funis.simulate.pages.simulation_page import say_interval
from funis.simulate.pages.sjogren_assumed_rows import list_sjogren_rows
from funis.simulate.parameters import FIXED, PARAMETERS
from funis.simulate.trials.drawn_worlds import DRAWN
from funis.simulate.trials.later_course import waits
from funis.simulate.trials.lupus_findings import FINDINGS, LAB_MODELS, NEVER, LabModel
from funis.simulate.trials.one_trial import TrialPlan
from funis.simulate.trials.scenario import ASSUMPTIONS, RAISED, TAPER

_NAMES: Final = {each.key: each.name for each in PARAMETERS} | {
    "a0": "mean SLEDAI-2K of those who are let in"
}
_UNITS: Final = {each.key: each.unit for each in PARAMETERS}
_SERIES: Final = "assumed, in the order of published series"
_RANGE: Final = "assumed, in the range usual for the disease"
_BEFORE: Final = "gives the 2.24 g before treatment of the published trial; the rest is assumed"

Row = tuple[str, str, str, str]


def list_assumptions(plan: TrialPlan) -> DesignTable:
    """List everything that the virtual trials of a plan assume.

    Parameters
    ----------
    plan : of the run
    """
    own = (
        tuple(list_sjogren_rows(plan))
        if plan.study.trial.condition == "sjogren"
        else (*_world(plan), *_fitted(plan), *_patients(), *_findings(), *_laboratory(), *_conduct())
    )
    rows = (*own, *_allocation(plan), *_later_course(plan))
    marks = (
        "Derived: computed from published figures under a stated assumption. Assumed: nobody measured it, "
        "or it was entered by hand."
    )
    return DesignTable("Assumptions", ("What", "Value", "Source", "How sure"), rows, (marks,))


def _world(plan: TrialPlan) -> Iterator[Row]:
    """Give the parameters of the scenario in the words of the table of parameters."""
    scenario = plan.scenario
    if plan.worlds:
        yield from _drawn(plan)
        return
    sure = "assumed" if scenario.effect == 0 else "derived"
    for key, name in _NAMES.items():
        value = f"{format_shortest(getattr(scenario, key))} {_UNITS.get(key, '')}".rstrip()
        yield f"Scenario {scenario.name}: {name}", value, scenario.why, sure


def _drawn(plan: TrialPlan) -> Iterator[Row]:
    """Give median and central 95% of each parameter over the worlds that trials are drawn from."""
    mean = f"Scenario {plan.scenario.name}: {_NAMES['a0']}"
    yield mean, format_shortest(plan.scenario.a0), "mean of the published trial; not drawn", "published"
    for key in DRAWN:
        found = limits95(np.array([getattr(each, key) for each in plan.worlds]))
        said = say_interval(found.median, found.lower, found.upper)
        source = (
            f"{len(plan.worlds):,} draws from the posterior (funis calibrate --relapses {plan.scenario.name})"
        )
        yield f"World of a trial: {_NAMES[key]}", f"{said} {_UNITS[key]}".rstrip(), source, "derived"


def _fitted(plan: TrialPlan) -> Iterator[Row]:
    entry = plan.entry
    yield (
        "Severity of those screened, relative to the table of findings", format_number(entry.strength),
        "so that those let in have the mean of the scenario", "derived",
    )  # fmt: skip
    yield (
        "Share of the score lost by being looked at again", percent(entry.regression),
        "regression to the mean by the rules of eligibility of this study", "derived",
    )  # fmt: skip


def _patients() -> Iterator[Row]:
    for each in ASSUMPTIONS:
        yield each.name[:1].upper() + each.name[1:], format_shortest(each.value), each.source, each.sure


def _findings() -> Iterator[Row]:
    for each in FINDINGS:
        among = "of those with nephritis who enter" if each.only_nephritis else "of those who enter"
        name = each.item.replace("_", " ")
        yield f"Finding {name}: share {among}", percent(each.share), _SERIES, "assumed"
    never = ", ".join(name.replace("_", " ") for name in NEVER)
    yield f"Findings that no virtual patient has: {never}", "0%", "too rare to guess", "assumed"


def _laboratory() -> Iterator[Row]:
    for each in LAB_MODELS:
        source = _BEFORE if each.test == "proteinuria_24h" else _RANGE
        yield f"Laboratory {each.test.replace('_', ' ')}", _levels(each), source, "assumed"


def _levels(model: LabModel) -> str:
    scale = " of the logarithm" if model.is_log else ""
    active, quiet, between, within = (
        format_shortest(each) for each in (model.active, model.quiet, model.between, model.within)
    )
    unit = "" if model.unit == "titre" else f" {model.unit}"
    return f"active {active}, quiet {quiet}{unit}; SD{scale} {between} between, {within} within patients"


def _conduct() -> Iterator[Row]:
    doses = ", ".join(f"{format_shortest(dose)} from day {day}" for day, dose in TAPER)
    days, raised = RAISED
    yield "Prednisone of everybody, mg a day", doses, "no published schedule", "assumed"
    yield (
        "Prednisone after a relapse, mg a day", f"{format_shortest(raised)} from {days} days after it",
        "no published schedule", "assumed",
    )  # fmt: skip
    yield "Lots and donors", "all fit for release", "no lot fails, none is delayed", "assumed"
    yield "Infusions", "on the planned days, the planned dose", "nobody misses one but by leaving", "assumed"
    yield (
        "Visits",
        "within 7 days of the plan, and within the window",
        "but for those that fall outside",
        "assumed",
    )
    yield "Deaths", "none", "they are not simulated", "assumed"


def _allocation(plan: TrialPlan) -> Iterator[Row]:
    """Give how the arms of the study are allocated."""
    study = plan.study
    if not study.arms:
        return
    if study.randomisation is None:
        yield "Allocation to the arms", "equal numbers", "no [randomisation] in the study file", "assumed"
        return
    shares = " : ".join(f"{arm} {share}" for arm, share in study.randomisation.ratio.items())
    source = f"[randomisation] of the study file, method {study.randomisation.method} of the capture server"
    yield "Allocation to the arms", shares, f"{source}; nobody refuses", "assumed"


def _later_course(plan: TrialPlan) -> Iterator[Row]:
    """Give what is assumed of a course that waits for what is found."""
    if not waits(plan.study):
        return
    weight = next(each for each in FIXED if each.key == "later")
    yield (
        weight.name[:1].upper() + weight.name[1:],
        format_shortest(weight.numbers[0]),
        weight.source,
        weight.sure,
    )
    yield (
        "Activity after a later course", "falls by the share by which the model's mean course falls",
        "no published figure of cells given at relapse", "assumed",
    )  # fmt: skip
    yield "Relapses of one patient", "at most one", "no published figure of a second one", "assumed"
    cells = "no limit" if plan.cells_for is None else str(plan.cells_for)
    yield "Later courses that there are cells for, in a trial", cells, "entered by hand", "assumed"
    if plan.study.re_randomisation is not None:
        yield (
            "Allocation at relapse", "everybody whose relapse is found, on that day",
            "by the methods of the capture server; nobody refuses", "assumed",
        )  # fmt: skip
