"""Asks the criteria and rules of a response definition of one subject, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from funis.catalogue.model_response import (
    GRADE_MEASURES,
    ClassRule,
    Failure,
    Phrase,
    PrintedCriterion,
    ResponseDefinition,
)
from funis.nine_decimals import to_decimal
from funis.responses.assessment import Assessment, Measurement
from funis.responses.bilag_timeline import GRADE_FUNCTIONS, Given, has_grades, lost_by
from funis.responses.measures import NUMBER_FUNCTIONS
from funis.responses.verdict import (
    CANNOT_TELL,
    NO,
    YES,
    Span,
    Verdict,
    all_of,
    any_of,
    exactly,
    reaches,
    word_of,
)
from funis.responses.visit_judged import find_target, visit_judged

NOT_RECORDED: Final = "not recorded"

_SUBJECT_MEASURES: Final = frozenset(
    {"ever", "baseline", "baseline_of_upper_limit", "baseline_a", "baseline_b", "baseline_active"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one criterion.

    Attributes
    ----------
    verdict : met, not met, cannot tell
    text : what was found
    is_collected : False when an optional criterion was never collected and is taken as met
    """

    verdict: Verdict
    text: str
    is_collected: bool = True

    @property
    def word(self) -> str:
        """The printed word."""
        return word_of(self.verdict) if self.is_collected else NOT_RECORDED


@dataclass(frozen=True, slots=True)
class Decision:
    """The class of one subject.

    Attributes
    ----------
    response : class, or ``cannot tell``
    responder : whether that is a response: yes, no or cannot tell
    reason : one sentence
    rule : number of the rule that decided, empty where the source numbers none
    possible : classes the records leave possible, best first
    answers : each criterion's answer by its id
    """

    response: str
    responder: str
    reason: str
    rule: str
    possible: tuple[str, ...]
    answers: Mapping[str, Answer]


def ask_phrase(assessment: Assessment, phrase: Phrase) -> Answer:
    """Ask one comparison."""
    measurement: Measurement = MEASURE_FUNCTIONS[phrase.measure](assessment, phrase.given)
    limit = phrase.limit
    number = to_decimal(assessment.parameters[limit]) if isinstance(limit, str) else limit
    if measurement.is_undefined or number is None:
        return Answer(verdict=False, text=measurement.text)
    return Answer(measurement.span.compare(phrase.symbol, number), measurement.text)


def columns_of(assessment: Assessment, phrase: Phrase) -> tuple[str, ...]:
    """Return the columns a phrase reads, item sets spread out."""
    if phrase.measure in GRADE_MEASURES:
        return assessment.systems
    names = [assessment.definition.sets.get(name, (assessment.column(name),)) for name in phrase.given]
    return tuple(column for group in names for column in group)


def _uncollected(assessment: Assessment, columns: Sequence[str]) -> frozenset[str]:
    held = assessment.cohort.columns
    return frozenset(
        c for c in columns if c not in held and f"{c}_lower" not in held and f"{c}_upper" not in held
    )


def _is_collected(assessment: Assessment, phrases: Sequence[Phrase]) -> bool:
    """Whether the trial collected every column; of a set of items, whether it collected any."""
    for phrase in phrases:
        columns = columns_of(assessment, phrase)
        lacking = _uncollected(assessment, columns)
        if lacking and (phrase.measure != "items_present" or len(lacking) == len(columns)):
            return False
    return True


def is_asked(assessment: Assessment, criterion: PrintedCriterion) -> bool:
    """Whether the trial collected what the criterion needs; of different measures, one of them."""
    if criterion.only_collected:
        return any(_is_collected(assessment, group) for group in criterion.alternatives)
    return _is_collected(assessment, criterion.phrases)


