"""Anchors: one signed hash over the ends of all chains, kept where the owner of the database cannot write.

Whoever rolls a subject back, or computes a chain anew, cannot make the root that was signed before. The list
that belongs to a root stands in the trail (events ``anchored``, each with the ends that moved since the one
before); the root itself and its signature stand outside.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from funis.capture.trail.merkle import merkle_root
from funis.errors import ValueRangeError
from funis.files import said_of

if TYPE_CHECKING:
    from funis.capture.trail.rows import Row

FORMAT: Final = 1
ANCHORED: Final = "anchored"
"""Kind of the event that stands in the trail for every anchor."""

_LONGEST_LINES: Final = 8192
"""Bytes at the end of a file of anchors that hold the last ones whole."""

Ends = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Anchor:
    """The state of all chains at a moment, signed.

    Attributes
    ----------
    study : id of the study
    at : when, in UTC
    chains : how many there were
    root : of the Merkle tree over chain, number and hash of each end, sorted by chain
    key : public key, Ed25519, in hexadecimals
    signature : over `statement`, in hexadecimals
    """

    study: str
    at: str
    chains: int
    root: str
    key: str = ""
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """Give the bytes that are signed."""
        return f"funis anchor {FORMAT}\n{self.study}\n{self.at}\n{self.chains}\n{self.root}\n".encode()

    @property
    def line(self) -> str:
        """Give the line of a file of anchors."""
        return json.dumps({"v": FORMAT, **asdict(self)}, ensure_ascii=False) + "\n"

    def is_signed(self) -> bool:
        """Tell whether the signature is that of the key over this statement."""
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key)).verify(
                bytes.fromhex(self.signature), self.statement
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def sign_anchor(anchor: Anchor, key: Ed25519PrivateKey) -> Anchor:
    """Sign an anchor."""
    public = key.public_key().public_bytes_raw().hex()
    signature = key.sign(anchor.statement).hex()
    return Anchor(anchor.study, anchor.at, anchor.chains, anchor.root, public, signature)


def root_of(ends: Mapping[str, tuple[int, str]]) -> str:
    """Give the root over the ends of chains: leaves are ``chain number hash``, sorted by chain.

    Examples
    --------
    >>> root_of({"b": (1, "01"), "a": (2, "ff")}) == merkle_root([b"a 2 ff", b"b 1 01"])
    True
    """
    return merkle_root([f"{chain} {seq} {head}".encode() for chain, (seq, head) in sorted(ends.items())])


def moved_since(before: Mapping[str, tuple[int, str]], now: Mapping[str, tuple[int, str]]) -> dict[str, str]:
    """Give the ends that are others than before, as the event writes them."""
    return {chain: f"{seq} {head}" for chain, (seq, head) in now.items() if before.get(chain) != (seq, head)}


def told_ends(rows: Iterable[Row]) -> Iterator[tuple[str, str, Ends]]:
    """Give time and root of each anchor that stands in the trail, with the ends of all chains at it."""
    ends: Ends = {}
    for row in rows:
        said = row.said if f'"{ANCHORED}"' in row.payload else {}
        if row.chain != "system" or said.get("kind") != ANCHORED:
            continue
        for chain, end in said["changes"]["ends"].items():
            seq, _, head = str(end).partition(" ")
            ends[chain] = (int(seq), head)
        yield str(said["changes"]["at"]), str(said["changes"]["root"]), dict(ends)


# --- the file -----------------------------------------------------------------------------------------


def add_anchor(path: Path, anchor: Anchor) -> None:
    """Add an anchor at the end of its file, and force it to the disk."""
    with said_of(path):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, anchor.line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def read_anchors(path: Path) -> list[Anchor]:
    """Read a file of anchors, as the server keeps it or as somebody kept it from mails.

    Raises
    ------
    ValueRangeError : a line is no anchor; a last one that was cut off by a crash is passed over
    """
    found = []
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_read(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines):
                continue
            raise ValueRangeError(
                f"{path.name}, line {number}", line[:60], "an anchor as funis audit-trail anchor writes it"
            ) from error
    return found


def _read(said: Mapping[str, object]) -> Anchor:
    if said["v"] != FORMAT:
        raise ValueError(said["v"])
    texts = [str(said[name]) for name in ("study", "at", "root", "key", "signature")]
    return Anchor(texts[0], texts[1], int(str(said["chains"])), *texts[2:])


def last_anchor(path: Path) -> Anchor | None:
    """Give the last anchor of a file, without reading those before; none where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LONGEST_LINES))
        lines = file.read().decode("utf-8", "replace").split("\n")
    for line in reversed(lines):
        try:
            return _read(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # cut off, by a crash or by where the reading began
    return None


# --- the check ----------------------------------------------------------------------------------------


def check_anchors(
    rows: Iterable[Row], anchors: Iterable[Anchor], study: str, key: str = ""
) -> Iterator[tuple[str, str]]:
    """Check that what was anchored is in the trail as it was; give each place and what is wrong there.

    Parameters
    ----------
    rows : the trail
    anchors : as they were kept elsewhere
    study : id of the study
    key : public key that must have signed; empty: that of the first anchor
    """
    rows = list(rows)
    stored = {(row.chain, row.seq): row.hash for row in rows}
    told = {at: (root, ends) for at, root, ends in told_ends(rows)}
    seen: Ends = {}
    for anchor in anchors:
        place, key = f"anchor of {anchor.at}", key or anchor.key
        if anchor.study != study or not anchor.is_signed():
            yield place, "is not signed for this study: its line was altered"
            continue
        if anchor.key != key:
            yield place, "is signed by another key"
        root, ends = told.get(anchor.at, ("", {}))
        if not ends:
            yield place, "was made, and the trail no longer tells of it"
        elif (root, root_of(ends), len(ends)) != (anchor.root, anchor.root, anchor.chains):
            yield place, "has another root than the chains that the trail tells for it"
        for chain, (seq, head) in sorted(ends.items()):
            if seen.get(chain) != (seq, head) and (found := stored.get((chain, seq))) != head:
                what = "is gone" if found is None else "is not what it was"
                yield f"{chain} {seq}", f"stood at the anchor of {anchor.at} and {what}"
        seen = ends
