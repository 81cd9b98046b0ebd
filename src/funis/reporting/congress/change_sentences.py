"""Measured levels and changes in the sentences of an abstract: each P with its estimate and interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.arm_differences import find_control, find_difference
from funis.reporting.congress.plan_sentences import first_test
from funis.reporting.congress.sentence import capital, prose
from funis.reporting.congress.telling import Telling
from funis.reporting.definition_words import with_unit
from funis.reporting.efficacy_tables import ESTIMATES, VariableByVisit, variables_by_visit
from funis.reporting.labels import in_sentence, method_label
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    bound_p,
    decimals_for,
    interval,
    level_text,
)
from funis.reporting.small_samples import NOT_CALCULATED
from funis.results import ALL, NOT_AVAILABLE
from funis.study.model import Arm, Endpoint
from funis.study.outcomes import outcome_subgroups

#: What is estimated between arms, where that is not the difference of the means that are told.
_DIFFERENCES: Final = {
    "mmrm": "difference adjusted by a mixed model",
    "rank_sum": "Hodges-Lehmann difference",
}
_NOTHING = frozenset({NOT_AVAILABLE, NOT_CALCULATED})


class Measured(NamedTuple):
    """What is told of one variable in one group of subjects, long and short.

    Attributes
    ----------
    name : the variable and its group, in words
    long, short : every planned visit, and the last one alone; equal where there is one
    key : what stands at each visit, in words; empty where the sentence says it
    """

    name: str
    long: Prose
    short: Prose
    key: str = ""

    def keyed(self) -> Measured:
        """Say in the sentence itself what stands at each visit."""
        named, behind = f"{capital(self.name)}: ", f"{capital(self.name)}, {self.key}: "
        if not self.key or not self.long or self.long[0].text != named:
            return self
        long, short = ((Inline(behind), *said[1:]) for said in (self.long, self.short))
        return Measured(self.name, long, short)


class _AtVisit(NamedTuple):
    """The numbers of one visit."""

    visit: str
    n: Number | None
    n_of_level: Number | None
    level: Prose
    change: Prose
    p: Number | None
    adjusted: Number | None


def measured(telling: Telling, endpoint: Endpoint) -> Iterator[Measured]:
    """Tell every variable of a measured endpoint in each of its groups of subjects.

    Parameters
    ----------
    telling : the study and its numbers
    endpoint : of kind change or summary

    Yields
    ------
    Measured : one a variable and group; none where nothing was measured. Of rebuilt data only visits of which
        a figure is published
    """
    if len(telling.study.arms) > 1:
        yield from _by_arm(telling, endpoint)
        return
    for name in endpoint.all_variables:
        for found in variables_by_visit(telling.book, endpoint, name):
            # What an outcome forms is described in the supplement; here it would read as a result.
            if found.arm == ALL and found.subgroup not in outcome_subgroups(telling.study):
                yield from _one(telling, endpoint, found)


def _one(telling: Telling, endpoint: Endpoint, found: VariableByVisit) -> Iterator[Measured]:
    labels, book = telling.labels, telling.book
    name = f"{with_unit(labels, found.variable)}{_within(telling, found)}"
    baseline = labels.study.baseline_visit or ""
    planned = endpoint.at or _well_filled(book, _group(found, "summary"))
    later = [_at_visit(telling, endpoint, found, visit) for visit in planned if visit != baseline]
    there = [each for each in later if each.level or each.change]
    if not there:
        return
    told = [each for each in there if telling.is_told(prose(*each.level, *each.change, bound_p(each.p)))]
    dropped = [in_sentence(labels.visit(each.visit)) for each in there if each not in told]
    if dropped:
        telling.assumed.append(f"{name} at {', '.join(dropped)}")
    if not told:
        return
    first = _at_visit(telling, endpoint, found, baseline) if baseline else None
    long, short = (_words(telling, name, first, visits) for visits in (told, told[-1:]))
    yield Measured(name, long, short, _key(telling, endpoint, [*([first] if first else []), *told]))


def _well_filled(book: NumberBook, levels: Group | None) -> tuple[str, ...]:
    """Give first and last visit at which at least half as many have a value as where most have.

    They stand for an endpoint that names no visits: its last visit may have one subject.
    """
    if levels is None:
        return ()
    sizes = {visit: _find(book, levels, visit, "n") for visit in book.visits(levels) if visit != ALL}
    counts = {visit: number.value for visit, number in sizes.items() if number is not None and number.value}
    filled = [visit for visit, count in counts.items() if 2 * count >= max(counts.values())]
    return tuple(dict.fromkeys(filled[:1] + filled[-1:]))


def _within(telling: Telling, found: VariableByVisit) -> str:
    return "" if found.subgroup == ALL else f" in {telling.labels.population(found.subgroup).lower()}"


def _group(found: VariableByVisit, analysis: str) -> Group | None:
    return next((group for group in found.groups if group.analysis == analysis), None)


def _at_visit(telling: Telling, endpoint: Endpoint, found: VariableByVisit, visit: str) -> _AtVisit:
    """Gather the numbers of a visit: level with SD, change with its interval, and the P of the same test."""
    book, test = telling.book, first_test(endpoint)
    levels, changes, tests = (_group(found, name) for name in ("summary", "change", "test"))
    if endpoint.kind == "summary":
        changes = tests = None
    digits = _digits(book, found)
    mean, sd, n = (_find(book, levels, visit, name) for name in ("mean", "sd", "n"))
    level = _plus_minus(bound(mean, digits), bound(sd, digits))
    estimate, ends = _find(book, tests, visit, "estimate", test), ("lower", "upper")
    limits = [_find(book, tests, visit, name, test) for name in ends]
    if estimate is None or not test:
        estimate = _find(book, changes, visit, "mean")
        limits = [_find(book, changes, visit, name) for name in ends]
    change = _with_interval(bound(estimate, digits), [bound(each, digits) for each in limits])
    # A P value stands beside its estimate and interval, or not at all.
    has_p = bool(test) and len(change) > 1
    p = _find(book, tests, visit, "p", test) if has_p else None
    adjusted = _find(book, tests, visit, "p_adjusted", test) if has_p else None
    both = _find(book, changes, visit, "n")
    return _AtVisit(visit, n if both is None else both, n, level, change, p, adjusted)


def _digits(book: NumberBook, found: VariableByVisit) -> int:
    values = (
        number.value for group in found.groups for number in book.all(group) if number.statistic == "mean"
    )
    return decimals_for(book, found.variable, values)


def _find(
    book: NumberBook, group: Group | None, visit: str, statistic: str, method: str | None = None
) -> Number | None:
    number = book.find(group, visit, statistic, method) if group is not None else None
    return number if number is not None and number.value is not None else None


def _plus_minus(mean: Inline | None, sd: Inline | None) -> Prose:
    if mean is None or mean.text in _NOTHING:
        return ()
    return prose(mean, *((" ± ", sd) if sd is not None and sd.text not in _NOTHING else ()))


def _with_interval(estimate: Inline | None, limits: Sequence[Inline | None]) -> Prose:
    """Write an estimate and its limits; without limits the estimate alone."""
    if estimate is None or estimate.text in _NOTHING:
        return ()
    known = all(each is not None and each.text not in _NOTHING for each in limits)
    return prose(estimate, ", ", *interval(*limits)) if known else prose(estimate)


def _words(telling: Telling, name: str, first: _AtVisit | None, visits: Sequence[_AtVisit]) -> Prose:
    """Write one sentence: baseline, each visit, n, P."""
    labels = telling.labels
    at = [*([first] if first is not None and first.level else []), *visits]
    said: list[Inline | str | None] = [f"{capital(name)}: "]
    for place, each in enumerate(at):
        when = in_sentence(labels.visit(each.visit))
        behind: Prose = prose(" (", *each.change, ")") if each.change and each.level else each.change
        said += [", " if place else "", *each.level, *behind, f" at {when}"]
    return prose(*said, *_size(first if len(at) > len(visits) else None, visits), *_p_words(visits), ".")


def _key(telling: Telling, endpoint: Endpoint, at: Sequence[_AtVisit]) -> str:
    """Say what stands at each visit, as far as it does."""
    has_sd = any(len(each.level) > 1 for each in at)
    is_mean = any(each.n is not None and (each.n.value or 0) > 1 for each in at)
    said = "mean ± SD" if has_sd else "mean" if is_mean else "value"
    changes = [each.change for each in at if each.change]
    if changes:
        estimate = in_sentence(ESTIMATES.get(first_test(endpoint), "change from baseline"))
        has_limits = any(len(change) > 1 for change in changes)
        said += f" ({estimate}{f', {level_text(telling.study)} CI' if has_limits else ''})"
    if not endpoint.at:
        said += "; first visit, and last one at which at least half as many have a value"
    if any(each.p is not None for each in at):
        said += f"; P by {in_sentence(method_label(first_test(endpoint)))}"
    return said


def _size(first: _AtVisit | None, visits: Sequence[_AtVisit]) -> Iterator[Inline | str]:
    """Give n: once where it is the same at every visit, else in their order; of baseline if it differs."""
    sizes = [shown for each in visits if (shown := bound(each.n, 0)) is not None]
    if not sizes:
        return
    yield "; n = "
    yield from _once_or_each(sizes)
    levels = [shown for each in visits if (shown := bound(each.n_of_level, 0)) is not None]
    if [each.text for each in levels] != [each.text for each in sizes]:
        # Who has a level and no baseline has no change; a missing change may be filled.
        yield " for the change"
    before = bound(first.n_of_level, 0) if first is not None else None
    if before is not None and {before.text} != {each.text for each in sizes}:
        yield ", "
        yield before
        yield " at baseline"


def _once_or_each(numbers: Iterable[Inline | None]) -> Iterator[Inline | str]:
    """Print equal numbers once, bound to all of them; else each in its order."""
    known = [each for each in numbers if each is not None]
    if len({each.text for each in known}) == 1:
        others = tuple(each.id for each in known[1:] if each.id != known[0].id)
        yield Inline(known[0].text, known[0].id, also=others)
        return
    for place, each in enumerate(known):
        if place:
            yield " and " if place == len(known) - 1 else ", "
        yield each


def _p_words(visits: Sequence[_AtVisit]) -> Iterator[Inline | str]:
    """Give the P values in the order of the visits, unadjusted and adjusted."""
    plain = [bound_p(each.p) for each in visits if each.p is not None]
    adjusted = [bound_p(each.adjusted) for each in visits if each.adjusted is not None]
    if not plain:
        return
    yield "; each P " if len(plain) > 1 and _are_equal(plain) else "; P "
    ways = dict.fromkeys(each.adjusted.adjustment for each in visits if each.adjusted is not None)
    way = in_sentence(method_label(next(iter(ways)))) if ways else ""
    if adjusted and _are_equal([*plain, *adjusted]):
        yield from _signed([*plain, *adjusted])
        yield f" unadjusted and by {way}"
        return
    yield from _signed(plain)
    yield " unadjusted"
    if adjusted:
        yield f", by {way} "
        yield from _signed(adjusted)


def _are_equal(values: Sequence[Inline | None]) -> bool:
    return len({each.text for each in values if each is not None}) == 1


def _signed(values: Sequence[Inline | None]) -> Iterator[Inline | str]:
    """Write P values behind one sign where all are numbers; each with its own where one is a limit."""
    known = [each for each in values if each is not None]
    is_number = [each.text[:1].isdigit() for each in known]
    if all(is_number):
        yield "= "
        yield from _once_or_each(known)
        return
    if _are_equal(known):
        yield from _once_or_each(known)
        return
    for place, (each, plain) in enumerate(zip(known, is_number, strict=True)):
        between = " and " if place == len(known) - 1 else ", "
        yield f"{between if place else ''}{'= ' if plain else ''}"
        yield each


# --- with arms -----------------------------------------------------------------------------------


def _by_arm(telling: Telling, endpoint: Endpoint) -> Iterator[Measured]:
    """Tell the arms apart at the last visit, and their difference with its interval."""
    for name in endpoint.all_variables:
        every = list(variables_by_visit(telling.book, endpoint, name))
        for subgroup in dict.fromkeys(each.subgroup for each in every):
            if subgroup in outcome_subgroups(telling.study):
                continue
            own = {each.arm: each for each in every if each.subgroup == subgroup and each.arm != ALL}
            said = _arms_words(telling, endpoint, name, subgroup, own)
            if said:
                within = "" if subgroup == ALL else f" in {telling.labels.population(subgroup).lower()}"
                yield Measured(f"{with_unit(telling.labels, name)}{within}", said, said)


def _arms_words(
    telling: Telling, endpoint: Endpoint, name: str, subgroup: str, own: dict[str, VariableByVisit]
) -> Prose:
    labels, study = telling.labels, telling.study
    visits = [
        visit for found in own.values() for group in found.groups for visit in telling.book.visits(group)
    ]
    at = [visit for visit in endpoint.at or tuple(study.visit_names) if visit in visits]
    if not at or not own:
        return ()
    is_change = endpoint.kind == "change"
    within = "" if subgroup == ALL else f" in {labels.population(subgroup).lower()}"
    opening = f"{'Mean change of ' if is_change else 'Mean '}{with_unit(labels, name)}{within} at "
    said: list[Inline | str | None] = [f"{opening}{in_sentence(labels.visit(at[-1]))}: "]
    for place, arm in enumerate(study.arms):
        said += [
            ", " if place else "",
            f"{arm.name} ",
            *_of_arm(telling, own.get(arm.id), at[-1], is_change=is_change),
        ]
    if is_change:
        for arm in study.arms:
            said += _difference(telling, endpoint, name, subgroup, arm, at[-1])
    return prose(*said, ".")


def _of_arm(telling: Telling, found: VariableByVisit | None, visit: str, *, is_change: bool) -> Prose:
    """Give the mean of one arm with its interval and n."""
    if found is None:
        return prose("not measured")
    book, digits = telling.book, _digits(telling.book, found)
    group = _group(found, "change" if is_change else "summary")
    mean, lower, upper, n = (_find(book, group, visit, each) for each in ("mean", "lower", "upper", "n"))
    told = _with_interval(bound(mean, digits), [bound(each, digits) for each in (lower, upper)])
    if not told or n is None:
        return prose("not measured")
    level = f"; {level_text(telling.study)} CI " if len(told) > 1 else ""
    estimate, *limits = told
    return prose(estimate, " (n = ", bound(n, 0), level, *limits[1:], ")")


def _difference(
    telling: Telling, endpoint: Endpoint, name: str, subgroup: str, arm: Arm, visit: str
) -> Prose:
    """Give the difference of an arm from the control arm, named by what the analysis estimated."""
    control = find_control(telling.study)
    found = find_difference(telling.study, telling.book, endpoint, name, subgroup, arm.id, visit)
    if control is None or found is None or found.estimate.value is None:
        return ()
    digits = decimals_for(telling.book, name, found.values)
    limits = [bound(each, digits) for each in (found.lower, found.upper)]
    told = _with_interval(bound(found.estimate, digits), limits)
    what, pair = _DIFFERENCES.get(found.estimate.method, "difference"), f"{arm.name} minus {control.name}"
    if len(told) < 2:
        return prose(f"; {what} ", *told, f" ({pair})")
    level = f"{level_text(telling.study, endpoint.id)} CI "
    estimate, *rest = told
    return prose(f"; {what} ", estimate, " (", level, *rest[1:], *_p_of(found.p), f"; {pair})")


def _p_of(p: Number | None) -> Iterator[Inline | str]:
    """Give one P value with its sign, and by what it was adjusted."""
    shown = bound_p(p)
    if p is None or shown is None:
        return
    yield "; P "
    yield from _signed([shown])
    if p.adjustment:
        yield f" by {in_sentence(method_label(p.adjustment))}"
