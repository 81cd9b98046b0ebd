"""The panel: every variable as a matrix of subjects by visits, each cell tied to its recorded value.

The analysis works on these matrices; a cell knows its row in the frame of observations, which knows
file and line. A change from baseline is a variable of its own, ``<variable>_change``.

Baseline is the last value on study day 0 or before (``visits.py``); it stands in the column of the
baseline visit. Where a study names no baseline visit, it is the value of the subject's first day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.nine_decimals import round_array
from funis.results import format_column, name_change

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

#: Cells of a matrix: positions of subjects, alone or with positions of visits, or a mask.
Place = Integers | Booleans | tuple[Integers | slice, Integers | int]

#: One row a measured or scored value; ``measure`` is what changed where the variable is a change.
#: ``censored`` is -1 for "below", 1 for "above", 0 for exact.
OBSERVATION_COLUMNS: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "visit": pl.String(),
    "day": pl.Float64(),
    "variable": pl.String(),
    "measure": pl.String(),
    "value": pl.Float64(),
    "text": pl.String(),
    "censored": pl.Int8(),
    "file": pl.String(),
    "line": pl.Int64(),
}

#: Said of a change of which one value was beyond what the assay measures.
AT_THE_LIMIT = " (a value beyond a limit at the limit)"
# Differences of decimals carry binary dust; nine places hold every recorded value.


@dataclass(frozen=True, slots=True)
class Matrix:
    """One variable at every visit; or, with one dimension less, at baseline.

    Attributes
    ----------
    values : shape (subjects, visits), NaN where there is none
    rows : shape (subjects, visits), row in the frame of observations, -1 where there is none
    censored : shape (subjects, visits), -1 below and 1 above the value given, 0 exact
    """

    values: Floats
    rows: Integers
    censored: npt.NDArray[np.int8]

    @classmethod
    def empty(cls, shape: int | tuple[int, ...]) -> Matrix:
        """Make a matrix without any value."""
        return cls(np.full(shape, np.nan), np.full(shape, -1, dtype=np.int64), np.zeros(shape, np.int8))

    def put(self, place: Place, values: Floats, rows: Integers, censored: npt.NDArray[np.int8]) -> None:
        """Fill cells; of several values for one cell the last stays."""
        self.values[place], self.rows[place], self.censored[place] = values, rows, censored


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Who, when, and which visit is the baseline.

    Attributes
    ----------
    subjects : study numbers in order
    visits : visit names in order
    planned : planned study day of each visit, NaN where none is planned
    baseline : name of the baseline visit, None where the study names none
    places : position of each subject by its number
    """

    subjects: tuple[str, ...]
    visits: tuple[str, ...]
    planned: tuple[float, ...]
    baseline: str | None
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Give each subject its place once, as every count asks for it."""
        object.__setattr__(self, "places", {name: place for place, name in enumerate(self.subjects)})

    @property
    def shape(self) -> tuple[int, int]:
        """Give the shape of a matrix."""
        return len(self.subjects), len(self.visits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All variables of a study at its visits.

    Attributes
    ----------
    layout : subjects, visits and baseline
    matrices : numeric scores and labs by name
    changes : their changes from baseline, by the name of what changed
    grades : letter grades by name as numbers, A = 4 ... E = 0
    baselines : the baseline of each variable and grade, shape (subjects,)
    days : shape (subjects, visits), study day of each visit, NaN where it is not known
    observations : one row a recorded value or change, columns of ``OBSERVATION_COLUMNS``
    """

    layout: Layout
    matrices: Mapping[str, Matrix]
    changes: Mapping[str, Matrix]
    grades: Mapping[str, Matrix]
    baselines: Mapping[str, Matrix]
    days: Floats
    observations: pl.DataFrame

    @property
    def subjects(self) -> tuple[str, ...]:
        """Give the study numbers in order."""
        return self.layout.subjects

    @property
    def visits(self) -> tuple[str, ...]:
        """Give the visit names in order."""
        return self.layout.visits

    def visit_index(self, name: str) -> int:
        """Give the position of a visit."""
        return self.layout.visits.index(name)


def build_panel(layout: Layout, values: pl.DataFrame, grades: pl.DataFrame) -> Panel:
    """Arrange observations as one matrix a variable and add the changes from baseline.

    Parameters
    ----------
    layout : subjects, visits in order with planned days, name of the baseline visit
    values : numeric values, columns of ``OBSERVATION_COLUMNS``
    grades : letter grades in the same columns, the letter as ``text`` and its rank as ``value``

    Returns
    -------
    Panel : values of visits or subjects outside the layout stay in ``observations`` only

    Notes
    -----
    Where a subject has two values of one variable at one visit, the one nearest to the planned day
    counts, and of two equally near the later one.
    """
    everything = pl.concat([values, grades])
    letters = frozenset(grades["variable"].unique())
    placed = _place(everything, layout)
    visited = placed.filter(pl.col("v").is_not_null()).sort(
        "variable", "away", "day", descending=[False, True, False]
    )
    early = _early(placed, layout).sort("variable", "day", nulls_last=False, maintain_order=True)
    matrices = _scatter(visited, layout.shape, by_visit=True)
    baselines = _scatter(early, layout.shape[:1], by_visit=False)
    if layout.baseline is not None:
        _fill_baseline_visit(matrices, baselines, layout.visits.index(layout.baseline))
    days = np.full(layout.shape, np.nan)
    days[visited["s"].to_numpy(), visited["v"].to_numpy()] = visited["day"].to_numpy()
    numeric = {name: matrix for name, matrix in matrices.items() if name not in letters}
    changes, changed = _derive_changes(numeric, baselines, everything)
    return Panel(
        layout=layout,
        matrices=numeric,
        changes=changes,
        grades={name: matrix for name, matrix in matrices.items() if name in letters},
        baselines=baselines,
        days=days,
        observations=pl.concat([everything, *changed]),
    )


