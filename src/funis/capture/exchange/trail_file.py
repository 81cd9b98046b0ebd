"""The audit trail as a file of an export: every row as it is stored, so that anybody verifies it anywhere."""

from __future__ import annotations

import json
from typing import Final

from funis.capture.trail.rows import read_rows

FILE: Final = "trail.ndjson"


def render_trail(as_of: str = "") -> str:
    """Give the trail as JSON lines: chain, number, stored text, hash, and the texts beside it.

    Parameters
    ----------
    as_of : moment up to which rows are given, in UTC as the trail writes it; empty: all
    """
    return "".join(
        json.dumps(
            {
                "chain": row.chain, "seq": row.seq, "payload": row.payload, "hash": row.hash,
                "texts": json.loads(row.texts or "{}"),
            },
            ensure_ascii=False,
        ) + "\n"
        for row in read_rows()
        if not as_of or str(row.hashed["at"]) <= as_of
    )  # fmt: skip
