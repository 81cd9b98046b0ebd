"""What a page keeps of its numbers, in the one form in which its script reads them.

The trial report, the pages of virtual trials and those of designs each say other things of a number; how they
are written into the page is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A cell of a number: itself, or the position of a word.
Cell = float | int | None


class PanelWords:
    """A list of words, each once, and the position of each.

    Examples
    --------
    >>> words = PanelWords()
    >>> [words.place(word) for word in ("mean", "SD", "mean")], list(words.places)
    ([0, 1, 0], ['mean', 'SD'])
    """

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, word: str) -> int:
        """Give the position of a word, adding it when it is new."""
        return self.places.setdefault(word, len(self.places))


@dataclass(frozen=True, slots=True)
class PanelColumns:
    """What is known of a number.

    Attributes
    ----------
    names : in the order of the cells: those of its place, then its own
    numeric : those whose cells are numbers, not positions of words
    further : those that only this kind of page has, shown behind the others
    code : those of `further` that are written as a program writes
    """

    names: Sequence[str]
    numeric: Sequence[str] = ()
    further: Sequence[str] = ()
    code: Sequence[str] = ()


def gather_panel(
    columns: PanelColumns,
    numbers: Mapping[str, Sequence[Cell]],
    words: PanelWords,
    headings: Mapping[str, str],
    *,
    places: Iterable[Iterable[Cell]] = ((),),
    recorded: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Gather what the script of a page reads of its numbers.

    Parameters
    ----------
    columns : what is known of a number
    numbers : by their address, each its place, then its own cells
    words : of the cells
    headings : the words of the panel itself
    places : the cells that numbers share
    recorded : the recorded values behind the numbers; None: a page of computed numbers, which has none

    Examples
    --------
    >>> words = PanelWords()
    >>> numbers = {"size": [0, words.place("20")]}
    >>> panel = gather_panel(PanelColumns(("text",)), numbers, words, {"text": "Printed"})
    >>> panel["strings"], panel["numbers"], panel["sources"]
    (['20'], {'size': [0, 0]}, {})
    """
    return {
        "columns": columns.names, "numeric": columns.numeric, "further": columns.further,
        "code": columns.code,
        "strings": list(words.places), "places": [list(place) for place in places], "numbers": numbers,
        "sources": {}, "labels": {}, **(recorded or {}), "words": headings,
    }  # fmt: skip
