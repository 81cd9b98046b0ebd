"""One number as a text for a manuscript: with interval, n and P, in the house style of the study."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from funis.catalogue.house_styles import house_style
from funis.documents.table import Inline
from funis.reporting.house_style import apply_house_style
from funis.reporting.labels import Labels, behind_number, format_unit, method_label
from funis.reporting.number_book import (
    Number,
    NumberBook,
    bound,
    bound_in_millions,
    bound_p,
    decimals_for,
    group_of_number,
    interval,
    level_text,
    percent_interval,
)
from funis.reporting.small_samples import has_percent, limit_missed
from funis.results import format_number
from funis.study.model import Study

Parts = Iterable[Inline | str | None]

#: Analyses whose limits are those of an interval of confidence; elsewhere they are a range of another kind.
_WITH_INTERVAL: Final = frozenset(
    {
        *("summary", "change", "course", "test", "mmrm", "comparison", "systems", "time_to_event"),
        *("response", "relapse", "durability", "adverse_events", "sensitivity", "response_over_visits"),
        *("performance_goal", "co_primary", "estimand", "event_rate", "adjudication", "flare_count"),
        "at_relapse",
    }
)
#: A limit, a spread or a P stands with what it belongs to, the first of these that is there.
_HEADS: Final = ("estimate", "survival", "incidence", "restricted_mean", "median")
_LIMITS: Final = frozenset({"lower", "upper"})
_SHARES: Final = frozenset({"clopper_pearson", "wilson"})
_PLANNED: Final = "clopper_pearson"
_OF_MEAN: Final = "student_t"
_P: Final = frozenset({"p", "p_adjusted"})
#: Words that stand in place of a number.
_WORDS: Final = frozenset({"converged", "word", "caution", "most_influential_label", "largest_residual"})
#: What is itself a number of subjects or events.
_COUNTS: Final = frozenset({"n", "at_risk", "events", "groups"})
_ENDS: Final = frozenset({"min", "max"})
_IN_MILLIONS: Final = {"cells": " × 10⁶ cells", "cells_per_kg": " × 10⁶ cells/kg"}
#: Shares of one that are printed as percentages.
_OF_ONE: Final = frozenset({"survival", "incidence"})


def write_number(study: Study, book: NumberBook, number: Number) -> tuple[Inline, ...]:
    """Write a number as it stands in a manuscript.

    Parameters
    ----------
    study : for units, levels and the house style
    book : all numbers of the report
    number : the number; a limit, a standard deviation or a P brings what it belongs to

    Returns
    -------
    tuple of Inline : the text, each number in it with its id

    Examples
    --------
    >>> from funis.reporting.number_book import read_numbers
    >>> from funis.results import NumberList, Place
    >>> numbers = NumberList()
    >>> place = Place(analysis="response", variable="sri_4", category="responder", n=40, denominator=40)
    >>> numbers.add(place, "count", 14)
    >>> numbers.add(place, "percent", 35.0)
    >>> numbers.add(place, "lower", 20.6, method="clopper_pearson")
    >>> numbers.add(place, "upper", 51.7, method="clopper_pearson")
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study, book = Study.model_validate({"study": trial}), read_numbers(numbers.frame())
    >>> "".join(part.text for part in write_number(study, book, book.numbers[0]))
    '14/40 (35.0%; 95% CI 20.6 to 51.7%)'
    """
    head = _find_head(book, number)
    if head.statistic == "count" or (
        head.statistic == "percent" and _beside(book, head, "count") is not None
    ):
        parts = _write_share(study, book, head, number)
    elif head.statistic == "mean":
        parts = _write_mean(study, book, head)
    elif head.statistic == "median" and _beside(book, head, "q1") is not None:
        parts = _write_median(study, book, head)
    elif head.statistic in _P:
        parts = (*_write_p(head), *_in_brackets(_n_of(head)))
    else:
        parts = _write_other(study, book, head)
    written = tuple(Inline(part) if isinstance(part, str) else part for part in parts if part)
    return (
        apply_house_style(written, book, house_style(study.report.style)) if study.report.style else written
    )


def _beside(book: NumberBook, number: Number, statistic: str, method: str | None = "") -> Number | None:
    """Find another number of the same group and visit."""
    return book.find(group_of_number(number), number.visit, statistic, method or None)


def _find_head(book: NumberBook, number: Number) -> Number:
    """Give the number that a limit, a spread or a P belongs to; any other is its own."""
    if number.analysis not in _WITH_INTERVAL and number.statistic in {*_LIMITS, *_P}:
        return number
    wanted: tuple[tuple[str, str | None], ...] = ()
    if number.statistic in _LIMITS and number.method in _SHARES:
        wanted = (("estimate", number.method), ("count", None))
    elif number.statistic in {*_LIMITS, *_P}:
        wanted = (*((name, number.method) for name in _HEADS), ("mean", None))
    elif number.statistic == "sd":
        wanted = (("mean", None),)
    elif number.statistic in {"q1", "q3"}:
        wanted = (("median", None),)
    elif number.statistic == "percent":
        wanted = (("count", None),)
    found = (_beside(book, number, name, method) for name, method in wanted)
    return next((each for each in found if each is not None), number)


def _write_share(study: Study, book: NumberBook, head: Number, asked: Number) -> Parts:
    """Write a count as 14/40 (35.0%; 95% CI 20.6 to 51.7%)."""
    if head.value is None or head.denominator is None:
        return (_plain(head),)
    count = bound(head, 0)
    percent = _beside(book, head, "percent")
    first = Inline(f"{count.text if count else ''}/{head.denominator}", head.id)
    if percent is None or percent.value is None or not has_percent(percent):
        return (first,)
    share = Inline(f"{format_number(percent.value, 1)}%", percent.id)
    method = asked.method if asked.method in _SHARES else _PLANNED
    limits = [bound(_beside(book, head, name, method), 1) for name in ("lower", "upper")]
    inside: list[Inline | str | None] = [share]
    if all(limits) and head.analysis in _WITH_INTERVAL:
        name = f", {method_label(method)}" if method != _PLANNED else ""
        inside += [f"; {level_text(study, head.endpoint)} CI ", *percent_interval(*limits), name]
    return (first, *_in_brackets(inside))


def _write_mean(study: Study, book: NumberBook, head: Number) -> Parts:
    """Write a mean as 6.30 ± 3.63 (95% CI 5.14 to 7.46; n = 40)."""
    if head.value is None:
        return (_plain(head),)
    values = (each.value for each in book.all(group_of_number(head)) if each.statistic == "mean")
    digits = decimals_for(book, head.measure, values)
    spread = _beside(book, head, "sd")
    has_spread = spread is not None and spread.value is not None and limit_missed(spread) is None
    limits = [bound(_beside(book, head, name, _OF_MEAN), digits) for name in ("lower", "upper")]
    inside = [*_level_and_limits(study, head, limits), list(_n_of(head))]
    shown = [_level(head, digits), _level(spread, digits) if spread is not None and has_spread else None]
    beside: Parts = (" ± ", shown[1]) if shown[1] is not None else ()
    return (shown[0], *beside, _unit(study, head), *_in_brackets(_joined(inside)))


def _write_median(study: Study, book: NumberBook, head: Number) -> Parts:
    """Write a median as 1.80 (IQR 1.17, 2.80; n = 28)."""
    if head.value is None:
        return (_plain(head),)
    quartiles = [_beside(book, head, name) for name in ("q1", "q3")]
    shown = [_level(each) for each in quartiles if each is not None and limit_missed(each) is None]
    inside: list[Inline | str | None] = ["IQR ", shown[0], ", ", shown[1]] if len(shown) == 2 else []
    ends = _joined([inside, list(_n_of(head))]) if inside else list(_n_of(head))
    return (_level(head), _unit(study, head), *_in_brackets(ends))


def _write_other(study: Study, book: NumberBook, head: Number) -> Parts:
    """Write an estimate as −4.53 (95% CI −5.90 to −3.15; P < 0.001; n = 40), anything else with its n."""
    if head.statistic in _WORDS:
        return (Inline(head.text, head.id),)
    if head.value is None or limit_missed(head) is not None:
        return (bound(head, 0),)
    if head.statistic in _ENDS:
        return (_level(head), _unit(study, head), *_in_brackets(_n_of(head)))
    inside = list(_beside_estimate(study, book, head)) if head.statistic in _HEADS else []
    if head.analysis == "sensitivity":
        # The text of the estimate is a count with its denominator and percentage.
        return (_plain(head), *(part for group in inside for part in ("; ", *group)))
    unit = _unit(study, head) if head.statistic in {"estimate", "geometric_mean"} else ""
    inside += [list(_n_of(head))] if head.statistic not in _COUNTS else []
    return (_plain(head, of_one=head.statistic in _OF_ONE), unit, *_in_brackets(_joined(inside)))


def _beside_estimate(study: Study, book: NumberBook, head: Number) -> Iterator[list[Inline | str | None]]:
    """Give the interval of an estimate and its P values."""
    if head.analysis not in _WITH_INTERVAL:
        return
    of_one = head.statistic in _OF_ONE
    limits = [book.beside(head, name) for name in ("lower", "upper")]
    shown = [None if each is None else _plain(each, of_one=of_one, sign="") for each in limits]
    for each in _level_and_limits(study, head, shown):
        yield [*each, "%"] if of_one else each
    for name in ("p", "p_adjusted"):
        if (found := book.beside(head, name)) is not None and found.value is not None:
            yield list(_write_p(found))


def _write_p(number: Number) -> Parts:
    """Write a P value with its letter, and what it was adjusted for."""
    shown = bound_p(number)
    sign = "P " if shown is not None and shown.text[:1] in {"<", ">"} else "P = "
    word = f"{method_label(number.adjustment)}-adjusted " if number.statistic == "p_adjusted" else ""
    return (f"{word}{sign}", shown)


def _level_and_limits(
    study: Study, head: Number, limits: list[Inline | None]
) -> list[list[Inline | str | None]]:
    """Give the level of the interval and its ends; nothing where there is none."""
    if head.analysis not in _WITH_INTERVAL or not all(limits):
        return []
    return [[f"{level_text(study, head.endpoint)} CI ", *interval(*limits)]]


def _n_of(number: Number) -> Parts:
    return () if number.n is None else ("n = ", Inline(str(number.n), number.id))


def _joined(groups: Iterable[Parts]) -> list[Inline | str | None]:
    """Put a semicolon between groups that hold something."""
    found: list[Inline | str | None] = []
    for group in filter(None, map(list, groups)):
        found += ["; ", *group] if found else group
    return found


def _in_brackets(parts: Parts) -> Iterator[Inline | str | None]:
    inside = list(parts)
    if inside:
        yield from (" (", *inside, ")")


def _plain(number: Number, *, of_one: bool = False, sign: str = "%") -> Inline:
    """Give a number as the results print it, a share of one as a percentage."""
    text = number.text
    if of_one and number.value is not None:
        text = f"{format_number(100 * number.value, 1)}{sign}"
    return Inline(f"−{text[1:]}" if text[:1] == "-" else text, number.id)


def _level(number: Number, digits: int | None = None) -> Inline | None:
    """Give a level or a recorded value: cells in millions, an end of a range with the decimals it has."""
    if number.measure in _IN_MILLIONS:
        return bound_in_millions(number)
    if number.statistic in _ENDS:
        return bound(number, 6, trimmed=True)
    return _plain(number) if digits is None else bound(number, digits)


def _unit(study: Study, number: Number) -> str:
    if number.measure in _IN_MILLIONS:
        return _IN_MILLIONS[number.measure]
    unit = format_unit(Labels(study).unit(number.measure or number.variable))
    return behind_number(unit) if number.category == "" else ""
