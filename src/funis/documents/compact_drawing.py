"""Smaller drawings that look the same: what is not seen is left out, what is alike is said once.

The drawing engine writes the frame of every mark group twice without ever painting it, names classes that no
style sheet reads, and repeats the colours of each of a thousand tiles. A tenth of a page went on these.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

_HIDDEN: Final = re.compile(r'<path [^>]*\bdisplay="none"[^>]*/>')
#: The drawing as a whole has fill="none"; a frame without a colour of its own is never painted.
_UNPAINTED: Final = re.compile(r'<path class="background"(?![^>]*\b(?:fill|stroke)=)[^>]*/>')
_CLASS: Final = re.compile(r'(<[a-z]\w*\b[^>]*?) class="[^"]*"')
_PATH: Final = re.compile(r'<path d="([^"]*)"((?: [\w:-]+="[^"]*")*)/>')
_PATHS: Final = re.compile(rf"(?:{_PATH.pattern}){{3,}}")
#: What belongs to a single path and cannot be said of several.
_OWN: Final = re.compile(r" (?:id|transform|opacity|clip-path|mask|filter)=")


def compact_drawing(svg: str) -> str:
    """Make an svg element of the drawing engine smaller without a change of what is seen.

    Parameters
    ----------
    svg : drawn with fill="none" around everything; its classes are read by nobody

    Returns
    -------
    str

    Examples
    --------
    >>> compact_drawing('<g class="mark-rect"><path d="M1" stroke-width="2"/><path d="M2" stroke-width="2"/>'
    ...                 '<path d="M3" stroke-width="2"/></g>')
    '<g><g stroke-width="2"><path d="M1"/><path d="M2"/><path d="M3"/></g></g>'
    """
    seen = _UNPAINTED.sub("", _HIDDEN.sub("", svg))
    return _PATHS.sub(_say_once, _CLASS.sub(r"\1", seen))


def _say_once(run: re.Match[str]) -> str:
    """Put paths that follow each other and look alike into one group that says how they look."""
    written = []
    for looks, alike in groupby(_PATH.findall(run.group()), key=lambda path: path[1]):
        shapes = [shape for shape, _ in alike]
        if len(shapes) < 3 or not looks or _OWN.search(looks):
            written += [f'<path d="{shape}"{looks}/>' for shape in shapes]
        else:
            inner = "".join(f'<path d="{shape}"/>' for shape in shapes)
            written.append(f"<g{looks}>{inner}</g>")
    return "".join(written)
