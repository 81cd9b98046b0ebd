"""The figures of one or more reports, found by what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias, TypeVar

from funis.audit.figures import (
    FigureLabels,
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedInterval,
    PrintedLimit,
    PrintedMean,
    PrintedMedian,
    PrintedP,
    PrintedTotal,
)
from funis.audit.times import same_time

_Kind = TypeVar("_Kind", bound=PrintedFigure)
#: Figures that may print a number of subjects of their own.
WithSubjects: TypeAlias = PrintedMean | PrintedMedian | PrintedP
#: Words for all subjects, in the labels of a group.
_EVERYBODY: Final = frozenset({"", "all", "all patients", "all subjects", "total", "overall"})


class Subjects(NamedTuple):
    """How many subjects a figure is of, and who says so.

    Attributes
    ----------
    n : number
    printed_with_it : the figure prints it itself; else it is the size of the group, and values may be missing
    said_by : the figure that prints it
    """

    n: int
    printed_with_it: bool
    said_by: PrintedFigure


@dataclass(frozen=True)
class GatheredFigures:
    """All figures that are checked against each other.

    Attributes
    ----------
    all : every figure, in the order they are printed; two reports are told apart by the files of their places
    """

    all: tuple[PrintedFigure, ...]

    def of(self, kind: type[_Kind]) -> Iterator[_Kind]:
        """Give the figures of one kind."""
        return (each for each in self.all if isinstance(each, kind))

    @cached_property
    def counts(self) -> tuple[PrintedCount, ...]:
        """Counts and percentages."""
        return tuple(self.of(PrintedCount))

    @cached_property
    def means(self) -> tuple[PrintedMean, ...]:
        """Means."""
        return tuple(self.of(PrintedMean))

    @cached_property
    def medians(self) -> tuple[PrintedMedian, ...]:
        """Medians."""
        return tuple(self.of(PrintedMedian))

    @cached_property
    def p_values(self) -> tuple[PrintedP, ...]:
        """P values."""
        return tuple(self.of(PrintedP))

    @cached_property
    def intervals(self) -> tuple[PrintedInterval, ...]:
        """Intervals of confidence."""
        return tuple(self.of(PrintedInterval))

    @cached_property
    def limits(self) -> tuple[PrintedLimit, ...]:
        """Entry criteria and observed limits."""
        return tuple(self.of(PrintedLimit))

    @cached_property
    def totals(self) -> tuple[PrintedTotal, ...]:
        """Totals with their parts."""
        return tuple(self.of(PrintedTotal))

    @cached_property
    def group_sizes(self) -> tuple[PrintedGroupSize, ...]:
        """Sizes of groups."""
        return tuple(self.of(PrintedGroupSize))

    def size_of(self, about: FigureLabels, file: str) -> PrintedGroupSize | None:
        """Find the size of a group: at its time where that is printed, else at none in particular."""
        held = [
            each
            for each in self.group_sizes
            if each.place.file == file and same_words(each.about.group, about.group)
        ]
        at_its_time = [each for each in held if same_time(each.about.time, about.time)]
        at_no_time = [each for each in held if not each.about.time]
        return next(iter([*at_its_time, *at_no_time]), None)

    def subjects_of(self, figure: WithSubjects) -> Subjects | None:
        """Tell how many subjects a figure is of, None where nothing printed says so."""
        if figure.n is not None:
            return Subjects(int(figure.n.value), printed_with_it=True, said_by=figure)
        size = self.size_of(figure.about, figure.place.file)
        return None if size is None else Subjects(int(size.n.value), printed_with_it=False, said_by=size)

    def p_value_of(self, figure: PrintedInterval) -> PrintedP | None:
        """Find the P value that is printed with an interval, None where none is."""
        held = (
            each
            for each in self.p_values
            if figure.p_value and each.id == figure.p_value and each.place.file == figure.place.file
        )
        return next(held, None)

    def mean_at(self, about: FigureLabels, file: str, *, time: str, group: str) -> PrintedMean | None:
        """Find the mean of an outcome at a time in a group, None where none or more than one is printed."""
        held = [
            each
            for each in self.means
            if each.place.file == file
            and same_words(each.about.outcome, about.outcome)
            and same_time(each.about.time, time)
            and same_words(each.about.group, group)
        ]
        return held[0] if len(held) == 1 else None


def gather(figures: Iterable[PrintedFigure]) -> GatheredFigures:
    """Gather figures.

    Examples
    --------
    >>> gather([]).counts
    ()
    """
    return GatheredFigures(tuple(figures))


def plain_words(words: str) -> str:
    """Give words of a label as they are compared: letters small, one space between, all subjects empty.

    Examples
    --------
    >>> plain_words(" Month  6"), plain_words("All patients")
    ('month 6', '')
    """
    plain = " ".join(words.casefold().split())
    return "" if plain in _EVERYBODY else plain


def same_words(one: str, other: str) -> bool:
    """Tell whether two labels mean the same.

    Examples
    --------
    >>> same_words("SLEDAI", "sledai"), same_words("", "all patients"), same_words("month 6", "month 9")
    (True, True, False)
    """
    return plain_words(one) == plain_words(other)