def _place(everything: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Give subjects and visits their positions, and measure how far each value is from its planned day."""
    subjects = layout.places
    visits = {name: i for i, name in enumerate(layout.visits)}
    planned = dict(zip(layout.visits, layout.planned, strict=True))
    return (
        everything.with_row_index("row")
        .filter(pl.col("value").is_not_null())
        .with_columns(
            s=pl.col("subject").replace_strict(subjects, default=None, return_dtype=pl.Int64),
            v=pl.col("visit").replace_strict(visits, default=None, return_dtype=pl.Int64),
            plan=pl.col("visit").replace_strict(planned, default=None, return_dtype=pl.Float64),
        )
        .filter(pl.col("s").is_not_null())
        .with_columns(away=(pl.col("day") - pl.col("plan")).abs().fill_nan(None).fill_null(np.inf))
    )


def _early(placed: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Keep what may be a baseline: day 0 or before; the named visit where there is no day."""
    if layout.baseline is None:
        return placed.filter(pl.col("day") == pl.col("day").min().over("s"))
    return placed.filter(
        (pl.col("day") <= 0) | (pl.col("day").is_null() & (pl.col("visit") == layout.baseline))
    )


def _scatter(placed: pl.DataFrame, shape: tuple[int, ...], *, by_visit: bool) -> dict[str, Matrix]:
    """Put the sorted values into one matrix a variable; the last value of a cell stays."""
    subject, visit = placed["s"].to_numpy(), placed["v"].to_numpy()
    values, rows = placed["value"].to_numpy(), placed["row"].to_numpy().astype(np.int64)
    censored = placed["censored"].to_numpy()
    found: dict[str, Matrix] = {}
    start = 0
    for name, length in placed["variable"].rle().struct.unnest().select("value", "len").rows():
        part = slice(start, start + length)
        start += length
        place = (subject[part], visit[part]) if by_visit else subject[part]
        found[name] = Matrix.empty(shape)
        found[name].put(place, values[part], rows[part], censored[part])
    return found


def _fill_baseline_visit(matrices: dict[str, Matrix], baselines: Mapping[str, Matrix], visit: int) -> None:
    """Let the column of the baseline visit hold the baseline, whichever visit it was recorded at."""
    for name, matrix in matrices.items():
        known = baselines.get(name, Matrix.empty(len(matrix.values)))
        matrix.put((slice(None), visit), known.values, known.rows, known.censored)


def _derive_changes(
    matrices: Mapping[str, Matrix], baselines: Mapping[str, Matrix], everything: pl.DataFrame
) -> tuple[dict[str, Matrix], list[pl.DataFrame]]:
    """Subtract the baseline from every later value; each difference becomes an observation."""
    changes: dict[str, Matrix] = {}
    added: list[tuple[str, Integers, Floats, npt.NDArray[np.int8]]] = []
    next_row = everything.height
    for name, matrix in matrices.items():
        if name not in baselines:
            continue
        start = baselines[name]
        difference = round_array(matrix.values - start.values[:, None])
        # The baseline itself has no change, wherever it stands.
        exists = ~np.isnan(difference) & (matrix.rows != start.rows[:, None])
        change = Matrix.empty(matrix.values.shape)
        count = int(exists.sum())
        beyond = matrix.censored.astype(np.int8) - start.censored[:, None]
        rows = np.arange(next_row, next_row + count)
        unsure = np.where(
            (matrix.censored != 0) | (start.censored[:, None] != 0), np.sign(beyond) + 2 * (beyond == 0), 0
        )
        change.put(exists, difference[exists], rows, unsure[exists].astype(np.int8))
        changes[name] = change
        added.append((name, matrix.rows[exists], difference[exists], unsure[exists].astype(np.int8)))
        next_row += count
    return changes, [_change_rows(everything, added)] if added else []


def _change_rows(
    everything: pl.DataFrame, added: Sequence[tuple[str, Integers, Floats, npt.NDArray[np.int8]]]
) -> pl.DataFrame:
    """Make the observations of all changes: at the place of the later value."""
    names, counts = [name_change(name) for name, *_ in added], [len(rows) for _, rows, *_ in added]
    rows, difference, unsure = (np.concatenate([each[place] for each in added]) for place in (1, 2, 3))
    texts = format_column(pl.Series("text", difference))
    beyond = pl.Series(unsure != 0)
    if beyond.any():
        said = pl.DataFrame({"text": texts}).select(pl.col("text") + AT_THE_LIMIT).to_series()
        texts = said.zip_with(beyond, texts)
    return everything[rows].with_columns(
        pl.Series("variable", np.repeat(np.array(names, dtype=object), counts), dtype=pl.String),
        pl.Series("value", difference),
        texts,
        pl.Series("censored", unsure, dtype=pl.Int8),
    )
