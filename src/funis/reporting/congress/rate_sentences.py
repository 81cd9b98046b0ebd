"""Responses, relapses and times to an event in the sentences of an abstract."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from funis.catalogue.registry import response_definition, responses
from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.congress.sentence import prose
from funis.reporting.congress.telling import Telling
from funis.reporting.key_arms import rates_by_arm, relapses_by_arm, survival_by_arm
from funis.reporting.key_measures import survival_words
from funis.reporting.key_rates import goal_words, open_words, share_with_interval
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, NumberBook, bound, count_cell
from funis.reporting.response_tables import class_label
from funis.reporting.small_samples import PERCENT_FROM
from funis.results import ALL
from funis.study.model import Endpoint

_Said = tuple[Inline | str | None, ...]


def rates(telling: Telling, endpoint: Endpoint) -> Prose:
    """Say the result of an endpoint that is counted: of each arm and their difference, or of everybody.

    Parameters
    ----------
    telling : the study and its numbers
    endpoint : of kind response, relapse or time_to_event

    Returns
    -------
    Prose : empty where nothing was counted
    """
    labels, book = telling.labels, telling.book
    has_arms = len(telling.study.arms) > 1
    match endpoint.kind:
        case "response":
            return prose(*rates_by_arm(labels, book, endpoint)) if has_arms else _responses(telling, endpoint)
        case "relapse":
            return (
                prose(*relapses_by_arm(labels, book, endpoint)) if has_arms else _relapses(telling, endpoint)
            )
        case "time_to_event":
            told = survival_by_arm if has_arms else survival_words
            return _events_of_few(telling, endpoint) or prose(*told(labels, book, endpoint))
    return ()


def _events_of_few(telling: Telling, endpoint: Endpoint) -> Prose:
    """Count the events of so few subjects that a share is no percentage; empty where there are more."""
    book = telling.book
    for group in book.of("time_to_event"):
        events, size = book.find(group, ALL, "events"), book.find(group, ALL, "n")
        is_whole = group.endpoint == endpoint.id and (group.subgroup, group.arm) == (ALL, ALL)
        if is_whole and events is not None and size is not None and (size.value or 0) < PERCENT_FROM:
            return prose(f"{endpoint.printed}: events ", bound(events, 0), ", patients ", bound(size, 0), ".")
    return ()


def _responses(telling: Telling, endpoint: Endpoint) -> Prose:
    """Say how many responded at each visit, each class with its share, and what is not known."""
    labels = telling.labels
    said: list[Inline | str | None] = []
    assumed = []
    for group, visit in responding(telling.book, endpoint):
        one = _at_visit(labels, telling.book, endpoint, group, visit)
        if one and not telling.is_told(prose(*one)):
            assumed.append(f"{endpoint.printed} at {in_sentence(labels.visit(visit))}")
        elif one:
            said += [" " if said else "", *one]
    telling.assumed += assumed
    if said and assumed and endpoint.role == "primary":
        # A visit of a primary endpoint is not passed over in silence.
        said += [" ", *(f"{each} was assumed and is not told." for each in assumed)]
    return prose(*said)


def responding(book: NumberBook, endpoint: Endpoint) -> Iterator[tuple[Group, str]]:
    """Give where the responders of an endpoint are counted: the group of everybody, and each visit."""
    for group in _groups(book, endpoint):
        if group.category == "responder":
            yield from ((group, visit) for visit in book.visits(group))


def is_response_told(telling: Telling, endpoint: Endpoint, group: Group, visit: str) -> bool:
    """Tell whether the responders of a visit are told: of rebuilt data, whether a class is published."""
    return telling.is_told(prose(*_at_visit(telling.labels, telling.book, endpoint, group, visit)))


def _at_visit(labels: Labels, book: NumberBook, endpoint: Endpoint, group: Group, visit: str) -> _Said:
    share = share_with_interval(labels, book, group, visit)
    if not share:
        return ()
    when = "By the last visit" if visit == ALL else f"At {in_sentence(labels.visit(visit))}"
    named = "" if endpoint.role == "primary" else f" ({in_sentence(endpoint.printed)})"
    return (
        f"{when}, ", *share, f" had a response{named}",
        *_classes(book, endpoint, group, visit), *open_words(book, group, visit),
        *goal_words(book, endpoint, visit), ".",
    )  # fmt: skip


def _groups(book: NumberBook, endpoint: Endpoint) -> Iterator[Group]:
    for group in book.of(endpoint.kind):
        is_own = group.endpoint in {endpoint.id, ""} and (group.subgroup, group.arm) == (ALL, ALL)
        if is_own and (group.variable == group.measure or endpoint.kind == "relapse"):
            yield group


def _classes(book: NumberBook, endpoint: Endpoint, whole: Group, visit: str) -> Iterator[Inline | str | None]:
    """Count each class of response with its denominator and percentage, where there are several."""
    if whole.measure not in responses():
        return
    classes = response_definition(whole.measure).responding
    if len(classes) < 2:
        return
    own = {group.category: group for group in _groups(book, endpoint) if group.measure == whole.measure}
    for place, name in enumerate(classes):
        if name in own:
            yield ": " if not place else ", "
            yield from _share(book, own[name], visit)
            yield f" {in_sentence(class_label(whole.measure, name))}"


def _share(book: NumberBook, group: Group, visit: str) -> _Said:
    return count_cell(book.find(group, visit, "count"), book.find(group, visit, "percent")).parts


def _relapses(telling: Telling, endpoint: Endpoint) -> Prose:
    """Say how many relapsed at each visit, of everybody, and in all, of those who had responded."""
    labels, book = telling.labels, telling.book
    whole = endpoint.population or "enrolled"
    own = {group.population: group for group in _groups(book, endpoint)}
    said: list[Inline | str | None] = []
    for visit in book.visits(own[whole]) if whole in own else ():
        share = _share(book, own[whole], visit) if visit != ALL else ()
        if share:
            unknown = _in_brackets(open_words(book, own[whole], visit))
            said += [", " if said else "", *share, f" at {in_sentence(labels.visit(visit))}", *unknown]
    of_responders = _of_responders(labels, book, endpoint, own.get("responders"))
    if not said and not of_responders:
        return ()
    who = f"of all {in_sentence(labels.population(whole))}, " if said else ""
    between = "; " if said and of_responders else ""
    return prose(f"Relapse after a response: {who}", *said, between, *of_responders, ".")


def _of_responders(labels: Labels, book: NumberBook, endpoint: Endpoint, group: Group | None) -> _Said:
    visits = book.visits(group) if group is not None else ()
    if group is None or not visits:
        return ()
    chosen = ALL if ALL in visits else visits[-1]
    share = share_with_interval(labels, book, group, chosen)
    last = endpoint.at[-1] if chosen == ALL and endpoint.at else chosen
    when = f" {'by' if chosen == ALL else 'at'} {in_sentence(labels.visit(last))}" if last != ALL else ""
    unknown = _in_brackets(open_words(book, group, chosen))
    return ("of responders, ", *share, when, *unknown) if share else ()


def _in_brackets(said: Iterable[Inline | str | None]) -> _Said:
    """Put what is open beside a count into brackets, so that the next count is not read into it."""
    # The first part is what sets it off from the count.
    parts = [each for each in said if each][1:]
    return (" (", *parts, ")") if parts else ()
