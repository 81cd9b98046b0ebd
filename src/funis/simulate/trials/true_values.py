"""What a trial estimates: the same analysis of much larger trials, the lost counted as it counts them.

A rule such as ``missing_outcome = "nonresponder"`` makes an outcome of the loss itself: who leaves, misses
the visit or has a gap in a form is no responder, and the share that is estimated is one of those who respond
*and* are seen to. Its true value is that of trials with the same losses. Where a number leaves the lost out,
or supposes that they would have gone on like others, its true value is that of trials that lose nobody, and
what the losses do to it is a bias.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from funis.analysis.some_endpoints import analyse_apart
from funis.data.tables import tables_from_frames
from funis.simulate.trials.later_course import LOOKED_AT, waits
from funis.simulate.trials.one_trial import (
    KEY,
    TODAY,
    TrialPlan,
    draw_one,
    go_on,
    kept_numbers,
    look_for_course,
)
from funis.simulate.trials.stacked import stack
from funis.study.courses import AT_RELAPSE
from funis.study.model import Endpoint, Study

#: Patients of a large trial; where a relapse is allocated, each of them in every arm.
TRUE_SIZE: Final = 500
TRUE_SIZE_AGAIN: Final = 300
TRUE_TRIALS: Final = 4
_COUNTED: Final = ("nonresponder", "worst")
_BY_STATISTIC: Final = [*KEY, "statistic"]


def counts_the_lost(endpoint: Endpoint, analysis: str) -> bool:
    """Tell whether who is lost is counted with an outcome by rule: the loss is part of what is estimated.

    Parameters
    ----------
    endpoint : of the study file
    analysis : that the number stands in; changes after a relapse are compared as they were recorded

    Examples
    --------
    >>> seen = Endpoint(id="response", kind="response", label="", missing_outcome="nonresponder")
    >>> counts_the_lost(seen, "response"), counts_the_lost(seen, "relapse")
    (True, False)
    """
    if analysis == "relapse":
        return endpoint.kind == "relapse" and endpoint.missing_relapse != "left_out"
    if endpoint.kind == "change" and analysis == AT_RELAPSE:
        return False
    return endpoint.kind in {"response", "change"} and endpoint.missing_outcome in _COUNTED


def has_counted_lost(plan: TrialPlan) -> bool:
    """Tell whether any endpoint of a run counts the lost by a rule."""
    return any(_counted_in(plan.study, name) for name in plan.endpoints)


def _counted_in(study: Study, name: str) -> list[str]:
    """Give the analyses in which an endpoint counts the lost by a rule."""
    endpoint = next(each for each in study.endpoints if each.id == name)
    analyses = ("response", "relapse", "test", "comparison", "mmrm", AT_RELAPSE)
    return [each for each in analyses if counts_the_lost(endpoint, each)]


def true_numbers(plan: TrialPlan) -> pl.DataFrame:
    """Give what the trial estimates, for the estimand of each endpoint.

    Parameters
    ----------
    plan : of the run

    Returns
    -------
    the numbers, ``value`` and its standard ``error`` over several large trials, and ``kept``: the value if
    nobody were lost, where `value` counts the lost; null elsewhere. Where a relapse is allocated to arms,
    everybody who relapses is followed in each of them: with arms allocated by chance the truth would be as
    vague as an estimate
    """
    kept = _over_trials(plan, is_whole=True)
    none = pl.lit(None, pl.Float64).alias("kept")
    if not has_counted_lost(plan):
        return kept.with_columns(none)
    counted = [
        (pl.col("endpoint") == name) & pl.col("analysis").is_in(_counted_in(plan.study, name))
        for name in plan.endpoints
    ]
    is_counted = pl.any_horizontal(counted)
    lost = _over_trials(plan, is_whole=False).filter(is_counted)
    beside = kept.filter(is_counted).select(*_BY_STATISTIC, kept="value")
    lost = lost.join(beside, on=_BY_STATISTIC, how="left", maintain_order="left")
    return pl.concat([kept.filter(~is_counted).with_columns(none), lost])


def _over_trials(plan: TrialPlan, *, is_whole: bool) -> pl.DataFrame:
    """Give mean and standard error of each number over the large trials."""
    several = []
    for number in range(TRUE_TRIALS):
        again = plan.study.re_randomisation
        both = stack(
            [_draw_large(plan, number, arm, is_whole=is_whole) for arm in (again.ratio if again else ("",))]
        )
        tables = tables_from_frames(plan.study, both.frames, today=TODAY)
        together = dict.fromkeys(both.groups, 0)
        several.append(kept_numbers(analyse_apart(plan.study, tables, together, plan.endpoints)[0][0]))
    value = pl.col("value")
    return (
        pl.concat(several)
        .group_by(_BY_STATISTIC, maintain_order=True)
        .agg(value.mean(), error=value.std() / value.count().sqrt())
    )


def _draw_large(plan: TrialPlan, number: int, arm: str, *, is_whole: bool) -> dict[str, pl.DataFrame]:
    """Draw a large trial, all who relapse in one arm where they are allocated."""
    trial = 2**31 + number
    drawn = draw_one(plan, trial, count=TRUE_SIZE_AGAIN if arm else TRUE_SIZE, is_whole=is_whole)
    if not waits(plan.study):
        return drawn.frames
    looked = {name: drawn.frames[name] for name in LOOKED_AT if name in drawn.frames}
    (met,) = look_for_course(plan, [looked])
    return go_on(plan, trial, drawn, met, arm=arm, is_whole=is_whole).frames
