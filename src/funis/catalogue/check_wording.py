"""Checks of what a definition prints and repeats: missing words, rows that stand twice, limits reversed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from funis.catalogue.definition_file import DefinitionFinding
from funis.catalogue.model_instrument import GRADES, Definition, Feature

_RECORDED_BY = ("clinician", "subject", "lab", "device")
_PRINTED = ("title", "label", "version", "source", "licence", "window", "missing", "summary")
_MOST_DIGITS = 6


def check_completeness(definition: Definition) -> Iterator[DefinitionFinding]:
    """Find words that are missing, rows that stand twice and limits that exclude every value.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    yield from _check_words(definition)
    yield from _check_repeats(definition)
    yield from _check_labels(definition)
    yield from _check_measures(definition)
    yield from _check_print(definition)
    yield from _check_grades(definition)


def _check_words(definition: Definition) -> Iterator[DefinitionFinding]:
    for key in _PRINTED:
        if not getattr(definition, key).strip():
            yield DefinitionFinding(
                "file", None, "", key, "", "is printed and holds no words", "Write what is to be printed."
            )
    for number, note in enumerate(definition.notes, 1):
        if not note.strip():
            yield DefinitionFinding(
                "notes", number, "", "notes", "", "a note holds no words", "Write or remove it."
            )
    for table, rows in _labelled(definition):
        for number, (name, label) in enumerate(rows, 1):
            if not label.strip():
                yield DefinitionFinding(
                    table, number, name, "label", "", "has no label to print", "Write a short one."
                )


def _labelled(definition: Definition) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield "items", [(row.name, row.label) for row in definition.items]
    yield "parameters", [(row.name, row.label) for row in definition.parameters]
    yield "measures", [(row.name, row.label) for row in definition.measures]
    yield "features", [(row.name, row.label) for row in definition.features]
    yield "rules", [(row.system, row.label) for row in definition.rules]
    yield "factors", [(row.item, row.label) for row in definition.factors]
    yield "summaries", [(row.name, row.label) for row in definition.summaries]
    yield "flags", [(row.name, row.label) for row in definition.flags]


def _check_repeats(definition: Definition) -> Iterator[DefinitionFinding]:
    """Refuse a row that stands twice: by its name where rows have one, else by all it says."""
    keyed: list[tuple[str, Iterable[Hashable]]] = [
        ("parameters", [row.name for row in definition.parameters]),
        ("measures", [row.name for row in definition.measures]),
        ("summaries", [row.name for row in definition.summaries]),
        ("flags", [row.name for row in definition.flags]),
        ("features", definition.features),
        ("rules", definition.rules),
        ("routes", [row.item for row in definition.routes]),
        ("factors", definition.factors),
        ("systems", definition.systems),
    ]
    for table, rows in keyed:
        seen: set[Hashable] = set()
        for number, row in enumerate(rows, 1):
            if row in seen:
                name = row if isinstance(row, str) else ""
                yield DefinitionFinding(table, number, name, "", name, "the row stands twice", "Remove one.")
            seen.add(row)


def _check_labels(definition: Definition) -> Iterator[DefinitionFinding]:
    """Refuse items that a reader could not tell apart, and levels without or with empty words."""
    labels: dict[str, str] = {}
    for item in definition.items:
        place = ("items", item.row, item.name)
        if item.label and item.label in labels:
            message = f"{labels[item.label]!r} has the same label"
            yield DefinitionFinding(*place, "label", item.label, message, "Tell them apart.")
        labels[item.label] = item.name
        if item.by not in _RECORDED_BY:
            fix = f"Known: {', '.join(_RECORDED_BY)}."
            yield DefinitionFinding(*place, "by", item.by, "nobody of that name records items", fix)
        levels = len(item.values) - 1
        if item.level_labels and (len(item.level_labels) != levels or not all(item.level_labels)):
            message = "needs words for each level above the lowest"
            yield DefinitionFinding(
                *place, "level_labels", len(item.level_labels), message, f"Write {levels}."
            )
        if not all(cause.strip() for cause in item.excludes):
            yield DefinitionFinding(
                *place, "excludes", item.excludes, "a cause holds no words", "Write or remove it."
            )


