"""What is signed: a statement, its meaning, who signs, every form with its revision and hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from funis.capture.document import read_document, write_document

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "review": (
        "Reviewed",
        "I have reviewed these data; to the best of my knowledge they are complete and correct.",
    ),
    "approval": ("Approved", "I approve these data as the record of this subject and answer for them."),
}
"""What a signature means, with the statement that is signed."""


@dataclass(frozen=True, slots=True, order=True)
class SignedForm:
    """One form as it was when it was signed.

    Attributes
    ----------
    form : id of the form
    revision : of the form
    data : SHA-256 of its data, written as one text
    version : SHA-256 of the study file whose plan it follows
    definition : hash of the definition of its instrument; empty for a table
    """

    form: str
    revision: int
    data: str
    version: str
    definition: str


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What one act signs.

    Attributes
    ----------
    statement, meaning : the sentence, and one of `MEANINGS`
    signer, printed_name, role : login, name and role of who signs
    scope, target, subject : ``form``, ``visit`` or ``subject``, its id, and the id of the subject
    nonce : drawn once for this act
    forms : every form that is signed
    """

    statement: str
    meaning: str
    signer: str
    printed_name: str
    role: str
    scope: str
    target: str
    subject: str
    nonce: str
    forms: tuple[SignedForm, ...]

    def write(self) -> str:
        """Write the content as one text, its keys and forms in order."""
        parts = {name: getattr(self, name) for name in self.__slots__ if name != "forms"}
        forms = [{name: getattr(each, name) for name in each.__slots__} for each in sorted(self.forms)]
        return write_document({"v": 1, **parts, "forms": forms})

    @property
    def hash(self) -> str:
        """Give the SHA-256 of the text, which is what a passkey signs."""
        return hash_text(self.write())


def hash_text(text: str) -> str:
    """Give the SHA-256 of a text.

    Examples
    --------
    >>> hash_text("abc")[:8]
    'ba7816bf'
    """
    return sha256(text.encode()).hexdigest()


def hash_data(data: Mapping[str, Any]) -> str:
    """Give the SHA-256 of the data of a form: one content has one hash, whatever the order of its items.

    Examples
    --------
    >>> hash_data({"b": 1, "a": 2}) == hash_data({"a": 2, "b": 1})
    True
    """
    return hash_text(write_document(data))


def read_content(text: str) -> SignedContent:
    """Read a content that `SignedContent.write` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError : it is none
    """
    told = read_document(text)
    if told.pop("v") != 1:
        raise ValueError("content of a signature of another format")
    forms: Sequence[Mapping[str, Any]] = told.pop("forms")
    return SignedContent(**told, forms=tuple(SignedForm(**each) for each in forms))
