"""The scales of a panel, chosen from its layers, and where a row of data stands on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, TypeGuard

from funis.documents.charts.reading import BeyondChartsError, ChartLayer, ChartPanel
from funis.documents.charts.scales import AxisEnds, LinearScale, NameScale, Scale
from funis.documents.figure import Spec

#: A line is not drawn over the zero of its own direction.
_LINES = {"line", "area"}


def choose_scale(panel: ChartPanel, name: str, length: float | None, *, is_upright: bool) -> Scale | None:
    """Choose the scale of an axis; None where every layer names its pixels.

    Parameters
    ----------
    panel : its layers share the scale
    name : ``x`` or ``y``
    length : of the axis in pixels; None where the names on it decide
    is_upright : numbers rise upwards
    """
    channels = [each for each in panel.channels(name) if "value" not in each]
    if not channels:
        return None
    kinds = {each["type"] for each in channels if "type" in each}
    if len(kinds) != 1:
        raise BeyondChartsError(f"types of {name}")
    if kinds != {"quantitative"}:
        names = _names(panel, name)
        step = panel.step if length is None else length / max(len(names), 1)
        return NameScale({each: place for place, each in enumerate(names)}, step)
    if length is None:
        raise BeyondChartsError("a step of numbers")
    values = _numbers(panel, name)
    return _ends(panel, name, channels).choose(values, *((length, 0.0) if is_upright else (0.0, length)))


def _ends(panel: ChartPanel, name: str, channels: Sequence[Spec]) -> AxisEnds:
    scales = [each.get("scale") or {} for each in channels]

    def said(key: str) -> Any:
        return next((scale[key] for scale in scales if key in scale), None)

    fixed = [scale["domain"] for scale in scales if "domain" in scale]
    first = next(layer for layer in panel.layers if "value" not in layer.channels.get(name, {"value": 0}))
    zero, is_round = said("zero"), said("nice")
    lowest, highest = said("domainMin"), said("domainMax")
    if zero is None:
        zero = not (name == "x" and first.kind in _LINES)
    if is_round is None:
        is_round = not fixed and lowest is None and highest is None
    return AxisEnds(
        (min(fixed)[0], max(fixed)[1]) if fixed else None,
        lowest,
        highest,
        has_zero=zero,
        is_round=is_round,
        padding=said("padding") or 0.0,
    )


def _numbers(panel: ChartPanel, name: str) -> list[float]:
    found: list[float] = []
    for layer in panel.layers:
        for channel in (name, f"{name}2"):
            read = layer.channels.get(channel, {})
            if "datum" in read:
                found.append(read["datum"])
            elif "field" in read:
                found += [value for row in layer.rows if is_known(value := row.get(read["field"]))]
    return found


def _names(panel: ChartPanel, name: str) -> list[str]:
    found: dict[str, None] = {}
    orders: list[list[str]] = []
    is_sorted = True
    for layer in panel.layers:
        read = layer.channels.get(name, {})
        if "field" not in read:
            continue
        found |= dict.fromkeys(str(row[read["field"]]) for row in layer.rows)
        if isinstance(read.get("sort"), list):
            orders.append(read["sort"])
        elif "sort" in read:
            is_sorted = False
    if orders:
        places = {each: place for place, each in enumerate(orders[0])}
        return sorted(found, key=lambda each: places.get(each, len(places)))
    return sorted(found) if is_sorted else list(found)


def is_known(value: object) -> TypeGuard[float]:
    """Tell a number from a gap."""
    return isinstance(value, int | float) and isfinite(value)


def places_of(layer: ChartLayer, name: str, scale: Scale | None) -> list[float | None] | None:
    """Give the pixels of every row on one channel, None where it has no value; None without the channel."""
    read = layer.channels.get(name)
    if read is None:
        return None
    if "value" in read:
        return [float(read["value"])] * len(layer.rows)
    if isinstance(scale, NameScale):
        return [scale.place(str(row[read["field"]])) for row in layer.rows]
    if not isinstance(scale, LinearScale):
        raise BeyondChartsError(f"no scale of {name}")
    if "datum" in read:
        return [scale.place(read["datum"])] * len(layer.rows)
    place, field = scale.place, read["field"]
    values: Iterable[Any] = (row.get(field) for row in layer.rows)
    return [place(value) if is_known(value) else None for value in values]
