"""Which number it is, in words: the parts of its key by their printed names."""

from __future__ import annotations

from collections.abc import Iterator

from funis.reporting.labels import STATISTICS, Labels, format_unit, humanise, in_sentence, words_of_name
from funis.reporting.number_book import Number
from funis.reporting.payload import JOINERS, shown_part
from funis.results import ALL


def key_in_words(labels: Labels, number: Number) -> dict[str, str]:
    """Give every part of a number's key by its printed name; parts that divide nothing are left out.

    Parameters
    ----------
    labels : the printed words of the study
    number : the number

    Returns
    -------
    dict : words by what they are about (``statistic``, ``variable``, ``population`` ...), in reading order
    """
    unit = format_unit(labels.unit(number.measure or number.variable))
    variable = labels.variable(number.variable, number.measure)
    found = {
        "statistic": _statistic(number),
        "variable": f"{variable} ({unit})" if unit else variable,
        "category": shown_part(labels, number, "category"),
        "visit": "" if number.visit in {ALL, ""} else labels.visit(number.visit),
        "population": _with_rule(labels, number.population),
        "subgroup": "" if number.subgroup in {ALL, ""} else _with_rule(labels, number.subgroup),
        "arm": "" if number.arm in {ALL, ""} else labels.arm(number.arm),
        "minus arm": labels.arm(number.contrast) if number.contrast else "",
        "endpoint": labels.endpoint(number.endpoint) if number.endpoint else "",
        "estimand": number.estimand,
        "parameter": shown_part(labels, number, "parameter"),
        "by": number.cluster,
        "analysis": humanise(number.analysis),
    }
    return {name: words for name, words in found.items() if words}


def name_number(labels: Labels, number: Number) -> str:
    """Name a number in one line.

    Examples
    --------
    >>> import polars as pl
    >>> from funis.reporting.number_book import read_numbers
    >>> from funis.results import NumberList, Place
    >>> from funis.study.model import Study
    >>> numbers = NumberList()
    >>> place = Place(analysis="summary", variable="ssdai", visit="month_3", population="treated", n=3)
    >>> numbers.add(place, "mean", 5.0)
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> labels = Labels(Study.model_validate({"study": trial}))
    >>> name_number(labels, read_numbers(numbers.frame()).numbers[0])
    'mean of SSDAI at month 3, treated'
    """
    return ", ".join(_line(labels, number))


def _line(labels: Labels, number: Number) -> Iterator[str]:
    about = in_sentence(labels.variable(number.variable, number.measure))
    category = shown_part(labels, number, "category")
    joiner = JOINERS.get(number.statistic, "of")
    at = "" if number.visit in {ALL, ""} else f" at {in_sentence(labels.visit(number.visit))}"
    yield f"{_statistic(number)} {joiner} {about}{f': {category}' if category else ''}{at}"
    yield in_sentence(labels.population(number.population))
    yield from labels.within(number.subgroup, number.arm, number.contrast)
    yield from filter(
        None, (shown_part(labels, number, "parameter"), number.cluster and f"by {number.cluster}")
    )


def _statistic(number: Number) -> str:
    return STATISTICS.get(number.statistic) or words_of_name(number.statistic)


def _with_rule(labels: Labels, population: str) -> str:
    rule = labels.population_rule(population)
    return f"{labels.population(population)}: {rule}" if rule else labels.population(population)
