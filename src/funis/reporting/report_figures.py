"""Every figure of the report, in its order; each is a frozen Vega-Lite specification.

Means, intervals, rates and survival are taken from the results; nothing is aggregated by the drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from funis.documents.figure import FigureSpec
from funis.reporting.estimand_figures import build_estimand_forest
from funis.reporting.forest_figures import build_forest
from funis.reporting.glucocorticoid_figures import build_glucocorticoid_figures
from funis.reporting.influence_tables import build_influence_figures
from funis.reporting.model_checks import build_diagnostic_figures
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.proposals import say_proposals_of_figures
from funis.reporting.regression_tables import build_regression_figures
from funis.reporting.response_figures import build_response_figures
from funis.reporting.single_patient import figures_of_one
from funis.reporting.subject_figures import build_heat_map
from funis.reporting.survival_figures import build_survival_figures
from funis.reporting.swimmer_figures import build_swimmer
from funis.reporting.timeline_figures import build_timeline_figures
from funis.reporting.waterfall_figures import build_waterfall
from funis.results import Results
from funis.study.model import Study


def build_figures(
    study: Study, results: Results, *, book: NumberBook | None = None
) -> tuple[FigureSpec, ...]:
    """Specify every figure of a report.

    Parameters
    ----------
    study : the study file, for labels, units and the planned visits
    results : computed numbers and listings; a listing that is empty or absent gives no figure
    book : the numbers of `results`, where they were read before

    Returns
    -------
    tuple of FigureSpec : in the order of the report

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Provenance, Results
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> origin = Provenance(version="0", study="X", title="X")
    >>> build_figures(study, Results(numbers=NumberList().frame(), sources=pl.DataFrame(), provenance=origin))
    ()
    """
    return tuple(specify_figures(study, results, book or read_numbers(results.numbers)))


def specify_figures(study: Study, results: Results, book: NumberBook) -> Iterator[FigureSpec]:
    """Specify one figure after the other, so that the first is drawn while the next is specified.

    Parameters
    ----------
    study, results, book : as for `build_figures`
    """
    kinds: tuple[Callable[[], Iterable[FigureSpec]], ...] = (
        lambda: build_timeline_figures(study, results, book),
        lambda: build_response_figures(study, book),
        lambda: build_heat_map(study, results),
        lambda: build_survival_figures(study, results),
        lambda: build_swimmer(study, results),
        lambda: build_glucocorticoid_figures(study, results, book),
        lambda: build_waterfall(study, results, book),
        lambda: build_forest(study, book),
        lambda: build_estimand_forest(study, book),
        lambda: build_regression_figures(study, results, book),
        lambda: build_influence_figures(study, results, book),
        lambda: build_diagnostic_figures(study, results, book),
    )
    figures = (figure for build in kinds for figure in build())
    shown = figures_of_one(figures) if book.has_one_subject else figures
    return say_proposals_of_figures(study, shown)
