"""How papers call what was measured, and what the catalogue says of it: scale, unit, possible values.

Here stand the spellings alone. Ranges, steps and units are those of the definitions and of the table of analytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from funis.audit.figures import OutcomeScale
from funis.audit.scales import scale_of_instrument
from funis.catalogue.registry import definition


class OutcomeName(NamedTuple):
    """What a piece of a sentence calls an outcome.

    Attributes
    ----------
    start, end : in the sentence
    label : one name for all its spellings
    analyte : key in the table of analytes; empty for none
    scale : what the value of one subject can be
    """

    start: int
    end: int
    label: str
    analyte: str = ""
    scale: OutcomeScale = OutcomeScale()


class _Spelling(NamedTuple):
    """How an outcome is spelled, and what of the catalogue it may be: several where editions share a name."""

    pattern: str
    label: str
    instruments: tuple[str, ...] = ()
    analyte: str = ""


_SJOGREN: Final = r"Sj[oö]gren'?s?(?: syndrome)?"
_LONG: Final = r"(?:systemic lupus erythematosus|SLE|lupus)"
#: The first that takes a word has it, so that the longer names stand first.
_SPELLINGS: Final[tuple[_Spelling, ...]] = (
    _Spelling(r"clinical SLEDAI(?:-2K)?|cSLEDAI(?:-2K)?", "clinical SLEDAI", ("clinical_sledai",)),
    _Spelling(rf"(?:SELENA[ -]?)?(?:mod\w* |m|M-|Mex-)?SLEDAI(?:[ -]?2[Kk])?|{_LONG} disease activity index(?: 2000)?",
              "SLEDAI", ("sledai", "sledai_2k", "selena_sledai", "sledai_2k_30_day")),
    _Spelling(r"ClinESSDAI|clinical ESSDAI", "ClinESSDAI", ("clinessdai",)),
    _Spelling(rf"ESSDAI|(?:EULAR|European League Against Rheumatism) {_SJOGREN} disease activity index", "ESSDAI", ("essdai",)),
    _Spelling(rf"ESSPRI|EULAR {_SJOGREN} patient[ -]reported index", "ESSPRI", ("esspri",)),
    _Spelling(rf"SSDAI|(?:SS|{_SJOGREN}) disease activity index", "SSDAI", ("ssdai",)),
    _Spelling(rf"SSDDI|(?:SS|{_SJOGREN}) disease damage index", "SSDDI", ("ssddi",)),
    _Spelling(r"BILAG(?:[ -]?2004)?(?: total)?|British Isles Lupus Assessment Group(?: index)?", "BILAG",
              ("bilag_2004", "bilag_classic_9_3_1", "bilag_classic_12_5_1")),
    _Spelling(r"modified (?:treatment emergent symptom scale|TESS)", "modified TESS", ("tess_modified",)),
    _Spelling(r"treatment[ -]emergent symptom scale|TESS", "TESS", ("tess", "tess_modified")),
    _Spelling(r"focus scores?", "focus score", ("focus_score",)),
    _Spelling(r"ocular staining scores?", "ocular staining score", ("ocular_staining_score",)),
    _Spelling(r"Schirmer'?s?(?:[ -]I)?(?: test)?", "Schirmer test", ("schirmer",)),
    _Spelling(r"(?:un-?stimulated|resting)(?: whole)?(?: salivary| saliva)? flow(?: rates?)?", "unstimulated salivary flow", (), "unstimulated_flow"),
    _Spelling(r"stimulated(?: whole)?(?: salivary| saliva)? flow(?: rates?)?", "stimulated salivary flow", (), "stimulated_flow"),
    _Spelling(r"(?:urin\w+ |spot )?(?:protein|albumin)[ -]?(?:to|/)?[ -]?creatinine ratios?|UPCR|UACR|ACR ratio", "urine protein/creatinine"),
    _Spelling(r"creatinine clearance|e?GFR|(?:estimated )?glomerular filtration rate", "glomerular filtration rate"),
    _Spelling(r"(?:24[ -]?(?:h|hr|hour)s?[ -]*(?:urin\w+ )?(?:protein\w*|total protein)(?: excretion| quantity| level)?"
              r"|urin\w+ protein(?: excretion)?(?: (?:over|in|per) 24[ -]?h\w*)|proteinuria|urinary protein(?: excretion)?)",
              "24-h proteinuria", (), "proteinuria_24h"),
    _Spelling(r"(?:serum )?creatinine", "creatinine", (), "creatinine"),
    _Spelling(r"(?:blood )?urea nitrogen|BUN", "urea nitrogen", (), "urea_nitrogen"),
    _Spelling(r"(?:serum )?albumin", "albumin", (), "albumin"),
    _Spelling(r"(?:serum )?(?:complement )?C3|complement 3", "complement C3", (), "c3"),
    _Spelling(r"(?:serum )?(?:complement )?C4|complement 4", "complement C4", (), "c4"),
    _Spelling(r"h(?:a)?emoglobin|\bHb\b", "haemoglobin", (), "haemoglobin"),
    _Spelling(r"platelets?(?: counts?)?|\bPLT\b", "platelets", (), "platelets"),
    _Spelling(r"white (?:blood )?cells?(?: counts?)?|leu[ck]ocytes?(?: counts?)?|\bWBC\b", "white cells", (), "wbc"),
    _Spelling(r"neutrophils?(?: counts?)?", "neutrophils", (), "neutrophils"),
    _Spelling(r"C-reactive protein|\bCRP\b", "C-reactive protein", (), "crp"),
    _Spelling(r"(?:anti-?)?(?:ds|double[ -]strand(?:ed)?[ -])-?DNA(?: antibod\w+)?(?: levels?| titers?)?", "anti-dsDNA"),
    _Spelling(r"(?:body )?weight", "body weight", (), "weight"),
    _Spelling(r"\bages?\b|\baged\b|years? old", "age", (), "age"),
)  # fmt: skip
_COMPILED: Final = tuple(
    (each, re.compile(rf"(?<![A-Za-z-])(?:{each.pattern})(?![A-Za-z])", re.IGNORECASE)) for each in _SPELLINGS
)


@cache
def _scale_of(spelling: _Spelling) -> OutcomeScale:
    """Give what holds for every edition that shares a name: the widest bounds, a step only where all have it."""
    scales = [scale_of_instrument(name) for name in spelling.instruments if definition(name).kind != "grades"]
    if not scales:
        return OutcomeScale()
    steps = {each.step for each in scales}
    lows = [each.minimum for each in scales if each.minimum is not None]
    highs = [each.maximum for each in scales if each.maximum is not None]
    return OutcomeScale(steps.pop() if len(steps) == 1 else None, min(lows), max(highs))


def find_outcomes(sentence: str) -> tuple[OutcomeName, ...]:
    """Give the outcomes of a sentence whose names are known, in order.

    Parameters
    ----------
    sentence : in `plain_letters`

    Examples
    --------
    >>> found = find_outcomes("The SLE Disease Activity Index and 24-hour proteinuria fell.")
    >>> [(each.label, each.analyte, each.scale.maximum) for each in found]
    [('SLEDAI', '', Fraction(105, 1)), ('24-h proteinuria', 'proteinuria_24h', None)]
    """
    taken = [False] * len(sentence)
    found: list[OutcomeName] = []
    for spelling, pattern in _COMPILED:
        for match in pattern.finditer(sentence):
            start, end = match.span()
            if end > start and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                found.append(OutcomeName(start, end, spelling.label, spelling.analyte, _scale_of(spelling)))
    return tuple(sorted(found, key=lambda each: each.start))


def outcome_before(outcomes: Sequence[OutcomeName], place: int) -> OutcomeName | None:
    """Give the last outcome that a sentence names before a place, else the first behind it; None without any.

    Examples
    --------
    >>> names = find_outcomes("SLEDAI fell to 6.3; proteinuria to 1.2 g.")
    >>> outcome_before(names, 15).label, outcome_before(names, 36).label
    ('SLEDAI', '24-h proteinuria')
    """
    before = [each for each in outcomes if each.start <= place]
    return before[-1] if before else next(iter(outcomes), None)
