"""Checks of responses: what is printed, names that nothing defines, rows that can never decide anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from funis.catalogue.definition_file import NO_PLACE, DefinitionFile, DefinitionFinding
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.model_response import GRADE_MEASURES, Phrase, PrintedCriterion, ResponseDefinition

# These count systems, items or events: never below 0.
_COUNTS: Final = GRADE_MEASURES | {"ever", "items_present", "new_items"}
_COUNTS_ITEMS: Final = ("items_present", "new_items")
_PRINTED: Final = ("title", "version", "source")
_SUFFIXES: Final = ("_scale", "_unit")
_Place = tuple[str, int | None, str]


def check_printed(file: DefinitionFile) -> None:
    """Refuse keys of a response, a set of criteria or an index that are printed and hold no words.

    Parameters
    ----------
    file : keeps the findings
    """
    content = file.content
    if "name" in content and content["name"] != file.stem:
        fix = f"Write {file.stem!r}."
        file.refuse(NO_PLACE, "name", content["name"], "The name is not the file's.", fix)
    for key in _PRINTED:
        if key in content and not str(content[key]).strip():
            fix = "Write what is to be printed."
            file.refuse(NO_PLACE, key, "", "This is printed and holds no words.", fix)
    for key in ("certainty", "family", "label"):
        if key in content and not str(content[key]).strip():
            file.refuse(NO_PLACE, key, "", "The key is there and holds no words.", "Write or remove it.")
    if "licence" in content and not str(content["licence"].get("status", "")).strip():
        fix = "Write it, for example 'none needed'."
        file.refuse(NO_PLACE, "licence", "", "The licence has no status.", fix)
    if not all(str(note).strip() for note in content.get("notes", ())):
        file.refuse(NO_PLACE, "notes", "", "A note holds no words.", "Write or remove it.")


def check_response(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find everything wrong in a response that was read.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    yield from check_criteria(definition.criteria, definition.parameters)
    for place, phrase in _phrases(definition):
        yield from _check_names(definition, place, phrase)
    yield from _check_quantities(definition)
    yield from _check_gates(definition)
    yield from _check_used(definition)
    yield from _check_parameters(definition.parameters)
    yield from _check_classes(definition)
    yield from _check_printed_classes(definition)
    yield from _check_events(definition)


def _phrases(definition: ResponseDefinition) -> Iterator[tuple[_Place, Phrase]]:
    for number, row in enumerate(definition.criteria, 1):
        for phrase in row.phrases:
            yield ("criteria", number, row.id), phrase
    for number, (phrase, _) in enumerate(definition.needs, 1):
        yield ("needs", number, ""), phrase


def _check_names(
    definition: ResponseDefinition, place: _Place, phrase: Phrase
) -> Iterator[DefinitionFinding]:
    """Find a limit that names no parameter, and a set of items that nobody wrote down."""
    if isinstance(phrase.limit, str) and phrase.limit not in definition.parameters:
        message = "The limit names no parameter."
        yield DefinitionFinding(*place, "when", phrase.limit, message, "Add the parameter.")
    if phrase.measure in _COUNTS_ITEMS and phrase.given[0] not in definition.sets:
        fix = f"Known: {', '.join(definition.sets)}."
        yield DefinitionFinding(*place, "when", phrase.given[0], "There is no such set.", fix)


def _check_quantities(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find words for a quantity that no phrase reads."""
    read = {name for _, phrase in _phrases(definition) for name in phrase.given}
    for name in definition.quantities:
        if name not in read:
            message = "No phrase reads this quantity."
            yield DefinitionFinding("quantities", None, name, "quantities", name, message, "Remove it.")


def check_criteria(
    criteria: Iterable[PrintedCriterion], parameters: Mapping[str, Parameter]
) -> Iterator[DefinitionFinding]:
    """Find criteria without words, with negative points, or with a phrase that every subject answers alike.

    Parameters
    ----------
    criteria : rows as read
    parameters : choices of the definition
    """
    seen: set[str] = set()
    for number, row in enumerate(criteria, 1):
        place = ("criteria", number, row.id)
        if not row.id.strip() or not row.label.strip():
            message = "A criterion needs an id and a label."
            yield DefinitionFinding(*place, "label", "", message, "Write both.")
        if row.id in seen:
            yield DefinitionFinding(*place, "id", row.id, "Two criteria have this id.", "Rename one.")
        seen.add(row.id)
        if row.points < 0:
            message = "Points cannot be fewer than none."
            yield DefinitionFinding(*place, "points", row.points, message, "Correct the number.")
        for phrase in row.phrases:
            yield from _check_phrase(place, phrase, parameters)
        if len(set(row.alternatives)) != len(row.alternatives):
            yield DefinitionFinding(*place, "any", "", "An alternative stands twice.", "Remove one.")


def _check_phrase(
    place: _Place, phrase: Phrase, parameters: Mapping[str, Parameter]
) -> Iterator[DefinitionFinding]:
    if phrase.measure in GRADE_MEASURES and phrase.given[0] not in parameters:
        fix = f"Known: {', '.join(sorted(parameters))}."
        message = "No parameter names these grade columns."
        yield DefinitionFinding(*place, "when", phrase.given[0], message, fix)
    if phrase.measure not in _COUNTS or not isinstance(phrase.limit, Decimal):
        return
    limit, sign = phrase.limit, phrase.symbol
    if (sign == "<" and limit <= 0) or (sign == "<=" and limit < 0):
        message = "No count is below 0: this never holds."
        yield DefinitionFinding(*place, "when", phrase.text, message, "Correct the limit.")
    if (sign == ">=" and limit <= 0) or (sign == ">" and limit < 0):
        message = "No count is below 0: this always holds."
        yield DefinitionFinding(*place, "when", phrase.text, message, "Correct the limit.")


