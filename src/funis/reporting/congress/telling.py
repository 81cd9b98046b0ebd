"""What an abstract is written from: study, words, numbers, and what a rebuilt study may tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from funis.documents.document import Prose
from funis.published.compare import ComparedText
from funis.published.manifest import DIRECTION, EQUAL
from funis.reporting.congress.sentence import result_ids
from funis.reporting.labels import Labels
from funis.reporting.number_book import NumberBook
from funis.study.model import Study


@dataclass(slots=True)
class Telling:
    """The study, its numbers, and what is left out on the way because it was assumed.

    Attributes
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    text : the published text that the study rebuilds, where it names one
    assumed : what was left out because no figure of it is published, in words
    untold : endpoints of kinds that an abstract has no sentence for
    """

    labels: Labels
    book: NumberBook
    text: ComparedText | None = None
    assumed: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)

    @property
    def study(self) -> Study:
        """Give the study file."""
        return self.labels.study

    @property
    def statuses(self) -> Mapping[str, str]:
        """Give how far the published text carries each number; empty for a study that is not compared."""
        if self.text is None:
            return {}
        found: dict[str, str] = {}
        for row in self.text.figures:
            for name in row.results:
                if found.get(name) != EQUAL:
                    found[name] = row.status
        return found

    @property
    def tells_published_only(self) -> bool:
        """Tell whether only what a published text prints is told: the rest of rebuilt data was assumed."""
        return self.study.trial.reconstructed and self.text is not None

    def is_told(self, said: Prose) -> bool:
        """Tell whether a text may stand: of rebuilt data, whether a number of it is published."""
        if not self.tells_published_only:
            return True
        statuses = self.statuses
        return any(statuses.get(name) in {EQUAL, DIRECTION} for name in result_ids(said))
