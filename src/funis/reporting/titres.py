"""Titres: kept as steps of two-fold dilution, printed as their geometric mean."""

from __future__ import annotations

from typing import Final

from funis.documents.register import reference
from funis.reporting.labels import Labels
from funis.study.model import Study

#: What stands under a baseline table that prints a titre.
TITRES_AT_BASELINE: Final = (
    "Titre: geometric mean. Median, quartiles and range are kept in steps of two-fold dilution (log2): "
    f"{reference('laboratory')}."
)


def is_titre_of(study: Study, variable: str) -> bool:
    """Tell whether a variable is a titre, kept as steps of two-fold dilution.

    Parameters
    ----------
    study : names the tests
    variable : a test or anything else
    """
    return any(lab.test == variable and lab.scale == "log2" for lab in study.labs)


def titre_name(labels: Labels, variable: str, *, of_one: bool) -> str:
    """Name a titre and how it is averaged, for the head of its row.

    Parameters
    ----------
    labels : the printed words of the study
    variable : the test
    of_one : whether the report is of one subject, whose titre is no mean
    """
    return f"{labels.variable(variable)} ({'titre' if of_one else 'titre, geometric mean'})"
