"""Reads the curve of a measured row."""

from __future__ import annotations

from typing import Any, Final

from funis.catalogue.definition_file import Content, DefinitionFile
from funis.catalogue.model_curve import Curve

_KEYS: Final = frozenset({"above", "below", "over", "at_least", "constant", "times", "ln"})


def read_curve(file: DefinitionFile, place: tuple[str, int | None, str], row: Content) -> Curve | None:
    """Give the curve of a row of items, None where it has none; keep what is wrong with its keys.

    Parameters
    ----------
    file : the opened file
    place : of the row
    row : of ``items``
    """
    given = row.get("curve")
    if given is None:
        return None
    file.refuse_unknown_keys(place, given, frozenset(), _KEYS)
    numbers: dict[str, Any] = {key: float(value) for key, value in given.items() if key in _KEYS}
    return Curve(**numbers)
