"""Items that follow from measured quantities: ``platelets < 100`` gives a finding at all visits in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.model_parameter import ParameterValue
from funis.frames.under_way import Column
from funis.frames.verbs import Verbs
from funis.scoring.items import ScoringLayout, fill_from_measures, level_ends

#: Columns beside an item of several levels: between which of them it must lie.
LOWEST, HIGHEST = "{}_at_least", "{}_at_most"


def derived_columns(
    definition: Definition,
    schema: Mapping[str, Any],
    ops: Verbs,
    *,
    items: Sequence[Item] | None = None,
    parameters: Mapping[str, ParameterValue] | None = None,
    optional_needed: bool = False,
) -> list[Column]:
    """Derive recorded items from measured quantities, by the conditions of the definition.

    Parameters
    ----------
    definition : the instrument
    schema : Narwhals type of each column of a frame with one row a visit: quantities in the units of the
        definition, null where not measured; the limits of the laboratory that measured ``c3`` under
        ``c3_low`` and ``c3_high``. Conditions that look back are unknown: the rows have no order
    ops : what makes expressions for the frame
    items : those to derive; all that a quantity can give by default
    parameters : see `Definition.parameter_values`
    optional_needed : whether a measure that need not be there leaves its finding unknown where it is missing

    Returns
    -------
    list of expressions : one an item: one of the item's values, the quantity itself for a measured item, null
        where it cannot be determined; beside an item of several levels two more, `LOWEST` and `HIGHEST`:
        proteinuria of 2 g a day is level 3 of a kidney whatever else was not measured

    Examples
    --------
    >>> import narwhals as nw
    >>> import polars as pl
    >>> from funis.catalogue.registry import definition
    >>> counts = pl.DataFrame({"platelets": [99.0, None]})
    >>> columns = derived_columns(definition("sledai_2k"), {"platelets": nw.Float64()}, pl)
    >>> counts.select(columns)["thrombocytopenia"].to_list()
    [1, None]
    """
    if optional_needed:
        needed = tuple(replace(measure, optional=False) for measure in definition.measures)
        definition = replace(definition, measures=needed)
    chosen = [item for item in definition.items if item.measures] if items is None else items
    layout = ScoringLayout(definition, definition.parameter_values(parameters), schema, ops=ops)
    columns = [_derive(layout, item).alias(item.name) for item in chosen]
    for item in filter(has_ends, chosen):
        ends = zip(level_ends(layout, item), (LOWEST, HIGHEST), strict=True)
        columns += [end.alias(name.format(item.name)) for end, name in ends]
    return columns


def has_ends(item: Item) -> bool:
    """Whether quantities may narrow the level of an item without deciding it."""
    return bool(item.when) and len(item.when) > 1


def _derive(layout: ScoringLayout, item: Item) -> Column:
    if item.is_measured:
        ops = layout.ops
        return ops.col(item.lab) if item.lab in layout.schema else ops.lit(None, ops.Float64)
    found = fill_from_measures(layout, item, None)
    return layout.ops.lit(None, layout.level_type) if found is None else found
