"""Which visits stand for the patients who began: those at which enough of them have a value.

In a cohort with many visits the last one can rest on two or three patients, and a column of it would read as
what became of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from funis.reporting.efficacy_tables import ordered_visits
from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.number_book import Group, NumberBook

#: Patients that carry a visit, and their share of those at the best-recorded one: a rule of this report, with
#: the limits below which a Kaplan-Meier curve is grey.
_FEWEST: Final = 5
_SHARE: Final = 0.1


def carry_visits(book: NumberBook, groups: Sequence[Group], visits: Sequence[str]) -> tuple[str, ...]:
    """Give the visits at which enough patients have a value of one of the measures.

    Parameters
    ----------
    book : the numbers of a run
    groups : the levels of each measure
    visits : those to choose from
    """
    sizes = {visit: max((_size(book, group, visit) for group in groups), default=0.0) for visit in visits}
    least = fewest_patients(sizes.values())
    return tuple(visit for visit in visits if sizes[visit] >= least)


def last_carried(labels: Labels, book: NumberBook, change: Group | None, level: Group | None) -> str:
    """Name the last visit at which enough patients have a change; empty where nothing changed.

    Parameters
    ----------
    labels : for the order of visits
    book : the numbers of a run
    change, level : the changes of one measure and its values; None where there are none
    """
    if change is None:
        return ""
    visits = ordered_visits(labels.study, book.visits(change))
    values = [_size(book, level, visit) for visit in book.visits(level)] if level is not None else []
    sizes = {visit: _size(book, change, visit) for visit in visits}
    # Where no visit has that many changes, as where few had a first value, the changes are their own measure.
    for least in (fewest_patients((*values, *sizes.values())), fewest_patients(sizes.values())):
        for visit in reversed(visits):
            if sizes[visit] >= least:
                return visit
    return ""


def fewest_patients(sizes: Iterable[float]) -> float:
    """Give the fewest patients that carry a visit; where no visit has that many, any do.

    Parameters
    ----------
    sizes : patients with a value, by visit

    Examples
    --------
    >>> fewest_patients([138, 22, 3]), fewest_patients([40, 38]), fewest_patients([3, 2])
    (13.8, 5, 0)
    """
    best = max(sizes, default=0)
    return max(_FEWEST, best * _SHARE) if best >= _FEWEST else 0


def say_left_out(labels: Labels, visits: Sequence[str], carried: Sequence[str]) -> Iterator[str]:
    """Say which visits have no column, and by which rule.

    Parameters
    ----------
    labels : what the visits are called
    visits, carried : all, and those that are carried
    """
    left = [in_sentence(labels.visit(visit)) for visit in visits if visit not in carried]
    if left:
        yield (
            f"Too few patients for a column or a last change (fewer than {_FEWEST}, or than a tenth of those "
            f"at the best-recorded visit): {listed(left)}."
        )


def choose_ends(visits: Sequence[str], first: str) -> tuple[str, ...]:
    """Give the first visit, one in the middle and the last one.

    Parameters
    ----------
    visits : in their order
    first : the baseline; left out where it is not among them

    Examples
    --------
    >>> choose_ends(("baseline", "month_3", "month_6", "month_12"), "baseline")
    ('baseline', 'month_6', 'month_12')
    """
    later = [visit for visit in visits if visit != first]
    middle = [later[(len(later) - 1) // 2]] if len(later) > 1 else []
    return (*([first] if first in visits else []), *middle, *later[-1:])


def _size(book: NumberBook, group: Group, visit: str) -> float:
    found = book.find(group, visit, "n")
    return (found.value or 0.0) if found is not None else 0.0
