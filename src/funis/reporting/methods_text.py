"""The methods section of the report, written from the study file and nothing else.

A sentence stands here only when the study file holds what it says: the text cannot drift from the analysis.
"""

from __future__ import annotations

from collections.abc import Iterator

from funis.reporting.centres import Centres, count_centres
from funis.reporting.course_words import dose_words, planned_courses_words
from funis.reporting.definition_words import build_definitions, endpoint_words
from funis.reporting.estimand_text import (
    co_primary_words,
    draw_words,
    estimand_sentence,
    multiplicity_sentence,
    sensitivity_words,
)
from funis.reporting.interval_levels import own_levels_words
from funis.reporting.labels import (
    COVARIANCES,
    DEGREES,
    MISSING_OUTCOME,
    MISSING_RELAPSE,
    Labels,
    humanise,
    in_sentence,
    listed,
    method_label,
    with_groups,
)
from funis.reporting.methods_diagnostics import diagnostic_sentences
from funis.reporting.number_book import NumberBook, level_text
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.passages import Passage
from funis.reporting.performance_goal_tables import one_sided_level
from funis.reporting.product_words import describe_cells
from funis.reporting.rule_words import rule_words
from funis.reporting.single_patient import METHODS as METHODS_OF_ONE
from funis.results import format_shortest
from funis.study.check_repeated import OVER_VISITS
from funis.study.courses import first_treatment
from funis.study.estimand import IMPUTED
from funis.study.model import Criterion, Endpoint, Study
from funis.study.populations import populations_of

DESIGNS: dict[str, str] = {
    "single_arm": "a single-arm trial with comparisons against baseline",
    "parallel": "a trial with parallel arms",
    "observational": "an observational cohort",
}
#: A trial whose study file says how subjects were allocated at random.
_RANDOMISED = "a randomised trial with parallel arms"
CONDITIONS: dict[str, str] = {
    "sle": "systemic lupus erythematosus",
    "sjogren": "primary Sjögren’s syndrome",
}


#: What a comparison with the same subjects before treatment cannot show.
SINGLE_ARM = (
    "There is no control group: a change from baseline is not an effect of the treatment alone. It holds the "
    "natural course, other treatment given, and regression to the mean after entry by high activity."
)

#: What a change is measured from.
BASELINE = (
    "Baseline is the last value on study day 0 or before; a change is the value at a visit minus the "
    "baseline. Days and windows of the visits stand above."
)

#: How permutations are counted or drawn.
PERMUTATION = (
    "The permutation test of the mean change counts every way the signs of the changes could have fallen, "
    "that of the mean difference between arms every way the subjects could have fallen into the arms. Where "
    "these are too many to count, they are drawn at random with the seed of the analysis, and P is "
    "(b + 1) / (draws + 1), b of them being as far out as the one observed; the tables say where, and how "
    "many were drawn."
)
#: What is said of statistics where the data hold one subject.
STATISTICS_OF_ONE = Passage("Statistics", (METHODS_OF_ONE,))


def build_methods(study: Study, book: NumberBook | None = None) -> tuple[Passage, ...]:
    """Write the methods from the study file.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run, which say how many centres have patients and whether there is one subject;
        None: only what is planned is known

    Returns
    -------
    tuple of Passage : design, treatment, visits, populations, endpoints with their definitions, statistics

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> build_methods(Study.model_validate({"study": trial}))[0].title
    'Design and subjects'
    """
    labels = Labels(study)
    of_one = book is not None and book.has_one_subject
    passages = (
        _design(labels, count_centres(study, book)),
        _treatment(labels),
        _visits(labels),
        _populations(labels),
        _endpoints(labels, of_one=of_one),
        *build_definitions(labels),
        *((STATISTICS_OF_ONE,) if of_one else (_estimands(labels), _statistics(study))),
    )
    return tuple(passage for passage in passages if passage.paragraphs or passage.items)


def design_words(study: Study) -> str:
    """Name the design of a study in a sentence; without a randomisation no trial is called randomised.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> design_words(Study.model_validate({"study": trial}))
    'a single-arm trial with comparisons against baseline'
    """
    return DESIGNS[study.trial.design] if study.randomisation is None else _RANDOMISED


def _criterion(labels: Labels, criterion: Criterion) -> str:
    """Print a criterion, and beside it what was compared, where a rule checks it."""
    checked = [f"checked: {rule_words(labels, criterion.rule)}"] if criterion.rule else []
    return f"{with_groups(criterion.text, checked)}."


