"""Every way to fill the empty cells of some visits, one representative for each class of values.

A measured value matters only by the limits it is compared with, so that one value on each limit, between two
neighbouring limits, and at both ends of what is allowed, stands for all the others. A limit is a number of the
definition, or a share of the value at the visit before or after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import Any

from funis.catalogue.model_instrument import Definition

Visits = Sequence[Mapping[str, Any]]
Hole = tuple[int, str]


def find_holes(definition: Definition, visits: Visits) -> list[Hole]:
    """Give the empty cells, as place of the visit and name of the item."""
    return [
        (n, item.name)
        for n, visit in enumerate(visits)
        for item in definition
        if visit.get(item.name) is None
    ]


def values_of(definition: Definition, visits: Visits, hole: Hole) -> list[Any]:
    """Give one value for each class that the rules tell apart in an empty cell."""
    place, name = hole
    item = definition.item(name)
    if not item.is_measured:
        return list(item.values)
    low, high = float(item.minimum or 0), float(item.maximum or 0)
    terms = [term for feature in definition.features for term in feature.when.terms]
    terms += [term for rule in definition.rules if rule.when for term in rule.when.terms]
    limits: set[float] = set()
    for term in (term for term in terms if term.name == name):
        number = float(term.limit)
        for step, is_before in ((1, False), (-1, True)):
            other = visits[place + step].get(name) if 0 <= place + step < len(visits) else None
            if other is not None and term.form == "share":
                limits.add(other * number / 100 if is_before else other * 100 / number)
            elif other is not None and term.form == "rise":
                limits.add(other + number if is_before else other - number)
        if term.form in ("value", "previous"):
            limits.add(number)
    inside = sorted({low, high, *(limit for limit in limits if low < limit < high)})
    between = [(one + two) / 2 for one, two in pairwise(inside)]
    return sorted({*inside, *between})


def count_ways(definition: Definition, visits: Visits) -> int:
    """Count the ways to fill every empty cell."""
    return prod(len(values_of(definition, visits, hole)) for hole in find_holes(definition, visits))


def fill_every_way(definition: Definition, visits: Visits) -> Iterator[list[dict[str, Any]]]:
    """Give the visits with every empty cell filled, once for each way."""
    holes = find_holes(definition, visits)
    for values in product(*(values_of(definition, visits, hole) for hole in holes)):
        filled = [dict(visit) for visit in visits]
        for (place, name), value in zip(holes, values, strict=True):
            filled[place][name] = value
        yield filled
