"""The file of published statements that a study names in ``[source]``, beside its study file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.study.model import Study
from funis.study.published_source import PublishedSource

#: The files of the two abstracts have fifty kilobytes.
_LIMITS: Final = Limits(megabytes=5)


def read_statements_file(source: PublishedSource, folder: Path) -> bytes:
    """Read the file as it is.

    Parameters
    ----------
    source : names the file
    folder : of the study, beyond which no name leads

    Raises
    ------
    BeyondLimitError : it is too large
    RefusedFileError : it lies outside the folder, or is no file of its own
    OSError : it is not there, or cannot be opened
    """
    return read_regular(folder / source.statements, _LIMITS, inside=folder)


def copy_statements(study: Study, folder: Path) -> dict[str, str]:
    """Give the file for whoever carries the study to another folder.

    Parameters
    ----------
    study : the study file
    folder : the folder it stands in

    Returns
    -------
    dict : its text by its name; empty where the study names none, or where the file is not there or cannot be
        read: `funis report` says so of the folder it is carried to

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> copy_statements(read_study(template_path("sle")), Path())
    {}
    """
    if study.source is None:
        return {}
    try:
        return {study.source.statements: read_statements_file(study.source, folder).decode("utf-8")}
    except (UnicodeDecodeError, BeyondLimitError, RefusedFileError, OSError):
        return {}
