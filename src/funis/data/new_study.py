"""A new study folder: the study file of a template and empty tables with the right headers."""

from __future__ import annotations

import os
from pathlib import Path

from funis.adjudication_table import NAMED_TABLES
from funis.arguments import PathName, Text, YesNo, takes
from funis.data.blank_workbook import blank_workbook
from funis.data.tables import study_tables
from funis.errors import FunisError
from funis.file_sets import build_set
from funis.files import said_of, write_whole
from funis.study.allocated import arm_ids
from funis.study.courses import later_courses
from funis.study.model import Study
from funis.study.read import FILE_NAME, read_study, template_path

WORKBOOK = "data.xlsx"
_FLAG_COLUMNS = ("completed", "withdrew", "lost", "died")


class FolderExistsError(FunisError):
    """A folder that is to be written already holds something."""

    code = "folder_exists"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The folder '{folder}' is not empty: a new study is never written over one that is there. "
            "Give the name of a folder that does not exist."
        )


@takes(template=Text(), folder=PathName(), excel=YesNo())
def new_study(template: str, folder: Path | str, *, excel: bool = False) -> Path:
    """Write a study folder to start from: ``study.toml`` and ``data`` with empty tables.

    Parameters
    ----------
    template : ``sle``, ``sjogren`` or ``observational``
    folder : a folder that does not exist, or is empty
    excel : one workbook, ``data/data.xlsx``, with drop-downs, limits and legends, in place of CSV files

    Returns
    -------
    Path
        The folder, written as a whole: when anything fails, nothing is there.

    Raises
    ------
    UnknownNameError
        There is no such template.
    FolderExistsError
        The folder holds something.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     sorted(path.name for path in new_study("sle", Path(place) / "trial").iterdir())
    ['data', 'study.toml']
    """
    source, target = template_path(template), Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FolderExistsError(target)
    study = read_study(source)
    with build_set(target, is_listed=False) as draft, said_of(target):
        _write_text(draft / FILE_NAME, source.read_text(encoding="utf-8"))
        (draft / "data").mkdir()
        if excel:
            write_whole(draft / "data" / WORKBOOK, blank_workbook(study, table_headers(study)))
        else:
            write_empty_tables(draft / "data", study)
    return target


def write_empty_tables(folder: Path | str, study: Study) -> tuple[Path, ...]:
    """Write each table of a study as a CSV file that holds only its header.

    Parameters
    ----------
    folder : an existing folder; a file that is there is not written over
    study : the study

    Returns
    -------
    tuple of Path
        The files, in the order of the tables.

    Raises
    ------
    FolderExistsError
        One of the files is there already.
    """
    place = Path(folder)
    headers = {place / f"{name}.csv": ",".join(names) for name, names in table_headers(study).items()}
    for path in headers:
        if path.exists():
            raise FolderExistsError(path)
    for path, header in headers.items():
        _write_text(path, f"{header}\n")
    return tuple(headers)


def table_headers(study: Study) -> dict[str, tuple[str, ...]]:
    """Name the columns that each empty table of a study begins with.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        By table name. Columns that few need (attributions, study days in place of dates) are left out;
        they may be added.

    Examples
    --------
    >>> study = read_study(template_path("sjogren"))
    >>> table_headers(study)["ssdai"][:4]
    ('subject', 'visit', 'date', 'fever')
    """
    has_cells = bool(study.infusions)
    left_out = set() if has_cells else {"infusions", "lots", "donors"}
    headers: dict[str, tuple[str, ...]] = {}
    for name, table in study_tables(study).items():
        if name in left_out:
            continue
        rare = {"day", "start_day", "end_day", "window_days", "rater"} | (
            set() if arm_ids(study) else {"arm"}
        )
        rare |= set() if later_courses(study) else {"course"}
        if name in NAMED_TABLES:
            rare |= set(_FLAG_COLUMNS) if name == "disposition" else set()
            columns = [column.name for column in table.columns]
        else:
            histories = {column.name for column in table.columns if column.name.endswith("_ever")}
            columns = [
                column.name
                for column in table.columns
                if column.not_done or column.name in {"subject", "visit", "date"} or column.name in histories
            ]
        headers[name] = tuple(column for column in columns if column not in rare)
    return headers


def _write_text(path: Path, text: str) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
