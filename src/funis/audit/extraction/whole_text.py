"""What a text says once of everything: how many were enrolled, of which sex, by which criteria, mean and ± what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from funis.audit.extraction.not_figures import NUMBER
from funis.audit.extraction.number_words import NUMBER_WORD
from funis.audit.extraction.outcome_names import find_outcomes
from funis.audit.extraction.records import RELATIONS, FigureMaker, labels_of, number_of
from funis.audit.extraction.statistics import PrintedPiece
from funis.audit.figures import (
    FigureLabels,
    MeanSpread,
    PrintedGroupSize,
    PrintedLimit,
    PrintedNumber,
    PrintedTotal,
    Relation,
)
from funis.audit.reading.source import TextPassage

_N: Final = rf"(?P<n>\b{NUMBER_WORD}\b|(?<![\w.,/-]){NUMBER}(?![\w%]|[.,][0-9]))"
_PEOPLE: Final = (
    r"(?:patients?|subjects?|participants?|individuals?|people|adults|children|women|men|volunteers)"
)
_ENROLLED: Final = r"(?:enrol+ed|included|recruited|randomi[sz]ed|randomly (?:assigned|allocated)|underwent randomi[sz]ation|entered (?:the|this) (?:study|trial)|participated|took part)"
_WORDS: Final = r"(?:\s(?!of\b)[A-Za-z][\w'/-]*){0,6}?"
_ENROLMENT: Final = (
    re.compile(
        rf"{_N}{_WORDS}\s{_PEOPLE}\b(?:[^.]|\.[0-9]){{0,300}}?\b(?:were|was|had been|have been|who)?\s?{_ENROLLED}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:enrol+ed|included|recruited|randomi[sz]ed)\s(?:a total of\s)?{_N}{_WORDS}\s{_PEOPLE}\b",
        re.IGNORECASE,
    ),
    re.compile(rf"\ball\s{_N}\s(?:of the\s)?{_PEOPLE}\b", re.IGNORECASE),
)
_NOT_ENROLLED: Final = re.compile(
    r"\b(?:screened|assessed for eligibility|will be|planned|per (?:group|arm)|each (?:group|arm)|previous\w*|earlier|other (?:studies|trials))\b",
    re.IGNORECASE,
)
_SEX_ONE: Final = r"(?:females?|women|girls|F)"
_SEX_TWO: Final = r"(?:males?|men|boys?|man|woman|M|female)"
_SEXES: Final = re.compile(
    rf"{_N}{_WORDS}\s{_PEOPLE}\b[^.;()0-9]{{0,90}}\(\s?(?P<one>{NUMBER_WORD}|[0-9]{{1,5}})\s(?P<first>{_SEX_ONE}|{_SEX_TWO})\b[^()0-9]{{0,12}}?"
    rf"(?:,|and|/|;)\s?(?P<two>{NUMBER_WORD}|[0-9]{{1,5}})\s(?P<second>{_SEX_ONE}|{_SEX_TWO})\b",
    re.IGNORECASE,
)
_RULES: Final = re.compile(
    r"\b(?:eligib\w*|inclusion|enrol\w*|entry|recruit\w*|criteri\w+|required|randomi[sz]ed|included|patients? (?:with|aged))",
    re.IGNORECASE,
)
_NO_RULE: Final = re.compile(
    r"\b(?:respon\w+|remission|achieve\w*|flares?|relaps\w*|endpoints?|outcomes?|defined|proportion|improvement|reduction|decrease\w*|"
    r"exclu\w+|mean|median|P\s?[<=>])\b",
    re.IGNORECASE,
)
_LIMIT_WORDS: Final[dict[str, Relation]] = {
    "at least": ">=", "or more": ">=", "or above": ">=", "or higher": ">=", "more than": ">", "greater than": ">", "above": ">",
    "higher than": ">", "over": ">", "exceeding": ">", "less than": "<", "below": "<", "at most": "<=", "or less": "<=",
    "no more than": "<=",
}  # fmt: skip
_BEHIND_NAME: Final = re.compile(
    rf"\s?(?:\(?[A-Z-]{{2,12}}(?:-2K)?\)?)?(?:\s(?:total|index))?(?:\s?scores?)?\s?(?:of\s|was\s|is\s|were\s)?[(\[,]?\s?"
    rf"(?:(?P<relation><=|>=|<|>|≤|≥)|(?P<words>{'|'.join(sorted((word for word in _LIMIT_WORDS if not word.startswith('or ')), key=len, reverse=True))}))\s?"
    rf"(?P<value>{NUMBER})(?![0-9]|[.,][0-9]|\s?%)(?P<unit>\s?(?:years?|mg/24\s?h|g/24\s?h|g/d(?:ay)?|mg/d(?:ay)?|g|mg))?"
)
_BEHIND_VALUE: Final = re.compile(
    rf"\s?(?:scores?\s)?(?:of\s|was\s)?[(\[]?(?P<value>{NUMBER})\s(?P<words>or more|or above|or higher|or less)\b"
)


def find_enrolment(maker: FigureMaker, passage: TextPassage, sentence: str) -> tuple[int, int] | None:
    """Add the number of subjects who were enrolled, once a text; give its place in the sentence.

    Parameters
    ----------
    maker : takes the record
    passage, sentence : where it stands, and its words in `plain_letters`
    """
    sizes = [one for one in maker.figures if isinstance(one, PrintedGroupSize) and not one.about.group]
    if _NOT_ENROLLED.search(sentence):
        return None
    for pattern in _ENROLMENT:
        match = pattern.search(sentence)
        n = number_of(PrintedPiece(match.group("n"), *match.span("n"))) if match else None
        if match is None or n is None or not n.is_whole or n.value < 2:
            continue
        if sizes:
            # Said again, it is no other figure; another number is left to be listed.
            return match.span("n") if sizes[0].n.value == n.value else None
        place = maker.place(passage, *match.span("n"))
        maker.figures.append(PrintedGroupSize(maker.next_id("size"), FigureLabels(), place, n))
        return match.span("n")
    return None


def find_sexes(maker: FigureMaker, passage: TextPassage, sentence: str) -> Iterator[tuple[int, int]]:
    """Add a number of subjects with those of each sex; give the places of the parts in the sentence."""
    for match in _SEXES.finditer(sentence):
        pieces = [PrintedPiece(match.group(name), *match.span(name)) for name in ("n", "one", "two")]
        numbers = [number_of(piece) for piece in pieces]
        total, one, two = numbers
        if total is None or one is None or two is None:
            continue
        names = (match.group("first"), match.group("second"))
        if names[0].casefold()[0] == names[1].casefold()[0]:
            continue
        where = maker.place(passage, match.start("n"), match.end())
        about = FigureLabels(outcome="sex")
        maker.figures.append(PrintedTotal(maker.next_id("total"), about, where, total, (one, two), names))
        yield from (match.span("one"), match.span("two"))


def find_criteria(maker: FigureMaker, passage: TextPassage, sentence: str) -> Iterator[tuple[int, int]]:
    """Add the entry criteria of a sentence that are limits of a known outcome; give the places of the numbers."""
    if not _RULES.search(sentence) or _NO_RULE.search(sentence):
        return
    for name in find_outcomes(sentence):
        match = _BEHIND_NAME.match(sentence, name.end) or _BEHIND_VALUE.match(sentence, name.end)
        if match is None:
            continue
        groups = match.groupdict()
        relation = (
            RELATIONS[groups["relation"]]
            if groups.get("relation")
            else _LIMIT_WORDS[groups["words"].casefold()]
        )
        value = PrintedNumber(groups["value"])
        unit = (groups.get("unit") or "").strip()
        labels = labels_of(name, "", is_change=False, is_model=False)
        about = FigureLabels(labels.outcome, unit=unit, analyte=labels.analyte, scale=labels.scale)
        place = maker.place(passage, name.start, match.end())
        maker.figures.append(PrintedLimit(maker.next_id("limit"), about, place, value, relation, "criterion"))
        yield match.span("value")


_SD: Final = re.compile(
    r"(?:±|\+/-|mean\s?\(|\()\s?(?:S\.?D\.?\b|standard deviations?)|\bstandard deviations?\b|\bmeans?\s?(?:±|\+/-|and|\()\s?S\.?D\b",
    re.IGNORECASE,
)
_SE: Final = re.compile(
    r"(?:±|\+/-|mean\s?\(|\()\s?(?:S\.?E\.?M?\.?\b|standard errors?)|\bstandard errors?\b|\bmeans?\s?(?:±|\+/-|and|\()\s?S\.?E\.?M?\b|\bSEM\b",
    re.IGNORECASE,
)


def find_spread(text: str) -> MeanSpread:
    """Tell what stands behind ± by the words of the whole text; *not said* where it names none, or both.

    Examples
    --------
    >>> find_spread("Values are means ± SD."), find_spread("Values fell."), find_spread("mean ± SEM")
    ('sd', 'not said', 'se')
    """
    has_sd, has_se = bool(_SD.search(text)), bool(_SE.search(text))
    if has_sd == has_se:
        return "not said"
    return "sd" if has_sd else "se"


_LEVEL: Final = re.compile(r"(?<![0-9.])([0-9]{2}(?:\.[0-9]+)?)\s?%\s?-?(?:CI\b|confidence)", re.IGNORECASE)


def find_level(text: str) -> str:
    """Give the level of the intervals of a text, in percent; 95 where it names none, or more than one.

    Examples
    --------
    >>> find_level("The 90% confidence intervals are given."), find_level("OR 0.5 (CI 0.2-0.9).")
    ('90', '95')
    """
    found = set(_LEVEL.findall(text))
    return found.pop() if len(found) == 1 else "95"
