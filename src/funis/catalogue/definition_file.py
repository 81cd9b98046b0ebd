"""One definition file while it is read: its content, and everything found wrong in it so far."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from funis.errors import DefinitionError, Finding

Content = Mapping[str, Any]
NO_PLACE = ("file", None, "")
"""The place of a finding that concerns the whole file."""
# Their rows carry the numbers that the paper prints, so a row is found by its name.
_PRINTED_ROWS = ("items", "replace")


@dataclass(frozen=True, slots=True)
class DefinitionFinding:
    """One thing wrong in a definition.

    Attributes
    ----------
    table, row, name : table of the file, number of its row from 1 (or as printed), name of the row
    column, value : the key and what was found there
    message, fix : what is wrong and what to do
    """

    table: str
    row: int | None
    name: str
    column: str
    value: Any
    message: str
    fix: str


@dataclass(slots=True)
class DefinitionFile:
    """One file, and the findings of it.

    Attributes
    ----------
    name : name of the file
    content : what the file holds, numbers as exact decimals
    text : the file itself, to find the line of a finding; empty where there is none
    """

    name: str
    content: Content
    text: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def stem(self) -> str:
        """Name of the file without its ending, which is the name of what it defines."""
        return self.name.removesuffix(".toml")

    def refuse(
        self, place: tuple[str, int | None, str], column: str, value: object, message: str, fix: str
    ) -> None:
        """Keep one finding of the row at `place`: table, number and name."""
        self.keep([DefinitionFinding(*place, column, value, message, fix)])

    def keep(self, found: Iterable[DefinitionFinding]) -> None:
        """Keep findings of a check, each with its line of the file."""
        for one in found:
            where = f"row {one.row}: " if one.row is not None else f"{one.name}: " if one.name else ""
            line = self._line(one)
            message, value = where + one.message, "" if one.value is None else str(one.value)
            self.findings.append(
                Finding(
                    "error", "definition", one.table, self.name, line, one.column, value, message, one.fix
                )
            )

    def refuse_unknown_keys(
        self,
        place: tuple[str, int | None, str],
        row: Content,
        required: Iterable[str],
        optional: Iterable[str] = (),
    ) -> None:
        """Keep a finding for every key that means nothing and every required one that is missing."""
        known = sorted({*required, *optional})
        for key in sorted(set(row) - set(known)):
            near = get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
            self.refuse(place, key, row[key], f"there is no key {key!r}", hint)
        for key in sorted(set(required) - set(row)):
            self.refuse(place, key, "", f"the key {key!r} is missing", "Write it.")

    def rows(self, table: str) -> list[Content]:
        """Give the rows of a table of the file; a finding and no row where it is not a list of tables."""
        rows = self.content.get(table, [])
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        fix = "Write one {...} per printed row."
        self.refuse((table, None, ""), "", rows, "must be a list of tables", fix)
        return []

    def stop_at_findings(self) -> None:
        """Raise when anything was found.

        Raises
        ------
        DefinitionError : holds every finding
        """
        if self.findings:
            raise DefinitionError(f"definition {self.name}", self.findings)

    def _line(self, found: DefinitionFinding) -> int | None:
        """Find the line of a row: by its name, else by its number, else where its table begins."""
        lines = self.text.splitlines()
        head = found.column if found.table == "file" else found.table
        start = re.compile(rf"(\[\[?{re.escape(head)}\b|{re.escape(head)}\s*=)")
        first = next((number for number, line in enumerate(lines) if head and start.match(line)), None)
        if first is None:
            return None
        after = list(enumerate(lines, 1))[first:]
        if found.row is not None and found.table not in _PRINTED_ROWS:
            heads = [n for n, line in after if line.lstrip().startswith(("{", f"[[{head}]]"))]
            return heads[found.row - 1] if 0 < found.row <= len(heads) else first + 1
        named = (n for n, line in after if found.name and re.search(rf"\b{re.escape(found.name)}\b", line))
        return next(named, first + 1)


def open_definition_file(path: Path) -> DefinitionFile:
    """Read the TOML of one file.

    Parameters
    ----------
    path : a file of ``definitions`` or ``tables``

    Raises
    ------
    DefinitionError : the file is not TOML; says where
    """
    text = path.read_text(encoding="utf-8")
    try:
        return DefinitionFile(path.name, tomllib.loads(text, parse_float=Decimal), text)
    except tomllib.TOMLDecodeError as error:
        broken = DefinitionFile(path.name, {}, text)
        broken.refuse(NO_PLACE, "", "", f"the file is not TOML: {error}", "Correct the line named.")
        raise DefinitionError(f"definition {path.name}", broken.findings) from error
