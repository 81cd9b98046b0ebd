"""One text of a check for few rows and for many: the verbs that fit a frame, and frames of its kind.

Checks are written in the words of Polars. `verbs_of` gives the module whose expressions a frame takes: Polars
itself, or `funis.frames.few_verbs` for `FewRows`, which answers to the same words. The types written down
are those of Polars for both, so that a checker of types reads every line once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import polars as pl

from funis.frames import few_verbs
from funis.frames.few_rows import FewRows, concat_few

Named = str | Sequence[str]


class Verbs(Protocol):
    """What makes expressions; as in Polars."""

    Boolean: Any
    Date: Any
    Float64: Any
    Int32: Any
    Int64: Any
    String: Any

    def __hash__(self) -> int:
        """Expressions are kept for each module that makes them."""

    def col(self, *names: Named) -> pl.Expr:
        """Name columns."""

    def lit(self, value: object, dtype: Any = None) -> pl.Expr:
        """Give one value."""

    def when(self, *conditions: Any) -> Any:
        """Choose by conditions."""

    def coalesce(self, *parts: Any) -> pl.Expr:
        """Give the first value that is not null."""

    def any_horizontal(self, *parts: Any) -> pl.Expr:
        """Tell whether any condition of a row is met."""

    def all_horizontal(self, *parts: Any) -> pl.Expr:
        """Tell whether all conditions of a row are met."""

    def max_horizontal(self, *parts: Any) -> pl.Expr:
        """Give the largest number of a row."""

    def concat_str(self, *parts: Any, ignore_nulls: bool = False) -> pl.Expr:
        """Join the texts of a row."""

    def struct(self, *names: Any) -> pl.Expr:
        """Take the cells of several columns together."""

    def duration(self, *, days: Any) -> pl.Expr:
        """Give a time of so many days."""

    def len(self) -> pl.Expr:
        """Count the rows."""


FEW: Final = cast("Verbs", few_verbs)
"""What makes expressions over few rows."""


def verbs_of(frame: pl.DataFrame) -> Verbs:
    """Give the module whose expressions a frame takes.

    Parameters
    ----------
    frame : of Polars, or of few rows

    Returns
    -------
    Verbs

    Examples
    --------
    >>> days = FewRows({"day": [0, 30]})
    >>> days.filter(verbs_of(days).col("day") > 7).rows()
    [(30,)]
    """
    return FEW if isinstance(frame, FewRows) else cast("Verbs", pl)


def is_few(frame: pl.DataFrame) -> bool:
    """Tell whether a frame is one of few rows, kept as lists."""
    return isinstance(frame, FewRows)


def as_polars(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of a frame as those of Polars."""
    return frame.to_polars() if isinstance(frame, FewRows) else frame


def as_few(frame: pl.DataFrame, *, are_texts: bool = False) -> pl.DataFrame:
    """Give the rows of a Polars frame as few rows, typed as what they stand for; texts need no look."""
    return cast("pl.DataFrame", FewRows.of(frame, are_texts=are_texts))


def few_texts(columns: Mapping[str, list[str | None]]) -> pl.DataFrame:
    """Make few rows of columns of texts."""
    return cast("pl.DataFrame", FewRows(columns, dict.fromkeys(columns, pl.String())))


def count_gaps(frame: pl.DataFrame) -> dict[str, int]:
    """Count the empty cells of each column."""
    if isinstance(frame, FewRows):
        return frame.count_gaps()
    return dict(zip(frame.columns, frame.null_count().row(0), strict=True))


def cells_of(frame: pl.DataFrame, names: tuple[str, ...]) -> list[Any]:
    """Give the cells of several columns of few rows, one column after another; not to be changed."""
    return cast("FewRows", frame).all_cells(names)


def text_columns(frame: pl.DataFrame) -> tuple[str, ...]:
    """Name the columns that hold texts."""
    if isinstance(frame, FewRows):
        return frame.text_columns()
    return tuple(name for name, dtype in frame.schema.items() if dtype == pl.String)


def frame_like(frame: pl.DataFrame, columns: Mapping[str, Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Make a frame of the kind of another.

    Parameters
    ----------
    frame : one of the kind that is wanted
    columns : series or cells by name; none for a frame without rows
    schema : type of each column

    Returns
    -------
    polars.DataFrame, or the few rows that stand for one
    """
    if isinstance(frame, FewRows):
        return cast("pl.DataFrame", FewRows(columns or {name: [] for name in schema}, schema))
    return pl.DataFrame(columns, schema=dict(schema)) if columns else pl.DataFrame(schema=dict(schema))


def put_beside(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Put the columns of another frame of the same rows beside these, or in the place of those so called."""
    return frame.hstack(other) if is_few(frame) else frame.with_columns(other.get_columns())


def concat(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Put frames of one kind and the same columns below one another.

    Parameters
    ----------
    frames : at least one

    Returns
    -------
    polars.DataFrame, or the few rows that stand for one
    """
    parts = list(frames)
    if isinstance(parts[0], FewRows):
        return cast("pl.DataFrame", concat_few(cast("list[FewRows]", parts)))
    return pl.concat(parts)
