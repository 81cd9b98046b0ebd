"""What a published text says, sentence by sentence: figures that are compared, claims that are judged.

A manifest is a TOML file. Its sentences are paraphrased, as the text itself belongs to its publisher. Each
sentence has rows: a figure names the number of the results that it selects and how the two must stand to each
other; a claim prints no figure and says how far the study carries it, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: How far the study carries a row of the text.
EQUAL: Final = "equal"
DIRECTION: Final = "direction only"
ASSUMED: Final = "level assumed"
NOT_REPRODUCED: Final = "not reproduced"
NO_SUPPORT: Final = "this design cannot support it"
STATUSES: Final = (EQUAL, DIRECTION, ASSUMED, NOT_REPRODUCED, NO_SUPPORT)

#: Columns of the results that a figure may select by. An endpoint or a method that is not named may be any;
#: the others stand for every subject, as `DEFAULTS` says.
SELECTORS: Final = (
    "analysis", "endpoint", "estimand", "population", "subgroup", "arm", "contrast", "visit", "variable",
    "category", "statistic", "method", "adjustment",
)  # fmt: skip
DEFAULTS: Final = {
    "estimand": "", "population": "enrolled", "subgroup": "all", "arm": "all", "contrast": "",
    "visit": "all", "category": "",
}  # fmt: skip

LIMITS: Final = ("<", ">", ">=")
AT_A_VISIT: Final = ("lowest at", "highest at")
DIRECTIONS: Final = ("falls", "rises", "not above", "keeps falling", "keeps rising", *AT_A_VISIT)
RELATIONS: Final = ("=", *LIMITS, *DIRECTIONS)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a published text, in words of our own.

    Attributes
    ----------
    number : its place in the text, from 1
    part : part of the text, such as Methods
    text : what it says; ``{id}`` stands for the printed figure of that id
    """

    number: int
    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure.

    Attributes
    ----------
    id : name of the figure
    sentence : number of the sentence that prints it
    select : result column to value; which number is meant
    text : name of the figure on the page; made from the number when empty
    results : ids of the numbers instead, one a visit for a direction
    relation : ``=``, ``<``, ``>``, ``>=``, ``falls``, ``rises``, ``keeps falling``, ``keeps rising``,
        ``lowest at``, ``highest at``, ``not above``
    printed : the figure as printed, with its decimals; a visit for ``lowest at`` and ``highest at``
    visits : visits that a direction is about, the first is what the others are compared with
    factor : the computed number is multiplied by it to be in the printed unit
    derived : the text does not print it; it follows from what the text says, and `reason` says how
    status : ``level assumed`` where the levels behind our number are not the text's; else empty
    reason : why, in one sentence
    source : where it is printed
    """

    id: str
    sentence: int
    select: Mapping[str, str]
    relation: str
    text: str = ""
    results: tuple[str, ...] = ()
    printed: str = ""
    visits: tuple[str, ...] = ()
    factor: float = 1.0
    derived: bool = False
    status: str = ""
    reason: str = ""
    source: str = ""

    @property
    def decimals(self) -> int:
        """Give the number of printed decimals."""
        return len(self.printed.partition(".")[2])

    @property
    def published(self) -> str:
        """Give the figure or direction in words."""
        if self.relation == "=":
            return self.printed
        if not self.visits:
            return f"{self.relation} {self.printed}"
        if self.printed:
            return f"{self.relation} {visit_words(self.printed)}"
        first, last = visit_words(self.visits[0]), visit_words(self.visits[-1])
        return f"{self.relation}, {first} to {last}"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sentence says without a figure that could be compared.

    Attributes
    ----------
    id : name of the claim
    sentence : number of the sentence that makes it
    text : the claim in words of our own
    status : how far the study carries it
    reason : why, in one sentence or two
    results : ids of our numbers that bear on it
    """

    id: str
    sentence: int
    text: str
    status: str
    reason: str
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherReport:
    """What another publication of the same trial says of the same matter.

    Attributes
    ----------
    sentence : number of the sentence it stands beside
    text : what it says, in words of our own
    source : the publication
    read_in : where in it that was read, as a phrase (``its abstract``), or how else it is known; empty: not
        stated, and the page says so
    """

    sentence: int
    text: str
    source: str
    read_in: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one published text says.

    Attributes
    ----------
    name : of the file, for messages
    title, source : what the text is about, and where it stands
    sentences : every sentence, in order
    figures, claims : the rows of the sentences; each sentence has at least one of them
    elsewhere : what other publications of the same trial say
    digest : SHA-256 of the file; empty where the text was given
    """

    name: str
    title: str
    source: str
    sentences: tuple[Sentence, ...]
    figures: tuple[Figure, ...]
    claims: tuple[Claim, ...]
    elsewhere: tuple[OtherReport, ...]
    digest: str = ""

    @property
    def rows(self) -> tuple[Figure | Claim, ...]:
        """Give every row of every sentence, the figures first."""
        return (*self.figures, *self.claims)


def visit_words(name: str) -> str:
    """Write the name of a visit, a variable or a relation as words.

    Examples
    --------
    >>> visit_words("month_6")
    'month 6'
    """
    return name.replace("_", " ")
