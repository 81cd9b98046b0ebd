"""What the columns that responses, criteria and the responder index read can hold.

A score lies within the range of its instrument, on the scale that a parameter gives; a measured quantity
within the limits of its analyte, in the unit in which it is read; a yes/no column holds 0 or 1. Where none of
these says it, the definition does (`possible`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Final

from funis.catalogue.analyte_limits import possible_in, possible_in_any
from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_responder_index import ImprovementMeasure, ResponderIndex
from funis.catalogue.model_response import GRADE_MEASURES, Phrase, PrintedQuantity, ResponseDefinition
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.scoring.check_values import checked_items
from funis.scoring.column_limits import ColumnLimits, FrameLimits
from funis.units.columns import find_analyte
from funis.units.conversions import parse_unit

_NOTHING: Final = PrintedQuantity()
_YES_NO: Final = PrintedQuantity(is_yes_no=True)
_BOUNDS: Final = ("", "_lower", "_upper")
_COUNTED: Final = ("items_present", "new_items")
_OF_UPPER_LIMIT: Final = ("of_upper_limit", "baseline_of_upper_limit")
Chosen = Mapping[str, ParameterValue]


def limits_of_response(found: ResponseDefinition, parameters: Chosen) -> FrameLimits:
    """Give what the columns can hold that a response reads.

    Parameters
    ----------
    found : the response
    parameters : every choice of it, settled

    Examples
    --------
    >>> from funis.catalogue.registry import response_definition
    >>> sri = response_definition("sri_4")
    >>> limits = limits_of_response(sri, sri.settle({"pga_scale": 100})).columns
    >>> {one.column: one.allowed for one in limits}["pga"]
    '0 to 100 points'
    """
    phrases = [phrase for row in found.active(parameters) for phrase in row.phrases]
    phrases += [phrase for phrase, _ in found.needs]
    made: dict[str, ColumnLimits] = {}
    for phrase in phrases:
        if phrase.measure in GRADE_MEASURES:
            continue
        for one in _limits_of_phrase(found, parameters, phrase):
            made.setdefault(one.column, one)
    return FrameLimits(found.name, tuple(made.values()))


def _limits_of_phrase(
    found: ResponseDefinition, parameters: Chosen, phrase: Phrase
) -> Iterator[ColumnLimits]:
    for place, name in enumerate(phrase.given):
        if phrase.measure in _COUNTED and place == 0:
            for member in found.sets[name]:
                yield ColumnLimits(member, *_range_of_item(member))
            continue
        chosen = parameters.get(name)
        column = chosen if isinstance(chosen, str) and chosen else name
        limits = _find_limits(found, parameters, name, column)
        if limits is None:
            continue
        for end in _BOUNDS:
            yield replace(limits, column=f"{column}{end}")
        if phrase.measure in _OF_UPPER_LIMIT:
            yield replace(limits, column=f"{column}_high", lowest=min(0.0, limits.lowest))


def _find_limits(
    found: ResponseDefinition, parameters: Chosen, name: str, column: str
) -> ColumnLimits | None:
    """Give the limits of what a phrase names, in the unit and on the scale of the column."""
    quantity = found.quantities.get(name, _NOTHING)
    scale = found.parameters.get(f"{name}_scale")
    unit = str(parameters.get(f"{name}_unit") or quantity.unit).partition(" (")[0]
    default = "" if name not in found.parameters else str(found.parameters[name].default)
    # On a scale of the caller's choice the definition's own score says how long the scale is.
    scores = (quantity.score, default, name) if scale is not None else (quantity.score, column, default, name)
    analyte = quantity.analyte or find_analyte(name) or find_analyte(column)
    limits = limits_of_quantity(quantity, column, unit, scores, analyte)
    if limits is None or scale is None:
        return limits
    ends = {}
    for length in scale.allowed:
        factor = float(scale.factor_of(length))
        ends[length] = round(limits.lowest / factor, 9), round(limits.highest / factor, 9)
    others = tuple(
        (f'parameters={{"{scale.name}": {length}}}', *found)
        for length, found in ends.items()
        if length != parameters[scale.name]
    )
    return ColumnLimits(column, *ends[parameters[scale.name]], limits.unit, scales=others)


def limits_of_quantity(
    quantity: PrintedQuantity, column: str, unit: str, scores: Iterable[str], called: str
) -> ColumnLimits | None:
    """Give the limits of one column; None where nothing says what it can hold.

    Parameters
    ----------
    quantity : what a definition says of it
    column : its name
    unit : in which it is read; empty where any will do
    scores : names of instruments that it may hold, the likeliest first
    called : the analyte that it holds; empty where it holds none
    """
    if quantity.possible is not None:
        return ColumnLimits(column, *quantity.possible, unit)
    if quantity.is_yes_no:
        return ColumnLimits(column, 0, 1)
    score = next((name for name in scores if name in definitions()), "")
    if score:
        instrument = definition(score)
        return ColumnLimits(
            column, instrument.range.lowest, instrument.range.highest, instrument.unit or "points"
        )
    analyte = analyte_table().analytes.get(called)
    if analyte is None:
        return None
    read = parse_unit(unit)
    ends = possible_in(analyte, read)
    if ends is not None:
        return ColumnLimits(column, *ends, read, analyte.name)
    # A dose "a day" is in the unit of the analyte; without a unit any of its units will do.
    ends = possible_in(analyte, analyte.unit) if read else possible_in_any(analyte)
    return None if ends is None else ColumnLimits(column, *ends, unit)


@cache
def _range_of_item(name: str) -> tuple[float, float]:
    """Give the levels of an item over all instruments that have one of this name; else it is yes or no."""
    values = [
        value
        for instrument in definitions()
        for item in definition(instrument)
        if item.name == name and not item.is_text
        for value in item.values
    ]
    numbers = [float(value) for value in values]
    return min(numbers, default=0.0), max(numbers, default=1.0)


def limits_of_criteria(found: CriteriaSet) -> FrameLimits:
    """Give what the columns can hold that a set of criteria reads.

    Examples
    --------
    >>> from funis.catalogue.registry import criteria_set
    >>> limits = limits_of_criteria(criteria_set("eular_acr_2019")).columns
    >>> {one.column: one.allowed for one in limits}["platelets"]
    '0 to 3000 10^9/L'
    """
    phrases = [phrase for row in found.rows for phrase in row.criterion.phrases]
    made = []
    for name in dict.fromkeys(name for phrase in phrases for name in phrase.given):
        quantity = found.quantities.get(name)
        analyte = find_analyte(name)
        if quantity is None and not analyte and name not in definitions():
            # What is only asked whether it is there is recorded as 1 or 0.
            asked = [phrase for phrase in phrases if name in phrase.given]
            quantity = _YES_NO if all(phrase.limit == 0 for phrase in asked) else None
        quantity = quantity or _NOTHING
        unit = quantity.unit or (analyte_table().analytes[analyte].unit if analyte else "")
        limits = limits_of_quantity(quantity, name, unit, (quantity.score, name), analyte)
        made += [] if limits is None else [limits]
    return FrameLimits(found.name, tuple(made))


def limits_of_index(found: ResponderIndex) -> FrameLimits:
    """Give what the columns can hold that a responder index reads: items, answers, measures and limits."""
    instrument = definition(found.instrument)
    known = {item.name: item for item in checked_items(instrument)}
    made: dict[str, ColumnLimits] = {}
    for item in found.items:
        low, high = (float(end or 0) for end in known[item.item].span)
        made[item.item] = ColumnLimits(item.item, low, high)
        made[f"{item.item}_improved"] = ColumnLimits(f"{item.item}_improved", 0, 1)
        for measure in item.measures:
            limits = _limits_of_measure(measure, found.instrument)
            made[measure.column] = limits
            if isinstance(measure.limit, str) and measure.limit:
                lowest = min(0.0, limits.lowest)
                made[measure.limit] = replace(limits, column=measure.limit, lowest=lowest)
    return FrameLimits(found.name, tuple(made.values()))


def _limits_of_measure(measure: ImprovementMeasure, instrument: str) -> ColumnLimits:
    """Give the limits of a measure by the index, its instrument or the table of analytes.

    One that is not compared with a printed limit may be in any unit: it has the widest limits of its analyte.
    """
    column = measure.column
    if measure.possible is not None:
        return ColumnLimits(column, *measure.possible)
    analyte = analyte_table().find(column)
    widest = None if analyte is None else possible_in_any(analyte)
    if widest is not None and not isinstance(measure.limit, Decimal):
        return ColumnLimits(column, *widest)
    for one in definition(instrument).measures:
        if one.name == column and one.minimum is not None and one.maximum is not None:
            return ColumnLimits(column, one.minimum, one.maximum, one.unit, one.analyte)
    raise LookupError(f"Nothing says what {column!r} of {instrument!r} can be.")
