"""Builds a responder index from its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from funis.catalogue.check_response import check_printed
from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_instrument import Definition
from funis.catalogue.model_responder_index import READINGS, ImprovementMeasure, IndexItem, ResponderIndex
from funis.catalogue.read_response import read_possible

_REQUIRED: Final = ("name", "title", "version", "kind", "source", "items_of", "measures")
_OPTIONAL: Final = ("certainty", "licence", "notes")
_ROW_KEYS: Final = ("item", "measure", "reading", "side", "limit", "possible", "reason")


def read_responder_index(file: DefinitionFile, find: Callable[[str], Definition]) -> ResponderIndex:
    """Build the index, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``responder_index``
    find : gives the instrument whose items and points the index takes over (``items_of``)

    Raises
    ------
    DefinitionError : holds every finding
    """
    file.refuse_unknown_keys(NO_PLACE, file.content, _REQUIRED, _OPTIONAL)
    check_printed(file)
    file.stop_at_findings()
    items = find(file.content["items_of"]).items
    known = {item.name for item in items}
    rows = file.rows("measures")
    if not rows:
        file.refuse(NO_PLACE, "measures", "", "The index lacks its measures.", "Add a row per measure.")
    placed = [(("measures", number, str(row.get("item", ""))), row) for number, row in enumerate(rows, 1)]
    earlier: list[Content] = []
    for place, row in placed:
        _check_row(file, row, place[1], known)
        if row in earlier:
            file.refuse(place, "", row.get("measure", ""), "The row stands twice.", "Remove one.")
        earlier.append(row)
    file.stop_at_findings()
    measures: dict[str, tuple[ImprovementMeasure, ...]] = {}
    for place, row in placed:
        measure = replace(read_measure(row), possible=read_possible(file, place, row))
        measures[row["item"]] = (*measures.get(row["item"], ()), measure)
    file.stop_at_findings()
    return ResponderIndex(
        file.content["name"],
        tuple(
            IndexItem(item.name, Decimal(str(max(item.points))), measures.get(item.name, ()))
            for item in items
        ),
        file.content["title"],
        str(file.content["version"]),
        file.content["source"],
        file.content.get("certainty", ""),
        file.content["items_of"],
    )


def read_measure(row: Content) -> ImprovementMeasure:
    """Read one row: the column that was measured and how it shows an improvement.

    Examples
    --------
    >>> read_measure({"item": "arthritis", "measure": "inflamed_joints"}).reading
    'halved'
    """
    limit = row.get("limit", "")
    return ImprovementMeasure(
        row["measure"],
        row.get("reading", "halved"),
        row.get("side", "high"),
        limit if isinstance(limit, str) else Decimal(str(limit)),
    )


def _check_row(file: DefinitionFile, row: Content, number: int, known: set[str]) -> None:
    place = ("measures", number, str(row.get("item", "")))
    file.refuse_unknown_keys(place, row, (), _ROW_KEYS)
    if row.get("item") not in known:
        file.refuse(place, "item", row.get("item", ""), "There is no such item.", f"Known: {sorted(known)}.")
    if not str(row.get("measure", "")).strip():
        message = "The row names no measure."
        file.refuse(place, "measure", "", message, "Write the column that was measured.")
    reading = row.get("reading", "halved")
    if reading not in READINGS:
        file.refuse(place, "reading", reading, "There is no such reading.", f"Known: {', '.join(READINGS)}.")
    has_limit = row.get("side") in ("low", "high") and "limit" in row
    if has_limit == (reading == "halved") or (not has_limit and {"side", "limit"} & set(row)):
        message = "A halved count has no limit; other readings need a limit and its side, low or high."
        file.refuse(place, "limit", reading, message, "Write both or neither.")
