"""Steps of a program that look at earlier rows: the row above, so far, the last time.

Rows come in batches, in order. Each step keeps what the next batch needs from the last row of this one, under
its own number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Bits = npt.NDArray[np.uint8]
Node = int
COMPARE: Final[Mapping[str, Callable[..., Any]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
# Bytes of a word: bits are kept in whole words, so that they can be moved from row to row.
WORD: Final = 8
Carried = MutableMapping[Node, Any]
Limits = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of one batch of rows: numbers as they are, truth values and gaps as bits.

    Attributes
    ----------
    rows : number of rows
    values : per column its numbers, or its bits where it holds truth values; what stands under a gap is
        undefined
    gaps : per column the bits of the rows that are empty, None where no row is
    carried : what steps that look back keep from one batch to the next; one dictionary for all batches
    limits : least and greatest value of columns that are watched
    suspects : columns with a value beyond them, found while the steps run
    """

    rows: int
    values: dict[str, Array]
    gaps: dict[str, Bits | None]
    carried: Carried = field(default_factory=dict)
    limits: Limits = field(default_factory=dict)
    suspects: list[str] = field(default_factory=list)


def pack(truth: Array) -> Bits:
    """Give truth values of one byte each as bits, the first of them in the lowest place, in whole words."""
    bits = np.packbits(truth, bitorder="little")
    if len(bits) % WORD == 0:
        return bits
    padded = empty_bits(len(truth))
    padded[: len(bits)] = bits
    return padded


def unpack(bits: Bits, rows: int) -> Bits:
    """Give bits as one byte each, 0 or 1."""
    return np.unpackbits(bits, count=rows, bitorder="little")


