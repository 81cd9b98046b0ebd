"""Categories and their total.

Rule: where nobody is in two categories, their counts add up to at most the total, and to the total where
every category is printed. A category of more subjects than the total is impossible in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.audit.figures import PrintedTotal
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.words import name_figure

NAME: Final = "sum_of_parts"


def check_sums(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every total whose parts are printed."""
    for figure in figures.totals:
        yield _check(figure)


def _check(figure: PrintedTotal) -> AuditFinding:
    total, parts = int(figure.total.value), [int(each.value) for each in figure.parts]
    made, about = sum(parts), name_figure(figure.about)
    arithmetic = f"{' + '.join(map(str, figure.parts))} = {made}; the total is {figure.total}."
    largest = max(parts)
    if largest > total:
        return make_finding(
            NAME,
            INCONSISTENT,
            [figure],
            f"{about}: one category has more than the total.",
            f"{largest} > {total}.",
            certainty="Certain where both count the same.",
            ask="What do the category and the total count?",
        )
    if made == total or (not figure.is_exclusive and made > total):
        words = "add up to the total" if made == total else "overlap, as the text allows"
        return make_finding(NAME, CONSISTENT, [figure], f"{about}: the categories {words}.", arithmetic)
    if made > total:
        return make_finding(
            NAME,
            INCONSISTENT,
            [figure],
            f"{about}: the categories add up to more than the total.",
            arithmetic,
            certainty="Certain where nobody is in two categories.",
            ask="Can a subject be in two categories, or is one of the counts another?",
        )
    return make_finding(
        NAME,
        UNEXPLAINED,
        [figure],
        f"{about}: the categories add up to {total - made} less than the total.",
        arithmetic,
        certainty="Certain; a category may not be printed, or its value may be missing.",
        ask=f"In which category are the other {total - made}?",
    )
