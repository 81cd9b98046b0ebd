"""The register of a document: the printed number of each table, figure and section, given once.

Renderers read it and add no number of their own. Words refer to what is numbered by its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from funis.errors import ShapeError

#: Stand around the id that words refer to: noncharacters of Unicode, which no text of a study holds.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_REFERENCE = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]+){_CLOSE}")


class RegisterEntry(NamedTuple):
    """What can be referred to: its id, printed number and title, and the code of its supplement section."""

    id: str
    label: str
    title: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """Every table, figure and section of the supplement, in reading order."""

    entries: tuple[RegisterEntry, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Give the printed number of each id."""
        return {entry.id: entry.label for entry in self.entries}

    def resolve(self, text: str) -> str:
        """Write every reference in a text as the printed number of what it refers to.

        Parameters
        ----------
        text : words, with references as `reference` makes them

        Returns
        -------
        str : the words as they are read

        Raises
        ------
        ShapeError : the text refers to what the document does not hold

        Examples
        --------
        >>> register = Register((RegisterEntry("table-relapse", "Table 3", "Relapse"),))
        >>> register.resolve(f"See {reference('table-relapse')}.")
        'See Table 3.'
        """
        if _OPEN not in text:
            return text
        labels = self.labels
        return _REFERENCE.sub(lambda found: _find(labels, found[1]), text)

    def pieces(self, text: str) -> Iterator[tuple[str, str]]:
        """Split a text into words and printed numbers: each with the id it refers to, empty for words.

        Parameters
        ----------
        text : words, with references as `reference` makes them

        Raises
        ------
        ShapeError : the text refers to what the document does not hold

        Examples
        --------
        >>> register = Register((RegisterEntry("table-relapse", "Table 3", "Relapse"),))
        >>> list(register.pieces(f"See {reference('table-relapse')}."))
        [('See ', ''), ('Table 3', 'table-relapse'), ('.', '')]
        """
        labels = self.labels
        for place, part in enumerate(_REFERENCE.split(text)):
            if place % 2:
                yield _find(labels, part), part
            elif part:
                yield part, ""


def _find(labels: dict[str, str], name: str) -> str:
    if name not in labels:
        raise ShapeError(
            f"Words of the document refer to {name!r}, which it does not hold. "
            f"It holds: {', '.join(labels)}. Refer to one of these, "
            "or leave the words out where there is nothing to refer to."
        )
    return labels[name]


def reference(name: str) -> str:
    """Write a reference to a table, a figure or a section of the supplement, to be resolved by its number.

    Parameters
    ----------
    name : its id
    """
    return f"{_OPEN}{name}{_CLOSE}"
