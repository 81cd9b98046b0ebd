"""What opens behind each number of a computed page: what it is, what was asked, and the command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from funis.design.pages.told import DesignTable
from funis.documents.number_panel import Cell, PanelColumns, PanelWords, gather_panel

#: The words of the panel.
WORDS: Final[Mapping[str, str]] = {
    "id": "Number", "printed": "Printed", "method": "Table", "asked": "Asked for", "again": "Command",
    "no_values": "The command gives the same number again; --json has it unrounded.",
    "unknown": "No such number here", "unknown_why": "This page prints no such number. Asked for:",
}  # fmt: skip
_FURTHER: Final = ("asked", "again")


def open_tables(
    tables: Iterable[DesignTable], asked: Mapping[str, str], command: str
) -> tuple[tuple[DesignTable, ...], dict[str, Any]]:
    """Give each number of the tables an address, and gather what the panel shows of it.

    Parameters
    ----------
    tables : of the page
    asked : what was asked, by name
    command : that gives the page again; empty where no command made it

    Returns
    -------
    the tables with addresses, and the numbers in the form in which a page reads those of a report

    Examples
    --------
    >>> table = DesignTable("Size", ("Arm", "Patients"), (("Control", "20"), ("Cells", "none")))
    >>> (opened,), book = open_tables([table], {"Power": "80%"}, "funis design means")
    >>> opened.ids, list(book["numbers"])
    ((('', 'size.control.patients'), ('', '')), ['size.control.patients'])
    """
    words = PanelWords()
    numbers: dict[str, list[Cell]] = {}
    told = "; ".join(f"{name}: {value}" for name, value in asked.items())
    opened = []
    for table in tables:
        ids = []
        for row in table.rows:
            line = [""] * len(row)
            for place in range(1, len(row)):
                if not re.search(r"\d", row[place]):
                    continue
                name = line[place] = _address((table.title, row[0], table.heads[place]), numbers)
                cells = (f"{table.heads[place]}: {row[0]}", row[place], table.title, told, command)
                numbers[name] = [0, *(words.place(each) for each in cells)]
            ids.append(tuple(line))
        opened.append(replace(table, ids=tuple(ids)))
    columns = PanelColumns(("statistic", "text", "method", *_FURTHER), further=_FURTHER, code=("again",))
    return tuple(opened), gather_panel(columns, numbers, words, WORDS)


def _address(parts: Iterable[str], taken: Mapping[str, object]) -> str:
    """Make an address of words; a second number with the same words gets a number of its own."""
    name = ".".join(re.sub(r"[^a-z0-9]+", "_", part.lower()).strip("_") for part in parts)
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}.{count}"
    return found
