"""Analyses, methods and results as CDISC Analysis Results Standard 1.0 (ARS) names them.

Results that share everything but arm, contrast, visit, category, parameter, cluster and statistic, and are
divided by the same of these, are one analysis. A statistic is an operation of a method. How many had a value,
and of how many, are operations of their own: ARS has no other place for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from funis.reporting.ars_groups import DIVISIONS, Entry, group_of, grouping_id, set_id, subset_id
from funis.reporting.labels import STATISTICS, Labels, humanise, in_sentence, listed, method_label
from funis.reporting.method_words import METHODS
from funis.reporting.number_book import Number
from funis.results import ALL, format_shortest, join_exactly, tell_apart

#: The columns of the results that ARS has no place of its own for; they stand as parameters of the analysis.
PARAMETERS: Final = (
    *("analysis", "endpoint", "estimand", "measure", "method", "adjustment", "delta"),
    *("missing", "missing_outcome"),
)
#: The columns that divide the results of an analysis, and what the results share.
_Key = tuple[tuple[str, ...], tuple[object, ...]]
_SHARED: Final = (*PARAMETERS, "population", "subgroup", "variable")
BASIS: Final[Mapping[str, str]] = {
    "basis_n": "number of subjects (or events) with a value",
    "basis_denominator": "number of subjects that could have had one",
}
_ROLES: Final = {
    "primary": "PRIMARY OUTCOME MEASURE",
    "secondary": "SECONDARY OUTCOME MEASURE",
    "exploratory": "EXPLORATORY OUTCOME MEASURE",
}
#: Analyses of harms, whatever the study file plans.
_SAFETY: Final = frozenset({"adverse_events", "lab_shift", "toxicity_grade"})
#: What a term of ARS does not say: its id, the enumeration it adds to, its value and what it means.
SPONSOR_TERMS: Final = (
    (
        "R.study_file",
        "AnalysisReasonEnum",
        "SPECIFIED IN STUDY FILE",
        "The study file plans the analysis and states no protocol: when it was planned is not known.",
    ),
    (
        "R.every_study",
        "AnalysisReasonEnum",
        "MADE FOR EVERY STUDY",
        "The program makes this analysis for every study with such data.",
    ),
    ("P.safety", "AnalysisPurposeEnum", "SAFETY", "Harms, as far as they were asked about or measured."),
    (
        "P.description",
        "AnalysisPurposeEnum",
        "DESCRIPTION",
        "Subjects, treatment, data and methods: no measure of an outcome.",
    ),
)


@dataclass(slots=True)
class Method:
    """A method of ARS: the analysis it belongs to, its statistical method, and its operations.

    Attributes
    ----------
    operations : what each is called in words, by its name, in the order they were first used
    """

    id: str
    analysis: str
    method: str
    operations: dict[str, str] = field(default_factory=dict)

    def operation_id(self, name: str) -> str:
        """Name an operation."""
        return f"{self.id}.{name}"

    def use(self, statistic: str, basis: str = "") -> str:
        """Name the operation that gives a statistic, or its basis; one that is new is added."""
        words = STATISTICS.get(statistic) or in_sentence(humanise(statistic))
        name = statistic
        if basis:
            name = f"{statistic}_{basis}" if statistic else basis
            words = f"{BASIS[basis]}: {words}" if statistic else BASIS[basis]
        self.operations.setdefault(name, words)
        return self.operation_id(name)


@dataclass(slots=True)
class Analyses:
    """Everything about the results that stands in the file.

    Attributes
    ----------
    analyses : entries of ``analyses``, in the order they were computed
    methods : entries of ``methods``
    of_result : the id of the analysis that holds a result, by the id of the result
    """

    analyses: list[Entry] = field(default_factory=list)
    methods: list[Entry] = field(default_factory=list)
    of_result: dict[str, str] = field(default_factory=dict)


def build_analyses(labels: Labels, numbers: Iterable[Number], context: str) -> Analyses:
    """Put the results into analyses.

    Parameters
    ----------
    labels : the printed words of the study
    numbers : every number of the results
    context : name and version of the program

    Returns
    -------
    Analyses : each number is the result of one operation of one analysis
    """
    made = Analyses()
    methods: dict[tuple[str, str], Method] = {}
    taken: dict[str, _Key] = {}
    for key, members in _gather(numbers).items():
        first = members[0]
        name = _analysis_id(first, key[0])
        if taken.setdefault(name, key) != key:
            name = tell_apart(name, tuple(map(str, key)))
            taken[name] = key
        pair = first.analysis, first.method
        method = methods.setdefault(pair, Method(join_exactly("M", *pair), *pair))
        made.analyses.append(_analysis(labels, name, key[0], members, method, context))
        made.of_result |= {number.id: name for number in members}
    made.methods = [_method(each) for each in methods.values()]
    return made


def _gather(numbers: Iterable[Number]) -> dict[_Key, list[Number]]:
    """Put together what is one analysis: the columns that divide its results, and what these share."""
    gathered: dict[_Key, list[Number]] = {}
    for number in numbers:
        used = tuple(name for name, undivided in DIVISIONS.items() if getattr(number, name) != undivided)
        shared = tuple(getattr(number, name) for name in _SHARED)
        gathered.setdefault((used, shared), []).append(number)
    return gathered


def _analysis(
    labels: Labels,
    name: str,
    used: tuple[str, ...],
    members: list[Number],
    method: Method,
    context: str,
) -> Entry:
    first = members[0]
    results = _results(members, used, method)
    return (
        {"id": name, "name": _analysis_name(labels, first, used)}
        | _without_value(members)
        | _why(labels, first)
        | {"variable": first.variable, "analysisSetId": set_id(first.population)}
        | ({} if first.subgroup == ALL else {"dataSubsetId": subset_id(first.subgroup)})
        | _groupings(used)
        | {"methodId": method.id}
        | _shares(name, members, method)
        | {"programmingCode": _parameters(first, context), "results": results}
    )


def _analysis_id(number: Number, used: Iterable[str]) -> str:
    """Compose a readable id of what the numbers of an analysis share; parts that say nothing are left out."""
    delta = "" if number.delta is None else f"delta {format_shortest(number.delta)}"
    subgroup = "" if number.subgroup == ALL else number.subgroup
    divided = "_".join(used)
    return join_exactly(
        *("A", number.analysis, number.endpoint, number.estimand, number.population, subgroup),
        *(number.variable, number.method, number.adjustment, number.missing_outcome, delta),
        f"by_{divided}" if divided else "",
    )


def _analysis_name(labels: Labels, number: Number, used: Iterable[str]) -> str:
    whom = [in_sentence(labels.population(number.population)), *labels.within(number.subgroup, ALL)]
    by = f", by {listed(tuple(used))}" if used else ""
    how = f", {in_sentence(method_label(number.method))}" if number.method else ""
    about = labels.variable(number.variable, number.measure)
    return f"{humanise(number.analysis)}: {in_sentence(about)}{how} ({', '.join(whom)}){by}"


def _without_value(members: Iterable[Number]) -> Entry:
    """Say why results have no value: the file has a place for their text only."""
    lacking: dict[str, dict[str, None]] = {}
    for number in members:
        if number.value is None:
            lacking.setdefault(number.status, {})[number.statistic] = None
    if not lacking:
        return {}
    said = (f"{listed(tuple(names))} ({humanise(status).lower()})" for status, names in lacking.items())
    return {"description": f"Without a value: {'; '.join(said)}."}


def _why(labels: Labels, number: Number) -> Entry:
    """Give reason and purpose: in terms of ARS for endpoints, in own terms for what is always reported."""
    roles = {each.id: each.role for each in labels.study.endpoints}
    if number.endpoint not in roles:
        purpose = "P.safety" if number.analysis in _SAFETY else "P.description"
        return {"reason": {"sponsorTermId": "R.every_study"}, "purpose": {"sponsorTermId": purpose}}
    planned = (
        {"controlledTerm": "SPECIFIED IN PROTOCOL"}
        if labels.study.trial.protocol
        else {"sponsorTermId": "R.study_file"}
    )
    return {"reason": planned, "purpose": {"controlledTerm": _ROLES[roles[number.endpoint]]}}


def _groupings(used: Iterable[str]) -> Entry:
    ordered = [
        {"order": order, "groupingId": grouping_id(division), "resultsByGroup": True}
        for order, division in enumerate(used, start=1)
    ]
    return {"orderedGroupings": ordered} if ordered else {}


def _parameters(number: Number, context: str) -> Entry:
    told = {name: getattr(number, name) for name in PARAMETERS}
    texts = {
        name: format_shortest(value) if isinstance(value, float) else value
        for name, value in told.items()
        if value not in {"", None}
    }
    return {
        "context": context,
        "parameters": [{"name": name, "value": [text]} for name, text in texts.items()],
    }


def _results(members: Iterable[Number], used: tuple[str, ...], method: Method) -> list[Entry]:
    """Give the results of an analysis, before those of each group how many they rest on.

    Where a statistic rests on others than the first one of its group, its own basis stands before it.
    """
    results: list[Entry] = []
    known: dict[tuple[str, ...], tuple[int | None, int | None]] = {}
    for number in members:
        values = tuple(getattr(number, division) for division in used)
        groups = [group_of(division, value) for division, value in zip(used, values, strict=True)]
        within: Entry = {"resultGroups": groups} if groups else {}
        basis = number.n, number.denominator
        is_first = values not in known
        if known.setdefault(values, basis) != basis or is_first:
            own = "" if is_first else number.statistic
            results += [
                {"operationId": method.use(own, name), **within}
                | {"rawValue": str(count), "formattedValue": str(count)}
                for name, count in zip(BASIS, basis, strict=True)
                if count is not None
            ]
        raw = {} if number.value is None else {"rawValue": _raw(number.value)}
        results.append(
            {"operationId": method.use(number.statistic), **within} | raw | {"formattedValue": number.text}
        )
    return results


def _raw(value: float) -> str:
    """Write a value so that reading it gives the same value; a whole number has no point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _shares(name: str, members: Iterable[Number], method: Method) -> Entry:
    """Say which results a percentage is made of, where it is a count over the denominator beside it."""
    statistics = {number.statistic for number in members if number.denominator is not None}
    if not {"count", "percent"} <= statistics:
        return {}
    percent = method.operation_id("percent")
    relations = (f"{percent}.{part}" for part in ("numerator", "denominator"))
    return {
        "referencedAnalysisOperations": [
            {"referencedOperationRelationshipId": each, "analysisId": name} for each in relations
        ]
    }


def _method(method: Method) -> Entry:
    words = METHODS.get(method.method)
    label = method_label(method.method) if method.method else "Counts and descriptive statistics"
    note = {"description": words.note} if words is not None and words.note else {}
    operations = [
        {"id": method.operation_id(name), "name": name, "label": words, "order": order}
        | _relations(method, name)
        for order, (name, words) in enumerate(method.operations.items(), start=1)
    ]
    name = ": ".join(filter(None, (method.analysis, method.method)))
    return {"id": method.id, "name": name, "label": label, **note, "operations": operations}


def _relations(method: Method, operation: str) -> Entry:
    if operation != "percent" or not {"count", "basis_denominator"} <= {*method.operations}:
        return {}
    own = method.operation_id(operation)
    parts = {"numerator": "count", "denominator": "basis_denominator"}
    return {
        "referencedOperationRelationships": [
            {
                "id": f"{own}.{part}",
                "referencedOperationRole": {"controlledTerm": part.upper()},
                "operationId": method.operation_id(name),
            }
            for part, name in parts.items()
        ]
    }
