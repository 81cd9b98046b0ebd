"""A reader of RTF that knows nothing of the writer: control words, groups and cells as the standard has them.

Source of the grammar: Rich Text Format (RTF) Specification, version 1.9.1, "RTF Syntax" and "Table Definitions".
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"\\'(?P<byte>[0-9a-f]{2})|\\(?P<word>[a-z]+)(?P<number>-?\d+)? ?|\\(?P<sign>[^a-z])|(?P<open>\{)|(?P<close>\})"
    r"|(?P<line>[\r\n]+)|(?P<text>[^\\{}\r\n]+)"
)
#: Groups whose words stand elsewhere than in the running text.
_PLACES = {"fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer"}


@dataclass
class Page:
    """One page as the file breaks it: paragraphs outside tables, and the rows of its table."""

    paragraphs: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    heads: int = 0


@dataclass
class RtfFile:
    """What a reader of the file sees."""

    pages: list[Page]
    header: str
    footer: str
    pictures: list[bytes]
    bookmarks: list[str]
    instructions: list[str]


class _Reader:
    """Where words go while a file is read: the body, or a place of its own."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self.places: defaultdict[str, list[str]] = defaultdict(list)
        self.found: defaultdict[str, list[str]] = defaultdict(list)
        self.stack: list[str] = []
        self.target = "body"
        self.cells: list[str] = []
        self.high = 0
        #: Letters that stand for one letter beyond ASCII, and are skipped by whoever knows that one.
        self.skip = 0
        self.is_starred = False

    def take(self, place: str) -> str:
        return "".join(self.places.pop(place, []))

    def close(self) -> None:
        if self.target in {"pict", "bkmkstart", "fldinst"} and self.target != self.stack[-1]:
            self.found[self.target].append(self.take(self.target))
        self.target = self.stack.pop()

    def letter(self, code: int) -> None:
        self.skip = 1
        if 0xD800 <= code < 0xDC00:
            self.high = code
            return
        pair = 0x10000 + ((self.high - 0xD800) << 10) + code - 0xDC00 if self.high else code
        self.high = 0
        self.places[self.target].append(chr(pair))

    def word(self, word: str, number: str | None) -> None:
        if (self.is_starred and word != "shppict") or word in _PLACES:
            self.target = word if word in {"bkmkstart", "fldinst", *_PLACES} else "hidden"
        elif word == "u":
            self.letter(int(number or 0) % 65536)
        elif word in {"tab", "line"} or (word == "par" and self.target != "body"):
            self.places[self.target].append(" ")
        elif word == "cell":
            self.cells.append(self.take("body"))
        elif word == "par":
            self.pages[-1].paragraphs.append(self.take("body"))
        elif word == "trhdr":
            self.pages[-1].heads += 1
        elif word == "page":
            self.pages.append(Page())
        elif word == "row":
            self.pages[-1].rows.append(self.cells)
            self.cells = []


def read_rtf(text: str) -> RtfFile:
    """Read a file; it must be ASCII and its groups must close."""
    text.encode("ascii")
    reader = _Reader()
    for token in _TOKEN.finditer(text):
        if token["open"]:
            reader.stack.append(reader.target)
        elif token["close"]:
            reader.close()
        elif token["sign"] == "*":
            reader.is_starred = True
            continue
        elif token["word"]:
            reader.word(token["word"], token["number"])
        elif token["sign"] or token["text"]:
            reader.places[reader.target].append((token["sign"] or token["text"])[reader.skip :])
            reader.skip = 0
        reader.is_starred = False
    assert not reader.stack, "a group is not closed"
    pictures = [bytes.fromhex(each) for each in reader.found["pict"]]
    return RtfFile(
        reader.pages,
        reader.take("header"),
        reader.take("footer"),
        pictures,
        reader.found["bkmkstart"],
        reader.found["fldinst"],
    )
