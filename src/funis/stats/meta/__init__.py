"""Results of several studies combined into one: effects of single studies, and what they say together.

``effects`` and ``counts`` give the effect of each study with its sampling variance, ``combine`` puts effects
together, ``binomial_normal`` and ``mantel_haenszel`` work on the counts themselves, ``asymmetry`` asks
whether small studies show other effects, ``quantiles`` turns a printed median into a mean. Rubin's rules,
which pool completed data sets of one study, are in `funis.stats.pooling`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.stats.meta.asymmetry import assess_asymmetry as assess_asymmetry
    from funis.stats.meta.binomial_normal import combine_proportions as combine_proportions
    from funis.stats.meta.combine import combine_fixed as combine_fixed
    from funis.stats.meta.combine import combine_random as combine_random
    from funis.stats.meta.combine import omit_each_study as omit_each_study
    from funis.stats.meta.counts import double_arcsine as double_arcsine
    from funis.stats.meta.counts import log_odds as log_odds
    from funis.stats.meta.counts import log_odds_ratio as log_odds_ratio
    from funis.stats.meta.counts import log_risk_ratio as log_risk_ratio
    from funis.stats.meta.counts import risk_difference as risk_difference
    from funis.stats.meta.counts import undo_double_arcsine as undo_double_arcsine
    from funis.stats.meta.effects import change_within_arm as change_within_arm
    from funis.stats.meta.effects import mean_difference as mean_difference
    from funis.stats.meta.effects import mean_of_arm as mean_of_arm
    from funis.stats.meta.effects import standardised_mean_difference as standardised_mean_difference
    from funis.stats.meta.mantel_haenszel import combine_mantel_haenszel as combine_mantel_haenszel
    from funis.stats.meta.quantiles import convert_median as convert_median

_HOME = {
    "assess_asymmetry": "asymmetry",
    "change_within_arm": "effects",
    "combine_fixed": "combine",
    "combine_mantel_haenszel": "mantel_haenszel",
    "combine_proportions": "binomial_normal",
    "combine_random": "combine",
    "convert_median": "quantiles",
    "double_arcsine": "counts",
    "log_odds": "counts",
    "log_odds_ratio": "counts",
    "log_risk_ratio": "counts",
    "mean_difference": "effects",
    "mean_of_arm": "effects",
    "omit_each_study": "combine",
    "risk_difference": "counts",
    "standardised_mean_difference": "effects",
    "undo_double_arcsine": "counts",
}

__all__ = [*_HOME]  # noqa: PLE0604  (the names are the keys of the table above)


def __getattr__(name: str) -> object:
    """Load a public name from the module that defines it."""
    if name not in _HOME:
        raise AttributeError(f"module 'funis.stats.meta' has no attribute {name!r}")
    return getattr(import_module(f"funis.stats.meta.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
