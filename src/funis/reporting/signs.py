"""Signs and abbreviations of a report, said once, and only those that stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from funis.documents.document import Paragraph, Section, plain
from funis.documents.table import TableSpec

#: Sections that may hold the words, the first that a report has.
_PLACES: Final = ("methods", "definitions", "provenance")


@dataclass(frozen=True, slots=True)
class _Sign:
    """One sign.

    Attributes
    ----------
    words : what it stands for, with the sign
    found : what is looked for in titles, heads and cells
    is_cell : it stands alone in a cell
    """

    words: str
    found: str
    is_cell: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Give what finds it in lines of text."""
        return re.compile(rf"^{self.found}$" if self.is_cell else self.found, re.MULTILINE)


_SIGNS: Final = (
    _Sign("–, not applicable or not estimable", "–", is_cell=True),
    _Sign("NA, not asked or not collected", r"\bNA\b"),
    _Sign("±, standard deviation", r" ± "),
    _Sign("CI, confidence interval", r"\bCI\b"),
    _Sign("CTCAE, Common Terminology Criteria for Adverse Events", r"\bCTCAE\b"),
    _Sign("df, degrees of freedom", r"\bdf\b"),
    _Sign("IQR, first to third quartile", r"\bIQR\b"),
    _Sign("Q1 and Q3, first and third quartile", r"\bQ1\b"),
    _Sign("SD, standard deviation", r"\bSD\b"),
    _Sign("SE, standard error", r"\bSE\b"),
)


def explain_signs(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Add to the methods what the signs and abbreviations in the tables of a report stand for.

    Parameters
    ----------
    sections : in reading order

    Returns
    -------
    tuple of Section : the same, with one paragraph more where a table holds a sign

    Examples
    --------
    >>> from funis.documents.document import SectionPart
    >>> from funis.documents.table import text_rows
    >>> table = TableSpec("t", "methods", "Rates", ("", "Rate (95% CI)"), text_rows([("A", "–")]))
    >>> section = Section("methods", "Methods", parts=(SectionPart("m", blocks=(table,)),))
    >>> explain_signs((section,))[0].blocks[-1].text[0].text
    'Signs and abbreviations in tables: –, not applicable or not estimable; CI, confidence interval.'
    """
    text = "\n".join(line for section in sections for line in _lines(section))
    used = [sign.words for sign in _SIGNS if sign.pattern.search(text)]
    names = [section.id for section in sections]
    place = next((name for name in _PLACES if name in names), None)
    if not used or place is None:
        return tuple(sections)
    said = Paragraph(plain(f"Signs and abbreviations in tables: {'; '.join(used)}."))
    return tuple(
        replace(section, blocks=(*section.blocks, said)) if section.id == place else section
        for section in sections
    )


def _lines(section: Section) -> Iterator[str]:
    """Give titles, heads and cells of the tables of a section."""
    tables: Iterable[TableSpec] = (each for each in section.all_blocks if isinstance(each, TableSpec))
    for table in tables:
        yield table.title
        yield from table.heads
        for row in table.rows:
            yield from (row.stub.text, *(cell.text for cell in row.cells))
