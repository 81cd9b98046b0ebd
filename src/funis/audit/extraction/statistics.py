"""The statistics of a sentence by their printed form: which numbers belong together, and what each is.

One pattern a form, in the order in which they are tried; a piece of the sentence that one has taken is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from funis.audit.extraction.not_figures import NUMBER, TIME_UNIT
from funis.audit.extraction.number_words import NUMBER_WORD

StatisticKind: TypeAlias = Literal["count", "mean", "median", "p", "size", "range", "interval"]


@dataclass(frozen=True, slots=True)
class PrintedPiece:
    """One number of a statistic: as printed, and where in the sentence."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statistic:
    """Numbers of a sentence that belong together.

    Attributes
    ----------
    kind : what they are
    start, end : in the sentence
    numbers : by what each is: ``count``, ``of``, ``percent``, ``mean``, ``spread``, ``low``, ``high`` and so on
    words : other parts by their name: ``unit``, ``relation``, ``spread``, ``subjects``
    """

    kind: StatisticKind
    start: int
    end: int
    numbers: Mapping[str, PrintedPiece]
    words: Mapping[str, str] = field(default_factory=dict)


# --- pieces of patterns --------------------------------------------------------------------------------

_NOT_INSIDE: Final = r"(?<![\w.,/^])(?<![A-Za-z]-)(?<!\w\()"
_SIGNED: Final = rf"(?:(?<![\w)])[-–])?(?:{NUMBER})(?![0-9]|,[0-9]|\.[0-9])"


def _number(name: str, *, signed: bool = False) -> str:
    inner = _SIGNED if signed else rf"(?:{NUMBER})(?![0-9]|,[0-9]|\.[0-9])"
    return rf"{_NOT_INSIDE}(?P<{name}>{inner})"


