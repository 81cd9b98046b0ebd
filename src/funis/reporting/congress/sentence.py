"""One sentence of an abstract: what it is about, its wordings, and when it is shortened or left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from funis.catalogue.congress_rules import AbstractPart
from funis.documents.document import Prose
from funis.documents.table import Inline, ids_of
from funis.errors import ShapeError

#: What stands between the brackets of a place that the authors fill in.
OPEN_PLACE: Final = "[to be filled in: "
Said = Iterable[Inline | str | None]


class Reduction(IntEnum):
    """What is given up where the text is too long, the first first."""

    EXPLORATORY = 1
    PLAN = 2
    VISITS = 3
    SECONDARY = 4
    DESCRIPTION = 5
    PRIMARY_VISITS = 6
    FIRST_SECONDARY = 7


#: Each reduction in words, in its order.
REDUCTIONS: Final[Mapping[Reduction, str]] = {
    Reduction.EXPLORATORY: "exploratory results are left out, the last of the study file first",
    Reduction.PLAN: (
        "the conclusion no longer names disease and treatment; of the plan, tests and intervals, names of "
        "secondary endpoints and exclusion criteria are left out, the last first"
    ),
    Reduction.VISITS: "secondary changes are told at baseline and the last visit alone, the last first",
    Reduction.SECONDARY: "secondary results but the first are left out, the last first",
    Reduction.DESCRIPTION: "sex and age are left out",
    Reduction.PRIMARY_VISITS: "primary changes are told at baseline and the last visit alone",
    Reduction.FIRST_SECONDARY: "the first secondary result is left out",
}
#: What no limit takes away, in words.
KEPT: Final = (
    "what the data are, design, who could enter, treatment, primary endpoints, the rule for missing values, "
    "how many were treated and followed, the primary results with denominators and intervals, the sentence "
    "on adverse events, and what the design cannot show"
)


@dataclass(frozen=True, slots=True)
class AbstractSentence:
    """One sentence, or a few that stand or fall together.

    Attributes
    ----------
    part : the part of the abstract it stands in
    topics : what it speaks to, as the items of a statement name it
    name : what it is, in the list of what was left out or shortened
    wordings : the longest first, each complete
    reductions : when each next wording is taken; one more than there are where it may be left out
    """

    part: AbstractPart
    topics: tuple[str, ...]
    name: str
    wordings: tuple[Prose, ...]
    reductions: tuple[Reduction, ...] = ()

    def __post_init__(self) -> None:
        """Hold wordings and reductions to each other."""
        if not 0 <= len(self.reductions) - len(self.wordings) + 1 <= 1:
            raise ShapeError(
                f"Sentence {self.name!r} has {len(self.wordings)} wordings and {len(self.reductions)} "
                "reductions. Give each shorter wording one reduction, and one more to leave it out."
            )

    def after(self, taken: int) -> Prose:
        """Give the wording after so many reductions; empty where it is left out."""
        return self.wordings[taken] if taken < len(self.wordings) else ()


def prose(*parts: Inline | str | None) -> Prose:
    """Put words and numbers into running text; what is empty is left out.

    Examples
    --------
    >>> [each.text for each in prose("Of ", Inline("40", "n"), None, "", " treated.")]
    ['Of ', '40', ' treated.']
    """
    found = (Inline(part) if isinstance(part, str) else part for part in parts)
    return tuple(part for part in found if part is not None and part.text)


def plain_sentence(
    part: AbstractPart, topics: tuple[str, ...], name: str, text: str, *reductions: Reduction
) -> AbstractSentence:
    """Make a sentence of words alone, with one wording."""
    return AbstractSentence(part, topics, name, (prose(text),), reductions)


def text_of(said: Prose) -> str:
    """Give the words as a reader sees them."""
    return "".join(inline.text for inline in said)


def result_ids(said: Prose) -> frozenset[str]:
    """Give the ids of the results that a text prints."""
    return frozenset(ids_of(said))


def to_fill(what: str) -> str:
    """Write a place that the authors fill in.

    Examples
    --------
    >>> to_fill("source of funding")
    '[to be filled in: source of funding]'
    """
    return f"{OPEN_PLACE}{what}]"


def capital(text: str) -> str:
    """Write the first letter large."""
    return text[:1].upper() + text[1:]