def _design(labels: Labels, centres: Centres) -> Passage:
    study, trial = labels.study, labels.study.trial
    first = f"{trial.id} is {design_words(study)} in {CONDITIONS[trial.condition]}"
    if centres.words:
        first += f", at {centres.words}"
    sentences = [f"{first}."]
    if trial.registration:
        sentences.append(f"It is registered as {trial.registration}.")
    if trial.source:
        sentences.append(f"The study file describes: {trial.source.rstrip('.')}.")
    items = [f"{each.id}. {_criterion(labels, each)}" for each in study.eligibility.inclusion]
    items += [f"{each.id}, excludes. {_criterion(labels, each)}" for each in study.eligibility.exclusion]
    if items:
        sentences.append(
            "Criteria of eligibility were checked by rule on what was known before the first infusion:"
        )
    return Passage("Design and subjects", (" ".join(sentences),), tuple(items))


def _treatment(labels: Labels) -> Passage:
    study = labels.study
    if not study.infusions:
        return Passage("Treatment")
    name = study.product.name or "The cell product"
    planned = first_treatment(study)
    days = listed([f"day {infusion.day}" for infusion in planned])
    doses = dose_words(planned, with_tolerance=True)
    dose = f", each of {doses}" if doses else ""
    text = " ".join(
        (f"{name} was planned on {days}{dose}.", *planned_courses_words(labels, with_tolerance=True))
    )
    if study.product.release:
        rules = [rule_words(labels, rule) for rule in study.product.release]
        text += f" A lot could be released when {listed(rules)}."
    return Passage("Treatment", (" ".join((text, *describe_cells(labels))),))


def _visits(labels: Labels) -> Passage:
    study = labels.study
    if not study.visits:
        return Passage("Visits", ("No visits were planned; every visit of the data is used, by its day.",))
    names = [
        f"{in_sentence(labels.visit(visit.name))} (day {visit.day}"
        + (f", window {visit.window[0]:+d} to {visit.window[1]:+d} days)" if visit.window else ")")
        for visit in study.visits
    ]
    return Passage("Visits", (f"Visits were planned at {listed(names)}.".replace("-", "−"),))


def _populations(labels: Labels) -> Passage:
    study = labels.study
    items = [
        f"{labels.population(name)}: {rule_words(labels, rule)}."
        for name, rule in populations_of(study).items()
    ]
    items += [
        f"{labels.population(name)} (subgroup): {rule_words(labels, rule)}."
        for name, rule in study.subgroups.items()
    ]
    lead = (
        "A subject for whom a value that the rule needs is missing is not a member and is counted apart.",
    )
    caution = caution_of_subgroups(labels, study.subgroups)
    return Passage("Populations and subgroups", (*lead, *caution) if items else (), tuple(items))


def _endpoints(labels: Labels, *, of_one: bool) -> Passage:
    sentences = (
        f"{_what_is_observed(labels, endpoint)}{'' if of_one else _how_it_is_analysed(labels, endpoint)}."
        for endpoint in labels.study.endpoints
    )
    return Passage("Endpoints", (BASELINE,), tuple(sentences))


def _estimands(labels: Labels) -> Passage:
    """Write each estimand, and what is an intercurrent event in the data."""
    study = labels.study
    items = tuple(estimand_sentence(labels, estimand) for estimand in study.estimands)
    declared = [
        f"{humanise(name).lower()}: {', '.join(listed_names)}"
        for name, listed_names in study.intercurrent_events.declared.items()
        if listed_names
    ]
    lead = (
        "Where a subject has several intercurrent events, a composite one decides first, else the earliest "
        "that is hypothetical or while on treatment."
    )
    lead += f" Counted from the data as {'; '.join(declared)}." if declared else ""
    return Passage("Estimands", (lead,) if items else (), items)


def _what_is_observed(labels: Labels, endpoint: Endpoint) -> str:
    text = f"{endpoint.printed} ({endpoint.role}): {endpoint_words(labels, endpoint)}"
    if endpoint.population:
        text += f". Population: {in_sentence(labels.population(endpoint.population))}"
    if endpoint.subgroups:
        only = "only within" if endpoint.subgroup_only else "and within"
        text += f", {only} {listed([labels.population(name).lower() for name in endpoint.subgroups])}"
    return text