_UNIT_NAME: Final = (
    r"(?:%|°\s?C|points?|years?|yrs?|months?|weeks?|days?|mmHg|mm\s?Hg|mm|cm|kg|k?g|mg|µg|ug|mcg|ng|pg|dL|dl|mL|ml|µL|ul|L|"
    r"k?I?U|RU|AU|mmol|µmol|umol|nmol|pmol|mEq|fL|cells?|copies|×\s?10\s?\^?\s?[0-9⁰¹²³⁴-⁹]+|10\^[0-9]+|10[⁰¹²³⁴-⁹]+)"
)
_PER: Final = (
    r"(?:\s?/\s?(?:[0-9.]+\s?)?(?:m\^?[23²³]|mm\^?[23²³]|[µumd]?[Ll]|kg|mg|m?mol|g|hpf|field|min(?:utes?)?|h(?:ours?|rs?)?|d(?:ays?)?|week|cm)\b"
    r"|\s?(?:per|a|in)\s(?:day|24\s?h(?:ours?)?|[0-9]+\s?min(?:utes)?))"
)
UNIT: Final = rf"(?P<unit>{_UNIT_NAME}(?:{_PER})*(?:\s?m\^?[2²])?)(?![A-Za-z])"
_PLUS: Final = r"(?:±|\+\s?/\s?-|\+-|\+/–)"
_SPREAD_WORD: Final = (
    r"(?P<spread_word>s\.?d\.?|standard deviations?|s\.?e\.?m?\.?|standard errors?(?: of (?:the )?mean)?)"
)
_SUBJECT: Final = r"(?:patients?|subjects?|participants?|cases?|individuals?|persons?|people|women|men|females?|males?|children|adults?|volunteers?|responders?|recipients?|girls?|boys?)"
_WORDS: Final = r"(?:\s+(?!(?:mg|g|kg|ml|mL|mm|cm|IU|U|points?|months?|weeks?|days?|years?|hours?|min)\b)[A-Za-z][A-Za-z'/-]*)"
#: The same without words that begin a clause: in "59 who had relapsed (36%)" the percentage is not that of the 59.
_PLAIN_WORDS: Final = _WORDS.replace(
    "(?!(?:", "(?!(?:who|which|that|whom|and|or|but|were|was|had|have|did|not|than|"
)
_PERCENT: Final = rf"{_number('percent')}\s?(?:%|per ?cent\b)"
#: Not the first of two percentages that are compared: that is of another count, further up.
_NOT_OF_TWO: Final = r"(?![^()\[\]]{0,80}\b(?:vs\.?|versus|v)\s[^()\[\]]{0,40}[0-9]\s?%)"
_COUNT_WORD: Final = rf"(?P<count_word>\b{NUMBER_WORD}\b)"
_ANY_COUNT: Final = rf"(?:{_number('count')}|{_COUNT_WORD})"
_ANY_OF: Final = rf"(?:{_number('of')}|(?P<of_word>\b{NUMBER_WORD}\b))"
_OUT_OF: Final = (
    rf"(?:\s?/\s?|(?:{_WORDS}){{0,2}}\s+(?:out\s+)?of\s+(?:(?:the|these|all|a total of|our|those)\s+){{0,2}})"
)
_OF_NUMBER: Final = rf"(?:(?P<of>(?:{NUMBER}))(?![0-9]|,[0-9]|\.[0-9])|(?P<of_word>{NUMBER_WORD}\b))"
_RELATION: Final = r"(?P<relation><=|>=|=<|=>|<|>|=|≤|≥|⩽|⩾)"
_TO: Final = r"\s?(?:–|-|to|,|;|and|~)\s?"
_RANGE_NUMBERS: Final = (
    rf"(?P<low>{_SIGNED})(?:\s?(?:{_UNIT_NAME}))?{_TO}(?P<high>[-–]?(?:{NUMBER}))(?![0-9]|,[0-9]|\.[0-9])"
)
_RANGE_WORD: Final = (
    r"(?P<range_word>range[ds]?|min(?:imum)?[- –/]+max(?:imum)?|i\.?q\.?r\.?|inter-?quartile(?: range)?s?|quartiles?|"
    r"q1[- ,–]+q3|25th[- –,]+(?:and )?75th percentiles?)"
)
_INTERVAL_NAME: Final = r"(?:CIs?|C\.I\.|confidence intervals?|confidence limits?|CrIs?|credible intervals?)(?:\s?[\[(]Cr?I[\])])?"
_AFTER_INTERVAL: Final = r"\s?(?:was\s|of\s|from\s|ranged from\s)?[\s:,=(\[]*"
_OPEN, _CLOSE = r"[(\[]\s?", r"\s?[)\]]"
_BETWEEN: Final = r"(?:\s?[:=,]\s?|\s+(?:was|were|is|of|being|from|between)\s+|\s+)"
#: Words between the name of a statistic and its number: no other number, no end of a clause.
_AFTER_NAME: Final = r"[^0-9;()±<>=%]{0,70}?"

_NOT_LABEL: Final = "".join(
    rf"(?<!\b{word}\s)"
    for word in ("group", "groups", "arm", "week", "weeks", "month", "months", "day", "days", "year", "grade", "stage", "class",
                 "phase", "type", "visit", "table", "at", "after", "than", "every", "all", "the", "in", "by")
)  # fmt: skip

# --- forms ---------------------------------------------------------------------------------------------

_P_NAME: Final = r"(?<![A-Za-z0-9-])[Pp](?:[ -]?(?:Value|value)s?)?(?:\s?(?:for|of)\s[a-z -]{1,30}?)?"

