"""Statistics of a sentence turned to the records that the checks take, each with its place in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from funis.audit.extraction.number_words import read_number_word
from funis.audit.extraction.outcome_names import OutcomeName
from funis.audit.extraction.statistics import PrintedPiece
from funis.audit.figures import (
    NOT_SAID,
    FigureLabels,
    FigurePlace,
    OutcomeScale,
    PrintedCount,
    PrintedFigure,
    PrintedMean,
    PrintedNumber,
    Relation,
    plain_number,
)
from funis.audit.reading.source import SourceText, TextPassage

#: Figures of which a P value compares two.
_Grouped = TypeVar("_Grouped", PrintedMean, PrintedCount, PrintedMean | PrintedCount, PrintedFigure)

RELATIONS: Final[Mapping[str, Relation]] = {
    "=": "=", "<": "<", ">": ">", "≤": "<=", "<=": "<=", "=<": "<=", "≥": ">=", ">=": ">=", "=>": ">=",
}  # fmt: skip


def number_of(piece: PrintedPiece | None) -> PrintedNumber | None:
    """Give a printed number, a number in words as digits; None where there is none, or none that can be read.

    Examples
    --------
    >>> str(number_of(PrintedPiece("Twenty-four", 0, 11))), number_of(PrintedPiece("1e-5", 0, 4))
    ('24', None)
    """
    if piece is None:
        return None
    text = piece.text if not piece.text[:1].isalpha() else str(read_number_word(piece.text))
    text = text.replace("–", "-") if text.startswith("–") else text
    return PrintedNumber(text) if plain_number(text) is not None else None


@dataclass(slots=True)
class FigureMaker:
    """Makes records of one text: counts their ids and knows where every sentence stands."""

    source: SourceText
    counts: Counter[str] = field(default_factory=Counter)
    figures: list[PrintedFigure] = field(default_factory=list)
    #: The passage that was asked for last, and its words: all its figures have the same.
    _last: tuple[TextPassage, str] | None = None

    def next_id(self, kind: str) -> str:
        """Give the id of the next figure of a kind."""
        self.counts[kind] += 1
        return f"{kind}_{self.counts[kind]}"

    def place(self, passage: TextPassage, start: int, end: int) -> FigurePlace:
        """Give the place of a piece of a sentence.

        Parameters
        ----------
        passage : the sentence or row
        start, end : in the passage
        """
        if self._last is None or self._last[0] is not passage:
            self._last = passage, self.source.words_of(passage)
        return FigurePlace(
            self.source.name,
            self._last[1],
            passage.start + start,
            passage.start + end,
            page=self.source.page_at(passage, start),
        )


def find_two_groups(figures: Sequence[_Grouped]) -> tuple[_Grouped, ...] | None:
    """Give two figures of two named groups at one time; None where they are more, fewer or others.

    Parameters
    ----------
    figures : of one outcome and of one kind

    Examples
    --------
    >>> find_two_groups(()) is None
    True
    """
    groups = {one.about.group for one in figures}
    is_named = not groups & {"", NOT_SAID, "all patients"}
    if len(figures) != 2 or len(groups) != 2 or not is_named:
        return None
    return tuple(figures) if len({one.about.time for one in figures}) == 1 else None


def labels_of(name: OutcomeName | None, phrase: str, *, is_change: bool, is_model: bool) -> FigureLabels:
    """Give what a figure is about, without group, time and unit.

    Parameters
    ----------
    name : the outcome, where its name is known
    phrase : the words of the sentence, where it is not
    is_change : whether a change is printed, not a value
    is_model : whether the value comes from a model or a transformation, so that it has no step and no bounds

    Examples
    --------
    >>> labels_of(None, "joint count", is_change=True, is_model=False).outcome
    'change in joint count'
    """
    outcome = name.label if name else phrase
    scale = name.scale if name else OutcomeScale()
    analyte = name.analyte if name else ""
    if is_change:
        outcome, analyte = f"change in {outcome}" if outcome else "change", ""
        widest = None if scale.maximum is None or scale.minimum is None else scale.maximum - scale.minimum
        scale = replace(scale, minimum=None if widest is None else -widest, maximum=widest)
    if is_model:
        outcome, scale = f"{outcome} (estimated)".strip(), OutcomeScale()
    return FigureLabels(outcome=outcome, analyte=analyte, scale=scale)
