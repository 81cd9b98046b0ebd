"""Identifiers of rows: UUID version 7, which begin with the time, so that an index grows at its end."""

from __future__ import annotations

import secrets
from uuid import UUID

from funis.study.today import read_clock


def new_id() -> str:
    """Give a new identifier (RFC 9562, version 7): 48 bits of milliseconds, then chance.

    Examples
    --------
    >>> one = UUID(new_id())
    >>> one.version
    7
    """
    milliseconds = int(read_clock().timestamp() * 1000)
    chance = secrets.randbits(74)
    number = (
        (milliseconds & (1 << 48) - 1) << 80
        | 7 << 76
        | (chance >> 62) << 64
        | 2 << 62
        | chance & (1 << 62) - 1
    )
    return str(UUID(int=number))
