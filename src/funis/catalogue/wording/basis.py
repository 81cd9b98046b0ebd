"""Where a definition is from and how certain its text is, as every definition in words ends."""

from __future__ import annotations

from typing import Final

READ: Final = "read in the source"
"""What is said of the certainty of a definition whose file names no doubt."""


def basis_words(instruments: str, source: str, certainty: str, *, is_proposal: bool) -> str:
    """Say from which instruments and source a definition is, and how certain it is.

    Examples
    --------
    >>> basis_words("", "Wang 2014", "", is_proposal=False)
    'Source: Wang 2014. Certainty: read in the source.'
    """
    read = [f"Instruments: {instruments}."] if instruments else []
    sure = certainty_words(certainty, is_proposal=is_proposal)
    return " ".join([*read, f"Source: {source.rstrip('.')}.", f"Certainty: {sure}."])


def certainty_words(certainty: str, *, is_proposal: bool) -> str:
    """Say how certain the text of a definition is, and that it is a proposal where no source prints one.

    Examples
    --------
    >>> certainty_words("", is_proposal=False), certainty_words("not printed", is_proposal=True)
    ('read in the source', 'proposal of funis; not printed')
    """
    sure = certainty.rstrip(".") or READ
    return f"proposal of funis; {sure}" if is_proposal else sure
