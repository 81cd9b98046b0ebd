"""Classification criteria in words: the ways to be classified, each criterion with its points, the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from funis.catalogue.model_criteria import ClassificationRule, CriteriaSet, Demand
from funis.catalogue.wording.basis import basis_words
from funis.catalogue.wording.plain_words import joined_words, name_words, with_unit

#: What classification does where something was not recorded; as `funis.classify` does by itself.
MISSING: Final = (
    "A criterion that was recorded of nobody counts as not shown; one that is missing of a subject leaves "
    "open what it could decide."
)


@dataclass(frozen=True, slots=True)
class CriteriaWords:
    """A set of criteria in words.

    Attributes
    ----------
    lead : when a subject is classified, and what the notes of the set say
    criteria : one line a criterion, numbered as the lead names them
    basis : source and certainty
    """

    lead: str
    criteria: tuple[str, ...]
    basis: str


def criteria_words(found: CriteriaSet) -> CriteriaWords:
    """Put a set of classification criteria into words.

    Parameters
    ----------
    found : the definition

    Examples
    --------
    >>> from funis.catalogue.registry import criteria_set
    >>> words = criteria_words(criteria_set("acr_1997"))
    >>> words.lead.split(".")[0]
    'Classified with at least 4 of criteria 1 to 11'
    >>> words.criteria[1]
    '2. discoid rash'
    """
    ways = [_way_words(found, rule) for rule in found.rules]
    if len(ways) > 1:
        ways = [f"in any of these ways: {'; or '.join(f'({n}) {text}' for n, text in enumerate(ways, 1))}"]
    notes = " ".join(f"{note.rstrip('.')}." for note in found.notes)
    return CriteriaWords(
        lead=" ".join(filter(None, (f"Classified {ways[0]}.", notes, MISSING))),
        criteria=tuple(_criterion_lines(found)),
        basis=basis_words("", found.source, "", is_proposal=False),
    )


def _way_words(found: CriteriaSet, rule: ClassificationRule) -> str:
    """Say what one way to be classified asks for."""
    numbers = {row.criterion.id: place for place, row in enumerate(found.rows, 1)}
    parts = [_demand_words(found, demand) for demand in rule.demands]
    if rule.all:
        parts = [_named(sorted(numbers[name] for name in rule.all), "and"), *parts]
    text = f"with {joined_words(parts)}" if parts else ""
    if rule.none:
        barred = _named(sorted(numbers[name] for name in rule.none), "and")
        text += f"{', and ' if text else ''}with none of {barred}"
    return text


def _demand_words(found: CriteriaSet, demand: Demand) -> str:
    """Say how many of which criteria, or points from which, are asked for."""
    rows = [(place, row) for place, row in enumerate(found.rows, 1) if demand.group in row.groups]
    named = _named([place for place, _ in rows], "and")
    if demand.what == "count":
        return f"at least {demand.least} of {named}"
    domains = [row.domain for _, row in rows]
    highest = ", the highest of each domain" if len(set(domains)) < len(domains) else ""
    return f"at least {with_unit(Decimal(demand.least), 'points')} from {named}{highest}"


def _named(places: Sequence[int], last: str) -> str:
    """Name criteria by their numbers, neighbours of three or more as a range.

    Examples
    --------
    >>> _named([1], "and"), _named([1, 2, 4], "and"), _named([2, 3, 4, 7], "and")
    ('criterion 1', 'criteria 1, 2 and 4', 'criteria 2 to 4 and 7')
    """
    runs: list[list[int]] = [[places[0]]]
    for before, place in pairwise(places):
        if place == before + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    parts = [
        text
        for run in runs
        for text in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(place) for place in run])
    ]
    return f"{'criterion' if len(places) == 1 else 'criteria'} {joined_words(parts, last)}"


def _criterion_lines(found: CriteriaSet) -> Iterator[str]:
    """Give each criterion with its number; points and domain stand beside it where points are added."""
    adds = any(demand.what == "points" for rule in found.rules for demand in rule.demands)
    domains = [row.domain for row in found.rows]
    for place, row in enumerate(found.rows, 1):
        about = [with_unit(Decimal(row.criterion.points), "points")] if adds and row.criterion.points else []
        if about and domains.count(row.domain) > 1:
            about.append(f"{name_words(row.domain)} domain")
        beside = f" ({', '.join(about)})" if about else ""
        yield f"{place}. {row.criterion.label}{beside}"
