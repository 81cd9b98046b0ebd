"""Terms of adverse events in the CTCAE, each with the grades that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from funis.catalogue.table_file import TablePart, read_table_file


@dataclass(frozen=True, slots=True)
class EventTerm:
    """A term of the CTCAE, and the grades that it has, lowest first.

    Examples
    --------
    >>> EventTerm("Headache", (1, 2, 3)).printed_grades
    '1, 2, 3'
    """

    term: str
    grades: tuple[int, ...]

    @property
    def printed_grades(self) -> str:
        """Give the grades as a list in words."""
        return ", ".join(map(str, self.grades))


class _Licence(TablePart):
    status: str
    evidence: str


class _Grades(TablePart):
    grades: tuple[int, ...]
    names: tuple[str, ...]


class _File(TablePart):
    version: str
    source: str
    licence: _Licence
    terms: tuple[_Grades, ...]


@cache
def event_terms(version: str) -> Mapping[str, EventTerm]:
    """Give the terms of a version of the CTCAE, by their text in lower case, in alphabetical order.

    Parameters
    ----------
    version : such as ``5.0``

    Returns
    -------
    Mapping
        Empty for a version whose list of terms is not carried: of 6.0 only the laboratory limits are.

    Examples
    --------
    >>> terms = event_terms("5.0")
    >>> len(terms), terms["febrile neutropenia"].grades, len(event_terms("6.0"))
    (837, (3, 4, 5), 0)
    """
    read = _File.model_validate(read_table_file("event_terms"))
    if version != read.version:
        return MappingProxyType({})
    found = {name.casefold(): EventTerm(name, row.grades) for row in read.terms for name in row.names}
    return MappingProxyType(dict(sorted(found.items())))


def find_event_term(version: str, *texts: str | None) -> EventTerm | None:
    """Find the first of some texts that is a term of the CTCAE; capitals and outer spaces do not count.

    Parameters
    ----------
    version : of the CTCAE
    texts : the term as it was reported, and as it was coded; none where nothing is recorded

    Examples
    --------
    >>> found = find_event_term("5.0", "bad head", " headache")
    >>> found.term, find_event_term("5.0", "bad head", None)
    ('Headache', None)
    """
    known = event_terms(version)
    return next((known[key] for text in texts if text and (key := text.strip().casefold()) in known), None)
