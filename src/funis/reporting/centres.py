"""How many centres a study has: those that the study file plans, and those of them with a patient."""

from __future__ import annotations

from typing import NamedTuple

from funis.reporting.efficacy_tables import EVERYBODY
from funis.reporting.number_book import NumberBook
from funis.results import ALL
from funis.study.model import Study


class Centres(NamedTuple):
    """Centres of a study.

    Attributes
    ----------
    planned : those that the study file names
    used : those of them with a patient in the data; all of them where the data do not say
    """

    planned: int
    used: int

    @property
    def words(self) -> str:
        """Say how many there are, as a sentence goes on; empty where the study file names none.

        Examples
        --------
        >>> Centres(4, 4).words, Centres(4, 1).words, Centres(1, 1).words, Centres(0, 0).words
        ('4 centres', '1 centre with patients in the data (4 planned)', '1 centre', '')
        """
        if not self.planned:
            return ""
        counted = f"{self.used} centre{'' if self.used == 1 else 's'}"
        return (
            counted
            if self.used == self.planned
            else f"{counted} with patients in the data ({self.planned} planned)"
        )


def count_centres(study: Study, book: NumberBook | None = None) -> Centres:
    """Count the centres of the study file, and those of them that have a patient.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run; None: only what is planned is known

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> count_centres(Study.model_validate({"study": trial, "sites": ({"id": "01", "name": "One"},)}))
    Centres(planned=1, used=1)
    """
    planned = len(study.sites)
    counted = _patients_by_site(book) if book is not None else {}
    used = sum(bool(counted.get(site.id)) for site in study.sites)
    return Centres(planned, used or planned)


def _patients_by_site(book: NumberBook) -> dict[str, float]:
    """Give the number of patients of each site, as the baseline counts them."""
    return {
        group.category: count.value
        for group in book.of("baseline")
        if (group.variable, group.population, group.subgroup, group.arm) == ("site", EVERYBODY, ALL, ALL)
        for visit in book.visits(group)[:1]
        for count in [book.find(group, visit, "count")]
        if count is not None and count.value is not None
    }
