"""From a data frame to arrays: which rows are used, which levels exist, who is observed when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from funis.column_kinds import check_kinds, is_empty_cell
from funis.described import Described
from funis.errors import ColumnError, FunisError, UnknownNameError, ValueRangeError
from funis.shown import show_codes, show_place
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.numbers_used import MOST, MOST_OF_PARTS, check_numbers
from funis.stats.mmrm.visit_order import describe_order, sort_naturally

Codes = NDArray[np.int64]


class ModelDataError(FunisError):
    """The data cannot carry the model: doubled rows, too few subjects, no outcome."""

    code = "model_data"


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """Which column plays which part.

    Attributes
    ----------
    outcome, subject, visit : column names
    group : column of the covariance group, or None
    weights : column of observation weights, or None
    coordinates : numeric columns of time or place, for ``sp_exp``
    covariates : columns that the formula needs, the visit included where it does
    categorical : covariates to be treated as categorical whatever their type
    """

    outcome: str
    subject: str
    visit: str
    group: str | None = None
    weights: str | None = None
    coordinates: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    categorical: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Factored:
    """A categorical column: code of each row and the levels in order."""

    codes: Codes
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelRows:
    """The rows used, one entry each, in the order of the frame.

    ``row`` holds their places in the frame given; ``notes`` what was left out; ``n_read`` the number of
    subjects in the frame, with an outcome or without.
    """

    outcome: Floats
    subject: Factored
    visit: Factored
    group: Factored | None
    weights: Floats | None
    coordinates: Floats | None
    factors: Mapping[str, Factored]
    numbers: Mapping[str, Floats]
    row: Codes
    n_read: int
    notes: tuple[str, ...] = field(default=())


def to_polars(frame: Any, columns: Sequence[str], what: str) -> pl.DataFrame:
    """Take the named columns of any frame that narwhals knows, as a Polars frame.

    Raises
    ------
    ColumnError : a column is not in the frame
    """
    if isinstance(frame, pl.DataFrame):
        native: Any = frame
        present = frame.columns
    else:
        native = nw.from_native(frame)
        present = native.collect_schema().names()
    wanted = list(dict.fromkeys(columns))
    lacking = [name for name in wanted if name not in present]
    if lacking:
        raise ColumnError(what, lacking, present, "Name the columns as the frame does.")
    if isinstance(native, pl.DataFrame):
        return native.select(wanted)
    native = native.select(*wanted)
    if isinstance(native, nw.LazyFrame):
        native = native.collect(backend="polars")
    if native.implementation.is_polars():
        taken: pl.DataFrame = native.to_native()
        return taken
    return pl.DataFrame([_series(native[name]) for name in wanted])


def _series(column: nw.Series[Any]) -> pl.Series:
    """Copy one column of a foreign frame; categories keep their order."""
    values = [None if is_empty_cell(value) else value for value in column.to_list()]
    categories: list[str] = []
    if isinstance(column.dtype, nw.Enum):
        categories = [str(category) for category in column.dtype.categories]
    elif column.dtype == nw.Categorical and column.implementation.is_pandas_like():
        categories = [str(category) for category in column.to_native().cat.categories]
    if categories:
        texts = [None if value is None else str(value) for value in values]
        return pl.Series(column.name, texts, dtype=pl.Enum(categories))
    return pl.Series(column.name, values, strict=False)


def factor_levels(column: pl.Series, given: Sequence[object] | None = None) -> tuple[str, ...]:
    """List the levels of a column: as given, in the order of an Enum, else sorted.

    Raises
    ------
    ValueRangeError : the column holds a value that is not among the levels given
    """
    found = column.unique().drop_nulls()
    if given is not None:
        order = [str(level) for level in given]
        foreign = sorted(set(map(str, found.to_list())) - set(order))
        if foreign:
            said = show_codes(foreign)
            raise ValueRangeError(
                f"Column {column.name!r}", said, ", ".join(order), "Add the value to the levels."
            )
        present = set(map(str, found.to_list()))
        return tuple(level for level in order if level in present)
    if isinstance(column.dtype, pl.Enum):
        present = set(found.cast(pl.String).to_list())
        return tuple(level for level in column.dtype.categories.to_list() if level in present)
    if column.dtype == pl.Categorical:
        return tuple(sorted(found.cast(pl.String).to_list()))
    if found.dtype.is_temporal() or found.dtype == pl.Boolean:
        return tuple(found.sort().cast(pl.String).to_list())
    return tuple(_text(value) for value in found.sort().to_list())


def _text(value: object) -> str:
    """Write a level as R does: a whole number without its decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def factor(column: pl.Series, given: Sequence[object] | None = None) -> Factored:
    """Code a column (without missing values) by its levels."""
    if given is None and column.dtype.is_integer():
        return _integer_factor(column)
    levels = factor_levels(column, given)
    if column.dtype in (pl.String, pl.Categorical) or isinstance(column.dtype, pl.Enum):
        text = column
    else:
        text = (
            column.map_elements(_text, return_dtype=pl.String)
            if column.dtype.is_float()
            else column.cast(pl.String)
        )
    codes = text.cast(pl.Enum(list(levels))).to_physical().to_numpy().astype(np.int64)
    return Factored(codes, levels)


