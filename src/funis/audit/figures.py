"""Printed figures of a paper, each as it is printed: trailing zeros count, and so does the place.

A figure is a text, not a number: 7.50 and 7.5 say different things about what was rounded. Value, decimals
and the interval of what may have been rounded to it are derived, as exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal, TypeAlias

from funis.errors import ValueRangeError

Relation: TypeAlias = Literal["=", "<", ">", "<=", ">="]
RELATIONS: Final[tuple[Relation, ...]] = ("=", "<", ">", "<=", ">=")
#: What stands behind a mean: a standard deviation, a standard error, or a number the text does not name.
MeanSpread: TypeAlias = Literal["sd", "se", "not said"]
MEAN_SPREADS: Final[tuple[MeanSpread, ...]] = ("sd", "se", "not said")
MedianSpread: TypeAlias = Literal["range", "iqr", "not said"]
MEDIAN_SPREADS: Final[tuple[MedianSpread, ...]] = ("range", "iqr", "not said")
LimitKind: TypeAlias = Literal["criterion", "observed"]
LIMIT_KINDS: Final[tuple[LimitKind, ...]] = ("criterion", "observed")
#: Tests whose printed P can be checked against what they can give; an empty name says that none is printed.
NamedTest: TypeAlias = Literal[
    "", "paired_t", "independent_t", "welch_t", "wilcoxon_signed_rank", "wilcoxon_rank_sum", "sign",
    "mcnemar", "fisher", "chi_square", "other",
]  # fmt: skip
NAMED_TESTS: Final[tuple[NamedTest, ...]] = (
    "", "paired_t", "independent_t", "welch_t", "wilcoxon_signed_rank", "wilcoxon_rank_sum", "sign",
    "mcnemar", "fisher", "chi_square", "other",
)  # fmt: skip
#: What an interval is of.
IntervalMeasure: TypeAlias = Literal[
    "", "mean", "median", "proportion", "mean difference", "standardised difference", "coefficient",
    "risk difference", "odds ratio", "risk ratio", "rate ratio", "hazard ratio",
]  # fmt: skip
INTERVAL_MEASURES: Final[tuple[IntervalMeasure, ...]] = (
    "", "mean", "median", "proportion", "mean difference", "standardised difference", "coefficient",
    "risk difference", "odds ratio", "risk ratio", "rate ratio", "hazard ratio",
)  # fmt: skip
#: Methods of intervals; an empty name says that the text names none.
IntervalMethod: TypeAlias = Literal[
    "", "t", "wald", "wilson", "clopper_pearson", "agresti_coull", "jeffreys", "mid_p", "newcombe",
    "agresti_caffo", "miettinen_nurminen", "fisher", "bootstrap", "other",
]  # fmt: skip
INTERVAL_METHODS: Final[tuple[IntervalMethod, ...]] = (
    "", "t", "wald", "wilson", "clopper_pearson", "agresti_coull", "jeffreys", "mid_p", "newcombe",
    "agresti_caffo", "miettinen_nurminen", "fisher", "bootstrap", "other",
)  # fmt: skip

NOT_SAID: Final = "group not said"
"""The group of a figure of one of several groups, where the text does not say which: never all subjects."""

_MINUS: Final = str.maketrans(
    {"−": "-", "–": "-", "·": ".", "\N{NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " "}
)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:[ ,]\d{3})+(?:\.\d+)?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")


@dataclass(frozen=True, slots=True)
class RoundingInterval:
    """All values that may have been printed as one figure; both ends belong to it."""

    lower: Fraction
    upper: Fraction

    def holds(self, value: Fraction) -> bool:
        """Tell whether a value lies in it.

        Examples
        --------
        >>> RoundingInterval(Fraction(1, 2), Fraction(1)).holds(Fraction(1))
        True
        """
        return self.lower <= value <= self.upper


@dataclass(frozen=True)
class PrintedNumber:
    """A number as it is printed.

    Parameters
    ----------
    text : verbatim, without unit and sign of percent: ``"7.50"``, ``"1,683"``, ``"0·05"``, ``".5"``

    Raises
    ------
    ValueRangeError : it is no number as papers print them

    Examples
    --------
    >>> printed = PrintedNumber("7.50")
    >>> printed.value, printed.decimals, printed.rounding.lower
    (Fraction(15, 2), 2, Fraction(1499, 200))
    """

    text: str

    def __post_init__(self) -> None:
        if plain_number(self.text) is None:
            allowed = "a number as printed, such as 7.50, 1,683, 0·05 or -3"
            raise ValueRangeError("printed number", self.text, allowed, "Leave unit and percent sign out.")

    @cached_property
    def _plain(self) -> str:
        return plain_number(self.text) or "0"

    @cached_property
    def value(self) -> Fraction:
        """The number itself, exactly."""
        return Fraction(self._plain)

    @property
    def decimals(self) -> int:
        """How many decimals are printed; trailing zeros count."""
        return len(self._plain.partition(".")[2])

    @property
    def is_whole(self) -> bool:
        """Tell whether no decimals are printed."""
        return self.decimals == 0

    @property
    def unit(self) -> Fraction:
        """One of the last printed decimal: 1/100 for 7.50."""
        return Fraction(1, 10**self.decimals)

    @property
    def rounding(self) -> RoundingInterval:
        """What may have been rounded to it; ties belong to it, so that every rule for ties does."""
        return RoundingInterval(self.value - self.unit / 2, self.value + self.unit / 2)

    @property
    def truncation(self) -> RoundingInterval:
        """What may have been cut off to it, towards zero; the far end itself does not, it is a limit."""
        sign = -1 if self._plain.startswith("-") else 1
        ends = sorted((self.value, self.value + sign * self.unit))
        return RoundingInterval(ends[0], ends[1])

    def __str__(self) -> str:
        return self.text


def plain_number(text: str) -> str | None:
    """Give a printed number in plain digits and a point, all its decimals kept; None where it is none.

    A comma or a thin space is read as dividing thousands only where three digits follow each; a centred point
    is a decimal point. A decimal comma is not read: 1,683 would be two numbers.

    Examples
    --------
    >>> plain_number("1,683"), plain_number("0·050"), plain_number("−3.0"), plain_number("7,5")
    ('1683', '0.050', '-3.0', None)
    """
    plain = text.strip().translate(_MINUS)
    if _THOUSANDS.fullmatch(plain):
        return plain.replace(",", "").replace(" ", "").lstrip("+")
    if _NUMBER.fullmatch(plain):
        return plain.lstrip("+")
    return None


@dataclass(frozen=True, slots=True)
class FigurePlace:
    """Where a figure is printed.

    Attributes
    ----------
    file : name of the file of the printed text, or of the file of figures where no text was read; figures of
        two reports of one trial are told apart by it
    sentence : the sentence it stands in, verbatim, or in the words of whoever typed the figures
    start, end : offsets of the figure in the text of the file, counted in letters from 0, `end` behind the
        last one; None where there is no text
    line : line of the file of figures, None where the figure was found in a text
    page : number of the page from 1, as a PDF counts; None where the file has no pages
    """

    file: str = ""
    sentence: str = ""
    start: int | None = None
    end: int | None = None
    line: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class OutcomeScale:
    """What the value of one subject can be.

    Attributes
    ----------
    step : distance of two neighbouring values of one item (1 for whole numbers), None where values are
        continuous or nothing is known
    minimum, maximum : lowest and highest value of one subject, None where there is no bound
    items : how many items of that step are averaged into the value of one subject; 1 for a sum or one item
    """

    step: Fraction | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    items: int = 1

    @property
    def grain(self) -> Fraction | None:
        """Distance of two neighbouring values of one subject."""
        return None if self.step is None else self.step / self.items

    @property
    def is_binary(self) -> bool:
        """Tell whether a subject is 0 or 1."""
        return self.grain == 1 and self.minimum == 0 and self.maximum == 1


@dataclass(frozen=True, slots=True)
class FigureLabels:
    """What a figure is about.

    Attributes
    ----------
    outcome : what was measured or counted, in the words of the text: ``SLEDAI``, ``relapse``
    group : arm or subgroup; empty for all subjects
    time : visit or time; empty where the text names none
    unit : as printed; empty for a number without one
    analyte : name of the quantity in the table of analytes (`funis.units`), empty where it is none of them
    scale : what a value can be
    """

    outcome: str = ""
    group: str = ""
    time: str = ""
    unit: str = ""
    analyte: str = ""
    scale: OutcomeScale = OutcomeScale()


@dataclass(frozen=True, slots=True)
class PrintedCount:
    """How many subjects, of how many, and the percentage; at least one of the three is printed.

    Attributes
    ----------
    count, denominator, percent : as printed, None where it is not printed
    denominator_name : of whom, in the words of the text: ``enrolled``; empty where it does not say
    only_after : outcomes (or one of them) that a subject must have had before it can have this one: a relapse
        needs a response
    is_cumulative : whether it counts from the start up to its time, not at its time
    """

    id: str
    about: FigureLabels
    place: FigurePlace
    count: PrintedNumber | None = None
    denominator: PrintedNumber | None = None
    percent: PrintedNumber | None = None
    denominator_name: str = ""
    only_after: tuple[str, ...] = ()
    is_cumulative: bool = False


@dataclass(frozen=True, slots=True)
class PrintedMean:
    """A mean, with what stands behind the plus-minus sign.

    Attributes
    ----------
    mean : as printed
    spread : as printed, None where none is
    spread_kind : what it is by the text
    n : subjects of this mean, where the text prints it with the mean; None where only the size of the group
        is printed
    """

    id: str
    about: FigureLabels
    place: FigurePlace
    mean: PrintedNumber
    spread: PrintedNumber | None = None
    spread_kind: MeanSpread = "not said"
    n: PrintedNumber | None = None


@dataclass(frozen=True, slots=True)
class PrintedMedian:
    """A median with a range or the quartiles, each as printed."""

    id: str
    about: FigureLabels
    place: FigurePlace
    median: PrintedNumber
    low: PrintedNumber | None = None
    high: PrintedNumber | None = None
    spread_kind: MedianSpread = "not said"
    n: PrintedNumber | None = None


@dataclass(frozen=True, slots=True)
class PrintedP:
    """A P value.

    Attributes
    ----------
    p, relation : as printed: ``P < 0.05`` is ``0.05`` and ``<``
    test : the test the text names for it, empty where it names none
    against_time : the time it is compared with, in the same subjects; empty where the comparison is another
    against_group : the group it is compared with; empty where the comparison is another
    n : subjects, where the text prints it with the P value
    is_two_sided : False only where the text says one-sided
    """

    id: str
    about: FigureLabels
    place: FigurePlace
    p: PrintedNumber
    relation: Relation = "="
    test: NamedTest = ""
    against_time: str = ""
    against_group: str = ""
    n: PrintedNumber | None = None
    is_two_sided: bool = True


@dataclass(frozen=True, slots=True)
class PrintedInterval:
    """An interval of confidence, with the estimate it is of where that is printed with it.

    Attributes
    ----------
    low, high : as printed; a share of subjects is in percent where the unit says so
    estimate : as printed, None where none stands with the interval
    level : percent, as printed
    measure : what it is of; empty where the text does not say
    method : by which it was computed, where the text says so
    against_group : the group it is compared with; empty where it is of one group
    p_value : id of the P value that is printed with it, of the same estimate; empty for none
    is_adjusted : whether a model with other covariates, or strata, gave it by the text
    is_credible : whether it is an interval of Bayes
    """

    id: str
    about: FigureLabels
    place: FigurePlace
    low: PrintedNumber
    high: PrintedNumber
    estimate: PrintedNumber | None = None
    level: PrintedNumber = PrintedNumber("95")
    measure: IntervalMeasure = ""
    method: IntervalMethod = ""
    against_group: str = ""
    p_value: str = ""
    is_adjusted: bool = False
    is_credible: bool = False


@dataclass(frozen=True, slots=True)
class PrintedGroupSize:
    """How many subjects a group has, at a time where the text says so."""

    id: str
    about: FigureLabels
    place: FigurePlace
    n: PrintedNumber


@dataclass(frozen=True, slots=True)
class PrintedLimit:
    """A limit that every subject keeps: an entry criterion, or the lowest or highest value observed."""

    id: str
    about: FigureLabels
    place: FigurePlace
    value: PrintedNumber
    relation: Relation
    kind: LimitKind = "criterion"


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """Categories and their total: 24 patients, 23 female and 1 male.

    Attributes
    ----------
    total : as printed
    parts : counts of the categories, as printed
    part_names : name of each part, in the same order; empty where the text has none
    is_exclusive : whether nobody is in two categories by the text; kinds of events may overlap
    """

    id: str
    about: FigureLabels
    place: FigurePlace
    total: PrintedNumber
    parts: tuple[PrintedNumber, ...]
    part_names: tuple[str, ...] = ()
    is_exclusive: bool = True


PrintedFigure: TypeAlias = (
    PrintedCount
    | PrintedMean
    | PrintedMedian
    | PrintedP
    | PrintedInterval
    | PrintedGroupSize
    | PrintedLimit
    | PrintedTotal
)


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """The printed figures of one report.

    Attributes
    ----------
    name : of the file
    title, source : of the report, as its readers cite it
    figures : in the order they are printed
    """

    name: str
    title: str = ""
    source: str = ""
    figures: Sequence[PrintedFigure] = ()
