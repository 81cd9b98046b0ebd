"""A titled passage of the methods."""

from __future__ import annotations

from typing import NamedTuple


class Passage(NamedTuple):
    """A titled passage of the methods: paragraphs, then items of a list.

    Attributes
    ----------
    title : its heading
    paragraphs, items : what it says
    is_folded : whether it is looked up rather than read, and opens on demand
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    is_folded: bool = False
