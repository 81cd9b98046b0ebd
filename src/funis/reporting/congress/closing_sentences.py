"""The conclusion of an abstract, as far as design and data carry one, and the disclosures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.congress.arm_conclusion import differences
from funis.reporting.congress.gaps import INTERPRETATION, disclosure_words, funding_words
from funis.reporting.congress.plan_sentences import patients_of, product_of
from funis.reporting.congress.rate_sentences import is_response_told, rates, responding
from funis.reporting.congress.sentence import AbstractSentence, Reduction, Said, plain_sentence, prose
from funis.reporting.congress.telling import Telling
from funis.reporting.key_measures import change_words, survival_words
from funis.reporting.key_rates import open_words, relapse_words, share_of
from funis.reporting.labels import in_sentence
from funis.reporting.number_book import Number, bound
from funis.reporting.planned_tables import WITHHELD, find_unassessed
from funis.reporting.title_block import size_of
from funis.results import ALL, format_number
from funis.study.model import Endpoint

#: What the design leaves open.
LIMITS: Final[dict[str, str]] = {
    "single_arm": "There was no control group: this does not show an effect of the treatment.",
    "parallel": (
        "The study file does not say that arms were formed at random: differences between them may come from "
        "who was in which."
    ),
    "observational": "No treatment was assigned: these are associations, and show no effect.",
}
RANDOMISED: Final = "Results of one arm by itself show no effect."
NO_CONCLUSION: Final = {
    WITHHELD: "The primary result is withheld for errors in the data: no conclusion is drawn.",
    "": "A primary endpoint could not be assessed: no conclusion on it is drawn.",
}
NO_PRIMARY: Final = "The study file names no primary endpoint: no result is put before the others."
REBUILT: Final = "The data were rebuilt from published figures and are no evidence of anything."
INVENTED: Final = "The data were made up for a scenario and are no evidence of anything."


def closing_sentences(telling: Telling) -> Iterator[AbstractSentence]:
    """Write the conclusion and the disclosures.

    Parameters
    ----------
    telling : the study and its numbers

    Yields
    ------
    AbstractSentence : none of them is left out
    """
    study = telling.study
    wordings = _conclusion(telling)
    if wordings:
        reductions = (Reduction.PLAN,) * (len(wordings) - 1)
        yield AbstractSentence("conclusion", ("conclusion",), "conclusion", wordings, reductions)
    design = LIMITS[study.trial.design] if study.randomisation is None else RANDOMISED
    yield plain_sentence("conclusion", ("limits",), "what the design cannot show", design)
    size = _size_words(telling)
    if size:
        yield AbstractSentence("conclusion", ("limits",), "what the number of patients cannot show", (size,))
    made = [*([INVENTED] if study.trial.scenario else []), *([REBUILT] if study.trial.reconstructed else [])]
    if made:
        yield plain_sentence("conclusion", ("mark",), "what the data are", made[0])
    yield plain_sentence("conclusion", ("interpretation",), "interpretation", f"{INTERPRETATION.text}.")
    named = ("disclosure",) if study.people and all(each.disclosure for each in study.people) else ()
    yield plain_sentence("disclosure", named, "disclosures", disclosure_words(study))
    paid = ("funding",) if study.trial.funding else ()
    yield plain_sentence("disclosure", paid, "funding", funding_words(study))


def _conclusion(telling: Telling) -> tuple[Prose, ...]:
    """Say the primary results in short, or why nothing is concluded; a second wording is shorter."""
    study = telling.study
    primary = study.primary_endpoints
    if not primary:
        return (prose(NO_PRIMARY),)
    lacking = {each.what for each in find_unassessed(study, telling.book) if each.endpoint.role == "primary"}
    if telling.book.withheld & {name for each in primary for name in (each.id, *each.all_variables)}:
        lacking.add(WITHHELD)
    if WITHHELD in lacking:
        return (prose(NO_CONCLUSION[WITHHELD]),)
    if lacking:
        return (prose(NO_CONCLUSION[""]),)
    if len(study.arms) > 1:
        said = differences(telling, primary)
        return (said,) if said else ()
    short = [said for each in primary for said in (_short(telling, each),) if said]
    size = size_of(telling.book)
    if not short or size is None:
        return ()
    who = patients_of(study, is_one=size.value == 1)
    given = f" given {product_of(study)}" if study.trial.design != "observational" else ""
    results: list[Inline | str | None] = []
    for place, said in enumerate(short):
        results += ["; " if place else "", *said]
    these = " patient" if size.value == 1 else " patients"
    return (
        prose("In ", bound(size, 0), f" {who}{given}, ", *results, "."),
        prose("In ", bound(size, 0), f"{these}, ", *results, "."),
    )


def _short(telling: Telling, endpoint: Endpoint) -> Prose:
    """Say the result of a primary endpoint in a clause, at its first visit that is told or over all."""
    labels, book = telling.labels, telling.book
    if endpoint.kind in {"change", "summary"}:
        return _clause(change_words(labels, book, endpoint))
    if endpoint.kind == "response":
        for group, visit in responding(book, endpoint):
            share = share_of(book, group, visit).parts
            if share and is_response_told(telling, endpoint, group, visit):
                when = "" if visit == ALL else f" at {in_sentence(labels.visit(visit))}"
                known = " whose response can be told" if any(open_words(book, group, visit)) else ""
                return prose(*share, f"{known} had a response{when}")
    if endpoint.kind == "relapse" and telling.is_told(rates(telling, endpoint)):
        return _clause(relapse_words(labels, book, endpoint)[:2])
    if endpoint.kind == "time_to_event":
        return _clause(survival_words(labels, book, endpoint))
    return ()


def _clause(said: Said) -> Prose:
    """Put a sentence into another one: with a small first letter and without its end."""
    parts = prose(*said)
    if not parts:
        return ()
    first, last = parts[0], parts[-1]
    opening = first if first.id else Inline(in_sentence(first.text))
    if len(parts) == 1:
        return (opening,)
    closing = last if last.id else Inline(last.text.rstrip("."))
    return (opening, *parts[1:-1], closing)


def _size_words(telling: Telling) -> Prose:
    """Say which harms so few patients may not show."""
    size = size_of(telling.book)
    share = next((number for number in _limits_of_size(telling) if number.statistic == "upper"), None)
    if size is None or share is None or share.value is None:
        return ()
    missed = Inline(f"{format_number(share.value, 1)}%", share.id)
    patients = " patient" if size.value == 1 else " patients"
    return prose("With ", bound(size, 0), f"{patients}, a harm in fewer than ", missed, " can be missed.")


def _limits_of_size(telling: Telling) -> Iterator[Number]:
    return (number for group in telling.book.of("size") for number in telling.book.all(group))
