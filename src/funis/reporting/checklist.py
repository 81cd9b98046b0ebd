"""The checklist of the supplement: each item of the statement for the design, and where the report has it."""

from __future__ import annotations

from collections.abc import Sequence

from funis.catalogue.reporting_checklists import ChecklistItem, checklist_of
from funis.documents.document import Section, SectionPart
from funis.documents.table import TableSpec, text_rows
from funis.reporting.arrangement import SUPPLEMENT
from funis.study.model import Study

_NAME = "checklist"
_TITLE_BLOCK = {"title": "Title block"}
_AUTHORS = "for the authors to write"
_ABSENT = "Not in this report"
_ONE_GROUP = "Does not apply: there is one group"


def with_checklist(study: Study, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Put the checklist into the supplement, written from the sections that the report has.

    Parameters
    ----------
    study : its design and its randomisation say which statement applies
    sections : all others, in reading order

    Returns
    -------
    tuple of Section : the same with the checklist in its place

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    >>> study = Study.model_validate({"study": trial})
    >>> table = with_checklist(study, ())[0].all_blocks[0]
    >>> [cell.text for cell in table.rows[0].cells]
    ['Title block; the rest is for the authors to write']
    """
    code, title = SUPPLEMENT[_NAME]
    part = SectionPart(f"{_NAME}-blocks", blocks=(_table(study, sections),))
    names = list(SUPPLEMENT)
    later = {*names[names.index(_NAME) :], *(each.id for each in sections if each.id not in SUPPLEMENT)}
    before = [each for each in sections if not each.is_supplement or each.id not in later]
    behind = [each for each in sections if each.is_supplement and each.id in later]
    return (*before, Section(_NAME, title, parts=(part,), code=code), *behind)


def _table(study: Study, sections: Sequence[Section]) -> TableSpec:
    statement = checklist_of(study.trial.design if study.randomisation is None else "randomised")
    places = _TITLE_BLOCK | {each.id: f"{each.code} {each.title}".strip() for each in sections}
    rows = text_rows(
        (f"{each.number} {each.item}", _where(each, places, has_groups=len(study.arms) > 1))
        for each in statement.items
    )
    notes = (
        f"Items of {statement.title}, in words of our own: {statement.source}. Read: {statement.read}.",
        "A section that is named speaks to the item; whether it says enough is for the authors to judge.",
    )
    return TableSpec(
        f"table-{_NAME}",
        _NAME,
        f"{statement.title}: where this report speaks to each item",
        ("Item", "Where it stands"),
        rows,
        notes,
        is_text=True,
    )


def _where(item: ChecklistItem, places: dict[str, str], *, has_groups: bool) -> str:
    """Name the sections that are there; say what is left to the authors."""
    if item.groups and not has_groups:
        return _ONE_GROUP
    named = [places[name] for name in item.sections if name in places]
    if not named:
        return _AUTHORS.capitalize() if item.authors else _ABSENT
    return "; ".join([*named, *([f"the rest is {_AUTHORS}"] if item.authors else [])])
