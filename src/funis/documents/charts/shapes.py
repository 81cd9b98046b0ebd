"""The outlines of points: those that have a name, and those given as a path."""

from __future__ import annotations

import re
from functools import lru_cache
from math import sqrt
from typing import Final

from funis.documents.charts.paper import px
from funis.documents.charts.reading import BeyondChartsError

#: Half of the height of a triangle of equal sides, in halves of its side.
_RISE: Final = sqrt(3) / 2
#: Outlines over a square from -1 to 1.
_NAMED: Final = {
    "square": "M-1-1H1V1H-1Z",
    "diamond": "M-1 0L0-1L1 0L0 1Z",
    "cross": "M-1-.4H-.4V-1H.4V-.4H1V.4H.4V1H-.4V.4H-1Z",
    "triangle-up": f"M0 {-_RISE:.4f}L-1 {_RISE:.4f}H1Z",
    "triangle-left": f"M{-_RISE:.4f} 0L{_RISE:.4f}-1V1Z",
}
_STEP = re.compile(r"([MLHVZ])([^MLHVZ]*)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_PATH = re.compile(r"M[-\d.,MLHVZ ]+")


@lru_cache(maxsize=100)
def _steps(shape: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    path = _NAMED.get(shape, shape)
    if not _PATH.fullmatch(path):
        raise BeyondChartsError(f"shape {shape}")
    return tuple((kind, tuple(map(float, _NUMBER.findall(ends)))) for kind, ends in _STEP.findall(path))


def draw_shape(shape: str, x: float, y: float, size: float) -> str:
    """Draw a point as an element without a look.

    Parameters
    ----------
    shape : ``circle``, ``square``, ``cross``, ``diamond``, ``triangle-up``, ``triangle-left`` or a path
        over a square from -1 to 1
    x, y : its middle
    size : area of the square around it, in square pixels

    Examples
    --------
    >>> draw_shape("circle", 10, 20, 16), draw_shape("square", 10, 20, 16)
    ('<circle cx="10" cy="20" r="2"/>', '<path d="M8 18H12V22H8Z"/>')
    """
    half = sqrt(size) / 2
    if shape == "circle":
        return f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(half)}"/>'
    drawn = []
    for kind, ends in _steps(shape):
        places = [
            px((y if kind == "V" or (kind in "ML" and number % 2) else x) + end * half)
            for number, end in enumerate(ends)
        ]
        drawn.append(kind + " ".join(places))
    return f'<path d="{"".join(drawn)}"/>'
