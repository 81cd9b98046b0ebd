"""Codes of an app that change every 30 seconds: RFC 6238 (2011), SHA-1 and six digits, as every app knows."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha1
from typing import Final
from urllib.parse import quote

STEP: Final = 30
"""Seconds for which a code is shown."""
DRIFT: Final = 1
"""Steps by which the clock of the app may be off, to either side."""
DIGITS: Final = 6


def new_secret() -> bytes:
    """Draw a secret of 160 bits, the length that RFC 4226 recommends."""
    return secrets.token_bytes(20)


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Give the code of a step.

    Parameters
    ----------
    secret : shared with the app
    step : number of whole 30 seconds since 1970
    digits : of the code

    Examples
    --------
    The first value of RFC 6238, appendix B: 59 seconds, eight digits.

    >>> code_at(b"12345678901234567890", 59 // 30, 8)
    '94287082'
    """
    digest = hmac.new(secret, step.to_bytes(8, "big"), sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: bytes, code: str, seconds: float, last_step: int) -> int | None:
    """Give the step whose code was typed, None where none fits.

    Parameters
    ----------
    secret : shared with the app
    code : as it was typed; blanks do not count
    seconds : since 1970, by the clock of the server
    last_step : a code of this step or an earlier one is refused: it was used
    """
    typed = "".join(code.split())
    now = int(seconds // STEP)
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):
        # Every step is compared, so that the time an answer takes tells nothing.
        if hmac.compare_digest(code_at(secret, step).encode(), typed.encode()) and step > last_step:
            found = step
    return found


def written_secret(secret: bytes) -> str:
    """Give the secret as it is typed into an app: base 32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address_of(secret: bytes, login: str, study: str) -> str:
    """Give the address that an app reads from a QR code.

    Parameters
    ----------
    secret : shared with the app
    login : of the person
    study : id of the study, under which the app lists the code
    """
    text = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(f'{study}:{login}')}?secret={text}&issuer={quote(study)}&period={STEP}"
