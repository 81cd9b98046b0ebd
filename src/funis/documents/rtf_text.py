"""Words as Rich Text Format (RTF 1.9.1), and what every file of that kind begins with."""

from __future__ import annotations

import re
from typing import Final

from funis.documents.document import Document
from funis.letters import replace_forbidden

#: An A4 page in twips, the twentieths of a point that positions are given in.
PAGE: Final = (11906, 16838)
#: 18 mm.
MARGIN: Final = 1021
_SIGNS: Final = {"\\": r"\\", "{": r"\{", "}": r"\}", "\t": r"\tab ", "\n": r"\line ", "\r": ""}
_MARKED = re.compile(r"[\\{}\t\n\r]|[^\x00-\x7f]")
#: Arial for words, and a typeface with Chinese letters, which a reader puts in where Arial has none.
_TYPEFACES: Final = (
    r"{\fonttbl{\f0\fswiss\fcharset0\fprq2{\*\panose 020b0604020202020204}Arial;}"
    r"{\f1\fnil\fcharset134\fprq2 SimSun;}}"
)


def twips(points: float) -> int:
    """Give a length in twentieths of a point, as RTF and Word count.

    Examples
    --------
    >>> twips(3.5)
    70
    """
    return round(points * 20)


def escape(text: str) -> str:
    r"""Write words so that a reader of RTF sees every letter of them; letters beyond ASCII as ``\u``.

    Examples
    --------
    >>> print(escape("a{b}\\ −1 王 😀"))
    a\{b\}\\ \u8722?1 \u29579? \u-10179?\u-8704?
    """
    if text.isascii() and not _MARKED.search(text):
        return replace_forbidden(text) if not text.isprintable() else text
    return _MARKED.sub(_escape, replace_forbidden(text))


def _escape(found: re.Match[str]) -> str:
    letter = found.group()
    if letter in _SIGNS:
        return _SIGNS[letter]
    units = letter.encode("utf-16-le")
    codes = (
        int.from_bytes(units[place : place + 2], "little", signed=True) for place in range(0, len(units), 2)
    )
    return "".join(f"\\u{code}?" for code in codes)


def open_file(document: Document, title: str, *, is_turned: bool) -> str:
    """Write the beginning of a file: typefaces, properties, page, words at head and foot of every page.

    Parameters
    ----------
    document : for the words at head and foot
    title : of the file
    is_turned : whether the page stands on its side
    """
    wide, high = reversed(PAGE) if is_turned else PAGE
    turned = r"\landscape\lndscpsxn" if is_turned else ""
    room = wide - 2 * MARGIN
    head = escape(document.running_head)
    if document.margin_warning:
        head += f"\\par\\pard\\qr\\b {escape(document.margin_warning)}"
    page = r"Page {\field{\*\fldinst PAGE}{\fldrslt 1}} of {\field{\*\fldinst NUMPAGES}{\fldrslt 1}}"
    foot = f"{escape(document.running_foot)}\\tab {page}"
    return (
        f"{{\\rtf1\\ansi\\ansicpg1252\\deff0\\deflang2057\\deflangfe2052\\uc1\n{_TYPEFACES}\n"
        f"{{\\info{{\\title {escape(title)}}}{{\\doccomm {escape(document.generator)}}}}}\n"
        f"\\paperw{wide}\\paperh{high}\\margl{MARGIN}\\margr{MARGIN}\\margt{MARGIN}\\margb{MARGIN}{turned}"
        f"\\headery567\\footery567\\viewkind1\n"
        f"{{\\header\\pard\\plain\\f0\\fs16 {head}\\par}}\n"
        f"{{\\footer\\pard\\plain\\tqr\\tx{room}\\f0\\fs16 {foot}\\par}}\n"
    )


#: What every file ends with.
CLOSE: Final = "}\n"


def title_lines(
    label: str, title: str, tags: tuple[str, ...], *, anchor: str = "", again: bool = False
) -> str:
    """Write the title over a table or a figure: its number, then what it shows.

    Parameters
    ----------
    label : printed number
    title : what it shows
    tags : words that stand beside every title
    anchor : name of the bookmark at the number; empty for none
    again : the title stands on an earlier page already
    """
    number = (
        f"{{\\*\\bkmkstart {anchor}}}{escape(label)}{{\\*\\bkmkend {anchor}}}" if anchor else escape(label)
    )
    more = " (continued)" if again else ""
    tagged = "".join(f" ({tag})" for tag in tags)
    look = r"\pard\plain\keepn\qc\f0\fs20\b"
    return f"{look} {number}{more}\\par\n{look}\\sa120 {escape(title + tagged)}\\par\n"


def note_lines(notes: tuple[str, ...], size: float) -> str:
    """Write the notes under a table or a figure, one a line."""
    return "".join(f"\\pard\\plain\\f0\\fs{int(size * 2)}\\sb20 {escape(note)}\\par\n" for note in notes)
