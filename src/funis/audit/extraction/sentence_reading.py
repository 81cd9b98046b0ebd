"""A sentence while it is read, and what of the whole text it is read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funis.audit.extraction.not_figures import NoFigure
from funis.audit.extraction.outcome_names import OutcomeName
from funis.audit.extraction.statistics import Statistic, StatisticKind
from funis.audit.extraction.times import TimeMention
from funis.audit.figures import MeanSpread
from funis.audit.reading.source import TextPassage


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What of the whole text every sentence is read with.

    Attributes
    ----------
    compares_groups : whether the text compares groups
    abbreviations : those it explains
    spread : what stands behind ± where a sentence does not say so
    level : percent, of intervals of confidence that print none
    """

    compares_groups: bool
    abbreviations: Mapping[str, str]
    spread: MeanSpread = "not said"
    level: str = "95"


@dataclass(slots=True)
class SentenceReading:
    """A sentence while it is read.

    Attributes
    ----------
    passage, text : where it stands, and its words in `plain_letters`
    statistics : in order
    times, outcomes : that it names
    no_figures : pieces whose numbers are no figures
    """

    passage: TextPassage
    text: str
    statistics: tuple[Statistic, ...]
    times: tuple[TimeMention, ...]
    outcomes: tuple[OutcomeName, ...]
    no_figures: tuple[NoFigure, ...]

    def of(self, kind: StatisticKind) -> tuple[Statistic, ...]:
        """Give the statistics of one kind."""
        return tuple(each for each in self.statistics if each.kind == kind)