def ask_criterion(assessment: Assessment, criterion: PrintedCriterion) -> Answer:
    """Ask one printed row: any of its alternatives, all phrases of one."""
    groups = criterion.alternatives
    if criterion.absent_means and not is_asked(assessment, criterion):
        is_met = criterion.absent_means == "met"
        return Answer(verdict=is_met, text=criterion.id.replace("_", " "), is_collected=False)
    if criterion.absent_means:
        columns = [column for phrase in criterion.phrases for column in columns_of(assessment, phrase)]
        assessment = replace(assessment, ignored=_uncollected(assessment, columns))
    if criterion.only_collected:
        groups = tuple(group for group in groups if _is_collected(assessment, group)) or groups
    asked = [[ask_phrase(assessment, phrase) for phrase in group] for group in groups]
    verdicts = [all_of(answer.verdict for answer in group) for group in asked]
    verdict = any_of(verdicts)
    if verdict is True:
        shown = [asked[verdicts.index(True)]]
    elif verdict is None:
        shown = [group for group, found in zip(asked, verdicts, strict=True) if found is None]
    else:
        shown = asked
    texts = dict.fromkeys(answer.text for group in shown for answer in group)
    return Answer(verdict, ", ".join(texts))


def decide(assessment: Assessment) -> Decision:
    """Give the class of one subject at the visit judged, with the reason."""
    definition = assessment.definition
    answers = {row.id: ask_criterion(assessment, row) for row in definition.active(assessment.parameters)}
    failed = find_failure(assessment)
    if failed is not None:
        return _settle(definition, definition.otherwise, failed, answers)
    for phrase, otherwise in definition.needs:
        need = ask_phrase(assessment, phrase)
        if need.verdict is False:
            return _settle(definition, otherwise, need.text, answers)
        if need.verdict is None and assessment.now is not None:
            reason = f"{CANNOT_TELL}: {need.text}.{_name_never_recorded(assessment, [phrase])}"
            return Decision(CANNOT_TELL, CANNOT_TELL, reason, "", (*definition.classes, otherwise), answers)
    if not is_measured(assessment) and not _is_decided_without(assessment, answers):
        return _doubt_undated(assessment, _decide_unmeasured(assessment, answers))
    return _doubt_undated(assessment, _decide_by_rules(assessment, answers))


def _doubt_undated(assessment: Assessment, decision: Decision) -> Decision:
    """Leave a class open where an event that would decide it happened on a day that is not recorded."""
    definition, undated = assessment.definition, assessment.timeline.undated
    doubts = [
        failure.label
        for failure in definition.failures
        # Who was seen at the visit judged was alive on its day.
        if failure.event in undated
        and (failure.before == "horizon" or failure.event != "death" or not is_measured(assessment))
    ]
    if not doubts or decision.response == definition.otherwise:
        return decision
    possible = tuple(dict.fromkeys((*decision.possible, definition.otherwise)))
    is_response = {_is_response(definition, each) for each in possible}
    responder = word_of(is_response.pop()) if len(is_response) == 1 else CANNOT_TELL
    reason = f"{CANNOT_TELL} ({' or '.join(possible)}): {', '.join(doubts)}, on a day that is not recorded."
    return replace(decision, response=CANNOT_TELL, responder=responder, reason=reason, possible=possible)


def _is_decided_without(assessment: Assessment, answers: Mapping[str, Answer]) -> bool:
    """Whether the rules give a sure answer although nothing was measured at the visit."""
    decided = _possible_classes(assessment.definition, answers)
    return len(decided) == 1 and assessment.text("missing_response") == "cannot_tell"


def is_measured(assessment: Assessment) -> bool:
    """Whether the visit judged holds any value the criteria look at."""
    if assessment.now is None:
        return False
    if assessment.systems and has_grades(assessment, assessment.now):
        return True
    phrases = [
        p
        for row in assessment.definition.active(assessment.parameters)
        for p in row.phrases
        if not row.absent_means
    ]
    columns = {
        column
        for phrase in phrases
        if phrase.measure in NUMBER_FUNCTIONS and phrase.measure not in _SUBJECT_MEASURES
        for column in columns_of(assessment, phrase)
    }
    return any(not assessment.now.number(column).is_open for column in columns)


