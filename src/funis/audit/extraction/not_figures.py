"""Numbers of a sentence that are no figures: identifiers, citations, dates, names of markers, times, doses.

What a number is taken for is kept, so that a reader can see why it was not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from funis.audit.extraction.number_words import NUMBER_WORD

#: A number as printed: thousands with commas, a point with or without digits before it. Longer ones are no figures:
#: a pattern without a bound would look through a whole row of digits again from each of them.
NUMBER: Final = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,15})(?:\.[0-9]{1,15})?|(?<![0-9])\.[0-9]{1,15}"
)
TIME_UNIT: Final = r"(?:min(?:ute)?s?|h(?:ou)?rs?|h|days?|d|weeks?|wks?|wk|months?|mos?|years?|yrs?|yr)"
_LIST: Final = rf"(?:{NUMBER})(?:\s{{0,3}}(?:,|,? and|,? or|to|–|-|/|&)\s{{0,3}}(?:{NUMBER})){{0,15}}"
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)


class NoFigure(NamedTuple):
    """A piece of a sentence whose numbers are no figures.

    Attributes
    ----------
    start, end : in the sentence
    kind : what it is
    """

    start: int
    end: int
    kind: str


IDENTIFIER, CITATION, DATE, NAME, TIME, DOSE, LABEL, POWER, ABSTENTION = (
    "identifier", "citation", "date", "name", "time", "dose", "label", "power", "range of words",
)  # fmt: skip

#: In the order in which they are looked for: the first that takes a digit has it.
_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    (IDENTIFIER, r"https?://\S+|www\.\S+|\bdoi:?\s*\S+|\bpii:?\s*\S+|\b10\.[0-9]{4,9}/\S+|\S+@\S+\.\S+"),
    (IDENTIFIER, (r"\b(?:NCT|ISRCTN|ChiCTR|CTRI|ACTRN|UMIN|jRCT|DRKS|EudraCT|PMID|PMCID|PMC|ISSN|ISBN|CRD|PROSPERO)"
                 r"[\s:#-]*[A-Z0-9][\w/.-]*")),
    (IDENTIFIER, (r"\b(?:approval|protocol|registration|trial|grant|contract|lot|batch|catalog\w*)"
                 r"(?: (?:number|numbers|no|nos|id|code))?[.:#]*\s+[A-Z]*[0-9][\w/.-]*")),
    (CITATION, (r"\[[0-9]{1,3}(?:\s*[,–-]\s*[0-9]{1,3})*\]|\brefs?\.?\s*[0-9]+(?:\s*[,–-]\s*[0-9]+)*"
               r"|\b(?:19|20)[0-9]{2};\s*[0-9]+(?:\s*\([^)]*\))?:?\s*[0-9A-Za-z–-]*")),
    (DATE, (rf"\b[0-9]{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}\.?,?\s*(?:(?:19|20)[0-9]{{2}})?"
           rf"|\b{_MONTH}\.?\s+(?:[0-9]{{1,2}}(?:st|nd|rd|th)?,?\s+)?(?:19|20)[0-9]{{2}}|\b{_MONTH}\.?\s+[0-9]{{1,2}}(?:st|nd|rd|th)?\b"
           r"|\b(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]\b|\b(?:19|20)[0-9]{2}[–-](?:(?:19|20)?[0-9]{2})(?![0-9.])")),
    (POWER, (rf"(?:(?:{NUMBER})\s*[x×*]\s*)?\b10\s?(?:\^|\*\*)?\s?[-]?[0-9⁰¹²³⁴-⁹]{{1,2}}(?=\s*(?:cells?|/|per|MSCs?|UC))"
            rf"|(?:{NUMBER})\s*[x×]\s*10\s*\^?\s*[-]?[0-9]{{1,2}}|\b10\s?[⁰¹²³⁴-⁹]+|\b10\^[0-9]+")),
    (TIME, rf"(?<![\w.])(?:{NUMBER})-(?:to|or)?-?(?:(?:{NUMBER})-)?(?:minute|min|hour|hr|h|day|week|month|year)s?(?:-old)?\b"),
    (LABEL, (r"\b(?:tables?|figures?|figs?\.?|appendix|boxes|box|panels?|supplementary|section|chapter|part|step|aim|equation|eq\.?)"
            r"\s+[A-Z]?[0-9]+[A-Za-z]?(?:\s*(?:,|and|–|-)\s*[A-Z]?[0-9]+[A-Za-z]?)*")),
    (LABEL, (r"\b(?:phases?|grades?|stages?|types?|class(?:es)?|version|v(?!s\b)|SAS|SPSS|Stata|R|Prism|MedDRA|CTCAE|level|"
            r"domain|part|cohort|arm|group|patient|case|subject|site|centre|center|complements?|component|category|criteri(?:a|on)|item|"
            r"sample|lane|well|chromosome|exon|codon|serotype|genotype|passage|quartile|tertile)s?\s+(?:no\.?\s*)?"
            r"[0-9]+(?:\.[0-9]+)*[a-z]?(?:\s*(?:,|/|and|or|to|–|-|, and)\s*[0-9]+[a-z]?)*(?![0-9/%]|\.[0-9]|\s*[%±]|\s*\()")),
    # Letters and digits that belong together: CD34, IL-17, Th17, SLEDAI-2K, C3, SRI-4, SF-36, 2K, 1α.
    (NAME, (r"(?<![\w.])(?>[^\W\d_]+(?:[-/][^\W\d_]+)*)[-/]?[0-9]+[^\W_]*(?:[-/.,][^\W_]+)*[+⁺-]*(?![0-9%])"
           r"|(?<![\w.])[0-9]+[A-Z]{1,3}[0-9]*\b(?![-=])|(?<![\w.])[0-9]+[αβγδ]\w*")),
    (NAME, r"\b(?:vitamin|factor|interleukin|complement|COVID|SARS-CoV|anti|Ro|La|SSA|cluster)[- ][A-Z]?[0-9]+\b"),
    (TIME, (rf"\b(?:at|after|by|within|on|until|till|through|from|between|during|in|for|every|over|before)?\s*"
           rf"\b(?:days?|weeks?|months?|years?|visits?|cycles?|hours?)[ -]+[-+]?{_LIST}(?![0-9.]*\s*(?:%|±))")),
    (TIME, rf"(?<![\w.]){_LIST}(?:st|nd|rd|th)?[ -]*{TIME_UNIT}(?:'s?)?(?:[ -]+(?:of follow|follow|old|of age|later|post|after|before|apart))?(?![\w/])"),
    (TIME, rf"\b{NUMBER_WORD}[ -]+(?:minutes?|hours?|days?|weeks?|months?|years?)(?:[ -]old)?\b"),
    (DOSE, (rf"(?<![\w.])(?:{NUMBER})\s*(?:(?:to|–|-)\s*(?:{NUMBER})\s*)?(?:mg|g|µg|ug|mcg|ng|IU|U|units?|mL|ml|cells?|MSCs?|Gy|mSv|kcal|mmol)"
           rf"(?:\s*/\s*|\s+per\s+)(?:kg|m2|m²|day|d|dose|week|wk|month|body ?weight|infusion|kilogram)(?:\s*/\s*\w+)*"
           rf"(?!\s*±)")),
    (CITATION, r"\bet al\.?,?\s*\(?(?:19|20)[0-9]{2}[a-z]?\)?|\([A-Z][\w'-]+(?: et al\.?)?,? (?:19|20)[0-9]{2}[a-z]?\)"),
    (DATE, r"(?<![\w.,/])(?:19|20)[0-9]{2}(?![\w%]|[.,][0-9]|\s*(?:±|%|\(|patients|subjects|participants|cases|women|men|cells))"),
    (LABEL, r"(?<![\w.])[0-9]+(?:st|nd|rd|th)\b"),
    (LABEL, r"(?<![\w.])(?:[0-9]+)\s(?:[a-z]+\s){0,2}?(?:cent(?:re|er)s|sites|hospitals|countries|clinics|laboratories)\b"),
    (LABEL, (r"(?<![\w.])[0-9]+(?:-fold|\s*fold|-point|-item|-way|-arm|-sided|-tailed|-dose|-cent(?:re|er)|-colou?r|-mm|-mg|-g|-mL|-ml)\b"
            r"|\b[0-9]+:[0-9]+(?::[0-9]+)*\b|\b[0-9]+ ?[x×] ?[0-9]+ table")),
)  # fmt: skip
_COMPILED: Final = tuple(
    (kind, re.compile(pattern, 0 if kind in {NAME, DATE} else re.IGNORECASE)) for kind, pattern in _PATTERNS
)


def find_no_figures(sentence: str) -> Iterator[NoFigure]:
    """Give the pieces of a sentence whose numbers are no figures.

    Parameters
    ----------
    sentence : in `plain_letters`

    Examples
    --------
    >>> text = "In 2012 (NCT01741857), CD34 and IL-17 cells (1 x 10^6/kg) were given on days 0 and 7 [3, 4]."
    >>> [(text[each.start:each.end], each.kind) for each in find_no_figures(text)][:3]
    [('NCT01741857', 'identifier'), ('[3, 4]', 'citation'), ('1 x 10^6', 'power')]
    """
    taken = [False] * len(sentence)
    for kind, pattern in _COMPILED:
        for found in pattern.finditer(sentence):
            start, end = found.span()
            if end > start and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                yield NoFigure(start, end, kind)
