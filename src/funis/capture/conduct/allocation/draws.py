"""Draws from a secret seed: nobody without it foresees one, and with it each can be made again.

The bytes are HMAC-SHA-256 (RFC 2104) of a label and a counter under the seed. A list of allocations made from
them needs no storage: it stands as soon as the seed does, and whoever is given the seed after the trial can
compute it again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

Thing = TypeVar("Thing")
_BYTES: Final = 8
_RANGE: Final = 2 ** (8 * _BYTES)


class SeededDraws:
    """Draws of one label, one after the other.

    Examples
    --------
    >>> one, two = SeededDraws(b"seed", "block 0"), SeededDraws(b"seed", "block 0")
    >>> [one.below(6) for _ in range(4)] == [two.below(6) for _ in range(4)]
    True
    """

    def __init__(self, seed: bytes, label: str) -> None:
        self._numbers = _numbers(seed, label)

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to below a limit, each with the same chance.

        Numbers beyond the last whole multiple of the limit are passed over: a remainder of all of them would
        favour small numbers.
        """
        most = _RANGE - _RANGE % limit
        return next(number for number in self._numbers if number < most) % limit

    def by_share(self, shares: Mapping[str, int]) -> str:
        """Draw a name, each with a chance in proportion to its share."""
        place = self.below(sum(shares.values()))
        for name, share in shares.items():
            if place < share:
                return name
            place -= share
        raise AssertionError("a draw lies below the sum of the shares")

    def in_order(self, things: Sequence[Thing]) -> list[Thing]:
        """Put things into an order, each order with the same chance (Durstenfeld 1964)."""
        found = list(things)
        for last in range(len(found) - 1, 0, -1):
            chosen = self.below(last + 1)
            found[last], found[chosen] = found[chosen], found[last]
        return found


def _numbers(seed: bytes, label: str) -> Iterator[int]:
    counter = 0
    while True:
        told = label.encode() + b"\x00" + counter.to_bytes(_BYTES, "big")
        found = hmac.new(seed, told, hashlib.sha256).digest()
        yield from (int.from_bytes(found[at : at + _BYTES], "big") for at in range(0, len(found), _BYTES))
        counter += 1
