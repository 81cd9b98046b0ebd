"""The rebuilt patients that tests look at: each cohort is built once a process."""

from __future__ import annotations

from functools import cache

import pytest

from funis.demo.cohort import ReconstructedCohort
from funis.demo.reconstruct import build_cohort


@cache
def cohort(name: str, seed: int = 2012) -> ReconstructedCohort:
    """Give the cohort of a seed; not to be changed."""
    return build_cohort(name, seed=seed)


def each_seed(*seeds: int) -> pytest.MarkDecorator:
    """Run a test for each seed: a file of tests runs in one process, which builds each cohort once."""
    return pytest.mark.parametrize("seed", seeds)
