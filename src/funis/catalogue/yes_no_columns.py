"""Which columns of responses, criteria and instruments are answered with yes or no.

Only these may be written in words: a measured quantity that "is present" has no number.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from funis.catalogue.registry import (
    analyte_table,
    criteria_set,
    criteria_sets,
    definition,
    definitions,
    response_definition,
    responses,
)


@cache
def yes_no_columns() -> frozenset[str]:
    """Name every column that is answered with yes or no.

    Examples
    --------
    >>> names = yes_no_columns()
    >>> [name in names for name in ("rescue_medication", "seizure", "seizure_improved", "pga", "platelets")]
    [True, True, True, False, False]
    """
    items = [item.name for name in definitions() for item in definition(name) if item.values == (0, 1)]
    asked = [
        quantity
        for name in responses()
        for quantity, printed in response_definition(name).quantities.items()
        if printed.is_yes_no
    ]
    phrases = [
        phrase
        for name in criteria_sets()
        for row in criteria_set(name).rows
        for phrase in row.criterion.phrases
    ]
    shown = [one.given[0] for one in phrases if one.measure == "now" and one.limit == Decimal(0)]
    improved = [f"{item}_improved" for item in items]
    return frozenset([*items, *asked, *shown, *improved]) - analyte_table().analytes.keys()
