"""What the catalogue holds, as a list and entry by entry: for the command line and for readers of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.model_responder_index import ResponderIndex
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import (
    criteria_set,
    criteria_sets,
    definition,
    definitions,
    names_of_kind,
    responder_index,
    response_definition,
    responses,
)
from funis.catalogue.wording.criteria import criteria_words
from funis.catalogue.wording.curves import curve_words
from funis.catalogue.wording.indices import index_words
from funis.catalogue.wording.instruments import condition_words, rule_lines
from funis.catalogue.wording.plain_words import joined_words, name_words, number_words, range_words, with_unit
from funis.catalogue.wording.responses import response_words
from funis.errors import UnknownNameError

Printed = Definition | ResponseDefinition | CriteriaSet | ResponderIndex

_KINDS: Final = {ResponseDefinition: "response", CriteriaSet: "criteria", ResponderIndex: "responder index"}

NOT_DONE: Final = {
    "absent": "an assessment that was not done counts as not present",
    "missing": "an assessment that was not done counts as missing",
    "left_out": "a question that does not apply is left out of the mean",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the catalogue, ready to be printed.

    Attributes
    ----------
    answer : what a program reads: texts, numbers and lists
    lines : what a person reads
    """

    answer: Mapping[str, Any]
    lines: tuple[str, ...]


def list_entries() -> dict[str, list[dict[str, str]]]:
    """Name every entry by group: instruments, responses, criteria, responder indices.

    Returns
    -------
    dict
        By group, one dict an entry with name, title, version, kind and source, in alphabetical order.

    Examples
    --------
    >>> [one["name"] for one in list_entries()["responder indices"]]
    ['s2k_ri_50']
    """
    return {group: [_list_entry(read(name)) for name in names()] for group, (names, read) in _GROUPS.items()}


def show_entry(name: str) -> Entry:
    """Give one entry of the catalogue with everything that decides: weights, levels, limits, choices, rules.

    Parameters
    ----------
    name : an instrument, a response, a set of criteria or a responder index

    Raises
    ------
    UnknownNameError : there is no such entry

    Examples
    --------
    >>> show_entry("sledai_2k").lines[9].split("  ")[2:5]
    ['seizure', '[0, 1]', '8 points where present']
    """
    for names, read in _GROUPS.values():
        if name in names():
            return _show(read(name))
    every = [known for names, _ in _GROUPS.values() for known in names()]
    raise UnknownNameError("instrument, response or criteria", name, every)


def _list_entry(found: Printed) -> dict[str, str]:
    kind = found.kind if isinstance(found, Definition) else _KINDS[type(found)]
    return {
        "name": found.name,
        "title": found.title,
        "version": found.version,
        "kind": kind,
        "source": found.source,
    }


def _show(found: Printed) -> Entry:
    match found:
        case Definition():
            return _show_instrument(found)
        case ResponseDefinition():
            return _show_response(found)
        case CriteriaSet():
            return _show_criteria(found)
        case ResponderIndex():
            return _show_index(found)


# --- instruments ---------------------------------------------------------------------------------


def _show_instrument(found: Definition) -> Entry:
    values = found.parameter_values()
    lines = [
        *_head_lines(found),
        f"licence: {found.licence}",
        f"range: {range_words(found.range.lowest, found.range.highest, found.unit)}",
        *([f"looks back: {found.window_words()}"] if found.window else []),
        f"not done: {NOT_DONE[found.not_done]}",
        *_parameter_lines(found.parameters),
        *(_item_line(found, values, item) for item in found.items),
        *(
            f"  -  {each.name}  [{_span(each.minimum, each.maximum, each.unit)}]  measured  {each.label}"
            for each in found.measures
        ),
        *rule_lines(found, values),
        *([f"Missing: {found.missing}."] if found.missing else []),
    ]
    answer = _list_entry(found) | {
        "licence": found.licence,
        "window": found.window,
        "unit": found.unit,
        "not_done": found.not_done,
        "range": [found.range.lowest, found.range.highest],
        "parameters": [asdict(each) for each in found.parameters],
        "items": [_item_answer(found, values, item) for item in found.items],
        "measures": [asdict(each) for each in found.measures],
        "rules": list(rule_lines(found, values)),
        "missing": found.missing,
    }
    return Entry(answer, tuple(lines))


def _head_lines(found: Printed) -> list[str]:
    return [found.title, *([f"version: {found.version}"] if found.version else []), f"source: {found.source}"]


