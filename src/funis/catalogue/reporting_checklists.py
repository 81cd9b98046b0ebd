"""Statements on how studies are reported: their items, and the sections of a report that speak to each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from funis.catalogue.table_file import TablePart, read_table_file


class ChecklistItem(TablePart):
    """One item: its number and name, ids of the sections that speak to it, whether authors write of it.

    Attributes
    ----------
    number, item : as the statement has them
    sections : ids of the sections that speak to it
    authors : whether it is written or completed by the authors of a paper
    groups : whether it is about several groups, and asks nothing of a study with one
    """

    number: int
    item: str
    sections: tuple[str, ...]
    authors: bool
    groups: bool = False


class ReportingChecklist(TablePart):
    """One statement: its name, source, which items were read where, its designs, its items in their order."""

    title: str
    source: str
    read: str
    designs: tuple[str, ...]
    items: tuple[ChecklistItem, ...]


@cache
def reporting_checklists() -> Mapping[str, ReportingChecklist]:
    """Give every statement by its name.

    Examples
    --------
    >>> [(name, len(each.items)) for name, each in reporting_checklists().items()]
    [('trend', 22), ('strobe', 22), ('consort', 30)]
    """
    return {
        name: ReportingChecklist.model_validate(each)
        for name, each in read_table_file("reporting_checklists").items()
    }


def checklist_of(design: str) -> ReportingChecklist:
    """Give the statement for a design of study.

    Parameters
    ----------
    design : as the study file names it, or randomised

    Examples
    --------
    >>> checklist_of("observational").title
    'STROBE'
    """
    return next(each for each in reporting_checklists().values() if design in each.designs)