_FORMS: Final[tuple[tuple[StatisticKind, str, int], ...]] = (
    # 95% CI 1.2 to 3.4, with or without brackets; 95% confidence interval [CI], 1.2 to 3.4; CI 95% 1.2-3.4.
    ("interval",
     (rf"(?P<level>[0-9]{{2}}(?:\.[0-9]+)?)\s?%?\s?-?(?P<interval_word>{_INTERVAL_NAME})"
     rf"(?:{_AFTER_INTERVAL}{_RANGE_NUMBERS})?"), re.IGNORECASE),
    ("interval", rf"\b(?P<interval_word>CI|confidence interval)[\s:,=(\[]*(?P<level>[0-9]{{2}}(?:\.[0-9]+)?)\s?%{_AFTER_INTERVAL}{_RANGE_NUMBERS}", re.IGNORECASE),
    ("interval", rf"\b(?P<interval_word>CI)(?!\s?[0-9]{{2}}(?:\.[0-9]+)?\s?%){_AFTER_INTERVAL}{_RANGE_NUMBERS}", 0),
    # OR 0.26, HR = 0.8, odds ratio, 1.01; mean difference, -2.9.
    ("interval",
     (rf"\b(?P<measure>(?:[oO]dds|[hH]azard|[rR]isk|[rR]ate|[lL]ikelihood)\s[rR]atio|[rR]elative\s[rR]isk|[a-z]?(?:OR|HR|RR|IRR|SMD|WMD|MD|NNT|AUC|ICC)|β|beta|rho|r|κ"
     rf"|(?:mean|median|risk|treatment|percentage|between-group|estimated|adjusted|absolute|rate|group)\s(?:treatment\s|mean\s|risk\s)?differences?)(?:\s?[\[(][A-Za-z]+[\])])?"
     rf"(?:\s(?:for|in|of)\s(?:[A-Za-z][\w'/-]*\s){{0,5}}?[A-Za-z][\w'/-]*)?"
     rf"(?:\s?[=:,]\s?|\s(?:was|of|is|were)\s|\s)(?P<estimate>{_SIGNED})\s?(?:{UNIT})?"), 0),
    # P = 0.03, p < .001, P all < 0.05, P values were 0.02.
    ("p", (rf"(?:\b(?P<each>all|both|each)\s(?:the\s)?)?{_P_NAME}\s?(?:(?P<each_after>all|both|each)\s?)?"
          rf"(?:{_RELATION}|(?:was|were|is|of|values?|less than)\s)\s?(?P<p>(?:{NUMBER})(?:\s?[x×]\s?10\s?\^?\s?-\s?[0-9]+|[eE]-[0-9]+)?)(?![0-9]|%|,[0-9]|\.[0-9])"), 0),
    ("p", r"(?<![A-Za-z])[Pp](?:[ -]?values?)?\s?=\s?(?P<not_significant>NS|n\.?s\.?)\b", 0),
    # 14/40 (35.0%), 14 of 40 patients (35%), 14/40, 35.0%.
    ("count", rf"{_ANY_COUNT}{_OUT_OF}{_OF_NUMBER}(?:\s?(?P<subjects>{_SUBJECT})|{_WORDS}){{0,5}}\s?(?:[(\[,;:=]|,\s|–)\s?{_PERCENT}{_NOT_OF_TWO}", re.IGNORECASE),
    # 73 [41%] of 179 patients, 37 (21%) of 178.
    ("count", rf"{_ANY_COUNT}(?:\s{_SUBJECT})?\s?[(\[]\s?{_PERCENT}\s?[)\]]\s(?:out\s)?of\s(?:(?:the|these|all)\s){{0,2}}{_OF_NUMBER}(?!\s?%)(?:\s(?P<subjects>{_SUBJECT})\b)?", re.IGNORECASE),
    # 35.0% (14/40), 35% (14 of 40 patients), 35.0% [14/40].
    ("count", rf"{_PERCENT}{_WORDS}{{0,3}}\s?[(\[,;]\s?(?:n\s?=\s?)?{_ANY_COUNT}{_OUT_OF}{_OF_NUMBER}", re.IGNORECASE),
    # n = 14 (35%), n = 14, 35%; 35% (n = 14).
    ("count", rf"\bn\s?=\s?{_number('count')}\s?[(\[,;/]\s?{_PERCENT}", 0),
    ("count", rf"{_PERCENT}{_WORDS}{{0,4}}\s?[,;]?\s?[(\[]\s?n\s?=\s?{_number('count')}(?!\s?/)", 0),
    ("count", rf"\bn\s?=\s?{_number('count')}\s?/\s?{_OF_NUMBER}", 0),
    # A mean that is followed by ± and its spread, with or without a unit.
    ("size", rf"\b[nN]\s?=\s?{_number('n')}(?!\s?/)", 0),
    # A mean with ±: 10.83 ± 4.63 mg.
    ("mean", rf"{_number('mean', signed=True)}\s?(?:{UNIT.replace('unit>', 'unit_between>')})?\s?{_PLUS}\s?{_SPREAD_WORD}?\s?(?P<spread>(?:{NUMBER}))(?![0-9]|,[0-9]|\.[0-9])\s?(?:\(?{UNIT})?", 0),
    # median 5 (range 2 to 9), median (IQR) 5 (2-9), median 5 [IQR 2-9].
    ("median", (rf"\b[Mm]edian\b(?:\s?[(\[,]\s?{_RANGE_WORD}\s?[)\]]?)?{_AFTER_NAME}{_number('median', signed=True)}\s?(?:{UNIT}(?:\sold)?)?\s?(?:[(\[,;]\s?|with an?\s)"
               rf"(?:{_RANGE_WORD.replace('range_word', 'range_after')}{_BETWEEN})?{_RANGE_NUMBERS}"), re.IGNORECASE),
    ("median", rf"\b[Mm]edian\b{_AFTER_NAME}{_NOT_LABEL}{_number('median', signed=True)}(?!\s?(?:–|-|to)\s?[0-9])\s?(?:{UNIT})?", re.IGNORECASE),
    # A mean of 5.6 with its spread in brackets: SD 1.4, SD = 1.4, standard error 0.3.
    ("mean", rf"{_number('mean', signed=True)}\s?(?:{UNIT})?(?:\s(?:old|of age))?\s?[(\[,;]\s?{_SPREAD_WORD}\s?[:=,]?\s?(?:of\s)?±?\s?(?P<spread>(?:{NUMBER}))(?![0-9]|,[0-9]|\.[0-9])", re.IGNORECASE),
    # mean (SD) age 34.5 (10.2) years.
    ("mean", rf"\bmeans?\s?(?:\(|\[|±|\+/-|,\s)\s?(?:±\s?)?{_SPREAD_WORD}\s?[)\]]?{_AFTER_NAME}{_number('mean', signed=True)}\s?(?:{UNIT.replace('unit>', 'unit_between>')})?\s?[(\[]\s?(?P<spread>(?:{NUMBER}))\s?[)\]]\s?(?:{UNIT})?", re.IGNORECASE),
    # age from 27 to 68 years, range 2-9, ranging from 2 to 9.
    ("range", rf"(?:{_RANGE_WORD}|ranging|(?P<aged>aged?))[,:=]?\s?(?:was\s|were\s|of\s)?(?:from\s|between\s)?{_RANGE_NUMBERS}\s?(?:{UNIT})?", re.IGNORECASE),
    # mean 45 years.
    ("mean", rf"\bmean\b(?!\s?[(\[]){_AFTER_NAME}{_NOT_LABEL}{_number('mean', signed=True)}(?!\s?(?:{TIME_UNIT})\b\s(?:after|post|follow)|\s?[±(%/]|\s?(?:–|-|to)\s?[0-9])\s?(?:{UNIT})?", re.IGNORECASE),
)  # fmt: skip
#: Where a sentence says mean (SD) once, every number with another in brackets is one.
_SAYS_MEAN_SPREAD: Final = re.compile(rf"\bmeans?\s?[(\[,]\s?(?:±\s?)?{_SPREAD_WORD}", re.IGNORECASE)
_MEAN_SPREAD: Final = re.compile(
    rf"{_number('mean', signed=True)}\s?(?:{UNIT})?\s?[(\[]\s?(?:±\s?)?(?P<spread>(?:{NUMBER}))\s?[)\]]"
)
#: Forms that are tried once times, doses and names are out of the way.
_WEAK_FORMS: Final[tuple[tuple[StatisticKind, str, int], ...]] = (
    # Three patients (7.5%), 12 (60%), 12 [60.0%].
    ("count", rf"(?<![0-9] in ){_ANY_COUNT}(?:\s?(?P<subjects>{_SUBJECT})\b|{_PLAIN_WORDS}){{0,5}}\s?[(\[]\s?{_PERCENT}(?=\s?(?:[)\],;]|of\b))", re.IGNORECASE),
    # 60% (12 patients), 60% (12).
    ("count", rf"{_PERCENT}\s?(?:of\s{_SUBJECT}\s?)?[(\[]\s?{_ANY_COUNT}(?:\s(?P<subjects>{_SUBJECT}))?\s?[)\]]", re.IGNORECASE),
    # Three of 40 patients, 29/40 patients, (29/40).
    ("count", rf"{_ANY_COUNT}(?:\s(?P<subjects_before>{_SUBJECT}))?\s(?:out\s)?of\s(?:(?:the|these|all|a total of|our|those)\s){{0,2}}{_OF_NUMBER}(?!\s?(?:%|±|mg|points?|items?|criteria))(?:{_WORDS}{{0,4}}\s(?P<subjects>{_SUBJECT}))", re.IGNORECASE),
    ("count", rf"{_number('count')}\s?/\s?{_OF_NUMBER}\s(?:{_WORDS}\s?){{0,2}}?(?P<subjects>{_SUBJECT})\b", re.IGNORECASE),
    ("count", rf"(?<=[(\[]){_number('count')}/{_OF_NUMBER}(?=[)\],;])", 0),
    # 35% of patients.
    ("count", rf"{_PERCENT}\s(?:of\s)(?:(?:the|all|these|our|enrolled|treated)\s){{0,2}}(?:[A-Za-z-]+\s){{0,2}}?(?P<subjects>{_SUBJECT})\b", re.IGNORECASE),
    # (7.5%) alone in brackets, after a time or a group.
    ("count", rf"[(\[]\s?{_PERCENT}\s?[)\]]", 0),
)  # fmt: skip
_STRONG: Final = tuple((kind, re.compile(pattern, flags)) for kind, pattern, flags in _FORMS)
_WEAK: Final = tuple((kind, re.compile(pattern, flags)) for kind, pattern, flags in _WEAK_FORMS)
_NUMBER_GROUPS: Final = (
    "count",
    "of",
    "percent",
    "n",
    "mean",
    "spread",
    "median",
    "low",
    "high",
    "p",
    "level",
    "estimate",
)