def _visit(column: pl.Series, given: Sequence[object] | None) -> Factored:
    """Code the visits: names that nobody ordered stand in natural order, as visits follow each other."""
    if given is None and column.dtype in (pl.String, pl.Categorical):
        given = sort_naturally(column.unique().cast(pl.String).to_list())
    return factor(column, given)


def _integer_factor(column: pl.Series) -> Factored:
    """Code whole numbers by their order: a table of those that occur where they lie close together."""
    values = column.cast(pl.Int64).to_numpy()
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span > 8 * values.size + 1024:
        found, codes = np.unique(values, return_inverse=True)
    else:
        seen = np.zeros(span, dtype=bool)
        seen[values - low] = True
        found = np.flatnonzero(seen) + low
        codes = (np.cumsum(seen) - 1)[values - low]
    return Factored(codes, tuple(pl.Series(found).cast(pl.String).to_list()))


def is_categorical(column: pl.Series) -> bool:
    """Tell whether a column is a factor by its type: text, Enum, Categorical, Boolean or a date."""
    return not column.dtype.is_numeric()


def read_rows(
    frame: Any, columns: ModelColumns, levels: Mapping[str, Sequence[object]] | None = None
) -> ModelRows:
    """Take from a frame the rows a model can use.

    Rows without an outcome are left out (missing at random given what is in the model); rows with an outcome
    but without a covariate, visit or subject are left out too and noted, as R does.

    Raises
    ------
    ColumnError, ModelDataError, ValueRangeError
    """
    levels = levels or {}
    names = [columns.outcome, columns.subject, columns.visit, *columns.covariates, *columns.coordinates]
    names += [name for name in (columns.group, columns.weights) if name]
    table = to_polars(frame, names, "The repeated-measures model")
    _check_parts(columns, levels)
    numeric = (*columns.coordinates, *([columns.weights] if columns.weights else []))
    check_kinds("The repeated-measures model", table, numbers=numeric, most=np.inf)
    n_read = table[columns.subject].drop_nulls().n_unique()
    table, row, notes = _complete_rows(table, columns)
    subject, visit = factor(table[columns.subject]), _visit(table[columns.visit], levels.get(columns.visit))
    notes += (describe_order(table[columns.visit], visit.levels, given=columns.visit in levels),)
    _check_rows(subject, visit, columns)
    taken = _Taken(table, row, subject, visit)
    factors, numbers = _covariates(taken, columns, levels)
    coordinates = None
    if columns.coordinates:
        places = [taken.numbers(name, "Coordinates", most=MOST_OF_PARTS) for name in columns.coordinates]
        coordinates = np.stack(places, axis=1)
    return ModelRows(
        outcome=taken.numbers(columns.outcome, "Outcome"),
        subject=subject,
        visit=visit,
        group=factor(table[columns.group], levels.get(columns.group)) if columns.group else None,
        weights=_weights(taken, columns.weights) if columns.weights else None,
        coordinates=coordinates,
        factors=factors,
        numbers=numbers,
        row=row,
        n_read=n_read,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """The rows that are used, and where each stands in the frame given."""

    table: pl.DataFrame
    row: Codes
    subject: Factored
    visit: Factored

    def numbers(self, name: str, part: str, *, most: float = MOST) -> Floats:
        """Give a column of finite numbers of a size that can be squared."""
        values = self.table[name].cast(pl.Float64).to_numpy()
        check_numbers(f"{part} {name!r}", values, self.describe, most=most)
        return values

    def describe(self, place: int) -> str:
        """Say where one of the rows stands in the frame given."""
        return describe_row(self.row, self.subject, self.visit, place)


def describe_row(row: Codes, subject: Factored, visit: Factored, place: int) -> str:
    """Say where one of the rows used stands in the frame given."""
    whose = show_place(subject.levels[subject.codes[place]], visit.levels[visit.codes[place]])
    return f"row {int(row[place]) + 1} counted from 1 ({whose})"


def _covariates(
    taken: _Taken, columns: ModelColumns, levels: Mapping[str, Sequence[object]]
) -> tuple[dict[str, Factored], dict[str, Floats]]:
    """Divide the covariates into factors and numbers."""
    factors: dict[str, Factored] = {}
    numbers: dict[str, Floats] = {}
    for name in dict.fromkeys(columns.covariates):
        column = taken.table[name]
        if not (is_categorical(column) or name in columns.categorical or name in levels):
            numbers[name] = taken.numbers(name, "Covariate")
        elif name == columns.visit:
            factors[name] = taken.visit
        else:
            factors[name] = factor(column, levels.get(name))
    return factors, numbers


def _weights(taken: _Taken, name: str) -> Floats:
    """Give the weights, each above 0 and none so far from the others that theirs are lost beside it."""
    weights = taken.numbers(name, "Weights", most=MOST_OF_PARTS)
    low = int(weights.argmin())
    if not weights[low] * MOST_OF_PARTS >= 1:
        allowed = f"numbers above 0, from {1 / MOST_OF_PARTS:g}"
        found = Described(f"{float(weights[low]):.3g} in {taken.describe(low)}")
        raise ValueRangeError(f"Weights {name!r}", found, allowed, "Leave a row out by an empty outcome.")
    return weights


def _check_parts(columns: ModelColumns, levels: Mapping[str, Sequence[object]]) -> None:
    """Refuse a column that plays two parts which exclude each other, and levels of what is no factor."""
    parts = {"outcome": columns.outcome, "subject": columns.subject, "visit": columns.visit}
    seen: dict[str, str] = {}
    for part, name in {**parts, "weights": columns.weights}.items():
        if name is not None and name in seen:
            raise ValueRangeError(
                part, name, f"another column than that of {seen[name]!r}", "Name a column of its own."
            )
        if name is not None:
            seen[name] = part
    if columns.group in {columns.outcome, columns.subject}:
        raise ValueRangeError("group", columns.group, "a column that divides the subjects into groups")
    factors = dict.fromkeys([columns.visit, *([columns.group] if columns.group else []), *columns.covariates])
    for name in levels:
        if name not in factors:
            raise UnknownNameError("categorical column", name, factors, "levels")


def _complete_rows(table: pl.DataFrame, columns: ModelColumns) -> tuple[pl.DataFrame, Codes, tuple[str, ...]]:
    """Leave out rows with a missing value; say how many had an outcome."""
    if not table[columns.outcome].dtype.is_numeric():
        raise ValueRangeError(
            f"Outcome {columns.outcome!r}", str(table[columns.outcome].dtype), "a numeric column",
            "Convert it, or name another column.",
        )  # fmt: skip
    usable = np.ones(table.height, dtype=bool)
    lacking: dict[str, int] = {}
    order = [columns.outcome, *(name for name in table.columns if name != columns.outcome)]
    for name in order:
        column = table[name]
        fine = ~np.isnan(column.cast(pl.Float64).to_numpy()) if column.dtype.is_float() else None
        if column.null_count():
            known = column.is_not_null().to_numpy()
            fine = known if fine is None else fine & known
        if fine is None or fine.all():
            continue
        if name != columns.outcome and (lost := int((usable & ~fine).sum())):
            lacking[name] = lost
        usable &= fine
    notes = tuple(f"left out {count} rows without {name!r}" for name, count in lacking.items())
    if not usable.any():
        raise ModelDataError(f"No row has an outcome {columns.outcome!r} and all that the model needs.")
    if usable.all():
        return table, np.arange(table.height), notes
    return table.filter(pl.Series(usable)), np.flatnonzero(usable), notes


def _check_rows(subject: Factored, visit: Factored, columns: ModelColumns) -> None:
    """Refuse doubled subject-visits and fewer than two subjects."""
    if len(subject.levels) < 2:
        raise ModelDataError(
            f"The model needs at least 2 subjects with an outcome; {columns.subject!r} has "
            f"{len(subject.levels)}."
        )
    key = subject.codes * len(visit.levels) + visit.codes
    counts = np.bincount(key, minlength=0)
    if counts.max() > 1:
        first = int(np.flatnonzero(counts > 1)[0])
        who, when = divmod(first, len(visit.levels))
        raise ModelDataError(
            f"Subject {subject.levels[who]!r} has {int(counts[first])} outcomes at visit "
            f"{visit.levels[when]!r}; "
            f"one is allowed ({int((counts > 1).sum())} such subject-visits in all). Keep one row of each."
        )
