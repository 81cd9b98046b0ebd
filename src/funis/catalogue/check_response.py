"""Checks of what a response or a set of criteria prints, and of rows that can never decide anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

from funis.catalogue.response_parts import GRADE_MEASURES, Criterion, Failure, Parameter, Phrase, Rule
from funis.errors import DefinitionError, Finding

# These count systems, items or events: never below 0.
_COUNTS: Final = GRADE_MEASURES | {"ever", "items_present", "new_items"}
_PRINTED: Final = ("title", "version", "source")
_SUFFIXES: Final = ("_scale", "_unit")


_INDEX_KEYS: Final = frozenset({"item", "measure", "reading", "side", "limit"})
_READINGS: Final = ("halved", "half_way", "both")


class Refuses(Protocol):
    """Whatever keeps the findings of one file."""

    file: str

    def refuse(self, place: str, found: object, message: str, fix: str) -> None:
        """Keep one finding."""


def check_printed(reader: Refuses, content: Mapping[str, Any]) -> None:
    """Refuse keys of the file that are printed and hold no words.

    Parameters
    ----------
    reader : keeps the findings
    content : parsed TOML
    """
    stem = reader.file.removesuffix(".toml")
    if "name" in content and content["name"] != stem:
        reader.refuse("name", content["name"], "The name is not the file's.", f"Write {stem!r}.")
    for key in _PRINTED:
        if key in content and not str(content[key]).strip():
            reader.refuse(key, "", "This is printed and holds no words.", "Write what is to be printed.")
    for key in ("certainty", "family"):
        if key in content and not str(content[key]).strip():
            reader.refuse(key, "", "The key is there and holds no words.", "Write or remove it.")
    if "licence" in content and not str(content["licence"].get("status", "")).strip():
        reader.refuse("licence", "", "The licence has no status.", "Write it, for example 'none needed'.")
    if not all(str(note).strip() for note in content.get("notes", ())):
        reader.refuse("notes", "", "A note holds no words.", "Write or remove it.")


def check_criteria(
    reader: Refuses, criteria: Iterable[Criterion], parameters: Mapping[str, Parameter]
) -> None:
    """Refuse criteria without words, with negative points, or with a phrase that every subject answers alike.

    Parameters
    ----------
    reader : keeps the findings
    criteria : rows as read
    parameters : choices of the definition
    """
    for row in criteria:
        place = f"criteria.{row.id or '?'}"
        if not row.id.strip() or not row.label.strip():
            reader.refuse(place, "", "A criterion needs an id and a label.", "Write both.")
        if row.points < 0:
            reader.refuse(place, row.points, "Points cannot be fewer than none.", "Correct the number.")
        for phrase in row.phrases:
            _check_phrase(reader, place, phrase, parameters)
        if len(set(row.alternatives)) != len(row.alternatives):
            reader.refuse(place, "", "An alternative stands twice.", "Remove one.")


def _check_phrase(reader: Refuses, place: str, phrase: Phrase, parameters: Mapping[str, Parameter]) -> None:
    if phrase.measure in GRADE_MEASURES and phrase.given[0] not in parameters:
        known = ", ".join(sorted(parameters))
        reader.refuse(place, phrase.given[0], "No parameter names these grade columns.", f"Known: {known}.")
    if phrase.measure not in _COUNTS or not isinstance(phrase.limit, Decimal):
        return
    limit, sign = phrase.limit, phrase.symbol
    if (sign == "<" and limit <= 0) or (sign == "<=" and limit < 0):
        reader.refuse(place, phrase.text, "No count is below 0: this never holds.", "Correct the limit.")
    if (sign == ">=" and limit <= 0) or (sign == ">" and limit < 0):
        reader.refuse(place, phrase.text, "No count is below 0: this always holds.", "Correct the limit.")


def check_parameters(reader: Refuses, own: Iterable[str], parameters: Mapping[str, Parameter]) -> None:
    """Refuse choices without words, or a scale or unit of nothing.

    Parameters
    ----------
    reader : keeps the findings
    own : names of the definition's own parameters
    parameters : all of them
    """
    for name in own:
        if name not in parameters:
            continue
        place = f"parameters.{name}"
        if not parameters[name].note.strip():
            reader.refuse(place, "", "The parameter has no note.", "Say what is chosen.")
        for suffix in _SUFFIXES:
            column = name.removesuffix(suffix)
            if column == name:
                continue
            if column not in parameters:
                reader.refuse(
                    place, name, f"There is no parameter {column!r} to convert.", "Name the column."
                )
            if not parameters[name].allowed:
                reader.refuse(place, name, "A scale or unit needs its allowed values.", "Add 'allowed'.")


def check_classes(
    reader: Refuses, rules: Iterable[Rule], failures: Iterable[Failure], otherwise: str
) -> None:
    """Refuse rules without a class or standing twice, and an event that ends the judgement twice.

    Parameters
    ----------
    reader : keeps the findings
    rules, failures : as read
    otherwise : class when no rule holds
    """
    listed = list(rules)
    classes = [rule.response for rule in listed]
    for number, rule in enumerate(listed):
        place = f"rules.{rule.response or '?'}"
        if not rule.response.strip():
            reader.refuse(place, "", "The rule makes no class.", "Write 'class'.")
        if rule in listed[:number]:
            reader.refuse(place, rule.response, "The rule stands twice.", "Remove one.")
        if rule.response == otherwise:
            reader.refuse(place, rule.response, "This class is what is left over.", "Name another.")
        if rule.counted != "all" and rule.least < 1:
            reader.refuse(place, rule.least, "Nothing is asked for.", "Ask for 1 or more.")
        if number and rule.response != classes[number - 1] and rule.response in classes[:number]:
            message = "Rules of one class stand together, the best class first."
            reader.refuse(place, rule.response, message, "Sort the rules.")
    if not otherwise.strip():
        reader.refuse("otherwise", "", "The class that is left over has no name.", "Write it.")
    events = [failure.event for failure in failures]
    for failure in failures:
        if events.count(failure.event) > 1:
            reader.refuse("failures", failure.event, "The event stands twice.", "Remove one.")
        if not failure.label.strip():
            reader.refuse("failures", failure.event, "The event has no label.", "Write it.")


def check_index(table: Mapping[str, Any], file: str, items: Iterable[str]) -> None:
    """Refuse the file of a responder index that names an item, a reading or a side that is not there.

    Parameters
    ----------
    table : parsed TOML
    file : name for messages
    items : names of the instrument's items

    Raises
    ------
    DefinitionError : holds every finding
    """
    findings = _Findings(file)
    check_printed(findings, table)
    known = set(items)
    rows = table.get("measures", ())
    if not rows:
        findings.refuse("measures", "", "The index lacks its measures.", "Add a row per measure.")
    for number, row in enumerate(rows):
        place = f"measures.{row.get('item', '?')}"
        for key in sorted(set(row) - _INDEX_KEYS):
            findings.refuse(place, key, "This key is not known.", f"Known: {', '.join(sorted(_INDEX_KEYS))}.")
        if row.get("item") not in known:
            findings.refuse(place, row.get("item", ""), "There is no such item.", f"Known: {sorted(known)}.")
        if not str(row.get("measure", "")).strip():
            findings.refuse(place, "", "The row names no measure.", "Write the column that was measured.")
        reading = row.get("reading", "halved")
        if reading not in _READINGS:
            findings.refuse(place, reading, "There is no such reading.", f"Known: {', '.join(_READINGS)}.")
        has_limit = row.get("side") in ("low", "high") and "limit" in row
        if has_limit == (reading == "halved") or (not has_limit and {"side", "limit"} & set(row)):
            message = "A halved count has no limit; other readings need a limit and its side, low or high."
            findings.refuse(place, reading, message, "Write both or neither.")
        if row in rows[:number]:
            findings.refuse(place, row.get("measure", ""), "The row stands twice.", "Remove one.")
    if findings.found:
        raise DefinitionError(f"responder index {file}", findings.found)


class _Findings:
    """Keeps the findings of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Finding] = []

    def refuse(self, place: str, found: object, message: str, fix: str) -> None:
        """Keep one finding."""
        self.found.append(
            Finding("error", "definition", "response", self.file, None, place, str(found), message, fix)
        )
