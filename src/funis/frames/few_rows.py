"""Frames of a few rows, kept as lists: the data of one subject on a form or in a simulated trial.

They answer to the names of a Polars frame, as far as checks use them, and take the expressions of
`funis.frames.few_verbs`. What is not asked for is not copied: rows that are taken remember where they come
from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter, methodcaller
from typing import Any

import polars as pl

from funis.frames.few_asked import as_expressions
from funis.frames.few_cells import Cells, UnusualRowsError
from funis.frames.few_columns import FewColumn, col
from funis.frames.few_lists import FewCells, KindsOf, kind_of
from funis.frames.few_sources import Asked, RowsWithGaps, Taken, renamed
from funis.frames.few_together import Together, gather


class FewRows:
    """A frame of a few rows.

    Parameters
    ----------
    columns : cells by column, all of one length; a list is not copied
    kinds : Polars types of the columns, where they are known; of the others the cells tell
    height : number of rows; needed where there is no column

    Examples
    --------
    >>> visits = FewRows({"subject": ["S1", "S1"], "day": [0, 30]})
    >>> visits.filter(col("day") > 7).rows()
    [('S1', 30)]
    """

    __slots__ = (*("_gaps", "_kinds", "_listed", "_own", "height"),)

    def __init__(
        self, columns: Mapping[str, Any], kinds: Mapping[str, Any] | None = None, height: int | None = None
    ) -> None:
        # Of each column its cells, or what works them out once for every frame that has the column.
        # No frame refers to itself, so that a frame goes as soon as nobody holds it.
        self._own = columns
        # Types of columns whose cells are at hand; of the others their source knows.
        self._kinds: Mapping[str, Any] = kinds or {}
        self._listed: list[str] | None = None
        self._gaps: dict[str, int] | None = None
        self.height = len(next(iter(columns.values()), ())) if height is None else height

    @classmethod
    def of(cls, frame: pl.DataFrame, *, are_texts: bool = False) -> FewRows:
        """Take over a Polars frame, of which it may be known that it holds texts only."""
        rows, names = frame.rows(), frame.columns
        columns = map(list, zip(*rows, strict=True)) if rows else ([] for _ in names)
        kinds = dict.fromkeys(names, pl.String()) if are_texts else frame.schema
        return cls(dict(zip(names, columns, strict=True)), kinds, len(rows))

    def to_polars(self) -> pl.DataFrame:
        """Give the same rows as a Polars frame."""
        return pl.DataFrame(
            [pl.Series(name, self.cells(name), dtype=self.schema[name]) for name in self._own]
        )

    @property
    def columns(self) -> list[str]:
        """Names of the columns; not to be changed."""
        if self._listed is None:
            self._listed = list(self._own)
        return self._listed

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self._own)

    @property
    def schema(self) -> KindsOf:
        """Types of the columns, looked up one at a time."""
        return KindsOf(self)

    def is_empty(self) -> bool:
        """Tell whether there is no row."""
        return not self.height

    def cells(self, name: str) -> Cells:
        """Give the cells of a column, worked out where they have not been; not to be changed."""
        column = self._own[name]
        if type(column) is list or isinstance(column, list):
            return column
        return column.cells(name)  # type: ignore[no-any-return]

    def all_cells(self, names: tuple[str, ...]) -> Cells:
        """Give the cells of several columns, one column after another; not to be changed."""
        own = self._own
        first = own[names[0]] if names else None
        if (
            type(first) is Together
            and first.asked.many == names
            and all(own[name] is first for name in names)
        ):
            return first.all_cells()
        return gather(own, names)

    def count_gaps(self) -> dict[str, int]:
        """Count the empty cells of each column, once: no frame changes; the counts are not to be changed."""
        if self._gaps is None:
            self._gaps = self._of_each(Together.count_gaps, methodcaller("count", None))
        return self._gaps

    def _of_each(
        self, of_many: Callable[[Together], Mapping[str, Any]], of_one: Callable[[Cells], Any]
    ) -> dict[str, Any]:
        """Give something of each column, at once for those that are worked out together."""
        made: dict[str, Any] = {}
        last: Together | None = None
        found: Mapping[str, Any] = {}
        for name, source in self._own.items():
            if type(source) is list:
                made[name] = of_one(source)
            elif type(source) is Together:
                if source is not last:
                    last, found = source, of_many(source)
                made[name] = found[name]
            else:
                made[name] = of_one(self.cells(name))
        return made

    def kind(self, name: str) -> Any:
        """Give the Polars type of a column."""
        column = self._own[name]
        if not isinstance(column, list):
            return column.kind(name)
        return self._kinds[name] if name in self._kinds else kind_of(column)

    def text_columns(self) -> tuple[str, ...]:
        """Name the columns that hold texts."""
        # To compare types of Polars costs more than to look at them.
        kinds = ((name, self.kind(name)) for name in self._own)
        return tuple(name for name, kind in kinds if type(kind) is pl.String or kind == pl.String)

    def __getitem__(self, name: str) -> FewCells:
        """Give a column as a list that answers to some names of a Polars series."""
        return FewCells(self.cells(name))

    def take(self, rows: Sequence[int]) -> FewRows:
        """Take some rows, in this order."""
        return FewRows(dict.fromkeys(self._own, Taken(self, rows)), height=len(rows))

    def keep(self, rows: Sequence[int]) -> FewRows:
        """Keep some rows, each once and in the order in which they stand."""
        return self if len(rows) == self.height else self.take(rows)

    def places(self, names: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
        """Give the rows of each key, in the order in which the keys first stand."""
        found: dict[tuple[Any, ...], list[int]] = {}
        for row, key in enumerate(zip(*map(self.cells, names), strict=True)):
            found.setdefault(key, []).append(row)
        return found

    def row(self, index: int, *, named: bool = False) -> Any:
        """Give one row, as a dict or a tuple."""
        row = self._of_each(lambda together: together.row(index), itemgetter(index))
        return row if named else tuple(row.values())

    def rows(self) -> list[tuple[Any, ...]]:
        """Give every row."""
        return list(zip(*map(self.cells, self._own), strict=True)) if self.height else []

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        """Give one row after another, as dicts or as tuples."""
        if not named:
            return iter(self.rows())
        names = self._own
        return (dict(zip(names, row, strict=True)) for row in self.rows())

    def item(self) -> Any:
        """Give the only cell."""
        ((cell,),) = self.rows()
        return cell

    def select(self, *columns: Any, **named: Any) -> FewRows:
        """Give columns; a single value stands once, or beside each row of the others."""
        asked = as_expressions(columns, named)
        single = True
        for column in asked:
            if column.is_free:
                return self._work_out(asked)
            single = single and column.is_one
        height = 1 if single else self.height
        made, kinds = self._asked(asked, height, single=single)
        return FewRows(made, kinds, height)

    def _asked(
        self, asked: Sequence[FewColumn], height: int, *, single: bool
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Say what columns are, without working them out, and the types of those at hand."""
        made: dict[str, Any] = {}
        kinds: dict[str, Any] = {}
        for column in asked:
            name = column.name
            if column.plain:
                source = self._own[column.plain]
                made[name] = source if name == column.plain else renamed(source, column.plain, name)
                if type(source) is list or isinstance(source, list):
                    kinds[name] = self.kind(column.plain)
            elif column.many and (column.inner if single and column.inner else column).is_cellwise:
                made |= dict.fromkeys(column.many, Together(self, column))
            else:
                for each in column.many or (name,):
                    made[each] = Asked(self, column, each, height)
        return made, kinds

    def _work_out(self, asked: Sequence[FewColumn]) -> FewRows:
        """Work out columns whose number of cells only the cells tell."""
        made = {
            name: (column, column.run(self, name))
            for column in asked
            for name in column.many or (column.name,)
        }
        height = next(len(cells) for column, cells in made.values() if not column.is_one)
        found = {name: [cells] * height if column.is_one else cells for name, (column, cells) in made.items()}
        if any(len(cells) != height for cells in found.values()):
            raise UnusualRowsError("Columns have different numbers of rows.")
        return FewRows(found, {name: self.kind(name) for name in made if name in self._own}, height)

    def with_columns(self, *columns: Any, **named: Any) -> FewRows:
        """Add columns, or put them in the place of those of the same name."""
        asked = as_expressions(columns, named)
        if True in [column.is_free for column in asked]:
            raise UnusualRowsError("A column may have another number of rows.")
        single = False not in [column.is_one for column in asked]
        return self._beside(*self._asked(asked, self.height, single=single))

    def _beside(self, made: Mapping[str, Any], kinds: Mapping[str, Any]) -> FewRows:
        """Add columns of the same rows, or put them in the place of those of the same name."""
        return FewRows({**self._own, **made}, {**self._kinds, **kinds} if kinds else self._kinds, self.height)

    def filter(self, *conditions: Any) -> FewRows:
        """Keep the rows that meet every condition; null does not meet it."""
        if not self.height:
            return self
        rows: Sequence[int] = range(self.height)
        for condition in as_expressions(conditions, {}):
            met = condition.run(self, "")
            rows = [row for row in rows if (met if condition.is_one else met[row])]
        if not rows:
            return self.clear()
        return self.keep(rows)

    def head(self, number: int) -> FewRows:
        """Keep the first rows."""
        return self.keep(range(min(number, self.height)))

    def clear(self) -> FewRows:
        """Keep no row."""
        return self.take(())

    def drop(self, *names: Any, strict: bool = True) -> FewRows:
        """Leave out columns."""
        gone = {name for each in names for name in ([each] if isinstance(each, str) else each)}
        if not gone:
            return self
        if strict and not gone <= self._own.keys():
            raise KeyError(", ".join(sorted(gone - self._own.keys())))
        kept = {name: source for name, source in self._own.items() if name not in gone}
        return FewRows(kept, self._kinds, self.height)

    def drop_nulls(self, name: str | None = None) -> FewRows:
        """Leave out the rows where a column is null, or any of all."""
        return self.filter(*(col(each).is_not_null() for each in ([name] if name else self.columns)))

    def rename(self, names: Mapping[str, str] | Callable[[str], str]) -> FewRows:
        """Give columns other names."""
        new = {
            name: names.get(name, name) if isinstance(names, Mapping) else names(name) for name in self._own
        }
        made = {called: renamed(self._own[name], name, called) for name, called in new.items()}
        kinds = {called: self._kinds[name] for name, called in new.items() if name in self._kinds}
        return FewRows(made, kinds, self.height)

    def hstack(self, other: FewRows) -> FewRows:
        """Put the columns of another frame beside these."""
        return self._beside(other._own, other._kinds_at_hand())

    def _kinds_at_hand(self) -> dict[str, Any]:
        """Give the types of the columns whose cells are at hand."""
        return {name: self.kind(name) for name, source in self._own.items() if isinstance(source, list)}

    def sort(self, *names: str, nulls_last: bool = False, maintain_order: bool = True) -> FewRows:
        """Sort by columns, the first foremost; rows that are equal keep their order."""
        del maintain_order
        rows = list(range(self.height))
        for name in reversed(names):
            cells = self.cells(name)
            empty = [row for row in rows if cells[row] is None]
            known = sorted((row for row in rows if cells[row] is not None), key=cells.__getitem__)
            rows = [*known, *empty] if nulls_last else [*empty, *known]
        return self if rows == list(range(self.height)) else self.take(rows)

    def unique(self, names: Any = None, *, keep: str = "any", maintain_order: bool = True) -> FewRows:
        """Keep one row a key: the first or the last; or only the rows whose key stands once."""
        del maintain_order
        keys = self.columns if names is None else [names] if isinstance(names, str) else list(names)
        groups = self.places(keys).values()
        if keep == "none":
            return self.keep(sorted(rows[0] for rows in groups if len(rows) == 1))
        return self.keep(sorted(rows[-1 if keep == "last" else 0] for rows in groups))

    def equals(self, other: FewRows) -> bool:
        """Tell whether names and cells are the same."""
        return self.columns == other.columns and all(
            source is other._own[name]
            or (type(source) is Together and source.frame is other and source.is_same())
            or (mine := self.cells(name)) is (its := other.cells(name))
            or mine == its
            for name, source in self._own.items()
        )

    def join(self, other: FewRows, *, on: Any, how: str, maintain_order: str = "left") -> FewRows:
        """Join the rows of another frame by a key; a key with null meets nothing."""
        del maintain_order
        keys = [on] if isinstance(on, str) else list(on)
        there = other.places(keys)
        here = list(zip(*map(self.cells, keys), strict=True))
        met: list[Sequence[int]] = [() if None in key else there.get(key, ()) for key in here]
        if how == "anti":
            return self.keep([row for row, found in enumerate(met) if not found])
        pairs = [
            (row, match)
            for row, found in enumerate(met)
            for match in (found or ((None,) if how == "left" else ()))
        ]
        rows, matches = [row for row, _ in pairs], RowsWithGaps(match for _, match in pairs)
        lent = Taken(other, matches)
        beside = {
            called: renamed(lent, name, called)
            for name in other._own
            if name not in keys
            for called in (f"{name}_right" if name in self._own else name,)
        }
        # Where each row meets one other or none, the rows stay as they are.
        kept = self if rows == list(range(self.height)) else self.take(rows)
        return kept._beside(beside, {})

    def partition_by(
        self, name: str, *, as_dict: bool, maintain_order: bool = True, include_key: bool = True
    ) -> dict[tuple[Any, ...], FewRows]:
        """Give the rows of each value of a column."""
        del as_dict, maintain_order
        whole = self if include_key else self.drop(name)
        return {key: whole.keep(rows) for key, rows in self.places([name]).items()}

    def group_by(self, *names: Any, maintain_order: bool = True) -> FewGroups:
        """Take rows of one key together."""
        del maintain_order
        keys = [name for each in names for name in ([each] if isinstance(each, str) else each)]
        return FewGroups(self, keys)

    def pivot(self, on: str, *, index: str | Sequence[str], values: str | Sequence[str]) -> FewRows:
        """Make a column of each value of one column; each stands once a key.

        Of several columns of values the answers are called after column and value, ``low_c3``.
        """
        keys = [index] if isinstance(index, str) else list(index)
        given = [values] if isinstance(values, str) else list(values)
        names = list(dict.fromkeys(self.cells(on)))
        places = self.places([*keys, on])
        if any(len(rows) > 1 for rows in places.values()):
            raise UnusualRowsError("A value stands twice.")
        groups = list(self.places(keys))
        made = {name: [group[place] for group in groups] for place, name in enumerate(keys)}
        kinds = {name: self.kind(name) for name in keys}
        for value in given:
            cells = self.cells(value)
            for name in names:
                rows = [places.get((*group, name)) for group in groups]
                called = str(name) if isinstance(values, str) else f"{value}_{name}"
                made[called] = [None if row is None else cells[row[0]] for row in rows]
                kinds[called] = self.kind(value)
        return FewRows(made, kinds, len(groups))


