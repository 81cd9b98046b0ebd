"""Classes of a response at its first visit by those at later visits, and who still responds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.catalogue.registry import response_definition
from funis.documents.table import TableRow, TableSpec, heading, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import MISSING_OUTCOME, Labels, in_sentence
from funis.reporting.number_book import (
    Group,
    NumberBook,
    level_text,
    share_with_limits,
    single,
)
from funis.reporting.response_tables import class_label
from funis.reporting.safety_tables import arm_label
from funis.results import ALL, name_shift
from funis.study.model import Endpoint, Study

ANALYSIS: Final = "durability"
_CANNOT_TELL: Final = "cannot tell"
_KEPT: Final = (
    "Still responding: a response of any class at both visits without a relapse on record between them. "
    "Whose response is not known at one of them is left out of n and N."
)


def build_durability_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table for each response that is judged at several visits.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : class at the first visit in rows, class at the later visit in columns
    """
    labels = Labels(study)
    asked = [each for each in study.endpoints if each.kind == "response" and len(each.at) > 1]
    return tuple(table for endpoint in asked for table in _table(labels, book, endpoint))


def kept_group(book: NumberBook, endpoint: Endpoint, population: str, arm: str = ALL) -> Group | None:
    """Give the group of those who still respond, of all subjects of the endpoint or of one arm."""
    return next(
        (
            group
            for group in book.of(ANALYSIS)
            if (group.endpoint, group.category, group.population) == (endpoint.id, "responder", population)
            and group.subgroup == ALL
            and group.arm == arm
        ),
        None,
    )


def _table(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[TableSpec]:
    groups = [group for group in book.of(ANALYSIS) if group.endpoint == endpoint.id]
    if not groups:
        return
    first, *later = endpoint.at
    classes = (*response_definition(endpoint.definition).classes, _CANNOT_TELL)
    rows: list[TableRow] = []
    for block in dict.fromkeys(group._replace(category="", population="") for group in groups):
        own = [group for group in groups if group._replace(category="", population="") == block]
        for visit in later:
            rows.append(heading(_title(labels, endpoint, block, visit)))
            rows += list(_rows(book, own, visit, classes))
    used = [number for group in groups for number in book.all(group)]
    when = in_sentence(labels.visit(first))
    level = level_text(labels.study, endpoint.id)
    heads = (f"Class at {when}", "N", *(class_label(endpoint.definition, name) for name in classes),
             f"Still responding, n/N (%; {level} CI)")  # fmt: skip
    notes = (
        f"Columns: class at the later visit. N: in the class at {when}.",
        _KEPT,
        f"Missing outcome ({endpoint.missing_outcome}): {MISSING_OUTCOME[endpoint.missing_outcome]}.",
        *describe_basis(labels, used, with_population=False, with_missing=False),
    )
    title = f"{endpoint.printed}: classes at {when} and later"
    yield TableSpec(f"table-durability-{endpoint.id}", "response", title, heads, tuple(rows), notes)


def _title(labels: Labels, endpoint: Endpoint, group: Group, visit: str) -> str:
    within = [labels.population(group.subgroup).lower()] if group.subgroup not in {ALL, ""} else []
    within += [f"arm {arm_label(labels.study, group.arm)}"] if group.arm not in {ALL, ""} else []
    of_whom = ", ".join([in_sentence(labels.population(endpoint.population or "enrolled")), *within])
    return f"{labels.visit(visit)}; population: {of_whom}"


def _rows(
    book: NumberBook, groups: Sequence[Group], visit: str, classes: Sequence[str]
) -> Iterator[TableRow]:
    """Give a row of each class that somebody was in at the first visit, then who still responds."""
    found = {group.category: group for group in groups if group.category != "responder"}
    definition = groups[0].measure
    for before in classes:
        size = book.find(found[before], visit, "n") if before in found else None
        if size is not None:
            shifts = (book.find(found[name_shift(before, after)], visit, "count") for after in classes)
            row = (single(size, 0), *(single(number, 0) for number in shifts), words(""))
            yield TableRow(words(class_label(definition, before)), row, indent=1)
    for group in groups:
        if group.category == "responder":
            label = "All who responded" if group.population == "responders" else "All"
            blanks = (words("") for _ in range(len(classes) + 1))
            yield TableRow(words(label), (*blanks, share_with_limits(book, group, visit)), indent=1)
