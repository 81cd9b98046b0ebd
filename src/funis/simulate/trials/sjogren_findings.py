"""What is found in virtual patients with primary Sjogren's syndrome: items, readings, saliva, laboratory.

The total of SSDAI is drawn first, because its mean and SD are published; then the items that make it up: of
all sets of items with that total, the one that the patient's own liabilities make likeliest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from scipy import special

from funis.catalogue.registry import definition
from funis.simulate.trials.sjogren_scenario import (
    SJOGREN_LABS,
    SSDAI_SDS,
    SSDAI_SHARES,
    STIMULATED_GAINS,
    UNSTIMULATED_GAINS,
    FlowGain,
    sjogren_assumed,
)
from funis.stats.sample import Booleans, Floats, Integers

_MINUTES: Final = 10.0
_LEAST_FLOW: Final = 0.02
#: An event of SSDAI fills these items of the modified TESS.
_FROM_SSDAI: Final = {
    "fever": "fever",
    "fatigue": "fatigue",
    "abnormal_blood_count": "leukopenia_lymphopenia",
}
#: Nobody's blood pressure is both high and low.
_NEVER: Final = ("hypotension",)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the findings of a patient hang on.

    Attributes
    ----------
    days : study day of each visit as planned, shape (visits,)
    mean : mean activity relative to that before, shape (patients, visits)
    since : days since the first cells, same shape; below 0 before them, and for who is given none
    sign : 1 where cells work, 0 where they do nothing, -1 where they harm
    """

    days: Floats
    mean: Floats
    since: Floats
    sign: float


def ssdai_sd(days: Sequence[float] | Floats) -> Floats:
    """Give the SD of SSDAI between patients on study days.

    Examples
    --------
    >>> ssdai_sd([0, 60]).round(3).tolist()
    [1.44, 1.615]
    """
    known = np.array(SSDAI_SDS)
    return np.asarray(np.interp(days, known[:, 0], known[:, 1]), dtype=np.float64)


def total_of(mean: Floats, sd: Floats, deviation: Floats) -> Integers:
    """Give whole totals of SSDAI of a mean and SD; rounding has its own share of the variance, 1/12.

    Parameters
    ----------
    mean, sd : wanted
    deviation : standard normal, of the same shape

    Examples
    --------
    >>> total_of(np.array([5.63]), np.array([1.44]), np.array([1.0])).tolist()
    [7]
    """
    highest = sum(each.points[1] for each in definition("ssdai").items)
    wide = np.sqrt(np.maximum(sd**2 - 1.0 / 12.0, 0.0))
    return np.asarray(np.clip(np.floor(mean + wide * deviation + 0.5), 0, highest), dtype=np.int64)


def choose_items(totals: Integers, liability: Floats) -> dict[str, Integers]:
    """Choose the items of SSDAI that give each total.

    Parameters
    ----------
    totals : shape (patients, visits)
    liability : to each item, standard normal, shape (items, patients, visits)

    Returns
    -------
    item to 0 or 1, shape (patients, visits); fatigue that is worse is fatigue

    Examples
    --------
    >>> chosen = choose_items(np.array([[5]]), np.zeros((11, 1, 1)))
    >>> [name for name, found in chosen.items() if found[0, 0]]
    ['fatigue', 'fatigue_change', 'articular', 'leukopenia_lymphopenia']
    """
    names = [each.name for each in definition("ssdai").items]
    points = np.array([each.points[1] for each in definition("ssdai").items])
    sets = np.array(list(product((0, 1), repeat=len(names))))
    sets = sets[sets[:, names.index("fatigue")] >= sets[:, names.index("fatigue_change")]]
    usual = special.logit([SSDAI_SHARES[name] for name in names])
    wish = usual + 1.7 * np.moveaxis(liability, 0, -1)
    chosen = np.zeros((*totals.shape, len(names)), dtype=np.int64)
    for total in np.unique(totals):
        own = totals == total
        possible = sets[sets @ points == total]
        chosen[own] = possible[np.argmax(wish[own] @ possible.T, axis=1)]
    return {name: chosen[..., place] for place, name in enumerate(names)}


def persistent(shape: tuple[int, ...], alike: float, generator: np.random.Generator) -> Floats:
    """Draw standard normal values, each visit of a patient correlated with each other one.

    Parameters
    ----------
    shape : visits last
    alike : correlation
    generator : of random numbers
    """
    own = generator.standard_normal((*shape[:-1], 1))
    return np.asarray(
        np.sqrt(alike) * own + np.sqrt(1.0 - alike) * generator.standard_normal(shape), dtype=np.float64
    )