def find_failure(assessment: Assessment) -> str | None:
    """Return the words of an event that decides the class whatever was measured, or None."""
    for failure in assessment.definition.failures:
        day = assessment.timeline.events.get(failure.event)
        if day is not None and _comes_before(assessment, failure, day):
            return f"{failure.label} (day {day:g})"
    return None


def _comes_before(assessment: Assessment, failure: Failure, day: float) -> bool:
    if failure.before == "horizon":
        return day < assessment.number("horizon_day") - assessment.number("horizon_window")
    if failure.event == "death" and not is_measured(assessment):
        return True
    judged = assessment.target_day if assessment.now is None else assessment.now.day
    # Leaving on the day of the visit judged, after it, takes nothing from what was measured there.
    return day < judged or (day == judged and not is_measured(assessment))


def _decide_unmeasured(assessment: Assessment, answers: Mapping[str, Answer]) -> Decision:
    wanted = assessment.number("response_day")
    what = f"nothing was measured at {assessment.target} (day {assessment.target_day:g})"
    if assessment.text("missing_response") == "nonresponder":
        return _settle(
            assessment.definition, assessment.definition.otherwise, f"{what}, counted as no response", answers
        )
    visit = assessment.timeline.find(assessment.target)
    if visit is not None and assessment.now is None:
        what = f"{assessment.target} on day {visit.day:g} lies outside the window around day {wanted:g}"
    possible = assessment.definition.classes
    return Decision(CANNOT_TELL, CANNOT_TELL, f"{CANNOT_TELL}: {what}.", "", possible, answers)


def ask_rule(rule: ClassRule, definition: ResponseDefinition, answers: Mapping[str, Answer]) -> Verdict:
    """Ask one rule of the answers to its criteria."""
    besides = [answers[name].verdict for name in rule.also if name in answers]
    return all_of([_ask_counted(rule, definition, answers), *besides])


def _ask_counted(rule: ClassRule, definition: ResponseDefinition, answers: Mapping[str, Answer]) -> Verdict:
    names = [name for name in rule.criteria if name in answers]
    verdicts = [answers[name].verdict for name in names]
    if not names:  # all its criteria belong to other choices: nothing is asked, so nothing is answered
        return False
    if rule.counted == "all":
        return all_of(verdicts)
    worth = [definition.criterion(name).points if rule.counted == "points" else 1 for name in names]
    reached = reaches(verdicts, rule.least, worth)
    return False if reached is None and rule.missing_is_not_met else reached


def _possible_classes(
    definition: ResponseDefinition, answers: Mapping[str, Answer]
) -> list[tuple[str, ClassRule | None]]:
    """Return the classes the answers leave possible, best first."""
    possible: list[tuple[str, ClassRule | None]] = []
    for name in definition.classes[:-1]:
        rules = [rule for rule in definition.rules if rule.response == name]
        asked = [(rule, ask_rule(rule, definition, answers)) for rule in rules]
        holds = next((rule for rule, verdict in asked if verdict is True), None)
        if holds is not None:
            return [*possible, (name, holds)]
        if any(verdict is None for _, verdict in asked):
            possible.append((name, None))
    return [*possible, (definition.otherwise, None)]


