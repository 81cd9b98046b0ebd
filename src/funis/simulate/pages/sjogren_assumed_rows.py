"""What virtual trials in primary Sjogren's syndrome assume, a row each, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.design.pages.told import percent
from funis.results.text import format_number, format_shortest
from funis.simulate.parameters import PARAMETERS
from funis.simulate.trials.one_trial import TrialPlan
from funis.simulate.trials.scenario import ASSUMPTIONS
from funis.simulate.trials.sjogren_scenario import (
    SJOGREN_ASSUMPTIONS,
    SJOGREN_LABS,
    SSDAI_SDS,
    SSDAI_SHARES,
    STIMULATED_GAINS,
    UNSTIMULATED_GAINS,
    FlowGain,
)
from funis.simulate.trials.sjogren_tables import HYDROXYCHLOROQUINE

_NAMES: Final = {each.key: each.name for each in PARAMETERS} | {"a0": "mean SSDAI of those who are screened"}
_UNITS: Final = {each.key: each.unit for each in PARAMETERS}
#: Of the scenario; relapse has no parameter here.
_OF_THE_WORLD: Final = ("a0", "effect", "fast", "ka", "half_life", "x50")
_FITTED: Final = ("a0", "effect", "fast", "ka")
#: How a trial is run is assumed alike in every disease.
_CONDUCT: Final = (
    "leaving", "missed_visit", "late_visit", "blank_item", "serious", "per_month", "lot_doses",
    "weight_women", "weight_men",
)  # fmt: skip
_PRIOR: Final = "median of the prior; the published means fit as well with others, as stands at the end"
_LEVEL: Final = "the published trial prints a direction only; level, SD and what comes after are a guess"
_UNKNOWN: Final = (
    (
        "Cannot tell: how long the imprint lasts. With the means of SSDAI a half-life of 6 months "
        "fits as well as no waning at all (chi-square 0.79 and 0.86 on 1 degree of freedom); half-"
        "life and X50 are the prior."
    ),
    (
        "Cannot tell: how much of the fall of SSDAI, and of the gain of saliva, is the cells'. The "
        "published trial had no control arm. The fast fall within a month is put down to regression "
        "to the mean and the treatment everybody has, the slow one and all of the saliva to the "
        "cells: that is an assumption."
    ),
    (
        "Cannot tell: how large the changes of the global assessment, symptoms, sialography, "
        "antibodies, T cells and cytokines are. Only directions are published: a power for them is a "
        "power for the guess in the table."
    ),
    (
        "The correlation of a patient's scores at two visits is a prior, and the SD of a change hangs "
        "on it: a power for SSDAI rises with it."
    ),
)

Row = tuple[str, str, str, str]


def list_sjogren_rows(plan: TrialPlan) -> Iterator[Row]:
    """List what the virtual patients of a plan have, and where it comes from."""
    scenario = plan.scenario
    for key in _OF_THE_WORLD:
        value = f"{format_shortest(getattr(scenario, key))} {_UNITS.get(key, '')}".rstrip()
        is_fitted = key in _FITTED and not (key == "effect" and scenario.effect <= 0)
        yield (
            f"Scenario {scenario.name}: {_NAMES[key]}",
            value,
            scenario.why if is_fitted or scenario.effect <= 0 else _PRIOR,
            "derived" if is_fitted else "assumed",
        )
    yield "Relapse", "none", "nothing is published of it; endpoints that need it are refused", "assumed"
    sds = ", ".join(f"{format_shortest(sd)} on day {format_shortest(day)}" for day, sd in SSDAI_SDS)
    yield "SD of SSDAI between patients", sds, "published; a straight line between", "published"
    yield (
        "Share of the score lost by being looked at again", percent(plan.entry.regression),
        "regression to the mean by the rules of eligibility of this study", "derived",
    )  # fmt: skip
    for each in SJOGREN_ASSUMPTIONS:
        yield (
            each.name[:1].upper() + each.name[1:],
            format_shortest(round(each.value, 4)),
            each.source,
            each.sure,
        )
    yield from _gains("unstimulated", UNSTIMULATED_GAINS)
    yield from _gains("stimulated", STIMULATED_GAINS)
    for name, share in SSDAI_SHARES.items():
        said = f"Item {name.replace('_', ' ')} of SSDAI: share before its total is known"
        yield said, percent(share), "no published figure of single items", "assumed"
    for lab in SJOGREN_LABS:
        yield f"Laboratory {lab.test.replace('_', ' ')}", _level(lab.test), _LEVEL, "assumed"
    yield from _run()


def _gains(name: str, gains: Sequence[FlowGain]) -> Iterator[Row]:
    for each in gains[1:]:
        value = f"{format_number(each.mean, 2)}, SD {format_number(each.sd, 2)}"
        is_published = name == "unstimulated" and each.day <= 30
        source = (
            "gives the published mean and SD, and P below 0.001 in 11 patients; without a control arm the "
            "whole gain is put down to the cells"
            if is_published
            else "no level is published"
            if name == "unstimulated"
            else "no level is published; the SD gives the published P value in 11 patients"
        )
        yield (
            f"Gain of {name} flow by day {format_shortest(each.day)}, mL in 10 min", value, source,
            "derived" if is_published else "assumed",
        )  # fmt: skip


def _level(test: str) -> str:
    lab = next(each for each in SJOGREN_LABS if each.test == test)
    mean, sd, within, change, day = (
        format_shortest(each) for each in (lab.mean, lab.sd, lab.within, lab.change, lab.day)
    )
    return (
        f"{mean} {lab.unit} before; SD {sd} between, {within} within patients; {change} by day {day} of cells"
    )


def _run() -> Iterator[Row]:
    for each in ASSUMPTIONS:
        if each.key in _CONDUCT:
            yield each.name[:1].upper() + each.name[1:], format_shortest(each.value), each.source, each.sure
    day, dose, response = HYDROXYCHLOROQUINE
    yield (
        "Drugs", f"hydroxychloroquine {format_shortest(dose)} mg a day from day {day}, {response} response",
        "no drug is published", "assumed",
    )  # fmt: skip
    yield "Criteria of 2002 (AECG)", "met by everybody", "as the registration asks", "assumed"
    yield "Lots and donors", "all fit for release", "no lot fails, none is delayed", "assumed"
    yield "Infusions", "on the planned days, the planned dose", "nobody misses one but by leaving", "assumed"
    yield "Deaths", "none", "they are not simulated", "assumed"


def tell_what_is_unknown(plan: TrialPlan) -> list[str]:
    """Say what the published figures of the disease cannot tell."""
    if plan.study.trial.condition != "sjogren":
        return []
    return list(_UNKNOWN)
