"""What congresses ask of an abstract: its length, what counts towards it, the headings of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal

from pydantic import Field

from funis.catalogue.table_file import TablePart, read_table_file
from funis.errors import UnknownNameError

AbstractPart = Literal["background", "objectives", "methods", "results", "conclusion", "disclosure"]


class CongressRule(TablePart):
    """The rule of one congress.

    Attributes
    ----------
    name, congress : short and long name
    limit : characters at most
    counts_spaces : whether spaces count
    counts_authors : whether names and affiliations of the authors count
    title_least, title_most : characters of the title; 0 for no limit known
    heads : heading of each part, in their order
    uncounted : parts that do not count
    as_of : year of the rule
    read : where it was read
    is_certain : whether it was read in the congress's own words
    """

    name: str
    congress: str
    limit: int = Field(gt=0)
    counts_spaces: bool
    counts_authors: bool
    title_least: int
    title_most: int
    heads: dict[AbstractPart, str]
    uncounted: tuple[AbstractPart, ...]
    as_of: int
    read: str
    is_certain: bool

    @property
    def counting(self) -> str:
        """Say what counts, in a few words."""
        spaces = "spaces included" if self.counts_spaces else "spaces not counted"
        authors = ", names and affiliations of the authors included" if self.counts_authors else ""
        apart = ", ".join(self.heads[part].lower() for part in self.uncounted)
        return f"headings and text, {spaces}{authors}; title and {apart} apart"


class _Table(TablePart):
    checked: date
    rules: dict[str, CongressRule]


@cache
def _table() -> _Table:
    return _Table.model_validate(read_table_file("congress_rules"))


def congress_rules() -> Mapping[str, CongressRule]:
    """Give the rule of every congress by its name.

    Examples
    --------
    >>> [(name, rule.limit, rule.as_of) for name, rule in congress_rules().items()]
    [('acr', 2750, 2012), ('eular', 3600, 2020)]
    """
    return _table().rules


def congress_rule(name: str) -> CongressRule:
    """Give the rule of one congress.

    Raises
    ------
    UnknownNameError : there is no such congress; the nearest is named

    Examples
    --------
    >>> congress_rule("eular").counting
    'headings and text, spaces not counted, names and affiliations of the authors included; title and disclosure of interests apart'
    """  # noqa: E501 - one line of output
    if name not in congress_rules():
        raise UnknownNameError("style", name, congress_rules(), "--style")
    return congress_rules()[name]


def rules_checked() -> date:
    """Give the day on which the rules were looked up last."""
    return _table().checked
