"""The flow of subjects as a drawing: from those screened to those analysed, losses at the side.

Drawn by hand rather than as a chart, because every count in it must open its source like any other number.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from funis.reporting.baseline_tables import DISPOSITION
from funis.reporting.number_book import Number, NumberBook
from funis.results import ALL, format_number

_MAIN = ("screened", "consented", "enrolled", "eligible", "treated", "completed")
_SIDE = ("withdrew", "lost", "died", "ongoing")
_WIDTH, _BOX, _HEIGHT, _GAP = 720, 300, 54, 30


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """The flow diagram: its drawing, the words for it, and the ids of the numbers in it."""

    svg: str
    alt: str
    ids: tuple[str, ...]


def build_flow(book: NumberBook) -> FlowSpec | None:
    """Draw the flow of subjects from the disposition.

    Parameters
    ----------
    book : the numbers of a run; needs rows of the analysis ``disposition``

    Returns
    -------
    FlowSpec, or None where no disposition was computed
    """
    counts: dict[str, Number] = {}
    for group in book.of("disposition"):
        number = book.find(group, ALL, "count")
        if number is not None and number.value is not None and group.subgroup == ALL and group.arm == ALL:
            counts[group.variable] = number
    main = [name for name in _MAIN if name in counts]
    if len(main) < 2:
        return None
    side = [name for name in _SIDE if name in counts]
    words = [f"{DISPOSITION[name].lower()} {format_number(counts[name].value, 0)}" for name in (*main, *side)]
    height = len(main) * _HEIGHT + (len(main) - 1) * _GAP + 8
    shapes = [
        _box(counts[name], DISPOSITION[name], 4 + place * (_HEIGHT + _GAP)) for place, name in enumerate(main)
    ]
    shapes += [_arrow(place) for place in range(len(main) - 1)]
    if side and "completed" in main:
        shapes.append(_side_box([(DISPOSITION[name], counts[name]) for name in side], len(main) - 1))
        height = max(height, 4 + (len(main) - 1) * (_HEIGHT + _GAP) + _HEIGHT)
    alt = f"Flow of subjects: {', '.join(words)}."
    body = "".join(shapes)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" '
        f'font-family="Helvetica Neue, Arial, Liberation Sans, sans-serif" font-size="14">{body}</svg>'
    )
    return FlowSpec(svg, alt, tuple(counts[name].id for name in (*main, *side)))


def _count(number: Number, x: float, y: float) -> str:
    text = escape(format_number(number.value, 0))
    return (
        f'<text x="{x}" y="{y}" font-weight="600" fill="#1c2126">n = '
        f'<tspan class="n" role="button" tabindex="0" '
        f'data-id="{escape(number.id)}">{text}</tspan></text>'
    )


def _box(number: Number, words: str, top: float) -> str:
    return (
        f'<rect x="4" y="{top}" width="{_BOX}" height="{_HEIGHT}" rx="3" fill="#f5f7f9" stroke="#8a939c"/>'
        f'<text x="20" y="{top + 23}" fill="#1c2126">{escape(words)}</text>{_count(number, 20, top + 43)}'
    )


def _arrow(place: int) -> str:
    x, top = 4 + _BOX / 2, 4 + place * (_HEIGHT + _GAP) + _HEIGHT
    bottom = top + _GAP
    return (
        f'<path d="M{x} {top}V{bottom - 7}" stroke="#565f69" fill="none"/>'
        f'<path d="M{x - 4.5} {bottom - 8}h9l-4.5 8z" fill="#565f69"/>'
    )


def _side_box(rows: list[tuple[str, Number]], place: int) -> str:
    """Draw those who did not complete beside the last arrow."""
    x = 4 + _BOX + 60
    height = 20 + 24 * len(rows)
    bottom = 4 + place * (_HEIGHT + _GAP) + _HEIGHT
    top = max(4, bottom - _HEIGHT - _GAP / 2 - height / 2)
    middle = 4 + place * (_HEIGHT + _GAP) - _GAP / 2
    start = 4 + _BOX / 2
    shapes = [
        f'<path d="M{start} {middle}H{x - 8}" stroke="#565f69" fill="none"/>',
        f'<path d="M{x - 8} {middle - 4.5}v9l8 -4.5z" fill="#565f69"/>',
        f'<rect x="{x}" y="{top}" width="{_BOX}" height="{height}" rx="3" fill="#fff" stroke="#8a939c"/>',
    ]
    for line, (words, number) in enumerate(rows):
        y = top + 26 + 24 * line
        shapes.append(
            f'<text x="{x + 16}" y="{y}" fill="#1c2126">{escape(words)}</text>{_count(number, x + 210, y)}'
        )
    return "".join(shapes)
