"""The measures of numbers that a criterion may name: state, change, percentage, count of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Final

from funis.catalogue.registry import definition
from funis.nine_decimals import to_decimal
from funis.responses.assessment import NOTHING, Assessment, Measurement
from funis.responses.timeline import TimelineVisit
from funis.responses.verdict import Span, Verdict, exactly, print_number

_HUNDRED: Final = Decimal(100)
_WEIGHT_DAYS: Final = 183
Given = tuple[str, ...]


def _previous(assessment: Assessment) -> TimelineVisit | None:
    return None if assessment.now is None else assessment.timeline.before(assessment.now)


def measure_now(assessment: Assessment, given: Given) -> Measurement:
    """Return a column at the visit judged."""
    column = assessment.column(given[0])
    span = assessment.read(assessment.now, given[0])
    return Measurement(span, f"{column} {span}")


def measure_baseline(assessment: Assessment, given: Given) -> Measurement:
    """Return a column at the visit compared with."""
    column = assessment.column(given[0])
    span = assessment.read(assessment.base, given[0])
    return Measurement(span, f"{column} {span} at baseline")


def _change(column: str, start: Span, end: Span, *, falling: bool) -> Measurement:
    span = start.minus(end) if falling else end.minus(start)
    return Measurement(span, f"{column} {start} -> {end}")


def measure_rise(assessment: Assessment, given: Given) -> Measurement:
    """Return now minus baseline."""
    column = assessment.column(given[0])
    return _change(
        column,
        assessment.read(assessment.base, given[0]),
        assessment.read(assessment.now, given[0]),
        falling=False,
    )


def measure_fall(assessment: Assessment, given: Given) -> Measurement:
    """Return baseline minus now."""
    column = assessment.column(given[0])
    return _change(
        column,
        assessment.read(assessment.base, given[0]),
        assessment.read(assessment.now, given[0]),
        falling=True,
    )


def measure_rise_since_previous(assessment: Assessment, given: Given) -> Measurement:
    """Return now minus the visit before."""
    column = assessment.column(given[0])
    return _change(
        column,
        assessment.read(_previous(assessment), given[0]),
        assessment.read(assessment.now, given[0]),
        falling=False,
    )


def measure_fall_since_previous(assessment: Assessment, given: Given) -> Measurement:
    """Return the visit before minus now."""
    column = assessment.column(given[0])
    return _change(
        column,
        assessment.read(_previous(assessment), given[0]),
        assessment.read(assessment.now, given[0]),
        falling=True,
    )


def _percent_below(start: Span, end: Span) -> Span | None:
    """Return by how many percent `end` lies below `start`; None where there is nothing to fall from."""
    if start.high is not None and start.high <= 0:
        return None
    low = high = None
    if start.low is not None and start.low > 0 and end.high is not None:
        low = _HUNDRED * (start.low - end.high) / start.low
    if start.high is not None and end.low is not None:
        high = _HUNDRED * (start.high - end.low) / start.high
    return Span(low, high)


def _percent_finding(column: str, start: Span, end: Span, turn: Callable[[Span], Span]) -> Measurement:
    text = f"{column} {start} -> {end}"
    below = _percent_below(start, end)
    if below is None:
        return Measurement(NOTHING, f"{text} (no percentage of zero)", is_undefined=True)
    return Measurement(turn(below), text)


def _keep(span: Span) -> Span:
    return span


def _negate(span: Span) -> Span:
    return Span(None if span.high is None else -span.high, None if span.low is None else -span.low)


def _complement(span: Span) -> Span:
    return exactly(_HUNDRED).minus(span)


def measure_percent_fall(assessment: Assessment, given: Given) -> Measurement:
    """Return the fall from baseline in percent of baseline."""
    column = assessment.column(given[0])
    return _percent_finding(
        column, assessment.read(assessment.base, given[0]), assessment.read(assessment.now, given[0]), _keep
    )


def measure_percent_fall_confirmed(assessment: Assessment, given: Given) -> Measurement:
    """Return the smaller of the falls at the visit judged and at the one before: what both confirm."""
    column = assessment.column(given[0])
    start = assessment.read(assessment.base, given[0])
    before = _previous(assessment)
    earlier = None if before is assessment.base else before  # the baseline confirms nothing
    falls = []
    for visit in (assessment.now, earlier):
        fall = _percent_below(start, assessment.read(visit, given[0]))
        falls.append(NOTHING if fall is None else fall)
    lows = [fall.low for fall in falls if fall.low is not None]
    highs = [fall.high for fall in falls if fall.high is not None]
    span = Span(min(lows) if len(lows) == len(falls) else None, min(highs, default=None))
    shown = f"{assessment.read(earlier, given[0])} -> {assessment.read(assessment.now, given[0])}"
    return Measurement(span, f"{column} {start} at baseline, then {shown}")


def measure_percent_rise(assessment: Assessment, given: Given) -> Measurement:
    """Return the rise from baseline in percent of baseline."""
    column = assessment.column(given[0])
    return _percent_finding(
        column, assessment.read(assessment.base, given[0]), assessment.read(assessment.now, given[0]), _negate
    )


def measure_percent_rise_since_previous(assessment: Assessment, given: Given) -> Measurement:
    """Return the rise from the visit before in percent of it."""
    column = assessment.column(given[0])
    start, end = assessment.read(_previous(assessment), given[0]), assessment.read(assessment.now, given[0])
    return _percent_finding(column, start, end, _negate)


def measure_percent_of_baseline(assessment: Assessment, given: Given) -> Measurement:
    """Return the value in percent of baseline."""
    column = assessment.column(given[0])
    return _percent_finding(
        column,
        assessment.read(assessment.base, given[0]),
        assessment.read(assessment.now, given[0]),
        _complement,
    )


def _reference(assessment: Assessment, column: str) -> Span:
    """Return a value that belongs to the subject, such as a pre-flare one, wherever it was written."""
    for visit in assessment.timeline.visits:
        span = visit.number(column)
        if not span.is_open:
            return span
    return NOTHING


def measure_percent_below(assessment: Assessment, given: Given) -> Measurement:
    """Return by how many percent one column lies below a reference the subject has."""
    column, reference = assessment.column(given[0]), assessment.column(given[1])
    start, end = _reference(assessment, reference), assessment.read(assessment.now, given[0])
    return _percent_finding(f"{reference} and {column}", start, end, _keep)


def _of_upper_limit(assessment: Assessment, visit: TimelineVisit | None, name: str) -> Measurement:
    """Divide a value by the laboratory's upper limit: the parameter, else the column beside the value."""
    column = assessment.column(name)
    declared = assessment.parameters.get(f"{name}_upper_limit", 0)
    limit = to_decimal(declared) or Decimal(0)
    if limit <= 0 and visit is not None:
        limit = visit.number(f"{column}_high").low or Decimal(0)
    span = assessment.read(visit, name)
    if limit <= 0:
        return Measurement(NOTHING, f"{column} {span}, upper limit not recorded")
    low = None if span.low is None else span.low / limit
    high = None if span.high is None else span.high / limit
    return Measurement(Span(low, high), f"{column} {span}, upper limit {print_number(limit)}")


