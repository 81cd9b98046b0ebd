"""What a frame of few rows is asked for, as expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from funis.frames.few_columns import FewColumn, one_column


def as_expressions(columns: Iterable[Any], named: Mapping[str, Any]) -> list[FewColumn]:
    """Take texts as names of columns, lists as what stands in them, keywords as names of answers."""
    flat: list[FewColumn] = []
    for each in columns:
        if isinstance(each, FewColumn):
            flat.append(each)
        elif isinstance(each, str):
            flat.append(one_column(each))
        else:
            flat += as_expressions(each, {})
    for name, given in named.items():
        column = one_column(given) if isinstance(given, str) else given
        flat.append(column.alias(name))
    return flat