def _check_gates(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find a criterion that waits for a parameter which is not there or never has the value."""
    for number, row in enumerate(definition.criteria, 1):
        if row.only_if is None:
            continue
        name, value = row.only_if
        parameter = definition.parameters.get(name)
        if parameter is None or (parameter.allowed and value not in parameter.allowed):
            found, message = f"{name} = {value}", "No parameter has this."
            yield DefinitionFinding("criteria", number, row.id, "only_if", found, message, "Correct it.")


def _check_used(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find names of criteria that are not there, and criteria that no rule uses."""
    known = [row.id for row in definition.criteria]
    used: set[str] = set()
    for number, rule in enumerate(definition.rules, 1):
        for name in (*rule.criteria, *rule.also):
            if name not in known:
                fix = f"Known: {', '.join(sorted(known))}."
                message = "No criterion has this id."
                yield DefinitionFinding("rules", number, rule.response, "all", name, message, fix)
        used |= {*rule.criteria, *rule.also}
    for number, row in enumerate(definition.criteria, 1):
        if row.id not in used:
            message = "No rule uses this criterion."
            yield DefinitionFinding("criteria", number, row.id, "id", row.id, message, "Use or remove it.")


def _check_parameters(parameters: Mapping[str, Parameter]) -> Iterator[DefinitionFinding]:
    """Find choices without words, and a scale or unit of nothing."""
    for name, parameter in parameters.items():
        place = ("parameters", None, name)
        if not parameter.label.strip():
            message = "The parameter has no note."
            yield DefinitionFinding(*place, "note", "", message, "Say what is chosen.")
        for suffix in _SUFFIXES:
            column = name.removesuffix(suffix)
            if column == name:
                continue
            if column not in parameters:
                message = f"There is no parameter {column!r} to convert."
                yield DefinitionFinding(*place, "", name, message, "Name the column.")
            if not parameter.allowed:
                message = "A scale or unit needs its allowed values."
                yield DefinitionFinding(*place, "allowed", "", message, "Add 'allowed'.")
        is_converted = any(name.endswith(suffix) for suffix in _SUFFIXES)
        if len(parameter.factors) != (len(parameter.allowed) if is_converted else 0):
            message = "A scale or unit has one factor for each allowed value; no other parameter has any."
            found = ", ".join(map(str, parameter.factors)) or "none"
            yield DefinitionFinding(
                *place, "factors", found, message, "Write as many as 'allowed' has values."
            )


def _check_classes(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find rules without a class, standing twice or out of order."""
    rules, otherwise = definition.rules, definition.otherwise
    classes = [rule.response for rule in rules]
    for number, rule in enumerate(rules):
        place, name = ("rules", number + 1, rule.response), rule.response
        if not name.strip():
            yield DefinitionFinding(*place, "class", "", "The rule makes no class.", "Write 'class'.")
        if rule in rules[:number]:
            yield DefinitionFinding(*place, "", name, "The rule stands twice.", "Remove one.")
        if name == otherwise:
            message = "This class is what is left over."
            yield DefinitionFinding(*place, "class", name, message, "Name another.")
        if rule.counted != "all" and rule.least < 1:
            message = "Nothing is asked for."
            yield DefinitionFinding(*place, rule.counted, rule.least, message, "Ask for 1 or more.")
        if number and name != classes[number - 1] and name in classes[:number]:
            message = "Rules of one class stand together, the best class first."
            yield DefinitionFinding(*place, "class", name, message, "Sort the rules.")
    if not otherwise.strip():
        message = "The class that is left over has no name."
        yield DefinitionFinding(*NO_PLACE, "otherwise", "", message, "Write it.")


def _check_printed_classes(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find classes without words, in another order, or whose extent contradicts who responds."""
    wanted = [*definition.classes, *(name for _, name in definition.needs)]
    named = [one.name for one in definition.printed_classes]
    if named != list(dict.fromkeys(wanted)):
        message, fix = "Each class stands once, in the order of the rules.", f"Write {', '.join(wanted)}."
        yield DefinitionFinding("classes", None, "", "class", ", ".join(named), message, fix)
    for number, one in enumerate(definition.printed_classes, 1):
        place = ("classes", number, one.name)
        if not one.label.strip():
            yield DefinitionFinding(*place, "label", "", "The class has no words.", "Write a short label.")
        is_response = one.name in definition.responding
        if one.extent and is_response == (one.extent == "none"):
            message = "Only classes of those who respond are a response in full or in part."
            yield DefinitionFinding(*place, "extent", one.extent, message, "Correct it, or leave it out.")
    labels = [one.label for one in definition.printed_classes]
    if len(set(labels)) != len(labels):
        message = "Two classes have the same label."
        yield DefinitionFinding("classes", None, "", "label", ", ".join(labels), message, "Tell them apart.")


def _check_events(definition: ResponseDefinition) -> Iterator[DefinitionFinding]:
    """Find an event that ends the judgement twice, or that has no words."""
    events = [failure.event for failure in definition.failures]
    for number, failure in enumerate(definition.failures, 1):
        place = ("failures", number, failure.event)
        if events.count(failure.event) > 1:
            yield DefinitionFinding(*place, "event", failure.event, "The event stands twice.", "Remove one.")
        if not failure.label.strip():
            yield DefinitionFinding(*place, "label", "", "The event has no label.", "Write it.")
