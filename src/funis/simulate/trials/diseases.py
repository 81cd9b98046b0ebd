"""The diseases that virtual patients can have: what differs between them, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from funis.simulate.trials.lupus_findings import LAB_MODELS
from funis.simulate.trials.scenario import SCENARIOS, TrialScenario, find_scenario
from funis.simulate.trials.sjogren_patients import draw_sjogren_patients, fit_sjogren_entry
from funis.simulate.trials.sjogren_scenario import SJOGREN_FORMS, SJOGREN_LABS, SJOGREN_SCENARIOS
from funis.simulate.trials.virtual_patients import FittedEntry, Patients, draw_patients, fit_entry
from funis.study.model import Study


@dataclass(frozen=True, slots=True)
class VirtualDisease:
    """How a disease is simulated.

    Attributes
    ----------
    name : of the disease, in words
    forms : instruments whose items its patients have
    units : laboratory test to the unit of its values; empty where the unit of the study is taken
    relapses : they relapse, and are followed through later courses
    scenarios : its worlds by name; the first is the one that is taken unasked
    fit : fits the entry rule and the disease together
    draw : draws the patients of a trial
    """

    name: str
    forms: tuple[str, ...]
    units: Mapping[str, str]
    relapses: bool
    scenarios: Mapping[str, TrialScenario]
    fit: Callable[[Study, TrialScenario], FittedEntry]
    draw: Callable[..., Patients]


DISEASES: Final = {
    "sle": VirtualDisease(
        "lupus", ("sledai_2k", "bilag_2004"), {each.test: "" for each in LAB_MODELS}, relapses=True,
        scenarios=SCENARIOS, fit=fit_entry, draw=draw_patients,
    ),
    "sjogren": VirtualDisease(
        "primary Sjogren's syndrome", SJOGREN_FORMS, {each.test: each.unit for each in SJOGREN_LABS},
        relapses=False, scenarios=SJOGREN_SCENARIOS, fit=fit_sjogren_entry, draw=draw_sjogren_patients,
    ),
}  # fmt: skip


def choose_scenario(study: Study, name: str = "") -> TrialScenario:
    """Give a scenario of the disease of a study; the first one where none is named.

    Parameters
    ----------
    study : whose condition counts
    name : of the scenario

    Raises
    ------
    UnknownNameError : the disease has none of the name
    """
    scenarios = DISEASES[study.trial.condition].scenarios
    return find_scenario(name or next(iter(scenarios)), scenarios)
