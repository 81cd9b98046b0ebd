"""The methods of the main part, on half a page."""

from __future__ import annotations

from collections.abc import Iterator

from funis.documents.register import reference
from funis.reporting.centres import Centres, count_centres
from funis.reporting.course_words import planned_courses_words
from funis.reporting.definition_words import visit_words
from funis.reporting.interval_levels import levels_text
from funis.reporting.labels import MISSING_OUTCOME, Labels, in_sentence, listed, method_label
from funis.reporting.methods_diagnostics import between_arms
from funis.reporting.methods_text import CONDITIONS, design_words
from funis.reporting.number_book import NumberBook
from funis.reporting.single_patient import METHODS as METHODS_OF_ONE
from funis.results import ALL, format_dose, format_shortest
from funis.study.courses import first_treatment
from funis.study.model import Study


def methods_words(study: Study, book: NumberBook | None = None) -> tuple[str, ...]:
    """Write the methods of the main part, one paragraph a subject.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run, which say how many centres have patients and whether there is one subject, of
        whom nothing is estimated; None: only what is planned is known

    Returns
    -------
    tuple of str : design and patients, treatment and visits, statistics; references to what stands in full

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> methods_words(Study.model_validate({"study": trial}))[0]
    'This is a single-arm trial with comparisons against baseline in systemic lupus erythematosus.'
    """
    labels = Labels(study)
    of_one = book is not None and book.has_one_subject
    statistics = _statistics_of_one() if of_one else _statistics(labels, book)
    design = _design(labels, count_centres(study, book))
    paragraphs = (" ".join(design), " ".join(_treatment(labels)), " ".join(statistics))
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def _design(labels: Labels, centres: Centres) -> Iterator[str]:
    study, trial = labels.study, labels.study.trial
    at = f", at {centres.words}" if centres.words else ""
    yield f"This is {design_words(study)} in {CONDITIONS[trial.condition]}{at}."
    if study.randomisation is not None:
        yield allocation_words(labels)
    entered = [in_sentence(each.text) for each in study.eligibility.inclusion]
    barred = [in_sentence(each.text) for each in study.eligibility.exclusion]
    if entered:
        yield f"Who could enter: {'; '.join(entered)}."
    if barred:
        yield f"Who could not: {'; '.join(barred)}."


def allocation_words(labels: Labels) -> str:
    """Say how subjects were allocated to the arms; nothing where the study file says nothing of it.

    Parameters
    ----------
    labels : the printed words of the study
    """
    plan = labels.study.randomisation
    if plan is None:
        return ""
    arms = [(arm.name, plan.ratio[arm.id]) for arm in labels.study.arms]
    named = f"{listed([in_sentence(name) for name, _ in arms])} ({':'.join(str(share) for _, share in arms)})"
    over = listed([_stratum(labels, name) for name in plan.strata])
    how = {
        "simple": "by simple randomisation",
        "blocks": "in permuted blocks" + (f", stratified by {over}" if over else ""),
        "minimisation": "by minimisation" + (f" over {over}" if over else ""),
    }[plan.method]
    return f"Subjects were allocated at random to {named} {how}."


def _stratum(labels: Labels, name: str) -> str:
    is_group = name in labels.study.subgroups
    return in_sentence(labels.population(name) if is_group else name.replace("_", " "))


def _treatment(labels: Labels) -> Iterator[str]:
    yield from treatment_words(labels)
    if labels.study.visits:
        yield f"Visits: {_visit_list(labels)}."


def treatment_words(labels: Labels) -> Iterator[str]:
    """Say what was planned to be infused, on which days and at which dose.

    Parameters
    ----------
    labels : the printed words of the study

    Yields
    ------
    str : one sentence a course; none where no infusion is planned
    """
    study = labels.study
    planned = first_treatment(study)
    if planned:
        days = listed([f"day {infusion.day}" for infusion in planned])
        doses = dict.fromkeys(format_dose(each.cells_per_kg) for each in planned if each.cells_per_kg)
        dose = f", {listed(list(doses))} cells per kg body weight each" if doses else ""
        yield f"{study.product.name or 'The cell product'} was planned on {days}{dose}."
        yield from planned_courses_words(labels, with_tolerance=False)


def _visit_list(labels: Labels) -> str:
    """Name every visit with its window; of many visits the first and the last."""
    names = [visit.name for visit in labels.study.visits]
    if len(names) > 8:
        return f"{len(names)}, from {visit_words(labels, names[0])} to {visit_words(labels, names[-1])}"
    return "; ".join(visit_words(labels, name) for name in names)


def _statistics_of_one() -> Iterator[str]:
    yield METHODS_OF_ONE
    yield f"Everything in full: {reference('definitions')}."


def _statistics(labels: Labels, book: NumberBook | None) -> Iterator[str]:
    study = labels.study
    kinds = {endpoint.kind for endpoint in study.endpoints}
    if kinds & {"response", "relapse"}:
        counted = [each.id for each in study.endpoints if each.kind in {"response", "relapse"}]
        yield f"Proportions are given with exact {levels_text(study, counted)} CI."
    judged = dict.fromkeys(
        MISSING_OUTCOME[each.missing_outcome] for each in study.endpoints if each.kind == "response"
    )
    if judged:
        yield f"Missing responses: {'; '.join(judged)}."
    changes = [each for each in study.endpoints if each.kind == "change"]
    if changes:
        named = dict.fromkeys(method for each in changes for method in each.methods if method != "mmrm")
        tested = (
            f", tested by the {listed([in_sentence(method_label(name)) for name in named])}" if named else ""
        )
        yield f"Changes from baseline are means with t intervals{tested}."
        yield from _adjustments(labels)
        rules = dict.fromkeys(MISSING_OUTCOME[each.missing_outcome] for each in changes)
        yield f"Missing changes: {'; '.join(rules)}."
    if any("mmrm" in each.methods for each in study.endpoints):
        yield f"A mixed model for repeated measures stands beside it: {reference('definitions')}."
    if "time_to_event" in kinds:
        yield "Time to an event is estimated by Kaplan-Meier."
    yield from between_arms(study, {name for each in study.endpoints for name in each.methods})
    # The analysis counts the tests it made; a plan alone has none yet.
    if book is None or next(book.of("size"), None) is None or _are_tested(book):
        yield f"Tests are two-sided at {format_shortest(study.trial.alpha)}."
    yield "A sample size calculation is not stated in the study file."
    yield f"Everything in full: {reference('definitions')}."


def _are_tested(book: NumberBook) -> bool:
    return any(book.find(group, ALL, "count") is not None for group in book.of("size"))


def _adjustments(labels: Labels) -> Iterator[str]:
    by_name: dict[str, int] = {}
    for endpoint in labels.study.endpoints:
        if endpoint.adjust != "none":
            by_name[endpoint.adjust] = max(by_name.get(endpoint.adjust, 0), len(endpoint.at))
    tested = any(each.methods for each in labels.study.endpoints if each.kind == "change")
    if tested and not by_name:
        yield "P values were not adjusted for the number of visits, variables and endpoints."
    for name, visits in by_name.items():
        over = f"up to {visits} visits" if visits else "its visits"
        yield (
            f"P values of one endpoint were adjusted by {method_label(name)} over {over}; endpoints were not "
            "adjusted for each other."
        )
