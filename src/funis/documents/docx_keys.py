"""Short keys for the ids of numbers in a Word file, and the list in the file that leads back from them.

Word allows 64 characters in the tag of a content control; an id may have more. The list is a custom XML part:
it survives whatever is done to the text.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import quoteattr

from funis.documents.document import NumberRecord
from funis.documents.docx_text import escape_text
from funis.documents.table import Inline

#: Name space of the list; the number at its end changes with its shape.
NAMESPACE: Final = "urn:funis:numbers:1"
#: Characters of a hash in a key: five bits each.
_LENGTH: Final = 10
_LONGEST: Final = 52


def short_key(name: str, length: int = _LENGTH) -> str:
    """Give the key of an id: ``n`` and the first characters of a hash of it.

    Examples
    --------
    >>> short_key("summary.treated.baseline.sledai_2k.mean")
    'nf2mp3irzt7'
    """
    digest = hashlib.sha256(name.encode("utf-8")).digest()
    return f"n{b32encode(digest).decode('ascii').lower()[:length]}"


@dataclass(slots=True)
class KeyList:
    """The keys given in one file, each to one id or to one row of ids.

    Attributes
    ----------
    keys : by id
    printed : each text that an id is printed as, in the order printed
    also : further ids for which the number of an id stands, where several that are equal are printed once
    rows : the ids of each row, by the key of the row
    """

    keys: dict[str, str] = field(default_factory=dict)
    printed: dict[str, list[str]] = field(default_factory=dict)
    also: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _taken: dict[str, str] = field(default_factory=dict)

    def add(self, inline: Inline) -> str:
        """Give the key of a number that is printed, and note what it is printed as."""
        name = inline.id
        # Where a line may break is no part of what is printed.
        _note(self.printed.setdefault(name, []), inline.text.replace("\u00a0", " "))
        for other in inline.also:
            _note(self.also.setdefault(name, []), other)
        if name not in self.keys:
            self.keys[name] = self._find(name)
        return self.keys[name]

    def add_row(self, names: Sequence[str]) -> str:
        """Give the key of a row of numbers."""
        key = self._find("\n".join(("", *names)))
        self.rows[key] = tuple(names)
        return key

    def _find(self, name: str) -> str:
        """Find a key that no other name has: a longer one where the short one is taken."""
        for length in range(_LENGTH, _LONGEST + 1):
            key = short_key(name, length)
            if self._taken.setdefault(key, name) == name:
                return key
        raise ValueError(f"No key is left for {name!r}.")

    def write(self, records: Mapping[str, NumberRecord]) -> str:
        """Write the list as XML: of each key the id, value, unit, n, source and what it is printed as."""
        numbers = "".join(
            f"<number key={quoteattr(key)} id={quoteattr(name)}{_facts(records.get(name))}>"
            f"{self._texts(name)}{self._others(name, records)}</number>"
            for name, key in self.keys.items()
        )
        rows = "".join(
            f"<row key={quoteattr(key)} numbers={quoteattr(' '.join(self.keys[name] for name in names))}/>"
            for key, names in self.rows.items()
        )
        return f'<?xml version="1.0" encoding="UTF-8"?><numbers xmlns="{NAMESPACE}">{numbers}{rows}</numbers>'

    def _texts(self, name: str) -> str:
        return "".join(f"<printed>{escape_text(text)}</printed>" for text in self.printed[name])

    def _others(self, name: str, records: Mapping[str, NumberRecord]) -> str:
        others = self.also.get(name, ())
        return "".join(f"<also id={quoteattr(other)}{_facts(records.get(other))}/>" for other in others)


def _note(texts: list[str], text: str) -> None:
    if text not in texts:
        texts.append(text)


def _facts(record: NumberRecord | None) -> str:
    if record is None:
        return ""
    value = "" if record.value is None else repr(record.value)
    n = "" if record.n is None else str(record.n)
    facts = {"value": value, "unit": record.unit, "n": n, "source": record.source}
    return "".join(f" {name}={quoteattr(text)}" for name, text in facts.items() if text)
