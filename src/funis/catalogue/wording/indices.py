"""A responder index in words: the items of an instrument, and what shows that one has improved by half."""

from __future__ import annotations

from decimal import Decimal

from funis.catalogue.model_responder_index import ImprovementMeasure, ResponderIndex
from funis.catalogue.registry import analyte_table, definition
from funis.catalogue.wording.basis import basis_words
from funis.catalogue.wording.plain_words import in_small, name_words, numbered_words, with_unit


def index_words(found: ResponderIndex) -> str:
    """Put a responder index into words.

    Parameters
    ----------
    found : the index

    Returns
    -------
    str : what counts half and what shows it, item by item; instrument, source and certainty

    Examples
    --------
    >>> from funis.catalogue.registry import responder_index
    >>> index_words(responder_index("s2k_ri_50")).split(":")[0]
    'SLEDAI-2K Responder Index-50 (S2K RI-50) (2011)'
    """
    items = definition(found.instrument)
    shown = [
        f"{items.item(row.item).label} ({with_unit(row.points, 'points')}): "
        + numbered_words([_measure_words(one) for one in row.measures], "or")
        for row in found.items
        if row.measures
    ]
    return (
        f"{found.title} ({found.version}): the points of {items.title} ({items.version}), where an item "
        "that has improved by 50 % or more since baseline counts half. The assessor's own answer to whether "
        f"it has comes first; else it is shown as follows. {'. '.join(shown)}. "
        f"{basis_words('', found.source, found.certainty, is_proposal=False)}"
    )


def _measure_words(measure: ImprovementMeasure) -> str:
    known = analyte_table().analytes.get(measure.column)
    name = in_small(known.label) if known is not None else name_words(measure.column)
    if measure.reading == "halved":
        return f"a fall in {name} of 50 % or more"
    side = "lower" if measure.side == "low" else "upper"
    limit = (
        with_unit(measure.limit)
        if isinstance(measure.limit, Decimal)
        else f"the laboratory's {side} limit ({name_words(measure.limit)})"
    )
    way = f"{name} half of the way back to {limit}"
    if measure.reading == "half_way":
        return way
    return f"{way} with a change of {name} itself of 50 % or more, open where only one of the two holds"