def _parameter_lines(parameters: Iterable[Parameter]) -> Iterator[str]:
    for each in parameters:
        choice = f" (one of {', '.join(map(str, each.allowed))})" if each.allowed else ""
        yield f"parameter {each.name} = {each.default}{choice}: {each.label}"


def _span(minimum: float | None, maximum: float | None, unit: str) -> str:
    """Print the limits of a measured quantity, outside which a value is refused."""
    limits = [(word, limit) for word, limit in (("from", minimum), ("to", maximum)) if limit is not None]
    words = " ".join(f"{word} {number_words(Decimal(str(limit)))}" for word, limit in limits)
    return f"{words} {unit}".strip()


def _item_line(found: Definition, values: Mapping[str, Any], item: Item) -> str:
    allowed = ", ".join(map(str, item.values)) or _span(item.minimum, item.maximum, item.unit)
    parts = [f"{item.row:>3}", item.name, f"[{allowed}]", _weight_words(found, item), item.label]
    levels = [f"{value} {text}" for value, text in zip(item.values[1:], item.level_labels, strict=False)]
    parts += [f"({'; '.join(levels)})"] if levels else []
    shown = [text for text in _conditions(found, values, item) if text]
    parts += [f"shown by {' / '.join(shown)}"] if shown else []
    parts += [f"not from {joined_words(item.excludes, 'or')}"] if item.excludes else []
    return "  ".join(filter(None, parts))


def _weight_words(found: Definition, item: Item) -> str:
    """Say what the values of an item contribute; nothing where its rows are no points."""
    if item.is_measured:
        return curve_words(item)
    if found.kind == "grades" or item.is_text:
        return f"system {name_words(item.system)}" if item.system else ""
    points = [Decimal(str(each)) for each in item.points]
    if len(points) == 2 and points[0] == item.values[0] == 0:
        return f"{with_unit(points[1], 'points')} where present"
    return f"{joined_words([number_words(each) for each in points], 'or')} points"


def _conditions(found: Definition, values: Mapping[str, Any], item: Item) -> list[str]:
    return [
        joined_words([condition_words(found, values, condition) for condition in level], "or")
        for level in item.when
    ]


def _item_answer(found: Definition, values: Mapping[str, Any], item: Item) -> dict[str, Any]:
    return {
        "row": item.row,
        "name": item.name,
        "label": item.label,
        "system": item.system,
        "values": item.values,
        "points": item.points,
        "level_labels": item.level_labels,
        "unit": item.unit,
        "minimum": item.minimum,
        "maximum": item.maximum,
        "shown_by": _conditions(found, values, item),
        "excludes": item.excludes,
    }


# --- responses, criteria, indices ----------------------------------------------------------------


def _show_response(found: ResponseDefinition) -> Entry:
    words = response_words(found)
    parameters = tuple(found.parameters.values())
    columns = sorted(found.columns_read())
    lines = [
        *_head_lines(found),
        *_parameter_lines(parameters),
        "classes: " + "; ".join(f"{each.name} ({each.label})" for each in found.printed_classes),
        *words.classes,
        *words.rules,
        *words.relapse,
        words.basis,
        f"columns: {', '.join(columns)}",
    ]
    answer = _list_entry(found) | {
        "certainty": found.certainty,
        "is_proposal": found.is_proposal,
        "parameters": [asdict(each) for each in parameters],
        "classes": [{"name": each.name, "label": each.label} for each in found.printed_classes],
        "rules": [*words.classes, *words.rules, *words.relapse],
        "columns": columns,
    }
    return Entry(answer, tuple(lines))


def _show_criteria(found: CriteriaSet) -> Entry:
    words = criteria_words(found)
    columns = [row.criterion.id for row in found.rows]
    lines = [*_head_lines(found), words.lead, *words.criteria, words.basis, f"columns: {', '.join(columns)}"]
    answer = _list_entry(found) | {
        "rules": [words.lead, *words.criteria],
        "columns": columns,
    }
    return Entry(answer, tuple(lines))


def _show_index(found: ResponderIndex) -> Entry:
    answer = _list_entry(found) | {
        "instrument": found.instrument,
        "certainty": found.certainty,
        "rules": [index_words(found)],
    }
    return Entry(answer, (*_head_lines(found), index_words(found)))


def _index_names() -> tuple[str, ...]:
    return names_of_kind("responder_index")


_GROUPS: Final[Mapping[str, tuple[Callable[[], tuple[str, ...]], Callable[[str], Printed]]]] = {
    "instruments": (definitions, definition),
    "responses": (responses, response_definition),
    "criteria": (criteria_sets, criteria_set),
    "responder indices": (_index_names, responder_index),
}
