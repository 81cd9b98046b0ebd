"""A responder index as data: the items of an instrument, and what measures that one has improved by half."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Side = Literal["low", "high"]
Reading = Literal["halved", "half_way", "both"]
READINGS: tuple[Reading, ...] = ("halved", "half_way", "both")


@dataclass(frozen=True, slots=True)
class ImprovementMeasure:
    """How one column shows that an item has improved.

    Attributes
    ----------
    column : what was measured
    reading : ``halved`` (a count), ``half_way`` (half of the way back to the limit of normal is gone), or
        ``both`` (half of the way back, and the level itself changed by half: settled where they agree)
    side : whether the item stands for values below (``low``) or above (``high``) the limit
    limit : the limit, or the column that holds the laboratory's own
    possible : lowest and highest value, where neither instrument nor analyte says it
    """

    column: str
    reading: Reading = "halved"
    side: Side = "high"
    limit: str | Decimal = ""
    possible: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class IndexItem:
    """One item: its points, and what measures it, if anything does."""

    item: str
    points: Decimal
    measures: tuple[ImprovementMeasure, ...]


@dataclass(frozen=True, slots=True)
class ResponderIndex:
    """An index in which an item that has improved by half counts half; items in printed order.

    Attributes
    ----------
    name, title, version, source, certainty : what it is, where it was printed, how sure the text is
    instrument : whose items and points these are
    """

    name: str
    items: tuple[IndexItem, ...]
    title: str = ""
    version: str = ""
    source: str = ""
    certainty: str = ""
    instrument: str = ""
