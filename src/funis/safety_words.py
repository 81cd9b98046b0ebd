"""Words of safety tables that mean something to a rule: levels of causality, and what is no reaction."""

from __future__ import annotations

_NO_REACTION = frozenset({"none", "no", "nil", "0", ""})


def is_reaction(text: str | None) -> bool:
    """Tell whether the column ``reaction`` of an infusion says that there was one; empty says nothing.

    Examples
    --------
    >>> is_reaction("fever"), is_reaction(" None "), is_reaction(None)
    (True, False, False)
    """
    return text is not None and text.strip().lower() not in _NO_REACTION


CAUSALITY_LEVELS: tuple[str, ...] = ("unrelated", "unlikely", "possible", "probable", "definite")
"""Relation of an adverse event to the cells, from none to sure."""
RELATED_LEVELS: tuple[str, ...] = ("possible", "probable", "definite")
"""Of these levels, those that make an event a related one."""
