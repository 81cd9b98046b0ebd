"""What a file that holds numbers by their id says of each: its value, unit, n and source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from funis.documents.document import NumberRecord
from funis.reporting.labels import Labels
from funis.reporting.number_book import Number, NumberBook
from funis.study.model import Study

#: Statistics in the unit of what they are about.
_IN_UNIT: Final = frozenset(
    {
        *("mean", "sd", "se", "median", "q1", "q3", "min", "max", "lower", "upper", "estimate", "limit"),
        *("conditional_se", "conditional_lower", "conditional_upper", "between_sd", "within_sd"),
        *("most_influential", "population_mean", "population_sd", "mean_entering", "tipping_point"),
    }
)


def build_records(study: Study, book: NumberBook, ids: Iterable[str]) -> dict[str, NumberRecord]:
    """Gather what is said of the numbers that a document prints.

    Parameters
    ----------
    study : for units
    book : the numbers of the results
    ids : ids of the numbers that the document prints

    Returns
    -------
    dict : by id, in the order they were computed
    """
    printed, labels = set(ids), Labels(study)
    units: dict[str, str] = {}
    found = {}
    for number in book.numbers:
        if number.id in printed:
            about = number.measure or number.variable
            if about not in units:
                units[about] = labels.unit(about)
            found[number.id] = NumberRecord(
                number.value, _unit(number, units[about]), number.n, number.source
            )
    return found


def _unit(number: Number, unit: str) -> str:
    if number.statistic == "percent":
        return "%"
    return unit if number.statistic in _IN_UNIT and not number.category else ""
