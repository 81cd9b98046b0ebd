"""SLEDAI-2K and BILAG-2004 the plain way: one visit after the other in Python, complete records only.

It stands beside the engine in the benchmark, and a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import funis
from funis.catalogue.conditions import Term, find_limit
from funis.catalogue.model_instrument import LEVELS
from funis.nine_decimals import compare_exactly

Row = Mapping[str, Any]
SLEDAI = {item.name: item.points[-1] for item in funis.definition("sledai_2k").items}
BILAG = funis.definition("bilag_2004")
PARAMETERS = BILAG.parameter_values(None)
POINTS = dict(BILAG.grade_points)
_FEATURES = {
    name: [f for f in rows if all(PARAMETERS[key] == value for key, value in f.choice)]
    for name, rows in (
        (name, [f for f in BILAG.features if f.name == name]) for name in {f.name for f in BILAG.features}
    )
}
_CLAUSES = {
    system: [
        (grade, list(rules))
        for (grade, _), rules in groupby(
            sorted((r for r in BILAG.rules if r.system == system), key=lambda r: (r.grade, r.clause)),
            key=lambda r: (r.grade, r.clause),
        )
    ]
    for system in BILAG.systems
}


def score_sledai_rows(rows: Iterable[Row]) -> Iterator[float | None]:
    """Score SLEDAI-2K visit by visit; None where an item is missing."""
    for row in rows:
        is_complete = all(row[name] is not None for name in SLEDAI)
        yield sum(points for name, points in SLEDAI.items() if row[name]) if is_complete else None


def grade_rows(rows: Iterable[Row]) -> Iterator[tuple[str, ...] | None]:
    """Grade BILAG-2004 visit by visit, subjects in order; None where an item is missing, now or before."""
    subject, before, ever, is_known = None, None, dict.fromkeys(BILAG.systems, False), True
    held: dict[str, float] = {}
    for row in rows:
        if row["subject"] != subject:
            subject, before, ever, is_known = (
                row["subject"],
                None,
                dict.fromkeys(BILAG.systems, False),
                True,
            )
            held = {}
        is_known = is_known and all(row[item.name] is not None for item in BILAG.items)
        if not is_known:
            yield None
            continue
        found = {name: _has_feature(name, row, before, held) for name in _FEATURES}
        grades = tuple(_grade(system, row, found, ever) for system in BILAG.systems)
        before = row
        yield grades


def _grade(system: str, row: Row, found: Mapping[str, bool], ever: dict[str, bool]) -> str:
    grade: str
    for grade, rules in _CLAUSES[system]:
        if all(_is_met(rule, row, found) for rule in rules):
            ever[system] = ever[system] or grade in "ABC"
            return grade
    return "D" if ever[system] else "E"


def _is_met(rule: Any, row: Row, found: Mapping[str, bool]) -> bool:
    if rule.when is not None:
        return all(_holds(term, row, None) for term in rule.when.terms)
    least = LEVELS[rule.with_level]
    count = sum(found[name] if name in found else row[name] >= least for name in rule.of_items)
    return bool(count >= rule.at_least)


def _has_feature(name: str, row: Row, before: Row | None, held: dict[str, float]) -> bool:
    for feature in _FEATURES[name]:
        if any(row[other] is not None for other in feature.only_without):
            continue
        is_first = before is None and feature.when.looks_back
        met = all(
            _answer(feature.first_visit) if is_first and term.looks_back else _holds(term, row, before)
            for term in feature.when.terms
        )
        if feature.within_months:
            if met:
                held[name] = row["day"]
            met = row["day"] - held.get(name, -1e9) <= float(PARAMETERS["biopsy_window_days"])
        if met:
            return True
    return False


def _answer(answer: Any) -> bool:
    return bool(PARAMETERS[answer]) if isinstance(answer, str) else bool(answer)


def _holds(term: Term, row: Row, before: Row | None) -> bool:
    value, limit = row[term.name], find_limit(term, PARAMETERS)
    if before is not None and term.form == "previous":
        value = before[term.name]
    elif before is not None and term.form == "rise":
        value -= before[term.name]
    elif before is not None and term.form == "share":
        limit = before[term.name] * limit / 100
    return bool(compare_exactly(value, term.operator, limit))
