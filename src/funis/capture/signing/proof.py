"""The proof of a signature from its stored bytes alone: no server, no database, years later.

A passkey signs the SHA-256 of its client data after the authenticator's data (WebAuthn level 2, 2021,
7.2); the challenge in the client data is the hash of what was signed. The row holds all
that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from fido2.utils import websafe_decode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData, CollectedClientData

from funis.capture.signing.content import SignedContent, hash_text, read_content

BY_PASSKEY: Final = "passkey"
BY_CODE: Final = "password and code"


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """A signature as it is stored; bytes are base64 for addresses.

    Attributes
    ----------
    content, content_hash : what was signed, and its SHA-256
    signer, printed_name, role, meaning, statement, scope, target, subject, nonce : as they stand beside it
    method : ``passkey``, or ``password and code``, which the server alone has seen
    relying_party : name of the server for which the passkey was made
    credential_id, public_key, client_data, authenticator_data, signature : of the passkey
    """

    content: str
    content_hash: str
    signer: str
    printed_name: str
    role: str
    meaning: str
    statement: str
    scope: str
    target: str
    subject: str
    nonce: str
    method: str
    relying_party: str = ""
    credential_id: str = ""
    public_key: str = ""
    client_data: str = ""
    authenticator_data: str = ""
    signature: str = ""


def verify_signature(stored: StoredSignature) -> tuple[str, ...]:
    """Verify a signature from what is stored of it; give what does not hold, nothing where all does.

    Of a signature by password and code there is no proof but the trail: what is verified is that its content
    is whole and stands under its own names.

    Parameters
    ----------
    stored : the signature

    Returns
    -------
    tuple of str : each fault in words
    """
    faults = []
    if hash_text(stored.content) != stored.content_hash:
        faults.append("the content is not the one that was hashed")
    try:
        content = read_content(stored.content)
    except (KeyError, TypeError, ValueError):
        return (*faults, "the content cannot be read")
    faults += _misplaced(stored, content)
    if stored.method == BY_PASSKEY:
        faults += _unproven(stored)
    elif stored.method != BY_CODE:
        faults.append("the method is not known")
    return tuple(faults)


def _misplaced(stored: StoredSignature, content: SignedContent) -> list[str]:
    """Name what stands beside the content and is not what the content says."""
    names = ("signer", "printed_name", "role", "meaning", "statement", "scope", "target", "subject", "nonce")
    return [
        f"{name} is not the one that was signed"
        for name in names
        if getattr(stored, name) != getattr(content, name)
    ]


def _unproven(stored: StoredSignature) -> list[str]:
    """Name what the passkey did not sign as it should have."""
    try:
        client = CollectedClientData(websafe_decode(stored.client_data))
        data = AuthenticatorData(websafe_decode(stored.authenticator_data))
        credential = AttestedCredentialData(websafe_decode(stored.public_key))
        own = websafe_decode(stored.credential_id)
        signature = websafe_decode(stored.signature)
        challenge = bytes.fromhex(stored.content_hash)
    except (ValueError, KeyError, TypeError):
        return ["the proof of the passkey cannot be read"]
    host = urlsplit(client.origin).hostname or ""
    checks = {
        "the passkey did not sign": client.type == CollectedClientData.TYPE.GET,
        "the passkey signed another content": client.challenge == challenge,
        "the passkey signed for another server": (
            data.rp_id_hash == sha256(stored.relying_party.encode()).digest()
            and (host == stored.relying_party or host.endswith(f".{stored.relying_party}"))
        ),
        "nobody was verified by the passkey": data.is_user_present() and data.is_user_verified(),
        "the key is that of another passkey": credential.credential_id == own,
    }
    faults = [fault for fault, holds in checks.items() if not holds]
    try:
        credential.public_key.verify(bytes(data) + client.hash, signature)
    except (InvalidSignature, ValueError):
        faults.append("the signature is not that of the key")
    return faults
