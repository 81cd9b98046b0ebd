"""The summary at the top of a report: the endpoints in the order of their rank, one figure each."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import response_definition, responses
from funis.documents.document import Highlight
from funis.documents.table import Inline, joined, words
from funis.reporting.baseline_tables import DISPOSITION
from funis.reporting.co_primary_tables import TITLE, find_verdict
from funis.reporting.definition_words import is_proposed
from funis.reporting.estimand_text import co_primary_words
from funis.reporting.labels import Labels, in_sentence, method_label
from funis.reporting.number_book import (
    Group,
    NumberBook,
    bound,
    bound_p,
    count_cell,
    decimals_for,
    interval,
    level_text,
    percent_interval,
    share_cell,
    small_n,
)
from funis.reporting.planned_tables import find_unassessed
from funis.reporting.response_tables import class_label
from funis.reporting.safety_tables import UNASKED, main_events, not_collected_words
from funis.results import ALL
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind

_MOST = 9
_RANK = {"primary": 0, "secondary": 1, "exploratory": 2}


def build_keys(study: Study, book: NumberBook) -> tuple[Highlight, ...]:
    """Choose the results for the top of the report: subjects, then endpoints by rank, then safety.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of Highlight : at most a dozen
    """
    labels = Labels(study)
    ranked = sorted(study.endpoints, key=lambda each: _RANK[each.role])
    found = [key for endpoint in ranked for key in _endpoint_keys(labels, book, endpoint)]
    first = (*_subject_keys(book), *_unassessed_keys(labels, book), *_verdict_keys(study, book))
    return (*first, *found[:_MOST], *_safety_keys(book))


def _verdict_keys(study: Study, book: NumberBook) -> Iterator[Highlight]:
    """Say how the primary endpoints were judged together, with the words of the rule."""
    verdict = find_verdict(book)
    if verdict is not None:
        yield Highlight(TITLE, joined(*verdict), words(co_primary_words(study)))


def _unassessed_keys(labels: Labels, book: NumberBook) -> Iterator[Highlight]:
    """Say first which primary endpoints could not be assessed, and why: no other result takes their place."""
    for each in find_unassessed(labels.study, book):
        if each.endpoint.role == "primary":
            yield Highlight(each.title, words(each.what), each.reason, _rank_words(labels, each.endpoint))


def _rank_words(labels: Labels, endpoint: Endpoint) -> str:
    """Say that an endpoint is primary, and that its definition is only proposed where it is."""
    names = (definition_behind(labels.study, endpoint), *endpoint.all_variables)
    proposed = ["Definition proposed by funis."] if any(map(is_proposed, names)) else []
    return " ".join([*(["Primary."] if endpoint.role == "primary" else []), *proposed])


def _subject_keys(book: NumberBook) -> Iterator[Highlight]:
    counts = {
        group.variable: book.find(group, ALL, "count")
        for group in book.of("disposition")
        if group.subgroup == ALL and group.arm == ALL and not group.category
    }
    known = {name for name, number in counts.items() if number is not None and number.value is not None}
    main = next((name for name in ("treated", "enrolled") if name in known), None)
    if main is None:
        return
    rest = [name for name in ("completed", "withdrew", "lost", "died", "not_recorded") if name in known]
    detail: list[Inline | str | None] = []
    for name in rest:
        detail += [", " if detail else "", f"{DISPOSITION[name].lower()} ", bound(counts[name], 0)]
    yield Highlight(f"Subjects {DISPOSITION[main].lower()}", joined(bound(counts[main], 0)), joined(*detail))


def _endpoint_keys(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Highlight]:
    if endpoint.kind in {"response", "relapse"}:
        yield from _rate_keys(labels, book, endpoint)
    elif endpoint.kind == "change" and endpoint.all_variables:
        yield from _change_keys(labels, book, endpoint)
    elif endpoint.kind == "summary" and endpoint.all_variables:
        yield from _summary_keys(labels, book, endpoint)


def _rate_keys(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Highlight]:
    is_response = endpoint.kind == "response"
    for group in book.of(endpoint.kind):
        if group.endpoint not in {endpoint.id, ""} or group.subgroup != ALL or group.arm != ALL:
            continue
        if is_response and (group.variable != group.measure or not _is_key(group)):
            continue
        if not is_response and group.population != "at_risk":
            continue
        for visit in book.visits(group):
            count = book.find(group, visit, "count")
            if count is None or count.value is None or (not is_response and visit == ALL):
                continue
            limits = [
                bound(book.find(group, visit, each, "clopper_pearson"), 1) for each in ("lower", "upper")
            ]
            what = (
                class_label(group.measure, group.category)
                if is_response
                else "Relapse, of responders still at risk"
            )
            when = "" if visit == ALL else f", {labels.visit(visit).lower()}"
            level = level_text(labels.study, endpoint.id)
            detail = (
                joined(f"{level} CI ", *percent_interval(*limits), " (Clopper-Pearson)")
                if all(limits)
                else joined("")
            )
            if group.category == "responder":
                detail = joined(*detail.parts, *_goal_words(book, endpoint, visit))
            yield Highlight(
                f"{what}{when}", share_cell(book, group, visit), detail, _rank_words(labels, endpoint)
            )


def _goal_words(book: NumberBook, endpoint: Endpoint, visit: str) -> Iterator[Inline | str]:
    """Say whether the performance goal of an endpoint was met, where it has one."""
    for group in book.of("performance_goal"):
        goal, met = book.find(group, visit, "goal"), book.find(group, visit, "met")
        if group.endpoint == endpoint.id and goal is not None and met is not None:
            yield from ("; goal ", Inline(goal.text, goal.id), " ", Inline(met.text, met.id))


def _is_key(group: Group) -> bool:
    """Whether a class is shown on the first page: any response, and its kinds where there are several."""
    if group.category == "responder" or group.measure not in responses():
        return group.category == "responder"
    responding = response_definition(group.measure).responding
    return len(responding) > 1 and group.category in responding


def _change_keys(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Highlight]:
    """Take the last visit of the endpoint, or the one it names alone."""
    wanted = endpoint.all_variables[:1]
    groups = [group for group in book.of("change") if group.measure in wanted and group.arm == ALL]
    groups = [group for group in groups if endpoint.subgroup_only or group.subgroup == ALL]
    # The endpoint's own subjects, with missing outcomes filled as it says; not those of another endpoint.
    groups = [group for group in groups if group.population == (endpoint.population or group.population)]
    groups = [group for group in groups if group.endpoint == endpoint.id] or [
        group for group in groups if not group.endpoint
    ]
    for group in {each.variable: each for each in reversed(groups)}.values():
        visits = [visit for visit in book.visits(group) if visit in endpoint.at] or list(book.visits(group))
        visit = visits[-1]
        means = (number.value for number in book.all(group) if number.statistic == "mean")
        digits = decimals_for(book, group.measure, means)
        mean, lower, upper = (
            bound(book.find(group, visit, name), digits) for name in ("mean", "lower", "upper")
        )
        if mean is None:
            continue
        within = "" if group.subgroup == ALL else f", {labels.population(group.subgroup).lower()}"
        changed = labels.variable_with_unit(group.variable, group.measure)
        title = f"{changed}, {labels.visit(visit).lower()}{within}"
        level = level_text(labels.study)
        detail = joined(f"{level} CI ", *interval(lower, upper), *_p_words(book, endpoint, group, visit))
        yield Highlight(title, joined(mean), detail, _rank_words(labels, endpoint))


def _p_words(
    book: NumberBook, endpoint: Endpoint, group: Group, visit: str
) -> tuple[Inline | str | None, ...]:
    tests = [
        each
        for each in book.of("test")
        if each._replace(analysis="change", endpoint=group.endpoint) == group and each.endpoint == endpoint.id
    ]
    for test in tests:
        plain = next(
            (
                book.find(test, visit, "p", name)
                for name in endpoint.methods
                if book.find(test, visit, "p", name)
            ),
            None,
        )
        if plain is None or plain.value is None:
            continue
        said: tuple[Inline | str | None, ...] = (
            "; P ",
            bound_p(plain),
            f" ({in_sentence(method_label(plain.method))}",
            *small_n(plain),
            ")",
        )
        adjusted = book.find(test, visit, "p_adjusted", plain.method)
        return (*said, f"; {method_label(endpoint.adjust)} ", bound_p(adjusted)) if adjusted else said
    return ()


def _summary_keys(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Highlight]:
    for group in book.of("summary"):
        visits = [visit for visit in book.visits(group) if visit not in {ALL, ""}]
        if (
            group.variable != endpoint.all_variables[0]
            or group.subgroup != ALL
            or group.arm != ALL
            or not visits
        ):
            continue
        mean, sd = (bound(book.find(group, visits[0], name), 2) for name in ("mean", "sd"))
        count = bound(book.find(group, visits[0], "n"), 0)
        title = f"{labels.variable_with_unit(group.variable)}, {labels.visit(visits[0]).lower()}"
        yield Highlight(title, joined(mean, " ± ", sd), joined("n = ", count), _rank_words(labels, endpoint))
        return


def _safety_keys(book: NumberBook) -> Iterator[Highlight]:
    events = main_events(book)
    count = book.find(events, ALL, "count") if events is not None else None
    if events is None or count is None:
        return
    if count.value is None:
        yield Highlight("Adverse events", count_cell(count), words(not_collected_words(book)))
        return
    question = events._replace(variable="asked", measure="asked")
    asked = book.find(question, ALL, "count")
    basis = count_cell(asked, book.find(question, ALL, "percent")).parts if asked is not None else ()
    detail = joined("asked at ", *basis, " of visits due") if basis else words(UNASKED)
    yield Highlight("Subjects with any adverse event", share_cell(book, events, ALL, "asked"), detail)
