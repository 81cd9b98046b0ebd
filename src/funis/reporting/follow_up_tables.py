"""How long subjects were followed: a sentence on time, one on harms, and the table by arm behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from funis.documents.document import Prose
from funis.documents.register import reference
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import (
    Group,
    Number,
    NumberBook,
    bound,
    decimals_for,
    interval,
    level_text,
    limited_cell,
    single,
)
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.model import Study

_ANALYSIS: Final = "follow_up"
_TIME: Final = "follow_up_years"
_EVENTS: Final = "adverse_events"
_NOTE: Final = "365.25 days are a year. A patient whose last day is not known is not in it."
_EVENT_NOTES: Final = (
    "N of adverse events: patients asked at least once, or with an event recorded. Before day 0: left out.",
    "The exact Poisson interval takes events as independent, which those of one patient may not be.",
)


def build_follow_up_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the follow-up of each arm: how long, and adverse events a patient-year.

    Parameters
    ----------
    study : for the names of arms
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one; none where nobody's follow-up is known, or of one subject, whom a sentence tells
    """
    groups = [group for group in book.of(_ANALYSIS) if _whole_time(book, group) is not None]
    if not groups or book.has_one_subject:
        return ()
    labels = Labels(study)
    own = [group for group in groups if group.arm != ALL]
    order = [*own, *(group for group in groups if group.arm == ALL)]
    rows: list[TableRow] = []
    for arm in dict.fromkeys(group.arm for group in order):
        inside = [group for group in order if group.arm == arm]
        if own:
            rows.append(heading(arm_label(study, arm)))
        rows += [_row(book, group, indent=int(bool(own))) for group in inside]
    heads = (
        "", "Patients, n/N", "Patient-years", "Mean ± SD, years", "Median (range), years", "Events",
        f"Events a patient-year, exact ({level_text(study)} CI)",
    )  # fmt: skip
    used = [number for group in groups for number in book.all(group) if number.statistic not in {"q1", "q3"}]
    has_events = any(group.variable == _EVENTS for group in groups)
    notes = (
        f"Follow-up: {_span(study)}; {_NOTE}",
        *(_EVENT_NOTES if has_events else ()),
        *describe_basis(labels, used, with_missing=False),
    )
    return (TableSpec("table-follow-up", "subjects", "Follow-up", heads, tuple(rows), notes),)


def _row(book: NumberBook, group: Group, *, indent: int) -> TableRow:
    total = _whole_time(book, group)
    size = joined(_of(book, group))
    if group.variable == _EVENTS:
        found = [book.find(group, ALL, name) for name in ("estimate", "lower", "upper")]
        rate = limited_cell(found[0], found[1:], 2)
        cells = (
            size,
            single(total, 1),
            words(""),
            words(""),
            single(book.find(group, ALL, "events"), 0),
            rate,
        )
        return TableRow(words("Adverse events"), cells, indent=indent)
    return TableRow(
        words("Follow-up"),
        (size, single(total, 1), *_average(book, group), words(""), words("")),
        indent=indent,
    )


def _average(book: NumberBook, group: Group) -> tuple[TableCell, TableCell]:
    get = {
        name: bound(book.find(group, ALL, name), _digits(book, group))
        for name in ("mean", "sd", "median", "min", "max")
    }
    mean = joined(get["mean"], " ± ", get["sd"]) if get["sd"] else joined(get["mean"])
    return mean, joined(get["median"], " (", get["min"], " to ", get["max"], ")")


def follow_up_words(study: Study, book: NumberBook) -> tuple[Prose, ...]:
    """Say how long the patients were followed, in all and on average.

    Parameters
    ----------
    study : the plan
    book : the numbers of a run

    Returns
    -------
    tuple of Prose : one sentence; none where nobody's follow-up is known
    """
    group = _whole(book, _TIME)
    total = _whole_time(book, group) if group is not None else None
    if group is None or total is None:
        return ()
    digits = _digits(book, group)
    if book.has_one_subject:
        years = bound(book.find(group, ALL, "mean"), digits)
        return (joined("The patient was followed for ", years, f" years, {_span(study)}.").parts,)
    get = {name: bound(book.find(group, ALL, name), digits) for name in ("mean", "median", "min", "max")}
    whom = in_sentence(Labels(study).population(group.population))
    said = joined(
        f"Follow-up, {_span(study)}, is known of ", _of(book, group), f" ({whom}): ", bound(total, 1),
        " patient-years in all; mean ", get["mean"], " years, median ", get["median"], " (range ", get["min"],
        " to ", get["max"], f"): {reference('populations')}.",
    )  # fmt: skip
    return (said.parts,)


def event_rate_words(study: Study, book: NumberBook) -> tuple[Prose, ...]:
    """Say how many adverse events a patient-year there were, in whom that was asked.

    Parameters
    ----------
    study : the plan
    book : the numbers of a run

    Returns
    -------
    tuple of Prose : one sentence; none where nobody was asked, of one subject, or without time
    """
    told: list[Inline | str | None] = []
    for group in book.of(_ANALYSIS):
        total, rate = _whole_time(book, group), book.find(group, ALL, "estimate")
        is_wanted = group.variable == _EVENTS and (group.arm != ALL) == bool(study.arms)
        if not is_wanted or total is None or rate is None or book.has_one_subject:
            continue
        events = bound(book.find(group, ALL, "events"), 0)
        lower, upper = (bound(book.find(group, ALL, name), 2) for name in ("lower", "upper"))
        whom = f"{arm_label(study, group.arm)}, " if study.arms else ""
        told += [
            "; " if told else "", whom, events, " in ", bound(total, 1), " patient-years of the ",
            _of(book, group), " patients asked, ", bound(rate, 2), " a patient-year (",
            *interval(lower, upper), ")",
        ]  # fmt: skip
    if not told:
        return ()
    method = f"{level_text(study)} CI, exact Poisson"
    return (joined(f"Adverse events ({method}): ", *told, f": {reference('populations')}.").parts,)


def _span(study: Study) -> str:
    """Say what time is counted; day 0 of who was not infused is the first visit."""
    if not study.infusions:
        begins = "first visit" if study.trial.design == "observational" else "day 0"
    else:
        begins = "first infusion (without one, the first visit)" if study.arms else "first infusion"
    article = "" if begins == "day 0" else "the "
    return f"from {article}{begins} to the last day under observation"


def _whole(book: NumberBook, variable: str) -> Group | None:
    """Find the group of all arms together."""
    found = (group for group in book.of(_ANALYSIS) if group.variable == variable and group.arm == ALL)
    return next(found, None)


def _whole_time(book: NumberBook, group: Group) -> Number | None:
    return book.find(group, ALL, "person_years")


def _of(book: NumberBook, group: Group) -> Inline | None:
    """Print of how many the time is known, and of how many there are."""
    found = book.find(group, ALL, "n")
    return None if found is None else Inline(f"{found.n}/{found.denominator}", found.id)


def _digits(book: NumberBook, group: Group) -> int:
    values: Sequence[Number | None] = [book.find(group, ALL, name) for name in ("mean", "min", "max")]
    return decimals_for(book, group.measure, (each.value for each in values if each is not None))
