"""Deviations from the protocol: how many subjects each kind concerns, and who they are."""

from __future__ import annotations

from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels
from funis.reporting.limits import SUBJECTS_NAMED
from funis.reporting.listing_tables import has_unnamed, lead_to_listing
from funis.reporting.number_book import Group, NumberBook, share_cell
from funis.results import ALL, Results
from funis.study.deviations import DEVIATION_CODES
from funis.study.model import Study

_UNNAMED: Final = f"A row names at most {SUBJECTS_NAMED} subjects; every subject of every row stands in "


def build_deviation_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the deviations from the protocol.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : empty where no deviation was found
    """
    groups = list(book.of("deviation"))
    kinds = [group for group in groups if group.variable in DEVIATION_CODES]
    if not kinds:
        return ()
    listed = results.listings["deviations"]
    who: dict[tuple[str, str], list[str]] = {}
    for code, criterion, subject in listed.iter_rows():
        who.setdefault((code, criterion), []).append(subject)
    important = set(study.deviations.important)
    rows = [
        TableRow(
            words(_label(study, group)),
            (
                share_cell(book, group, ALL),
                words(_weight(important, group)),
                words(_names(who[group.variable, group.category])),
            ),
        )
        for group in kinds
    ]
    sums = {group.variable: group for group in groups if group.variable not in DEVIATION_CODES}
    for name, label in (("important", "Any important deviation"), ("any", "Any deviation")):
        if name in sums:
            cells: tuple[TableCell, ...] = (share_cell(book, sums[name], ALL), words(""), words(""))
            rows.append(TableRow(words(label, strong=True), cells))
    used = [number for group in groups for number in book.all(group)]
    notes = (
        "Found by the checks of the data; a deviation that no check looks for is not in this table.",
        *([] if important else ["The study file does not say which deviations are important."]),
        *describe_basis(Labels(study), used),
    )
    heads = ("Deviation", "Subjects, n/N (%)", "Important", "Subjects")
    title = "Deviations from the protocol"
    whole = (lead_to_listing(_UNNAMED, "deviations"),) if has_unnamed(listed) else ()
    return (
        TableSpec(
            "table-deviations", "subjects", title, heads, tuple(rows), notes, is_text=True, instead=whole
        ),
    )


def _label(study: Study, group: Group) -> str:
    """Name a kind of deviation; a criterion by its id and its words."""
    criteria = study.eligibility.criteria
    found = [each for each in criteria if each.id == group.category]
    word = DEVIATION_CODES[group.variable]
    return f"{word} ({found[0].id}: {found[0].text})" if found else word


def _weight(important: set[str], group: Group) -> str:
    if not important:
        return "not graded"
    return "yes" if important & {group.variable, group.category} else "no"


def _names(subjects: list[str]) -> str:
    shown = ", ".join(subjects[:SUBJECTS_NAMED])
    more = len(subjects) - SUBJECTS_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
