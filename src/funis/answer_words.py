"""Words that say yes, no or not done in a cell, read alike wherever a yes/no value is read.

A word that is in no list here is never guessed: whoever reads it refuses it with its place.
"""

from __future__ import annotations

from typing import Any, Final, Literal

NOT_DONE_WORDS: Final = ("nd", "n.d.", "not done")
"""What says that an assessment was not done: neither yes nor no, and not zero."""
YES_WORDS: Final = ("y", "yes", "true", "present")
NO_WORDS: Final = ("n", "no", "false", "absent")

_ANSWERS: Final[dict[str, Literal[0, 1]]] = {
    **dict.fromkeys((*YES_WORDS, "1", "1.0"), 1),
    **dict.fromkeys((*NO_WORDS, "0", "0.0"), 0),
}


def read_answer(value: Any) -> int | None:
    """Read a yes/no cell: 1, 0, or None where it is neither.

    Parameters
    ----------
    value : truth value, number or text; capitals and spaces around a text do not count

    Examples
    --------
    >>> read_answer("Yes"), read_answer(0.0), read_answer("absent"), read_answer("ND"), read_answer(None)
    (1, 0, 0, None, None)
    """
    if isinstance(value, str):
        return _ANSWERS.get(value.strip().casefold())
    return _ANSWERS.get(str(int(value))) if value in (0, 1) else None


def says_not_done(text: str) -> bool:
    """Tell whether a text says that something was not done; capitals and spaces around it do not count.

    Examples
    --------
    >>> says_not_done(" nd "), says_not_done("N.D."), says_not_done("no")
    (True, True, False)
    """
    return text.strip().casefold() in NOT_DONE_WORDS