def find_forms(
    setting: Setting, totals: Integers, generator: np.random.Generator
) -> dict[str, dict[str, Floats | Integers]]:
    """Fill every form of a virtual patient.

    Parameters
    ----------
    setting : course of each patient
    totals : of SSDAI, shape (patients, visits)
    generator : of random numbers

    Returns
    -------
    instrument to its columns, each of shape (patients, visits)
    """
    shape = totals.shape
    items = choose_items(
        totals, persistent((len(SSDAI_SHARES), *shape), sjogren_assumed("item_alike"), generator)
    )
    vas = (
        sjogren_assumed("vas") * setting.mean
        + sjogren_assumed("vas_between") * generator.standard_normal((shape[0], 1))
        + sjogren_assumed("vas_within") * generator.standard_normal(shape)
    )
    scales = {
        name: np.floor(
            (6.0 * setting.mean + sjogren_assumed("esspri_between") * persistent(shape, 0.7, generator)).clip(
                0, 10
            )
            + 0.5
        )
        for name in ("dryness", "fatigue", "pain")
    }
    ready = generator.standard_normal((shape[0], 1))
    unstimulated = _flow("flow", UNSTIMULATED_GAINS, setting, ready, generator)
    stimulated = _flow("stimulated", STIMULATED_GAINS, setting, ready, generator)
    minutes = np.full(shape, _MINUTES)
    return {
        "ssdai": dict(items),
        "vas_patient": {"reading_mm": np.floor(vas.clip(0, 100) + 0.5)},
        "esspri": dict(scales),
        "tess_modified": dict(_tess(setting, items, generator)),
        "sialography": dict(_glands(setting, generator)),
        "unstimulated_flow": {"volume_ml": unstimulated, "minutes": minutes},
        # A gland that is stimulated gives no less than at rest.
        "stimulated_flow": {"volume_ml": np.maximum(stimulated, unstimulated), "minutes": minutes},
    }


def _flow(
    key: str, gains: Sequence[FlowGain], setting: Setting, ready: Floats, generator: np.random.Generator
) -> Floats:
    """Measure saliva, mL in 10 min: what there was before, whose logarithm is normal, and the gain."""
    mean, sd = sjogren_assumed(key), sjogren_assumed(f"{key}_sd")
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    before = mean * np.exp(spread * ready - spread**2 / 2)
    days = [each.day for each in gains]
    since = np.maximum(setting.since, 0.0)
    gain, own, alike = (
        np.interp(since, days, [getattr(each, name) for each in gains]) for name in ("mean", "sd", "alike")
    )
    noise = persistent(setting.mean.shape, 0.8, generator)
    deviation = alike * (before - mean) / sd + np.sqrt(1.0 - alike**2) * noise
    flow = before + setting.sign * gain + own * deviation
    return np.asarray(np.round(np.maximum(flow, _LEAST_FLOW), 2), dtype=np.float64)


def _tess(
    setting: Setting, items: Mapping[str, Integers], generator: np.random.Generator
) -> dict[str, Integers]:
    """Rate the symptoms of the modified TESS, 0 to 3; what the SSDAI asks for too is as there."""
    after = 1.0 + setting.sign * (setting.since > 0) * (sjogren_assumed("tess_fall") - 1.0)
    share = sjogren_assumed("tess") * after
    found: dict[str, Integers] = {}
    for each in definition("tess_modified").items:
        liability = special.ndtr(persistent(setting.mean.shape, 0.8, generator))
        rating = sum((liability < share * part) * 1 for part in (1.0, 0.4, 0.1))
        if each.name in _FROM_SSDAI:
            rating = items[_FROM_SSDAI[each.name]]
        found[each.name] = np.asarray(rating * (each.name not in _NEVER), dtype=np.int64)
    return found


def _glands(setting: Setting, generator: np.random.Generator) -> dict[str, Integers]:
    """Give the stage of each parotid gland: 1 to 3 before, a stage better in most a year after cells."""
    found = {}
    for name in ("parotid_right", "parotid_left"):
        first = generator.integers(1, 4, (len(setting.mean), 1))
        part = np.clip(setting.since / 360.0, 0.0, 1.0)
        moves = generator.random((len(setting.mean), 1)) < sjogren_assumed("better_gland") * part
        found[name] = np.asarray(np.clip(first - setting.sign * moves, 0, 4), dtype=np.int64)
    return found


def find_labs(setting: Setting, is_low: Booleans, generator: np.random.Generator) -> dict[str, Floats]:
    """Read every test; white cells agree with the item of SSDAI that counts them.

    Parameters
    ----------
    setting : course of each patient
    is_low : few leucocytes or lymphocytes are an item present, shape (patients, visits)
    generator : of random numbers
    """
    labs: dict[str, Floats] = {}
    for each in SJOGREN_LABS:
        own = generator.standard_normal((len(is_low), 1))
        within = generator.standard_normal(is_low.shape)
        part = np.clip(setting.since / each.day, 0.0, 1.0)
        value = each.mean + each.sd * own + each.within * within + setting.sign * each.change * part
        labs[each.test] = np.maximum(value, 0.15 * each.mean)
    labs["wbc"] = np.where(is_low, np.minimum(labs["wbc"], 3.4), np.maximum(labs["wbc"], 3.8))
    share = np.clip(labs["lymphocytes"] / 5.5, 0.27, 0.36)
    usual = share * labs["wbc"]
    labs["lymphocytes"] = np.where(is_low, usual, np.maximum(1.0, usual))
    digits = {each.test: each.digits for each in SJOGREN_LABS}
    return {test: np.asarray(np.round(value, digits[test])) for test, value in labs.items()}
