"""Files sealed to the keys of named people, in the age format (X25519, ChaCha20-Poly1305).

Any program that knows the format opens them, such as ``age -d -i KEY FILE``; funis is not needed for that.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyrage

from funis.errors import ValueRangeError
from funis.files import name_aside, said_of, sync, write_whole


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can open what is sealed.

    Attributes
    ----------
    name : as it stands in the file of recipients; empty where nothing is said
    key : public key, ``age1...``
    """

    name: str
    key: str


def make_key(path: Path) -> str:
    """Make a secret key in a file of its own, and give its public half.

    Raises
    ------
    ValueRangeError : the file is there: a key is never written over
    """
    if path.exists():
        raise ValueRangeError("key", str(path), "a file that does not exist yet")
    made = pyrage.x25519.Identity.generate()
    public = str(made.to_public())
    with said_of(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    write_whole(path, f"# public key: {public}\n{made}\n")
    path.chmod(0o600)
    return public


def read_recipients(path: Path) -> list[Recipient]:
    """Read a file of recipients: public keys, one a line, each below a comment with the name.

    Raises
    ------
    ValueRangeError : there is no such file, no key in it, or a line is no public key
    """
    if not path.is_file():
        raise ValueRangeError(
            "recipients",
            str(path),
            "a file of public keys",
            "Make keys by: funis backup-key FILE, and write the two lines that it prints into this file.",
        )
    found, name = [], ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if text.startswith("#"):
            name = text.lstrip("# ").strip()
        elif text:
            found.append(Recipient(name, _checked(text, f"{path.name}, line {number}")))
            name = ""
    if not found:
        raise ValueRangeError("recipients", f"no key in {path.name}", "one public key a line, age1...")
    return found


def _checked(text: str, place: str) -> str:
    try:
        return str(pyrage.x25519.Recipient.from_str(text))
    except pyrage.RecipientError as error:
        # A secret key that was put here by mistake is not repeated.
        found = "a secret key" if text.startswith("AGE-SECRET") else text[:20]
        raise ValueRangeError(place, found, "a public key, age1...") from error


def seal(source: Path, target: Path, recipients: Sequence[Recipient]) -> None:
    """Seal a file; the sealed one is there whole or not at all.

    Raises
    ------
    funis.errors.OutputError : it cannot be written
    """
    draft = name_aside(target)
    with said_of(target):
        try:
            with source.open("rb") as plain, draft.open("xb") as sealed:
                draft.chmod(0o600)
                kept = _KeepsError(sealed)
                keys = [pyrage.x25519.Recipient.from_str(each.key) for each in recipients]
                try:
                    pyrage.encrypt_io(plain, cast("IO[bytes]", kept), keys)
                except (pyrage.EncryptError, OSError) as error:
                    raise kept.error or error from error
                sealed.flush()
                os.fsync(sealed.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync(target.parent)


def unseal(source: Path, target: Path, key_file: Path) -> None:
    """Open a sealed file with a secret key.

    Raises
    ------
    ValueRangeError : the key is none, not one of its recipients', or the file is damaged
    funis.errors.OutputError : the opened file cannot be written
    """
    identities = _read_identities(key_file)
    with said_of(target), source.open("rb") as sealed, target.open("xb") as plain:
        target.chmod(0o600)
        kept = _KeepsError(plain)
        try:
            pyrage.decrypt_io(sealed, cast("IO[bytes]", kept), identities)
        except (pyrage.DecryptError, OSError) as error:
            if kept.error is not None:
                raise kept.error from error
            if "No matching keys" in str(error):
                raise ValueRangeError(
                    "key",
                    f"{key_file.name}, which does not open {source.name}",
                    "that of one of its recipients",
                ) from error
            raise ValueRangeError(
                "backup", f"{source.name}, which is damaged or no backup", "a whole file, as it was written"
            ) from error


def _read_identities(path: Path) -> list[Any]:
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
    secret = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in secret]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise ValueRangeError("key", f"no secret key in {path.name}", "a file with AGE-SECRET-KEY-1...")
    return found


class _KeepsError(io.RawIOBase):
    """A file that remembers why it could not be written: the library gives the words of the error alone."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.error = file, None if file else OSError()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            return self.file.write(data)
        except OSError as error:
            self.error = error
            raise
