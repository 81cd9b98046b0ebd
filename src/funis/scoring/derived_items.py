"""Items that follow from measured quantities: ``platelets < 100`` gives a finding at all visits in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.model_parameter import ParameterValue
from funis.frames.under_way import Column
from funis.frames.verbs import narwhals_schema, verbs_of
from funis.scoring.items import ScoringLayout, fill_from_measures


def derive_items(
    definition: Definition,
    measured: pl.DataFrame,
    *,
    items: Sequence[Item] | None = None,
    parameters: Mapping[str, ParameterValue] | None = None,
    optional_needed: bool = False,
) -> pl.DataFrame:
    """Derive recorded items from measured quantities, by the conditions of the definition.

    Parameters
    ----------
    definition : the instrument
    measured : one row a visit, quantities in the units of the definition, null where not measured; the limits
        of the laboratory that measured ``c3`` under ``c3_low`` and ``c3_high``. Conditions that look back
        are unknown: the rows have no order
    items : those to derive; all that a quantity can give by default
    parameters : see `Definition.parameter_values`
    optional_needed : whether a measure that need not be there leaves its finding unknown where it is missing

    Returns
    -------
    polars.DataFrame : one column an item, rows as in `measured`: one of the item's values, the quantity
        itself for a measured item, null where it cannot be determined

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> derive_items(definition("sledai_2k"), pl.DataFrame({"platelets": [99.0, None]}))[
    ...     "thrombocytopenia"].to_list()
    [1, None]
    """
    if optional_needed:
        needed = tuple(replace(measure, optional=False) for measure in definition.measures)
        definition = replace(definition, measures=needed)
    chosen = [item for item in definition.items if item.measures] if items is None else items
    schema = narwhals_schema(measured)
    layout = ScoringLayout(
        definition, definition.parameter_values(parameters), schema, ops=verbs_of(measured)
    )
    columns = [_derive(layout, item).alias(item.name) for item in chosen]
    return measured.with_columns(columns).select(item.name for item in chosen)


def _derive(layout: ScoringLayout, item: Item) -> Column:
    if item.is_measured:
        ops = layout.ops
        return ops.col(item.lab) if item.lab in layout.schema else ops.lit(None, ops.Float64)
    found = fill_from_measures(layout, item, None)
    return layout.ops.lit(None, layout.level_type) if found is None else found
