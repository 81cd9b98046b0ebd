"""From how many subjects on a statistic is printed: one table of limits, read by every cell.

Below its limit a statistic is printed as n/c; the number itself stays in ``results.csv`` and behind the mark.
P values are printed at any n, with n beside them where it is small: published papers test the changes of five
subjects, and a reader must find these figures. What such a P rests on is said where no exact test of so few
could give it.

Source: the project's rules for tables (no percentage below 10 subjects, SD from 3, quartiles and the interval
of a mean from 5, models from 20).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Protocol

from funis.reporting.single_patient import ONE_SUBJECT

NOT_CALCULATED: Final = "n/c"


class Counted(Protocol):
    """A number with its place: what the limits look at."""

    @property
    def analysis(self) -> str: ...  # noqa: D102
    @property
    def statistic(self) -> str: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def n(self) -> int | None: ...  # noqa: D102
    @property
    def denominator(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Limit:
    """Statistics that need so many subjects.

    Attributes
    ----------
    words : what they are, in the footnote
    least : number of subjects from which on they are printed
    statistics : their names
    methods : the methods they belong to; empty for any
    analyses : the analyses they belong to; empty for any
    """

    words: str
    least: int
    statistics: frozenset[str]
    methods: frozenset[str] = frozenset()
    analyses: frozenset[str] = frozenset()

    def concerns(self, number: Counted) -> bool:
        """Tell whether the limit is about a number."""
        return (
            number.statistic in self.statistics
            and (not self.methods or number.method in self.methods)
            and (not self.analyses or number.analysis in self.analyses)
        )


_ENDS: Final = frozenset({"lower", "upper"})
LIMITS: Final = (
    Limit("a standard deviation needs 3 subjects", 3, frozenset({"sd"})),
    Limit("quartiles need 5", 5, frozenset({"q1", "q3"})),
    Limit("the interval of a mean needs 5", 5, _ENDS, frozenset({"student_t", "paired_t"})),
    Limit(
        "a mixed model needs 20",
        20,
        frozenset(
            {
                *_ENDS, "estimate", "se", "df", "p", "p_adjusted",
                "conditional_se", "conditional_lower", "conditional_upper",
            }
        ),
        frozenset({"mmrm"}),
        frozenset({"mmrm"}),
    ),
)  # fmt: skip
#: From this denominator on a percentage stands beside n/N.
PERCENT_FROM: Final = 10
#: Below this number a P value is printed with its n.
SMALL: Final = 10


def limit_missed(number: Counted) -> Limit | None:
    """Give the limit that a number stays below; None where it is printed."""
    if number.n is None:
        return None
    return next((limit for limit in LIMITS if limit.concerns(number) and number.n < limit.least), None)


def has_percent(number: Counted) -> bool:
    """Tell whether the denominator of a share is large enough for a percentage."""
    return number.denominator is None or number.denominator >= PERCENT_FROM


def _say(missed: Collection[Limit]) -> str:
    reasons = "; ".join(limit.words for limit in LIMITS if limit in missed)
    return f"{NOT_CALCULATED}: too few subjects to print it: {reasons}."


#: Every note that can be made of the limits.
_NOTES: Final = frozenset(
    _say(missed) for size in range(1, len(LIMITS) + 1) for missed in combinations(LIMITS, size)
)


def limit_notes(numbers: Iterable[Counted]) -> tuple[str, ...]:
    """Say what n/c stands for in a table that holds it, and what stands where n is 1."""
    used = list(numbers)
    missed = dict.fromkeys(found for number in used if (found := limit_missed(number)) is not None)
    notes = (_say(missed),) if missed else ()
    # In a report of one subject no mean has a spread beside it, and nothing is missed.
    alone = any(number.n == 1 and number.statistic == "mean" for number in used)
    return (*notes, ONE_SUBJECT) if alone and any(number.statistic == "sd" for number in used) else notes


def needed_notes(footnotes: Iterable[str], printed: Iterable[Counted]) -> tuple[str, ...]:
    """Keep of the notes on limits what is said of numbers that are printed, and every other note.

    Parameters
    ----------
    footnotes : the notes under a table, made from more numbers than it prints
    printed : the numbers in its cells

    Examples
    --------
    >>> needed_notes(("N: all.", ONE_SUBJECT, "n/c: too few subjects to print it: quartiles need 5."), ())
    ('N: all.',)
    """
    used = list(printed)
    own = _NOTES.intersection(limit_notes(used))
    alone = any(number.n == 1 and number.statistic == "mean" for number in used)
    kept: list[str] = []
    for note in footnotes:
        if note in _NOTES:
            kept += own
        elif note != ONE_SUBJECT or alone:
            kept.append(note)
    return tuple(kept)
