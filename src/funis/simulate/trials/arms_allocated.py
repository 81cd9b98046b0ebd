"""The arms of a virtual trial, allocated as the capture server does: by method and shares of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from funis.capture.conduct.allocation.methods import Before, Stratum, blocks, choose_arm
from funis.stats.sample import Booleans, Integers
from funis.study.model import Study
from funis.study.randomisation import Randomisation


def allocate_arms(
    study: Study, sites: Sequence[str], is_woman: Booleans, generator: np.random.Generator
) -> Integers:
    """Allocate patients in the order in which they enter.

    Parameters
    ----------
    study : whose arms they are; without a ``[randomisation]`` the arms are equal in number, in a random order
    sites, is_woman : of each patient
    generator : of random numbers

    Returns
    -------
    place of the arm of each patient in the study; 0 where there is one
    """
    plan, count = study.randomisation, len(is_woman)
    if plan is None or not study.arms:
        return np.asarray(generator.permutation(np.arange(count) % max(len(study.arms), 1)), dtype=np.int64)
    places = {arm.id: place for place, arm in enumerate(study.arms)}
    own = [
        {"site": site, "sex": "female" if woman else "male"}
        for site, woman in zip(sites, is_woman, strict=True)
    ]
    strata = [{name: values[name] for name in plan.strata} for values in own]
    return np.array([places[arm] for arm in _in_order(plan, generator.bytes(32), strata)], dtype=np.int64)


def _in_order(plan: Randomisation, secret: bytes, strata: Sequence[Stratum]) -> Iterator[str]:
    """Give the arm of each patient, one after the other."""
    if plan.method == "blocks":
        # The list of a stratum is read on from where it stands, not from its beginning for every patient.
        lists: dict[tuple[str, ...], Iterator[str]] = {}
        for stratum in strata:
            key = tuple(stratum.values())
            if key not in lists:
                lists[key] = chain.from_iterable(blocks(plan, secret, stratum))
            yield next(lists[key])
        return
    before: list[Before] = []
    for stratum in strata:
        arm = choose_arm(plan, secret, stratum, before)
        before.append(Before(stratum, arm))
        yield arm
