"""The response rate of a single-arm trial beside the goal set beforehand, with the verdict in words."""

from __future__ import annotations

from typing import Final

from funis.documents.table import Inline, TableRow, TableSpec, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Number, NumberBook, bound, bound_p, count_cell
from funis.results import format_shortest
from funis.study.model import Endpoint, Study

VERDICTS: Final = {
    1.0: "The goal was met: the limit lies above it.",
    0.0: "The goal was not met: the limit does not lie above it.",
}
UNKNOWN: Final = "Cannot tell: no response is known."


def one_sided_level(study: Study, endpoint: Endpoint) -> str:
    """Print the one-sided level of a limit of an endpoint's interval.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial, "endpoints": ({"id": "a", "kind": "exposure"},)})
    >>> one_sided_level(study, study.endpoints[0])
    '97.5%'
    """
    return f"{format_shortest(100 * (1 + study.level_of(endpoint)) / 2)}%"


def build_performance_goal_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the comparison of each response with its performance goal; none where no goal was set.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one table, or none
    """
    groups = list(book.of("performance_goal"))
    if not groups:
        return ()
    labels = Labels(study)
    rows = []
    for group in groups:
        for visit in book.visits(group):
            found = {
                name: book.find(group, visit, name)
                for name in ("count", "percent", "lower", "goal", "p", "met")
            }
            stub = f"{labels.endpoint(group.endpoint)}, {in_sentence(labels.visit(visit))}"
            lower, goal = (_percent(found[name]) for name in ("lower", "goal"))
            cells = (
                count_cell(found["count"], found["percent"]),
                joined(lower),
                joined(goal),
                joined(bound_p(found["p"])),
                joined(_verdict(found["met"])),
            )
            rows.append(TableRow(words(stub), cells))
    levels = dict.fromkeys(one_sided_level(study, study.endpoint(group.endpoint)) for group in groups)
    used = [number for group in groups for number in book.all(group)]
    notes = (
        (
            f"Lower limit: of the exact one-sided {' and '.join(levels)} confidence interval of the response "
            "rate (Clopper-Pearson). The goal is met where this limit lies above it. P: exact one-sided "
            "binomial test against the goal. The goal was set in the study file."
        ),
        *describe_basis(labels, used, with_missing=False),
    )
    heads = ("", "Responders, n/N (%)", "Lower limit", "Goal", "P, one-sided", "In words")
    return (
        TableSpec(
            "table-performance-goal",
            "response",
            "Performance goal",
            heads,
            tuple(rows),
            tuple(dict.fromkeys(notes)),
        ),
    )


def _percent(number: Number | None) -> Inline | None:
    printed = bound(number, 1)
    return None if printed is None else Inline(f"{printed.text}%", printed.id)


def _verdict(number: Number | None) -> Inline | None:
    """Say in words whether the goal was met, bound to the number that says so."""
    if number is None:
        return None
    return Inline(UNKNOWN if number.value is None else VERDICTS[number.value], number.id)