def empty_bits(rows: int) -> Bits:
    """Give bits of which none is set."""
    return np.zeros(-(-rows // (8 * WORD)) * WORD, np.uint8)


def _compare_above(batch: Batch, left: Array, right: Array, operator: str, node: Node) -> Bits:
    """Compare the values of each row with others of the row above."""
    compare, rows = COMPARE[operator], batch.rows
    met = np.empty(rows, np.bool_)
    if rows:
        met[0] = compare(left[0], batch.carried.get(node, 0.0))
        compare(left[1:], right[:-1], out=met[1:])
        batch.carried[node] = float(right[-1])
    return pack(met)


def _subtract_above(batch: Batch, left: Array, right: Array, node: Node) -> Array:
    """Take the values of the row above from those of each row."""
    difference, rows = np.empty(batch.rows), batch.rows
    if rows:
        difference[0] = left[0] - batch.carried.get(node, 0.0)
        np.subtract(left[1:], right[:-1], out=difference[1:])
        batch.carried[node] = float(right[-1])
    return difference


def _shift_bits(batch: Batch, bits: Bits, node: Node) -> Bits:
    """Give the bits of the row above."""
    moved = _move(bits, 1)
    if batch.rows:
        moved[0] |= bool(batch.carried.get(node, False))
        batch.carried[node] = _bit(bits, batch.rows - 1)
    return moved


def _bit(bits: Bits, row: int) -> bool:
    return bool(bits[row >> 3] >> (row & 7) & 1)


def _move(bits: Bits, rows: int) -> Bits:
    """Move bits down by some rows; those on top become 0."""
    words = bits.view(np.uint64)
    whole, rest = divmod(rows, 8 * WORD)
    if whole:
        shifted = np.zeros_like(words)
        shifted[whole:] = words[: len(words) - whole]
        words = shifted
    if rest:
        moved = words << np.uint64(rest)
        moved[1:] |= words[:-1] >> np.uint64(8 * WORD - rest)
        words = moved
    return words.view(np.uint8)


def _top(rows: int, all_rows: int) -> Bits:
    """Give the bits of the rows on top."""
    top = empty_bits(all_rows)
    top[: rows >> 3] = 255
    if rows & 7:
        top[rows >> 3] = (1 << (rows & 7)) - 1
    return top


def _rows_before_first(starts: Bits, rows: int) -> int:
    """Count the rows above the first start: those of the subject of the batch before."""
    places = np.flatnonzero(starts)
    if not len(places):
        return rows
    byte = int(starts[places[0]])
    return 8 * int(places[0]) + (byte & -byte).bit_length() - 1


def _last_row(bits: Bits, rows: int) -> int:
    """Give the last row whose bit is set, -1 where none is."""
    places = np.flatnonzero(bits[: -(-rows // 8)])
    if not len(places):
        return -1
    byte = int(bits[places[-1]])
    if places[-1] == rows >> 3:
        byte &= (1 << (rows & 7)) - 1
    if not byte:
        return _last_row(bits, 8 * int(places[-1]))
    return 8 * int(places[-1]) + byte.bit_length() - 1


def goes_on(batch: Batch, first: Bits, _: object) -> tuple[Bits, list[Bits]]:
    """Give where subjects start, and where the row 1, 2, 4, ... rows above belongs to the same subject."""
    reach, step = [~first & _top(batch.rows, batch.rows)], 1
    while step < batch.rows and reach[-1].any():
        reach.append(reach[-1] & _move(reach[-1], step))
        step *= 2
    return first, reach


def _so_far(batch: Batch, bits: Bits, subjects: tuple[Bits, list[Bits]], node: Node) -> Bits:
    """Tell whether a bit was set at or before each row of the same subject.

    The bits of a row are spread to the next row, then to the next two, the next four, until no subject has so
    many rows.
    """
    starts, reach = subjects
    found = bits
    if batch.carried.get(node, False):
        found = found | _top(_rows_before_first(starts, batch.rows), batch.rows)
    for power, same in enumerate(reach[:-1]):
        moved = _move(found, 2**power)
        moved &= same
        moved |= found
        found = moved
    if batch.rows:
        batch.carried[node] = _bit(found, batch.rows - 1)
    return found


def window(batch: Batch, first: Bits, key: str, since: str) -> Window:
    """Give the rows above that belong to the same subject and are not too old, for `_held`.

    Keys, and the least key that is not too old, rise with the rows of a subject.
    """
    keys, least, rows = batch.values[key], batch.values[since], batch.rows
    same, near = ~first, list[Bits]()
    while len(near) + 1 < rows:
        distance = len(near) + 1
        recent = np.zeros(rows, np.bool_)
        np.greater_equal(keys[:-distance], least[distance:], out=recent[distance:])
        found = pack(recent) & same
        if not found.any():
            break
        near.append(found)
        same = same & _move(same, 1)
    return Window(first, near, keys, least)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows above count.

    Attributes
    ----------
    first : where subjects start
    near : where the row 1, 2, ... rows above is of the same subject and not too old
    keys, least : key of each row, and the least key that is not too old for it
    """

    first: Bits
    near: list[Bits]
    keys: Array
    least: Array


def _held(batch: Batch, met: Bits, seen: Window, node: Node) -> Bits:
    """Tell whether a condition was met at this row, or at one of the same subject that is not too old."""
    held, rows = met, batch.rows
    for above, recent in enumerate(seen.near, start=1):
        held = held | _move(met, above) & recent
    before, own = batch.carried.get(node), _rows_before_first(seen.first, rows)
    if before is not None:
        held = held | _top(int(np.searchsorted(seen.least[:own], before, side="right")), rows)
    last, begun = _last_row(met, rows), _last_row(seen.first, rows)
    if last >= 0 and last >= begun:
        batch.carried[node] = seen.keys[last]
    elif begun >= 0:
        batch.carried[node] = None
    return held


# By name; each takes the batch, what it reads, and its own number.
LOOKING_BACK: Final[Mapping[str, Callable[..., Any]]] = {
    "compare_above": _compare_above,
    "subtract_above": _subtract_above,
    "shift_bits": _shift_bits,
    "so_far": _so_far,
    "held": _held,
}
