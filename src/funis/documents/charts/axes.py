"""The axes of a panel: grid, ticks, labels that do not touch, and titles beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, floor
from typing import Any, Final

from funis.documents.charts.paper import ChartPaper, Extent, Letters, extent_of_words, px, write_words
from funis.documents.charts.reading import BeyondChartsError, ChartPanel
from funis.documents.charts.scales import LinearScale, NameScale, Scale
from funis.documents.colours import GRID, INK, MUTED
from funis.documents.figure import CONFIG, SMALL, TITLE, Spec
from funis.documents.text_extents import measure, wrap

#: Length of a tick, room between it and its label, and what labels keep between them.
_TICK: Final = float(CONFIG["axis"]["tickSize"])
_LABEL_GAP: Final = 2.0
_APART: Final = float(CONFIG["axis"]["labelSeparation"])
_TITLE_GAP: Final = float(CONFIG["axis"]["titlePadding"])
#: Pixels of an axis for each tick.
_TICK_ROOM: Final = 40
_MOST_EXTENT: Final = 200.0
_LABEL_LIMIT: Final = 180.0
#: Expressions that say what a tick is called.
_NAMED = re.compile(r"(\{.*\})\[(datum\.value|format\(datum\.value, 'd'\))\]", re.DOTALL)
_COUNTED = re.compile(r"round\(datum\.value / ([\d.]+)\)")
_SUFFIX = re.compile(r"datum\.label \+ '([^'\\]*)'")

Lines = tuple[str, ...]


def axis_of(panel: ChartPanel, name: str) -> Spec | None:
    """Gather what the layers say of an axis, the first that says a thing; None where there is no axis."""
    said = [each["axis"] for each in panel.channels(name) if "axis" in each]
    if not panel.channels(name) or all("value" in each for each in panel.channels(name)):
        return None
    axes = [each for each in said if each is not None]
    if not axes:
        if said:
            return None
        raise BeyondChartsError(f"an axis of {name} without a title")
    merged: Spec = {}
    for each in axes:
        merged = each | merged
    if "title" not in merged:
        raise BeyondChartsError(f"an axis of {name} without a title")
    return merged


# --- ticks and their words -------------------------------------------------------------------------------


def _ticks(axis: Spec, scale: Scale, length: float) -> list[tuple[float, Lines]]:
    """Give the pixels of each tick and its words."""
    if isinstance(scale, NameScale):
        call = _call(axis)
        return [(scale.place(name), call(name, name)) for name in scale.names]
    count = axis.get("tickCount") or ceil(length / _TICK_ROOM)
    values = axis.get("values")
    if values is None:
        values = scale.ticks(count)
    else:
        values = sorted(each for each in values if 0 <= round(scale.place(each), 6) <= ceil(length))
    form = axis.get("format")
    if form not in {None, ".0%"}:
        raise BeyondChartsError(f"format {form}")
    written = [f"{100 * each:.0f}%" for each in values] if form else scale.write(values, count)
    call = _call(axis)
    return [(scale.place(each), call(each, text)) for each, text in zip(values, written, strict=True)]


def _call(axis: Spec) -> Callable[[Any, str], Lines]:
    """Give what names a tick: from its value and its text."""
    expression = axis.get("labelExpr")
    if expression is None:
        return lambda _, text: (text,)
    if found := _NAMED.fullmatch(expression):
        words, is_whole = json.loads(found[1]), "format" in found[2]
        return lambda value, _: _lines(words.get(f"{value:.0f}" if is_whole else _key(value), ""))
    if found := _COUNTED.fullmatch(expression):
        size = float(found[1])
        return lambda value, _: (str(floor(value / size + 0.5)),)
    if found := _SUFFIX.fullmatch(expression):
        return lambda _, text: (text + found[1],)
    raise BeyondChartsError("labelExpr")


def _key(value: Any) -> str:
    """Write a value as the key of an object is written."""
    return value if isinstance(value, str) else f"{value:.15g}"


def _lines(words: str | Sequence[str]) -> Lines:
    return (words,) if isinstance(words, str) else tuple(words)


def _cut(lines: Lines, limit: float) -> Lines:
    """Cut words that are wider than they may be."""
    if not limit:
        return lines
    return tuple(
        line if measure(line, SMALL) <= limit else wrap(line, limit, SMALL, most=1)[0] for line in lines
    )


def keep_apart(extents: Sequence[Extent], method: object) -> list[int]:
    """Choose labels that do not touch each other.

    Parameters
    ----------
    extents : of the labels, along the axis
    method : ``greedy`` keeps each that leaves the last one kept its room; True takes every other one away
        until none touch; False keeps all

    Returns
    -------
    list of int : places of the labels that are kept
    """
    kept = list(range(len(extents)))
    if not method or not kept:
        return kept
    while len(kept) >= 3 and any(_touch(extents[first], extents[second]) for first, second in pairwise(kept)):
        if method != "greedy":
            kept = kept[::2]
            continue
        free = kept[:1]
        for place in kept[1:]:
            if not _touch(extents[free[-1]], extents[place]):
                free.append(place)
        if free == kept:
            break
        kept = free
    if len(kept) < 3 and kept[-1:] != [len(extents) - 1]:
        # Both ends say more than the first and some other.
        kept = [*kept[:1], len(extents) - 1]
    if len(kept) == 2 and _touch(extents[kept[0]], extents[kept[1]]):
        kept = kept[:1]
    return kept


def _touch(first: Extent, second: Extent) -> bool:
    gaps = (
        second.left - first.right,
        first.left - second.right,
        second.top - first.bottom,
        first.top - second.bottom,
    )
    return max(gaps) < _APART


# --- drawing ---------------------------------------------------------------------------------------------


def draw_axis(
    under: ChartPaper,
    paper: ChartPaper,
    axis: Spec,
    scale: Scale,
    size: tuple[float, float],
    *,
    is_upright: bool,
) -> None:
    """Draw an axis left of a panel, below it, or above it as the axis says.

    Parameters
    ----------
    under : the grid is drawn on
    paper : line, ticks, labels and title are drawn on
    axis : as `axis_of` gives it
    scale : of the axis
    size : width and height of the panel
    is_upright : the axis stands at the left
    """
    width, height = size
    is_above = "orient" in axis
    if axis.get("labelAngle", 0) or (is_above and (axis["title"] or axis.get("ticks", True))):
        raise BeyondChartsError("labelAngle" if axis.get("labelAngle", 0) else "orient")
    length = height if is_upright else width
    ticks = _ticks(axis, scale, length)
    is_number = isinstance(scale, LinearScale)
    if axis.get("grid", is_number and is_upright) and ticks:
        lines = "".join(
            f"M.5 {px(round(at) + 0.5)}H{px(width + 0.5)}"
            if is_upright
            else f"M{px(round(at) + 0.5)} .5V{px(height + 0.5)}"
            for at, _ in ticks
        )
        under.draw(f'<path d="{lines}" stroke="{GRID}"/>')
        under.extent.add(0, 0, width, height)
    _draw_line(paper, axis, ticks, size, is_upright=is_upright)
    reached = _draw_labels(paper, axis, ticks, size, is_upright=is_upright, is_number=is_number)
    room = max(axis.get("minExtent", 0.0), min(axis.get("maxExtent", _MOST_EXTENT), reached))
    # Panels that ask for as much room stand level, however wide their labels are.
    if not is_above:
        paper.extent.add(-room if is_upright else 0, 0, width, height if is_upright else height + room)
    _draw_title(paper, axis, room, size, is_upright=is_upright)


def _draw_line(
    paper: ChartPaper,
    axis: Spec,
    ticks: Sequence[tuple[float, Lines]],
    size: tuple[float, float],
    *,
    is_upright: bool,
) -> None:
    width, height = size
    parts = []
    if axis.get("ticks", True):
        parts += [
            f"M.5 {px(round(at) + 0.5)}h{-_TICK:g}"
            if is_upright
            else f"M{px(round(at) + 0.5)} {px(height + 0.5)}v{_TICK:g}"
            for at, _ in ticks
        ]
    if axis.get("domain", True):
        parts.append(
            f"M.5 .5V{px(height + 0.5)}" if is_upright else f"M.5 {px(height + 0.5)}H{px(width + 0.5)}"
        )
    if parts:
        paper.draw(f'<path d="{"".join(parts)}" stroke="{MUTED}"/>')
        paper.extent.add(0, 0, width, height)


def _draw_labels(
    paper: ChartPaper,
    axis: Spec,
    ticks: Sequence[tuple[float, Lines]],
    size: tuple[float, float],
    *,
    is_upright: bool,
    is_number: bool,
) -> float:
    """Write the labels that have room; give how far ticks and labels reach from the panel."""
    gap = _TICK if axis.get("ticks", True) else 0.0
    if not axis.get("labels", True) or not ticks:
        return gap
    gap += axis.get("labelPadding", _LABEL_GAP)
    width, height = size
    is_flush = axis.get("labelFlush", is_number and not is_upright)
    limit = axis.get("labelLimit", _LABEL_LIMIT)
    step = axis.get("labelLineHeight", 0.0)
    placed = []
    for at, words in ticks:
        lines = _cut(words, limit)
        end = _end(at, height if is_upright else width) if is_flush else ""
        if is_upright:
            baseline = {"start": "top", "end": "bottom"}.get(end, "middle")
            letters = Letters(SMALL, MUTED, "right", baseline, line_height=step)
            # Lines of one label stand around its tick.
            rise = (len(lines) - 1) * letters.step / 2 if baseline == "middle" else 0.0
            placed.append((lines, -gap + 0.5, at - rise + 0.5, letters))
        else:
            align = {"start": "left", "end": "right"}.get(end, "center")
            letters = Letters(SMALL, MUTED, align, "top", line_height=step)
            placed.append((lines, at + 0.5, height + gap + 0.5, letters))
    if "orient" in axis:
        placed = [
            (lines, at, -gap - (len(lines) - 1) * letters.step, replace(letters, baseline="bottom"))
            for lines, at, _, letters in placed
        ]
    extents = [extent_of_words(*each) for each in placed]
    full = [place for place, extent in enumerate(extents) if extent.right - extent.left > 1]
    kept = keep_apart([extents[place] for place in full], axis.get("labelOverlap", is_number))
    reached = 0.0
    for place in (full[each] for each in kept):
        write_words(paper, *placed[place])
        extent = extents[place]
        reached = max(reached, -extent.left if is_upright else extent.bottom - height)
    return reached


def _end(at: float, length: float) -> str:
    """Tell the end of an axis at which a tick stands."""
    if at <= min(1.0, length - at):
        return "start"
    return "end" if length - at <= 1 else ""


def _draw_title(
    paper: ChartPaper, axis: Spec, room: float, size: tuple[float, float], *, is_upright: bool
) -> None:
    if not axis["title"]:
        return
    lines = _lines(axis["title"])
    width, height = size
    if is_upright:
        letters = Letters(TITLE, INK, "center", "bottom")
        left = -room - _TITLE_GAP - (len(lines) - 1) * letters.step
        write_words(paper, lines, left, height / 2, letters, is_turned=True)
    else:
        letters = Letters(TITLE, INK, "center", "top")
        write_words(paper, lines, width / 2, height + room + _TITLE_GAP, letters)