def measure_of_upper_limit(assessment: Assessment, given: Given) -> Measurement:
    """Return a value as parts of the laboratory's upper limit."""
    return _of_upper_limit(assessment, assessment.now, given[0])


def measure_baseline_of_upper_limit(assessment: Assessment, given: Given) -> Measurement:
    """Return a value at baseline as parts of the laboratory's upper limit."""
    return _of_upper_limit(assessment, assessment.base, given[0])


def measure_per_kg(assessment: Assessment, given: Given) -> Measurement:
    """Return a daily dose per kg of body weight; the last weight within six months serves."""
    column, weight = assessment.column(given[0]), assessment.column(given[1])
    dose = assessment.read(assessment.now, given[0])
    kilograms = NOTHING
    if assessment.now is not None:
        recent = [v for v in assessment.timeline.visits if 0 <= assessment.now.day - v.day <= _WEIGHT_DAYS]
        known = [span for span in (visit.number(weight) for visit in recent) if span.is_known]
        kilograms = known[-1] if known else NOTHING
    divisor = kilograms.low
    if divisor is None or divisor <= 0:
        text = f"{column} {dose}, {weight} not recorded"
        is_zero = dose.high is not None and dose.high <= 0
        return Measurement(exactly(0) if is_zero else Span(Decimal(0), None), text)
    span = Span(
        None if dose.low is None else dose.low / divisor, None if dose.high is None else dose.high / divisor
    )
    return Measurement(span, f"{column} {span} per kg")


def measure_ever(assessment: Assessment, given: Given) -> Measurement:
    """Return 1 when something happened after baseline up to the visit judged, 0 when it never did."""
    column = assessment.column(given[0])
    start = assessment.base.day if assessment.base is not None else 0.0
    end = assessment.target_day if assessment.now is None else assessment.now.day
    values = [visit.number(column) for visit in assessment.timeline.between(start, end)]
    if assessment.now is None:
        values.append(NOTHING)
    verdicts: list[Verdict] = [span.compare(">", Decimal(0)) for span in values]
    if any(verdict is True for verdict in verdicts):
        return Measurement(exactly(1), f"{column} recorded")
    if verdicts and all(verdict is False for verdict in verdicts):
        return Measurement(exactly(0), f"no {column}")
    return Measurement(Span(Decimal(0), Decimal(1)), f"{column} not recorded at every visit")


def measure_highest_since_start(assessment: Assessment, given: Given) -> Measurement:
    """Return the highest value from the day in `from_day` to the visit judged, both included."""
    column = assessment.column(given[0])
    if assessment.now is None:
        return Measurement(NOTHING, f"{column} {NOTHING}")
    start = min(assessment.number("from_day"), assessment.now.day)
    visits = [visit for visit in assessment.timeline.visits if start <= visit.day <= assessment.now.day]
    spans = [assessment.read(visit, given[0]) for visit in visits]
    lows = [span.low for span in spans if span.low is not None]
    highs = [span.high for span in spans if span.high is not None]
    span = Span(max(lows, default=None), max(highs) if len(highs) == len(spans) else None)
    if len(visits) == 1:
        return Measurement(span, f"{column} {span}")
    unknown = [visit.name for visit, found in zip(visits, spans, strict=True) if not found.is_known]
    text = f"highest {column} {span} from day {start:g}"
    if unknown:
        text = f"highest {column} {span} from day {start:g}, not recorded at {', '.join(unknown)}"
    return Measurement(span, text)


