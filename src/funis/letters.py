"""Letters that no page, figure or document can hold: control characters and what XML 1.0 leaves out.

One of them in a name ended the figure engine. They are refused where data and study files are read; a
message that quotes one writes it as an escape, so that a terminal does not obey it.
"""

from __future__ import annotations

import re

#: First and last code point of each range. Tabulator, line feed and carriage return are text like any other.
#: Surrogates stand in no UTF-8 file, but in texts that a program made.
FORBIDDEN_RANGES = (
    (0x00, 0x08),
    (0x0B, 0x0C),
    (0x0E, 0x1F),
    (0x7F, 0x9F),
    (0xD800, 0xDFFF),
    (0xFDD0, 0xFDEF),
    (0xFFFE, 0xFFFF),
    *((plane * 0x10000 + 0xFFFE, plane * 0x10000 + 0xFFFF) for plane in range(1, 17)),
)
_FORBIDDEN = re.compile(f"[{''.join(f'{chr(low)}-{chr(high)}' for low, high in FORBIDDEN_RANGES)}]")
FORBIDDEN_PATTERN = "[{}]".format(
    "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in FORBIDDEN_RANGES if low != 0xD800)
)
"""The same as a pattern of Polars, whose texts never hold surrogates."""

#: Letters of one byte that every document can hold.
_PLAIN = bytes(letter for letter in range(0x80) if not _FORBIDDEN.match(chr(letter)))

NOT_CALCULATED = "#NOT CALCULATED"
"""What is read for a formula of a workbook whose result was never stored."""


def find_forbidden(text: str) -> str:
    r"""Give the first letter of a text that no document can hold; empty where there is none.

    Examples
    --------
    >>> find_forbidden("Sjögren, 5\u00a0mg\n"), find_forbidden("S\x011")
    ('', '\x01')
    """
    if text.isprintable():
        return ""
    found = _FORBIDDEN.search(text)
    return found.group() if found else ""


def name_letter(letter: str) -> str:
    r"""Give the code point of a letter as it is looked up.

    Examples
    --------
    >>> name_letter("\x01")
    'U+0001'
    """
    return f"U+{ord(letter):04X}"


def show_forbidden(text: str) -> str:
    r"""Write letters that no document can hold as escapes.

    Examples
    --------
    >>> print(show_forbidden("S\x1b[31m1"))
    S\x1b[31m1
    """
    return text if text.isprintable() else _FORBIDDEN.sub(_escape, text)


def replace_forbidden(text: str) -> str:
    r"""Put the sign of a letter that is lost in place of each letter that no document can hold.

    Examples
    --------
    >>> replace_forbidden("S\x011")
    'S\ufffd1'
    """
    # Nearly all of a long page is plain: what is not is found many times as fast when that is left out first.
    others = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)
    if not others or not _FORBIDDEN.search(others.decode("utf-8", "surrogatepass")):
        return text
    return _FORBIDDEN.sub("\ufffd", text)


def _escape(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")
