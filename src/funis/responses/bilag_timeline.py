"""The measures of organ-system grades that a criterion may name, and the search for flares and relapse.

A predicate on grades (a new A, a new B) is asked of every pair of letters the records allow; it is
settled only where all pairs agree. Whole visits without a grade are gaps: what a gap means is a named
choice (`missing_visit`), because the papers differ or are silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise, product
from math import inf
from typing import Final, Literal

from funis.responses.assessment import Assessment, Measurement
from funis.responses.timeline import GRADES, UNKNOWN_GRADE, GradeSpan, TimelineVisit
from funis.responses.verdict import Span, Verdict, any_of, exactly, print_number

Given = tuple[str, ...]
Predicate = Literal["new_a", "new_b", "new_c", "is_a", "is_b", "is_active", "unimproved"]

GradeSpans = tuple[GradeSpan, ...]
# Visits of one subject are compared again and again, and many subjects have the same grades.
_PAIRS_KEPT: Final = 8192

_LOW: Final = frozenset("CDE")
_PREDICATES: Final[Mapping[Predicate, Callable[[str, str], bool]]] = {
    "new_a": lambda now, before: now == "A" and before != "A",
    "new_b": lambda now, before: now == "B" and before in _LOW,
    "new_c": lambda now, before: now == "C" and before in "DE",
    "is_a": lambda now, before: now == "A",  # noqa: ARG005 - one shape for all predicates
    "is_b": lambda now, before: now == "B",  # noqa: ARG005
    "is_active": lambda now, before: now in "AB",  # noqa: ARG005
    "unimproved": lambda now, before: (before == "A" and now == "A") or (before == "B" and now in "AB"),
}


def _letters(span: GradeSpan) -> str:
    low, high = GRADES.index(span[0]), GRADES.index(span[1])
    return GRADES[min(low, high) : max(low, high) + 1]


@cache
def ask_grades(predicate: Predicate, now: GradeSpan, before: GradeSpan) -> Verdict:
    """Ask a predicate of every pair of letters; None where they disagree.

    Examples
    --------
    >>> ask_grades("new_a", ("A", "A"), ("C", "B")), ask_grades("new_a", ("B", "A"), ("C", "C"))
    (True, None)
    """
    test = _PREDICATES[predicate]
    answers = {test(x, y) for x, y in product(_letters(now), _letters(before))}
    return answers.pop() if len(answers) == 1 else None


def grade_at(visit: TimelineVisit | None, system: str) -> GradeSpan:
    """Return the grade of a system at a visit; anything from E to A where there is no visit."""
    return UNKNOWN_GRADE if visit is None else visit.grade(system)


def _grades(assessment: Assessment, visit: TimelineVisit | None) -> tuple[GradeSpan, ...]:
    """Return the grades of all systems at a visit; anything from E to A where there is no visit."""
    systems = assessment.systems
    return (UNKNOWN_GRADE,) * len(systems) if visit is None else visit.grades(systems)


def has_grades(assessment: Assessment, visit: TimelineVisit | None) -> bool:
    """Whether a visit recorded any grade of the instrument."""
    return visit is not None and visit.has_grade(assessment.systems)


def _short(assessment: Assessment, system: str) -> str:
    return _shorten(system, assessment.text("instrument"))


def _shorten(system: str, instrument: str) -> str:
    return system.removeprefix(f"{instrument}_").replace("_", " ")


def _count_systems(
    assessment: Assessment,
    predicate: Predicate,
    now: TimelineVisit | None,
    before: TimelineVisit | None,
    word: str,
) -> Measurement:
    spans = _grades(assessment, now), _grades(assessment, before)
    return _count_met(predicate, (assessment.systems, assessment.text("instrument")), *spans, word)


@lru_cache(maxsize=_PAIRS_KEPT)
def _count_met(
    predicate: Predicate, named: tuple[tuple[str, ...], str], now: GradeSpans, before: GradeSpans, word: str
) -> Measurement:
    """Count the systems in which a predicate holds, and name them."""
    systems, instrument = named
    met, unknown = [], []
    for system, *spans in zip(systems, now, before, strict=True):
        verdict = ask_grades(predicate, *spans)
        if verdict is True:
            met.append(_shorten(system, instrument))
        elif verdict is None:
            unknown.append(_shorten(system, instrument))
    text = f"{word} in {', '.join(met)}" if met else f"no {word}"
    if unknown:
        text = f"{word} cannot be determined in {', '.join(unknown)}" + (
            f", {word} in {', '.join(met)}" if met else ""
        )
    return Measurement(Span(Decimal(len(met)), Decimal(len(met) + len(unknown))), text)


def _state(predicate: Predicate, word: str) -> Callable[[Assessment, Given], Measurement]:
    return lambda assessment, given: _count_systems(assessment, predicate, assessment.now, None, word)  # noqa: ARG005


def _baseline(predicate: Predicate, word: str) -> Callable[[Assessment, Given], Measurement]:
    return lambda assessment, given: _count_systems(assessment, predicate, assessment.base, None, word)  # noqa: ARG005


def _against_baseline(predicate: Predicate, word: str) -> Callable[[Assessment, Given], Measurement]:
    def count(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
        return _count_systems(assessment, predicate, assessment.now, assessment.base, word)

    return count


def _against_previous(predicate: Predicate, word: str) -> Callable[[Assessment, Given], Measurement]:
    def count(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
        before = None if assessment.now is None else assessment.timeline.before(assessment.now)
        return _count_systems(assessment, predicate, assessment.now, before, word)

    return count


def _count_either(
    now: GradeSpans, before: GradeSpans, first: Predicate, second: Predicate
) -> tuple[int, int]:
    """Count systems in which one of two predicates surely, and possibly, holds."""
    sure = possible = 0
    for spans in zip(now, before, strict=True):
        verdict = any_of([ask_grades(first, *spans), ask_grades(second, *spans)])
        if verdict is None and ask_grades("is_active", spans[0], spans[0]) and _is_low(spans[1]):
            verdict = True  # A or B, whichever, over a grade that is surely low
        sure += verdict is True
        possible += verdict is not False
    return sure, possible


def _is_low(span: GradeSpan) -> bool:
    return set(_letters(span)) <= _LOW


def severe_flare(assessment: Assessment, visit: TimelineVisit, reference: TimelineVisit | None) -> Verdict:
    """Answer whether a visit shows a new A, or a new B in two systems, against a reference visit."""
    return _is_severe(_grades(assessment, visit), _grades(assessment, reference))


@lru_cache(maxsize=_PAIRS_KEPT)
def _is_severe(now: GradeSpans, before: GradeSpans) -> Verdict:
    new_a = any_of(ask_grades("new_a", *spans) for spans in zip(now, before, strict=True))
    if new_a is True:
        return True
    sure, possible = _count_either(now, before, "new_a", "new_b")
    # Two systems that each became A or B are a severe flare whichever letter each has.
    if sure >= 2:
        return True
    return False if new_a is False and possible < 2 else None


def new_activity(assessment: Assessment, visit: TimelineVisit, reference: TimelineVisit | None) -> Verdict:
    """Answer whether a visit shows a new A or a new B in any system, against a reference visit."""
    verdicts = []
    grades = (_grades(assessment, each) for each in (visit, reference))
    for system, now, before in zip(assessment.systems, *grades, strict=True):
        new_b = ask_grades("new_b", now, before)
        if not assessment.flag("returning_b_is_new") and new_b is not False:
            was_active = ask_grades("is_active", grade_at(assessment.base, system), UNKNOWN_GRADE)
            new_b = {True: False, False: new_b, None: None}[was_active]
        new_a = ask_grades("new_a", now, before)
        either = any_of([new_a, new_b])
        if either is None and new_b is not False and ask_grades("is_active", now, now) and _is_low(before):
            either = True if assessment.flag("returning_b_is_new") else None
        verdicts.append(either)
    return any_of(verdicts)


def describe_activity(assessment: Assessment, visit: TimelineVisit, reference: TimelineVisit | None) -> str:
    """Name each system with a new A or B, with both grades."""
    parts = []
    for system in assessment.systems:
        now, before = grade_at(visit, system), grade_at(reference, system)
        if ask_grades("new_a", now, before) or ask_grades("new_b", now, before):
            parts.append(f"{_short(assessment, system)} {_print_grade(before)} -> {_print_grade(now)}")
    return ", ".join(parts) or "a new A or B in one of several systems"


def _print_grade(span: GradeSpan) -> str:
    return span[0] if span[0] == span[1] else f"{span[0]} to {span[1]}"


@dataclass(frozen=True, slots=True)
class Watch:
    """What the visits after the response show, up to the horizon.

    Attributes
    ----------
    verdict : whether a new A or B appeared
    first : first visit with one for certain
    clean_until : last day up to which there was surely none
    followed_to : day of the last visit with grades
    is_followed : the horizon was reached
    is_lapsed : two visits in a row are missing and the definition takes that as not maintained
    text : the finding in words
    """

    verdict: Verdict
    first: TimelineVisit | None
    clean_until: float
    followed_to: float
    is_followed: bool
    is_lapsed: bool
    text: str


def _horizon_end(assessment: Assessment) -> float:
    return assessment.number("horizon_day") + assessment.number("horizon_window")


def _horizon_visit(assessment: Assessment) -> TimelineVisit | None:
    """Return the subject's visit at the horizon, whatever day it fell on, where it recorded grades.

    The study's own window says whether a visit is in time; here its name is enough.
    """
    horizon, window = assessment.number("horizon_day"), assessment.number("horizon_window")
    near = [(abs(day - horizon), name) for name, day in assessment.cohort.days.items()]
    distance, name = min(near, default=(inf, ""))
    visit = assessment.timeline.find(name) if distance <= window else None
    return visit if has_grades(assessment, visit) else None


def _expected_after(assessment: Assessment, after: float, until: float) -> list[str]:
    return [name for name, day in assessment.expected.items() if after < day <= until]


def _observed(assessment: Assessment, name: str) -> bool:
    return has_grades(assessment, assessment.timeline.find(name))


def _open_gaps(assessment: Assessment, names: list[str], *, closed: bool) -> tuple[list[str], bool]:
    """Return the gaps that leave the answer open, and whether two stand side by side.

    `closed` says that the visit after the last of `names` was observed.
    """
    rule = assessment.text("missing_visit")
    if not names:
        return [], False
    missing = [not _observed(assessment, name) for name in names]
    beside = [*missing[1:], not closed]
    consecutive = any(x and y for x, y in pairwise(missing))
    if rule == "ignore":
        return [], False
    if rule == "neighbours":
        before = [False, *missing[:-1]]
        kept = [name for name, x, y, z in zip(names, before, missing, beside, strict=True) if y and (x or z)]
        return kept, consecutive
    return [name for name, gap in zip(names, missing, strict=True) if gap], consecutive


def watch_response(assessment: Assessment) -> Watch:
    """Follow a response from the visit judged to the horizon.

    A death ends the watch: nothing can be missing after it.
    """
    start = assessment.now.day if assessment.now is not None else assessment.target_day
    at_horizon = _horizon_visit(assessment)
    end = max(_horizon_end(assessment), start if at_horizon is None else at_horizon.day)
    death = assessment.timeline.events.get("death")
    visits = [v for v in assessment.visits_between(start, end) if has_grades(assessment, v)]
    followed_to = visits[-1].day if visits else start
    names = _expected_after(assessment, assessment.target_day, end if death is None else min(end, death))
    gaps, consecutive = _open_gaps(assessment, names, closed=death is not None)
    found = [(visit, new_activity(assessment, visit, assessment.now)) for visit in visits]
    first = next((visit for visit, verdict in found if verdict is True), None)
    doubtful = next((visit.day for visit, verdict in found if verdict is not False), followed_to)
    seen = [visit.day for visit in visits if not gaps or visit.day < assessment.expected[gaps[0]]]
    earliest = assessment.number("horizon_day") - assessment.number("horizon_window")
    is_followed = followed_to >= earliest or (at_horizon is not None and at_horizon.day >= start)
    is_closed = is_followed or (death is not None and death <= end)
    verdict = any_of(verdict for _, verdict in found)
    if verdict is False and (gaps or not is_closed):
        verdict = None
    text = _describe_watch(assessment, first, verdict, gaps, followed_to)
    is_lapsed = consecutive and first is None and assessment.text("two_missing") == "not_maintained"
    if is_lapsed:
        verdict, text = True, f"{text}: two visits in a row, not maintained"
    clean_until = min(doubtful, max([start, *seen]) if gaps else followed_to)
    return Watch(verdict, first, clean_until, followed_to, is_followed, is_lapsed, text)


def _describe_watch(
    assessment: Assessment, first: TimelineVisit | None, verdict: Verdict, gaps: list[str], followed_to: float
) -> str:
    if first is not None:
        change = describe_activity(assessment, first, assessment.now)
        return f"new A or B at {first.name} (day {first.day:g}): {change}"
    if gaps:
        return f"no {assessment.text('instrument')} grade at {', '.join(gaps)}"
    if verdict is None:
        horizon = assessment.number("horizon_day")
        return (
            f"whether a new A or B appeared cannot be determined (seen to day {followed_to:g} of {horizon:g})"
        )
    return f"no new A or B to day {followed_to:g}"


def lost_by(first: Assessment, judged: Assessment) -> tuple[Verdict, str]:
    """Answer whether a response was lost after its visit, up to and with a later visit judged; say where."""
    start = first.now.day if first.now is not None else first.target_day
    end = judged.now.day if judged.now is not None else judged.target_day
    visits = [visit for visit in first.visits_between(start, end) if has_grades(first, visit)]
    found = [(visit, new_activity(first, visit, first.now)) for visit in visits]
    for visit, verdict in found:
        if verdict is True:
            change = describe_activity(first, visit, first.now)
            return True, f"relapse at {visit.name} (day {visit.day:g}): {change}"
    between = _expected_after(first, first.target_day, judged.target_day)
    names = [name for name in between if name != judged.target]
    gaps, consecutive = _open_gaps(first, names, closed=has_grades(first, judged.now))
    if consecutive and first.text("two_missing") == "not_maintained":
        return True, "two visits in a row without grades, not maintained"
    doubts = [*(visit.name for visit, verdict in found if verdict is None), *gaps]
    if doubts:
        return None, f"a relapse cannot be ruled out at {', '.join(doubts)}"
    return False, f"no relapse since {first.target}"


def measure_flares_after(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
    """Return 1 when a new A or B appeared between the visit judged and the horizon, 0 when none did."""
    watch = watch_response(assessment)
    spans = {True: exactly(1), False: exactly(0), None: Span(Decimal(0), Decimal(1))}
    return Measurement(spans[watch.verdict], watch.text)


def measure_flare_free_days(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
    """Return the days from the visit judged without a new A or B."""
    watch = watch_response(assessment)
    start = assessment.now.day if assessment.now is not None else assessment.target_day
    ends = [day for event, day in assessment.timeline.events.items() if event != "lost"]
    if watch.first is not None:
        ends.append(watch.first.day)
    if watch.is_lapsed:
        ends.append(watch.clean_until)
    low = Decimal(str(max(watch.clean_until - start, 0.0)))
    high = Decimal(str(min(ends) - start)) if ends else None
    shown = print_number(low) if watch.first is not None else f"at least {print_number(low)}"
    return Measurement(Span(low, high), f"{shown} days without a new A or B")


def measure_severe_flares_before(assessment: Assessment, given: Given) -> Measurement:  # noqa: ARG001
    """Return 1 when a severe flare stood between baseline and the visit judged, 0 when none did."""
    start = assessment.base.day if assessment.base is not None else 0.0
    end = assessment.now.day if assessment.now is not None else assessment.target_day
    visits = [visit for visit in assessment.visits_between(start, end) if has_grades(assessment, visit)]
    verdicts = [(visit, severe_flare(assessment, visit, assessment.base)) for visit in visits]
    for visit, verdict in verdicts:
        if verdict is True:
            change = describe_activity(assessment, visit, assessment.base)
            return Measurement(exactly(1), f"severe flare at {visit.name} (day {visit.day:g}): {change}")
    open_visits = [visit.name for visit, verdict in verdicts if verdict is None]
    names = [n for n in _expected_after(assessment, 0.0, assessment.target_day) if n != assessment.target]
    gaps, _ = _open_gaps(assessment, names, closed=has_grades(assessment, assessment.now))
    doubts = [*open_visits, *gaps]
    if doubts:
        text = f"a severe flare cannot be ruled out at {', '.join(doubts)}"
        return Measurement(Span(Decimal(0), Decimal(1)), text)
    return Measurement(exactly(0), "no severe flare before")


GRADE_FUNCTIONS: Final[Mapping[str, Callable[[Assessment, Given], Measurement]]] = {
    "with_a": _state("is_a", "A"),
    "with_b": _state("is_b", "B"),
    "baseline_a": _baseline("is_a", "A at baseline"),
    "baseline_b": _baseline("is_b", "B at baseline"),
    "baseline_active": _baseline("is_active", "A or B at baseline"),
    "new_a": _against_baseline("new_a", "new A"),
    "new_b": _against_baseline("new_b", "new B"),
    "new_a_since_previous": _against_previous("new_a", "new A"),
    "new_b_since_previous": _against_previous("new_b", "new B"),
    "unimproved": _against_baseline("unimproved", "A or B not improved"),
    "new_c_since_previous": _against_previous("new_c", "new C"),
    "severe_flares_before": measure_severe_flares_before,
    "flares_after": measure_flares_after,
    "flare_free_days": measure_flare_free_days,
}
