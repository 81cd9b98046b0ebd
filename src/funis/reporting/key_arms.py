"""What the first page says of each arm: all subjects of a trial of arms together are no result of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from funis.documents.table import Inline
from funis.reporting.arm_differences import POINTS, find_control, find_risk_difference
from funis.reporting.durability_tables import kept_group
from funis.reporting.key_measures import free_of_event
from funis.reporting.key_rates import open_words, share_of, share_with_interval
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, interval, level_text
from funis.results import ALL
from funis.study.model import Endpoint, Study

_Said = tuple[Inline | str | None, ...]


def rates_by_arm(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say how many responded in each arm at each visit, and by how much the arms differed.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind response

    Returns
    -------
    tuple : words and bound numbers; empty where nothing was counted by arm
    """
    said: list[Inline | str | None] = []
    for whole in book.of("response"):
        is_own = whole.endpoint in {endpoint.id, ""} and whole.variable == whole.measure
        if not is_own or (whole.category, whole.subgroup, whole.arm) != ("responder", ALL, ALL):
            continue
        for visit in book.visits(whole):
            shares = {
                arm.id: (
                    *share_with_interval(labels, book, whole._replace(arm=arm.id), visit),
                    *open_words(book, whole._replace(arm=arm.id), visit),
                )
                for arm in labels.study.arms
            }
            if not any(shares.values()):
                continue
            when = "By the last visit" if visit == ALL else f"At {in_sentence(labels.visit(visit))}"
            named = in_sentence(labels.variable(whole.measure))
            said += [" " if said else "", f"{when}, a response ({named}): ", *_each_arm(labels.study, shares)]
            said += [*_differences(labels, book, whole, endpoint, visit), "."]
    return tuple(said)


def _each_arm(study: Study, shares: Mapping[str, _Said]) -> Iterator[Inline | str | None]:
    """Give each arm by its name with its share; an arm in which nothing was counted is not left out."""
    for place, arm in enumerate(study.arms):
        yield f"{', ' if place else ''}{arm.name} "
        yield from shares.get(arm.id) or ("not counted",)


def _differences(
    labels: Labels, book: NumberBook, whole: Group, endpoint: Endpoint, visit: str
) -> Iterator[Inline | str | None]:
    """Give the risk difference of each arm from the control arm, with its interval."""
    control = find_control(labels.study)
    for arm in labels.study.arms:
        row = whole._replace(arm=arm.id)
        found = find_risk_difference(labels.study, book, row, endpoint, visit)
        if control is None or found is None or found.estimate.value is None:
            continue
        ends = [bound(each, POINTS) for each in (found.lower, found.upper)]
        yield "; difference "
        yield bound(found.estimate, POINTS)
        yield " percentage points ("
        if all(ends):
            yield from (f"{level_text(labels.study, endpoint.id)} CI ", *interval(*ends), "; ")
        yield f"{arm.name} minus {control.name})"


def relapses_by_arm(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say how many responders of each arm relapsed, and how many still respond at the last visit.

    No difference is given: who responded was not allocated.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind relapse

    Returns
    -------
    tuple : words and bound numbers; empty where nothing was counted by arm
    """
    for whole in book.of("relapse"):
        is_own = whole.endpoint in {endpoint.id, ""} and (whole.subgroup, whole.arm) == (ALL, ALL)
        visits = book.visits(whole)
        if not is_own or whole.population != "responders" or not visits:
            continue
        chosen = ALL if ALL in visits else visits[-1]
        rows = {arm.id: whole._replace(arm=arm.id) for arm in labels.study.arms}
        shares = {
            arm: (*share_with_interval(labels, book, row, chosen), *open_words(book, row, chosen))
            for arm, row in rows.items()
        }
        if not any(shares.values()):
            continue
        last = endpoint.at[-1] if chosen == ALL and endpoint.at else chosen
        when = f" {'by' if chosen == ALL else 'at'} {in_sentence(labels.visit(last))}" if last != ALL else ""
        opening = f"Responders who relapsed{when}: "
        return (opening, *_each_arm(labels.study, shares), ".", *_kept_by_arm(labels, book, endpoint))
    return ()


def _kept_by_arm(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Iterator[Inline | str | None]:
    """Say how many responders of each arm still respond at the last visit of their response."""
    for response in labels.study.endpoints:
        if response.kind != "response" or response.definition != endpoint.definition:
            continue
        groups = {arm.id: kept_group(book, response, "responders", arm.id) for arm in labels.study.arms}
        shares: dict[str, _Said] = {
            arm: share_of(book, group, response.at[-1]).parts
            for arm, group in groups.items()
            if group is not None
        }
        if shares:
            yield f" Still responding at {in_sentence(labels.visit(response.at[-1]))}: "
            yield from (*_each_arm(labels.study, shares), ".")
            return


def survival_by_arm(labels: Labels, book: NumberBook, endpoint: Endpoint) -> _Said:
    """Say who of each arm was free of an event at the last planned visit, with its interval.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    endpoint : of kind time_to_event

    Returns
    -------
    tuple : words and bound numbers; empty where no curve of an arm was estimated
    """
    level = level_text(labels.study, endpoint.id)
    shares: dict[str, _Said] = {}
    for group in book.of("time_to_event"):
        free = free_of_event(book, group) if group.arm != ALL else None
        events, size = book.find(group, ALL, "events"), book.find(group, ALL, "n")
        is_own = group.endpoint in {endpoint.id, ""} and group.subgroup == ALL
        if not is_own or free is None or events is None or size is None:
            continue
        limits: _Said = (f"; {level} CI ", *free.limits) if free.limits else ()
        shares[group.arm] = (
            bound(events, 0), " events in ", bound(size, 0), " patients, free of the event at ",
            f"{in_sentence(labels.visit(free.visit))} ", free.share, " (Kaplan-Meier", *limits, ")",
        )  # fmt: skip
    return (f"{endpoint.printed}: ", *_each_arm(labels.study, shares), ".") if shares else ()


def events_by_arm(study: Study, book: NumberBook, events: Group) -> _Said:
    """Say how many of each arm had an adverse event and a serious one; of none, how many could be missed.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run
    events : the row of any adverse event, of all arms together

    Returns
    -------
    tuple : words and bound numbers without an end; empty where nothing was counted by arm
    """
    shares: dict[str, _Said] = {}
    for arm in study.arms:
        row = events._replace(arm=arm.id)
        count = book.find(row, ALL, "count")
        if count is None or count.value is None:
            continue
        shares[arm.id] = (*share_of(book, row, ALL).parts, *_seen_or_missed(study, book, row, count))
    return ("Any adverse event: ", *_each_arm(study, shares)) if shares else ()


def _seen_or_missed(study: Study, book: NumberBook, row: Group, count: Number) -> _Said:
    """Count serious events where there were events; else give the upper limit of none."""
    if not count.value:
        upper = bound(book.find(row, ALL, "upper", "clopper_pearson"), 1)
        is_told = upper is not None and (count.denominator or 0) > 1
        return (f" (upper {level_text(study)} limit ", upper, "%)") if is_told else ()
    serious = bound(book.find(row._replace(variable="serious"), ALL, "count"), 0)
    return (" (", serious, " with a serious one)") if serious is not None else ()