def measure_over_window(assessment: Assessment, given: Given) -> Measurement:
    """Return a number that courses of drugs give; the dose at one visit does not settle it."""
    column = assessment.column(given[0])
    span = assessment.read(assessment.now, given[0])
    text = f"{column} {span}"
    seen = assessment.read(assessment.now, "prednisone")
    if span.is_open and not seen.is_open:
        text += f" ({assessment.column('prednisone')} {seen} at the visit does not settle the days before it)"
    return Measurement(span, text)


def _is_present(visit: TimelineVisit | None, item: str) -> Verdict:
    return (NOTHING if visit is None else visit.number(item)).compare(">", Decimal(0))


def _count(verdicts: Mapping[str, Verdict], word: str) -> Measurement:
    met = [name for name, verdict in verdicts.items() if verdict is True]
    unknown = [name for name, verdict in verdicts.items() if verdict is None]
    parts = [f"{word}: {', '.join(met)}" if met else f"{word}: none"]
    if unknown:
        parts.append(f"not recorded: {', '.join(unknown)}")
    return Measurement(Span(Decimal(len(met)), Decimal(len(met) + len(unknown))), "; ".join(parts))


def _total_is_zero(assessment: Assessment, given: Given) -> bool:
    if len(given) < 2:
        return False
    high = assessment.read(assessment.now, given[1]).high
    return high is not None and high <= 0


def measure_items_present(assessment: Assessment, given: Given) -> Measurement:
    """Count the items of a set that are present; a total of 0 settles what the items leave open."""
    if _total_is_zero(assessment, given):
        return Measurement(exactly(0), "present: none (total 0)")
    every = assessment.definition.sets[given[0]]
    items = [item for item in every if item not in assessment.ignored]
    found = _count({item: _is_present(assessment.now, item) for item in items}, "present")
    left_out = ", ".join(item for item in every if item in assessment.ignored)
    return (
        replace(found, text=f"{found.text}; never recorded and not counted: {left_out}")
        if left_out
        else found
    )


def measure_new_items(assessment: Assessment, given: Given) -> Measurement:
    """Count the items of a set that are present now and were not at the visit before."""
    if _total_is_zero(assessment, given):
        return Measurement(exactly(0), "new: none (total 0)")
    before = _previous(assessment)
    verdicts: dict[str, Verdict] = {}
    for item in assessment.definition.sets[given[0]]:
        present, earlier = _is_present(assessment.now, item), _is_present(before, item)
        if present is False or earlier is True:
            verdicts[item] = False
        else:
            verdicts[item] = True if present is True and earlier is False else None
    return _count(verdicts, "new")


@cache
def _left_out() -> tuple[tuple[str, Decimal], ...]:
    """Name the items that the clinical SLEDAI leaves out, with the points that SLEDAI-2K gives them."""
    kept = {item.name for item in definition("clinical_sledai")}
    others = (item for item in definition("sledai_2k") if item.name not in kept)
    return tuple((item.name, Decimal(str(max(item.points)))) for item in others)


def measure_clinical(assessment: Assessment, given: Given) -> Measurement:
    """Return a SLEDAI total without its two serological items."""
    total = assessment.read(assessment.now, given[0])
    low, high = total.low, total.high
    for item, points in _left_out():
        present = _is_present(assessment.now, item)
        if low is not None and present is not False:
            low = max(low - points, Decimal(0))
        if high is not None and present is True:
            high -= points
    span = Span(low, high)
    return Measurement(span, f"clinical {assessment.column(given[0])} {span}")


NUMBER_FUNCTIONS: Final[Mapping[str, Callable[[Assessment, Given], Measurement]]] = {
    "now": measure_now,
    "baseline": measure_baseline,
    "rise": measure_rise,
    "fall": measure_fall,
    "rise_since_previous": measure_rise_since_previous,
    "fall_since_previous": measure_fall_since_previous,
    "percent_fall": measure_percent_fall,
    "percent_fall_confirmed": measure_percent_fall_confirmed,
    "percent_rise": measure_percent_rise,
    "percent_rise_since_previous": measure_percent_rise_since_previous,
    "per_kg": measure_per_kg,
    "percent_of_baseline": measure_percent_of_baseline,
    "percent_below": measure_percent_below,
    "of_upper_limit": measure_of_upper_limit,
    "baseline_of_upper_limit": measure_baseline_of_upper_limit,
    "ever": measure_ever,
    "highest_since_start": measure_highest_since_start,
    "over_window": measure_over_window,
    "items_present": measure_items_present,
    "new_items": measure_new_items,
    "clinical": measure_clinical,
}
