"""Labels: a code with a check character, the number of the print, and what was scanned.

``F1.<kind>.<code>.<check>``, where the code of a unit ends in ``-<number of the print>``: a label that was
printed again is told from the one before. The check character is that of ISO/IEC 7064:2003, MOD 37-2, over
the letters and digits of kind and code: it finds every wrong character and every exchange of neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import segno
from markupsafe import Markup

from funis.capture.context import moment, who_acts
from funis.capture.models import Unit, UnitLabel
from funis.capture.models.product_moves import KINDS
from funis.errors import ValueRangeError

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
FORM: Final = "F1"
KIND_LETTERS: Final = {"C": "cord", "K": "culture", "V": "vial", "B": "bag", "S": "subject"}
"""What a label can stand on, by its letter."""
_LETTER_OF: Final = {kind: letter for letter, kind in KIND_LETTERS.items()}
_FORM = re.compile(r"F1\.([A-Z])\.([0-9A-Z]+(?:-[0-9A-Z]+)*)\.([0-9A-Z*])")
LONGEST_SCAN: Final = 120


@dataclass(frozen=True, slots=True)
class Read:
    """A label that was read.

    Attributes
    ----------
    kind : one of `KIND_LETTERS`' values
    code : as it stands on the label, of a unit without the number of the print
    number : of the print of a unit; 0 for what has none
    """

    kind: str
    code: str
    number: int


def check_character(text: str) -> str:
    """Compute the check character of letters and digits (ISO/IEC 7064:2003, MOD 37-2).

    Parameters
    ----------
    text : capital letters and digits; anything else is passed over

    Returns
    -------
    str : a digit, a letter or ``*``

    Examples
    --------
    >>> check_character("G123489654321")
    'Y'
    """
    total = 0
    for letter in text:
        if letter in ALPHABET[:36]:
            total = (total + ALPHABET.index(letter)) * 2 % 37
    return ALPHABET[(1 - total) % 37]


def encode_label(kind: str, code: str) -> str:
    """Write a label.

    Parameters
    ----------
    kind : one of `KIND_LETTERS`' values
    code : capital letters and digits, in groups joined by ``-``

    Examples
    --------
    >>> encode_label("bag", "B00017-1")
    'F1.B.B00017-1.V'
    """
    letter = _LETTER_OF[kind]
    return f"{FORM}.{letter}.{code}.{check_character(letter + code)}"


def decode_label(text: str) -> Read:
    """Read a label as it was scanned.

    Raises
    ------
    ValueRangeError : it is none of this server's, or a character of it is wrong
    """
    found = _FORM.fullmatch(text.strip()[:LONGEST_SCAN])
    if found is None or found[1] not in KIND_LETTERS:
        raise ValueRangeError(
            "label", "another code", f"a label of this server: {FORM}.<kind>.<code>.<check>"
        )
    letter, code, check = found.groups()
    if check_character(letter + code) != check:
        raise ValueRangeError("label", "a wrong character", "the label as printed", "Scan it again.")
    kind = KIND_LETTERS[letter]
    if kind not in KINDS:
        return Read(kind, code, 0)
    unit, _, number = code.rpartition("-")
    if not unit or not number.isdecimal():
        raise ValueRangeError("label", "no number of a print", "the label as printed", "Print it again.")
    return Read(kind, unit, int(number))


def print_label(unit: Unit) -> UnitLabel:
    """Print a label of a unit; the one before is void from now on."""
    acts = who_acts()
    before = UnitLabel.objects.select_for_update().filter(unit=unit).order_by("number").last()
    label = UnitLabel(
        unit=unit, number=before.number + 1 if before else 1, by=acts.actor if acts else "", at=moment()
    )
    label.save()
    return label


def label_text(label: UnitLabel) -> str:
    """Give the text of a printed label."""
    return encode_label(label.unit.kind, f"{label.unit.code}-{label.number}")


def find_scanned(text: str) -> Unit:
    """Find the unit of a scanned label.

    Parameters
    ----------
    text : as the scanner gave it

    Raises
    ------
    ValueRangeError : no label of this server, no such unit, or a label that a later print voids
    """
    read = decode_label(text)
    label = UnitLabel.objects.filter(unit__code=read.code, unit__kind=read.kind, number=read.number)
    found = label.select_related("unit").first()
    if found is None:
        raise ValueRangeError("label", "one that was never printed", "a label that this server printed")
    newest = UnitLabel.objects.filter(unit=found.unit).order_by("number").last()
    if newest is not None and newest.number != read.number:
        raise ValueRangeError(
            "label",
            f"print {read.number}, void",
            f"print {newest.number}",
            "Take the newest label of the unit.",
        )
    return found.unit


def draw_code(text: str) -> Markup:
    """Draw a label as a QR code (ISO/IEC 18004, 15 % of it may be lost), for a page.

    Parameters
    ----------
    text : of `label_text`: capital letters, digits, ``.``, ``-`` and ``*``

    Returns
    -------
    Markup : an SVG element as large as its place, with the quiet zone of 4 modules inside
    """
    if not set(text) <= {*ALPHABET, ".", "-"}:
        raise ValueRangeError("label", "another text", "capital letters, digits, '.', '-' and '*'")
    drawn = segno.make(text, error="m", micro=False).svg_inline(border=4, omitsize=True, title=text)
    return Markup(drawn)  # noqa: S704 - segno drew it, and of the text only these letters stand in it
