"""A passkey in software, for tests without a browser: a P-256 key that signs as WebAuthn (level 2) says."""

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftPasskey:
    """One key; what it signs can be altered by the test."""

    def __init__(self, origin: str = "http://localhost", name: str = "localhost") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.identifier = sha256(repr(self.key.private_numbers().private_value).encode()).digest()
        self.origin, self.name, self.uses, self.flags = origin, name, 0, PRESENT | VERIFIED

    def _head(self, flags: int) -> bytes:
        self.uses += 1
        return sha256(self.name.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def make(self, options: str) -> str:
        """Answer the question for a new passkey."""
        public = dict(ES256.from_cryptography_key(self.key.public_key()))  # type: ignore[no-untyped-call]
        credential = bytes(16) + len(self.identifier).to_bytes(2, "big") + self.identifier
        data = self._head(self.flags | ATTESTED) + credential + cbor.encode(public)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client_data("webauthn.create", json.loads(options)["challenge"])
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def sign(self, options: str) -> str:
        """Answer the question to sign a challenge."""
        client = self._client_data("webauthn.get", json.loads(options)["challenge"])
        data = self._head(self.flags)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _answer(self, response: dict[str, bytes]) -> str:
        own = websafe_encode(self.identifier)
        told: dict[str, Any] = {"id": own, "rawId": own, "type": "public-key", "clientExtensionResults": {}}
        return json.dumps(
            told | {"response": {name: websafe_encode(value) for name, value in response.items()}}
        )
