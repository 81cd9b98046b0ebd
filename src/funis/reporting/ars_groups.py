"""Whom and what results are divided by, as CDISC Analysis Results Standard 1.0 (ARS) names it.

A population is an analysis set, a subgroup a data subset; arm, arm it is compared with, visit, category,
parameter and cluster are grouping factors. A rule of the study file becomes a condition where ARS can say it:
one comparison of one variable, for a subgroup several joined by AND. Every rule stands in the description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from funis.reporting.labels import Labels
from funis.reporting.number_book import Number
from funis.reporting.rule_words import rule_words
from funis.results import ALL, format_shortest, join_exactly
from funis.study.rule_nodes import (
    Comparator,
    Compare,
    Identity,
    InList,
    Junction,
    NamedColumn,
    Negation,
    Node,
    Value,
)
from funis.study.rule_tree import parse_rule

#: An object of the file.
Entry = dict[str, Any]

#: The columns that divide the results of one analysis, each with the value that divides nothing.
DIVISIONS: Final = {"arm": ALL, "contrast": "", "visit": ALL, "category": "", "parameter": "", "cluster": ""}
#: Divisions whose groups are known beforehand: by the study file, or as a place in the plan.
_PRESPECIFIED: Final = frozenset({"arm", "contrast", "visit"})
_DIVISION_WORDS: Final = {
    "arm": "Arm",
    "contrast": "Arm that is subtracted from the arm",
    "visit": "Visit, infusion or course",
    "category": "Class, grade, level or term that is counted",
    "parameter": "Parameter of a model; of a correlation, the visit it is with",
    "cluster": "What is left out one at a time or stands as a random effect",
}
#: Populations that are no rule of the study file.
_OWN_POPULATIONS: Final = {
    "enrolled": "Every subject of the data.",
    "responders": "Subjects of the endpoint's population who responded.",
    "at_risk": "Responders who had not relapsed before the visit.",
}
#: The frame of one row a subject that the rules of a study file see.
_SUBJECTS: Final = "subjects"
_COMPARATORS: Final[dict[Comparator, str]] = {
    "=": "EQ",
    "<>": "NE",
    "<": "LT",
    "<=": "LE",
    ">": "GT",
    ">=": "GE",
}


def set_id(population: str) -> str:
    """Name the analysis set of a population."""
    return join_exactly("AS", population)


def subset_id(subgroup: str) -> str:
    """Name the data subset of a subgroup."""
    return join_exactly("DS", subgroup)


def grouping_id(division: str) -> str:
    """Name the grouping factor of a column that divides results."""
    return join_exactly("GF", division)


def group_of(division: str, value: str) -> Entry:
    """Say to which group of a division a result belongs."""
    group = (
        {"groupId": join_exactly("G", division, value)}
        if division in _PRESPECIFIED
        else {"groupValue": value}
    )
    return {"groupingId": grouping_id(division), **group}


def build_sets(labels: Labels, numbers: Iterable[Number]) -> list[Entry]:
    """Describe the analysis sets.

    Parameters
    ----------
    labels : the printed words of the study
    numbers : every number of the results

    Returns
    -------
    list of dict : entries of ``analysisSets``
    """
    return _list_selections(labels, (each.population for each in numbers), set_id, joins=False)


def build_subsets(labels: Labels, numbers: Iterable[Number]) -> list[Entry]:
    """Describe the data subsets.

    Parameters
    ----------
    labels : the printed words of the study
    numbers : every number of the results

    Returns
    -------
    list of dict : entries of ``dataSubsets``
    """
    subgroups = (each.subgroup for each in numbers if each.subgroup != ALL)
    return _list_selections(labels, subgroups, subset_id, joins=True)


def _list_selections(
    labels: Labels, names: Iterable[str], id_of: Callable[[str], str], *, joins: bool
) -> list[Entry]:
    """Describe each of some populations or subgroups once, in the order of the results."""
    return [
        {"id": id_of(name), **_named(labels, name), "level": 1, "order": order}
        | _where(labels.population_rule(name), joins=joins)
        for order, name in enumerate(dict.fromkeys(names), start=1)
    ]


def build_groupings(labels: Labels, numbers: Iterable[Number]) -> list[Entry]:
    """Describe the grouping factors, and the groups of those that are known beforehand.

    Parameters
    ----------
    labels : the printed words of the study
    numbers : every number of the results

    Returns
    -------
    list of dict : entries of ``analysisGroupings``; a column that divides nothing is not among them
    """
    found: dict[str, dict[str, None]] = {division: {} for division in DIVISIONS}
    for number in numbers:
        for division, undivided in DIVISIONS.items():
            value = getattr(number, division)
            if value != undivided:
                found[division][value] = None
    arms = [arm.id for arm in labels.study.arms]
    planned = [visit.name for visit in labels.study.visits]
    known = {"arm": arms, "contrast": arms, "visit": planned}
    return [
        _grouping(labels, division, _in_order(values, known.get(division, ())), known.get(division, ()))
        for division, values in found.items()
        if values
    ]


def _in_order(values: Iterable[str], known: Iterable[str]) -> list[str]:
    """Put what the study file names first, in its order."""
    found = dict.fromkeys(values)
    return [*(each for each in known if each in found), *(each for each in found if each not in {*known})]


def _grouping(labels: Labels, division: str, values: list[str], known: Iterable[str]) -> Entry:
    variable = "arm" if division == "contrast" else division
    about = {
        "id": grouping_id(division),
        "name": division,
        "label": _DIVISION_WORDS[division],
        "groupingVariable": variable,
        "dataDriven": division not in _PRESPECIFIED,
    }
    if division not in _PRESPECIFIED:
        return about
    dataset = "visits" if division == "visit" else _SUBJECTS
    printed = labels.visit if division == "visit" else labels.arm
    groups = [
        {"id": join_exactly("G", division, value), "name": value, "label": printed(value)}
        | {"level": 1, "order": order}
        | (_condition(dataset, variable, "EQ", value) if value in {*known} else {})
        for order, value in enumerate(values, start=1)
    ]
    return about | {"groupingDataset": dataset, "groups": groups}


def _named(labels: Labels, name: str) -> Entry:
    rule = labels.population_rule(name)
    words = f"{_capital(rule_words(labels, rule))}. Rule: {rule}" if rule else _OWN_POPULATIONS.get(name, "")
    return {"name": name, "label": labels.population(name)} | ({"description": words} if words else {})


def _where(rule: str, *, joins: bool) -> Entry:
    """Give the condition that says a rule; nothing where ARS cannot say it."""
    tree = parse_rule(rule) if rule else None
    if tree is None:
        return {}
    simple = _comparison(tree)
    if simple or not joins or not (isinstance(tree, Junction) and tree.every):
        return simple
    parts = [_comparison(part) for part in tree.parts]
    if not all(parts):
        return {}
    clauses = [{"level": 2, "order": order, **part} for order, part in enumerate(parts, start=1)]
    return {"compoundExpression": {"logicalOperator": "AND", "whereClauses": clauses}}


def _comparison(node: Node) -> Entry:
    match node:
        case Compare(comparator, NamedColumn(name), Value(value)) if value is not None:
            return _condition(_SUBJECTS, name, _COMPARATORS[comparator], _text(value))
        case InList(NamedColumn(name), values) if all(each.value is not None for each in values):
            texts = [_text(each.value) for each in values]
            return _condition(_SUBJECTS, name, "IN" if len(texts) > 1 else "EQ", *texts)
        case Negation(Identity(NamedColumn(name), None)):
            return _condition(_SUBJECTS, name, "NE", "")
        case Identity(NamedColumn(name), None):
            return _condition(_SUBJECTS, name, "EQ", "")
    return {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return format_shortest(value) if isinstance(value, float) else str(value)


def _condition(dataset: str, variable: str, comparator: str, *values: str) -> Entry:
    about = {"dataset": dataset, "variable": variable, "comparator": comparator, "value": list(values)}
    return {"condition": about}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
