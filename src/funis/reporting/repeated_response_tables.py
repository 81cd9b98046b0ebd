"""The responses of one endpoint at several visits beside one another, with the tests that compare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.table import EMPTY, Inline, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis, say_unadjusted
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, in_sentence, method_label
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    bound_p,
    interval,
    single,
)
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.model import Study

_BASIS: Final = (
    "N: subjects of the population whose response is known or imputed at every visit that is compared; of "
    "two visits only the subjects that changed carry information. Difference: share of responders at the "
    "later visit minus the share at the first, in percentage points, with Newcombe’s interval for paired "
    "proportions."
)


def build_repeated_response_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the comparisons of responses over visits; none where no endpoint asks for them.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one table, or none
    """
    groups = list(book.of("response_over_visits"))
    if not groups:
        return ()
    labels = Labels(study)
    rows: list[TableRow] = []
    for group in groups:
        rows.append(heading(_title(labels, group)))
        rows += [row for visit in book.visits(group) for row in _rows(labels, book, group, visit)]
    used = [number for group in groups for number in book.all(group)]
    ends = [group.endpoint for group in groups]
    heads = ("", "N", "No to yes", "Yes to no", f"Difference ({levels_text(study, ends)} CI)", "P")
    notes = (
        _BASIS,
        *say_unadjusted(used),
        *level_notes(labels, ends),
        *describe_basis(labels, used, with_missing=False),
    )
    title = "Responses compared over visits"
    return (TableSpec("table-response-over-visits", "response", title, heads, tuple(rows), notes),)


def _title(labels: Labels, group: Group) -> str:
    within = [labels.population(group.subgroup).lower()] if group.subgroup not in {ALL, ""} else []
    within += [f"arm {arm_label(labels.study, group.arm)}"] if group.arm not in {ALL, ""} else []
    of_whom = ", ".join([in_sentence(labels.population(group.population)), *within])
    return f"{labels.endpoint(group.endpoint)}; population: {of_whom}"


def _rows(labels: Labels, book: NumberBook, group: Group, visit: str) -> Iterator[TableRow]:
    """Make a row of each test that compares a visit with the first, or all visits."""
    tested = [number for number in book.all(group) if number.visit == visit and number.statistic == "p"]
    for test in tested:
        found = {name: book.find(group, visit, name) for name in ("gained", "lost", "statistic", "df")}
        p = joined(bound_p(test)) if test.value is not None else joined(Inline(test.text, test.id))
        size = words(str(test.n))
        if visit == ALL:
            q, df = bound(found["statistic"], 2), bound(found["df"], 0)
            cell = joined("Q ", q, " (", df, " df)") if q else EMPTY
            cells = (size, EMPTY, EMPTY, cell, p)
            stub = "All visits together"
        else:
            limits = [bound(book.find(group, visit, name), 1) for name in ("estimate", "lower", "upper")]
            cell = joined(limits[0], " (", *interval(limits[1], limits[2]), ")") if all(limits) else EMPTY
            cells = (size, single(found["gained"], 0), single(found["lost"], 0), cell, p)
            first = labels.study.endpoint(group.endpoint).at[0]
            stub = f"{labels.visit(visit)} against {in_sentence(labels.visit(first))}"
        yield TableRow(words(f"{stub}: {in_sentence(method_label(test.method))}"), cells, indent=1)
