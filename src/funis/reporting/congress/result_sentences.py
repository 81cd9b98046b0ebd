"""What was found: patients, primary results, others in the order of their rank, harms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.document import Prose
from funis.documents.table import Inline
from funis.reporting.co_primary_tables import find_verdict
from funis.reporting.congress.change_sentences import Measured, measured
from funis.reporting.congress.course_sentences import course_words
from funis.reporting.congress.rate_sentences import rates
from funis.reporting.congress.sentence import AbstractSentence, Reduction, capital, prose
from funis.reporting.congress.telling import Telling
from funis.reporting.key_results import harms_words, infused_before_words, patients_words
from funis.reporting.labels import in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, decimals_for
from funis.reporting.planned_tables import NOT_ASSESSED, WITHHELD, Unassessed, find_unassessed
from funis.reporting.safety_tables import main_events, not_collected_words
from funis.reporting.small_samples import NOT_CALCULATED
from funis.results import ALL, NOT_AVAILABLE, format_number
from funis.study.model import Endpoint

_COUNTED: Final = frozenset({"response", "relapse", "time_to_event"})
_MEASURED: Final = frozenset({"change", "summary"})
#: Kinds that are told by the sentences on patients and harms.
_ELSEWHERE: Final = frozenset({"adverse_events", "exposure", "disposition"})
_RANK: Final = {"primary": 0, "secondary": 1, "exploratory": 2}
LOWEST: Final = " Counts are lowest possible values."
NOT_COLLECTED: Final = "Adverse events were not collected: whether any occurred cannot be said."


def result_sentences(telling: Telling) -> Iterator[AbstractSentence]:
    """Write the results.

    Parameters
    ----------
    telling : the study and its numbers

    Yields
    ------
    AbstractSentence : patients, endpoints by their rank, harms last
    """
    yield from _patients(telling)
    ranked = sorted(telling.study.endpoints, key=lambda each: _RANK[each.role])
    by_endpoint = {each.id: list(measured(telling, each)) for each in ranked if each.kind in _MEASURED}
    keys = [each.key for told in by_endpoint.values() for each in told if each.key]
    common = max(keys, key=keys.count) if len(keys) > 1 else ""
    is_keyed = not common
    lacking = find_unassessed(telling.study, telling.book)
    yield from _without_result(lacking)
    seen_secondary = False
    for endpoint in ranked:
        own = [each if each.key == common else each.keyed() for each in by_endpoint.get(endpoint.id, ())]
        if not is_keyed and any(each.key for each in own):
            is_keyed = True
            said = prose(f"Measures: {common}.")
            yield AbstractSentence("results", ("key",), "what stands at each visit", (said,))
        for sentence in _endpoint(telling, endpoint, own, lacking, is_first=not seen_secondary):
            seen_secondary |= endpoint.role == "secondary"
            yield sentence
    again = course_words(telling)
    if again:
        last = (Reduction.FIRST_SECONDARY,)
        yield AbstractSentence("results", ("later_courses",), "result of the second course", (again,), last)
    verdict = find_verdict(telling.book) if telling.study.co_primary is not None else None
    if verdict is not None:
        said = prose("Primary endpoints together: ", *verdict, ".")
        yield AbstractSentence("results", ("primary_result",), "verdict over the primary endpoints", (said,))
    yield _harms(telling)


# --- patients ------------------------------------------------------------------------------------


def _patients(telling: Telling) -> Iterator[AbstractSentence]:
    said = prose(*patients_words(telling.labels, telling.book))
    yield AbstractSentence("results", ("patients",), "patients", (said,))
    waiting = _not_reached(telling)
    if waiting:
        yield AbstractSentence("results", ("status",), "who is still followed", (waiting,))
    arms = _by_arm(telling)
    if arms:
        yield AbstractSentence("results", ("numbers_by_arm",), "patients of each arm", (arms,))
    again = prose(*infused_before_words(telling.labels, telling.book))
    if again:
        first, *rest = again
        said = prose(first.text.lstrip() if not first.id else first, *rest)
        yield AbstractSentence("results", ("later_courses",), "who had been infused again", (said,))
    who = _description(telling)
    if who:
        yield AbstractSentence("results", ("description",), "sex and age", (who,), (Reduction.DESCRIPTION,))


def _not_reached(telling: Telling) -> Prose:
    """Say how many have not reached the last visit yet; empty where everybody could have."""
    book, visits = telling.book, telling.study.visits
    for group in book.of("disposition"):
        count = book.find(group, ALL, "count")
        is_whole = (group.variable, group.subgroup, group.arm) == ("not_reached", ALL, ALL)
        if is_whole and visits and count is not None and count.value:
            shown = Inline(f"{format_number(count.value, 0)}/{count.denominator}", count.id)
            last = in_sentence(visits[-1].printed)
            return prose("The trial goes on: ", shown, f" have not reached {last}; results will change.")
    return ()


def _by_arm(telling: Telling) -> Prose:
    """Count the members of each arm: those treated, else those enrolled."""
    if len(telling.study.arms) < 2:
        return ()
    said: list[Inline | str | None] = []
    for arm in telling.study.arms:
        number = _size_of(telling.book, arm.id)
        if number is not None:
            said += [", " if said else "", f"{arm.name} ", bound(number, 0)]
    return prose("By arm: ", *said, ".") if said else ()


def _size_of(book: NumberBook, arm: str) -> Number | None:
    sizes = {
        group.population: group
        for group in book.of("population")
        if (group.subgroup, group.arm) == (ALL, arm)
    }
    chosen = sizes.get("treated") or sizes.get("enrolled")
    return book.find(chosen, ALL, "n") if chosen is not None else None


def _description(telling: Telling) -> Prose:
    """Give sex and age at baseline, of the treated where they are told apart."""
    book = telling.book
    own: dict[tuple[str, str], Group] = {}
    for group in book.of("baseline"):
        if (group.subgroup, group.arm) == (ALL, ALL) and group.population in {"enrolled", "treated"}:
            own[group.variable, group.category] = group
    said: list[Inline | str | None] = []
    for sex, one, several in (("female", "woman", "women"), ("male", "man", "men")):
        count = _first(book, own.get(("sex", sex)), "count")
        if count is not None and _is_told(telling, "sex", count):
            said += [", " if said else "", bound(count, 0), f" {one if count.value == 1 else several}"]
    age = own.get(("age", ""))
    mean = _first(book, age, "mean")
    if mean is not None and _is_told(telling, "age", mean):
        said += [
            ", " if said else "",
            *_age(telling, mean, *(_first(book, age, name) for name in ("min", "max"))),
        ]
    first = _first(book, own.get(("sex", "female")), "count") or _first(
        book, own.get(("sex", "male")), "count"
    )
    verb = "was" if first is not None and first.value == 1 else "were"
    return prose(f"There {verb} ", *said, ".") if said else ()


def _is_told(telling: Telling, name: str, number: Number) -> bool:
    """Tell whether a number of the description may stand; of rebuilt data only a published one."""
    is_told = telling.is_told(prose(bound(number, 0)))
    if not is_told:
        telling.assumed.append(name)
    return is_told


def _age(telling: Telling, mean: Number, low: Number | None, high: Number | None) -> Prose:
    if mean.n == 1 or low is None or high is None:
        # Of one subject the mean is the age.
        return prose("aged " if mean.n == 1 else "mean age ", bound(mean, 0), " years")
    digits = decimals_for(telling.book, "age", [mean.value])
    shown = bound(mean, digits, trimmed=True)
    if shown is None or shown.text in {NOT_AVAILABLE, NOT_CALCULATED}:
        return prose("aged ", bound(low, 0), " to ", bound(high, 0), " years")
    return prose("mean age ", shown, " (", bound(low, 0), " to ", bound(high, 0), ") years")


def _first(book: NumberBook, group: Group | None, statistic: str) -> Number | None:
    if group is None:
        return None
    for visit in book.visits(group):
        number = book.find(group, visit, statistic)
        if number is not None and number.value is not None:
            return number
    return None


# --- endpoints -----------------------------------------------------------------------------------


def _endpoint(
    telling: Telling,
    endpoint: Endpoint,
    told: Sequence[Measured],
    lacking: Sequence[Unassessed],
    *,
    is_first: bool,
) -> Iterator[AbstractSentence]:
    """Tell one endpoint; what was planned and has no result is said, too."""
    name, last = in_sentence(endpoint.printed), _leaves(endpoint, is_first=is_first)
    topics = ("primary_result",) if endpoint.role == "primary" else (f"{endpoint.role}_result",)
    if endpoint.kind in _COUNTED:
        said = rates(telling, endpoint)
        if said and telling.is_told(said):
            yield AbstractSentence("results", topics, name, (said,), last)
        elif said:
            telling.assumed.append(name)
    elif endpoint.kind in _MEASURED:
        yield from (_change(endpoint, topics, each, last) for each in told)
    elif endpoint.kind not in _ELSEWHERE and endpoint.id not in {each.endpoint.id for each in lacking}:
        telling.untold.append(name)


def _without_result(lacking: Sequence[Unassessed]) -> Iterator[AbstractSentence]:
    """Say what was planned and has no result: of primary endpoints always, of others where there is room."""
    for is_primary in (True, False):
        own = [each for each in lacking if (each.endpoint.role == "primary") is is_primary]
        last = () if is_primary else (Reduction.SECONDARY,)
        rank = "primary endpoints" if is_primary else "other endpoints"
        withheld = [in_sentence(each.title) for each in own if each.what == WITHHELD]
        if withheld:
            said = prose(f"Withheld for errors in the data: {'; '.join(dict.fromkeys(withheld))}.")
            name = f"which {rank} are withheld"
            yield AbstractSentence("results", ("no_result",), name, (said,), last)
        by_reason: dict[str, list[Unassessed]] = {}
        for each in own:
            if each.what != WITHHELD:
                by_reason.setdefault(each.reason.text, []).append(each)
        for alike in by_reason.values():
            names = "; ".join(dict.fromkeys(in_sentence(each.title) for each in alike))
            said = prose(f"{capital(NOT_ASSESSED)}: {names} (", *alike[0].reason.parts, ").")
            yield AbstractSentence("results", ("no_result",), f"{names} ({NOT_ASSESSED})", (said,), last)


def _leaves(endpoint: Endpoint, *, is_first: bool) -> tuple[Reduction, ...]:
    """Say when the result of an endpoint is left out; never a primary one."""
    if endpoint.role == "primary":
        return ()
    if endpoint.role == "exploratory":
        return (Reduction.EXPLORATORY,)
    return (Reduction.FIRST_SECONDARY if is_first else Reduction.SECONDARY,)


def _change(
    endpoint: Endpoint, topics: tuple[str, ...], told: Measured, last: tuple[Reduction, ...]
) -> AbstractSentence:
    if told.long == told.short or endpoint.role == "exploratory":
        return AbstractSentence("results", topics, told.name, (told.long,), last)
    shorter = Reduction.PRIMARY_VISITS if endpoint.role == "primary" else Reduction.VISITS
    return AbstractSentence("results", topics, told.name, (told.long, told.short), (shorter, *last))


# --- harms ---------------------------------------------------------------------------------------


def _harms(telling: Telling) -> AbstractSentence:
    """Say who had an adverse event, of how many asked; where not all were, that counts are the lowest."""
    if not_collected_words(telling.book):
        return AbstractSentence("results", ("harms",), "adverse events", (prose(NOT_COLLECTED),))
    said: list[Inline | str | None] = list(harms_words(telling.study, telling.book))
    events = main_events(telling.book)
    if events is not None:
        asked = telling.book.find(events._replace(variable="asked", measure="asked"), ALL, "count")
        is_part = asked is not None and asked.value is not None and asked.value < (asked.denominator or 0)
        said += [LOWEST] if is_part else []
    return AbstractSentence("results", ("harms",), "adverse events", (prose(*said),))
