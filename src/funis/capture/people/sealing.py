"""What is kept so that the database alone does not give it away: encrypted, or as a keyed hash.

The key stands in a file beside the study, not in the database; whoever has a copy of the database alone reads
neither the secrets of codes nor codes for recovery.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from funis.errors import ValueRangeError

_NONCE = 12


def seal(secret: bytes, owner: str) -> str:
    """Encrypt a secret for its owner (AES-256-GCM): moved to another person's row it opens no more.

    Parameters
    ----------
    secret : what is encrypted
    owner : id of the person it belongs to
    """
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key("seal")).encrypt(nonce, secret, owner.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, owner: str) -> bytes:
    """Decrypt what `seal` gave.

    Raises
    ------
    ValueRangeError : another key, another owner, or a text that was altered
    """
    stored = base64.urlsafe_b64decode(sealed)
    try:
        return AESGCM(_key("seal")).decrypt(stored[:_NONCE], stored[_NONCE:], owner.encode())
    except InvalidTag as error:
        raise ValueRangeError(
            "secret of a second factor",
            "one that does not open",
            "one sealed with the key of this server",
            "Put the file capture.factors.key back, or let an administrator reset the second factor.",
        ) from error


def seal_by(key: bytes, plain: bytes, whose: str) -> str:
    """Encrypt by a key of 32 bytes (AES-256-GCM); moved to another row it opens no more.

    Parameters
    ----------
    key : the key
    plain : what is encrypted
    whose : the row it belongs to
    """
    nonce = secrets.token_bytes(_NONCE)
    return (nonce + AESGCM(key).encrypt(nonce, plain, whose.encode())).hex()


def open_by(key: bytes, sealed: str, whose: str, what: str) -> bytes:
    """Decrypt what `seal_by` gave.

    Parameters
    ----------
    key, sealed, whose : as they were
    what : name of what is opened, for an error

    Raises
    ------
    ValueRangeError : another key, another row, or a text that was altered
    """
    try:
        content = bytes.fromhex(sealed)
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], whose.encode())
    except (InvalidTag, ValueError) as error:
        raise ValueRangeError(
            what, "one that is not as it was sealed", "the row as it was written",
            "Verify the trail: the row was altered or moved.",
        ) from error  # fmt: skip


def keyed_hash(text: str, owner: str) -> str:
    """Give the hash of a text of a person (HMAC-SHA-256) that nobody can try out without the key."""
    return hmac.new(_key("hash"), f"{owner}:{text}".encode(), sha256).hexdigest()


def _key(use: str) -> bytes:
    """Give the key of one use, derived from the one of the file."""
    return hmac.new(settings.FACTORS_KEY.encode(), use.encode(), sha256).digest()
