"""Answers about single texts, kept: forms hold the same few texts again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from funis.frames.few_cells import Cells
from funis.frames.few_columns import FewColumn
from funis.frames.few_together import OneColumn

_MOST: Final = 4096
"""So many answers are kept; then they are found anew."""


class KeptAnswers:
    """What is said of single texts, asked once for each as long as it is kept.

    The answers come from whoever says them for a whole column, so that no rule is written twice.

    Parameters
    ----------
    say : gives the answers to texts, by text; one that it leaves out has none

    Examples
    --------
    >>> lengths = KeptAnswers(lambda texts: {text: len(text) for text in texts})
    >>> lengths.of(["rash", "fever", "rash"])
    [4, 5, 4]
    """

    def __init__(self, say: Callable[[Sequence[str | None]], Mapping[str | None, Any]]) -> None:
        self._say = say
        self._known: dict[str | None, Any] = {}

    def of(self, texts: Cells) -> Cells | None:
        """Give the answer to each text; None where one has none."""
        known = self._known
        try:
            return [known[text] for text in texts]
        except KeyError:
            new = [text for text in dict.fromkeys(texts) if text not in known]
        said = self._say(new)
        if len(said) < len(new):
            # An odd text is asked about again; it goes a longer way in any case.
            return None
        if len(known) + len(said) > _MOST:
            # Another thread may be reading what was kept: that is left as it is.
            self._known = known = {text: known[text] for text in dict.fromkeys(texts) if text in known}
        known.update(said)
        return [known[text] for text in texts]


def answers(expression: object, cells: Sequence[Any]) -> Cells:
    """Work out an expression over one column, whatever its name, for cells.

    Examples
    --------
    >>> from funis.frames.few_verbs import col
    >>> answers(col("day") > 7, [0, 30, None])
    [False, True, None]
    """
    asked = cast("FewColumn", expression)
    found = asked.run(OneColumn(list(cells)), "")
    return [found] * len(cells) if asked.is_one else found
