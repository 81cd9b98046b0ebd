"""Where the numbers of a change go: into the table of tests or models, of an estimand, of a sensitivity."""

from __future__ import annotations

from dataclasses import dataclass

from funis.analysis.cohorts import Cohort
from funis.results import Place, name_change


@dataclass(frozen=True, slots=True)
class Target:
    """Where the numbers of a change go.

    Attributes
    ----------
    analysis : kind of analysis of the rows
    estimand : id of the estimand they are about, empty where they are about none
    """

    analysis: str
    estimand: str = ""

    def place(self, cohort: Cohort, measure: str) -> Place:
        """Give the place of the change of a measure in a cohort."""
        return cohort.place_of_change(self.analysis, measure, estimand=self.estimand)

    def key(self, measure: str) -> str:
        """Name the change, as part of the key of its sources."""
        return f"{self.estimand}: {name_change(measure)}" if self.estimand else name_change(measure)
