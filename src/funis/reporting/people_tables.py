"""Who had which part in the trial, and what they disclosed, as the study file states it."""

from __future__ import annotations

from typing import Final

from funis.documents.table import TableSpec, text_rows
from funis.study.model import Study

NOT_STATED: Final = "not stated"
NOBODY: Final = "The study file names nobody: roles and disclosures are not stated."


def build_people_tables(study: Study) -> tuple[TableSpec, ...]:
    """Specify the people of the study file with role and disclosure; none where it names nobody.

    Parameters
    ----------
    study : the study file; what it leaves empty is printed as not stated

    Returns
    -------
    tuple of TableSpec : one table, or none

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> people = ({"name": "A. Example", "role": "statistician"},)
    >>> table = build_people_tables(Study.model_validate({"study": trial, "people": people}))[0]
    >>> [cell.text for cell in table.rows[0].cells]
    ['statistician', 'not stated']
    """
    if not study.people:
        return ()
    rows = text_rows(
        (each.name, each.role or NOT_STATED, each.disclosure or NOT_STATED) for each in study.people
    )
    heads = ("Person", "Role", "Disclosure")
    notes = ("As the study file states it; nothing was asked of anybody by this report.",)
    return (
        TableSpec(
            "table-people", "people", "People, roles and disclosures", heads, rows, notes, is_text=True
        ),
    )


def people_words(study: Study) -> tuple[str, ...]:
    """Say that nobody is named, where the study file names nobody.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> people_words(Study.model_validate({"study": trial}))
    ('The study file names nobody: roles and disclosures are not stated.',)
    """
    return () if study.people else (NOBODY,)
