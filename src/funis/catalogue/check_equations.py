"""Checks of equations, of the condition that says whom an instrument is for, and of extra columns."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.definition_file import DefinitionFinding
from funis.catalogue.model_instrument import Definition, EquationFactor

_WAYS = ("maximum", "minimum", "mean")
_NOT_DONE = ("absent", "missing", "left_out")
_WITHIN = ("sum", "maximum", "mean")


def check_outputs(definition: Definition) -> Iterator[DefinitionFinding]:
    """Check that summaries can be built and that flags compare columns that exist.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    for number, summary in enumerate(definition.summaries, 1):
        place = ("summaries", number, summary.name)
        if summary.how not in _WAYS:
            yield DefinitionFinding(*place, "how", summary.how, "no such way", f"Write one of {_WAYS}.")
        if not definition.systems or summary.name in definition.systems:
            fix = "Name systems, and give the summary a name of its own."
            yield DefinitionFinding(*place, "name", summary.name, "nothing to join under this name", fix)
    if definition.within not in _WITHIN:
        fix = f"Write one of {_WITHIN}."
        yield DefinitionFinding("file", None, "", "within", definition.within, "no such way", fix)
    if definition.not_done not in _NOT_DONE:
        fix = f"Write one of {_NOT_DONE}."
        yield DefinitionFinding("file", None, "", "not_done", definition.not_done, "no such way", fix)
    if definition.not_done == "left_out" and (definition.kind != "mean" or definition.systems):
        message = "only a mean of items can leave one out"
        yield DefinitionFinding("file", None, "", "not_done", "left_out", message, "Write missing or absent.")
    if definition.per_system and not definition.systems:
        yield DefinitionFinding("file", None, "", "per_system", "true", "there are no systems", "Name them.")
    parts = [summary.name for summary in definition.summaries]
    parts += definition.systems if definition.per_system else ()
    columns = {definition.name, *(f"{definition.name}_{part}" for part in parts)}
    for number, flag in enumerate(definition.flags, 1):
        for name in flag.when.names:
            if name not in columns:
                fix = f"Known: {', '.join(sorted(columns))}."
                message = "compares a column that is not there"
                yield DefinitionFinding("flags", number, flag.name, "when", name, message, fix)


def check_equation(definition: Definition) -> Iterator[DefinitionFinding]:
    """Check routes, factors and the condition that says whom the instrument is for.

    Parameters
    ----------
    definition : as the reader built it

    Returns
    -------
    iterator of DefinitionFinding : nothing where all is well
    """
    names = {item.name for item in definition.items}
    if definition.factors and (definition.kind != "value" or not definition.routes):
        message = "an equation needs kind value and a route to its quantity"
        yield DefinitionFinding("factors", None, "", "factors", "", message, "Add routes.")
    if definition.kind == "value" and not definition.routes:
        yield DefinitionFinding("routes", None, "", "routes", "", "a value needs a route", "Add one.")
    if definition.applies is not None:
        for term in definition.applies.terms:
            if term.name not in names or term.form != "value" or term.parameter:
                message = "must compare an item of this visit with a number"
                yield DefinitionFinding("file", None, "", "applies", str(term), message, "Name an item.")
    for number, factor in enumerate(definition.factors, 1):
        yield from _check_factor(definition, factor, number, names)


def _check_factor(
    definition: Definition, factor: EquationFactor, number: int, names: set[str]
) -> Iterator[DefinitionFinding]:
    place = ("factors", number, factor.label)
    ways = [way for way in (factor.power, factor.base, factor.times) if way is not None]
    if len(ways) != 1:
        yield DefinitionFinding(*place, "power", ways, "needs one of power, base and times", "Write one.")
    if factor.over <= 0 or (factor.base is not None and factor.base <= 0):
        yield DefinitionFinding(*place, "over", factor.over, "must be above 0", "Correct the number.")
    for name in (factor.item, *(name for name, _ in factor.when_item)):
        if name and name not in names:
            yield DefinitionFinding(*place, "item", name, "there is no such item", f"Known: {sorted(names)}.")
    for name, value in factor.when_item:
        if name in names and value not in definition.item(name).values:
            allowed = definition.item(name).allowed
            yield DefinitionFinding(*place, "if", value, f"{name} has no such value", f"Known: {allowed}.")
    by_name = {parameter.name: parameter for parameter in definition.parameters}
    for name, value in factor.choice:
        if name not in by_name or value not in by_name[name].allowed:
            message = "no such choice"
            yield DefinitionFinding(*place, "where", f"{name} = {value}", message, "Name a parameter.")
