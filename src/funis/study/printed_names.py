"""The names by which a study file calls the sections, tables and figures of its report.

A table or figure is called by its anchor on the page, the words after ``#`` in a link to it. What a name
shows may be absent from one report, before the first patient for instance; the name is known all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.study.model import Endpoint, Study

#: Sections of the main part in their usual order: name in the study file, anchor on the page.
MAIN_SECTIONS: Final[dict[str, str]] = {
    "key_results": "key-results",
    "flow": "subjects",
    "endpoints": "endpoints",
    "baseline": "baseline",
    "response": "response",
    "activity": "activity",
    "comparison": "comparison",
    "glucocorticoid": "glucocorticoid",
    "exposure": "exposure",
    "safety": "safety",
    "methods": "methods",
    "quality": "quality",
    "limits": "limits",
}
#: Stands for every section that is not named, in the usual order.
REST: Final = "..."
#: The section that opens every report.
FIRST: Final = "key_results"
#: Sections that no report puts behind its main part: without them its results are read as more than they are.
ALWAYS: Final = (FIRST, "quality", "limits")
#: Tables and figures with one name in every study.
FIXED: Final[dict[str, str]] = {
    "table-unassessed": "planned, and without a result",
    "figure-flow": "flow of subjects",
    "table-disposition": "disposition",
    "table-follow-up": "follow-up time, and adverse events in it",
    "table-populations": "analysis populations",
    "table-eligibility": "eligibility by criterion",
    "table-deviations": "deviations from the protocol",
    "table-baseline": "subjects at baseline",
    "table-main-response": "response",
    "table-main-relapse": "relapse",
    "table-performance-goal": "response against its performance goal",
    "table-response-over-visits": "response over visits",
    "table-adjudications": "outcomes of the committee, and agreement of its readers",
    "table-relapse": "relapse after response, every denominator and interval",
    "table-time-to-event": "time to event",
    "figure-swimmer": "each subject's course",
    "table-main-tests": "laboratory tests and other measures at the last visit",
    "table-courses": "efficacy by course of treatment",
    "table-courses-labs": "laboratory tests by course of treatment",
    "table-course-conditions": "who was to be infused again, and who was",
    "table-retreated": "infused again before a visit of the first treatment",
    "table-listing-courses": "each later course of treatment",
    "table-main-comparison": "times to an event compared between arms",
    "table-at-relapse": "response after the relapse, by the arm it was allocated to",
    "table-at-relapse-tests": "arms that a relapse was allocated to, every test",
    "table-comparison": "comparison between arms",
    "table-other-scores": "scores that no endpoint asks for",
    "table-other-labs": "laboratory tests that no endpoint asks for",
    "table-systems": "grades by organ system",
    "table-grades": "each grade by organ system",
    "figure-grades": "grades by organ system",
    "table-glucocorticoid": "glucocorticoid dose",
    "figure-glucocorticoid": "glucocorticoid dose",
    "table-concomitant": "other drugs by visit",
    "table-concomitant-all": "other drugs by visit, every drug",
    "table-listing-drugs": "listing of other drugs by subject",
    "table-main-exposure": "cells given",
    "table-main-product": "the cells: donors, lots and infusions",
    "table-product-lots": "lots given, with their donors",
    "table-exposure": "infusions and exposure",
    "table-adverse-events": "adverse events",
    "table-adverse-events-all": "adverse events of all arms together",
    "table-adverse-events-courses": "adverse events by course of treatment",
    "table-event-terms": "adverse events by organ class and term",
    "table-event-terms-all": "adverse events by organ class, every term",
    "table-listing-events": "listing of adverse events",
    "table-asked": "who was asked about adverse events",
    "table-completeness": "values that are there, of those due",
    "table-main-lab-shifts": "laboratory results worse than at baseline",
    "table-lab-limits": "laboratory results beyond limits of the study file",
    "table-lab-shifts": "laboratory results by CTCAE grade",
    "table-toxicity-grades": "toxicity by its own grading, the worst grade of each subject",
    "table-regression-to-mean": "regression to the mean",
    "table-mmrm": "mixed models",
    "table-co-primary": "primary endpoints together",
    "table-multiplicity": "hypotheses in their order",
    "table-fits": "fit of the mixed models",
    "table-covariance": "covariance of the mixed models",
    "table-parameters": "parameters of the mixed models",
    "table-qq-correlation": "distribution of the residuals",
    "figure-quantiles": "distribution of the changes that are tested",
    "table-influence": "estimates without one subject, site or lot",
    "figure-influence": "estimates without one subject",
    "table-site-effects": "differences between sites",
    "table-findings": "findings in the data, by check",
    "table-findings-error": "errors in the data",
    "table-findings-warning": "warnings about the data",
    "table-findings-query": "queries about the data",
    "table-recorded-totals": "recorded totals",
    "table-people": "people of the trial and their disclosures",
    "table-files": "input files",
}
#: Several of one kind: the name goes on with a hyphen and a number.
NUMBERED: Final[dict[str, str]] = {
    "table-main-measure": "a measure, or two, over time, and so on by number",
    "table-event-terms": "events by term of a further arm",
    "table-event-terms-all": "every term of a further arm",
    "table-lab-shifts": "laboratory results of a further arm",
    "figure-swimmer": "further subjects, forty a figure",
}
#: Those that say the name of an endpoint, a response definition or an estimand of the study.
NAMED: Final[dict[str, str]] = {
    "table-ENDPOINT": "an endpoint at every visit",
    "figure-ENDPOINT": "an endpoint over time",
    "figure-waterfall-ENDPOINT": "the change of each subject",
    "figure-forest-ENDPOINT": "an endpoint in each subgroup",
    "figure-estimands-ENDPOINT": "the estimands of an endpoint",
    "table-sensitivity-ENDPOINT": "sensitivity analyses of an endpoint",
    "table-durability-ENDPOINT": "classes of a response at its first visit and later",
    "table-flare-rate-ENDPOINT": "flares a year of an endpoint that judges flares",
    "table-flare-count-ENDPOINT": "mean number of flares by each visit",
    "table-time-in-state-ENDPOINT": "time in a state that is judged at several visits",
    "table-response-DEFINITION": "a response with every interval",
    "figure-response-DEFINITION": "a response over visits",
    "table-listing-response-DEFINITION": "the response of each subject",
    "table-estimand-ESTIMAND": "an estimand",
    "table-regression-assumed-ENDPOINT-VARIABLE": "regression to the mean in assumed populations",
    "figure-regression-ENDPOINT-VARIABLE": "baseline against change",
    "figure-residuals-ENDPOINT-VARIABLE": "residuals of a mixed model",
}


def is_printed(study: Study, name: str) -> bool:
    """Tell whether a report of this study can hold a table or a figure of this name.

    Parameters
    ----------
    study : its endpoints, definitions and estimands give names
    name : anchor of a table or figure, such as ``table-main-response``

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> is_printed(study, "table-baseline"), is_printed(study, "table-base")
    (True, False)
    """
    start, _, number = name.rpartition("-")
    if start in NUMBERED and number.isdecimal():
        # The first of those that have a name without a number has none.
        return number == str(int(number)) and int(number) > (start in FIXED)
    return name in printed_names(study)


def printed_names(study: Study) -> tuple[str, ...]:
    """Name every table and figure that a report of this study can hold; of several of one kind the first.

    Parameters
    ----------
    study : its endpoints, definitions and estimands give names

    Returns
    -------
    tuple of str : those of every study, then those of this one; none twice
    """
    numbered = (f"{start}-1" for start in NUMBERED if start not in FIXED)
    named = (name for endpoint in study.endpoints for name in _names_of(endpoint))
    estimands = (f"table-estimand-{each.id}" for each in study.estimands)
    return tuple(dict.fromkeys((*FIXED, *numbered, *named, *estimands)))


def _names_of(endpoint: Endpoint) -> Iterator[str]:
    name, definition = endpoint.id, endpoint.definition
    yield from (
        f"table-{name}",
        f"figure-{name}",
        f"table-sensitivity-{name}",
        f"table-durability-{name}",
        f"table-flare-rate-{name}",
        f"table-flare-count-{name}",
        f"table-time-in-state-{name}",
    )
    yield from (f"figure-waterfall-{name}", f"figure-forest-{name}", f"figure-estimands-{name}")
    if definition:
        yield from (f"{start}-{definition}" for start in ("table-response", "figure-response"))
        yield f"table-listing-response-{definition}"
    within = ("", *(f"-{subgroup}" for subgroup in endpoint.subgroups))
    starts = ("table-regression-assumed", "figure-regression", "figure-residuals")
    for variable in endpoint.all_variables:
        yield from (f"{start}-{name}-{variable}{ending}" for start in starts for ending in within)
