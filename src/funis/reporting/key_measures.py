"""Measures in the words of the first page: a change, a difference between arms, time to an event."""

from __future__ import annotations

from typing import NamedTuple

from funis.catalogue.registry import definitions
from funis.documents.table import Inline
from funis.reporting.arm_differences import find_control, find_difference
from funis.reporting.definition_words import with_unit
from funis.reporting.labels import Labels, capital, in_sentence
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    decimals_for,
    interval,
    level_text,
)
from funis.reporting.small_samples import NOT_CALCULATED
from funis.results import ALL, format_number
from funis.study.model import Endpoint, Study

_Said = tuple[Inline | str | None, ...]
_RANK = {"primary": 0, "secondary": 1, "exploratory": 2}


def main_change(study: Study, without: set[str]) -> Endpoint | None:
    """Give the change endpoint of a score that ranks first, none of those named.

    Parameters
    ----------
    study : the study file
    without : ids of endpoints that are said elsewhere
    """
    found = [
        each
        for each in study.endpoints
        if each.kind == "change" and each.id not in without and any(map(_is_score, each.all_variables))
    ]
    return min(found, key=lambda each: (_RANK[each.role], each.subgroup_only), default=None)


def _is_score(name: str) -> bool:
    return name in definitions()


def change_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say the level before and at the last visit of an endpoint, and the change with its interval.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind change or summary
    """
    if endpoint.kind == "summary":
        return _level_words(labels, book, endpoint)
    if labels.study.arms:
        return _difference_words(labels, book, endpoint) or _within_words(labels, book, endpoint)
    return _within_words(labels, book, endpoint)


def _own(book: NumberBook, analysis: str, endpoint: Endpoint) -> list[Group]:
    """Give the groups of the endpoint's first variable, in its own subjects."""
    found = [
        group
        for group in book.of(analysis)
        if group.measure in endpoint.all_variables[:1]
        and group.arm == ALL
        and (endpoint.subgroup_only or group.subgroup == ALL)
        and group.population == (endpoint.population or group.population)
    ]
    return [group for group in found if group.endpoint == endpoint.id] or [
        group for group in found if not group.endpoint
    ]


def _within_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    for group in _own(book, "change", endpoint):
        visits = [visit for visit in book.visits(group) if visit in endpoint.at] or list(book.visits(group))
        if not visits:
            continue
        visit, baseline = visits[-1], labels.study.baseline_visit or ""
        means = (number.value for number in book.all(group) if number.statistic == "mean")
        digits = decimals_for(book, group.measure, means)
        mean, lower, upper = (
            bound(book.find(group, visit, name), digits) for name in ("mean", "lower", "upper")
        )
        size = bound(book.find(group, visit, "n"), 0)
        if mean is None or mean.text == "–":
            continue
        levels = [each for each in _own(book, "summary", endpoint) if each.subgroup == group.subgroup]
        before, after = (
            bound(book.find(levels[0], each, "mean"), digits) if levels else None
            for each in (baseline, visit)
        )
        within = "" if group.subgroup == ALL else f" in {labels.population(group.subgroup).lower()}"
        named = with_unit(labels, group.measure)
        when = in_sentence(labels.visit(visit))
        has_limits = lower is not None and upper is not None and lower.text not in {"–", NOT_CALCULATED}
        limits: _Said = (
            ("; ", f"{level_text(labels.study)} CI ", *interval(lower, upper)) if has_limits else ()
        )
        mean_of = "" if size is not None and size.text == "1" else "mean "
        tail: _Said = (*limits, "; n = ", size, ").")
        if before is None or after is None:
            return (
                capital(f"{mean_of}change of {named}{within} at {when} was "),
                mean,
                " (",
                *(tail[1:] if limits else ("n = ", size, ").")),
            )
        opening = capital(f"{mean_of}{named}{within} was ")
        return (opening, before, " at baseline and ", after, f" at {when} (change ", mean, *tail)
    return ()


