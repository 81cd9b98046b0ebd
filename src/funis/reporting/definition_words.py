"""Every endpoint of a study defined in words, made from the definitions and the study file themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.catalogue.registry import criteria_set, definition, definitions, response_definition, responses
from funis.catalogue.wording.criteria import criteria_words
from funis.catalogue.wording.instruments import InstrumentWords, instrument_words
from funis.catalogue.wording.plain_words import number_words
from funis.catalogue.wording.responses import ResponseWords, response_words
from funis.reporting.labels import MISSING, Labels, behind_number, format_unit, in_sentence, listed
from funis.reporting.passages import Passage
from funis.study.model import Endpoint, LabTest
from funis.study.response_behind import FOUND_AT_VISITS, ORIGINS, definition_behind, response_visit

#: What ends the time of an endpoint.
_EVENTS: Final = {
    "relapse": "relapse after {response}",
    "death": "death from any cause",
    "response": "the first visit with {response}",
    "withdrawal": "withdrawal or loss to follow-up",
    "loss": "the first later visit without {response}",
}
_LABORATORY: Final = (
    "Values as the laboratory reported them, in the units given; limits of normal are those of the "
    "laboratory where it gives its own."
)
#: Kinds of endpoint that are not a measured change, a response or a time.
_COUNTED: Final = {
    "adverse_events": (
        "subjects with an adverse event that began after the first infusion, and events: any, serious, "
        "related, by grade and term; visits at which subjects were to be asked are counted beside"
    ),
    "exposure": "infusions given, cells per kg body weight, day and reactions of each infusion, lots used",
    "disposition": "subjects consented, eligible, treated, completed, withdrawn, lost, dead, of all enrolled",
}


def visit_words(labels: Labels, name: str) -> str:
    """Name a visit with its planned day and its window.

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> visits = [{"name": "month_6", "day": 180, "window": (-30, 30)}]
    >>> visit_words(Labels(Study.model_validate({"study": trial, "visits": tuple(visits)})), "month_6")
    'month 6 (day 180, 30 days either side)'
    """
    words = in_sentence(labels.visit(name))
    planned = next((visit for visit in labels.study.visits if visit.name == name), None)
    if planned is None:
        return words
    if planned.window is None:
        return f"{words} (day {number_words(planned.day)})"
    early, late = planned.window
    if -early == late:
        width = f"{late} days either side" if late else "on the day"
    else:
        width = f"{_days(-early)} before to {_days(late)} after"
    return f"{words} (day {number_words(planned.day)}, {width})"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{number_words(count)} days"


def words_of_response(labels: Labels, endpoint: Endpoint) -> ResponseWords:
    """Put the response of an endpoint into words, at its visits and with its parameters.

    Parameters
    ----------
    labels : the printed words of the study
    endpoint : one with a response definition
    """
    parameters = dict(endpoint.parameters)
    if endpoint.missing_outcome in {"nonresponder", "worst"}:
        parameters.setdefault("missing_response", "nonresponder")
    visits = listed([visit_words(labels, name) for name in endpoint.at])
    return response_words(
        response_definition(endpoint.definition), parameters, at=f"at {visits}" if visits else ""
    )


def is_proposed(name: str) -> bool:
    """Tell whether a response or an instrument is defined by a proposal of funis.

    Examples
    --------
    >>> is_proposed("ucmsc_bilag_response"), is_proposed("sledai_2k"), is_proposed("creatinine")
    (True, False, False)
    """
    if name in responses():
        return response_definition(name).is_proposal
    return definition(name).is_proposal if name in definitions() else False


def proposal_notes(labels: Labels, name: str) -> tuple[str, ...]:
    """Say, where a result stands, that its definition is a proposal; nothing where it is not one.

    Parameters
    ----------
    labels : the printed words of the study
    name : a response, an instrument or a laboratory test
    """
    if not is_proposed(name):
        return ()
    certainty = response_definition(name).certainty if name in responses() else definition(name).certainty
    return (f"The definition of {labels.variable(name)} is a proposal of funis: {certainty}.",)


# --- endpoints -----------------------------------------------------------------------------------


def endpoint_words(labels: Labels, endpoint: Endpoint) -> str:
    """Say in one clause what an endpoint is; its response is defined in a passage of its own.

    Parameters
    ----------
    labels : the printed words of the study
    endpoint : one of the study file
    """
    is_judged = endpoint.kind in {"response", "relapse"}
    visits = [
        visit_words(labels, name) if is_judged else in_sentence(labels.visit(name)) for name in endpoint.at
    ]
    at = f" at {listed(visits)}" if visits else ""
    named = [with_unit(labels, name) for name in endpoint.all_variables]
    match endpoint.kind:
        case "response" | "relapse":
            return _judged_words(labels, endpoint, at)
        case "change":
            return f"change from baseline in {listed(named)}{at}"
        case "systems":
            graded = [
                labels.study.choice(name).label or definition(name).title for name in endpoint.all_variables
            ]
            return f"grade of each organ system by {listed(graded)}, compared with baseline{at}"
        case "time_to_event":
            return _time_words(labels, endpoint)
        case "summary":
            return f"values of {listed(named)}{at}"
    return _COUNTED[endpoint.kind]


def with_unit(labels: Labels, name: str) -> str:
    """Name a variable with its unit in brackets, so that a list of several can be read."""
    unit = format_unit(labels.unit(name))
    return f"{in_sentence(labels.variable(name))} ({unit})" if unit else in_sentence(labels.variable(name))


def _judged_words(labels: Labels, endpoint: Endpoint, at: str) -> str:
    named = _response_named(labels, endpoint.definition)
    if endpoint.kind == "response":
        return f"{named}{at}"
    visit = _response_visit_words(labels, endpoint)
    return f"relapse after {named}{visit}, looked for{at or ' at every later visit'}"


def _response_named(labels: Labels, name: str) -> str:
    """Name a response; one whose name does not say that it is a response, as the response by it."""
    label = labels.variable(name) if name else "the response"
    return label if "response" in label.lower() else f"response by {label}"


def _response_visit_words(labels: Labels, endpoint: Endpoint) -> str:
    """Name the visit that a relapse is counted from."""
    visit = response_visit(labels.study, endpoint)
    return f" at {visit_words(labels, visit)}" if visit else ""


def _time_words(labels: Labels, endpoint: Endpoint) -> str:
    event, origin = endpoint.event or "relapse", endpoint.origin
    name = definition_behind(labels.study, endpoint)
    named = _response_named(labels, name)
    visit = _response_visit_words(labels, endpoint) if name else ""
    begins = ORIGINS[origin]
    if origin == "response":
        begins += f" ({named}{visit})" if name else ""
        named, visit = "it", ""
    ends = _EVENTS[event].format(response=f"{named}{visit if event == 'relapse' else ''}")
    without = "withdrawal or loss" if event == "death" else "withdrawal, loss or death"
    text = f"days from {begins} to {ends}; without the event, time ends at the last day seen, at {without}"
    if event in FOUND_AT_VISITS:
        text += "; what is found at a visit counts on its planned day"
    return text


# --- definitions ---------------------------------------------------------------------------------


def build_definitions(labels: Labels) -> tuple[Passage, ...]:
    """Define the classification criteria, the responses and the measured variables of a study.

    Parameters
    ----------
    labels : the printed words of the study

    Returns
    -------
    tuple of Passage : classification criteria that eligibility asks for; each response with classes, windows,
        source and certainty; instruments; laboratory
    """
    return (*_classifications(labels), *_responses(labels), _instruments(labels), _laboratory(labels))


def _classifications(labels: Labels) -> Iterator[Passage]:
    """Define each set of classification criteria that eligibility asks for, once."""
    eligibility = labels.study.eligibility
    asking: dict[str, list[str]] = {}
    for criterion in eligibility.criteria:
        if criterion.classification:
            asking.setdefault(criterion.classification, []).append(criterion.id)
    for name, ids in asking.items():
        found = criteria_set(name)
        said = criteria_words(found)
        lead = f"Asked for by {'criterion' if len(ids) == 1 else 'criteria'} {listed(ids)}. {said.lead}"
        yield Passage(found.title, (lead,), (*said.criteria, said.basis))


def _responses(labels: Labels) -> Iterator[Passage]:
    """Define each response once, with the endpoints it serves."""
    served: list[tuple[Endpoint, list[str]]] = []
    for endpoint in sorted(labels.study.endpoints, key=lambda each: each.kind != "response"):
        if endpoint.definition:
            same = [names for first, names in served if _shares_definition(first, endpoint)]
            names = same[0] if same else []
            served += [] if same else [(endpoint, names)]
            names.append(in_sentence(endpoint.printed))
    for endpoint, names in served:
        words = words_of_response(labels, endpoint)
        title = f"Definition of {labels.variable(endpoint.definition)}"
        lead = f"It defines {listed(names)}."
        notes = proposal_notes(labels, endpoint.definition)
        relapse = [" ".join(words.relapse)] if words.relapse else []
        items = (*words.classes, " ".join(words.rules), *relapse, words.basis)
        yield Passage(title, (" ".join([lead, *notes]),), items)


def _shares_definition(first: Endpoint, other: Endpoint) -> bool:
    """Whether one passage defines both: the same response, judged alike; a relapse has visits of its own."""
    is_same = (first.definition, first.parameters) == (other.definition, other.parameters)
    judged_alike = (first.at, first.missing_outcome) == (other.at, other.missing_outcome)
    return is_same and (judged_alike or other.kind != "response")


def _instruments(labels: Labels) -> Passage:
    study = labels.study
    items = []
    for name in study.instrument_names:
        choice, words = study.choice(name), _words_of_instrument(labels, name)
        own = choice.label
        named = f"{own}: " if own and own not in words.short else ""
        items.append(f"{named}{words.short} Missing items: {MISSING[choice.missing]}. {words.basis}")
    return Passage("Instruments", (), tuple(items))


def _words_of_instrument(labels: Labels, name: str) -> InstrumentWords:
    choice = labels.study.choice(name)
    return instrument_words(definition(name), choice.parameters or None, unit=choice.unit)


def _laboratory(labels: Labels) -> Passage:
    """Say of each laboratory test that an endpoint analyses its unit, its scale and its limits."""
    asked = {name for endpoint in labels.study.endpoints for name in endpoint.all_variables}
    items = [_test_words(labels, test) for test in labels.study.labs if test.test in asked]
    return Passage("Laboratory tests", (_LABORATORY,) if items else (), tuple(items))


def _test_words(labels: Labels, test: LabTest) -> str:
    unit = format_unit(test.unit)
    text = f"{labels.variable(test.test)}, {unit}"
    if test.scale == "log2":
        text += ", analysed as the logarithm to base 2 of the titre divided by 10"
    low, high = test.low, test.high
    # A titre is its own unit: what is normal is a titre, not so many titres.
    of, behind = ("a titre of ", "") if unit == "titre" else ("", behind_number(unit))
    if low is not None and high is not None:
        text += f"; normal from {of}{number_words(low)} to {number_words(high)}{behind}"
    elif high is not None:
        text += f"; normal up to {of}{number_words(high)}{behind}"
    elif low is not None:
        text += f"; normal from {of}{number_words(low)}{behind}"
    return f"{text}."


def build_full_definitions(labels: Labels) -> tuple[Passage, ...]:
    """Give each instrument in full, row by row, to be looked up.

    Parameters
    ----------
    labels : the printed words of the study

    Returns
    -------
    tuple of Passage : one an instrument, folded
    """
    found = []
    for name in labels.study.instrument_names:
        words = _words_of_instrument(labels, name)
        title = f"{definition(name).title} in full"
        found.append(Passage(title, (words.short,), (*words.lines, words.basis), is_folded=True))
    return tuple(found)
