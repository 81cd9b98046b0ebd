"""What the first cell of a row and the heads of a table say of the other cells: of what, of whom, when, in what unit."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from funis.audit.extraction.not_figures import NUMBER
from funis.audit.extraction.statistics import UNIT
from funis.audit.extraction.times import find_times
from funis.audit.figures import MeanSpread, MedianSpread

RowKind: TypeAlias = Literal["count", "mean", "median", ""]

SIZE: Final = re.compile(rf"\(?\b[nN]\s?=\s?(?P<n>{NUMBER})\)?")
"""A number of subjects in a head: ``(n = 20)``."""

_COUNT: Final = re.compile(
    r"\b(?:n|no\.?|number)\s?[(\[/,]\s?(?:%|per ?cent\w*)|[(\[]\s?%\s?[)\]]|,\s?%|\bn\s?%", re.IGNORECASE
)
_MEAN: Final = re.compile(r"\bmean\b|±|\+/-|\bs\.?d\.?\b", re.IGNORECASE)
_SE: Final = re.compile(r"\bs\.?e\.?m?\.?\b|standard error", re.IGNORECASE)
_SD: Final = re.compile(r"\bs\.?d\.?\b|standard deviation", re.IGNORECASE)
_MEDIAN: Final = re.compile(r"\bmedian\b", re.IGNORECASE)
_IQR: Final = re.compile(r"\biqr\b|inter-?quartile|quartile|\bq1\b", re.IGNORECASE)
_RANGE: Final = re.compile(r"\brange\b|\bmin\b", re.IGNORECASE)
_SPREAD_WORDS: Final = r"(?:s\.?d\.?|s\.?e\.?m?\.?|iqr|range|min\W{0,3}max|q1\W{0,3}q3|standard deviation|standard error|interquartile range)"
_DECORATION: Final = re.compile(
    r"[,;]?\s?[(\[]?\s?\b(?:n|no\.?|number)\b\s?[(\[/,]?\s?(?:%|per ?cent\b)\s?[)\]]*|[,;]\s?(?:n|no\.?)\s?$|[(\[]\s?%\s?[)\]]|[,;]\s?%"
    rf"|[,;]?\s?\b(?:mean|median)?\s?(?:±|\+/-|[(\[])\s?\b{_SPREAD_WORDS}\s?[)\]]*|[,;]\s?\b{_SPREAD_WORDS}\s?$"
    r"|^\s?means?\b(?=\s)|[,;]?\s?\bmedian\b|[,;]\s?mean\b|[*†‡§¶#]",
    re.IGNORECASE,
)
_UNIT_BEHIND: Final = re.compile(rf"[,;(\[]\s?{UNIT}\s?[)\]]?\s?$")
_DEFAULT: Final = re.compile(
    r"\b(?:data|values?|results?|figures|numbers)\s(?:are|were|is)\s(?:(?:given|presented|shown|expressed|reported)\s(?:as\s)?)?(?:the\s)?"
    r"(?P<what>means?\s?(?:\(|±|\+/-|and|,)\s?(?:±\s?)?(?:s\.?d\.?|standard deviations?|s\.?e\.?m?\.?|standard errors?)|medians?[^.;]{0,40}|(?:n|no\.?|numbers?)\s?\(%\))",
    re.IGNORECASE,
)


_BEFORE_TIME: Final = re.compile(
    r"(?:\b(?:at|on|in|after)\s)?(?:\b(?:weeks?|months?|days?|years?|visits?)[ -])?\Z", re.IGNORECASE
)


class RowLabel(NamedTuple):
    """What the first cell of a row says of the others.

    Attributes
    ----------
    outcome : what the row is of, without time, unit and kind
    kind : what its figures are; empty where it does not say
    spread, median_spread : what stands behind a mean or a median
    time : visit or time; empty where it names none
    unit : as printed; empty where it names none
    """

    outcome: str
    kind: RowKind
    spread: MeanSpread = "not said"
    median_spread: MedianSpread = "not said"
    time: str = ""
    unit: str = ""


def read_label(words: str, section: str = "", otherwise: str = "") -> RowLabel:
    """Read the first cell of a row.

    Parameters
    ----------
    words : the cell in `plain_letters`
    section : words of the row above that groups this one
    otherwise : what counts where neither says what the figures are: the heads, a note under the table

    Examples
    --------
    >>> found = read_label("Mean serum creatinine at 6 months, µmol/L (SD)")
    >>> found.outcome, found.kind, found.spread, found.time, found.unit
    ('serum creatinine', 'mean', 'sd', '6 months', 'µmol/L')
    >>> read_label("Week 12, n (%)", "ACR20").outcome
    'ACR20'
    """
    kind, said = next(
        ((kind, text) for text in (words, section, otherwise) if (kind := _kind_of(text))), ("", "")
    )
    has_sd, has_se = bool(_SD.search(said)), bool(_SE.search(said))
    spread: MeanSpread = "not said" if has_sd == has_se else "sd" if has_sd else "se"
    median_spread: MedianSpread = (
        "iqr" if _IQR.search(said) else "range" if _RANGE.search(said) else "not said"
    )
    plain = " ".join(_DECORATION.sub(" ", words).split())
    match = _UNIT_BEHIND.search(plain)
    unit = " ".join(match.group("unit").split()) if match else ""
    plain, time = cut_time(plain[: match.start()] if match else plain)
    outcome = plain.strip(" ,;:–-()[]")
    if not outcome and section:
        outcome = cut_time(" ".join(_DECORATION.sub(" ", section).split()))[0].strip(" ,;:–-")
    return RowLabel(outcome, kind, spread, median_spread, time, unit)


def _kind_of(text: str) -> RowKind:
    if _MEDIAN.search(text) or _IQR.search(text):
        return "median"
    if _COUNT.search(text):
        return "count"
    return "mean" if _MEAN.search(text) else ""


def cut_time(words: str) -> tuple[str, str]:
    """Give words without the time they name, and that time.

    Examples
    --------
    >>> cut_time("Disease control at week 52"), cut_time("Baseline"), cut_time("SLEDAI score >8")
    (('Disease control', '52 weeks'), ('', 'baseline'), ('SLEDAI score >8', ''))
    """
    times = find_times(words, ())
    if len({each.label for each in times}) != 1:
        return words, ""
    first = times[0]
    start, end = first.start, first.end
    lead = _BEFORE_TIME.search(words, 0, start)
    start = lead.start() if lead else start
    rest = f"{words[:start]} {words[end:]}"
    return " ".join(rest.split()).strip(" ,;:"), first.label


def group_of(head: str) -> str:
    """Give the group that a head names: without its size, its time and the kind of figures.

    Examples
    --------
    >>> group_of("MSC group (n = 20)"), group_of("Baseline"), group_of("All patients (N=40)")
    ('MSC', '', 'all patients')
    """
    words = cut_time(SIZE.sub(" ", head))[0]
    words = _DECORATION.sub(" ", words)
    words = re.sub(r"\b(?:group|arm|cohort)s?\b", " ", words, flags=re.IGNORECASE)
    plain = " ".join(words.split()).strip(" ,;:()[]")
    if re.fullmatch(r"(?:all|total|overall)(?: (?:patients|subjects|participants))?", plain, re.IGNORECASE):
        return "all patients"
    return plain


def find_default(text: str) -> str:
    """Give what a note says that the figures of the tables are; empty where none says it, or two say different things.

    Examples
    --------
    >>> find_default("Data are mean (SD) unless otherwise stated.")
    'mean (SD'
    """
    found = {" ".join(match.group("what").split()) for match in _DEFAULT.finditer(text)}
    return found.pop() if len(found) == 1 else ""
