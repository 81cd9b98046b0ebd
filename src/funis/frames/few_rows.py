"""Frames of a few rows, kept as lists: the data of one subject on a form or in a simulated trial.

They answer to the names of a Polars frame, as far as checks use them, and take the expressions of
`funis.frames.few_verbs`. What is not asked for is not copied: rows that are taken remember where they come
from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from funis.frames.few_cells import Cells, UnusualRowsError
from funis.frames.few_columns import FewColumn, col

_KINDS: Final[dict[type, pl.DataType]] = {
    str: pl.String(),
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
    date: pl.Date(),
}


class _WithGaps(list[int | None]):
    """Rows to take, some of which are not there."""

    def take(self, cells: Cells) -> Cells:
        return [None if row is None else cells[row] for row in self]


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

    __slots__ = ("_cells", "_columns", "_kinds", "height")

    def __init__(
        self, columns: Mapping[str, Any], kinds: Mapping[str, Any] | None = None, height: int | None = None
    ) -> None:
        # What a column is: its cells; or the frame that has them, what is asked of it (a column by name, or
        # an expression), and the rows to take (None for all) or the name that the expression is asked for.
        self._columns: dict[str, Any] = dict(columns)
        self._cells: dict[str, Cells] = {}
        self._kinds: Mapping[str, Any] = kinds or {}
        self.height = len(next(iter(self._columns.values()), ())) if height is None else height

    @classmethod
    def of(cls, frame: pl.DataFrame) -> FewRows:
        """Take over a Polars frame."""
        return cls(
            {column.name: column.to_list() for column in frame.iter_columns()}, frame.schema, frame.height
        )

    def to_polars(self) -> pl.DataFrame:
        """Give the same rows as a Polars frame."""
        return pl.DataFrame(
            [pl.Series(name, self.cells(name), dtype=self.schema[name]) for name in self._columns]
        )

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self._columns)

    @property
    def schema(self) -> KindsOf:
        """Types of the columns, looked up one at a time."""
        return KindsOf(self)

    def is_empty(self) -> bool:
        """Tell whether there is no row."""
        return not self.height

    def cells(self, name: str) -> Cells:
        """Give the cells of a column, worked out where they have not been; not to be changed."""
        known = self._cells.get(name)
        if known is not None:
            return known
        column = self._columns[name]
        if type(column) is not tuple:
            known = column
        else:
            frame, asked, which = column
            if type(asked) is str:
                known = frame.cells(asked)
                if which is not None:
                    known = (
                        [known[row] for row in which] if type(which) is not _WithGaps else which.take(known)
                    )
            else:
                known = asked.run(frame, which)
                if asked.is_one:
                    known = [known] * self.height
        self._cells[name] = known
        return known

    def kind(self, name: str) -> Any:
        """Give the Polars type of a column."""
        if name in self._kinds:
            return self._kinds[name]
        column = self._columns[name]
        if type(column) is tuple:
            frame, asked, which = column
            if type(asked) is str:
                return frame.kind(asked)
            if asked.kind is not None:
                return asked.kind
            if which in frame._columns:
                return frame.kind(which)
        cell = next((cell for cell in self.cells(name) if cell is not None), None)
        return pl.Null() if cell is None else _KINDS[type(cell)]

    def _kept(self, names: Iterable[str]) -> dict[str, Any]:
        """Give columns as they are to another frame of the same rows."""
        mine = self._columns
        # A column that another frame lends goes on as it is lent.
        return {
            name: column if type(column := mine[name]) is tuple and column[2] is None else (self, name, None)
            for name in names
        }

    def __getitem__(self, name: str) -> FewCells:
        """Give a column as a list that answers to some names of a Polars series."""
        return FewCells(self.cells(name))

    def take(self, rows: Sequence[int]) -> FewRows:
        """Take some rows, in this order."""
        return FewRows({name: (self, name, rows) for name in self._columns}, height=len(rows))

    def places(self, names: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
        """Give the rows of each key, in the order in which the keys first stand."""
        found: dict[tuple[Any, ...], list[int]] = {}
        for row, key in enumerate(zip(*map(self.cells, names), strict=True)):
            found.setdefault(key, []).append(row)
        return found

    def row(self, index: int, *, named: bool = False) -> Any:
        """Give one row, as a dict or a tuple."""
        row = {name: self.cells(name)[index] for name in self._columns}
        return row if named else tuple(row.values())

    def rows(self) -> list[tuple[Any, ...]]:
        """Give every row."""
        return list(zip(*map(self.cells, self._columns), strict=True))

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        """Give one row after another, as dicts or as tuples."""
        if not named:
            return iter(self.rows())
        names = self.columns
        return (dict(zip(names, row, strict=True)) for row in self.rows())

    def item(self) -> Any:
        """Give the only cell."""
        ((cell,),) = self.rows()
        return cell

    def select(self, *columns: Any, **named: Any) -> FewRows:
        """Give columns; a single value stands once, or beside each row of the others."""
        asked = _expressions(columns, named)
        if any(column.is_free for column in asked):
            return self._work_out(asked)
        return FewRows(
            self._asked(asked), height=self.height if any(not each.is_one for each in asked) else 1
        )

    def _asked(self, asked: Sequence[FewColumn]) -> dict[str, Any]:
        """Say what columns are, without working them out."""
        return {
            name: (self, column.plain, None) if column.plain else (self, column, name)
            for column in asked
            for name in column.many or (column.name,)
        }

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
        return FewRows(found, {name: self.kind(name) for name in made if name in self._columns}, height)

    def with_columns(self, *columns: Any, **named: Any) -> FewRows:
        """Add columns, or put them in the place of those of the same name."""
        asked = _expressions(columns, named)
        if any(column.is_free for column in asked):
            raise UnusualRowsError("A column may have another number of rows.")
        return FewRows(self._kept(self._columns) | self._asked(asked), height=self.height)

    def filter(self, *conditions: Any) -> FewRows:
        """Keep the rows that meet every condition; null does not meet it."""
        rows: Sequence[int] = range(self.height)
        for condition in _expressions(conditions, {}):
            met = condition.run(self, "")
            rows = [row for row in rows if (met if condition.is_one else met[row])]
        return self if len(rows) == self.height else self.take(rows)

    def head(self, number: int) -> FewRows:
        """Keep the first rows."""
        return self.take(range(min(number, self.height)))

    def clear(self) -> FewRows:
        """Keep no row."""
        return self.take(())

    def drop(self, *names: Any, strict: bool = True) -> FewRows:
        """Leave out columns."""
        gone = {name for each in names for name in ([each] if isinstance(each, str) else each)}
        if strict and not gone <= set(self._columns):
            raise KeyError(", ".join(sorted(gone - set(self._columns))))
        return FewRows(self._kept(name for name in self._columns if name not in gone), height=self.height)

    def drop_nulls(self, name: str | None = None) -> FewRows:
        """Leave out the rows where a column is null, or any of all."""
        return self.filter(*(col(each).is_not_null() for each in ([name] if name else self.columns)))

    def rename(self, names: Mapping[str, str] | Callable[[str], str]) -> FewRows:
        """Give columns other names."""
        new = {name: names.get(name, name) for name in self._columns} if isinstance(names, Mapping) else None
        made = {(new[name] if new else names(name)): (self, name, None) for name in self._columns}  # type: ignore[operator]
        return FewRows(made, height=self.height)

    def hstack(self, other: FewRows) -> FewRows:
        """Put the columns of another frame beside these."""
        return FewRows(self._kept(self._columns) | other._kept(other._columns), height=self.height)

    def null_count(self) -> FewRows:
        """Count the empty cells of each column, in one row."""
        return FewRows({name: [self.cells(name).count(None)] for name in self._columns}, height=1)

    def sort(self, *names: str, nulls_last: bool = False, maintain_order: bool = True) -> FewRows:
        """Sort by columns, the first foremost; rows that are equal keep their order."""
        del maintain_order
        rows = list(range(self.height))
        for name in reversed(names):
            cells = self.cells(name)
            known = sorted((row for row in rows if cells[row] is not None), key=lambda row: cells[row])
            empty = [row for row in rows if cells[row] is None]
            rows = [*known, *empty] if nulls_last else [*empty, *known]
        return self.take(rows)

    def unique(self, names: Any = None, *, keep: str = "any", maintain_order: bool = True) -> FewRows:
        """Keep one row a key: the first or the last; or only the rows whose key stands once."""
        del maintain_order
        keys = self.columns if names is None else [names] if isinstance(names, str) else list(names)
        groups = self.places(keys).values()
        if keep == "none":
            return self.take(sorted(rows[0] for rows in groups if len(rows) == 1))
        return self.take(sorted(rows[-1 if keep == "last" else 0] for rows in groups))

    def equals(self, other: FewRows) -> bool:
        """Tell whether names and cells are the same."""
        return self.columns == other.columns and all(
            self.cells(name) == other.cells(name) for name in self._columns
        )

    def join(self, other: FewRows, *, on: Any, how: str, maintain_order: str = "left") -> FewRows:
        """Join the rows of another frame by a key; a key with null meets nothing."""
        del maintain_order
        keys = [on] if isinstance(on, str) else list(on)
        there = other.places(keys)
        here = list(zip(*map(self.cells, keys), strict=True))
        met: list[Sequence[int]] = [() if None in key else there.get(key, ()) for key in here]
        if how == "anti":
            return self.take([row for row, found in enumerate(met) if not found])
        pairs = [
            (row, match)
            for row, found in enumerate(met)
            for match in (found or ((None,) if how == "left" else ()))
        ]
        rows, matches = [row for row, _ in pairs], _WithGaps(match for _, match in pairs)
        beside = {
            (f"{name}_right" if name in self._columns else name): (other, name, matches)
            for name in other.columns
            if name not in keys
        }
        return FewRows({name: (self, name, rows) for name in self._columns} | beside, height=len(pairs))

    def partition_by(
        self, name: str, *, as_dict: bool, maintain_order: bool = True, include_key: bool = True
    ) -> dict[tuple[Any, ...], FewRows]:
        """Give the rows of each value of a column."""
        del as_dict, maintain_order
        whole = self if include_key else self.drop(name)
        return {key: whole.take(rows) for key, rows in self.places([name]).items()}

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
        return ((key, self.frame.take(rows)) for key, rows in self.groups.items())

    def agg(self, *columns: Any, **named: Any) -> FewRows:
        """Work out one row a key: single values, or lists of what is more."""
        expressions = _expressions(columns, named)
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


class FewCells(list[Any]):
    """The cells of a column, with some names of a Polars series."""

    def to_list(self) -> Cells:
        """Give the cells."""
        return list(self)

    def null_count(self) -> int:
        """Count the empty cells."""
        return self.count(None)

    def drop_nulls(self) -> FewCells:
        """Leave out empty cells."""
        return FewCells(cell for cell in self if cell is not None)

    def unique(self) -> FewCells:
        """Give each value once."""
        return FewCells(dict.fromkeys(self))

    def n_unique(self) -> int:
        """Count the values."""
        return len(set(self))

    def head(self, number: int) -> FewCells:
        """Keep the first cells."""
        return FewCells(self[:number])

    def min(self) -> Any:
        """Give the smallest value."""
        return min(self.drop_nulls(), default=None)

    def max(self) -> Any:
        """Give the largest value."""
        return max(self.drop_nulls(), default=None)

    def any(self) -> bool:
        """Tell whether any cell is true."""
        return any(self)

    def arg_true(self) -> FewCells:
        """Give the places of the cells that are true."""
        return FewCells(place for place, cell in enumerate(self) if cell)


class KindsOf(Mapping[str, Any]):
    """The types of the columns of a frame; found out where they are asked for."""

    def __init__(self, frame: FewRows) -> None:
        self.frame = frame

    def __getitem__(self, name: str) -> Any:
        """Give the type of a column."""
        return self.frame.kind(name)

    def __iter__(self) -> Iterator[str]:
        """Name the columns."""
        return iter(self.frame.columns)

    def __len__(self) -> int:
        """Count the columns."""
        return self.frame.width


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


def _expressions(columns: Iterable[Any], named: Mapping[str, Any]) -> list[FewColumn]:
    """Take texts as names of columns, lists as what stands in them, keywords as names of answers."""
    flat: list[FewColumn] = []
    for each in columns:
        if isinstance(each, FewColumn):
            flat.append(each)
        elif isinstance(each, str):
            flat.append(col(each))
        else:
            flat += _expressions(each, {})
    for name, given in named.items():
        column = col(given) if isinstance(given, str) else given
        flat.append(column.alias(name))
    return flat
