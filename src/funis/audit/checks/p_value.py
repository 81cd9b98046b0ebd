"""A P value is a probability.

Rule: no P lies above 1. (P = 0.000 is what some programs print of a small one.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.audit.findings import INCONSISTENT, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.words import describe_p, name_figure

NAME: Final = "p_value"


def check_p_values(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Find P values that are no probability."""
    for figure in figures.p_values:
        above = figure.p.value > 1 or (figure.p.value == 1 and figure.relation == ">")
        if above and figure.relation in {"=", ">", ">="}:
            yield make_finding(
                NAME,
                INCONSISTENT,
                [figure],
                f"{name_figure(figure.about)}: {describe_p(figure)} is no probability.",
                f"{figure.p} lies at or above 1.",
                certainty="Certain.",
                ask="Is this figure a P value, and how is it printed in the source?",
            )
