"""Write the list of numbers, the recorded values behind them, and what both were made from."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from funis.arguments import RESULTS, PathName, takes
from funis.files import said_of, write_whole
from funis.results.everything import Results
from funis.spreadsheets import render_csv

#: The list of numbers, one row each.
NUMBERS_FILE: Final = "results.csv"


@takes(results=RESULTS, folder=PathName())
def write_results(results: Results, folder: Path | str) -> tuple[Path, ...]:
    """Write results.csv, results.parquet, sources.parquet and provenance.json, each whole or not at all.

    Parameters
    ----------
    results : what to write
    folder : is made when it does not exist

    Returns
    -------
    The paths written.

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> from funis.results import SOURCE_COLUMNS, NumberList, Provenance
    >>> nothing = Results(
    ...     numbers=NumberList().frame(),
    ...     sources=pl.DataFrame(schema=SOURCE_COLUMNS),
    ...     provenance=Provenance(version="0", study="T", title="T"),
    ... )
    >>> with tempfile.TemporaryDirectory() as place:
    ...     [path.name for path in write_results(nothing, place)]
    ['results.csv', 'results.parquet', 'sources.parquet', 'provenance.json']
    """
    target = Path(folder)
    with said_of(target):
        target.mkdir(parents=True, exist_ok=True)
    numbers, sources = io.BytesIO(), io.BytesIO()
    results.numbers.write_parquet(numbers)
    results.behind.write(sources)
    named: dict[str, str | memoryview] = {
        NUMBERS_FILE: render_csv(results.numbers),
        "results.parquet": numbers.getbuffer(),
        "sources.parquet": sources.getbuffer(),
        "provenance.json": f"{json.dumps(asdict(results.provenance), indent=1, ensure_ascii=False)}\n",
    }
    return tuple(write_whole(target / name, content) for name, content in named.items())
