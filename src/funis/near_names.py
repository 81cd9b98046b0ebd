"""Names of columns that are nearly those that are read: a slip of the pen is told, never passed over.

A column that nobody reads is allowed. One that differs from a column that is read, and is not there, by a
letter or two was surely meant to be it, and without a word its values would count as missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

from funis.errors import MisspeltColumnError

#: Shorter names are near to too many words; of those below the second length one letter may differ, else two.
_SHORTEST: Final = 4
_LONG: Final = 8
_DIGITS: Final = re.compile(r"\d")
_NOT_LETTERS: Final = re.compile(r"[\W_]+")


def refuse_misspelt(
    what: str,
    present: Sequence[str],
    wanted: Collection[str],
    *,
    known: Callable[[str], bool],
    also: Mapping[str, str] | None = None,
    begun: bool = False,
) -> None:
    """Refuse a frame with a column whose name is nearly one that is read and not there.

    Parameters
    ----------
    what : the beginning of the message
    present : names of the columns of the frame
    wanted : names that are read
    known : tells whether a name means something else, and so is no slip
    also : other names that a column is not read by, with the name that is
    begun : the beginning of a name, of four letters or more, is near to it

    Raises
    ------
    MisspeltColumnError : names each such column with the one that it nearly is
    """
    lacking = tuple(name for name in wanted if name not in present)
    strange = tuple(name for name in present if name not in wanted)
    near = dict(find_misspelt(strange, lacking, begun=begun))
    plain = {name: _NOT_LETTERS.sub("_", name.casefold()) for name in strange}
    near |= {name: also[key] for name, key in plain.items() if also and also.get(key, "") in lacking}
    # What means something else is asked last, of the few that are left: it reads every definition.
    found = {name: each for name, each in near.items() if not known(name)}
    if found:
        raise MisspeltColumnError(what, found)


@lru_cache(maxsize=512)
def find_misspelt(
    strange: tuple[str, ...], lacking: tuple[str, ...], *, begun: bool = False
) -> tuple[tuple[str, str], ...]:
    """Find names that are nearly others.

    Parameters
    ----------
    strange : names that nothing reads
    lacking : names that are not there
    begun : as for `refuse_misspelt`

    Returns
    -------
    tuple of pairs : a strange name, and the first of the lacking ones that it nearly is

    Examples
    --------
    >>> find_misspelt(("sezure", "Rash", "centre"), ("seizure", "rash"))
    (('sezure', 'seizure'), ('Rash', 'rash'))
    """
    pairs = (
        (name, next((each for each in lacking if _is_near(name, each, begun)), None)) for name in strange
    )
    return tuple((name, near) for name, near in pairs if near is not None)


def _is_near(name: str, wanted: str, begun: bool) -> bool:  # noqa: FBT001 - asked in one place
    one, two = (_NOT_LETTERS.sub("", each.casefold()) for each in (name, wanted))
    if one == two:
        return True
    # A number tells two columns apart: c3 and c4, day_1 and day_2.
    if _DIGITS.findall(one) != _DIGITS.findall(two) or min(len(one), len(two)) < _SHORTEST:
        return False
    if begun and two.startswith(one):
        return True
    is_long = min(len(one), len(two)) >= _LONG
    most = 2 if is_long else 1
    if abs(len(one) - len(two)) > most or (one[0] != two[0] and not is_long):
        return False
    return _count_slips(one, two) <= most


def _count_slips(one: str, two: str) -> int:
    """Count letters left out, put in, exchanged for another or for their neighbour."""
    before: list[int] = []
    last = list(range(len(two) + 1))
    for place, letter in enumerate(one, 1):
        now = [place]
        for at, other in enumerate(two, 1):
            slips = min(last[at] + 1, now[at - 1] + 1, last[at - 1] + (letter != other))
            if place > 1 and at > 1 and letter == two[at - 2] and one[place - 2] == other:
                slips = min(slips, before[at - 2] + 1)
            now.append(slips)
        before, last = last, now
    return last[-1]
