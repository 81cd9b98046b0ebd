"""One number of subjects for all times of an outcome.

Rule: numbers of subjects that fit the mean and the standard deviation (divided by n - 1 or n) at each time
are found as for GRIM and GRIMMER; those that fit at every time are common. A text that speaks of all its
patients at every visit should print the figures of one number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.audit.bounds import bounds_at
from funis.audit.checks.spread import is_standard_error
from funis.audit.figures import PrintedMean
from funis.audit.findings import CONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, plain_words
from funis.audit.granularity import fewer_than, grid_of, has_no_power, numbers_that_fit
from funis.audit.words import list_numbers

NAME: Final = "number_of_subjects"


def check_numbers_of_subjects(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Find the numbers of subjects that fit all means of an outcome in a group."""
    groups: dict[tuple[str, str, str], list[PrintedMean]] = {}
    for each in figures.means:
        key = (each.place.file, plain_words(each.about.outcome), plain_words(each.about.group))
        groups.setdefault(key, []).append(each)
    for held in groups.values():
        found = _check(figures, held) if len(held) > 1 else None
        if found is not None:
            yield found


def _check(figures: GatheredFigures, held: Sequence[PrintedMean]) -> AuditFinding | None:
    subjects = [found.n for each in held if (found := figures.subjects_of(each)) is not None]
    if len(subjects) < len(held) or len(set(subjects)) > 1:
        return None
    n = subjects[0]
    tried = [each for each in (*fewer_than(n), n) if each > 1]
    fitting: dict[str, tuple[int, ...]] = {}
    for place, each in enumerate(held, 1):
        grid = grid_of(bounds_at(figures, each.about, each.place.file).scale)
        if grid is None or not tried or has_no_power(each.mean, n, grid):
            return None
        # A spread that is, or may be, a standard error says nothing by its sum of squares here.
        spread = each.spread if is_standard_error(figures, each) is not True else None
        fitting[each.about.time or f"figure {place}"] = numbers_that_fit(each.mean, spread, grid, tried)
    common = sorted(set.intersection(*(set(each) for each in fitting.values())))
    about = held[0].about.outcome or "the outcome"
    listed = "; ".join(f"{time}: {list_numbers(each)}" for time, each in fitting.items())
    arithmetic = (
        f"Of {tried[0]} to {n} subjects, mean and spread can be of: {listed}. All: {list_numbers(common)}."
    )
    if n in common:
        only = f"n = {n} is the only number" if common == [n] else f"n = {n} is one of the numbers"
        statement = f"{only} of subjects that fits all {len(held)} means of {about}."
        certainty = (
            "That the figures fit does not show that nobody was missing: values may have been imputed."
        )
        return make_finding(NAME, CONSISTENT, held, statement, arithmetic, certainty=certainty)
    if not common:
        return make_finding(
            NAME,
            UNEXPLAINED,
            held,
            f"No one number of subjects fits all {len(held)} means of {about}.",
            arithmetic,
            certainty="Certain for rounded figures; the numbers may differ from time to time.",
            ask="How many subjects had a value at each time, and how were missing values handled?",
        )
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"The means of {about} fit another number of subjects than {n}.",
        arithmetic,
        certainty="Certain for rounded figures.",
        ask="How many subjects had a value at each time?",
    )
