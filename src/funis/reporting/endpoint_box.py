"""Box 2: the endpoints in words, before any of their results."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import definition, definitions
from funis.documents.document import Box, BoxEntry, plain
from funis.documents.register import reference
from funis.reporting.definition_words import endpoint_words, words_of_response
from funis.reporting.estimand_text import co_primary_words
from funis.reporting.key_results import ENDPOINTS_BOX
from funis.reporting.labels import MISSING_OUTCOME, Labels, in_sentence, listed
from funis.study.model import Endpoint, Study

_MEASURED = frozenset({"change", "summary", "systems"})


def build_endpoint_box(study: Study, *, of_one: bool = False) -> tuple[Box, ...]:
    """Define the endpoints of a study in words: classes of response, events, and one line a measure.

    Parameters
    ----------
    study : the study file
    of_one : whether the data hold one subject, who has values and no means

    Returns
    -------
    tuple of Box : one; none where the study file names no endpoint that is judged or measured

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> build_endpoint_box(Study.model_validate({"study": trial}))
    ()
    """
    labels = Labels(study)
    entries = (*_judged(labels), *_timed(labels), *_measured(labels, of_one=of_one), *_exploratory(labels))
    if not entries:
        return ()
    notes = [f"Rows, limits and versions of every instrument: {reference('definitions')}."]
    together = co_primary_words(study)
    if together:
        notes.insert(0, together)
    notes.insert(0, _estimand_line(labels, of_one=of_one))
    return (Box(ENDPOINTS_BOX, "Endpoints in words", entries, tuple(map(plain, notes))),)


def _judged(labels: Labels) -> Iterator[BoxEntry]:
    """Define each class of the responses that are not only exploratory, then what a relapse is."""
    responses = [each for each in labels.study.endpoints if each.kind == "response" and each.definition]
    shown = _shown_responses(responses)
    seen: set[str] = set()
    for endpoint in shown:
        if endpoint.definition in seen:
            continue
        seen.add(endpoint.definition)
        words = words_of_response(labels, endpoint)
        for sentence in words.classes:
            name, _, rest = sentence.partition(": ")
            yield BoxEntry(name, plain(f"{rest[:1].upper()}{rest[1:]}"))
        rule = f"No value at the visit: {MISSING_OUTCOME[endpoint.missing_outcome]}."
        yield BoxEntry(
            f"{labels.variable(endpoint.definition)}", plain(" ".join([*words.rules, rule, words.basis]))
        )
        if words.relapse and any(each.kind == "relapse" for each in labels.study.endpoints):
            yield BoxEntry("Relapse", plain(_without_name(" ".join(words.relapse))))


def _without_name(text: str) -> str:
    """Leave out what the name of the entry says."""
    name, found, rest = text.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if found and len(name) < 40 else text


def _timed(labels: Labels) -> Iterator[BoxEntry]:
    for endpoint in labels.study.endpoints:
        if endpoint.kind == "time_to_event":
            said = endpoint_words(labels, endpoint)
            yield BoxEntry(endpoint.printed, plain(f"{said[:1].upper()}{said[1:]}."))


def _measured(labels: Labels, *, of_one: bool) -> Iterator[BoxEntry]:
    """Say of each measured endpoint what is measured, how it is summed up, when, and in whom."""
    measured = [each for each in labels.study.endpoints if each.kind in _MEASURED]
    for endpoint in measured:
        if endpoint.role != "exploratory" or not _has_others(labels.study):
            editions = _editions(labels, endpoint)
            summary = _summary(labels, endpoint, of_one=of_one)
            said = f"{summary}{_when(labels, endpoint)}{_subjects(labels, endpoint)}."
            yield BoxEntry(
                f"{endpoint.printed} ({endpoint.role})", plain(" ".join([_capital(said), *editions]))
            )


def _has_others(study: Study) -> bool:
    """Tell whether anything is asked that is not exploratory."""
    return any(each.role != "exploratory" for each in study.endpoints)


def _exploratory(labels: Labels) -> Iterator[BoxEntry]:
    """Name what is exploratory in one entry; its definitions stand in the supplement."""
    study = labels.study
    responses = [each for each in study.endpoints if each.kind == "response" and each.definition]
    told = {each.definition for each in _shown_responses(responses)}
    others = [
        each
        for each in study.endpoints
        if (each.kind == "response" and each.definition and each.definition not in told)
        or (each.kind in _MEASURED and each.role == "exploratory" and _has_others(study))
    ]
    if others:
        names = listed(list(dict.fromkeys(in_sentence(each.printed) for each in others)))
        yield BoxEntry("Exploratory", plain(f"{_capital(names)}: {reference('definitions')}."))


def _shown_responses(responses: list[Endpoint]) -> list[Endpoint]:
    """Give the responses that are defined in the box: those that are not only exploratory, else the first."""
    return [each for each in responses if each.role != "exploratory"] or responses[:1]


def _summary(labels: Labels, endpoint: Endpoint, *, of_one: bool) -> str:
    """Name the variables with the metric and its summary."""
    several = len(endpoint.all_variables) > 1
    mean = "" if of_one else "mean "
    names = listed([in_sentence(labels.variable(name)) for name in endpoint.all_variables])
    if endpoint.kind == "systems":
        counted = "" if of_one else ", as numbers of patients,"
        return f"grades of each organ system by {names}, compared with baseline{counted}"
    if endpoint.kind == "summary":
        return f"{mean}level{'s' if several else ''} of {names}"
    return f"{mean}change{'s' if several else ''} from baseline in {names}"


def _when(labels: Labels, endpoint: Endpoint) -> str:
    visits = [in_sentence(labels.visit(name)) for name in endpoint.at]
    return f" at {listed(visits)}" if visits else " at every visit"


def _subjects(labels: Labels, endpoint: Endpoint) -> str:
    if not (endpoint.subgroup_only and endpoint.subgroups):
        return ""
    names = [labels.population(name).lower() for name in endpoint.subgroups]
    return f", only in the subgroup{'s' if len(names) > 1 else ''} {listed(names)}"


def _editions(labels: Labels, endpoint: Endpoint) -> Iterator[str]:
    """Say by which instrument a score is scored that the study file calls by a name of its own."""
    for name in endpoint.all_variables:
        own = labels.study.choice(name).label if name in definitions() else ""
        if own and definition(name).title not in own:
            subject = "it" if len(endpoint.all_variables) == 1 else in_sentence(own)
            yield f"{_capital(subject)} is scored by {definition(name).title}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _estimand_line(labels: Labels, *, of_one: bool) -> str:
    """Say whom and what the results are about, and what happens to those without an outcome."""
    study = labels.study
    names = dict.fromkeys(each.population or "enrolled" for each in study.endpoints)
    who = listed([in_sentence(labels.population(name)) for name in names])
    treatment = f"Treatment: {study.product.name}; " if study.product.name else ""
    compared = "the arms are compared" if study.arms else "no treatment is compared"
    # The methods, not the section of models: that one is left out where no data reach a model.
    told = bool(study.estimands) and not of_one
    planned = f"; estimands with their strategies: {reference('definitions')}" if told else ""
    return f"Population: {who}. {_capital(f'{treatment}{compared}{planned}')}."
