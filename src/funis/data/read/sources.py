"""Which table stands in which sheet or file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import PurePath

from funis.data.cells import RawData
from funis.schema import Table
from funis.shown import show_name, words_of
from funis.study.imported import Import, plain_form, plain_name

SUFFIXES = (".csv", ".parquet", ".xlsx")
_NEAR = 0.7


@dataclass(frozen=True)
class TableSources:
    """The tables that are looked for, and where they may stand.

    Attributes
    ----------
    expected : names of tables that may be there, and whether the study uses them
    tables : what the columns of the study's tables are
    rules : the section ``[import]``
    named : what columns hold that the study file lists, by column: its visits, its tests
    seen : names of the sheets and files that were met
    behind : what was read of sheets whose names are nearly right
    """

    expected: Mapping[str, bool]
    tables: Mapping[str, Table] = field(default_factory=dict)
    rules: Import = field(default_factory=Import)
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    behind: list[RawData] = field(default_factory=list)

    @cached_property
    def words(self) -> frozenset[str]:
        """Give the words that names of sheets and files may have in findings."""
        return words_of((*self.expected, *self.rules.tables.values()))

    @cached_property
    def _declared(self) -> dict[str, list[str]]:
        """Give the tables of each declared sheet or file."""
        declared: dict[str, list[str]] = {}
        for table, source in self.rules.tables.items():
            declared.setdefault(_source_form(source), []).append(table)
        return declared

    def tables_in(self, source: str) -> tuple[str, ...]:
        """Name the tables that stand in a sheet or a file.

        Parameters
        ----------
        source : name of the sheet, or of the file without its ending

        Returns
        -------
        tuple of str
            Those that the study file reads from it; else the table of its name, capitals, spaces and hyphens
            aside; else the name itself, which is no table.

        Examples
        --------
        >>> sources = TableSources({"labs": True, "visits": True}, rules=Import(tables={"labs": "Labor"}))
        >>> sources.tables_in("LABOR"), sources.tables_in("Visits"), sources.tables_in("Labs")
        (('labs',), ('visits',), ('Labs',))
        """
        declared = self._declared.get(_source_form(source))
        if declared:
            return tuple(declared)
        name = source if source in self.expected else plain_name(source)
        return (name,) if name in self.expected and name not in self.rules.tables else (source.strip(),)

    def is_shown(self, source: str) -> bool:
        """Say whether the name of a sheet or file may stand in a finding: it can be the name of a person."""
        return any(name in self.expected for name in self.tables_in(source)) or bool(
            show_name(source.strip(), self.words)
        )

    def report_absent(self, place: str, found: RawData) -> None:
        """Add a finding for each sheet or file that the study file names and that is not there."""
        there = {_source_form(source): source for source in self.seen}
        for table, source in self.rules.tables.items():
            if _source_form(source) in there:
                continue
            shown = [each.strip() for each in there.values() if self.is_shown(each)]
            near = get_close_matches(source, shown, n=1, cutoff=_NEAR)
            hint = f"The nearest is '{near[0]}'. " if near else ""
            message = f"[import.tables] reads '{table}' from '{source}'; no sheet or file has this name."
            fix = f"{hint}There are: {', '.join(shown) or 'none whose name can be shown'}."
            found.unreadable.add(table)
            found.finding("source_missing", place, message, fix, table=table)

    def claimed_by_others(self, table: str, source: str) -> Iterator[str]:
        """Give, in plain form, the columns of a sheet that belong to the other tables in it."""
        for other in self.tables_in(source):
            if other != table:
                yield from map(plain_form, self.rules.columns.get(other, {}).values())
                yield from self.tables[other].by_name if other in self.tables else ()


def _source_form(source: str) -> str:
    """Give what is compared of the name of a sheet or a file; the ending of a file is left out."""
    form = plain_form(source)
    return form[: -len(PurePath(form).suffix)] if PurePath(form).suffix in SUFFIXES else form
