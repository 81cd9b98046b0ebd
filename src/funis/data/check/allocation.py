"""The arms of the subjects against the ratio they were allocated in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, fsum, lgamma, log, log1p
from typing import Final

from funis.data.check.checked_data import Data
from funis.errors import Finding
from funis.study.allocated import allocation_plan

#: An arm as small or as large as this by chance is looked into.
_RARE: Final = 0.001


def check_allocation(data: Data) -> Iterator[Finding]:
    """Find blocks of one size, and an arm of a size that the ratio of the study file does not explain.

    Parameters
    ----------
    data : the tables and what is known about them; subjects without an arm are findings of their own

    Returns
    -------
    iterator of Finding
    """
    plan, subjects = allocation_plan(data.study), data.frames["subjects"]
    if plan is not None and len(set(plan.block_sizes)) == 1:
        message = (
            f"Every block has the size {plan.block_sizes[0]}: who learns the arms of all but the last "
            "subject of a block knows the next one."
        )
        fix = "Give two sizes or more in block_sizes, or leave it out for two and three times the shares."
        yield Finding("warning", "one_block_size", "subjects", "study.toml", None, "", "", message, fix)
    if plan is None or subjects.is_empty():
        return
    arms = [arm for arm in subjects["arm"].to_list() if arm in plan.ratio]
    for arm in _unlikely_arms(arms, plan.ratio):
        share = f"{plan.ratio[arm]} of {sum(plan.ratio.values())}"
        message = (
            f"{arms.count(arm)} of {len(arms)} subjects are in the arm '{arm}', whose share is {share}: "
            "fewer than 1 of 1000 simple randomisations come so far from it."
        )
        fix = "Compare the column arm with the allocation list; correct it, or the ratio in [randomisation]."
        yield Finding("warning", "ratio_not_kept", "subjects", "subjects", None, "arm", arm, message, fix)


def _unlikely_arms(arms: Sequence[str], ratio: Mapping[str, int]) -> Iterator[str]:
    """Name the arms whose size has a chance of less than 1 in 1000; of two arms the first stands for both."""
    for arm in list(ratio)[: 1 if len(ratio) == 2 else None]:
        if chance_of_share(arms.count(arm), len(arms), ratio[arm], sum(ratio.values())) < _RARE:
            yield arm


def chance_of_share(count: int, size: int, share: int, whole: int) -> float:
    """Give the chance of a count as far or farther from its share: twice the smaller tail, at most 1.

    Parameters
    ----------
    count, size : subjects in the arm, and in all arms
    share, whole : the arm's part of the ratio, and the sum of the ratio

    Returns
    -------
    float : between 0 and 1

    Examples
    --------
    >>> round(chance_of_share(0, 10, 1, 2), 9)
    0.001953125
    >>> chance_of_share(5, 10, 1, 2)
    1.0
    """
    part = share / whole
    terms = [
        exp(
            lgamma(size + 1)
            - lgamma(k + 1)
            - lgamma(size - k + 1)
            + k * log(part)
            + (size - k) * log1p(-part)
        )
        for k in range(size + 1)
    ]
    return min(1.0, 2 * min(fsum(terms[: count + 1]), fsum(terms[count:])))
