"""Write a file whole or not at all, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import polars as pl

_log = logging.getLogger(__name__)


def write_frame(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame as CSV, whole or not at all, with nothing in it that a spreadsheet would run.

    Parameters
    ----------
    frame : what to write
    path : the folder is made when it does not exist

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_frame(pl.DataFrame({"n": [1]}), Path(place) / "new" / "n.csv").read_text().split()
    ['n', '1']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, neutralise(frame).write_csv())


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    A file of the same folder is filled, forced to the disk and renamed over the old one.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _log.info("wrote %s (%d bytes)", path, len(data))
    return path


def neutralise(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Negative numbers and intervals stay as they are.

    Examples
    --------
    >>> neutralise(pl.DataFrame({"text": ["=1+1", "-3.4", "mild"]}))["text"].to_list()
    ["'=1+1", '-3.4', 'mild']
    """
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    guarded = [pl.col(name).str.replace(r"^([=+@\t\r]|-[^0-9.])", "'${1}") for name in text]
    return frame.with_columns(guarded)