def _difference_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say the difference between arms at the last visit."""
    control = find_control(labels.study)
    if control is None or not endpoint.at:
        return ()
    measure, visit = endpoint.all_variables[0], endpoint.at[-1]
    for arm in labels.study.arms:
        found = find_difference(labels.study, book, endpoint, measure, ALL, arm.id, visit)
        if found is None or found.estimate.value is None:
            continue
        digits = decimals_for(book, measure, found.values)
        ends = [bound(each, digits) for each in (found.lower, found.upper)]
        level = level_text(labels.study, endpoint.id)
        limits: _Said = (f"{level} CI ", *interval(*ends), "; ") if all(ends) else ()
        named = labels.variable_with_unit(found.estimate.variable, measure)
        when = in_sentence(labels.visit(visit))
        return (
            f"{capital(named)} at {when} differed by ",
            bound(found.estimate, digits),
            " (",
            *limits,
            f"{arm.name} minus {control.name}).",
        )
    return ()


def _level_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    for group in book.of("summary"):
        visits = [visit for visit in book.visits(group) if visit not in {ALL, ""}]
        if (
            group.variable not in endpoint.all_variables[:1]
            or group.subgroup != ALL
            or group.arm != ALL
            or not visits
        ):
            continue
        chosen = [visit for visit in visits if visit in endpoint.at] or visits[:1]
        numbers = [book.find(group, chosen[0], name) for name in ("mean", "sd", "n")]
        digits = decimals_for(book, group.measure, (each.value for each in numbers[:2] if each is not None))
        mean, sd = (bound(each, digits) for each in numbers[:2])
        size = bound(numbers[2], 0)
        if mean is None:
            continue
        named, when = (
            with_unit(labels, group.variable),
            in_sentence(labels.visit(chosen[0])),
        )
        spread: _Said = ("SD ", sd, "; ") if sd is not None else ()
        return f"Mean {named} was ", mean, f" at {when} (", *spread, "n = ", size, ")."
    return ()


def survival_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say who was free of the event at the last planned visit, with its interval.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind time_to_event
    """
    if book.has_one_subject:
        return _event_words(labels, book, endpoint)
    for group in book.of("time_to_event"):
        if group.endpoint not in {endpoint.id, ""} or group.subgroup != ALL or group.arm != ALL:
            continue
        free = free_of_event(book, group)
        events, size = book.find(group, ALL, "events"), book.find(group, ALL, "n")
        if free is None or events is None or size is None:
            continue
        level = f"; {level_text(labels.study, endpoint.id)} CI "
        limits: _Said = (level, *free.limits) if free.limits else ()
        return (
            f"{endpoint.printed}: ", bound(events, 0), " events in ", bound(size, 0), " patients; ",
            f"free of the event at {in_sentence(labels.visit(free.visit))} ",
            free.share, " (Kaplan-Meier", *limits, ").",
        )  # fmt: skip
    return ()


def _event_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say whether the one subject of the data had the event: of one there is no curve."""
    own = (
        number
        for number in book.numbers
        if (number.analysis, number.endpoint, number.statistic) == ("time_to_event", endpoint.id, "events")
        and (number.subgroup, number.arm, number.visit) == (ALL, ALL, ALL)
    )
    events = next((number for number in own if number.value is not None), None)
    if events is None:
        return ()
    ended = f"to {in_sentence(labels.visit(endpoint.at[-1]))}" if endpoint.at else "while followed"
    return (f"{endpoint.printed}: the event was observed in ", bound(events, 0), f" of 1 patient {ended}.")


class FreeOfEvent(NamedTuple):
    """Who was free of an event at the last visit of a curve.

    Attributes
    ----------
    visit : the visit
    share : percentage with its sign
    limits : its interval, empty where there is none
    """

    visit: str
    share: Inline
    limits: tuple[Inline | str | None, ...]


def free_of_event(book: NumberBook, group: Group) -> FreeOfEvent | None:
    """Find the Kaplan-Meier estimate at the last visit of a curve, None where there is none.

    Parameters
    ----------
    book, group : which curve, of ``time_to_event``
    """
    visits = [visit for visit in book.visits(group) if visit != ALL]
    free = book.find(group, visits[-1], "survival") if visits else None
    if free is None or free.value is None:
        return None
    ends = [book.find(group, visits[-1], name, free.method) for name in ("lower", "upper")]
    shown = [
        in_percent(each.value, each.id) if each is not None and each.value is not None else None
        for each in ends
    ]
    share = in_percent(free.value, free.id)
    limits = interval(*shown) if all(shown) else ()
    return FreeOfEvent(visits[-1], Inline(f"{share.text}%", share.id), limits)


def in_percent(share: float, name: str) -> Inline:
    """Print a probability as a percentage with one decimal, bound to its id.

    Examples
    --------
    >>> in_percent(0.759, "a").text
    '75.9'
    """
    return Inline(format_number(100 * share, 1), name)
