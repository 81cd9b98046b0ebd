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

Rows = Sequence[int | None]
_KINDS: Final[dict[type, pl.DataType]] = {
    str: pl.String(),
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
    date: pl.Date(),
}


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

    __slots__ = ("_columns", "_kinds", "height")

    def __init__(
        self, columns: Mapping[str, Any], kinds: Mapping[str, Any] | None = None, height: int | None = None
    ) -> None:
        # A column that has not been asked for is the frame, name and rows that it is to be taken from.
        self._columns: dict[str, Any] = dict(columns)
        self._kinds: dict[str, Any] = dict(kinds or {})
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
        """Give the cells of a column; not to be changed."""
        found = self._columns[name]
        if type(found) is tuple:
            frame, origin, rows = found
            source = frame.cells(origin)
            found = [None if row is None else source[row] for row in rows]
            self._columns[name] = found
        return found  # type: ignore[no-any-return]

    def kind(self, name: str) -> Any:
        """Give the Polars type of a column."""
        if name not in self._kinds:
            cell = next((cell for cell in self.cells(name) if cell is not None), None)
            return pl.Null() if cell is None else _KINDS[type(cell)]
        return self._kinds[name]

    def __getitem__(self, name: str) -> FewCells:
        """Give a column as a list that answers to some names of a Polars series."""
        return FewCells(self.cells(name))

    def take(self, rows: Rows) -> FewRows:
        """Take some rows, in this order; None is a row without anything."""
        return FewRows({name: (self, name, rows) for name in self._columns}, self._kinds, len(rows))

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
        """Work out columns; a single value stands once, or beside each row of the others."""
        made, ones = self._work_out(columns, named)
        height = next((len(cells) for name, cells in made.items() if name not in ones), 1 if made else 0)
        for name in ones:
            made[name] = [made[name]] * height
        return FewRows(made, self._kinds_of(columns, named), height)

    def with_columns(self, *columns: Any, **named: Any) -> FewRows:
        """Add columns, or put them in the place of those of the same name."""
        made, ones = self._work_out(columns, named)
        for name in ones:
            made[name] = [made[name]] * self.height
        if any(len(cells) != self.height for cells in made.values()):
            raise UnusualRowsError("A column has another number of rows.")
        kinds = self._kinds | self._kinds_of(columns, named)
        return FewRows(self._columns | made, kinds, self.height)

    def _work_out(self, columns: Sequence[Any], named: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Work out columns; name those that are one value."""
        made: dict[str, Any] = {}
        ones: list[str] = []
        for column in _expressions(columns, named):
            for name in column.many or (column.name,):
                made[name] = column.run(self, name)
                if column.is_one:
                    ones.append(name)
        return made, ones

    def _kinds_of(self, columns: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """Give the types that expressions state, and those of columns that are taken as they are."""
        kinds: dict[str, Any] = {}
        for column in _expressions(columns, named):
            for name in column.many or (column.name,):
                if column.kind is not None:
                    kinds[name] = column.kind
                elif name in self._kinds:
                    kinds[name] = self._kinds[name]
        return kinds

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
        kept = {name: cells for name, cells in self._columns.items() if name not in gone}
        return FewRows(kept, self._kinds, self.height)

    def drop_nulls(self, name: str | None = None) -> FewRows:
        """Leave out the rows where a column is null, or any of all."""
        return self.filter(*(col(each).is_not_null() for each in ([name] if name else self.columns)))

    def rename(self, names: Mapping[str, str] | Callable[[str], str]) -> FewRows:
        """Give columns other names."""
        new = {
            name: names.get(name, name) if isinstance(names, Mapping) else names(name)
            for name in self._columns
        }
        kinds = {new[name]: kind for name, kind in self._kinds.items() if name in new}
        return FewRows({new[name]: cells for name, cells in self._columns.items()}, kinds, self.height)

    def hstack(self, other: FewRows) -> FewRows:
        """Put the columns of another frame beside these."""
        return FewRows(self._columns | other._columns, self._kinds | other._kinds, self.height)

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
        left = self.take([row for row, _ in pairs])
        matches = [match for _, match in pairs]
        beside = {
            (f"{name}_right" if name in self._columns else name): (other, name, matches)
            for name in other.columns
            if name not in keys
        }
        kinds = {
            (f"{name}_right" if name in self._columns else name): kind for name, kind in other._kinds.items()
        }
        return FewRows(left._columns | beside, kinds | self._kinds, len(pairs))

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

    def pivot(self, on: str, *, index: str, values: str) -> FewRows:
        """Make a column of each value of one column; each stands once a key."""
        wide: dict[Any, dict[str, Any]] = {}
        names: dict[str, None] = {}
        for key, name, value in zip(self.cells(index), self.cells(on), self.cells(values), strict=True):
            names[name] = None
            if name in wide.setdefault(key, {}):
                raise UnusualRowsError(f"{name} stands twice.")
            wide[key][name] = value
        made = {name: [row.get(name) for row in wide.values()] for name in names}
        kinds = dict.fromkeys(names, self.kind(values)) | {index: self.kind(index)}
        return FewRows({index: list(wide), **made}, kinds, len(wide))


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
        kinds = {name: kind for name, kind in self.frame._kinds.items() if name in keys}
        for column in expressions:
            # The type of a list is not that of its cells.
            for name in (column.many or (column.name,)) if column.is_one else ():
                kind = column.kind or self.frame._kinds.get(name)
                kinds |= {} if kind is None else {name: kind}
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
    kinds = {name: kind for part in reversed(parts) for name, kind in part._kinds.items()}
    if len(full) == 1:
        return FewRows(full[0]._columns, kinds, full[0].height)
    made = {name: [cell for part in full for cell in part.cells(name)] for name in names}
    return FewRows(made, kinds, sum(part.height for part in full))


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
