"""A response in words: its classes, what decides beforehand, windows, instruments, source and certainty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import ClassRule, PrintedCriterion, ResponseDefinition
from funis.catalogue.registry import definition, definitions, names_of_kind, responder_index
from funis.catalogue.wording.basis import basis_words
from funis.catalogue.wording.indices import index_words
from funis.catalogue.wording.phrases import (
    JUDGED,
    NEW_A,
    NEW_B,
    ChosenDefinition,
    criterion_words,
    phrase_words,
)
from funis.catalogue.wording.plain_words import (
    in_small,
    joined_words,
    letter_of,
    name_words,
    number_words,
    numbered_words,
    with_unit,
)

_EVENTS: Final = {
    "death": "death",
    "withdrawal": "withdrawal",
    "lost": "loss to follow-up",
    "prohibited": "treatment that the protocol does not allow",
}
_GAPS: Final = {
    "cannot_tell": "leaves the answer open",
    "neighbours": "counts as free of flares where the expected visits before and after it have grades, and "
    "leaves the answer open otherwise",
    "ignore": "is not looked at",
}
_TWO_GAPS: Final = {
    "cannot_tell": "leave the answer open",
    "not_maintained": "count as a response that was not kept",
}
_WATCHED: Final = frozenset({"severe_flares_before", "flares_after", "flare_free_days", "relapses_before"})


@dataclass(frozen=True, slots=True)
class ResponseWords:
    """A response in words.

    Attributes
    ----------
    classes : one sentence a class, best first, each with what makes it
    rules : what holds for all classes: what is left over, events, missing values, windows, baseline
    relapse : what a relapse after a response is; empty where the definition has none
    instruments : instruments and versions that are read, or nothing
    source, certainty : citation, and how sure the text is
    is_proposal : whether the definition is a proposal of funis
    """

    classes: tuple[str, ...]
    rules: tuple[str, ...]
    relapse: tuple[str, ...]
    instruments: str
    source: str
    certainty: str
    is_proposal: bool

    @property
    def basis(self) -> str:
        """Give instruments, source and certainty, one sentence each."""
        return basis_words(self.instruments, self.source, self.certainty, is_proposal=self.is_proposal)

    def __str__(self) -> str:
        """Give the whole definition as one paragraph."""
        return " ".join([*self.classes, *self.rules, *self.relapse, self.basis])


def response_words(
    found: ResponseDefinition, chosen: Mapping[str, ParameterValue] | None = None, *, at: str = ""
) -> ResponseWords:
    """Put a response definition into words, with the parameters that are in force.

    Parameters
    ----------
    found : the definition
    chosen : parameters that a study sets; others have their defaults
    at : the visit judged in words; empty for what the parameters say

    Returns
    -------
    ResponseWords : every limit and window of the definition, none of its keys

    Examples
    --------
    >>> from funis.catalogue.registry import response_definition
    >>> words = response_words(response_definition("esspri_pass"))
    >>> words.classes
    ('Acceptable symptoms: at the last visit, ESSPRI on a scale of 0 to 10 below 5 points.',)
    """
    reading = ChosenDefinition(found, found.settle(chosen))
    when = at or _visit_words(reading)
    return ResponseWords(
        classes=tuple(_class_words(reading, when)),
        rules=tuple(_rules_for_all(reading)),
        relapse=tuple(_relapse_words(reading)),
        instruments=_instrument_words(reading),
        source=found.source,
        certainty=found.certainty,
        is_proposal=found.is_proposal,
    )


def _visit_words(reading: ChosenDefinition) -> str:
    """Say which visit is judged, from the parameters."""
    named = str(reading.parameters["response_visit"])
    if named:
        return f"at {name_words(named)}"
    day, window = (Decimal(str(reading.parameters[key])) for key in ("response_day", "response_window"))
    if day <= 0:
        return "at the last visit"
    return f"at the visit nearest to day {number_words(day)} ({with_unit(window, 'days')} either side)"


# --- classes -------------------------------------------------------------------------------------


def _class_words(reading: ChosenDefinition, when: str) -> Iterator[str]:
    """Say what makes each class; a class that no criterion in force can give is left out."""
    found = reading.definition
    for name in found.classes[:-1]:
        rules = [rule for rule in found.rules if rule.response == name]
        said = [words for rule in rules if (words := _rule_words(reading, rule))]
        if len(said) > 1:
            said = [f"any one of these: {'; or '.join(f'({n}) {text}' for n, text in enumerate(said, 1))}"]
        if said:
            yield f"{_label(found, name)}: {when}, {said[0]}."


def _label(found: ResponseDefinition, name: str) -> str:
    printed = found.response_class(name)
    return printed.label if printed is not None else name_words(name)


def _rule_words(reading: ChosenDefinition, rule: ClassRule) -> str:
    """Say what one rule asks; empty where all of its criteria belong to other choices."""
    active = {row.id: row for row in reading.definition.active(reading.parameters)}
    rows = [active[name] for name in rule.criteria if name in active]
    besides = [active[name] for name in rule.also if name in active]
    if not rows:
        return ""
    if rule.counted == "all":
        return _rows_words(reading, [*rows, *besides])
    what = "points from these" if rule.counted == "points" else f"of these {len(rows)}"
    text = f"at least {rule.least} {what}: {_rows_words(reading, rows, worth=rule.counted == 'points')}"
    if rule.missing_is_not_met:
        text += "; what cannot be determined counts as not met"
    return f"{text}; and besides: {_rows_words(reading, besides)}" if besides else text


def _rows_words(reading: ChosenDefinition, rows: Sequence[PrintedCriterion], *, worth: bool = False) -> str:
    """List criteria, and say once which of them stand for something where they were never recorded."""
    said = [criterion_words(reading, row) for row in rows]
    if worth:
        points = [with_unit(Decimal(row.points), "points") for row in rows]
        said = [f"{text} (worth {each})" for text, each in zip(said, points, strict=True)]
    text = numbered_words(said)
    for means in ("met", "not_met"):
        places = [place for place, row in enumerate(rows) if row.absent_means == means]
        if places and len(rows) > 1:
            which = joined_words([f"({letter_of(place)})" for place in places])
            verb = "counts" if len(places) == 1 else "count"
            text += f" (where never recorded, {which} {verb} as {name_words(means)})"
        elif places:
            text += f" (where never recorded, this counts as {name_words(means)})"
    return text


# --- what holds for all classes ------------------------------------------------------------------


def _rules_for_all(reading: ChosenDefinition) -> Iterator[str]:
    found, parameters = reading.definition, reading.parameters
    rest = _label(found, found.otherwise)
    yield f"The first class that holds counts; otherwise: {in_small(rest)}."
    responding = [_label(found, name) for name in found.responding]
    if set(found.responding) != {rule.response for rule in found.rules}:
        yield f"Counted as the event: {joined_words([in_small(word) for word in responding])}."
    yield from _failure_words(reading, rest)
    for phrase, otherwise in found.needs:
        yield f"{_label(found, otherwise)} without {phrase_words(reading, phrase)}."
    if parameters["missing_response"] == "nonresponder":
        yield f"Nothing measured at {JUDGED}: {in_small(rest)}."
    else:
        yield f"Nothing measured at {JUDGED}: cannot tell."
    yield _baseline_words(reading)
    if not parameters["unscheduled"]:
        yield "Unscheduled visits do not count."
    if parameters["confirmed"]:
        yield "The response must also hold at the scheduled visit before."
    yield from _gap_words(reading)
    for name in _columns(reading):
        if name in names_of_kind("responder_index"):
            yield index_words(responder_index(name))


def _failure_words(reading: ChosenDefinition, rest: str) -> Iterator[str]:
    """Say which events decide the class whatever was measured."""
    for before in ("response", "horizon"):
        events = [_EVENTS[one.event] for one in reading.definition.failures if one.before == before]
        if not events:
            continue
        until = JUDGED if before == "response" else f"the end of follow-up, {reading.horizon()}"
        what = joined_words(events, "or")
        yield f"{what[0].upper()}{what[1:]} before {until}: {in_small(rest)}."


def _baseline_words(reading: ChosenDefinition) -> str:
    if reading.parameters.get("compared_with") == "previous":
        return f"Baseline here is the visit before {JUDGED}."
    named = str(reading.parameters["baseline_visit"])
    if named:
        return f"Baseline is the visit {name_words(named)}."
    return "Baseline is the last visit on or before day 0."


def _gap_words(reading: ChosenDefinition) -> Iterator[str]:
    """Say what expected visits without grades mean, where grades are followed over visits."""
    found = reading.definition
    rows = found.active(reading.parameters)
    if not found.has_relapse and _WATCHED.isdisjoint(
        phrase.measure for row in rows for phrase in row.phrases
    ):
        return
    schedule = [
        name_words(name.strip()) for name in str(reading.parameters["schedule"]).split(",") if name.strip()
    ]
    expected = (
        joined_words(schedule) if schedule else "those at which at least half of the subjects have grades"
    )
    yield (
        f"Visits expected of everybody are {expected}. One without grades "
        f"{_GAPS[str(reading.parameters['missing_visit'])]}; two in a row after the response "
        f"{_TWO_GAPS[str(reading.parameters['two_missing'])]}."
    )


def _relapse_words(reading: ChosenDefinition) -> Iterator[str]:
    if not reading.definition.has_relapse:
        return
    counts = "counts" if reading.parameters["returning_b_is_new"] else "does not count"
    yield (
        f"Relapse after a response: a new A ({NEW_A}) or a new B ({NEW_B}) in any system, compared with the "
        f"grades at the response, at a visit after it up to {reading.horizon()}. A system that was B at "
        f"baseline, C or less at the response and B again {counts} as a new B."
    )
    yield "A response without such a relapse to that day is kept."


def _columns(reading: ChosenDefinition) -> tuple[str, ...]:
    """Name the columns that the criteria in force read; an instrument or an index stands in its own."""
    rows = reading.definition.active(reading.parameters)
    read = {name for row in rows for phrase in row.phrases for name in phrase.given}
    read |= {name for phrase, _ in reading.definition.needs for name in phrase.given}
    return tuple(dict.fromkeys(str(reading.parameters.get(name, name)) for name in sorted(read)))


def _instrument_words(reading: ChosenDefinition) -> str:
    """Name the instruments that the definition reads, with their versions."""
    named = [
        f"{definition(column).title} ({definition(column).version})"
        for column in _columns(reading)
        if column in definitions()
    ]
    prefix = str(reading.parameters.get("instrument", ""))
    if reading.definition.reads_grades(reading.parameters) and prefix not in definitions():
        named.append(f"{name_words(prefix)}, grades as recorded")
    return "; ".join(named)