def _how_it_is_analysed(labels: Labels, endpoint: Endpoint) -> str:
    text = ""
    if endpoint.methods:
        text += f". Methods: {listed([in_sentence(method_label(name)) for name in endpoint.methods])}"
        text += (
            f"; P adjusted by {method_label(endpoint.adjust)} over the visits"
            if endpoint.adjust != "none"
            else ""
        )
    if endpoint.performance_goal is not None:
        goal, level = (
            format_shortest(100 * endpoint.performance_goal),
            one_sided_level(labels.study, endpoint),
        )
        text += (
            f". Performance goal: a response rate above {goal}%, met where the lower limit of the exact "
            f"one-sided {level} interval lies above it"
        )
    if endpoint.competing:
        text += ". Death is a competing event"
    if endpoint.kind == "relapse":
        text += f". A relapse that is not known {MISSING_RELAPSE[endpoint.missing_relapse]}"
    if "mmrm" in endpoint.methods:
        fixed = f"fixed effects {endpoint.formula}, " if endpoint.formula else ""
        structure = f"{COVARIANCES[endpoint.covariance]} covariance"
        text += f"; mixed model with {fixed}{structure}, {DEGREES[endpoint.df]} degrees of freedom"
        text += f", {labels.study.kind_of_means(endpoint)} means"
        tried = listed([COVARIANCES[name] for name in endpoint.fallback])
        text += f", falling back in this order to {tried} where it cannot be fitted" if tried else ""
    if endpoint.kind in {"change", "response"} or endpoint.missing_outcome != "observed":
        text += f". Missing outcome: {MISSING_OUTCOME[endpoint.missing_outcome]}"
        text += f" ({draw_words(endpoint)})" if endpoint.missing_outcome in IMPUTED else ""
    return text


def _fixed_effects(study: Study) -> str:
    return "arm, visit, arm by visit and baseline" if study.arms else "visit, baseline and visit by baseline"


def _statistics(study: Study) -> Passage:
    level = f"{level_text(study)}{own_levels_words(Labels(study))}"
    kinds = {endpoint.kind for endpoint in study.endpoints}
    sentences = [
        *([SINGLE_ARM] if study.trial.design == "single_arm" else []),
        "Measures are given as mean ± standard deviation (n − 1), median with quartiles (type 7) and range.",
        f"Intervals have level {level} and tests are two-sided at {format_shortest(study.trial.alpha)}.",
        *_test_sentences(study),
    ]
    if kinds & {"response", "relapse"}:
        sentences.append(
            "Proportions carry the exact Clopper-Pearson and the Wilson score interval, with the name of "
            "the denominator."
        )
    if "time_to_event" in kinds:
        sentences.append("Time to an event is estimated by Kaplan-Meier with intervals on the log-log scale.")
    if any(endpoint.competing for endpoint in study.endpoints):
        sentences.append(
            "Where death is a competing event the share that has had the event is the cumulative incidence "
            "by Aalen and Johansen with intervals on the log(-log) scale; it is not tested."
        )
    if any(endpoint.restricted_mean for endpoint in study.endpoints):
        sentences.append(
            "The restricted mean time free of the event is the area under that curve up to the planned day "
            "of a visit; where nobody was followed so long it is not estimated."
        )
    sentences += diagnostic_sentences(study)
    varied = sensitivity_words(study)
    sentences += [varied] if varied else []
    sentences += [words for words in (co_primary_words(study),) if words]
    if study.multiplicity is not None:
        sentences.append(multiplicity_sentence(Labels(study), study.multiplicity))
    sentences.append(
        "Printed values are rounded half away from zero; nothing is rounded to printed decimals before it is "
        "analysed."
    )
    return Passage("Statistics", (" ".join(sentences),))


REPEATED = (
    "Responses at several visits are compared in the subjects whose response is known, or filled by the rule "
    "for missing outcomes, at each of them: of two visits by the subjects that changed (McNemar), of all at "
    "once by Cochran's Q."
)


def _test_sentences(study: Study) -> Iterator[str]:
    """Describe the tests and models that an endpoint asks for, and what their adjustment leaves open."""
    methods = {method for endpoint in study.endpoints for method in endpoint.methods}
    if "paired_t" in methods:
        yield "Changes from baseline are compared with zero by the paired t test."
    if "wilcoxon" in methods:
        yield (
            "The Wilcoxon signed-rank test drops changes of zero and is exact, given the ties, up to 200 "
            "subjects; above that it is the normal approximation with continuity correction. Beside it stand "
            "the Hodges-Lehmann estimate of the change and its interval."
        )
    if "mmrm" in methods:
        yield (
            "Mixed models for repeated measures are fitted to the changes by restricted maximum likelihood, "
            f"with the fixed effects {_fixed_effects(study)} where the endpoint names no others; marginal "
            "means are at the mean baseline, and missing changes are taken as missing at random given those "
            "observed. A fit that does not converge is reported as failed, without an estimate."
        )
    if "permutation" in methods:
        yield PERMUTATION
    if methods & OVER_VISITS:
        yield REPEATED
    if any(endpoint.adjust != "none" for endpoint in study.endpoints):
        yield (
            "Where P is adjusted over visits, it is so within one variable, group and test; this does not "
            "control the error over variables, subgroups and endpoints."
        )
    elif methods:
        yield "P is not adjusted for the number of visits, variables and endpoints."