def _check_measures(definition: Definition) -> Iterator[DefinitionFinding]:
    compared = {name for item in definition.items for name in item.measures}
    for number, one in enumerate(definition.measures, 1):
        place = ("measures", number, one.name)
        if one.minimum is None or one.maximum is None or one.minimum >= one.maximum:
            found = f"{one.minimum} to {one.maximum}"
            yield DefinitionFinding(
                *place, "minimum", found, "needs a minimum below a maximum", "Give plausible limits."
            )
        if not one.unit:
            yield DefinitionFinding(*place, "unit", "", "a measured quantity needs a unit", "Write it.")
        if one.name not in compared:
            fix = "Write the condition, or remove the measure."
            yield DefinitionFinding(*place, "name", one.name, "no condition compares it", fix)


def _check_print(definition: Definition) -> Iterator[DefinitionFinding]:
    if definition.range.lowest >= definition.range.highest:
        found = f"{definition.range.lowest:g} to {definition.range.highest:g}"
        yield DefinitionFinding(
            "range", None, "", "range", found, "the lowest is not below the highest", "Correct."
        )
    if not 0 <= definition.digits <= _MOST_DIGITS:
        fix = f"Write 0 to {_MOST_DIGITS}."
        yield DefinitionFinding("file", None, "", "digits", definition.digits, "cannot be printed so", fix)
    if definition.kind == "value" and definition.systems:
        yield DefinitionFinding(
            "file", None, "", "systems", definition.systems, "a value has none", "Remove them."
        )
    for system in definition.systems:
        if not any(item.system == system for item in definition.items):
            yield DefinitionFinding(
                "systems", None, system, "systems", system, "no row belongs to it", "Name it."
            )
    if definition.reversed_by:
        known = {one.name for one in definition.parameters if isinstance(one.default, bool)}
        if definition.reversed_by not in known:
            fix = f"Known: {', '.join(sorted(known)) or 'none'}."
            yield DefinitionFinding(
                "file", None, "", "reversed_by", definition.reversed_by, "no yes/no parameter", fix
            )


def _check_window(
    definition: Definition, feature: Feature, place: tuple[str, int, str]
) -> Iterator[DefinitionFinding]:
    """Check that a lookback window is given in months and in days, or not at all."""
    months, days = feature.within_months, feature.within_days
    if months < 0:
        yield DefinitionFinding(
            *place, "within_months", months, "months cannot be fewer than none", "Correct it."
        )
    if isinstance(days, str):
        whole = {one.name for one in definition.parameters if type(one.default) is int}
        if days not in whole:
            fix = f"Known: {', '.join(sorted(whole)) or 'none'}."
            yield DefinitionFinding(*place, "within_days", days, "no parameter that is a whole number", fix)
    elif days < 0:
        yield DefinitionFinding(*place, "within_days", days, "days cannot be fewer than none", "Correct it.")
    if bool(months) != bool(days):
        message = "a lookback window needs both: dates count by months, day numbers by days"
        fix = "Give within_months and within_days, or neither."
        yield DefinitionFinding(*place, "within_days", days, message, fix)


def _check_grades(definition: Definition) -> Iterator[DefinitionFinding]:
    if definition.kind != "grades":
        return
    grades = [grade for grade, _ in definition.grade_points]
    points = [value for _, value in definition.grade_points]
    if grades and (grades != list(GRADES) or points != sorted(points, reverse=True)):
        fix = f"Give {', '.join(GRADES)}, the highest points first."
        yield DefinitionFinding(
            "grade_points", None, "", "grade_points", points, "grades or points out of order", fix
        )
    for number, feature in enumerate(definition.features, 1):
        place = ("features", number, feature.name)
        yield from _check_window(definition, feature, place)
        if feature.system not in definition.systems:
            yield DefinitionFinding(
                *place, "system", feature.system, "no such system", "Name one of systems."
            )
        used = {rule.system for rule in definition.rules if feature.name in rule.of_items}
        if feature.system not in used:
            message = f"no rule of {feature.system} counts it"
            yield DefinitionFinding(*place, "feature", feature.name, message, "Write the rule, or remove it.")
        for name in feature.only_without:
            if name not in {item.name for item in definition.items}:
                yield DefinitionFinding(
                    *place, "only_without", name, "there is no such item", "Name an item."
                )
    yield from _check_clauses(definition)


def _check_clauses(definition: Definition) -> Iterator[DefinitionFinding]:
    """Refuse clauses that are not numbered 1, 2, 3 within their grade, and a system without a C."""
    for system in definition.systems if definition.rules else ():
        for grade in GRADES[:3]:
            own = {rule.clause for rule in definition.rules if (rule.system, rule.grade) == (system, grade)}
            if own and min(own) < 1:
                yield DefinitionFinding(
                    "rules", None, system, "clause", min(own), "clauses are numbered from 1", "Correct it."
                )
