"""What a check of printed figures says: a sentence, the arithmetic, how sure, and what to ask the authors.

Nothing here accuses anybody. Figures that cannot stand together as printed have many innocent reasons:
another number of subjects, a slip of the pen, a rounding on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from funis.audit.figures import FigurePlace, PrintedFigure

#: How figures stand to each other; only the first is an error.
Classification: TypeAlias = Literal["inconsistent as printed", "unexplained", "consistent", "not checkable"]
INCONSISTENT: Final[Classification] = "inconsistent as printed"
UNEXPLAINED: Final[Classification] = "unexplained"
CONSISTENT: Final[Classification] = "consistent"
NOT_CHECKABLE: Final[Classification] = "not checkable"
CLASSIFICATIONS: Final[tuple[Classification, ...]] = (INCONSISTENT, UNEXPLAINED, CONSISTENT, NOT_CHECKABLE)
_LEVELS: Final[dict[Classification, str]] = {
    INCONSISTENT: "error", UNEXPLAINED: "query", CONSISTENT: "note", NOT_CHECKABLE: "note",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """What one check says about figures that belong together.

    Attributes
    ----------
    check : name of the check: ``percentage``, ``mean_granularity``
    classification : ``inconsistent as printed`` (no data can give these figures under the assumptions that
        `certainty` names), ``unexplained`` (data can, but not in the way the text suggests), ``consistent``
        or ``not checkable`` (something that the check needs is not printed; `arithmetic` says what)
    figures : ids of the figures, the one that was checked first
    places : where they are printed, in the same order
    statement : what was found, one sentence
    arithmetic : the working in words, with the numbers
    certainty : how sure, and under which assumptions
    ask : the question to the authors; empty where there is none
    """

    check: str
    classification: Classification
    figures: tuple[str, ...]
    places: tuple[FigurePlace, ...]
    statement: str
    arithmetic: str
    certainty: str = ""
    ask: str = ""

    @property
    def level(self) -> str:
        """Give ``error`` for inconsistent as printed, ``query`` for unexplained, else ``note``."""
        return _LEVELS[self.classification]

    @property
    def sentence(self) -> str:
        """Give the sentences the figures stand in, each once."""
        return " […] ".join(dict.fromkeys(each.sentence for each in self.places if each.sentence))

    @property
    def pages(self) -> str:
        """Name the pages of the figures: empty where the file has none.

        Examples
        --------
        >>> places = tuple(FigurePlace("a.pdf", page=page) for page in (3, 2, 3))
        >>> AuditFinding("unit", "consistent", (), places, "", "").pages
        'pages 2 and 3'
        """
        files = dict.fromkeys(each.file for each in self.places if each.page is not None)
        named = []
        for file in files:
            pages = sorted({each.page for each in self.places if each.file == file and each.page is not None})
            *most, last = map(str, pages)
            words = f"pages {', '.join(most)} and {last}" if most else f"page {last}"
            named.append(f"{words} of {file}" if len(files) > 1 else words)
        return ", ".join(named)

    def as_record(self) -> dict[str, Any]:
        """Give what the command prints as one object of JSON.

        Examples
        --------
        >>> made = AuditFinding("percentage", "consistent", ("c1",), (FigurePlace("a.txt", "14/40 (35.0%)"),),
        ...                     "14 of 40 is 35.0%.", "14/40 = 0.35")
        >>> made.as_record()["sentence"], made.as_record()["level"]
        ('14/40 (35.0%)', 'note')
        """
        return {
            "check": self.check,
            "classification": self.classification,
            "level": self.level,
            "sentence": self.sentence,
            "statement": self.statement,
            "arithmetic": self.arithmetic,
            "certainty": self.certainty,
            "ask": self.ask,
            "figures": list(self.figures),
            "places": [
                {
                    "file": each.file,
                    "page": each.page,
                    "start": each.start,
                    "end": each.end,
                    "line": each.line,
                }
                for each in self.places
            ],
        }


def make_finding(
    check: str,
    classification: Classification,
    figures: Iterable[PrintedFigure],
    statement: str,
    arithmetic: str,
    *,
    certainty: str = "",
    ask: str = "",
) -> AuditFinding:
    """Make a finding about figures, with the place of each.

    Parameters
    ----------
    check, classification, statement, arithmetic, certainty, ask : as in `AuditFinding`
    figures : those it is about, the one that was checked first

    Returns
    -------
    AuditFinding
    """
    held = tuple(figures)
    return AuditFinding(
        check,
        classification,
        tuple(each.id for each in held),
        tuple(each.place for each in held),
        statement,
        arithmetic,
        certainty,
        ask,
    )
