"""Make an anchor of the present chains, with a key that stands in a file and never in the database."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from funis.capture.context import SERVER, Acting, acting, moment
from funis.capture.trail.anchors import (
    ANCHORED,
    Anchor,
    Ends,
    add_anchor,
    last_anchor,
    moved_since,
    root_of,
    sign_anchor,
    told_ends,
)
from funis.capture.trail.events import record_event
from funis.capture.trail.rows import read_heads, read_rows
from funis.errors import ValueRangeError
from funis.files import lock_folder, said_of, write_whole
from funis.study.today import read_clock

EVERY: Final = timedelta(days=1)
"""How old the last anchor may be."""


def make_anchor(study: str, file: Path, key_file: Path) -> Anchor:
    """Anchor all chains: an event in the trail, then a signed line in the file.

    The line is written after the event stands: what is in the file is in the trail, until somebody alters it.

    Parameters
    ----------
    study : id of the study
    file : of anchors
    key_file : of the key; made where there is none

    Raises
    ------
    ValueRangeError : the file holds no key of Ed25519
    funis.errors.OutputError : the file of anchors cannot be written
    """
    key = read_key(key_file)
    with said_of(file), lock_folder(file.parent):
        with acting(Acting(SERVER, "daily anchor", sites=None)):
            now = present_ends()
            anchor = sign_anchor(Anchor(study, moment(), len(now), root_of(now)), key)
            moved = moved_since(last_told_ends(), now)
            record_event(ANCHORED, "system", {"at": anchor.at, "root": anchor.root, "ends": moved})
        add_anchor(file, anchor)
    return anchor


def present_ends() -> Ends:
    """Read the end of every chain, as they stand at one moment."""
    return {head.chain: (head.seq, head.hash) for head in read_heads().values()}


def last_told_ends() -> Ends:
    """Give the ends as the last anchor of the trail has them; empty before the first."""
    told = [ends for _, _, ends in told_ends(read_rows("system"))]
    return told[-1] if told else {}


def is_due(file: Path) -> bool:
    """Tell whether the last anchor of a file is a day old, or there is none."""
    last = last_anchor(file)
    if last is None:
        return True
    at = datetime.strptime(last.at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return read_clock() - at >= EVERY


def read_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that signs; the first use makes it, readable by its owner alone.

    Raises
    ------
    ValueRangeError : the file holds another thing, or cannot be read by this user
    """
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        write_whole(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        path.chmod(0o600)
        return made
    if not os.access(path, os.R_OK):
        raise ValueRangeError(
            "key of anchors", str(path), "a file that this user may read", "Run the command as its owner."
        )
    try:
        found = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueRangeError("key of anchors", str(path), "an Ed25519 key as PEM") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueRangeError("key of anchors", str(path), "an Ed25519 key as PEM")
    return found


def public_key(path: Path) -> str:
    """Give the public half of a key in hexadecimals; empty where this user has no key."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return ""
    return read_key(path).public_key().public_bytes_raw().hex()
