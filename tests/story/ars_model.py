"""Checks a file against the logical model of the Analysis Results Standard, as the folder `ars` has it.

It knows nothing of what wrote the file.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("ars") / "model.csv"


class Slot(NamedTuple):
    """One line of the table."""

    required: bool
    many: bool
    holds: tuple[str, ...]


def _read() -> dict[str, dict[str, Slot]]:
    model: dict[str, dict[str, Slot]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            slot = Slot(row["required"] == "1", row["many"] == "1", tuple(row["holds"].split("|")))
            model.setdefault(row["class"], {})[row["key"]] = slot
    return model


MODEL = _read()
_PLAIN: Mapping[str, type] = {"text": str, "whole": int, "flag": bool}


class Seen(NamedTuple):
    """What stands in a file: objects as (class, place, object), references as (class, place, id)."""

    objects: list[tuple[str, str, dict[str, Any]]]
    references: list[tuple[str, str, str]]


def find_faults(event: dict[str, Any]) -> list[str]:
    """List every way in which a reporting event breaks the model; none where it keeps it."""
    seen = Seen([], [])
    faults = [*_walk("ReportingEvent", event, "", seen)]
    ids: dict[str, Counter[str]] = {}
    for kind, _, each in seen.objects:
        if "id" in each:
            ids.setdefault(kind, Counter())[each["id"]] += 1
    faults += [
        f"{kind} {name}: {n} times" for kind, all_ids in ids.items() for name, n in all_ids.items() if n > 1
    ]
    faults += [
        f"{place}: no {kind} has the id {name}"
        for kind, place, name in seen.references
        if name not in ids.get(kind, ())
    ]
    for kind, place, each in seen.objects:
        faults += _laws(kind, place, each)
    return [*faults, *_grouped(event)]


def _walk(kind: str, each: Any, place: str, seen: Seen) -> Iterator[str]:
    if not isinstance(each, dict):
        yield f"{place}: no object"
        return
    seen.objects.append((kind, place, each))
    slots = MODEL[kind]
    yield from (f"{place}: {kind} has no {key}" for key in each if key not in slots)
    yield from (
        f"{place}: {key} is lacking" for key, slot in slots.items() if slot.required and key not in each
    )
    for key, slot in slots.items():
        if key not in each:
            continue
        value, there = each[key], f"{place}/{key}"
        if slot.many != isinstance(value, list):
            yield f"{there}: {'no list' if slot.many else 'a list'}"
            continue
        if slot.many and not value:
            yield f"{there}: an empty list"
        for number, one in enumerate(value if slot.many else [value]):
            yield from _value(slot, one, f"{there}/{number}" if slot.many else there, seen)


def _value(slot: Slot, value: Any, place: str, seen: Seen) -> Iterator[str]:
    first = slot.holds[0]
    if first in _PLAIN:
        if type(value) is not _PLAIN[first]:
            yield f"{place}: {value!r} is no {first}"
    elif first.startswith("id of "):
        seen.references.append((first.removeprefix("id of "), place, value))
    elif first in MODEL:
        # Classes of one slot are told apart by the keys that each must have.
        fitting = [name for name in slot.holds if isinstance(value, dict) and _has_all(name, value)]
        yield from _walk((fitting or list(slot.holds))[0], value, place, seen)
    elif value not in slot.holds:
        yield f"{place}: {value!r} is no term"


def _has_all(name: str, value: dict[str, Any]) -> bool:
    return all(key in value for key, slot in MODEL[name].items() if slot.required)


def _laws(kind: str, place: str, each: dict[str, Any]) -> Iterator[str]:
    """What the model says in words: one condition or one expression, values by comparator, one value."""
    if "condition" in each and "compoundExpression" in each:
        yield f"{place}: a condition and an expression"
    if kind == "WhereClauseCondition":
        many = each["comparator"] in {"IN", "NOTIN"}
        if (len(each["value"]) < 2) if many else (len(each["value"]) != 1):
            yield f"{place}: {len(each['value'])} values for {each['comparator']}"
    if "logicalOperator" in each:
        many = each["logicalOperator"] != "NOT"
        if (len(each["whereClauses"]) < 2) if many else (len(each["whereClauses"]) != 1):
            yield f"{place}: {len(each['whereClauses'])} clauses for {each['logicalOperator']}"
    if kind == "AnalysisOutputCodeParameter" and len(each["value"]) != 1:
        yield f"{place}: {len(each['value'])} values"
    if kind == "ResultGroup" and ("groupId" in each) == ("groupValue" in each):
        yield f"{place}: a group is named by its id or by its value"


def _grouped(event: dict[str, Any]) -> Iterator[str]:
    """Each result names one group of each grouping of its analysis, and operations of its method only."""
    own = {
        each["id"]: {operation["id"] for operation in each["operations"]} for each in event.get("methods", ())
    }
    groups = {
        each["id"]: {group["id"] for group in each.get("groups", ())}
        for each in event.get("analysisGroupings", ())
    }
    for analysis in event.get("analyses", ()):
        asked = [each["groupingId"] for each in analysis.get("orderedGroupings", ())]
        for result in analysis["results"]:
            named = result.get("resultGroups", ())
            if [each["groupingId"] for each in named] != asked:
                yield f"{analysis['id']}: groups of a result are not those of the analysis"
            if result["operationId"] not in own[analysis["methodId"]]:
                yield f"{analysis['id']}: {result['operationId']} is no operation of its method"
            for each in named:
                if "groupId" in each and each["groupId"] not in groups[each["groupingId"]]:
                    yield f"{analysis['id']}: {each['groupId']} is no group of {each['groupingId']}"


class Result(NamedTuple):
    """A result as a row: the columns of the results by name, and what is printed."""

    columns: frozenset[tuple[str, str]]
    raw: str | None
    formatted: str | None


def read_results(event: dict[str, Any]) -> list[Result]:
    """Read every result with all that the file says of it: as a row of columns, without those that are empty."""
    names = {
        each["id"]: each["name"]
        for key in ("analysisSets", "dataSubsets", "analysisGroupings")
        for each in event.get(key, ())
    }
    names |= {
        group["id"]: group["name"]
        for each in event.get("analysisGroupings", ())
        for group in each.get("groups", ())
    }
    operations = {each["id"]: each["name"] for method in event["methods"] for each in method["operations"]}
    rows = []
    for analysis in event["analyses"]:
        shared = {each["name"]: each["value"][0] for each in analysis["programmingCode"]["parameters"]}
        shared |= {"variable": analysis["variable"], "population": names[analysis["analysisSetId"]]}
        if "dataSubsetId" in analysis:
            shared["subgroup"] = names[analysis["dataSubsetId"]]
        for result in analysis["results"]:
            groups = {
                names[each["groupingId"]]: names[each["groupId"]] if "groupId" in each else each["groupValue"]
                for each in result.get("resultGroups", ())
            }
            told = {**shared, **groups, "statistic": operations[result["operationId"]]}
            rows.append(Result(frozenset(told.items()), result.get("rawValue"), result.get("formattedValue")))
    return rows
