"""The methods of allocation: by itself, in permuted blocks, by minimisation. Pure: no clock, no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Final

from funis.capture.conduct.allocation.draws import SeededDraws
from funis.study.randomisation import Randomisation, ReRandomisation

Stratum = Mapping[str, str]
"""Values of the strata of a subject, by name, in the order of the study file."""
USUAL_PROBABILITY: Final = Fraction(8, 10)


@dataclass(frozen=True, slots=True)
class Before:
    """A subject who was allocated before: the values of the strata then, and the arm."""

    stratum: Stratum
    arm: str


def label_of(plan: Randomisation) -> str:
    """Give all that decides allocations in one text: another plan draws another list."""
    shares = ",".join(f"{arm}={share}" for arm, share in plan.ratio.items())
    sizes, chance = ",".join(map(str, block_sizes(plan))), probability_of(plan)
    at = f"|{plan.at}" if isinstance(plan, ReRandomisation) else ""
    return f"{plan.method}|{','.join(plan.strata)}|{shares}|{sizes}|{chance}{at}"


def block_sizes(plan: Randomisation) -> tuple[int, ...]:
    """Give the sizes of blocks: those of the study file, or two and three times the sum of the shares.

    Examples
    --------
    >>> block_sizes(Randomisation(method="blocks", ratio={"cells": 2, "placebo": 1}))
    (6, 9)
    """
    whole = sum(plan.ratio.values())
    return plan.block_sizes or (2 * whole, 3 * whole)


def probability_of(plan: Randomisation) -> Fraction:
    """Give the chance of the arm that balances best, as it is written in the study file."""
    return USUAL_PROBABILITY if plan.probability is None else Fraction(repr(plan.probability))


def choose_arm(plan: Randomisation, seed: bytes, stratum: Stratum, before: Sequence[Before]) -> str:
    """Give the arm of the next subject.

    Parameters
    ----------
    plan : of the study file
    seed : secret of the trial
    stratum : of the subject
    before : everybody who was allocated before, in order

    Returns
    -------
    str : id of the arm

    Examples
    --------
    >>> plan = Randomisation(method="blocks", ratio={"cells": 1, "placebo": 1}, block_sizes=(2,))
    >>> one = choose_arm(plan, b"seed", {}, [])
    >>> {one, choose_arm(plan, b"seed", {}, [Before({}, one)])} == {"cells", "placebo"}
    True
    """
    if plan.method == "blocks":
        place = sum(1 for each in before if each.stratum == stratum)
        return arm_in_blocks(plan, seed, stratum, place)
    draws = SeededDraws(seed, f"{label_of(plan)}|{len(before)}")
    if plan.method == "simple":
        return draws.by_share(plan.ratio)
    return minimise(plan.ratio, probability_of(plan), imbalances(plan, stratum, before), draws)


def arm_in_blocks(plan: Randomisation, seed: bytes, stratum: Stratum, place: int) -> str:
    """Give the arm at a place of the list of a stratum, 0 the first.

    Each block has one of the sizes, at random, and holds each arm by its share in a random order.
    """
    for block in blocks(plan, seed, stratum):
        if place < len(block):
            return block[place]
        place -= len(block)
    raise AssertionError("a list of blocks has no end")


def blocks(plan: Randomisation, seed: bytes, stratum: Stratum) -> Iterator[list[str]]:
    """Give the blocks of the list of a stratum, one after the other, without end."""
    sizes, whole = block_sizes(plan), sum(plan.ratio.values())
    place = "|".join(f"{name}={stratum[name]!r}" for name in plan.strata)
    for number in count():
        draws = SeededDraws(seed, f"{label_of(plan)}|{place}|{number}")
        times = sizes[draws.below(len(sizes))] // whole
        yield draws.in_order([arm for arm, share in plan.ratio.items() for _ in range(share * times)])


def imbalances(plan: Randomisation, stratum: Stratum, before: Sequence[Before]) -> dict[str, Fraction]:
    """Give for each arm the imbalance that the next subject would leave there (Pocock and Simon 1975).

    Over every stratum the subjects with the value of this one are counted in each arm, each count divided by
    the share of its arm; the range of these is the imbalance of the stratum, and their sum that of the arm.
    """
    counted = {
        name: {
            arm: sum(1 for each in before if each.arm == arm and each.stratum.get(name) == value)
            for arm in plan.ratio
        }
        for name, value in stratum.items()
    }
    found = {}
    for chosen in plan.ratio:
        ranges = []
        for counts in counted.values():
            shares = [Fraction(n + (arm == chosen), plan.ratio[arm]) for arm, n in counts.items()]
            ranges.append(max(shares) - min(shares))
        found[chosen] = sum(ranges, Fraction(0))
    return found


def minimise(
    ratio: Mapping[str, int], probability: Fraction, left: Mapping[str, Fraction], draws: SeededDraws
) -> str:
    """Take the arm that leaves the least imbalance with a chance, else any by its share.

    An arm of the smallest share has `probability` where it balances best. With unequal shares the chance of
    another arm is such that the shares are kept (Han, Enas and McEntegart 2009): what is not taken for
    balance is drawn by the shares.

    Parameters
    ----------
    ratio : shares of the arms
    probability : more than a half, at most 1
    left : imbalance that each arm would leave
    draws : of this subject
    """
    least = min(left.values())
    best = draws.by_share({arm: ratio[arm] for arm in ratio if left[arm] == least})
    by_share = share_of_draws(ratio, probability)
    if draws.below(by_share.denominator) < by_share.numerator:
        return draws.by_share(ratio)
    return best


def share_of_draws(ratio: Mapping[str, int], probability: Fraction) -> Fraction:
    """Give how often an arm is drawn by the shares alone, so that the smallest has its chance.

    With the whole R and the smallest share r the best arm has 1 - d + d r / R, which is the chance asked for
    where d = (1 - p) R / (R - r).

    Examples
    --------
    >>> share_of_draws({"cells": 1, "placebo": 1}, Fraction(8, 10))
    Fraction(2, 5)
    """
    whole, smallest = sum(ratio.values()), min(ratio.values())
    return (1 - probability) * whole / (whole - smallest)
