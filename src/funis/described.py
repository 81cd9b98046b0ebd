"""What an argument is, in a few words: nothing of a frame or an array ever stands in a message."""

from __future__ import annotations

#: Letters or digits of a value that still stand in a message.
LONGEST = 60


class Described(str):
    """Words that stand in a message without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def shorten(text: str) -> str:
    """Give a text as it stands in quotes in a message: itself, or how long it is.

    Examples
    --------
    >>> shorten("mg/dL"), shorten("x" * 1_000)
    ('mg/dL', a text of 1,000 letters)
    """
    return describe(text) if len(text) > LONGEST and not isinstance(text, Described) else text


def describe(value: object) -> str:
    """Say what a value is: itself where it is short and plain, else what kind of thing.

    Examples
    --------
    >>> describe(2), describe([1, 2]), describe("x" * 100)
    (2, a list of 2, a text of 100 letters)
    """
    if value is None or isinstance(value, bool | float):
        return Described(repr(value))
    if isinstance(value, int):
        return Described(value if abs(value) < 10**LONGEST else "a very large whole number")
    if isinstance(value, str):
        is_long = len(value) > LONGEST
        return Described(f"a text of {len(value):,} letters" if is_long else ascii(value))
    kind = type(value).__name__
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    size = f" of {len(value)}" if isinstance(value, list | tuple | set | dict) else ""
    return Described(f"{article} {kind}{size}")
