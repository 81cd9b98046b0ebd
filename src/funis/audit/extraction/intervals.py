"""Intervals of confidence of a sentence or a cell: of which estimate, with which P value, comparing whom.

An interval belongs to the figure that stands directly before it. Behind the second of two figures that are
compared it may be that of their difference: then it has no estimate, and nothing is held against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from funis.audit.extraction.not_figures import NUMBER
from funis.audit.extraction.outcome_names import outcome_before
from funis.audit.extraction.phrases import phrase_of_value
from funis.audit.extraction.records import FigureMaker, find_two_groups, labels_of, number_of
from funis.audit.extraction.sentence_reading import SentenceReading, TextFacts
from funis.audit.extraction.statistics import UNIT, PrintedPiece, Statistic
from funis.audit.figures import (
    NOT_SAID,
    FigureLabels,
    FigurePlace,
    IntervalMeasure,
    IntervalMethod,
    PrintedCount,
    PrintedFigure,
    PrintedInterval,
    PrintedMean,
    PrintedMedian,
    PrintedNumber,
    PrintedP,
)

#: Words for what an estimate is, the first that is found; an empty measure is none of which a check knows.
_MEASURES: Final[tuple[tuple[str, IntervalMeasure], ...]] = (
    (r"[oO]dds [rR]atio|\b[a-z]?OR\b", "odds ratio"),
    (r"[hH]azard [rR]atio|\b[a-z]?HR\b", "hazard ratio"),
    (r"[rR]ate [rR]atio|\b[a-z]?IRR\b", "rate ratio"),
    (r"[rR]isk [rR]atio|[rR]elative [rR]isk(?! reduction)|\b[a-z]?RR\b", "risk ratio"),
    (r"\b[sS]tandardi[sz]ed mean difference|\bSMD\b", "standardised difference"),
    (r"\b(?:[rR]isk|[rR]ate|[pP]ercentage|[aA]bsolute(?: risk)?) difference|\bRD\b", "risk difference"),
    (r"\b[mM]edian (?:treatment )?difference|[lL]ikelihood [rR]atio|\bAUC\b|\bICC\b|\brho\b|\br\b|κ|NNT", ""),
    (r"[dD]ifference|\b[WM]MD?\b", "mean difference"),
    (r"β|\bbeta\b|[cC]oefficient", "coefficient"),
)
_NAMED_MEASURES: Final = tuple((re.compile(pattern), measure) for pattern, measure in _MEASURES)
_METHODS: Final[tuple[tuple[str, IntervalMethod], ...]] = (
    ("clopper", "clopper_pearson"),
    ("wilson", "wilson"),
    ("newcombe", "newcombe"),
    (r"agresti.{1,3}coull", "agresti_coull"),
    (r"agresti.{1,3}caffo", "agresti_caffo"),
    ("jeffreys", "jeffreys"),
    ("miettinen", "miettinen_nurminen"),
    ("bootstrap", "bootstrap"),
    (r"\bexact\b|permutation|hodges|profile|mid-?p|rank|firth|log-binomial", "other"),
)
_NAMED_METHODS: Final = tuple((re.compile(pattern, re.IGNORECASE), method) for pattern, method in _METHODS)
_ADJUSTED: Final = re.compile(
    r"\badjust|\ba(?:OR|HR|RR|IRR)\b|multivari|propensity|weighted|stratif|mantel|mixed|\bGEE\b|regression|model|pooled|meta-analy",
    re.IGNORECASE,
)
#: Of such comparisons a P value does not ask whether the effect is none.
_OTHER_QUESTION: Final = re.compile(
    r"non-?\s?inferior|equivalence|equivalent|interaction|\btrend|heterogen|one-sided|one-tailed|proportional",
    re.IGNORECASE,
)
_GAP: Final = re.compile(
    r"(?:[\s,;:()\[\]%]|percentage points?|points?|with an?|and an?|and)*", re.IGNORECASE
)
_P_GAP: Final = re.compile(r"[\s,;:)\]%]*(?:and\s|with\s)?(?:two-sided\s|a\s)*")
_BARE: Final = re.compile(
    rf"(?P<estimate>(?<![\w.,)])[-–]?(?:{NUMBER}))\s?(?:{UNIT}|percentage points?)?\s?[(\[,;]\s*\Z"
)
#: Before a figure these words say that another one is compared with it, or that it is the end of a way.
_COMPARED: Final = re.compile(
    r"(?:\b(?:vs\.?|versus|v|to|and|than|compared (?:with|to)|or|against)\s(?:an?\s|the\s|only\s|of\s|mean\s)*)\Z",
    re.IGNORECASE,
)
_NEAR, _BESIDE = 160, 40


@dataclass(frozen=True, slots=True)
class _Estimate:
    """What an interval is of."""

    measure: IntervalMeasure
    number: PrintedNumber | None
    about: FigureLabels | None = None


def add_intervals(
    found: SentenceReading, maker: FigureMaker, facts: TextFacts, *, is_model: bool
) -> list[Statistic]:
    """Add the intervals of a sentence, once its other figures are added; give the statistics that are used.

    Parameters
    ----------
    found : the sentence
    maker : takes the records
    facts : of the whole text
    is_model : whether the sentence tells of a model
    """
    used: list[Statistic] = []
    known = len(found.statistics)
    inside = [one for one in maker.figures if _holds(found, one)]
    is_adjusted = is_model or bool(_ADJUSTED.search(found.text))
    for each in found.of("interval"):
        low, high = number_of(each.numbers.get("low")), number_of(each.numbers.get("high"))
        if low is None or high is None:
            continue
        before = [one for one in found.statistics if one.end <= each.start]
        last, p = _step_over_p(found, before, each)
        of = _find_estimate(found, inside, last, each.start if p is None else p.start)
        if last is not None and of.number is not None and last.kind == "interval":
            used.append(last)
        pair = _find_pair(found, inside, each)
        measure = _measure_with(found, of, pair, each, last)
        about = _about(found, of, pair, each, last, measure=measure, abbreviations=facts.abbreviations)
        made = PrintedInterval(
            maker.next_id("interval"), about, maker.place(found.passage, each.start, each.end), low, high, of.number,
            number_of(each.numbers.get("level")) or PrintedNumber(facts.level), measure, _method_of(found.text),
            "" if pair is None or of.about is not None else pair[1].about.group,
            _p_of(found, inside, p or _next_p(found, each)), is_adjusted,
            each.words.get("interval_word", "").casefold().startswith(("cr", "cred")),
        )  # fmt: skip
        maker.figures.append(made)
        used.append(each)
    return [*used, *found.statistics[known:]]


def _holds(found: SentenceReading, figure: PrintedFigure) -> bool:
    start = figure.place.start
    return start is not None and found.passage.start <= start < found.passage.end


def _step_over_p(
    found: SentenceReading, before: Sequence[Statistic], each: Statistic
) -> tuple[Statistic | None, Statistic | None]:
    """Give the statistic before an interval; of *0.26 (P = 0.03; 95% CI …)* that before the P value, and it."""
    ordered = sorted(before, key=lambda one: one.end)
    last = ordered[-1] if ordered else None
    if last is None or last.kind != "p" or not _GAP.fullmatch(found.text, last.end, each.start):
        return last, None
    return (ordered[-2] if len(ordered) > 1 else None), last


def _find_estimate(
    found: SentenceReading, inside: Sequence[PrintedFigure], last: Statistic | None, start: int
) -> _Estimate:
    """Find what stands directly before an interval."""
    if last is None or not _GAP.fullmatch(found.text, last.end, start):
        return _find_bare(found, last, start)
    if last.kind == "interval" and "estimate" in last.numbers:
        return _Estimate(_measure_in(last.words.get("measure", "")), number_of(last.numbers["estimate"]))
    first = min((piece.start for piece in last.numbers.values()), default=last.start)
    record = next((one for one in inside if one.place.start == found.passage.start + last.start), None)
    of = _Estimate("", None)
    if _COMPARED.search(found.text[max(0, first - 40) : first]):
        return of
    if isinstance(record, PrintedMean):
        of = _Estimate("mean", record.mean, record.about)
    elif isinstance(record, PrintedMedian):
        of = _Estimate("median", record.median, record.about)
    elif isinstance(record, PrintedCount):
        of = _Estimate("proportion", record.percent, record.about)
    return of


def _find_bare(found: SentenceReading, last: Statistic | None, start: int) -> _Estimate:
    """Find a number alone before an interval, and in the words before it of what it is."""
    match = _BARE.search(found.text, max(0, start - _NEAR), start)
    if match is None or (last is not None and match.start("estimate") < last.end):
        return _Estimate("", None)
    place = match.start("estimate")
    before = found.text[max(0, place - _NEAR) : place]
    if _COMPARED.search(before) or any(one.start <= place < one.end for one in found.times):
        return _Estimate("", None)
    piece = PrintedPiece(match.group("estimate"), *match.span("estimate"))
    # The number is of this interval: nobody else is asked what it is.
    found.statistics += (Statistic("interval", *match.span("estimate"), {"estimate": piece}),)
    return _Estimate(_measure_in(_clause(found, place)), number_of(piece))


def _clause(found: SentenceReading, place: int) -> str:
    """Give the words before a place, without times, up to the number before it."""
    letters = list(found.text[:place])
    for one in found.times:
        letters[one.start : one.end] = " " * (min(one.end, len(letters)) - min(one.start, len(letters)))
    return re.split(r"[;.]\s|[0-9)]", "".join(letters)[-_NEAR:])[-1]


def _measure_in(words: str) -> IntervalMeasure:
    """Give the measure that words name, the last of them where they name several."""
    places = [
        (match.end(), measure) for pattern, measure in _NAMED_MEASURES for match in pattern.finditer(words)
    ]
    # Of those at one place the first of the table counts: a median difference is no mean difference.
    return max(places, key=lambda each: each[0])[1] if places else ""


def _method_of(text: str) -> IntervalMethod:
    return next((method for pattern, method in _NAMED_METHODS if pattern.search(text)), "")


def _find_pair(
    found: SentenceReading, inside: Sequence[PrintedFigure], each: Statistic
) -> tuple[PrintedCount, ...] | None:
    """Give the counts of two groups that a comparison is of: the last outcome before it that has two."""
    place = found.passage.start + each.start
    counts = [one for one in inside if isinstance(one, PrintedCount)]
    before = [one for one in counts if (one.place.end or 0) <= place] or counts
    if not before:
        return None
    last = max(before, key=lambda one: one.place.start or 0)
    return find_two_groups([one for one in before if one.about.outcome == last.about.outcome])


def _measure_with(
    found: SentenceReading,
    of: _Estimate,
    pair: tuple[PrintedCount, ...] | None,
    each: Statistic,
    last: Statistic | None,
) -> IntervalMeasure:
    """Give the measure; a difference of two shares is one of risks."""
    if of.measure != "mean difference":
        return of.measure
    unit = (last.words.get("unit", "") if last is not None else "") or each.words.get("unit", "")
    is_share = pair is not None or unit.strip() == "%" or _in_points(found, each)
    return "risk difference" if is_share else of.measure


def _in_points(found: SentenceReading, each: Statistic) -> bool:
    """Tell whether an estimate is one of percentage points, which stand between it and its interval."""
    return "percentage point" in found.text[max(0, each.start - _BESIDE) : each.start]


def _about(
    found: SentenceReading,
    of: _Estimate,
    pair: tuple[PrintedCount, ...] | None,
    each: Statistic,
    last: Statistic | None,
    *,
    measure: IntervalMeasure,
    abbreviations: Mapping[str, str],
) -> FigureLabels:
    """Give what an interval is about: the figure that it is of, or the two counts that are compared."""
    is_percent = of.number is not None and (of.number.value > 1 or of.number.value < -1)
    shares = {"proportion", "risk difference"}
    unit = "%" if measure in shares and (is_percent or _has_percent(found, each, last)) else ""
    if of.about is not None:
        return replace(of.about, unit=unit) if measure == "proportion" else of.about
    if pair is not None:
        return replace(pair[0].about, unit=unit)
    phrase = phrase_of_value(found.text, last or each, abbreviations=abbreviations)
    made = labels_of(outcome_before(found.outcomes, each.start), phrase, is_change=False, is_model=False)
    return FigureLabels(outcome=made.outcome, group=NOT_SAID, unit=unit)


def _has_percent(found: SentenceReading, each: Statistic, last: Statistic | None) -> bool:
    first = each.start if last is None else last.start
    low = each.numbers["low"].start
    return "%" in found.text[first : each.start] or "%" in found.text[low : each.end + 2]


def _next_p(found: SentenceReading, each: Statistic) -> Statistic | None:
    behind = [one for one in found.of("p") if one.start >= each.end]
    first = min(behind, key=lambda one: one.start, default=None)
    return first if first is not None and _P_GAP.fullmatch(found.text, each.end, first.start) else None


def _p_of(found: SentenceReading, inside: Sequence[PrintedFigure], p: Statistic | None) -> str:
    """Give the id of a P value; empty where it asks another question than whether there is an effect."""
    if p is None or _OTHER_QUESTION.search(found.text):
        return ""
    held = [
        one
        for one in inside
        if isinstance(one, PrintedP) and one.place.start == found.passage.start + p.start
    ]
    return held[0].id if len(held) == 1 else ""


# --- tables ------------------------------------------------------------------------------------------------

_CELL: Final = re.compile(
    rf"(?P<estimate>[-–]?(?:{NUMBER}))\s?%?\s?[(\[]\s?(?P<low>[-–]?(?:{NUMBER}))\s?%?\s?(?:–|-|to|,|;)\s?"
    rf"(?P<high>[-–]?(?:{NUMBER}))\s?%?\s?[)\]](?:[,;]?\s?[Pp][^0-9]{{0,9}}(?:{NUMBER}))?"
)
_SAYS_INTERVAL: Final = re.compile(
    r"(?:(?P<level>[0-9]{2}(?:\.[0-9]+)?)\s?%\s?)?(?:\bCI\b|confidence interval)", re.IGNORECASE
)


def read_interval_cell(
    maker: FigureMaker, about: FigureLabels, place: FigurePlace, words: str, heads: Sequence[str]
) -> PrintedInterval | None:
    """Read a cell with an estimate and its interval; None where no head says that it holds one.

    Parameters
    ----------
    maker : counts the ids
    about, place : of the cell
    words : of the cell
    heads : of its column, then of its row: the first that names a measure counts
    """
    said = next((match for each in heads if (match := _SAYS_INTERVAL.search(each))), None)
    match = _CELL.fullmatch(words)
    if said is None or match is None:
        return None
    estimate, low, high = (
        number_of(PrintedPiece(match.group(name), *match.span(name))) for name in ("estimate", "low", "high")
    )
    if low is None or high is None:
        return None
    named = [found for each in heads if (found := _measure_in(each))]
    measure: IntervalMeasure = named[0] if named else ""
    is_share = measure == "risk difference" and (
        "%" in words or any("%" in _without_level(one) for one in heads)
    )
    about = replace(
        about, unit="%" if is_share else "" if measure in {"risk difference", "odds ratio"} else about.unit
    )
    return PrintedInterval(
        maker.next_id("interval"), about, place, low, high, estimate, PrintedNumber(said.group("level") or "95"),
        measure, is_adjusted=any(_ADJUSTED.search(one) for one in heads),
    )  # fmt: skip


def _without_level(words: str) -> str:
    return _SAYS_INTERVAL.sub(" ", words)
