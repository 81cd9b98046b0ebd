"""What was asked and how: background, objective and methods of an abstract, from the study file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from funis.catalogue.congress_rules import CongressRule
from funis.reporting.centres import Centres, count_centres
from funis.reporting.congress.gaps import BACKGROUND, ethics_words, registration_words
from funis.reporting.congress.sentence import AbstractSentence, Reduction, capital, plain_sentence
from funis.reporting.congress.telling import Telling
from funis.reporting.course_words import OWN_DAYS
from funis.reporting.definition_words import is_proposed
from funis.reporting.interval_levels import levels_text
from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.main_words import allocation_words, treatment_words
from funis.reporting.methods_diagnostics import between_arms
from funis.reporting.methods_text import CONDITIONS
from funis.reporting.single_patient import METHODS as METHODS_OF_ONE
from funis.study.choices import Method, MissingOutcome, MissingRelapse
from funis.study.model import Endpoint, Study

_DESIGNS: Final[Mapping[str, str]] = {
    "single_arm": "single-arm trial without a control group",
    "parallel": "trial with parallel arms",
    "observational": "observational cohort without an assigned treatment",
}
REBUILT: Final = "[Rebuilt from published figures: not patient data.]"
#: What a missing outcome counts as, in the few words that an abstract has room for.
MISSING: Final[Mapping[MissingOutcome, str]] = {
    "observed": "left out at that visit",
    "nonresponder": "counted as none",
    "worst": "replaced by the worst possible",
    "locf": "replaced by the last observed",
    "multiple_imputation": "imputed (missing at random)",
    "j2r": "imputed (jump to reference)",
    "cr": "imputed (copy reference)",
    "cir": "imputed (copy increments in reference)",
    "by_ending": "imputed by how participation ended",
}
MISSING_RELAPSE: Final[Mapping[MissingRelapse, str]] = {
    "left_out": "left out",
    "none": "counted as none",
    "relapse": "counted as one",
}
#: Methods that test a change from baseline.
TESTS: Final[tuple[Method, ...]] = ("paired_t", "wilcoxon", "sign_test", "permutation", "bootstrap")


def plan_sentences(telling: Telling, rule: CongressRule) -> Iterator[AbstractSentence]:
    """Write background, objective and methods.

    Parameters
    ----------
    telling : the study and its numbers
    rule : of the congress; where it has no part for objectives, they stand in the background

    Yields
    ------
    AbstractSentence : in reading order
    """
    study = telling.study
    mark = mark_of(study)
    if mark:
        yield plain_sentence("background", ("mark",), "what the data are", mark)
    yield plain_sentence("background", ("background",), "background", f"{BACKGROUND.text}.")
    yield plain_sentence(
        "objectives" if "objectives" in rule.heads else "background",
        ("objective",),
        "objective",
        _objective(telling.labels),
    )
    yield from _methods(telling)


def mark_of(study: Study) -> str:
    """Say what data are that were not observed; empty for data as recorded.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> trial["scenario"] = "all respond"
    >>> mark_of(Study.model_validate({"study": trial}))
    '[Invented scenario: all respond. Nobody was treated so.]'
    """
    invented = f"[Invented scenario: {study.trial.scenario.rstrip('.')}. Nobody was treated so.]"
    said = [*([invented] if study.trial.scenario else []), *([REBUILT] if study.trial.reconstructed else [])]
    return " ".join(said)


def patients_of(study: Study, *, is_one: bool = False) -> str:
    """Name the patients by their disease, as a sentence goes on."""
    return f"patient{'' if is_one else 's'} with {CONDITIONS[study.trial.condition]}"


def product_of(study: Study) -> str:
    """Name what was given, as a sentence goes on."""
    return in_sentence(study.product.name) if study.product.name else "the cell product"


def _objective(labels: Labels) -> str:
    study = labels.study
    who, what = patients_of(study), product_of(study)
    if len(study.arms) > 1:
        return f"To compare {listed([in_sentence(arm.name) for arm in study.arms])} in {who}."
    if study.trial.design == "observational":
        return f"To follow {who}."
    return f"To follow {who} given {what}."


def _methods(telling: Telling) -> Iterator[AbstractSentence]:
    labels, study, book = telling.labels, telling.study, telling.book
    yield plain_sentence("methods", ("design",), "design", _design(study, count_centres(study, book)))
    allocated = allocation_words(labels)
    if allocated:
        yield plain_sentence("methods", ("allocation",), "allocation", allocated)
    yield from _entry(study)
    planned = [words for words in treatment_words(labels) if words != OWN_DAYS]
    if planned:
        yield plain_sentence("methods", ("treatment",), "treatment", " ".join(planned))
    yield from _endpoints(labels)
    yield from _statistics(study, of_one=book.has_one_subject)
    yield plain_sentence(
        "methods",
        _unless_open("registration", study.trial.registration),
        "registration",
        registration_words(study),
    )
    yield plain_sentence("methods", _unless_open("ethics", study.trial.ethics), "ethics", ethics_words(study))


def _unless_open(topic: str, stated: str) -> tuple[str, ...]:
    """Give the topic of what is stated; a place still to be filled in speaks to nothing."""
    return (topic,) if stated else ()


def _design(study: Study, centres: Centres) -> str:
    at = f" at {centres.words}" if centres.words else ""
    kind = (
        _DESIGNS[study.trial.design] if study.randomisation is None else "Randomised trial with parallel arms"
    )
    return f"{capital(kind)}{at}."


def _entry(study: Study) -> Iterator[AbstractSentence]:
    entered = "; ".join(in_sentence(each.text) for each in study.eligibility.inclusion)
    barred = "; ".join(in_sentence(each.text) for each in study.eligibility.exclusion)
    if entered:
        yield plain_sentence("methods", ("entry",), "who could enter", f"Who could enter: {entered}.")
    if barred:
        said = f"Who could not: {barred}."
        yield plain_sentence("methods", ("exclusion",), "who could not enter", said, Reduction.PLAN)


def _endpoints(labels: Labels) -> Iterator[AbstractSentence]:
    study = labels.study
    primary = _named(labels, study.primary_endpoints)
    several = "s" if len(study.primary_endpoints) > 1 else ""
    words = f"Primary endpoint{several}: {primary}." if primary else "No primary endpoint was named."
    proposed = [each for each in study.primary_endpoints if each.definition and is_proposed(each.definition)]
    if proposed:
        words += " The definition of response is a proposal of funis."
    topics = ("primary_endpoint",) if primary else ()
    yield plain_sentence("methods", topics, "primary endpoints", words)
    secondary = [each for each in study.endpoints if each.role == "secondary"]
    if secondary:
        said = f"Secondary: {_named(labels, secondary, with_visits=False)}."
        yield plain_sentence(
            "methods", ("secondary_endpoints",), "names of secondary endpoints", said, Reduction.PLAN
        )


def _named(labels: Labels, endpoints: Sequence[Endpoint], *, with_visits: bool = True) -> str:
    said = []
    for each in endpoints:
        visits = listed([in_sentence(labels.visit(name)) for name in each.at]) if with_visits else ""
        said.append(f"{in_sentence(each.printed)}{f' ({visits})' if visits else ''}")
    return "; ".join(said)


def _statistics(study: Study, *, of_one: bool) -> Iterator[AbstractSentence]:
    counted = [each for each in study.endpoints if each.kind in {"response", "relapse"}]
    said = []
    if of_one:
        said.append(METHODS_OF_ONE)
    elif counted:
        said.append(f"Proportions have exact {levels_text(study, [each.id for each in counted])} CI.")
    if not of_one:
        said += between_arms(study, {name for each in study.endpoints for name in each.methods})
    if said:
        yield plain_sentence(
            "methods", ("statistics",), "tests and intervals", " ".join(said), Reduction.PLAN
        )
    missing = missing_words(study)
    if missing:
        yield plain_sentence("methods", ("missing",), "rule for missing values", missing)


def first_test(endpoint: Endpoint) -> str:
    """Name the test whose P value an abstract tells: the first that the endpoint plans; empty for none."""
    return next((name for name in endpoint.methods if name in TESTS), "")


def missing_words(study: Study) -> str:
    """Say what a missing value counts as, by kind of outcome; empty where nothing is judged or measured.

    Parameters
    ----------
    study : the study file

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> ends = ({"id": "a", "kind": "response", "definition": "sri_4", "missing_outcome": "nonresponder"},)
    >>> missing_words(Study.model_validate({"study": trial, "endpoints": ends}))
    'Missing values: response counted as none.'
    """
    by_rule: dict[str, list[str]] = {}
    names = {"response": "response", "change": "change"}
    for endpoint in study.endpoints:
        if endpoint.kind in names and endpoint.role != "exploratory":
            by_rule.setdefault(MISSING[endpoint.missing_outcome], []).append(names[endpoint.kind])
        if endpoint.kind == "relapse":
            by_rule.setdefault(MISSING_RELAPSE[endpoint.missing_relapse], []).append("relapse")
    said = [f"{listed(list(dict.fromkeys(kinds)))} {rule}" for rule, kinds in by_rule.items()]
    return f"Missing values: {'; '.join(said)}." if said else ""
