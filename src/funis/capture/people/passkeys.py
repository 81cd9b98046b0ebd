"""Passkeys by fido2: what the browser is asked, and whether its answer holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from funis.capture.models import Account, Authenticator
from funis.errors import ValueRangeError

_VERIFIED = UserVerificationRequirement.REQUIRED


class PasskeyRelyingParty:
    """The server as passkeys know it: by the name under which it is reached.

    Parameters
    ----------
    host : name and port of the request, which the allowed hosts have passed
    is_secure : reached by HTTPS
    study : id of the study
    """

    def __init__(self, host: str, study: str, *, is_secure: bool) -> None:
        self.name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        self.origin = f"{'https' if is_secure else 'http'}://{host}"
        self._server = Fido2Server(
            PublicKeyCredentialRpEntity(id=self.name, name=study),
            verify_origin=lambda origin: origin == self.origin,
        )

    def is_possible(self) -> bool:
        """Tell whether a browser gives passkeys here: by HTTPS or localhost, under a name, not a number."""
        try:
            ip_address(self.name.strip("[]"))
        except ValueError:
            return self.origin.startswith("https://") or self.name == "localhost"
        return False

    def ask_new(self, person: Account, known: Sequence[Authenticator]) -> tuple[str, dict[str, Any]]:
        """Give what the browser is asked for a new passkey, and what must be kept until it answers."""
        user = PublicKeyCredentialUserEntity(
            id=person.pk.encode(), name=person.login, display_name=person.printed_name
        )
        options, state = self._server.register_begin(
            user,
            _credentials(known),
            resident_key_requirement=ResidentKeyRequirement.PREFERRED,
            user_verification=_VERIFIED,
        )
        return json.dumps(dict(options)["publicKey"]), state

    def read_new(self, state: dict[str, Any], answer: str) -> tuple[str, str]:
        """Check the answer to `ask_new`; give the id of the credential and its public data.

        Raises
        ------
        ValueRangeError : the answer does not hold
        """
        try:
            found = self._server.register_complete(state, json.loads(answer)).credential_data
        except (ValueError, KeyError, TypeError) as error:
            raise _refused() from error
        if found is None:
            raise _refused()
        return websafe_encode(found.credential_id), websafe_encode(bytes(found))

    def ask(
        self, known: Sequence[Authenticator], challenge: bytes | None = None
    ) -> tuple[str, dict[str, Any]]:
        """Give what the browser is asked so that a known passkey signs a challenge, and what must be kept."""
        options, state = self._server.authenticate_begin(_credentials(known), _VERIFIED, challenge)
        return json.dumps(dict(options)["publicKey"]), state

    def read(
        self, state: dict[str, Any], known: Sequence[Authenticator], answer: str
    ) -> tuple[Authenticator, AuthenticationResponse]:
        """Check the answer to `ask`; give the passkey that signed, and what it signed.

        Raises
        ------
        ValueRangeError : the answer does not hold, or the passkey was copied
        """
        try:
            response = AuthenticationResponse.from_dict(json.loads(answer))
            found = self._server.authenticate_complete(state, _credentials(known), response)
        except (ValueError, KeyError, TypeError) as error:
            raise _refused() from error
        passkey = next(each for each in known if each.credential_id == websafe_encode(found.credential_id))
        uses = response.response.authenticator_data.counter
        if uses and uses <= passkey.uses:
            raise ValueRangeError("passkey", "one that counts backwards", "one that was not copied")
        return passkey, response


def _credentials(known: Sequence[Authenticator]) -> list[AttestedCredentialData]:
    return [AttestedCredentialData(websafe_decode(each.public_key)) for each in known]


def _refused() -> ValueRangeError:
    return ValueRangeError("passkey", "an answer that does not hold", "that of a passkey of this account")
