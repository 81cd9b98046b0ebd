"""Score a file and write a file: CSV, Parquet or Excel in, any of the three out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from funis.bounded.limits import Limits
from funis.catalogue.registry import definition
from funis.errors import ColumnError, UnknownNameError
from funis.files import write_whole
from funis.scoring.check_values import check_values
from funis.scoring.explain import explain
from funis.scoring.frame_file import ORDERS, FileError, check_suffix, read_frame
from funis.scoring.score import prepare_layout, score
from funis.scoring.working import Explanation
from funis.shown import show_codes
from funis.spreadsheets import render_csv, render_workbook

#: Rows that are scored at once; a longer file is scored in parts, with a progress bar.
PART: Final = 250_000


def score_file(  # noqa: PLR0913  (what the command asks)
    instrument: str,
    file: Path | str,
    out: Path | str,
    *,
    subject: str | None = None,
    order: str | None = None,
    missing: str = "strict",
    limits: Limits | None = None,
    units: Mapping[str, str] | None = None,
) -> Path:
    """Score every row of a file and write it with the columns of the score added.

    Parameters
    ----------
    instrument : one of ``funis.definitions()``
    file : CSV, Parquet or Excel file (the sheet named as the instrument, else the first), one row a
        subject and visit
    out : file to write; the suffix says which kind
    subject, order : columns of subject and order of visits, for instruments that look at the visit before
    missing : ``strict``, ``absent``, ``worst`` or ``locf``
    limits : how much is read of the file
    units : the unit of each column that is not in the unit of the definition, as for `funis.score`

    Returns
    -------
    The path written; the rows keep their order.

    Raises
    ------
    UnknownNameError, ColumnError, FileError
    ValueRangeError : a value is outside what its column can hold; names each column, rows, values, what is
        allowed and the unit it would fit
    """
    definition(instrument)
    target = check_suffix(Path(out))
    frame = read_frame(Path(file), limits, sheet=instrument)
    for name in (subject, order):
        if name is not None and name not in frame.columns:
            raise ColumnError(f"Scoring {instrument}", [name], frame.columns, "Name a column of the file.")
    options: dict[str, Any] = {"missing": missing, "subject": subject, "order": order, "units": units}
    if frame.height <= PART:
        return write_scores(score(frame, instrument, **options), target)
    # Looked at as a whole, so that an error names all columns, and rows by their place in the file.
    check_values(*prepare_layout(frame, definition(instrument), units=units))
    numbered = frame.with_row_index("_row")
    parts = [score(part, instrument, **options) for part in _with_progress(numbered, subject)]
    return write_scores(pl.concat(parts).sort("_row").drop("_row"), target)


def _with_progress(frame: pl.DataFrame, subject: str | None) -> Iterator[pl.DataFrame]:
    """Give the frame in parts that no subject is divided by, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    parts = list(split_frame(frame, subject, PART))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("scoring", total=frame.height)
        for part in parts:
            yield part
            progress.advance(task, part.height)


def split_frame(frame: pl.DataFrame, subject: str | None, size: int) -> Iterator[pl.DataFrame]:
    """Divide a frame into parts of about so many rows; the rows of a subject stay together."""
    if subject is None:
        yield from frame.iter_slices(size)
        return
    ordered = frame.sort(subject, maintain_order=True)
    ends = ordered[subject].rle().struct.field("len").cum_sum().to_numpy()
    start = 0
    while start < frame.height:
        place = int(np.searchsorted(ends, start + size))
        stop = int(ends[min(place, len(ends) - 1)])
        yield ordered.slice(start, stop - start)
        start = stop


def explain_file(
    instrument: str,
    file: Path | str,
    *,
    place: Mapping[str, str],
    order: str | None = None,
    missing: str = "strict",
    limits: Limits | None = None,
    units: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain one score of one visit of a file.

    Parameters
    ----------
    instrument : one of ``funis.definitions()``
    file : CSV, Parquet or Excel file (the sheet named as the instrument, else the first) with the columns
        subject and visit
    place : ``subject`` and ``visit``
    order : column of the visit's date or day; without it the first of ``ORDERS`` that the file has
    missing : ``strict``, ``absent``, ``worst`` or ``locf``
    limits : how much is read of the file
    units : as for `score_file`

    Returns
    -------
    The working; ``str`` prints it.
    """
    definition(instrument)
    frame = read_frame(Path(file), limits, sheet=instrument)
    lacking = [name for name in ("subject", "visit") if name not in frame.columns]
    if lacking:
        raise ColumnError("Explaining a visit", lacking, frame.columns, "Rename the columns of the file.")
    named = frame.with_columns(pl.col("subject", "visit").cast(pl.String))
    for column, value in place.items():
        if value not in set(named[column]):
            raise UnknownNameError(column, value, show_codes(map(str, named[column].unique())), str(file))
    usual = [each for each in ORDERS if each in frame.columns and frame[each].is_not_null().all()]
    options: dict[str, Any] = {
        **place,
        "order": order or next(iter(usual), None),
        "missing": missing,
        "units": units,
    }
    return explain(named, instrument, **options)


def write_scores(frame: pl.DataFrame, file: Path) -> Path:
    """Write a frame whole or not at all; text that a spreadsheet would run is neutralised."""
    if not file.parent.is_dir():
        raise FileError(f"There is no folder '{file.parent}'. Make it, or write somewhere else.")
    return write_whole(file, _RENDERED[file.suffix.lower()](frame))


def _render_parquet(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


_RENDERED: Final[Mapping[str, Callable[[pl.DataFrame], bytes | str]]] = {
    ".csv": render_csv,
    ".parquet": _render_parquet,
    ".xlsx": render_workbook,
}
