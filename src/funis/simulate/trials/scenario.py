"""Worlds in which a trial may be run, and what is assumed of its patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from funis.errors import FunisError, UnknownNameError
from funis.simulate.parameters import Sure


class CannotSimulateError(FunisError):
    """A study asks for something that no virtual patient has."""

    code = "cannot_simulate"


@dataclass(frozen=True, slots=True)
class TrialScenario:
    """One world.

    Attributes
    ----------
    name, label : as asked, and in words
    a0 : mean SLEDAI of those who are let in
    effect, fast, ka, half_life, x50 : of the activity, as in the table of parameters
    prone, h0, beta : of the relapse; a beta below 0 is harm
    why : where the numbers come from
    """

    name: str
    label: str
    a0: float
    effect: float
    fast: float
    ka: float
    half_life: float
    x50: float
    prone: float
    h0: float
    beta: float
    why: str


_YEARLY: Final = (
    "medians of the model calibrated with yearly counts of relapse (funis calibrate --relapses yearly)"
)
_FIVE: Final = (
    "medians of the model calibrated with 9 of 37 relapses in 5 years (funis calibrate --relapses five_year)"
)

# name, label, a0, effect, fast, ka, half_life, x50, prone, h0, beta, why
SCENARIOS: Final = {
    each.name: each
    for each in (
        TrialScenario("yearly", "cells work; relapses go on for years",
                 10.83, 0.33, 0.22, 0.31, 13.4, 0.32, 0.58, 0.09, 0.94, _YEARLY),
        TrialScenario("five_year", "cells work; three in ten can relapse",
                 10.83, 0.35, 0.22, 0.29, 9.2, 0.34, 0.29, 0.27, 0.72, _FIVE),
        TrialScenario("null", "cells do nothing",
                 10.83, 0.0, 0.22, 0.31, 13.4, 0.32, 0.58, 0.09, 0.0,
                 "as yearly, without any effect of the imprint: entered by hand"),
        TrialScenario("harm", "cells do nothing to activity and provoke relapse",
                 10.83, 0.0, 0.22, 0.31, 13.4, 0.32, 0.58, 0.09, -0.7,
                 "as null, the hazard of relapse doubled at full imprint: entered by hand"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrialAssumption:
    """One number about the patients and the conduct of a virtual trial.

    Attributes
    ----------
    key, name, value : of the number
    source : where it comes from
    sure : how sure that is
    """

    key: str
    name: str
    value: float
    source: str
    sure: Sure


_GUESS: Final = "no published figure; change it where your centres know better"
ASSUMPTIONS: Final = (
    TrialAssumption("correlation", "correlation of a finding at two visits", 0.8,
                    "gives SLEDAI about 0.4 between visits; 0.39 to 0.57 follow from Liu 2011", "derived"),
    TrialAssumption("spread", "spread of severity between patients (SD of the logarithm)", 0.4,
                    "with the items it gives an SD near the published 4.63", "derived"),
    TrialAssumption("ratio_spread", "spread of the response between patients (SD of the logarithm)", 0.36,
                    "SDs of 4.63 and 3.63 while the mean falls by 42%", "derived"),
    TrialAssumption("onset", "months until a patient's own response has come", 3.0, _GUESS, "assumed"),
    TrialAssumption("relapse_from", "first study day of a relapse", 180.0,
                    "relapses of the reports are counted after the response at month 6", "derived"),
    TrialAssumption("relapse_level", "least activity at a relapse, relative to that before the cells", 1.15,
                    _GUESS, "assumed"),
    TrialAssumption("relapse_days", "days that a relapse lasts", 100.0, _GUESS, "assumed"),
    TrialAssumption("after_relapse", "least activity after a relapse, relative to that before the cells",
                    0.75, _GUESS, "assumed"),
    TrialAssumption("again_within", "longest wait from the visit that finds what begins a later course "
                    "to its first infusion, days", 14.0, _GUESS, "assumed"),
    TrialAssumption("active_finding", "how much rarer than present a finding is so active that it counts as "
                    "the same as before", 0.9,
                    "about 76% of the patients of the published trial then respond; 29 of 40 did", "derived"),
    TrialAssumption("age", "median age of those screened, years", 31.5, "usual in lupus trials", "assumed"),
    TrialAssumption("age_spread", "spread of age (SD of the logarithm); 16 to 68 years", 0.3, _GUESS,
                    "assumed"),
    TrialAssumption("weight_women", "mean weight of women, kg; SD 7 in both", 56.0, _GUESS, "assumed"),
    TrialAssumption("weight_men", "mean weight of men, kg", 66.0, _GUESS, "assumed"),
    TrialAssumption("nephritis", "share of those screened with lupus nephritis", 0.4, _GUESS, "assumed"),
    TrialAssumption("women", "share of women", 0.92, "usual in lupus", "assumed"),
    TrialAssumption("leaving", "leave the trial, a month", 0.009, "10% a year", "assumed"),
    TrialAssumption("missed_visit", "a visit is missed", 0.02, _GUESS, "assumed"),
    TrialAssumption("late_visit", "a visit falls outside its window", 0.02, _GUESS, "assumed"),
    TrialAssumption("blank_item", "an item of a form is left blank", 0.0005, _GUESS, "assumed"),
    TrialAssumption("events", "adverse events, a month and patient", 0.06, _GUESS, "assumed"),
    TrialAssumption("serious", "an adverse event is serious", 0.1, _GUESS, "assumed"),
    TrialAssumption("per_month", "patients let in, a month", 4.0, _GUESS, "assumed"),
    TrialAssumption("lot_doses", "infusions from one lot", 10.0, _GUESS, "assumed"),
)  # fmt: skip
#: Study day from which on, mg of prednisone a day; everybody has it beside the cells.
TAPER: Final = ((-60, 20.0), (31, 15.0), (95, 10.0), (190, 7.5))
#: Days from a relapse to the new dose, and that dose.
RAISED: Final = (3, 30.0)


def assumed(key: str) -> float:
    """Give one assumed number.

    Examples
    --------
    >>> assumed("nephritis")
    0.4
    """
    return next(each.value for each in ASSUMPTIONS if each.key == key)


def find_scenario(name: str, among: Mapping[str, TrialScenario] = SCENARIOS) -> TrialScenario:
    """Give a scenario by its name.

    Parameters
    ----------
    name : of the scenario
    among : scenarios of a disease, by name; those of lupus by default

    Raises
    ------
    UnknownNameError : there is none of the name

    Examples
    --------
    >>> find_scenario("null").effect
    0.0
    """
    if name not in among:
        raise UnknownNameError("scenario", name, tuple(among), "--scenario")
    return among[name]