def find_statistics(
    sentence: str, *, weak: bool = False, taken: list[bool] | None = None
) -> Iterator[Statistic]:
    """Give the statistics of a sentence whose form says what they are.

    Parameters
    ----------
    sentence : in `plain_letters`
    weak : whether to try the forms that only hold once times, doses and names are taken
    taken : which letters something has already taken; those of what is found are added

    Examples
    --------
    >>> text = "It fell from 10.8 ± 4.6 to 6.3 ± 3.6 (P < 0.05); 14/40 (35.0%) responded."
    >>> [(each.kind, {name: one.text for name, one in each.numbers.items()}) for each in find_statistics(text)]
    [('p', {'p': '0.05'}), ('count', {'count': '14', 'of': '40', 'percent': '35.0'}), \
('mean', {'mean': '10.8', 'spread': '4.6'}), ('mean', {'mean': '6.3', 'spread': '3.6'})]
    """
    held = [False] * len(sentence) if taken is None else taken
    said = _SAYS_MEAN_SPREAD.search(sentence) if weak else None
    if said:
        for found in _MEAN_SPREAD.finditer(sentence, said.end()):
            if not any(held[found.start() : found.end()]):
                held[found.start() : found.end()] = [True] * (found.end() - found.start())
                yield _read("mean", found, spread_word=said.group("spread_word"))
    for kind, pattern in _WEAK if weak else _STRONG:
        for found in pattern.finditer(sentence):
            statistic = _read(kind, found)
            pieces = statistic.numbers.values()
            if any(any(held[each.start : each.end]) for each in pieces) or held[statistic.start]:
                continue
            held[statistic.start : statistic.end] = [True] * (statistic.end - statistic.start)
            yield statistic


def _read(kind: StatisticKind, found: re.Match[str], **said: str) -> Statistic:
    groups = found.groupdict()
    numbers, words = {}, {}
    for name, text in groups.items():
        if text is None:
            continue
        key = name.removesuffix("_word") if name in {"count_word", "of_word"} else name
        if key in _NUMBER_GROUPS:
            numbers[key] = PrintedPiece(text, *found.span(name))
        else:
            words[name] = text
    start, end = found.start(), found.start() + len(found.group().rstrip())
    if kind in {"mean", "median"} and "mean" in numbers:
        start = min(piece.start for piece in numbers.values())
    return Statistic(kind, start, end, numbers, {**words, **said})