def _decide_by_rules(assessment: Assessment, answers: Mapping[str, Answer]) -> Decision:
    definition = assessment.definition
    found = _possible_classes(definition, answers)
    possible = tuple(dict.fromkeys(name for name, _ in found))
    name, rule = found[0]
    is_response = {_is_response(definition, each) for each in possible}
    responder = word_of(is_response.pop()) if len(is_response) == 1 else CANNOT_TELL
    if len(possible) > 1:
        doubts = dict.fromkeys(a.text for a in answers.values() if a.verdict is None)
        doubted = [
            row for row in definition.criteria if row.id in answers and answers[row.id].verdict is None
        ]
        absent = _name_never_recorded(assessment, [phrase for row in doubted for phrase in row.phrases])
        reason = f"{CANNOT_TELL} ({' or '.join(possible)}): {'; '.join(doubts)}.{absent}"
        return Decision(CANNOT_TELL, responder, reason, "", possible, answers)
    number = rule.number if rule is not None else ""
    label = f"{name} (rule {number})" if number else name
    texts = _decisive_texts(definition, rule, answers)
    reason = f"{label} at {assessment.target or 'no visit'}: {'; '.join(texts) or 'no rule holds'}."
    return Decision(name, responder, reason, number, possible, answers)


def _name_never_recorded(assessment: Assessment, phrases: Sequence[Phrase]) -> str:
    """Name the columns that no subject has a value in: with them the answer could have been known."""
    columns = dict.fromkeys(column for phrase in phrases for column in columns_of(assessment, phrase))
    lacking = _uncollected(assessment, tuple(columns))
    named = ", ".join(column for column in columns if column in lacking)
    return f" Recorded for nobody: {named}." if named else ""


def _decisive_texts(
    definition: ResponseDefinition, rule: ClassRule | None, answers: Mapping[str, Answer]
) -> list[str]:
    """Return what decided: the criteria of the rule that holds, else those that are not met."""
    ids = answers if rule is None else [name for name in (*rule.criteria, *rule.also) if name in answers]
    counted = rule is None or rule.counted == "all"
    wanted = rule is not None
    texts = dict.fromkeys(
        answers[i].text
        for i in ids
        if answers[i].is_collected and answers[i].verdict is wanted and answers[i].text
    )
    unmeasured = [answers[i].text for i in ids if answers[i].is_collected and answers[i].verdict is None]
    if not counted or any(rule.counted != "all" for rule in definition.rules):
        texts |= dict.fromkeys(f"{text}, cannot be determined" for text in unmeasured)
    unasked = [answer.text for answer in answers.values() if not answer.is_collected]
    if unasked:
        texts[f"{', '.join(unasked)} {NOT_RECORDED}, taken as none"] = None
    return list(texts)


def _is_response(definition: ResponseDefinition, name: str) -> bool:
    return any(rule.response == name and rule.is_response for rule in definition.rules)


def _settle(definition: ResponseDefinition, name: str, text: str, answers: Mapping[str, Answer]) -> Decision:
    responder = YES if _is_response(definition, name) else NO
    return Decision(name, responder, f"{name}: {text}.", "", (name,), answers)


# --- a response that was lost before -------------------------------------------------------------


def _find_first(assessment: Assessment) -> Assessment | None:
    """Give the subject at the visit of the definition's own day; None where that is not before this one."""
    parameters = {**assessment.parameters, "response_visit": ""}
    target, day = find_target(assessment.cohort, parameters)
    if target not in assessment.cohort.days or day >= assessment.target_day:
        return None
    now = visit_judged(assessment.timeline, parameters, target)
    return replace(assessment, parameters=parameters, target=target, target_day=day, now=now)


def measure_relapses_before(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
    """Return 1 when a response at the definition's own day was lost by the visit judged, 0 when none was."""
    first = _find_first(assessment)
    if first is None:
        return Measurement(exactly(0), "")
    responder = decide(first).responder
    if responder == NO:
        return Measurement(exactly(0), f"no response at {first.target} to lose")
    is_lost, text = lost_by(first, assessment)
    if is_lost is False:
        return Measurement(exactly(0), text)
    if is_lost is True and responder == YES:
        return Measurement(exactly(1), text)
    if is_lost is True:
        text = f"{text}, if there was a response at {first.target}"
    return Measurement(Span(Decimal(0), Decimal(1)), text)


MEASURE_FUNCTIONS: Final = {
    **NUMBER_FUNCTIONS,
    **GRADE_FUNCTIONS,
    "relapses_before": measure_relapses_before,
}
