"""Expressions over a few rows, worked out in plain Python; written and answered as those of Polars."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

from polars import Boolean, Date, Float64, Int8, Int32, Int64, String

from funis.frames.few_cells import (
    WHITE,
    Cells,
    UnusualRowsError,
    are_first,
    both,
    cast_to,
    divide,
    either,
    fill_forward,
    find_pattern,
    first_known,
    read_date,
    round_to,
)

# What a column is worked out from: a frame of few rows, and the name that stands for the column where one
# expression is asked of several.
Run = Callable[[Any, str], Any]
# Within a column ``str`` is what can be asked of texts.
Text = str


class FewColumn:
    """An expression over the columns of a few rows.

    Attributes
    ----------
    run : works it out: a list of cells, or one value where ``is_one``
    is_one : the answer is one value, whatever the number of rows
    is_free : only the cells tell how many the answer has
    plain : the column that is asked for as it stands, else empty
    is_cellwise : each cell follows from the same cell of the column asked for, so that all columns can be
        asked in one go
    inner, sum_up : of a single value: what it sums up, and how
    name : of the answer
    many : the columns that it is asked of one by one; then ``name`` is that of each
    kind : Polars type of the answer, None where it follows from the cells
    """

    __slots__ = (
        *("inner", "is_cellwise", "is_free", "is_one", "kind", "many", "name", "plain", "run", "sum_up"),
    )

    def __init__(
        self,
        run: Run,
        name: Text,
        *,
        is_one: bool = False,
        is_free: bool = False,
        many: tuple[Text, ...] = (),
        kind: Any = None,
        plain: Text = "",
    ) -> None:
        self.run, self.name, self.many, self.kind = run, name, many, kind
        self.is_one, self.is_free, self.plain = is_one, is_free, plain
        self.is_cellwise = False
        self.inner: FewColumn | None = None
        self.sum_up: Callable[[Cells], Any] | None = None

    __hash__ = None  # type: ignore[assignment]

    def alias(self, name: Text) -> FewColumn:
        """Give the answer another name."""
        run = self.run
        if self.many:
            (only,) = self.many
            made = FewColumn(lambda frame, _: run(frame, only), name, kind=self.kind)
        else:
            made = FewColumn(run, name, kind=self.kind, plain=self.plain)
        made.is_one, made.is_free = self.is_one, self.is_free
        return made

    def __eq__(self, other: object) -> FewColumn:  # type: ignore[override]
        return _compare(operator.eq, self, other)

    def __ne__(self, other: object) -> FewColumn:  # type: ignore[override]
        return _compare(operator.ne, self, other)

    def __lt__(self, other: object) -> FewColumn:
        return _compare(operator.lt, self, other)

    def __le__(self, other: object) -> FewColumn:
        return _compare(operator.le, self, other)

    def __gt__(self, other: object) -> FewColumn:
        return _compare(operator.gt, self, other)

    def __ge__(self, other: object) -> FewColumn:
        return _compare(operator.ge, self, other)

    def __add__(self, other: object) -> FewColumn:
        return _known(operator.add, self, other)

    def __sub__(self, other: object) -> FewColumn:
        return _known(operator.sub, self, other)

    def __mul__(self, other: object) -> FewColumn:
        return _known(operator.mul, self, other)

    def __truediv__(self, other: object) -> FewColumn:
        made = _known(divide, self, other)
        # A quotient shows the sign of a zero, so that equal cells have different ones.
        made.is_cellwise = False
        return made

    def __and__(self, other: object) -> FewColumn:
        return rowwise(both, (self, as_column(other)), Boolean)

    def __or__(self, other: object) -> FewColumn:
        return rowwise(either, (self, as_column(other)), Boolean)

    def __invert__(self) -> FewColumn:
        return each_cell(operator.not_, self, Boolean)

    not_ = __invert__

    def eq_missing(self, other: object) -> FewColumn:
        """Compare, where null equals null."""
        return rowwise(operator.eq, (self, as_column(other)), Boolean)

    def is_null(self) -> FewColumn:
        """Tell where a cell is empty."""
        return self._cellwise(lambda cells: [cell is None for cell in cells])

    def is_not_null(self) -> FewColumn:
        """Tell where a cell holds something."""
        return self._cellwise(lambda cells: [cell is not None for cell in cells])

    def fill_null(self, value: object = None) -> FewColumn:
        """Fill empty cells."""
        other = as_column(value)
        if self.is_one or not other.is_one:
            return rowwise(first_known, (self, other), self.kind)
        cells_of, value_of = self.run, other.run

        def run(frame: Any, name: Text) -> Cells:
            filling = value_of(frame, name)
            return [filling if cell is None else cell for cell in cells_of(frame, name)]

        made = FewColumn(run, self.name, is_free=self.is_free, many=self.many or other.many, kind=self.kind)
        made.is_cellwise = self.is_cellwise and other.is_cellwise
        return made

    def fill_nan(self, value: None) -> FewColumn:
        """Make what is not a number empty."""
        return each_cell(lambda number: value if math.isnan(number) else number, self, self.kind)

    def replace(self, old: Sequence[object], new: Sequence[object]) -> FewColumn:
        """Put values in the place of others."""
        pairs = dict(zip(old, new, strict=True))
        return each_cell(lambda cell: pairs.get(cell, cell), self, self.kind)

    def replace_strict(
        self,
        old: Mapping[Any, Any] | Iterable[Any],
        new: Iterable[Any] = (),
        *,
        default: None,
        return_dtype: Any,
    ) -> FewColumn:
        """Look every cell up; what is not found is empty."""
        pairs = dict(old) if isinstance(old, Mapping) else dict(zip(old, new, strict=True))
        return each_cell(lambda cell: pairs.get(cell, default), self, return_dtype)

    def is_in(self, values: Iterable[object]) -> FewColumn:
        """Tell where a cell is one of some values."""
        known = frozenset(values)
        return each_cell(known.__contains__, self, Boolean)

    def is_between(self, low: float, high: float, *, closed: Text) -> FewColumn:
        """Tell where a number lies between two."""
        if closed != "none":
            raise UnusualRowsError("Only open intervals are looked at here.")
        return each_cell(lambda number: low < number < high, self, Boolean)

    def is_finite(self) -> FewColumn:
        """Tell where a number is finite."""
        return each_cell(math.isfinite, self, Boolean)

    def abs(self) -> FewColumn:
        """Give the absolute values."""
        return each_cell(abs, self, self.kind)

    def floor(self) -> FewColumn:
        """Round down."""
        # Not math.floor: it gives whole numbers, which know no -0.0.
        return each_cell(lambda number: number // 1.0 if math.isfinite(number) else number, self, self.kind)

    def round(self, decimals: int = 0) -> FewColumn:
        """Round to decimals."""
        scale = 10.0**decimals
        return each_cell(lambda number: round_to(number, scale), self, self.kind)

    def cast(self, kind: Any, *, strict: bool = True) -> FewColumn:
        """Bring cells to a type."""
        made = rowwise(cast_to(kind, strict=strict), (self,), kind)
        if self.plain:
            made.run = _keep_or(self.plain, kind, made.run)
        return made

    @property
    def str(self) -> TextVerbs:
        """What can be asked of texts."""
        return TextVerbs(self)

    @property
    def dt(self) -> DateVerbs:
        """What can be asked of dates."""
        return DateVerbs(self)

    def shift(self, number: int) -> FewColumn:
        """Give each row the cell so many rows above; one by one, as checks need it."""
        return self._whole(lambda cells: [None] * min(number, len(cells)) + cells[:-number])

    def forward_fill(self) -> FewColumn:
        """Fill an empty cell with the last that is not."""
        return self._whole(fill_forward)

    def is_first_distinct(self) -> FewColumn:
        """Tell where a cell stands for the first time."""
        return self._whole(are_first, Boolean)

    def drop_nulls(self) -> FewColumn:
        """Leave out empty cells."""
        return self._whole(lambda cells: [cell for cell in cells if cell is not None], is_free=True)

    def unique(self) -> FewColumn:
        """Give each value once."""
        return self._whole(lambda cells: list(dict.fromkeys(cells)), is_free=True)

    def filter(self, condition: FewColumn) -> FewColumn:
        """Keep the cells that meet a condition."""

        def run(frame: Any, name: Text) -> Cells:
            cells = self.run(frame, name)
            return [cell for cell, is_met in zip(cells, condition.run(frame, name), strict=True) if is_met]

        return FewColumn(run, self.name, is_free=True, many=self.many, kind=self.kind)

    def first(self) -> FewColumn:
        """Give the first cell."""
        return self._one(lambda cells: cells[0] if cells else None)

    def last(self) -> FewColumn:
        """Give the last cell."""
        return self._one(lambda cells: cells[-1] if cells else None)

    def min(self) -> FewColumn:
        """Give the smallest value."""
        return self._one(lambda cells: min((cell for cell in cells if cell is not None), default=None))

    def max(self) -> FewColumn:
        """Give the largest value."""
        return self._one(lambda cells: max((cell for cell in cells if cell is not None), default=None))

    def any(self) -> FewColumn:
        """Tell whether any is true; unknown ones aside."""
        return self._one(lambda cells: True in cells, Boolean)

    def all(self) -> FewColumn:
        """Tell whether none is false; unknown ones aside."""
        return self._one(lambda cells: False not in cells, Boolean)

    def over(self, *keys: Text | Sequence[Text]) -> FewColumn:
        """Work it out within the rows of each key."""
        names = [name for key in keys for name in ([key] if isinstance(key, Text) else key)]

        def run(frame: Any, name: Text) -> Cells:
            found: Cells = [None] * frame.height
            for rows in frame.places(names).values():
                part = self.run(frame.keep(rows), name)
                for place, cell in zip(rows, repeat(part) if self.is_one else part, strict=False):
                    found[place] = cell
            return found

        return FewColumn(run, self.name, many=self.many, kind=self.kind)

    def _cellwise(self, function: Callable[[Cells], Cells]) -> FewColumn:
        """Answer yes or no for every cell, empty ones too."""
        if self.is_one:
            return rowwise(lambda cell: function([cell])[0], (self,), Boolean)
        made = self._whole(function, Boolean)
        made.is_cellwise = self.is_cellwise
        return made

    def _whole(
        self, function: Callable[[Cells], Cells], kind: Any = None, *, is_free: bool = False
    ) -> FewColumn:
        def run(frame: Any, name: Text) -> Cells:
            return function(self.run(frame, name))

        is_free = is_free or self.is_free
        return FewColumn(run, self.name, is_free=is_free, many=self.many, kind=kind or self.kind)

    def _one(self, function: Callable[[Cells], Any], kind: Any = None) -> FewColumn:
        def run(frame: Any, name: Text) -> Any:
            return function(self.run(frame, name))

        made = FewColumn(run, self.name, is_one=True, many=self.many, kind=kind or self.kind)
        made.inner, made.sum_up = self, function
        return made


class TextVerbs:
    """What can be asked of texts."""

    def __init__(self, column: FewColumn) -> None:
        self.column = column

    def strip_chars(self, signs: str | None = None) -> FewColumn:
        """Take signs off both ends; white space where none are named."""
        signs = WHITE if signs is None else signs
        return each_cell(lambda text: text.strip(signs), self.column, String)

    def to_lowercase(self) -> FewColumn:
        """Write in small letters."""
        return each_cell(str.lower, self.column, String)

    def starts_with(self, start: str) -> FewColumn:
        """Tell where a text starts so."""
        return each_cell(lambda text: text.startswith(start), self.column, Boolean)

    def contains(self, pattern: str) -> FewColumn:
        """Tell where a pattern is found."""
        find = find_pattern(pattern)
        return each_cell(lambda text: find(text) is not None, self.column, Boolean)

    def extract(self, pattern: str, group: int = 1) -> FewColumn:
        """Give a part of what a pattern finds."""
        find = find_pattern(pattern)

        def taken(text: str) -> str | None:
            found = find(text)
            return None if found is None else found[group]

        return each_cell(taken, self.column, String)

    def to_date(self, form: str, *, strict: bool) -> FewColumn:
        """Read dates; empty where there is no such day."""
        if form != "%Y-%m-%d" or strict:
            raise UnusualRowsError("Only dates YYYY-MM-DD are read here.")
        return each_cell(read_date, self.column, Date)


class DateVerbs:
    """What can be asked of dates, and of the time between two."""

    def __init__(self, column: FewColumn) -> None:
        self.column = column

    def total_days(self) -> FewColumn:
        """Give whole days."""
        return each_cell(lambda time: time.days, self.column, Int64)

    def year(self) -> FewColumn:
        """Give the year."""
        return each_cell(lambda day: day.year, self.column, Int32)

    def month(self) -> FewColumn:
        """Give the month."""
        return each_cell(lambda day: day.month, self.column, Int8)

    def day(self) -> FewColumn:
        """Give the day of the month."""
        return each_cell(lambda day: day.day, self.column, Int8)


def col(*names: str | Sequence[str]) -> FewColumn:
    """Name a column; several are asked one by one."""
    if len(names) == 1 and isinstance(names[0], str):
        return one_column(names[0])
    every = tuple(name for each in names for name in ((each,) if isinstance(each, str) else each))
    made = FewColumn(lambda frame, name: frame.cells(name), "", many=every)
    made.is_cellwise = True
    return made


@lru_cache(maxsize=4096)
def one_column(name: str) -> FewColumn:
    """Name one column."""
    return FewColumn(lambda frame, _: frame.cells(name), name, plain=name)


def lit(value: object, dtype: Any = None) -> FewColumn:
    """Give one value, of a type where it is null."""
    if value is not None and dtype is not None and dtype == Float64:
        value = float(value)  # type: ignore[arg-type]
    made = FewColumn(lambda _frame, _name: value, "literal", is_one=True, kind=dtype)
    made.is_cellwise = True
    return made


def _keep_or(name: str, kind: Any, run: Run) -> Run:
    """Give the cells of a column that is of a type already; else bring them to it."""
    return lambda frame, each: frame.cells(name) if frame.kind(name) == kind else run(frame, each)


def as_column(value: object) -> FewColumn:
    """Take a value as an expression."""
    return value if isinstance(value, FewColumn) else lit(value)


def rowwise(function: Callable[..., Any], parts: tuple[FewColumn, ...], kind: Any) -> FewColumn:
    """Work out a function of the cells of a row."""
    name, many = parts[0].name, parts[0].many
    is_cellwise = is_one = True
    is_free = False
    for part in parts:
        many = many or part.many
        is_cellwise, is_one = is_cellwise and part.is_cellwise, is_one and part.is_one
        is_free = is_free or part.is_free
    if is_one:
        made = FewColumn(
            lambda frame, each: function(*[part.run(frame, each) for part in parts]),
            name,
            is_one=True,
            many=many,
            kind=kind,
        )
        made.is_cellwise = is_cellwise
        return made

    def run(frame: Any, each: str) -> Cells:
        rows = [repeat(part.run(frame, each)) if part.is_one else part.run(frame, each) for part in parts]
        return list(map(function, *rows))

    made = FewColumn(run, name, is_free=is_free, many=many, kind=kind)
    made.is_cellwise = is_cellwise
    return made


def each_cell(function: Callable[[Any], Any], part: FewColumn, kind: Any) -> FewColumn:
    """Work out a function of every cell; null stays null."""
    if part.is_one:
        return rowwise(lambda cell: None if cell is None else function(cell), (part,), kind)
    inner = part.run

    def run(frame: Any, each: str) -> Cells:
        return [None if cell is None else function(cell) for cell in inner(frame, each)]

    made = FewColumn(run, part.name, is_free=part.is_free, many=part.many, kind=kind)
    made.is_cellwise = part.is_cellwise
    return made


def _known(
    function: Callable[[Any, Any], Any], left: FewColumn, right: object, kind: Any = None
) -> FewColumn:
    """Work out a function of two cells; null where either is."""
    other = as_column(right)
    if other.is_one and not left.is_one:
        first, second = left.run, other.run

        def run(frame: Any, each: str) -> Cells:
            value = second(frame, each)
            cells = first(frame, each)
            if value is None:
                return [None] * len(cells)
            return [None if cell is None else function(cell, value) for cell in cells]

        made = FewColumn(run, left.name, is_free=left.is_free, many=left.many or other.many, kind=kind)
        made.is_cellwise = left.is_cellwise and other.is_cellwise
        return made
    made = rowwise(
        lambda one, two: None if one is None or two is None else function(one, two), (left, other), kind
    )
    if made.is_one or left.is_one:
        return made
    here, beside = left.run, other.run

    def run_both(frame: Any, each: str) -> Cells:
        pairs = zip(here(frame, each), beside(frame, each), strict=True)
        return [None if one is None or two is None else function(one, two) for one, two in pairs]

    made.run = run_both
    return made


def _compare(function: Callable[[Any, Any], Any], left: FewColumn, right: object) -> FewColumn:
    return _known(function, left, right, Boolean)
