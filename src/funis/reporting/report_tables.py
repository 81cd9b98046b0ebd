"""Results to table specifications: every table of the report, selected from the list of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from funis.documents.table import TableSpec
from funis.reporting.assumed_tables import build_assumed_tables
from funis.reporting.at_relapse_tables import build_at_relapse_tables
from funis.reporting.baseline_split_tables import build_split_tables
from funis.reporting.baseline_tables import (
    build_baseline_tables,
    build_disposition_tables,
    build_eligibility_tables,
    build_population_tables,
)
from funis.reporting.co_primary_tables import build_co_primary_tables
from funis.reporting.committee_tables import build_committee_tables
from funis.reporting.comparison_tables import build_comparison_tables
from funis.reporting.completeness_tables import build_completeness_tables
from funis.reporting.concomitant_tables import build_concomitant_tables
from funis.reporting.course_tables import build_course_tables
from funis.reporting.deviation_tables import build_deviation_tables
from funis.reporting.durability_tables import build_durability_tables
from funis.reporting.efficacy_tables import build_efficacy_tables, build_other_tables
from funis.reporting.estimand_tables import (
    build_estimand_tables,
    build_multiplicity_tables,
    build_sensitivity_tables,
)
from funis.reporting.event_term_tables import build_event_term_tables
from funis.reporting.finding_tables import build_file_tables, build_finding_tables
from funis.reporting.flare_count_tables import build_flare_count_tables
from funis.reporting.flare_rate_tables import build_flare_rate_tables
from funis.reporting.follow_up_tables import build_follow_up_tables
from funis.reporting.glucocorticoid_tables import build_glucocorticoid_tables
from funis.reporting.influence_tables import build_influence_tables, build_site_tables
from funis.reporting.lab_limit_tables import build_lab_limit_tables
from funis.reporting.lab_shift_tables import build_lab_shift_tables
from funis.reporting.labels import Labels
from funis.reporting.listing_tables import build_event_listings, build_response_listings
from funis.reporting.main_exposure import build_main_exposure
from funis.reporting.main_lab_shifts import build_main_lab_shifts
from funis.reporting.main_measures import build_main_measures
from funis.reporting.main_rates import build_main_rates
from funis.reporting.model_checks import build_diagnostic_tables
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.people_tables import build_people_tables
from funis.reporting.performance_goal_tables import build_performance_goal_tables
from funis.reporting.planned_tables import build_planned_tables
from funis.reporting.product_tables import build_product_tables
from funis.reporting.proposals import say_proposals_of_tables
from funis.reporting.regression_tables import build_regression_tables
from funis.reporting.repeated_response_tables import build_repeated_response_tables
from funis.reporting.response_tables import build_relapse_tables, build_response_tables, build_survival_tables
from funis.reporting.safety_tables import build_adverse_event_tables, build_exposure_tables
from funis.reporting.single_patient import build_dates_of_one, counts_of_one, table_of_one
from funis.reporting.small_samples import needed_notes
from funis.reporting.system_tables import build_model_tables, build_system_tables
from funis.reporting.time_in_state_tables import build_time_in_state_tables
from funis.reporting.toxicity_grade_tables import build_toxicity_grade_tables
from funis.results import Results
from funis.study.model import Study


def build_tables(study: Study, results: Results, *, book: NumberBook | None = None) -> tuple[TableSpec, ...]:
    """Specify every table of a report.

    Parameters
    ----------
    study : the study file, for labels, units, rules and the order of visits
    results : computed numbers and findings; an analysis without numbers gives no table
    book : the numbers of `results`, where they were read before

    Returns
    -------
    tuple of TableSpec : in the order of the report; every printed number carries the id of its result

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Place, Provenance
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> numbers = NumberList()
    >>> numbers.add(Place(analysis="disposition", variable="died", n=0, denominator=40), "count", 0)
    >>> origin = Provenance(version="0", study="X", title="X")
    >>> results = Results(numbers=numbers.frame(), sources=pl.DataFrame(), provenance=origin)
    >>> build_tables(study, results)[0].rows[0].cells[0].text
    '0/40'
    """
    book = book or read_numbers(results.numbers)
    tables = (*_main_tables(study, results, book), *_other_tables(study, results, book))
    said = with_needed_notes(say_proposals_of_tables(study, book, tables), book)
    if not book.has_one_subject:
        return tuple(said)
    counts = counts_of_one(book.numbers)
    return tuple(table_of_one(table, counts) for table in said)


def with_needed_notes(tables: Iterable[TableSpec], book: NumberBook) -> Iterator[TableSpec]:
    """Leave out the notes on what was too few under tables that print none: notes are made from more.

    Parameters
    ----------
    tables : with every note that their numbers may need
    book : the numbers of a run
    """
    numbers = {number.id: number for number in book.numbers}
    for table in tables:
        cells = (cell for row in table.rows for cell in row.cells)
        printed = [numbers[part.id] for cell in cells for part in cell.parts if part.id in numbers]
        notes = needed_notes(table.footnotes, printed)
        yield table if notes == table.footnotes else replace(table, footnotes=notes)


def _main_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify who took part, what is in the main part of every report, and the responses."""
    return (
        *build_planned_tables(study, book),
        *build_dates_of_one(results, Labels(study), of_one=book.has_one_subject),
        *build_disposition_tables(study, book),
        *build_follow_up_tables(study, book),
        *build_population_tables(study, book),
        *build_eligibility_tables(study, book),
        *build_deviation_tables(study, results, book),
        *(build_split_tables(study, results, book) or build_baseline_tables(study, book)),
        *build_main_rates(study, book),
        *build_main_measures(study, book),
        *build_course_tables(study, results, book),
        *build_main_exposure(study, book),
        *build_product_tables(study, results, book),
        *build_response_tables(study, book),
        *build_performance_goal_tables(study, book),
        *build_durability_tables(study, book),
        *build_flare_rate_tables(study, book),
        *build_flare_count_tables(study, book),
        *build_time_in_state_tables(study, book),
        *build_committee_tables(study, book),
        *build_repeated_response_tables(study, book),
        *build_relapse_tables(study, book),
        *build_response_listings(study, results),
        *build_survival_tables(study, book),
    )


def _other_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify measures and models, other treatment, safety, and what the data were."""
    return (
        *build_efficacy_tables(study, book),
        *build_system_tables(study, book),
        *build_regression_tables(study, book),
        *build_assumed_tables(study, book),
        *build_comparison_tables(study, book),
        *build_at_relapse_tables(study, book),
        *build_model_tables(study, book),
        *build_estimand_tables(study, book),
        *build_co_primary_tables(study, book),
        *build_multiplicity_tables(study, book),
        *build_sensitivity_tables(study, book),
        *build_influence_tables(study, book),
        *build_site_tables(study, book),
        *build_diagnostic_tables(study, book),
        *build_other_tables(study, book),
        *build_glucocorticoid_tables(study, book),
        *build_concomitant_tables(study, results, book),
        *build_adverse_event_tables(study, book),
        *build_event_term_tables(study, results, book),
        *build_event_listings(results),
        *build_toxicity_grade_tables(study, book),
        *build_main_lab_shifts(study, results, book),
        *build_lab_shift_tables(study, results, book),
        *build_lab_limit_tables(study, book),
        *build_exposure_tables(study, book),
        *build_completeness_tables(study, book),
        *build_finding_tables(results, book),
        *build_file_tables(results),
        *build_people_tables(study),
    )
