"""One row of a table read: the words of its first cell say what the others are, the heads say of which group."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from funis.audit.extraction.intervals import read_interval_cell
from funis.audit.extraction.not_figures import NUMBER
from funis.audit.extraction.outcome_names import find_outcomes
from funis.audit.extraction.plain_letters import plain_letters
from funis.audit.extraction.records import RELATIONS, FigureMaker, find_two_groups, labels_of, number_of
from funis.audit.extraction.row_labels import SIZE, RowLabel, cut_time, group_of, read_label
from funis.audit.extraction.sentence import NotUnderstood
from funis.audit.extraction.statistics import PrintedPiece
from funis.audit.figures import (
    NOT_SAID,
    FigureLabels,
    FigurePlace,
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedInterval,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    PrintedP,
)
from funis.audit.reading.source import PrintedCell, TextPassage

_SIGNED: Final = rf"[-–]?(?:{NUMBER})"
_PLUS_MINUS: Final = re.compile(
    rf"(?P<mean>{_SIGNED})\s?(?:±|\+/-|\+-)\s?(?P<spread>{NUMBER})(?P<unit>\s?[^\d\s()]{{1,8}})?"
)
_BRACKETED: Final = re.compile(rf"(?P<one>{_SIGNED})\s?[(\[]\s?(?P<two>{NUMBER})(?P<sign>\s?%)?\s?[)\]]")
_OF_PERCENT: Final = re.compile(
    rf"(?P<one>{NUMBER})\s?(?:/|of)\s?(?P<of>{NUMBER})(?:\s?[(\[,]?\s?(?P<two>{NUMBER})\s?%?\s?[)\]]?)?"
)
_SPREAD_OUT: Final = re.compile(
    rf"(?P<median>{_SIGNED})\s?[(\[]\s?(?P<low>{_SIGNED})\s?(?:–|-|to|,|;)\s?(?P<high>{_SIGNED})\s?[)\]]"
)
_P_CELL: Final = re.compile(rf"(?:[Pp]\s?)?(?P<relation><|>|=|≤|≥)?\s?(?P<p>{NUMBER})")
_P_HEAD: Final = re.compile(r"(?:^|\W)[Pp](?:[ -]?(?:Value|value)s?)?(?:\W|$)")
#: Signs that lead to a note under the table.
_NOTES: Final = re.compile(r"[*†‡§¶#]+")
_ESTIMATE: Final = re.compile(
    r"\bCI\b|confidence|hazard|odds|\bratio\b|difference|estimate|coefficient|β|\bbeta\b|\b[HOR]R\b|adjusted|least[ -]squares|\bLS\b",
    re.IGNORECASE,
)


def add_head(maker: FigureMaker, passage: TextPassage) -> None:
    """Add the sizes of the groups that a row of heads prints.

    Parameters
    ----------
    maker : takes the records
    passage : the row of heads
    """
    for cell in passage.cells:
        words = plain_letters(maker.source.text[cell.start : cell.end])
        match = SIZE.search(words)
        group = group_of(words)
        n = number_of(PrintedPiece(match.group("n"), 0, 0)) if match else None
        if match is None or n is None or not n.is_whole or not group:
            continue
        start = cell.start - passage.start
        place = maker.place(passage, start + match.start(), start + match.end())
        maker.figures.append(PrintedGroupSize(maker.next_id("size"), FigureLabels(group=group), place, n))


def read_row(
    maker: FigureMaker, passage: TextPassage, section: str, otherwise: str
) -> Iterator[NotUnderstood]:
    """Add the figures of a row of a table; give what was not understood.

    Parameters
    ----------
    maker : takes the records
    passage : the row
    section : words of the row above that groups this one
    otherwise : what a note says that figures are where neither row nor head does
    """
    text, first = maker.source.text, passage.cells[0]
    words = plain_letters(text[first.start : first.end])
    label = read_label(words, plain_letters(section), f"{plain_letters(first.head)} {otherwise}")
    missed: list[tuple[int, int]] = []
    row: list[PrintedFigure] = []
    for cell in passage.cells[1:]:
        printed = plain_letters(text[cell.start : cell.end])
        if not any(map(str.isdigit, printed)):
            continue
        made = _read_cell(maker, passage, cell, _NOTES.sub("", printed).strip(), label)
        if made is None:
            missed.append((cell.start - passage.start, cell.end - passage.start))
        else:
            row.append(made)
    maker.figures += _with_groups(row)
    if missed:
        yield NotUnderstood(passage, tuple(missed), "cell")


def _with_groups(row: Sequence[PrintedFigure]) -> Iterator[PrintedFigure]:
    """Say of the P value of a row which two groups it compares, where the row has one figure of each."""
    pair = find_two_groups([each for each in row if not isinstance(each, PrintedP | PrintedInterval)])
    values = [each for each in row if isinstance(each, PrintedP)]
    intervals = [each for each in row if isinstance(each, PrintedInterval)]
    p_value = values[0].id if len(values) == len(intervals) == 1 else ""
    for each in row:
        if isinstance(each, PrintedInterval):
            yield _with_counts(replace(each, p_value=p_value), pair)
        elif pair is not None and isinstance(each, PrintedP) and type(pair[0]) is type(pair[1]):
            about = replace(pair[0].about, unit="")
            yield replace(each, about=about, against_group=pair[1].about.group)
        else:
            yield each


def _with_counts(figure: PrintedInterval, pair: tuple[PrintedFigure, ...] | None) -> PrintedInterval:
    """Say of the interval of a row which counts it compares, where the row has one of each of two groups."""
    if pair is None or not all(isinstance(one, PrintedCount) for one in pair):
        return figure
    about = replace(pair[0].about, unit=figure.about.unit)
    return replace(figure, about=about, against_group=pair[1].about.group)


def _read_cell(
    maker: FigureMaker, passage: TextPassage, cell: PrintedCell, words: str, label: RowLabel
) -> PrintedFigure | None:
    """Read the figure of one cell; None where its form or the labels do not say what it is."""
    head = plain_letters(cell.head)
    if label.outcome and not _P_HEAD.search(head):
        place = maker.place(passage, cell.start - passage.start, cell.end - passage.start)
        heads = (head, *_row_words(maker, passage))
        found = read_interval_cell(maker, replace(_about(head, label), group=NOT_SAID), place, words, heads)
        if found is not None:
            return found
    if _ESTIMATE.search(head) or _ESTIMATE.search(label.outcome) or not label.outcome:
        return None
    about = _about(head, label)
    place = maker.place(passage, cell.start - passage.start, cell.end - passage.start)
    if _P_HEAD.search(head):
        return _read_p(maker, replace(about, group=NOT_SAID, unit=""), place, words)
    return next(
        (
            made
            for pattern, read in _FORMS.items()
            if (match := pattern.fullmatch(words)) and (made := read(maker, about, place, match, label))
        ),
        None,
    )


def _row_words(maker: FigureMaker, passage: TextPassage) -> tuple[str, str]:
    """Give the words of the first cell of a row, and of the head above it."""
    first = passage.cells[0]
    return plain_letters(maker.source.text[first.start : first.end]), plain_letters(first.head)


def _about(head: str, label: RowLabel) -> FigureLabels:
    """Put together what a cell is about: outcome and unit of its row, group and time of its head."""
    name = next(iter(find_outcomes(label.outcome)), None)
    is_change = "change" in label.outcome.casefold()
    time = cut_time(SIZE.sub(" ", head))[1] or label.time
    group = group_of(head)
    if label.kind == "count":
        # A share of subjects above a limit is no value of the outcome that the limit is of.
        return FigureLabels(label.outcome, group or NOT_SAID, time)
    made = labels_of(name, "" if is_change else label.outcome, is_change=is_change, is_model=False)
    outcome = label.outcome if name is None else made.outcome
    # Without a group the column is of everybody where its head is a time, else of nobody knows whom.
    whom = group or ("" if cut_time(head)[1] else NOT_SAID)
    return FigureLabels(outcome, whom, time, label.unit, made.analyte, made.scale)


def _read_p(maker: FigureMaker, about: FigureLabels, place: FigurePlace, words: str) -> PrintedP | None:
    match = _P_CELL.fullmatch(words)
    p = number_of(PrintedPiece(match.group("p"), 0, 0)) if match else None
    if match is None or p is None or p.value > 1:
        return None
    return PrintedP(maker.next_id("p"), about, place, p, RELATIONS[match.group("relation") or "="])


def _read_plus_minus(
    maker: FigureMaker, about: FigureLabels, place: FigurePlace, match: re.Match[str], label: RowLabel
) -> PrintedMean | None:
    mean, spread = _numbers(match, "mean", "spread")
    return (
        None if mean is None else PrintedMean(maker.next_id("mean"), about, place, mean, spread, label.spread)
    )


def _read_median(
    maker: FigureMaker, about: FigureLabels, place: FigurePlace, match: re.Match[str], label: RowLabel
) -> PrintedMedian | None:
    median, low, high = _numbers(match, "median", "low", "high")
    if label.kind != "median" or median is None:
        return None
    return PrintedMedian(maker.next_id("median"), about, place, median, low, high, label.median_spread)


def _read_share(
    maker: FigureMaker, about: FigureLabels, place: FigurePlace, match: re.Match[str], _: RowLabel
) -> PrintedCount | None:
    count, total, percent = _numbers(match, "one", "of", "two")
    if count is None or total is None or not (count.is_whole and total.is_whole):
        return None
    return PrintedCount(maker.next_id("count"), replace(about, unit=""), place, count, total, percent)


def _read_bracketed(
    maker: FigureMaker, about: FigureLabels, place: FigurePlace, match: re.Match[str], label: RowLabel
) -> PrintedFigure | None:
    one, two = _numbers(match, "one", "two")
    if one is None or two is None:
        return None
    if (match.group("sign") or label.kind == "count") and one.is_whole and two.value <= 100:
        return PrintedCount(maker.next_id("count"), replace(about, unit=""), place, one, None, two)
    if label.kind == "mean" and label.spread != "not said" and not match.group("sign"):
        return PrintedMean(maker.next_id("mean"), about, place, one, two, label.spread)
    return None


_Reader = Callable[[FigureMaker, FigureLabels, FigurePlace, re.Match[str], RowLabel], PrintedFigure | None]
#: Forms of a cell, in the order in which they are tried.
_FORMS: Final[Mapping[re.Pattern[str], _Reader]] = {
    _PLUS_MINUS: _read_plus_minus,
    _SPREAD_OUT: _read_median,
    _OF_PERCENT: _read_share,
    _BRACKETED: _read_bracketed,
}


def _numbers(match: re.Match[str], *names: str) -> tuple[PrintedNumber | None, ...]:
    return tuple(
        number_of(PrintedPiece(match.group(name), *match.span(name))) if match.group(name) else None
        for name in names
    )
