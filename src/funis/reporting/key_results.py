"""Box 1: six results in words, always the same six in the same order, each number bound to its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.documents.document import Box, BoxEntry, plain
from funis.documents.register import reference
from funis.documents.table import Inline, joined
from funis.reporting.baseline_tables import DISPOSITION
from funis.reporting.closing_words import count_infused_again, count_without_day
from funis.reporting.co_primary_tables import find_verdict
from funis.reporting.definition_words import is_proposed
from funis.reporting.estimand_text import co_primary_words
from funis.reporting.key_arms import events_by_arm, rates_by_arm, relapses_by_arm, survival_by_arm
from funis.reporting.key_measures import change_words, main_change, survival_words
from funis.reporting.key_rates import rate_words, relapse_words
from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.number_book import NumberBook, bound, level_text
from funis.reporting.planned_tables import NOT_ASSESSED, WITHHELD, by_reason, find_unassessed
from funis.reporting.safety_tables import UNASKED, main_events, not_collected_words
from funis.results import ALL, format_number
from funis.study.courses import RETREATED_BEFORE
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind

BOX = "box-key-results"
ENDPOINTS_BOX = "box-endpoints"
NAMES = ("Patients", "Primary", "Durability", "Activity", "Harms", "Limits")
#: What the design leaves open, word for word.
LIMITS: dict[str, str] = {
    "single_arm": ("There was no control group: the changes cannot be put down to the treatment alone."),
    "parallel": (
        "The study file does not say that arms were formed at random: differences between them may come from "
        "who was in which. Results of one arm by itself show no effect."
    ),
    "observational": (
        "No treatment was assigned: differences may come from who was treated, and are associations."
    ),
}
_RANDOMISED_LIMITS = "Arms were formed at random. Results of one arm by itself show no effect."
NOT_AN_ENDPOINT = "Not an endpoint of this study."
Said = tuple[Inline | str | None, ...]


def build_key_box(study: Study, book: NumberBook, *, has_definitions: bool = False) -> tuple[Box, ...]:
    """Write the six results that are read first.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run
    has_definitions : whether the document has the box of endpoints in words

    Returns
    -------
    tuple of Box : one; none where nothing was computed
    """
    if not book.numbers and not book.withheld:
        return ()
    labels = Labels(study)
    primary = tuple(each for each in study.endpoints if each.role == "primary")
    main = _main(labels, book, primary)
    lasting, used = _durability(labels, book)
    texts = (
        patients_words(labels, book),
        main,
        lasting,
        _activity(labels, book, {each.id for each in primary} | used),
        harms_words(study, book),
        _limits(labels, book),
    )
    entries = tuple(BoxEntry(name, joined(*text).parts) for name, text in zip(NAMES, texts, strict=True))
    return (
        Box(BOX, "Key results", entries, tuple(map(plain, _notes(has_definitions, primary))), is_ranked=True),
    )


def _notes(has_definitions: bool, primary: Sequence[Endpoint]) -> Iterator[str]:  # noqa: FBT001 - one caller
    if has_definitions:
        yield f"Definitions: {reference(ENDPOINTS_BOX)}."
    if primary:
        names = listed([in_sentence(each.printed) for each in primary])
        yield (
            f"Primary in the study file: {names}. "
            "Whether the plan was fixed before the data were seen: not stated."
        )


def patients_words(labels: Labels, book: NumberBook) -> Said:
    """Say how many were treated, and how many were followed to the last visit.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    """
    counts = {
        group.variable: book.find(group, ALL, "count")
        for group in book.of("disposition")
        if group.subgroup == ALL and group.arm == ALL and not group.category
    }
    known = {name: each for name, each in counts.items() if each is not None and each.value is not None}
    main = next((name for name in ("treated", "enrolled") if name in known), None)
    if main is None:
        return _members(book)
    said: list[Inline | str | None] = [
        bound(known[main], 0), f" patient{_s(known[main].value)} {_were(known[main].value)} {main}"
    ]  # fmt: skip
    if "completed" in known:
        last = in_sentence(labels.visit(labels.study.visits[-1].name)) if labels.study.visits else "the end"
        said += ["; ", bound(known["completed"], 0), f" {_were(known['completed'].value)} followed to {last}"]
    for name in ("withdrew", "lost", "died", "not_recorded"):
        if name in known and known[name].value:
            said += [f"; {in_sentence(DISPOSITION[name])} ", bound(known[name], 0)]
    again = count_infused_again(book)
    if again is not None and known[main].value:
        # Without a day of the first infusion nobody counts as treated, and so nobody as infused again.
        said += ["; ", bound(again, 0), f" {_were(again.value)} infused again"]
    return (*said, ".")


def _s(count: float | None) -> str:
    return "" if count == 1 else "s"


def _were(count: float | None) -> str:
    return "was" if count == 1 else "were"


def _members(book: NumberBook) -> Said:
    """Count the subjects of the data where their flow was not computed."""
    for group in book.of("population"):
        number = book.find(group, ALL, "n")
        if group.subgroup == ALL and group.arm == ALL and number is not None:
            return bound(number, 0), f" patient{_s(number.value)} {_were(number.value)} in the data."
    return ("The number of patients was not counted.",)


def _main(labels: Labels, book: NumberBook, primary: Sequence[Endpoint]) -> Said:
    """Say the primary result, or why there is none; no other result takes its place."""
    if not primary:
        return ("No primary endpoint was named in the study file.",)
    lacking = [each for each in find_unassessed(labels.study, book) if each.endpoint.role == "primary"]
    said: list[Inline | str | None] = []
    for reason, own in by_reason(lacking).items():
        named = listed([own[0].title, *(in_sentence(each.title) for each in own[1:])])
        verb = f" {NOT_ASSESSED}" if own[0].what == NOT_ASSESSED else ""
        said += [f"{named}{verb}: ", *reason.parts, ". "]
    verdict = find_verdict(book)
    if verdict is not None:
        said += ["Primary endpoints together: ", *verdict, ". ", co_primary_words(labels.study), " "]
    for endpoint in primary:
        result = _result(labels, book, endpoint)
        said += [*result, " "] if result else []
    names = [definition_behind(labels.study, each) for each in primary if each.kind != "relapse"]
    if any(map(is_proposed, [*names, *(name for each in primary for name in each.all_variables)])):
        said.append("The definition was proposed by funis.")
    return _trimmed(said) or ("The primary endpoint could not be assessed.",)


def _trimmed(said: Sequence[Inline | str | None]) -> Said:
    """Leave out the space at the end."""
    found = list(said)
    while found and isinstance(found[-1], str) and not found[-1].strip():
        found.pop()
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip()
    return tuple(found)


def _result(labels: Labels, book: NumberBook, endpoint: Endpoint) -> Said:
    """Say the result of one primary endpoint; a relapse stands under durability."""
    match endpoint.kind:
        case "response":
            return rates_by_arm(labels, book, endpoint) or rate_words(labels, book, endpoint)
        case "change" | "summary":
            return change_words(labels, book, endpoint)
        case "time_to_event":
            return survival_by_arm(labels, book, endpoint) or survival_words(labels, book, endpoint)
    return ()


def _durability(labels: Labels, book: NumberBook) -> tuple[Said, set[str]]:
    """Say who relapsed, else who was free of the event, and which endpoint that is."""
    for endpoint in sorted(labels.study.endpoints, key=lambda each: each.kind != "relapse"):
        if endpoint.kind == "relapse":
            said = relapses_by_arm(labels, book, endpoint) or relapse_words(labels, book, endpoint)
        elif endpoint.kind == "time_to_event" and endpoint.role != "primary":
            said = survival_by_arm(labels, book, endpoint) or survival_words(labels, book, endpoint)
        else:
            continue
        if said:
            return said, {endpoint.id}
    asked = [each for each in labels.study.endpoints if each.kind in {"relapse", "time_to_event"}]
    if any(each.id in book.withheld for each in asked):
        return (f"Durability: {WITHHELD} for errors in the data.",), set()
    if asked:
        return ("Durability could not be assessed.",), set()
    return (NOT_AN_ENDPOINT,), set()


def _activity(labels: Labels, book: NumberBook, used: set[str]) -> Said:
    """Say the change of the first score that no item before has said."""
    endpoint = main_change(labels.study, used)
    if endpoint is None:
        return (NOT_AN_ENDPOINT if not _has_primary_change(labels.study) else "See Primary.",)
    return change_words(labels, book, endpoint) or (f"{endpoint.printed} could not be assessed.",)


def _has_primary_change(study: Study) -> bool:
    return any(each.role == "primary" and each.kind == "change" for each in study.endpoints)


def harms_words(study: Study, book: NumberBook) -> Said:
    """Say how many had an adverse event, and what an absence of events rests on.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run
    """
    events = main_events(book)
    count = book.find(events, ALL, "count") if events is not None else None
    if events is None or count is None:
        return (not_collected_words(book) or "Adverse events were not an endpoint of this study.",)
    if count.value is None:
        return (not_collected_words(book) or "Adverse events were not collected.",)
    asked = book.find(events._replace(variable="asked", measure="asked"), ALL, "count")
    if asked is None or asked.value is None:
        return Inline(format_number(count.value, 0), count.id), f" had an adverse event. {UNASKED}"
    basis: Said = (
        "patients were asked at ",
        Inline(f"{format_number(asked.value, 0)} of {asked.denominator}", asked.id), " visits due.",
    )  # fmt: skip
    each_arm = events_by_arm(study, book, events)
    if each_arm:
        return (*each_arm, "; ", *basis)
    over = f"/{count.denominator}" if count.denominator is not None else ""
    said: Said = (Inline(f"{format_number(count.value, 0)}{over}", count.id), " had an adverse event")
    if not count.value and (count.denominator or 0) > 1:
        # Where nothing happened, the upper limit says how often it could have happened unseen.
        upper = bound(book.find(events, ALL, "upper", "clopper_pearson"), 1)
        limit: Said = (f" (upper {level_text(study)} limit ", upper, "%)") if upper is not None else ()
        return (*said, *limit, "; ", *basis)
    return (*said, *_serious(book, events.population), "; ", *basis)


def _serious(book: NumberBook, population: str) -> Said:
    for group in book.of("adverse_events"):
        number = book.find(group, ALL, "count")
        is_whole = group.subgroup == ALL and group.arm == ALL and group.population == population
        if group.variable == "serious" and is_whole and number is not None and number.value is not None:
            return ", ", Inline(format_number(number.value, 0), number.id), " a serious one"
    return ()


def _limits(labels: Labels, book: NumberBook) -> Said:
    """Say what the design leaves open, the worst note on data or certainty, and what a later course adds."""
    study = labels.study
    notes = [LIMITS[study.trial.design] if study.randomisation is None else _RANDOMISED_LIMITS]
    if study.trial.reconstructed:
        notes.append("The data were rebuilt from published figures.")
    elif any(is_proposed(each.definition) for each in study.endpoints if each.definition):
        notes.append("A definition was proposed by funis.")
    undated = count_without_day(book)
    again: Said = (" Of ", bound(undated, 0), " infused again the day is not recorded.") if undated else ()
    return (" ".join(notes), *infused_before_words(labels, book), *again)


def infused_before_words(labels: Labels, book: NumberBook) -> Said:
    """Say how many had been infused again before the last visit: these results hold what followed.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run

    Returns
    -------
    tuple : a sentence behind a space; empty where nobody had
    """
    for group in book.of("course"):
        if (group.variable, group.subgroup, group.arm) != (RETREATED_BEFORE, ALL, ALL):
            continue
        for visit in reversed(book.visits(group)):
            count = book.find(group, visit, "count")
            if count is not None and count.value:
                again = Inline(f"{format_number(count.value, 0)}/{count.denominator}", count.id)
                when = in_sentence(labels.visit(visit))
                return (
                    " ",
                    again,
                    f" had been infused again before {when}: their values then are used as recorded.",
                )
    return ()
