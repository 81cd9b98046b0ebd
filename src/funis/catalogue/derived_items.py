"""Items that follow from measured quantities, one item of one visit at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from funis.catalogue.conditions import Condition, is_met
from funis.catalogue.model_instrument import Item, Value


def derive_item(
    item: Item,
    values: Mapping[str, float | None],
    *,
    previous: Mapping[str, float | None] | None = None,
    parameters: Mapping[str, Any] | None = None,
    optional: Collection[str] = (),
) -> Value | None:
    """Derive a recorded item from measured quantities, as a laboratory does for ``platelets < 100``.

    Parameters
    ----------
    item : an item whose `measures` are not empty
    values : measured quantities in the units of the definition; the limits of the laboratory that measured
        ``c3`` under ``c3_low`` and ``c3_high``
    previous : the same at the previous visit, where a condition looks back
    parameters : see `Definition.parameter_values`; needed where a limit is a parameter
    optional : measures that may show a finding but need not be there (`Definition.optional_measures`)

    Returns
    -------
    one of ``item.values``, the value itself for a measured item, or None where it cannot be told

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> derive_item(definition("sledai_2k").item("thrombocytopenia"), {"platelets": 99})
    1
    """
    if item.lab and values.get(item.lab) is not None and item.is_measured:
        return values[item.lab]
    lowest, *others = item.values or (None,)
    answer: Value | None = lowest
    for level, conditions in zip(others, item.when, strict=False):
        met = [
            is_met(condition, values, previous, parameters)
            for condition in conditions
            if not _is_left_out(condition, values, optional)
        ]
        if any(met):
            answer = level
        elif None in met:
            answer = None
    return answer if item.when else None


def _is_left_out(condition: Condition, values: Mapping[str, float | None], optional: Collection[str]) -> bool:
    return set(condition.names) <= set(optional) and all(values.get(name) is None for name in condition.names)
