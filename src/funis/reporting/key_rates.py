"""Rates in the words of the first page: a response with its classes, relapses of those who responded."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import response_definition, responses
from funis.documents.table import Inline, TableCell, joined
from funis.reporting.durability_tables import kept_group
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, interval, level_text
from funis.reporting.response_tables import class_label
from funis.reporting.small_samples import has_percent
from funis.results import ALL, format_number
from funis.study.model import Endpoint

_Said = tuple[Inline | str | None, ...]


def share_with_interval(labels: Labels, book: NumberBook, group: Group, visit: str) -> _Said:
    """Write a share as ``29/40 (72.5%; 95% CI 56.1 to 85.4)``; of few subjects only as n/N with its interval.

    Parameters
    ----------
    labels : the printed words of the study
    book, group, visit : which count
    """
    count, percent = book.find(group, visit, "count"), book.find(group, visit, "percent")
    if count is None or count.value is None:
        return ()
    whole = Inline(f"{format_number(count.value, 0)}/{count.denominator}", count.id)
    shown = bound(percent, 1) if percent is not None and has_percent(percent) else None
    limits = [bound(book.find(group, visit, each, "clopper_pearson"), 1) for each in ("lower", "upper")]
    said: list[Inline | str | None] = [Inline(f"{shown.text}%", shown.id)] if shown is not None else []
    if shown is not None and all(limits):
        said += ["; ", f"{level_text(labels.study, group.endpoint)} CI ", *interval(*limits)]
    return (whole, " (", *said, ")") if said else (whole,)


def share_of(book: NumberBook, group: Group, visit: str) -> TableCell:
    """Make a cell of a count over its denominator, without a percentage."""
    count = book.find(group, visit, "count")
    if count is None or count.value is None:
        return joined(bound(count, 0))
    over = f"/{count.denominator}" if count.denominator is not None else ""
    return joined(Inline(f"{format_number(count.value, 0)}{over}", count.id))


def rate_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say how many responded at each visit of an endpoint, by class, and what is not known.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind response
    """
    said: list[Inline | str | None] = []
    for group in _groups(book, endpoint):
        if group.category != "responder":
            continue
        for visit in book.visits(group):
            share = share_with_interval(labels, book, group, visit)
            if not share:
                continue
            named = in_sentence(labels.variable(group.measure))
            when = "By the last visit" if visit == ALL else f"At {in_sentence(labels.visit(visit))}"
            said += [" " if said else "", f"{when}, ", *share, f" had a response ({named})"]
            said += [*_classes(book, endpoint, group, visit), *open_words(book, group, visit)]
            said += [*goal_words(book, endpoint, visit), "."]
    return tuple(said)


def _groups(book: NumberBook, endpoint: Endpoint) -> Iterator[Group]:
    for group in book.of(endpoint.kind):
        is_own = group.endpoint in {endpoint.id, ""} and group.subgroup == ALL and group.arm == ALL
        if is_own and (group.variable == group.measure or endpoint.kind == "relapse"):
            yield group


def _classes(book: NumberBook, endpoint: Endpoint, whole: Group, visit: str) -> Iterator[Inline | str | None]:
    """Count each class of response, where there are several."""
    if whole.measure not in responses():
        return
    responding = response_definition(whole.measure).responding
    if len(responding) < 2:
        return
    for place, name in enumerate(responding):
        for group in _groups(book, endpoint):
            count = book.find(group, visit, "count")
            if group.category == name and group.measure == whole.measure and count is not None:
                yield ": " if not place else ", "
                yield bound(count, 0)
                yield f" {in_sentence(class_label(whole.measure, name))}"


def open_words(book: NumberBook, group: Group, visit: str) -> Iterator[Inline | str | None]:
    """Say how many cannot be told, and between which bounds the count lies; nothing where all are known.

    Parameters
    ----------
    book, group, visit : which count
    """
    unclear = book.find(group, visit, "cannot_tell")
    if unclear is None:
        unclear = book.find(group._replace(category="cannot tell"), visit, "count")
    if unclear is None or not unclear.value:
        return
    yield "; "
    yield bound(unclear, 0)
    yield " cannot be told"
    ends = [book.find(group, visit, name) for name in ("count_lowest", "count_highest")]
    if all(each is not None and each.value is not None for each in ends):
        yield ": lowest "
        yield _over(ends[0])
        yield ", highest "
        yield _over(ends[1])


def _over(number: Number | None) -> Inline | None:
    if number is None or number.value is None:
        return None
    return Inline(f"{format_number(number.value, 0)}/{number.denominator}", number.id)


def goal_words(book: NumberBook, endpoint: Endpoint, visit: str) -> Iterator[Inline | str]:
    """Say whether the performance goal of an endpoint was met, where it has one.

    Parameters
    ----------
    book : the numbers of a run
    endpoint : of kind response
    visit : when
    """
    for group in book.of("performance_goal"):
        goal, met = book.find(group, visit, "goal"), book.find(group, visit, "met")
        if group.endpoint == endpoint.id and goal is not None and met is not None:
            yield from ("; goal ", Inline(goal.text, goal.id), " ", Inline(met.text, met.id))


def relapse_words(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say how many of the responders relapsed, over all visits or to the last one.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind relapse
    """
    for group in _groups(book, endpoint):
        if group.population != "responders":
            continue
        visits = book.visits(group)
        chosen = ALL if ALL in visits else visits[-1] if visits else ""
        share = share_with_interval(labels, book, group, chosen)
        count = book.find(group, chosen, "count")
        last = endpoint.at[-1] if endpoint.at else ""
        by = f" by {in_sentence(labels.visit(last))}" if last and chosen == ALL else ""
        at = f" at {in_sentence(labels.visit(chosen))}" if chosen != ALL else by
        if share and count is not None:
            whole = Inline(f"{format_number(count.value or 0, 0)} of {count.denominator}", count.id)
            kept = _kept(labels, book, endpoint)
            return (
                whole,
                f" responder{'' if count.denominator == 1 else 's'} relapsed{at}",
                *share[1:],
                *open_words(book, group, chosen),
                ".",
                *kept,
            )
    return ()


def _kept(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Inline | str]:
    """Say how many still respond at the last visit of the response that a relapse ends: not who is new."""
    for response in labels.study.endpoints:
        is_its_own = response.kind == "response" and response.definition == endpoint.definition
        group = kept_group(book, response, "responders") if is_its_own else None
        count = book.find(group, response.at[-1], "count") if group is not None else None
        if count is not None and count.value is not None:
            yield " "
            yield Inline(f"{format_number(count.value, 0)} of {count.denominator}", count.id)
            yield f" still responded at {in_sentence(labels.visit(response.at[-1]))}."
            return
