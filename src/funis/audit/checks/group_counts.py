"""The count of one group that a comparison of two is held against, with its denominator."""

from __future__ import annotations

from dataclasses import replace

from funis.audit.checks.denominators import implied_denominators
from funis.audit.figures import FigureLabels, PrintedCount
from funis.audit.gathered import GatheredFigures, same_words


def count_of_group(
    figures: GatheredFigures, about: FigureLabels, file: str, group: str
) -> PrintedCount | None:
    """Find how many of a group had an outcome at a time.

    Parameters
    ----------
    figures : all figures
    about : outcome and time
    file : counts of another report are not used
    group : of whom

    Returns
    -------
    PrintedCount : with count and denominator, the count no larger; None where none, or more than one, is
        printed

    Examples
    --------
    >>> from funis.audit.gathered import gather
    >>> count_of_group(gather([]), FigureLabels("relapse"), "a.txt", "cells") is None
    True
    """
    held = [
        each
        for each in figures.counts
        if each.place.file == file
        and each.count is not None
        and same_words(each.about.outcome, about.outcome)
        and same_words(each.about.time, about.time)
        and same_words(each.about.group, group)
    ]
    found = with_denominator(figures, held[0]) if len(held) == 1 else None
    if found is None or found.count is None or found.denominator is None:
        return None
    return found if 0 < found.denominator.value >= found.count.value else None


def with_denominator(figures: GatheredFigures, figure: PrintedCount) -> PrintedCount:
    """Take the size of the group as the denominator where the printed percentage is of it.

    Examples
    --------
    >>> from funis.audit.figures import FigurePlace, PrintedNumber
    >>> from funis.audit.gathered import gather
    >>> figure = PrintedCount("c", FigureLabels(), FigurePlace(), PrintedNumber("3"))
    >>> with_denominator(gather([]), figure) == figure
    True
    """
    size = figures.size_of(figure.about, figure.place.file)
    if figure.denominator is not None or size is None:
        return figure
    is_of_all = int(size.n.value) in implied_denominators(figure, max(1_000, int(size.n.value)))
    return replace(figure, denominator=size.n) if is_of_all else figure
