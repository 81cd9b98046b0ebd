"""Statistics of trials: arrays in, a frozen result out, no word of medicine.

The names below may be called without a study file; every one checks its arguments. They are loaded when first
used. ``tests`` holds tests of samples and counts, ``mmrm`` the mixed model for repeated measures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.stats.cluster import leave_one_out as leave_one_out
    from funis.stats.competing import cumulative_incidence as cumulative_incidence
    from funis.stats.conditional_mean import estimate_conditional_mean as estimate_conditional_mean
    from funis.stats.impute import impute_monotone as impute_monotone
    from funis.stats.pooling import carry_forward as carry_forward
    from funis.stats.proportion import agresti_coull as agresti_coull
    from funis.stats.proportion import upper_limit_of_none as upper_limit_of_none
    from funis.stats.survival import historical_hazard as historical_hazard
    from funis.stats.survival import one_sample_log_rank as one_sample_log_rank
    from funis.stats.survival import restricted_mean as restricted_mean
    from funis.stats.tests.adjust import benjamini_hochberg as benjamini_hochberg
    from funis.stats.tests.adjust import parallel_graph as parallel_graph
    from funis.stats.tests.contingency import cochran_q as cochran_q
    from funis.stats.tests.contingency import mcnemar as mcnemar
    from funis.stats.tests.permutation import shuffle_test as shuffle_test
    from funis.stats.tests.permutation import signed_permutation as signed_permutation
    from funis.stats.tests.permutation import two_sample_permutation as two_sample_permutation

_HOME = {
    "agresti_coull": "funis.stats.proportion",
    "benjamini_hochberg": "funis.stats.tests.adjust",
    "carry_forward": "funis.stats.pooling",
    "cochran_q": "funis.stats.tests.contingency",
    "cumulative_incidence": "funis.stats.competing",
    "estimate_conditional_mean": "funis.stats.conditional_mean",
    "historical_hazard": "funis.stats.survival",
    "impute_monotone": "funis.stats.impute",
    "leave_one_out": "funis.stats.cluster",
    "mcnemar": "funis.stats.tests.contingency",
    "one_sample_log_rank": "funis.stats.survival",
    "parallel_graph": "funis.stats.tests.adjust",
    "restricted_mean": "funis.stats.survival",
    "shuffle_test": "funis.stats.tests.permutation",
    "signed_permutation": "funis.stats.tests.permutation",
    "two_sample_permutation": "funis.stats.tests.permutation",
    "upper_limit_of_none": "funis.stats.proportion",
}

__all__ = [*_HOME]  # noqa: PLE0604  (the names are the keys of the table above)


def __getattr__(name: str) -> object:
    """Load a public name from the module that defines it."""
    if name not in _HOME:
        raise AttributeError(f"module 'funis.stats' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