class FewGroups:
    """Rows taken together by a key."""

    def __init__(self, frame: FewRows, keys: Sequence[str]) -> None:
        self.frame, self.keys = frame, keys
        self.groups = frame.places(keys)

    def __iter__(self) -> Iterator[tuple[tuple[Any, ...], FewRows]]:
        """Give each key with its rows."""
        return ((key, self.frame.keep(rows)) for key, rows in self.groups.items())

    def agg(self, *columns: Any, **named: Any) -> FewRows:
        """Work out one row a key: single values, or lists of what is more."""
        expressions = as_expressions(columns, named)
        names = [name for column in expressions for name in column.many or (column.name,)]
        made: dict[str, Cells] = {name: [] for name in names}
        for _, rows in self:
            for column in expressions:
                for name in column.many or (column.name,):
                    made[name].append(column.run(rows, name))
        keys = {name: [key[place] for key in self.groups] for place, name in enumerate(self.keys)}
        kinds = {name: self.frame.kind(name) for name in keys}
        for column in expressions:
            # The type of a list is not that of its cells.
            for name in (column.many or (column.name,)) if column.is_one else ():
                if column.kind is not None:
                    kinds[name] = column.kind
                elif name in self.frame.columns:
                    kinds[name] = self.frame.kind(name)
        return FewRows({**keys, **made}, kinds, len(self.groups))


def concat_few(frames: Iterable[FewRows]) -> FewRows:
    """Put frames of the same columns below one another.

    Examples
    --------
    >>> concat_few([FewRows({"day": [0]}), FewRows({"day": [7]})]).rows()
    [(0,), (7,)]
    """
    parts = list(frames)
    names, full = parts[0].columns, [part for part in parts if part.height]
    if any(part.columns != names for part in parts):
        raise UnusualRowsError("The frames have other columns.")
    if len(full) == 1:
        return full[0]
    made = {name: [cell for part in full for cell in part.cells(name)] for name in names}
    return FewRows(made, {name: parts[0].kind(name) for name in names}, sum(part.height for part in full))
