"""One hash for many: the root of a Merkle tree, as certificate transparency makes it (RFC 6962, 2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

#: A leaf can never be taken for a node: what is hashed begins otherwise.
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def merkle_root(leaves: Sequence[bytes]) -> str:
    r"""Give the root of a list, in hexadecimals.

    Parameters
    ----------
    leaves : what is hashed, in order

    Examples
    --------
    >>> merkle_root([b""])[:16], merkle_root([b"", b"\x00"])[:16]
    ('6e340b9cffb37a98', 'fac54203e7cc696c')
    """
    row = [hashlib.sha256(_LEAF + each).digest() for each in leaves]
    if not row:
        return hashlib.sha256().hexdigest()
    while len(row) > 1:
        paired = [
            hashlib.sha256(_NODE + row[place] + row[place + 1]).digest()
            for place in range(0, len(row) - 1, 2)
        ]
        # The last of an odd row goes up as it is: the same tree as splitting at the largest power of two.
        row = paired + row[len(row) - len(row) % 2 :]
    return row[0].hex()
