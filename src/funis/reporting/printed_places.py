"""Where a document prints each number: tables, boxes and sections, of the main part or the supplement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple

import polars as pl

from funis.documents.document import Document
from funis.documents.figure import FigureSpec
from funis.documents.table import Inline
from funis.results.read import PLACE_COLUMNS


class Printed(NamedTuple):
    """Where a document prints a number, and as what.

    Attributes
    ----------
    texts : as what, each once
    places : tables, boxes and sections, by their printed number or name
    main : those of the places that stand in the main part
    """

    texts: tuple[str, ...]
    places: tuple[str, ...]
    main: frozenset[str]

    @property
    def is_main(self) -> bool:
        """Tell whether the main part prints it."""
        return bool(self.main)


NOWHERE: Final = Printed((), (), frozenset())


def find_printed(document: Document) -> dict[str, Printed]:
    """Gather where and as what each number stands in a document; figures hold no numbers by their id."""
    texts: dict[str, list[str]] = {}
    places: dict[str, list[str]] = {}
    main: dict[str, set[str]] = {}
    for place, is_main, inline in _inlines_of(document):
        for name in (inline.id, *inline.also):
            texts.setdefault(name, []).append(inline.text)
            places.setdefault(name, []).append(place)
            if is_main:
                main.setdefault(name, set()).add(place)
    return {
        name: Printed(
            tuple(dict.fromkeys(found)),
            tuple(dict.fromkeys(places[name])),
            frozenset(main.get(name, ())),
        )
        for name, found in texts.items()
    }


def list_places(document: Document) -> pl.DataFrame:
    """Give one row for each number and place that prints it, columns of ``PLACE_COLUMNS``.

    Examples
    --------
    >>> from funis.documents.document import Paragraph, Section
    >>> words = Paragraph((Inline("7.43", id="summary.mean"),))
    >>> list_places(Document("X", (Section("a", "Activity", (words,)),))).rows()
    [('summary.mean', 'Activity', True)]
    """
    rows = [
        (name, place, place in found.main)
        for name, found in find_printed(document).items()
        for place in found.places
    ]
    return pl.DataFrame(rows, schema=PLACE_COLUMNS, orient="row")


def _inlines_of(document: Document) -> Iterator[tuple[str, bool, Inline]]:
    """Give every printed number with the table, box or section it stands in, and if that is the main part."""
    yield from (("title", True, each) for each in _inlines(document.facts))
    for section in document.sections:
        for block in section.all_blocks:
            place = getattr(block, "label", "") or section.code or section.title
            yield from ((place, not section.is_supplement, each) for each in _inlines(block))


def _inlines(part: Any) -> Iterator[Inline]:
    # With a list of what is left: a generator within a generator costs more than the search.
    left = [part]
    while left:
        part = left.pop()
        if isinstance(part, Inline):
            if part.id:
                yield part
        elif isinstance(part, tuple):
            left.extend(reversed(part))
        else:
            left.extend(getattr(part, name) for name in reversed(_names_of(type(part))))


_names: Final[dict[type[Any], tuple[str, ...]]] = {}


def _names_of(kind: type[Any]) -> tuple[str, ...]:
    """Name the parts of a kind of block that may hold numbers; none of a figure and of plain values."""
    if kind not in _names:
        holds = is_dataclass(kind) and kind is not FigureSpec
        _names[kind] = tuple(each.name for each in fields(kind)) if holds else ()
    return _names[kind]
