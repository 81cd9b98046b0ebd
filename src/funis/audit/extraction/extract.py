"""The figures of a text: every sentence and row read, its statistics turned to records, the rest listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from funis.audit.extraction.groups import compares_groups
from funis.audit.extraction.not_figures import NUMBER, TIME_UNIT
from funis.audit.extraction.phrases import find_abbreviations
from funis.audit.extraction.plain_letters import plain_letters
from funis.audit.extraction.records import FigureMaker
from funis.audit.extraction.row_labels import find_default
from funis.audit.extraction.sentence import NotUnderstood, SentenceRecords, look_at
from funis.audit.extraction.sentence_reading import TextFacts
from funis.audit.extraction.table_rows import add_head, read_row
from funis.audit.extraction.whole_text import (
    find_criteria,
    find_enrolment,
    find_level,
    find_sexes,
    find_spread,
)
from funis.audit.figures import PrintedCount, PrintedFigure
from funis.audit.reading.source import SourceText, TextPassage
from funis.audit.times import days_of

_RELAPSE: Final = re.compile(r"\b(?:relaps|flare|loss of response|recurrence)", re.IGNORECASE)
_RESPONSE: Final = re.compile(r"\b(?:respon[sd]|remission)", re.IGNORECASE)
_AFTER_RESPONSE: Final = re.compile(
    r"\bafter\s(?:an?\s|the\s|their\s)?(?:\w+\s){0,3}?(?:response|remission)|\bamong (?:the )?responders|\bresponders\b[^.]{0,40}relaps",
    re.IGNORECASE,
)

#: Events that are counted once they happened; a response can be lost again.
_EVENT: Final = re.compile(
    r"\b(?:di(?:ed|es?)\b|death|relaps|flare|recurrence|adverse|infection|hospitali|discontinu|withdr[ae]w|progress(?:ed|ion))",
    re.IGNORECASE,
)
_SINCE_START: Final = re.compile(
    rf"\b(?:within|during|up to|over|throughout|since the start to)\s(?:the\s)?(?:first\s)?(?P<time>(?:{NUMBER})[ -]{TIME_UNIT}\b|"
    rf"(?:day|week|month|year)s?[ -](?:{NUMBER}))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ExtractedFigures:
    """What was found in a text.

    Attributes
    ----------
    source : the text
    figures : in the order they are printed
    not_understood : numbers that were seen and are not checked, by sentence
    """

    source: SourceText
    figures: tuple[PrintedFigure, ...]
    not_understood: tuple[NotUnderstood, ...]


def extract_figures(source: SourceText) -> ExtractedFigures:
    """Find the printed figures of a text.

    Parameters
    ----------
    source : from `funis.audit.reading.read.read_source`

    Returns
    -------
    ExtractedFigures : each figure with its place; numbers that are no figures (years, identifiers, citations,
        times, doses, names of markers) are in neither list

    Examples
    --------
    >>> from funis.audit.reading.sentences import build_source
    >>> from funis.audit.reading.source import TextLine
    >>> text = "Forty patients were enrolled in 2012. Of these, 14/40 (35.0%) responded. The dose was 17."
    >>> found = extract_figures(build_source("a.txt", [TextLine(text)]))
    >>> [type(each).__name__ for each in found.figures], [len(each.pieces) for each in found.not_understood]
    (['PrintedGroupSize', 'PrintedCount'], [1])
    """
    whole = plain_letters(source.text)
    facts = TextFacts(
        compares_groups(whole), find_abbreviations(whole), find_spread(whole), find_level(whole)
    )
    maker = FigureMaker(source)
    missed: list[NotUnderstood] = []
    section, otherwise = "", find_default(whole)
    for passage in source.passages:
        if passage.is_row:
            if passage.is_head:
                add_head(maker, passage)
                section = ""
            elif _is_section(source, passage):
                section = source.text[passage.cells[0].start : passage.cells[0].end]
            else:
                missed += read_row(maker, passage, section, otherwise)
            continue
        missed += _read_sentence(maker, passage, facts)
    figures = sorted(
        map(_since_start, maker.figures), key=lambda each: (each.place.start or 0, each.place.end or 0)
    )
    return ExtractedFigures(source, tuple(_with_conditions(figures)), tuple(missed))


def _is_section(source: SourceText, passage: TextPassage) -> bool:
    """Tell whether a row only names those below it: nothing but its first cell has words."""
    return not any(source.text[cell.start : cell.end].strip() for cell in passage.cells[1:])


def _read_sentence(maker: FigureMaker, passage: TextPassage, facts: TextFacts) -> Iterator[NotUnderstood]:
    """Add what a sentence holds; give what was not understood and no record of the whole text has either."""
    words = maker.source.text[passage.start : passage.end]
    plain = plain_letters(words)
    known = [
        *([found] if (found := find_enrolment(maker, passage, plain)) else []),
        *find_sexes(maker, passage, plain),
        *find_criteria(maker, passage, plain),
    ]
    for missed in SentenceRecords(look_at(passage, words), maker, facts).add_all():
        pieces = tuple(
            (start, end)
            for start, end in missed.pieces
            if not any(low <= start and end <= high for low, high in known)
        )
        if pieces:
            yield missed._replace(pieces=pieces)


def _since_start(figure: PrintedFigure) -> PrintedFigure:
    """Say of a count of events that it counts since the start, where the words of its time say so."""
    if not isinstance(figure, PrintedCount) or not _EVENT.search(figure.about.outcome):
        return figure
    days = days_of(figure.about.time)
    spans = _SINCE_START.finditer(plain_letters(figure.place.sentence))
    is_cumulative = days is not None and any(days_of(each.group("time")) == days for each in spans)
    return replace(figure, is_cumulative=is_cumulative)


def _with_conditions(figures: Sequence[PrintedFigure]) -> Iterator[PrintedFigure]:
    """Name the responses that a relapse needs, where the text says that it came after one."""
    responses = tuple(
        dict.fromkeys(
            each.about.outcome
            for each in figures
            if isinstance(each, PrintedCount)
            and _RESPONSE.search(each.about.outcome)
            and not _RELAPSE.search(each.about.outcome)
        )
    )
    for each in figures:
        is_later = (
            isinstance(each, PrintedCount)
            and _RELAPSE.search(each.about.outcome)
            and _AFTER_RESPONSE.search(plain_letters(each.place.sentence))
        )
        if is_later and isinstance(each, PrintedCount) and responses:
            yield replace(each, only_after=responses)
        else:
            yield each
