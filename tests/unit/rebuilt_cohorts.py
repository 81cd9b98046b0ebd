"""The rebuilt patients that tests look at: each cohort is built once a process, and by one process of those that share a run."""

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
    """Run a test for each seed, in the process that has the cohorts of this seed."""
    marked = [pytest.param(seed, marks=pytest.mark.xdist_group(f"seed {seed}")) for seed in seeds]
    return pytest.mark.parametrize("seed", marked)
